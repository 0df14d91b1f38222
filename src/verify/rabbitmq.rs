//! One message to a RabbitMQ node and back, by lapin over EXTERNAL.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::tcp::AsyncTcpStream;
use lapin::types::{FieldTable, ShortString};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo, SASLMechanism};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties, ExchangeKind};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use super::{DEADLINE, Fault, Step, kafka, within};
use crate::cluster::RabbitmqAccess;

/// What lapin runs on: tokio, except that its stream is one that TLS is already on. lapin itself must not connect: without a TLS
/// feature of its own it takes `amqps` for plain TCP.
#[derive(Debug, Clone)]
struct TlsReactor(Tokio);

impl Reactor for TlsReactor {
    type TcpStream = Compat<TlsStream<TcpStream>>;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: io::Read + io::Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl futures_io::AsyncRead + futures_io::AsyncWrite + Send + Unpin + 'static> {
        self.0.register(socket)
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl futures_util::Stream<Item = std::time::Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(&self, _: SocketAddr) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

/// Logs in by the certificate, publishes with confirm through an exchange of its own into a queue of its own, consumes the same
/// bytes and removes both.
pub async fn round_trip(stream: TlsStream<TcpStream>, access: &RabbitmqAccess) -> Result<(), Fault> {
    let connection = within(Step::Login, login(stream, &access.vhost)).await?;
    let result = within(Step::Consume, message(&connection, &own_name(access))).await;
    // What had to work has worked, or has not; how the connection ends changes neither.
    let _ = tokio::time::timeout(DEADLINE, connection.close(200, "done".into())).await;
    result
}

/// A new name that the client may configure, write and read, where one is known.
fn own_name(access: &RabbitmqAccess) -> String {
    let beginnings = [&access.configure, &access.write, &access.read].map(|pattern| literal_beginning(pattern));
    let longest = beginnings.into_iter().max_by_key(String::len).unwrap_or_default();
    format!("{longest}countersign-verify-{}", kafka::unique())
}

/// What a name must begin with to match `pattern`, for patterns that ask for no more: `.*`, `^orders\..*`, `^orders-`. Of others
/// nothing is known, and RabbitMQ says what it thinks of the name.
fn literal_beginning(pattern: &str) -> String {
    let open = pattern.strip_prefix('^').unwrap_or(pattern);
    let open = [".*$", ".*", ".+$", ".+"].iter().find_map(|end| open.strip_suffix(end)).unwrap_or(open);
    let literal = open.replace("\\.", ".");
    let plain = literal.chars().all(|character| character.is_ascii_alphanumeric() || "-_.:/".contains(character));
    if plain { literal } else { String::new() }
}

async fn login(stream: TlsStream<TcpStream>, vhost: &str) -> Result<Connection, Fault> {
    let uri = AMQPUri {
        scheme: AMQPScheme::AMQPS,
        authority: AMQPAuthority { userinfo: AMQPUserInfo::default(), host: String::new(), port: 0 },
        vhost: vhost.to_owned(),
        query: AMQPQueryString { auth_mechanism: Some(SASLMechanism::External), ..AMQPQueryString::default() },
    };
    let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), TlsReactor(Tokio::current())));
    let stream = Mutex::new(Some(stream.compat()));
    let take = async move |_, _| {
        let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        stream.map(AsyncTcpStream::Plain).ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into())
    };
    let connected = Connection::connector(uri, runtime, take, ConnectionProperties::default()).await;
    connected.map_err(|error| Fault::new(Step::Login, error))
}

async fn message(connection: &Connection, name: &str) -> Result<(), Fault> {
    let failed = |step| move |error: lapin::Error| Fault::new(step, error);
    let (none, name) = (FieldTable::default, ShortString::from(name));
    let channel = connection.create_channel().await.map_err(failed(Step::Login))?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(failed(Step::Publish))?;
    // Gone with the connection at the latest: the queue because it is exclusive, then the exchange because nothing is bound to it.
    let queue = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let exchange = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    channel.queue_declare(name.clone(), queue, none()).await.map_err(failed(Step::Publish))?;
    channel.exchange_declare(name.clone(), ExchangeKind::Fanout, exchange, none()).await.map_err(failed(Step::Publish))?;
    let bound = channel.queue_bind(name.clone(), name.clone(), "".into(), QueueBindOptions::default(), none());
    bound.await.map_err(failed(Step::Publish))?;
    let payload = kafka::unique();
    let confirmation = channel
        .basic_publish(name.clone(), "".into(), BasicPublishOptions::default(), payload.as_bytes(), BasicProperties::default())
        .await
        .map_err(failed(Step::Publish))?
        .await
        .map_err(failed(Step::Publish))?;
    if !matches!(confirmation, Confirmation::Ack(None)) {
        return Err(Fault::new(Step::Publish, "the message was not confirmed"));
    }
    let consumer = channel.basic_consume(name.clone(), "countersign".into(), BasicConsumeOptions::default(), none());
    let mut consumer = consumer.await.map_err(failed(Step::Consume))?;
    let delivery = match consumer.next().await {
        Some(Ok(delivery)) => delivery,
        Some(Err(error)) => return Err(Fault::new(Step::Consume, error)),
        None => return Err(Fault::new(Step::Consume, "the server ended the consumer")),
    };
    if delivery.data != payload.as_bytes() {
        return Err(Fault::new(Step::Consume, "other bytes came back than were published"));
    }
    delivery.ack(BasicAckOptions::default()).await.map_err(failed(Step::Consume))?;
    channel.exchange_delete(name.clone(), ExchangeDeleteOptions::default()).await.map_err(failed(Step::Consume))?;
    channel.queue_delete(name, QueueDeleteOptions::default()).await.map_err(failed(Step::Consume))?;
    // A channel that is dropped closes by itself, and closing the connection at that moment fails.
    channel.close(200, "done".into()).await.map_err(failed(Step::Consume))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of the name that a client with these permissions uses.
    fn beginning(configure: &str, write: &str, read: &str) -> String {
        let [configure, write, read] = [configure, write, read].map(str::to_owned);
        let access = RabbitmqAccess { vhost: "/".to_owned(), configure, write, read, tags: Vec::new() };
        own_name(&access).split_once("countersign-verify-").unwrap().0.to_owned()
    }

    #[test]
    fn a_name_is_found_that_the_permissions_allow() {
        assert_eq!(beginning(".*", ".*", ".*"), "");
        assert_eq!(beginning(r"^billing\..*", ".*", ".*"), "billing.");
        assert_eq!(beginning("^orders-", "^orders-.*$", "^orders.+"), "orders-");
    }

    #[test]
    fn where_none_is_known_rabbitmq_is_asked_all_the_same() {
        for configure in ["", "^$", "^orders$", "^(a|b)-.*", r"^\d+", "[a-z]+"] {
            assert_eq!(beginning(configure, ".*", ".*"), "", "{configure:?}");
        }
    }
}
