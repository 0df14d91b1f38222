//! AMQP 0-9-1's frames, as far as one message needs them (specification, sections 2.3.5 and 4.2).
//!
//! Nothing recurses: of a table within a table only the length is looked at, whatever a server sends.

use zeroize::Zeroizing;

/// What a client says first: AMQP 0-9-1.
pub const HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// The longest frame that is read; RabbitMQ's own `frame_max`.
const LONGEST: usize = 128 * 1024;
const END: u8 = 0xCE;

/// Class and method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method(pub u16, pub u16);

impl Method {
    pub const START: Self = Self(10, 10);
    pub const START_OK: Self = Self(10, 11);
    pub const TUNE: Self = Self(10, 30);
    pub const TUNE_OK: Self = Self(10, 31);
    pub const OPEN: Self = Self(10, 40);
    pub const OPEN_OK: Self = Self(10, 41);
    pub const CLOSE: Self = Self(10, 50);
    pub const CLOSE_OK: Self = Self(10, 51);
    pub const BLOCKED: Self = Self(10, 60);
    pub const CHANNEL_OPEN: Self = Self(20, 10);
    pub const CHANNEL_OPEN_OK: Self = Self(20, 11);
    pub const CHANNEL_CLOSE: Self = Self(20, 40);
    pub const CHANNEL_CLOSE_OK: Self = Self(20, 41);
    pub const EXCHANGE_DECLARE: Self = Self(40, 10);
    pub const EXCHANGE_DECLARE_OK: Self = Self(40, 11);
    pub const EXCHANGE_DELETE: Self = Self(40, 20);
    pub const EXCHANGE_DELETE_OK: Self = Self(40, 21);
    pub const QUEUE_DECLARE: Self = Self(50, 10);
    pub const QUEUE_DECLARE_OK: Self = Self(50, 11);
    pub const QUEUE_BIND: Self = Self(50, 20);
    pub const QUEUE_BIND_OK: Self = Self(50, 21);
    pub const QUEUE_DELETE: Self = Self(50, 40);
    pub const QUEUE_DELETE_OK: Self = Self(50, 41);
    pub const PUBLISH: Self = Self(60, 40);
    pub const GET: Self = Self(60, 70);
    pub const GET_OK: Self = Self(60, 71);
    pub const ACK: Self = Self(60, 80);
    pub const CONFIRM_SELECT: Self = Self(85, 10);
    pub const CONFIRM_SELECT_OK: Self = Self(85, 11);
}

/// An argument of a method that is sent.
#[derive(Clone, Copy)]
pub enum Argument<'a> {
    Octet(u8),
    Short(u16),
    Long(u32),
    /// At most 255 bytes; what is beyond is not sent.
    ShortText(&'a str),
    LongText(&'a [u8]),
    NoTable,
    /// A table `capabilities` with these set.
    Capabilities(&'a [&'a str]),
}

impl Argument<'_> {
    fn write(self, to: &mut Vec<u8>) {
        match self {
            Self::Octet(value) => to.push(value),
            Self::Short(value) => to.extend(value.to_be_bytes()),
            Self::Long(value) => to.extend(value.to_be_bytes()),
            Self::ShortText(text) => {
                let text = &text.as_bytes()[..text.len().min(255)];
                to.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
                to.extend(text);
            }
            Self::LongText(text) => {
                to.extend(length(text).to_be_bytes());
                to.extend(text);
            }
            Self::NoTable => to.extend([0; 4]),
            Self::Capabilities(names) => {
                let mut set = Vec::new();
                for name in names {
                    Argument::ShortText(name).write(&mut set);
                    set.extend(*b"t\x01");
                }
                let mut table = Vec::new();
                Argument::ShortText("capabilities").write(&mut table);
                table.push(b'F');
                Argument::LongText(&set).write(&mut table);
                Argument::LongText(&table).write(to);
            }
        }
    }
}

/// Frames that are sent at once. Wiped when dropped, for one may hold a password.
pub struct Outgoing(pub Zeroizing<Vec<u8>>);

impl Outgoing {
    pub fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(4096)))
    }

    pub fn method(mut self, channel: u16, Method(class, method): Method, arguments: &[Argument<'_>]) -> Self {
        let start = self.begin(1, channel);
        self.0.extend([class.to_be_bytes(), method.to_be_bytes()].concat());
        arguments.iter().for_each(|argument| argument.write(&mut self.0));
        self.end(start)
    }

    /// The content of a published message, without properties.
    pub fn content(mut self, channel: u16, body: &[u8]) -> Self {
        let start = self.begin(2, channel);
        self.0.extend([0, 60, 0, 0]);
        self.0.extend(u64::from(length(body)).to_be_bytes());
        self.0.extend([0, 0]);
        let mut content = self.end(start);
        let start = content.begin(3, channel);
        content.0.extend(body);
        content.end(start)
    }

    fn begin(&mut self, kind: u8, channel: u16) -> usize {
        self.0.push(kind);
        self.0.extend(channel.to_be_bytes());
        self.0.extend([0; 4]);
        self.0.len()
    }

    fn end(mut self, start: usize) -> Self {
        let size = length(&self.0[start..]);
        self.0[start - 4..start].copy_from_slice(&size.to_be_bytes());
        self.0.push(END);
        self
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// A frame that came.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Method {
        channel: u16,
        method: Method,
        arguments: Vec<u8>,
    },
    /// Before the content of a message.
    ContentHeader,
    Body(Vec<u8>),
    Heartbeat,
}

