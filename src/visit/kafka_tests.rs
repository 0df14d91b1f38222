//! Conversations with a broker that is made here of another implementation's messages, and with what is none.

use crate::cluster::SaslMechanism;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse, MetadataRequest,
    MetadataResponse, RequestHeader, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
    TopicName, api_versions_response::ApiVersion,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use rustls::{AlertDescription, ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::client::TlsStream;

use super::kafka_wire::{Answer, Malformed};
use super::*;
use crate::diagnosis::{Advertised, Fact, Step, Symptom};
use crate::pbe::hash::Hash;
use crate::pki::Passphrase;

/// A broker that does not answer, but closes.
const CLOSE: Vec<u8> = Vec::new();

/// Answers each request with what `respond` makes of it: api, version and body → body.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut respond: impl FnMut(ApiKey, i16, &mut &[u8]) -> Vec<u8>) {
    while let Ok(length) = stream.read_i32().await {
        let mut frame = vec![0; length as usize];
        stream.read_exact(&mut frame).await.unwrap();
        let mut rest = frame.as_slice();
        let header = RequestHeader::decode(&mut rest, 1).unwrap();
        assert_eq!(header.client_id.as_deref(), Some("countersign"));
        let answer = respond(ApiKey::try_from(header.request_api_key).unwrap(), header.request_api_version, &mut rest);
        assert!(rest.is_empty(), "more was said than asked for");
        if answer.is_empty() {
            break;
        }
        stream.write_i32(answer.len() as i32 + 4).await.unwrap();
        stream.write_i32(header.correlation_id).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    }
    let _ = stream.shutdown().await;
}

fn encoded(message: &impl Encodable, version: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes, version).unwrap();
    bytes
}

/// What a broker of these versions says of itself.
fn offers(of: &[(ApiKey, i16, i16)]) -> Vec<u8> {
    let api = |&(key, min, max)| ApiVersion::default().with_api_key(key as i16).with_min_version(min).with_max_version(max);
    encoded(&ApiVersionsResponse::default().with_api_keys(of.iter().map(api).collect()), 0)
}

const KAFKA_4: [(ApiKey, i16, i16); 6] = [
    (ApiKey::Metadata, 0, 13),
    (ApiKey::SaslHandshake, 0, 1),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::SaslAuthenticate, 0, 2),
    (ApiKey::CreateTopics, 2, 7),
    (ApiKey::DeleteTopics, 1, 6),
];

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Two brokers, a topic with two partitions that the client may read (bit 3) and not write, and one that there is not.
fn cluster(version: i16) -> MetadataResponse {
    let operations = if version >= 8 { 1 << 3 | 1 << 8 } else { i32::MIN };
    let broker = |id: i32, host| MetadataResponseBroker::default().with_node_id(id.into()).with_host(text(host)).with_port(9093 + id);
    let partition = |id: i32, leader: i32| {
        MetadataResponsePartition::default()
            .with_partition_index(id)
            .with_leader_id(leader.into())
            .with_replica_nodes(vec![1.into(), 2.into()])
            .with_isr_nodes(vec![leader.into()])
            .with_offline_replicas(vec![7.into()])
    };
    let topic = |name| MetadataResponseTopic::default().with_name(Some(TopicName(text(name))));
    MetadataResponse::default()
        .with_brokers(vec![broker(1, "one.example"), broker(2, "not a name")])
        .with_cluster_id(Some(text("cuhND_owQ4GvT4BqhUDkTA")))
        .with_controller_id(2.into())
        .with_topics(vec![
            topic("orders").with_partitions(vec![partition(1, 1), partition(0, 2)]).with_topic_authorized_operations(operations),
            topic("missing").with_error_code(3),
        ])
}

