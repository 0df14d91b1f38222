//! SCRAM (RFC 5802, 7677) as Kafka does it: without channel binding, and without SASLprep: names and passwords are UTF-8 as they are
//! (`org.apache.kafka.common.security.scram.internals.ScramFormatter`).

use std::num::NonZeroU32;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::pbe::hash::Hash;
use crate::pki::Passphrase;

/// RFC 7677, 4; Kafka's own ScramSaslClient refuses fewer (`ScramMechanism.minIterations`).
const LEAST: u64 = 4096;

/// No broker stores more than 16384 (`ScramMechanism.maxIterations`, KIP-554); before Kafka 2.7 it took any. These take a second.
const MOST: u64 = 1_000_000;

/// What a client makes of a server that asks for fewer iterations than [`LEAST`]. Its proof would be easy to guess the password from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FewIterations {
    Refused,
    /// librdkafka asks for one at least.
    Taken,
}

/// Why the exchange ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScramError {
    #[error("the server's SCRAM message has no {0}")]
    Malformed(&'static str),
    #[error("the server's SCRAM nonce does not continue the client's")]
    Nonce,
    #[error("the server asks for {asked} SCRAM iterations, and {bound} is the bound")]
    Iterations { asked: u64, bound: u64 },
    /// The server's `e=`.
    #[error("{0}")]
    Refused(String),
    #[error("the server does not prove that it knows the password: its SCRAM signature is another")]
    Signature,
}

/// The client before it has heard anything.
pub(super) struct Client {
    hash: Hash,
    few: FewIterations,
    password: Passphrase,
    nonce: String,
    /// client-first-message-bare
    bare: String,
}

/// The client once it has answered.
pub(super) struct Answered {
    pub message: Zeroizing<String>,
    pub iterations: u32,
    signature: Vec<u8>,
}

impl Client {
    /// No channel binding, and no other authorization identity.
    const HEADER: &str = "n,,";

    /// `nonce` is printable ASCII without a comma that was never used before.
    pub fn new(hash: Hash, few: FewIterations, user: &str, password: Passphrase, nonce: String) -> Self {
        let name = user.replace('=', "=3D").replace(',', "=2C");
        Self { hash, few, password, bare: format!("n={name},r={nonce}"), nonce }
    }

    /// client-first-message
    pub fn first(&self) -> String {
        format!("{}{}", Self::HEADER, self.bare)
    }

    /// server-first-message → client-final-message. Takes as long as the server has iterations, a second at most.
    pub fn answer(self, challenge: &[u8]) -> Result<Answered, ScramError> {
        let challenge = std::str::from_utf8(challenge).map_err(|_| ScramError::Malformed("UTF-8"))?;
        let (nonce, salt, rounds) = self.read(challenge)?;
        let unproven = format!("c={},r={nonce}", STANDARD.encode(Self::HEADER));
        let heard = [self.bare.as_str(), challenge, &unproven].join(",");
        let mut salted = Zeroizing::new(vec![0; self.hash.length()]);
        self.hash.pbkdf2(self.password.expose().as_bytes(), &salt, rounds, &mut salted);
        let client_key = Zeroizing::new(self.hash.hmac(&salted, b"Client Key"));
        let client_signature = self.hash.hmac(&self.hash.repeated(&client_key, 1), heard.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(client_signature).map(|(key, signature)| key ^ signature).collect();
        Ok(Answered {
            message: Zeroizing::new(format!("{unproven},p={}", STANDARD.encode(proof))),
            iterations: rounds.get(),
            signature: self.hash.hmac(&self.hash.hmac(&salted, b"Server Key"), heard.as_bytes()),
        })
    }

    /// Nonce, salt and iterations.
    fn read<'a>(&self, challenge: &'a str) -> Result<(&'a str, Vec<u8>, NonZeroU32), ScramError> {
        let mut parts = challenge.split(',');
        let mut next = |letter: &str, what| parts.next().and_then(|part| part.strip_prefix(letter)).ok_or(ScramError::Malformed(what));
        // An extension that must be understood (`m=`) stands before the nonce, and no server is known to have any.
        let nonce = next("r=", "nonce")?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(ScramError::Nonce);
        }
        let salt = STANDARD.decode(next("s=", "salt")?).map_err(|_| ScramError::Malformed("salt in base64"))?;
        let rounds: u64 = next("i=", "iteration count")?.parse().map_err(|_| ScramError::Malformed("iteration count"))?;
        let least = match self.few {
            FewIterations::Refused => LEAST,
            FewIterations::Taken => 1,
        };
        let bound = rounds.clamp(least, MOST);
        if rounds != bound {
            return Err(ScramError::Iterations { asked: rounds, bound });
        }
        let rounds = u32::try_from(rounds).ok().and_then(NonZeroU32::new).ok_or(ScramError::Malformed("iteration count"))?;
        Ok((nonce, salt, rounds))
    }
}

