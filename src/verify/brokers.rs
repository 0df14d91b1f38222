//! Against running brokers: every identity at every advertised address that it would use.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::stream::{self, StreamExt};

use super::kafka::KafkaClient;
use super::party::{self, Party, Via};
use super::probe::{self, Protocol};
use super::{AT_ONCE, Attempt, Cell, DEADLINE, Facts, Fault, Probe, Step, Verdict, VerifyReport, milliseconds, rabbitmq, tls, within};
use crate::cluster::{Client, ClusterSpec, Holder, HolderId, KafkaSpec, ListenerName, Role};
use crate::inventory::HolderFiles;
use crate::pki::HostPort;

/// An address of a node.
struct Target<'a> {
    holder: &'a Holder,
    /// `node.id` for Kafka.
    node_id: i32,
    address: HostPort,
    protocol: Protocol,
    /// Whether it demands a client certificate.
    mutual: bool,
    /// `None` for RabbitMQ.
    listener: Option<&'a ListenerName>,
}

/// Someone who connects.
struct Visitor<'a> {
    holder: &'a Holder,
    party: Result<Party, Fault>,
}

/// Verifies as each of `identities` against every node of the cluster. `everyone` are all holders' files: the topic for the test
/// is made, and removed again, by the first Kafka node among them.
pub async fn brokers(
    spec: &ClusterSpec,
    everyone: &[(&Holder, HolderFiles)],
    identities: &BTreeSet<HolderId>,
    progress: impl Fn(usize),
) -> VerifyReport {
    let visitors: Vec<Visitor<'_>> = everyone
        .iter()
        .filter(|(holder, _)| identities.contains(&holder.id))
        .map(|(holder, files)| Visitor { holder, party: party::from_pem(files) })
        .collect();
    let targets = targets(spec);
    let shown: Vec<(&Visitor<'_>, &Target<'_>)> = visitors
        .iter()
        .flat_map(|visitor| targets.iter().filter(|target| meets(spec, visitor.holder, target)).map(move |target| (visitor, target)))
        .collect();
    let mut cells: Vec<Cell> = stream::iter(shown)
        .map(|(visitor, target)| async {
            let cell = visit(visitor, target).await;
            progress(1);
            cell
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    if let Some(kafka) = &spec.kafka {
        messages(kafka, everyone, &visitors, &targets, &mut cells).await;
    }
    VerifyReport { cells, probes: probes(everyone, &targets).await }
}

fn targets(spec: &ClusterSpec) -> Vec<Target<'_>> {
    let mutual = |name: &ListenerName| spec.kafka.as_ref().is_some_and(|kafka| kafka.asks_certificates(name));
    let kafka = spec.kafka_nodes().flat_map(|(holder, node)| {
        node.endpoints.iter().map(move |endpoint| Target {
            holder,
            node_id: i32::try_from(node.node_id).unwrap_or(i32::MAX),
            address: endpoint.advertised.clone(),
            protocol: Protocol::Kafka,
            mutual: mutual(&endpoint.listener),
            listener: Some(&endpoint.listener),
        })
    });
    let rabbitmq = spec.rabbitmq_nodes().map(|(holder, node)| Target {
        holder,
        node_id: 0,
        address: node.address(),
        protocol: Protocol::Amqp,
        mutual: true,
        listener: None,
    });
    kafka.chain(rabbitmq).collect()
}

/// Clients use the clients' listener and RabbitMQ as far as they have access; Kafka nodes use each other's other listeners.
fn meets(spec: &ClusterSpec, visitor: &Holder, target: &Target<'_>) -> bool {
    match (&visitor.role, target.listener, &spec.kafka) {
        (Role::Client(Client { kafka: Some(_), .. }), Some(listener), Some(kafka)) => listener == kafka.listener_for(visitor),
        (Role::Client(Client { rabbitmq: Some(_), .. }), None, _) => true,
        (Role::Kafka(node), Some(listener), Some(kafka)) => {
            *listener == kafka.controller || (*listener == kafka.inter_broker && node.roles.is_broker())
        }
        _ => false,
    }
}

async fn visit(visitor: &Visitor<'_>, target: &Target<'_>) -> Cell {
    let started = Instant::now();
    let verdict = match try_visit(visitor, target).await {
        Ok(facts) => Verdict::Passed(Facts { milliseconds: milliseconds(started), ..facts }),
        Err(fault) => Verdict::Failed(fault),
    };
    Cell {
        identity: visitor.holder.id.to_string(),
        target: target.holder.id.to_string(),
        endpoint: target.address.to_string(),
        via: Via::Pem,
        verdict,
    }
}

async fn try_visit(visitor: &Visitor<'_>, target: &Target<'_>) -> Result<Facts, Fault> {
    let party = visitor.party.clone()?;
    let client = tls::Client::new(Some(&party.identity), &party.trust).map_err(|error| Fault::new(Step::Files, error))?;
    let stream = probe::connect(&target.address).await?;
    let mut stream = client.handshake(&target.address.host, stream).await?;
    let facts = client.facts(&stream);
    if let (Protocol::Amqp, Role::Client(Client { rabbitmq: Some(access), .. })) = (target.protocol, &visitor.holder.role) {
        return match rabbitmq::round_trip(stream, access).await {
            Ok(()) => Ok(Facts { did: vec!["published", "consumed"], ..facts }),
            // A certificate that was not taken shows itself only now.
            Err(fault) => match probe::alert(&client, &target.address).await {
                Some(cause) => Err(Fault::new(Step::Handshake, cause)),
                None => Err(fault),
            },
        };
    }
    let greeted = async { Ok(probe::greet(&mut stream, target.protocol).await) };
    match within(Step::Handshake, greeted).await? {
        Ok(()) => Ok(facts),
        Err(error) => Err(Fault::new(Step::Handshake, probe::explained(&error, &client, &target.address).await)),
    }
}

/// Produces and consumes for every cell of a broker whose handshake passed, through a partition that this broker leads.
async fn messages(
    kafka: &KafkaSpec,
    everyone: &[(&Holder, HolderFiles)],
    visitors: &[Visitor<'_>],
    targets: &[Target<'_>],
    cells: &mut [Cell],
) {
    let not_controller = |listener: &ListenerName| *listener != kafka.controller;
    if passed(cells, targets, not_controller).next().is_none() {
        return;
    }
    let brokers: Vec<&Target<'_>> = targets.iter().filter(|target| target.listener == Some(&kafka.inter_broker)).collect();
    let topic = &kafka.verify_topic;
    let (steward, created, leaders) = match prepare(kafka, everyone, &brokers).await {
        Ok(prepared) => prepared,
        Err(fault) => {
            for cell in passed(cells, targets, not_controller) {
                cell.verdict = Verdict::Failed(fault.clone());
            }
            return;
        }
    };
    let trips = stream::iter(visitors.iter().filter_map(|visitor| Some((visitor, visitor.party.as_ref().ok()?))))
        .map(|(visitor, party)| round_trips(kafka, visitor.holder, party, targets, cells_of(cells, visitor.holder), &leaders))
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for (identity, endpoint, trip) in trips.into_iter().flatten() {
        for cell in cells.iter_mut().filter(|cell| cell.identity == identity && cell.endpoint == endpoint) {
            match (&mut cell.verdict, &trip) {
                (Verdict::Passed(facts), Trip::Done) => facts.did = vec!["produced", "consumed"],
                (Verdict::Passed(facts), Trip::LeadsNothing) => {
                    facts.note = Some(format!("no message: it leads no partition of {topic}"));
                }
                (verdict @ Verdict::Passed(_), Trip::Failed(fault)) => *verdict = Verdict::Failed(fault.clone()),
                (Verdict::Failed(_), _) => {}
            }
        }
    }
    if created && let Err(fault) = steward.delete_topic(topic).await {
        let message = format!("the topic {topic}, made for this test, could not be removed: {}", fault.cause);
        if let Some(cell) = passed(cells, targets, not_controller).next() {
            cell.verdict = Verdict::Failed(Fault::new(Step::Topic, message));
        }
    }
}

/// Who looks after the topic: the first Kafka node whose files can be used, because Kafka nodes are super users. Whether the topic
/// was made, and the leaders of its partitions.
async fn prepare(
    kafka: &KafkaSpec,
    everyone: &[(&Holder, HolderFiles)],
    brokers: &[&Target<'_>],
) -> Result<(KafkaClient, bool, Vec<i32>), Fault> {
    let bootstrap: Vec<String> = brokers.iter().map(|target| target.address.to_string()).collect();
    let nodes = everyone.iter().filter(|(holder, _)| matches!(holder.role, Role::Kafka(_)));
    let party = nodes
        .map(|(_, files)| party::from_pem(files))
        .reduce(Result::or)
        .unwrap_or_else(|| Err(Fault::new(Step::Topic, "no Kafka node has files to make the topic with")))?;
    let steward = KafkaClient::new(&party, &bootstrap.join(","), &kafka.verify_topic, DEADLINE);
    if let Some(leaders) = steward.leaders(&kafka.verify_topic).await? {
        return Ok((steward, false, leaders));
    }
    let ids: Vec<i32> = brokers.iter().map(|target| target.node_id).collect();
    steward.create_topic(&kafka.verify_topic, &ids, &bootstrap).await?;
    Ok((steward, true, ids))
}

/// What became of the message at one broker.
enum Trip {
    Done,
    /// An existing topic may have no partition there.
    LeadsNothing,
    Failed(Fault),
}

fn cells_of<'c>(cells: &'c [Cell], holder: &Holder) -> Vec<&'c Cell> {
    let identity = holder.id.to_string();
    cells.iter().filter(|cell| cell.identity == identity).collect()
}

fn passed<'c>(
    cells: &'c mut [Cell],
    targets: &'c [Target<'_>],
    of: impl Fn(&ListenerName) -> bool + 'c,
) -> impl Iterator<Item = &'c mut Cell> {
    let endpoints: BTreeSet<String> =
        targets.iter().filter(|target| target.listener.is_some_and(&of)).map(|target| target.address.to_string()).collect();
    cells.iter_mut().filter(move |cell| matches!(cell.verdict, Verdict::Passed(_)) && endpoints.contains(&cell.endpoint))
}

