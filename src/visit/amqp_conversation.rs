//! A connection on which AMQP 0-9-1 is spoken: first words, frames, and how they fail.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::amqp_frame::{Frame, HEADER, Outgoing};
use super::amqp_method::{Fields, Method};
use super::{shortened, tls};
use crate::diagnosis::{Fact, Symptom};

/// As much of a foreign answer as is kept.
const ANSWER: usize = 64;

/// More frames than all that is asked of RabbitMQ takes.
const FRAMES: usize = 1000;

/// As many characters as are kept of what it says of itself.
const SERVER: usize = 200;

/// As many mechanisms as are kept, and as many characters of each; RFC 4422, 3.1 allows 20.
const MECHANISMS: usize = 32;
const MECHANISM: usize = 64;

/// RabbitMQ's first words, before anything of the client is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// `RabbitMQ 4.0.5 (Erlang/OTP 27.3)`
    pub server: String,
    pub mechanisms: Vec<String>,
}

impl From<Start> for Fact {
    fn from(Start { server, mechanisms }: Start) -> Self {
        Self::Greeting { server, mechanisms }
    }
}

/// A connection on which AMQP is spoken. Dropped, it closes, and RabbitMQ removes what was declared on it.
#[derive(Debug)]
pub struct Conversation<S> {
    stream: S,
    /// What has come, and how much of it was looked at.
    buffer: Vec<u8>,
    taken: usize,
    frames: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<S> {
    /// Says AMQP's header, and listens to what RabbitMQ says of itself. Nothing secret is said: this may be done without TLS.
    pub async fn begin(mut stream: S) -> Result<(Self, Start), Symptom> {
        let said = stream.write_all(&HEADER).await;
        let mut conversation = Self { stream, buffer: Vec::new(), taken: 0, frames: 0 };
        // Whoever closed at once may have said why: what can be read is read, even when nothing more can be written.
        let arguments = match (conversation.answer(0, Method::START).await, said) {
            (Err(Symptom::Closed), Err(error)) => return Err(tls::symptom(&error)),
            (Err(Symptom::Closed), _) if !conversation.rest().is_empty() => return Err(conversation.other_protocol()),
            (answer, _) => answer?,
        };
        let start = Start::read(&arguments).ok_or_else(|| Symptom::OtherProtocol { answer: head(&arguments) })?;
        Ok((conversation, start))
    }

    pub(super) async fn say(&mut self, outgoing: Outgoing) -> Result<(), Symptom> {
        self.stream.write_all(&outgoing.0).await.map_err(|error| tls::symptom(&error))?;
        self.stream.flush().await.map_err(|error| tls::symptom(&error))
    }

    /// The arguments of `method`, which must come next.
    pub(super) async fn answer(&mut self, on: u16, method: Method) -> Result<Vec<u8>, Symptom> {
        loop {
            let (channel, got, arguments) = match self.frame().await? {
                Frame::Method { channel, method, arguments } => (channel, method, arguments),
                Frame::Heartbeat => continue,
                Frame::ContentHeader | Frame::Body(_) => return Err(Symptom::Other("RabbitMQ sent content without a message".to_owned())),
            };
            // What was said before to another channel may still be answered.
            if channel != on && channel != 0 {
                continue;
            }
            match got {
                got if got == method && channel == on => return Ok(arguments),
                Method::CLOSE => return Err(self.closed(0, Method::CLOSE_OK, &arguments).await),
                Method::CHANNEL_CLOSE => return Err(self.closed(channel, Method::CHANNEL_CLOSE_OK, &arguments).await),
                Method::BLOCKED => {
                    let why = Fields(&arguments).short_text().unwrap_or_default();
                    return Err(Symptom::Other(format!("RabbitMQ takes no messages for the time being: {why}")));
                }
                Method(class, number) => return Err(Symptom::Other(format!("RabbitMQ answered with AMQP's method {class}.{number}"))),
            }
        }
    }

    /// The code and the text of a Close, which is answered, and what it answers itself.
    async fn closed(&mut self, channel: u16, answer: Method, arguments: &[u8]) -> Symptom {
        let mut fields = Fields(arguments);
        let (Some(code), Some(text)) = (fields.short(), fields.short_text()) else {
            return Symptom::OtherProtocol { answer: head(arguments) };
        };
        let refused = fields.short().zip(fields.short()).and_then(|(class, method)| Method(class, method).name());
        let _ = self.say(Outgoing::new().method(channel, answer, &[])).await;
        Symptom::Amqp { code, text, method: refused }
    }

    pub(super) async fn frame(&mut self) -> Result<Frame, Symptom> {
        loop {
            match Frame::read(self.rest()) {
                // Who floods whoever waits for an answer is no RabbitMQ.
                Ok(Some(_)) if self.frames == FRAMES => return Err(self.other_protocol()),
                Ok(Some((frame, length))) => {
                    self.taken += length;
                    self.frames += 1;
                    return Ok(frame);
                }
                Ok(None) => {}
                Err(_) => return Err(self.other_protocol()),
            }
            self.buffer.drain(..self.taken);
            self.taken = 0;
            let read = self.stream.read_buf(&mut self.buffer).await.map_err(|error| tls::symptom(&error))?;
            if read == 0 {
                return Err(Symptom::Closed);
            }
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    pub(super) async fn shutdown(mut self) -> Result<(), Symptom> {
        self.stream.shutdown().await.map_err(|error| tls::symptom(&error))
    }

    fn other_protocol(&self) -> Symptom {
        Symptom::OtherProtocol { answer: head(self.rest()) }
    }
}

impl Start {
    fn read(arguments: &[u8]) -> Option<Self> {
        let mut fields = Fields(arguments);
        fields.short()?;
        let mut properties = Fields(fields.long_bytes()?);
        let (mut product, mut version, mut platform) = (String::new(), None, None);
        while let Some((name, value)) = properties.pair() {
            match name.as_str() {
                "product" => product = value.unwrap_or_default(),
                "version" => version = value,
                "platform" => platform = value,
                _ => {}
            }
        }
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        let platform = platform.map(|platform| format!(" ({platform})")).unwrap_or_default();
        let mechanisms = fields.long_text()?;
        let mechanisms = mechanisms.split_ascii_whitespace().take(MECHANISMS).map(|name| shortened(name, MECHANISM)).collect();
        Some(Self { server: shortened(&format!("{product}{version}{platform}"), SERVER), mechanisms })
    }
}

pub(super) fn head(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(ANSWER)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::amqp_method::Argument;

    /// What a client makes of a server that answers the header with `answer` and closes.
    fn greeted(answer: &[u8]) -> Result<Start, Symptom> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (client, mut server) = tokio::io::duplex(1 << 16);
            server.write_all(answer).await.unwrap();
            server.shutdown().await.unwrap();
            Conversation::begin(client).await.map(|(_, start)| start)
        })
    }

