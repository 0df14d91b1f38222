//! The faults of a chain, and why each matters. The codes are those of [`crate::path::FaultKind::code`] behind `chain-`.

use crate::finding::Rule;
pub const RULES: &[&Rule] = &[
    &UNREADABLE,
    &ISSUER_UNKNOWN,
    &SELF_SIGNED,
    &LEAF_AS_ANCHOR,
    &SEARCH_EXHAUSTED,
    &TOO_DEEP,
    &BAD_SIGNATURE,
    &UNSUPPORTED_SIGNATURE,
    &BROKEN_DIGEST,
    &ALGORITHM_MISMATCH,
    &SHORT_KEY,
    &EXPLICIT_CURVE,
    &UNREADABLE_KEY,
    &EXPIRED,
    &NOT_YET_VALID,
    &UNKNOWN_VERSION,
    &EXTENSIONS_BEFORE_VERSION_3,
    &DUPLICATE_EXTENSION,
    &MALFORMED_EXTENSION,
    &UNKNOWN_CRITICAL_EXTENSION,
    &WITHOUT_ISSUER,
    &WITHOUT_NAME,
    &MALFORMED_NAME,
    &NOT_AN_AUTHORITY,
    &WITHOUT_BASIC_CONSTRAINTS,
    &WITHOUT_CERT_SIGN,
    &PATH_LENGTH,
    &PURPOSE,
    &KEY_USAGE,
    &NAME_MISMATCH,
    &WITHOUT_ALTERNATIVE_NAME,
    &NAME_NOT_PERMITTED,
    &NAME_EXCLUDED,
    &NAME_NOT_COMPARABLE,
    &MALFORMED_NAME_CONSTRAINTS,
    &NAME_CONSTRAINTS_IN_LEAF,
    &TOO_MANY_NAMES,
    &DUPLICATE_POLICY,
    &ANY_POLICY_MAPPED,
    &NO_VALID_POLICY,
    &UNKNOWN_POLICY_QUALIFIER,
    &REVOKED,
    &REVOCATION_UNKNOWN,
];

pub const UNREADABLE: Rule =
    Rule::error("chain-unreadable", "a certificate of a chain that cannot be read", "What no parser of RFC 5280 reads, no peer accepts.");
pub const ISSUER_UNKNOWN: Rule = Rule::error(
    "chain-issuer-unknown",
    "a chain that does not reach an anchor",
    "Java says \"unable to find valid certification path to requested target\", Erlang \"Unknown CA\", OpenSSL \"unable to get local issuer certificate\". Either the peers do not trust the root, or an authority between is not sent.",
);
pub const SELF_SIGNED: Rule = Rule::error(
    "chain-self-signed",
    "a self-signed certificate that is not trusted",
    "Nobody vouches for it. Each peer would have to trust this very certificate.",
);
pub const LEAF_AS_ANCHOR: Rule = Rule::error(
    "chain-leaf-as-anchor",
    "a leaf that is its own anchor",
    "Java accepts it. OpenSSL does with -partial_chain alone, Erlang and rustls do not.",
);
pub const SEARCH_EXHAUSTED: Rule = Rule::error(
    "chain-search-exhausted",
    "more possible paths than are tried",
    "Authorities that have signed each other in many ways make every search for a path long; each implementation gives up somewhere.",
);
pub const TOO_DEEP: Rule = Rule::error(
    "chain-path-too-deep",
    "a path that is too long",
    "Java follows five authorities, rustls six and Erlang ten unless told otherwise.",
);
pub const BAD_SIGNATURE: Rule = Rule::error(
    "chain-bad-signature",
    "a signature that does not fit its issuer",
    "The certificate was changed, or another authority of the same name has signed it (RFC 5280, 6.1.3 (a)(1)).",
);
pub const UNSUPPORTED_SIGNATURE: Rule = Rule::error(
    "chain-unsupported-signature",
    "a signature of a kind that is not supported",
    "Who cannot verify a signature must refuse the certificate.",
);
pub const BROKEN_DIGEST: Rule = Rule::error(
    "chain-broken-digest",
    "a signature that relies on a broken digest",
    "Collisions have been used to forge authorities, so a signature over such a digest proves nothing.",
);
pub const ALGORITHM_MISMATCH: Rule = Rule::error(
    "chain-algorithm-mismatch",
    "two signature algorithms in one certificate",
    "The one inside is signed, the one outside is not: they must be the same (RFC 5280, 4.1.1.2).",
);
pub const SHORT_KEY: Rule = Rule::error(
    "chain-short-key",
    "a key that is too short",
    "Java refuses RSA keys below 1024 bits, OpenSSL and rustls those below 2048.",
);
pub const EXPLICIT_CURVE: Rule = Rule::error(
    "chain-explicit-curve",
    "an elliptic curve that is written out",
    "RFC 5480 wants a named curve. Written-out parameters have been used to forge signatures (CVE-2020-0601).",
);
pub const UNREADABLE_KEY: Rule =
    Rule::error("chain-unreadable-key", "a public key that cannot be read", "Without it no signature can be verified.");
