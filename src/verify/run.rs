//! Everybody at once: visits, messages and probes, each endpoint's delays its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

use super::agenda::{Agenda, Meeting};
use super::board::Board;
use super::outcome::{Occasion, Witnessed};
use super::probe::Scene;
use crate::describe::CertificateRequest;
use crate::diagnosis::{Probe, ProbeOutcome, Step, VerifyReport};
use crate::visit::{Destination, Reached, Unreached, visit};

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub now: OffsetDateTime,
    /// For each connection and what is done over it.
    pub deadline: Duration,
    /// How many connections are under way at once.
    pub at_once: usize,
    pub probes: bool,
    /// Whether the first failure ends it.
    pub fail_fast: bool,
}

/// Does what `agenda` says, until it is done or `stop` ends it: then the report holds what is known. `progress` is told how many
/// results there are.
pub async fn run(agenda: Agenda, options: Options, stop: impl Future<Output = ()>, progress: impl Fn(usize)) -> VerifyReport {
    let board = Board::new();
    let permits = Semaphore::new(options.at_once);
    let work = Work { options, permits: &permits, board: &board, progress: &progress };
    let first_failure = async {
        if options.fail_fast {
            board.failure().await;
        } else {
            std::future::pending().await
        }
    };
    let cut_short = tokio::select! {
        () = work.everything(agenda) => None,
        () = stop => Some("interrupted".to_owned()),
        () = first_failure => Some("ended at the first failure".to_owned()),
    };
    VerifyReport { cut_short, ..board.report() }
}

/// What all tasks share.
#[derive(Clone, Copy)]
struct Work<'a, P> {
    options: Options,
    permits: &'a Semaphore,
    board: &'a Board,
    progress: &'a P,
}

/// What was learned of one endpoint, for whoever probes it.
struct Known {
    target: usize,
    reached: Result<Arc<Reached>, Unreached>,
    /// Who got in, and what it was asked for.
    guest: Option<(usize, Option<CertificateRequest>)>,
}

impl<P: Fn(usize)> Work<'_, P> {
    async fn everything(&self, agenda: Agenda) {
        let known = join_all((0..agenda.targets.len()).map(|target| self.at(&agenda, target))).await;
        if self.options.probes {
            join_all(known.iter().map(|known| self.probes(&agenda, known))).await;
        }
    }

    /// Everybody who is to meet at one endpoint. Nobody waits twice for one that does not answer.
    async fn at(&self, agenda: &Agenda, target: usize) -> Known {
        let meetings: Vec<(usize, &Meeting)> = agenda.meetings.iter().enumerate().filter(|(_, meeting)| meeting.target == target).collect();
        let able = |meeting: &Meeting| agenda.attendees[meeting.attendee].visitor.is_ok();
        let wanted = self.options.probes || meetings.iter().any(|(_, meeting)| able(meeting));
        let reached = if wanted {
            Reached::new(&agenda.targets[target].endpoint, self.options.deadline).await.map(Arc::new)
        } else {
            Err(Unreached::untried())
        };
        let guests = join_all(meetings.iter().map(|(order, meeting)| self.meet(agenda, *order, meeting, &reached))).await;
        Known { target, reached, guest: guests.into_iter().flatten().next() }
    }

    /// The guest, if it got in.
    async fn meet(
        &self,
        agenda: &Agenda,
        order: usize,
        meeting: &Meeting,
        reached: &Result<Arc<Reached>, Unreached>,
    ) -> Option<(usize, Option<CertificateRequest>)> {
        let (attendee, target) = (&agenda.attendees[meeting.attendee], &agenda.targets[meeting.target]);
        let occasion = Occasion { attendee, target, now: self.options.now };
        let mut guest = None;
        let cell = match (&attendee.visitor, reached) {
            (Err(fault), _) => occasion.cell(Vec::new(), Err(fault.clone()), Witnessed::default()),
            (Ok(_), Err(Unreached { steps, fault })) => occasion.cell(steps.clone(), Err(fault.clone()), Witnessed::default()),
            (Ok(visitor), Ok(reached)) => {
                // The semaphore is never closed.
                let _permit = self.permits.acquire().await;
                let (endpoint, protocol, errand) = (target.endpoint.clone(), target.protocol, meeting.errand.clone());
                let destination = Destination { endpoint, protocol, errand };
                let visit = visit(visitor, &destination, reached, self.options.deadline, self.options.now).await;
                if visit.steps.iter().any(|taken| taken.fact.step() == Step::Acceptance) {
                    guest = Some((meeting.attendee, visit.seen.asked.clone()));
                }
                occasion.cell(visit.steps, visit.result, Witnessed { seen: visit.seen, from: visit.from, log: Vec::new() })
            }
        };
        self.board.cell(order, cell);
        (self.progress)(self.board.count());
        guest
    }

    /// Tries what must fail. Who was refused by everyone has nobody to help with that, and has failed already.
    async fn probes(&self, agenda: &Agenda, known: &Known) {
        let target = &agenda.targets[known.target];
        let guest = known.guest.as_ref().and_then(|(guest, asked)| Some((agenda.attendees[*guest].visitor.as_ref().ok()?, asked.as_ref())));
        let asked = guest.and_then(|(_, asked)| asked);
        let Some(insider) = target.insider.as_ref().or(guest.map(|(visitor, _)| visitor)) else { return };
        let (limit, now) = (self.options.deadline, self.options.now);
        let attempts = Scene::attempts(target, insider, asked);
        let tried = attempts.into_iter().map(|attempt| async move {
            let outcome = match &known.reached {
                Ok(reached) => {
                    let _permit = self.permits.acquire().await;
                    Scene { target, insider, asked, reached, limit, now }.outcome(attempt).await
                }
                Err(unreached) => ProbeOutcome::Unreachable { cause: unreached.fault.symptom.to_string() },
            };
            let probe = Probe { target: target.name.clone(), endpoint: target.endpoint.to_string(), attempt, outcome };
            self.board.probe(known.target, probe);
            (self.progress)(self.board.count());
        });
        join_all(tried).await;
    }
}
