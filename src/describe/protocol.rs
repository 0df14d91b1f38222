//! What is spoken at an endpoint, known by its first words.

/// The protocols of the brokers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Kafka,
    Amqp,
}

impl Protocol {
    /// What a client says first. ApiVersions, version 0, correlation id 1, no client id; or the AMQP 0-9-1 header.
    pub const fn greeting(self) -> &'static [u8] {
        match self {
            Self::Kafka => &[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff],
            Self::Amqp => b"AMQP\0\0\x09\x01",
        }
    }

    /// Whether `answer` can only come from a server that took the client: the correlation id, or a method frame on channel 0
    /// (Connection.Start).
    pub fn is_answer(self, answer: &[u8; 8]) -> bool {
        match self {
            Self::Kafka => answer[..2] == [0, 0] && answer[4..] == [0, 0, 0, 1],
            Self::Amqp => answer[..3] == [1, 0, 0],
        }
    }
}

/// Who answers a TLS client like this: something that speaks in plain text.
pub fn plain_speaker(answer: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 8] = [
        (b"AMQP", "AMQP"),
        (b"\x01\0\0", "AMQP"),
        (b"HTTP/", "HTTP"),
        (b"<", "HTTP"),
        (b"SSH-", "SSH"),
        (b"220", "SMTP or FTP"),
        (b"* OK", "IMAP"),
        (b"-ERR", "Redis or POP3"),
    ];
    known.iter().find(|(start, _)| answer.starts_with(start)).map(|(_, name)| *name)
}
