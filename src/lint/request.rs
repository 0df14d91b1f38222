//! What is wrong with one certification request by itself (RFC 2986, RFC 2985).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use super::der::Element;
use super::facts::Extensions;
use super::findings::Findings;
use super::general_names::general_name;
use super::{criticality, distinguished_names, encoding, oids, public_key, signature_algorithms, syntax};
use crate::finding::{Finding, Place, Rule, Severity};
use crate::pki::Request;

pub const RULES: &[&Rule] = &[&REQUEST_VERSION, &REQUEST_SIGNATURE, &REQUEST_WITHOUT_NAMES, &REQUEST_PASSWORD];

const REQUEST_VERSION: Rule = Rule {
    code: "request-version",
    severity: Severity::Error,
    title: "a request of an unknown version",
    why: "RFC 2986, 4.1: the version is 0. OpenSSL and authorities built on Go refuse the rest.",
};
const REQUEST_SIGNATURE: Rule = Rule {
    code: "request-signature",
    severity: Severity::Error,
    title: "a request whose signature does not hold",
    why: "The signature proves that the requester has the private key (RFC 2986, 3): every authority refuses a request that does not.",
};
const REQUEST_WITHOUT_NAMES: Rule = Rule {
    code: "request-without-names",
    severity: Severity::Warning,
    title: "a request for no host name",
    why: "Clients read host names from subjectAltName alone. Most authorities copy it from the request, and few make one up.",
};
const REQUEST_PASSWORD: Rule = Rule {
    code: "request-password",
    severity: Severity::Warning,
    title: "a request with a password in it",
    why: "challengePassword (RFC 2985, 5.4.1) stands in the request in clear text.",
};

/// Every finding about `request`.
pub fn request(request: &Request, place: &Place) -> Vec<Finding> {
    of_der(request.der(), place)
}

fn of_der(der: &[u8], place: &Place) -> Vec<Finding> {
    let mut found = Findings::at(place);
    if let Some(parts) = Parts::of(der) {
        encoding::whole(parts.whole, &syntax::CERTIFICATION_REQUEST, &mut found);
        encoding::extension_values(&parts.extensions, &mut found);
        encoding::no_extension_twice(&parts.extensions, &mut found);
        criticality::critical_is_known(&parts.extensions, &mut found);
        distinguished_names::name(parts.subject, "subject", &mut found);
        public_key::info(parts.key, &mut found);
        signature_algorithms::parameters(parts.algorithm, "beside the signature", &mut found);
        signature_algorithms::is_known(parts.algorithm, &mut found);
        signature_algorithms::digest_holds(parts.algorithm, &mut found);
        for rule in [version, signature, names, password] {
            rule(&parts, &mut found);
        }
    }
    found.into_list()
}

/// A certification request, each part as it stands in the file.
#[derive(Debug)]
struct Parts<'a> {
    whole: Element<'a>,
    version: Element<'a>,
    subject: Element<'a>,
    key: Element<'a>,
    algorithm: Element<'a>,
    has_password: bool,
    /// Those that it asks for.
    extensions: Extensions<'a>,
}

impl<'a> Parts<'a> {
    fn of(der: &'a [u8]) -> Option<Self> {
        let whole = Element::only(der, 0)?;
        let info = whole.child(0)?;
        let attributes = || info.children().skip(3).flat_map(|attributes| attributes.children());
        let attribute = |oid| attributes().find(|attribute| attribute.child(0).is_some_and(|id| oids::is(id, oid)));
        Some(Self {
            whole,
            version: info.child(0)?,
            subject: info.child(1)?,
            key: info.child(2)?,
            algorithm: whole.child(1)?,
            has_password: attribute(oids::CHALLENGE_PASSWORD).is_some(),
            extensions: attribute(oids::EXTENSION_REQUEST)
                .and_then(|request| request.child(1)?.child(0))
                .map(Extensions::of)
                .unwrap_or_default(),
        })
    }
}

fn version(parts: &Parts<'_>, found: &mut Findings<'_>) {
    if parts.version.content != [0] {
        let version = parts.version.number().map_or_else(|| "a long number".to_owned(), |number| number.to_string());
        found.add(&REQUEST_VERSION, format!("its version is {version}"), "make the request again, with the version 0 (RFC 2986, 4.1)");
    }
}

fn signature(parts: &Parts<'_>, found: &mut Findings<'_>) {
    use x509_parser::error::X509Error;
    let verdict = X509CertificationRequest::from_der(parts.whole.raw).map(|(_, request)| request.verify_signature());
    if let Ok(Err(X509Error::SignatureVerificationError)) = verdict {
        found.add(&REQUEST_SIGNATURE, "its signature does not hold for its own key", "make the request again with the private key at hand");
    }
}

fn names(parts: &Parts<'_>, found: &mut Findings<'_>) {
    match parts.extensions.body(oids::SUBJECT_ALT_NAME) {
        Some(names) => names.children().for_each(|name| general_name(name, "subjectAltName", found)),
        None => found.add(
            &REQUEST_WITHOUT_NAMES,
            "it asks for no subjectAltName",
            "make the request again with every host name and address as subjectAltName",
        ),
    }
}

fn password(parts: &Parts<'_>, found: &mut Findings<'_>) {
    if parts.has_password {
        found.add(
            &REQUEST_PASSWORD,
            "it has a challengePassword",
            "make the request again without; if the password is used elsewhere, change it",
        );
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::super::der::{SET, UTF8_STRING};
    use super::super::specimen::{oid, sequence, tlv};
    use super::*;

    fn codes(der: &[u8]) -> Vec<&'static str> {
        of_der(der, &Place::default()).iter().map(|finding| finding.rule.code).collect()
    }

    fn made(names: &[&str]) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        CertificateParams::new(names).unwrap().serialize_request(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_request_with_names_is_without_fault() {
        assert!(codes(&made(&["broker-1.example.com"])).is_empty());
        assert_eq!(codes(&made(&[])), ["request-without-names"]);
    }

    #[test]
    fn a_changed_request_no_longer_holds() {
        let mut der = made(&["broker-1.example.com"]);
        let at = der.windows(8).position(|window| window == b"broker-1").unwrap();
        der[at + 7] = b'2';
        assert_eq!(codes(&der), ["request-signature"]);
    }

    #[test]
    fn version_and_password_are_looked_at() {
        let der = made(&["broker-1.example.com"]);
        let whole = Element::only(&der, 0).unwrap();
        let fields: Vec<_> = whole.child(0).unwrap().children().map(|field| field.raw.to_vec()).collect();
        let remade = |version, attributes| {
            let info = sequence([version, fields[1].clone(), fields[2].clone(), attributes]);
            codes(&sequence([info, whole.child(1).unwrap().raw.to_vec(), whole.child(2).unwrap().raw.to_vec()]))
        };
        assert!(remade(tlv(2, [2]), fields[3].clone()).contains(&"request-version"));
        let password = sequence([oid(oids::CHALLENGE_PASSWORD), tlv(SET, tlv(UTF8_STRING, "secret"))]);
        assert!(remade(tlv(2, [0]), tlv(0xa0, password)).contains(&"request-password"));
    }
}
