//! A sink that is HashiCorp Vault or OpenBao.

use super::node::{Node, Value};
use super::reader::{Fields, Reader};
use super::sink::{VaultLogin, VaultSpec};
use super::sink_fields::{PATH, address, apart, auth_mount, is_path, segments, template, whole};
use super::{ClusterSpec, Holder, SecretSource};

const VAULT: [&str; 6] = ["address", "namespace", "mount", "path", "ca", "login"];
/// Where a pod finds the token of its service account.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub fn sink(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec, holders: &[&Holder]) -> Option<VaultSpec> {
    let fields = reader.fields(node, "vault", &VAULT)?;
    let address = fields.get("address").map(|node| address(reader, node, "vault.address", "https://vault.example:8200"));
    let namespace = fields.get("namespace").map(|node| segments(reader, node, "vault.namespace"));
    let mount = fields.get("mount").map_or(Some("secret".to_owned()), |node| segments(reader, node, "vault.mount"));
    let path = template(reader, fields.get("path"), "vault.path", PATH);
    let ca = fields.get("ca").map(|node| reader.path(node, "vault.ca"));
    let login = fields.get("login").map_or(Some(VaultLogin::Environment), |node| login(reader, node));
    let path = path?;
    let at = fields.get("path").unwrap_or(node);
    let names = holders.iter().map(|holder| (holder.id.to_string(), path.of(&spec.name, &holder.id))).collect();
    apart(reader, at, names, is_path, "write letters, digits and `._-+=@` between single slashes");
    Some(VaultSpec { address: whole(address)?, namespace: whole(namespace)?, mount: mount?, path, ca: whole(ca)?, login: login? })
}

fn login(reader: &mut Reader<'_>, node: &Node) -> Option<VaultLogin> {
    const FORMS: &str = "write one of token, approle, kubernetes, jwt or certificate, for instance { token: { env: VAULT_TOKEN } }";
    if let Value::Scalar(_) = node.value {
        // Not shown: it may be a token.
        reader.wrong(node.place, "", "vault.login names no way to log in", FORMS);
        return None;
    }
    let fields = reader.fields(node, "vault.login", &["token", "approle", "kubernetes", "jwt", "certificate"])?;
    let [(key, value)] = fields.entries() else {
        reader.wrong_node(node, "vault.login names not exactly one way to log in", FORMS);
        return None;
    };
    let what = format!("vault.login.{}", key.text);
    match key.text.as_str() {
        "token" => reader.secret(value, &what).map(VaultLogin::Token),
        "approle" => {
            let fields = reader.fields(value, &what, &["mount", "role-id", "secret-id"])?;
            let mount = auth_mount(reader, fields, &what, "approle");
            let role_id = reader.required(fields, &what, "role-id", "…, as vault read auth/approle/role/NAME/role-id prints it");
            let role_id = role_id.and_then(|node| reader.text(node, &format!("{what}.role-id")));
            let secret_id = reader.required(fields, &what, "secret-id", "{ file: secret-id }");
            let secret_id = secret_id.and_then(|node| reader.secret(node, &format!("{what}.secret-id")));
            Some(VaultLogin::AppRole { mount: mount?, role_id: role_id?.to_owned(), secret_id: secret_id? })
        }
        "kubernetes" => {
            let fields = reader.fields(value, &what, &["mount", "role", "token"])?;
            let mount = auth_mount(reader, fields, &what, "kubernetes");
            let role = role(reader, fields, &what);
            let token = fields.get("token").map_or_else(
                || Some(SecretSource::File(SERVICE_ACCOUNT_TOKEN.into())),
                |node| reader.secret(node, &format!("{what}.token")),
            );
            Some(VaultLogin::Kubernetes { mount: mount?, role: role?, token: token? })
        }
        "jwt" => {
            let fields = reader.fields(value, &what, &["mount", "role", "token"])?;
            let mount = auth_mount(reader, fields, &what, "jwt");
            let role = role(reader, fields, &what);
            let token = reader.required(fields, &what, "token", "{ env: CI_JOB_JWT }");
            let token = token.and_then(|node| reader.secret(node, &format!("{what}.token")));
            Some(VaultLogin::Jwt { mount: mount?, role: role?, token: token? })
        }
        "certificate" => {
            let fields = reader.fields(value, &what, &["mount", "role", "certificate", "key"])?;
            let mount = auth_mount(reader, fields, &what, "cert");
            let role = fields.get("role").map(|node| reader.text(node, &format!("{what}.role")).map(str::to_owned));
            let mut path = |key: &str, example: &str| {
                let node = reader.required(fields, &what, key, example)?;
                reader.path(node, &format!("{what}.{key}"))
            };
            let (certificate, key) = (path("certificate", "push.crt"), path("key", "push.key"));
            Some(VaultLogin::Certificate { mount: mount?, role: whole(role)?, certificate: certificate?, key: key? })
        }
        _ => None,
    }
}

fn role(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str) -> Option<String> {
    let node = reader.required(fields, what, "role", "kafka-push")?;
    reader.text(node, &format!("{what}.role")).map(str::to_owned)
}
