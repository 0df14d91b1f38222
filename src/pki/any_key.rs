//! Private keys of any kind that others made. What countersign signs with itself is a [`super::PrivateKey`].

use super::asn1::{self, Elements};
use super::{Certificate, Entropy, KeyError, Password, PublicKey, Secret, derive, oid, public_key};

/// A private key of any kind, as PKCS#8, with its public half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyKey {
    pkcs8: Secret,
    public: PublicKey,
}

/// Why bytes are no private key. Never holds key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a usable private key: {0}")]
pub struct AnyKeyError(pub String);

impl AnyKeyError {
    pub(super) fn new(problem: &str) -> Self {
        Self(problem.to_owned())
    }
}

impl AnyKey {
    /// Reads a key in whichever envelope it comes, told apart by what is inside: PKCS#8, PKCS#1 (RFC 8017), SEC 1 (RFC 5915), or
    /// OpenSSL's own for DSA. `parameters` are the ECParameters that stood before it, for keys that do not name their curve.
    pub fn from_der(der: &[u8], parameters: Option<&[u8]>) -> Result<Self, AnyKeyError> {
        let damaged = || AnyKeyError::new("it is neither PKCS#8 nor an RSA, EC or DSA key of its own format");
        let mut fields = Elements::within(der, asn1::SEQUENCE).ok_or_else(damaged)?;
        fields.integer().ok_or_else(damaged)?;
        match fields.peek().map(|second| second.tag) {
            Some(asn1::SEQUENCE) => Self::from_pkcs8(der),
            Some(asn1::OCTET_STRING) => Self::from_sec1(der, parameters),
            Some(asn1::INTEGER) => {
                let numbers = std::iter::from_fn(|| fields.integer()).count();
                if numbers == 5 { Self::from_dsa(der) } else { Self::from_pkcs1(der) }
            }
            _ => Err(damaged()),
        }
    }

    /// Reads PKCS#8 (RFC 5958), of either version.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, AnyKeyError> {
        Self::new(Secret::new(der.to_vec()))
    }

    /// Reads an RSAPrivateKey.
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, AnyKeyError> {
        Self::new(pkcs8(&public_key::rsa_algorithm(), der))
    }

    /// Reads an ECPrivateKey; its curve is named inside, or else by `parameters`.
    pub fn from_sec1(der: &[u8], parameters: Option<&[u8]>) -> Result<Self, AnyKeyError> {
        let mut fields = Elements::within(der, asn1::SEQUENCE).ok_or(AnyKeyError::new("it is damaged"))?;
        let [version, key] = [fields.next(), fields.next()].map(|field| field.map_or(&[][..], |field| field.whole));
        let inner = fields.tagged(asn1::context(0)).map(|inner| inner.value);
        let curve = inner.or(parameters).ok_or(AnyKeyError::new("its curve is not named"))?;
        let public = fields.tagged(asn1::context(1)).map_or(&[][..], |public| public.whole);
        let algorithm = asn1::encode(asn1::SEQUENCE, &[&asn1::encode_oid(oid::EC), curve]);
        // The curve stands outside: inside it would stand twice.
        let key = Secret::new(asn1::encode(asn1::SEQUENCE, &[version, key, public]));
        Self::new(pkcs8(&algorithm, key.expose()))
    }

    /// Reads OpenSSL's own format of DSA keys: zero, p, q, g, y, x.
    pub fn from_dsa(der: &[u8]) -> Result<Self, AnyKeyError> {
        let damaged = || AnyKeyError::new("its DSA numbers are damaged");
        let mut fields = Elements::within(der, asn1::SEQUENCE).ok_or_else(damaged)?;
        let mut number = || fields.tagged(asn1::INTEGER).ok_or_else(damaged);
        let [_, p, q, g, y, x] = [number()?, number()?, number()?, number()?, number()?, number()?];
        let parameters = asn1::encode(asn1::SEQUENCE, &[p.whole, q.whole, g.whole]);
        let algorithm = asn1::encode(asn1::SEQUENCE, &[&asn1::encode_oid(oid::DSA), &parameters]);
        let key = Self::new(pkcs8(&algorithm, x.whole))?;
        key.has_public_half(&asn1::encode_integer(y.value))?;
        Ok(key)
    }

    fn new(pkcs8: Secret) -> Result<Self, AnyKeyError> {
        let damaged = || AnyKeyError::new("its PKCS#8 envelope is damaged");
        let mut fields = Elements::within(pkcs8.expose(), asn1::SEQUENCE).ok_or_else(damaged)?;
        let (_, algorithm, private) = (fields.integer(), fields.tagged(asn1::SEQUENCE), fields.tagged(asn1::OCTET_STRING));
        let (algorithm, private) = algorithm.zip(private).ok_or_else(damaged)?;
        let public = derive::public_half(algorithm, private.value)?;
        let public = PublicKey::from_der(&public).ok_or_else(damaged)?;
        let _attributes = fields.tagged(asn1::context(0));
        let stored = fields.tagged(asn1::context_primitive(1)).map(|stored| stored.bits().ok_or_else(damaged).map(<[u8]>::to_vec));
        let key = Self { pkcs8, public };
        if let Some(stored) = stored.transpose()? {
            key.has_public_half(&stored)?;
        }
        Ok(key)
    }

    fn has_public_half(&self, stored: &[u8]) -> Result<(), AnyKeyError> {
        let algorithm = Elements::within(self.public.der(), asn1::SEQUENCE).and_then(|mut fields| fields.next());
        let algorithm = algorithm.map_or(&[][..], |algorithm| algorithm.whole);
        let other = PublicKey::from_der(&asn1::encode_public_key(algorithm, stored));
        let same = other.is_some_and(|other| other.is_same_key(&self.public));
        if same { Ok(()) } else { Err(AnyKeyError::new("its public half is of another key")) }
    }

    /// PKCS#8, DER, as it was read; what came in another envelope is wrapped.
    pub fn pkcs8(&self) -> &Secret {
        &self.pkcs8
    }

    /// EncryptedPrivateKeyInfo, DER: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018).
    pub fn encrypted(&self, passphrase: &Password, entropy: &Entropy) -> Result<Secret, KeyError> {
        super::key::encrypted(&self.pkcs8, passphrase, entropy)
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Whether the certificate is for this key, however either is written. Parameters do not count: DSA's may be inherited from
    /// the issuer (RFC 3279, 2.3.2).
    pub fn belongs_to(&self, certificate: &Certificate) -> bool {
        let theirs = PublicKey::from_der(&certificate.public_key);
        certificate.public_key == self.public.der()
            || theirs.is_some_and(|theirs| theirs.has_bits_of(&self.public) || theirs.is_same_key(&self.public))
    }
}

