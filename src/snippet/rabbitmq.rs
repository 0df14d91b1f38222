//! RabbitMQ: the configuration of nodes, and the users that EXTERNAL logs in.

use std::collections::BTreeSet;

use askama::Template;
use serde_json::json;

use super::Snippets;
use crate::cluster::{ClusterSpec, Holder, RabbitmqLogin, RabbitmqNode, RabbitmqSpec};
use crate::layout::{HolderFile, Snippet};

#[derive(Template)]
#[template(path = "rabbitmq.conf", escape = "none")]
struct RabbitmqConf<'a> {
    holder: &'a Holder,
    listener: String,
    anchors: String,
    chain: String,
    key: String,
    login: &'static str,
    san_dns: bool,
    definitions: String,
}

impl Snippets<'_> {
    pub(super) fn rabbitmq_conf(&self, rabbitmq: &RabbitmqSpec, holder: &Holder, node: &RabbitmqNode) -> Option<String> {
        let place = |file| self.place(holder, file).display().to_string();
        let template = RabbitmqConf {
            holder,
            // No brackets around IPv6: with them RabbitMQ does not start.
            listener: node.bind.map_or_else(|| node.port.to_string(), |ip| format!("{ip}:{}", node.port)),
            anchors: place(HolderFile::Anchors),
            chain: place(HolderFile::Chain),
            key: place(HolderFile::Key),
            login: match rabbitmq.login {
                RabbitmqLogin::CommonName => "common_name",
                RabbitmqLogin::DistinguishedName => "distinguished_name",
                RabbitmqLogin::SanDns => "subject_alternative_name",
            },
            san_dns: rabbitmq.login == RabbitmqLogin::SanDns,
            definitions: place(HolderFile::Snippet(Snippet::Definitions)),
        };
        template.render().ok()
    }
}

/// Users without a password: only their certificate lets them in.
pub fn definitions(spec: &ClusterSpec) -> String {
    let Some(rabbitmq) = &spec.rabbitmq else { return String::new() };
    let mut vhosts = BTreeSet::from(["/"]);
    let (mut users, mut permissions) = (Vec::new(), Vec::new());
    for (holder, client) in spec.clients() {
        let Some(access) = &client.rabbitmq else { continue };
        let user = holder.rabbitmq_user(rabbitmq.login);
        vhosts.insert(&access.vhost);
        users.push(json!({
            "name": user,
            "password_hash": "",
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": access.tags,
        }));
        permissions.push(json!({
            "user": user,
            "vhost": access.vhost,
            "configure": access.configure,
            "write": access.write,
            "read": access.read,
        }));
    }
    let vhosts: Vec<_> = vhosts.into_iter().map(|name| json!({ "name": name })).collect();
    let definitions = json!({ "vhosts": vhosts, "users": users, "permissions": permissions });
    format!("{definitions:#}\n")
}
