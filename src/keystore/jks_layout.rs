//! The entries of JKS and JCEKS as they lie in the file, still locked.

use time::{Duration, OffsetDateTime};

use super::protector::DIGEST;
use super::{Format, KeystoreError};
use crate::java::input::{Input, InputError};
use crate::java::sealed_object::SealedObject;
use crate::pki::Certificate;

pub(super) const JKS_MAGIC: u32 = 0xFEED_FEED;
pub(super) const JCEKS_MAGIC: u32 = 0xCECE_CECE;
pub(super) const VERSION: u32 = 2;
pub(super) const KEY_ENTRY: u32 = 1;
pub(super) const TRUSTED_ENTRY: u32 = 2;
pub(super) const SECRET_ENTRY: u32 = 3;
pub(super) const CERTIFICATE_TYPE: &str = "X.509";

/// A whole store, taken apart.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub format: Format,
    pub entries: Vec<LockedEntry<'a>>,
    /// What the digest is over.
    pub body: &'a [u8],
    pub digest: [u8; DIGEST],
}

#[derive(Debug)]
pub(super) struct LockedEntry<'a> {
    pub alias: String,
    pub created: Option<OffsetDateTime>,
    pub content: Content<'a>,
    /// Where its content begins.
    pub at: usize,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    /// An EncryptedPrivateKeyInfo, and the chain.
    Key(&'a [u8], Vec<Result<Certificate, Unreadable>>),
    Trusted(Result<Box<Certificate>, Unreadable>),
    Secret(SealedObject<'a>),
}

/// A certificate that is none, and where.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub problem: String,
    pub at: usize,
}

impl<'a> Layout<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, KeystoreError> {
        let mut input = Input::new(bytes);
        let format = match input.u32() {
            Ok(JKS_MAGIC) => Format::Jks,
            Ok(JCEKS_MAGIC) => Format::Jceks,
            Ok(_) => return Err(damaged(Format::Jks, InputError { problem: "it does not begin with FEEDFEED".to_owned(), at: 0 })),
            Err(error) => return Err(damaged(Format::Jks, error)),
        };
        Self::after_magic(format, input).map_err(|error| damaged(format, error))
    }

    fn after_magic(format: Format, mut input: Input<'a>) -> Result<Self, InputError> {
        let bad_version = input.error("its version is neither 1 nor 2");
        let certificates = match input.u32()? {
            1 => Certificates::Bare,
            VERSION => Certificates::Typed,
            _ => return Err(bad_version),
        };
        let count = input.u32()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(entry(&mut input, format, certificates)?);
        }
        let body = input.since(0);
        let digest = input.array()?;
        if !input.is_finished() {
            return Err(input.error("more follows its end"));
        }
        Ok(Self { format, entries, body, digest })
    }
}

pub(super) fn damaged(format: Format, error: InputError) -> KeystoreError {
    KeystoreError::Damaged { format: format.name(), problem: error.problem, at: Some(error.at) }
}

/// Whether the type of each certificate stands before it, as from version 2 on.
#[derive(Clone, Copy)]
enum Certificates {
    Bare,
    Typed,
}

fn entry<'a>(input: &mut Input<'a>, format: Format, certificates: Certificates) -> Result<LockedEntry<'a>, InputError> {
    let unknown = input.error("an entry is neither a key nor a trusted certificate");
    let tag = input.u32()?;
    let alias = input.utf()?;
    let created = OffsetDateTime::UNIX_EPOCH.checked_add(Duration::milliseconds(input.i64()?));
    let at = input.at;
    let content = match tag {
        KEY_ENTRY => {
            let encrypted = input.block()?;
            let count = input.u32()?;
            let mut chain = Vec::new();
            for _ in 0..count {
                chain.push(certificate(input, certificates)?);
            }
            Content::Key(encrypted, chain)
        }
        TRUSTED_ENTRY => Content::Trusted(certificate(input, certificates)?.map(Box::new)),
        SECRET_ENTRY if format == Format::Jceks => Content::Secret(SealedObject::read(input)?),
        _ => return Err(unknown),
    };
    Ok(LockedEntry { alias, created, content, at })
}

fn certificate(input: &mut Input<'_>, certificates: Certificates) -> Result<Result<Certificate, Unreadable>, InputError> {
    let at = input.at;
    let kind = match certificates {
        Certificates::Bare => CERTIFICATE_TYPE.to_owned(),
        Certificates::Typed => input.utf()?,
    };
    let der = input.block()?;
    if kind != CERTIFICATE_TYPE {
        return Ok(Err(Unreadable { problem: format!("it is of type {kind:?}, not {CERTIFICATE_TYPE}"), at }));
    }
    Ok(Certificate::from_der(der.to_vec()).map_err(|error| Unreadable { problem: error.to_string(), at }))
}
