//! What the Distinguished Encoding Rules (X.690, sections 8, 10 and 11) demand of each element by itself.

use super::der::{
    BIT_STRING, BOOLEAN, CONSTRUCTED, ENUMERATED, Element, Elements, GENERALIZED_TIME, INTEGER, NULL, OID, SEQUENCE, SET, UTC_TIME,
};

/// Where DER is broken, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect {
    /// Offset in the file.
    pub at: usize,
    pub problem: &'static str,
}

/// More of them say nothing new.
const MOST: usize = 8;
/// A certificate nests about ten deep.
const DEEPEST: u8 = 32;

/// Every defect of `element` and what is in it, the first eight.
pub fn defects(element: Element<'_>) -> Vec<Defect> {
    let mut found = Vec::new();
    walk(element, DEEPEST, &mut found);
    found
}

fn walk(element: Element<'_>, depth: u8, found: &mut Vec<Defect>) {
    let mut note = |problem| {
        if found.len() < MOST {
            found.push(Defect { at: element.at, problem });
        }
    };
    if element.header() != shortest_header(element.content.len()) {
        note("the length is not in its shortest form");
    }
    if let Some(problem) = content_defect(element.tag, element.content) {
        note(problem);
    }
    if element.tag & CONSTRUCTED == 0 {
        return;
    }
    if element.tag == SET && !is_sorted(element.children()) {
        note("the members of the SET are not in order");
    }
    if depth == 0 {
        note("elements are nested deeper than 32 levels");
        return;
    }
    let mut children = element.children();
    for child in children.by_ref() {
        walk(child, depth - 1, found);
    }
    if !children.rest.is_empty() && found.len() < MOST {
        found.push(Defect { at: children.at, problem: "there is no element of definite length" });
    }
}

fn shortest_header(length: usize) -> usize {
    match length {
        0..0x80 => 2,
        _ => 2 + (usize::BITS - length.leading_zeros()).div_ceil(8) as usize,
    }
}

fn is_sorted(members: Elements<'_>) -> bool {
    members.zip(members.skip(1)).all(|(one, next)| one.raw <= next.raw)
}

/// What is wrong with the content of an element of the universal type `tag`, whatever its tag in the file.
pub fn content_defect(tag: u8, content: &[u8]) -> Option<&'static str> {
    match tag {
        BOOLEAN if content.len() != 1 => Some("the BOOLEAN is not one octet"),
        BOOLEAN if !matches!(content, [0 | 0xff]) => Some("the BOOLEAN is neither 00 nor FF"),
        INTEGER | ENUMERATED => match content {
            [] => Some("the INTEGER is empty"),
            [0x00, next, ..] if *next < 0x80 => Some("the INTEGER has a superfluous leading zero"),
            [0xff, next, ..] if *next >= 0x80 => Some("the INTEGER has a superfluous leading FF"),
            [_, ..] => None,
        },
        BIT_STRING => match content {
            [] | [8..=0xff, ..] => Some("the BIT STRING does not say how many bits are unused"),
            [1..=7] => Some("the BIT STRING has unused bits but no octet"),
            [unused, rest @ ..] if rest.last().is_some_and(|last| last & !(0xff_u8 << unused) != 0) => {
                Some("unused bits of the BIT STRING are set")
            }
            [_, ..] => None,
        },
        NULL if !content.is_empty() => Some("the NULL is not empty"),
        OID if content.last().is_none_or(|last| *last >= 0x80) => Some("the OBJECT IDENTIFIER ends in the middle of a number"),
        OID if begins_arc_with_80(content) => Some("a number of the OBJECT IDENTIFIER is not in its shortest form"),
        UTC_TIME | GENERALIZED_TIME if !content.is_ascii() => Some("the time is not ASCII"),
        // Of the universal types, only these two and EXTERNAL are made of elements.
        _ if tag & 0xc0 == 0 && tag & CONSTRUCTED != 0 && !matches!(tag, SEQUENCE | SET | 0x28) => {
            Some("a string is split into pieces (constructed encoding)")
        }
        _ => None,
    }
}

fn begins_arc_with_80(oid: &[u8]) -> bool {
    oid.iter().enumerate().any(|(i, octet)| *octet == 0x80 && (i == 0 || oid[i - 1] < 0x80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problem_of(bytes: &[u8]) -> Option<&'static str> {
        defects(Element::only(bytes, 0).unwrap()).first().map(|defect| defect.problem)
    }

    #[test]
    fn each_rule_of_der_is_kept_to() {
        for (bytes, word) in [
            (&[4, 0x81, 1, 9][..], "shortest form"),
            (&[1, 1, 1], "neither 00 nor FF"),
            (&[1, 2, 0, 0], "not one octet"),
            (&[2, 2, 0, 1], "leading zero"),
            (&[2, 2, 0xff, 0xff], "leading FF"),
            (&[2, 0], "empty"),
            (&[3, 2, 1, 1], "unused bits of"),
            (&[3, 2, 9, 0], "how many bits"),
            (&[3, 1, 4], "no octet"),
            (&[5, 1, 0], "NULL"),
            (&[6, 1, 0x80], "middle of a number"),
            (&[6, 3, 0x2a, 0x80, 1], "shortest form"),
            (&[0x31, 6, 2, 1, 5, 2, 1, 4], "SET"),
            (&[0x24, 3, 4, 1, 9], "split into pieces"),
            (&[0x30, 2, 0x30, 0x80], "definite length"),
        ] {
            assert!(problem_of(bytes).is_some_and(|problem| problem.contains(word)), "{bytes:x?}: {:?}", problem_of(bytes));
        }
    }

    #[test]
    fn der_has_no_defects() {
        for bytes in [&[0x30, 3, 1, 1, 0xff][..], &[2, 2, 0, 0x80], &[3, 2, 1, 2], &[0x31, 6, 2, 1, 4, 2, 1, 5], &[6, 3, 0x2a, 0x81, 0]] {
            assert_eq!(problem_of(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn nesting_ends() {
        let mut bytes = vec![];
        for _ in 0..60 {
            bytes = [&[0x30, bytes.len() as u8][..], &bytes].concat();
        }
        assert!(problem_of(&bytes).is_some_and(|problem| problem.contains("deeper")));
    }
}
