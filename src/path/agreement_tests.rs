//! What rustls accepts in small random PKIs we accept as well, and the other way round, but for what we are known to see differently.

use std::sync::Arc;

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use time::Duration;

use super::fixture::{Asked, HOST, NOW, ask, root};
use super::{Validator, Verdict};
use crate::pki::Certificate;

/// What one certificate has; each with its share of faults.
#[derive(Debug, Clone)]
struct Wish {
    days_before: i64,
    days_after: i64,
    authority: Option<u8>,
    signs: bool,
    server: Option<bool>,
    permitted: Option<&'static str>,
    excluded: Option<&'static str>,
}

fn wish() -> impl Strategy<Value = Wish> {
    let days = || prop_oneof![9 => Just(30i64), 1 => Just(-1i64)];
    let domain = || prop_oneof![8 => Just(None), 1 => Just(Some("example")), 1 => Just(Some("other.example"))];
    let authority = prop_oneof![1 => Just(None), 4 => Just(Some(9)), 2 => (0u8..3).prop_map(Some)];
    let server = prop_oneof![3 => Just(None), 5 => Just(Some(true)), 1 => Just(Some(false))];
    (days(), days(), authority, prop::bool::weighted(0.9), server, domain(), domain()).prop_map(
        |(days_before, days_after, authority, signs, server, permitted, excluded)| Wish {
            days_before,
            days_after,
            authority,
            signs,
            server,
            permitted,
            excluded,
        },
    )
}

impl Wish {
    fn dates_and_usage(&self, parameters: &mut CertificateParams) {
        parameters.not_before = NOW - Duration::days(self.days_before);
        parameters.not_after = NOW + Duration::days(self.days_after);
        let usage =
            self.server.map(|server| if server { ExtendedKeyUsagePurpose::ServerAuth } else { ExtendedKeyUsagePurpose::ClientAuth });
        parameters.extended_key_usages = usage.into_iter().collect();
    }

    fn authority(&self, parameters: &mut CertificateParams) {
        self.dates_and_usage(parameters);
        parameters.is_ca = self.authority.map_or(IsCa::ExplicitNoCa, |length| IsCa::Ca(BasicConstraints::Constrained(length)));
        if !self.signs {
            parameters.key_usages = vec![KeyUsagePurpose::CrlSign];
        }
        let subtrees =
            |domain: Option<&str>| domain.map(|domain| GeneralSubtree::DnsName(domain.to_owned())).into_iter().collect::<Vec<_>>();
        let constraints = NameConstraints { permitted_subtrees: subtrees(self.permitted), excluded_subtrees: subtrees(self.excluded) };
        if !(constraints.permitted_subtrees.is_empty() && constraints.excluded_subtrees.is_empty()) {
            parameters.name_constraints = Some(constraints);
        }
    }

    fn leaf(&self, host: &str, parameters: &mut CertificateParams) {
        self.dates_and_usage(parameters);
        parameters.subject_alt_names = vec![SanType::DnsName(host.try_into().unwrap())];
    }
}

fn made(wishes: &[Wish], host: &str) -> Asked {
    let root = root(|parameters| wishes[0].authority(parameters));
    let mut below = Vec::new();
    for (index, wish) in wishes[1..wishes.len() - 1].iter().enumerate() {
        let issuer = below.last().unwrap_or(&root);
        below.push(issuer.authority(&format!("ca {index}"), |parameters| wish.authority(parameters)));
    }
    let leaf = below.last().unwrap_or(&root).leaf(|parameters| wishes[wishes.len() - 1].leaf(host, parameters));
    ask(&leaf, &below.iter().collect::<Vec<_>>(), &root)
}

fn rustls_accepts(asked: &Asked) -> bool {
    let der = |certificate: &Certificate| CertificateDer::from(certificate.der().to_vec());
    let mut roots = RootCertStore::empty();
    asked.anchors.iter().for_each(|anchor| roots.add(der(anchor)).unwrap());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let intermediates: Vec<_> = asked.intermediates.iter().map(der).collect();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(asked.at.unix_timestamp().unsigned_abs()));
    let name = ServerName::try_from(HOST).unwrap();
    verifier.verify_server_cert(&der(&asked.leaf), &intermediates, &name, &[], now).is_ok()
}

/// rustls takes of an anchor its name, key and name constraints alone, and looks at no key usage.
fn is_ours_alone(verdict: &Verdict) -> bool {
    let anchor = verdict.path.len() - 1;
    verdict.faults.iter().all(|fault| {
        let constrained = fault.kind.code().starts_with("name-");
        !constrained && (fault.at == anchor || fault.kind.code() == "without-cert-sign")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rustls_and_we_agree(wishes in prop::collection::vec(wish(), 2..5), host in prop_oneof![4 => Just(HOST), 1 => Just("*.example"), 1 => Just("other.example")]) {
        let asked = made(&wishes, host);
        let verdict = asked.verdict();
        let rustls = rustls_accepts(&asked);

        prop_assert_eq!(rustls, verdict.holds() || is_ours_alone(&verdict), "{:?}", &verdict.faults);
        let opinion = verdict.opinions.iter().find(|opinion| opinion.validator == Validator::Rustls).unwrap();
        prop_assert_eq!(rustls, opinion.accepts, "{:?}", opinion);
    }
}
