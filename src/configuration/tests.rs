//! Every rule about configuration files, with what it finds and what it leaves alone.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::finding::Severity;
use crate::layout::Snippet;
use crate::settings::read;

/// A broker without fault, to which the tables below add theirs: on lines from 21 on.
pub(super) const BROKER: &str = "\
process.roles=broker
node.id=2
controller.quorum.voters=1@controller-1.example:9095
controller.listener.names=CONTROLLER
listeners=BROKER://:9093
advertised.listeners=BROKER://broker-2.example:9093
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:SSL,CONTROLLER:SSL,CLIENT:SASL_SSL,OPEN:PLAINTEXT
log.dirs=/var/lib/kafka
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker-2,O=Acme;User:CN=controller-1,O=Acme
ssl.client.auth=required
ssl.keystore.type=PKCS12
ssl.keystore.location=/etc/kafka/keystore.p12
ssl.keystore.password=correct horse
ssl.key.password=correct horse
ssl.truststore.type=PKCS12
ssl.truststore.location=/etc/kafka/truststore.p12
ssl.truststore.password=correct horse
#
";

pub(super) const CLIENT: &str = "\
bootstrap.servers=broker-2.example:9093
security.protocol=SSL
ssl.truststore.type=PKCS12
ssl.truststore.location=/etc/kafka/truststore.p12
ssl.truststore.password=correct horse
#
";

pub(super) const LIBRDKAFKA: &str = "\
bootstrap.servers=broker-2.example:9093
security.protocol=ssl
ssl.ca.location=/etc/kafka/ca.crt
ssl.certificate.location=/etc/kafka/tls.crt
ssl.key.location=/etc/kafka/tls.key
#
";

pub(super) const RABBITMQ: &str = "\
listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.cacertfile = /etc/rabbitmq/ca.crt
ssl_options.certfile = /etc/rabbitmq/tls.crt
ssl_options.keyfile = /etc/rabbitmq/tls.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
#
";

/// A file with some of its lines replaced: `key=` and a value takes the place of the line of that key, `-key` removes it, and
/// anything else is added at the end.
fn changed(base: &str, changes: &[&str]) -> String {
    let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
    for change in changes {
        let key = |line: &str| line.split('=').next().unwrap().trim().to_owned();
        match change.strip_prefix('-') {
            Some(gone) => lines.iter_mut().filter(|line| key(line) == gone).for_each(|line| *line = "#".to_owned()),
            None => match lines.iter_mut().find(|line| key(line) == key(change)) {
                Some(line) => *line = (*change).to_owned(),
                None => lines.push((*change).to_owned()),
            },
        }
    }
    lines.join("\n") + "\n"
}

/// `line code` of each finding; without a line where it is about what is not there.
pub(super) fn found(text: &str) -> Vec<String> {
    let settings = read(text.as_bytes()).unwrap_or_else(|| panic!("nobody's: {text}"));
    let findings = config("the file", &settings, &[]);
    for finding in &findings {
        assert!(!finding.message.ends_with('.') && !finding.fix.ends_with('.'), "{finding:?}");
        assert!(!finding.message.contains("correct horse") && !finding.fix.contains("correct horse"), "{finding:?}");
    }
    findings.iter().map(|finding| format!("{} {}", finding.place.line.unwrap_or_default(), finding.rule.code)).collect()
}

