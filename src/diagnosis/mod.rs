//! Floor 6: what a verification saw, and what that means: facts, symptoms, and the table symptom → cause → fix.
//!
//! A visit to a broker takes [`Step`]s. Each that succeeds leaves a [`Fact`]; the one that fails leaves a [`Fault`] with a typed
//! [`Symptom`]. [`diagnose`] holds the symptom and all that is known besides ([`Evidence`]) against the table, and the first row
//! that fits names the side, the certificate, the cause and the fix. Every row is a rule with a section in `docs/diagnoses.md`.

mod evidence;
mod fact;
mod report;
mod step;
mod symptom;
mod table;

pub use evidence::{Evidence, LoginKind, Shown};
pub use fact::{Acceptance, Advertised, Fact, Handshake, Served, StepTaken};
pub use report::{Attempt, Cell, Failure, Probe, ProbeOutcome, Verdict, VerifyReport, Via};
pub use step::Step;
pub use symptom::{Fault, FileProblem, Symptom};
pub use table::{Diagnosis, Explanation, Row, Side, diagnose, let_in, rules};
