//! How a PKCS#8 key is encrypted, by name alone: who can open it depends on nothing else.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode, Reader, SliceReader};
use pkcs8::spki::AlgorithmIdentifierRef;

/// The algorithm of an EncryptedPrivateKeyInfo (RFC 5958, section 3).
pub struct EncryptedKey {
    pub algorithm: ObjectIdentifier,
    /// Key derivation and cipher, where the algorithm is PBES2 (RFC 8018, A.4).
    pub parts: Option<(ObjectIdentifier, ObjectIdentifier)>,
}

pub const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

impl EncryptedKey {
    /// `None` when `der` is no EncryptedPrivateKeyInfo.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let read = reader.sequence(|reader| {
            let algorithm = AlgorithmIdentifierRef::decode(reader)?;
            <&OctetStringRef>::decode(reader)?;
            let parameters = algorithm.parameters.map(|parameters| parameters.to_der()).transpose()?;
            Ok::<_, pkcs8::der::Error>((algorithm.oid, parameters))
        });
        let (algorithm, parameters) = read.ok()?;
        let parts = parameters.filter(|_| algorithm == PBES2).and_then(|der| {
            let mut reader = SliceReader::new(&der).ok()?;
            let two = reader.sequence(|reader| {
                let [derivation, cipher] = [AlgorithmIdentifierRef::decode(reader)?, AlgorithmIdentifierRef::decode(reader)?];
                Ok::<_, pkcs8::der::Error>((derivation.oid, cipher.oid))
            });
            two.ok()
        });
        Some(Self { algorithm, parts })
    }

    /// As Java and OpenSSL call it.
    pub fn name(&self) -> String {
        let name = match self.algorithm.to_string().as_str() {
            "1.2.840.113549.1.5.13" => "PBES2",
            "1.2.840.113549.1.5.1" => "PBEWithMD2AndDES",
            "1.2.840.113549.1.5.3" => "PBEWithMD5AndDES",
            "1.2.840.113549.1.5.4" => "PBEWithMD2AndRC2",
            "1.2.840.113549.1.5.6" => "PBEWithMD5AndRC2",
            "1.2.840.113549.1.5.10" => "PBEWithSHA1AndDES",
            "1.2.840.113549.1.5.11" => "PBEWithSHA1AndRC2",
            "1.2.840.113549.1.12.1.1" => "PBEWithSHA1AndRC4_128",
            "1.2.840.113549.1.12.1.2" => "PBEWithSHA1AndRC4_40",
            "1.2.840.113549.1.12.1.3" => "PBEWithSHA1AndDESede",
            "1.2.840.113549.1.12.1.4" => "PBEWithSHA1And2-KeyTripleDES",
            "1.2.840.113549.1.12.1.5" => "PBEWithSHA1AndRC2_128",
            "1.2.840.113549.1.12.1.6" => "PBEWithSHA1AndRC2_40",
            oid => return format!("the algorithm {oid}"),
        };
        name.to_owned()
    }
}
