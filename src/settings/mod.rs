//! Floor 1: the configuration files of brokers and clients, read as the programs themselves read them.
//!
//! `server.properties` and `client.properties` (java.util.Properties), librdkafka's `key=value`, and `rabbitmq.conf` (Cuttlefish).
