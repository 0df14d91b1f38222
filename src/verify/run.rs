//! Everybody at once: visits, messages and probes, each endpoint's delays its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

use super::agenda::{Agenda, Meeting};
use super::board::Board;
use super::discover::{Misled, Told, discover};
use super::messages::{Messages, Scratch};
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
/// visits and probes are done, of how many that are known of.
pub async fn run(agenda: Agenda, options: Options, stop: impl Future<Output = ()>, progress: impl Fn(usize, usize)) -> VerifyReport {
    let board = Board::new();
    let permits = Semaphore::new(options.at_once);
    let scratch = Scratch::new();
    let work = Work { options, permits: &permits, board: &board, scratch: &scratch, progress: &progress };
    let first_failure = async {
        if options.fail_fast {
            board.failure().await;
        } else {
            std::future::pending().await
        }
    };
    let cut_short = tokio::select! {
        () = work.everything(agenda) => None,
        () = stop => Some(VerifyReport::INTERRUPTED.to_owned()),
        () = first_failure => Some("ended at the first failure".to_owned()),
    };
    let left = match scratch.into_inner() {
        Some(topic) => topic.remove().await.err(),
        None => None,
    };
    let mut report = VerifyReport { cut_short, ..board.report() };
    if let (Some(fault), Some(cell)) = (left, report.cells.first_mut()) {
        cell.notes.push(format!("the topic that was made for the messages could not be removed: {}", fault.symptom));
    }
    report
}

/// What all tasks share.
#[derive(Clone, Copy)]
struct Work<'a, P> {
    options: Options,
    permits: &'a Semaphore,
    board: &'a Board,
    scratch: &'a Scratch,
    progress: &'a P,
}

/// What was learned of one endpoint, for whoever probes it.
struct Known {
    target: usize,
    reached: Result<Arc<Reached>, Unreached>,
    guest: Option<Guest>,
}

/// Who got in, an index of the attendees, and what it was asked for.
type Guest = (usize, Option<CertificateRequest>);

impl<P: Fn(usize, usize)> Work<'_, P> {
    async fn everything(&self, mut agenda: Agenda) {
        let (mut known, mut told) = (Vec::new(), Vec::new());
        // First those that were named, then those that these name.
        while known.len() < agenda.targets.len() {
            self.board.expect(agenda.meetings.len());
            let wave = known.len()..agenda.targets.len();
            let from = told.len();
            for (one, more) in join_all(wave.map(|target| self.at(&agenda, target))).await {
                known.push(one);
                told.extend(more);
            }
            for Misled { meeting, fault } in discover(&mut agenda, &told[from..]) {
                let occasion = self.occasion(&agenda, &agenda.meetings[meeting]);
                self.board.amend(meeting, |cell| cell.verdict = occasion.failed(&cell.steps, fault, Witnessed::default()));
            }
        }
        let Self { options, board, scratch, .. } = *self;
        let messages = async {
            if let Some(message) = &agenda.message {
                told.retain(|told| board.passed(told.meeting));
                Messages { agenda: &agenda, options, board, scratch, told: &told }.send(message).await;
            }
        };
        let probes = async {
            if options.probes {
                join_all(known.iter().map(|known| self.probes(&agenda, known))).await;
            }
        };
        tokio::join!(messages, probes);
    }

    /// Everybody who is to meet at one endpoint. Nobody waits twice for one that does not answer.
    async fn at(&self, agenda: &Agenda, target: usize) -> (Known, Vec<Told>) {
        let meetings: Vec<(usize, &Meeting)> = agenda.meetings.iter().enumerate().filter(|(_, meeting)| meeting.target == target).collect();
        let able = |meeting: &Meeting| agenda.attendees[meeting.attendee].visitor.is_ok();
        let wanted = self.options.probes || meetings.iter().any(|(_, meeting)| able(meeting));
        let reached = if wanted {
            Reached::new(&agenda.targets[target].endpoint, self.options.deadline).await.map(Arc::new)
        } else {
            Err(Unreached::untried())
        };
        let met = join_all(meetings.iter().map(|(order, meeting)| self.meet(agenda, *order, meeting, &reached))).await;
        let (guests, told): (Vec<_>, Vec<_>) = met.into_iter().unzip();
        (Known { target, reached, guest: guests.into_iter().flatten().next() }, told.into_iter().flatten().collect())
    }

    fn occasion<'o>(&self, agenda: &'o Agenda, meeting: &Meeting) -> Occasion<'o> {
        let (attendee, target) = (&agenda.attendees[meeting.attendee], &agenda.targets[meeting.target]);
        Occasion { attendee, target, now: self.options.now }
    }

    /// The guest, if it got in, and what it was told.
    async fn meet(
        &self,
        agenda: &Agenda,
        order: usize,
        meeting: &Meeting,
        reached: &Result<Arc<Reached>, Unreached>,
    ) -> (Option<Guest>, Option<Told>) {
        let occasion = self.occasion(agenda, meeting);
        let Occasion { attendee, target, .. } = occasion;
        let (mut guest, mut told) = (None, None);
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
                let producer_id = visit.producer_id;
                told = visit.metadata.map(|metadata| Told { meeting: order, metadata, producer_id });
                occasion.cell(visit.steps, visit.result, Witnessed { seen: visit.seen, from: visit.from, log: Vec::new() })
            }
        };
        self.board.cell(order, cell);
        self.board.done(self.progress);
        (guest, told)
    }

    /// Tries what must fail. Who was refused by everyone has nobody to help with that, and has failed already.
    async fn probes(&self, agenda: &Agenda, known: &Known) {
        let target = &agenda.targets[known.target];
        let guest = known.guest.as_ref().and_then(|(guest, asked)| Some((agenda.attendees[*guest].visitor.as_ref().ok()?, asked.as_ref())));
        let asked = guest.and_then(|(_, asked)| asked);
        let Some(insider) = target.insider.as_ref().or(guest.map(|(visitor, _)| visitor)) else { return };
        let (limit, now) = (self.options.deadline, self.options.now);
        let attempts = Scene::attempts(target, insider);
        self.board.expect_more(attempts.len());
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
            self.board.done(self.progress);
        });
        join_all(tried).await;
    }
}
