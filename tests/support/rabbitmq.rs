//! RabbitMQ from Debian 12, and from Debian 13 in a root of its own, with the rendered files as they are.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::broker::Broker;
use super::{Workspace, fixtures, free_ports, program};

#[derive(Debug, Clone, Copy)]
pub enum RabbitmqVersion {
    /// Debian 12.
    V3_10,
    /// Debian 13.
    V4_0,
}

impl RabbitmqVersion {
    pub fn text(self) -> &'static str {
        match self {
            Self::V3_10 => "3.10",
            Self::V4_0 => "4.0",
        }
    }

    fn root(self) -> Option<PathBuf> {
        match self {
            Self::V3_10 => None,
            Self::V4_0 => Some(fixtures().join("rabbitmq-4.0")),
        }
    }

    /// A command of this version; `program` is a path inside its root, which sees the directory of `workspace` under the same
    /// path. It is mounted for this process alone, so that the system unmounts it however the process ends.
    fn command(self, workspace: &Path, program: &str) -> Command {
        match self.root() {
            None => Command::new(program),
            Some(root) => {
                let beside = workspace.parent().unwrap();
                let mounted = root.join(beside.strip_prefix("/").unwrap());
                fs::create_dir_all(&mounted).unwrap();
                let mut command = Command::new("unshare");
                command.args(["--mount", "sh", "-ec", r#"mount --bind "$1" "$2"; shift 2; exec chroot "$@""#, "sh"]);
                command.arg(beside).arg(mounted).arg(root).arg(program);
                command
            }
        }
    }
}

pub struct RabbitmqNode {
    version: RabbitmqVersion,
    workspace: PathBuf,
    environment: Vec<(String, String)>,
    server: Broker,
    epmd: Broker,
    pid: PathBuf,
}

impl RabbitmqNode {
    /// Starts the node whose files lie in `generation`, and waits until it listens on `port`.
    pub fn start(version: RabbitmqVersion, workspace: &Workspace, generation: &Path, name: &str, port: u16) -> Self {
        let client = some_client(workspace);
        Self::start_until(version, workspace, generation, name, |_| shakes_hands(&client, port))
    }

    /// Starts the node whose files lie in `generation`, and waits until it is `ready` by its log.
    pub fn start_until(
        version: RabbitmqVersion,
        workspace: &Workspace,
        generation: &Path,
        name: &str,
        ready: impl FnMut(&str) -> bool,
    ) -> Self {
        let directory = workspace.path("");
        let home = directory.join(format!("home-{name}"));
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(".erlang.cookie"), "countersign-tests").unwrap();
        fs::set_permissions(home.join(".erlang.cookie"), fs::Permissions::from_mode(0o400)).unwrap();
        let [dist, epmd_port] = free_ports();
        let at = |file: &str| home.join(file).display().to_string();
        let environment: Vec<(String, String)> = [
            ("HOME", home.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("RABBITMQ_NODENAME", format!("{name}@localhost")),
            ("RABBITMQ_CONF_ENV_FILE", at("none.conf")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", at("none.config")),
            ("RABBITMQ_CONFIG_FILE", generation.join("rabbitmq.conf").display().to_string()),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", generation.join("enabled_plugins").display().to_string()),
            ("RABBITMQ_MNESIA_BASE", at("mnesia")),
            ("RABBITMQ_LOG_BASE", at("log")),
            ("RABBITMQ_PID_FILE", at("pid")),
            ("RABBITMQ_DIST_PORT", dist.to_string()),
            ("ERL_EPMD_PORT", epmd_port.to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        let mut epmd = version.command(&directory, "/usr/bin/epmd");
        epmd.args(["-address", "127.0.0.1", "-port", &epmd_port.to_string()]);
        let epmd = Broker::start(&mut epmd, &workspace.path(format!("epmd-{name}.log")));
        let mut server = version.command(&directory, "/usr/lib/rabbitmq/bin/rabbitmq-server");
        server.envs(environment.clone());
        let server = Broker::start(&mut server, &workspace.path(format!("{name}.log")));
        let mut node = Self { version, workspace: directory, environment, server, epmd, pid: home.join("pid") };
        node.server.wait(ready);
        node
    }

    /// A command line that runs rabbitmqctl from Debian 12.
    pub fn ctl_line(&self, arguments: &str) -> String {
        let environment: Vec<String> = self.environment.iter().map(|(name, value)| format!("'{name}={value}'")).collect();
        format!("env {} /usr/lib/rabbitmq/bin/rabbitmqctl {arguments}", environment.join(" "))
    }

    /// Runs rabbitmqctl.
    pub fn ctl(&self, arguments: &[&str]) -> String {
        let mut ctl = self.version.command(&self.workspace, "/usr/lib/rabbitmq/bin/rabbitmqctl");
        program(ctl.envs(self.environment.clone()).args(arguments))
    }

    pub fn log(&self) -> String {
        self.server.log()
    }
}

impl Drop for RabbitmqNode {
    /// The server's script hands SIGTERM on to Erlang. Where it did not, Erlang is ended by its own number.
    fn drop(&mut self) {
        if !self.server.stop() {
            let pid = fs::read_to_string(&self.pid).ok().and_then(|pid| pid.trim().parse().ok());
            if let Some(pid) = pid.and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        self.epmd.stop();
    }
}

/// The generation in use of any client.
fn some_client(workspace: &Workspace) -> PathBuf {
    let clients = workspace.path("pki/clients");
    fs::read_dir(clients).unwrap().next().expect("the cluster has a client").unwrap().path().join("current")
}

/// RabbitMQ listens last of all (rabbitmq-server#2405): whoever completes a handshake finds users and permissions in place.
fn shakes_hands(client: &Path, port: u16) -> bool {
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &format!("localhost:{port}"), "-verify_return_error", "-brief"]);
    for (option, file) in [("-CAfile", "ca.crt"), ("-cert", "tls.crt"), ("-cert_chain", "tls.crt"), ("-key", "tls.key")] {
        openssl.arg(option).arg(client.join(file));
    }
    openssl.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}
