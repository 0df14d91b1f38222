//! A secret key in JCEKS: a serialised `javax.crypto.SealedObject`, in which the serialised key is encrypted.

use pkcs8::ObjectIdentifier;
use pkcs8::der::Decode;
use pkcs8::der::asn1::AnyRef;
use pkcs8::spki::AlgorithmIdentifierRef;

use super::input::{Input, InputError};
use super::modified_utf8;
use super::object::{self, FIRST_HANDLE, HEADER, SERIALIZABLE, tag};
use crate::pki::Secret;

/// Sun's PBEWithMD5AndTripleDES.
pub const SEAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.19.1");
const SEAL_NAME: &str = "PBEWithMD5AndTripleDES";
const SEALED: &str = "com.sun.crypto.provider.SealedObjectForKeyProtector";
const SEALED_BASE: &str = "javax.crypto.SealedObject";
const KEY_SPEC: &str = "javax.crypto.spec.SecretKeySpec";
const KEY_REP: &str = "java.security.KeyRep";

/// What is encrypted, and how.
#[derive(Debug)]
pub struct SealedObject<'a> {
    /// PBEParameter, DER.
    parameters: AnyRef<'a>,
    pub data: &'a [u8],
}

impl<'a> SealedObject<'a> {
    pub fn read(input: &mut Input<'a>) -> Result<Self, InputError> {
        let start = input.clone();
        let object = object::read(input)?;
        if ![SEALED, SEALED_BASE].contains(&object.class.as_str()) {
            return Err(start.error(format!("a secret key is sealed as {}, which is not known", object.class)));
        }
        match object.text("sealAlg") {
            Some(SEAL_NAME) => {}
            other => return Err(start.error(format!("a secret key is sealed by {}, which is not known", other.unwrap_or("nothing")))),
        }
        let parameters = object.octets("encodedParams").and_then(|der| AnyRef::from_der(der).ok());
        parameters
            .zip(object.octets("encryptedContent"))
            .map(|(parameters, data)| Self { parameters, data })
            .ok_or_else(|| start.error("a sealed secret key has no parameters or no content"))
    }

    pub fn algorithm(&self) -> AlgorithmIdentifierRef<'a> {
        AlgorithmIdentifierRef { oid: SEAL, parameters: Some(self.parameters) }
    }
}

/// Whether something that was decrypted is a serialised object.
pub fn is_object(plain: &[u8]) -> bool {
    plain.starts_with(&HEADER)
}

/// The algorithm's name and the key, of what was sealed.
pub fn secret_key(plain: &Secret) -> Result<(String, Secret), String> {
    let object = object::read(&mut Input::new(plain.expose())).map_err(|error| error.problem)?;
    let octets = match object.class.as_str() {
        KEY_SPEC => object.octets("key"),
        KEY_REP => object.octets("encoded"),
        other => return Err(format!("a secret key is an object of {other}, which is not known")),
    };
    let (algorithm, octets) = object.text("algorithm").zip(octets).ok_or("a secret key has no algorithm or no octets")?;
    Ok((algorithm.to_owned(), Secret::new(octets.to_vec())))
}

/// What is to be sealed: a serialised `SecretKeySpec`.
pub fn key_spec(algorithm: &str, key: &Secret) -> Secret {
    let mut out = Vec::with_capacity(256 + algorithm.len() * 3 + key.expose().len());
    out.extend_from_slice(&HEADER);
    out.push(tag::OBJECT);
    class(&mut out, KEY_SPEC, 0x5B47_0B66_E230_614D, 2);
    out.push(b'L');
    utf(&mut out, "algorithm");
    string(&mut out, "Ljava/lang/String;");
    out.push(b'[');
    utf(&mut out, "key");
    string(&mut out, "[B");
    out.extend([tag::END, tag::NULL]);
    string(&mut out, algorithm);
    out.push(tag::ARRAY);
    octets_class(&mut out);
    block(&mut out, key.expose());
    Secret::new(out)
}

/// The sealed object around what was encrypted. `parameters` are a PBEParameter.
pub fn write(parameters: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    out.push(tag::OBJECT);
    class(&mut out, SEALED, 0xCD57_CA59_E730_BB53, 0);
    out.push(tag::END);
    class(&mut out, SEALED_BASE, 0x3E36_3DA6_C3B7_5470, 4);
    // Handles count from the first class: two classes, then these two names of types, the object, and the class of the array.
    let [octets_name, string_name, octets_class_handle] = [2, 3, 5];
    out.push(b'[');
    utf(&mut out, "encodedParams");
    string(&mut out, "[B");
    out.push(b'[');
    utf(&mut out, "encryptedContent");
    reference(&mut out, octets_name);
    out.push(b'L');
    utf(&mut out, "paramsAlg");
    string(&mut out, "Ljava/lang/String;");
    out.push(b'L');
    utf(&mut out, "sealAlg");
    reference(&mut out, string_name);
    out.extend([tag::END, tag::NULL, tag::ARRAY]);
    octets_class(&mut out);
    block(&mut out, parameters);
    out.push(tag::ARRAY);
    reference(&mut out, octets_class_handle);
    block(&mut out, data);
    string(&mut out, SEAL_NAME);
    string(&mut out, SEAL_NAME);
    out
}

fn class(out: &mut Vec<u8>, name: &str, serial_version: u64, fields: u16) {
    out.push(tag::CLASS);
    utf(out, name);
    out.extend_from_slice(&serial_version.to_be_bytes());
    out.push(SERIALIZABLE);
    out.extend_from_slice(&fields.to_be_bytes());
}

fn octets_class(out: &mut Vec<u8>) {
    class(out, "[B", 0xACF3_17F8_0608_54E0, 0);
    out.extend([tag::END, tag::NULL]);
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.push(tag::STRING);
    utf(out, text);
}

/// Names of classes, fields and algorithms: far shorter than 64 kB.
fn utf(out: &mut Vec<u8>, text: &str) {
    let octets = modified_utf8::encode(text);
    out.extend_from_slice(&(octets.len() as u16).to_be_bytes());
    out.extend_from_slice(&octets);
}

fn block(out: &mut Vec<u8>, octets: &[u8]) {
    out.extend_from_slice(&(octets.len() as u32).to_be_bytes());
    out.extend_from_slice(octets);
}

fn reference(out: &mut Vec<u8>, handle: u32) {
    out.push(tag::REFERENCE);
    out.extend_from_slice(&(FIRST_HANDLE + handle).to_be_bytes());
}
