//! A certificate, in words and numbers.

use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::extension::Extensions;
use super::key::KeyFacts;
use super::oid;
use super::rabbitmq::RabbitmqUsers;
use crate::pki::{self, Certificate};

/// Everything that `inspect` says of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateFacts {
    /// RFC 2253.
    pub subject: String,
    pub issuer: String,
    /// Lower-case hexadecimal.
    pub serial: String,
    /// SHA-256 and SHA-1 over the DER, lower-case hexadecimal.
    pub sha256: String,
    pub sha1: String,
    /// 1 to 3.
    pub version: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Whole days; below zero when it has expired.
    pub days_left: i64,
    pub validity: Standing,
    pub key: KeyFacts,
    pub signature_algorithm: String,
    /// Its own key signed it.
    pub self_signed: bool,
    #[serde(flatten)]
    pub extensions: Extensions,
    /// `User:` and the name that Kafka's default principal builder makes of the subject. Of leafs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rabbitmq_user: Option<RabbitmqUsers>,
}

/// Where now lies against the dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    NotYetValid,
    Valid,
    /// Valid for 30 days at most.
    Ending,
    Expired,
}

impl CertificateFacts {
    pub fn new(certificate: &Certificate, now: OffsetDateTime) -> Self {
        let pki::Validity { not_before, not_after } = certificate.validity;
        let mut facts = Self {
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            serial: certificate.serial.clone(),
            sha256: certificate.fingerprint(),
            sha1: pki::sha1_hex(certificate.der()),
            version: 0,
            not_before,
            not_after,
            days_left: (not_after - now).whole_days(),
            validity: Standing::of(certificate.validity, now),
            key: KeyFacts::of_der(&certificate.public_key),
            signature_algorithm: String::new(),
            self_signed: certificate.subject_der == certificate.issuer_der && certificate.is_self_signed(),
            extensions: Extensions::default(),
            kafka_principal: None,
            rabbitmq_user: None,
        };
        if let Ok((_, parsed)) = X509Certificate::from_der(certificate.der()) {
            facts.version = parsed.version().0.saturating_add(1);
            facts.signature_algorithm = oid::signature(&parsed.signature_algorithm);
            facts.extensions = Extensions::new(parsed.extensions());
            if parsed.signature_algorithm != parsed.tbs_certificate.signature {
                facts.extensions.malformed.push("the two signature algorithms differ".to_owned());
            }
            if facts.is_leaf() {
                facts.kafka_principal = Some(format!("User:{}", certificate.subject));
                facts.rabbitmq_user = Some(RabbitmqUsers::new(parsed.subject(), &facts.extensions.names));
            }
        }
        facts
    }

    pub fn is_leaf(&self) -> bool {
        !self.extensions.basic_constraints.is_some_and(|constraints| constraints.authority)
    }
}

impl Standing {
    fn of(validity: pki::Validity, now: OffsetDateTime) -> Self {
        if now > validity.not_after {
            Self::Expired
        } else if now < validity.not_before {
            Self::NotYetValid
        } else if (validity.not_after - now).whole_days() <= 30 {
            Self::Ending
        } else {
            Self::Valid
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, CrlDistributionPoint, GeneralSubtree, IsCa, KeyPair, NameConstraints};

    use super::*;

    /// With an extension of every kind that is put into words.
    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned(), "10.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(1));
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec!["http://crl.example".to_owned()] }];
        let subtrees = vec![GeneralSubtree::DnsName("example".to_owned())];
        params.name_constraints = Some(NameConstraints { permitted_subtrees: subtrees, excluded_subtrees: Vec::new() });
        params.use_authority_key_identifier_extension = true;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn where_now_lies_against_the_dates() {
        let day = |day| OffsetDateTime::UNIX_EPOCH + time::Duration::days(day);
        let validity = pki::Validity { not_before: day(10), not_after: day(100) };
        let standings = [9, 10, 69, 70, 100, 101].map(|today| Standing::of(validity, day(today)));
        use Standing::*;
        assert_eq!(standings, [NotYetValid, Valid, Valid, Ending, Ending, Expired]);
    }

    proptest! {
        /// Whatever is taken for a certificate can be described.
        #[test]
        fn no_certificate_makes_the_description_panic(flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
            let mut der = certificate();
            for (at, byte) in flips {
                let at = at.index(der.len());
                der[at] = byte;
            }
            if let Ok(certificate) = Certificate::from_der(der) {
                let facts = CertificateFacts::new(&certificate, OffsetDateTime::UNIX_EPOCH);
                prop_assert_eq!(facts.subject, certificate.subject);
            }
        }
    }
}
