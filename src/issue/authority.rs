//! A root, and the issuing authority below it.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyUsagePurpose};
use time::OffsetDateTime;

use super::{IssueError, profile};
use crate::cluster::{AuthorityName, ClusterSpec, OwnAuthority};
use crate::inventory::{AuthorityCertificates, KeyFile};
use crate::pki::{Certificate, Entropy, PrivateKey, Subject, SubjectAttribute, Validity};

/// A new generation of an authority, not yet stored.
#[derive(Debug)]
pub struct NewAuthority {
    pub certificates: AuthorityCertificates,
    pub root_key: PrivateKey,
    /// `None`: the root signs leafs itself.
    pub issuing_key: Option<PrivateKey>,
}

/// Makes generation `generation` of the authority `name`.
///
/// Two generations never share a subject name: Java and Erlang look for an issuer by its name.
pub fn authority(
    spec: &ClusterSpec,
    name: AuthorityName,
    own: &OwnAuthority,
    generation: u32,
    now: OffsetDateTime,
    entropy: &Entropy,
) -> Result<NewAuthority, IssueError> {
    let root_key = PrivateKey::generate(own.key)?;
    // A path length of one leaves room for exactly the issuing authority.
    let root_params =
        params(&subject(spec, name, "root", generation), Validity::starting(now, own.root), u8::from(own.issuing.is_some()), entropy)?;
    let root = Certificate::from_der(root_params.self_signed(&root_key)?.der().to_vec())?;

    below(spec, name, own, generation, (root, root_key), now, entropy)
}

/// Makes generation `generation` of the authority `name` below a root that is there already.
pub fn below(
    spec: &ClusterSpec,
    name: AuthorityName,
    own: &OwnAuthority,
    generation: u32,
    (root, root_key): (Certificate, PrivateKey),
    now: OffsetDateTime,
    entropy: &Entropy,
) -> Result<NewAuthority, IssueError> {
    let (issuing, issuing_key) = match own.issuing {
        None => (Vec::new(), None),
        Some(lifetime) => {
            let issuing_key = PrivateKey::generate(own.key)?;
            let validity = Validity::starting(now, lifetime).clipped_to(root.validity);
            let issuing_params = params(&subject(spec, name, "issuing", generation), validity, 0, entropy)?;
            (vec![profile::signed(&issuing_params, &issuing_key, &root, &root_key)?], Some(issuing_key))
        }
    };
    let certificates = AuthorityCertificates { root, issuing, key: KeyFile::Plain, root_key: KeyFile::Plain };
    Ok(NewAuthority { certificates, root_key, issuing_key })
}

fn subject(spec: &ClusterSpec, name: AuthorityName, rank: &str, generation: u32) -> Subject {
    let side = match name {
        AuthorityName::Shared => "",
        AuthorityName::Brokers => "brokers ",
        AuthorityName::Clients => "clients ",
    };
    common_name(&spec.subject, &format!("{} {side}{rank} {generation}", spec.name))
}

/// `base` with a common name of at most 64 characters (RFC 5280, ub-common-name), which the limits of the cluster file ensure.
fn common_name(base: &Subject, text: &str) -> Subject {
    base.clone().with(SubjectAttribute::CommonName, text).unwrap_or_else(|_| base.clone())
}

/// basicConstraints critical CA:TRUE with a path length, keyUsage critical keyCertSign and cRLSign, both key identifiers.
fn params(subject: &Subject, validity: Validity, path_length: u8, entropy: &Entropy) -> Result<CertificateParams, IssueError> {
    let mut params = profile::base(subject, validity, entropy)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
