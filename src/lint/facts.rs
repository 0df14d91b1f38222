//! What rules ask of a certificate and of extensions, each part as it stands in the file.

use super::der::{BOOLEAN, Element, OCTET_STRING, SEQUENCE};
use super::oids::{self, Oid};

/// A certificate (RFC 5280, 4.1).
#[derive(Debug)]
pub struct Facts<'a> {
    /// The Certificate itself.
    pub whole: Element<'a>,
    /// As it is called, not as it is encoded: 1 to 3, if it is right.
    pub version: i64,
    pub serial: Element<'a>,
    /// AlgorithmIdentifier within the signed part, and beside the signature.
    pub inner_algorithm: Element<'a>,
    pub outer_algorithm: Element<'a>,
    pub issuer: Element<'a>,
    pub not_before: Element<'a>,
    pub not_after: Element<'a>,
    pub subject: Element<'a>,
    /// SubjectPublicKeyInfo.
    pub key: Element<'a>,
    pub has_unique_ids: bool,
    pub extensions: Extensions<'a>,
}

impl<'a> Facts<'a> {
    /// `None` for what is no certificate at all.
    pub fn of(der: &'a [u8]) -> Option<Self> {
        let whole = Element::only(der, 0)?;
        let [body, outer_algorithm] = [whole.child(0)?, whole.child(1)?];
        let mut fields = body.children().peekable();
        let version = fields.next_if(|field| field.tag == 0xa0);
        let [serial, inner_algorithm, issuer, validity, subject, key] =
            [fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?];
        Some(Self {
            whole,
            version: version.map_or(Some(1), |version| version.child(0)?.number()?.checked_add(1)).unwrap_or_default(),
            serial,
            inner_algorithm,
            outer_algorithm,
            issuer,
            not_before: validity.child(0)?,
            not_after: validity.child(1)?,
            subject,
            key,
            has_unique_ids: fields.clone().any(|field| matches!(field.tag & 0x9f, 0x81 | 0x82)),
            extensions: fields.find(|field| field.tag == 0xa3).and_then(|field| field.child(0)).map(Extensions::of).unwrap_or_default(),
        })
    }

    pub fn is_authority(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.tagged(BOOLEAN).is_some_and(|ca| ca.content != [0]))
    }

    pub fn basic_constraints(&self) -> Option<Element<'a>> {
        self.extensions.body(oids::BASIC_CONSTRAINTS)
    }

    /// Issuer and subject are the same.
    pub fn is_self_issued(&self) -> bool {
        self.issuer.raw == self.subject.raw
    }

    pub fn has_subject(&self) -> bool {
        !self.subject.content.is_empty()
    }

    /// The bits of keyUsage (RFC 5280, 4.2.1.3), digitalSignature the highest.
    pub fn key_usage(&self) -> Option<u16> {
        let bits = self.extensions.body(oids::KEY_USAGE)?.bits()?;
        Some(u16::from_be_bytes([*bits.first().unwrap_or(&0), *bits.get(1).unwrap_or(&0)]))
    }

    /// The object identifiers of extKeyUsage.
    pub fn purposes(&self) -> Vec<Element<'a>> {
        self.extensions.body(oids::EXTENDED_KEY_USAGE).map(|body| body.children().collect()).unwrap_or_default()
    }

    pub fn has_purpose(&self, purpose: Oid) -> bool {
        self.purposes().iter().any(|each| oids::is(*each, purpose))
    }
}

/// The extensions of whatever has some, in order.
#[derive(Debug, Default)]
pub struct Extensions<'a>(pub Vec<Extension<'a>>);

/// An extension (RFC 5280, 4.2).
#[derive(Debug, Clone, Copy)]
pub struct Extension<'a> {
    pub id: Element<'a>,
    pub critical: bool,
    /// The OCTET STRING around the value.
    pub value: Element<'a>,
}

impl<'a> Extensions<'a> {
    /// Of the elements of a SEQUENCE OF Extension; those that are none are passed over.
    pub fn of(list: Element<'a>) -> Self {
        let extension = |each: Element<'a>| {
            let critical = each.child(1).is_some_and(|field| field.tag == BOOLEAN && field.content != [0]);
            Some(Extension { id: each.child(0)?, critical, value: each.tagged(OCTET_STRING)? })
        };
        Self(list.children().filter(|each| each.tag == SEQUENCE).filter_map(extension).collect())
    }

    pub fn get(&self, id: Oid) -> Option<&Extension<'a>> {
        self.0.iter().find(|extension| extension.is(id))
    }

    pub fn has(&self, id: Oid) -> bool {
        self.get(id).is_some()
    }

    /// The value of an extension, if it is one element.
    pub fn body(&self, id: Oid) -> Option<Element<'a>> {
        self.get(id)?.value.inside()
    }
}

impl Extension<'_> {
    pub fn is(&self, id: Oid) -> bool {
        oids::is(self.id, id)
    }

    pub fn name(&self) -> String {
        oids::name(self.id.content)
    }
}

/// One attribute of a distinguished name.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    pub id: Element<'a>,
    pub value: Element<'a>,
}

/// The attributes of a Name, in order.
pub fn attributes(name: Element<'_>) -> impl Iterator<Item = Attribute<'_>> {
    name.children().flat_map(|part| part.children()).filter_map(|each| Some(Attribute { id: each.child(0)?, value: each.child(1)? }))
}
