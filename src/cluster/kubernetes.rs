//! A sink that is manifests for Kubernetes.

use super::node::{Node, Value};
use super::reader::Reader;
use super::sink::{ExternalSpec, KubernetesSpec, SealingScope, SecretForm, SinkKind, SinkSpec, strimzi_secrets};
use super::sink_fields::{apart, auth_mount, template, whole};
use super::{ClusterSpec, Holder, HolderId};

const KUBERNETES: [&str; 6] = ["namespace", "directory", "secret", "secrets", "trust", "strimzi"];

pub fn sink(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec, holders: &[&Holder]) -> Option<KubernetesSpec> {
    let fields = reader.fields(node, "kubernetes", &KUBERNETES)?;
    let namespace = reader.required(fields, "kubernetes", "namespace", "kafka");
    let namespace = namespace.and_then(|node| dns_name(reader, node, "kubernetes.namespace", is_dns_label));
    let directory =
        fields.get("directory").map_or_else(|| Some(reader.base.join("kubernetes")), |node| reader.path(node, "kubernetes.directory"));
    let secret = template(reader, fields.get("secret"), "kubernetes.secret", "{name}");
    let form = fields.get("secrets").map_or(Some(SecretForm::Plain), |node| form(reader, node));
    let trust = match fields.get("trust") {
        Some(node) => dns_name(reader, node, "kubernetes.trust", is_dns_subdomain),
        None => own_trust(reader, node, spec),
    };
    let strimzi = fields.get("strimzi").map(|node| dns_name(reader, node, "kubernetes.strimzi", is_dns_label));
    if let (Some(node), Some(SecretForm::External(_))) = (fields.get("strimzi"), &form) {
        let message = "Strimzi wants the keys of the authorities, and External Secrets cannot fetch them: no other sink gets them";
        reader.wrong_node(node, message, "leave `strimzi` out, or add a sink of its own with plain or sealed secrets");
    }
    let secret = secret?;
    let at = fields.get("secret").unwrap_or(node);
    let mut names: Vec<(String, String)> =
        holders.iter().map(|holder| (holder.id.to_string(), secret.dns_name_of(&spec.name, &holder.id))).collect();
    let strimzi_names = strimzi.iter().flatten().flat_map(|cluster| strimzi_secrets(cluster));
    names.extend(strimzi_names.map(|name| ("Strimzi's CA".to_owned(), name)));
    apart(reader, at, names, is_dns_subdomain, "write a DNS name: lower-case letters, digits, `-` and `.`");
    Some(KubernetesSpec { namespace: namespace?, directory: directory?, secret, form: form?, trust: trust?, strimzi: whole(strimzi)? })
}

/// By the cluster's name.
fn own_trust(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec) -> Option<String> {
    let name = format!("{}-trust", spec.name.replace([' ', '_'], "-").to_lowercase());
    if !is_dns_subdomain(&name) {
        reader.wrong(
            node.place,
            "",
            format_args!("{name:?} cannot name the ConfigMap with what clients trust"),
            "add `trust: kafka-trust`",
        );
        return None;
    }
    Some(name)
}

fn form(reader: &mut Reader<'_>, node: &Node) -> Option<SecretForm> {
    const FORMS: &str = "write `plain`, { sealed: { certificate: … } } or { external: { from: … } }";
    if let Value::Scalar(_) = node.value {
        let text = reader.text(node, "kubernetes.secrets")?;
        if text != "plain" {
            reader.wrong_node(node, format_args!("{text:?} is no form of kubernetes.secrets"), FORMS);
        }
        return Some(SecretForm::Plain);
    }
    let fields = reader.fields(node, "kubernetes.secrets", &["sealed", "external"])?;
    match fields.entries() {
        [(key, value)] if key.text == "sealed" => sealed(reader, value),
        [(key, value)] if key.text == "external" => external(reader, value).map(SecretForm::External),
        // Said already.
        [_] => None,
        _ => {
            reader.wrong_node(node, "kubernetes.secrets names not exactly one form", FORMS);
            None
        }
    }
}

