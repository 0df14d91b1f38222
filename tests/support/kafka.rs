//! Apache Kafka from Maven's jars, with the rendered server.properties as they are.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::broker::Broker;
use super::{Workspace, fixtures, program};

#[derive(Debug, Clone, Copy)]
pub enum KafkaVersion {
    V3_9,
    V4_3,
}

/// Any 16 bytes will do.
const CLUSTER_ID: &str = "cuhND_owQ4GvT4BqhUDkTA";

impl KafkaVersion {
    pub fn text(self) -> &'static str {
        match self {
            Self::V3_9 => "3.9",
            Self::V4_3 => "4.3",
        }
    }

    fn release(self) -> &'static str {
        match self {
            Self::V3_9 => "3.9.2",
            Self::V4_3 => "4.3.1",
        }
    }

    fn acl_command(self) -> &'static str {
        match self {
            Self::V3_9 => "kafka.admin.AclCommand",
            Self::V4_3 => "org.apache.kafka.tools.AclCommand",
        }
    }

    fn java_arguments(self, heap: &str) -> Vec<String> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/kafka-{}", self.release()));
        let logging = match self {
            Self::V3_9 => format!("-Dlog4j.configuration=file:{}", own.join("log4j.properties").display()),
            Self::V4_3 => format!("-Dlog4j2.configurationFile={}", own.join("log4j2.properties").display()),
        };
        let jars = fixtures().join(format!("kafka-{}", self.release())).join("*").display().to_string();
        let flags = [heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", &logging, "-cp", &jars];
        flags.map(str::to_owned).to_vec()
    }

    fn java(self, heap: &str, main: &str) -> Command {
        let mut command = Command::new("java");
        command.args(self.java_arguments(heap)).arg(main);
        command
    }
}

/// The nodes of one cluster. Dropped, brokers end before controllers: brokers that lose their quorum first hang.
pub struct KafkaCluster {
    version: KafkaVersion,
    brokers: Vec<Broker>,
    controllers: Vec<Broker>,
}

impl KafkaCluster {
    /// Starts every node that has a server.properties below `pki/kafka`, and waits for all.
    pub fn start(version: KafkaVersion, workspace: &Workspace) -> Self {
        let configs: Vec<PathBuf> = fs::read_dir(workspace.path("pki/kafka"))
            .unwrap()
            .map(|entry| entry.unwrap().path().join("current/server.properties"))
            .collect();
        Self::start_nodes(version, workspace, &configs, &[])
    }

    /// Starts a node for each server.properties, its storage made with these options, and waits for all.
    pub fn start_nodes(version: KafkaVersion, workspace: &Workspace, configs: &[PathBuf], storage: &[&str]) -> Self {
        std::thread::scope(|scope| {
            for config in configs {
                scope.spawn(move || {
                    let mut format = version.java("-Xmx128m", "kafka.tools.StorageTool");
                    program(format.args(["format", "-t", CLUSTER_ID, "-c"]).arg(config).args(storage))
                });
            }
        });
        let mut cluster = Self { version, brokers: Vec::new(), controllers: Vec::new() };
        for (index, config) in configs.iter().enumerate() {
            let log = workspace.path(format!("kafka-{index}.log"));
            let broker = Broker::start(version.java("-Xmx384m", "kafka.Kafka").arg(config), &log);
            let only_controller = fs::read_to_string(config).unwrap().contains("process.roles=controller\n");
            if only_controller { cluster.controllers.push(broker) } else { cluster.brokers.push(broker) }
        }
        for broker in cluster.controllers.iter_mut().chain(&mut cluster.brokers) {
            broker.wait(|log| log.contains("Kafka Server started"));
        }
        cluster
    }

    /// Stops one of the brokers and starts it again.
    pub fn restart(&mut self, workspace: &Workspace, index: usize, config: &Path) {
        assert!(self.brokers[index].stop(), "it did not end by itself");
        let log = workspace.path(format!("kafka-{index}.log"));
        self.brokers[index] = Broker::start(self.version.java("-Xmx384m", "kafka.Kafka").arg(config), &log);
        self.brokers[index].wait(|log| log.contains("Kafka Server started"));
    }

