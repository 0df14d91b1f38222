//! SASL with Kafka (KIP-43, KIP-152): SaslHandshake names the mechanism, SaslAuthenticate carries its messages.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::Login;
use super::kafka::KafkaSession;
use super::kafka_error::refused;
use super::kafka_wire::{Body, Request};
use super::scram::{self, FewIterations, ScramError};
use crate::cluster::SaslMechanism;
use crate::diagnosis::{Fact, Fault, Step, Symptom};
use crate::pbe::hash::Hash;
use crate::pki::{Passphrase, hex};

/// As many mechanisms as are kept of those that are offered, and as many characters of each; RFC 4422, 3.1 allows 20.
const MECHANISMS: usize = 32;
const MECHANISM: usize = 64;
/// As many characters as are kept of a reason.
const REASON: usize = 1000;
/// UNSUPPORTED_SASL_MECHANISM
const UNSUPPORTED_MECHANISM: i16 = 33;
/// SASL_AUTHENTICATION_FAILED
const AUTHENTICATION_FAILED: i16 = 58;

impl<S: AsyncRead + AsyncWrite + Unpin> KafkaSession<TlsStream<S>> {
    /// Says who the client is, where it has more to say than its certificate: `None` where it has not.
    pub async fn login(&mut self, login: &Login, few: FewIterations) -> Result<Option<Fact>, Fault> {
        match login {
            Login::Certificate | Login::Anonymous => Ok(None),
            Login::Password { mechanism, user, password } => match self.prove(*mechanism, user.meant(), password, few).await {
                Ok(iterations) => {
                    Ok(Some(Fact::Login { mechanism: mechanism.name().to_owned(), user: Some(user.to_string()), iterations }))
                }
                Err(symptom) => Err(Fault::new(Step::Login, symptom)),
            },
        }
    }

    /// With SCRAM, the iterations that the server asked for.
    async fn prove(
        &mut self,
        mechanism: SaslMechanism,
        user: &str,
        password: &Passphrase,
        few: FewIterations,
    ) -> Result<Option<u32>, Symptom> {
        self.choose(mechanism).await?;
        let client = |hash| Ok::<_, Symptom>(scram::Client::new(hash, few, user, password.clone(), nonce()?));
        match mechanism {
            SaslMechanism::Plain => self.authenticate(&plain(user, password)?).await.map(|_| None),
            SaslMechanism::ScramSha256 => self.scram(client(Hash::Sha256)?).await.map(Some),
            SaslMechanism::ScramSha512 => self.scram(client(Hash::Sha512)?).await.map(Some),
        }
    }

    async fn scram(&mut self, client: scram::Client) -> Result<u32, Symptom> {
        let challenge = self.authenticate(client.first().as_bytes()).await?;
        // The server says how long this takes.
        let answered = tokio::task::spawn_blocking(move || client.answer(&challenge)).await;
        let answered = answered.map_err(|error| Symptom::Other(error.to_string()))??;
        let verdict = self.authenticate(answered.message.as_bytes()).await?;
        answered.verify(&verdict)?;
        Ok(answered.iterations)
    }

    async fn choose(&mut self, mechanism: SaslMechanism) -> Result<(), Symptom> {
        // After version 0, messages follow without any frame of Kafka's.
        let version = self.version(Request::SaslHandshake, 1..=1)?;
        let body = Body::default().string(mechanism.name())?;
        let (code, offered) = self
            .ask(Request::SaslHandshake, version, &body, |answer| {
                Ok((answer.int16()?, answer.some_of(MECHANISMS, |answer| answer.text(MECHANISM).map(Some))?.0))
            })
            .await?;
        match code {
            0 => Ok(()),
            UNSUPPORTED_MECHANISM => Err(Symptom::Mechanism { wanted: mechanism.name().to_owned(), offered }),
            code => Err(refused(code, None, None)),
        }
    }

    /// One message of the mechanism, and the server's answer to it.
    async fn authenticate(&mut self, message: &[u8]) -> Result<Vec<u8>, Symptom> {
        let version = self.version(Request::SaslAuthenticate, 0..=1)?;
        let (code, text, answer) = self
            .ask(Request::SaslAuthenticate, version, &Body::secret(message)?, |answer| {
                Ok((answer.int16()?, answer.nullable_text(REASON)?, answer.bytes()?.to_vec()))
            })
            .await?;
        if code == 0 { Ok(answer) } else { Err(refused(code, text, None)) }
    }
}

impl From<ScramError> for Symptom {
    fn from(error: ScramError) -> Self {
        match error {
            // Kafka itself answers with its own code; others may leave it to SCRAM.
            ScramError::Refused(reason) => refused(AUTHENTICATION_FAILED, Some(reason), None),
            ScramError::Iterations { asked, bound } => Self::Iterations { asked, bound },
            ScramError::Malformed(_) | ScramError::Nonce | ScramError::Signature => Self::Other(error.to_string()),
        }
    }
}

/// RFC 4616: no other authorization identity, NUL, name, NUL, password.
fn plain(user: &str, password: &Passphrase) -> Result<Zeroizing<Vec<u8>>, Symptom> {
    if [user, password.expose()].iter().any(|text| text.is_empty() || text.contains('\0')) {
        return Err(Symptom::Other("PLAIN cannot say a user name or password that is empty or holds a NUL".to_owned()));
    }
    let mut message = Zeroizing::new(Vec::with_capacity(2 + user.len() + password.expose().len()));
    for text in [user, password.expose()] {
        message.push(0);
        message.extend_from_slice(text.as_bytes());
    }
    Ok(message)
}

/// 128 bits.
fn nonce() -> Result<String, Symptom> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Symptom::Other("the system has no random numbers".to_owned()))?;
    Ok(hex(&bytes))
}