/// What came is no frame of AMQP 0-9-1.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAmqp;

impl Frame {
    /// The first frame of what has come so far, which is taken out; `None` while it is not complete.
    pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, NotAmqp> {
        let Some(&kind) = buffer.first() else { return Ok(None) };
        if !matches!(kind, 1 | 2 | 3 | 8) {
            return Err(NotAmqp);
        }
        let mut header = Fields(buffer);
        let (Some(_), Some(channel), Some(size)) = (header.octet(), header.short(), header.long()) else { return Ok(None) };
        let end = 7 + usize::try_from(size).map_err(|_| NotAmqp)?;
        if end > LONGEST {
            return Err(NotAmqp);
        }
        let Some(&last) = buffer.get(end) else { return Ok(None) };
        if last != END {
            return Err(NotAmqp);
        }
        let payload = buffer[7..end].to_vec();
        buffer.drain(..=end);
        match kind {
            1 => {
                let mut fields = Fields(&payload);
                let method = Method(fields.short().ok_or(NotAmqp)?, fields.short().ok_or(NotAmqp)?);
                Ok(Some(Self::Method { channel, method, arguments: fields.0.to_vec() }))
            }
            2 => Ok(Some(Self::ContentHeader)),
            3 => Ok(Some(Self::Body(payload))),
            _ => Ok(Some(Self::Heartbeat)),
        }
    }
}

/// Reads arguments one by one; `None` at the end.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn octet(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub fn short(&mut self) -> Option<u16> {
        self.bytes(2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes)
    }

    pub fn long(&mut self) -> Option<u32> {
        self.bytes(4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
    }

    pub fn short_text(&mut self) -> Option<String> {
        let length = self.octet()?;
        self.bytes(length.into()).map(text)
    }

    /// A text, a table or an array: what follows its own length.
    pub fn long_bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.long()?;
        self.bytes(usize::try_from(length).ok()?)
    }

    pub fn long_text(&mut self) -> Option<String> {
        self.long_bytes().map(text)
    }

    /// The next pair of a table; the value where it is a text.
    pub fn pair(&mut self) -> Option<(String, Option<String>)> {
        let name = self.short_text()?;
        let value = match self.octet()? {
            b'S' => Some(self.long_text()?),
            b'A' | b'F' | b'x' => self.long_bytes().map(|_| None)?,
            kind => self.bytes(width(kind)?).map(|_| None)?,
        };
        Some((name, value))
    }
}

/// Of a value of a fixed length, in bytes.
fn width(kind: u8) -> Option<usize> {
    match kind {
        b'V' => Some(0),
        b't' | b'b' | b'B' => Some(1),
        b's' | b'u' => Some(2),
        b'I' | b'i' | b'f' => Some(4),
        b'D' => Some(5),
        b'l' | b'L' | b'd' | b'T' => Some(8),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_sent_is_what_is_read() {
        let sent = Outgoing::new().method(1, Method::OPEN, &[Argument::ShortText("/"), Argument::Short(7)]).content(1, b"bytes");
        let mut buffer = sent.0.to_vec();
        let Ok(Some(Frame::Method { channel: 1, method: Method::OPEN, arguments })) = Frame::take(&mut buffer) else { panic!() };
        let mut fields = Fields(&arguments);
        assert_eq!((fields.short_text().as_deref(), fields.short(), fields.octet()), (Some("/"), Some(7), None));
        assert_eq!(Frame::take(&mut buffer), Ok(Some(Frame::ContentHeader)));
        assert_eq!(Frame::take(&mut buffer), Ok(Some(Frame::Body(b"bytes".to_vec()))));
        assert_eq!(Frame::take(&mut buffer), Ok(None));
    }

    #[test]
    fn a_frame_that_claims_to_be_huge_is_none() {
        assert_eq!(Frame::take(&mut b"\x01\0\0\xff\xff\xff\xff".to_vec()), Err(NotAmqp));
        assert_eq!(Frame::take(&mut b"HTTP/1.1 400 Bad Request".to_vec()), Err(NotAmqp));
    }

    #[test]
    fn a_table_is_read_over_values_of_every_kind() {
        let mut table = b"\x01at\x01\x01bF\0\0\0\x03xyz\x01cI\0\0\0\x01\x01dS\0\0\0\x02ok".as_slice().to_vec();
        table.extend(b"\x01e?");
        let mut fields = Fields(&table);
        let pairs: Vec<_> = std::iter::from_fn(|| fields.pair()).collect();
        assert_eq!(pairs.len(), 4);
        assert_eq!(pairs[3], ("d".to_owned(), Some("ok".to_owned())));
    }

    proptest! {
        #[test]
        fn anything_can_be_read(mut bytes: Vec<u8>) {
            let mut fields = Fields(&bytes);
            while fields.pair().is_some() {}
            while let Ok(Some(_)) = Frame::take(&mut bytes) {}
        }
    }
}
