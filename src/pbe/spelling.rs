//! A password as octets. The formats say which; programs did otherwise, so what somebody wrote may need another spelling.

use zeroize::Zeroizing;

use crate::pki::Passphrase;

/// What a password becomes: the usual spelling first, each once.
pub type Spellings = Vec<Zeroizing<Vec<u8>>>;

/// For PKCS#12's own key derivation: UTF-16BE with a null behind it (RFC 7292, B.1).
///
/// - Nothing at all for the empty password, as Windows and Java write it.
/// - Each octet of the UTF-8 for a character of its own, as OpenSSL before 1.1.0 did.
pub fn pkcs12(password: &Passphrase) -> Spellings {
    let text = password.expose();
    let mut spellings = vec![utf16_null(text.encode_utf16(), text.len())];
    if text.is_empty() {
        spellings.push(Zeroizing::default());
    }
    if !text.is_ascii() {
        spellings.push(utf16_null(text.bytes().map(u16::from), text.len()));
    }
    spellings
}

/// For PBKDF2: as [`pkcs5`], and UTF-16BE with a null, as NSS did for PBES2 inside of PKCS#12.
pub fn pbkdf2(password: &Passphrase) -> Spellings {
    let text = password.expose();
    let mut spellings = pkcs5(password);
    spellings.push(utf16_null(text.encode_utf16(), text.len()));
    spellings
}

/// For anything else: UTF-8; or ISO 8859-1, as programs on Windows and in western locales do.
pub fn pkcs5(password: &Passphrase) -> Spellings {
    let text = password.expose();
    let mut spellings = vec![Zeroizing::new(text.as_bytes().to_vec())];
    if !text.is_ascii() {
        let mut latin = Zeroizing::new(Vec::with_capacity(text.len()));
        latin.extend(text.chars().filter_map(|c| u8::try_from(c).ok()));
        if latin.len() == text.chars().count() {
            spellings.push(latin);
        }
    }
    spellings
}

fn utf16_null(units: impl Iterator<Item = u16>, octets_of_utf8: usize) -> Zeroizing<Vec<u8>> {
    // The final size from the start: growing would leave parts of the password behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(octets_of_utf8 * 2 + 2));
    octets.extend(units.chain([0]).flat_map(u16::to_be_bytes));
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(by: fn(&Passphrase) -> Spellings, text: &str) -> Vec<Vec<u8>> {
        by(&Passphrase::new(text.to_owned())).into_iter().map(|spelling| spelling.to_vec()).collect()
    }

    #[test]
    fn the_empty_password_is_a_null_or_nothing() {
        assert_eq!(spelled(pkcs12, ""), [vec![0, 0], vec![]]);
    }

    #[test]
    fn what_is_not_ascii_has_been_spelled_in_several_ways() {
        assert_eq!(spelled(pkcs12, "ö"), [[0, 0xF6, 0, 0].as_slice(), &[0, 0xC3, 0, 0xB6, 0, 0]]);
        assert_eq!(spelled(pkcs5, "ö"), [[0xC3, 0xB6].as_slice(), &[0xF6]]);
        assert_eq!(spelled(pkcs5, "世"), [[0xE4, 0xB8, 0x96]]);
        assert_eq!(spelled(pbkdf2, "a"), [[b'a'].as_slice(), &[0, b'a', 0, 0]]);
    }
}
