//! What a verification of many brokers costs: 100 endpoints as two clients, and what two broken ones add. The deadline is a second.
//!
//!     cargo bench --bench verifying

use std::net::{Ipv4Addr, SocketAddr, TcpStream as Connected};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use countersign::cluster::{AuthorityName, AuthorityOrigin, parse};
use countersign::describe::{Protocol, TlsVersion};
use countersign::diagnosis::{Verdict, Via};
use countersign::issue::{self, Signer};
use countersign::pki::{Certificate, HostPort, Identity, PrivateKey};
use countersign::verify::{self, Agenda, Attendee, Options, Place, Wishes};
use countersign::visit::{Credential, Login, Messenger, Visitor, tls};
use criterion::{Criterion, criterion_group, criterion_main};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse, MetadataResponse, RequestHeader};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

const CLUSTER: &str = "
cluster: bench
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: localhost }]
clients: [{ name: one, kafka: {} }, { name: two, kafka: {} }]
";

const BROKERS: usize = 100;

const DEADLINE: Duration = Duration::from_secs(1);

/// The broker's identity, the two clients', and the authority of all.
struct Made {
    broker: Identity,
    clients: Vec<Identity>,
    root: Certificate,
    now: OffsetDateTime,
}

impl Made {
    fn new() -> Self {
        let entropy = SystemRandom::new();
        // Servers go by the clock.
        #[allow(clippy::disallowed_methods)]
        let now = OffsetDateTime::now_utc();
        let spec = parse(CLUSTER, Path::new("/")).unwrap();
        let AuthorityOrigin::Own(own) = &spec.authority(AuthorityName::Shared).origin else { unreachable!() };
        let made = issue::authority(&spec, AuthorityName::Shared, own, 1, now, &entropy).unwrap();
        let root = made.certificates.root.clone();
        let signer = Signer::new(made.certificates, made.issuing_key.unwrap(), now).unwrap();
        let leaf = |index: usize| {
            let key = PrivateKey::generate(spec.leaf.key).unwrap();
            issue::leaf(&spec.leaf, &spec.holders[index], key, &signer, now, &entropy).unwrap()
        };
        Self { broker: leaf(0), clients: vec![leaf(1), leaf(2)], root, now }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.root.der().to_vec())).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), tls::provider()).build().unwrap();
        let chain = self.broker.chain().certificates().iter().map(|one| CertificateDer::from(one.der().to_vec())).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.broker.key().pkcs8().expose().to_vec()));
        let config = ServerConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
        TlsAcceptor::from(Arc::new(config.with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap()))
    }

    /// Both clients at each of `ports`.
    fn agenda(&self, ports: &[u16]) -> Agenda {
        let place = |port: &u16| Place {
            endpoint: HostPort { host: "localhost".parse().unwrap(), port: *port },
            protocol: Protocol::Kafka,
            vhost: None,
        };
        let visitors = self.clients.iter().enumerate().map(|(index, identity)| {
            let visitor = Visitor {
                name: format!("client {index}"),
                via: Via::Pem,
                credential: Some(Arc::new(Credential::of(identity).unwrap())),
                anchors: vec![self.root.clone()].into(),
                login: Login::Certificate,
                versions: vec![TlsVersion::V1_2, TlsVersion::V1_3],
            };
            let attendee = Attendee { name: visitor.name.clone(), via: Via::Pem, visitor: Ok(visitor), notes: Vec::new() };
            (attendee, ports.iter().map(place).collect())
        });
        verify::agenda_by_name(
            visitors.collect(),
            &Wishes { topic: None, message: false, transactional: false, messenger: Messenger::InProcess },
        )
    }
}

/// A cluster of one broker, which knows the first requests.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    let port = listener.local_addr().unwrap().port();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move { converse(stream, &acceptor, port).await });
    }
}

async fn converse(stream: TcpStream, acceptor: &TlsAcceptor, port: u16) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    loop {
        let mut frame = vec![0; usize::try_from(stream.read_i32().await?).unwrap()];
        stream.read_exact(&mut frame).await?;
        let header = RequestHeader::decode(&mut frame.as_slice(), 1).unwrap();
        let mut answer = header.correlation_id.to_be_bytes().to_vec();
        if header.request_api_key == ApiKey::ApiVersions as i16 {
            let known =
                [ApiKey::ApiVersions, ApiKey::Metadata].map(|key| ApiVersion::default().with_api_key(key as i16).with_max_version(8));
            ApiVersionsResponse::default().with_api_keys(known.to_vec()).encode(&mut answer, 0).unwrap();
        } else {
            let host = StrBytes::from_static_str("localhost");
            let broker = MetadataResponseBroker::default().with_node_id(1.into()).with_host(host).with_port(port.into());
            MetadataResponse::default().with_brokers(vec![broker]).encode(&mut answer, header.request_api_version).unwrap();
        }
        stream.write_i32(i32::try_from(answer.len()).unwrap()).await?;
        stream.write_all(&answer).await?;
        stream.flush().await?;
    }
}

/// A port at which nobody listens, and one where the queue of connections is full, so that the system drops whoever comes.
fn broken(runtime: &Runtime) -> ([u16; 2], impl Sized) {
    let (dead, full) = runtime.block_on(async {
        let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        (dead, socket.listen(1).unwrap())
    });
    let address: SocketAddr = full.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = Connected::connect_timeout(&address, Duration::from_millis(300)) {
        queued.push(stream);
    }
    ([dead.port(), address.port()], (full, queued))
}

fn verifying(criterion: &mut Criterion) {
    let made = Made::new();
    let [servers, clients] = [Runtime::new().unwrap(), Runtime::new().unwrap()];
    let mut ports = Vec::new();
    for _ in 0..BROKERS {
        let listener = servers.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        ports.push(listener.local_addr().unwrap().port());
        servers.spawn(serve(listener, made.acceptor()));
    }
    let (broken, _held) = broken(&servers);
    let with_broken = [&ports[..], &broken].concat();
    let mut group = criterion.benchmark_group("100 brokers as 2 clients");
    group.sample_size(10);
    for (name, ports, probes) in [
        ("visits", &ports, false),
        ("visits and probes", &ports, true),
        ("visits, 2 more are broken", &with_broken, false),
        ("visits and probes, 2 more are broken", &with_broken, true),
    ] {
        let options = Options { now: made.now, deadline: DEADLINE, at_once: 32, probes, fail_fast: false };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let run = verify::run(made.agenda(ports), options, async || std::future::pending().await, |_, _| ());
                let report = clients.block_on(run);
                let passed = report.cells.iter().filter(|cell| matches!(cell.verdict, Verdict::Passed)).count();
                assert_eq!(passed, 2 * BROKERS, "{:?}", report.cells.first());
                report
            });
        });
    }
}

criterion_group!(benches, verifying);
criterion_main!(benches);
