//! Tags, lengths and values (X.690), as much as keys and their envelopes need. Long forms of short lengths are read too: OpenSSL
//! and Java read them.

use pkcs8::ObjectIdentifier;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// `[number]`, constructed.
pub(crate) const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// `[number] IMPLICIT` of something that is not constructed.
pub(crate) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// One element: its tag, its content, and all of it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub tag: u8,
    pub value: &'a [u8],
    pub whole: &'a [u8],
}

impl<'a> Element<'a> {
    pub fn inside(self) -> Elements<'a> {
        Elements(self.value)
    }

    pub fn oid(self) -> Option<ObjectIdentifier> {
        (self.tag == OID).then(|| ObjectIdentifier::from_bytes(self.value).ok()).flatten()
    }

    /// The octets of a BIT STRING that has whole octets only.
    pub fn bits(self) -> Option<&'a [u8]> {
        self.value.split_first().filter(|(unused, _)| **unused == 0).map(|(_, octets)| octets)
    }
}

/// What is left to read of the content of an element.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The content of the one element of this tag that `bytes` are; nothing may follow it.
    pub fn within(bytes: &'a [u8], tag: u8) -> Option<Self> {
        Self::only(bytes).filter(|element| element.tag == tag).map(Element::inside)
    }

    /// The one element that `bytes` are, whatever its tag.
    pub fn only(bytes: &'a [u8]) -> Option<Element<'a>> {
        Self(bytes).peek().filter(|element| element.whole.len() == bytes.len())
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub fn peek(self) -> Option<Element<'a>> {
        let (tag, rest) = self.0.split_first()?;
        // Tags above 30 take more octets; none of what is read here has them.
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
            _ => return None,
        };
        let value = rest.get(..length)?;
        let whole = self.0.get(..self.0.len() - rest.len() + length)?;
        Some(Element { tag: *tag, value, whole })
    }

    /// The next element, if it has this tag; else nothing is read.
    pub fn tagged(&mut self, tag: u8) -> Option<Element<'a>> {
        self.peek().filter(|element| element.tag == tag)?;
        self.next()
    }

    /// The octets of an INTEGER, as they are.
    pub fn integer(&mut self) -> Option<&'a [u8]> {
        self.tagged(INTEGER).map(|element| element.value)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let element = self.peek()?;
        self.0 = &self.0[element.whole.len()..];
        Some(element)
    }
}

/// One element around `parts`, in DER.
pub(crate) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let significant = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    // The final size from the start: growing would leave parts of a key behind.
    let mut out = Vec::with_capacity(2 + significant.len() + length);
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
    } else {
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A number that is not negative, of big-endian octets.
pub(crate) fn encode_integer(octets: &[u8]) -> Vec<u8> {
    let significant = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    let sign: &[u8] = if significant.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    encode(INTEGER, &[sign, significant])
}

pub(crate) fn encode_oid(oid: ObjectIdentifier) -> Vec<u8> {
    encode(OID, &[oid.as_bytes()])
}

/// A SubjectPublicKeyInfo of an AlgorithmIdentifier in DER and the octets of the key.
pub(crate) fn encode_public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    encode(SEQUENCE, &[algorithm, &encode(BIT_STRING, &[&[0], key])])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_written_in_as_few_octets_as_it_needs() {
        assert_eq!(encode_integer(&[0, 0, 0x7F]), [2, 1, 0x7F]);
        assert_eq!(encode_integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(encode_integer(&[0, 0]), [2, 1, 0]);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(tag in 0..0x1Fu8, value in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let written = encode(tag, &[&value]);
            let read = Elements(&written).peek().unwrap();
            prop_assert_eq!((read.tag, read.value, read.whole), (tag, value.as_slice(), written.as_slice()));
        }

        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut elements = Elements(&octets);
            while elements.next().is_some() {}
        }
    }
}
