//! Private keys of any kind that others made. What countersign signs with itself is a [`super::PrivateKey`].

use super::asn1::{self, Elements};
use super::{PublicKey, Secret, derive, oid, public_key};

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

    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

fn pkcs8(algorithm: &[u8], private: &[u8]) -> Secret {
    let octets = Secret::new(asn1::encode(asn1::OCTET_STRING, &[private]));
    Secret::new(asn1::encode(asn1::SEQUENCE, &[&asn1::encode_integer(&[0]), algorithm, octets.expose()]))
}
