//! What became of a visit, as a cell of the report.

use std::net::SocketAddr;

use time::OffsetDateTime;

use super::agenda::{Attendee, Target};
use crate::diagnosis::{self, Cell, Evidence, Fact, Failure, Fault, LoginKind, Shown, StepTaken, Verdict};
use crate::visit::tls::Seen;

/// Who met whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    pub attendee: &'a Attendee,
    pub target: &'a Target,
    pub now: OffsetDateTime,
}

/// What is known of a visit besides its steps.
#[derive(Debug, Clone, Default)]
pub struct Witnessed {
    pub seen: Seen,
    pub from: Option<SocketAddr>,
    /// What the server says of it, as far as it is known.
    pub log: Vec<String>,
}

impl Occasion<'_> {
    pub fn cell(&self, steps: Vec<StepTaken>, result: Result<(), Fault>, witnessed: Witnessed) -> Cell {
        let verdict = match result {
            Ok(()) => Verdict::Passed,
            Err(fault) => self.failed(&steps, fault, witnessed),
        };
        let notes = self.attendee.notes.iter().cloned().chain(steps.iter().filter_map(|taken| note(&taken.fact))).collect();
        Cell {
            identity: self.attendee.name.clone(),
            via: self.attendee.via,
            target: self.target.name.clone(),
            endpoint: self.target.endpoint.to_string(),
            steps,
            notes,
            verdict,
        }
    }

    /// `steps` are those that succeeded before.
    pub fn failed(&self, steps: &[StepTaken], fault: Fault, witnessed: Witnessed) -> Verdict {
        let visitor = self.attendee.visitor.as_ref().ok();
        let evidence = Evidence {
            now: self.now,
            protocol: self.target.protocol,
            endpoint: self.target.endpoint.clone(),
            told_by: self.target.told_by.clone(),
            identity: self.attendee.name.clone(),
            shown: visitor.map_or_else(Shown::default, crate::visit::Visitor::shown),
            login: visitor.map_or(LoginKind::Anonymous, crate::visit::Visitor::login_kind),
            offered: visitor.map_or_else(Vec::new, |visitor| visitor.versions.clone()),
            steps: steps.to_vec(),
            fault,
            served: witnessed.seen.served,
            asked: witnessed.seen.asked,
            from: witnessed.from,
            log: witnessed.log,
        };
        Verdict::Failed(Box::new(Failure { diagnosis: diagnosis::diagnose(&evidence), evidence }))
    }
}

/// What a step has shown that is worth knowing and no failure.
fn note(fact: &Fact) -> Option<String> {
    /// RFC 7677, 4.
    const LEAST: u32 = 4096;
    match fact {
        Fact::Login { iterations: Some(asked), .. } if *asked < LEAST => Some(format!(
            "the broker asks for {asked} SCRAM iterations, fewer than {LEAST}: librdkafka takes them, a Java client does not, and who \
             hears the login may guess the password"
        )),
        _ => None,
    }
}
