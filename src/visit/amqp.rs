//! What a client does at RabbitMQ once TLS stands: log in, open a virtual host, send one message and get it back.
//!
//! The few methods of AMQP 0-9-1 that this takes are spoken here: a client library hides the server's first words, says the
//! credentials and the virtual host in one go, and follows nested tables as deep as a server sends them.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

use super::amqp_conversation::{Conversation, Start, head};
use super::amqp_frame::{Frame, Outgoing};
use super::amqp_method::Argument::{Capabilities, Long, LongText, NoTable, Octet, Short, ShortText};
use super::amqp_method::{Fields, Method};
use super::amqp_name::own_name;
use super::unique::unique;
use super::{Deadline, Login};
use crate::cluster::RabbitmqAccess;
use crate::cluster::SaslMechanism;
use crate::diagnosis::{Fact, Fault, Step, StepTaken, Symptom};
use crate::pki::{Secret, quotable};

/// The bit of queue.declare for a queue that goes with its connection.
const EXCLUSIVE: u8 = 0b100;
/// The bit of exchange.declare for an exchange that goes when nothing is bound to it any more.
const AUTO_DELETE: u8 = 0b100;
/// Those with which RabbitMQ says why it refuses a login, and that it takes no messages for the time being.
const CAPABILITIES: &[&str] = &["authentication_failure_close", "connection.blocked", "publisher_confirms"];

/// What a client wants of RabbitMQ.
#[derive(Debug, Clone, Copy)]
pub struct Business<'a> {
    pub login: &'a Login,
    pub vhost: &'a str,
    /// What it may do there, where that is known: the names are chosen by it.
    pub access: Option<&'a RabbitmqAccess>,
    pub message: Message,
    pub deadline: Deadline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Send,
    /// The virtual host is opened, and no more.
    Spare,
}

