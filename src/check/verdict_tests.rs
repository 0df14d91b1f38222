//! With anchors: the verdict is what is found about the chain.

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use time::Duration;

use super::fixture::*;
use super::{Checked, Options, contents};
use crate::finding::Severity;
use crate::keystore::Format;
use crate::path::{Fault, FaultKind, Opinion, Validator, Verdict};
use crate::pki::{Certificate, Host, KeyKind, Usage};

fn judged(chain: &[&Made], anchors: &[Certificate], ask: impl FnOnce(&mut Options<'_>)) -> Checked {
    let mut options = Options { anchors, ..options() };
    ask(&mut options);
    contents("k.jks", &file(Format::Jks, vec![key_entry("broker-1", chain)]), &options)
}

fn errors(checked: &Checked) -> Vec<&'static str> {
    let errors: Vec<_> = checked.findings.iter().filter(|finding| finding.rule.severity == Severity::Error).cloned().collect();
    codes_of(&errors)
}

#[test]
fn a_chain_that_holds_has_no_findings() {
    let root = root("root");
    let broker = broker("broker-1", &root);
    let anchors = [root.certificate.clone()];
    let name: Host = "broker-1.example".parse().unwrap();
    for purpose in [Usage::ServerAuth, Usage::ClientAuth] {
        let checked = contents(
            "k.jks",
            &file(Format::Jks, vec![key_entry("broker-1", &[&broker])]),
            &Options { anchors: &anchors, purpose: Some(purpose), name: Some(&name), ..options() },
        );
        assert_eq!(codes_of(&checked.findings), [""; 0]);
        assert!(checked.verdict.unwrap().holds());
    }
}

#[test]
fn each_fault_is_an_error_with_its_certificate() {
    let [root, other] = ["root", "other"].map(root);
    let broker = broker("broker-1", &root);
    let anchors = [root.certificate.clone()];
    let unknown = judged(&[&broker], std::slice::from_ref(&other.certificate), |_| ());
    assert_eq!(errors(&unknown), ["chain-issuer-unknown"]);
    assert_eq!(
        unknown.findings.iter().find(|f| f.rule.code == "chain-issuer-unknown").unwrap().place.entry.as_deref(),
        Some("CN=broker-1")
    );
    let later = judged(&[&broker], &anchors, |options| options.at = NOW + Duration::days(100));
    assert_eq!(errors(&later), ["chain-expired"], "said once, by the verdict");
    let mut params = broker_params("broker-1");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = signed(params, KeyKind::P256, Some(&root));
    assert_eq!(errors(&judged(&[&server], &anchors, |options| options.purpose = Some(Usage::ClientAuth))), ["chain-purpose-not-allowed"]);
}

/// What a profile would rather not see is no error where the chain holds.
#[test]
fn what_the_verdict_accepts_has_no_error() {
    let root = root("root");
    let mut params = broker_params("broker-1");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages.clear();
    params.subject_alt_names.clear();
    let plain = signed(params, KeyKind::P256, Some(&root));
    let stranger = issuing("stranger", &crate::check::fixture::root("other"));
    let mut expired = broker_params("expired");
    expired.not_after = NOW - Duration::days(1);
    let expired = signed(expired, KeyKind::P256, Some(&root));
    let checked = judged(&[&plain, &stranger, &expired], std::slice::from_ref(&root.certificate), |_| ());
    assert_eq!(errors(&checked), [""; 0]);
    assert!(codes_of(&checked.findings).contains(&"expired-unused"));
}

#[test]
fn who_sees_it_differently_is_named() {
    let leaf = broker("broker-1", &root("root")).certificate;
    let opinion = |validator, accepts| Opinion { validator, accepts, because: "an anchor has expired".to_owned() };
    let opinions = vec![opinion(Validator::Java, true), opinion(Validator::Erlang, false)];
    let holds = Verdict { path: vec![leaf.clone()], faults: Vec::new(), opinions: opinions.clone() };
    let found = super::chain::findings("k.jks", &holds);
    assert_eq!(codes_of(&found), ["chain-refused-by-some"]);
    assert_eq!(found[0].message, "the chain holds, and Erlang (RabbitMQ) will not accept it, because an anchor has expired");
    let fault = Fault { at: 0, subject: leaf.subject.clone(), kind: FaultKind::Expired(NOW) };
    let fails = Verdict { path: vec![leaf], faults: vec![fault], opinions };
    let found = super::chain::findings("k.jks", &fails);
    assert_eq!(codes_of(&found), ["chain-accepted-by-some", "chain-expired"]);
    assert!(found[1].message.contains("Java (Kafka) accepts it"), "{}", found[1].message);
}
