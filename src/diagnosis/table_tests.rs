//! The table as a whole: every row is the answer to something, and everything has an answer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use rustls::AlertDescription;
use time::Duration;

use super::fixture::{CLIENT, NOW, SERVER, amqp, changed_root, failed, kafka, refused, refuses, root, same, self_signed};
use super::{Attempt, Evidence, Fact, FileProblem, Step, StepTaken, Symptom, let_in, rules};
use crate::describe::Protocol;

/// Some evidence for each row, the plainest there is.
fn specimens() -> Vec<Evidence> {
    let authority = root("root");
    let rogue = root("rogue");
    let issuing = authority.issuing("issuing");
    let broker = authority.broker(same);
    let orders = authority.leaf("orders", same);
    let day = Duration::days(1);
    let any = AlertDescription::CertificateUnknown;
    let text = |text: &str| text.to_owned();
    let mechanism = |wanted: &str| Symptom::Mechanism { wanted: text(wanted), offered: vec![text("SCRAM-SHA-256")] };
    let external = || failed(Step::Login, amqp(403, "ACCESS_REFUSED")).at_rabbitmq();
    let critical = authority.broker(|parameters| {
        let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        parameters.custom_extensions.push(extension);
    });
    let mut all: Vec<Evidence> = vec![
        failed(Step::Files, Symptom::Other(text("odd"))),
        failed(Step::Resolve, Symptom::NameUnknown { error: text("no such host") }),
        failed(Step::Connect, Symptom::ConnectionRefused),
        failed(Step::Connect, Symptom::Silence { seconds: 5 }),
        failed(Step::Connect, Symptom::Unreachable { error: text("no route to host") }),
        failed(Step::Connect, Symptom::Lack { error: text("Too many open files (os error 24)") }),
        failed(Step::Connect, Symptom::Untried { why: text("128 visits have failed") }),
        failed(Step::Handshake, Symptom::Silence { seconds: 5 }),
        failed(Step::Produce, Symptom::Silence { seconds: 5 }),
        refuses(&[&self_signed("broker-1")], &[&authority]),
        refuses(&[&issuing.broker(same)], &[&authority]).asked_for(&[&authority]),
        refuses(&[&broker], &[&rogue]),
        refuses(&[&authority.broker(|parameters| parameters.not_after = NOW - day)], &[&authority]),
        refuses(&[&authority.broker(|parameters| parameters.not_before = NOW + day)], &[&authority]),
        {
            let ended = changed_root("root", |parameters| parameters.not_after = NOW - day);
            refuses(&[&ended.broker(same)], &[&ended])
        },
        refuses(&[&authority.broker(|parameters| parameters.extended_key_usages = CLIENT.to_vec())], &[&authority]),
        refuses(&[&authority.broker(|parameters| parameters.subject_alt_names.clear())], &[&authority]),
        refuses(&[&authority.broker(|parameters| parameters.subject_alt_names.clear())], &[&authority]).advertised(),
        refuses(&[&critical], &[&authority]),
        failed(Step::Handshake, Symptom::Misbehaved { error: text("invalid peer certificate: BadSignature") }).serving(&[&broker]),
        failed(Step::Handshake, Symptom::Plaintext { protocol: "Kafka" }),
        failed(Step::Handshake, Symptom::NotTls { answer: b"SSH-2.0".to_vec() }),
        failed(Step::Handshake, Symptom::Alert(AlertDescription::ProtocolVersion)),
        failed(Step::Handshake, Symptom::Alert(AlertDescription::HandshakeFailure)),
        failed(Step::Handshake, Symptom::Closed).at_rabbitmq(),
        failed(Step::Handshake, Symptom::Misbehaved { error: text("cannot decrypt peer's message") }),
        refused(AlertDescription::CertificateRevoked, &[&orders], &[&authority]),
        refused(any, &[], &[&authority]),
        refused(any, &[&authority.leaf("orders", |parameters| parameters.not_after = NOW - day)], &[&authority]),
        refused(any, &[&authority.leaf("orders", |parameters| parameters.not_before = NOW + day)], &[&authority]),
        refused(any, &[&authority.leaf("orders", |parameters| parameters.extended_key_usages = SERVER.to_vec())], &[&authority]),
        refused(any, &[&authority.certificate], &[&authority]),
        refused(any, &[&self_signed("orders")], &[&authority]),
        refused(any, &[&issuing.leaf("orders", same)], &[&authority]).serving(&[&broker, &issuing.certificate]),
        refused(any, &[&rogue.leaf("orders", same)], &[&authority]),
        refused(AlertDescription::InternalError, &[&orders], &[&authority]),
        failed(Step::Login, kafka(34, "ILLEGAL_SASL_STATE", "PLAIN")).by_password("PLAIN", "alice"),
        failed(Step::Login, Symptom::Iterations { asked: 100, bound: 4096 }).by_password("SCRAM-SHA-512", "alice"),
        failed(Step::Metadata, Symptom::Untold { id: None }),
        failed(Step::Metadata, Symptom::Untold { id: Some(1) }),
        failed(Step::Metadata, Symptom::TooManyBrokers { told: 100_000, kept: 1000 }),
        failed(Step::Metadata, Symptom::SharedAddress { ids: [1, 2], advertised: text("localhost:9093") }),
        failed(Step::Metadata, Symptom::Closed),
        failed(Step::Login, mechanism("PLAIN")),
        failed(Step::Login, mechanism("EXTERNAL")).at_rabbitmq(),
        failed(Step::Login, kafka(58, "SASL_AUTHENTICATION_FAILED", "alice")).by_password("PLAIN", "alice"),
        external(),
        external().showing(&[&orders]).asked_for(&[&authority]),
        external()
            .showing(&[&authority.leaf("", |parameters| parameters.distinguished_name = Default::default())])
            .asked_for(&[&authority]),
        failed(Step::Greeting, Symptom::OtherProtocol { answer: b"HTTP/1.1".to_vec() }),
        failed(Step::Greeting, Symptom::OtherProtocol { answer: b"HTTP/1.1".to_vec() }).at_rabbitmq(),
        failed(Step::VirtualHost, amqp(530, "NOT_ALLOWED - vhost nope not found")).at_rabbitmq(),
        failed(Step::VirtualHost, amqp(530, "NOT_ALLOWED - access to vhost '/' refused for user 'a'")).at_rabbitmq(),
        failed(Step::Publish, amqp(403, "ACCESS_REFUSED")).at_rabbitmq(),
        failed(Step::Publish, amqp(320, "CONNECTION_FORCED")).at_rabbitmq(),
        failed(Step::Produce, Symptom::LibrdkafkaEnded { how: text("signal: 6 (SIGABRT)"), said: String::new() }),
        failed(Step::Produce, kafka(3, "UNKNOWN_TOPIC_OR_PARTITION", "t-1")).with(|evidence| {
            let fact = Fact::Topic { name: text("t-1"), partitions: 1, created: true };
            evidence.steps.push(StepTaken { took: std::time::Duration::ZERO, fact });
        }),
        failed(Step::Consume, Symptom::OtherBytes),
        failed(Step::Produce, Symptom::Closed),
        failed(Step::Produce, Symptom::Other(text("odd"))),
    ];
    all.push(failed(Step::Topic, kafka(31, "CLUSTER_AUTHORIZATION_FAILED", "resource")));
    for code in [3, 5, 15, 19, 29, 30, 31, 35, 47, 53] {
        all.push(failed(Step::Produce, kafka(code, "NAME", "resource")));
    }
    for problem in file_problems() {
        all.push(failed(Step::Files, Symptom::File { file: text("client.p12"), problem }));
    }
    all
}