impl Answered {
    /// server-final-message: that the server knows the password too.
    pub fn verify(&self, verdict: &[u8]) -> Result<(), ScramError> {
        let verdict = std::str::from_utf8(verdict).map_err(|_| ScramError::Malformed("UTF-8"))?;
        let first = verdict.split(',').next().unwrap_or_default();
        if let Some(error) = first.strip_prefix("e=") {
            return Err(ScramError::Refused(error.to_owned()));
        }
        let signature = first.strip_prefix("v=").and_then(|text| STANDARD.decode(text).ok()).ok_or(ScramError::Malformed("signature"))?;
        verify_slices_are_equal(&signature, &self.signature).map_err(|_| ScramError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client(hash: Hash, user: &str, password: &str, nonce: &str) -> Client {
        Client::new(hash, FewIterations::Refused, user, Passphrase::new(password.to_owned()), nonce.to_owned())
    }

    /// As librdkafka, where few are taken: nobody waits for thousands.
    fn hasty(hash: Hash, nonce: &str) -> Client {
        Client::new(hash, FewIterations::Taken, "user", Passphrase::new("pencil".to_owned()), nonce.to_owned())
    }

    /// RFC 7677, 3, and RFC 5802, 5.
    #[test]
    fn the_exchanges_of_the_rfcs_come_out() {
        let told = client(Hash::Sha256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(told.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let answered = told.answer(b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").unwrap();
        assert_eq!(
            *answered.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(answered.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
        assert_eq!(answered.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="), Err(ScramError::Malformed("signature")));
        assert_eq!(answered.verify(b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Err(ScramError::Signature));
        assert_eq!(answered.verify(b"e=invalid-proof"), Err(ScramError::Refused("invalid-proof".to_owned())));

        let older = client(Hash::Sha1, "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL");
        let answered = older.answer(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096").unwrap();
        assert_eq!(*answered.message, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        assert_eq!(answered.verify(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), Ok(()));
    }

    #[test]
    fn a_name_may_hold_what_scram_itself_is_written_with() {
        assert_eq!(client(Hash::Sha512, "a=b,c", "", "x").first(), "n,,n=a=3Db=2Cc,r=x");
    }

    #[test]
    fn a_challenge_that_is_not_for_this_client_or_never_ends_is_refused() {
        let refusal = |challenge: &str| client(Hash::Sha256, "user", "pencil", "abc").answer(challenge.as_bytes()).err();
        assert_eq!(refusal("r=xyz123,s=QUJD,i=4096"), Some(ScramError::Nonce));
        // Nothing of the server's own in it.
        assert_eq!(refusal("r=abc,s=QUJD,i=4096"), Some(ScramError::Nonce));
        assert_eq!(refusal("r=abcd,s=QUJD,i=1000001"), Some(ScramError::Iterations { asked: 1_000_001, bound: MOST }));
        assert_eq!(refusal("r=abcd,s=QUJD,i=99999999999999999999"), Some(ScramError::Malformed("iteration count")));
        assert_eq!(refusal("r=abcd,s=*,i=4096"), Some(ScramError::Malformed("salt in base64")));
        assert_eq!(refusal("m=new,r=abcd,s=QUJD,i=4096"), Some(ScramError::Malformed("nonce")));
        assert_eq!(refusal("r=abcd,s=QUJD,i=4096,more=x"), None);
    }

    /// RFC 7677, 4.
    #[test]
    fn fewer_than_4096_iterations_are_answered_as_librdkafka_alone() {
        let answered = |few, iterations: u64| {
            let client = Client::new(Hash::Sha256, few, "user", Passphrase::new("pencil".to_owned()), "abc".to_owned());
            client.answer(format!("r=abcd,s=QUJD,i={iterations}").as_bytes()).map(|answered| u64::from(answered.iterations))
        };
        for iterations in [1, 100, 4095] {
            assert_eq!(answered(FewIterations::Refused, iterations), Err(ScramError::Iterations { asked: iterations, bound: LEAST }));
            assert_eq!(answered(FewIterations::Taken, iterations), Ok(iterations));
        }
        for few in [FewIterations::Refused, FewIterations::Taken] {
            assert_eq!(answered(few, 4096), Ok(4096));
            assert!(matches!(answered(few, 0), Err(ScramError::Iterations { asked: 0, .. })));
        }
    }

    proptest! {
        #[test]
        fn no_message_of_a_server_is_too_strange(challenge: Vec<u8>, verdict: Vec<u8>) {
            let _ = hasty(Hash::Sha256, "").answer(&challenge);
            let answered = hasty(Hash::Sha256, "a").answer(b"r=ab,s=,i=1").unwrap();
            prop_assert!(answered.verify(&verdict).is_err());
        }

        #[test]
        fn no_parts_of_a_challenge_are_too_strange(nonce in "[a-z=]{0,9}", salt in "[A-Za-z0-9+/=]{0,12}", rounds in "-?[0-9]{1,3}|[0-9]{7,30}") {
            let _ = hasty(Hash::Sha512, "").answer(format!("r={nonce},s={salt},i={rounds}").as_bytes());
        }

        /// A server that is not asked for by this client's nonce, or has nothing of its own in it, gets no proof.
        #[test]
        fn only_a_nonce_that_continues_ours_is_answered(theirs in "[!-+--~]{0,24}") {
            let answered = hasty(Hash::Sha256, "ours").answer(format!("r={theirs},s=QUJD,i=1").as_bytes());
            prop_assert_eq!(answered.is_ok(), theirs.len() > 4 && theirs.starts_with("ours"));
        }
    }
}
