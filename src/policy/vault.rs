//! Policies of Vault and OpenBao, in HCL.

use std::collections::BTreeSet;

use askama::Template;

use super::{Deleting, name, reach};
use crate::cluster::{ClusterSpec, HolderId, SinkSpec, VaultSpec};

#[derive(Template)]
#[template(path = "policy/vault.hcl", escape = "none")]
struct Policy<'a> {
    who: &'static str,
    spec: &'a ClusterSpec,
    vault: &'a VaultSpec,
    name: String,
    rules: Vec<Rule>,
}

/// The same capabilities on several paths.
struct Rule {
    why: &'static str,
    paths: Vec<String>,
    capabilities: &'static str,
}

/// What a sink does to its holders' secrets.
pub fn to_push(spec: &ClusterSpec, sink: &SinkSpec, vault: &VaultSpec, deleting: Deleting) -> String {
    let reach = reach(&vault.path, spec, &sink.holders, deleting);
    let below = |part: &str| reach.iter().map(|place| format!("{}/{part}/{place}", vault.mount)).collect();
    let mut rules = vec![
        Rule { why: "The values: read, written as a new version, and read back.", paths: below("data"), capabilities: WRITE },
        Rule { why: "What is told of them: whose they are, and until when they are valid.", paths: below("metadata"), capabilities: WRITE },
    ];
    if deleting == Deleting::Allowed {
        rules[1].capabilities = r#""create", "read", "update", "list""#;
        rules.push(Rule {
            why: "--prune finds what is there …",
            paths: folders(&reach).into_iter().map(|folder| format!("{}/metadata/{folder}", vault.mount)).collect(),
            capabilities: r#""list""#,
        });
        rules.push(Rule { why: "… and deletes so that it can be brought back.", paths: below("delete"), capabilities: r#""update""# });
    }
    Policy { who: "countersign", name: name(spec), spec, vault, rules }.text()
}

/// What External Secrets does to fetch the secrets of `holders`.
pub fn to_fetch(spec: &ClusterSpec, holders: &[HolderId], vault: &VaultSpec) -> String {
    let reach = reach(&vault.path, spec, holders, Deleting::LeftOut);
    let paths = reach.iter().map(|place| format!("{}/data/{place}", vault.mount)).collect();
    let rules = vec![Rule { why: "The values.", paths, capabilities: r#""read""# }];
    Policy { who: "External Secrets", name: format!("{}-read", name(spec)), spec, vault, rules }.text()
}

const WRITE: &str = r#""create", "read", "update""#;

/// Where names that begin within a folder are listed; what begins with a whole folder is covered by its `*`.
fn folders(reach: &BTreeSet<String>) -> BTreeSet<String> {
    let stems = reach.iter().map(|place| place.trim_end_matches('*'));
    let within = stems.filter(|stem| !stem.is_empty() && !stem.ends_with('/'));
    within.map(|stem| stem.rfind('/').map_or_else(String::new, |end| stem[..=end].to_owned())).collect()
}

impl Policy<'_> {
    fn text(&self) -> String {
        // A template without fallible parts.
        self.render().unwrap_or_default()
    }
}
