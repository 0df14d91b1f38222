//! What can be wrong with a certification path.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::pki::Usage;

/// One thing that is wrong, and with which certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Index in the verdict's path: 0 is the leaf.
    pub at: usize,
    /// RFC 2253, of that certificate.
    pub subject: String,
    pub kind: FaultKind,
}

/// The rule that is broken, with the values that break it. `Display` is a sentence without its subject: "has expired on 2024-…".
///
/// Object identifiers are dotted, distinguished names are RFC 2253, other names carry their type: `DNS:broker-1.example`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    // Building the path.
    #[error("cannot be read: {problem}")]
    Unreadable { problem: String },
    #[error("was issued by {issuer}, which is neither among the anchors nor among the other certificates")]
    IssuerUnknown { issuer: String },
    #[error("is self-signed and not among the anchors")]
    SelfSigned,
    #[error("is among the anchors itself but was issued by {issuer}: a leaf is trusted directly only when it is self-signed")]
    NotSelfSigned { issuer: String },
    #[error("has more possible paths than are tried")]
    SearchExhausted,
    #[error("stands in a path that is longer than {limit} certificates")]
    TooDeep { limit: usize },

    // Signature and key.
    #[error("has a signature ({algorithm}) that the key of {issuer} does not verify")]
    BadSignature { algorithm: String, issuer: String },
    #[error("has a signature ({algorithm}) of a kind that cannot be verified with the key of {issuer}")]
    UnsupportedSignature { algorithm: String, issuer: String },
    #[error("has a signature that relies on {algorithm}, which is broken")]
    BrokenDigest { algorithm: String },
    #[error("names the signature algorithm {signed} inside and {outer} outside")]
    AlgorithmMismatch { signed: String, outer: String },
    #[error("has an RSA key of {bits} bits, fewer than 1024")]
    ShortKey { bits: usize },
    #[error("has an EC key whose curve is written out instead of named")]
    ExplicitCurve,
    #[error("has a public key that cannot be read")]
    UnreadableKey,

    // Dates.
    #[error("has expired on {}", instant(.0))]
    Expired(OffsetDateTime),
    #[error("is not valid before {}", instant(.0))]
    NotYetValid(OffsetDateTime),

    // The shape of a certificate.
    #[error("has the unknown version {version}")]
    UnknownVersion { version: u32 },
    #[error("has extensions, but is of version {version}")]
    ExtensionsBeforeVersion3 { version: u32 },
    #[error("has the extension {oid} twice")]
    DuplicateExtension { oid: String },
    #[error("has an extension {oid} that cannot be read")]
    MalformedExtension { oid: String },
    #[error("has the critical extension {oid}, which is not understood")]
    UnknownCriticalExtension { oid: String },
    #[error("has no issuer name")]
    WithoutIssuer,
    #[error("has neither a subject nor an alternative name")]
    WithoutName,
    #[error("has a malformed name, {name}: {problem}")]
    MalformedName { name: String, problem: &'static str },

    // Being an authority.
    #[error("issued a certificate, but is no CA (basicConstraints)")]
    NotAuthority,
    #[error("issued a certificate, but has no basicConstraints")]
    WithoutBasicConstraints,
    #[error("issued a certificate, but its key usage lacks keyCertSign")]
    WithoutCertSign,
    #[error("allows {allowed} CA certificates between it and the leaf, and {found} stand there")]
    PathLength { allowed: u32, found: u32 },

    // What it may be used for.
    #[error("may not be used for {wanted}; its extended key usage allows {allowed}")]
    Purpose { wanted: Usage, allowed: String },
    #[error("may not be used for {wanted}; its key usage allows {allowed}")]
    KeyUsage { wanted: Usage, allowed: String },
    #[error("is not valid for {wanted}, only for {names}")]
    NameMismatch { wanted: String, names: String },
    #[error("is not valid for {wanted}: it has no subject alternative name")]
    WithoutAlternativeName { wanted: String },

    // Name constraints.
    #[error("has {name}, which the name constraints of {by} do not permit")]
    NameNotPermitted { name: String, by: String },
    #[error("has {name}, which the name constraints of {by} exclude ({subtree})")]
    NameExcluded { name: String, by: String, subtree: String },
    #[error("has {name}, which cannot be compared with the name constraints of {by}")]
    NameNotComparable { name: String, by: String },
    #[error("has malformed name constraints: {problem}")]
    MalformedNameConstraints { problem: String },
    #[error("has name constraints, but is no CA")]
    NameConstraintsInLeaf,
    #[error("has more names than can be compared with the name constraints of {by}")]
    TooManyNames { by: String },

    // Policies.
    #[error("lists the certificate policy {oid} twice")]
    DuplicatePolicy { oid: String },
    #[error("maps anyPolicy, which cannot be mapped")]
    AnyPolicyMapped,
    #[error("leaves no valid certificate policy, and a certificate above requires one")]
    NoValidPolicy,
    #[error("has critical certificate policies with the qualifier {oid}, which is not understood")]
    UnknownPolicyQualifier { oid: String },

    // Revocation.
    #[error("was revoked on {} ({reason})", instant(.at))]
    Revoked { at: OffsetDateTime, reason: String },
    #[error("may be revoked: {problem}")]
    RevocationUnknown { problem: RevocationGap },
}

