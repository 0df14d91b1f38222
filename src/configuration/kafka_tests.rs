//! Rules about brokers and clients of Kafka, each with what it finds and what it leaves alone.

use super::tests::{BROKER, CLIENT, LIBRDKAFKA, assert_found, found};

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

/// The lines that most tutorials have in common, and with them nothing works as it is meant.
#[test]
fn a_few_lines_as_tutorials_have_them() {
    let text = "\
listeners=SSL://0.0.0.0:9093
listener.security.protocol=SSL
ssl.keystore.location=/path/to/kafka-broker.keystore.jks
ssl.keystore.password=broker-keystore-password
ssl.key.password=broker-key-password
ssl.truststore.location=/path/to/kafka-broker.truststore.jks
ssl.client.auth=required  # Optional
";
    let expected =
        ["0 inter-broker-listener-missing", "1 advertised-wildcard", "2 misplaced-setting", "7 comment-in-value", "7 wrong-setting-value"];
    assert_eq!(found(text), expected);
}