/// Each change to `base` is followed by the only findings that it makes.
#[track_caller]
pub(super) fn assert_found(base: &str, table: &[(&[&str], &[&str])]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(changes, expected)| (changed(base, changes), expected))
        .filter(|(text, expected)| found(text) != **expected)
        .map(|(text, expected)| format!("expected {expected:?}, found {:?} in\n{text}", found(&text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_right_is_left_alone() {
    for text in [BROKER, CLIENT, LIBRDKAFKA, RABBITMQ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn names_of_settings() {
    assert_found(
        BROKER,
        &[
            (&["ssl.keystore.loction=/k"], &["21 unknown-setting"]),
            (&["listener.name.broker.ssl.keystore.passwrd=x"], &["21 unknown-setting"]),
            (&["my.plugin.switch=on"], &["21 foreign-setting"]),
            (&["confluent.balancer.enable=true", "config.providers.x.class=Y"], &[]),
            (&["security.protocol=SSL"], &["21 misplaced-setting"]),
            (&["listener.security.protocol=SSL"], &["21 misplaced-setting"]),
            (&["ssl.ca.location=/ca.pem"], &["21 misplaced-setting"]),
            (&["zookeeper.session.timeout.ms=6000"], &["21 setting-of-some-versions"]),
            (&["bad\\u12=x"], &["21 unreadable-line"]),
        ],
    );
    assert_eq!(found(&format!("{BROKER}node.id=2\n")), ["21 duplicate-setting"]);
    assert_found(
        CLIENT,
        &[
            (&["ssl.client.auth=required"], &["7 misplaced-setting"]),
            (&["ssl.ca.location=/ca.pem"], &["7 misplaced-setting"]),
            (&["ssl.truststor.type=JKS"], &["7 unknown-setting"]),
        ],
    );
    assert_found(
        LIBRDKAFKA,
        &[
            (&["ssl.truststore.location=/t.jks"], &["7 misplaced-setting"]),
            (&["ssl.ca.locatoin=/ca.pem"], &["7 refused-setting"]),
            (&["my.own=1"], &["7 refused-setting"]),
            (&["ssl.ca.pem = x"], &["7 unreadable-line"]),
        ],
    );
    assert_found(
        RABBITMQ,
        &[
            (&["ssl_options.cacert = /ca"], &["9 refused-setting"]),
            (&["auth_mechanisms = EXTERNAL"], &["9 refused-setting"]),
            (&["no value"], &["9 unreadable-line"]),
        ],
    );
    assert_eq!(found("[{rabbit, []}].\n"), ["0 erlang-terms-not-read"]);
}

#[test]
fn values_of_settings() {
    assert_found(
        BROKER,
        &[
            (&["ssl.client.auth=yes"], &["12 wrong-setting-value"]),
            (&["auto.create.topics.enable=no"], &["21 wrong-setting-value"]),
            (&["num.io.threads=many"], &["21 wrong-setting-value"]),
            (&["process.roles=broker,Controller"], &["1 wrong-setting-value"]),
            (&["log.dirs=\"/data\""], &["9 quoted-value"]),
            (&["ssl.truststore.password=Zürich"], &["19 value-not-ascii"]),
            (&["ssl.truststore.password=${file:/p:k}"], &["19 undeclared-config-provider"]),
            (&["ssl.enabled.protocols=TLSv1.2,TLSv1.1"], &["21 old-tls-version"]),
            (&["ssl.protocol=SSL"], &["21 old-tls-version"]),
            (&["ssl.protocol=TLS"], &[]),
            (&["ssl.cipher.suites=TLS_RSA_WITH_NULL_SHA256"], &["21 weak-cipher"]),
        ],
    );
    assert_found(
        LIBRDKAFKA,
        &[
            (&["security.protocol=tls"], &["2 wrong-setting-value"]),
            (&["dr_cb=x"], &["7 wrong-setting-value"]),
            (&["log.connection.close=1"], &[]),
        ],
    );
    assert_found(
        RABBITMQ,
        &[
            (&["ssl_options.verify = peer"], &["6 wrong-setting-value", "7 demanded-and-unverified"]),
            (&["ssl_options.versions.1 = tlsv1.1"], &["9 old-tls-version"]),
            (&["ssl_cert_login_from = cn", "auth_mechanisms.1 = EXTERNAL"], &["9 wrong-setting-value", "10 external-needs-plugin"]),
        ],
    );
}

#[test]
fn slips_of_the_pen() {
    assert_found(
        BROKER,
        &[
            (&["log.dirs=/data # the data"], &["9 comment-in-value"]),
            (&["ssl.keystore.password=correct # horse", "-ssl.key.password"], &[]),
            (&["ssl.keystore.location=C:\\kafka\\keystore.p12"], &["14 backslashes-lost"]),
            (&["ssl.keystore.location=C:/kafka/keystore.p12"], &[]),
            (&["ssl.keystore.location=~/keystore.p12"], &["14 path-not-expanded"]),
            (&["ssl.endpoint.identification.algorithm=none"], &["21 unknown-identification-algorithm"]),
            (&["advertised.host.name=broker-2.example"], &["21 misplaced-setting"]),
        ],
    );
    assert_found(LIBRDKAFKA, &[(&["ssl.ca.location=$HOME/ca.pem"], &["3 path-not-expanded"])]);
    assert_found(RABBITMQ, &[(&["ssl_options.certfile = ~/tls.crt"], &["4 path-not-expanded"])]);
}

/// Of every snippet, in every variant of the stores, at worst a note.
#[test]
fn what_is_rendered_here_is_right() {
    use crate::cluster;
    use crate::snippet::{Passwords, Snippets};
    const GOLDEN: &str = include_str!("../../tests/golden/cluster.yaml");
    let mut judged = BTreeSet::new();
    for formats in ["[pkcs12]", "[jks]", "[pem]"] {
        for passwords in ["inline", "file-provider"] {
            let text = GOLDEN.replace("  version: 3.9\n", &format!("  version: 3.9\n  passwords: {passwords}\n"));
            let spec = cluster::parse(&format!("{text}stores: {{ formats: {formats} }}\n"), Path::new("/")).unwrap();
            let snippets = Snippets::new(&spec, Path::new("/srv/pki"));
            for (holder, snippet) in spec.holders.iter().flat_map(|holder| Snippet::ALL.map(|snippet| (holder, snippet))) {
                let Some(text) = snippets.render(holder, snippet, Passwords::Elided) else { continue };
                let Some(settings) = read(text.as_bytes()) else { continue };
                judged.insert(snippet.name());
                let bad: Vec<Finding> = config("x", &settings, &[]).into_iter().filter(|one| one.rule.severity > Severity::Note).collect();
                assert!(bad.is_empty(), "{} of {}: {bad:#?}\n{text}", snippet.name(), holder.id);
            }
        }
    }
    assert!(judged.len() >= 4, "{judged:?}");
}

#[test]
fn codes_are_unique_and_well_spelled() {
    let rules: Vec<&Rule> = RULES.iter().copied().flatten().copied().collect();
    let codes: BTreeSet<&str> = rules.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), rules.len());
    for rule in rules {
        assert!(rule.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", rule.code);
        assert!(rule.why.ends_with('.') && !rule.title.ends_with('.'), "{}", rule.code);
    }
}

/// Nothing in it is worth reading, and it is read to its end all the same.
#[test]
fn a_file_that_means_harm_ends() {
    let many = |count: usize, item: &str| (0..count).map(|n| item.replace("{n}", &n.to_string())).collect::<String>();
    let listeners = format!("listeners={}\nprocess.roles=broker\n", many(8_000, "A{n}://:{n},"));
    let map = format!("listeners={}\nlistener.security.protocol.map={}\n", many(2_000, "A{n}://:{n},"), many(8_000, "A{n}:SSL,"));
    let names = format!("controller.listener.names={}\nprocess.roles=broker\n", many(10_000, "A{n},"));
    let keys = format!("{}{}", many(1_000, "node.id={n}\n"), many(2_500, "ssl.keystore.loc{n}ion=\n"));
    let prefixes = format!("{}{}", many(2_000, "listener.name.a{n}.ssl.client.auth=none\n"), many(2_000, "num.io.threads={n}\n"));
    let rabbitmq = format!("{}{}", many(1_000, "default_user = {n}\n"), many(2_500, "ssl_options.ca{n}ertfile = x\n"));
    for text in [listeners, map, names, keys, prefixes, rabbitmq] {
        let settings = read(text.as_bytes()).unwrap();
        assert!(!config("the file", &settings, &[]).is_empty());
    }
}
