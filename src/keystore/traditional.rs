//! OpenSSL's traditional encryption of PEM blocks (RFC 1421, 4.6.1.3): `DEK-Info` names cipher and vector, and the key is MD5 over
//! password and salt (`EVP_BytesToKey`, one round).

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{Protected, Scheme};
use crate::pbe::PbeError;
use crate::pbe::cipher::Cipher;
use crate::pbe::spelling;
use crate::pki::{Passphrase, Secret};

const SALT: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encryption {
    name: String,
    /// `None` for a cipher that is not supported.
    cipher: Option<Cipher>,
    iv: Vec<u8>,
}

impl Encryption {
    /// What the headers say, and where they end: with the vector, even if no line break follows. `None` without `Proc-Type: 4,ENCRYPTED`.
    pub fn of_headers(text: &[u8]) -> Result<Option<(Self, usize)>, &'static str> {
        let after = |text: &[u8], word: &[u8]| text.windows(word.len()).position(|window| window == word).map(|at| at + word.len());
        // Nothing but headers has a colon: no need to look further.
        let colons = text.iter().rposition(|byte| *byte == b':').map_or(0, |last| (last + 80).min(text.len()));
        let Some(start) = after(&text[..colons], b"4,ENCRYPTED") else { return Ok(None) };
        let info = after(&text[..colons], b"DEK-Info:").filter(|info| *info > start).ok_or("it is encrypted, and DEK-Info is missing")?;
        let value = std::str::from_utf8(&text[info..colons]).unwrap_or_default();
        let comma = value.find(',').ok_or("DEK-Info names no vector")?;
        let name = value[..comma].trim().to_ascii_uppercase();
        let cipher = cipher(&name);
        let digits: Vec<u8> = value.as_bytes()[comma + 1..].iter().copied().take_while(u8::is_ascii_hexdigit).collect();
        let length = cipher.map_or(digits.len(), |cipher| 2 * cipher.iv());
        let iv = digits.get(..length).and_then(unhex).filter(|iv| iv.len() >= SALT || cipher.is_none());
        let iv = iv.ok_or("the vector of DEK-Info is too short")?;
        Ok(Some((Self { name, cipher, iv }, info + comma + 1 + length)))
    }

    pub fn scheme(&self) -> Scheme {
        Scheme { protects: Protected::Keys, name: format!("OpenSSL's PEM encryption MD5 {}", self.name), iterations: Some(1) }
    }

    pub fn decrypt(&self, data: &[u8], password: &Passphrase, fits: impl Fn(&[u8]) -> bool) -> Result<Secret, PbeError> {
        let cipher = self.cipher.ok_or_else(|| PbeError::Unsupported(self.name.clone()))?;
        if data.is_empty() || !data.len().is_multiple_of(cipher.block()) {
            return Err(PbeError::Damaged("its length does not fit its cipher"));
        }
        let opened = |password: &[u8]| {
            let key = bytes_to_key(password, &self.iv[..SALT], cipher.key());
            cipher.decrypt(&key, &self.iv, data).filter(|plain| fits(plain))
        };
        let plain = spelling::pkcs5(password).iter().find_map(|password| opened(password)).ok_or(PbeError::WrongPassword)?;
        Ok(Secret::new(plain.to_vec()))
    }
}

/// Those that OpenSSL writes with a block cipher in CBC.
fn cipher(name: &str) -> Option<Cipher> {
    Some(match name {
        "DES-CBC" => Cipher::Des,
        "DES-EDE-CBC" => Cipher::TwoKeyTripleDes,
        "DES-EDE3-CBC" => Cipher::TripleDes,
        "AES-128-CBC" => Cipher::Aes128,
        "AES-192-CBC" => Cipher::Aes192,
        "AES-256-CBC" => Cipher::Aes256,
        "CAMELLIA-128-CBC" => Cipher::Camellia128,
        "CAMELLIA-192-CBC" => Cipher::Camellia192,
        "CAMELLIA-256-CBC" => Cipher::Camellia256,
        "RC2-CBC" => Cipher::Rc2 { key: 16, bits: 128 },
        "RC2-64-CBC" => Cipher::Rc2 { key: 8, bits: 64 },
        "RC2-40-CBC" => Cipher::Rc2 { key: 5, bits: 40 },
        _ => return None,
    })
}

fn bytes_to_key(password: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut block = Zeroizing::new(Vec::with_capacity(16));
    while key.len() < length {
        let digest = Md5::new().chain_update(&block[..]).chain_update(password).chain_update(salt).finalize();
        block.clear();
        block.extend_from_slice(&digest);
        key.extend_from_slice(&digest);
    }
    key.truncate(length);
    key
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|value| value as u8);
    digits.chunks(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}