/// For each broker that `holder` reached: the identity, the endpoint, and what became of the message.
async fn round_trips(
    kafka: &KafkaSpec,
    holder: &Holder,
    party: &Party,
    targets: &[Target<'_>],
    cells: Vec<&Cell>,
    leaders: &[i32],
) -> Vec<(String, String, Trip)> {
    let listener = kafka.listener_for(holder);
    let reached: BTreeSet<&str> =
        cells.iter().filter(|cell| matches!(cell.verdict, Verdict::Passed(_))).map(|cell| cell.endpoint.as_str()).collect();
    let brokers = targets.iter().filter(|target| target.listener == Some(listener));
    let (mut addresses, mut led, mut trips) = (Vec::new(), Vec::new(), Vec::new());
    for (node_id, address) in brokers.map(|target| (target.node_id, target.address.to_string())) {
        if reached.contains(address.as_str()) {
            match leaders.iter().position(|leader| *leader == node_id).and_then(|partition| i32::try_from(partition).ok()) {
                Some(partition) => led.push((partition, address.clone())),
                None => trips.push((holder.id.to_string(), address.clone(), Trip::LeadsNothing)),
            }
            addresses.push(address);
        }
    }
    if led.is_empty() {
        return trips;
    }
    let (partitions, endpoints): (Vec<i32>, Vec<String>) = led.into_iter().unzip();
    let client = KafkaClient::new(party, &addresses.join(","), &kafka.verify_topic, DEADLINE);
    let results = client.round_trips(&kafka.verify_topic, &partitions).await.into_iter().map(|result| match result {
        Ok(()) => Trip::Done,
        Err(fault) => Trip::Failed(fault),
    });
    trips.extend(endpoints.into_iter().zip(results).map(|(endpoint, trip)| (holder.id.to_string(), endpoint, trip)));
    trips
}

/// Every listener must refuse who has no certificate, who has one of a foreign authority, and who speaks in plain.
async fn probes(everyone: &[(&Holder, HolderFiles)], targets: &[Target<'_>]) -> Vec<Probe> {
    let missing = Err(Fault::new(Step::Files, "its own files are not there"));
    let insiders: BTreeMap<&HolderId, Result<Party, Fault>> =
        everyone.iter().map(|(holder, files)| (&holder.id, party::from_pem(files))).collect();
    let attempts = targets.iter().flat_map(|target| {
        let attempts: &[Attempt] =
            if target.mutual { &[Attempt::NoCertificate, Attempt::ForeignAuthority, Attempt::Plaintext] } else { &[Attempt::Plaintext] };
        attempts.iter().map(move |attempt| (target, *attempt))
    });
    stream::iter(attempts)
        .map(|(target, attempt)| {
            let insider = insiders.get(&target.holder.id).unwrap_or(&missing);
            probe::probe(target.holder, &target.address, target.protocol, attempt, insider.as_ref())
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::verify::fixture::Cluster;

    fn cluster(port: u16) -> Cluster {
        Cluster::new(&format!(
            "
cluster: tests
rabbitmq: {{ version: 4.0, nodes: [{{ name: rabbit-1, host: localhost, port: {port} }}] }}
clients: [{{ name: queues, rabbitmq: {{}} }}]
"
        ))
    }

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// `clients/queues` at the only node.
    async fn visited(cluster: &Cluster) -> Cell {
        let holder = cluster.holder("clients/queues");
        let visitor = Visitor { holder, party: party::from_pem(&cluster.files("clients/queues")) };
        visit(&visitor, &targets(&cluster.spec)[0]).await
    }

    #[track_caller]
    fn fault(cell: &Cell) -> &Fault {
        match &cell.verdict {
            Verdict::Failed(fault) => fault,
            Verdict::Passed(facts) => panic!("passed: {facts:?}"),
        }
    }

    #[tokio::test]
    async fn a_server_without_tls_fails_and_hears_no_amqp() {
        let (listener, port) = listener().await;
        let heard = tokio::spawn(async move {
            let mut heard = vec![0; 4096];
            let (mut stream, _) = listener.accept().await.unwrap();
            let length = stream.read(&mut heard).await.unwrap();
            stream.write_all(b"AMQP\0\0\x09\x01").await.unwrap();
            heard.truncate(length);
            heard
        });
        let cell = visited(&cluster(port)).await;
        assert_eq!(fault(&cell).step, Step::Handshake);
        let heard = heard.await.unwrap();
        // A handshake record of TLS (RFC 8446, 5.1).
        assert_eq!(heard[0], 22);
        assert!(!heard.windows(4).any(|bytes| bytes == b"AMQP"));
    }

    #[tokio::test]
    async fn amqp_goes_through_tls_and_nowhere_else() {
        let (front, port) = listener().await;
        let cluster = cluster(port);
        let node = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
        let acceptor = TlsAcceptor::from(tls::server(&node.identity, &node.trust).unwrap());
        let (back, back_port) = listener().await;
        let on_the_wire = Arc::new(Mutex::new(Vec::new()));
        // Everything that the client sends passes here before TLS is taken off.
        let recorded = on_the_wire.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = front.accept().await {
                let server = TcpStream::connect(("127.0.0.1", back_port)).await.unwrap();
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                let recorded = recorded.clone();
                tokio::spawn(async move {
                    let mut bytes = vec![0; 4096];
                    while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                        recorded.lock().unwrap().extend_from_slice(&bytes[..length]);
                        to_server.write_all(&bytes[..length]).await.unwrap();
                    }
                });
            }
        });
        let decrypted = Arc::new(Mutex::new(Vec::new()));
        let read = decrypted.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = back.accept().await {
                let mut first = [0; 8];
                if acceptor.accept(stream).await.unwrap().read_exact(&mut first).await.is_ok() {
                    read.lock().unwrap().extend(first);
                }
            }
        });
        let cell = visited(&cluster).await;
        assert_eq!(fault(&cell).step, Step::Login);
        assert_eq!(decrypted.lock().unwrap().as_slice(), b"AMQP\0\0\x09\x01");
        assert!(!on_the_wire.lock().unwrap().windows(4).any(|bytes| bytes == b"AMQP"));
    }

    #[tokio::test]
    async fn a_server_of_another_cluster_is_not_taken() {
        let (listener, port) = listener().await;
        let [ours, other] = [cluster(port), cluster(port)];
        let node = party::from_pem(&other.files("rabbitmq/rabbit-1")).unwrap();
        let acceptor = TlsAcceptor::from(tls::server(&node.identity, &node.trust).unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        let cell = visited(&ours).await;
        assert_eq!(fault(&cell).step, Step::ServerCertificate, "{cell:?}");
    }

    #[tokio::test]
    async fn a_client_that_the_server_does_not_take_hears_why() {
        let (listener, port) = listener().await;
        let [ours, other] = [cluster(port), cluster(port)];
        let node = party::from_pem(&ours.files("rabbitmq/rabbit-1")).unwrap();
        let strangers = other.trust(other.holder("rabbitmq/rabbit-1"));
        let acceptor = TlsAcceptor::from(tls::server(&node.identity, &strangers).unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        let cell = visited(&ours).await;
        assert_eq!(fault(&cell).step, Step::Handshake);
        assert!(fault(&cell).cause.contains("fatal alert"), "{cell:?}");
    }

    #[tokio::test]
    async fn a_node_that_is_down_fails_its_cells_and_its_probes() {
        let (listener, port) = listener().await;
        drop(listener);
        let cluster = cluster(port);
        let everyone = cluster.everyone();
        let report = brokers(&cluster.spec, &everyone, &BTreeSet::from([everyone[1].0.id.clone()]), |_| ()).await;
        assert_eq!((report.cells.len(), fault(&report.cells[0]).step), (1, Step::Connect));
        assert_eq!(report.probes.len(), 3);
        assert!(report.probes.iter().all(|probe| matches!(probe.outcome, crate::verify::ProbeOutcome::Unreachable { .. })));
        assert!(!report.passed());
    }

    #[tokio::test]
    async fn whoever_has_broken_files_is_named_without_a_connection() {
        let (_listener, port) = listener().await;
        let cluster = cluster(port);
        let mut everyone = cluster.everyone();
        crate::verify::fixture::overwrite(&mut everyone[1].1, crate::layout::HolderFile::Key, b"no key");
        let report = brokers(&cluster.spec, &everyone[1..], &BTreeSet::from([everyone[1].0.id.clone()]), |_| ()).await;
        assert_eq!(fault(&report.cells[0]).file.as_deref(), Some("clients/queues/1/tls.key"));
        // The node's own files were not handed in: nothing is known of it.
        assert!(report.probes.iter().all(|probe| matches!(probe.outcome, crate::verify::ProbeOutcome::Unreachable { .. })));
    }
}
