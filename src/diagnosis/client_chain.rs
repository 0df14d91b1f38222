//! The client's certificate in the eyes of the server: what a refusal can mean, by what was sent and by whom the server trusts.

use super::{Evidence, Step, Symptom, phrases};
use crate::path::{self, FaultKind};
use crate::pki::{Certificate, Usage};
use rustls::AlertDescription;

/// Where the chain that was sent leads to. `top` is its last certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads<'a> {
    /// By its names, to an authority that the server named; where it named nobody, to one that the client trusts.
    Home,
    /// Above `top` one is missing that the client knows, and that leads on to such an authority.
    Short { top: &'a Certificate },
    /// To an authority that is none of these.
    Elsewhere { top: &'a Certificate },
    /// Only the leaf was sent, and its issuer is none of these, nor known to lead to one: it may stand below one all the same.
    Unclear { top: &'a Certificate },
}

impl Evidence {
    /// Whether the server broke off when it looked at the client's certificate, or at its absence.
    pub(super) fn client_was_refused(&self) -> bool {
        let broke_off = match self.fault.symptom {
            Symptom::Closed => true,
            Symptom::Alert(alert) => {
                alert != AlertDescription::ProtocolVersion && (alert != AlertDescription::InsufficientSecurity || self.asked.is_some())
            }
            _ => false,
        };
        broke_off
            && match self.fault.step {
                Step::Acceptance => true,
                // In TLS 1.3 a server asks for a certificate before it shows its own, and fails there when it has none.
                Step::Handshake => (self.asked.is_some() && !self.served.is_empty()) || self.alert().is_some_and(is_about_a_certificate),
                _ => false,
            }
    }

    /// Whether it did so after it had asked for a certificate, or with an alert that is about one.
    pub(super) fn certificate_was_refused(&self) -> bool {
        self.client_was_refused() && (self.asked.is_some() || self.alert().is_some_and(is_about_a_certificate))
    }

    pub(super) fn alert(&self) -> Option<AlertDescription> {
        match self.fault.symptom {
            Symptom::Alert(alert) => Some(alert),
            _ => None,
        }
    }

    /// What is wrong with what was sent, whoever judges it: the certificate and the fault. Certificates that were not sent are not counted.
    pub(super) fn own_fault(&self, is_it: impl Fn(&FaultKind) -> bool) -> Option<(&Certificate, FaultKind)> {
        let chain = &self.shown.chain;
        let verdict = path::judge(&path::Question {
            leaf: chain.first()?,
            intermediates: &chain[1..],
            anchors: &self.shown.anchors,
            revocation_lists: &[],
            at: self.now,
            purpose: Some(Usage::ClientAuth),
            name: None,
        });
        verdict.faults.into_iter().filter(|fault| is_it(&fault.kind)).find_map(|fault| {
            let certificate = chain.iter().find(|sent| Some(*sent) == verdict.path.get(fault.at))?;
            Some((certificate, fault.kind))
        })
    }

    /// Where the client's chain leads to; `None` without one.
    pub(super) fn leads(&self) -> Option<Leads<'_>> {
        let named = self.asked.as_ref().map_or(&[][..], |asked| &asked.issuers);
        let is_home = |name: &String| if named.is_empty() { self.trusts_name(name) } else { named.contains(name) };
        let path = linked(self.shown.chain.first()?, self.shown.chain.iter());
        let top = *path.last()?;
        if path.iter().any(|one| is_home(&one.issuer) || is_home(&one.subject)) {
            return Some(Leads::Home);
        }
        let missing = linked(top, self.served.iter().chain(self.shown.anchors.iter()));
        Some(if missing[1..].iter().any(|one| is_home(&one.issuer)) {
            Leads::Short { top }
        } else if path.len() == 1 && !top.is_self_signed() && !self.is_root(&top.issuer) {
            Leads::Unclear { top }
        } else {
            Leads::Elsewhere { top }
        })
    }

    /// The authority at which both chains end, though the server does not name it: its truststore is another cluster's.
    pub(super) fn authority_of_both(&self) -> Option<&str> {
        let Some(Leads::Elsewhere { top }) = self.leads() else { return None };
        let authority = &top.issuer;
        self.served.iter().any(|one| one.issuer == *authority).then_some(authority)
    }

    /// Whether the client knows a self-signed certificate by that name.
    fn is_root(&self, name: &str) -> bool {
        self.shown.chain.iter().chain(self.shown.anchors.iter()).any(|one| one.subject == name && one.issuer == name)
    }

    /// Whether the client trusts somebody of that name.
    pub(super) fn trusts_name(&self, name: &str) -> bool {
        self.shown.anchors.iter().any(|anchor| anchor.subject == name)
    }

    /// Whether the client's own certificate was issued by something between it and the client's anchors: then a leaf of the same
    /// authorities that was sent alone is likely to lack that.
    pub(super) fn own_authority_is_between(&self) -> bool {
        self.shown.chain.first().is_some_and(|leaf| !self.trusts_name(&leaf.issuer))
            && self.shown.chain.iter().skip(1).any(|one| self.trusts_name(&one.issuer))
    }

    /// The issuers that the server named, for a sentence.
    pub(super) fn named_issuers(&self) -> String {
        phrases::listed(self.asked.iter().flat_map(|asked| asked.issuers.iter().map(String::as_str)))
    }

    pub(super) fn server_subject(&self) -> &str {
        self.served
            .first()
            .map_or("the server's certificate", |leaf| if leaf.subject.is_empty() { "the server's certificate" } else { &leaf.subject })
    }
}

/// From this certificate up, as far as there is one with the name of the issuer; nowhere twice.
fn linked<'a>(from: &'a Certificate, among: impl Iterator<Item = &'a Certificate> + Clone) -> Vec<&'a Certificate> {
    let mut path = vec![from];
    while let Some(next) = path.last().and_then(|top| among.clone().find(|one| one.subject_der == top.issuer_der && !path.contains(one))) {
        path.push(next);
    }
    path
}

const fn is_about_a_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
    )
}
