//! Years of cron jobs: authorities follow each other, and whoever has not taken the newest files yet still gets along with everyone.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use countersign::cluster;
use countersign::directory::Directory;
use countersign::ops::{self, Applied, Means, Progress, Proof, Site};
use countersign::path::{self, Question};
use countersign::pki::{Certificate, Usage};
use countersign::plan::calendar::{By, Event, calendar};
use countersign::plan::{Descent, Plan, Wishes};
use countersign::snippet::Snippets;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, UnixTime};
use support::Workspace;
use time::{Duration, OffsetDateTime};

const CLUSTER: &str = r"
cluster: orders
AUTHORITY
leaf: { lifetime: 90d, renew: 30d }
stores: { formats: [pem] }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: app, kafka: { write: [t] } }]
";

const BROKER: &str = "kafka/broker-1";

/// What a holder had in use from some time on.
#[derive(Clone, PartialEq)]
struct Files {
    holder: &'static str,
    chain: Vec<Certificate>,
    anchors: Vec<Certificate>,
}

/// A directory, the clock of the machine that keeps it, and all that anybody may still have of it.
struct Cron {
    workspace: Workspace,
    now: OffsetDateTime,
    taken: Vec<Files>,
}

impl Cron {
    fn new(authority: &str) -> Self {
        let begin = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        Self { workspace: Workspace::new(&CLUSTER.replace("AUTHORITY", authority)), now: begin, taken: Vec::new() }
    }

    /// `apply`, `days` later.
    fn run_after(&mut self, days: i64) -> Applied {
        self.now += Duration::days(days);
        let applied = self.at_hand(|site, means| ops::apply(site, means, Proof::LeftOut, &Wishes::default()).unwrap());
        let again = self.plan();
        assert!(again.is_empty(), "a second run has nothing to do, after {:?}: {again:?}", applied.plan);
        self.take();
        applied
    }

    /// What there is, and what the cluster file wants.
    fn at_hand<T>(&self, look: impl FnOnce(Site<'_>, Means<'_>) -> T) -> T {
        let spec = cluster::parse(&self.workspace.read("countersign.yaml"), &self.workspace.path("")).unwrap();
        let directory = Directory::new(&self.workspace.path("pki")).unwrap();
        let snippets = Snippets::new(&spec, directory.root());
        let means = Means { now: self.now, entropy: &aws_lc_rs::rand::SystemRandom::new(), progress: Progress::SILENT };
        look(Site { spec: &spec, snippets: &snippets, directory: &directory }, means)
    }

    fn plan(&self) -> Plan {
        self.at_hand(|site, means| ops::planned(site, means, &Wishes::default()).unwrap())
    }

    fn calendar(&self) -> Vec<Event> {
        self.at_hand(|site, means| calendar(site.spec, &site.directory.read(site.spec).unwrap(), means.now))
    }

    fn take(&mut self) {
        for holder in [BROKER, "clients/app"] {
            let read = |file: &str| {
                let pem = fs::read(self.workspace.path("pki").join(holder).join("current").join(file)).unwrap();
                Certificate::from_pem(&pem).unwrap()
            };
            let files = Files { holder, chain: read("tls.crt"), anchors: read("ca.crt") };
            if !self.taken.contains(&files) {
                self.taken.push(files);
            }
        }
        let now = self.now;
        self.taken.retain(|files| files.chain[0].validity.not_after >= now);
    }

    /// Whoever holds a leaf that has not ended, from whatever run, and whoever else does so take each other.
    fn everyone_gets_along(&self) {
        for one in &self.taken {
            // Clients meet brokers alone.
            for other in self.taken.iter().filter(|other| one.holder == BROKER || other.holder == BROKER) {
                assert!(self.takes(one, other), "{}: {} does not take {}", self.now, one.holder, other.chain[0].issuer);
            }
        }
    }

