//! Kafka's requests and answers as bytes: frames, and the types in them (<https://kafka.apache.org/protocol>).
//!
//! Only versions before the flexible ones (KIP-482) are spoken, which every broker from 0.11 to 4.3 takes. Read by hand, because an
//! answer is written by whoever listens there: an array takes the room of the items that came, never of those that were announced.

use std::fmt;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::{shortened, tls};
use crate::diagnosis::Symptom;

/// The requests that are made, by their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum Request {
    Metadata = 3,
    SaslHandshake = 17,
    ApiVersions = 18,
    CreateTopics = 19,
    DeleteTopics = 20,
    InitProducerId = 22,
    SaslAuthenticate = 36,
    IncrementalAlterConfigs = 44,
}

impl Request {
    /// The most bytes that an answer may have. Before the client is known, nobody has reason to say much.
    const fn limit(self) -> usize {
        match self {
            Self::Metadata => 4 << 20,
            Self::ApiVersions
            | Self::SaslHandshake
            | Self::SaslAuthenticate
            | Self::InitProducerId
            | Self::CreateTopics
            | Self::DeleteTopics
            | Self::IncrementalAlterConfigs => 64 << 10,
        }
    }
}

/// By the name of the request in the protocol.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A stream on which one request follows the other, each after the answer to the one before.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    /// The correlation id of the last request.
    asked: i32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, asked: 0 }
    }

    /// The answer to a request, without its header.
    pub async fn ask(&mut self, api: Request, version: i16, body: &Body) -> Result<Vec<u8>, Symptom> {
        self.asked = self.asked.wrapping_add(1);
        let frame = frame(api, version, self.asked, body);
        let sent = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await
        };
        if let Err(error) = sent.await {
            // What the other side said before it closed tells more than that it has.
            return Err(self.answer(api).await.err().filter(|last| matches!(last, Symptom::Alert(_))).unwrap_or(tls::symptom(&error)));
        }
        self.answer(api).await
    }

    async fn answer(&mut self, api: Request) -> Result<Vec<u8>, Symptom> {
        let mut head = [0; 8];
        let mut filled = 0;
        while filled < head.len() {
            match self.stream.read(&mut head[filled..]).await {
                Ok(0) if filled == 0 => return Err(Symptom::Closed),
                Ok(0) => return Err(Symptom::OtherProtocol { answer: head[..filled].to_vec() }),
                Ok(count) => filled += count,
                Err(error) => return Err(tls::symptom(&error)),
            }
        }
        let [a, b, c, d, correlation @ ..] = head;
        let length = usize::try_from(i32::from_be_bytes([a, b, c, d])).ok().and_then(|length| length.checked_sub(4));
        match length.filter(|length| *length <= api.limit() && i32::from_be_bytes(correlation) == self.asked) {
            None => Err(Symptom::OtherProtocol { answer: head.to_vec() }),
            Some(length) => {
                let mut answer = vec![0; length];
                self.stream.read_exact(&mut answer).await.map_err(|error| tls::symptom(&error))?;
                Ok(answer)
            }
        }
    }
}

/// Length, then the request header in version 1: key, version, correlation id, client id.
fn frame(api: Request, version: i16, correlation: i32, body: &Body) -> Zeroizing<Vec<u8>> {
    const CLIENT: &[u8] = b"countersign";
    let length = 10 + CLIENT.len() + body.0.len();
    let mut frame = Zeroizing::new(Vec::with_capacity(4 + length));
    frame.extend_from_slice(&(length as i32).to_be_bytes());
    frame.extend_from_slice(&(api as i16).to_be_bytes());
    frame.extend_from_slice(&version.to_be_bytes());
    frame.extend_from_slice(&correlation.to_be_bytes());
    frame.extend_from_slice(&(CLIENT.len() as i16).to_be_bytes());
    frame.extend_from_slice(CLIENT);
    frame.extend_from_slice(&body.0);
    frame
}

