//! Sealed Secrets: what kubeseal does for the certificate of a given controller.
//!
//! ```text
//! u16 length of the first part   RSA-OAEP (SHA-256, MGF1 with SHA-256, the scope as label) of a session key   AES-256-GCM of the value
//! ```
//!
//! The session key is drawn anew for each value, so the nonce is all zeros. The whole is base64.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::cluster::SealingScope;
use crate::pki::{Certificate, CertificateError, Entropy, KeyAlgorithm, PublicKey, Secret};

/// Of AES-256.
const SESSION_KEY: usize = 32;
/// What aws-lc encrypts with, in bits; a controller's own key has 4096.
const RSA_SIZES: std::ops::RangeInclusive<u32> = 2048..=8192;

/// The RSA certificate of a Sealed Secrets controller, as `kubeseal --fetch-cert` prints it.
#[derive(Debug, Clone)]
pub struct ControllerCertificate {
    certificate: Certificate,
    key: PublicEncryptingKey,
}

/// Why nothing can be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error("the controller's certificate cannot be read: {0}; `kubeseal --fetch-cert` prints it")]
    Certificate(#[from] CertificateError),
    #[error("the controller's certificate has a key of kind {0}, and values are sealed with RSA of 2048 to 8192 bits")]
    Key(String),
    #[error("the controller's certificate ended on {}; `kubeseal --fetch-cert` prints the one it has now", .0.date())]
    Expired(OffsetDateTime),
    #[error("a value could not be encrypted with the controller's key")]
    Encryption,
}

impl ControllerCertificate {
    /// The first certificate of a PEM text, as kubeseal takes it; like kubeseal, none that has ended by `now`.
    pub fn from_pem(pem: &[u8], now: OffsetDateTime) -> Result<Self, SealingError> {
        let certificate = Certificate::from_pem(pem)?.swap_remove(0);
        let algorithm = PublicKey::from_der(&certificate.public_key).map(|key| key.algorithm);
        let fits = matches!(algorithm, Some(KeyAlgorithm::Rsa { bits }) if RSA_SIZES.contains(&bits));
        let key = PublicEncryptingKey::from_der(&certificate.public_key).ok().filter(|_| fits);
        let key = key.ok_or_else(|| SealingError::Key(algorithm.map_or("unknown".to_owned(), |kind| kind.to_string())))?;
        if now > certificate.validity.not_after {
            return Err(SealingError::Expired(certificate.validity.not_after));
        }
        Ok(Self { certificate, key })
    }

    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint()
    }

    /// One value of a Secret, encrypted, as base64 (RFC 4648, padded). Never the same twice.
    pub fn seal(
        &self,
        value: &Secret,
        scope: SealingScope,
        namespace: &str,
        name: &str,
        entropy: &Entropy,
    ) -> Result<String, SealingError> {
        let label = label(scope, namespace, name);
        let sealed = encrypt(&self.key, value.expose(), label.as_bytes(), entropy).map_err(|Unspecified| SealingError::Encryption)?;
        Ok(BASE64.encode(sealed))
    }
}

/// What the controller must give to open the value again.
fn label(scope: SealingScope, namespace: &str, name: &str) -> String {
    match scope {
        SealingScope::Strict => format!("{namespace}/{name}"),
        SealingScope::NamespaceWide => namespace.to_owned(),
        SealingScope::ClusterWide => String::new(),
    }
}

