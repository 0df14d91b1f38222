//! AMQP connection strings, with the query parameters of RabbitMQ's URI specification.

use super::Snippets;
use crate::cluster::{Holder, RabbitmqAccess};
use crate::layout::HolderFile;

impl Snippets<'_> {
    /// One line for each node.
    pub(super) fn amqp_uri(&self, holder: &Holder, access: &RabbitmqAccess) -> String {
        let place = |file| encoded(&self.place(holder, file).display().to_string());
        let (anchors, chain, key) = (place(HolderFile::Anchors), place(HolderFile::Chain), place(HolderFile::Key));
        let vhost = encoded(&access.vhost);
        self.spec
            .rabbitmq_nodes()
            .map(|(_, node)| {
                format!(
                    "amqps://{}/{vhost}?auth_mechanism=external&verify=verify_peer&server_name_indication={}&cacertfile={anchors}&certfile={chain}&keyfile={key}\n",
                    node.address(),
                    encoded(&node.host.to_string()),
                )
            })
            .collect()
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
