use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer};
use time::macros::datetime;

use super::*;
use crate::cluster::{self, HolderId, SinkKind};
use crate::inventory::KeyFile;
use crate::keystore::{Entry, pkcs12};
use crate::layout::HolderFile;
use crate::parcel::Document;
use crate::pki::{Certificate, KeyKind};

const KAFKA: &str = "
cluster: back office
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
push:
";

/// A cluster with two sinks at most, the last of which is one of manifests; and what it is sent.
struct Fixture {
    spec: ClusterSpec,
    parcels: Vec<Parcel>,
    label: Label,
    authorities: Vec<Authority>,
    password: Password,
    surroundings: Surroundings<'static>,
}

impl Fixture {
    fn new(push: &str) -> Self {
        let spec = cluster::parse(&format!("{KAFKA}{push}"), Path::new("/etc")).unwrap();
        let label = |holder: &str, generation| Label {
            cluster: spec.name.clone(),
            holder: holder.to_owned(),
            generation,
            fingerprint: "ab".repeat(32),
            not_after: datetime!(2027-01-26 17:32 UTC),
            serial: "01".to_owned(),
        };
        let files = [(HolderFile::Key, "key"), (HolderFile::Chain, "chain"), (HolderFile::KeystorePkcs12, "store")];
        let parcel = |id: &HolderId| Parcel {
            owner: Owner::Holder(id.clone()),
            address: id.name.to_string(),
            document: Document::Files(files.iter().map(|(file, text)| (*file, Secret::new(text.as_bytes().to_vec()))).collect()),
            label: label(&id.to_string(), 3),
        };
        let parcels = spec.holders.iter().map(|holder| parcel(&holder.id)).collect();
        let label = label("trust", 1);
        let password = Password::new("correct horse".to_owned()).unwrap();
        Self { parcels, label, authorities: vec![authority(1)], password, surroundings: Surroundings::default(), spec }
    }

    fn made(&self) -> Result<Vec<Manifest>, KubernetesError> {
        let sink = self.spec.sinks.last().unwrap();
        let SinkKind::Kubernetes(kubernetes) = &sink.kind else { panic!("no manifests") };
        manifests(Materials {
            spec: &self.spec,
            sink,
            kubernetes,
            parcels: &self.parcels,
            trust: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            trust_label: &self.label,
            cluster_ca: &self.authorities,
            clients_ca: &self.authorities,
            trust_password: Some(&self.password),
            controller: None,
            surroundings: self.surroundings,
            entropy: &SystemRandom::new(),
        })
    }

    fn manifest(&self, file: &str) -> Manifest {
        self.made().unwrap().into_iter().find(|manifest| manifest.file == file).unwrap()
    }
}

fn text(manifest: &Manifest) -> &str {
    str::from_utf8(manifest.text.expose()).unwrap()
}

/// A generation of an authority whose issuing certificate signs; it ends on that day of January 2040.
fn authority(number: u32) -> Authority {
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("{name} {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = datetime!(2040-01-01 17:32:05 UTC) + time::Duration::days(i64::from(number) - 1);
        params
    };
    let [root_key, key] = [(); 2].map(|()| PrivateKey::generate(KeyKind::P256).unwrap());
    let root = params("root").self_signed(&root_key).unwrap();
    let issuing = params("issuing").signed_by(&key, &Issuer::new(params("root"), &root_key)).unwrap();
    let [root, issuing] = [root, issuing].map(|certificate| Certificate::from_der(certificate.der().to_vec()).unwrap());
    let certificates = AuthorityCertificates { root, issuing: vec![issuing], key: KeyFile::Plain, root_key: KeyFile::Plain };
    Authority { number, certificates, key: Some(key) }
}

const PLAIN: &str = "  - kubernetes: { namespace: kafka, trust: office-trust }\n";
const STRIMZI: &str = "  - kubernetes: { namespace: kafka, strimzi: my-cluster }\n";

