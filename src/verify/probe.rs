//! What must not succeed: connections that a broker has to refuse.

use std::io;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::io::AsyncWriteExt;

use super::agenda::{Entry, Target};
use super::impostor;
use crate::describe::CertificateRequest;
use crate::diagnosis::{self, Attempt, Fault, ProbeOutcome, Symptom};
use crate::endpoint::{Answer, Offer, offer};
use crate::pki::{Host, HostPort};
use crate::visit::{Credential, Deadline, Login, Reached, Visitor, greet, refusal, tls};

/// Somebody whom the broker takes, at a broker that answered.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub target: &'a Target,
    pub insider: &'a Visitor,
    /// What the broker asked the insider for.
    pub asked: Option<&'a CertificateRequest>,
    pub reached: &'a Reached,
    pub limit: Duration,
    pub now: OffsetDateTime,
}

/// Why an attempt proves nothing.
struct Inconclusive(String);

/// What an attempt came to: `Err` says how it was refused.
type Tried = Result<Result<(), String>, Inconclusive>;

impl Scene<'_> {
    /// The attempts that must fail at `target`.
    pub fn attempts(target: &Target, insider: &Visitor) -> Vec<Attempt> {
        let by_certificate = match &target.entry {
            Entry::Certificate(_) => true,
            Entry::WithoutCertificate => false,
            Entry::ByLogin => insider.credential.is_some() && matches!(insider.login, Login::Certificate),
        };
        let can = |attempt: &Attempt| match attempt {
            Attempt::NoCertificate => by_certificate,
            Attempt::ForeignAuthority => by_certificate && insider.credential.is_some(),
            Attempt::Expired | Attempt::WrongUsage => forged(target, *attempt).is_some(),
            Attempt::Plaintext | Attempt::OldVersion | Attempt::WeakSuites | Attempt::OtherName => true,
        };
        Attempt::ALL.into_iter().filter(can).collect()
    }

    pub async fn outcome(&self, attempt: Attempt) -> ProbeOutcome {
        let tried = match tokio::time::timeout(self.limit, self.attempt(attempt)).await {
            Ok(tried) => tried,
            // Silence is no refusal: whoever is slow today may let an intruder in tomorrow.
            Err(_) => Err(Inconclusive("neither an answer nor a refusal within the deadline".to_owned())),
        };
        match tried {
            Ok(Ok(())) => {
                let endpoint = self.target.endpoint.to_string();
                ProbeOutcome::LetIn(Box::new(diagnosis::let_in(attempt, self.target.protocol, &endpoint, self.asked)))
            }
            Ok(Err(how)) => ProbeOutcome::Refused { how },
            Err(Inconclusive(cause)) => ProbeOutcome::Unreachable { cause },
        }
    }

    async fn attempt(&self, attempt: Attempt) -> Tried {
        match attempt {
            Attempt::NoCertificate => self.over_tls(None).await,
            Attempt::ForeignAuthority => {
                let insider = self.insider.credential.as_deref();
                let impostor = insider.map(impostor::of).transpose();
                self.over_tls(impostor.map_err(inconclusive)?.as_ref()).await
            }
            Attempt::Expired | Attempt::WrongUsage => self.over_tls(forged(self.target, attempt)).await,
            Attempt::Plaintext => self.in_plain().await,
            Attempt::OldVersion => self.offered(Offer::OldVersion).await,
            Attempt::WeakSuites => self.offered(Offer::WeakSuites).await,
            Attempt::OtherName => self.under_another_name().await,
        }
    }

    fn client(&self, credential: Option<&Credential>) -> Result<tls::Client, Inconclusive> {
        tls::Client::new(credential, self.insider.anchors.clone(), &self.insider.versions, self.now).map_err(inconclusive)
    }

    fn endpoint(&self) -> &HostPort {
        &self.target.endpoint
    }

    /// Whatever is answered over TLS, the handshake did not stop the client.
    async fn over_tls(&self, credential: Option<&Credential>) -> Tried {
        let (client, deadline) = (self.client(credential)?, Deadline::after(self.limit));
        let stream = self.reached.connect(deadline).await.map_err(inconclusive)?;
        let mut stream = match client.handshake(&self.endpoint().host, stream).await {
            Ok(stream) => stream,
            // A server that the insider would not take has refused nobody.
            Err(fault @ Fault { symptom: Symptom::ServerRefused { .. }, .. }) => return Err(inconclusive(fault)),
            Err(fault) => return Ok(Err(fault.symptom.to_string())),
        };
        match greet(&mut stream, self.target.protocol).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => {
                let symptom = tls::symptom(&error);
                let refused = refusal(symptom, &client, self.endpoint(), &self.reached.addresses, deadline).await;
                Ok(Err(refused.symptom.to_string()))
            }
        }
    }

    async fn in_plain(&self) -> Tried {
        /// The record type of an alert (RFC 8446, 5.1): all that a TLS server may say to plain text.
        const ALERT: u8 = 21;
        let mut stream = self.reached.connect(Deadline::after(self.limit)).await.map_err(inconclusive)?;
        let answered = greet(&mut stream, self.target.protocol).await;
        let _ = stream.shutdown().await;
        match (answered, stream.first()) {
            (_, [ALERT, ..]) => Ok(Err("a TLS alert".to_owned())),
            (Ok(_), _) | (Err(_), [_, ..]) => Ok(Ok(())),
            (Err(error), []) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Err("the server closed the connection".to_owned())),
            (Err(error), []) => Ok(Err(error.to_string())),
        }
    }

    /// Asked in a thread of its own: it speaks to the socket directly.
    async fn offered(&self, what: Offer) -> Tried {
        let deadline = Deadline::after(self.limit);
        let address = self.reached.connect(deadline).await.map_err(inconclusive)?.tcp().peer_addr();
        let address = address.map_err(|error| Inconclusive(error.to_string()))?;
        let (host, limit) = (self.endpoint().host.clone(), deadline.left());
        let asked = tokio::task::spawn_blocking(move || offer(address, &host, what, limit)).await;
        match asked {
            Ok(Ok(Answer::Taken(_))) => Ok(Ok(())),
            Ok(Ok(Answer::Refused(how))) => Ok(Err(how)),
            Ok(Err(error)) => Err(Inconclusive(error.to_string())),
            Err(error) => Err(Inconclusive(error.to_string())),
        }
    }

    /// No broker has this name, so every client must refuse every broker that is asked for by it.
    async fn under_another_name(&self) -> Tried {
        /// RFC 6761, 6.4: never anybody's name.
        const NOBODY: &str = "countersign-probe.invalid";
        let client = self.client(self.insider.credential.as_deref())?;
        let stream = self.reached.connect(Deadline::after(self.limit)).await.map_err(inconclusive)?;
        match client.handshake(&Host::Dns(NOBODY.to_owned()), stream).await {
            Ok(_) => Ok(Ok(())),
            Err(Fault { symptom: symptom @ (Symptom::ServerRefused { .. } | Symptom::Alert(_) | Symptom::Closed), .. }) => {
                Ok(Err(symptom.to_string()))
            }
            Err(fault) => Err(inconclusive(fault)),
        }
    }
}

/// A certificate of the right authority that is wrong all the same.
fn forged(target: &Target, attempt: Attempt) -> Option<&Credential> {
    match (&target.entry, attempt) {
        (Entry::Certificate(intruders), Attempt::Expired) => intruders.expired.as_ref(),
        (Entry::Certificate(intruders), Attempt::WrongUsage) => intruders.wrong_usage.as_ref(),
        _ => None,
    }
}

fn inconclusive(fault: Fault) -> Inconclusive {
    Inconclusive(fault.symptom.to_string())
}