/// Only what is said over TLS may be secret.
impl<S> Conversation<TlsStream<S>>
where
    TlsStream<S>: AsyncRead + AsyncWrite + Unpin,
{
    /// Logs in, opens the virtual host and sends the message. The steps that succeed are added to `steps`. A client that does not
    /// log in has nothing more to do.
    pub async fn run(mut self, start: &Start, business: &Business<'_>, steps: &mut Vec<StepTaken>) -> Result<(), Fault> {
        let until = Instant::now() + business.deadline.left();
        let done = timeout_at(until, self.go(start, business, steps)).await;
        let result = done.unwrap_or_else(|_| {
            let step = steps.last().map_or(Step::Login, |taken| after(taken.fact.step()));
            Err(business.deadline.silence(step))
        });
        // What had to work has worked, or has not; how the connection ends changes neither.
        if steps.iter().any(|taken| taken.fact.step() == Step::Login) {
            let _ = timeout_at(until, self.end()).await;
        }
        result
    }

    async fn go(&mut self, start: &Start, business: &Business<'_>, steps: &mut Vec<StepTaken>) -> Result<(), Fault> {
        let Some((mechanism, user, response)) = credentials(business.login) else { return Ok(()) };
        let mut since = Instant::now();
        let mut taken = |fact| {
            steps.push(StepTaken { took: since.elapsed(), fact });
            since = Instant::now();
        };
        let failed = |step| move |symptom| Fault::new(step, symptom);
        self.login(start, mechanism, &response).await.map_err(failed(Step::Login))?;
        taken(Fact::Login { mechanism: mechanism.to_owned(), user, iterations: None });
        self.open(business.vhost).await.map_err(failed(Step::VirtualHost))?;
        taken(Fact::VirtualHost { name: quotable(business.vhost).into_owned() });
        if business.message == Message::Spare {
            return Ok(());
        }
        let payload = unique();
        let name = own_name(business.access, &unique());
        let result = async {
            self.publish(&name, &payload).await.map_err(failed(Step::Publish))?;
            taken(Fact::Publish { exchange: name.clone() });
            self.get(&name, &payload).await.map_err(failed(Step::Consume))?;
            taken(Fact::Consume { bytes: payload.len() });
            Ok(())
        };
        let result = result.await;
        if !matches!(&result, Err(Fault { symptom: Symptom::Closed | Symptom::Alert(_), .. })) {
            self.remove(&name).await;
        }
        result
    }

    /// Up to Connection.Tune, with which RabbitMQ says that it knows who this is.
    async fn login(&mut self, start: &Start, mechanism: &str, response: &Secret) -> Result<(), Symptom> {
        if !start.mechanisms.iter().any(|offered| offered == mechanism) {
            return Err(Symptom::Mechanism { wanted: mechanism.to_owned(), offered: start.mechanisms.clone() });
        }
        let said = [Capabilities(CAPABILITIES), ShortText(mechanism), LongText(response.expose()), ShortText("en_US")];
        self.say(Outgoing::new().method(0, Method::START_OK, &said)).await?;
        let tune = self.answer(0, Method::TUNE).await?;
        let mut fields = Fields(&tune);
        let (Some(channels), Some(frame)) = (fields.short(), fields.long()) else {
            return Err(Symptom::OtherProtocol { answer: head(&tune) });
        };
        // Its own limits are ours; no heartbeats, for no connection lives that long.
        self.say(Outgoing::new().method(0, Method::TUNE_OK, &[Short(channels), Long(frame), Short(0)])).await
    }

    async fn open(&mut self, vhost: &str) -> Result<(), Symptom> {
        if vhost.len() > usize::from(u8::MAX) {
            return Err(Symptom::Other(format!("the name of a virtual host has at most 255 bytes, this one {}", vhost.len())));
        }
        self.say(Outgoing::new().method(0, Method::OPEN, &[ShortText(vhost), ShortText(""), Octet(0)])).await?;
        self.answer(0, Method::OPEN_OK).await.map(drop)
    }

    /// Through an exchange of its own into a queue of its own. All is said at once: nothing comes between the declaration of the
    /// exchange and the binding with which RabbitMQ removes it.
    async fn publish(&mut self, name: &str, payload: &str) -> Result<(), Symptom> {
        let queue = [Short(0), ShortText(name), Octet(EXCLUSIVE), NoTable];
        let exchange = [Short(0), ShortText(name), ShortText("fanout"), Octet(AUTO_DELETE), NoTable];
        let binding = [Short(0), ShortText(name), ShortText(name), ShortText(""), Octet(0), NoTable];
        let outgoing = Outgoing::new()
            .method(1, Method::CHANNEL_OPEN, &[ShortText("")])
            .method(1, Method::CONFIRM_SELECT, &[Octet(0)])
            .method(1, Method::QUEUE_DECLARE, &queue)
            .method(1, Method::EXCHANGE_DECLARE, &exchange)
            .method(1, Method::QUEUE_BIND, &binding)
            .method(1, Method::PUBLISH, &[Short(0), ShortText(name), ShortText(""), Octet(0)])
            .content(1, payload.as_bytes());
        self.say(outgoing).await?;
        for method in [
            Method::CHANNEL_OPEN_OK,
            Method::CONFIRM_SELECT_OK,
            Method::QUEUE_DECLARE_OK,
            Method::EXCHANGE_DECLARE_OK,
            Method::QUEUE_BIND_OK,
            Method::ACK,
        ] {
            self.answer(1, method).await?;
        }
        Ok(())
    }

    async fn get(&mut self, name: &str, payload: &str) -> Result<(), Symptom> {
        // Acknowledged as it is delivered.
        self.say(Outgoing::new().method(1, Method::GET, &[Short(0), ShortText(name), Octet(1)])).await?;
        self.answer(1, Method::GET_OK).await?;
        let mut body = Vec::new();
        while body.len() < payload.len() {
            match self.frame().await? {
                Frame::Body(bytes) => body.extend(bytes),
                Frame::ContentHeader | Frame::Heartbeat => {}
                Frame::Method { .. } => break,
            }
        }
        if body == payload.as_bytes() { Ok(()) } else { Err(Symptom::OtherBytes) }
    }

    /// On a channel that is surely open. What cannot be removed was not declared, or goes with the connection.
    async fn remove(&mut self, name: &str) {
        let outgoing = Outgoing::new()
            .method(2, Method::CHANNEL_OPEN, &[ShortText("")])
            .method(2, Method::EXCHANGE_DELETE, &[Short(0), ShortText(name), Octet(0)])
            .method(2, Method::QUEUE_DELETE, &[Short(0), ShortText(name), Octet(0)]);
        let _ = self.say(outgoing).await;
        for method in [Method::CHANNEL_OPEN_OK, Method::EXCHANGE_DELETE_OK, Method::QUEUE_DELETE_OK] {
            if self.answer(2, method).await.is_err() {
                return;
            }
        }
    }

    async fn end(mut self) -> Result<(), Symptom> {
        let close = [Short(200), ShortText("done"), Short(0), Short(0)];
        self.say(Outgoing::new().method(0, Method::CLOSE, &close)).await?;
        self.answer(0, Method::CLOSE_OK).await?;
        self.shutdown().await
    }
}

/// The mechanism, the user's name and what is said with the mechanism.
fn credentials(login: &Login) -> Option<(&'static str, Option<String>, Secret)> {
    match login {
        Login::Anonymous => None,
        Login::Certificate => Some(("EXTERNAL", None, Secret::new(Vec::new()))),
        Login::Password { mechanism: SaslMechanism::Plain, user, password } => {
            let response = Secret::new([b"\0", user.meant().as_bytes(), b"\0", password.expose().as_bytes()].concat());
            Some((SaslMechanism::Plain.name(), Some(user.to_string()), response))
        }
        // RabbitMQ has none of them: it does not offer them, and the client says nothing.
        Login::Password { mechanism: other @ (SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512), user, .. } => {
            Some((other.name(), Some(user.to_string()), Secret::new(Vec::new())))
        }
    }
}

/// The step that comes after one that succeeded.
const fn after(step: Step) -> Step {
    match step {
        Step::Login => Step::VirtualHost,
        Step::VirtualHost => Step::Publish,
        Step::Publish | Step::Consume => Step::Consume,
        Step::Files | Step::Resolve | Step::Connect | Step::Handshake | Step::Acceptance | Step::Greeting => Step::Login,
        Step::Metadata | Step::Topic | Step::Settings | Step::Produce => Step::Login,
    }
}
