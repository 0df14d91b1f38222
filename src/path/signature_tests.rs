//! Signatures of every kind that OpenSSL makes of itself verify here, and not once anything signed has changed.

use std::process::Command;

use x509_parser::prelude::{FromDer, X509Certificate};

use super::signature::{Check, Signed};

/// A self-signed certificate, DER.
fn openssl(arguments: &str) -> Vec<u8> {
    let fixed = "req -x509 -nodes -keyout /dev/null -subj /CN=signed -days 1 -outform DER";
    let output = Command::new("openssl").args(fixed.split(' ')).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn verify(certificate: &[u8], message: Option<&[u8]>) -> Check {
    let (_, x509) = X509Certificate::from_der(certificate).unwrap();
    let message = message.unwrap_or(x509.tbs_certificate.as_ref());
    Signed { algorithm: &x509.signature_algorithm, value: &x509.signature_value, message }.verify(x509.public_key())
}

#[test]
fn every_kind_of_signature_verifies() {
    let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen";
    let made = [
        "-newkey rsa:2048 -sha256".to_owned(),
        "-newkey rsa:2048 -sha384".to_owned(),
        "-newkey rsa:1024 -sha512".to_owned(),
        "-newkey rsa:2048 -sha1".to_owned(),
        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha512".to_owned(),
        "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha256".to_owned(),
        "-newkey ec -pkeyopt ec_paramgen_curve:P-521 -sha384".to_owned(),
        "-newkey ed25519".to_owned(),
        format!("-newkey rsa:2048 -sha256 {pss}:32"),
        format!("-newkey rsa:2048 -sha256 {pss}:0"),
        format!("-newkey rsa:2048 -sha256 {pss}:max"),
        format!("-newkey rsa:2050 -sha512 {pss}:20"),
        format!("-newkey rsa:2048 -sha384 {pss}:48 -sigopt rsa_mgf1_md:sha256"),
        format!("-newkey rsa-pss -sha256 {pss}:32"),
    ];
    for arguments in made {
        let certificate = openssl(&arguments);
        assert_eq!(verify(&certificate, None), Check::Good, "{arguments}");
        assert_eq!(verify(&certificate, Some(b"something else")), Check::Bad, "{arguments}");
    }
}

#[test]
fn what_aws_lc_does_not_know_is_not_said_to_be_wrong() {
    for arguments in ["-newkey ed448", "-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1 -sha256", "-newkey rsa:2048 -md5"] {
        assert_eq!(verify(&openssl(arguments), None), Check::Unsupported, "{arguments}");
    }
}

#[test]
fn a_key_that_is_for_pss_alone_signs_nothing_else_and_no_shorter_salt() {
    let plain = openssl("-newkey rsa:2048 -sha256");
    let bound =
        "-newkey rsa-pss -pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32";
    let pss = openssl(&format!("{bound} -sha256 -sigopt rsa_pss_saltlen:40"));
    assert_eq!(verify(&pss, None), Check::Good);

    let shorter = openssl("-newkey rsa:2048 -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20");
    let (_, key) = X509Certificate::from_der(&pss).unwrap();
    for other in [&plain, &shorter] {
        let (_, x509) = X509Certificate::from_der(other).unwrap();
        let signed = Signed { algorithm: &x509.signature_algorithm, value: &x509.signature_value, message: x509.tbs_certificate.as_ref() };
        assert_eq!(signed.verify(key.public_key()), Check::Bad);
    }
}
