//! What bytes are, by their content.

use std::borrow::Cow;

use super::der::Shape;
use super::{armour, base64};

/// Of JKS and of JCEKS.
const JKS: [u8; 4] = [0xFE, 0xED, 0xFE, 0xED];
const JCEKS: [u8; 4] = [0xCE, 0xCE, 0xCE, 0xCE];
/// Fewer characters of base64 than any key takes are a word.
const SHORTEST: usize = 40;

pub(super) enum Recognised<'a> {
    Jks,
    /// As ASCII, or UTF-8, without a byte order mark.
    Pem(Cow<'a, [u8]>),
    Der(Shape),
    /// The same as bytes, without any armour.
    Base64(Vec<u8>),
    Foreign(&'static str),
}

impl<'a> Recognised<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        if bytes.starts_with(&JKS) || bytes.starts_with(&JCEKS) {
            return Self::Jks;
        }
        if let Some(shape) = Shape::of(bytes) {
            return Self::Der(shape);
        }
        let text = text(bytes);
        if armour::is_armoured(&text) {
            return Self::Pem(text);
        }
        let decoded = if text.len() < SHORTEST { None } else { base64::decode(&text).ok() };
        match decoded.filter(|decoded| !matches!(Recognised::of(decoded), Recognised::Foreign(_))) {
            Some(decoded) => Self::Base64(decoded),
            None => Self::Foreign(foreign(bytes, &text)),
        }
    }
}

/// UTF-16 becomes UTF-8, with a byte order mark or, where dashes are seen, without.
fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
    let utf16 = |unit: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xFE, 0xFF, rest @ ..] => utf16(u16::from_be_bytes, rest),
        [b'-', 0, b'-', 0, ..] => utf16(u16::from_le_bytes, bytes),
        [0, b'-', 0, b'-', ..] => utf16(u16::from_be_bytes, bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        _ => Cow::Borrowed(bytes),
    }
}

/// What people hand over by mistake, in words that follow "it looks like".
fn foreign(bytes: &[u8], text: &[u8]) -> &'static str {
    const MAGIC: [(&[u8], &str); 14] = [
        (&[0x1F, 0x8B], "gzip"),
        (b"PK\x03\x04", "a zip archive"),
        (b"BZh", "bzip2"),
        (&[0xFD, b'7', b'z', b'X', b'Z'], "xz"),
        (&[0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        (&[0x7F, b'E', b'L', b'F'], "a program"),
        (b"%PDF", "a PDF"),
        (b"openssh-key-v1\0", "an OpenSSH key without its PEM armour"),
        (&[0x63, 0xC4], "a KDBX or similar password database"),
        (&[0, 0, 0, 1], "BouncyCastle's BKS store of version 1"),
        (&[0, 0, 0, 2], "BouncyCastle's BKS store"),
        (b"PuTTY-User-Key-File", "a PuTTY key; puttygen makes PEM of it"),
        (b"ssh-", "an OpenSSH public key"),
        (b"ecdsa-sha2-", "an OpenSSH public key"),
    ];
    if bytes.is_empty() {
        return "an empty file";
    }
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return name;
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return if bytes.first() == Some(&0x30) { "ASN.1 that is damaged, or none of keys and certificates" } else { "binary data" };
    };
    let text = text.trim_start();
    let lower = text.get(..text.len().min(64)).unwrap_or_default().to_ascii_lowercase();
    match text.chars().next() {
        None => "a file of white space",
        Some(_) if text.contains("---- BEGIN SSH2") => "an SSH2 public key",
        Some('{' | '[') => "JSON",
        Some('<') if lower.contains("html") => "HTML: a page of a web site, perhaps a log-in",
        Some('<') => "XML",
        Some(_) if text.contains('\0') => "binary data",
        Some(_) if properties(text) => "a properties file",
        Some(_) => "text",
    }
}

/// Most lines are `name=value`, comments aside.
fn properties(text: &str) -> bool {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
    let pair = |line: &&str| line.split_once('=').is_some_and(|(name, _)| !name.trim().is_empty() && !name.trim().contains(' '));
    lines().count() > 0 && lines().filter(pair).count() * 2 > lines().count()
}