/// What a request says, wiped when dropped: it may be a password.
#[derive(Default)]
pub(super) struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// STRING. Fails where it is longer than the protocol can say.
    pub fn string(mut self, text: &str) -> Result<Self, Symptom> {
        let length = i16::try_from(text.len()).map_err(|_| Symptom::Other("a name has more than 32767 bytes".to_owned()))?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        Ok(self)
    }

    /// BYTES, and nothing else: no copy is left behind by growing.
    pub fn secret(bytes: &[u8]) -> Result<Self, Symptom> {
        let length = i32::try_from(bytes.len()).map_err(|_| Symptom::Other("a password has more than 2 GiB".to_owned()))?;
        let mut body = Zeroizing::new(Vec::with_capacity(4 + bytes.len()));
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(bytes);
        Ok(Self(body))
    }

    /// A NULLABLE_STRING that is null.
    pub fn no_string(self) -> Self {
        self.int16(-1)
    }

    pub fn int8(mut self, value: i8) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn int16(mut self, value: i16) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn int32(mut self, value: i32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn boolean(mut self, value: bool) -> Self {
        self.0.push(value.into());
        self
    }
}

/// The byte of an answer at which it is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub usize);

/// An answer, from front to back.
pub(super) struct Answer<'a> {
    whole: &'a [u8],
    at: usize,
}

impl<'a> Answer<'a> {
    pub fn new(whole: &'a [u8]) -> Self {
        Self { whole, at: 0 }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let taken = self.whole[self.at..].get(..count).ok_or(Malformed(self.at))?;
        self.at += count;
        Ok(taken)
    }

    fn array_of<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| Malformed(at))
    }

    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        self.array_of().map(|[octet]| octet != 0)
    }

    pub fn int8(&mut self) -> Result<i8, Malformed> {
        self.array_of().map(i8::from_be_bytes)
    }

    pub fn int16(&mut self) -> Result<i16, Malformed> {
        self.array_of().map(i16::from_be_bytes)
    }

    pub fn int32(&mut self) -> Result<i32, Malformed> {
        self.array_of().map(i32::from_be_bytes)
    }

    /// STRING or NULLABLE_STRING, of which null is empty; its first `limit` characters.
    pub fn text(&mut self, limit: usize) -> Result<String, Malformed> {
        self.nullable_text(limit).map(Option::unwrap_or_default)
    }

    /// What is not UTF-8 is replaced: it is shown to people, and compared.
    pub fn nullable_text(&mut self, limit: usize) -> Result<Option<String>, Malformed> {
        let length = self.int16()?.into();
        self.counted(length, |answer, length| Ok(shortened(&String::from_utf8_lossy(answer.take(length)?), limit)))
    }

    /// BYTES; null is empty.
    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.int32()?;
        self.counted(length, Self::take).map(Option::unwrap_or_default)
    }

    /// ARRAY; null is empty. `item` must take at least a byte.
    pub fn array<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
        self.some_of(usize::MAX, |answer| item(answer).map(Some)).map(|(items, _)| items)
    }

    /// Of an ARRAY the first `limit` items that are wanted, and how many items there are. All are read.
    pub fn some_of<T>(
        &mut self,
        limit: usize,
        item: impl Fn(&mut Self) -> Result<Option<T>, Malformed>,
    ) -> Result<(Vec<T>, usize), Malformed> {
        let count = self.int32()?;
        let read = |answer: &mut Self, count: usize| {
            let mut wanted = Vec::new();
            for _ in 0..count {
                wanted.extend(item(answer)?.filter(|_| wanted.len() < limit));
            }
            Ok((wanted, count))
        };
        self.counted(count, read).map(Option::unwrap_or_default)
    }

    /// What -1 says is null.
    fn counted<T>(&mut self, count: i32, read: impl FnOnce(&mut Self, usize) -> Result<T, Malformed>) -> Result<Option<T>, Malformed> {
        match usize::try_from(count) {
            Ok(count) => read(self, count).map(Some),
            Err(_) if count == -1 => Ok(None),
            Err(_) => Err(Malformed(self.at)),
        }
    }
}
