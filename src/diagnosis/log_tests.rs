//! A broker's log decides what cannot be seen from outside, whatever wraps its lines.

use proptest::prelude::*;
use rustls::AlertDescription;

use super::fixture::{SERVER, amqp, failed, refused, root, same};
use super::{BrokerLog, Evidence, Step, Symptom};

const ANY: AlertDescription = AlertDescription::CertificateUnknown;

const INFO: &str = "[2026-06-01 12:00:00,100] INFO [SocketServer listenerType=BROKER, nodeId=1] Failed authentication with /127.0.0.1 \
                    (channelId=127.0.0.1:9093-127.0.0.1:40812-3-5) (SSL handshake failed) (org.apache.kafka.common.network.Selector)";

/// As Kafka writes it at DEBUG, for the connection from this port.
fn debug(port: u16, cause: &str) -> String {
    format!(
        "[2026-06-01 12:00:00,099] DEBUG [SslTransportLayer channelId=127.0.0.1:9093-127.0.0.1:{port}-3 key=channel=x] SSLHandshakeException \
         during unwrap: (org.apache.kafka.common.network.SslTransportLayer)\n\
         javax.net.ssl.SSLHandshakeException: {cause}\n\
         \tat java.base/sun.security.ssl.Alert.createSSLException(Alert.java:130)\n\
         Caused by: sun.security.validator.ValidatorException: {cause}\n\t... 12 more\n"
    )
}

fn rogue() -> Evidence {
    let (authority, rogue) = (root("root"), root("rogue"));
    refused(ANY, &[&rogue.leaf("orders", same), &rogue.certificate], &[&authority])
}