#[test]
fn a_holder_has_a_secret_and_its_clients_a_config_map() {
    let made = Fixture::new(PLAIN).made().unwrap();
    assert_eq!(
        made.iter().map(|manifest| manifest.file.as_str()).collect::<Vec<_>>(),
        ["configmap-office-trust.yaml", "secret-broker-1.yaml"]
    );
    assert_eq!(made.iter().map(|manifest| manifest.sensitivity).collect::<Vec<_>>(), [Sensitivity::Public, Sensitivity::Secret]);
    assert_eq!(
        text(&made[0]),
        r#"# Made by countersign: what clients of back office must trust. Nothing in it is secret.
apiVersion: v1
kind: ConfigMap
metadata:
  name: "office-trust"
  namespace: "kafka"
  labels:
    app.kubernetes.io/managed-by: "countersign"
    app.kubernetes.io/part-of: "back-office"
  annotations:
    countersign/cluster: "back office"
    countersign/fingerprint: "abababababababababababababababababababababababababababababababab"
    countersign/generation: "1"
    countersign/holder: "trust"
    countersign/not-after: "2027-01-26T17:32:00Z"
data:
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIIB
    -----END CERTIFICATE-----
"#
    );
    assert_eq!(
        text(&made[1]),
        r#"# Made by countersign: kafka/broker-1 of back office.
apiVersion: v1
kind: Secret
metadata:
  name: "broker-1"
  namespace: "kafka"
  labels:
    app.kubernetes.io/managed-by: "countersign"
    app.kubernetes.io/part-of: "back-office"
  annotations:
    countersign/cluster: "back office"
    countersign/fingerprint: "abababababababababababababababababababababababababababababababab"
    countersign/generation: "3"
    countersign/holder: "kafka/broker-1"
    countersign/not-after: "2027-01-26T17:32:00Z"
type: "kubernetes.io/tls"
data:
  keystore.p12: "c3RvcmU="
  tls.crt: "Y2hhaW4="
  tls.key: "a2V5"
"#
    );
}

#[test]
fn made_again_a_manifest_has_the_same_bytes() {
    let fixture = Fixture::new(PLAIN);
    let (first, second) = (fixture.made().unwrap(), fixture.made().unwrap());
    for (first, second) in first.iter().zip(&second) {
        assert!(first.text == second.text && is_current(first.text.expose(), second), "{}", first.file);
    }
}

#[test]
fn a_manifest_that_says_something_else_is_not_current() {
    let mut fixture = Fixture::new(PLAIN);
    let before = fixture.manifest("secret-broker-1.yaml");
    fixture.parcels[0].label.generation = 4;
    let after = fixture.manifest("secret-broker-1.yaml");
    assert!(!is_current(before.text.expose(), &after));
    let longer = [after.text.expose(), b"\n"].concat();
    assert!(is_current(after.text.expose(), &after) && !is_current(&longer, &after) && !is_current(b"\xff", &after));
}

#[test]
fn without_key_and_certificate_a_secret_is_opaque() {
    let mut fixture = Fixture::new(PLAIN);
    let Document::Files(files) = &mut fixture.parcels[0].document else { panic!() };
    files.remove(&HolderFile::Key);
    assert!(text(&fixture.manifest("secret-broker-1.yaml")).contains("type: \"Opaque\"\n"));
}

#[test]
fn a_secret_that_kubernetes_would_refuse_is_not_made() {
    let with = |bytes: usize| {
        let mut fixture = Fixture::new(PLAIN);
        fixture.parcels[0].document = Document::Files(BTreeMap::from([(HolderFile::KeystoreJks, Secret::new(vec![0; bytes]))]));
        fixture.made().map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with(1 << 20), Ok(()));
    let large = "the Secret broker-1 would have 1048577 bytes, and Kubernetes takes 1048576; leave file formats out by `files`";
    assert_eq!(with((1 << 20) + 1).unwrap_err(), large);
}

#[test]
fn whose_a_manifest_is_stands_in_it() {
    let made = Fixture::new(STRIMZI).made().unwrap();
    let whose: Vec<String> = made.iter().map(|manifest| holder_of(manifest.text.expose(), "back office").unwrap()).collect();
    assert_eq!(whose, ["trust", "kafka/broker-1", "trust", "trust", "trust", "trust"]);
    let secret = made[1].text.expose();
    assert_eq!(holder_of(secret, "orders"), None);
    assert_eq!(holder_of(&[secret, b"---\n", secret].concat(), "back office"), None, "a collection is somebody's own");
    assert_eq!(holder_of(&[b"# mine\n", secret].concat(), "back office"), None);
}

#[test]
fn no_value_is_shown_by_debug() {
    let made = format!("{:?}", Fixture::new(STRIMZI).made().unwrap());
    assert!(!made.contains("c3RvcmU") && !made.contains("correct horse"), "{made}");
}

const VAULT: &str = "  - vault: { address: \"https://vault.example:8200\", namespace: platform }\n";

fn external(source: &str, external: &str) -> Fixture {
    Fixture::new(&format!("{source}  - kubernetes: {{ namespace: kafka, secrets: {{ external: {{ {external} }} }} }}\n"))
}

