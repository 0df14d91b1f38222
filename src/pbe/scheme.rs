//! The name of what protects something.

/// One encryption or MAC, as `PBES2 PBKDF2-HMAC-SHA256 AES-256-CBC` with its iterations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Scheme {
    pub protects: Protected,
    pub name: String,
    pub iterations: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protected {
    Keys,
    Certificates,
    Store,
}
