//! Policies of AWS IAM, in JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Deleting, reach};
use crate::cluster::{AwsSpec, ClusterSpec, HolderId, SinkSpec, TAG_PREFIX, msk_stem};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Conditions::is_empty")]
    condition: Conditions,
}

/// Operator → key → value.
type Conditions = BTreeMap<&'static str, BTreeMap<String, String>>;

/// What a sink does to its holders' secrets.
pub fn to_push(spec: &ClusterSpec, sink: &SinkSpec, aws: &AwsSpec, deleting: Deleting) -> String {
    let mut names = reach(&aws.path, spec, &sink.holders, deleting);
    // Users who had one once.
    if aws.msk_users || deleting == Deleting::Allowed {
        names.insert(format!("{}*", msk_stem(&spec.name)));
    }
    names.extend(aws.amazon_mq_ca.clone());
    let resource = secrets(aws, &names);
    let mut actions = vec![
        "secretsmanager:CreateSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:TagResource",
        "secretsmanager:UpdateSecretVersionStage",
    ];
    if aws.kms_key.is_some() {
        actions.push("secretsmanager:UpdateSecret");
    }
    let mut statements = vec![allow("PushSecrets", actions, resource.clone(), Conditions::new())];
    statements.extend(key(aws, "EncryptSecrets", vec!["kms:Decrypt", "kms:GenerateDataKey"]));
    if deleting == Deleting::Allowed {
        // This action knows no resources.
        statements.push(allow("FindSecrets", vec!["secretsmanager:ListSecrets"], vec!["*".to_owned()], Conditions::new()));
        let own = (format!("secretsmanager:ResourceTag/{TAG_PREFIX}cluster"), spec.name.clone());
        let condition = Conditions::from([("StringEquals", BTreeMap::from([own]))]);
        statements.push(allow("DeleteSecrets", vec!["secretsmanager:DeleteSecret"], resource, condition));
    }
    text(statements)
}

/// What External Secrets does to fetch the secrets of `holders`.
pub fn to_fetch(spec: &ClusterSpec, holders: &[HolderId], aws: &AwsSpec) -> String {
    let resource = secrets(aws, &reach(&aws.path, spec, holders, Deleting::LeftOut));
    let mut statements = vec![allow("FetchSecrets", vec!["secretsmanager:GetSecretValue"], resource, Conditions::new())];
    statements.extend(key(aws, "DecryptSecrets", vec!["kms:Decrypt"]));
    text(statements)
}

fn allow(sid: &'static str, action: Vec<&'static str>, resource: Vec<String>, condition: Conditions) -> Statement {
    Statement { sid, effect: "Allow", action, resource, condition }
}

fn text(statement: Vec<Statement>) -> String {
    // Texts and maps of texts always become JSON.
    serde_json::to_string_pretty(&Policy { version: "2012-10-17", statement }).unwrap_or_default() + "\n"
}

/// A secret's ARN ends with a hyphen and six characters that Secrets Manager draws; one that is not there is asked for without them.
fn secrets(aws: &AwsSpec, names: &BTreeSet<String>) -> Vec<String> {
    let arn = |name: String| arn(aws, "secretsmanager", &format!("secret:{name}"));
    let each = |name: &String| if name.ends_with('*') { vec![name.clone()] } else { vec![name.clone(), format!("{name}-??????")] };
    names.iter().flat_map(each).map(arn).collect()
}

/// Of any account: which one it is, the credentials say.
fn arn(aws: &AwsSpec, service: &str, resource: &str) -> String {
    let region = aws.region.as_deref().unwrap_or("*");
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    format!("arn:{partition}:{service}:{region}:*:{resource}")
}

/// The key that encrypts, for use by Secrets Manager alone. AWS's own key needs no permission.
fn key(aws: &AwsSpec, sid: &'static str, actions: Vec<&'static str>) -> Option<Statement> {
    let key = aws.kms_key.as_deref()?;
    let service = format!("secretsmanager.{}.amazonaws.com*", aws.region.as_deref().unwrap_or("*"));
    let mut condition = Conditions::from([("StringLike", BTreeMap::from([("kms:ViaService".to_owned(), service)]))]);
    let alias = key.find("alias/").filter(|at| *at == 0 || key.starts_with("arn:")).map(|at| &key[at..]);
    let resource = match alias {
        // An alias is no resource of these actions: the key that has it is.
        Some(alias) => {
            condition.insert("ForAnyValue:StringEquals", BTreeMap::from([("kms:ResourceAliases".to_owned(), alias.to_owned())]));
            key.strip_suffix(alias)
                .filter(|before| !before.is_empty())
                .map_or_else(|| arn(aws, "kms", "key/*"), |arn| format!("{arn}key/*"))
        }
        None if key.starts_with("arn:") => key.to_owned(),
        None => arn(aws, "kms", &format!("key/{key}")),
    };
    Some(allow(sid, actions, vec![resource], condition))
}
