//! An identity as far as its own files tell, before what was said besides.

use std::sync::Arc;

use super::login::Said;
use super::{Besides, Candidate, IdentityError, Target, opened};
use crate::describe::TlsVersion;
use crate::diagnosis::{Fault, FileProblem, Via};
use crate::directory;
use crate::pki::Certificate;
use crate::visit::{Credential, Visitor};

#[derive(Debug)]
pub(super) struct Draft {
    pub name: String,
    pub via: Via,
    pub credential: Result<Option<Credential>, Fault>,
    pub trust: Trust,
    pub login: Said,
    /// Empty where nothing is said.
    pub versions: Vec<TlsVersion>,
    pub notes: Vec<String>,
    pub targets: Vec<Target>,
}

/// Whom the identity trusts by its own files.
#[derive(Debug)]
pub(super) enum Trust {
    /// It says nothing, and nothing follows from that.
    Unsaid,
    /// It says nothing, and its program then trusts the public authorities.
    Public,
    Given(Result<Vec<Certificate>, Fault>),
}

impl Draft {
    pub fn new(name: String, via: Via, credential: Result<Option<Credential>, Fault>) -> Self {
        let (trust, login) = (Trust::Unsaid, Said::Nothing);
        Self { name, via, credential, trust, login, versions: Vec::new(), notes: Vec::new(), targets: Vec::new() }
    }

    /// One candidate, or one for each TLS version that was asked for.
    pub fn finish(self, besides: &Besides) -> Result<Vec<Candidate>, IdentityError> {
        let Self { name, via, credential, trust, login, versions, mut notes, targets } = self;
        if besides.key.is_some() && via != Via::Pem {
            return Err(IdentityError::KeyUnused(name));
        }
        let visitor = match credential {
            Err(fault) => Err(fault),
            Ok(credential) => {
                let login = login.login(&name, credential.is_some(), besides)?;
                let anchors = trust.anchors(&name, besides, &mut notes)?;
                let versions = if versions.is_empty() { Visitor::VERSIONS.to_vec() } else { versions };
                anchors.and_then(|anchors| {
                    let (credential, anchors) = (credential.map(Arc::new), anchors.into());
                    Ok(Visitor { name: name.clone(), via, credential, anchors, login: login?, versions })
                })
            }
        };
        let of = |name: String, visitor| Candidate { name, via, visitor, notes: notes.clone(), targets: targets.clone() };
        let visitor = match visitor {
            Ok(visitor) if !besides.versions.is_empty() => {
                let each = besides.versions.iter().map(|version| {
                    let name = format!("{name} ({})", version.name());
                    of(name.clone(), Ok(Visitor { name, versions: vec![*version], ..visitor.clone() }))
                });
                return Ok(each.collect());
            }
            Ok(_) | Err(_) => visitor,
        };
        Ok(vec![of(name.clone(), visitor)])
    }
}

impl Trust {
    fn anchors(self, name: &str, besides: &Besides, notes: &mut Vec<String>) -> Result<Result<Vec<Certificate>, Fault>, IdentityError> {
        if !besides.trust.is_empty() || besides.system_roots {
            let given = besides.trust.iter().map(|path| opened::anchors_by_hand(path, &besides.passwords));
            let roots = besides.system_roots.then(|| system_roots(notes));
            return Ok(given.chain(roots).collect::<Result<Vec<_>, _>>().map(|each| each.concat()));
        }
        match self {
            Self::Unsaid => Err(IdentityError::NoTrust(name.to_owned())),
            Self::Public => Ok(system_roots(notes)),
            Self::Given(anchors) => Ok(anchors),
        }
    }
}

fn system_roots(notes: &mut Vec<String>) -> Result<Vec<Certificate>, Fault> {
    let (roots, problems) = directory::system_roots();
    notes.extend(problems);
    if roots.is_empty() { Err(Fault::file("the list of the system's roots", FileProblem::NoAnchors)) } else { Ok(roots) }
}