async fn greeted(of: &'static [(ApiKey, i16, i16)]) -> KafkaSession<DuplexStream> {
    let (ours, theirs) = duplex(1 << 16);
    tokio::spawn(serve(theirs, move |api, version, rest| match api {
        ApiKey::ApiVersions => offers(of),
        ApiKey::Metadata => {
            let asked = MetadataRequest::decode(rest, version).unwrap();
            assert!(!asked.allow_auto_topic_creation, "a topic would be made");
            assert!(asked.topics.is_some(), "every topic was asked for");
            encoded(&cluster(version), version)
        }
        _ => CLOSE,
    }));
    KafkaSession::greet(ours).await.unwrap()
}

#[tokio::test]
async fn metadata_tells_the_cluster_its_brokers_and_the_topics() {
    let mut session = greeted(&KAFKA_4).await;
    let metadata = session.metadata(&["orders", "missing"]).await.unwrap();
    assert_eq!((metadata.cluster.as_deref(), metadata.controller), (Some("cuhND_owQ4GvT4BqhUDkTA"), Some(2)));
    assert_eq!(metadata.brokers[1], Advertised { id: 2, host: "not a name".to_owned(), port: 9095 });
    let orders = metadata.topic("orders").unwrap();
    assert_eq!(orders.partitions, [Partition { id: 0, leader: Some(2) }, Partition { id: 1, leader: Some(1) }]);
    let operations = orders.operations.unwrap();
    assert!(operations.read() && !operations.write());
    let fault = metadata.topic("missing").unwrap_err();
    assert_eq!(fault.step, Step::Topic);
    assert_eq!(fault.symptom.to_string(), "Kafka's error 3 UNKNOWN_TOPIC_OR_PARTITION for missing");
    // And the same conversation goes on.
    session.until_known("orders", &[2, 1]).await.unwrap();
}

#[tokio::test]
async fn an_older_broker_is_asked_in_the_words_that_it_knows() {
    let mut session = greeted(&[(ApiKey::Metadata, 0, 5), (ApiKey::ApiVersions, 0, 1)]).await;
    let metadata = session.metadata(&["orders"]).await.unwrap();
    assert_eq!(metadata.topic("orders").unwrap().operations, None);
    assert_eq!(metadata.topic("orders").unwrap().partitions.len(), 2);

    let fault = greeted(&[(ApiKey::Metadata, 9, 13)]).await.metadata(&[]).await.unwrap_err();
    assert_eq!(fault.symptom.to_string(), "the broker takes Metadata in the versions 9 to 13, not 4 to 8");
    let fault = greeted(&[(ApiKey::Metadata, 0, 3)]).await.metadata(&[]).await.unwrap_err();
    assert_eq!(fault.symptom.to_string(), "the broker takes Metadata in the versions 0 to 3, not 4 to 8");
}

/// A broker that makes and removes every topic but `taken`.
#[tokio::test]
async fn a_topic_is_made_where_it_is_to_lie_and_removed_by_its_name() {
    let limit = Duration::from_secs(3);
    for newest in [2, 4] {
        let (ours, theirs) = duplex(1 << 16);
        tokio::spawn(serve(theirs, move |api, version, rest| match api {
            ApiKey::ApiVersions => offers(&[(ApiKey::CreateTopics, 0, newest), (ApiKey::DeleteTopics, 0, newest.min(3))]),
            ApiKey::CreateTopics => {
                let asked = CreateTopicsRequest::decode(rest, version).unwrap();
                let topic = &asked.topics[0];
                let lies: Vec<(i32, i32)> = topic.assignments.iter().map(|part| (part.partition_index, *part.broker_ids[0])).collect();
                assert_eq!((lies, asked.timeout_ms, asked.validate_only), (vec![(0, 7), (1, 5)], 3000, false));
                let code = if topic.name.as_str() == "taken" { 36 } else { 0 };
                let answer = CreatableTopicResult::default().with_name(topic.name.clone()).with_error_code(code);
                encoded(&CreateTopicsResponse::default().with_topics(vec![answer]), version)
            }
            ApiKey::DeleteTopics => {
                let asked = DeleteTopicsRequest::decode(rest, version).unwrap();
                let name = asked.topic_names[0].clone();
                let code = if name.as_str() == "taken" { 73 } else { 0 };
                let answer = DeletableTopicResult::default().with_name(Some(name)).with_error_code(code);
                encoded(&DeleteTopicsResponse::default().with_responses(vec![answer]), version)
            }
            _ => CLOSE,
        }));
        let mut session = KafkaSession::greet(ours).await.unwrap();
        session.create_topic("free", &[7, 5], limit).await.unwrap();
        let refused = session.create_topic("taken", &[7, 5], limit).await.unwrap_err();
        assert_eq!(refused.symptom.to_string(), "Kafka's error 36 TOPIC_ALREADY_EXISTS for taken");
        session.delete_topic("free", limit).await.unwrap();
        let refused = session.delete_topic("taken", limit).await.unwrap_err();
        assert_eq!(refused.symptom.to_string(), "Kafka's error 73 TOPIC_DELETION_DISABLED for taken");
    }
}

