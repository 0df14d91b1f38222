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
//!
//!  directory ──plan──▶ ops: stage, prove, switch ──▶ directory ──reload──▶ running brokers ──look──▶ what each listener serves
//!
//!  directory + ClusterSpec ──pack──▶ Parcels ─┬─deliver──▶ Vault, OpenBao, AWS Secrets Manager
//!                                             └─write────▶ Kubernetes manifests
//!
//!  any file ──open──▶ Contents ─┬─describe──▶ inspect     any config file ──read──▶ Settings ──┐
//!                               ├─convert───▶ bytes       any endpoint ──observe──▶ Observation ├─check──▶ Findings ──▶ report
//!                               └─lint, path, check ──────────────────────────────────────────┘
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
//! | 0 | [`text`] | lines for people: what others wrote stays in its line and drives nothing |
//! | 1 | [`cluster`] | what the user wants: the cluster file, and the [`cluster::ClusterSpec`] made of it |
//! | 1 | [`finding`] | what a check found, by which rule, and where |
//! | 1 | [`java`] | what Java writes in ways of its own: modified UTF-8, serialised objects |
//! | 1 | [`path`] | RFC 5280: from a certificate to an anchor, with every fault, and what each implementation says |
//! | 1 | [`pbe`] | encryption by password: PBES1, PBES2, and the schemes of PKCS#12 and of Sun |
//! | 1 | [`settings`] | the configuration files of brokers and clients, as the programs read them |
//! | 2 | [`keystore`] | bytes ↔ entries, pure: PEM, DER, PKCS#7, PKCS#12, JKS and JCEKS, whoever wrote them, and the named encodings of each |
//! | 3 | [`convert`] | what was read → the bytes of another format, with nothing lost unsaid |
//! | 3 | [`describe`] | what was read, in words and in JSON |
//! | 3 | [`layout`] | every file name, where it lies, and who may read it |
//! | 3 | [`lint`] | one certificate, revocation list, request or key by itself → findings |
//! | 4 | [`snippet`] | spec + layout → the text of each configuration file |
//! | 4 | [`inventory`] | what exists already, as values |
//! | 5 | [`configuration`] | a configuration file and the files it names → findings |
//! | 5 | [`parcel`] | what a sink is sent: one value for each secret, and what everyone may read of it |
//! | 5 | [`plan`] | spec + inventory + now → steps, each with its reasons |
//! | 6 | [`check`] | files, chains, endpoints, and the directory against the cluster file → findings |
//! | 6 | [`diagnosis`] | what a verification saw, and what that means: symptom → cause → fix |
//! | 6 | [`issue`] | steps → keys and certificates |
//! | 6 | [`kubernetes`] | parcels → manifests, as text |
//! | 6 | [`policy`] | the least that each sink must allow, in its own language |
//! | 7 | [`artifact`] | keys, certificates and passwords → files as bytes |
//! | 7 | [`report`] | findings, and what a verification saw, as text, JSON, JUnit, SARIF, annotations, Nagios and Prometheus text |
//! | 8 | [`directory`] | the file system: read → inventory, write ← artifacts; and the files of others |
//! | 8 | [`endpoint`] | what a TLS endpoint shows to whoever connects |
//! | 8 | [`visit`] | one identity at one endpoint, step by step, as a client would |
//! | 9 | [`identity`] | from whatever a user has to who visits: configurations, stores, certificates, URLs, holders |
//! | 9 | [`reload`] | running brokers take new files, and are seen to serve them |
//! | 9 | [`sinks`] | Vault, OpenBao and AWS Secrets Manager: looked at, written to, read back |
//! | 9 | [`verify`] | the proof: who visits whom, over loopback and at running brokers, and what must be refused |
//! | 10 | [`ops`] | the deeds of the verbs, from values to outcomes, without a command line |
//! | 11 | [`commands`] | one file for each verb: its arguments, the call, and what is shown |
//!
//! # Invariants
//!
//! - Floors 0–7 do no I/O and read neither clock nor random numbers: `now` and the entropy are arguments. (Key pairs are drawn by
//!   aws-lc itself, which takes no other source.)
//! - A [`cluster::ClusterSpec`] that exists is valid. Nothing below `cluster::parse` reports a mistake in the cluster file.
//! - [`plan`] never overwrites an authority key, and removes one only when nothing that it signed can be in use.
//! - Whoever holds a leaf that has not ended, from whatever run, and whoever else does take each other; two authorities never share a name.
//! - A leaf never outlives its issuer, and never carries the bits of an authority.
//! - Same inputs, no work: a second `apply` writes nothing. Stores are compared by what they hold, not by their bytes.
//! - What is not in use any more is removed as the cluster file says, and never the generation before; a holder that is gone keeps
//!   everything until somebody says otherwise.
//! - A holder's files switch together: one rename of `current`, or none of them.
//! - [`layout::Sensitivity`] alone decides the mode of a file. Secret files are born 0600.
//! - No secret in argv, logs, error text or `Debug`. What a stranger's text may be quoted, [`pki::quotable()`] says; of a configuration
//!   everything is a [`settings::Text`], and what a reference in it (`${file:…}`) leads to is used and never shown.
//! - What a sink holds counts only once it was read back; what countersign did not put there is never written over unasked.
//! - stdout is data, stderr is talk. Every command has `--format json`. Data that cannot be written is a failure.
//! - What others wrote is shown in a [`text::Line`]: it stays in that line and drives neither a terminal nor a CI system.
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
pub mod diagnosis;
pub mod directory;
pub mod endpoint;
pub mod finding;
pub mod identity;
pub mod inventory;
pub mod issue;
pub mod java;
pub mod keystore;
pub mod kubernetes;
pub mod layout;
pub mod lint;
pub mod ops;
pub mod parcel;
pub mod path;
pub mod pbe;
pub mod pki;
pub mod plan;
pub mod policy;
pub mod reload;
pub mod report;
pub mod settings;
pub mod sinks;
pub mod snippet;
pub mod text;
pub mod verify;
pub mod visit;
