//! AMQP 0-9-1's methods, as far as one message needs them, and their arguments (specification, section 4.2.5).
//!
//! Nothing recurses: of a table within a table only the length is looked at, whatever a server sends.

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

    /// Of those that a server may refuse, as the specification writes them.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::START_OK => Some("connection.start-ok"),
            Self::TUNE_OK => Some("connection.tune-ok"),
            Self::OPEN => Some("connection.open"),
            Self::CHANNEL_OPEN => Some("channel.open"),
            Self::EXCHANGE_DECLARE => Some("exchange.declare"),
            Self::EXCHANGE_DELETE => Some("exchange.delete"),
            Self::QUEUE_DECLARE => Some("queue.declare"),
            Self::QUEUE_BIND => Some("queue.bind"),
            Self::QUEUE_DELETE => Some("queue.delete"),
            Self::PUBLISH => Some("basic.publish"),
            Self::GET => Some("basic.get"),
            Self::CONFIRM_SELECT => Some("confirm.select"),
            _ => None,
        }
    }
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
    pub fn write(self, to: &mut Vec<u8>) {
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

pub fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        fn any_table_can_be_read(bytes: Vec<u8>) {
            let mut fields = Fields(&bytes);
            while fields.pair().is_some() {}
        }
    }
}
