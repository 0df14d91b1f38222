//! Findings about what the leaf of a chain says of its holder: names, usages, and how brokers spell it.

use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use super::view::{ChainView, View};
use crate::finding::{Finding, Rule};
use crate::pki::{Certificate, San, Usage};

pub const RULES: &[&Rule] = &[
    &LEAF_WITHOUT_SAN,
    &LEAF_WITHOUT_CLIENT_AUTH,
    &LEAF_WITHOUT_SERVER_AUTH,
    &LEAF_WITHOUT_TLS_USAGE,
    &LEAF_WITHOUT_DIGITAL_SIGNATURE,
    &SELF_SIGNED_LEAF,
    &AUTHORITY_AS_LEAF,
    &SUBJECT_SPELLED_DIFFERENTLY,
];

const LEAF_WITHOUT_SAN: Rule = Rule::warning(
    "leaf-without-san",
    "a server certificate without a DNS name or IP address",
    "rustls and Go refuse it, Erlang does since 26.2.5.21, 27.3.4.12 and 28.5.0.1 (OTP-20130); Java and OpenSSL fall back to the common name, and only for DNS names (RFC 9525, 6.3).",
);

const LEAF_WITHOUT_CLIENT_AUTH: Rule = Rule::warning(
    "leaf-without-client-auth",
    "a certificate for servers only",
    "A Kafka broker and a RabbitMQ node connect to each other as clients: a broker tries its own key store against its own trust store when it starts, and refuses to start without clientAuth.",
);

pub const LEAF_WITHOUT_SERVER_AUTH: Rule = Rule::note(
    "leaf-without-server-auth",
    "a certificate for clients only",
    "Right for a client. A broker or node with it is refused by every client: \"Extended key usage does not permit use for TLS server authentication\".",
);

const LEAF_WITHOUT_TLS_USAGE: Rule = Rule::warning(
    "leaf-without-tls-usage",
    "a certificate that is for neither servers nor clients",
    "Its extended key usage names neither serverAuth nor clientAuth (RFC 5280, 4.2.1.12): in TLS everyone refuses it.",
);

const LEAF_WITHOUT_DIGITAL_SIGNATURE: Rule = Rule::warning(
    "leaf-without-digital-signature",
    "key usage without digitalSignature",
    "TLS 1.3, and every suite with forward secrecy, signs with the key. With keyEncipherment or keyAgreement alone Erlang finds no cipher suite (\"no_suitable_ciphers\"), and Java refuses a client.",
);

const SELF_SIGNED_LEAF: Rule = Rule::warning(
    "self-signed-leaf",
    "a self-signed leaf",
    "Each peer must trust this very certificate, so every renewal must reach all of them first. Erlang refuses it even when it is trusted (\"selfsigned_peer\").",
);

const AUTHORITY_AS_LEAF: Rule = Rule::warning(
    "authority-as-leaf",
    "an authority's certificate used as a leaf",
    "Whoever holds a broker's key could sign certificates with it. rustls (\"CaUsedAsEndEntity\"), OpenSSL and Erlang refuse it in a handshake.",
);

const SUBJECT_SPELLED_DIFFERENTLY: Rule = Rule::note(
    "subject-spelled-differently",
    "a subject that Kafka and RabbitMQ spell differently",
    "Kafka's principal is Java's RFC 2253 text, in which all but nine types of attribute are `OID=#hex`; RabbitMQ has names for more of them and escapes other than ASCII. One ACL or user for both will not fit.",
);

/// What is wrong with the leaf of each chain.
pub fn check(view: &View<'_>) -> Vec<Finding> {
    view.chains.iter().flat_map(chain).collect()
}

fn chain(chain: &ChainView<'_>) -> Vec<Finding> {
    let leaf = chain.leaf();
    let Ok((_, parsed)) = X509Certificate::from_der(leaf.der()) else {
        return Vec::new();
    };
    if leaf.authority.is_authority {
        return authority_as_leaf(chain).into_iter().collect();
    }
    [without_san(chain, &parsed), usages(chain, &parsed), digital_signature(chain, &parsed), self_signed(chain), spelling(chain, &parsed)]
        .into_iter()
        .flatten()
        .collect()
}

