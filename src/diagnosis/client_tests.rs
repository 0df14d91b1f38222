//! What is said of a client that a server refuses, where the alert alone says little.

use rustls::AlertDescription;
use time::Duration;

use super::fixture::{Authority, NOW, SERVER, changed_root, failed, refused, root, same, self_signed};
use super::{Side, Step, Symptom};
use crate::pki::Certificate;

/// What Kafka says of every certificate.
const ANY: AlertDescription = AlertDescription::CertificateUnknown;

fn said(chain: &[&Certificate], trusted: &[&Authority]) -> (&'static str, String, String) {
    let diagnosis = refused(ANY, chain, trusted).diagnosed();
    (diagnosis.rule.code, diagnosis.explanation.cause, diagnosis.explanation.fix)
}

#[test]
fn no_certificate_though_one_was_asked_for() {
    let authority = root("root");
    for alert in [AlertDescription::BadCertificate, AlertDescription::CertificateRequired, AlertDescription::HandshakeFailure] {
        let diagnosis = refused(alert, &[], &[&authority]).diagnosed();
        assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("client-certificate-missing", Side::Client));
        assert!(diagnosis.explanation.fix.contains("a certificate of CN=root"), "{}", diagnosis.explanation.fix);
    }
    // TLS 1.2 says so within the handshake, and a race may leave no word at all.
    for step in [Step::Handshake, Step::Acceptance] {
        let evidence = failed(step, Symptom::Closed).serving(&[&authority.broker(same)]).asked_for(&[&authority]);
        assert_eq!(evidence.code(), "client-certificate-missing");
    }
}

#[test]
fn dates_are_told_with_the_certificate_that_has_them() {
    let authority = root("root");
    let old = authority.leaf("orders", |parameters| parameters.not_after = NOW - Duration::days(1));
    let (code, cause, _) = said(&[&old], &[&authority]);
    assert_eq!((code, &*cause), ("client-expired", "the client's certificate CN=orders ended on 2026-05-31"));
    let early = authority.leaf("orders", |parameters| parameters.not_before = NOW + Duration::days(1));
    assert_eq!(said(&[&early], &[&authority]).0, "client-not-yet-valid");
    // Erlang calls that expired.
    assert_eq!(refused(AlertDescription::CertificateExpired, &[&early], &[&authority]).code(), "client-not-yet-valid");
}

#[test]
fn an_end_that_only_the_broker_sees_is_a_matter_of_its_clock_or_of_its_authorities() {
    let authority = root("root");
    let diagnosis = refused(AlertDescription::CertificateExpired, &[&authority.leaf("orders", same)], &[&authority]).diagnosed();
    assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("client-expired", Side::Broker));
    assert!(diagnosis.explanation.fix.contains("clock"), "{}", diagnosis.explanation.fix);
}

#[test]
fn a_certificate_for_servers_alone() {
    let authority = root("root");
    let server = authority.leaf("orders", |parameters| parameters.extended_key_usages = SERVER.to_vec());
    let (code, cause, fix) = said(&[&server], &[&authority]);
    assert_eq!(code, "client-wrong-usage");
    assert!(cause.contains("CN=orders may not be used for clientAuth") && fix.contains("clientAuth"), "{cause}; {fix}");
}

#[test]
fn a_leaf_without_the_intermediate_that_the_server_itself_serves() {
    let authority = root("root");
    let issuing = authority.issuing("issuing");
    let evidence = refused(ANY, &[&issuing.leaf("orders", same)], &[&authority]).serving(&[&issuing.broker(same), &issuing.certificate]);
    let diagnosis = evidence.diagnosed();
    assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("client-chain-incomplete", Side::Client));
    assert!(diagnosis.explanation.fix.starts_with("append the certificate of CN=issuing to the client's chain"));
}

#[test]
fn a_leaf_alone_is_short_of_whatever_is_known_to_lead_to_a_named_authority() {
    let authority = root("root");
    let policy = authority.issuing("policy");
    let issuing = policy.issuing("issuing");
    let sent_alone = || refused(ANY, &[&issuing.leaf("orders", same)], &[&authority]);
    // One after the other, from whomever the client has them.
    assert_eq!(sent_alone().serving(&[&issuing.certificate, &policy.certificate]).code(), "client-chain-incomplete");
    assert_eq!(sent_alone().trusting(&[&authority, &policy]).serving(&[&issuing.certificate]).code(), "client-chain-incomplete");
    // The issuer is known, and leads nowhere.
    assert_eq!(sent_alone().serving(&[&issuing.certificate]).code(), "client-issuer-unknown");
}

