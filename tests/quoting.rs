//! Nothing that a provider fetched and nothing that may be a secret is in any output, whichever setting it stands in and whatever is
//! wrong with its line.

#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::configuration::config;
use countersign::finding::Severity;
use countersign::identity::{Besides, from_file};
use countersign::keystore::Passwords;
use countersign::report::{self, Deny, Report, TargetPlace, TargetReport};
use countersign::settings::{Program, Settings, Wanted, names, read};
use proptest::prelude::*;
use rayon::prelude::*;
use time::{Duration, OffsetDateTime};

/// Stands in every secret here, and nowhere else.
const MARK: &str = "zqxj";

const BROKER: &str = "\
process.roles=broker
node.id=2
controller.quorum.voters=1@controller-1.example:9095
controller.listener.names=CONTROLLER
listeners=BROKER://:9093
advertised.listeners=BROKER://broker-2.example:9093
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:SSL,CONTROLLER:SSL,CLIENT:SASL_SSL,OPEN:PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker-2,O=Acme
ssl.client.auth=required
ssl.keystore.type=PKCS12
ssl.keystore.location=/etc/kafka/keystore.p12
ssl.keystore.password=ZQXJs3cret
ssl.truststore.type=PKCS12
ssl.truststore.location=/etc/kafka/truststore.p12
ssl.truststore.password=ZQXJs3cret
";

const CLIENT: &str = "\
bootstrap.servers=broker-2.example:9093
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"ZQXJs3cret\";
ssl.truststore.type=PKCS12
ssl.truststore.location=/etc/kafka/truststore.p12
ssl.truststore.password=ZQXJs3cret
ssl.key.password=ZQXJs3cret
";

const LIBRDKAFKA: &str = "\
bootstrap.servers=broker-2.example:9093
security.protocol=sasl_ssl
sasl.username=orders
sasl.password=ZQXJs3cret
ssl.ca.location=/etc/kafka/ca.crt
ssl.certificate.location=/etc/kafka/tls.crt
ssl.key.location=/etc/kafka/tls.key
ssl.key.password=ZQXJs3cret
";

const RABBITMQ: &str = "\
listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.cacertfile = /etc/rabbitmq/ca.crt
ssl_options.certfile = /etc/rabbitmq/tls.crt
ssl_options.keyfile = /etc/rabbitmq/tls.key
ssl_options.password = ZQXJs3cret
ssl_options.verify = verify_peer
default_user = admin
default_pass = ZQXJs3cret
";

const BASES: [(Program, &str); 4] =
    [(Program::KafkaBroker, BROKER), (Program::KafkaClient, CLIENT), (Program::Librdkafka, LIBRDKAFKA), (Program::RabbitMq, RABBITMQ)];

const PROVIDERS: &str = "\
config.providers=f,d,e
config.providers.f.class=org.apache.kafka.common.config.provider.FileConfigProvider
config.providers.d.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.e.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
";

/// What a file holds that is shaped like what most settings take, and is none of anybody's business.
const FETCHED: [&str; 6] =
    ["ZQXJ", "ZQXJ://zqxj.example:9093,BROKER://ZQXJ:1", "SSL", "ZQXJ,TLSv1.1-ZQXJ;ZQXJ", "/zqxj/zqxj.p12", "9@ZQXJ:1"];

/// What a line holds whose end, or whose `=`, was lost.
const GLUED: [&str; 6] = [
    "xssl.key.password=ZQXJ,ZQXJ",
    "PLAINsasl.jaas.config=m required username=\"u\" password=\"ZQXJ,ZQXJ\";",
    "k.pemssl_options.passwordZQXJ",
    "https://user:ZQXJ@host:9093,ZQXJ",
    "x-----BEGIN PRIVATE KEY-----ZQXJ",
    "A://b:1,ssl.keystore.password=ZQXJ://ZQXJ:1",
];

/// Everything that `check` says of it, in every form.
fn said(settings: &Settings) -> String {
    let findings = config("the file", settings, &[]);
    let target = TargetReport::new("the file".to_owned(), TargetPlace::File, findings, None, Vec::new());
    let deny = Deny { from: Severity::Error, rules: Vec::new() };
    let at = OffsetDateTime::UNIX_EPOCH;
    let report = Report { targets: vec![target], at, expires_within: Duration::days(30), deny, allowed: 0 };
    let json = serde_json::to_string(&report::json(&report)).unwrap();
    let texts = [report::human(&report).to_string(), json, report::sarif(&report).to_string(), report::github(&report)];
    (texts.concat() + &report::junit(&report) + &report::nagios(&report) + &report::prometheus(&report)).to_lowercase()
}

