//! Whose file it is, and what each program makes of its lines.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

fn settings(text: &str) -> Settings {
    read(text.as_bytes()).unwrap_or_else(|| panic!("nobody's: {text}"))
}

#[test]
fn a_file_is_told_by_its_keys() {
    let table = [
        ("process.roles=broker\nlisteners=SSL://:9093\n", Some(Program::KafkaBroker)),
        ("broker.id=0\nzookeeper.connect=localhost:2181\nlog.dirs=/data\nsecurity.protocol=SSL\n", Some(Program::KafkaBroker)),
        ("security.protocol=SSL\nssl.truststore.location=/t.jks\n", Some(Program::KafkaClient)),
        ("bootstrap.servers=a:9093\nsecurity.protocol=ssl\n", Some(Program::Librdkafka)),
        ("bootstrap.servers=a:9093\nssl.ca.location=/ca.pem\n", Some(Program::Librdkafka)),
        ("metadata.broker.list=a:9093\n", Some(Program::Librdkafka)),
        ("bootstrap.servers=a:9093\ngroup.id=connect\nkey.converter=X\nconfig.storage.topic=c\n", Some(Program::KafkaOther)),
        ("bootstrap.servers=a:9093\napplication.id=counter\n", Some(Program::KafkaOther)),
        ("listeners.ssl.default = 5671\nssl_options.verify = verify_peer\n", Some(Program::RabbitMq)),
        ("default_user = guest\n", Some(Program::RabbitMq)),
        ("%% old\n[\n {rabbit, [{ssl_listeners, [5671]}]}\n].\n", Some(Program::RabbitMqTerms)),
        ("[\"json\", 1]\n", None),
        ("name=value\n", None),
        ("-----BEGIN CERTIFICATE-----\nMIIB=\n-----END CERTIFICATE-----\n", None),
        ("", None),
    ];
    for (text, program) in table {
        assert_eq!(read(text.as_bytes()).map(|settings| settings.program), program, "{text}");
    }
    assert!(read(b"process.roles=broker\n\0").is_none());
}

#[test]
fn the_last_line_counts_and_every_line_is_kept() {
    let settings = settings("node.id=1\nlog.dirs = /a\\\n  ,/b  \n! note\nnode.id:2\n");
    assert_eq!(settings.get("node.id").map(|setting| (setting.value.meant(), setting.line)), Some(("2", 5)));
    assert_eq!(settings.get("log.dirs").map(|setting| (setting.value.meant(), setting.line)), Some(("/a,/b", 2)));
    assert_eq!(settings.lines().len(), 3);
    assert_eq!(settings.list("log.dirs").collect::<Vec<_>>(), ["/a", "/b"]);
}

#[test]
fn no_value_is_seen_in_debug() {
    let said = format!("{:?}", settings("security.protocol=SSL\nssl.key.password=hush\nssl.keystore.passwordhush\n"));
    assert!(said.contains("ssl.key.password") && !said.contains("hush"), "{said}");
}

#[test]
fn a_listener_comes_before_the_broker() {
    let settings = settings("listeners=A://:1\nssl.client.auth=none\nlistener.name.a.ssl.client.auth=required\n");
    assert_eq!(Scope::of_listener(&settings, "A").value("ssl.client.auth").unwrap(), "required");
    assert_eq!(Scope::of_listener(&settings, "B").value("ssl.client.auth").unwrap(), "none");
    assert_eq!(Scope::common(&settings).value("ssl.client.auth").unwrap(), "none");
}

