//! Rules on what a TLS endpoint shows: versions, cipher suites, the name, and whom it asks for a certificate. The certificates that
//! it serves are judged as any others are ([`Observation::contents`]).

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use crate::describe::{Observation, TlsVersion, Weakness};
use crate::finding::{Finding, Place, Rule, Severity};
use crate::pki::{Certificate, Host};

pub const RULES: &[&Rule] =
    &[&OLD_VERSION, &WEAK_CIPHER, &NO_FORWARD_SECRECY, &NOT_FOR_THIS_NAME, &ROOT_SERVED, &NOBODY_ASKED, &ANYBODY_ASKED];

const OLD_VERSION: Rule = Rule {
    code: "tls-version-old",
    severity: Severity::Warning,
    title: "a version of TLS that is deprecated",
    why: "RFC 8996: TLS 1.0 and 1.1 must not be used. Kafka, Java and Erlang have them off unless somebody turned them on.",
};
const WEAK_CIPHER: Rule = Rule {
    code: "tls-cipher-weak",
    severity: Severity::Error,
    title: "a cipher suite that protects nothing",
    why: "Without encryption or authentication, or with export keys, RC4 (RFC 7465) or blocks of 64 bits (Sweet32), whoever is on the way reads along.",
};
const NO_FORWARD_SECRECY: Rule = Rule {
    code: "tls-no-forward-secrecy",
    severity: Severity::Note,
    title: "a cipher suite without forward secrecy",
    why: "RFC 9325, 4.1: whoever gets the server's key later can read what was recorded before.",
};
const NOT_FOR_THIS_NAME: Rule = Rule {
    code: "tls-name-not-covered",
    severity: Severity::Error,
    title: "the served certificate does not cover the name",
    why: "Kafka's clients check the name since 2.0 (ssl.endpoint.identification.algorithm=https), librdkafka and rustls too; they close the connection.",
};
const ROOT_SERVED: Rule = Rule {
    code: "tls-root-served",
    severity: Severity::Note,
    title: "the root is served",
    why: "RFC 8446, 4.4.2: a client has the root already, or does not trust it. It only makes each handshake longer.",
};
const NOBODY_ASKED: Rule = Rule {
    code: "tls-no-client-certificate",
    severity: Severity::Note,
    title: "no client is asked for a certificate",
    why: "With ssl.client.auth=none (Kafka) or verify_none (RabbitMQ) clients are known by password, or not at all: this is no mutual TLS.",
};
const ANYBODY_ASKED: Rule = Rule {
    code: "tls-no-issuers-named",
    severity: Severity::Note,
    title: "certificates are asked for, and no issuer is named",
    why: "Java clients choose their certificate by the issuers that the server names (RFC 8446, 4.2.4); with several they may send the wrong one.",
};

/// Every rule on one endpoint. `target` is how the findings name it; `name` is the name by which clients reach it.
pub fn endpoint(target: &str, observed: &Observation, name: &Host) -> Vec<Finding> {
    let say = |rule, message: String, fix: &str| Finding {
        rule,
        place: Place { target: target.to_owned(), ..Place::default() },
        message,
        fix: fix.to_owned(),
    };
    let mut found = Vec::new();
    for accepted in observed.accepted.iter().filter(|accepted| accepted.version < TlsVersion::V1_2) {
        let message = format!("{} is accepted", accepted.version.name());
        found.push(say(
            &OLD_VERSION,
            message,
            "leave TLSv1.2 and TLSv1.3 alone in ssl.enabled.protocols (Kafka) or ssl_options.versions (RabbitMQ)",
        ));
    }
    for rule in [&WEAK_CIPHER, &NO_FORWARD_SECRECY] {
        let suites = suites(observed, rule);
        if !suites.is_empty() {
            let message = format!("accepted: {}", suites.join(", "));
            found.push(say(rule, message, "name the suites to keep in ssl.cipher.suites (Kafka) or ssl_options.ciphers (RabbitMQ)"));
        }
    }
    if let Some(leaf) = observed.served.first() {
        if let Some(why) = not_covered(leaf, name) {
            found.push(say(&NOT_FOR_THIS_NAME, why, "issue the certificate again with this name among its subject alternative names"));
        }
        if let Some(root) = observed.served[1..].iter().find(|one| one.issuer_der == one.subject_der) {
            let message = format!("the chain ends with {}", root.subject);
            found.push(say(&ROOT_SERVED, message, "leave the root out of the key store's chain or certfile"));
        }
    }
    match &observed.client_certificate {
        None => found.push(say(
            &NOBODY_ASKED,
            "no client certificate is asked for".to_owned(),
            "set ssl.client.auth=required (Kafka), or verify_peer with fail_if_no_peer_cert=true (RabbitMQ)",
        )),
        Some(request) if request.issuers.is_empty() => found.push(say(
            &ANYBODY_ASKED,
            "a client certificate is asked for, from any issuer".to_owned(),
            "check that the trust store or cacertfile holds the authority of the clients",
        )),
        Some(_) => {}
    }
    found
}

