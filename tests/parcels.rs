//! What each sink is sent of a directory that `apply` made.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use countersign::cluster::{self, ClusterSpec, HolderId};
use countersign::directory::Directory;
use countersign::inventory::{HolderFiles, Inventory};
use countersign::keystore::{Passwords, Seal, open};
use countersign::parcel::{Document, Owner, Parcel, ParcelError, Warning, parcels, warning};
use countersign::pki::Passphrase;
use serde_json::Value;
use support::Workspace;
use time::{Duration, OffsetDateTime};

const CLUSTER: &str = r#"
cluster: my orders
stores: { formats: [pem, pkcs12, jks] }
kafka:
  listeners: { BROKER: { port: 9093 }, CLIENT: { port: 9094, auth: sasl-scram-sha-512 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: "broker-{1..2}", host: "broker-{1..2}.example" }]
rabbitmq: { nodes: [{ name: rabbit-1, host: rabbit-1.example }] }
clients:
  - { name: app, kafka: { write: [t] } }
  - { name: mail, rabbitmq: { vhost: / } }
push:
  - { vault: {} }
  - { vault: { path: "{kind}/{name}" }, name: certificates, holders: [clients/app, broker-2], files: [pem] }
  - { vault: { path: "jks/{kind}/{name}" }, name: jks, holders: [broker-1], files: [jks] }
  - { aws: { path: "{cluster}/{kind}/{name}", kms-key: alias/kafka, msk-users: yes, amazon-mq-ca: orders/ca } }
  - { kubernetes: { namespace: kafka, secret: "{cluster}.{name}" }, holders: [kafka] }
"#;

fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

fn parts(workspace: &Workspace) -> (ClusterSpec, Inventory, BTreeMap<HolderId, HolderFiles>) {
    let spec = cluster::parse(&workspace.read("countersign.yaml"), &workspace.path("")).unwrap();
    let directory = Directory::new(&workspace.path("pki")).unwrap();
    let inventory = directory.read(&spec).unwrap();
    let files = |holder| directory.holder_files(&spec, holder);
    let files = spec.holders.iter().filter_map(|holder| Some((holder.id.clone(), files(holder)?))).collect();
    (spec, inventory, files)
}

fn sent(workspace: &Workspace, sink: &str) -> Vec<Result<Parcel, ParcelError>> {
    sent_at(workspace, sink, OffsetDateTime::now_utc())
}

fn sent_at(workspace: &Workspace, sink: &str, now: OffsetDateTime) -> Vec<Result<Parcel, ParcelError>> {
    let (spec, inventory, files) = parts(workspace);
    let sink = spec.sinks.iter().find(|other| other.name == sink).unwrap();
    parcels(&spec, sink, &inventory, &files, now)
}

fn whole(workspace: &Workspace, sink: &str) -> Vec<Parcel> {
    sent(workspace, sink).into_iter().map(Result::unwrap).collect()
}

fn addresses(parcels: &[Parcel]) -> Vec<(String, &str)> {
    parcels.iter().map(|parcel| (parcel.owner.to_string(), parcel.address.as_str())).collect()
}

fn base64_decodes(text: &str) -> Vec<u8> {
    let mut base64 = Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    base64.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    base64.wait_with_output().unwrap().stdout
}

