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
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::tcp::AsyncTcpStream;
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo, SASLMechanism};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use super::{Fault, Step, kafka};

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

/// Logs in by the certificate, publishes with confirm into a queue of its own, consumes the same bytes and removes the queue.
pub async fn round_trip(stream: TlsStream<TcpStream>, vhost: &str) -> Result<(), Fault> {
    let connection = login(stream, vhost).await?;
    let result = message(&connection).await;
    // What had to work has worked, or has not; how the connection ends changes neither.
    let _ = connection.close(200, "done".into()).await;
    result
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

async fn message(connection: &Connection) -> Result<(), Fault> {
    let failed = |step| move |error: lapin::Error| Fault::new(step, error);
    let channel = connection.create_channel().await.map_err(failed(Step::Login))?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(failed(Step::Publish))?;
    // Named by the server; gone with the connection at the latest.
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), options, FieldTable::default()).await.map_err(failed(Step::Publish))?;
    let payload = kafka::unique();
    let confirmation = channel
        .basic_publish("".into(), queue.name().clone(), BasicPublishOptions::default(), payload.as_bytes(), BasicProperties::default())
        .await
        .map_err(failed(Step::Publish))?
        .await
        .map_err(failed(Step::Publish))?;
    if !matches!(confirmation, Confirmation::Ack(None)) {
        return Err(Fault::new(Step::Publish, "the message was not confirmed"));
    }
    let mut consumer = channel
        .basic_consume(queue.name().clone(), "countersign".into(), BasicConsumeOptions::default(), FieldTable::default())
        .await
        .map_err(failed(Step::Consume))?;
    let delivery = match consumer.next().await {
        Some(Ok(delivery)) => delivery,
        Some(Err(error)) => return Err(Fault::new(Step::Consume, error)),
        None => return Err(Fault::new(Step::Consume, "the server ended the consumer")),
    };
    if delivery.data != payload.as_bytes() {
        return Err(Fault::new(Step::Consume, "other bytes came back than were published"));
    }
    delivery.ack(BasicAckOptions::default()).await.map_err(failed(Step::Consume))?;
    channel.queue_delete(queue.name().clone(), QueueDeleteOptions::default()).await.map_err(failed(Step::Consume))?;
    Ok(())
}
