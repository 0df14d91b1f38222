//! What became of a visit, as a cell of the report.

use std::net::SocketAddr;

use time::OffsetDateTime;

use super::agenda::{Attendee, Target};
use crate::diagnosis::{self, Cell, Evidence, Failure, Fault, LoginKind, Shown, StepTaken, Verdict};
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
        Cell {
            identity: self.attendee.name.clone(),
            via: self.attendee.via,
            target: self.target.name.clone(),
            endpoint: self.target.endpoint.to_string(),
            steps,
            notes: self.attendee.notes.clone(),
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
