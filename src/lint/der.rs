//! Reads elements of BER with definite lengths (X.690), also those that a strict reader of DER would refuse, so that what is wrong
//! with them can be said.

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const ENUMERATED: u8 = 0x0a;
pub const UTF8_STRING: u8 = 0x0c;
pub const NUMERIC_STRING: u8 = 0x12;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const TELETEX_STRING: u8 = 0x14;
pub const IA5_STRING: u8 = 0x16;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const VISIBLE_STRING: u8 = 0x1a;
pub const UNIVERSAL_STRING: u8 = 0x1c;
pub const BMP_STRING: u8 = 0x1e;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// Bit of an identifier octet: the content is made of elements.
pub const CONSTRUCTED: u8 = 0x20;

/// One element. Tag numbers above 30 occur nowhere in a certificate and are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// Offset of the identifier octet in the file.
    pub at: usize,
    pub content: &'a [u8],
    /// Identifier, length and content.
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that `bytes`, found at offset `at`, consists of.
    pub fn only(bytes: &'a [u8], at: usize) -> Option<Self> {
        let mut elements = Elements { rest: bytes, at };
        elements.next().filter(|_| elements.rest.is_empty())
    }

    /// The elements of a constructed element; of any other, none.
    pub fn children(&self) -> Elements<'a> {
        let rest = if self.tag & CONSTRUCTED == 0 { &[] } else { self.content };
        Elements { rest, at: self.at + self.header() }
    }

    pub fn child(&self, index: usize) -> Option<Self> {
        self.children().nth(index)
    }

    /// The first child with this tag.
    pub fn tagged(&self, tag: u8) -> Option<Self> {
        self.children().find(|child| child.tag == tag)
    }

    /// How many octets identifier and length take.
    pub fn header(&self) -> usize {
        self.raw.len() - self.content.len()
    }

    /// What an octet string holds, read as one element.
    pub fn inside(&self) -> Option<Self> {
        Self::only(self.content, self.at + self.header())
    }

    /// The octets of a bit string, without the count of unused bits.
    pub fn bits(&self) -> Option<&'a [u8]> {
        self.content.split_first().map(|(_, bits)| bits)
    }

    /// An INTEGER of at most eight octets.
    pub fn number(&self) -> Option<i64> {
        let (first, rest) = self.content.split_first().filter(|(_, rest)| rest.len() < 8)?;
        Some(rest.iter().fold(i64::from(*first as i8), |value, octet| value << 8 | i64::from(*octet)))
    }
}

/// Elements one after the other; ends before octets that are none, which are then left in `rest`.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'a> {
    pub rest: &'a [u8],
    pub at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, after) = self.rest.split_first().filter(|(tag, _)| **tag & 0x1f != 0x1f)?;
        let (&first, after) = after.split_first()?;
        let (length, after) = match first {
            0..0x80 => (usize::from(first), after),
            0x81..=0x84 => {
                let (octets, after) = after.split_at_checked(usize::from(first & 0x7f))?;
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), after)
            }
            0x80 | 0x85.. => return None,
        };
        let content = after.get(..length)?;
        let (raw, rest) = self.rest.split_at(self.rest.len() - after.len() + length);
        let element = Element { tag, at: self.at, content, raw };
        (self.rest, self.at) = (rest, self.at + raw.len());
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_of_every_form_are_read_and_no_further_than_the_input() {
        let read = |bytes: &'static [u8]| Element::only(bytes, 0).map(|element| element.content.len());
        assert_eq!(read(&[4, 1, 9]), Some(1));
        assert_eq!(read(&[4, 0x81, 1, 9]), Some(1));
        assert_eq!(read(&[4, 0x82, 0, 1, 9]), Some(1));
        assert_eq!(read(&[4, 2, 9]), None);
        assert_eq!(read(&[4, 1, 9, 9]), None);
        assert_eq!(read(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(read(&[4, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn numbers_keep_their_sign() {
        let number = |bytes: &'static [u8]| Element::only(bytes, 0).and_then(|element| element.number());
        assert_eq!(number(&[2, 1, 0xfb]), Some(-5));
        assert_eq!(number(&[2, 2, 1, 0]), Some(256));
        assert_eq!(number(&[2, 0]), None);
        assert_eq!(number(&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn offsets_point_into_the_input(bytes: Vec<u8>) {
            for element in (Elements { rest: &bytes, at: 0 }) {
                prop_assert_eq!(&bytes[element.at..element.at + element.raw.len()], element.raw);
            }
        }
    }
}
