//! AMQP 0-9-1's frames, as far as one message needs them (specification, sections 2.3.5 and 4.2).

use zeroize::Zeroizing;

use super::amqp_method::{Argument, Fields, Method, length};

/// What a client says first: AMQP 0-9-1.
pub const HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// The longest frame that is read; RabbitMQ's own `frame_max`.
const LONGEST: usize = 128 * 1024;
const END: u8 = 0xCE;

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
    /// The first frame of what has come so far, and its length; `None` while it is not complete.
    pub fn read(came: &[u8]) -> Result<Option<(Self, usize)>, NotAmqp> {
        let Some(&kind) = came.first() else { return Ok(None) };
        if !matches!(kind, 1 | 2 | 3 | 8) {
            return Err(NotAmqp);
        }
        let mut header = Fields(came);
        let (Some(_), Some(channel), Some(size)) = (header.octet(), header.short(), header.long()) else { return Ok(None) };
        let end = 7 + usize::try_from(size).map_err(|_| NotAmqp)?;
        if end > LONGEST {
            return Err(NotAmqp);
        }
        let Some(&last) = came.get(end) else { return Ok(None) };
        if last != END {
            return Err(NotAmqp);
        }
        Ok(Some((Self::of(kind, channel, &came[7..end])?, end + 1)))
    }

    fn of(kind: u8, channel: u16, payload: &[u8]) -> Result<Self, NotAmqp> {
        match kind {
            1 => {
                let mut fields = Fields(payload);
                let method = Method(fields.short().ok_or(NotAmqp)?, fields.short().ok_or(NotAmqp)?);
                Ok(Self::Method { channel, method, arguments: fields.0.to_vec() })
            }
            2 => Ok(Self::ContentHeader),
            3 => Ok(Self::Body(payload.to_vec())),
            _ => Ok(Self::Heartbeat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_sent_is_what_is_read() {
        let sent = Outgoing::new().method(1, Method::OPEN, &[Argument::ShortText("/"), Argument::Short(7)]).content(1, b"bytes");
        let (frame, first) = Frame::read(&sent.0).unwrap().unwrap();
        let Frame::Method { channel: 1, method: Method::OPEN, arguments } = frame else { panic!("{frame:?}") };
        let mut fields = Fields(&arguments);
        assert_eq!((fields.short_text().as_deref(), fields.short(), fields.octet()), (Some("/"), Some(7), None));
        let (frame, second) = Frame::read(&sent.0[first..]).unwrap().unwrap();
        assert_eq!(frame, Frame::ContentHeader);
        let rest = &sent.0[first + second..];
        assert_eq!(Frame::read(rest), Ok(Some((Frame::Body(b"bytes".to_vec()), rest.len()))));
        assert_eq!(Frame::read(&rest[..rest.len() - 1]), Ok(None));
    }

    #[test]
    fn a_frame_that_claims_to_be_huge_is_none() {
        assert_eq!(Frame::read(b"\x01\0\0\xff\xff\xff\xff"), Err(NotAmqp));
        assert_eq!(Frame::read(b"HTTP/1.1 400 Bad Request"), Err(NotAmqp));
    }

    proptest! {
        #[test]
        fn anything_can_be_read(bytes: Vec<u8>) {
            let mut rest = bytes.as_slice();
            while let Ok(Some((_, length))) = Frame::read(rest) {
                rest = &rest[length..];
            }
        }
    }
}