#[test]
fn a_leaf_alone_of_an_unknown_issuer_is_strange_or_short_and_both_are_said() {
    let authority = root("root");
    let issuing = authority.issuing("issuing");
    for issuer in [root("stranger"), authority.issuing("stranger")] {
        let evidence = refused(ANY, &[&issuer.leaf("orders", same)], &[&authority]).serving(&[&issuing.broker(same), &issuing.certificate]);
        let diagnosis = evidence.diagnosed();
        assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("client-issuer-unknown", Side::Client));
        let (cause, fix) = (diagnosis.explanation.cause, diagnosis.explanation.fix);
        assert!(cause.ends_with("another authority, or an intermediate that the client does not send along"), "{cause}");
        assert!(fix.contains("add CN=stranger to ssl.truststore.location of the broker"), "{fix}");
        assert!(fix.contains("append its certificate to the client's chain (ssl.keystore.location"), "{fix}");
    }
}

#[test]
fn a_client_of_another_authority() {
    let (authority, rogue) = (root("root"), root("rogue"));
    let leaf = rogue.leaf("orders", same);
    let (code, cause, fix) = said(&[&leaf, &rogue.certificate], &[&authority]);
    assert_eq!(code, "client-issuer-unknown");
    assert_eq!(cause, "the chain of CN=orders ends at CN=rogue, and the broker trusts CN=root");
    assert!(fix.contains("ssl.truststore.location of the broker"), "{fix}");
    // With the leaf alone nobody can tell from outside.
    let (code, _, fix) = said(&[&leaf], &[&authority]);
    assert!(code == "client-issuer-unknown" && fix.contains("append its certificate"), "{code}: {fix}");
    let rabbitmq = refused(AlertDescription::UnknownCA, &[&leaf], &[&authority]).at_rabbitmq().diagnosed();
    assert!(rabbitmq.explanation.fix.contains("ssl_options.cacertfile"), "{}", rabbitmq.explanation.fix);
}

#[test]
fn an_authority_of_the_right_name_with_another_key() {
    let (authority, anew) = (root("root"), root("root"));
    let (code, cause, _) = said(&[&anew.leaf("orders", same)], &[&authority]);
    assert_eq!(code, "client-issuer-unknown");
    assert!(cause.contains("same name with another key"), "{cause}");
}

#[test]
fn certificates_that_no_server_takes_for_a_client() {
    let authority = root("root");
    let alert = AlertDescription::BadCertificate;
    assert_eq!(refused(alert, &[&self_signed("orders")], &[&authority]).at_rabbitmq().code(), "client-self-signed");
    assert_eq!(refused(alert, &[&authority.certificate], &[&authority]).at_rabbitmq().code(), "client-is-authority");
    // What `openssl req -x509` makes says CA:TRUE, and is no authority of anybody.
    assert_eq!(refused(alert, &[&changed_root("orders", same).certificate], &[&authority]).at_rabbitmq().code(), "client-self-signed");
    assert_eq!(refused(AlertDescription::CertificateRevoked, &[&authority.leaf("orders", same)], &[&authority]).code(), "client-revoked");
}

#[test]
fn nothing_wrong_from_here_is_for_the_log_to_tell() {
    let authority = root("root");
    let kafka = refused(AlertDescription::InternalError, &[&authority.leaf("orders", same)], &[&authority]).diagnosed();
    assert_eq!(kafka.rule.code, "client-refused");
    assert!(kafka.explanation.fix.contains("org.apache.kafka.common.network"), "{}", kafka.explanation.fix);
    let closed = failed(Step::Acceptance, Symptom::Closed).showing(&[&authority.leaf("orders", same)]).trusting(&[&authority]);
    assert_eq!(closed.code(), "client-refused");
    assert!(closed.diagnosed().explanation.cause.contains("asked for no client certificate"));
}

#[test]
fn unknown_ca_is_about_the_issuer_whatever_the_dates_are() {
    let (authority, rogue) = (root("root"), root("rogue"));
    let old = rogue.leaf("orders", |parameters| parameters.not_after = NOW - Duration::days(1));
    assert_eq!(refused(AlertDescription::UnknownCA, &[&old], &[&authority]).code(), "client-issuer-unknown");
}