/// Everything that `verify` has from it before it connects.
fn identity(path: &Path) -> String {
    let besides = Besides { system_roots: true, passwords: Passwords::default(), ..Besides::default() };
    match from_file(path, &besides) {
        Ok(candidates) => {
            let said = candidates.iter().map(|one| {
                let visitor = match &one.visitor {
                    Ok(visitor) => format!("{:?}", visitor.login_kind()),
                    Err(fault) => fault.symptom.to_string(),
                };
                format!("{} {visitor} {:?} {:?}", one.name, one.notes, one.targets)
            });
            said.collect::<String>().to_lowercase()
        }
        Err(error) => error.to_string().to_lowercase(),
    }
}

/// `base` with its own line of `key` exchanged.
fn with(base: &str, key: &str, value: &str) -> String {
    let others = base.lines().filter(|line| line.split('=').next().unwrap().trim() != key);
    others.chain([format!("{key}={value}").as_str()]).map(|line| format!("{line}\n")).collect()
}

/// Every name that a program knows; a broker's listeners have theirs besides.
fn keys(program: Program) -> Vec<String> {
    let plain = names(program).map(|name| name.replace('$', "x"));
    let prefixed = names(program).filter(|name| program == Program::KafkaBroker && (name.starts_with("ssl.") || name.starts_with("sasl.")));
    plain.chain(prefixed.map(|name| format!("listener.name.broker.{name}"))).collect()
}

#[test]
fn what_a_provider_fetched_is_in_no_output() {
    let references = ["${f:/p:k}", "${d:/p:k}", "${e:K}", "x${f:/p:k},${e:K}"];
    let fetch = |fetched: &'static str| {
        move |wanted: &Wanted| match wanted {
            Wanted::File(path) if path.ends_with("k") => Ok(fetched.as_bytes().to_vec()),
            Wanted::File(_) => Ok(format!("k={fetched}\n").into_bytes()),
            Wanted::Variable(_) => Ok(fetched.as_bytes().to_vec()),
        }
    };
    let quoted = AtomicUsize::new(0);
    for (program, base) in &BASES[..2] {
        let base = base.replace("ZQXJs3cret", "x");
        keys(*program).par_iter().enumerate().for_each(|(index, key)| {
            for at in [index, index + 1, index + 3] {
                let (written, fetched) = (references[at % references.len()], FETCHED[at % FETCHED.len()]);
                let settings = read((with(&base, key, written) + PROVIDERS).as_bytes()).unwrap().resolved(fetch(fetched));
                assert!(settings.unfetched.is_empty() && !settings.get(key).unwrap().is_unknown(), "{key}={written}");
                let said = said(&settings);
                assert!(!said.contains(MARK), "{key}={written}, which is {fetched}: {said}");
                quoted.fetch_add(usize::from(said.contains(written)), Ordering::Relaxed);
            }
        });
    }
    let quoted = quoted.into_inner();
    assert!(quoted > 300, "only {quoted} values were found wrong: do the settings still hold what was fetched?");
}

#[test]
fn a_secret_that_a_slip_brought_elsewhere_is_in_no_output() {
    for (program, base) in BASES {
        keys(program).par_iter().enumerate().for_each(|(index, key)| {
            let glued = [index, index + 1].map(|at| with(base, key, GLUED[at % GLUED.len()])).into_iter();
            let secret = countersign::pki::names_secret(key);
            let without_equals =
                secret.then(|| [format!("{base}{key}ZQXJ\n"), format!("{base}{key}=\nZQXJ.horse\n"), with(base, key, "ZQXJ")]);
            for text in glued.chain(without_equals.into_iter().flatten()) {
                let settings = read(text.as_bytes()).unwrap();
                let said = said(&settings);
                assert!(!said.contains(MARK), "{text}\n{said}");
            }
        });
    }
}