    #[test]
    fn rabbitmq_says_what_it_is_before_it_knows_who_asks() {
        let properties = b"\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x054.0.5\x08platformS\0\0\0\x0fErlang/OTP 27.3";
        let said =
            [Argument::Short(9), Argument::LongText(properties), Argument::LongText(b"PLAIN EXTERNAL"), Argument::LongText(b"en_US")];
        let start = greeted(&Outgoing::new().method(0, Method::START, &said).0).unwrap();
        assert_eq!(start.server, "RabbitMQ 4.0.5 (Erlang/OTP 27.3)");
        assert_eq!(start.mechanisms, ["PLAIN", "EXTERNAL"]);
    }

    #[test]
    fn what_is_not_amqp_is_shown() {
        for answer in [b"HTTP/1.1 400 Bad Request".as_slice(), b"AMQP\x03\x01\0\0", b"\x01\0", b"\x01\0\0\x7f\0\0\0"] {
            let Err(Symptom::OtherProtocol { answer: shown }) = greeted(answer) else { panic!("{answer:?}") };
            assert_eq!(shown, answer);
        }
    }

    #[test]
    fn who_floods_is_not_listened_to_for_ever() {
        let heartbeats = b"\x08\0\0\0\0\0\0\xce".repeat(FRAMES + 1);
        let (client, server) = tokio::io::duplex(heartbeats.len());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let symptom = runtime.block_on(async {
            let mut server = server;
            server.write_all(&heartbeats).await.unwrap();
            Conversation::begin(client).await.map(|(_, start)| start).unwrap_err()
        });
        assert!(matches!(symptom, Symptom::OtherProtocol { .. }), "{symptom}");
    }

    #[test]
    fn of_what_a_server_says_of_itself_no_more_is_kept_than_anybody_reads() {
        let long = "x".repeat(9000);
        let properties = [b"\x07productS".as_slice(), &9000_u32.to_be_bytes(), long.as_bytes()].concat();
        let mechanisms = format!("{long} ").repeat(3) + &"M ".repeat(1000);
        let said =
            [Argument::Short(9), Argument::LongText(&properties), Argument::LongText(mechanisms.as_bytes()), Argument::LongText(b"en_US")];
        let start = greeted(&Outgoing::new().method(0, Method::START, &said).0).unwrap();
        assert_eq!((start.server.chars().count(), start.mechanisms.len()), (SERVER + 1, MECHANISMS));
        assert!(start.mechanisms.iter().all(|name| name.chars().count() <= MECHANISM + 1));
    }

    #[test]
    fn who_closes_without_a_word_says_nothing() {
        assert!(matches!(greeted(b""), Err(Symptom::Closed)));
    }

    #[test]
    fn a_close_says_why() {
        let closed_for = |Method(class, method)| {
            let said = [Argument::Short(403), Argument::ShortText("ACCESS_REFUSED"), Argument::Short(class), Argument::Short(method)];
            greeted(&Outgoing::new().method(0, Method::CLOSE, &said).0)
        };
        let Err(Symptom::Amqp { code: 403, text, method }) = closed_for(Method::QUEUE_DECLARE) else { panic!() };
        assert_eq!((&*text, method), ("ACCESS_REFUSED", Some("queue.declare")));
        // Where no method is to blame, RabbitMQ says 0.0.
        let Err(Symptom::Amqp { method: None, .. }) = closed_for(Method(0, 0)) else { panic!() };
    }
}
