//! What is said of the server's certificate, and who has to mend it.

use rcgen::SanType;
use time::Duration;

use super::Side;
use super::fixture::{CLIENT, NOW, changed_root, failed, refuses, root, same, self_signed};
use super::{Step, Symptom};

#[test]
fn an_expired_certificate_is_named_with_the_day_on_which_it_ended() {
    let authority = root("root");
    let old = authority.broker(|parameters| parameters.not_after = NOW - Duration::days(1));
    let diagnosis = refuses(&[&old], &[&authority]).diagnosed();
    assert_eq!(diagnosis.rule.code, "server-expired");
    assert_eq!(diagnosis.explanation.side, Side::Broker);
    assert_eq!(diagnosis.explanation.certificate.as_deref(), Some("CN=broker-1"));
    assert_eq!(diagnosis.explanation.cause, "the certificate CN=broker-1 of broker-1.example:9093 ended on 2026-05-31");
    assert!(diagnosis.explanation.fix.contains("ssl.keystore.location"));
}

#[test]
fn the_same_at_rabbitmq_is_mended_in_its_own_words() {
    let authority = root("root");
    let old = authority.broker(|parameters| parameters.not_after = NOW - Duration::days(1));
    let fix = refuses(&[&old], &[&authority]).at_rabbitmq().judged().diagnosed().explanation.fix;
    assert!(fix.contains("ssl_options.certfile") && fix.contains("ssl:clear_pem_cache"), "{fix}");
}

#[test]
fn a_certificate_that_has_not_begun_and_one_for_clients_alone() {
    let authority = root("root");
    let early = authority.broker(|parameters| parameters.not_before = NOW + Duration::days(1));
    assert_eq!(refuses(&[&early], &[&authority]).code(), "server-not-yet-valid");
    let client = authority.broker(|parameters| parameters.extended_key_usages = CLIENT.to_vec());
    assert_eq!(refuses(&[&client], &[&authority]).code(), "server-wrong-usage");
}

#[test]
fn an_authority_that_has_ended_is_the_clients_to_replace_where_the_client_trusts_it() {
    let authority = changed_root("root", |parameters| parameters.not_after = NOW - Duration::days(1));
    let diagnosis = refuses(&[&authority.broker(same)], &[&authority]).diagnosed();
    assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("server-authority-expired", Side::Client));
    assert_eq!(diagnosis.explanation.certificate.as_deref(), Some("CN=root"));
}

#[test]
fn an_intermediate_that_the_client_itself_sends_is_missing_at_the_server() {
    let authority = root("root");
    let issuing = authority.issuing("issuing");
    let client = issuing.leaf("orders", same);
    let evidence = refuses(&[&issuing.broker(same)], &[&authority]).showing(&[&client, &issuing.certificate]);
    let diagnosis = evidence.diagnosed();
    assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("server-chain-incomplete", Side::Broker));
    assert!(!diagnosis.explanation.cause.contains("or is no authority"), "{}", diagnosis.explanation.cause);
    assert!(diagnosis.explanation.fix.starts_with("append the certificate of CN=issuing to the chain in ssl.keystore.location"));
}

#[test]
fn a_server_that_trusts_what_the_client_trusts_leaves_something_out() {
    let authority = root("root");
    let leaf = authority.issuing("issuing").broker(same);
    assert_eq!(refuses(&[&leaf], &[&authority]).asked_for(&[&authority]).code(), "server-chain-incomplete");
    // It sends the root, which the client has, in place of the intermediate.
    assert_eq!(refuses(&[&leaf, &authority.certificate], &[&authority]).code(), "server-chain-incomplete");
}

#[test]
fn a_client_with_another_authority_has_the_wrong_one() {
    let (authority, other) = (root("root"), root("other"));
    let issuing = authority.issuing("issuing");
    let leaf = issuing.broker(same);
    for served in [vec![&leaf, &issuing.certificate], vec![&leaf, &issuing.certificate, &authority.certificate]] {
        let diagnosis = refuses(&served, &[&other]).diagnosed();
        assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("server-issuer-unknown", Side::Client));
        assert!(diagnosis.explanation.cause.contains("CN=root") && diagnosis.explanation.cause.contains("CN=other"));
        assert!(diagnosis.explanation.fix.contains("ssl.ca.location"));
    }
    let evidence = refuses(&[&authority.broker(same)], &[&other]).asked_for(&[&authority]);
    assert_eq!(evidence.code(), "server-issuer-unknown");
}

