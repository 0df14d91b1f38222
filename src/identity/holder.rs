//! A holder of the directory, by its PEM files.

use super::draft::{Draft, Trust};
use super::opened::Opened;
use super::{bare, store::Trusting};
use crate::diagnosis::{Fault, FileProblem, Via};
use crate::inventory::HolderFiles;
use crate::keystore::Passwords;
use crate::layout::HolderFile;
use crate::pki::Certificate;

pub(super) fn draft(files: &HolderFiles) -> Draft {
    let credential = open(files, HolderFile::Chain).and_then(|chain| bare::pair(&chain, &open(files, HolderFile::Key)?));
    let trust = Trust::Given(open(files, HolderFile::Anchors).and_then(|file| intact(&file, file.anchors(Trusting::Bundle)?)));
    Draft { trust, ..Draft::new(files.holder.to_string(), Via::Pem, credential.map(Some)) }
}

fn open(files: &HolderFiles, file: HolderFile) -> Result<Opened, Fault> {
    let name = format!("{}/{}/{}", files.holder, files.generation, file.name());
    match files.files.get(&file) {
        Some(Ok(bytes)) => Opened::new(name, bytes.clone(), &Passwords::default()),
        Some(Err(why)) => Err(Fault::file(name, FileProblem::Unreadable(why.clone()))),
        None => Err(Fault::file(name, FileProblem::Unreadable("it is not there".to_owned()))),
    }
}

/// PEM carries no checksum, and nothing verifies the signature of an anchor: a flipped bit would look like someone else's fault.
fn intact(file: &Opened, anchors: Vec<Certificate>) -> Result<Vec<Certificate>, Fault> {
    match anchors.iter().find(|anchor| anchor.issuer_der == anchor.subject_der && !anchor.is_self_signed()) {
        Some(damaged) => Err(file.fault(FileProblem::Damaged(format!("{} does not carry its own signature", damaged.subject)))),
        None => Ok(anchors),
    }
}
