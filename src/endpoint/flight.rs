//! What a server answers to a ClientHello, as far as it is in the clear.

use std::io::{self, Read};

use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::suites::{self, GROUPS, SCHEMES};
use crate::describe::{CertificateRequest, alert_name};
use crate::pki::{Certificate, rfc2253};

/// The handshake messages up to ServerHelloDone; in TLS 1.3 the first alone.
#[derive(Debug, Default)]
pub struct Flight {
    /// As negotiated, on the wire.
    pub version: u16,
    pub suite: u16,
    pub group: Option<String>,
    pub chain: Vec<Certificate>,
    pub request: Option<CertificateRequest>,
}

/// Why there is no flight.
#[derive(Debug)]
pub enum Broken {
    Alert(u8),
    /// Closed or reset before an answer.
    Closed,
    Silent,
    /// The first bytes of an answer that is no TLS.
    NotTls(Vec<u8>),
    /// Another version than was asked for.
    OtherVersion,
    /// TLS, but not as the RFC has it.
    Malformed(&'static str),
    Io(io::Error),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Alert(code) => write!(f, "alert {}", alert_name(*code)),
            Self::Closed => f.write_str("the connection was closed without a word"),
            Self::Silent => f.write_str("no answer in time"),
            Self::NotTls(_) => f.write_str("the answer is no TLS"),
            Self::OtherVersion => f.write_str("the server answers with another version"),
            Self::Malformed(what) => write!(f, "a malformed {what}"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted => Self::Closed,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silent,
            _ => Self::Io(error),
        }
    }
}

/// Longer than any chain that a client would take.
const LIMIT: usize = 256 * 1024;
/// RFC 5246, 6.2.3.
const RECORD: usize = (1 << 14) + 2048;

impl Flight {
    pub fn read(stream: &mut impl Read) -> Result<Self, Broken> {
        let mut flight = Self::default();
        let mut handshake = Vec::new();
        let mut read = 0;
        loop {
            let mut header = [0; 5];
            stream.read_exact(&mut header[..1])?;
            if read == 0 && !(20..=23).contains(&header[0]) {
                return Err(Broken::NotTls(first_words(header[0], stream)));
            }
            stream.read_exact(&mut header[1..])?;
            let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
            read += length + header.len();
            if length > RECORD || read > LIMIT {
                return Err(Broken::Malformed("record, or a flight longer than 256 KiB"));
            }
            let mut record = vec![0; length];
            stream.read_exact(&mut record)?;
            match header[0] {
                // A warning, such as that the name is not known, ends nothing; to close does.
                21 => match record.as_slice() {
                    [1, code] if *code != 0 => {}
                    [_, code] => return Err(Broken::Alert(*code)),
                    _ => return Err(Broken::Malformed("alert")),
                },
                22 => {
                    handshake.extend(record);
                    if flight.take_from(&mut handshake)? {
                        return Ok(flight);
                    }
                }
                _ => return Err(Broken::Malformed("order of records")),
            }
        }
    }

    /// Takes the whole messages off `bytes`; true when no more is to be had in the clear.
    fn take_from(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Broken> {
        let mut rest = Wire(bytes);
        let mut done = false;
        while let (false, [kind, a, b, c, after @ ..]) = (done, rest.0) {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            if length > LIMIT {
                return Err(Broken::Malformed("message length"));
            }
            let Some(body) = after.get(..length) else { break };
            rest = Wire(&after[length..]);
            done = self.take(*kind, Wire(body))?;
        }
        *bytes = rest.0.to_vec();
        Ok(done)
    }

    fn take(&mut self, kind: u8, body: Wire<'_>) -> Result<bool, Broken> {
        const SERVER_HELLO: u8 = 2;
        const CERTIFICATE: u8 = 11;
        const SERVER_KEY_EXCHANGE: u8 = 12;
        const CERTIFICATE_REQUEST: u8 = 13;
        const SERVER_HELLO_DONE: u8 = 14;
        match kind {
            SERVER_HELLO => self.hello(body).ok_or(Broken::Malformed("ServerHello"))?,
            CERTIFICATE => self.chain = chain(body).ok_or(Broken::Malformed("Certificate"))?,
            SERVER_KEY_EXCHANGE => self.group = named_curve(body),
            CERTIFICATE_REQUEST => self.request = Some(request(body, self.version).ok_or(Broken::Malformed("CertificateRequest"))?),
            SERVER_HELLO_DONE => return Ok(true),
            // CertificateStatus, and what is yet to be invented.
            _ => {}
        }
        Ok(self.version == 0x0304)
    }

    fn hello(&mut self, mut body: Wire<'_>) -> Option<()> {
        self.version = body.u16()?;
        body.take(32)?;
        body.sized8()?;
        self.suite = body.u16()?;
        body.take(1)?;
        let mut extensions = if body.0.is_empty() { body } else { body.sized16()? };
        while !extensions.0.is_empty() {
            let (kind, mut data) = (extensions.u16()?, extensions.sized16()?);
            match kind {
                43 => self.version = data.u16()?,
                51 => self.group = Some(suites::name(GROUPS, data.u16()?)),
                _ => {}
            }
        }
        Some(())
    }
}

/// As much of an answer in plain text as tells what speaks.
fn first_words(first: u8, stream: &mut impl Read) -> Vec<u8> {
    let mut words = [first, 0, 0, 0, 0, 0, 0, 0];
    let more = stream.read(&mut words[1..]).unwrap_or_default();
    words[..=more].to_vec()
}

/// Those that can be parsed.
fn chain(mut body: Wire<'_>) -> Option<Vec<Certificate>> {
    let mut list = body.sized24()?;
    let mut chain = Vec::new();
    while !list.0.is_empty() {
        chain.extend(Certificate::from_der(list.sized24()?.0.to_vec()).ok());
    }
    Some(chain)
}

/// The group of ECDHE (RFC 8422, 5.4). DHE names none.
fn named_curve(mut body: Wire<'_>) -> Option<String> {
    const NAMED_CURVE: u8 = 3;
    (body.u8()? == NAMED_CURVE).then(|| body.u16())?.map(|group| suites::name(GROUPS, group))
}

/// RFC 5246, 7.4.4. Before TLS 1.2 it names no signature schemes.
fn request(mut body: Wire<'_>, version: u16) -> Option<CertificateRequest> {
    body.sized8()?;
    let mut signature_schemes = Vec::new();
    if version >= 0x0303 {
        let mut schemes = body.sized16()?;
        while !schemes.0.is_empty() {
            signature_schemes.push(suites::name(SCHEMES, schemes.u16()?));
        }
    }
    let mut names = body.sized16()?;
    let mut issuers = Vec::new();
    while !names.0.is_empty() {
        issuers.push(issuer(names.sized16()?.0));
    }
    Some(CertificateRequest { issuers, signature_schemes })
}

/// A name as it is sent, in words.
pub fn issuer(der: &[u8]) -> String {
    X509Name::from_der(der).map_or_else(|_| format!("#{}", crate::pki::hex(der)), |(_, name)| rfc2253(&name))
}

/// Bytes yet to be read. `None` where they end too early.
#[derive(Clone, Copy)]
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn sized8(&mut self) -> Option<Self> {
        let length = self.u8()?;
        self.take(length.into()).map(Self)
    }

    fn sized16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.take(length.into()).map(Self)
    }

    fn sized24(&mut self) -> Option<Self> {
        let bytes = self.take(3)?;
        self.take(usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])).map(Self)
    }
}