fn file_problems() -> [FileProblem; 10] {
    [
        FileProblem::Unreadable("no such file".to_owned()),
        FileProblem::Damaged("it is cut off".to_owned()),
        FileProblem::WrongPassword,
        FileProblem::KeyLocked,
        FileProblem::NoKey,
        FileProblem::NoCertificate,
        FileProblem::KeyMismatch { subject: "CN=orders".to_owned() },
        FileProblem::UnsupportedKey("DSA".to_owned()),
        FileProblem::NoAnchors,
        FileProblem::InPlaintext("security.protocol=PLAINTEXT".to_owned()),
    ]
}

#[test]
fn every_row_is_the_answer_to_something() {
    let asked = specimens();
    let mut answered: BTreeSet<&str> = asked.iter().map(Evidence::code).collect();
    for attempt in Attempt::ALL {
        answered.insert(let_in(attempt, Protocol::Kafka, "broker-1.example:9093", None).rule.code);
    }
    let rules: BTreeSet<&str> = rules().map(|rule| rule.code).collect();
    assert_eq!(rules.difference(&answered).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(answered.difference(&rules).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn a_cause_and_a_fix_are_sentences_without_a_full_stop() {
    for evidence in specimens() {
        for evidence in [evidence.clone(), evidence.at_rabbitmq()] {
            let explanation = evidence.diagnosed().explanation;
            for sentence in [&explanation.cause, &explanation.fix] {
                // A command of Erlang ends in one.
                let ends_well = !sentence.ends_with(['.', ' ', ';']) || sentence.ends_with("'.");
                assert!(ends_well && !sentence.contains("  "), "{}: {sentence}", evidence.code());
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop::sample::select(vec![
        Step::Files,
        Step::Resolve,
        Step::Connect,
        Step::Handshake,
        Step::Acceptance,
        Step::Greeting,
        Step::Login,
        Step::VirtualHost,
        Step::Metadata,
        Step::Topic,
        Step::Produce,
        Step::Publish,
        Step::Consume,
    ])
}

fn symptom() -> impl Strategy<Value = Symptom> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..24);
    prop_oneof![
        any::<u8>().prop_map(|alert| Symptom::Alert(alert.into())),
        Just(Symptom::Closed),
        Just(Symptom::ConnectionRefused),
        Just(Symptom::OtherBytes),
        any::<u64>().prop_map(|seconds| Symptom::Silence { seconds }),
        bytes().prop_map(|answer| Symptom::NotTls { answer }),
        bytes().prop_map(|answer| Symptom::OtherProtocol { answer }),
        (any::<i16>(), "\\PC*").prop_map(|(code, name)| Symptom::Kafka { code, name, message: None, resource: None }),
        (
            any::<u16>(),
            "(vhost |user |'|access to |limit \\(|\\PC)*",
            proptest::sample::select(vec![None, Some("queue.bind"), Some("basic.get")])
        )
            .prop_map(|(code, text, method)| Symptom::Amqp { code, text, method }),
        ("[A-Z_]*", "\\PC*").prop_map(|(code, reason)| Symptom::Librdkafka { code, reason }),
        ("\\PC*", "\\PC*").prop_map(|(how, said)| Symptom::LibrdkafkaEnded { how, said }),
        "\\PC*".prop_map(|error| Symptom::NothingInCommon { error }),
        "\\PC*".prop_map(|error| Symptom::Misbehaved { error }),
        "\\PC*".prop_map(Symptom::Other),
        (any::<i32>(), "\\PC*").prop_map(|(id, advertised)| Symptom::Advertised { id, advertised, expected: None }),
        (any::<[i32; 2]>(), "\\PC*").prop_map(|(ids, advertised)| Symptom::SharedAddress { ids, advertised }),
        any::<Option<i32>>().prop_map(|id| Symptom::Untold { id }),
        any::<[u64; 2]>().prop_map(|[asked, bound]| Symptom::Iterations { asked, bound }),
        any::<[usize; 2]>().prop_map(|[told, kept]| Symptom::TooManyBrokers { told, kept }),
        "\\PC*".prop_map(|why| Symptom::Untried { why }),
        prop::sample::select(file_problems().to_vec()).prop_map(|problem| Symptom::File { file: "f".to_owned(), problem }),
    ]
}

/// Keys take their time: these are made once.
static SPECIMENS: LazyLock<Vec<Evidence>> = LazyLock::new(specimens);

proptest! {
    #[test]
    fn everything_has_a_cause_and_a_fix(
        step in step(),
        symptom in symptom(),
        of in 0..SPECIMENS.len(),
        log in "(EXTERNAL login refused: user '|Principal = |PKIX path building failed|\\PC)*",
    ) {
        let evidence = SPECIMENS[of].clone().with(|evidence| {
            evidence.fault = super::Fault::new(step, symptom);
            evidence.log = vec![log];
        });
        for evidence in [evidence.clone(), evidence.at_rabbitmq().advertised()] {
            let explanation = evidence.diagnosed().explanation;
            prop_assert!(!explanation.cause.trim().is_empty() && !explanation.fix.trim().is_empty());
        }
    }
}