    /// Runs the rendered kafka-acls.sh as it is; only the program that it calls is provided here.
    pub fn allow(&self, workspace: &Workspace, script: &str) {
        let shim = self.tool(workspace, "kafka-acls.sh", self.version.acl_command());
        program(Command::new("sh").arg(workspace.path(script)).env("KAFKA_ACLS", &shim));
        Self::settle();
    }

    /// Runs the rendered kafka-users.sh, likewise; what it printed.
    pub fn make_users(&self, workspace: &Workspace, script: &str) -> String {
        let shim = self.tool(workspace, "kafka-configs.sh", "kafka.admin.ConfigCommand");
        let said = program(Command::new("sh").arg(workspace.path(script)).env("KAFKA_CONFIGS", &shim));
        Self::settle();
        said
    }

    /// One of Kafka's own programs under the name that Kafka gives it.
    fn tool(&self, workspace: &Workspace, name: &str, main: &str) -> PathBuf {
        let shim = workspace.path(name);
        let arguments = self.version.java_arguments("-Xmx128m");
        let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
        fs::write(&shim, format!("#!/bin/sh\nexec java {} {main} \"$@\"\n", quoted.join(" "))).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
        shim
    }

    /// The controller has what it was given; each broker learns of it a moment later, and offers no way to ask whether it has.
    fn settle() {
        std::thread::sleep(Duration::from_secs(3));
    }

    /// Adds or removes ACLs by Kafka's own program.
    pub fn acls(&self, arguments: &[&str]) {
        program(self.version.java("-Xmx128m", self.version.acl_command()).args(arguments));
    }

    /// Makes a topic of one partition, which lies on this broker.
    pub fn make_topic(&self, config: &ClientConfig, name: &str, broker: i32) {
        let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
        let replicas = [broker];
        let partitions = [&replicas[..]];
        let topic = [NewTopic::new(name, 1, TopicReplication::Variable(&partitions))];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(admin.create_topics(&topic, &AdminOptions::new())).unwrap()[0].as_ref().unwrap();
    }

    pub fn log(&self) -> String {
        self.controllers.iter().chain(&self.brokers).map(Broker::log).collect()
    }

    /// What the brokers' authorizers refused.
    pub fn denials(&self) -> String {
        self.log().lines().filter(|line| line.contains("is Denied")).map(|line| format!("{line}\n")).collect()
    }

    /// Every topic but Kafka's own, listed by librdkafka with the admin's librdkafka.conf as it is.
    pub fn topics(&self, workspace: &Workspace) -> BTreeSet<String> {
        let consumer: BaseConsumer = librdkafka(workspace, "admin").create().unwrap();
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(30)).unwrap();
        metadata.topics().iter().map(|topic| topic.name().to_owned()).filter(|name| !name.starts_with("__")).collect()
    }
}

/// The librdkafka.conf of a client, as it is.
pub fn librdkafka(workspace: &Workspace, client: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    let rendered = workspace.read(format!("pki/clients/{client}/current/librdkafka.conf"));
    for (key, value) in rendered.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')) {
        config.set(key, value);
    }
    config
}

/// What Java lists by a client's client.properties, as it is. The tool is of 4.3 for all brokers: what 3.9 has lies in other jars.
pub fn topics_by_java(workspace: &Workspace, client: &str, bootstrap: &str) -> Vec<String> {
    let mut java = KafkaVersion::V4_3.java("-Xmx128m", "org.apache.kafka.tools.TopicCommand");
    let config = workspace.path(format!("pki/clients/{client}/current/client.properties"));
    let said = program(java.args(["--list", "--bootstrap-server", bootstrap, "--command-config"]).arg(config));
    said.lines().map(str::to_owned).collect()
}

impl Drop for KafkaCluster {
    fn drop(&mut self) {
        std::thread::scope(|scope| {
            for broker in self.brokers.drain(..) {
                scope.spawn(move || drop(broker));
            }
        });
        self.controllers.clear();
    }
}