#[test]
fn external_secrets_is_told_what_to_fetch_and_given_no_value() {
    let mut fixture = external(VAULT, "from: vault, role: kafka");
    fixture.surroundings.vault_ca = Some("PEM\n");
    let made = fixture.made().unwrap();
    assert_eq!(
        made.iter().map(|manifest| manifest.file.as_str()).collect::<Vec<_>>(),
        ["configmap-back-office-trust.yaml", "secretstore-back-office-vault.yaml", "externalsecret-broker-1.yaml"]
    );
    assert!(made.iter().all(|manifest| manifest.sensitivity == Sensitivity::Public));
    assert_eq!(
        text(&made[1]),
        r#"# Made by countersign: where External Secrets fetches the secrets of back office.
# The ServiceAccount external-secrets must be in this namespace, and bound to the role.
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata:
  name: "back-office-vault"
  namespace: "kafka"
  labels:
    app.kubernetes.io/managed-by: "countersign"
    app.kubernetes.io/part-of: "back-office"
  annotations:
    countersign/cluster: "back office"
    countersign/holder: "trust"
spec:
  provider:
    vault:
      server: "https://vault.example:8200"
      namespace: "platform"
      path: "secret"
      version: "v2"
      caBundle: "UEVNCg=="
      auth:
        kubernetes:
          mountPath: "kubernetes"
          role: "kafka"
          serviceAccountRef:
            name: "external-secrets"
"#
    );
    assert_eq!(
        text(&made[2]),
        r#"# Made by countersign: kafka/broker-1 of back office.
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: "broker-1"
  namespace: "kafka"
  labels:
    app.kubernetes.io/managed-by: "countersign"
    app.kubernetes.io/part-of: "back-office"
  annotations:
    countersign/cluster: "back office"
    countersign/holder: "kafka/broker-1"
spec:
  refreshInterval: "1h"
  secretStoreRef:
    kind: SecretStore
    name: "back-office-vault"
  target:
    name: "broker-1"
    template:
      type: "kubernetes.io/tls"
      metadata:
        labels:
          app.kubernetes.io/managed-by: "countersign"
          app.kubernetes.io/part-of: "back-office"
        annotations:
          countersign/cluster: "back office"
          countersign/holder: "kafka/broker-1"
  data:
    - secretKey: "tls.key"
      remoteRef:
        key: "back-office/kafka/broker-1"
        property: "tls.key"
        decodingStrategy: "None"
    - secretKey: "tls.crt"
      remoteRef:
        key: "back-office/kafka/broker-1"
        property: "tls.crt"
        decodingStrategy: "None"
    - secretKey: "keystore.p12"
      remoteRef:
        key: "back-office/kafka/broker-1"
        property: "keystore.p12"
        decodingStrategy: "Base64"
"#
    );
}

#[test]
fn renewal_does_not_change_what_external_secrets_is_told() {
    let mut fixture = external(VAULT, "from: vault, role: kafka");
    let before = fixture.manifest("externalsecret-broker-1.yaml");
    fixture.parcels[0].label.generation += 1;
    assert!(is_current(before.text.expose(), &fixture.manifest("externalsecret-broker-1.yaml")));
}

#[test]
fn an_address_that_begins_like_the_mount_is_written_in_full() {
    let vault = "  - vault: { address: \"https://vault.example:8200\", path: \"secret/{name}\" }\n";
    let made = external(vault, "from: vault, role: kafka").manifest("externalsecret-broker-1.yaml");
    assert!(text(&made).contains("key: \"secret/data/secret/broker-1\"\n"), "{}", text(&made));
}

#[test]
fn external_secrets_fetches_from_secrets_manager_in_its_region() {
    let aws = external("  - aws: {}\n", "from: aws, role: \"arn:aws:iam::1:role/kafka\"");
    assert_eq!(aws.made().unwrap_err().to_string(), KubernetesError::Region.to_string());
    let aws = Fixture { surroundings: Surroundings { aws_region: Some("eu-central-1"), ..Surroundings::default() }, ..aws };
    let store = aws.manifest("secretstore-back-office-aws.yaml");
    let (_, provider) = text(&store).split_once("provider:\n").unwrap();
    assert_eq!(
        provider,
        r#"    aws:
      service: "SecretsManager"
      region: "eu-central-1"
      role: "arn:aws:iam::1:role/kafka"
      auth:
        jwt:
          serviceAccountRef:
            name: "external-secrets"
"#
    );
}

