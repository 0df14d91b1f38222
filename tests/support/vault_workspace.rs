//! A cluster of a broker and a client whose files go to a Vault, and countersign run as a cron job would: by a token with the least policy.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::fault_proxy::{Fault, FaultProxy, Seen};
use super::vault::{Vault, VaultOptions};
use super::{Ran, Workspace};

pub const CLUSTER: &str = "
cluster: orders
subject: { O: Acme }
leaf: { key: p256 }
stores: { formats: [pkcs12], java: 11 }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: billing, kafka: {} }]
";

/// Both holders, as a report has them.
pub const HOLDERS: [&str; 2] = ["kafka/broker-1", "clients/billing"];

pub struct VaultWorkspace {
    pub vault: Vault,
    pub workspace: Workspace,
    /// May do what `push --policy` prints, and no more.
    pub token: String,
}

impl VaultWorkspace {
    /// Files are made, and none is pushed; the engine is mounted.
    pub fn new() -> Self {
        Self::at(Vault::start(VaultOptions::default()))
    }

    pub fn at(vault: Vault) -> Self {
        vault.mount_kv("secret");
        let token = vault.token("push", "1h");
        let made = Self { vault, workspace: Workspace::new(CLUSTER), token };
        made.sink("");
        made.allow(&[]);
        made.workspace.ok(&["apply", "--no-proof"]);
        made
    }

    /// Exchanges the fields of `vault:` in the cluster file.
    pub fn sink(&self, fields: &str) {
        self.workspace.rewrite(&format!("{CLUSTER}push: [{{ vault: {{ {fields} }} }}]\n"));
    }

    /// Lets the token do what `push --policy` prints for the cluster file as it is.
    pub fn allow(&self, arguments: &[&str]) {
        self.vault.policy("push", &self.workspace.ok(&[&["push", "--policy"], arguments].concat()));
    }

    /// A run of which nothing came from the environment of the test: where Vault is, and a token, stand in variables.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        for (name, _) in std::env::vars() {
            if name.starts_with("VAULT_") || name.starts_with("BAO_") || name.to_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.workspace.path("home")).env("RUST_LOG", "trace");
        command.env("VAULT_ADDR", &self.vault.url).env("VAULT_TOKEN", &self.token);
        if let Some(ca) = &self.vault.ca {
            command.env("VAULT_CACERT", ca);
        }
        command
    }

    /// Runs `push`; an empty variable is as good as none.
    pub fn push(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(&[&["push", "--format", "json"], arguments].concat());
        let ran: Ran = command.envs(variables.iter().copied()).output().unwrap().into();
        self.assert_tells_no_secret(&ran, variables);
        ran
    }

    /// Pushes by way of a proxy before Vault.
    pub fn push_by(&self, proxy: &FaultProxy, arguments: &[&str]) -> Ran {
        self.push(arguments, &[("VAULT_ADDR", &proxy.url())])
    }

    pub fn proxy(&self, faults: impl Fn(&Seen) -> Fault + Send + Sync + 'static) -> FaultProxy {
        FaultProxy::start(&self.vault.url, faults)
    }

    /// Whatever a run says: no token, no password, no key.
    fn assert_tells_no_secret(&self, ran: &Ran, variables: &[(&str, &str)]) {
        let mut secrets = vec![self.token.clone(), "PRIVATE KEY".to_owned()];
        secrets.extend(
            variables.iter().filter(|(name, value)| name.ends_with("_TOKEN") && value.len() > 8).map(|(_, value)| (*value).to_owned()),
        );
        for holder in HOLDERS {
            let key = self.file(holder, "tls.key");
            secrets.push(key.lines().nth(1).unwrap().to_owned());
            secrets.push(self.file(holder, "password").trim().to_owned());
        }
        secrets.extend(["secret-id", "jwt"].iter().filter_map(|file| fs::read_to_string(self.workspace.path(file)).ok()));
        for secret in secrets {
            assert!(!ran.stdout.contains(&secret) && !ran.stderr.contains(&secret), "{secret:?} is in\n{}{}", ran.stdout, ran.stderr);
        }
    }

    /// A holder's file, as the directory has it.
    pub fn file(&self, holder: &str, name: &str) -> String {
        self.workspace.read(format!("pki/{holder}/current/{name}"))
    }

    /// The newest version of a holder's secret: `data` and `metadata`.
    pub fn stored(&self, holder: &str) -> Value {
        self.vault.read(&format!("secret/data/orders/{holder}"))["data"].clone()
    }

    pub fn metadata(&self, holder: &str) -> Value {
        self.vault.read(&format!("secret/metadata/orders/{holder}"))["data"].clone()
    }
}

/// What became of each parcel: `kafka/broker-1 created 1`, or `kafka/broker-1 failed: forbidden`.
pub fn rows(ran: &Ran) -> Vec<String> {
    let row = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        match row["error"]["kind"].as_str() {
            Some(kind) => format!("{} {}: {kind}", text("holder"), text("action")),
            None => format!("{} {} {}", text("holder"), text("action"), text("version")),
        }
    };
    sink(ran)["parcels"].as_array().unwrap().iter().map(row).collect()
}

/// The report of the one sink.
pub fn sink(ran: &Ran) -> Value {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
    report["sinks"][0].clone()
}

/// Both holders, and what became of each: `created 1`.
pub fn both(what: &str) -> Vec<String> {
    HOLDERS.iter().map(|holder| format!("{holder} {what}")).collect()
}

/// Why the sink did not open.
pub fn problem(ran: &Ran) -> (String, String) {
    let error = &sink(ran)["error"];
    (error["kind"].as_str().unwrap_or_default().to_owned(), error["message"].as_str().unwrap_or_default().to_owned())
}

/// Writes of secrets, not of what is told of them.
pub fn is_write(seen: &Seen) -> bool {
    seen.method == "POST" && seen.path.starts_with("/v1/secret/data/")
}
