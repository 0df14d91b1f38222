//! What each program calls its settings, for whoever is told to change one.

use crate::describe::Protocol;

/// The words of one protocol's broker and clients.
pub struct Words {
    pub broker: &'static str,
    /// Where the broker's own certificate and key come from.
    pub broker_keystore: &'static str,
    /// Whom the broker trusts.
    pub broker_truststore: &'static str,
    pub broker_versions: &'static str,
    pub broker_suites: &'static str,
    /// The setting that makes client certificates obligatory.
    pub client_required: &'static str,
    /// How a running broker is made to read its files again.
    pub reload: &'static str,
    /// Where a client's own certificate and key come from.
    pub client_keystore: &'static str,
    /// Whom a client trusts.
    pub client_truststore: &'static str,
}

const KAFKA: Words = Words {
    broker: "Kafka",
    broker_keystore: "ssl.keystore.location",
    broker_truststore: "ssl.truststore.location",
    broker_versions: "ssl.enabled.protocols",
    broker_suites: "ssl.cipher.suites",
    client_required: "ssl.client.auth=required (listener.name.NAME.ssl.client.auth=required on a SASL_SSL listener)",
    reload: "set listener.name.NAME.ssl.keystore.location anew by kafka-configs, or restart the broker",
    client_keystore: "ssl.keystore.location; librdkafka: ssl.certificate.location and ssl.key.location",
    client_truststore: "ssl.truststore.location; librdkafka: ssl.ca.location",
};

const RABBITMQ: Words = Words {
    broker: "RabbitMQ",
    broker_keystore: "ssl_options.certfile and ssl_options.keyfile",
    broker_truststore: "ssl_options.cacertfile",
    broker_versions: "ssl_options.versions",
    broker_suites: "ssl_options.ciphers",
    client_required: "ssl_options.verify = verify_peer and ssl_options.fail_if_no_peer_cert = true",
    reload: "run rabbitmqctl eval 'ssl:clear_pem_cache().', or restart the node",
    client_keystore: "the client library's certificate and key, certfile and keyfile in a URL",
    client_truststore: "the client library's CA file, cacertfile in a URL",
};

pub const fn words(protocol: Protocol) -> &'static Words {
    match protocol {
        Protocol::Kafka => &KAFKA,
        Protocol::Amqp => &RABBITMQ,
    }
}

/// How to hear from Kafka why it refuses a client: at INFO it writes `SSL handshake failed` and no more.
pub const KAFKA_DEBUG: &str = "set its logger org.apache.kafka.common.network to DEBUG (kafka-configs --bootstrap-server HOST:PORT \
                               --alter --entity-type broker-loggers --entity-name ID --add-config org.apache.kafka.common.network=DEBUG, \
                               or in the log4j or log4j2 file) and hand over the log with --broker-log";