/// What a server that answers the first request with these bytes, and closes, is taken for.
async fn taken_for(answer: &[u8]) -> Result<KafkaSession<DuplexStream>, Symptom> {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(answer).await.unwrap();
    theirs.shutdown().await.unwrap();
    let greeted = KafkaSession::greet(ours).await;
    greeted.map_err(|fault| {
        assert_eq!(fault.step, Step::Greeting);
        fault.symptom
    })
}

#[tokio::test]
async fn what_is_not_kafka_is_shown_by_its_first_bytes() {
    let shown = |symptom| if let Symptom::OtherProtocol { answer } = symptom { answer } else { panic!("{symptom:?}") };
    assert_eq!(shown(taken_for(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap_err()), b"HTTP/1.1");
    assert_eq!(shown(taken_for(b"AMQP\0\0\x09\x01").await.unwrap_err()), b"AMQP\0\0\x09\x01");
    assert_eq!(shown(taken_for(b"+OK\r\n").await.unwrap_err()), b"+OK\r\n");
    // The right length, and the answer to another question.
    assert_eq!(shown(taken_for(&[0, 0, 0, 10, 0, 0, 0, 9]).await.unwrap_err()), [0, 0, 0, 10, 0, 0, 0, 9]);
    assert!(matches!(taken_for(b"").await, Err(Symptom::Closed)));
    // A frame that breaks off.
    assert!(matches!(taken_for(&[0, 0, 0, 10, 0, 0, 0, 1, 0, 0]).await, Err(Symptom::Closed)));
}

#[tokio::test]
async fn a_refusal_of_the_greeting_has_kafkas_name() {
    let refusal = [&[0, 0, 0, 10, 0, 0, 0, 1][..], &[0, 35, 0, 0, 0, 0]].concat();
    assert_eq!(taken_for(&refusal).await.unwrap_err().to_string(), "Kafka's error 35 UNSUPPORTED_VERSION");
}

/// Two billion brokers are announced, and none comes.
#[test]
fn an_announced_array_takes_no_room() {
    assert_eq!(Answer::new(&[0x7f, 0xff, 0xff, 0xff, 0]).array(Answer::int16), Err(Malformed(4)));
    assert_eq!(Answer::new(&[0xff, 0xff, 0xff, 0xff]).array(Answer::int16), Ok(Vec::new()));
    assert_eq!(Answer::new(&[0xff, 0xff, 0xff, 0xfe]).array(Answer::int16), Err(Malformed(4)));
}

/// Of an answer that is as long as may be, no more is kept than is looked at.
#[tokio::test]
async fn of_brokers_without_number_the_first_thousand_are_kept_and_all_are_counted() {
    let broker = |id: i32| MetadataResponseBroker::default().with_node_id(id.into()).with_host(text(&"h".repeat(300))).with_port(9093);
    let topic = |name: String| MetadataResponseTopic::default().with_name(Some(TopicName(StrBytes::from_string(name))));
    let told = MetadataResponse::default()
        .with_brokers((0..10_000).map(broker).collect())
        .with_topics((0..10_000).map(|nth| topic(format!("topic-{nth}"))).collect());
    let (ours, theirs) = duplex(1 << 16);
    tokio::spawn(serve(theirs, move |api, version, rest| match api {
        ApiKey::ApiVersions => offers(&KAFKA_4),
        _ => {
            MetadataRequest::decode(rest, version).unwrap();
            encoded(&told, version)
        }
    }));
    let metadata = KafkaSession::greet(ours).await.unwrap().metadata(&["topic-7"]).await.unwrap();
    assert_eq!((metadata.told, metadata.brokers.len(), metadata.topics.len()), (10_000, 1000, 1));
    // No name is longer (RFC 1035, 2.3.4).
    assert!(metadata.brokers.iter().all(|broker| broker.host.chars().count() == 256 && broker.host.ends_with('…')));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever comes, and however it is cut short: an answer or a fault, and no other end.
    #[test]
    fn no_answer_is_too_strange(greeting: Vec<u8>, metadata: Vec<u8>, flips in prop::collection::vec((0usize..400, any::<u8>()), 0..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let framed = |id: u8, body: &[u8]| [&(body.len() as i32 + 4).to_be_bytes()[..], &[0, 0, 0, id], body].concat();
            let _ = taken_for(&greeting).await;
            let _ = taken_for(&framed(1, &greeting)).await;
            let mut bent = encoded(&cluster(8), 8);
            for (at, octet) in flips {
                let length = bent.len();
                bent[at % length] ^= octet;
            }
            for answer in [&metadata, &bent] {
                let mut session = taken_for(&[framed(1, &offers(&KAFKA_4)), framed(2, answer)].concat()).await.unwrap();
                let _ = session.metadata(&["orders"]).await;
            }
        });
    }
}

