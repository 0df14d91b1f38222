//! Named encodings of PKCS#12, each with who can read it.

/// How a PKCS#12 store is encrypted and sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pkcs12Profile {
    /// PBES2: PBKDF2-HMAC-SHA256, AES-256-CBC, and an HMAC-SHA256 seal, 10,000 iterations each: what Java 16 and
    /// OpenSSL 3 write themselves. Read by Java from 8u301 and 11.0.12 on (JDK-8267701), OpenSSL 1.1.1, librdkafka.
    Modern,
    /// pbeWithSHAAnd3-KeyTripleDES-CBC with an HMAC-SHA1 seal, 10,000 iterations: read by every Java 8, and by OpenSSL 3
    /// without its legacy provider. What cert-manager calls LegacyDES.
    Java8,
}

impl Pkcs12Profile {
    pub const ITERATIONS: u32 = 10_000;

    pub const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Java8 => "java8",
        }
    }
}
