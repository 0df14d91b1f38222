//! A cluster that is never idle: leafs are renewed and the authority is rolled over while messages are written, and none is lost.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{Offset, TopicPartitionList};
use support::broker::alone;
use support::kafka::{KafkaCluster, KafkaVersion, librdkafka};
use support::{Workspace, free_ports};

const TOPIC: &str = "load";
const PARTITIONS: i32 = 3;

/// Three combined nodes on loopback.
fn cluster() -> Workspace {
    let [b1, b2, b3, c1, c2, c3] = free_ports();
    let workspace = Workspace::new("");
    workspace.rewrite(&format!(
        r#"
cluster: tests
stores: {{ formats: [pkcs12, pem] }}
kafka:
  version: {version}
  listeners:
    BROKER: {{ port: 9093, auth: mtls }}
    CONTROLLER: {{ port: 9095, auth: mtls }}
  brokers:
    - {{ name: node-1, host: localhost, bind: 127.0.0.1, ports: {{ BROKER: {b1}, CONTROLLER: {c1} }}, data: {data}-1 }}
    - {{ name: node-2, host: localhost, bind: 127.0.0.1, ports: {{ BROKER: {b2}, CONTROLLER: {c2} }}, data: {data}-2 }}
    - {{ name: node-3, host: localhost, bind: 127.0.0.1, ports: {{ BROKER: {b3}, CONTROLLER: {c3} }}, data: {data}-3 }}
clients: [{{ name: admin, kafka: super-user }}]
"#,
        version = KafkaVersion::V4_3.text(),
        data = workspace.path("data").display(),
    ));
    workspace
}

/// What the load has seen.
#[derive(Default)]
struct Seen {
    acknowledged: Mutex<BTreeSet<u64>>,
    lost: Mutex<Vec<String>>,
    /// Whatever was said of TLS.
    refusals: Mutex<Vec<String>>,
}

impl Seen {
    fn hear(&self, said: &str) {
        if said.contains("SSL") || said.contains("certificate") {
            self.refusals.lock().unwrap().push(said.to_owned());
        }
    }
}

#[derive(Clone)]
struct Listener(Arc<Seen>);

impl ClientContext for Listener {
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.hear(&format!("{error}: {reason}"));
    }

    fn log(&self, _: RDKafkaLogLevel, _: &str, said: &str) {
        self.0.hear(said);
    }
}

impl ConsumerContext for Listener {}

impl ProducerContext for Listener {
    type DeliveryOpaque = Box<u64>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Box<u64>) {
        match result {
            Ok(_) => drop(self.0.acknowledged.lock().unwrap().insert(*number)),
            Err((error, _)) => self.0.lost.lock().unwrap().push(format!("{number}: {error}")),
        }
    }
}

/// Writes until it is told to stop, on a connection of each second's own, with the files that are in use by then.
fn write(workspace: &Workspace, seen: &Arc<Seen>, stop: &AtomicBool) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut config = librdkafka(workspace, "admin");
        config.set("acks", "all").set("enable.idempotence", "true").set("message.timeout.ms", "60000");
        let producer: BaseProducer<Listener> = config.create_with_context(Listener(seen.clone())).unwrap();
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            number += 1;
            let payload = number.to_string();
            let partition = i32::try_from(number % 3).unwrap();
            let record = BaseRecord::<str, str, Box<u64>>::with_opaque_to(TOPIC, Box::new(number)).partition(partition).payload(&payload);
            producer.send(record).map_err(|(error, _)| error).unwrap();
            producer.poll(Duration::from_millis(10));
        }
        producer.flush(Duration::from_secs(60)).unwrap();
    }
}

