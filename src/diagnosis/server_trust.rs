//! Whether the client can follow the server's chain to somebody it trusts, and who has to do something where it cannot.

use super::phrases::listed;
use super::programs::words;
use super::row::{Explanation, Row, Side};
use super::{Evidence, Symptom};
use crate::finding::Rule;
use crate::path::{FaultKind, Verdict};
use crate::pki::Certificate;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "server-self-signed",
            "a self-signed server certificate that the client does not trust",
            "Nobody vouches for it but itself, so the client has to trust it directly or not at all. OpenSSL says `self-signed \
             certificate` (18).",
        ),
        explain: |evidence| {
            let Broken::SelfSigned { leaf } = broken(evidence)? else { return None };
            Some(
                Explanation::new(
                    Side::Broker,
                    format!("{} of {} is self-signed, and the client does not trust it", named(leaf), evidence.endpoint),
                    format!(
                        "give the broker a certificate of the authority that its clients trust ({})",
                        words(evidence.protocol).broker_keystore
                    ),
                )
                .about(&leaf.subject),
            )
        },
    },
    Row {
        rule: &Rule::error(
            "server-chain-incomplete",
            "a server that leaves out an intermediate certificate",
            "A server must send every certificate between its own and the root (RFC 8446, 4.4.2). Java and OpenSSL never fetch one that \
             is missing and say the same as for a wrong authority: `PKIX path building failed`, `unable to get local issuer certificate` \
             (20).",
        ),
        explain: |evidence| {
            let Broken::Open { leaf, top, missing } = broken(evidence)? else { return None };
            let is_between = match missing {
                Missing::Between => true,
                Missing::Unclear => evidence.own_authority_is_between(),
                Missing::Root => false,
            };
            let unclear = if missing == Missing::Unclear { ", or is no authority of the client's at all" } else { "" };
            is_between.then(|| {
                Explanation::new(
                    Side::Broker,
                    format!(
                        "{} serves {} without the certificate of {}, which stands between it and the authorities that the client \
                         trusts{unclear}",
                        evidence.endpoint,
                        named(top),
                        top.issuer
                    ),
                    format!(
                        "append the certificate of {} to the chain in {}{}",
                        top.issuer,
                        words(evidence.protocol).broker_keystore,
                        if missing == Missing::Unclear {
                            "; if it was issued by another authority, let the client trust that one"
                        } else {
                            ""
                        }
                    ),
                )
                .about(&leaf.subject)
            })
        },
    },
    Row {
        rule: &Rule::error(
            "server-issuer-unknown",
            "a server certificate of an authority that the client does not trust",
            "The chain leads to an authority that is not in the client's truststore: it has the wrong one, an old one of the same name, \
             or the system's. Java says `PKIX path building failed`, librdkafka `verify that ssl.ca.location is correctly configured`, \
             rustls `UnknownIssuer`.",
        ),
        explain: |evidence| {
            let (leaf, cause, authority) = match broken(evidence)? {
                Broken::SelfSigned { .. } => return None,
                Broken::Namesake { leaf, name } => (
                    leaf,
                    format!("the client trusts an authority called {name}, but not with the key that signed: it was made anew"),
                    name,
                ),
                Broken::OtherRoot { leaf, root } => {
                    (leaf, format!("the chain of {} ends at {root}, and the client trusts {}", named(leaf), trusted(evidence)), root)
                }
                Broken::Open { leaf, top, missing } => {
                    let or = match missing {
                        Missing::Unclear => {
                            ", so the client trusts the wrong authority or the server leaves out an intermediate certificate"
                        }
                        Missing::Root | Missing::Between => "",
                    };
                    (
                        leaf,
                        format!("{} was issued by {}, and the client trusts {}{or}", named(top), top.issuer, trusted(evidence)),
                        &*top.issuer,
                    )
                }
            };
            let fix = format!(
                "put the certificate of {authority}, or of the root above it, into the client's truststore ({}), and see that the server \
                 sends every intermediate",
                words(evidence.protocol).client_truststore
            );
            Some(Explanation::new(Side::Client, cause, fix).about(&leaf.subject))
        },
    },
];

/// Where the path from the server's certificate to the client's anchors breaks off.
enum Broken<'a> {
    SelfSigned {
        leaf: &'a Certificate,
    },
    /// At a root that was served and is not trusted.
    OtherRoot {
        leaf: &'a Certificate,
        root: &'a str,
    },
    /// At an authority that has the name of a trusted one, and another key.
    Namesake {
        leaf: &'a Certificate,
        name: &'a str,
    },
    /// At `top`, whose issuer was neither served nor trusted.
    Open {
        leaf: &'a Certificate,
        top: &'a Certificate,
        missing: Missing,
    },
}

/// What the missing issuer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// An intermediate, known to lead to an anchor.
    Between,
    /// A root, or something below one, that the client does not trust.
    Root,
    Unclear,
}

fn broken(evidence: &Evidence) -> Option<Broken<'_>> {
    let Symptom::ServerRefused { verdict, .. } = &evidence.fault.symptom else { return None };
    let leaf = verdict.path.first()?;
    verdict.faults.iter().find_map(|fault| {
        let at = verdict.path.get(fault.at)?;
        match &fault.kind {
            FaultKind::SelfSigned if fault.at == 0 => Some(Broken::SelfSigned { leaf }),
            FaultKind::SelfSigned if evidence.trusts_name(&at.subject) => Some(Broken::Namesake { leaf, name: &at.subject }),
            FaultKind::SelfSigned => Some(Broken::OtherRoot { leaf, root: &at.subject }),
            FaultKind::BadSignature { issuer, .. } if evidence.trusts_name(issuer) => Some(Broken::Namesake { leaf, name: issuer }),
            FaultKind::IssuerUnknown { issuer } if evidence.trusts_name(issuer) => Some(Broken::Namesake { leaf, name: issuer }),
            FaultKind::IssuerUnknown { .. } => Some(Broken::Open { leaf, top: at, missing: missing(evidence, verdict, at) }),
            _ => None,
        }
    })
}

fn missing(evidence: &Evidence, verdict: &Verdict, top: &Certificate) -> Missing {
    let issuers = evidence.asked.as_ref().map_or(&[][..], |asked| &asked.issuers);
    let shares_an_anchor = issuers.iter().any(|issuer| evidence.trusts_name(issuer));
    // The client's own chain may hold the very certificate that the server leaves out.
    let known = evidence.shown.chain.iter().any(|one| one.subject == top.issuer && evidence.trusts_name(&one.issuer));
    let strangers_along = verdict.path.len() == 1 && evidence.served.iter().skip(1).any(|served| evidence.trusts_name(&served.subject));
    if known || strangers_along || (shares_an_anchor && !issuers.contains(&top.issuer)) {
        Missing::Between
    } else if verdict.path.len() > 1 || issuers.contains(&top.issuer) {
        Missing::Root
    } else {
        Missing::Unclear
    }
}

fn trusted(evidence: &Evidence) -> String {
    listed(evidence.shown.anchors.iter().map(|anchor| &*anchor.subject))
}

fn named(certificate: &Certificate) -> &str {
    if certificate.subject.is_empty() { "the certificate without a subject" } else { &certificate.subject }
}
