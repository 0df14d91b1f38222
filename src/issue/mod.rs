//! Floor 6: steps → keys and certificates, with the profile that Java, Erlang, OpenSSL and rustls all accept.
//!
//! `now` and the entropy for serial numbers are arguments. An authority and a leaf are made by different functions from
//! different inputs: a leaf cannot receive the bits of an authority.

mod authority;
mod leaf;
mod profile;
mod signer;

pub use authority::{NewAuthority, authority, below};
pub use leaf::{expired, for_servers, impostor, leaf, probe, stand_in};
pub use signer::Signer;

use crate::path::FaultKind;
use crate::pki::{CertificateError, IdentityError, KeyError};

/// Why something could not be issued. Nothing was.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error("the key of {subject} does not belong to its certificate")]
    KeyMismatch { subject: String },
    #[error("{subject} is not valid now (from {from} to {to})")]
    NotValidNow { subject: String, from: time::Date, to: time::Date },
    #[error("{subject} {fault}, so nobody would take the certificate")]
    Forbidden { subject: String, fault: FaultKind },
    #[error("the key could not be used: {0}")]
    Key(#[from] KeyError),
    #[error("the certificate could not be built: {0}")]
    Build(#[from] rcgen::Error),
    #[error("the certificate could not be encoded: {0}")]
    Encode(#[from] pkcs8::der::Error),
    #[error("the certificate that was built cannot be read back: {0}")]
    ReadBack(#[from] CertificateError),
    #[error("the certificate that was built does not fit its issuer or key: {0}")]
    Chain(#[from] IdentityError),
    #[error("no random numbers to be had")]
    Entropy,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aws_lc_rs::rand::SystemRandom;
    use proptest::prelude::*;
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::cluster::{AuthorityName, OwnAuthority, parse};
    use crate::pki::{KeyKind, Lifetime, PrivateKey, Usage};

    const CLUSTER: &str = "
cluster: orders
subject: { O: Acme }
rabbitmq: { nodes: [{ name: rabbit-1, host: rabbit-1.example, also: [10.0.0.1] }] }
clients: [{ name: app, rabbitmq: {} }]
";

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    fn signer(root: Lifetime, issuing: Option<Lifetime>, at: OffsetDateTime) -> Result<Signer, IssueError> {
        let spec = parse(CLUSTER, Path::new("/")).unwrap();
        let own = OwnAuthority { key: KeyKind::P256, root, issuing };
        let made = authority(&spec, AuthorityName::Shared, &own, 7, now(), &SystemRandom::new())?;
        Signer::new(made.certificates, made.issuing_key.unwrap_or(made.root_key), at)
    }

    #[test]
    fn an_authority_says_what_it_is_and_which_generation() {
        let signer = signer(Lifetime::years(10), Some(Lifetime::years(2)), now()).unwrap();
        let issuing = signer.certificate();
        assert_eq!(issuing.subject, "CN=orders issuing 7,O=Acme");
        assert_eq!(issuing.issuer, "CN=orders root 7,O=Acme");
        assert!(issuing.authority.is_authority && issuing.authority.may_sign);
        assert_eq!(issuing.authority.path_length, Some(0));
    }

    #[test]
    fn an_expired_authority_signs_nothing() {
        let later = now() + Duration::days(800);
        let error = signer(Lifetime::years(10), Some(Lifetime::years(2)), later).unwrap_err();
        assert!(error.to_string().starts_with("CN=orders issuing 7,O=Acme is not valid now"), "{error}");
    }

    #[test]
    fn a_key_of_another_authority_is_refused() {
        let [one, other] = [(); 2].map(|()| {
            let spec = parse(CLUSTER, Path::new("/")).unwrap();
            let own = OwnAuthority { key: KeyKind::P256, root: Lifetime::years(1), issuing: None };
            authority(&spec, AuthorityName::Shared, &own, 1, now(), &SystemRandom::new()).unwrap()
        });
        assert!(matches!(Signer::new(one.certificates, other.root_key, now()), Err(IssueError::KeyMismatch { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Whatever the lifetimes: no bits of an authority, never beyond the issuer, a serial number of its own.
        #[test]
        fn a_leaf_stays_a_leaf_within_its_issuer(root in 1u32..4000, issuing in proptest::option::of(1u32..4000), leaf_days in 1u32..4000) {
            let signer = signer(Lifetime::days(root), issuing.map(Lifetime::days), now()).unwrap();
            let mut spec = parse(CLUSTER, Path::new("/")).unwrap();
            spec.leaf.lifetime = Lifetime::days(leaf_days);
            let issued = |holder| {
                let key = PrivateKey::generate(spec.leaf.key).unwrap();
                leaf(&spec.leaf, holder, key, &signer, now(), &SystemRandom::new()).unwrap()
            };
            for holder in &spec.holders {
                let identity = issued(holder);
                let again = issued(holder);
                let leaf = identity.leaf();
                prop_assert!(!leaf.authority.is_authority && !leaf.authority.may_sign);
                prop_assert!(leaf.validity.not_after <= signer.certificate().validity.not_after);
                prop_assert_eq!(&leaf.names, &holder.names);
                prop_assert_eq!(&leaf.subject, &holder.subject.to_string());
                prop_assert!(leaf.usages.contains(&Usage::ClientAuth));
                prop_assert!(leaf.serial != again.leaf().serial && leaf.serial.len() == 32);
            }
        }
    }
}
