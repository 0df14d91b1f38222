//! Someone with all the right names, and none of the right signatures.

use super::party::Party;
use super::{Fault, Step};
use crate::cluster::Holder;
use crate::issue;
use crate::pki::{Certificate, Identity};

/// A client certificate with the names of `holder`, made a moment ago, in the name of whoever signed the one in `party`.
pub fn of(holder: &Holder, party: &Party) -> Result<Identity, Fault> {
    let leaf = party.identity.leaf();
    let known = party.identity.chain().certificates().iter().chain(party.trust.anchors());
    let issuer: &Certificate = known
        .into_iter()
        .find(|certificate| certificate.subject_der == leaf.issuer_der)
        .ok_or_else(|| Fault::new(Step::Files, format!("the issuer of {} is neither in its chain nor trusted", leaf.subject)))?;
    issue::impostor(holder, issuer, leaf.validity, &aws_lc_rs::rand::SystemRandom::new()).map_err(|error| Fault::new(Step::Files, error))
}
