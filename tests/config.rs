//! The programs themselves judge what `check` says of their configuration: an error is found exactly where they refuse it.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use countersign::configuration::{FileState, config};
use countersign::finding::Severity;
use countersign::settings::{Text, read, references};
use support::{fixtures, program};

/// A broker that Kafka takes; `DIR` has its stores.
const BROKER: &str = "\
process.roles=broker
node.id=2
controller.quorum.voters=1@controller-1.example:9095
controller.listener.names=CONTROLLER
listeners=BROKER://:9093
advertised.listeners=BROKER://broker-2.example:9093
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:SSL,CONTROLLER:SSL,OPEN:PLAINTEXT
log.dirs=/var/lib/kafka
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker-2
ssl.client.auth=required
ssl.keystore.type=PKCS12
ssl.keystore.location=DIR/keystore.p12
ssl.keystore.password=correct horse
ssl.truststore.type=PKCS12
ssl.truststore.location=DIR/truststore.p12
ssl.truststore.password=correct horse
";

/// Lines that are added after the others, so that they count; a line that begins with `-` names a key to leave out.
const CHANGES: &[&[&str]] = &[
    &[],
    // Names that Kafka does not know are passed over.
    &["my.plugin.switch=on"],
    // Values.
    &["ssl.client.auth=REQUIRED"],
    &["ssl.client.auth=yes"],
    &["ssl.client.auth=requested"],
    &["auto.create.topics.enable=no"],
    &["auto.create.topics.enable=TRUE"],
    &["num.io.threads=many"],
    &["process.roles=broker,admin"],
    &["security.inter.broker.protocol=ssl", "-inter.broker.listener.name"],
    &["ssl.protocol=TLSv1.2"],
    // Stores.
    &["ssl.keystore.type=PEM"],
    &["ssl.truststore.type=PEM"],
    &["-ssl.keystore.password"],
    &["ssl.keystore.type=jks"],
    &["-ssl.keystore.type"],
    &["ssl.keystore.key=-----BEGIN PRIVATE KEY-----"],
    &["-ssl.keystore.location", "-ssl.keystore.password", "ssl.keystore.key=k", "ssl.keystore.certificate.chain=c"],
    &["-ssl.keystore.location", "-ssl.keystore.password", "ssl.keystore.type=PEM", "ssl.keystore.key=k"],
    &["-ssl.keystore.location", "-ssl.keystore.password", "ssl.keystore.type=PEM", "ssl.keystore.certificate.chain=c"],
    &["ssl.truststore.certificates=c"],
    &["ssl.keystore.location=DIR/missing.p12"],
    &["listener.name.broker.ssl.keystore.location=DIR/missing.p12"],
    &["listener.name.broker.ssl.keystore.type=PEM"],
    &["-ssl.truststore.location"],
    &["-ssl.truststore.location", "-ssl.truststore.password"],
    &["-ssl.keystore.location"],
    &["ssl.keystore.location=\"DIR/keystore.p12\""],
    // Listeners.
    &["listeners=BROKER://:9093,OPEN:9092"],
    &["listeners=BROKER://:9093,BROKER://:9094"],
    &["listeners=BROKER://:9093,OPEN://:9093"],
    &["listeners=BROKER://[::1]:9093,OPEN://127.0.0.1:9093", "advertised.listeners=BROKER://[::1]:9093"],
    &["listeners=BROKER://:9093,OPEN://:9092"],
    &["listeners=BROKER://:9093,OTHER://:9092"],
    &["listener.security.protocol.map=BROKER:SSL,CONTROLLER:TLS"],
    &["listener.security.protocol.map=BROKER:SSL"],
    &["advertised.listeners=BROKER://0.0.0.0:9093"],
    &["advertised.listeners=BROKER://broker-2.example:9093,OPEN://broker-2.example:9092"],
    &["-advertised.listeners"],
    &["-advertised.listeners", "listeners=BROKER://0.0.0.0:9093"],
    &["inter.broker.listener.name=INTERNAL"],
    &["-inter.broker.listener.name"],
    &["security.inter.broker.protocol=SSL"],
    &["-inter.broker.listener.name", "security.inter.broker.protocol=SSL"],
    // Roles.
    &["-controller.listener.names"],
    &["-controller.quorum.voters"],
    &["listeners=BROKER://:9093,CONTROLLER://:9095"],
    &["inter.broker.listener.name=CONTROLLER"],
    &["advertised.listeners=BROKER://broker-2.example:9093,CONTROLLER://broker-2.example:9095"],
    &["node.id=1"],
    &["process.roles=controller", "-advertised.listeners", "-inter.broker.listener.name", "node.id=1", "listeners=CONTROLLER://:9095"],
    &["process.roles=controller", "-advertised.listeners", "-inter.broker.listener.name", "node.id=2", "listeners=CONTROLLER://:9095"],
    &["process.roles=controller", "-advertised.listeners", "-inter.broker.listener.name", "node.id=1", "listeners=BROKER://:9095"],
    &["process.roles=broker,controller", "node.id=1", "listeners=BROKER://:9093,CONTROLLER://:9095"],
    &["process.roles=broker,controller", "node.id=1"],
    // Principals.
    &["ssl.principal.mapping.rules=RULE:^CN=(.*?),.*$/$1/L,DEFAULT"],
    &["ssl.principal.mapping.rules=RULE:^CN=(.*?),.*$/$1/"],
    &["ssl.principal.mapping.rules=RULE:^CN=(.*)$"],
    &["ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1"],
    &["ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/X"],
    &["ssl.principal.mapping.rules=DEFAULT,LOWER"],
    &["ssl.principal.mapping.rules="],
    &["super.users=User:CN=a,O=Acme;CN=b"],
    &["super.users=User:CN=a;;User:CN=b"],
    &["super.users=User:CN=a;User CN=b"],
    &["-super.users"],
];

