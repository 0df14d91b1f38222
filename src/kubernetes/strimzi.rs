//! The authorities as Strimzi takes them when it is not to make its own: for each a Secret with its key, and one with its certificates.

use std::collections::BTreeMap;

use time::{OffsetDateTime, UtcOffset};

use super::current::{TRUST_STORE, Varying};
use super::metadata::{Metadata, Told};
use super::secret::SecretObject;
use super::{Authority, KubernetesError, Materials};
use crate::cluster::strimzi_secrets;
use crate::inventory::AuthorityCertificates;
use crate::keystore::{Entry, pkcs12};
use crate::layout;
use crate::parcel::{Label, Owner};
use crate::pki::{Certificate, Password, Secret};

/// The chain of the generation in use, in PEM.
const CERTIFICATES: &str = "ca.crt";
/// Of the certificate that comes first in [`CERTIFICATES`], PKCS#8 PEM: Strimzi takes no encrypted one.
const KEY: &str = "ca.key";
/// Opens [`TRUST_STORE`]; without a line's end, for Strimzi hands it on as it is.
const PASSWORD: &str = "ca.password";

/// The only place at which an authority's key leaves the directory.
pub fn secrets(materials: &Materials<'_>, cluster: &str) -> Result<Vec<SecretObject>, KubernetesError> {
    let [cluster_key, cluster_certificates, clients_key, clients_certificates] = strimzi_secrets(cluster);
    let of_cluster = Strimzi { materials, cluster, side: "cluster" };
    let of_clients = Strimzi { materials, cluster, side: "clients" };
    Ok(vec![
        of_cluster.key(cluster_key, materials.cluster_ca)?,
        of_cluster.certificates(cluster_certificates, materials.cluster_ca)?,
        of_clients.key(clients_key, materials.clients_ca)?,
        of_clients.certificates(clients_certificates, materials.clients_ca)?,
    ])
}

struct Strimzi<'a> {
    materials: &'a Materials<'a>,
    cluster: &'a str,
    /// `cluster` or `clients`.
    side: &'static str,
}

impl Strimzi<'_> {
    fn key(&self, name: String, generations: &[Authority]) -> Result<SecretObject, KubernetesError> {
        let authority = generations.last().ok_or(KubernetesError::Authority { side: self.side })?;
        let key = authority.key.as_ref().ok_or(KubernetesError::Key { side: self.side })?;
        if key.public_key() != authority.certificates.signing().public_key {
            return Err(KubernetesError::OtherKey { side: self.side });
        }
        let data = BTreeMap::from([(KEY.to_owned(), key.to_pem())]);
        Ok(self.secret(name, authority, "ca-key-generation", data, Varying::Nothing))
    }

    fn certificates(&self, name: String, generations: &[Authority]) -> Result<SecretObject, KubernetesError> {
        let (current, older) = generations.split_last().ok_or(KubernetesError::Authority { side: self.side })?;
        let password = self.materials.trust_password.ok_or(KubernetesError::TrustPassword)?;
        let mut files: BTreeMap<String, Vec<&Certificate>> = BTreeMap::new();
        files.insert(CERTIFICATES.to_owned(), chain(&current.certificates));
        for authority in older {
            let ends = authority.certificates.signing().validity.not_after;
            files.entry(retired(ends)).or_default().extend(chain(&authority.certificates));
        }
        let pem =
            |chain: &[&Certificate]| Secret::new(chain.iter().map(|certificate| certificate.to_pem()).collect::<String>().into_bytes());
        let mut data: BTreeMap<String, Secret> = files.iter().map(|(name, chain)| (name.clone(), pem(chain))).collect();
        data.insert(TRUST_STORE.to_owned(), self.trust_store(&files, password)?);
        data.insert(PASSWORD.to_owned(), Secret::new(password.expose().as_bytes().to_vec()));
        Ok(self.secret(name, current, "ca-cert-generation", data, Varying::TrustStore(password.clone())))
    }

    /// The certificates under the aliases that Strimzi gives them: the name of the file, of further ones in it with a number.
    fn trust_store(&self, files: &BTreeMap<String, Vec<&Certificate>>, password: &Password) -> Result<Secret, KubernetesError> {
        let alias = |file: &str, index: usize| if index == 0 { file.to_owned() } else { format!("{file}-{}", index + 1) };
        let entries: Vec<Entry> = files
            .iter()
            .flat_map(|(file, chain)| chain.iter().enumerate().map(move |(index, certificate)| (alias(file, index), *certificate)))
            .map(|(alias, certificate)| Entry::Trusted { alias, certificate: Box::new(certificate.clone()) })
            .collect();
        let profile = layout::pkcs12_profile(self.materials.spec.stores.java);
        Ok(Secret::new(pkcs12::write(&entries, password, profile, self.materials.entropy)?))
    }

    fn secret(
        &self,
        name: String,
        authority: &Authority,
        generation: &str,
        data: BTreeMap<String, Secret>,
        varying: Varying,
    ) -> SecretObject {
        let Self { materials, cluster, side } = *self;
        let signing = authority.certificates.signing();
        let label = Label {
            cluster: materials.spec.name.clone(),
            holder: Owner::Trust.to_string(),
            generation: authority.number,
            fingerprint: signing.fingerprint(),
            not_after: signing.validity.not_after,
            serial: signing.serial.clone(),
        };
        let mut metadata = Metadata::new(materials, &name, label, Told::Everything);
        let strimzi = |key: &str, value: &str| (format!("strimzi.io/{key}"), value.to_owned());
        metadata.labels.extend([strimzi("kind", "Kafka"), strimzi("cluster", cluster)]);
        // Strimzi counts from 0.
        metadata.annotations.extend([strimzi(generation, &authority.number.saturating_sub(1).to_string())]);
        let mut notes = vec![
            format!("Made by countersign: the {side} CA of Strimzi's Kafka resource {cluster}, which must be told not to make its own:"),
            format!("  spec: {{ {side}Ca: {{ generateCertificateAuthority: false }} }}"),
        ];
        if authority.number > 1 {
            notes.push("The key is a new one. While its two Secrets are applied, the resource must rest:".to_owned());
            notes.push("  metadata: { annotations: { strimzi.io/pause-reconciliation: \"true\" } }".to_owned());
        }
        SecretObject { metadata, owner: Owner::Trust, notes, data, varying }
    }
}

/// In Strimzi's order: the authority that signs, those above it, the root.
fn chain(certificates: &AuthorityCertificates) -> Vec<&Certificate> {
    certificates.issuing.iter().chain([&certificates.root]).collect()
}

/// What Strimzi calls the certificate of an earlier generation: after its end, in UTC.
fn retired(ends: OffsetDateTime) -> String {
    let ends = ends.to_offset(UtcOffset::UTC);
    let (date, (hour, minute, second)) = (ends.date(), ends.to_hms());
    format!("ca-{date}T{hour:02}-{minute:02}-{second:02}Z.crt")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    #[test]
    fn an_earlier_certificate_is_called_after_its_end() {
        assert_eq!(super::retired(datetime!(2022-01-26 18:02:05 +01:00)), "ca-2022-01-26T17-02-05Z.crt");
    }
}