fn sealed(reader: &mut Reader<'_>, node: &Node) -> Option<SecretForm> {
    let fields = reader.fields(node, "kubernetes.secrets.sealed", &["certificate", "scope"])?;
    let certificate = reader.required(fields, "kubernetes.secrets.sealed", "certificate", "controller.pem");
    let certificate = certificate.and_then(|node| reader.path(node, "kubernetes.secrets.sealed.certificate"));
    let scopes =
        [("strict", SealingScope::Strict), ("namespace-wide", SealingScope::NamespaceWide), ("cluster-wide", SealingScope::ClusterWide)];
    let scope =
        fields.get("scope").map_or(Some(SealingScope::Strict), |node| reader.one_of(node, "kubernetes.secrets.sealed.scope", &scopes));
    Some(SecretForm::Sealed { certificate: certificate?, scope: scope? })
}

fn external(reader: &mut Reader<'_>, node: &Node) -> Option<ExternalSpec> {
    const WHAT: &str = "kubernetes.secrets.external";
    let fields = reader.fields(node, WHAT, &["from", "role", "service-account", "mount"])?;
    let from = reader.required(fields, WHAT, "from", "vault").and_then(|node| reader.text(node, &format!("{WHAT}.from")));
    let role = fields.get("role").map(|node| reader.text(node, &format!("{WHAT}.role")).map(str::to_owned));
    let account = |node: &Node| dns_name(reader, node, &format!("{WHAT}.service-account"), is_dns_subdomain);
    let service_account = fields.get("service-account").map_or(Some("external-secrets".to_owned()), account);
    let mount = auth_mount(reader, fields, WHAT, "kubernetes");
    Some(ExternalSpec { from: from?.to_owned(), role: whole(role)?, service_account: service_account?, mount: mount? })
}

/// What External Secrets is to fetch must be where it fetches from.
///
/// `node` is that of `sink`.
pub fn external_source(reader: &mut Reader<'_>, node: &Node, sink: &SinkSpec, external: &ExternalSpec, all: &[SinkSpec]) {
    let node = node.below(&["kubernetes", "secrets", "external"]).unwrap_or(node);
    let from = node.below(&["from"]).unwrap_or(node);
    let source = all.iter().find(|other| other.name == external.from);
    let fetched = source.filter(|source| !matches!(source.kind, SinkKind::Kubernetes(_)));
    let Some(source) = fetched else {
        let message = format!("External Secrets is to fetch from {:?}, which is no Vault and no AWS sink of this list", external.from);
        reader.wrong_node(from, message, "name a sink that stands in `push`, too");
        return;
    };
    if matches!(source.kind, SinkKind::Vault(_)) && external.role.is_none() {
        let message = "External Secrets cannot log in to Vault without a role";
        reader.wrong(node.place, "", message, "add `role`, one of Vault's Kubernetes auth method");
    }
    let missing = sink.holders.iter().find(|id| !source.holders.contains(id)).map(HolderId::to_string);
    let missing =
        missing.or_else(|| sink.files.iter().find(|group| !source.files.contains(group)).map(|group| format!("`{}`", group.word())));
    if let Some(missing) = missing {
        let message = format!("{missing} is to be fetched from the sink {:?}, which does not get it", source.name);
        reader.wrong_node(from, message, "let both have the same `holders` and `files`");
    }
}

fn dns_name(reader: &mut Reader<'_>, node: &Node, what: &str, fits: fn(&str) -> bool) -> Option<String> {
    let text = reader.text(node, what)?;
    if !fits(text) {
        reader.wrong_node(node, format_args!("{text:?} cannot be {what}"), "write a DNS name: lower-case letters, digits and `-`");
        return None;
    }
    Some(text.to_owned())
}

fn is_dns_label(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// RFC 1123, as Kubernetes has it for names.
fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}