fn changed(changes: &[&str], directory: &Path) -> String {
    let left_out =
        |line: &&str| !changes.iter().any(|change| change.strip_prefix('-').is_some_and(|key| line.starts_with(&format!("{key}="))));
    let added = changes.iter().copied().filter(|change| !change.starts_with('-'));
    let text: String = BROKER.lines().filter(left_out).chain(added).map(|line| format!("{line}\n")).collect();
    text.replace("DIR", &directory.display().to_string())
}

/// A key with a certificate of its own, and that certificate as a truststore.
fn make_stores(directory: &Path) {
    let keytool = |store: &str, arguments: &str| {
        let mut command = Command::new("keytool");
        command.args(arguments.split(' ')).args(["-keystore", store, "-storepass", "correct horse"]).current_dir(directory);
        program(&mut command);
    };
    keytool("keystore.p12", "-genkeypair -alias broker -keyalg EC -dname CN=broker-2 -storetype PKCS12");
    keytool("keystore.p12", "-exportcert -alias broker -file broker.crt");
    keytool("truststore.p12", "-importcert -noprompt -alias broker -file broker.crt -storetype PKCS12");
}

/// What is wrong by our own judgement, at its worst; files are there or not, and none is opened.
fn errors(text: &str) -> Vec<&'static str> {
    let settings = read(text.as_bytes()).unwrap();
    let missing = |path: &Text| !Path::new(path.meant()).exists();
    let files: Vec<_> =
        references(&settings).into_iter().filter(|file| missing(&file.path)).map(|file| (file, FileState::Missing)).collect();
    let findings = config("server.properties", &settings, &files).into_iter();
    findings.filter(|finding| finding.rule.severity == Severity::Error).map(|finding| finding.rule.code).collect()
}

fn agrees_with(version: &str) {
    let directory = tempfile::tempdir().unwrap();
    make_stores(directory.path());
    let mut java = Command::new("java");
    java.arg("-cp").arg(fixtures().join(format!("kafka-{version}/*"))).arg("tests/fixtures/JudgeConfig.java");
    let texts: Vec<String> = CHANGES.iter().map(|changes| changed(changes, directory.path())).collect();
    for (index, text) in texts.iter().enumerate() {
        let path = directory.path().join(index.to_string());
        fs::write(&path, text).unwrap();
        java.arg(path);
    }
    let said = program(&mut java);
    let verdicts: Vec<&str> = said.lines().filter(|line| line.starts_with("accepted") || line.starts_with("refused")).collect();
    assert_eq!(verdicts.len(), CHANGES.len(), "{said}");
    let judged = CHANGES.iter().zip(&texts).zip(verdicts);
    let differs = judged.filter(|((_, text), verdict)| errors(text).is_empty() != verdict.starts_with("accepted"));
    let differs: Vec<String> =
        differs.map(|((changes, text), verdict)| format!("{changes:?}\n  Kafka: {verdict}\n  here: {:?}\n", errors(text))).collect();
    assert!(differs.is_empty(), "{}", differs.concat());
}

