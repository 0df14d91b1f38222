//! A server that has a broker's certificate and says whatever it likes, and how long and with how much memory countersign listens.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse, MetadataResponse, api_versions_response::ApiVersion};
use kafka_protocol::protocol::{Encodable, StrBytes};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Ran, Workspace};

/// The server's end of a connection.
pub type Stream = StreamOwned<ServerConnection, TcpStream>;

/// A cluster whose broker is called localhost, and a client of it that shows its certificate.
pub const CLUSTER: &str = "
cluster: tests
kafka:
  version: 3.9
  listeners: { BROKER: { port: 29093, auth: mtls }, CONTROLLER: { port: 29095, auth: mtls } }
  brokers: [{ name: broker-1, host: localhost }]
clients: [{ name: orders, kafka: { write: [orders] } }]
";

/// Treats everyone who connects like this; the port. It ends with the test.
pub fn serve(workspace: &Workspace, manner: impl Fn(&mut Stream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let file = |name: &str| fs::read(workspace.path(format!("pki/kafka/broker-1/current/{name}"))).unwrap();
    let chain = CertificateDer::pem_slice_iter(&file("tls.crt")).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(&file("tls.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let manner = Arc::new(manner);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, manner) = (config.clone(), manner.clone());
            std::thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                // Who leaves has heard enough.
                let _ = manner(&mut StreamOwned::new(connection, stream));
            });
        }
    });
    port
}

/// Answers requests of Kafka with what `answer` makes of each: api and version → body.
pub fn kafka(stream: &mut Stream, answer: impl Fn(ApiKey, i16) -> Vec<u8>) -> io::Result<()> {
    requests(stream, |api, version, _| answer(api, version))
}

/// The same, of requests that are looked into: the whole of each, from its header on.
pub fn requests(stream: &mut Stream, answer: impl Fn(ApiKey, i16, &[u8]) -> Vec<u8>) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut request)?;
        let number = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
        let body = answer(ApiKey::try_from(number(0)).unwrap(), number(2), &request);
        stream.write_all(&[&(body.len() as u32 + 4).to_be_bytes(), &request[4..8], &body].concat())?;
    }
}

/// What a broker says that takes ApiVersions, Metadata and SCRAM.
pub fn api_versions() -> Vec<u8> {
    let apis = [(ApiKey::ApiVersions, 0), (ApiKey::Metadata, 8), (ApiKey::SaslHandshake, 1), (ApiKey::SaslAuthenticate, 1)];
    let api = |(key, max)| ApiVersion::default().with_api_key(key as i16).with_max_version(max);
    encoded(&ApiVersionsResponse::default().with_api_keys(apis.map(api).to_vec()), 0)
}

/// These brokers, by id, host and port.
pub fn metadata(brokers: impl Iterator<Item = (i32, String, u16)>, version: i16) -> Vec<u8> {
    let broker = |(id, host, port): (i32, String, u16)| {
        MetadataResponseBroker::default().with_node_id(id.into()).with_host(StrBytes::from_string(host)).with_port(port.into())
    };
    encoded(&MetadataResponse::default().with_brokers(brokers.map(broker).collect()), version)
}

pub fn encoded(message: &impl Encodable, version: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes, version).unwrap();
    bytes
}

/// Runs it to its end, for which it has a minute; with the most memory that it held, in MiB. `meanwhile` is called over and over.
pub fn watched(command: &mut Command, meanwhile: impl Fn(u32, Duration)) -> (Ran, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (begun, mut most) = (Instant::now(), 0);
    let status = format!("/proc/{}/status", child.id());
    let reading =
        [Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>, Box::new(child.stderr.take().unwrap())].map(|mut from| {
            std::thread::spawn(move || {
                let mut text = String::new();
                from.read_to_string(&mut text).unwrap();
                text
            })
        });
    let code = loop {
        let kept = fs::read_to_string(&status).unwrap_or_default();
        let kept = kept.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(kept.unwrap_or(0_u64) / 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it does not end");
        }
        meanwhile(child.id(), begun.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    };
    let [stdout, stderr] = reading.map(|reading| reading.join().unwrap());
    (Ran { code, stdout, stderr }, most)
}
