//! Whose configuration file it is, told by its keys.

use super::Setting;
use super::table::known;

/// Who reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// `server.properties` of a broker, a controller, or both in one.
    KafkaBroker,
    /// Java producers, consumers and admin clients, and Kafka's own tools.
    KafkaClient,
    /// Kafka Connect, MirrorMaker and Kafka Streams: their own keys are not known here, those of TLS are.
    KafkaOther,
    /// librdkafka and all that is built on it: kcat, and the clients of Python, Go, .NET and Rust.
    Librdkafka,
    /// `rabbitmq.conf`.
    RabbitMq,
    /// `advanced.config`, or a `rabbitmq.config` of the older kind: Erlang terms, which are not read.
    RabbitMqTerms,
}

/// Keys that only Connect, MirrorMaker and Streams have.
const OTHERS: [&str; 10] = [
    "key.converter",
    "value.converter",
    "config.storage.topic",
    "offset.storage.topic",
    "status.storage.topic",
    "offset.storage.file.filename",
    "connector.class",
    "plugin.path",
    "application.id",
    "clusters",
];

/// A key that one program alone knows counts this much, and is shared among those who know it.
const WEIGHT: usize = 12;

impl Program {
    /// In the order in which a tie is decided.
    pub(super) const TABLES: [Self; 4] = [Self::KafkaBroker, Self::KafkaClient, Self::Librdkafka, Self::RabbitMq];

    /// The program to which most of the keys belong, if at least a quarter of them belong to any.
    pub(super) fn recognise(lines: &[Setting]) -> Option<Self> {
        let mut scores = [0; Self::TABLES.len()];
        let mut found = 0;
        for line in lines {
            let knowing: Vec<usize> = (0..scores.len()).filter(|at| known(Self::TABLES[*at], line.key.meant()).is_some()).collect();
            knowing.iter().for_each(|at| scores[*at] += WEIGHT / knowing.len());
            found += usize::from(!knowing.is_empty());
            // Java's values are upper case in all that is written of it, librdkafka's lower case.
            if line.key == "security.protocol" {
                let lower = line.value.meant().chars().any(|c| c.is_ascii_lowercase());
                scores[if lower { 2 } else { 1 }] += 1;
            }
        }
        let others = lines.iter().filter(|line| OTHERS.contains(&line.key.meant())).count();
        if (found + others) * 4 < lines.len() || found + others == 0 {
            return None;
        }
        let best = (0..scores.len()).rev().max_by_key(|at| scores[*at])?;
        let program = Self::TABLES[best];
        let java_client = program == Self::KafkaClient || scores[best] == 0;
        Some(if others > 0 && (java_client || others > 2) { Self::KafkaOther } else { program })
    }

    /// As it is called in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KafkaBroker => "a Kafka broker",
            Self::KafkaClient => "a Java client of Kafka",
            Self::KafkaOther => "Kafka Connect, MirrorMaker or Streams",
            Self::Librdkafka => "librdkafka",
            Self::RabbitMq => "RabbitMQ",
            Self::RabbitMqTerms => "RabbitMQ (Erlang terms)",
        }
    }
}