#[test]
fn where_vault_is_must_be_known() {
    let fixture = external("  - vault: {}\n", "from: vault, role: kafka");
    assert_eq!(fixture.made().unwrap_err().to_string(), KubernetesError::Server.to_string());
    let around = Surroundings { vault_address: Some("https://vault"), vault_namespace: Some("team"), ..Surroundings::default() };
    let fixture = Fixture { surroundings: around, ..fixture };
    let store = fixture.manifest("secretstore-back-office-vault.yaml");
    assert!(text(&store).contains("server: \"https://vault\"\n      namespace: \"team\"\n"), "{}", text(&store));
}

fn data(manifest: &Manifest, name: &str) -> Vec<u8> {
    use base64::Engine;
    let line = text(manifest).lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: \"")));
    let value = line.unwrap_or_else(|| panic!("{name} is not in {}", text(manifest)));
    base64::engine::general_purpose::STANDARD.decode(value.trim_end_matches('"')).unwrap()
}

#[test]
fn strimzi_gets_the_chain_in_its_order_and_earlier_generations_by_their_end() {
    let mut fixture = Fixture::new(STRIMZI);
    fixture.authorities.push(authority(2));
    let made = fixture.manifest("secret-my-cluster-cluster-ca-cert.yaml");
    assert!(text(&made).contains("strimzi.io/ca-cert-generation: \"1\"\n"), "{}", text(&made));
    assert!(text(&made).contains("strimzi.io/kind: \"Kafka\"\n") && text(&made).contains("strimzi.io/cluster: \"my-cluster\"\n"));
    assert!(text(&made).contains("#   spec: { clusterCa: { generateCertificateAuthority: false } }\n"));
    let subjects = |name: &str| -> Vec<String> {
        Certificate::from_pem(&data(&made, name)).unwrap().into_iter().map(|certificate| certificate.subject).collect()
    };
    assert_eq!(subjects("ca.crt"), ["CN=issuing 2", "CN=root 2"]);
    assert_eq!(subjects("ca-2040-01-01T17-32-05Z.crt"), ["CN=issuing 1", "CN=root 1"]);
    let entries = pkcs12::read(&data(&made, "ca.p12"), &fixture.password).unwrap();
    let mut aliases: Vec<&str> = entries.iter().map(Entry::alias).collect();
    aliases.sort_unstable();
    assert_eq!(aliases, ["ca-2040-01-01T17-32-05Z.crt", "ca-2040-01-01T17-32-05Z.crt-2", "ca.crt", "ca.crt-2"]);
    assert_eq!(data(&made, "ca.password"), fixture.password.expose().as_bytes());
}

#[test]
fn strimzi_gets_the_key_that_belongs_to_the_first_certificate() {
    let mut fixture = Fixture::new(STRIMZI);
    let made = fixture.manifest("secret-my-cluster-clients-ca.yaml");
    let key = PrivateKey::from_pem(&data(&made, "ca.key"), None).unwrap();
    assert_eq!(key.public_key(), fixture.authorities[0].certificates.signing().public_key);
    assert!(text(&made).contains("strimzi.io/ca-key-generation: \"0\"\n"));
    assert!(text(&made).contains("#   spec: { clientsCa: { generateCertificateAuthority: false } }\n"));
    fixture.authorities[0].key = Some(PrivateKey::generate(KeyKind::P256).unwrap());
    assert!(matches!(fixture.made(), Err(KubernetesError::OtherKey { side: "cluster" })));
    fixture.authorities[0].key = None;
    assert!(matches!(fixture.made(), Err(KubernetesError::Key { side: "cluster" })));
}

#[test]
fn strimzis_trust_store_is_compared_by_what_it_holds() {
    let mut fixture = Fixture::new(STRIMZI);
    let made = |fixture: &Fixture| fixture.manifest("secret-my-cluster-cluster-ca-cert.yaml");
    let (first, second) = (made(&fixture), made(&fixture));
    assert_ne!(first.text, second.text, "salts are drawn anew");
    assert!(is_current(first.text.expose(), &second));
    let torn = text(&first).replacen("ca.p12: \"MII", "ca.p12: \"AAA", 1);
    assert!(!is_current(torn.as_bytes(), &second));
    fixture.password = Password::new("battery staple".to_owned()).unwrap();
    assert!(!is_current(first.text.expose(), &made(&fixture)));
    let before = made(&fixture);
    fixture.authorities = vec![authority(1)];
    assert!(!is_current(before.text.expose(), &made(&fixture)));
}
