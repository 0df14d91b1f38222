//! Everybody at once: visits, messages and probes, each endpoint's delays its own.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::agenda::{Agenda, Meeting, Target};
use super::board::Board;
use super::discover::{Misled, Told, discover};
use super::hearsay::Hearsay;
use super::messages::{Messages, Scratch};
use super::options::Options;
use super::outcome::{Occasion, Witnessed};
use super::patience::Patience;
use super::probe::Scene;
use crate::describe::CertificateRequest;
use crate::diagnosis::{Cell, Fault, Probe, ProbeOutcome, Step, Symptom, VerifyReport};
use crate::visit::{Destination, Errand, Reached, Unreached, Visit, Visitor, visit};

/// How long what was made for the work may take to be removed once somebody interrupts: a little longer than a topic that may be
/// made yet is looked for.
const GRACE: Duration = Duration::from_millis(1500);

/// Does what `agenda` says, until it is done or `stop` ends: then the report holds what is known, and what is to be removed is not
/// waited for much longer. `progress` is told how many visits and probes are done, of how many that are
/// known of.
pub async fn run(agenda: Agenda, options: Options, stop: impl AsyncFn(), progress: impl Fn(usize, usize)) -> VerifyReport {
    let board = Board::new();
    let permits = Semaphore::new(options.at_once);
    let scratch = Scratch::new();
    let (hearsay, patience) = (Hearsay::default(), Patience::new(options.deadline));
    let work =
        Work { options, permits: &permits, board: &board, scratch: &scratch, hearsay: &hearsay, patience: &patience, progress: &progress };
    let first_failure = async {
        if options.fail_fast {
            board.failure().await;
        } else {
            std::future::pending().await
        }
    };
    let interrupted = || Some(VerifyReport::INTERRUPTED.to_owned());
    let mut cut_short = tokio::select! {
        // Whoever listens for signals does so before the work begins.
        biased;
        () = stop() => interrupted(),
        () = work.everything(agenda) => None,
        () = first_failure => Some("ended at the first failure".to_owned()),
    };
    let is_waited_for = cut_short == interrupted();
    let no_longer = async {
        if is_waited_for {
            tokio::time::sleep(GRACE).await;
        } else {
            stop().await;
        }
    };
    let left = match scratch.into_inner() {
        Some(topic) => tokio::select! {
            removed = topic.remove() => removed.err().map(|fault| fault.symptom.to_string()),
            () = no_longer => {
                cut_short = interrupted();
                Some("interrupted".to_owned())
            }
        },
        None => None,
    };
    let mut report = VerifyReport { cut_short, ..board.report() };
    if let (Some(why), Some(cell)) = (left, report.cells.first_mut()) {
        cell.notes.push(format!("the topic that was made for the messages could not be removed: {why}"));
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
    hearsay: &'a Hearsay,
    patience: &'a Patience,
    progress: &'a P,
}

/// What was learned of one endpoint, for whoever probes it.
struct Known {
    target: usize,
    reached: Result<Reached, Unreached>,
    guest: Option<Guest>,
}

/// Who got in, an index of the attendees, and what it was asked for.
type Guest = (usize, Option<CertificateRequest>);

/// A meeting of somebody who is able to go.
#[derive(Clone, Copy)]
struct Call<'a> {
    order: usize,
    meeting: &'a Meeting,
    occasion: Occasion<'a>,
    visitor: &'a Visitor,
}

/// What a visit leaves to those who come later.
struct Met {
    guest: Option<Guest>,
    told: Option<Told>,
    /// Nobody said a word.
    silence: Option<Unreached>,
}

