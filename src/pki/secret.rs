//! Values that must never reach a log, an error or a `Debug`. The only home of `expose`.

use std::fmt;

use zeroize::Zeroizing;

use super::Entropy;

/// Bytes that are wiped when dropped and printed as `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for Secret {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The password of a store, or the passphrase of a key.
///
/// Printable ASCII, because Java refuses anything else in a PBES2 PKCS#12 store ("Password is not ASCII"), and at least
/// six characters, because keytool does. No space at either end: properties files would lose it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// The password of something that somebody else wrote: any text, even none. What countersign writes itself takes a [`Password`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&Password> for Passphrase {
    fn from(password: &Password) -> Self {
        Self(password.0.clone())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

/// Why a text cannot be a password. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("the password has {0} characters; Java's keytool demands at least {min}", min = Password::MIN)]
    TooShort(usize),
    #[error("character {0} of the password is not printable ASCII; Java could not open the store")]
    NotAscii(usize),
    #[error("the password begins or ends with a space, which properties files do not keep")]
    Padded,
}

impl Password {
    /// keytool's own minimum.
    pub const MIN: usize = 6;
    /// 32 characters of 62: 190 bits.
    const GENERATED: usize = 32;
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    pub fn new(text: String) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text);
        let length = text.chars().count();
        if let Some(at) = text.chars().position(|c| !matches!(c, ' '..='~')) {
            Err(PasswordError::NotAscii(at + 1))
        } else if length < Self::MIN {
            Err(PasswordError::TooShort(length))
        } else if text.starts_with(' ') || text.ends_with(' ') {
            Err(PasswordError::Padded)
        } else {
            Ok(Self(text))
        }
    }

    /// A random password of letters and digits, so that no configuration format needs to quote it.
    pub fn generate(entropy: &Entropy) -> Self {
        // Bytes at or above the largest multiple of 62 are thrown away: each character is equally likely.
        let fair = u8::MAX - u8::MAX % Self::ALPHABET.len() as u8;
        let mut text = Zeroizing::new(String::with_capacity(Self::GENERATED));
        while text.len() < Self::GENERATED {
            let mut byte = [0u8];
            entropy.fill(&mut byte).expect("the operating system's generator does not fail once it is seeded");
            if byte[0] < fair {
                text.push(Self::ALPHABET[usize::from(byte[0]) % Self::ALPHABET.len()] as char);
            }
        }
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let password = Password::new("correct horse".into()).unwrap();
        assert_eq!(format!("{password:?} {:?}", Secret::new(b"battery".to_vec())), "[password] [secret]");
    }

    #[test]
    fn refuses_what_java_or_a_properties_file_would_not_take() {
        let refusal = |text: &str| Password::new(text.into()).unwrap_err();
        assert_eq!(refusal("short"), PasswordError::TooShort(5));
        assert_eq!(refusal("pässword"), PasswordError::NotAscii(2));
        assert_eq!(refusal("tab\tinside"), PasswordError::NotAscii(4));
        assert_eq!(refusal(" padded"), PasswordError::Padded);
    }

    #[test]
    fn generated_passwords_differ_and_are_valid() {
        let entropy = aws_lc_rs::rand::SystemRandom::new();
        let [a, b] = [Password::generate(&entropy), Password::generate(&entropy)];
        assert_ne!(a, b);
        assert!(Password::new(a.expose().to_owned()).is_ok());
    }
}
