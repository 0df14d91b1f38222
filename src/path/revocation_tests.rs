//! Revocation lists of every kind, made by hand: complete and delta, direct and indirect, for all certificates or some of them.

use proptest::prelude::*;
use rcgen::{CertificateParams, CustomExtension, KeyUsagePurpose};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::fixture::{Asked, Authority, NOW, ask, der, root};
use super::{FaultKind, RevocationGap};
use crate::pki::{Certificate, RevocationList};

const SERIAL: &[u8] = &[1, 2, 3];

/// A list, a part at a time.
struct Crl {
    from: OffsetDateTime,
    until: Option<OffsetDateTime>,
    /// Serial, reason, and the entry's certificateIssuer.
    entries: Vec<(Vec<u8>, u8, Option<Vec<u8>>)>,
    extensions: Vec<Vec<u8>>,
}

fn extension(last: u8, is_critical: bool, content: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if is_critical { &[1, 1, 0xff] } else { &[] };
    der(0x30, &[&[6, 3, 0x55, 0x1d, last], critical, &der(4, &[content])])
}

fn time(at: OffsetDateTime) -> Vec<u8> {
    let text = format!("{:04}{:02}{:02}{:02}{:02}{:02}Z", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second());
    der(24, &[text.as_bytes()])
}

/// Nothing revoked, issued yesterday, good for a week.
fn crl() -> Crl {
    Crl { from: NOW - Duration::days(1), until: Some(NOW + Duration::days(6)), entries: Vec::new(), extensions: Vec::new() }
}

impl Crl {
    fn revokes(mut self, serial: &[u8], reason: u8) -> Self {
        self.entries.push((serial.to_vec(), reason, None));
        self
    }

    fn for_issuer(mut self, issuer: &Certificate) -> Self {
        let name = der(0x30, &[&der(0xa4, &[&issuer.subject_der])]);
        self.entries.last_mut().unwrap().2 = Some(name);
        self
    }

    fn with(mut self, last: u8, is_critical: bool, content: &[u8]) -> Self {
        self.extensions.push(extension(last, is_critical, content));
        self
    }

    fn number(self, number: u8) -> Self {
        self.with(20, false, &[2, 1, number])
    }

    fn delta(self, number: u8, base: u8) -> Self {
        self.number(number).with(27, true, &[2, 1, base])
    }

    /// issuingDistributionPoint.
    fn scope(self, fields: &[&[u8]]) -> Self {
        self.with(28, true, &der(0x30, fields))
    }

