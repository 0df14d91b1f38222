//! Findings about what a TLS endpoint shows, its certificates aside.

use std::collections::BTreeSet;

use super::config_certificates::covers;
use super::{Finding, Place, Rule};
use crate::describe::{Observation, TlsVersion, Weakness};
use crate::pki::{Certificate, Host};

pub const RULES: &[&Rule] = &[&OLD_VERSION, &WEAK_SUITE, &NO_FORWARD_SECRECY, &NO_CLIENT_CERTIFICATE, &NAME_NOT_COVERED];

const OLD_VERSION: Rule = Rule::warning(
    "endpoint-old-version",
    "Endpoint that takes TLS 1.0 or 1.1",
    "Both are withdrawn (RFC 8996). Java, OpenSSL 3 and Erlang refuse them unless they are told otherwise, so only a setting lets them in.",
);

const WEAK_SUITE: Rule = Rule::warning(
    "endpoint-weak-suite",
    "Endpoint that takes a broken cipher suite",
    "A suite without encryption or authentication, of export grade, with RC4 (RFC 7465) or with blocks of 64 bits protects nothing; an attacker in between needs one client that can be talked into it.",
);

const NO_FORWARD_SECRECY: Rule = Rule::note(
    "endpoint-no-forward-secrecy",
    "Endpoint that takes suites without forward secrecy",
    "Whoever gets the server's key later reads what is said today (RFC 9325, 4.1).",
);

const NO_CLIENT_CERTIFICATE: Rule = Rule::note(
    "endpoint-asks-no-certificate",
    "Endpoint that asks for no client certificate",
    "Without `ssl.client.auth=required` in Kafka or `verify_peer` with `fail_if_no_peer_cert` in RabbitMQ, TLS does not say who the client is.",
);

const NAME_NOT_COVERED: Rule = Rule::error(
    "endpoint-name-not-covered",
    "Endpoint whose certificate has another name",
    "Every client that checks the host name refuses it (RFC 9525): Java since Kafka 2.0, librdkafka since 2.0, Erlang and rustls.",
);

/// What is wrong with `observed`, seen at `target`.
pub fn endpoint(target: &str, observed: &Observation) -> Vec<Finding> {
    let place = || Place::target(target);
    let mut findings = Vec::new();
    let old = [TlsVersion::V1_1, TlsVersion::V1_0];
    for accepted in observed.accepted.iter().filter(|accepted| old.contains(&accepted.version)) {
        let fix = "set ssl.enabled.protocols=TLSv1.3,TLSv1.2, or ssl_options.versions";
        findings.push(OLD_VERSION.at(place(), format!("it takes {}", accepted.version.name()), fix));
    }
    let broken = suites(observed, |weakness| weakness != Weakness::NoForwardSecrecy);
    let lasting = suites(observed, |weakness| weakness == Weakness::NoForwardSecrecy);
    if !broken.is_empty() {
        findings.push(WEAK_SUITE.at(place(), format!("it takes {}", broken.join(", ")), "leave these suites out of its configuration"));
    }
    if !lasting.is_empty() {
        findings.push(NO_FORWARD_SECRECY.at(place(), format!("it takes {}", lasting.join(", ")), "keep to ECDHE suites and TLS 1.3"));
    }
    if observed.client_certificate.is_none() {
        let fix = "require one where clients are to be known by their certificates";
        findings.push(NO_CLIENT_CERTIFICATE.at(place(), "it asks for no client certificate", fix));
    }
    findings
}

/// Whether the certificate that is served is for the name that was asked for. A verdict says the same, and more.
pub fn served_name(target: &str, served: &[Certificate], name: &Host) -> Option<Finding> {
    let leaf = served.first().filter(|leaf| !covers(leaf, &name.to_string()))?;
    let names: Vec<String> = leaf.names.iter().map(ToString::to_string).collect();
    let has = if names.is_empty() { "no alternative name".to_owned() } else { names.join(", ") };
    let message = format!("the certificate of {} is not for {name}; it has {has}", leaf.subject);
    Some(NAME_NOT_COVERED.at(Place::target(target), message, "issue it with every name by which it is reached"))
}

/// The names of the suites that are weak in such a way, each once.
fn suites(observed: &Observation, such: impl Fn(Weakness) -> bool) -> Vec<String> {
    let all = observed.accepted.iter().flat_map(|accepted| &accepted.cipher_suites);
    let names: BTreeSet<&str> = all.filter(|suite| suite.weakness.is_some_and(&such)).map(|suite| suite.name.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}
