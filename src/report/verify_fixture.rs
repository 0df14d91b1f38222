//! Verifications that have everything in them that an output can get wrong.

use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::AlertDescription;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::describe::Protocol;
use crate::diagnosis::{
    Acceptance, Advertised, Attempt, Cell, Diagnosis, Evidence, Explanation, Fact, Failure, Fault, Handshake, LoginKind, Probe,
    ProbeOutcome, Served, Shown, Side, Step, StepTaken, Symptom, Verdict, VerifyReport, Via,
};
use crate::finding::Rule;
use crate::pki::Certificate;

pub const AT: OffsetDateTime = datetime!(2026-02-01 00:00 UTC);

static EXPIRED: Rule = Rule::error("server-expired", "Expired", "Nobody accepts it.");
static UNKNOWN: Rule = Rule::error("client-issuer-unknown", "Unknown issuer", "The broker does not trust it.");
static DOWN: Rule = Rule::error("connection-refused", "Refused", "Nobody is there.");
static OPEN: Rule = Rule::error("lets-in-without-certificate", "Without a certificate", "Anyone may come.");

/// Three clients at three brokers: one broker's certificate has expired, one client is a stranger, and anyone is let in.
pub fn report() -> VerifyReport {
    let expired = |identity| cell(identity, "broker-2", 2, failed(expired("broker-2"), Step::Handshake, Symptom::Closed));
    let stranger = |broker| {
        let alert = Symptom::Alert(AlertDescription::UnknownCA);
        cell("clients/rogue", broker, 3, failed(stranger(broker), Step::Acceptance, alert))
    };
    let mut noted = cell("clients/orders", "broker-1", 8, Verdict::Passed);
    noted.notes.push("the host name is not checked by \u{1b}[31mclient.properties".to_owned());
    VerifyReport {
        cells: vec![
            stranger("broker-10"),
            stranger("broker-1"),
            cell("clients/rogue", "broker-2", 2, failed(self::expired("broker-2"), Step::Handshake, Symptom::Closed)),
            cell("clients/orders", "broker-10", 8, Verdict::Passed),
            expired("clients/orders"),
            noted,
            cell("clients/audit", "broker-10", 8, Verdict::Passed),
            cell("clients/audit", "broker-1", 8, Verdict::Passed),
            expired("clients/audit"),
        ],
        probes: vec![
            probe("broker-10", Attempt::NoCertificate, let_in("broker-10")),
            probe("broker-1", Attempt::NoCertificate, let_in("broker-1")),
            probe("broker-1", Attempt::ForeignAuthority, ProbeOutcome::Refused { how: "the alert unknown_ca".to_owned() }),
            probe("broker-2", Attempt::Plaintext, ProbeOutcome::Unreachable { cause: "connection \u{1b}refused".to_owned() }),
            probe("broker-2", Attempt::ForeignAuthority, ProbeOutcome::Unreachable { cause: "connection \u{1b}refused".to_owned() }),
        ],
        cut_short: None,
    }
}

/// Two clients at so many listeners, one of which is down.
pub fn wide(listeners: usize) -> VerifyReport {
    let one = |listener: usize, identity: &str| {
        let target = format!("listener-{listener}");
        let down = failed(
            diagnosis(&DOWN, Side::Network, None, &format!("nobody listens at {target}")),
            Step::Connect,
            Symptom::ConnectionRefused,
        );
        let verdict = if listener == 7 { down } else { Verdict::Passed };
        cell(identity, &target, 3, verdict)
    };
    let cells = (1..=listeners).flat_map(|listener| [one(listener, "clients/a"), one(listener, "clients/b")]).collect();
    VerifyReport { cells, ..VerifyReport::default() }
}

/// The identity at `kafka/…`, with the first of the steps.
pub fn cell(identity: &str, broker: &str, steps: usize, verdict: Verdict) -> Cell {
    Cell {
        identity: identity.to_owned(),
        via: Via::Pem,
        target: format!("kafka/{broker}"),
        endpoint: endpoint(broker),
        steps: facts(broker).into_iter().zip(1..).map(step).take(steps).collect(),
        notes: Vec::new(),
        verdict,
    }
}