/// Only a chain with its key is a leaf's: a bundle may well begin with an authority.
fn authority_as_leaf(chain: &ChainView<'_>) -> Option<Finding> {
    chain.key.map(|_| {
        let message = format!("its certificate is an authority's: {}", chain.leaf().subject);
        AUTHORITY_AS_LEAF.at(chain.place.clone(), message, "issue a leaf by this authority, with a key of its own")
    })
}

fn without_san(chain: &ChainView<'_>, parsed: &X509Certificate<'_>) -> Option<Finding> {
    let leaf = chain.leaf();
    let for_servers = leaf.usages.contains(&Usage::ServerAuth) || !has_extended_key_usage(parsed);
    let named = leaf.names.iter().any(|name| matches!(name, San::Dns(_) | San::Ip(_)));
    (for_servers && !named).then(|| {
        let fix = "issue it with every name and address by which it is reached as subject alternative names";
        LEAF_WITHOUT_SAN.at(chain.place.clone(), format!("{} names no host", super::view::named(leaf)), fix)
    })
}

fn usages(chain: &ChainView<'_>, parsed: &X509Certificate<'_>) -> Option<Finding> {
    let at = |rule: &'static Rule, message: &str, fix: &str| Some(rule.at(chain.place.clone(), message, fix));
    let both = "a broker needs serverAuth and clientAuth: issue it with both";
    match chain.leaf().usages.as_slice() {
        [] if has_extended_key_usage(parsed) => {
            at(&LEAF_WITHOUT_TLS_USAGE, "its extended key usage has neither serverAuth nor clientAuth", both)
        }
        [Usage::ServerAuth] => at(&LEAF_WITHOUT_CLIENT_AUTH, "its extended key usage has serverAuth but not clientAuth", both),
        [Usage::ClientAuth] => at(&LEAF_WITHOUT_SERVER_AUTH, "its extended key usage has clientAuth but not serverAuth", both),
        _ => None,
    }
}

pub(super) fn has_extended_key_usage(parsed: &X509Certificate<'_>) -> bool {
    matches!(parsed.extended_key_usage(), Ok(Some(_)))
}

fn digital_signature(chain: &ChainView<'_>, parsed: &X509Certificate<'_>) -> Option<Finding> {
    let usage = parsed.key_usage().ok()??.value;
    (!usage.digital_signature()).then(|| {
        let message = format!("its key usage is {}", usage.to_string().trim());
        LEAF_WITHOUT_DIGITAL_SIGNATURE.at(chain.place.clone(), message, "issue it with digitalSignature, and keyEncipherment too for RSA")
    })
}

fn self_signed(chain: &ChainView<'_>) -> Option<Finding> {
    let leaf = chain.leaf();
    leaf.is_self_signed().then(|| {
        let message = format!("{} signed itself", super::view::named(leaf));
        SELF_SIGNED_LEAF.at(chain.place.clone(), message, "have it issued by an authority, and let the peers trust that")
    })
}

/// What both brokers spell alike: these types, each alone in its place, in ASCII and without characters that are escaped.
fn spelling(chain: &ChainView<'_>, parsed: &X509Certificate<'_>) -> Option<Finding> {
    let odd = odd_attribute(parsed.subject())?;
    let message = format!("{odd} in the subject of {}", chain.leaf().subject);
    let fix = "keep to C, ST, L, O, OU, CN, DC and UID in ASCII, or give each broker a rule or user of its own";
    Some(SUBJECT_SPELLED_DIFFERENTLY.at(chain.place.clone(), message, fix))
}

fn odd_attribute(subject: &X509Name<'_>) -> Option<String> {
    const ALIKE: [&str; 8] =
        ["2.5.4.3", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.10", "2.5.4.11", "0.9.2342.19200300.100.1.25", "0.9.2342.19200300.100.1.1"];
    subject.iter_attributes().find_map(|attribute| {
        let oid = attribute.attr_type().to_id_string();
        let value = attribute.as_str().unwrap_or_default();
        if !ALIKE.contains(&oid.as_str()) {
            Some(format!("there is an attribute of type {oid}"))
        } else if value.is_empty() || !value.is_ascii() || value.starts_with(['#', ' ']) || value.ends_with(' ') {
            Some(format!("there is the value {value:?}"))
        } else {
            None
        }
    })
}

/// Whether somebody else signed it: an anchor is expected to have signed itself.
pub(super) fn is_root(certificate: &Certificate) -> bool {
    certificate.issuer_der == certificate.subject_der && certificate.is_self_signed()
}