    /// By webpki and by our own judgement, which must agree.
    fn takes(&self, one: &Files, other: &Files) -> bool {
        let question = Question {
            leaf: &other.chain[0],
            intermediates: &other.chain[1..],
            anchors: &one.anchors,
            revocation_lists: &[],
            at: self.now,
            purpose: Some(Usage::ClientAuth),
            name: None,
        };
        let ours = path::judge(&question).holds();
        let mut roots = RootCertStore::empty();
        one.anchors.iter().for_each(|anchor| roots.add(der(anchor)).unwrap());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let chain: Vec<CertificateDer<'_>> = other.chain.iter().map(der).collect();
        let since = std::time::Duration::from_secs(u64::try_from(self.now.unix_timestamp()).unwrap());
        let theirs = verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::since_unix_epoch(since)).is_ok();
        assert_eq!(ours, theirs);
        ours
    }

    fn subjects(&self) -> BTreeSet<String> {
        self.taken.iter().flat_map(|files| files.chain[1..].iter().chain(&files.anchors)).map(|one| one.subject.clone()).collect()
    }
}

fn der(certificate: &Certificate) -> CertificateDer<'static> {
    CertificateDer::from(certificate.der().to_vec())
}

#[test]
fn in_thirty_years_of_weekly_runs_nobody_has_to_do_anything() {
    let mut cron = Cron::new("");
    let (mut roots, mut issuing, mut retired, mut subjects) = (0, 0, 0, BTreeSet::new());
    for _ in 0..30 * 52 {
        let applied = cron.run_after(7);
        assert!(applied.plan.troubles.is_empty(), "{}: {:?}", cron.now, applied.plan.troubles);
        assert!(applied.made.iter().all(|made| !made.clipped), "{}: a leaf lives shorter than it should", cron.now);
        cron.everyone_gets_along();
        let of = |wanted: fn(&Descent) -> bool| applied.plan.authorities.iter().filter(|step| wanted(&step.descent)).count();
        roots += of(|descent| matches!(descent, Descent::Successor { .. }));
        issuing += of(|descent| matches!(descent, Descent::Issuing { .. }));
        retired += applied.plan.past.len();
        subjects.extend(cron.subjects());
    }
    // Roots of ten years follow each other every five, issuing authorities of two a little sooner.
    assert_eq!((roots, issuing), (6, 12));
    assert_eq!(retired, 1 + roots + issuing - kept(&cron), "whatever has done its work is gone");
    let generations = 1 + roots + issuing;
    assert_eq!(subjects.len(), generations + 1 + roots, "no two authorities have one name");
}

/// How many generations of the authority are there.
fn kept(cron: &Cron) -> usize {
    let names = fs::read_dir(cron.workspace.path("pki/authority")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().parse::<u32>().is_ok()).count()
}

/// What `apply` does a second before an entry of the calendar, and at it.
#[test]
fn the_calendar_says_when_apply_has_something_to_do() {
    let mut cron = Cron::new("authority: { root: 2y, issuing: 1y }");
    cron.run_after(0);
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        let Some(event) = cron.calendar().into_iter().find(|event| event.by == By::Apply && !event.what.contains("last of")) else { break };
        cron.now = event.at - Duration::SECOND;
        assert!(cron.plan().is_empty(), "nothing is due a second before {event:?}: {:?}", cron.plan());
        // What signs in place of another shows when the next leaf is due.
        if !event.what.starts_with("signs") {
            cron.now = event.at + Duration::SECOND;
            assert!(!cron.plan().is_empty(), "something is due at {event:?}");
        }
        cron.now = event.at + Duration::SECOND;
        cron.run_after(0);
        seen.insert(event.what);
    }
    let all = [
        "goes, with its keys",
        "is followed by another issuing authority below the same root",
        "is followed by another root, which everyone trusts from then on",
        "signs in place of the root before it",
        "the first leaf is renewed",
    ];
    assert_eq!(seen, all.into());
}

fn authorities() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "authority: { root: 2y, issuing: 1y }",
        "authority: { root: 3y, issuing: none }",
        "authority: { brokers: { root: 4y }, clients: { root: 2y, issuing: 200d } }",
        "authority: { root: 1y, issuing: 120d }",
    ])
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]

    /// Runs may be missed for as long as leafs have turns.
    #[test]
    fn however_cron_runs_everyone_gets_along(authority in authorities(), pauses in prop::collection::vec(1..29_i64, 80)) {
        let mut cron = Cron::new(authority);
        for days in pauses {
            let applied = cron.run_after(days);
            prop_assert!(applied.plan.troubles.is_empty(), "{:?}", applied.plan.troubles);
            cron.everyone_gets_along();
        }
    }
}
