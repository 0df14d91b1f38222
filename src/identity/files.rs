//! Whose identity a file is.

use std::path::Path;

use super::draft::Draft;
use super::opened::read;
use super::{Besides, IdentityError, amqp, bare, kafka};
use crate::settings::{self, Program};

/// Told by what is in the file, never by its name.
pub(super) fn draft(path: &Path, besides: &Besides) -> Result<Draft, IdentityError> {
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(fault) => return Ok(bare::unusable(path, fault)),
    };
    if let Some(text) = amqp::text(bytes.expose()) {
        return amqp::draft(path, text, &besides.passwords);
    }
    let Some(settings) = settings::read(bytes.expose()) else {
        return Ok(bare::draft(path, bytes.expose(), besides));
    };
    match settings.program {
        Program::KafkaClient | Program::KafkaOther | Program::Librdkafka => kafka::draft(path, &settings, &besides.passwords),
        program @ (Program::KafkaBroker | Program::RabbitMq | Program::RabbitMqTerms) => {
            Err(IdentityError::NotAClient { file: path.display().to_string(), program: program.name() })
        }
    }
}