/// TLS between both ends of a pipe, with a certificate that is trusted for itself.
async fn over_tls() -> (TlsStream<DuplexStream>, tokio_rustls::server::TlsStream<DuplexStream>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let client = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let server = ServerConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let server = server.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let (ours, theirs) = duplex(1 << 16);
    let connect = tokio_rustls::TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("localhost").unwrap(), ours);
    let (ours, theirs) = tokio::join!(connect, tokio_rustls::TlsAcceptor::from(Arc::new(server)).accept(theirs));
    (ours.unwrap(), theirs.unwrap())
}

/// A broker's side of a login: what it answers to the messages of the mechanism, one after the other.
type Mechanic = Box<dyn FnMut(&[u8]) -> SaslAuthenticateResponse + Send>;

/// Logs in at a broker that offers `mechanism` alone.
async fn logged_in(mechanism: &'static str, mechanic: Mechanic, login: &Login) -> Result<Option<Fact>, Symptom> {
    logged_in_as(FewIterations::Refused, mechanism, mechanic, login).await
}

async fn logged_in_as(few: FewIterations, mechanism: &'static str, mut mechanic: Mechanic, login: &Login) -> Result<Option<Fact>, Symptom> {
    let (ours, theirs) = over_tls().await;
    tokio::spawn(serve(theirs, move |api, version, rest| match api {
        ApiKey::ApiVersions => offers(&KAFKA_4),
        ApiKey::SaslHandshake => {
            let wanted = SaslHandshakeRequest::decode(rest, version).unwrap().mechanism;
            let code = if wanted.as_str() == mechanism { 0 } else { 33 };
            encoded(&SaslHandshakeResponse::default().with_error_code(code).with_mechanisms(vec![text(mechanism)]), version)
        }
        ApiKey::SaslAuthenticate => {
            let message = SaslAuthenticateRequest::decode(rest, version).unwrap().auth_bytes;
            encoded(&mechanic(&message), version)
        }
        _ => CLOSE,
    }));
    let mut session = KafkaSession::greet(ours).await.unwrap();
    session.login(login, few).await.map_err(|fault| {
        assert_eq!(fault.step, Step::Login);
        fault.symptom
    })
}