/// Why no revocation list settles whether a certificate is revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationGap {
    #[error("no revocation list covers it")]
    NoList,
    #[error("the revocation list of {issuer} is not valid before {}", instant(.since))]
    NotYetValid { issuer: String, since: OffsetDateTime },
    #[error("the revocation list of {issuer} has expired on {}", instant(.since))]
    Expired { issuer: String, since: OffsetDateTime },
    #[error("the revocation list of {issuer} does not say when the next one comes")]
    WithoutNextUpdate { issuer: String },
    #[error("the signature of the revocation list of {issuer} does not verify with a key that may sign one")]
    BadSignature { issuer: String },
    #[error("the revocation list of {issuer} has the critical extension {oid}, which is not understood")]
    UnknownCriticalExtension { issuer: String, oid: String },
    #[error("the revocation list of {issuer} is malformed")]
    Malformed { issuer: String },
    #[error("the revocation lists of {issuer} cover only some reasons or some certificates")]
    OutOfScope { issuer: String },
}

fn instant(at: &OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

impl FaultKind {
    /// Kebab case, stable, one for each rule.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::IssuerUnknown { .. } => "issuer-unknown",
            Self::SelfSigned => "self-signed",
            Self::NotSelfSigned { .. } => "leaf-as-anchor",
            Self::SearchExhausted => "search-exhausted",
            Self::TooDeep { .. } => "path-too-deep",
            Self::BadSignature { .. } => "bad-signature",
            Self::UnsupportedSignature { .. } => "unsupported-signature",
            Self::BrokenDigest { .. } => "broken-digest",
            Self::AlgorithmMismatch { .. } => "algorithm-mismatch",
            Self::ShortKey { .. } => "short-key",
            Self::ExplicitCurve => "explicit-curve",
            Self::UnreadableKey => "unreadable-key",
            Self::Expired(_) => "expired",
            Self::NotYetValid(_) => "not-yet-valid",
            Self::UnknownVersion { .. } => "unknown-version",
            Self::ExtensionsBeforeVersion3 { .. } => "extensions-before-version-3",
            Self::DuplicateExtension { .. } => "duplicate-extension",
            Self::MalformedExtension { .. } => "malformed-extension",
            Self::UnknownCriticalExtension { .. } => "unknown-critical-extension",
            Self::WithoutIssuer => "without-issuer",
            Self::WithoutName => "without-name",
            Self::MalformedName { .. } => "malformed-name",
            Self::NotAuthority => "not-an-authority",
            Self::WithoutBasicConstraints => "without-basic-constraints",
            Self::WithoutCertSign => "without-cert-sign",
            Self::PathLength { .. } => "path-length-exceeded",
            Self::Purpose { .. } => "purpose-not-allowed",
            Self::KeyUsage { .. } => "key-usage-not-allowed",
            Self::NameMismatch { .. } => "name-mismatch",
            Self::WithoutAlternativeName { .. } => "without-alternative-name",
            Self::NameNotPermitted { .. } => "name-not-permitted",
            Self::NameExcluded { .. } => "name-excluded",
            Self::NameNotComparable { .. } => "name-not-comparable",
            Self::MalformedNameConstraints { .. } => "malformed-name-constraints",
            Self::NameConstraintsInLeaf => "name-constraints-in-leaf",
            Self::TooManyNames { .. } => "too-many-names",
            Self::DuplicatePolicy { .. } => "duplicate-policy",
            Self::AnyPolicyMapped => "any-policy-mapped",
            Self::NoValidPolicy => "no-valid-policy",
            Self::UnknownPolicyQualifier { .. } => "unknown-policy-qualifier",
            Self::Revoked { .. } => "revoked",
            Self::RevocationUnknown { .. } => "revocation-unknown",
        }
    }
}