#[test]
fn the_stack_trace_of_our_own_connection_tells_and_that_of_another_does_not() {
    let log = debug(40811, "Empty client certificate chain") + &debug(40812, "PKIX path building failed: unable to find") + INFO;
    let lines = BrokerLog::parse(&log).lines_of(&rogue());
    assert!(lines[0].contains("PKIX path building failed"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("channelId=127.0.0.1:9093-127.0.0.1:40812-3-5")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Empty client certificate chain")), "{lines:?}");
    assert_eq!(rogue().logged(&log).rule.code, "client-issuer-unknown");
}

/// From outside a leaf that expires today by the broker's clock looks like any other.
#[test]
fn the_log_decides_before_the_rest_of_the_table() {
    let authority = root("root");
    let good = || refused(ANY, &[&authority.leaf("orders", same)], &[&authority]);
    assert_eq!(good().logged(&debug(40812, "NotAfter: Mon Jun 01 11:59:59 UTC 2026")).rule.code, "client-expired");
    assert_eq!(
        good().logged(&debug(40812, "Extended key usage does not permit use for TLS client authentication")).rule.code,
        "client-wrong-usage"
    );
    assert_eq!(good().logged(&debug(40812, "Empty client certificate chain")).rule.code, "client-certificate-missing");
    assert_eq!(good().logged(&debug(40812, "Certificate has been revoked, reason: KEY_COMPROMISE")).rule.code, "client-revoked");
    let chain = good().logged(&debug(40812, "basic constraints check failed: pathLenConstraint violated"));
    assert!(chain.rule.code == "client-refused" && chain.explanation.cause.contains("pathLenConstraint"));
    assert!(chain.log.unwrap().contains("pathLenConstraint"));
}

#[test]
fn kafka_at_info_names_no_cause_and_the_fix_says_how_to_get_one() {
    let diagnosis = rogue().logged(INFO);
    assert_eq!(diagnosis.rule.code, "client-issuer-unknown");
    assert!(diagnosis.explanation.fix.contains("org.apache.kafka.common.network=DEBUG"), "{}", diagnosis.explanation.fix);
    assert!(!rogue().logged(&debug(40812, "PKIX path building failed")).explanation.fix.contains("DEBUG"));
}

#[test]
fn the_lines_are_the_same_in_every_wrapping() {
    let plain = debug(40812, "PKIX path building failed") + INFO;
    let wrapped = |wrap: &dyn Fn(&str) -> String| plain.lines().map(wrap).collect::<Vec<_>>().join("\n");
    let json =
        |line: &str| serde_json::json!({ "log": format!("{line}\n"), "stream": "stdout", "time": "2026-06-01T12:00:00.1Z" }).to_string();
    let expected = BrokerLog::parse(&plain).lines_of(&rogue());
    for log in [
        plain.replace('\n', "\r\n"),
        wrapped(&|line| format!("broker-1  | {line}")),
        wrapped(&|line| format!("2026-06-01T12:00:00.123456789Z {line}")),
        wrapped(&|line| format!("[pod/kafka-0/broker] 2026-06-01T12:00:00.123456789Z {line}")),
        wrapped(&|line| format!("Jun 01 12:00:00 host kafka-server-start.sh[812]: {line}")),
        wrapped(&json),
    ] {
        assert_eq!(BrokerLog::parse(&log).lines_of(&rogue()), expected, "{log}");
    }
}

/// A notice of TLS names no peer; its second line says why.
#[test]
fn lines_of_one_erlang_process_belong_together() {
    let authority = root("root");
    let server = authority.leaf("orders", |parameters| parameters.extended_key_usages = SERVER.to_vec());
    let evidence = refused(AlertDescription::HandshakeFailure, &[&server], &[&authority]).at_rabbitmq();
    let log = "2026-06-01 12:00:00.001 [notice] <0.755.0> TLS server: In state wait_cert at ssl_handshake.erl:2098 \
               generated SERVER ALERT: Fatal - Handshake Failure\n\
               2026-06-01 12:00:00.001 [info] <0.44.0> something else\n\
               2026-06-01 12:00:00.001 [notice] <0.755.0>  - {bad_cert,invalid_ext_key_usage}\n";
    let diagnosis = evidence.logged(log);
    assert_eq!(diagnosis.rule.code, "client-wrong-usage");
    assert!(diagnosis.log.unwrap().contains("invalid_ext_key_usage"));
}

#[test]
fn a_login_by_certificate_is_told_apart_by_rabbitmq_alone() {
    let authority = root("root");
    let text = "ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL. For details see the broker logfile.";
    let evidence =
        || failed(Step::Login, amqp(403, text)).at_rabbitmq().showing(&[&authority.leaf("orders", same)]).asked_for(&[&authority]);
    let log = |line: &str| {
        format!(
            "2026-06-01 12:00:00.001 [info] <0.761.0> accepting AMQP connection <0.761.0> (127.0.0.1:40812 -> 127.0.0.1:5671)\n\
             2026-06-01 12:00:00.002 [error] <0.761.0> Error on AMQP connection <0.761.0> (127.0.0.1:40812 -> 127.0.0.1:5671, state: starting):\n\
             2026-06-01 12:00:00.002 [error] <0.761.0> {line}\n"
        )
    };
    let user = evidence().logged(&log("EXTERNAL login refused: user 'O=Acme,CN=orders' - invalid credentials"));
    assert_eq!(user.rule.code, "external-user-missing");
    assert!(user.explanation.cause.contains("O=Acme,CN=orders"), "{}", user.explanation.cause);
    assert_eq!(evidence().logged(&log("EXTERNAL login refused: no name found")).rule.code, "external-name-missing");
    let peerless = "EXTERNAL login refused: connection peer presented no TLS (x.509) certificate";
    assert_eq!(evidence().logged(&log(peerless)).rule.code, "external-without-certificate");
}

#[test]
fn lines_that_do_not_fit_what_was_seen_are_not_ours() {
    let authority = root("root");
    let shows_one = refused(ANY, &[&authority.leaf("orders", same)], &[&authority]).with(|evidence| evidence.from = None);
    let log = "[2026-06-01 12:00:00,099] DEBUG javax.net.ssl.SSLHandshakeException: Empty client certificate chain\n\
               2026-06-01 12:00:00.001 [notice] <0.755.0> TLS server: generated SERVER ALERT: Fatal - Certificate Expired\n";
    assert!(BrokerLog::parse(log).lines_of(&shows_one).is_empty());
    let down = failed(Step::Connect, Symptom::ConnectionRefused).logged(log);
    assert!(down.rule.code == "connection-refused" && down.log.is_none());
}

/// 0x16030100, the head of a TLS record; another size is another fault.
#[test]
fn a_request_as_large_as_a_tls_record_is_tls_at_a_plain_port() {
    let line = |size: u32| format!("o.a.k.c.network.InvalidReceiveException: Invalid receive (size = {size} larger than 104857600)");
    let closed = || failed(Step::Handshake, Symptom::Closed);
    for size in [369_295_616, 369_295_617, 352_518_912] {
        assert_eq!(closed().logged(&line(size)).rule.code, "plaintext-port");
    }
    assert_eq!(closed().logged(&line(104_857_601)).rule.code, "not-tls");
}

#[test]
fn the_authorizer_names_the_principal() {
    let log = "[2026-06-01 12:00:00,099] INFO Principal = User:orders is Denied operation = WRITE from host = 127.0.0.1 on resource = \
               Topic:LITERAL:t1 for request = Produce with resourceRefCount = 1 based on rule DefaultDeny (kafka.authorizer.logger)";
    let diagnosis = failed(Step::Produce, super::fixture::kafka(29, "TOPIC_AUTHORIZATION_FAILED", "t1")).logged(log);
    assert_eq!(diagnosis.rule.code, "topic-not-authorized");
    assert!(
        diagnosis.explanation.fix.contains("--allow-principal 'User:orders' --operation Write --topic t1"),
        "{}",
        diagnosis.explanation.fix
    );
}

#[test]
fn megabytes_of_other_things_leave_little_behind() {
    let noise = "[2026-06-01 12:00:00,100] INFO [Log partition=t-0] Rolled new log segment in 3 ms. (kafka.log.Log)\n".repeat(50_000);
    let log = BrokerLog::parse(&(noise.clone() + &debug(40812, "PKIX path building failed") + &noise));
    assert!(log.lines_of(&rogue())[0].contains("PKIX"));
    assert!(format!("{log:?}").len() < 5_000);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\PC|[\\n\\r\\t:{}<>0-9.])*") {
        let _ = BrokerLog::parse(&text).lines_of(&failed(Step::Acceptance, Symptom::Closed));
    }
}

