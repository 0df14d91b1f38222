//! Distinguished names, compared as RFC 5280 (7.1) and RFC 4518 say: letter case, the string type and repeated spaces do not count.

use x509_parser::asn1_rs::{Any, FromDer, Tag};

use crate::pki::{Subject, SubjectAttribute};

/// A name, prepared for comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct DistinguishedName(Vec<Rdn>);

/// Its attributes in an order of our own: a relative name is a set.
type Rdn = Vec<Attribute>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Attribute {
    oid: Vec<u8>,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Value {
    /// Any of the string types: lower case, single spaces.
    Text(String),
    /// Anything else, byte by byte.
    Raw(u32, Vec<u8>),
}

/// A name as it was read, and what is wrong with how it is written.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub name: DistinguishedName,
    /// commonName values as they are written.
    pub common_names: Vec<String>,
    /// emailAddress values (PKCS #9) as they are written.
    pub emails: Vec<String>,
    pub problem: Option<&'static str>,
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

impl DistinguishedName {
    /// Reads a Name, DER. What cannot be read ends the name there and is told as its problem.
    pub fn read(der: &[u8]) -> Reading {
        let mut reading = Reading::default();
        if reading.sequence(der).is_none() {
            reading.problem.get_or_insert("it is not a distinguished name");
        }
        reading
    }

    /// A name that is yet to be written, as leafs have it: one attribute in each relative name.
    pub fn of(subject: &Subject) -> Reading {
        let mut reading = Reading { common_names: subject.common_name().map(str::to_owned).into_iter().collect(), ..Reading::default() };
        let rdn = |(attribute, value)| vec![Attribute { oid: vec![0x55, 4, number(attribute)], value: Value::Text(prepare(value)) }];
        reading.name.0 = subject.attributes().map(rdn).collect();
        reading
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// RFC 5280, 4.2.1.10: the subtree is a prefix, one relative name at a time.
    pub fn is_within(&self, subtree: &Self) -> bool {
        self.0.starts_with(&subtree.0)
    }

    /// This name and one relative name more (RFC 5280, 4.2.1.13: nameRelativeToCRLIssuer); `set` is the content of its SET, DER.
    pub fn below(&self, set: &[u8]) -> Option<Self> {
        let mut reading = Reading { name: self.clone(), ..Reading::default() };
        reading.relative(set)?;
        Some(reading.name)
    }
}

impl Reading {
    fn sequence(&mut self, der: &[u8]) -> Option<()> {
        let (rest, sequence) = Any::from_der(der).ok()?;
        if !rest.is_empty() || sequence.tag() != Tag::Sequence {
            return None;
        }
        let mut rest = sequence.data;
        while !rest.is_empty() {
            let (after, set) = Any::from_der(rest).ok()?;
            if set.tag() != Tag::Set {
                return None;
            }
            rest = after;
            self.relative(set.data)?;
        }
        Some(())
    }

    fn relative(&mut self, mut set: &[u8]) -> Option<()> {
        let mut rdn = Rdn::new();
        let mut before: &[u8] = &[];
        if set.is_empty() {
            self.problem.get_or_insert("a relative name has no attribute");
        }
        while !set.is_empty() {
            let (rest, pair) = Any::from_der(set).ok()?;
            let encoding = &set[..set.len() - rest.len()];
            if encoding < before {
                self.problem.get_or_insert("the attributes of a relative name are not in DER order");
            }
            before = encoding;
            set = rest;
            let (value, oid) = Any::from_der(pair.data).ok()?;
            let (_, value) = Any::from_der(value).ok()?;
            rdn.push(self.attribute(oid.data, &value));
        }
        rdn.sort();
        self.name.0.push(rdn);
        Some(())
    }

    fn attribute(&mut self, oid: &[u8], value: &Any<'_>) -> Attribute {
        let Some(text) = text(value) else {
            return Attribute { oid: oid.to_vec(), value: Value::Raw(value.tag().0, value.data.to_vec()) };
        };
        // What follows it, some compare and some do not.
        if text.contains('\0') {
            self.problem.get_or_insert("an attribute has a NUL character");
        }
        let prepared = Value::Text(prepare(&text));
        match oid {
            COMMON_NAME => self.common_names.push(text),
            EMAIL_ADDRESS => self.emails.push(text),
            _ => {}
        }
        Attribute { oid: oid.to_vec(), value: prepared }
    }
}

/// Below 2.5.4 (X.520).
const fn number(attribute: SubjectAttribute) -> u8 {
    match attribute {
        SubjectAttribute::CommonName => 3,
        SubjectAttribute::Country => 6,
        SubjectAttribute::Locality => 7,
        SubjectAttribute::State => 8,
        SubjectAttribute::Organization => 10,
        SubjectAttribute::OrganizationalUnit => 11,
    }
}

/// RFC 4518, 2.2 and 2.6: case is folded, and spaces at the ends and repeated ones do not count. Different encodings of one character
/// are not made one (2.3): no CA mixes them.
fn prepare(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn text(value: &Any<'_>) -> Option<String> {
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        // Written as Latin-1 by everyone.
        Tag::T61String => Some(bytes.iter().copied().map(char::from).collect()),
        Tag::BmpString if bytes.len().is_multiple_of(2) => {
            let units = bytes.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        Tag::UniversalString if bytes.len().is_multiple_of(4) => {
            bytes.chunks_exact(4).map(|unit| char::from_u32(u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]))).collect()
        }
        _ => None,
    }
}
