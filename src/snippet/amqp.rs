//! AMQP connection strings, with the query parameters of RabbitMQ's URI specification.

use super::Snippets;
use crate::cluster::{Holder, RabbitmqAccess};
use crate::layout::HolderFile;
use crate::pki::Host;

impl Snippets<'_> {
    /// One line for each node.
    pub(super) fn amqp_uri(&self, holder: &Holder, access: &RabbitmqAccess) -> String {
        let place = |file| encoded(&self.place(holder, file).display().to_string());
        let (anchors, chain, key) = (place(HolderFile::Anchors), place(HolderFile::Chain), place(HolderFile::Key));
        let vhost = encoded(&access.vhost);
        self.spec
            .rabbitmq_nodes()
            .map(|(_, node)| {
                let (address, name) = (node.address(), server_name(&node.host));
                format!(
                    "amqps://{address}/{vhost}?auth_mechanism=external&verify=verify_peer{name}&cacertfile={anchors}&certfile={chain}&keyfile={key}\n"
                )
            })
            .collect()
    }
}

/// An IP address is no server name (RFC 6066, 3): Erlang would look for it among the DNS names and refuse the node.
/// Without one it looks for the address that it connected to.
fn server_name(host: &Host) -> String {
    match host {
        Host::Dns(name) => format!("&server_name_indication={}", encoded(name)),
        Host::Ip(_) => String::new(),
    }
}

/// RFC 3986, 2.3: everything but unreserved characters is percent-encoded.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
