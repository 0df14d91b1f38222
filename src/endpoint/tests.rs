//! Observed are servers of rustls, and listeners that are no TLS servers at all.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion, version};

use super::flight::Flight;
use super::*;

const PATIENT: Duration = Duration::from_secs(20);

/// A leaf for localhost below a root, and whose certificates are asked for.
struct Authority {
    root: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let named = |name: &str| {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let mut root = named("root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let [root_key, key] = [(); 2].map(|()| KeyPair::generate().unwrap());
        let leaf = named("leaf").signed_by(&key, &Issuer::from_params(&root, &root_key)).unwrap();
        Self { root: root.self_signed(&root_key).unwrap().der().clone(), leaf: leaf.der().clone(), key: key.serialize_der() }
    }

    /// A server that asks for certificates of this authority.
    fn server(&self, versions: &[&'static SupportedProtocolVersion]) -> HostPort {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![self.leaf.clone(), self.root.clone()], PrivatePkcs8KeyDer::from(self.key.clone()).into())
            .unwrap();
        let config = Arc::new(config);
        listen(move |mut stream| {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let _ = connection.complete_io(&mut stream);
            assert!(connection.is_handshaking(), "no handshake is ever completed");
        })
    }
}

/// Treats each connection so, on a thread of its own.
fn listen(treat: impl Fn(TcpStream) + Send + Sync + 'static) -> HostPort {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let treat = Arc::new(treat);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let treat = treat.clone();
            std::thread::spawn(move || treat(stream));
        }
    });
    format!("localhost:{port}").parse().unwrap()
}

/// Answers the first words with `answer`, and closes.
fn answering(answer: &'static [u8]) -> HostPort {
    listen(move |mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer).and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

fn refusal(endpoint: &HostPort) -> String {
    let said = observe(endpoint, None, Duration::from_secs(2)).unwrap_err().to_string();
    said.replace(&endpoint.to_string(), "it")
}

#[test]
fn a_server_shows_its_chain_and_whom_it_asks_for() {
    let authority = Authority::new();
    for (versions, names) in [
        (&[&version::TLS13, &version::TLS12][..], &[TlsVersion::V1_3, TlsVersion::V1_2][..]),
        (&[&version::TLS13], &[TlsVersion::V1_3]),
        (&[&version::TLS12], &[TlsVersion::V1_2]),
    ] {
        let seen = observe(&authority.server(versions), None, PATIENT).unwrap();
        assert_eq!(seen.accepted.iter().map(|accepted| accepted.version).collect::<Vec<_>>(), names);
        assert_eq!(seen.served.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(), ["CN=leaf", "CN=root"]);
        let request = seen.client_certificate.unwrap();
        assert_eq!(request.issuers, ["CN=root"]);
        assert!(request.signature_schemes.contains(&"ecdsa_secp256r1_sha256".to_owned()), "{request:?}");
        assert!(seen.also_served.is_empty());
    }
}

/// rustls' own list for a P-256 certificate.
#[test]
fn every_cipher_suite_that_the_server_takes_is_found() {
    let seen = observe(&Authority::new().server(&[&version::TLS13, &version::TLS12]), None, PATIENT).unwrap();
    let suites: Vec<Vec<&str>> =
        seen.accepted.iter().map(|accepted| accepted.cipher_suites.iter().map(|suite| suite.name.as_str()).collect()).collect();
    let mut expected = [Vec::new(), Vec::new()];
    for suite in rustls::crypto::aws_lc_rs::DEFAULT_CIPHER_SUITES {
        let name = suite.suite().as_str().unwrap();
        match suite.version().version {
            rustls::ProtocolVersion::TLSv1_3 => expected[0].push(name.replace("TLS13_", "TLS_")),
            _ if name.contains("_ECDSA_") => expected[1].push(name.to_owned()),
            _ => {}
        }
    }
    for (found, mut expected) in suites.into_iter().zip(expected) {
        let mut found = found;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    assert!(seen.accepted.iter().all(|accepted| accepted.group.is_some() && accepted.cut_short.is_none()));
}

#[test]
fn whoever_speaks_in_plain_text_is_named() {
    assert_eq!(refusal(&answering(b"AMQP\0\0\x09\x01")), "it speaks AMQP in plain text, without TLS");
    assert_eq!(refusal(&answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")), "it speaks HTTP in plain text, without TLS");
    assert_eq!(refusal(&answering(b"\x99\x98garbage")), "it answers with \"\\\\x99\\\\x98garbag\", which is no TLS");
}

/// Kafka closes upon a ClientHello, and answers its own greeting.
#[test]
fn a_plaintext_listener_of_kafka_is_known_by_its_answer() {
    let kafka = listen(|mut stream| {
        let mut words = [0; 14];
        if stream.read_exact(&mut words).is_ok() && words == [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff] {
            let _ = stream.write_all(&[0, 0, 0, 6, 0, 0, 0, 1, 0, 0]);
        }
    });
    assert_eq!(refusal(&kafka), "it speaks Kafka in plain text, without TLS");
}

#[test]
fn whoever_says_nothing_is_not_waited_for() {
    let silent = listen(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert!(refusal(&silent).starts_with("it takes the connection and then says nothing for 2 s"));
}

/// One byte now and then is no answer either.
#[test]
fn whoever_dawdles_is_not_waited_for() {
    let slow = listen(|mut stream| {
        while stream.write_all(&[22]).is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    assert!(observe(&slow, None, Duration::from_secs(1)).is_err());
}

#[test]
fn a_refusal_is_told_with_the_servers_alert() {
    let said = refusal(&answering(b"\x15\x03\x03\x00\x02\x02\x28"));
    assert!(said.starts_with("it takes no version of TLS: TLSv1.3: alert handshake_failure; TLSv1.2:"), "{said}");
}

#[test]
fn nobody_there_and_no_such_name_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("127.0.0.1:{}", closed.port()).parse().unwrap();
    assert!(matches!(observe(&nobody, None, PATIENT), Err(ObserveError::Unreachable { .. })));
    let nowhere = "no-such-host.invalid:9093".parse().unwrap();
    assert!(matches!(observe(&nowhere, None, PATIENT), Err(ObserveError::Unknown { .. })));
}

proptest! {
    /// Within records and without, whatever a server writes.
    #[test]
    fn no_answer_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in 0u8..25) {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        let message = [&[22, 3, 3, length[0], length[1]], bytes.as_slice()].concat();
        let handshake = [&[22, 3, 3], (u16::try_from(bytes.len()).unwrap() + 4).to_be_bytes().as_slice(), &[kind, 0], &length, &bytes].concat();
        for answer in [bytes, message, handshake] {
            let _ = Flight::read(&mut answer.as_slice());
        }
    }
}
