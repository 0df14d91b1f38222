//! What is said once TLS stands, or of what stands before it: files, the network, logins, permissions, and probes that were let in.

use rustls::AlertDescription;

use super::fixture::{Authority, amqp, failed, kafka, root, same};
use super::{Attempt, Evidence, Fact, FileProblem, Side, Step, StepTaken, Symptom, let_in};
use crate::describe::{CertificateRequest, Protocol, TlsVersion};
use crate::pki::Certificate;

fn orders() -> (Authority, Certificate) {
    let authority = root("root");
    let leaf = authority.leaf("orders", same);
    (authority, leaf)
}

#[test]
fn a_file_is_named_with_what_is_wrong_with_it() {
    let problem = FileProblem::KeyMismatch { subject: "CN=orders".to_owned() };
    let diagnosis = failed(Step::Files, Symptom::File { file: "tls.key".to_owned(), problem }).diagnosed();
    assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("key-mismatch", Side::Client));
    assert_eq!(diagnosis.explanation.cause, "the private key in tls.key does not belong to the certificate of CN=orders");
    assert_eq!(diagnosis.explanation.certificate.as_deref(), Some("CN=orders"));
}

#[test]
fn silence_means_something_else_at_each_step() {
    let code = |step| failed(step, Symptom::Silence { seconds: 5 }).code();
    assert_eq!(code(Step::Resolve), "name-unknown");
    assert_eq!(code(Step::Connect), "no-answer");
    assert_eq!(code(Step::Handshake), "tls-silence");
    assert_eq!(code(Step::Metadata), "broker-slow");
}

#[test]
fn breaking_off_right_after_the_first_words_is_a_missing_key_to_rabbitmq_and_no_tls_to_kafka() {
    let closed = || failed(Step::Handshake, Symptom::Closed);
    assert_eq!(closed().at_rabbitmq().code(), "broker-without-key");
    assert_eq!(closed().code(), "not-tls");
    assert_eq!(failed(Step::Handshake, Symptom::NotTls { answer: b"AMQP\0\0\x09\x01".to_vec() }).code(), "plaintext-port");
    let web = failed(Step::Handshake, Symptom::NotTls { answer: b"HTTP/1.1 400 Bad Request\r\n".to_vec() }).diagnosed();
    assert!(web.rule.code == "not-tls" && web.explanation.cause.contains("HTTP"));
}

#[test]
fn what_both_sides_have_not_in_common() {
    let alert = |alert| failed(Step::Handshake, Symptom::Alert(alert));
    assert_eq!(alert(AlertDescription::ProtocolVersion).code(), "version-mismatch");
    assert_eq!(alert(AlertDescription::InsufficientSecurity).at_rabbitmq().code(), "suite-mismatch");
    assert_eq!(alert(AlertDescription::HandshakeFailure).code(), "suite-mismatch");
    let nothing = |error: &str| failed(Step::Handshake, Symptom::NothingInCommon { error: error.to_owned() }).code();
    assert_eq!(nothing("peer is incompatible: ServerTlsVersionIsDisabledByOurConfig"), "version-mismatch");
    assert_eq!(nothing("peer is incompatible: NoCipherSuitesInCommon"), "suite-mismatch");
}

#[test]
fn a_client_that_offers_one_version_alone_has_to_offer_more() {
    let side = |offered: &[TlsVersion]| {
        let refused = failed(Step::Handshake, Symptom::Alert(AlertDescription::ProtocolVersion));
        let diagnosis = refused.with(|evidence| evidence.offered = offered.to_vec()).diagnosed();
        assert_eq!(diagnosis.rule.code, "version-mismatch");
        diagnosis.explanation.side
    };
    assert_eq!(side(&[TlsVersion::V1_2]), Side::Client);
    assert_eq!(side(&[TlsVersion::V1_3]), Side::Client);
    assert_eq!(side(&[TlsVersion::V1_3, TlsVersion::V1_2]), Side::Broker);
    assert_eq!(side(&[]), Side::Broker);
}

#[test]
fn an_acl_that_is_missing_is_given_as_a_command() {
    let (authority, leaf) = orders();
    let evidence = failed(Step::Topic, kafka(29, "TOPIC_AUTHORIZATION_FAILED", "t1")).showing(&[&leaf]).asked_for(&[&authority]);
    let explanation = evidence.diagnosed().explanation;
    assert!(explanation.cause.contains("User:CN=orders") && explanation.cause.contains("t1"), "{}", explanation.cause);
    assert!(
        explanation.fix.ends_with("--allow-principal 'User:CN=orders' --operation Describe --operation Read --operation Write --topic t1")
    );
    // librdkafka says the same by name.
    let reason = String::new();
    let evidence = failed(Step::Consume, Symptom::Librdkafka { code: "GROUP_AUTHORIZATION_FAILED".to_owned(), reason });
    assert_eq!(evidence.by_password("SCRAM-SHA-512", "alice").code(), "group-not-authorized");
}

