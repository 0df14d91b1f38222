//! Any file of keys and certificates: all that can be said of it by itself, and whether its chain holds.

use time::{Duration, OffsetDateTime};

use super::strength::Fatal;
use super::view::View;
use super::{chain, entry, leaf, order, readers, store, strength, validity};
use crate::finding::Finding;
use crate::keystore::Contents;
use crate::path::{self, Question, Verdict};
use crate::pki::{Certificate, Host, RevocationList, Usage};

/// What is asked of a file.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    pub at: OffsetDateTime,
    /// What ends sooner is found.
    pub expires_within: Duration,
    /// None: no verdict on a chain, only what each file shows by itself.
    pub anchors: &'a [Certificate],
    /// Beside those of the file.
    pub intermediates: &'a [Certificate],
    pub revocation_lists: &'a [RevocationList],
    /// `None` asks for no purpose.
    pub purpose: Option<Usage>,
    /// The name by which the leaf's holder is reached.
    pub name: Option<&'a Host>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub findings: Vec<Finding>,
    /// Where there were anchors to judge by, and a certificate to judge.
    pub verdict: Option<Verdict>,
}

/// Every rule on one file. `target` is how the findings name it, and its extension is held against its format.
///
/// Where there is a verdict, it alone calls a chain wrong: the other rules then find nothing of [`super::Severity::Error`] in what
/// it accepts.
pub fn contents(target: &str, contents: &Contents, options: &Options<'_>) -> Checked {
    let view = View::new(target, contents);
    let verdict = verdict(&view, options);
    let mut findings = store::check(&view);
    findings.extend(readers::check(&view));
    findings.extend(entry::check(&view));
    findings.extend(leaf::check(&view));
    findings.extend(order::check(&view));
    findings.extend(validity::outlives_issuer(&view));
    match &verdict {
        None => {
            findings.extend(validity::check(&view, options.at, options.expires_within));
            findings.extend(strength::check(&view, Fatal::Asked));
        }
        Some(verdict) => {
            findings.extend(validity::check_beside(&view, &verdict.path, options.at, options.expires_within));
            findings.extend(strength::check(&view, Fatal::Judged));
            findings.extend(chain::findings(target, verdict));
            findings.retain(|finding| !answered(finding, verdict, options.purpose));
        }
    }
    Checked { findings, verdict }
}

/// Whether the verdict already answers what a note only asks.
fn answered(finding: &Finding, verdict: &Verdict, purpose: Option<Usage>) -> bool {
    let client = verdict.holds() && purpose == Some(Usage::ClientAuth);
    *finding.rule == order::LEAF_ALONE || (client && *finding.rule == leaf::LEAF_WITHOUT_SERVER_AUTH)
}

/// Judges the first key's chain, or else the first certificate with the others beside it.
fn verdict(view: &View<'_>, options: &Options<'_>) -> Option<Verdict> {
    if options.anchors.is_empty() {
        return None;
    }
    let (leaf, beside) = match view.chains.first() {
        Some(chain) => (chain.leaf(), chain.certificates.clone()),
        None => {
            let mut all = view.certificates().into_iter();
            (all.next()?, all.collect())
        }
    };
    let intermediates: Vec<Certificate> = beside.into_iter().chain(options.intermediates).cloned().collect();
    Some(path::judge(&Question {
        leaf,
        intermediates: &intermediates,
        anchors: options.anchors,
        revocation_lists: options.revocation_lists,
        at: options.at,
        purpose: options.purpose,
        name: options.name,
    }))
}
