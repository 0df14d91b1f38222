//! A store, or a certificate with its key: nothing that says where it leads or whom it trusts.

use std::path::Path;

use super::Besides;
use super::draft::Draft;
use super::opened::Opened;
use super::store::{self, Part};
use crate::diagnosis::{Fault, Via};
use crate::keystore::Format;
use crate::pki::Secret;
use crate::visit::Credential;

pub(super) fn unusable(path: &Path, fault: Fault) -> Draft {
    Draft::new(path.display().to_string(), Via::Pem, Err(fault))
}

pub(super) fn draft(path: &Path, bytes: &[u8], besides: &Besides) -> Draft {
    let name = path.display().to_string();
    let file = match Opened::new(name.clone(), Secret::new(bytes.to_vec()), &besides.passwords) {
        Ok(file) => file,
        Err(fault) => return Draft::new(name, looks_like(bytes), Err(fault)),
    };
    let via = match file.contents.format {
        Format::Pem | Format::Der | Format::Pkcs7 => Via::Pem,
        Format::Pkcs12 => Via::Pkcs12,
        Format::Jks | Format::Jceks => Via::Jks,
    };
    let mut notes = Vec::new();
    let credential = match &besides.key {
        Some(key) => Opened::read_named(key, &besides.passwords).and_then(|key| pair(&file, &key)),
        None => store::credential(bytes, &file.contents, &mut notes).map_err(|problem| file.fault(problem)),
    };
    Draft { notes, ..Draft::new(name, via, credential.map(Some)) }
}

pub(super) fn pair(chain: &Opened, key: &Opened) -> Result<Credential, Fault> {
    store::credential_of_two(chain.bytes.expose(), &chain.contents, &key.contents).map_err(|(part, problem)| match part {
        Part::Chain => chain.fault(problem),
        Part::Key => key.fault(problem),
    })
}

/// By the first byte: a SEQUENCE of DER, or the magic numbers of Java's stores.
fn looks_like(bytes: &[u8]) -> Via {
    match bytes.first() {
        Some(0x30) => Via::Pkcs12,
        Some(0xfe | 0xce) => Via::Jks,
        Some(_) | None => Via::Pem,
    }
}