/// RabbitMQ's log is written late; whoever has been told everything is not kept.
#[test]
fn a_log_is_waited_for_where_it_may_tell_more_and_nothing_was_told_yet() {
    let refused = || failed(Step::Login, amqp(403, "ACCESS_REFUSED - Login was refused")).at_rabbitmq();
    assert!(refused().awaits_log());
    assert!(rogue().at_rabbitmq().awaits_log());
    let line = "2026-06-01 12:00:00.1 [error] <0.761.0> EXTERNAL login refused: user 'orders' - invalid credentials";
    assert!(!refused().with(|evidence| evidence.log = vec![line.to_owned()]).awaits_log());
    let accepted = "2026-06-01 12:00:00.0 [info] <0.761.0> accepting AMQP connection 127.0.0.1:40812 -> 127.0.0.1:5671";
    assert!(refused().with(|evidence| evidence.log = vec![accepted.to_owned()]).awaits_log());
    for (step, symptom) in [
        (Step::Connect, Symptom::ConnectionRefused),
        (Step::Greeting, Symptom::Silence { seconds: 5 }),
        (Step::VirtualHost, amqp(530, "NOT_ALLOWED - vhost nope not found")),
    ] {
        assert!(!failed(step, symptom).at_rabbitmq().awaits_log());
    }
    // Kafka writes its lines at once.
    assert!(!rogue().awaits_log());
}
