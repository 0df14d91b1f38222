//! What is wrong with one certificate by itself.

use super::facts::Facts;
use super::findings::Findings;
use super::{
    alternative_names, criticality, distinguished_names, distribution, encoding, fields, identifiers, name_constraints, policies,
    post_quantum, public_key, purposes, signature_algorithms, syntax, times, transparency, usages,
};
use crate::finding::{Finding, Place};
use crate::pki::Certificate;

/// Every finding about `certificate`, whatever it is used for and whenever. Dates are compared with each other, not with the clock.
pub fn certificate(certificate: &Certificate, place: &Place) -> Vec<Finding> {
    of_der(certificate.der(), place)
}

/// Of what need not be one that countersign can hold.
pub(super) fn of_der(der: &[u8], place: &Place) -> Vec<Finding> {
    let mut found = Findings::at(place);
    if let Some(facts) = Facts::of(der) {
        encoding::whole(facts.whole, &syntax::CERTIFICATE, &mut found);
        encoding::extension_values(&facts.extensions, &mut found);
        BY_EXTENSIONS.iter().for_each(|rule| rule(&facts.extensions, &mut found));
        BY_FACTS.iter().for_each(|rule| rule(&facts, &mut found));
        names(&facts, &mut found);
        dates(&facts, &mut found);
        algorithms(&facts, &mut found);
        public_key::info(facts.key, &mut found);
    }
    found.into_list()
}

const BY_EXTENSIONS: &[fn(&super::facts::Extensions<'_>, &mut Findings<'_>)] = &[
    encoding::no_extension_twice,
    criticality::each_as_it_must,
    criticality::critical_is_known,
    identifiers::authority_key_id_is_complete,
    identifiers::key_ids_are_not_empty,
    distribution::points_point_somewhere,
    distribution::points_are_absolute,
    distribution::points_can_be_fetched,
    distribution::locations_need_no_tls,
    distribution::access_locations_are_uris,
];

const BY_FACTS: &[fn(&Facts<'_>, &mut Findings<'_>)] = &[
    fields::version_is_3,
    fields::extensions_have_version_3,
    fields::no_unique_ids,
    fields::serial_in_range,
    fields::serial_cannot_be_guessed,
    fields::algorithms_agree,
    times::leaf_is_short_lived,
    alternative_names::issuer_has_name,
    alternative_names::subject_has_name,
    alternative_names::alternative_names,
    alternative_names::no_name_twice,
    alternative_names::mail_is_alternative_name,
    alternative_names::host_is_alternative_name,
    criticality::as_the_certificate_needs,
    post_quantum::authority_signs_without_digest,
    usages::authority_has_key_usage,
    usages::authority_may_sign,
    usages::leaf_may_not_sign,
    usages::key_usage_has_bits,
    usages::key_usage_fits_key,
    usages::encipher_only_agrees,
    usages::usages_agree,
    purposes::no_purpose_twice,
    purposes::purposes_are_named,
    purposes::time_stamping_is_alone,
    usages::path_length_in_place,
    usages::key_period_has_dates,
    identifiers::authority_key_id_is_there,
    identifiers::subject_key_id_is_there,
    identifiers::key_id_is_a_digest,
    identifiers::own_key_ids_agree,
    policies::no_policy_twice,
    policies::any_policy_has_known_qualifiers,
    policies::notice_is_utf8,
    policies::notice_is_readable,
    policies::notice_has_no_reference,
    policies::statement_is_uri,
    policies::leaf_maps_no_policies,
    policies::any_policy_is_not_mapped,
    policies::mapped_policies_are_asserted,
    policies::policy_constraints_constrain,
    policies::leaf_constrains_no_policies,
    name_constraints::leaf_has_none,
    name_constraints::there_is_a_constraint,
    name_constraints::no_distance,
    name_constraints::addresses_are_networks,
    name_constraints::bases_are_names,
    name_constraints::kinds_are_common,
    distribution::no_revocation_is_meant,
    distribution::no_check_is_for_responders,
    transparency::is_no_precertificate,
    transparency::timestamps_can_be_read,
];

fn names(facts: &Facts<'_>, found: &mut Findings<'_>) {
    distinguished_names::name(facts.subject, "subject", found);
    if !facts.is_self_issued() {
        distinguished_names::name(facts.issuer, "issuer", found);
    }
}

fn dates(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let dates = [("notBefore", facts.not_before), ("notAfter", facts.not_after)];
    times::syntax(&dates, found);
    times::type_fits_year(&dates, found);
    times::period_is_positive(dates, found);
}

fn algorithms(facts: &Facts<'_>, found: &mut Findings<'_>) {
    signature_algorithms::parameters(facts.inner_algorithm, "within the signed part", found);
    if facts.inner_algorithm.raw != facts.outer_algorithm.raw {
        signature_algorithms::parameters(facts.outer_algorithm, "beside the signature", found);
    }
    signature_algorithms::is_known(facts.inner_algorithm, found);
    signature_algorithms::pss_is_usual(facts.inner_algorithm, found);
    if !facts.is_self_issued() {
        signature_algorithms::digest_holds(facts.inner_algorithm, found);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose};

    use super::super::specimen::{authority, leaf};
    use super::*;
    use crate::pki::{KeyKind, PrivateKey};

    /// A root and a leaf of this kind of key, as `issue` makes them.
    fn pair(kind: KeyKind) -> [Certificate; 2] {
        let base = |name: &str, names: Vec<String>| {
            let mut params = CertificateParams::new(names).unwrap();
            params.distinguished_name.remove(rcgen::DnType::CommonName);
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            params.not_before = rcgen::date_time_ymd(2024, 1, 1);
            params.not_after = rcgen::date_time_ymd(2025, 1, 1);
            params.use_authority_key_identifier_extension = true;
            params
        };
        let [root_key, key] = [PrivateKey::generate(kind).unwrap(), PrivateKey::generate(kind).unwrap()];
        let mut root = base("root", vec![]);
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let mut leaf = base("broker-1", vec!["broker-1.example.com".to_owned()]);
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let issuer = Issuer::from_params(&root, &root_key);
        let ders = [root.self_signed(&root_key).unwrap().der().to_vec(), leaf.signed_by(&key, &issuer).unwrap().der().to_vec()];
        ders.map(|der| Certificate::from_der(der).unwrap())
    }

    #[test]
    fn what_is_well_made_is_without_fault() {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048, KeyKind::Ed25519] {
            for made in pair(kind) {
                assert_eq!(certificate(&made, &Place::default()), [], "{kind:?} {made:?}");
            }
        }
    }

    #[test]
    fn what_openssl_makes_with_proper_extensions_is_without_fault() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -days 365 -subj /CN=root".split(' '))
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-outform", "DER"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        assert_eq!(of_der(&made.stdout, &Place::default()), []);
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(bytes: Vec<u8>) {
            of_der(&bytes, &Place::default());
        }

        #[test]
        fn no_damage_makes_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            for mut der in [leaf().der(), authority().der()] {
                for (at, octet) in &changes {
                    let length = der.len();
                    der[at.index(length)] = *octet;
                }
                of_der(&der, &Place::default());
            }
        }
    }
}
