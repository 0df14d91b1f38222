//! countersign gives a Kafka or RabbitMQ cluster its TLS certificates, keeps them fresh, and proves that mutual TLS really works.
//!
//! # The flow
//!
//! ```text
//!  cluster file ──parse──▶ ClusterSpec ─┐
//!                                       ├─plan──▶ Plan ──issue──▶ Identity ──lay out──▶ Artifacts ──▶ directory
//!  directory ────read────▶ Inventory ───┘  (pure)                                 (path + bytes
//!                                                                                 + sensitivity)
//!  ClusterSpec + layout ──render──▶ config snippets        ClusterSpec + directory ──verify──▶ VerifyReport
//! ```
//!
//! The directory is the state. What exists is read from the certificates and stores themselves; there is no hidden state file.
//!
//! # The floors
//!
//! A module names only modules on lower floors; `tests/architecture.rs` holds the list and fails on anything else.
//!
//! | floor | module | what it is |
//! |---|---|---|
//! | 0 | [`pki`] | values that cannot be wrong: names, keys, certificates, secrets |
//! | 1 | [`cluster`] | what the user wants: the cluster file, and the [`cluster::ClusterSpec`] made of it |
//! | 1 | [`keystore`] | bytes ↔ entries, pure: PKCS#12, JKS and JCEKS, and the named encodings of each |
//! | 1 | [`path`] | RFC 5280: from a certificate to an anchor, with every fault, and what each implementation says |
//! | 1 | [`settings`] | the configuration files of brokers and clients, as the programs read them |
//! | 2 | [`convert`] | what was read → the bytes of another format, with nothing lost unsaid |
//! | 2 | [`describe`] | what anyone wrote, in words and in JSON |
//! | 2 | [`layout`] | every file name, where it lies, and who may read it |
//! | 3 | [`snippet`] | spec + layout → the text of each configuration file |
//! | 3 | [`inventory`] | what exists already, as values |
//! | 4 | [`plan`] | spec + inventory + now → steps, each with its reasons |
//! | 5 | [`check`] | anything that was read → findings, one rule for each function, each with a code |
//! | 5 | [`issue`] | steps → keys and certificates |
//! | 6 | [`artifact`] | keys, certificates and passwords → files as bytes |
//! | 6 | [`report`] | findings as JSON, JUnit, SARIF, annotations, Nagios and Prometheus text |
//! | 7 | [`directory`] | the file system: read → inventory, write ← artifacts |
//! | 7 | [`endpoint`] | what a TLS endpoint shows to whoever connects |
//! | 7 | [`verify`] | the proof: over loopback, and against running brokers |
//! | 8 | [`commands`] | one file for each verb |
//!
//! # Invariants
//!
//! - Floors 0–6 do no I/O and read neither clock nor random numbers: `now` and the entropy are arguments. (Key pairs are
//!   drawn by aws-lc itself, which takes no other source.)
//! - A [`cluster::ClusterSpec`] that exists is valid. Nothing below `cluster::parse` reports a mistake in the cluster file.
//! - [`plan`] never removes and never overwrites an authority key.
//! - A leaf never outlives its issuer, and never carries the bits of an authority.
//! - Same inputs, no work: a second `apply` writes nothing. Stores are compared by what they hold, not by their bytes.
//! - A holder's files switch together: one rename of `current`, or none of them.
//! - [`layout::Sensitivity`] alone decides the mode of a file. Secret files are born 0600.
//! - No secret in argv, logs, error text or `Debug`.
//! - stdout is data, stderr is talk. Every command has `--format json`.
//! - Exit codes: 0 done, nothing wrong · 1 failed · 2 usage or cluster file wrong · 3 work to do or findings ·
//!   4 verification failed · 130 interrupted.

#![warn(clippy::unwrap_used, clippy::panic)]

pub mod artifact;
pub mod check;
pub mod cluster;
pub mod commands;
pub mod configuration;
pub mod convert;
pub mod describe;
pub mod directory;
pub mod endpoint;
pub mod finding;
pub mod inventory;
pub mod issue;
pub mod keystore;
pub mod layout;
pub mod lint;
pub mod path;
pub mod pki;
pub mod plan;
pub mod report;
pub mod settings;
pub mod snippet;
pub mod verify;
