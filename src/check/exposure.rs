//! Who may read a file that holds a key.

use crate::finding::{Finding, Place, Rule};
use crate::keystore::{Contents, Held, KeyState};
use crate::pbe::Protected;

pub const RULES: &[&Rule] = &[&KEY_FOR_ALL];

const KEY_FOR_ALL: Rule = Rule::warning(
    "key-for-all",
    "a private key without a password in a file that every user of the machine may read",
    "Whoever has an account there can take the holder's place. Kafka and RabbitMQ do not mind; ssh and PostgreSQL refuse such a file.",
);

/// `mode` is that of the file.
pub fn exposure(target: &str, contents: &Contents, mode: u32) -> Option<Finding> {
    let open = |held: &Held| matches!(held, Held::Key { key: KeyState::Open(_), .. });
    let encrypted = contents.schemes.iter().any(|scheme| scheme.protects == Protected::Keys);
    let exposed = mode & 0o004 != 0 && !encrypted && contents.items.iter().any(|item| open(&item.held));
    exposed.then(|| {
        let message = format!("its mode is {mode:04o}, and the private key in it is not encrypted");
        KEY_FOR_ALL.at(Place::target(target), message, "give it to the user of the broker with mode 0600, or encrypt the key")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::{Passwords, open};
    use crate::pki::{KeyKind, Passphrase, Password, PrivateKey};

    #[test]
    fn a_plain_key_is_for_its_owner_alone() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let plain = open(key.to_pem().expose(), &Passwords::default()).unwrap();
        assert_eq!([0o600, 0o640, 0o644].map(|mode| exposure("tls.key", &plain, mode).is_some()), [false, false, true]);

        let password = Password::new("correct horse".to_owned()).unwrap();
        let pem = key.to_encrypted_pem(&password, &aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let passwords = Passwords { store: Some(Passphrase::from(&password)), ..Passwords::default() };
        assert_eq!(exposure("tls.key", &open(pem.expose(), &passwords).unwrap(), 0o644), None);
    }
}