#[test]
fn a_client_whose_certificate_was_not_asked_for_is_anonymous() {
    let (_, leaf) = orders();
    let evidence = failed(Step::Topic, kafka(29, "TOPIC_AUTHORIZATION_FAILED", "t1")).showing(&[&leaf]);
    let explanation = evidence.diagnosed().explanation;
    assert!(explanation.cause.contains("User:ANONYMOUS") && explanation.fix.contains("ssl.client.auth=required"), "{explanation:?}");
}

#[test]
fn sasl_on_one_side_only() {
    assert_eq!(failed(Step::Metadata, Symptom::Closed).code(), "sasl-expected");
    let by_password = |step, symptom| failed(step, symptom).by_password("PLAIN", "alice");
    assert_eq!(by_password(Step::Login, kafka(34, "ILLEGAL_SASL_STATE", "")).code(), "sasl-not-expected");
    assert_eq!(by_password(Step::Metadata, Symptom::Closed).code(), "broke-off");
    let offered = vec!["SCRAM-SHA-512".to_owned()];
    let missing = by_password(Step::Login, Symptom::Mechanism { wanted: "PLAIN".to_owned(), offered }).diagnosed();
    assert_eq!(missing.rule.code, "sasl-mechanism-missing");
    assert!(missing.explanation.cause.contains("PLAIN") && missing.explanation.cause.ends_with("only SCRAM-SHA-512"));
    let refused = by_password(Step::Login, kafka(58, "SASL_AUTHENTICATION_FAILED", "")).diagnosed();
    assert!(refused.rule.code == "login-refused" && refused.explanation.cause.contains("alice"));
}

#[test]
fn a_password_is_set_where_its_mechanism_looks_for_it() {
    let fix = |mechanism| {
        let refused = failed(Step::Login, kafka(58, "SASL_AUTHENTICATION_FAILED", "")).by_password(mechanism, "alice");
        refused.diagnosed().explanation.fix
    };
    assert!(fix("PLAIN").contains("user_alice in listener.name.NAME.plain.sasl.jaas.config"), "{}", fix("PLAIN"));
    let scram = fix("SCRAM-SHA-256");
    assert!(scram.contains("--entity-name alice --add-config 'SCRAM-SHA-256=[password=…]'"), "{scram}");
}

#[test]
fn a_transactional_id_that_is_another_each_time_is_allowed_by_what_it_begins_with() {
    let refused = failed(Step::Produce, kafka(53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "ledger-4f1c"));
    let fix = |evidence: Evidence| evidence.diagnosed().explanation.fix;
    assert!(fix(refused.clone()).ends_with("--transactional-id ledger-4f1c"));
    let fact = Fact::Topic { name: "ledger".to_owned(), partitions: 1, created: false };
    let taken = StepTaken { took: std::time::Duration::ZERO, fact };
    let fix = fix(refused.with(|evidence| evidence.steps.push(taken)));
    assert!(fix.ends_with("--transactional-id ledger --resource-pattern-type prefixed"), "{fix}");
}

/// What follows the hyphen is another each time, so the ACL names what comes before it.
#[test]
fn a_topic_that_was_made_for_the_proof_is_allowed_by_what_it_begins_with() {
    let fact = Fact::Topic { name: "ledger-4f1c".to_owned(), partitions: 1, created: true };
    let made = |evidence: &mut Evidence| evidence.steps.push(StepTaken { took: std::time::Duration::ZERO, fact: fact.clone() });
    let refused = failed(Step::Produce, kafka(29, "TOPIC_AUTHORIZATION_FAILED", "ledger-4f1c"));
    let fix = refused.with(made).diagnosed().explanation.fix;
    assert!(fix.ends_with("--operation Write --topic ledger- --resource-pattern-type prefixed"), "{fix}");
    let gone = failed(Step::Produce, kafka(3, "UNKNOWN_TOPIC_OR_PARTITION", "ledger-4f1c"));
    assert_eq!(gone.code(), "topic-missing");
    let gone = gone.with(made).diagnosed();
    assert_eq!((gone.rule.code, gone.explanation.side), ("topic-vanished", Side::Unknown));
}

#[test]
fn librdkafkas_end_is_told_and_nobody_is_blamed() {
    let symptom = Symptom::LibrdkafkaEnded { how: "signal: 6 (SIGABRT)".to_owned(), said: "assert".to_owned() };
    let ended = failed(Step::Produce, symptom).diagnosed();
    assert_eq!((ended.rule.code, ended.explanation.side), ("librdkafka-ended", Side::Unknown));
    assert!(ended.explanation.cause.starts_with("librdkafka ended (signal: 6 (SIGABRT)): assert while it sent"), "{ended:?}");
}