fn as_alice(mechanism: SaslMechanism, password: &str) -> Login {
    Login::Password { mechanism, user: "al=i,ce".to_owned().into(), password: Passphrase::new(password.to_owned()) }
}

fn said(message: String) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default().with_auth_bytes(message.into_bytes().into())
}

fn refused(message: &str) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default().with_error_code(58).with_error_message(Some(text(message)))
}

/// Knows `al=i,ce` with `password`, as RFC 5802, 3 has the server do: of the password it only needs what it could have stored.
fn scram(hash: Hash, password: &str) -> Mechanic {
    scram_with(4096, hash, password)
}

fn scram_with(iterations: u32, hash: Hash, password: &str) -> Mechanic {
    let digest = move |data: &[u8]| {
        let algorithm = if hash == Hash::Sha256 { &digest::SHA256 } else { &digest::SHA512 };
        digest::digest(algorithm, data).as_ref().to_vec()
    };
    let mut salted = vec![0; hash.length()];
    hash.pbkdf2(password.as_bytes(), b"salt", iterations.try_into().unwrap(), &mut salted);
    let stored = digest(&hash.hmac(&salted, b"Client Key"));
    let server_key = hash.hmac(&salted, b"Server Key");
    let mut heard = String::new();
    Box::new(move |message| {
        let message = std::str::from_utf8(message).unwrap();
        if let Some(bare) = message.strip_prefix("n,,") {
            assert!(bare.starts_with("n=al=3Di=2Cce,r="), "{bare}");
            let challenge = format!("r={}server,s={},i={iterations}", bare.split_once("r=").unwrap().1, STANDARD.encode("salt"));
            heard = format!("{bare},{challenge}");
            return said(challenge);
        }
        let (unproven, proof) = message.rsplit_once(",p=").unwrap();
        assert!(unproven.starts_with("c=biws,r=") && unproven.ends_with("server"));
        let heard = format!("{heard},{unproven}");
        let signature = hash.hmac(&stored, heard.as_bytes());
        let key: Vec<u8> = STANDARD.decode(proof).unwrap().iter().zip(signature).map(|(proof, signature)| proof ^ signature).collect();
        if digest(&key) == stored {
            said(format!("v={}", STANDARD.encode(hash.hmac(&server_key, heard.as_bytes()))))
        } else {
            refused("invalid credentials with SASL mechanism SCRAM")
        }
    })
}

#[tokio::test]
async fn the_right_password_logs_in_and_a_wrong_one_is_refused_in_kafkas_words() {
    for (mechanism, hash) in [(SaslMechanism::ScramSha256, Hash::Sha256), (SaslMechanism::ScramSha512, Hash::Sha512)] {
        let fact = logged_in(mechanism.name(), scram(hash, "pencil"), &as_alice(mechanism, "pencil")).await.unwrap();
        assert!(
            matches!(fact, Some(Fact::Login { mechanism: named, user: Some(user), .. }) if named == mechanism.name() && user == "al=i,ce")
        );
        let refusal = logged_in(mechanism.name(), scram(hash, "pencil"), &as_alice(mechanism, "pen")).await.unwrap_err();
        assert!(matches!(&refusal, Symptom::Kafka { code: 58, name, message: Some(_), .. } if name == "SASL_AUTHENTICATION_FAILED"));
        assert!(!format!("{refusal:?}").contains("pen"));
    }
    let plain = || -> Mechanic {
        Box::new(|message| if message == b"\0al=i,ce\0pencil" { said(String::new()) } else { refused("Invalid username or password") })
    };
    assert!(logged_in("PLAIN", plain(), &as_alice(SaslMechanism::Plain, "pencil")).await.unwrap().is_some());
    let refusal = logged_in("PLAIN", plain(), &as_alice(SaslMechanism::Plain, "pen")).await.unwrap_err();
    assert_eq!(refusal.to_string(), "Kafka's error 58 SASL_AUTHENTICATION_FAILED: Invalid username or password");
    let refusal = logged_in("PLAIN", plain(), &as_alice(SaslMechanism::Plain, "pen\0cil")).await.unwrap_err();
    assert!(refusal.to_string().contains("holds a NUL"));
}

