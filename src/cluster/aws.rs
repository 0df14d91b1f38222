//! A sink that is AWS Secrets Manager.

use std::collections::BTreeMap;

use super::node::Node;
use super::reader::{Fields, Reader};
use super::sink::{AwsSpec, TAG_PREFIX, msk_secret};
use super::sink_fields::{PATH, address, apart, template, whole};
use super::{ClusterSpec, Holder, SaslMechanism};

const AWS: [&str; 7] = ["region", "endpoint", "path", "kms-key", "tags", "msk-users", "amazon-mq-ca"];

pub fn sink(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec, holders: &[&Holder]) -> Option<AwsSpec> {
    let fields = reader.fields(node, "aws", &AWS)?;
    let mut text = |key: &str| fields.get(key).map(|node| reader.text(node, &format!("aws.{key}")).map(str::to_owned));
    let (region, kms_key) = (text("region"), text("kms-key"));
    let endpoint =
        fields.get("endpoint").map(|node| address(reader, node, "aws.endpoint", "https://secretsmanager.eu-central-1.amazonaws.com"));
    let path = template(reader, fields.get("path"), "aws.path", PATH);
    let tags = fields.get("tags").map_or(Some(BTreeMap::new()), |node| tags(reader, node));
    let msk_users = fields.get("msk-users").map_or(Some(false), |node| msk_users(reader, node, fields, spec));
    let amazon_mq_ca = fields.get("amazon-mq-ca").map(|node| amazon_mq_ca(reader, node, spec));
    let path = path?;
    let at = fields.get("path").unwrap_or(node);
    let mut names: Vec<(String, String)> = holders.iter().map(|holder| (holder.id.to_string(), path.of(&spec.name, &holder.id))).collect();
    if msk_users == Some(true) {
        let users = holders.iter().filter(|holder| spec.sasl_login(holder).is_some());
        names.extend(users.map(|holder| (format!("the user {}", holder.id), msk_secret(&spec.name, &holder.id))));
    }
    names.extend(amazon_mq_ca.clone().flatten().map(|name| ("the CA for Amazon MQ".to_owned(), name)));
    apart(reader, at, names, is_secret_name, SECRET_NAME);
    Some(AwsSpec {
        region: whole(region)?,
        endpoint: whole(endpoint)?,
        path,
        kms_key: whole(kms_key)?,
        tags: tags?,
        msk_users: msk_users?,
        amazon_mq_ca: whole(amazon_mq_ca)?,
    })
}

fn msk_users(reader: &mut Reader<'_>, node: &Node, fields: Fields<'_>, spec: &ClusterSpec) -> Option<bool> {
    let wanted = reader.one_of(node, "aws.msk-users", &[("yes", true), ("true", true), ("no", false), ("false", false)])?;
    if wanted && fields.get("kms-key").is_none() {
        let message = "Amazon MSK takes no secret that is encrypted with AWS's own key";
        reader.wrong_node(node, message, "add `kms-key`, the id or ARN of a symmetric key of yours");
    }
    if wanted && !spec.sasl_users().any(|(_, mechanism)| mechanism == SaslMechanism::ScramSha512) {
        let message = "no client logs in by SCRAM-SHA-512, the one mechanism that Amazon MSK has";
        reader.wrong_node(node, message, "write `auth: sasl-scram-sha-512` at the clients' listener, or leave this out");
    }
    Some(wanted)
}

fn amazon_mq_ca(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec) -> Option<String> {
    let name = reader.text(node, "aws.amazon-mq-ca")?;
    if spec.rabbitmq.is_none() {
        reader.wrong_node(node, "the cluster has no `rabbitmq`, which alone has use for this", "leave it out");
    }
    if !is_secret_name(name) {
        reader.wrong_node(node, format_args!("{name:?} cannot name a secret"), SECRET_NAME);
        return None;
    }
    Some(name.to_owned())
}

fn tags(reader: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<String, String>> {
    let fields = reader.map(node, "aws.tags")?;
    let mut tags = BTreeMap::new();
    for (key, value) in fields.entries() {
        let Some(text) = reader.text(value, "aws.tags") else { continue };
        let reserved = ["aws:", TAG_PREFIX].into_iter().find(|prefix| key.text.starts_with(prefix));
        if let Some(prefix) = reserved {
            let message = format!("tags that begin with {prefix:?} are not for the cluster file to set");
            reader.wrong(key.place, &key.text, message, "choose another key");
        } else if !is_tag(&key.text, 128) || !is_tag(text, 256) {
            let message = format!("AWS does not take the tag {:?}", key.text);
            let fix = "use letters, digits, spaces and `+-=._:/@`: up to 128 in the key, up to 256 in the value";
            reader.wrong(key.place, &key.text, message, fix);
        }
        tags.insert(key.text.clone(), text.to_owned());
    }
    Some(tags)
}

/// AWS's rule for keys and values of tags.
fn is_tag(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && text.chars().all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c))
}

const SECRET_NAME: &str = "use up to 256 letters, digits and `/_+=.@-`";

/// Secrets Manager's rule.
fn is_secret_name(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b))
}
