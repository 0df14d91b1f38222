//! One node of RabbitMQ with many listeners, each configured in a way of its own, and ways to miss them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::Workspace;
use super::amqp::{Address, AmqpClient};
use super::proxy::{BlackHole, closed_port, silent, stalling};
use super::rabbitmq::{RabbitmqNode, RabbitmqVersion};

/// A listener: its name, and the options of Erlang's TLS that are another way than with the rest.
pub type Listener = (&'static str, &'static [(&'static str, Term)]);

/// A value in Erlang.
#[derive(Clone, Copy)]
pub enum Term {
    /// A file of the workspace.
    File(&'static str),
    Bare(&'static str),
}
use Term::{Bare, File};

/// A parameter of RabbitMQ, and its value in Erlang.
pub type Setting = (&'static str, &'static str);

/// Where a client goes.
#[derive(Debug, Clone, Copy)]
pub enum At {
    Listener(&'static str),
    /// The listener by another name for this machine.
    Named(&'static str, &'static str),
    /// The port without TLS.
    Plain,
    /// Nobody listens there.
    Closed,
    /// Packets are dropped.
    BlackHole,
    /// Connections are taken, and nothing is ever said.
    Silent,
    /// The listener, which is never heard again after the handshake.
    Stalling(&'static str),
    /// A name that nobody has.
    Nowhere,
}

/// The node. `rabbit.pem` and `root.pem` in its workspace are the files of every listener that names no others; `definitions.json` has
/// its users. A client is known by its common name.
pub struct Node {
    pub workspace: Workspace,
    rabbitmq: RabbitmqNode,
    ports: BTreeMap<&'static str, u16>,
    plain: u16,
    black_hole: BlackHole,
}

impl Node {
    /// The first listener is the one of the configuration file, where nothing is another way. `ports` are as many as there are
    /// listeners, and one for AMQP without TLS.
    pub fn start(version: RabbitmqVersion, workspace: Workspace, listeners: &[Listener], ports: &[u16]) -> Self {
        let [plain, ports @ ..] = ports else { panic!("a port without TLS") };
        let (first, others) = listeners.split_first().expect("a listener");
        assert!(first.1.is_empty() && ports.len() == listeners.len());
        let ports: BTreeMap<_, _> = listeners.iter().map(|(name, _)| *name).zip(ports.iter().copied()).collect();
        fs::write(workspace.path("enabled_plugins"), "[rabbitmq_auth_mechanism_ssl].\n").unwrap();
        fs::write(workspace.path("rabbitmq.conf"), rabbitmq_conf(&workspace, *plain, ports[first.0])).unwrap();
        let ready = |log: &str| log.contains("Server startup complete");
        let rabbitmq = RabbitmqNode::start_until(version, &workspace, &workspace.path(""), "rabbit-1", ready);
        let node = Self { workspace, rabbitmq, ports, plain: *plain, black_hole: BlackHole::new() };
        node.eval(others.iter().map(|(name, options)| node.listener(node.ports[name], options)));
        node
    }

    /// Erlang that starts a listener, as RabbitMQ itself does for `listeners.ssl`.
    fn listener(&self, port: u16, changes: &[(&str, Term)]) -> String {
        let mut options = BTreeMap::from([
            ("cacertfile", File("root.pem")),
            ("certfile", File("rabbit.pem")),
            ("keyfile", File("rabbit.pem")),
            ("verify", Bare("verify_peer")),
            ("fail_if_no_peer_cert", Bare("true")),
            ("versions", Bare("['tlsv1.3', 'tlsv1.2']")),
        ]);
        options.extend(changes.iter().copied());
        let options: Vec<String> = options.into_iter().map(|(key, value)| format!("{{{key}, {}}}", self.erlang(value))).collect();
        format!(r#"rabbit_networking:start_ssl_listener({{"127.0.0.1", {port}}}, [{}], 2)"#, options.join(", "))
    }

    fn erlang(&self, value: Term) -> String {
        match value {
            File(name) => format!("{:?}", self.workspace.path(name)),
            Bare(text) => text.to_owned(),
        }
    }

    /// From now on, at every listener.
    pub fn set(&self, settings: &[Setting]) {
        self.eval(settings.iter().map(|(key, value)| {
            format!("persistent_term:put({key}, application:get_env(rabbit, {key})), application:set_env(rabbit, {key}, {value})")
        }));
    }

    /// As it was before.
    pub fn unset(&self, settings: &[Setting]) {
        self.eval(settings.iter().map(|(key, _)| format!("application:set_env(rabbit, {key}, element(2, persistent_term:get({key})))")));
    }

    /// One after the other.
    fn eval(&self, expressions: impl Iterator<Item = String>) {
        let expressions: Vec<String> = expressions.collect();
        if !expressions.is_empty() {
            self.rabbitmq.ctl(&["eval", &format!("{}.", expressions.join(", "))]);
        }
    }

    pub fn directory(&self) -> PathBuf {
        self.workspace.path("")
    }

    pub fn address(&self, at: At) -> Address {
        let (host, port) = match at {
            At::Listener(listener) => ("localhost", self.ports[listener]),
            At::Named(host, listener) => (host, self.ports[listener]),
            At::Plain => ("localhost", self.plain),
            At::Closed => ("localhost", closed_port()),
            At::BlackHole => ("127.0.0.1", self.black_hole.port),
            At::Silent => ("localhost", silent()),
            At::Stalling(listener) => ("localhost", stalling(self.ports[listener])),
            At::Nowhere => ("rabbit.invalid", 5671),
        };
        Address { host, port }
    }

    /// What `verify` reports of this client there, by JSON, and with which code it ends.
    pub fn verify(&self, client: &AmqpClient, to: &Address, more: &[&str]) -> Result<(i32, Value), String> {
        let arguments = client.verify(to);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let ran = self.workspace.run(&arguments);
        let report = serde_json::from_str(&ran.stdout).map_err(|error| format!("{error}: {}{}", ran.stdout, ran.stderr))?;
        Ok((ran.code, report))
    }
}

/// Where the node logs to, in its workspace.
pub const LOG: &str = "home-rabbit-1/log/rabbit.log";

fn rabbitmq_conf(workspace: &Workspace, plain: u16, tls: u16) -> String {
    let at = |file: &str| workspace.path(file).display().to_string();
    format!(
        "listeners.tcp.1 = 127.0.0.1:{plain}\nlisteners.ssl.1 = 127.0.0.1:{tls}\nssl_options.cacertfile = {root}\n\
         ssl_options.certfile = {rabbit}\nssl_options.keyfile = {rabbit}\nssl_options.verify = verify_peer\n\
         ssl_options.fail_if_no_peer_cert = true\nssl_cert_login_from = common_name\nauth_mechanisms.1 = EXTERNAL\n\
         auth_mechanisms.2 = PLAIN\nload_definitions = {definitions}\nlog.console = true\nlog.file = rabbit.log\n",
        root = at("root.pem"),
        rabbit = at("rabbit.pem"),
        definitions = at("definitions.json"),
    )
}