pub const EXPIRED: Rule = Rule::error(
    "chain-expired",
    "a chain with an expired certificate",
    "Java, Erlang, OpenSSL and rustls refuse it (RFC 5280, 6.1.3 (a)(2)).",
);
pub const NOT_YET_VALID: Rule = Rule::error(
    "chain-not-yet-valid",
    "a chain with a certificate that is not valid yet",
    "It is refused as an expired one is. More often than not the clock of one side is wrong.",
);
pub const UNKNOWN_VERSION: Rule =
    Rule::error("chain-unknown-version", "a certificate of an unknown version", "There are versions 1, 2 and 3 (RFC 5280, 4.1.2.1).");
pub const EXTENSIONS_BEFORE_VERSION_3: Rule = Rule::error(
    "chain-extensions-before-version-3",
    "extensions in a certificate that cannot have them",
    "Extensions came with version 3 (RFC 5280, 4.1.2.9); some read them in others too, some refuse the certificate.",
);
pub const DUPLICATE_EXTENSION: Rule = Rule::error(
    "chain-duplicate-extension",
    "an extension that stands there twice",
    "Each may stand there once (RFC 5280, 4.2): nobody could say which one counts.",
);
pub const MALFORMED_EXTENSION: Rule = Rule::error(
    "chain-malformed-extension",
    "an extension that cannot be read",
    "What it allows or forbids is unknown, so the certificate is refused.",
);
pub const UNKNOWN_CRITICAL_EXTENSION: Rule = Rule::error(
    "chain-unknown-critical-extension",
    "a critical extension that is not understood",
    "Critical means: whoever does not understand it must refuse the certificate (RFC 5280, 4.2).",
);
pub const WITHOUT_ISSUER: Rule = Rule::error(
    "chain-without-issuer",
    "a certificate without an issuer name",
    "RFC 5280, 4.1.2.4 demands one; without it no path can be found.",
);
pub const WITHOUT_NAME: Rule = Rule::error(
    "chain-without-name",
    "a certificate without any name",
    "With neither a subject nor an alternative name it stands for nobody. Java does not even parse it.",
);
pub const MALFORMED_NAME: Rule = Rule::error(
    "chain-malformed-name",
    "a malformed alternative name",
    "A name that can be read in two ways is a way around name constraints and host name checks.",
);
pub const NOT_AN_AUTHORITY: Rule = Rule::error(
    "chain-not-an-authority",
    "an issuer that is no authority",
    "If leafs could sign, every holder of a certificate could be anyone (RFC 5280, 6.1.4 (k)). Erlang says \"invalid_key_usage\".",
);
pub const WITHOUT_BASIC_CONSTRAINTS: Rule = Rule::error(
    "chain-without-basic-constraints",
    "an issuer without basicConstraints",
    "An authority of version 3 must say that it is one (RFC 5280, 6.1.4 (k)). Erlang says \"missing_basic_constraint\".",
);
pub const WITHOUT_CERT_SIGN: Rule = Rule::error(
    "chain-without-cert-sign",
    "an issuer that may not sign certificates",
    "A key usage without keyCertSign forbids it (RFC 5280, 6.1.4 (n)).",
);
pub const PATH_LENGTH: Rule = Rule::error(
    "chain-path-length-exceeded",
    "more authorities than a path length allows",
    "pathLenConstraint counts the authorities below (RFC 5280, 4.2.1.9). Erlang says \"max_path_length_reached\".",
);

