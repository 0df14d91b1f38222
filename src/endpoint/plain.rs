//! Who speaks where TLS was expected.

use std::io::{Read, Write};

use super::{ObserveError, Target};
use crate::describe::{Protocol, plain_speaker};
use crate::pki::HostPort;

/// For an answer in plain text.
pub fn error(target: &HostPort, answer: &[u8]) -> ObserveError {
    let target = target.clone();
    match plain_speaker(answer) {
        Some(protocol) => ObserveError::Plaintext { target, protocol },
        None => ObserveError::NotTls { target, answer: answer.escape_ascii().to_string() },
    }
}

/// Kafka takes a ClientHello for a request that is too large, and closes without a word. Its own greeting it answers.
pub fn spoken(target: Target<'_>) -> Option<&'static str> {
    let mut stream = target.connect().ok()?;
    stream.write_all(Protocol::Kafka.greeting()).ok()?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).ok()?;
    Protocol::Kafka.is_answer(&answer).then_some("Kafka")
}