fn encrypt(key: &PublicEncryptingKey, value: &[u8], label: &[u8], entropy: &Entropy) -> Result<Vec<u8>, Unspecified> {
    let mut session = Zeroizing::new([0; SESSION_KEY]);
    entropy.fill(&mut *session)?;
    let key = OaepPublicEncryptingKey::new(key.clone())?;
    let mut room = vec![0; key.ciphertext_size()];
    let wrapped = key.encrypt(&OAEP_SHA256_MGF1SHA256, &*session, &mut room, Some(label))?;
    let length = u16::try_from(wrapped.len()).map_err(|_| Unspecified)?;
    // With room for all of it from the start: a buffer that grows would leave the value behind where it was.
    let mut sealed = Vec::with_capacity(2 + wrapped.len() + value.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&length.to_be_bytes());
    sealed.extend_from_slice(wrapped);
    let from = sealed.len();
    sealed.extend_from_slice(value);
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*session)?);
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let tag = cipher.seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed[from..])?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::sync::LazyLock;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;
    use crate::pki::{KeyKind, PrivateKey, hex};

    const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
    const SCOPES: [SealingScope; 3] = [SealingScope::Strict, SealingScope::NamespaceWide, SealingScope::ClusterWide];
    static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(KeyKind::Rsa2048).unwrap());

    fn certificate(key: &PrivateKey, not_after: OffsetDateTime) -> String {
        let mut params = rcgen::CertificateParams::default();
        params.not_after = not_after;
        params.self_signed(key).unwrap().pem()
    }

    fn controller() -> ControllerCertificate {
        ControllerCertificate::from_pem(certificate(&KEY, NOW).as_bytes(), NOW).unwrap()
    }

    fn sealed(value: &[u8], scope: SealingScope) -> String {
        controller().seal(&Secret::new(value.to_vec()), scope, "kafka", "broker-1", &SystemRandom::new()).unwrap()
    }

    /// As the controller opens it.
    fn opened(sealed: &str, label: &str) -> Result<Vec<u8>, Unspecified> {
        let bytes = BASE64.decode(sealed).unwrap();
        let (wrapped, encrypted) = bytes[2..].split_at(u16::from_be_bytes([bytes[0], bytes[1]]).into());
        let key = PrivateDecryptingKey::from_pkcs8(KEY.pkcs8().expose()).unwrap();
        let mut room = [0; 512];
        let key = OaepPrivateDecryptingKey::new(key).unwrap();
        let session = key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut room, Some(label.as_bytes()))?;
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session).unwrap());
        let mut value = encrypted.to_vec();
        Ok(cipher.open_in_place(Nonce::assume_unique_for_key([0; NONCE_LEN]), Aad::empty(), &mut value)?.to_vec())
    }

    fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut openssl = Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        openssl.stdin.take().unwrap().write_all(input).unwrap();
        let output = openssl.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?} failed");
        output.stdout
    }

    /// GCM encrypts as CTR does that counts from 2; OpenSSL's command line has that alone.
    #[test]
    fn openssl_opens_what_was_sealed_in_each_scope_by_the_label_that_belongs_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::File::create_new(&file).unwrap().write_all(KEY.to_pem().expose()).unwrap();
        for (scope, label) in SCOPES.into_iter().zip(["kafka/broker-1", "kafka", ""]) {
            let bytes = BASE64.decode(sealed(b"correct horse", scope)).unwrap();
            let (length, rest) = bytes.split_at(2);
            assert_eq!(length, [1, 0], "2048 bits are 256 octets");
            let (wrapped, encrypted) = rest.split_at(256);
            let label = format!("rsa_oaep_label:{}", hex(label.as_bytes()));
            let mut arguments = vec!["pkeyutl", "-decrypt", "-inkey", file.to_str().unwrap()];
            let options = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256", &label];
            arguments.extend(options.iter().filter(|option| !option.ends_with(':')).flat_map(|option| ["-pkeyopt", option]));
            let session = hex(&openssl(&arguments, wrapped));
            let (encrypted, tag) = encrypted.split_at(encrypted.len() - 16);
            let value = openssl(&["enc", "-d", "-aes-256-ctr", "-K", &session, "-iv", "00000000000000000000000000000002"], encrypted);
            assert_eq!((value.as_slice(), tag.len()), (b"correct horse".as_slice(), 16));
        }
    }

    #[test]
    fn a_value_opens_only_under_the_names_that_its_scope_binds_it_to() {
        let value = |scope, label| opened(&sealed(b"correct horse", scope), label).ok();
        let open = Some(b"correct horse".to_vec());
        assert_eq!(value(SealingScope::Strict, "kafka/broker-1"), open);
        for other in ["kafka/broker-2", "other/broker-1", "kafka", ""] {
            assert_eq!(value(SealingScope::Strict, other), None, "{other}");
        }
        assert_eq!((value(SealingScope::NamespaceWide, "kafka"), value(SealingScope::NamespaceWide, "other")), (open.clone(), None));
        assert_eq!((value(SealingScope::ClusterWide, ""), value(SealingScope::ClusterWide, "kafka")), (open, None));
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_text() {
        let [one, other] = [(); 2].map(|()| sealed(b"correct horse", SealingScope::Strict));
        assert_ne!(one, other);
    }

    fn refusal(pem: &str, now: OffsetDateTime) -> String {
        ControllerCertificate::from_pem(pem.as_bytes(), now).unwrap_err().to_string()
    }

    #[test]
    fn a_certificate_that_kubeseal_would_refuse_is_refused_with_the_reason() {
        let p256 = PrivateKey::generate(KeyKind::P256).unwrap();
        let text = "the controller's certificate has a key of kind EC P-256, and values are sealed with RSA of 2048 to 8192 bits";
        assert_eq!(refusal(&certificate(&p256, NOW), NOW), text);
        let text = "the controller's certificate ended on 2026-11-21; `kubeseal --fetch-cert` prints the one it has now";
        assert_eq!(refusal(&certificate(&KEY, NOW), NOW + time::Duration::SECOND), text);
        let text = "the controller's certificate cannot be read: no PEM certificate in it; `kubeseal --fetch-cert` prints it";
        assert_eq!(refusal("-----BEGIN NONSENSE", NOW), text);
        assert_eq!(refusal(str::from_utf8(KEY.to_pem().expose()).unwrap(), NOW), text);
        let weak = openssl(&["req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=weak"], b"");
        assert!(refusal(&String::from_utf8(weak).unwrap(), NOW).contains("RSA 1024"));
    }

    #[test]
    fn of_several_certificates_the_first_counts() {
        let [first, second] = [KeyKind::Rsa2048, KeyKind::P256].map(|kind| certificate(&PrivateKey::generate(kind).unwrap(), NOW));
        let alone = ControllerCertificate::from_pem(first.as_bytes(), NOW).unwrap();
        let several = ControllerCertificate::from_pem(format!("{first}{second}").as_bytes(), NOW).unwrap();
        assert_eq!(several.fingerprint(), alone.fingerprint());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_is_sealed_is_opened(value in prop::collection::vec(any::<u8>(), 0..5000), scope in 0usize..3) {
            let label = label(SCOPES[scope], "kafka", "broker-1");
            prop_assert_eq!(opened(&sealed(&value, SCOPES[scope]), &label).unwrap(), value);
        }

        #[test]
        fn no_text_makes_it_panic(text: Vec<u8>) {
            prop_assert!(ControllerCertificate::from_pem(&text, NOW).is_err());
        }

        #[test]
        fn no_damage_makes_it_panic(at in any::<prop::sample::Index>(), octet: u8) {
            let mut der = pem::parse(certificate(&KEY, NOW)).unwrap().into_contents();
            let length = der.len();
            der[at.index(length)] = octet;
            let _ = ControllerCertificate::from_pem(pem::encode(&pem::Pem::new("CERTIFICATE", der)).as_bytes(), NOW);
        }
    }
}
