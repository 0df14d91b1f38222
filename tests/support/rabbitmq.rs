//! RabbitMQ from Debian 12, and from Debian 13 in a root of its own, with the rendered files as they are.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

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

    /// A command of this version; `program` is a path inside its root.
    fn command(self, program: &str) -> Command {
        match self.root() {
            None => Command::new(program),
            Some(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg(program);
                command
            }
        }
    }
}

pub struct RabbitmqNode {
    version: RabbitmqVersion,
    environment: Vec<(String, String)>,
    server: Broker,
    epmd: Broker,
    /// Seen by the server under the same path.
    mounted: Option<PathBuf>,
}

impl RabbitmqNode {
    /// Starts the node whose files lie in `generation`, and waits until it listens on `port`.
    pub fn start(version: RabbitmqVersion, workspace: &Workspace, generation: &Path, name: &str, port: u16) -> Self {
        let mounted = version.root().map(|root| {
            let inside = root.join(workspace.path("").strip_prefix("/").unwrap());
            fs::create_dir_all(&inside).unwrap();
            program(Command::new("mount").arg("--bind").arg(workspace.path("")).arg(&inside));
            if !root.join("dev/null").exists() || fs::metadata(root.join("dev/null")).unwrap().len() > 0 {
                program(Command::new("mount").args(["--bind", "/dev"]).arg(root.join("dev")));
            }
            inside
        });
        let home = workspace.path(format!("home-{name}"));
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
        let mut epmd = version.command("/usr/bin/epmd");
        epmd.args(["-address", "127.0.0.1", "-port", &epmd_port.to_string()]);
        let epmd = Broker::start(&mut epmd, &workspace.path(format!("epmd-{name}.log")));
        let mut server = version.command("/usr/lib/rabbitmq/bin/rabbitmq-server");
        server.envs(environment.clone());
        let mut server = Broker::start(&mut server, &workspace.path(format!("{name}.log")));
        server.wait(|_| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let node = Self { version, environment, server, epmd, mounted };
        node.ctl(&["await_startup"]);
        node
    }

    /// Runs rabbitmqctl.
    pub fn ctl(&self, arguments: &[&str]) -> String {
        program(self.version.command("/usr/lib/rabbitmq/bin/rabbitmqctl").envs(self.environment.clone()).args(arguments))
    }

    pub fn log(&self) -> String {
        self.server.log()
    }
}

impl Drop for RabbitmqNode {
    fn drop(&mut self) {
        self.server.stop();
        self.epmd.stop();
        if let Some(mounted) = &self.mounted {
            let _ = Command::new("umount").arg(mounted).status();
        }
    }
}
