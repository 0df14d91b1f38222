//! BER made DER (X.690, 10): what many programs write as PKCS#12 has indefinite lengths and strings in pieces.

/// Deeper than any store nests.
const DEPTH: usize = 32;
const CONSTRUCTED: u8 = 0x20;
/// Universal tags of strings, which BER may cut in pieces: BIT STRING, OCTET STRING, and those of characters.
const STRINGS: [u8; 11] = [0x03, 0x04, 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1B, 0x1C, 0x1E];

/// What is no BER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BerError {
    #[error("{problem}")]
    Malformed { problem: &'static str, at: usize },
    #[error("it nests too deep")]
    TooDeep { at: usize },
}

impl BerError {
    /// Where, in octets.
    pub(super) fn at(self) -> usize {
        match self {
            Self::Malformed { at, .. } | Self::TooDeep { at } => at,
        }
    }
}

/// The first element of `bytes` as DER, apart from the order within a SET. What follows it is left out.
///
/// The content of an OCTET STRING is not looked at: whoever knows that it is BER again, asks again.
pub(super) fn to_der(bytes: &[u8]) -> Result<Vec<u8>, BerError> {
    let mut out = Vec::with_capacity(bytes.len());
    Reader { bytes, at: 0 }.element(&mut out, DEPTH)?;
    Ok(out)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// How much belongs to an element.
enum Length {
    Definite(usize),
    /// Up to the end-of-contents octets.
    Indefinite,
}

impl<'a> Reader<'a> {
    fn element(&mut self, out: &mut Vec<u8>, depth: usize) -> Result<(), BerError> {
        let start = self.at;
        let depth = depth.checked_sub(1).ok_or(BerError::TooDeep { at: start })?;
        let first = self.identifier()?;
        let identifier = &self.bytes[start..self.at];
        if first & CONSTRUCTED == 0 {
            let Length::Definite(length) = self.length()? else {
                return Err(BerError::Malformed { problem: "a primitive element has no length", at: start });
            };
            let content = self.take(length)?;
            write(out, identifier, content);
            return Ok(());
        }
        let mut children = Vec::new();
        let pieces = STRINGS.contains(&(first & !CONSTRUCTED));
        match self.length()? {
            Length::Definite(length) => {
                let mut content = Reader { bytes: &self.bytes[..self.end(length)?], at: self.at };
                while content.at < content.bytes.len() {
                    content.child(pieces, &mut children, depth)?;
                }
                self.at = content.at;
            }
            Length::Indefinite => {
                while self.bytes.get(self.at..self.at + 2).ok_or(self.too_short())? != [0, 0] {
                    self.child(pieces, &mut children, depth)?;
                }
                self.at += 2;
            }
        }
        if pieces {
            write(out, &[first & !CONSTRUCTED], &children);
        } else {
            write(out, identifier, &children);
        }
        Ok(())
    }

    /// A whole element; or of a piece of a string, its content alone.
    fn child(&mut self, piece: bool, out: &mut Vec<u8>, depth: usize) -> Result<(), BerError> {
        if !piece {
            return self.element(out, depth);
        }
        let start = self.at;
        let mut string = Vec::new();
        self.element(&mut string, depth)?;
        let content = content_of(&string).filter(|_| STRINGS.contains(&(self.bytes[start] & !CONSTRUCTED)));
        out.extend_from_slice(content.ok_or(BerError::Malformed { problem: "a string is made of something else", at: start })?);
        Ok(())
    }

    /// Its first octet; tags above 30 have more.
    fn identifier(&mut self) -> Result<u8, BerError> {
        let first = self.octet()?;
        if first & 0x1F == 0x1F {
            while self.octet()? & 0x80 != 0 {}
        }
        Ok(first)
    }

    fn length(&mut self) -> Result<Length, BerError> {
        let at = self.at;
        Ok(match self.octet()? {
            short @ 0..=0x7F => Length::Definite(short.into()),
            0x80 => Length::Indefinite,
            long => {
                let octets = self.take((long & 0x7F).into())?;
                let fold = |length: usize, octet: &u8| Some(length.checked_mul(256)? + usize::from(*octet));
                Length::Definite(
                    octets.iter().try_fold(0, fold).ok_or(BerError::Malformed { problem: "a length is beyond all bounds", at })?,
                )
            }
        })
    }

    fn octet(&mut self) -> Result<u8, BerError> {
        self.take(1).map(|octet| octet[0])
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], BerError> {
        let end = self.end(length)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// Where the next `length` octets end, which must be there.
    fn end(&self, length: usize) -> Result<usize, BerError> {
        self.at.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(self.too_short())
    }

    fn too_short(&self) -> BerError {
        BerError::Malformed { problem: "it ends too early", at: self.at }
    }
}

fn write(out: &mut Vec<u8>, identifier: &[u8], content: &[u8]) {
    out.extend_from_slice(identifier);
    let octets = content.len().to_be_bytes();
    let significant = &octets[octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len())..];
    match (significant, content.len()) {
        (_, short @ 0..=0x7F) => out.push(short as u8),
        (long, _) => {
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
}

/// Of an element that [`write`] wrote, with a tag of one octet.
fn content_of(element: &[u8]) -> Option<&[u8]> {
    match element.get(1)? {
        0..=0x7F => element.get(2..),
        long => element.get(2 + usize::from(long & 0x7F)..),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn der_stays_as_it_is() {
        let der = [0x30, 0x0A, 0x02, 0x01, 0x03, 0x04, 0x02, 0xAB, 0xCD, 0xA0, 0x01, 0x00];
        assert_eq!(to_der(&[0x30, 0x06, 0x02, 0x01, 0x03, 0x04, 0x01, 0xAB]), Ok(vec![0x30, 0x06, 0x02, 0x01, 0x03, 0x04, 0x01, 0xAB]));
        assert_eq!(to_der(&der), Err(BerError::Malformed { problem: "it ends too early", at: 12 }));
    }

    #[test]
    fn indefinite_lengths_and_pieces_become_definite_and_whole() {
        let ber = [0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0xAA, 0x24, 0x03, 0x04, 0x01, 0xBB, 0, 0, 0x02, 0x82, 0, 1, 5, 0, 0, 0xFF];
        assert_eq!(to_der(&ber), Ok(vec![0x30, 0x07, 0x04, 0x02, 0xAA, 0xBB, 0x02, 0x01, 0x05]));
    }

    #[test]
    fn what_nests_without_end_is_refused() {
        let deep = |levels| [[0x30, 0x80].repeat(levels), [0, 0].repeat(levels)].concat();
        assert!(to_der(&deep(DEPTH)).is_ok());
        assert_eq!(to_der(&deep(100_000)), Err(BerError::TooDeep { at: 2 * DEPTH }));
    }

    proptest! {
        #[test]
        fn what_was_made_der_is_der(bytes in proptest::collection::vec(prop_oneof![Just(0x30), Just(0x80), Just(0x24), Just(0), any::<u8>()], 0..60)) {
            if let Ok(der) = to_der(&bytes) {
                prop_assert_eq!(to_der(&der), Ok(der.clone()));
            }
        }
    }
}
