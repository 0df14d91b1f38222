//! The verdict on a chain, as findings: its faults, and who sees it differently.

use super::chain_rules as rules;
use super::view::named;
use crate::finding::{Finding, Place, Rule};
use crate::path::{FaultKind, Opinion, Validator, Verdict};

pub const RULES: &[&Rule] = &[&REFUSED_BY_SOME, &ACCEPTED_BY_SOME];

const REFUSED_BY_SOME: Rule = Rule::warning(
    "chain-refused-by-some",
    "a chain that holds, but not for everyone",
    "RFC 5280 finds nothing wrong with it. The implementation that is named has a rule of its own, so its handshakes fail.",
);

const ACCEPTED_BY_SOME: Rule = Rule::warning(
    "chain-accepted-by-some",
    "a chain that does not hold, but is accepted by some",
    "That it works with one implementation does not show that it is right: the next client, or the next release, refuses it.",
);

/// One for each fault, and one for each implementation that does not share the verdict.
pub fn findings(target: &str, verdict: &Verdict) -> Vec<Finding> {
    let faults = verdict.faults.iter().map(|found| {
        let (rule, fix) = rule(&found.kind);
        let subject = if found.subject.is_empty() { "it".to_owned() } else { found.subject.clone() };
        rule.at(Place::target(target).entry(subject.clone()), format!("{subject} {}", found.kind), fix)
    });
    faults.chain(verdict.opinions.iter().filter_map(|opinion| dissent(target, verdict, opinion))).collect()
}

fn dissent(target: &str, verdict: &Verdict, opinion: &Opinion) -> Option<Finding> {
    let place = || verdict.path.first().map_or_else(|| Place::target(target), |leaf| Place::target(target).entry(named(leaf)));
    let (who, because) = (name(opinion.validator), reason(&opinion.because));
    match (verdict.holds(), opinion.accepts) {
        (true, false) => Some(REFUSED_BY_SOME.at(
            place(),
            format!("the chain holds, and {who} will not accept it{because}"),
            "mend what the implementation refuses if you use it",
        )),
        (false, true) => Some(ACCEPTED_BY_SOME.at(
            place(),
            format!("the chain does not hold, and {who} accepts it{because}"),
            "mend the chain and do not rely on it",
        )),
        (true, true) | (false, false) => None,
    }
}

fn reason(because: &str) -> String {
    if because.is_empty() { String::new() } else { format!(", because {}", because.trim_end_matches('.')) }
}

const fn name(validator: Validator) -> &'static str {
    match validator {
        Validator::Java => "Java (Kafka)",
        Validator::Erlang => "Erlang (RabbitMQ)",
        Validator::OpenSsl => "OpenSSL (librdkafka, Python)",
        Validator::Rustls => "rustls",
    }
}