#[test]
fn external_at_rabbitmq() {
    let (authority, leaf) = orders();
    let refused =
        || failed(Step::Login, amqp(403, "ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL.")).at_rabbitmq();
    let user = refused().showing(&[&leaf]).asked_for(&[&authority]).diagnosed();
    assert_eq!((user.rule.code, user.explanation.side), ("external-user-missing", Side::Broker));
    assert!(user.explanation.fix.contains("rabbitmqctl add_user 'CN=orders'"), "{}", user.explanation.fix);
    // The certificate is not at fault: it was never seen.
    for unseen in [refused().showing(&[&leaf]), refused().asked_for(&[&authority])] {
        let diagnosis = unseen.diagnosed();
        assert_eq!((diagnosis.rule.code, diagnosis.explanation.certificate), ("external-without-certificate", None));
    }
    let offered = vec!["PLAIN".to_owned()];
    let evidence = failed(Step::Login, Symptom::Mechanism { wanted: "EXTERNAL".to_owned(), offered }).at_rabbitmq();
    assert_eq!(evidence.code(), "external-not-enabled");
    assert_eq!(refused().by_password("PLAIN", "alice").code(), "login-refused");
}

#[test]
fn virtual_hosts_and_permissions_by_the_stable_part_of_the_text() {
    let said = |step, code, text: &str| {
        let diagnosis = failed(step, amqp(code, text)).at_rabbitmq().by_password("PLAIN", "alice").diagnosed();
        (diagnosis.rule.code, diagnosis.explanation.cause, diagnosis.explanation.fix)
    };
    let (code, cause, _) = said(Step::VirtualHost, 530, "NOT_ALLOWED - vhost nope not found");
    assert_eq!((code, &*cause), ("vhost-missing", "broker-1.example:5671 has no virtual host \"nope\""));
    let (code, _, fix) = said(Step::VirtualHost, 530, "NOT_ALLOWED - access to vhost '/' refused for user 'CN=orders'");
    assert_eq!(code, "vhost-not-permitted");
    assert!(fix.contains("rabbitmqctl set_permissions -p '/' 'CN=orders'"), "{fix}");
    let (_, cause, _) =
        said(Step::VirtualHost, 530, "NOT_ALLOWED - access to vhost 'v' refused for user 'a': connection limit (3) is reached");
    assert!(cause.contains("limit of 3"), "{cause}");
    let text = "ACCESS_REFUSED - write access to exchange 'orders' in vhost '/' refused for user 'alice'";
    let (code, cause, _) = said(Step::Publish, 403, text);
    assert_eq!(
        (code, &*cause),
        ("amqp-not-permitted", "the user alice lacks the write permission on exchange 'orders' in the virtual host \"/\"")
    );
    assert_eq!(said(Step::Publish, 404, "NOT_FOUND - no exchange 'orders' in vhost '/'").0, "amqp-refused");
}

/// RabbitMQ 3.10 does not say what was tried.
#[test]
fn the_permission_that_is_lacking_is_known_by_the_method_that_was_refused() {
    let lacking = |method, what: &str| {
        let text = format!("ACCESS_REFUSED - access to {what} in vhost '/' refused for user 'alice'");
        let diagnosis = failed(Step::Publish, Symptom::Amqp { code: 403, text, method }).at_rabbitmq().diagnosed();
        assert_eq!(diagnosis.rule.code, "amqp-not-permitted");
        diagnosis.explanation.cause
    };
    for (method, what, permission) in [
        ("queue.declare", "queue 'orders'", "configure"),
        ("exchange.declare", "exchange 'orders'", "configure"),
        ("queue.bind", "queue 'orders'", "write"),
        ("queue.bind", "exchange 'orders'", "read"),
        ("basic.publish", "exchange 'orders'", "write"),
        ("basic.get", "queue 'orders'", "read"),
    ] {
        let cause = lacking(Some(method), what);
        assert!(cause.starts_with(&format!("the user alice lacks the {permission} permission on {what} in ")), "{cause}");
    }
    assert!(lacking(None, "queue 'orders'").starts_with("the user alice lacks a permission on queue 'orders'"));
}

#[test]
fn requested_is_told_from_required() {
    let asked = CertificateRequest { issuers: Vec::new(), signature_schemes: Vec::new() };
    let requested = let_in(Attempt::NoCertificate, Protocol::Kafka, "broker-1.example:9093", Some(&asked));
    assert_eq!(requested.rule.code, "lets-in-without-certificate");
    assert_eq!(requested.explanation.cause, "client certificates are requested but not required at broker-1.example:9093");
    assert!(requested.explanation.fix.contains("ssl.client.auth=required"));
    let never = let_in(Attempt::NoCertificate, Protocol::Amqp, "broker-1.example:5671", None);
    assert_eq!(never.explanation.cause, "client certificates are not requested at broker-1.example:5671");
    assert!(never.explanation.fix.contains("verify_peer") && never.explanation.fix.contains("fail_if_no_peer_cert"));
    let foreign = let_in(Attempt::ForeignAuthority, Protocol::Kafka, "broker-1.example:9093", None);
    assert!(foreign.explanation.cause.ends_with("for it asks for none"), "{}", foreign.explanation.cause);
}
