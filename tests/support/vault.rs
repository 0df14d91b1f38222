//! HashiCorp Vault, started for one test with its storage in memory. Nothing is mounted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::broker::Broker;
use super::certificates::{Authority, Leaf, NOTHING};
use super::fixtures;
use super::http::{self, Answer, Trust};

/// How Vault listens; by default without TLS.
#[derive(Default)]
pub struct VaultOptions {
    pub tls: Option<VaultTls>,
}

pub struct VaultTls {
    pub server: Leaf,
    /// Who signed `server` (PEM).
    pub ca: String,
    /// Only clients with a certificate of this CA (PEM) are let in. Without it, a certificate is asked for and need not be shown.
    pub clients: Option<String>,
}

impl VaultOptions {
    /// TLS as it should be, for `localhost`.
    pub fn tls(authority: &Authority) -> Self {
        Self { tls: Some(VaultTls { server: authority.leaf("vault", NOTHING), ca: authority.pem(), clients: None }) }
    }
}

/// A Vault, initialised and unsealed; it ends when this is dropped.
pub struct Vault {
    /// `http://127.0.0.1:…`, or `https://localhost:…`.
    pub url: String,
    /// May do everything.
    pub root_token: String,
    /// Who signed the server's certificate.
    pub ca: Option<PathBuf>,
    unseal_key: String,
    process: Broker,
    _directory: TempDir,
}

impl Vault {
    pub fn start(options: VaultOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |file: &str| directory.path().join(file);
        let mut command = Command::new(fixtures().join("vault/vault"));
        command.arg("-ready").arg(at("ready.json"));
        let mut ca = None;
        if let Some(tls) = options.tls {
            ca = Some(at("ca.pem"));
            let files = [("-certificate", "vault.pem", Some(tls.server.chain())), ("-key", "vault.key", Some(tls.server.key))];
            for (option, file, text) in files.into_iter().chain([("-client-ca", "clients.pem", tls.clients)]) {
                if let Some(text) = text {
                    fs::write(at(file), text).unwrap();
                    command.arg(option).arg(at(file));
                }
            }
            fs::write(at("ca.pem"), tls.ca).unwrap();
        }
        let mut process = Broker::start(&mut command, &at("log"));
        process.wait(|_| at("ready.json").exists());
        let ready: Value = serde_json::from_str(&fs::read_to_string(at("ready.json")).unwrap()).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { url: text("url"), root_token: text("root_token"), ca, unseal_key: text("unseal_key"), process, _directory: directory }
    }

    /// A request with the root token; `path` is below `/v1/`.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.request_as(&self.root_token, method, path, body)
    }

    pub fn request_as(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/v1/{path}", self.url);
        http::request(method, &url, &[("X-Vault-Token", token)], body, self.trust(None)).unwrap()
    }

    /// Trusts the server, and shows it a certificate, if there is one (PEM, with its key).
    pub fn trust<'a>(&'a self, own: Option<&'a Path>) -> Trust<'a> {
        Trust { ca: self.ca.as_deref(), own }
    }

    /// Writes what Vault must take.
    #[track_caller]
    pub fn write(&self, path: &str, body: &Value) -> Value {
        let answer = self.request("POST", path, Some(body));
        assert!(matches!(answer.status, 200 | 204), "{path}: {answer:?}");
        answer.json()
    }

    /// Reads what must be there.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.request("GET", path, None).expect(200).json()
    }

    /// Mounts KV version 2, and waits until it can be used.
    pub fn mount_kv(&self, mount: &str) {
        self.write(&format!("sys/mounts/{mount}"), &json!({ "type": "kv", "options": { "version": "2" } }));
        let until = Instant::now() + Duration::from_secs(60);
        while self.request("GET", &format!("{mount}/config"), None).status != 200 {
            assert!(Instant::now() < until, "{mount} is not ready after a minute:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Gives a policy its rules (HCL).
    pub fn policy(&self, name: &str, rules: &str) {
        self.write(&format!("sys/policies/acl/{name}"), &json!({ "policy": rules }));
    }

    /// A token for what this policy allows; `ttl` as Vault writes it, `"1h"`.
    pub fn token(&self, policy: &str, ttl: &str) -> String {
        let made = self.write("auth/token/create", &json!({ "policies": [policy], "ttl": ttl, "no_default_policy": true }));
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// Ends a token before its time.
    pub fn revoke(&self, token: &str) {
        self.write("auth/token/revoke", &json!({ "token": token }));
    }

    pub fn seal(&self) {
        self.write("sys/seal", &json!({}));
    }

    pub fn unseal(&self) {
        assert_eq!(self.write("sys/unseal", &json!({ "key": self.unseal_key }))["sealed"], false);
    }

    /// What it said on its standard error.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