#[tokio::test]
async fn a_server_that_only_claims_to_know_the_password_is_not_believed() {
    let mut knows = scram(Hash::Sha256, "pencil");
    let forger = move |message: &[u8]| {
        let mut answer = knows(message);
        if answer.auth_bytes.starts_with(b"v=") {
            answer.auth_bytes = format!("v={}", STANDARD.encode([0; 32])).into_bytes().into();
        }
        answer
    };
    let login = as_alice(SaslMechanism::ScramSha256, "pencil");
    let refusal = logged_in("SCRAM-SHA-256", Box::new(forger), &login).await.unwrap_err();
    assert!(refusal.to_string().contains("does not prove that it knows the password"), "{refusal}");
}

/// RFC 7677, 4.
#[tokio::test]
async fn cheap_iterations_get_no_proof_but_of_librdkafka_and_are_known_of() {
    let login = as_alice(SaslMechanism::ScramSha512, "pencil");
    let cheap = || scram_with(100, Hash::Sha512, "pencil");
    let mut first = true;
    let only_first = |mut mechanic: Mechanic| -> Mechanic {
        Box::new(move |message| {
            assert!(std::mem::take(&mut first), "a proof was sent");
            mechanic(message)
        })
    };
    let refusal = logged_in("SCRAM-SHA-512", only_first(cheap()), &login).await.unwrap_err();
    assert!(matches!(refusal, Symptom::Iterations { asked: 100, bound: 4096 }), "{refusal}");
    let fact = logged_in_as(FewIterations::Taken, "SCRAM-SHA-512", cheap(), &login).await.unwrap();
    assert!(matches!(fact, Some(Fact::Login { iterations: Some(100), .. })), "{fact:?}");
}

#[tokio::test]
async fn a_mechanism_that_is_not_offered_is_named_with_those_that_are() {
    let nobody = || -> Mechanic { Box::new(|_| panic!("a credential was sent all the same")) };
    let refusal = logged_in("OAUTHBEARER", nobody(), &as_alice(SaslMechanism::Plain, "pencil")).await.unwrap_err();
    assert_eq!(refusal.to_string(), "the SASL mechanism PLAIN is not among those offered: OAUTHBEARER");
    // And who has no password says nothing at all.
    assert!(logged_in("OAUTHBEARER", nobody(), &Login::Certificate).await.unwrap().is_none());
}

/// The alert that answers the client certificate of TLS 1.3 comes when the first request has long been sent.
#[tokio::test]
async fn an_alert_in_place_of_an_answer_is_the_symptom() {
    let (ours, theirs) = over_tls().await;
    let (mut raw, mut connection) = theirs.into_inner();
    let greeting = tokio::spawn(KafkaSession::greet(ours));
    // rustls sends what alert it wants when it is given what cannot be decrypted.
    connection.read_tls(&mut &[23, 3, 3, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..]).unwrap();
    connection.process_new_packets().unwrap_err();
    let mut alert = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut alert).unwrap();
    }
    raw.write_all(&alert).await.unwrap();
    let fault = greeting.await.unwrap().unwrap_err();
    assert!(matches!(fault.symptom, Symptom::Alert(AlertDescription::BadRecordMac)), "{fault:?}");
}