#[test]
fn rabbitmq_quotes_and_comments() {
    let text = "default_user = 'a # b' # who\ndefault_pass = a#b\nlisteners.tcp =\nbad line\nauth_mechanisms.1=PLAIN\ninclude more.conf\n";
    let settings = settings(text);
    assert_eq!(settings.value("default_user").unwrap(), "a # b");
    assert_eq!(settings.value("default_pass").unwrap(), "a");
    assert_eq!(settings.value("auth_mechanisms.1").unwrap(), "PLAIN");
    assert_eq!(settings.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn librdkafka_has_no_continuation() {
    let settings = settings("bootstrap.servers=a\\\nsecurity.protocol=ssl\nssl.ca.location= /ca\nwhat\n");
    assert_eq!(settings.value("bootstrap.servers").unwrap(), "a\\");
    assert_eq!(settings.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn values_come_from_files_that_providers_name() {
    let text = "config.providers=file,dir\nconfig.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider\n\
                config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider\nsecurity.protocol=SSL\n\
                ssl.keystore.password=${file:/etc/p.properties:store}\nssl.key.password=${dir:/etc/d:key}\nssl.truststore.password=${env:T}\n";
    let settings = settings(text);
    let resolved = settings.resolved(from([("/etc/p.properties", "store=one\n"), ("/etc/d/key", "two\n")]));
    let values = ["ssl.keystore.password", "ssl.key.password", "ssl.truststore.password"].map(|key| resolved.value(key).unwrap());
    assert_eq!(values.map(Text::meant), ["one", "two", "${env:T}"]);
    assert_eq!(values.map(Text::to_string), ["${file:/etc/p.properties:store}", "${dir:/etc/d:key}", "…"]);
    assert_eq!(settings.undeclared_providers().map(|setting| setting.line).collect::<Vec<_>>(), [7]);
}

fn from<const N: usize>(files: [(&'static str, &'static str); N]) -> impl FnMut(&Wanted) -> Result<Vec<u8>, String> {
    let files = BTreeMap::from(files);
    move |wanted| match wanted {
        Wanted::File(path) => files.get(path.to_str().unwrap()).map(|text| text.as_bytes().to_vec()).ok_or("it is gone".to_owned()),
        Wanted::Variable(name) => Ok(format!("value of {name}").into_bytes()),
    }
}

#[test]
fn references_stand_anywhere_in_a_value() {
    let text = "process.roles=broker\nconfig.providers=f,env,v\nconfig.providers.v.class=com.acme.Vault\n\
                config.providers.f.class=org.apache.kafka.common.config.provider.FileConfigProvider\n\
                config.providers.f.param.allowed.paths=/etc/kafka,/srv\n\
                config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider\n\
                listeners=A://${f:/etc/kafka/h:host}:9093,B://${f:/etc/kafka/h:none}:${env:P:x}\nsuper.users=${env:U}\n\
                node.id=${v:a:b}\nlog.dirs=${f:/etc/shadow:root}${f:/etc/kafka/../shadow:root}\nbroker.rack=${f:/srv/gone:a:b}\n";
    let resolved = settings(text).resolved(from([("/etc/kafka/h", "host=b.example\n"), ("/etc/shadow", "root=S3cret")]));
    let meant = |key: &str| resolved.value(key).unwrap().meant().to_owned();
    assert_eq!(meant("listeners"), "A://b.example:9093,B://${f:/etc/kafka/h:none}:${env:P:x}");
    assert_eq!(meant("super.users"), "value of U");
    assert_eq!(meant("log.dirs"), "${f:/etc/shadow:root}${f:/etc/kafka/../shadow:root}");
    assert_eq!(resolved.listeners().0[0].host.to_string(), "A://${f:/etc/kafka/h:host}:9093,B://${f:/etc/kafka/h:none}:${env:P:x}");
    let unfetched: Vec<_> = resolved.unfetched.iter().map(|one| (one.line, one.why.as_str())).collect();
    assert_eq!(
        unfetched,
        [(7, "its provider takes no path, and Kafka does not start"), (9, "its provider is not one of Kafka's own"), (11, "it is gone")]
    );
}

/// A small file that refers to a large one many times.
#[test]
fn what_providers_give_is_bounded() {
    let text = format!("{}listeners={}\n", include_str!("../../tests/golden/client.properties"), "${f:/large:a}".repeat(4000));
    let text = text + "config.providers=f\nconfig.providers.f.class=org.apache.kafka.common.config.provider.FileConfigProvider\n";
    let resolved = settings(&text).resolved(|_| Ok([b"a=", &[b'x'; 200 << 10][..]].concat()));
    assert!(resolved.value("listeners").unwrap().meant().len() < 8 << 20 && !resolved.unfetched.is_empty());
}

/// A `=` or a line end was lost, or a password stands on a line of its own.
#[test]
fn of_a_name_nothing_is_shown_that_may_be_a_secret() {
    let shown = |text: &str| {
        settings(&format!("process.roles=broker\nnode.id=1\nlisteners=SSL://:1\n{text}\n")).lines().last().unwrap().key.to_string()
    };
    for (text, key) in [
        ("ssl.key.password=x", "ssl.key.password"),
        ("ssl.key.passwordS3cret", "ssl.key.password…"),
        ("listener.name.a.ssl.key.passwordS3cret", "listener.name.a.ssl.key.password…"),
        ("ssl.keystore.loction=x", "ssl.keystore.loction"),
        ("my.plugin.max-size2=x", "my.plugin.max-size2"),
        ("my.plugin.passwordS3cret", "…"),
        ("my.plugin.password.horse", "my.plugin.password…"),
        ("S3cret", "…"),
        ("horse", "…"),
        ("ssl.key.password=\ncorrect.horse", "…"),
        ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj=", "…"),
    ] {
        assert_eq!(shown(text), key, "{text}");
    }
}

#[test]
fn every_setting_that_keeps_a_secret_is_known_by_its_name() {
    for name in table::secret_names() {
        assert!(crate::pki::names_secret(name), "{name}");
    }
}

#[test]
fn every_file_is_named_once_with_its_password() {
    let text = "listeners=A://:1,B://:2,C://:3\nlistener.security.protocol.map=A:SSL,B:SSL,C:PLAINTEXT\nssl.keystore.type=PKCS12\n\
                ssl.keystore.location=/k.p12\nssl.keystore.password=one\nlistener.name.b.ssl.truststore.location=/t.jks\n";
    let references = references(&settings(text));
    assert_eq!(references.len(), 2);
    assert_eq!((references[0].path.meant(), references[0].users.iter().map(Text::meant).collect()), ("/k.p12", vec!["A", "B"]));
    assert_eq!((references[0].format.clone(), references[0].line), (Some(Declared::Pkcs12), 4));
    assert_eq!(references[0].password.as_ref().map(crate::pki::Passphrase::expose), Some("one"));
    assert_eq!((references[1].key.meant(), references[1].role), ("listener.name.b.ssl.truststore.location", Role::Truststore));
}

#[test]
fn references_of_the_others() {
    let paths = |text: &str| references(&settings(text)).into_iter().map(|one| (one.role, one.path.to_string())).collect::<Vec<_>>();
    let rd = "security.protocol=ssl\nssl.ca.location=probe\nssl.certificate.location=c\nssl.key.location=k\n";
    assert_eq!(paths(rd), [(Role::Certificate, "c".to_owned()), (Role::Key, "k".to_owned())]);
    let rabbit = "ssl_options.certfile = c\nssl_options.keyfile = k\nmanagement.ssl.cacertfile = m\n";
    assert_eq!(paths(rabbit), [(Role::Anchors, "m".to_owned()), (Role::Certificate, "c".to_owned()), (Role::Key, "k".to_owned())]);
}

#[test]
fn mapping_rules() {
    let rules = |text: &str| MappingRules::of(&Text::written(text)).map(|rules| (rules.patterns, rules.has_default));
    assert_eq!(rules("RULE:^CN=(.*?),OU=.*$/$1/L,RULE:^CN=([^,]+)$/$1/ , DEFAULT"), Ok((2, true)));
    assert_eq!(rules("RULE:^CN=a\\/b$/x/U"), Ok((1, false)));
    assert_eq!(rules("RULE:^CN=(.*)$/$1"), Err(Text::written("RULE:^CN=(.*)$/$1")));
    assert_eq!(rules("DEFAULT LOWER"), Err(Text::written("LOWER")));
}

#[test]
fn names_that_are_known() {
    assert_eq!(known(Program::KafkaBroker, "listener.name.sasl.plain.sasl.jaas.config").map(|known| known.name), Some("sasl.jaas.config"));
    assert_eq!(known(Program::RabbitMq, "listeners.ssl.my-own").map(|known| known.name), Some("listeners.ssl.$name"));
    assert_eq!(known(Program::KafkaBroker, "zookeeper.connect").and_then(|known| known.versions), Some("..3.9"));
    assert_eq!(nearest(Program::KafkaBroker, "ssl.keystore.loction"), Some("ssl.keystore.location"));
    assert_eq!(nearest(Program::KafkaBroker, "my.own.setting"), None);
}

/// Pieces of which properties files are made, the awkward ones above all.
fn properties_file() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "a", "b", "key", "=", ":", " ", "\t", "\u{c}", "\\", "\\\\", "\\\n", "\\\r\n", "\r", "\n", "\r\n", "#", "!", "\\u0041", "\\u00e9",
        "\\u12", "\\ ", "\\=", "\\t", "\\q", "\u{e9}",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat().chars().map(|c| c as u8).collect())
}

/// As `tests/fixtures/ListProperties.java` prints it.
fn listed(file: &[u8]) -> String {
    let (lines, faults) = properties::read(file);
    if !faults.is_empty() {
        return "refused".to_owned();
    }
    let hex = |text: &str| text.encode_utf16().map(|unit| format!("{unit:04x}")).collect::<String>();
    let pairs: BTreeMap<String, &str> = lines.iter().map(|line| (hex(line.key.meant()), line.value.meant())).collect();
    pairs.iter().map(|(key, value)| format!("{key}={} ", hex(value))).collect()
}

/// The judge is java.util.Properties, over two thousand files at once.
#[test]
fn properties_are_read_as_java_reads_them() {
    let mut runner = TestRunner::deterministic();
    let files: Vec<Vec<u8>> = (0..2000).map(|_| properties_file().new_tree(&mut runner).unwrap().current()).collect();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ListProperties.java");
    let mut java = Command::new("java").arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = java.stdin.take().unwrap();
    let bytes: Vec<u8> = files.iter().flat_map(|file| [&(file.len() as u32).to_be_bytes()[..], file].concat()).collect();
    let feeding = std::thread::spawn(move || input.write_all(&bytes));
    let output = java.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), files.len());
    for (file, said) in files.iter().zip(said.lines()) {
        assert_eq!(listed(file), said, "{:?}", String::from_utf8_lossy(file));
    }
}

proptest! {
    #[test]
    fn nothing_makes_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = (read(&bytes), properties::read(&bytes), cuttlefish::read(&bytes), line::read_librdkafka(&bytes));
    }

    #[test]
    fn no_value_makes_a_question_panic(key in prop::sample::select(vec!["listeners", "advertised.listeners", "super.users", "ssl.keystore.password"]), value in "\\PC{0,60}") {
        let settings = settings(&format!("process.roles=broker\nlog.dirs=/a\nnode.id=1\n{key}={}\n", value.replace('\\', "\\\\")));
        let _ = (settings.listeners(), settings.advertised(), references(&settings), settings.resolved(|_| Err(String::new())), MappingRules::of(&Text::written(value)));
    }
}