/// The lines of a key that was pasted, in place of a value or below it.
#[test]
fn a_pasted_key_is_one_mistake_and_in_no_output() {
    let lines: String = (0..24).map(|line| format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj{MARK}8fJk2LqPzX0aBc{line:02}\n")).collect();
    for (_, base) in BASES {
        for begin in ["", "\n"] {
            let pem = format!("{begin}-----BEGIN PRIVATE KEY-----\n{lines}-----END PRIVATE KEY-----\n");
            for key in ["ssl.keystore.key", "ssl.key.pem", "ssl_options.keyfile"] {
                for text in
                    [format!("{base}{key}={pem}"), format!("{key}={pem}{base}"), format!("{base}{key}={lines}"), format!("{base}{lines}")]
                {
                    let settings = read(text.as_bytes()).unwrap();
                    let said = said(&settings);
                    assert!(!said.contains(MARK), "{text}\n{said}");
                    if text.contains("BEGIN") {
                        let before = config("x", &read(base.as_bytes()).unwrap(), &[]).len();
                        let findings = config("x", &settings, &[]);
                        assert!(findings.len() <= before + 5, "{text}{findings:#?}");
                        let lost = findings.iter().filter(|finding| finding.rule.code == "pem-line-ends-lost").count();
                        assert_eq!(lost, 1, "{text}{findings:#?}");
                    }
                }
            }
        }
    }
}

/// What happens to a line in the hands of sed, of a template, or of a tired person.
#[derive(Debug, Clone)]
enum Slip {
    /// The `=`, blanks around it included.
    Equals(prop::sample::Index),
    LineEnd(prop::sample::Index),
    Begin(prop::sample::Index),
    End(prop::sample::Index),
    Quote(prop::sample::Index),
}

fn slip() -> impl Strategy<Value = Slip> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => index().prop_map(Slip::Equals),
        4 => index().prop_map(Slip::LineEnd),
        1 => index().prop_map(Slip::Begin),
        1 => index().prop_map(Slip::End),
        1 => index().prop_map(Slip::Quote),
    ]
}

fn without(text: &str, what: &str, index: prop::sample::Index) -> String {
    let places: Vec<usize> = text.match_indices(what).map(|(at, _)| at).collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let at = *index.get(&places);
    format!("{}{}", &text[..at], &text[at + what.len()..])
}

fn slipped(text: &str, slip: &Slip) -> String {
    let at = |index: &prop::sample::Index| index.index(text.len().max(1)).min(text.len());
    match slip {
        Slip::Equals(index) => without(text, if text.contains(" = ") { " = " } else { "=" }, *index),
        Slip::LineEnd(index) => without(text, "\n", *index),
        Slip::Begin(index) => text[at(index)..].to_owned(),
        Slip::End(index) => text[..at(index)].to_owned(),
        Slip::Quote(index) => without(text, "\"", *index),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn no_slip_brings_a_secret_into_an_output(base in 0..BASES.len(), slips in prop::collection::vec(slip(), 1..4)) {
        let text = slips.iter().fold(BASES[base].1.to_owned(), |text, slip| slipped(&text, slip));
        if let Some(settings) = read(text.as_bytes()) {
            let said = said(&settings);
            prop_assert!(!said.contains(MARK), "{}\n{}", text, said);
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("client.properties");
        fs::write(&path, &text).unwrap();
        let said = identity(&path);
        prop_assert!(!said.contains(MARK), "{}\n{}", text, said);
    }
}

/// Each setting of a client by which `verify` does anything at all.
#[test]
fn what_a_provider_fetched_is_in_nothing_that_verify_says() {
    let directory = tempfile::tempdir().unwrap();
    let secrets = directory.path().join("secrets");
    let path = directory.path().join("client.properties");
    for fetched in FETCHED.into_iter().chain(["zqxj.example:9093", "org.apache.X required username=\"ZQXJ\" password=\"ZQXJ\";"]) {
        fs::write(&secrets, format!("k={}\n", fetched.replace('\\', "\\\\"))).unwrap();
        let keys = names(Program::KafkaClient)
            .filter(|key| ["ssl.", "sasl.", "security.", "bootstrap."].iter().any(|start| key.starts_with(start)));
        for key in keys {
            let base = CLIENT.replace("ZQXJs3cret", "x");
            fs::write(&path, with(&base, key, &format!("${{f:{}:k}}", secrets.display())) + PROVIDERS).unwrap();
            let said = identity(&path);
            assert!(!said.contains(MARK), "{key}: {said}");
        }
    }
}