fn fields(parcel: &Parcel) -> Vec<String> {
    let value: Value = serde_json::from_slice(parcel.document.text().expose()).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_holder_has_one_parcel_in_the_order_of_the_cluster_file() {
    let workspace = applied();
    let expected = ["kafka/broker-1", "kafka/broker-2", "rabbitmq/rabbit-1", "clients/app", "clients/mail"];
    let vault = whole(&workspace, "vault");
    let vault: Vec<_> = addresses(&vault).into_iter().map(|(owner, address)| (owner, address.to_owned())).collect();
    assert_eq!(vault, expected.map(|id| (id.to_owned(), format!("my-orders/{id}"))));
    let kubernetes = whole(&workspace, "kubernetes");
    assert_eq!(
        addresses(&kubernetes),
        [("kafka/broker-1".to_owned(), "my-orders.broker-1"), ("kafka/broker-2".to_owned(), "my-orders.broker-2")]
    );
}

#[test]
fn a_parcel_holds_the_files_as_they_lie_there_and_no_line_end_behind_a_password() {
    let workspace = applied();
    let parcel = whole(&workspace, "vault").swap_remove(3);
    let value: Value = serde_json::from_slice(parcel.document.text().expose()).unwrap();
    let current = workspace.path("pki/clients/app/current");
    let files: Vec<String> = fs::read_dir(&current).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let sent: Vec<&String> = files.iter().filter(|name| *name != "manifest.json").collect();
    assert_eq!(sent.len() + 1, value.as_object().unwrap().len(), "{files:?} and the encoding");
    for name in sent {
        let text = value[name].as_str().unwrap_or_else(|| panic!("{name} is not sent"));
        let mut there = fs::read(current.join(name)).unwrap();
        if name.ends_with("password") {
            assert_eq!(there.pop(), Some(b'\n'), "{name} is a line in its file");
        }
        let bytes = match value["encoding"][name].as_str() {
            Some(encoding) => {
                assert_eq!(encoding, "base64");
                base64_decodes(text)
            }
            None => text.as_bytes().to_vec(),
        };
        assert!(bytes == there, "{name} is not sent as it is");
    }
}

/// Programs take a value of a secret as it stands: from an environment variable, or out of the JSON.
#[test]
fn every_password_opens_the_store_beside_it_as_it_stands() {
    let workspace = applied();
    let mut opened = 0;
    for sink in ["vault", "certificates", "jks", "aws", "kubernetes"] {
        for parcel in whole(&workspace, sink) {
            let Ok(Value::Object(value)) = serde_json::from_slice(parcel.document.text().expose()) else { continue };
            let text = |name: &str| value.get(name).and_then(Value::as_str);
            for name in value.keys().filter(|name| name.ends_with("password") || *name == "amqp.uri") {
                assert!(!text(name).unwrap().ends_with(['\n', '\r']), "{name} of {}", parcel.owner);
            }
            for (store, password) in [("keystore", "password"), ("truststore", "truststore.password")] {
                for store in [format!("{store}.p12"), format!("{store}.jks")] {
                    let Some((bytes, password)) = text(&store).zip(text(password)) else { continue };
                    let passwords = Passwords { store: Some(Passphrase::new(password.to_owned())), ..Passwords::default() };
                    assert_eq!(open(&base64_decodes(bytes), &passwords).unwrap().seal, Seal::Intact, "{store} of {}", parcel.owner);
                    opened += 1;
                }
            }
        }
    }
    assert_eq!(opened, 5 * 4 + 2 + 5 * 4 + 2 * 4);
}

/// A leaf lives 90 days and is renewed 30 days before its end, or up to nine days earlier.
#[test]
fn what_has_ended_is_not_sent_and_what_is_due_is_told_of() {
    let workspace = applied();
    let (spec, inventory, _) = parts(&workspace);
    let made = OffsetDateTime::now_utc();
    let told = |now: OffsetDateTime, owner: &Owner| warning(&spec, owner, &inventory, now);
    for (days, refused, expected) in [(-2, false, "not yet"), (0, false, ""), (50, false, ""), (61, false, "due"), (91, true, "due")] {
        let now = made + Duration::days(days);
        for parcel in sent_at(&workspace, "aws", now) {
            let owner = parcel.as_ref().map_or_else(|error| error.owner().clone(), |parcel| parcel.owner.clone());
            assert_eq!(matches!(parcel, Err(ParcelError::Ended { .. })), refused && owner != Owner::Trust, "{owner} after {days} days");
            let told = match told(now, &owner) {
                Some(Warning::NotYetValid { .. }) => "not yet",
                Some(Warning::Due { .. }) => "due",
                Some(Warning::EndsWithIssuer { .. }) => "ends with its issuer",
                Some(Warning::AnchorEnded { .. }) => "anchor",
                None => "",
            };
            assert_eq!(told, if owner == Owner::Trust { "" } else { expected }, "{owner} after {days} days");
        }
    }
    let root = made + Duration::days(10 * 365 + 1);
    assert!(matches!(told(root, &Owner::Trust), Some(Warning::AnchorEnded { .. })));
}

#[test]
fn only_the_files_of_the_wanted_groups_and_the_wanted_holders_are_sent() {
    let workspace = applied();
    let pem = whole(&workspace, "certificates");
    assert_eq!(addresses(&pem), [("kafka/broker-2".to_owned(), "kafka/broker-2"), ("clients/app".to_owned(), "clients/app")]);
    assert_eq!(fields(&pem[0]), ["ca.crt", "encoding", "tls-combined.pem", "tls.crt", "tls.key"]);
    let jks = whole(&workspace, "jks");
    assert_eq!(fields(&jks[0]), ["encoding", "keystore.jks", "password", "truststore.jks", "truststore.password"]);
}

#[test]
fn amazon_msk_gets_its_users_and_amazon_mq_what_its_brokers_trust() {
    let workspace = applied();
    let aws = whole(&workspace, "aws");
    let expected = [("clients/app as user".to_owned(), "AmazonMSK_my-orders/app"), ("trust".to_owned(), "orders/ca")];
    assert_eq!(addresses(&aws)[5..], expected);
    let password = workspace.read("pki/clients/app/current/sasl.password");
    let credentials: Value = serde_json::from_slice(aws[5].document.text().expose()).unwrap();
    assert_eq!(credentials, serde_json::json!({ "username": "app", "password": password.trim_end() }));
    assert_eq!(String::from_utf8_lossy(aws[6].document.text().expose()), workspace.read("pki/trust/ca.crt"));
    assert!(matches!((&aws[6].owner, &aws[6].document), (Owner::Trust, Document::Anchors(_))));
}

#[test]
fn a_label_tells_of_the_leaf_and_of_the_anchors() {
    let workspace = applied();
    let aws = whole(&workspace, "aws");
    let fingerprint = |file: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(workspace.path(file));
        support::program(&mut openssl).trim().rsplit_once('=').unwrap().1.replace(':', "").to_lowercase()
    };
    assert_eq!(aws[0].label.fingerprint, fingerprint("pki/kafka/broker-1/current/tls.crt"));
    assert_eq!((aws[0].label.generation, aws[0].label.holder.as_str()), (1, "kafka/broker-1"));
    assert_eq!(aws[5].label.fingerprint, fingerprint("pki/clients/app/current/tls.crt"));
    assert_eq!(aws[6].label.fingerprint, fingerprint("pki/trust/ca.crt"));
    assert_eq!((aws[6].label.holder.as_str(), aws[6].label.cluster.as_str()), ("trust", "my orders"));
}