/// The rule that `kind` breaks, and what to do about it.
fn rule(kind: &FaultKind) -> (&'static Rule, &'static str) {
    match kind {
        FaultKind::Unreadable { .. } => (&rules::UNREADABLE, "get the certificate again from whoever issued it"),
        FaultKind::IssuerUnknown { .. } => {
            (&rules::ISSUER_UNKNOWN, "add the missing authority to the chain, or the root to what the peers trust")
        }
        FaultKind::SelfSigned => (&rules::SELF_SIGNED, "have it issued by an authority that the peers trust"),
        FaultKind::NotSelfSigned { .. } => (&rules::LEAF_AS_ANCHOR, "trust the authority that issued it instead"),
        FaultKind::SearchExhausted => (&rules::SEARCH_EXHAUSTED, "leave out the certificates that the chain does not need"),
        FaultKind::TooDeep { .. } => (&rules::TOO_DEEP, "issue leafs by an authority nearer to the root"),
        FaultKind::BadSignature { .. } => (&rules::BAD_SIGNATURE, "get the certificate again, and the very authority that signed it"),
        FaultKind::UnsupportedSignature { .. } => (&rules::UNSUPPORTED_SIGNATURE, "issue it anew, signed by ECDSA or RSA with SHA-256"),
        FaultKind::BrokenDigest { .. } => (&rules::BROKEN_DIGEST, "issue it anew, signed with SHA-256"),
        FaultKind::AlgorithmMismatch { .. } => (&rules::ALGORITHM_MISMATCH, "issue it anew with a program that follows RFC 5280"),
        FaultKind::ShortKey { .. } => (&rules::SHORT_KEY, "issue it anew with an EC P-256 key, or RSA of at least 2048 bits"),
        FaultKind::ExplicitCurve => (&rules::EXPLICIT_CURVE, "issue it anew with a named curve"),
        FaultKind::UnreadableKey => (&rules::UNREADABLE_KEY, "issue it anew with an EC P-256 or RSA key"),
        FaultKind::Expired(_) => (&rules::EXPIRED, "issue it anew"),
        FaultKind::NotYetValid(_) => (&rules::NOT_YET_VALID, "set the clock right, or issue it anew with a start in the past"),
        FaultKind::UnknownVersion { .. } => (&rules::UNKNOWN_VERSION, "issue it anew as version 3"),
        FaultKind::ExtensionsBeforeVersion3 { .. } => (&rules::EXTENSIONS_BEFORE_VERSION_3, "issue it anew as version 3"),
        FaultKind::DuplicateExtension { .. } => (&rules::DUPLICATE_EXTENSION, "issue it anew with the extension once"),
        FaultKind::MalformedExtension { .. } => (&rules::MALFORMED_EXTENSION, "issue it anew with a program that follows RFC 5280"),
        FaultKind::UnknownCriticalExtension { .. } => {
            (&rules::UNKNOWN_CRITICAL_EXTENSION, "issue it anew without the extension, or with it not critical")
        }
        FaultKind::WithoutIssuer => (&rules::WITHOUT_ISSUER, "issue it anew by an authority with a subject"),
        FaultKind::WithoutName => (&rules::WITHOUT_NAME, "issue it anew with a subject or subject alternative names"),
        FaultKind::MalformedName { .. } => (&rules::MALFORMED_NAME, "issue it anew with the name as RFC 5280, 4.2.1.6 has it"),
        FaultKind::NotAuthority => (&rules::NOT_AN_AUTHORITY, "issue it by an authority whose basicConstraints say CA:TRUE"),
        FaultKind::WithoutBasicConstraints => (&rules::WITHOUT_BASIC_CONSTRAINTS, "make the authority anew with basicConstraints CA:TRUE"),
        FaultKind::WithoutCertSign => (&rules::WITHOUT_CERT_SIGN, "make the authority anew with keyCertSign"),
        FaultKind::PathLength { .. } => (&rules::PATH_LENGTH, "issue by the authority itself, or make it anew with a greater path length"),
        FaultKind::Purpose { .. } => (&rules::PURPOSE, "issue it anew with the usages of its role"),
        FaultKind::KeyUsage { .. } => (&rules::KEY_USAGE, "issue it anew with digitalSignature, and keyEncipherment too for RSA"),
        FaultKind::NameMismatch { .. } => (&rules::NAME_MISMATCH, "issue it anew with the name, or connect by one that it has"),
        FaultKind::WithoutAlternativeName { .. } => (&rules::WITHOUT_ALTERNATIVE_NAME, "issue it anew with subject alternative names"),
        FaultKind::NameNotPermitted { .. } => {
            (&rules::NAME_NOT_PERMITTED, "leave the name out, or issue by an authority without that limit")
        }
        FaultKind::NameExcluded { .. } => (&rules::NAME_EXCLUDED, "leave the name out, or issue by an authority without that limit"),
        FaultKind::NameNotComparable { .. } => (&rules::NAME_NOT_COMPARABLE, "issue it anew with the name as RFC 5280, 4.2.1.6 has it"),
        FaultKind::MalformedNameConstraints { .. } => {
            (&rules::MALFORMED_NAME_CONSTRAINTS, "make the authority anew with name constraints as RFC 5280, 4.2.1.10 has them")
        }
        FaultKind::NameConstraintsInLeaf => (&rules::NAME_CONSTRAINTS_IN_LEAF, "issue it anew without them"),
        FaultKind::TooManyNames { .. } => (&rules::TOO_MANY_NAMES, "spread the names over several certificates"),
        FaultKind::DuplicatePolicy { .. } => (&rules::DUPLICATE_POLICY, "issue it anew with the policy once"),
        FaultKind::AnyPolicyMapped => (&rules::ANY_POLICY_MAPPED, "make the authority anew without that mapping"),
        FaultKind::NoValidPolicy => (&rules::NO_VALID_POLICY, "issue it anew with a policy that all above it allow"),
        FaultKind::UnknownPolicyQualifier { .. } => (&rules::UNKNOWN_POLICY_QUALIFIER, "issue it anew without the qualifier"),
        FaultKind::Revoked { .. } => (&rules::REVOKED, "issue it anew, with a new key if the old one was stolen"),
        FaultKind::RevocationUnknown { .. } => (&rules::REVOCATION_UNKNOWN, "give a current revocation list of its issuer"),
    }
}
