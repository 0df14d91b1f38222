//! A client of RabbitMQ: said in the words of `countersign verify`, of lapin and of openssl.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::tcp::AsyncTcpStream;
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo, SASLMechanism};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use regex::Regex;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// How long another client may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// Its files are PEM, in one directory.
#[derive(Debug, Clone)]
pub struct AmqpClient {
    /// Key and chain; `None` for a client without a certificate.
    pub shown: Option<&'static str>,
    pub trusted: &'static str,
    /// By PLAIN instead of EXTERNAL: the user, and the file with its password.
    pub login: Option<(&'static str, &'static str)>,
    pub vhost: &'static str,
    /// `1.2` or `1.3` alone.
    pub version: Option<&'static str>,
}

/// Where a client goes.
#[derive(Debug, Clone)]
pub struct Address {
    pub host: &'static str,
    pub port: u16,
}

impl AmqpClient {
    /// `verify` for it.
    pub fn verify(&self, to: &Address) -> Vec<String> {
        let vhost = self.vhost.replace('/', "%2F");
        let url = format!("amqps://{}:{}/{vhost}", to.host, to.port);
        let mut arguments = vec!["verify", "--amqp", &url, "--trust", self.trusted, "--format", "json"];
        if let Some(shown) = self.shown {
            arguments.extend(["--as", shown]);
        }
        if let Some((user, file)) = self.login {
            arguments.extend(["--mechanism", "plain", "--user", user, "--user-password-file", file]);
        }
        if let Some(version) = self.version {
            arguments.extend(["--tls", version]);
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    /// `openssl s_client` for it, as far as TLS goes.
    pub fn openssl(&self, directory: &Path, to: &Address) -> Command {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(directory).args(["s_client", "-connect", &format!("{}:{}", to.host, to.port), "-verify_return_error"]);
        let is_address = to.host.parse::<std::net::IpAddr>().is_ok();
        openssl.args([if is_address { "-verify_ip" } else { "-verify_hostname" }, to.host, "-CAfile", self.trusted]);
        if let Some(shown) = self.shown {
            openssl.args(["-cert", shown, "-cert_chain", shown, "-key", shown, "-pass", "pass:"]);
        }
        match self.version {
            Some("1.2") => drop(openssl.arg("-tls1_2")),
            Some("1.3") => drop(openssl.arg("-tls1_3")),
            _ => {}
        }
        openssl
    }

    /// What lapin says, over rustls: a message there and back.
    pub fn lapin(&self, directory: &Path, to: &Address) -> String {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let said = runtime.block_on(async {
            let done = tokio::time::timeout(PATIENCE, self.message_by_lapin(directory, to)).await;
            done.unwrap_or_else(|_| Err(format!("nothing within {} s", PATIENCE.as_secs())))
        });
        runtime.shutdown_background();
        said.map_or_else(|error| without_moments(&error), |()| "nothing: it works".to_owned())
    }

    async fn message_by_lapin(&self, directory: &Path, to: &Address) -> Result<(), String> {
        let config = self.rustls(directory).map_err(|error| error.to_string())?;
        let tcp = TcpStream::connect((to.host, to.port)).await.map_err(|error| error.to_string())?;
        let name = ServerName::try_from(to.host).map_err(|error| error.to_string())?;
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| error.to_string())?;
        let connection = self.login_by_lapin(directory, tls).await.map_err(|error| error.to_string())?;
        by_default_exchange(&connection).await.map_err(|error| error.to_string())
    }

    /// TLS as it would speak it.
    pub fn rustls(&self, directory: &Path) -> Result<ClientConfig, Box<dyn std::error::Error>> {
        let at = |file: &str| -> PathBuf { directory.join(file) };
        let mut roots = RootCertStore::empty();
        for anchor in CertificateDer::pem_file_iter(at(self.trusted))? {
            roots.add(anchor?)?;
        }
        let versions: &[_] = match self.version {
            Some("1.2") => &[&rustls::version::TLS12],
            Some("1.3") => &[&rustls::version::TLS13],
            _ => rustls::ALL_VERSIONS,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions)?.with_root_certificates(roots);
        let Some(shown) = self.shown else { return Ok(builder.with_no_client_auth()) };
        let chain = CertificateDer::pem_file_iter(at(shown))?.collect::<Result<_, _>>()?;
        Ok(builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(at(shown))?)?)
    }

    async fn login_by_lapin(&self, directory: &Path, tls: TlsStream<TcpStream>) -> lapin::Result<Connection> {
        let (userinfo, mechanism) = match self.login {
            Some((user, file)) => {
                let password = std::fs::read_to_string(directory.join(file)).unwrap().trim_end().to_owned();
                (AMQPUserInfo { username: user.to_owned(), password }, SASLMechanism::Plain)
            }
            None => (AMQPUserInfo::default(), SASLMechanism::External),
        };
        let uri = AMQPUri {
            scheme: AMQPScheme::AMQPS,
            authority: AMQPAuthority { userinfo, host: String::new(), port: 0 },
            vhost: self.vhost.to_owned(),
            query: AMQPQueryString { auth_mechanism: Some(mechanism), ..AMQPQueryString::default() },
        };
        let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), TlsReactor(Tokio::current())));
        let tls = Mutex::new(Some(tls.compat()));
        let take = async move |_, _| {
            let tls = tls.lock().unwrap().take();
            tls.map(AsyncTcpStream::Plain).ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into())
        };
        Connection::connector(uri, runtime, take, ConnectionProperties::default()).await
    }
}

/// Without what is another one each time: when it was, and what RabbitMQ called the queue.
fn without_moments(error: &str) -> String {
    let error = error.split(": verification time").next().unwrap();
    Regex::new("amq\\.gen-[A-Za-z0-9_-]+").unwrap().replace(error, "amq.gen-…").into_owned()
}

async fn by_default_exchange(connection: &Connection) -> lapin::Result<()> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let exclusive = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), exclusive, FieldTable::default()).await?.name().clone();
    let published = channel.basic_publish("".into(), queue.clone(), BasicPublishOptions::default(), b"others", BasicProperties::default());
    published.await?.await?;
    channel.basic_get(queue, BasicGetOptions { no_ack: true }).await.map(drop)
}

/// lapin on a stream that TLS is already on.
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