impl<P: Fn(usize, usize)> Work<'_, P> {
    async fn everything(&self, mut agenda: Agenda) {
        let (mut known, mut told) = (Vec::new(), Vec::new());
        // First those that were named, then those that these name.
        while known.len() < agenda.targets.len() {
            self.board.expect(agenda.meetings.len());
            let wave = known.len()..agenda.targets.len();
            let from = told.len();
            let mut meetings: Vec<Vec<usize>> = vec![Vec::new(); agenda.targets.len()];
            for (order, meeting) in agenda.meetings.iter().enumerate() {
                meetings[meeting.target].push(order);
            }
            for (one, more) in join_all(wave.map(|target| self.at(&agenda, target, &meetings[target]))).await {
                known.push(one);
                told.extend(more);
            }
            for Misled { meeting, fault } in discover(&mut agenda, &told[from..]) {
                let occasion = self.occasion(&agenda, &agenda.meetings[meeting]);
                self.board.amend(meeting, |cell| cell.verdict = occasion.failed(&cell.steps, fault, Witnessed::default()));
            }
        }
        let Self { options, permits, board, scratch, .. } = *self;
        let messages = async {
            if let Some(message) = &agenda.message {
                told.retain(|told| board.passed(told.meeting));
                Messages { agenda: &agenda, options, permits, board, scratch, told: &told }.send(message).await;
            }
        };
        let probes = async {
            if options.probes {
                join_all(known.iter().map(|known| self.probes(&agenda, known))).await;
            }
        };
        tokio::join!(messages, probes);
    }

    /// Everybody who is to meet at one endpoint. One goes ahead: where that finds nobody, or nobody who speaks, no other waits too.
    async fn at(&self, agenda: &Agenda, target: usize, meetings: &[usize]) -> (Known, Vec<Told>) {
        let mut able = Vec::new();
        for &order in meetings {
            let meeting = &agenda.meetings[order];
            let occasion = self.occasion(agenda, meeting);
            match &occasion.attendee.visitor {
                Ok(visitor) => able.push(Call { order, meeting, occasion, visitor }),
                Err(fault) => self.put(order, occasion.cell(Vec::new(), Err(fault.clone()), Witnessed::default())),
            }
        }
        let (reached, first) = self.go_ahead(&agenda.targets[target], able.first()).await;
        let others = &able[usize::from(first.is_some())..];
        let mut met: Vec<Met> = first.into_iter().collect();
        match &reached {
            Ok(reached) => {
                let visits = others.iter().map(|call| async move {
                    let _permit = self.permits.acquire().await;
                    self.meet(call, reached).await
                });
                met.extend(join_all(visits).await);
            }
            Err(Unreached { steps, fault }) => {
                for Call { order, occasion, .. } in others {
                    self.put(*order, occasion.cell(steps.clone(), Err(fault.clone()), Witnessed::default()));
                }
            }
        }
        let (guests, told): (Vec<_>, Vec<_>) = met.into_iter().map(|met| (met.guest, met.told)).unzip();
        (Known { target, reached, guest: guests.into_iter().flatten().next() }, told.into_iter().flatten().collect())
    }

    /// Reaches a target, and makes the first visit by the same connection. Where nobody is to meet, the insider finds out for the
    /// probes whether anybody speaks.
    async fn go_ahead(&self, target: &Target, first: Option<&Call<'_>>) -> (Result<Reached, Unreached>, Option<Met>) {
        let scout = || target.insider.as_ref().filter(|_| self.options.probes);
        let Some(visitor) = first.map(|call| call.visitor).or_else(scout) else {
            return (Err(Unreached::untried()), None);
        };
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        if let Some(symptom) = self.patience.over(target) {
            return (Err(Unreached { steps: Vec::new(), fault: Fault::new(Step::Connect, symptom) }), None);
        }
        let reached = match Reached::new(&target.endpoint, self.options.deadline).await {
            Ok(reached) => reached,
            unreached => {
                self.patience.failed(target);
                return (unreached, None);
            }
        };
        let (met, silence) = match first {
            Some(call) => {
                let mut met = self.meet(call, &reached).await;
                let silence = met.silence.take();
                (Some(met), silence)
            }
            None => (None, silence(&self.visit(visitor, target, Errand::Greet, &reached).await)),
        };
        (silence.map_or(Ok(reached), Err), met)
    }

    fn occasion<'o>(&self, agenda: &'o Agenda, meeting: &Meeting) -> Occasion<'o> {
        let (attendee, target) = (&agenda.attendees[meeting.attendee], &agenda.targets[meeting.target]);
        Occasion { attendee, target, now: self.options.now }
    }

    async fn visit(&self, visitor: &Visitor, target: &Target, errand: Errand, reached: &Reached) -> Visit {
        let Target { protocol, node_id, .. } = *target;
        let destination = Destination { endpoint: target.endpoint.clone(), protocol, node_id, errand };
        visit(visitor, &destination, reached, self.options.deadline, self.options.now).await
    }

    async fn meet(&self, call: &Call<'_>, reached: &Reached) -> Met {
        let Call { order, meeting, occasion, visitor } = *call;
        if let Some(symptom) = self.patience.over(occasion.target) {
            let untried = occasion.cell(Vec::new(), Err(Fault::new(Step::Connect, symptom)), Witnessed::default());
            self.put(order, untried);
            return Met { guest: None, told: None, silence: None };
        }
        let visit = self.visit(visitor, occasion.target, meeting.errand.clone(), reached).await;
        let silence = silence(&visit);
        let got_in = visit.steps.iter().any(|taken| taken.fact.step() == Step::Acceptance);
        let guest = got_in.then(|| (meeting.attendee, visit.seen.asked.clone()));
        if visit.result.is_err() {
            self.patience.failed(occasion.target);
        }
        let Visit { mut steps, result, seen, from, metadata, producer_id } = visit;
        let told = metadata.map(|metadata| Told { meeting: order, metadata: self.hearsay.keep(metadata, &mut steps), producer_id });
        self.put(order, occasion.cell(steps, result, Witnessed { seen, from, log: Vec::new() }));
        Met { guest, told, silence }
    }

    fn put(&self, order: usize, cell: Cell) {
        self.board.cell(order, cell);
        self.board.done(self.progress);
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
                    match self.patience.over(target) {
                        None => Scene { target, insider, asked, reached, limit, now }.outcome(attempt).await,
                        Some(symptom) => ProbeOutcome::Unreachable { cause: symptom.to_string() },
                    }
                }
                Err(unreached) => ProbeOutcome::Unreachable { cause: unreached.fault.symptom.to_string() },
            };
            if matches!(outcome, ProbeOutcome::Unreachable { .. }) {
                self.patience.failed(target);
            }
            let probe = Probe { target: target.name.clone(), endpoint: target.endpoint.to_string(), attempt, outcome };
            self.board.probe(known.target, probe);
            self.board.done(self.progress);
        });
        join_all(tried).await;
    }
}

/// Before the handshake is done a server knows nothing of who visits: one that says nothing to one says nothing to anybody.
fn silence(visit: &Visit) -> Option<Unreached> {
    match &visit.result {
        Err(fault @ Fault { step: Step::Handshake, symptom: Symptom::Silence { .. } }) => {
            Some(Unreached { steps: visit.steps.clone(), fault: fault.clone() })
        }
        Ok(()) | Err(_) => None,
    }
}
