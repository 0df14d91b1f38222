//! Findings about the certificates that are sent with a leaf: the right ones, in the right order, and the key that belongs to them.

use super::leaf::is_root;
use super::view::{ChainView, View, named};
use crate::finding::{Finding, Rule};
use crate::keystore::KeyState;
use crate::pki::Certificate;

pub const RULES: &[&Rule] =
    &[&KEY_MISMATCH, &CHAIN_OUT_OF_ORDER, &CHAIN_WITH_STRANGER, &CHAIN_WITH_DUPLICATE, &CHAIN_WITH_ROOT, &CHAIN_TOO_DEEP, &LEAF_ALONE];

const KEY_MISMATCH: Rule = Rule::error(
    "key-mismatch",
    "a private key that does not belong to its certificate",
    "Every handshake fails with \"bad signature\" or \"decrypt error\". Neither Kafka nor RabbitMQ notices when it loads them (OpenSSL: \"key values mismatch\").",
);

const CHAIN_OUT_OF_ORDER: Rule = Rule::warning(
    "chain-out-of-order",
    "a chain in the wrong order",
    "RFC 5246 wants the leaf first and each certificate followed by its issuer. Erlang cannot serve a chain that begins with another, Kafka does not load it from PEM; clients of TLS 1.3 sort it themselves.",
);

const CHAIN_WITH_STRANGER: Rule = Rule::warning(
    "chain-with-stranger",
    "a chain with a certificate that is not part of it",
    "It is sent in every handshake and helps nobody. Kafka does not load such a chain from PEM (\"Certificate chain is not valid\"), and clients of TLS 1.2 may refuse it.",
);

const CHAIN_WITH_DUPLICATE: Rule = Rule::warning(
    "chain-with-duplicate",
    "a chain with a certificate twice",
    "Java's key store refuses a chain with a certificate twice, so Kafka does not load it from PEM; the others send it twice.",
);

const CHAIN_WITH_ROOT: Rule = Rule::note(
    "chain-with-root",
    "a chain that ends in its root",
    "Harmless: who trusts the root has it, and who has it not will not trust this one. It makes each handshake longer (RFC 8446, 4.4.2 lets it be left out).",
);

const CHAIN_TOO_DEEP: Rule = Rule::warning(
    "chain-too-deep",
    "a chain with more authorities than Java accepts",
    "Java follows at most five authorities between a leaf and its anchor unless told otherwise, Erlang ten since OTP 23.2; `ssl_options.depth` of RabbitMQ may allow fewer.",
);

pub const LEAF_ALONE: Rule = Rule::note(
    "leaf-alone",
    "a leaf without any authority",
    "Right when a root that the peers trust has signed it. Otherwise the peers find no path (\"unable to get local issuer certificate\"), because nobody fetches what is missing.",
);

/// How many authorities Java follows between leaf and anchor (`PKIXBuilderParameters.setMaxPathLength`).
const JAVA_DEPTH: usize = 5;
/// Nobody sends more; a longer list is looked at no further.
const LONGEST: usize = 32;

/// What is wrong with each chain.
pub fn check(view: &View<'_>) -> Vec<Finding> {
    view.chains.iter().flat_map(|chain| [key_mismatch(chain), order(chain), root(chain), deep(chain), alone(chain)]).flatten().collect()
}

fn key_mismatch(chain: &ChainView<'_>) -> Option<Finding> {
    let Some(KeyState::Open(key)) = chain.key else {
        return None;
    };
    (!key.belongs_to(chain.leaf())).then(|| {
        let message = format!("the {} key does not belong to the certificate of {}", key.public().algorithm, named(chain.leaf()));
        KEY_MISMATCH.at(chain.place.clone(), message, "put the key and the certificate that was issued for it together again")
    })
}

/// At most one of: a certificate twice, the right ones in the wrong order, one that does not belong.
fn order(chain: &ChainView<'_>) -> Option<Finding> {
    let certificates = &chain.certificates;
    if certificates.len() > LONGEST {
        return None;
    }
    if let Some(twice) = certificates.iter().enumerate().find_map(|(index, one)| certificates[..index].contains(one).then_some(one)) {
        return Some(CHAIN_WITH_DUPLICATE.at(chain.place.clone(), format!("{} is in it twice", named(twice)), "leave one of them out"));
    }
    let linked = path_from(chain.leaf(), certificates);
    if linked.len() == certificates.len() {
        return (linked != *certificates).then(|| {
            let wanted: Vec<String> = linked.iter().map(|certificate| named(certificate)).collect();
            CHAIN_OUT_OF_ORDER.at(
                chain.place.clone(),
                format!("it begins with {}", named(certificates[0])),
                format!("put them in this order: {}", wanted.join("; ")),
            )
        });
    }
    let stranger = certificates.iter().find(|certificate| !linked.contains(certificate))?;
    let message = format!("{} has signed nothing in the chain of {}", named(stranger), named(linked[0]));
    Some(CHAIN_WITH_STRANGER.at(chain.place.clone(), message, "leave it out"))
}

/// From a certificate to the last that has signed the one before it.
fn path_from<'a>(first: &'a Certificate, certificates: &[&'a Certificate]) -> Vec<&'a Certificate> {
    let mut path = vec![first];
    while let Some(next) = certificates.iter().copied().find(|next| !path.contains(next) && is_issuer(next, path[path.len() - 1])) {
        path.push(next);
    }
    path
}

/// The names are compared first: a signature costs a thousand times as much.
fn is_issuer(issuer: &Certificate, certificate: &Certificate) -> bool {
    certificate.issuer_der == issuer.subject_der && certificate.is_signed_by(issuer)
}

fn root(chain: &ChainView<'_>) -> Option<Finding> {
    let (last, rest) = chain.certificates.split_last()?;
    (!rest.is_empty() && is_root(last))
        .then(|| CHAIN_WITH_ROOT.at(chain.place.clone(), format!("it ends in the root {}", named(last)), "leave it out"))
}

fn deep(chain: &ChainView<'_>) -> Option<Finding> {
    let authorities = chain.certificates[1..].iter().filter(|certificate| !is_root(certificate)).count();
    (authorities > JAVA_DEPTH).then(|| {
        let message = format!("there are {authorities} authorities between the leaf and its root, and Java follows {JAVA_DEPTH}");
        CHAIN_TOO_DEEP.at(chain.place.clone(), message, "issue leafs by an authority nearer to the root")
    })
}

fn alone(chain: &ChainView<'_>) -> Option<Finding> {
    let [leaf] = chain.certificates.as_slice() else {
        return None;
    };
    (!leaf.is_self_signed() && chain.key.is_some()).then(|| {
        let message = format!("{} comes without its issuer {}", named(leaf), leaf.issuer);
        LEAF_ALONE.at(chain.place.clone(), message, "add the issuer unless it is a root that the peers trust")
    })
}
