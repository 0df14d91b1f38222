//! Floor 6: what a verification saw, and what that means: facts, symptoms, and the table symptom → cause → fix.
//!
//! A visit to a broker takes [`Step`]s. Each that succeeds leaves a [`Fact`]; the one that fails leaves a [`Fault`] with a typed
//! [`Symptom`]. [`diagnose`] holds the symptom and all that is known besides ([`Evidence`]) against the table, and the first row
//! that fits names the side, the certificate, the cause and the fix. Every row is a rule with a section in `docs/diagnoses.md`.

mod amqp;
mod broker_log;
mod client;
mod client_causes;
mod client_chain;
mod endings;
mod evidence;
mod fact;
mod files;
mod kafka;
mod kafka_access;
mod letting_in;
mod log_cause;
mod log_entry;
mod log_rows;
mod login;
mod metadata;
mod network;
mod phrases;
mod programs;
mod report;
mod row;
mod server;
mod server_name;
mod server_trust;
mod step;
mod symptom;
mod table;
mod tls;

pub use broker_log::BrokerLog;
pub use evidence::{Evidence, LoginKind, Shown, ToldBy};
pub use fact::{Acceptance, Advertised, Fact, Handshake, Served, StepTaken};
pub use letting_in::let_in;
pub use report::{Attempt, Cell, Failure, Probe, ProbeOutcome, Verdict, VerifyReport, Via};
pub use row::{Diagnosis, Explanation, Row, Side};
pub use step::Step;
pub use symptom::{Fault, FileProblem, Symptom};
pub use table::{diagnose, rules};

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod inside_tests;
#[cfg(test)]
mod log_tests;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod table_tests;
