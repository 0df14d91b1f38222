//! What the certificates of a path may be used for: to sign others, and for what is asked (RFC 5280, 4.2.1.3, 4.2.1.9, 4.2.1.12, 6.1.4).

use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage};

use super::FaultKind;
use super::node::Node;
use crate::pki::Usage;

/// Whether every certificate above the leaf is a CA, and none has more of them below it than it allows.
pub(super) fn authority_faults(path: &[&Node<'_>]) -> Vec<(usize, FaultKind)> {
    let mut faults = Vec::new();
    for (at, node) in path.iter().enumerate().skip(1) {
        match node.basic_constraints() {
            Some(constraints) if !constraints.ca => faults.push((at, FaultKind::NotAuthority)),
            Some(constraints) => {
                // The leaf does not count, even where it is a CA; nor do self-issued ones.
                let found = path[1..at].iter().filter(|below| !below.is_self_issued()).count();
                let found = u32::try_from(found).unwrap_or(u32::MAX);
                let exceeded = constraints.path_len_constraint.filter(|allowed| found > *allowed);
                faults.extend(exceeded.map(|allowed| (at, FaultKind::PathLength { allowed, found })));
            }
            // A version 1 certificate cannot say that it is a CA. As an anchor it is one because the user says so.
            None if node.is_anchor() && node.version() == 1 => {}
            None => faults.push((at, FaultKind::WithoutBasicConstraints)),
        }
        if node.key_usage().is_some_and(|usage| !usage.key_cert_sign()) {
            faults.push((at, FaultKind::WithoutCertSign));
        }
    }
    faults
}

/// Whether every certificate that has an extended key usage allows `wanted`; on a CA it bounds what is issued below, as everyone reads it.
pub(super) fn purpose_faults(path: &[&Node<'_>], wanted: Usage) -> Vec<(usize, FaultKind)> {
    let extended = path.iter().enumerate().filter_map(|(at, node)| {
        let usage = node.extended_key_usage()?;
        (!allows(usage, wanted)).then(|| (at, FaultKind::Purpose { wanted, allowed: names(usage) }))
    });
    let leaf = path.first().and_then(|leaf| leaf.key_usage()).filter(|usage| !fits(usage, wanted));
    extended.chain(leaf.map(|usage| (0, FaultKind::KeyUsage { wanted, allowed: usage.to_string() }))).collect()
}

fn allows(usage: &ExtendedKeyUsage<'_>, wanted: Usage) -> bool {
    usage.any
        || match wanted {
            Usage::ServerAuth => usage.server_auth,
            Usage::ClientAuth => usage.client_auth,
        }
}

/// Any bit that some TLS key exchange needs will do: which one depends on the cipher suite.
fn fits(usage: &KeyUsage, wanted: Usage) -> bool {
    usage.digital_signature()
        || usage.key_agreement()
        || match wanted {
            Usage::ServerAuth => usage.key_encipherment(),
            Usage::ClientAuth => false,
        }
}

fn names(usage: &ExtendedKeyUsage<'_>) -> String {
    let known = [
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned());
    let all: Vec<String> = known.chain(usage.other.iter().map(x509_parser::oid_registry::Oid::to_id_string)).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