#[test]
fn kafka_3_9_refuses_what_is_an_error_and_nothing_else() {
    agrees_with("3.9.2");
}

#[test]
fn kafka_4_3_refuses_what_is_an_error_and_nothing_else() {
    agrees_with("4.3.1");
}

const LIBRDKAFKA: &[(&str, &str)] = &[
    ("client.id", "x"),
    ("security.protocol", "SSL"),
    ("security.protocol", "tls"),
    ("ssl.endpoint.identification.algorithm", "HTTPS"),
    ("ssl.endpoint.identification.algorithm", ""),
    ("ssl.truststore.location", "/t.jks"),
    ("ssl.truststore.password", "x"),
    ("ssl.keystore.type", "PKCS12"),
    ("ssl.client.auth", "required"),
    ("sasl.jaas.config", "x"),
    ("sasl.mechanism", "PLAIN"),
    ("enable.ssl.certificate.verification", "no"),
    ("enable.ssl.certificate.verification", "t"),
    ("socket.keepalive.enable", "TRUE"),
    ("socket.timeout.ms", "1m"),
    ("socket.timeout.ms", "1000"),
    ("dr_cb", "x"),
    ("acks", "all"),
    ("auto.offset.reset", "earliest"),
    ("debug", "security,broker"),
    ("debug", "tls"),
    ("no.such.thing", "x"),
];

#[test]
fn librdkafka_refuses_what_is_an_error_and_nothing_else() {
    let differs = LIBRDKAFKA.iter().filter_map(|(key, value)| {
        let refusal = rdkafka::ClientConfig::new().set(*key, *value).create_native_config().err();
        let ours = errors(&format!("bootstrap.servers=a:1\nssl.ca.pem=x\nsecurity.protocol=ssl\n{key}={value}\n"));
        (refusal.is_none() != ours.is_empty()).then(|| format!("{key}={value}\n  librdkafka: {refusal:?}\n  here: {ours:?}\n"))
    });
    let differs: Vec<String> = differs.collect();
    assert!(differs.is_empty(), "{}", differs.concat());
}

/// Files of one to three lines, in Erlang's spelling.
const RABBITMQ: &[&str] = &[
    "a = 'x # y' # c\\nb = 'it\\nd = e#f\\n",
    "a = 'x' y\\n",
    "a = ''\\n",
    "a = 'x\\nc = d'\\n",
    "a = x'y # 'z\\n",
    "a = 'x'# c",
    "  a.b-c.1=v w  \\r\\n\\r\\n\\t# c\\n",
    "a\\\\.b = 1\\na.c = 2\\na.c = 3\\n",
    "a =\\n",
    "a = # c\\n",
    "a\\n",
    "a. = b\\n",
    "a b = c\\n",
    "= c\\n",
    "a == c\\n",
];

/// The judge is Cuttlefish of RabbitMQ 4.0.
#[test]
fn rabbitmq_4_0_reads_what_is_read_here() {
    let terms: Vec<String> = RABBITMQ.iter().map(|text| format!("<<\"{text}\">>")).collect();
    let script = format!(
        "lists:foreach(fun(F) -> case conf_parse:parse(F) of L when is_list(L) -> \
         [io:format(\"~ts=~ts;\", [lists:join($., K), V]) || {{K, V}} <- L]; _ -> io:format(\"refused\") end, io:format(\"|\") end, [{}]), halt().",
        terms.join(",")
    );
    let mut erlang = Command::new("chroot");
    erlang.arg(fixtures().join("rabbitmq-4.0")).args([
        "sh",
        "-c",
        r#"exec erl -noshell -pa /usr/lib/rabbitmq/lib/*/plugins/cuttlefish-*/ebin -eval "$0""#,
    ]);
    let said = program(erlang.arg(script));
    assert_eq!(said.split('|').count(), RABBITMQ.len() + 1, "{said}");
    for (text, said) in RABBITMQ.iter().zip(said.split('|')) {
        let file = text.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\");
        // A name of RabbitMQ's tells whose file it is.
        let settings = read(format!("{file}\nlisteners.ssl.default = 5671\ndefault_user = x\n").as_bytes()).unwrap();
        let ours: String =
            settings.lines().iter().rev().skip(2).rev().map(|line| format!("{}={};", line.key.meant(), line.value.meant())).collect();
        let refused = settings.faults.iter().any(|fault| fault.problem.ends_with("does not start"));
        assert_eq!(if refused { "refused" } else { ours.as_str() }, said, "{text}");
    }
}
