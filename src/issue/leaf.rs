//! Leafs: of holders, and of the proof's stand-in.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};

use super::{IssueError, Signer, profile};
use crate::cluster::{Holder, LeafSpec};
use crate::pki::{Certificate, Chain, Entropy, Host, Identity, KeyKind, PrivateKey, San, Subject, Usage, Validity};

/// A leaf for `key`, which is `holder`'s, with the chain up to the root. Never outlives its issuer.
pub fn leaf(
    spec: &LeafSpec,
    holder: &Holder,
    key: PrivateKey,
    signer: &Signer,
    now: OffsetDateTime,
    entropy: &Entropy,
) -> Result<Identity, IssueError> {
    let validity = Validity::starting(now, spec.lifetime).clipped_to(signer.certificate().validity);
    signed(&holder.subject, &holder.names, holder.usages(), key, validity, signer, entropy)
}

/// A server in place of `node`, reached as `host`, that lives for ten minutes and never leaves memory: librdkafka checks host names, and
/// no broker's leaf covers the loopback that the closing proof runs on.
pub fn stand_in(node: &Holder, host: &Host, signer: &Signer, now: OffsetDateTime, entropy: &Entropy) -> Result<Identity, IssueError> {
    let validity = Validity { not_before: now - Validity::BACKDATED, not_after: now.saturating_add(Duration::minutes(10)) };
    let validity = validity.clipped_to(signer.certificate().validity);
    signed(&node.subject, &[San::from(host)], &[Usage::ServerAuth], PrivateKey::generate(KeyKind::P256)?, validity, signer, entropy)
}

/// A copy of `leaf` with every name and extension that it has, its issuer's name too, for a key and signed by a key that were both
/// made for this alone: what every broker must refuse, and all that an intruder can make who knows every name.
pub fn impostor(leaf: &Certificate) -> Result<Identity, IssueError> {
    let [key, forger] = [PrivateKey::generate(KeyKind::P256)?, PrivateKey::generate(KeyKind::P256)?];
    let copy = profile::copied(leaf, &key, &forger)?;
    Ok(Identity::new(key, Chain::new(vec![copy])?)?)
}

/// A client's leaf that ended an hour ago. It never leaves memory.
pub fn expired(holder: &Holder, signer: &Signer, now: OffsetDateTime, entropy: &Entropy) -> Result<Identity, IssueError> {
    let validity = Validity { not_before: now - Duration::hours(2), not_after: now - Duration::hours(1) };
    signed(&holder.subject, &holder.names, &[Usage::ClientAuth], PrivateKey::generate(KeyKind::P256)?, validity, signer, entropy)
}

/// A leaf that no client may use: it is for servers alone. It lives for ten minutes and never leaves memory.
pub fn for_servers(holder: &Holder, signer: &Signer, now: OffsetDateTime, entropy: &Entropy) -> Result<Identity, IssueError> {
    let validity = Validity { not_before: now - Validity::BACKDATED, not_after: now.saturating_add(Duration::minutes(10)) };
    let validity = validity.clipped_to(signer.certificate().validity);
    signed(&holder.subject, &holder.names, &[Usage::ServerAuth], PrivateKey::generate(KeyKind::P256)?, validity, signer, entropy)
}

/// A client's leaf to learn with whether somebody takes what `signer` signs. It lives for ten minutes and never leaves memory.
pub fn probe(holder: &Holder, signer: &Signer, now: OffsetDateTime, entropy: &Entropy) -> Result<Identity, IssueError> {
    let validity = Validity { not_before: now - Validity::BACKDATED, not_after: now.saturating_add(Duration::minutes(10)) };
    let validity = validity.clipped_to(signer.certificate().validity);
    signed(&holder.subject, &holder.names, &[Usage::ClientAuth], PrivateKey::generate(KeyKind::P256)?, validity, signer, entropy)
}

fn signed(
    subject: &Subject,
    names: &[San],
    usages: &[Usage],
    key: PrivateKey,
    validity: Validity,
    signer: &Signer,
    entropy: &Entropy,
) -> Result<Identity, IssueError> {
    signer.may_issue(subject, names)?;
    let params = params(subject, names, usages, key.kind(), validity, entropy)?;
    let leaf = profile::signed(&params, &key, signer.certificate(), signer.key())?;
    let chain = Chain::new([&[leaf], signer.above_leaf()].concat())?;
    Ok(Identity::new(key, chain)?)
}

fn params(
    subject: &Subject,
    names: &[San],
    usages: &[Usage],
    kind: KeyKind,
    validity: Validity,
    entropy: &Entropy,
) -> Result<CertificateParams, IssueError> {
    let mut params = profile::base(subject, validity, entropy)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = key_usages(kind);
    params.extended_key_usages = usages.iter().map(extended_key_usage).collect();
    set_names(&mut params, names)?;
    Ok(params)
}

/// An RSA key may also be the target of the key exchange of TLS 1.2. An EC key signs only: with keyAgreement alone
/// Erlang finds no suitable cipher.
fn key_usages(kind: KeyKind) -> Vec<KeyUsagePurpose> {
    if kind.is_rsa() {
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]
    } else {
        vec![KeyUsagePurpose::DigitalSignature]
    }
}

fn extended_key_usage(usage: &Usage) -> ExtendedKeyUsagePurpose {
    match usage {
        Usage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        Usage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
    }
}

fn set_names(params: &mut CertificateParams, names: &[San]) -> Result<(), IssueError> {
    for name in names {
        params.subject_alt_names.extend(match name {
            San::Dns(dns) => Some(SanType::DnsName(dns.as_str().try_into()?)),
            San::Ip(ip) => Some(SanType::IpAddress(*ip)),
            San::Uri(uri) => Some(SanType::URI(uri.as_str().try_into()?)),
            San::Other(_) => None,
        });
    }
    Ok(())
}
