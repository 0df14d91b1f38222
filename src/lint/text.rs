//! The string types of ASN.1 (X.680, section 41): which characters each has.

use super::der::{
    BMP_STRING, Element, IA5_STRING, NUMERIC_STRING, PRINTABLE_STRING, TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING, VISIBLE_STRING,
};

/// The name of a string type, by its tag.
pub fn type_name(tag: u8) -> Option<&'static str> {
    Some(match tag {
        UTF8_STRING => "UTF8String",
        NUMERIC_STRING => "NumericString",
        PRINTABLE_STRING => "PrintableString",
        TELETEX_STRING => "TeletexString",
        IA5_STRING => "IA5String",
        VISIBLE_STRING => "VisibleString",
        UNIVERSAL_STRING => "UniversalString",
        BMP_STRING => "BMPString",
        _ => return None,
    })
}

/// What is wrong with `content` as a string of the type `tag`; of other types, nothing.
pub fn character_defect(tag: u8, content: &[u8]) -> Option<String> {
    let name = type_name(tag)?;
    let stranger = |allowed: fn(&u8) -> bool| {
        content.iter().find(|octet| !allowed(octet)).map(|octet| match octet {
            b' '..=b'~' => format!("the character {:?}, which no {name} has", char::from(*octet)),
            _ => format!("the octet {octet:02X}, which no {name} has"),
        })
    };
    match tag {
        UTF8_STRING => std::str::from_utf8(content).err().map(|error| format!("no UTF-8 from octet {} on", error.valid_up_to() + 1)),
        NUMERIC_STRING => stranger(|octet| octet.is_ascii_digit() || *octet == b' '),
        PRINTABLE_STRING => stranger(|octet| octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(octet)),
        IA5_STRING => stranger(u8::is_ascii),
        VISIBLE_STRING => stranger(|octet| matches!(octet, b' '..=b'~')),
        BMP_STRING if !content.len().is_multiple_of(2) => Some("an odd number of octets, which no BMPString has".to_owned()),
        UNIVERSAL_STRING if !content.len().is_multiple_of(4) => Some("a number of octets that four does not divide".to_owned()),
        _ => None,
    }
}

/// The text of a string of any type. What cannot be read becomes U+FFFD.
pub fn text(string: Element<'_>) -> String {
    match string.tag {
        BMP_STRING => {
            let units = string.content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        UNIVERSAL_STRING => string
            .content
            .chunks_exact(4)
            .map(|four| char::from_u32(u32::from_be_bytes([four[0], four[1], four[2], four[3]])).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        TELETEX_STRING => string.content.iter().map(|octet| char::from(*octet)).collect(),
        _ => String::from_utf8_lossy(string.content).into_owned(),
    }
}

/// At most 80 characters of `text`, quoted, for a message.
pub fn quoted(text: &str) -> String {
    if text.chars().count() <= 80 {
        format!("{text:?}")
    } else {
        format!("{:?}", text.chars().take(77).chain("...".chars()).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_characters() {
        for (tag, bad, good) in [
            (UTF8_STRING, &b"\xff"[..], "Grüße".as_bytes()),
            (NUMERIC_STRING, b"1a", b"1 2"),
            (PRINTABLE_STRING, b"a*b", b"a-b (c)"),
            (IA5_STRING, b"\xe9", b"a@b_*"),
            (VISIBLE_STRING, b"\n", b"a@b"),
            (BMP_STRING, b"a", b"\0a"),
            (UNIVERSAL_STRING, b"abc", b"\0\0\0a"),
        ] {
            assert!(character_defect(tag, bad).is_some(), "{tag:02X}");
            assert_eq!(character_defect(tag, good), None, "{tag:02X}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(quoted(&"x".repeat(100)).len(), 82);
    }
}