#[test]
fn where_both_are_possible_both_are_said() {
    let evidence = refuses(&[&root("root").broker(same)], &[&root("other")]);
    let explanation = evidence.diagnosed().explanation;
    assert!(explanation.cause.contains("the wrong authority or the server leaves out"), "{}", explanation.cause);
    assert!(explanation.fix.contains("every intermediate"), "{}", explanation.fix);
}

#[test]
fn an_authority_that_was_made_anew_has_the_name_and_not_the_key() {
    let (authority, anew) = (root("root"), root("root"));
    for served in [vec![&authority.broker(same)], vec![&authority.broker(same), &authority.certificate]] {
        let diagnosis = refuses(&served, &[&anew]).diagnosed();
        assert_eq!(diagnosis.rule.code, "server-issuer-unknown");
        assert!(diagnosis.explanation.cause.contains("but not with the key that signed"), "{}", diagnosis.explanation.cause);
    }
}

#[test]
fn a_self_signed_server() {
    assert_eq!(refuses(&[&self_signed("broker-1")], &[&root("root")]).code(), "server-self-signed");
}

#[test]
fn a_name_that_the_certificate_has_not_is_answered_with_those_that_it_has() {
    let authority = root("root");
    let named = |names: &[SanType], endpoint: &str| {
        let leaf = authority.broker(|parameters| parameters.subject_alt_names = names.to_vec());
        let evidence = refuses(&[&leaf], &[&authority]).with(|evidence| evidence.endpoint = endpoint.parse().unwrap()).judged();
        (evidence.code(), evidence.diagnosed().explanation)
    };
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());

    let (code, said) = named(&[dns("broker-2.example")], "broker-1.example:9093");
    assert_eq!(code, "server-name-mismatch");
    assert_eq!(said.cause, "CN=broker-1 is not valid for broker-1.example: it has DNS:broker-2.example");
    assert!(said.fix.contains("DNS:broker-1.example"), "{}", said.fix);

    let (_, said) = named(&[dns("10.0.0.1")], "10.0.0.1:9093");
    assert!(said.cause.ends_with("must be an IP address") && said.fix.contains("IP:10.0.0.1"), "{said:?}");
    let (_, said) = named(&[dns("broker-1.example.")], "broker-1.example:9093");
    assert!(said.cause.contains("ends in a dot"), "{said:?}");
    let (_, said) = named(&[dns("*.example")], "a.b.example:9093");
    assert!(said.cause.contains("one label only"), "{said:?}");
    let (_, said) = named(&[], "broker-1.example:9093");
    assert!(said.cause.contains("no subject alternative name"), "{said:?}");
}

#[test]
fn a_name_that_kafka_advertises_is_mended_there() {
    let authority = root("root");
    let leaf = authority.broker(same);
    let evidence =
        refuses(&[&leaf], &[&authority]).with(|evidence| evidence.endpoint = "10.1.2.3:9093".parse().unwrap()).judged().advertised();
    let diagnosis = evidence.diagnosed();
    assert_eq!((diagnosis.rule.code, diagnosis.explanation.side), ("advertised-name-wrong", Side::Broker));
    assert!(diagnosis.explanation.cause.starts_with("kafka.example:9093 advertises broker 1 as 10.1.2.3:9093"));
    assert!(diagnosis.explanation.fix.contains("advertised.listeners of broker 1"));
    for symptom in [Symptom::ConnectionRefused, Symptom::NameUnknown { error: "no such host".to_owned() }, Symptom::Silence { seconds: 5 }]
    {
        assert_eq!(failed(Step::Connect, symptom).advertised().code(), "advertised-name-wrong");
    }
}

#[test]
fn the_trust_decides_before_the_name() {
    let evidence = refuses(&[&root("root").broker(same)], &[&root("other")])
        .with(|evidence| evidence.endpoint = "broker-9.example:9093".parse().unwrap())
        .judged();
    assert_eq!(evidence.code(), "server-issuer-unknown");
}