fn step((fact, milliseconds): (Fact, u64)) -> StepTaken {
    StepTaken { took: Duration::from_millis(milliseconds), fact }
}

fn endpoint(broker: &str) -> String {
    format!("{broker}.example:9094")
}

/// Of a whole visit.
pub fn facts(broker: &str) -> Vec<Fact> {
    let served = Served { subject: format!("CN={broker}"), fingerprint: broker.to_owned(), not_after: datetime!(2026-02-13 12:00 UTC) };
    vec![
        Fact::Resolve { addresses: vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()] },
        Fact::Connect { address: "10.0.0.1:9094".parse().unwrap(), from: "10.0.0.9:51234".parse().unwrap() },
        Fact::Handshake(Box::new(Handshake {
            protocol: "TLSv1.3".to_owned(),
            cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
            group: "X25519".to_owned(),
            served: vec![served],
            anchor: Some("CN=brokers".to_owned()),
            ocsp_staple: false,
            days_left: 12,
        })),
        Fact::Acceptance(Acceptance {
            certificate_requested: true,
            requested_issuers: vec!["CN=clients".to_owned()],
            shown: Some("CN=orders".to_owned()),
            issuer_named: Some(true),
        }),
        Fact::Greeting { server: "Kafka".to_owned(), mechanisms: Vec::new() },
        Fact::Metadata {
            cluster: Some("c1".to_owned()),
            brokers: [Advertised { id: 1, host: format!("{broker}.example"), port: 9094 }].into(),
        },
        Fact::Produce { topic: "countersign-verify".to_owned(), partition: 0, transactional: false },
        Fact::Consume { bytes: 32 },
    ]
}

pub fn expired(broker: &str) -> Diagnosis {
    diagnosis(
        &EXPIRED,
        Side::Broker,
        Some("CN=broker-2,O=A & \"B\""),
        &format!("the certificate of {broker}.example has expired on 2026-01-01"),
    )
}

pub fn stranger(broker: &str) -> Diagnosis {
    diagnosis(&UNKNOWN, Side::Client, Some("CN=\u{1b}[2Jrogue"), &format!("{} does not trust the issuer of CN=rogue", endpoint(broker)))
}

fn let_in(broker: &str) -> ProbeOutcome {
    let cause = format!("{} asks for certificates, but requires none", endpoint(broker));
    ProbeOutcome::LetIn(Box::new(diagnosis(&OPEN, Side::Broker, None, &cause)))
}

fn diagnosis(rule: &'static Rule, side: Side, certificate: Option<&str>, cause: &str) -> Diagnosis {
    let explanation =
        Explanation { side, certificate: certificate.map(str::to_owned), cause: cause.to_owned(), fix: "mend <it>".to_owned() };
    Diagnosis { rule, explanation, symptom: None, log: None }
}

pub fn failed(mut diagnosis: Diagnosis, step: Step, symptom: Symptom) -> Verdict {
    diagnosis.symptom = Some((step, symptom.to_string()));
    diagnosis.log = Some("[SocketServer] \u{1b}]0;Failed authentication\u{7}\nnext".to_owned());
    let evidence = Evidence {
        now: AT,
        protocol: Protocol::Kafka,
        endpoint: "broker.example:9094".parse().unwrap(),
        told_by: None,
        identity: String::new(),
        shown: Shown::default(),
        login: LoginKind::Certificate,
        offered: Vec::new(),
        steps: Vec::new(),
        fault: Fault::new(step, symptom),
        served: Vec::new(),
        asked: None,
        from: None,
        log: Vec::new(),
    };
    Verdict::Failed(Box::new(Failure { diagnosis, evidence }))
}

/// A certificate of that common name, which has ended on the first of January 2026.
pub fn certificate(name: &str) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_after = datetime!(2026-01-01 00:00 UTC);
    let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    Certificate::from_der(made.der().to_vec()).unwrap()
}

fn probe(broker: &str, attempt: Attempt, outcome: ProbeOutcome) -> Probe {
    Probe { target: format!("kafka/{broker}"), endpoint: endpoint(broker), attempt, outcome }
}