#[test]
fn before_apply_nothing_can_be_sent_and_it_is_said_of_each() {
    let workspace = Workspace::new(CLUSTER);
    let missing: Vec<String> = sent(&workspace, "aws").into_iter().map(|parcel| parcel.unwrap_err().to_string()).collect();
    assert_eq!(missing.len(), 7);
    assert_eq!(missing[0], "kafka/broker-1 has no files yet; run `countersign apply` first");
    assert_eq!(missing[6], "trust has no files yet; run `countersign apply` first");
}

/// Whatever was done to it: a broken file is not sent, and the others are.
#[test]
fn a_file_that_is_not_as_it_was_written_is_not_sent_and_named() {
    let workspace = applied();
    fs::write(workspace.path("pki/kafka/broker-1/current/tls-combined.pem"), "other").unwrap();
    fs::remove_file(workspace.path("pki/clients/app/current/keystore.jks")).unwrap();
    let outcomes: Vec<String> = sent(&workspace, "vault")
        .into_iter()
        .map(|parcel| parcel.map_or_else(|error| error.to_string(), |parcel| parcel.address))
        .collect();
    assert!(outcomes[0].starts_with("tls-combined.pem of kafka/broker-1 is not as it was written ("), "{outcomes:?}");
    assert_eq!(outcomes[1], "my-orders/kafka/broker-2");
    assert!(outcomes[3].starts_with("keystore.jks of clients/app is not as it was written ("), "{outcomes:?}");
    assert!(sent(&workspace, "jks")[0].is_ok(), "the broken file is not among those that are sent there");
}
