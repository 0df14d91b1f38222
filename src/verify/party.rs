//! A holder with its identity and trust as a client or server would load them: from PEM, PKCS#12 and JKS.

use std::sync::Arc;

use crate::diagnosis::{Fault, FileProblem, Via};
use crate::inventory::HolderFiles;
use crate::keystore::{Entry, KeystoreError, jks, pkcs12};
use crate::layout::HolderFile;
use crate::pki::{Certificate, Chain, Identity, IdentityError, Passphrase, Password, PrivateKey, TrustBundle};
use crate::visit::Visitor;

/// Both halves of mutual TLS, ready for rustls.
#[derive(Debug, Clone)]
pub struct Party {
    pub identity: Arc<Identity>,
    pub trust: Arc<TrustBundle>,
}

impl Party {
    /// As `name` would connect: by its certificate.
    pub fn visitor(&self, name: String, via: Via) -> Result<Visitor, Fault> {
        Visitor::by_certificate(name, via, &self.identity, self.trust.anchors())
    }
}

/// Loads a holder once for each way that its files offer.
pub fn load(files: &HolderFiles) -> Vec<(Via, Result<Party, Fault>)> {
    let mut parties = vec![(Via::Pem, from_pem(files))];
    if files.files.contains_key(&HolderFile::KeystorePkcs12) {
        let stores = (HolderFile::KeystorePkcs12, HolderFile::TruststorePkcs12);
        parties.push((Via::Pkcs12, from_stores(files, stores, pkcs12::read)));
    }
    if files.files.contains_key(&HolderFile::KeystoreJks) {
        parties.push((Via::Jks, from_stores(files, (HolderFile::KeystoreJks, HolderFile::TruststoreJks), jks::read)));
    }
    parties
}

pub fn from_pem(files: &HolderFiles) -> Result<Party, Fault> {
    let key = PrivateKey::from_pem(bytes(files, HolderFile::Key)?, None).map_err(at(files, HolderFile::Key))?;
    let chain = certificates(files, HolderFile::Chain)?;
    let identity = Chain::new(chain).and_then(|chain| Identity::new(key, chain)).map_err(inconsistent(files, HolderFile::Chain))?;
    if files.files.contains_key(&HolderFile::CombinedPem) {
        combined(files, &identity)?;
    }
    let anchors = certificates(files, HolderFile::Anchors)?;
    // PEM carries no checksum, and nothing verifies the signature of an anchor: a flipped bit would look like someone else's fault.
    if let Some(damaged) = anchors.iter().find(|anchor| anchor.issuer_der == anchor.subject_der && !anchor.is_self_signed()) {
        return Err(at(files, HolderFile::Anchors)(format!("{} does not carry its own signature", damaged.subject)));
    }
    let trust = TrustBundle::new(anchors).map_err(|_| untrusting(files, HolderFile::Anchors))?;
    Ok(Party { identity: Arc::new(identity), trust: Arc::new(trust) })
}

/// Kafka's PEM store holds the same key and chain.
fn combined(files: &HolderFiles, identity: &Identity) -> Result<(), Fault> {
    let file = HolderFile::CombinedPem;
    let other = PrivateKey::from_pem(bytes(files, file)?, None).map_err(at(files, file))?;
    let same = other.public_key() == identity.leaf().public_key && certificates(files, file)? == identity.chain().certificates();
    if same { Ok(()) } else { Err(at(files, file)("it does not hold the key and chain of tls.key and tls.crt")) }
}

fn from_stores(
    files: &HolderFiles,
    (keystore, truststore): (HolderFile, HolderFile),
    read: fn(&[u8], &Password) -> Result<Vec<Entry>, KeystoreError>,
) -> Result<Party, Fault> {
    let open = |store, password_file| {
        let password = password(files, password_file)?;
        read(bytes(files, store)?, &password).map_err(at(files, store))
    };
    let identity = match open(keystore, HolderFile::KeystorePassword)?.as_slice() {
        [Entry::PrivateKey { key, chain, .. }] => PrivateKey::from_pkcs8(key.expose())
            .map_err(at(files, keystore))
            .and_then(|key| Chain::new(chain.clone()).and_then(|chain| Identity::new(key, chain)).map_err(inconsistent(files, keystore)))?,
        other => return Err(at(files, keystore)(format!("it holds {} entries instead of one key", other.len()))),
    };
    let trusted = open(truststore, HolderFile::TruststorePassword)?.into_iter().filter_map(|entry| match entry {
        Entry::Trusted { certificate, .. } => Some(*certificate),
        Entry::PrivateKey { .. } | Entry::SecretKey { .. } => None,
    });
    let trust = TrustBundle::new(trusted.collect()).map_err(|_| untrusting(files, truststore))?;
    Ok(Party { identity: Arc::new(identity), trust: Arc::new(trust) })
}

fn certificates(files: &HolderFiles, file: HolderFile) -> Result<Vec<Certificate>, Fault> {
    Certificate::from_pem(bytes(files, file)?).map_err(at(files, file))
}

fn password(files: &HolderFiles, file: HolderFile) -> Result<Password, Fault> {
    let text = std::str::from_utf8(bytes(files, file)?).map_err(at(files, file))?;
    Password::new(text.lines().next().unwrap_or_default().to_owned()).map_err(at(files, file))
}

/// What a client of a SASL listener logs in with.
pub fn sasl_password(files: &HolderFiles) -> Result<Passphrase, Fault> {
    let file = HolderFile::SaslPassword;
    let text = std::str::from_utf8(bytes(files, file)?).map_err(at(files, file))?;
    Ok(Passphrase::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn bytes(files: &HolderFiles, file: HolderFile) -> Result<&[u8], Fault> {
    match files.files.get(&file) {
        Some(Ok(bytes)) => Ok(bytes.expose()),
        Some(Err(why)) => Err(Fault::file(named(files, file), FileProblem::Unreadable(why.clone()))),
        None => Err(at(files, file)("it is not there")),
    }
}

/// Names the file that is at fault.
fn at<E: ToString>(files: &HolderFiles, file: HolderFile) -> impl FnOnce(E) -> Fault + use<E> {
    let name = named(files, file);
    move |error| Fault::file(name, FileProblem::Damaged(error.to_string()))
}

fn inconsistent(files: &HolderFiles, file: HolderFile) -> impl FnOnce(IdentityError) -> Fault + use<> {
    let name = named(files, file);
    move |error| {
        let problem = match error {
            IdentityError::KeyMismatch(subject) => FileProblem::KeyMismatch { subject },
            IdentityError::Empty => FileProblem::NoCertificate,
            IdentityError::Broken { .. } => FileProblem::Damaged(error.to_string()),
        };
        Fault::file(name, problem)
    }
}

fn untrusting(files: &HolderFiles, file: HolderFile) -> Fault {
    Fault::file(named(files, file), FileProblem::NoAnchors)
}

fn named(files: &HolderFiles, file: HolderFile) -> String {
    format!("{}/{}/{}", files.holder, files.generation, file.name())
}
