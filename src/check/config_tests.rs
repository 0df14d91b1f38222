//! Every rule about configuration files, with what it finds and what it leaves alone.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::layout::Snippet;
use crate::settings::read;

/// A broker without fault, to which the tables below add theirs: on lines from 21 on.
const BROKER: &str = "\
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

const CLIENT: &str = "\
bootstrap.servers=broker-2.example:9093
security.protocol=SSL
ssl.truststore.type=PKCS12
ssl.truststore.location=/etc/kafka/truststore.p12
ssl.truststore.password=correct horse
#
";

const LIBRDKAFKA: &str = "\
bootstrap.servers=broker-2.example:9093
security.protocol=ssl
ssl.ca.location=/etc/kafka/ca.crt
ssl.certificate.location=/etc/kafka/tls.crt
ssl.key.location=/etc/kafka/tls.key
#
";

const RABBITMQ: &str = "\
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
fn found(text: &str) -> Vec<String> {
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
fn assert_found(base: &str, table: &[(&[&str], &[&str])]) {
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

#[test]
fn settings_that_exclude_each_other() {
    let pem: &[&str] = &["ssl.keystore.type=PEM", "-ssl.keystore.password"];
    assert_found(
        BROKER,
        &[
            (&["ssl.keystore.type=PEM"], &["14 store-type-against-name", "15 pem-with-store-password"]),
            (&["ssl.truststore.type=PEM"], &["18 store-type-against-name", "19 pem-with-store-password"]),
            (pem, &["14 store-type-against-name"]),
            (
                &["-ssl.keystore.location", "-ssl.keystore.password", "ssl.keystore.key=k", "ssl.keystore.certificate.chain=c"],
                &["21 inline-key-without-pem"],
            ),
            (
                &["-ssl.keystore.location", "-ssl.keystore.password", "ssl.keystore.type=PEM", "ssl.keystore.key=k"],
                &["21 inline-key-without-chain"],
            ),
            (
                &["ssl.truststore.type=PEM", "-ssl.truststore.password", "ssl.truststore.certificates=c"],
                &["18 store-type-against-name", "21 location-and-inline"],
            ),
            (&["security.inter.broker.protocol=SSL"], &["21 inter-broker-listener-twice"]),
        ],
    );
}

#[test]
fn stores() {
    assert_found(
        BROKER,
        &[
            (&["-ssl.keystore.password"], &["14 keystore-without-password"]),
            (&["-ssl.truststore.password"], &["18 truststore-without-password"]),
            (&["ssl.key.password=another"], &["16 key-password-differs"]),
            (&["ssl.keystore.type=P12"], &["13 unusual-store-type", "14 store-type-against-name"]),
            (&["-ssl.truststore.type"], &["18 store-type-against-name"]),
            (&["-ssl.keystore.location"], &["5 no-keystore", "15 password-without-store"]),
            (&["-ssl.truststore.location"], &["5 no-truststore", "5 no-truststore", "19 password-without-store"]),
            (&["ssl.truststore.location=/etc/kafka/keystore.p12"], &["18 truststore-is-keystore"]),
        ],
    );
}

#[test]
fn listeners() {
    let two = ["listeners=BROKER://:9093,CLIENT://:9094", "advertised.listeners=BROKER://b.example:9093,CLIENT://b.example:9094"];
    let with = |more: &[&'static str]| [&two[..], &["listener.name.client.ssl.client.auth=required"], more].concat();
    assert_found(
        BROKER,
        &[
            (&["listeners=BROKER://:9093,OPEN:9092"], &["5 bad-listener"]),
            (&with(&["listeners=BROKER://:9093,CLIENT://:9093"]), &["5 listeners-clash"]),
            (&with(&["listeners=BROKER://[::]:9093,CLIENT://0.0.0.0:9093"]), &[]),
            (&with(&["listener.security.protocol.map=BROKER:SSL,CONTROLLER:SSL"]), &["5 listener-without-protocol"]),
            (&["advertised.listeners=BROKER://0.0.0.0:9093"], &["6 advertised-wildcard"]),
            (&["-advertised.listeners"], &["5 advertised-host-left-open"]),
            (&["advertised.listeners=BROKER://b:9093,OTHER://b:1"], &["6 advertised-without-listener"]),
            (&["inter.broker.listener.name=INTERNAL"], &["7 inter-broker-listener-missing"]),
            (&["-inter.broker.listener.name"], &["0 inter-broker-listener-missing"]),
            (&["listeners=BROKER://:9093,OPEN://:9092"], &["5 plaintext-beside-tls"]),
            (&["listener.name.BROKER.ssl.client.auth=required"], &["21 listener-prefix-not-lower-case"]),
            (&["listener.name.internal.ssl.client.auth=required"], &["21 listener-prefix-without-listener"]),
        ],
    );
}

#[test]
fn roles_and_the_quorum() {
    let controller =
        ["process.roles=controller", "node.id=1", "listeners=CONTROLLER://:9095", "-advertised.listeners", "-inter.broker.listener.name"];
    let as_controller = |more: &[&'static str]| [&controller[..], more].concat();
    assert_found(
        BROKER,
        &[
            (&controller, &[]),
            (&["-controller.listener.names"], &["1 controller-listener-unnamed"]),
            (
                &as_controller(&["listeners=OTHER://:9095", "listener.security.protocol.map=OTHER:SSL,CONTROLLER:SSL"]),
                &["4 controller-listener-not-served"],
            ),
            (&["listeners=BROKER://:9093,CONTROLLER://:9095"], &["5 controller-listener-on-broker"]),
            (&["inter.broker.listener.name=CONTROLLER"], &["7 controller-listener-for-brokers", "7 inter-broker-listener-missing"]),
            (&["-controller.quorum.voters"], &["1 no-quorum"]),
            (&["node.id=1"], &["3 voter-against-role"]),
            (&as_controller(&["node.id=7"]), &["3 voter-against-role"]),
            (&["zookeeper.connect=z:2181"], &["21 setting-of-some-versions", "21 zookeeper-and-kraft"]),
        ],
    );
}

#[test]
fn client_certificates_and_host_names() {
    let sasl = ["listeners=BROKER://:9093,CLIENT://:9094", "advertised.listeners=BROKER://b.example:9093,CLIENT://b.example:9094"];
    let with = |more: &[&'static str]| [&sasl[..], more].concat();
    assert_found(
        BROKER,
        &[
            (&["-ssl.client.auth"], &["5 no-client-certificate"]),
            (&["ssl.client.auth=none"], &["12 no-client-certificate"]),
            (&["ssl.client.auth=none", "listener.name.broker.ssl.client.auth=required"], &[]),
            (&["ssl.client.auth=requested"], &["12 client-certificate-optional"]),
            (&sasl, &["12 client-auth-ignored"]),
            (&with(&["listener.name.client.ssl.client.auth=required"]), &[]),
            (&with(&["listener.name.client.ssl.client.auth=none"]), &[]),
            (&["ssl.endpoint.identification.algorithm="], &["21 host-name-unchecked"]),
            (&["ssl.endpoint.identification.algorithm=https"], &[]),
        ],
    );
    assert_found(CLIENT, &[(&["ssl.endpoint.identification.algorithm="], &["7 host-name-unchecked"])]);
    assert_found(
        LIBRDKAFKA,
        &[
            (&["ssl.endpoint.identification.algorithm=none"], &["7 host-name-unchecked"]),
            (&["enable.ssl.certificate.verification=false"], &["7 certificate-unchecked"]),
        ],
    );
}

#[test]
fn authorization() {
    assert_found(
        BROKER,
        &[
            (&["-authorizer.class.name"], &["0 no-authorizer"]),
            (&["authorizer.class.name=kafka.security.authorizer.AclAuthorizer"], &["10 zookeeper-authorizer"]),
            (&["allow.everyone.if.no.acl.found=true"], &["21 allows-everyone"]),
            (&["super.users=User:CN=a,O=Acme,User:CN=b,O=Acme"], &["11 super-users-with-commas"]),
            (&["super.users=User:CN=a,O=Acme;CN=b"], &["11 bad-super-user"]),
            (&["-super.users"], &["10 no-super-users"]),
            (&["ssl.principal.mapping.rules=RULE:^CN=(.*)$"], &["21 bad-mapping-rules"]),
            (&["ssl.principal.mapping.rules=RULE:^CN=(.*?),.*$/$1/"], &["21 mapping-rules-without-default"]),
            (&["ssl.principal.mapping.rules=RULE:^CN=(.*?),.*$/$1/L,DEFAULT"], &[]),
        ],
    );
}

#[test]
fn clients() {
    assert_found(
        CLIENT,
        &[
            (&["-security.protocol"], &["4 tls-not-used"]),
            (&["security.protocol=SASL_PLAINTEXT"], &["2 sasl-without-tls", "4 tls-not-used"]),
        ],
    );
    assert_found(
        LIBRDKAFKA,
        &[
            (&["-ssl.key.location"], &["4 certificate-without-key"]),
            (&["-ssl.certificate.location"], &["5 certificate-without-key"]),
            (&["ssl.keystore.location=/k.p12"], &["7 two-identities"]),
        ],
    );
    let open = ["listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT"];
    assert_found(BROKER, &[(&open, &["12 tls-not-used"])]);
}

#[test]
fn rabbitmq() {
    assert_found(
        RABBITMQ,
        &[
            (&["-listeners.tcp"], &["2 plain-listener-open"]),
            (&["listeners.tcp.default = 5672", "-listeners.tcp"], &["9 plain-listener-open"]),
            (&["-listeners.ssl.default"], &["4 tls-options-unused"]),
            (&["-ssl_options.keyfile"], &["2 tls-options-incomplete"]),
            (&["-ssl_options.cacertfile"], &["2 tls-options-incomplete"]),
            (&["ssl_options.verify = verify_none"], &["6 clients-unverified", "7 demanded-and-unverified"]),
            (&["ssl_options.fail_if_no_peer_cert = false"], &["7 client-may-show-none"]),
            (&["-ssl_options.fail_if_no_peer_cert"], &["6 client-may-show-none"]),
            (&["ssl_options.depth = 0"], &["9 depth-zero"]),
            (&["listeners.ssl.default = [::1]:5671"], &["2 bad-listener-address"]),
            (&["listeners.ssl.default = rabbit-1.example:5671"], &["2 bad-listener-address"]),
            (&["listeners.ssl.default = ::1:5671"], &[]),
            (&["ssl_options.password = secret"], &["9 password-in-plain"]),
        ],
    );
}

#[test]
fn rabbitmq_logins() {
    assert_found(
        RABBITMQ,
        &[
            (&["ssl_cert_login_from = common_name"], &["9 external-not-offered"]),
            (&["auth_mechanisms.1 = EXTERNAL"], &["9 external-needs-plugin"]),
            (
                &["auth_mechanisms.1 = EXTERNAL", "ssl_options.verify = verify_none", "-ssl_options.fail_if_no_peer_cert"],
                &["6 clients-unverified", "9 external-needs-plugin", "9 external-without-verify"],
            ),
            (&["ssl_cert_login_san_type = dns"], &["9 login-by-san-type"]),
            (&["auth_ldap.ssl_options.verify = verify_none"], &["9 outgoing-unverified"]),
        ],
    );
}

/// What tutorials have, all at once: each mistake of it is found.
#[test]
fn a_broker_as_tutorials_have_it() {
    let text = "\
broker.id=0
listeners=PLAINTEXT://:9092,SSL://0.0.0.0:9093
security.protocol=SSL
listener.security.protocol=SSL
ssl.keystore.location=/var/private/ssl/server.p12
ssl.keystore.password=test1234
ssl.truststore.location=/var/private/ssl/server.p12
ssl.client.auth=requested
ssl.endpoint.identification.algorithm=
ssl.enabled.protocols=TLSv1.2,TLSv1.1,TLSv1
zookeeper.connect=localhost:2181
";
    let expected = [
        "2 advertised-wildcard",
        "2 plaintext-beside-tls",
        "3 misplaced-setting",
        "4 misplaced-setting",
        "5 store-type-against-name",
        "7 store-type-against-name",
        "7 truststore-is-keystore",
        "8 client-certificate-optional",
        "9 host-name-unchecked",
        "10 old-tls-version",
        "11 setting-of-some-versions",
    ];
    assert_eq!(found(text), expected);
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
