//! Base64 (RFC 4648, 4) as it comes: with line breaks anywhere or nowhere, and with what escaping and joining lines leave behind.

/// What is no base64, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Base64Error {
    pub problem: &'static str,
    pub at: usize,
}

/// Decodes `text`. White space counts for nothing, nor do `\n` and `\r` written out, nor a backslash at the end of a line.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    // The final size from the start: growing would leave parts of a key behind.
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held, mut padding) = (0u32, 0u32, 0usize);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b' ' | b'\t'..=b'\r' => {
                at += 1;
                continue;
            }
            b'=' => {
                padding += 1;
                at += 1;
                continue;
            }
            b'\\' => {
                at += if matches!(text.get(at + 1), Some(b'n' | b'r')) { 2 } else { 1 };
                continue;
            }
            _ => return Err(Base64Error { problem: "a character is not base64", at }),
        };
        if padding > 0 {
            return Err(Base64Error { problem: "more follows the padding", at });
        }
        (bits, held) = (bits << 6 | u32::from(sextet), held + 6);
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
        at += 1;
    }
    // Six bits are no octet: a character is missing. Missing padding says nothing, too much of it does.
    match (held, padding) {
        (6, _) => Err(Base64Error { problem: "the last character is missing", at }),
        (_, 0..=2) => Ok(out),
        _ => Err(Base64Error { problem: "there is too much padding", at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_what_escaping_leaves_count_for_nothing() {
        for text in ["Y291bnRlcg==", "Y2 91\r\nbnRl\tcg\n=\n=", "Y291bnRlcg", r"Y291\nbnRl\r\ncg==\n", "Y291\\\n  bnRlcg=="] {
            assert_eq!(decode(text.as_bytes()).as_deref(), Ok(&b"counter"[..]), "{text}");
        }
    }

    #[test]
    fn says_where_it_ends() {
        assert_eq!(decode(b"Y29-").unwrap_err().at, 3);
        assert_eq!(decode(b"Y28=Y28=").unwrap_err(), Base64Error { problem: "more follows the padding", at: 4 });
        assert_eq!(decode(b"Y28=bnRlc").unwrap_err().at, 4);
        assert_eq!(decode(b"Y29ub").unwrap_err().problem, "the last character is missing");
    }
}
