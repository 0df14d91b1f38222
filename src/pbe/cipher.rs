//! The ciphers that keys and stores are encrypted with: CBC with PKCS#7 padding, the stream cipher RC4, and AES-GCM.

use aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::aead;
use camellia::{Camellia128, Camellia192, Camellia256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, StreamCipher};
use cbc::{Decryptor, Encryptor};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;
use zeroize::Zeroizing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Aes128Gcm,
    Aes256Gcm,
    Camellia128,
    Camellia192,
    Camellia256,
    Des,
    /// Two keys: the first is used again as the third.
    TwoKeyTripleDes,
    TripleDes,
    /// The octets of the key, and the bits of them that count (RFC 2268).
    Rc2 {
        key: usize,
        bits: usize,
    },
    /// With a key of this many octets.
    Rc4 {
        key: usize,
    },
}

impl Cipher {
    pub fn name(self) -> String {
        match self {
            Self::Aes128 => "AES-128-CBC".to_owned(),
            Self::Aes192 => "AES-192-CBC".to_owned(),
            Self::Aes256 => "AES-256-CBC".to_owned(),
            Self::Aes128Gcm => "AES-128-GCM".to_owned(),
            Self::Aes256Gcm => "AES-256-GCM".to_owned(),
            Self::Camellia128 => "Camellia-128-CBC".to_owned(),
            Self::Camellia192 => "Camellia-192-CBC".to_owned(),
            Self::Camellia256 => "Camellia-256-CBC".to_owned(),
            Self::Des => "DES-CBC".to_owned(),
            Self::TwoKeyTripleDes => "2-key 3DES-CBC".to_owned(),
            Self::TripleDes => "3DES-CBC".to_owned(),
            Self::Rc2 { bits, .. } => format!("RC2-{bits}-CBC"),
            Self::Rc4 { key } => format!("RC4-{}", key * 8),
        }
    }

    /// Octets of its key.
    pub const fn key(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 | Self::Aes128Gcm | Self::Camellia128 | Self::TwoKeyTripleDes => 16,
            Self::Aes192 | Self::Camellia192 | Self::TripleDes => 24,
            Self::Aes256 | Self::Aes256Gcm | Self::Camellia256 => 32,
            Self::Rc2 { key, .. } | Self::Rc4 { key } => key,
        }
    }

    /// Octets of its initialisation vector, or nonce.
    pub const fn iv(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 | Self::Camellia128 | Self::Camellia192 | Self::Camellia256 => 16,
            Self::Aes128Gcm | Self::Aes256Gcm => aead::NONCE_LEN,
            Self::Des | Self::TwoKeyTripleDes | Self::TripleDes | Self::Rc2 { .. } => 8,
            Self::Rc4 { .. } => 0,
        }
    }

    /// `data` must come in whole blocks of this many octets, and not be empty.
    pub const fn block(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm | Self::Rc4 { .. } => 1,
            Self::Aes128 | Self::Aes192 | Self::Aes256 | Self::Camellia128 | Self::Camellia192 | Self::Camellia256 => 16,
            Self::Des | Self::TwoKeyTripleDes | Self::TripleDes | Self::Rc2 { .. } => 8,
        }
    }

    /// `None` when the padding or the tag does not fit: a wrong key, or damage.
    pub fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let buffer = Zeroizing::new(data.to_vec());
        match self {
            Self::Aes128 => cbc_decrypt(Aes128::new_from_slice(key).ok()?, iv, buffer),
            Self::Aes192 => cbc_decrypt(Aes192::new_from_slice(key).ok()?, iv, buffer),
            Self::Aes256 => cbc_decrypt(Aes256::new_from_slice(key).ok()?, iv, buffer),
            Self::Camellia128 => cbc_decrypt(Camellia128::new_from_slice(key).ok()?, iv, buffer),
            Self::Camellia192 => cbc_decrypt(Camellia192::new_from_slice(key).ok()?, iv, buffer),
            Self::Camellia256 => cbc_decrypt(Camellia256::new_from_slice(key).ok()?, iv, buffer),
            Self::Des => cbc_decrypt(Des::new_from_slice(key).ok()?, iv, buffer),
            Self::TwoKeyTripleDes => cbc_decrypt(TdesEde2::new_from_slice(key).ok()?, iv, buffer),
            Self::TripleDes => cbc_decrypt(TdesEde3::new_from_slice(key).ok()?, iv, buffer),
            Self::Rc2 { bits, .. } => cbc_decrypt(Rc2::new_with_eff_key_len(key, bits), iv, buffer),
            Self::Aes128Gcm => gcm_decrypt(&aead::AES_128_GCM, key, iv, buffer),
            Self::Aes256Gcm => gcm_decrypt(&aead::AES_256_GCM, key, iv, buffer),
            Self::Rc4 { .. } => rc4(key, buffer),
        }
    }

    /// `None` when key or vector are not as long as they must be, or the cipher is one that is only read.
    pub fn encrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes256 => cbc_encrypt(Aes256::new_from_slice(key).ok()?, iv, data),
            Self::TripleDes => cbc_encrypt(TdesEde3::new_from_slice(key).ok()?, iv, data),
            Self::Aes128
            | Self::Aes192
            | Self::Aes128Gcm
            | Self::Aes256Gcm
            | Self::Camellia128
            | Self::Camellia192
            | Self::Camellia256
            | Self::Des
            | Self::TwoKeyTripleDes
            | Self::Rc2 { .. }
            | Self::Rc4 { .. } => None,
        }
    }
}

fn cbc_decrypt<C: BlockCipherDecrypt>(cipher: C, iv: &[u8], mut buffer: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let length = Decryptor::inner_iv_slice_init(cipher, iv).ok()?.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

fn cbc_encrypt<C: BlockCipherEncrypt>(cipher: C, iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    Some(Encryptor::inner_iv_slice_init(cipher, iv).ok()?.encrypt_padded_vec::<Pkcs7>(data))
}

fn gcm_decrypt(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    nonce: &[u8],
    mut buffer: Zeroizing<Vec<u8>>,
) -> Option<Zeroizing<Vec<u8>>> {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).ok()?);
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length = key.open_in_place(nonce, aead::Aad::empty(), &mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

fn rc4(key: &[u8], mut buffer: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    rc4::Rc4::new_from_slice(key).ok()?.apply_keystream(&mut buffer);
    Some(buffer)
}
