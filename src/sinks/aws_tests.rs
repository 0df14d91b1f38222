//! What is decided about Secrets Manager before anything is asked of it.

use std::collections::BTreeMap;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::config::{Credentials, Region};
use aws_sdk_secretsmanager::{Client, Config};
use time::OffsetDateTime;

use super::aws::{SecretsManager, is_same_key};
use super::aws_put::token;
use super::{SinkError, Standing, State};
use crate::cluster::{AwsSpec, NameTemplate};
use crate::parcel::{Document, Label, Owner, Parcel};
use crate::pki::Secret;

/// Nobody listens where it would ask.
fn unreachable() -> SecretsManager {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "the secret key", Some("the token".to_owned()), None, "test");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(credentials)
        .endpoint_url("http://127.0.0.1:9")
        .build();
    let spec = AwsSpec {
        region: None,
        endpoint: None,
        path: NameTemplate::new("{name}").unwrap(),
        kms_key: None,
        tags: BTreeMap::new(),
        msk_users: false,
        amazon_mq_ca: None,
    };
    SecretsManager { client: Client::from_conf(config), spec, cluster: "orders".to_owned(), place: "AWS".to_owned() }
}

fn trust_of(bytes: usize) -> Parcel {
    let label = Label {
        cluster: "orders".to_owned(),
        holder: "trust".to_owned(),
        generation: 1,
        fingerprint: String::new(),
        not_after: OffsetDateTime::UNIX_EPOCH,
        serial: String::new(),
    };
    Parcel { owner: Owner::Trust, address: "ca".to_owned(), document: Document::Anchors("x".repeat(bytes)), label }
}

#[tokio::test]
async fn a_value_over_the_limit_is_told_before_anything_is_asked() {
    let (aws, absent) = (unreachable(), Standing { version: None, state: State::Absent });
    for error in [aws.look(&trust_of(65_537)).await.unwrap_err(), aws.put(&trust_of(65_537), &absent).await.unwrap_err()] {
        assert!(matches!(error, SinkError::TooLarge { bytes: 65_537, limit: 65_536, .. }), "{error}");
    }
    assert!(aws.value(&trust_of(65_536)).is_ok());
}

#[test]
fn debug_shows_no_credentials() {
    assert_eq!(format!("{:?}", unreachable()), r#"SecretsManager { place: "AWS", .. }"#);
}

#[test]
fn a_version_is_named_by_place_and_value() {
    let named = |address: &str, value: &str| token(address, &Secret::new(value.as_bytes().to_vec()));
    assert_eq!(named("a", "b"), named("a", "b"));
    assert_eq!(named("a", "b").len(), 64);
    let others = [named("a", "b"), named("a", "c"), named("c", "b"), named("ab", "")];
    assert!(others.iter().enumerate().all(|(index, name)| !others[..index].contains(name)));
}

#[test]
fn a_key_is_the_same_by_id_and_arn_and_an_alias_by_name_and_arn() {
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let alias = "arn:aws:kms:eu-central-1:123456789012:alias/kafka";
    for (wanted, found) in [(id, key), (key, id), (id, id), (key, key), ("alias/kafka", alias), (alias, "alias/kafka")] {
        assert!(is_same_key(wanted, Some(found)), "{wanted} {found}");
    }
    let elsewhere = "arn:aws:kms:eu-central-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for (wanted, found) in [(key, elsewhere), (id, alias), ("alias/kafka", key), ("alias/kafka", "alias/other")] {
        assert!(!is_same_key(wanted, Some(found)), "{wanted} {found}");
    }
}

#[test]
fn a_secret_without_a_key_of_its_own_has_that_of_secrets_manager() {
    assert!(is_same_key("alias/aws/secretsmanager", None));
    assert!(!is_same_key("alias/kafka", None));
}