fn pkcs8(algorithm: &[u8], private: &[u8]) -> Secret {
    let octets = Secret::new(asn1::encode(asn1::OCTET_STRING, &[private]));
    Secret::new(asn1::encode(asn1::SEQUENCE, &[&asn1::encode_integer(&[0]), algorithm, octets.expose()]))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsRawBytes;
    use aws_lc_rs::signature::{KeyPair, ML_DSA_65_SIGNING, PqdsaKeyPair};
    use pkcs8::ObjectIdentifier;

    use super::*;
    use crate::pki::{KeyKind, PrivateKey};

    /// Arithmetic on them would take for ever.
    #[test]
    fn rsa_numbers_beyond_all_use_are_refused() {
        let (small, huge) = (asn1::encode_integer(&[0xFF; 64]), asn1::encode_integer(&[0xFF; 9000]));
        let version = asn1::encode_integer(&[0]);
        let with = |last: &[u8], others: &[u8]| {
            let numbers = [&version, &small, &small, &small, &small, &small, &small, &small].map(Vec::as_slice);
            let fields = [&numbers[..], &[last, others]].concat();
            AnyKey::from_pkcs1(&asn1::encode(asn1::SEQUENCE, &fields)).unwrap_err().to_string()
        };
        assert!(with(&huge, &[]).contains("one of its numbers is longer than 65536 bits"));

        let prime = asn1::encode(asn1::SEQUENCE, &[&small, &small, &small]);
        let many = asn1::encode(asn1::SEQUENCE, &vec![prime.as_slice(); 20]);
        assert!(with(&small, &many).contains("more than 16 primes"));
    }

    fn of_kind(oid: &str, private: &[u8]) -> Result<AnyKey, AnyKeyError> {
        let algorithm = asn1::encode(asn1::SEQUENCE, &[&asn1::encode_oid(ObjectIdentifier::new_unwrap(oid))]);
        AnyKey::from_pkcs8(pkcs8(&algorithm, private).expose())
    }

    /// What stands in the public half, behind the algorithm.
    fn ends_with(key: &AnyKey, public: &[u8]) -> bool {
        key.public().der().ends_with(public)
    }

    #[test]
    fn what_we_make_ourselves_is_read() {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048, KeyKind::Ed25519] {
            let ours = PrivateKey::generate(kind).unwrap();
            let read = AnyKey::from_pkcs8(ours.pkcs8().expose()).unwrap();
            assert_eq!((read.public().der(), read.pkcs8()), (ours.public_key().as_slice(), ours.pkcs8()));
        }
    }

    #[test]
    fn two_halves_of_different_keys_are_refused() {
        let [one, other] = [0, 1].map(|_| PrivateKey::generate(KeyKind::P256).unwrap());
        let point = other.public_key()[26..].to_vec();
        let inside = |key: &PrivateKey| key.pkcs8().expose().windows(65).position(|window| window == &key.public_key()[26..]).unwrap();
        let mut mixed = one.pkcs8().expose().to_vec();
        let at = inside(&one);
        mixed[at..at + 65].copy_from_slice(&point);
        assert_eq!(AnyKey::from_pkcs8(&mixed).unwrap_err(), AnyKeyError::new("its public half is of another key"));
        let rsa = PrivateKey::generate(KeyKind::Rsa2048).unwrap();
        let mut mixed = rsa.pkcs8().expose().to_vec();
        // Inside the modulus, which stands near the beginning.
        mixed[60] ^= 1;
        assert_eq!(AnyKey::from_pkcs8(&mixed).unwrap_err(), AnyKeyError::new("its public half is of another key"));
    }

    /// RFC 9881, 6: a seed, an expanded key, or both.
    #[test]
    fn ml_dsa_in_each_of_its_forms() {
        let [one, other] = [0, 1].map(|_| PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).unwrap());
        let made = AnyKey::from_pkcs8(one.to_pkcs8v1().unwrap().as_ref()).unwrap();
        assert!(ends_with(&made, one.public_key().as_ref()));
        assert_eq!(made.public().algorithm.to_string(), "ML-DSA-65");
        let [expanded, of_other] = [&one, &other].map(|pair| pair.private_key().as_raw_bytes().unwrap().as_ref().to_vec());
        let read = |private: &[u8]| of_kind("2.16.840.1.101.3.4.3.18", private);
        let octets = |value: &[u8]| asn1::encode(asn1::OCTET_STRING, &[value]);
        assert_eq!(read(&octets(&expanded)).unwrap().public(), made.public());
        assert_eq!(read(&[&expanded, one.public_key().as_ref()].concat()).unwrap().public(), made.public());
        let pkcs8 = one.to_pkcs8v1().unwrap();
        let seed = &pkcs8.as_ref()[pkcs8.as_ref().len() - 32..];
        let both = |expanded: &[u8]| asn1::encode(asn1::SEQUENCE, &[&octets(seed), &octets(expanded)]);
        assert_eq!(read(&both(&expanded)).unwrap().public(), made.public());
        assert_eq!(read(&both(&of_other)).unwrap_err(), AnyKeyError::new("its parts are of different keys"));
    }

    /// RFC 9935, 6. The expanded key holds the public one.
    #[test]
    fn ml_kem_in_each_of_its_forms() {
        use aws_lc_rs::kem::{DecapsulationKey, ML_KEM_768};
        let pair = DecapsulationKey::generate(&ML_KEM_768).unwrap();
        let (expanded, public) = (pair.key_bytes().unwrap(), pair.encapsulation_key().unwrap().key_bytes().unwrap());
        let read = |private: &[u8]| of_kind("2.16.840.1.101.3.4.4.2", private);
        let key = read(&asn1::encode(asn1::OCTET_STRING, &[expanded.as_ref()])).unwrap();
        assert!(ends_with(&key, public.as_ref()));
        let seed = [7; 64];
        let of_seed = read(&asn1::encode(asn1::context_primitive(0), &[&seed])).unwrap();
        assert_eq!(of_seed.public().der().len(), key.public().der().len());
        let both = asn1::encode(
            asn1::SEQUENCE,
            &[&asn1::encode(asn1::OCTET_STRING, &[&seed]), &asn1::encode(asn1::OCTET_STRING, &[expanded.as_ref()])],
        );
        assert_eq!(read(&both).unwrap_err(), AnyKeyError::new("its parts are of different keys"));
    }

    /// FIPS 205: the second half of a private key is the public one.
    #[test]
    fn slh_dsa_holds_its_public_half() {
        let private: Vec<u8> = (0..64).collect();
        let key = of_kind("2.16.840.1.101.3.4.3.20", &private).unwrap();
        assert!(ends_with(&key, &private[32..]));
        assert_eq!(key.public().algorithm.to_string(), "SLH-DSA-SHA2-128s");
    }

    #[test]
    fn what_is_not_supported_is_named() {
        assert_eq!(of_kind("1.2.643.7.1.1.1.1", &[4, 0]).unwrap_err().0, "keys of algorithm 1.2.643.7.1.1.1.1 are not supported");
    }
}