    fn signed_by(self, authority: &Authority) -> RevocationList {
        // ecdsa-with-SHA256
        let algorithm = der(0x30, &[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
        let entries: Vec<Vec<u8>> = self.entries.iter().map(|(serial, reason, issuer)| entry(serial, *reason, issuer.as_deref())).collect();
        let entries = entries.concat();
        let revoked = if entries.is_empty() { Vec::new() } else { der(0x30, &[&entries]) };
        let extensions = if self.extensions.is_empty() { Vec::new() } else { der(0xa0, &[&der(0x30, &[&self.extensions.concat()])]) };
        let until = self.until.map(time).unwrap_or_default();
        let signed =
            der(0x30, &[&[2, 1, 1], &algorithm, &authority.certificate.subject_der, &time(self.from), &until, &revoked, &extensions]);
        let signature = der(3, &[&[0], &authority.sign(&signed)]);
        RevocationList::from_der(der(0x30, &[&signed, &algorithm, &signature])).unwrap()
    }
}

fn entry(serial: &[u8], reason: u8, issuer: Option<&[u8]>) -> Vec<u8> {
    let mut extensions = extension(21, false, &[10, 1, reason]);
    extensions.extend(issuer.map(|issuer| extension(29, true, issuer)).unwrap_or_default());
    der(0x30, &[&der(2, &[serial]), &time(NOW - Duration::days(2)), &der(0x30, &[&extensions])])
}

struct Below {
    root: Authority,
    asked: Asked,
}

/// A leaf right below the root.
fn below(leaf: impl FnOnce(&mut CertificateParams)) -> Below {
    let root = root(|_| ());
    let asked = ask(&root.leaf(leaf), &[], &root);
    Below { root, asked }
}

impl Below {
    fn faults(&self, lists: Vec<Crl>) -> Vec<(usize, &'static str)> {
        self.asked.clone().with(|asked| asked.lists = lists.into_iter().map(|list| list.signed_by(&self.root)).collect()).faults()
    }

    fn gap(&self, list: Crl) -> Option<RevocationGap> {
        let asked = self.asked.clone().with(|asked| asked.lists = vec![list.signed_by(&self.root)]);
        asked.verdict().faults.into_iter().find_map(|fault| match fault.kind {
            FaultKind::RevocationUnknown { problem } => Some(problem),
            _ => None,
        })
    }
}

#[test]
fn who_is_not_on_the_list_is_not_revoked() {
    let below = below(|_| ());

    assert_eq!(below.faults(vec![crl()]), []);
    assert_eq!(below.faults(vec![crl().revokes(&[9], 1)]), []);
    assert_eq!(below.faults(vec![crl().revokes(SERIAL, 1)]), [(0, "revoked")]);
}

#[test]
fn a_revocation_tells_when_and_why() {
    let below = below(|_| ());
    let asked = below.asked.with(|asked| asked.lists = vec![crl().revokes(SERIAL, 4).signed_by(&below.root)]);

    assert_eq!(asked.verdict().faults[0].kind.to_string(), "was revoked on 2026-05-30T12:00:00Z (superseded)");
}

#[test]
fn every_certificate_below_the_anchor_needs_a_list() {
    let root = root(|_| ());
    let issuing = root.authority("issuing", |_| ());
    let asked = ask(&issuing.leaf(|_| ()), &[&issuing], &root);
    let (of_root, of_issuing) = (crl().signed_by(&root), crl().signed_by(&issuing));

    assert_eq!(asked.clone().with(|asked| asked.lists = vec![of_root.clone()]).faults(), [(0, "revocation-unknown")]);
    assert_eq!(asked.clone().with(|asked| asked.lists = vec![of_issuing.clone()]).faults(), [(1, "revocation-unknown")]);
    assert_eq!(asked.with(|asked| asked.lists = vec![of_root, of_issuing]).faults(), []);
}

#[test]
fn a_list_is_current_signed_and_understood() {
    let below = below(|_| ());
    let issuer = || "CN=root".to_owned();
    let (before, after) = (NOW - Duration::hours(1), NOW + Duration::hours(1));

    assert_eq!(below.gap(Crl { until: Some(before), ..crl() }), Some(RevocationGap::Expired { issuer: issuer(), since: before }));
    assert_eq!(below.gap(Crl { from: after, ..crl() }), Some(RevocationGap::NotYetValid { issuer: issuer(), since: after }));
    assert_eq!(below.gap(Crl { until: None, ..crl() }), Some(RevocationGap::WithoutNextUpdate { issuer: issuer() }));
    let unknown = RevocationGap::UnknownCriticalExtension { issuer: issuer(), oid: "2.5.29.99".to_owned() };
    assert_eq!(below.gap(crl().with(99, true, &[5, 0])), Some(unknown));
    let impostor = crl().signed_by(&root(|_| ()));
    let verdict = below.asked.with(|asked| asked.lists = vec![impostor]).verdict();
    assert_eq!(verdict.faults[0].kind, FaultKind::RevocationUnknown { problem: RevocationGap::BadSignature { issuer: issuer() } });
}

#[test]
fn whoever_signs_a_list_may_sign_lists() {
    let root = root(|root| root.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    let asked = ask(&root.leaf(|_| ()), &[], &root);

    assert_eq!(asked.with(|asked| asked.lists = vec![crl().signed_by(&root)]).faults(), [(0, "revocation-unknown")]);
}

#[test]
fn a_delta_brings_its_complete_list_up_to_date() {
    let below = below(|_| ());
    let hold = || crl().number(5).revokes(SERIAL, 6);

    assert_eq!(below.faults(vec![crl().number(5), crl().delta(6, 5).revokes(SERIAL, 1)]), [(0, "revoked")]);
    assert_eq!(below.faults(vec![hold(), crl().delta(6, 5).revokes(SERIAL, 8)]), []);
    assert_eq!(below.faults(vec![hold(), crl().delta(6, 5).revokes(SERIAL, 8), crl().delta(7, 5).revokes(SERIAL, 1)]), [(0, "revoked")]);
    // It goes with a later list than this, or with an earlier one.
    assert_eq!(below.faults(vec![hold(), crl().delta(8, 7).revokes(SERIAL, 8)]), [(0, "revoked")]);
    assert_eq!(below.faults(vec![crl().number(6), crl().delta(6, 5).revokes(SERIAL, 1)]), []);
    assert_eq!(below.faults(vec![crl().delta(6, 5)]), [(0, "revocation-unknown")]);
}

#[test]
fn lists_for_some_certificates_or_reasons_settle_no_more_than_that() {
    let below = below(|_| ());
    let (users, authorities): (&[u8], &[u8]) = (&[0x81, 1, 0xff], &[0x82, 1, 0xff]);
    // keyCompromise and cACompromise; all the others.
    let (compromise, others): (&[u8], &[u8]) = (&[0x83, 2, 5, 0x60], &[0x83, 3, 7, 0x1f, 0x80]);

    assert_eq!(below.faults(vec![crl().scope(&[users])]), []);
    assert_eq!(below.faults(vec![crl().scope(&[authorities])]), [(0, "revocation-unknown")]);
    assert_eq!(below.faults(vec![crl().scope(&[compromise])]), [(0, "revocation-unknown")]);
    assert_eq!(below.faults(vec![crl().scope(&[compromise]), crl().scope(&[others])]), []);
    assert_eq!(below.faults(vec![crl().scope(&[compromise]), crl().scope(&[others]).revokes(SERIAL, 4)]), [(0, "revoked")]);
}

/// cRLDistributionPoints with one point.
fn points(fields: &[&[u8]]) -> CustomExtension {
    CustomExtension::from_oid_content(&[2, 5, 29, 31], der(0x30, &[&der(0x30, fields)]))
}

#[test]
fn a_list_for_another_distribution_point_is_not_for_this_certificate() {
    let full = |uri: &str| der(0xa0, &[&der(0xa0, &[&der(0x86, &[uri.as_bytes()])])]);
    let relative = |name: &str| der(0xa0, &[&der(0xa1, &[&der(0x30, &[&[6, 3, 0x55, 4, 3], &der(12, &[name.as_bytes()])])])]);
    let by_uri = below(|leaf| leaf.custom_extensions.push(points(&[&full("http://one.example/crl")])));
    let by_name = below(|leaf| leaf.custom_extensions.push(points(&[&relative("one")])));

    assert_eq!(by_uri.faults(vec![crl()]), []);
    assert_eq!(by_uri.faults(vec![crl().scope(&[&full("http://one.example/crl")])]), []);
    assert_eq!(by_uri.faults(vec![crl().scope(&[&full("http://two.example/crl")])]), [(0, "revocation-unknown")]);
    assert_eq!(by_name.faults(vec![crl().scope(&[&relative("one")])]), []);
    assert_eq!(by_name.faults(vec![crl().scope(&[&relative("two")])]), [(0, "revocation-unknown")]);
}

#[test]
fn an_indirect_list_tells_of_the_certificates_of_others() {
    let root = root(|_| ());
    let teller = root.authority("teller", |_| ());
    let named = points(&[&der(0xa2, &[&der(0xa4, &[&teller.certificate.subject_der])])]);
    let asked = ask(&root.leaf(|leaf| leaf.custom_extensions.push(named)), &[&teller], &root);
    let indirect: &[u8] = &[0x84, 1, 0xff];
    let judged = |list: Crl| asked.clone().with(|asked| asked.lists = vec![list.signed_by(&teller)]).faults();

    assert_eq!(judged(crl().scope(&[indirect])), []);
    assert_eq!(judged(crl().scope(&[indirect]).revokes(SERIAL, 1).for_issuer(&root.certificate)), [(0, "revoked")]);
    assert_eq!(judged(crl().scope(&[indirect]).revokes(SERIAL, 1)), []);
    assert_eq!(judged(crl()), [(0, "revocation-unknown")]);
}

#[test]
fn a_signer_that_was_revoked_itself_is_not_believed() {
    let root = root(|_| ());
    let other = |parameters: &mut CertificateParams| parameters.serial_number = Some(vec![7].into());
    let (signing, listing) = (root.authority("issuing", |_| ()), root.authority("issuing", other));
    let asked = ask(&signing.leaf(|_| ()), &[&signing, &listing], &root);
    let judged =
        |of_root: Crl| asked.clone().with(|asked| asked.lists = vec![of_root.signed_by(&root), crl().signed_by(&listing)]).faults();

    assert_eq!(judged(crl()), []);
    assert_eq!(judged(crl().revokes(&[7], 1)), [(0, "revocation-unknown")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_mangled_list_settles_nothing(at in any::<prop::sample::Index>(), value: u8) {
        let below = below(|_| ());
        let list = crl().number(5).scope(&[&[0x81, 1, 0xff]]).revokes(&[9], 1).signed_by(&below.root);
        let mut bytes = list.der().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = value;
        let signed = |der: &[u8]| CertificateRevocationList::from_der(der).unwrap().1.tbs_cert_list.as_ref().to_vec();
        let Ok(mangled) = RevocationList::from_der(bytes) else { return Ok(()) };
        let changed = signed(mangled.der()) != signed(list.der());
        let asked = below.asked.with(|asked| asked.lists = vec![mangled]);
        prop_assert!(!changed || !asked.verdict().holds());
    }
}