/// The weak suites that `rule` is about, each once.
fn suites<'a>(observed: &'a Observation, rule: &Rule) -> Vec<&'a str> {
    let forward = *rule == NO_FORWARD_SECRECY;
    let meant = |weakness: Weakness| (weakness == Weakness::NoForwardSecrecy) == forward;
    let all = observed.accepted.iter().flat_map(|accepted| &accepted.cipher_suites);
    let mut names: Vec<&str> = all.filter(|suite| suite.weakness.is_some_and(meant)).map(|suite| suite.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What rustls says of it, as any client that asks for `name` would.
fn not_covered(leaf: &Certificate, name: &Host) -> Option<String> {
    let name = match name {
        Host::Ip(ip) => ServerName::IpAddress((*ip).into()),
        Host::Dns(dns) => ServerName::try_from(dns.as_str()).ok()?,
    };
    let der = CertificateDer::from(leaf.der());
    let parsed = ParsedCertificate::try_from(&der).ok()?;
    verify_server_name(&parsed, &name).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{AcceptedVersion, CertificateRequest, CipherSuite};

    fn certificate(name: &str) -> Certificate {
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        Certificate::from_der(params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()).unwrap()
    }

    /// What a sound endpoint shows.
    fn sound() -> Observation {
        let accepted =
            |version, suite: &str| AcceptedVersion { version, cipher_suites: vec![CipherSuite::from(suite)], group: None, cut_short: None };
        Observation {
            accepted: vec![
                accepted(TlsVersion::V1_3, "TLS_AES_128_GCM_SHA256"),
                accepted(TlsVersion::V1_2, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            ],
            refused: Vec::new(),
            served: vec![certificate("broker-1.example")],
            also_served: Vec::new(),
            client_certificate: Some(CertificateRequest { issuers: vec!["CN=root".to_owned()], signature_schemes: Vec::new() }),
        }
    }

    fn codes(observed: &Observation, name: &str) -> Vec<&'static str> {
        endpoint("broker-1.example:9093", observed, &name.parse().unwrap()).iter().map(|finding| finding.rule.code).collect()
    }

    #[test]
    fn a_sound_endpoint_has_no_findings() {
        assert_eq!(codes(&sound(), "broker-1.example"), Vec::<&str>::new());
    }

    #[test]
    fn each_fault_has_its_finding() {
        let changed = |change: fn(&mut Observation)| {
            let mut observed = sound();
            change(&mut observed);
            codes(&observed, "broker-1.example")
        };
        assert_eq!(codes(&sound(), "other.example"), ["tls-name-not-covered"]);
        assert_eq!(codes(&sound(), "10.0.0.1"), ["tls-name-not-covered"]);
        assert_eq!(changed(|seen| seen.accepted[1].version = TlsVersion::V1_1), ["tls-version-old"]);
        assert_eq!(changed(|seen| seen.client_certificate = None), ["tls-no-client-certificate"]);
        assert_eq!(changed(|seen| seen.client_certificate.as_mut().unwrap().issuers.clear()), ["tls-no-issuers-named"]);
        assert_eq!(changed(|seen| seen.served.push(certificate("root.example"))), ["tls-root-served"]);
        let weak = |suite: &str| {
            let mut observed = sound();
            observed.accepted[1].cipher_suites.push(CipherSuite::from(suite));
            codes(&observed, "broker-1.example")
        };
        assert_eq!(weak("TLS_RSA_WITH_3DES_EDE_CBC_SHA"), ["tls-cipher-weak"]);
        assert_eq!(weak("TLS_RSA_WITH_AES_128_CBC_SHA"), ["tls-no-forward-secrecy"]);
    }
}
