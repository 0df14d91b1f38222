//! Cipher suites: their names, and what is weak in them.

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CipherSuite {
    /// As IANA has it.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weakness: Option<Weakness>,
}

/// Why nobody should offer a suite, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weakness {
    NoEncryption,
    NoAuthentication,
    ExportGrade,
    /// RFC 7465.
    Rc4,
    /// DES, 3DES, RC2 and IDEA: blocks of 64 bits (Sweet32).
    SmallBlocks,
    /// Whoever gets the server's key later reads what was said today.
    NoForwardSecrecy,
}

impl Weakness {
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoEncryption => "no encryption",
            Self::NoAuthentication => "no authentication",
            Self::ExportGrade => "export grade",
            Self::Rc4 => "RC4",
            Self::SmallBlocks => "blocks of 64 bits",
            Self::NoForwardSecrecy => "no forward secrecy",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let has = |part: &str| name.contains(part);
        let weaknesses = [
            (has("_WITH_NULL_"), Self::NoEncryption),
            (has("_anon_"), Self::NoAuthentication),
            (has("_EXPORT_"), Self::ExportGrade),
            (has("_RC4_"), Self::Rc4),
            (has("DES_") || has("_RC2_") || has("_IDEA_"), Self::SmallBlocks),
            (has("_WITH_") && !has("DHE_"), Self::NoForwardSecrecy),
        ];
        weaknesses.into_iter().find(|(weak, _)| *weak).map(|(_, weakness)| weakness)
    }
}

impl From<&str> for CipherSuite {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), weakness: Weakness::of(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_weakness() {
        let weakness = |name: &str| CipherSuite::from(name).weakness;
        assert_eq!(weakness("TLS_AES_128_GCM_SHA256"), None);
        assert_eq!(weakness("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), None);
        assert_eq!(weakness("TLS_RSA_WITH_AES_128_GCM_SHA256"), Some(Weakness::NoForwardSecrecy));
        assert_eq!(weakness("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"), Some(Weakness::NoForwardSecrecy));
        assert_eq!(weakness("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"), Some(Weakness::SmallBlocks));
        assert_eq!(weakness("TLS_RSA_EXPORT_WITH_RC4_40_MD5"), Some(Weakness::ExportGrade));
        assert_eq!(weakness("TLS_RSA_WITH_NULL_SHA256"), Some(Weakness::NoEncryption));
        assert_eq!(weakness("TLS_ECDH_anon_WITH_AES_128_CBC_SHA"), Some(Weakness::NoAuthentication));
    }
}