/// Every number that lies in the topic.
fn read(workspace: &Workspace) -> BTreeSet<u64> {
    let mut config = librdkafka(workspace, "admin");
    config.set("group.id", "reader");
    let heard = Arc::new(Seen::default());
    let consumer: BaseConsumer<Listener> = config.create_with_context(Listener(heard.clone())).unwrap();
    let mut list = TopicPartitionList::new();
    let mut missing = BTreeMap::new();
    for partition in 0..PARTITIONS {
        let (_, end) = consumer.fetch_watermarks(TOPIC, partition, Duration::from_secs(30)).unwrap();
        list.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
        missing.insert(partition, end);
    }
    consumer.assign(&list).unwrap();
    let mut found = BTreeSet::new();
    while !missing.is_empty() {
        let message = consumer.poll(Duration::from_secs(30));
        let message = message.unwrap_or_else(|| panic!("no more messages: {missing:?} {:?}", heard.refusals.lock().unwrap())).unwrap();
        found.insert(std::str::from_utf8(message.payload().unwrap()).unwrap().parse().unwrap());
        if missing.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
            missing.remove(&message.partition());
        }
    }
    found
}

fn in_sync(workspace: &Workspace) -> bool {
    let consumer: BaseConsumer = librdkafka(workspace, "admin").create().unwrap();
    let metadata = consumer.fetch_metadata(Some(TOPIC), Duration::from_secs(30)).unwrap();
    let partitions = metadata.topics()[0].partitions();
    partitions.len() == 3 && partitions.iter().all(|partition| partition.isr().len() == 3)
}

fn wait_until_in_sync(workspace: &Workspace) {
    let until = Instant::now() + Duration::from_secs(60);
    while !in_sync(workspace) {
        assert!(Instant::now() < until, "the replicas do not come back");
        std::thread::sleep(Duration::from_millis(250));
    }
}

fn restart_all(kafka: &mut KafkaCluster, workspace: &Workspace, configurations: &[PathBuf]) {
    for (index, configuration) in configurations.iter().enumerate() {
        kafka.restart(workspace, index, configuration);
        wait_until_in_sync(workspace);
    }
}

fn make_topic(workspace: &Workspace) {
    let admin: AdminClient<DefaultClientContext> = librdkafka(workspace, "admin").create().unwrap();
    let topic = [NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(3)).set("min.insync.replicas", "2")];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(admin.create_topics(&topic, &AdminOptions::new())).unwrap()[0].as_ref().unwrap();
    wait_until_in_sync(workspace);
}

#[test]
fn three_brokers_are_renewed_and_rolled_over_under_load_and_no_message_is_lost() {
    let _alone = alone();
    let workspace = cluster();
    workspace.ok(&["apply"]);
    let configurations: Vec<PathBuf> = ["node-1", "node-2", "node-3"]
        .map(|node| workspace.path(Path::new("pki/kafka").join(node).join("current/server.properties")))
        .into();
    let mut kafka = KafkaCluster::start_nodes(KafkaVersion::V4_3, &workspace, &configurations, &[]);
    make_topic(&workspace);
    let (seen, stop) = (Arc::new(Seen::default()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let stopped = StopAtTheEnd(&stop);
        scope.spawn(|| write(&workspace, &seen, &stop));
        let done = |words: &[&str]| {
            let ran = workspace.run(words);
            assert_eq!(ran.code, 0, "{words:?}: {}{}", ran.stdout, ran.stderr);
        };
        done(&["rotate", "--all", "--reload"]);
        done(&["rollover", "start", "--reload"]);
        // Their own connections to the quorum trust what they were started with.
        restart_all(&mut kafka, &workspace, &configurations);
        let advance = ["node-1", "node-2", "node-3", "admin"].map(|holder| ["--assume", holder]).concat();
        let advance = [&["rollover", "advance", "--reload"], &advance[..]].concat();
        done(&advance);
        restart_all(&mut kafka, &workspace, &configurations);
        done(&advance);
        std::thread::sleep(Duration::from_secs(2));
        drop(stopped);
    });
    let (acknowledged, read) = (seen.acknowledged.lock().unwrap(), read(&workspace));
    assert_eq!(*seen.lost.lock().unwrap(), Vec::<String>::new());
    assert_eq!(*seen.refusals.lock().unwrap(), Vec::<String>::new());
    assert!(acknowledged.len() > 500 && acknowledged.is_subset(&read), "{} of {} are there", read.len(), acknowledged.len());
    assert_eq!(workspace.run(&["verify", "--no-message"]).code, 0);
    assert_eq!(workspace.json(&["rollover", "status"])["authorities"][0]["phase"], "settled");
}

/// However the rollover ends, the load does.
struct StopAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
