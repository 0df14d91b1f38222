//! Judges elements by a grammar: ASN.1 as data.

use super::der::{BIT_STRING, CONSTRUCTED, Element, SEQUENCE};
use super::strict::content_defect;
use super::text::character_defect;

/// A type of ASN.1.
#[derive(Debug)]
pub enum Shape {
    Any,
    /// A universal type that is not made of elements, by its tag.
    Plain(u8),
    /// A BIT STRING with that many named bits.
    NamedBits(usize),
    Sequence(&'static [Field]),
    /// SEQUENCE OF or SET OF, by its tag, and the least number of members.
    Many(u8, &'static Shape, usize),
    Choice(&'static [&'static Shape]),
    Implicit(u8, &'static Shape),
    Explicit(u8, &'static Shape),
}

/// A component of a SEQUENCE.
#[derive(Debug)]
pub struct Field(pub &'static str, pub Presence, pub &'static Shape);

#[derive(Debug)]
pub enum Presence {
    Required,
    Optional,
    /// The content that DER leaves out.
    Default(&'static [u8]),
}

/// Which promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// It is not of the type.
    Syntax,
    /// It is, but not as DER encodes it.
    Encoding,
    /// A default value is written out.
    Default,
}

/// Something that does not keep to the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    pub breach: Breach,
    /// Offset in the file.
    pub at: usize,
    pub problem: String,
}

/// More of them say nothing new.
const MOST: usize = 8;

/// Everything in `element` that does not keep to `shape`, the first eight.
pub fn misfits(shape: &Shape, element: Element<'_>) -> Vec<Misfit> {
    let mut found = Vec::new();
    shape.judge("value", element, &mut found);
    found
}

impl Shape {
    /// Whether an element of this type may begin with `tag`.
    fn takes(&self, tag: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Plain(own) | Self::Many(own, ..) => tag == *own,
            Self::NamedBits(_) => tag == BIT_STRING,
            Self::Sequence(_) => tag == SEQUENCE,
            Self::Choice(shapes) => shapes.iter().any(|shape| shape.takes(tag)),
            Self::Implicit(number, inner) => tag == 0x80 | number | if inner.is_constructed() { CONSTRUCTED } else { 0 },
            Self::Explicit(number, _) => tag == 0x80 | CONSTRUCTED | number,
        }
    }

    fn is_constructed(&self) -> bool {
        matches!(self, Self::Sequence(_) | Self::Many(..) | Self::Any)
    }

    fn judge(&self, name: &str, element: Element<'_>, found: &mut Vec<Misfit>) {
        if self.takes(element.tag) {
            self.judge_content(name, element, found);
        } else {
            note(found, Breach::Syntax, element.at, format!("{name} has the tag {:02X}, which it cannot have", element.tag));
        }
    }

    fn judge_content(&self, name: &str, element: Element<'_>, found: &mut Vec<Misfit>) {
        match self {
            Self::Any => {}
            Self::Plain(tag) => {
                if let Some(problem) = content_defect(*tag, element.content) {
                    note(found, Breach::Encoding, element.at, format!("{name}: {problem}"));
                }
                if let Some(problem) = character_defect(*tag, element.content) {
                    note(found, Breach::Syntax, element.at, format!("{name} holds {problem}"));
                }
            }
            Self::NamedBits(most) => judge_bits(*most, name, element, found),
            Self::Sequence(fields) => judge_fields(fields, name, element, found),
            Self::Many(_, member, least) => {
                let mut members = element.children();
                let count = members.by_ref().map(|each| member.judge(name, each, found)).count();
                if count < *least {
                    note(found, Breach::Syntax, element.at, format!("{name} has no member"));
                }
                if !members.rest.is_empty() {
                    note(found, Breach::Syntax, members.at, format!("{name} holds octets that are no element"));
                }
            }
            Self::Choice(shapes) => {
                if let Some(shape) = shapes.iter().find(|shape| shape.takes(element.tag)) {
                    shape.judge_content(name, element, found);
                }
            }
            Self::Implicit(_, inner) => inner.judge_content(name, element, found),
            Self::Explicit(_, inner) => match Element::only(element.content, element.at + element.header()) {
                Some(only) => inner.judge(name, only, found),
                None => note(found, Breach::Syntax, element.at, format!("{name} is not one element")),
            },
        }
    }
}

fn judge_fields(fields: &[Field], name: &str, element: Element<'_>, found: &mut Vec<Misfit>) {
    let mut children = element.children();
    let mut next = children.next();
    for Field(field, presence, shape) in fields {
        let Some(child) = next.filter(|child| shape.takes(child.tag)) else {
            if matches!(presence, Presence::Required) {
                let instead = next.map_or_else(|| "nothing".to_owned(), |child| format!("the tag {:02X}", child.tag));
                note(found, Breach::Syntax, element.at, format!("{name} has {instead} where {field} belongs"));
                return;
            }
            continue;
        };
        shape.judge_content(field, child, found);
        if matches!(presence, Presence::Default(default) if *default == child.content) {
            note(found, Breach::Default, child.at, format!("{field} is written out although it has its default value"));
        }
        next = children.next();
    }
    if let Some(child) = next {
        note(found, Breach::Syntax, child.at, format!("{name} has the tag {:02X} where nothing belongs", child.tag));
    } else if !children.rest.is_empty() {
        note(found, Breach::Syntax, children.at, format!("{name} ends with octets that are no element"));
    }
}

fn judge_bits(most: usize, name: &str, element: Element<'_>, found: &mut Vec<Misfit>) {
    if let Some(problem) = content_defect(BIT_STRING, element.content) {
        return note(found, Breach::Encoding, element.at, format!("{name}: {problem}"));
    }
    let [unused, bits @ ..] = element.content else { return };
    let count = bits.len() * 8 - usize::from(*unused);
    if count > most {
        note(found, Breach::Syntax, element.at, format!("{name} has {count} bits where {most} have a meaning"));
    }
    let last = u32::from(*unused).min(7);
    if bits.last().is_some_and(|octet| octet >> last & 1 == 0) {
        note(found, Breach::Encoding, element.at, format!("{name} ends with bits that are not set, which DER leaves out"));
    }
}

fn note(found: &mut Vec<Misfit>, breach: Breach, at: usize, problem: String) {
    if found.len() < MOST {
        found.push(Misfit { breach, at, problem });
    }
}
