//! Java's modified UTF-8 (`java.io.DataInput`): UTF-8 of each UTF-16 unit for itself, and U+0000 in two octets.

pub fn encode(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let six_bits = |shift: u32| 0x80 | (unit >> shift & 0x3F) as u8;
        match unit {
            1..=0x7F => octets.push(unit as u8),
            0 | 0x80..=0x7FF => octets.extend([0xC0 | (unit >> 6) as u8, six_bits(0)]),
            0x800..=0xFFFF => octets.extend([0xE0 | (unit >> 12) as u8, six_bits(6), six_bits(0)]),
        }
    }
    octets
}

/// `None` when the octets are something else, or half of a surrogate pair is missing.
pub fn decode(mut octets: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(octets.len());
    while !octets.is_empty() {
        let (unit, rest) = match octets {
            [a @ 0..=0x7F, rest @ ..] => (u16::from(*a), rest),
            [a @ 0xC0..=0xDF, b @ 0x80..=0xBF, rest @ ..] => (u16::from(a & 0x1F) << 6 | u16::from(b & 0x3F), rest),
            [a @ 0xE0..=0xEF, b @ 0x80..=0xBF, c @ 0x80..=0xBF, rest @ ..] => {
                (u16::from(a & 0x0F) << 12 | u16::from(b & 0x3F) << 6 | u16::from(c & 0x3F), rest)
            }
            _ => return None,
        };
        units.push(unit);
        octets = rest;
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn differs_from_utf_8_in_nul_and_beyond_the_basic_plane() {
        assert_eq!(encode("größe"), "größe".as_bytes());
        assert_eq!(encode("\0"), [0xC0, 0x80]);
        assert_eq!(encode("😀"), [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]);
    }

    proptest! {
        #[test]
        fn every_text_survives(text in any::<String>()) {
            prop_assert_eq!(decode(&encode(&text)), Some(text));
        }

        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&octets);
        }
    }
}