pub const PURPOSE: Rule = Rule::error(
    "chain-purpose-not-allowed",
    "a purpose that the extended key usage does not allow",
    "Brokers and nodes need serverAuth and clientAuth, clients clientAuth. An authority's extended key usage limits all below it.",
);
pub const KEY_USAGE: Rule = Rule::error(
    "chain-key-usage-not-allowed",
    "a purpose that the key usage does not allow",
    "RFC 5280, 4.2.1.12 wants both to fit. Erlang enforces it since OTP 27.1.3 (\"key_usage_mismatch\").",
);
pub const NAME_MISMATCH: Rule = Rule::error(
    "chain-name-mismatch",
    "a certificate for other names",
    "Clients compare the name they connect to with the alternative names (RFC 9525): \"No subject alternative DNS name matching … found\".",
);
pub const WITHOUT_ALTERNATIVE_NAME: Rule = Rule::error(
    "chain-without-alternative-name",
    "a certificate without alternative names",
    "The common name no longer counts as a host name (RFC 9525, 6.3): rustls, Go and Erlang do not look at it.",
);
pub const NAME_NOT_PERMITTED: Rule = Rule::error(
    "chain-name-not-permitted",
    "a name that an authority may not issue",
    "The authority is limited to other names (RFC 5280, 4.2.1.10).",
);
pub const NAME_EXCLUDED: Rule = Rule::error(
    "chain-name-excluded",
    "a name that an authority is forbidden to issue",
    "The authority's name constraints exclude it (RFC 5280, 4.2.1.10).",
);
pub const NAME_NOT_COMPARABLE: Rule = Rule::error(
    "chain-name-not-comparable",
    "a name that cannot be compared with name constraints",
    "Who cannot tell whether a name is permitted must refuse it (RFC 5280, 6.1.3).",
);
pub const MALFORMED_NAME_CONSTRAINTS: Rule = Rule::error(
    "chain-malformed-name-constraints",
    "malformed name constraints",
    "What they permit is unknown, so everything below is refused.",
);
pub const NAME_CONSTRAINTS_IN_LEAF: Rule = Rule::error(
    "chain-name-constraints-in-leaf",
    "name constraints in a certificate that is no authority's",
    "They limit what an authority issues and may stand nowhere else (RFC 5280, 4.2.1.10).",
);
pub const TOO_MANY_NAMES: Rule = Rule::error(
    "chain-too-many-names",
    "more names than can be compared with name constraints",
    "The work grows with names times constraints, and every implementation stops somewhere.",
);
pub const DUPLICATE_POLICY: Rule =
    Rule::error("chain-duplicate-policy", "a certificate policy that stands there twice", "RFC 5280, 4.2.1.4 forbids it.");
pub const ANY_POLICY_MAPPED: Rule =
    Rule::error("chain-any-policy-mapped", "anyPolicy in a policy mapping", "RFC 5280, 4.2.1.5 forbids it.");
pub const NO_VALID_POLICY: Rule = Rule::error(
    "chain-no-valid-policy",
    "no valid certificate policy where one is required",
    "A certificate above asks for one (requireExplicitPolicy, RFC 5280, 6.1.5 (g)).",
);
pub const UNKNOWN_POLICY_QUALIFIER: Rule = Rule::error(
    "chain-unknown-policy-qualifier",
    "a policy qualifier that is not understood",
    "In critical certificate policies it must be understood (RFC 5280, 4.2.1.4).",
);
pub const REVOKED: Rule = Rule::error(
    "chain-revoked",
    "a revoked certificate",
    "Whoever looks at revocation lists refuses it. Kafka and RabbitMQ do so only when they are told to.",
);
pub const REVOCATION_UNKNOWN: Rule = Rule::error(
    "chain-revocation-unknown",
    "a certificate whose revocation is not settled",
    "A list was given, and none of them says whether this certificate is revoked: with checking on, it is refused.",
);
