//! PEM's armour (RFC 7468, RFC 1421): the blocks of a text, wherever in it they stand and however its lines are broken.

use super::base64;
use super::traditional::Encryption;
use crate::pki::Secret;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

#[derive(Debug)]
pub(super) struct Block {
    pub label: String,
    /// Of its first dash.
    pub at: usize,
    /// From 1.
    pub line: usize,
    pub content: Result<Content, Damage>,
}

#[derive(Debug)]
pub(super) struct Content {
    pub bytes: Secret,
    pub encryption: Option<Encryption>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub problem: String,
    pub at: usize,
    pub line: usize,
}

/// Whether anything in `text` looks like a block.
pub(super) fn is_armoured(text: &[u8]) -> bool {
    find(text, BEGIN, 0).is_some()
}

/// Every block, in order. A block that is not ended is cut off where the next begins.
pub(super) fn blocks(text: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut next = find(text, BEGIN, 0);
    while let Some(at) = next {
        next = find(text, BEGIN, at + BEGIN.len());
        let line = lines.line(at);
        let until = next.unwrap_or(text.len());
        let Some((label, body)) = label(&text[..until], at + BEGIN.len()) else { continue };
        let damage = |at: usize, problem: String| Damage { problem, at, line: lines.clone().line(at) };
        let content = match find(&text[..until], END, body) {
            None => Err(damage(at, format!("it has no line -----END {label}-----"))),
            Some(end) => match self::label(&text[..until], end + END.len()) {
                Some((other, _)) if other != label => Err(damage(end, format!("it ends as {other}"))),
                Some(_) | None => content(&text[..end], body).map_err(|(at, problem)| damage(at, problem)),
            },
        };
        blocks.push(Block { label, at, line, content });
    }
    blocks
}

/// The label that begins at `at`, and where its dashes end.
fn label(text: &[u8], at: usize) -> Option<(String, usize)> {
    let end = find(text, DASHES, at)?;
    let label = std::str::from_utf8(&text[at..end]).ok().filter(|label| label.len() < 80 && !label.contains(['\n', '\r']))?;
    Some((label.trim().to_owned(), end + DASHES.len()))
}

/// What stands from `at` on: headers, if there are any, and base64.
fn content(text: &[u8], at: usize) -> Result<Content, (usize, String)> {
    let encryption = Encryption::of_headers(&text[at..]).map_err(|problem| (at, problem.to_owned()))?;
    let (body, encryption) = match encryption {
        Some((encryption, length)) => (at + length, Some(encryption)),
        None => (after_headers(text, at), None),
    };
    let bytes = base64::decode(&text[body..]).map_err(|error| (body + error.at, error.problem.to_owned()))?;
    if bytes.is_empty() {
        return Err((at, "it is empty".to_owned()));
    }
    Ok(Content { bytes: Secret::new(bytes), encryption })
}

/// Lines with a colon, as `Comment: …`, which no base64 has.
fn after_headers(text: &[u8], mut at: usize) -> usize {
    loop {
        let start = at + text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let line = text[start..].split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        if !line.contains(&b':') {
            return at;
        }
        at = start + line.len();
    }
}

/// Where `needle`, which begins with a dash, stands in `text` from `from` on.
fn find(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == b'-')?;
        if text[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
}

/// Counts lines once, however many blocks there are.
#[derive(Clone)]
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a place that is not before the last one asked for. It ends with LF, CR LF or CR.
    fn line(&mut self, at: usize) -> usize {
        let ends = |at: &usize| self.text[*at] == b'\n' || self.text[*at] == b'\r' && self.text.get(at + 1) != Some(&b'\n');
        self.line += (self.at..at).filter(ends).count();
        self.at = at.max(self.at);
        self.line
    }
}
