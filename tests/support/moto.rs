//! moto, which stands in for AWS: any credentials will do, and everything is of the account 123456789012.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::broker::Broker;
use super::fixtures;
use super::http::{Answer, Trust, request};

pub const REGION: &str = "eu-central-1";

/// It ends when this is dropped.
pub struct Moto {
    /// Every service answers there: `http://127.0.0.1:…`.
    pub endpoint: String,
    _process: Broker,
    _directory: TempDir,
}

impl Moto {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(fixtures().join("moto/bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        let mut process = Broker::start(&mut command, &directory.path().join("log"));
        let mut endpoint = None;
        process.wait(|log| {
            endpoint = log.lines().find_map(|line| line.strip_prefix(" * Running on ").map(str::to_owned));
            endpoint.is_some()
        });
        Self { endpoint: endpoint.unwrap(), _process: process, _directory: directory }
    }

    /// Calls an action of Secrets Manager, `"CreateSecret"`.
    pub fn call(&self, action: &str, arguments: &Value) -> Answer {
        call(&self.endpoint, action, arguments).unwrap()
    }

    /// The secret's current value and its names, as `GetSecretValue` gives them.
    pub fn secret(&self, id: &str) -> Value {
        self.call("GetSecretValue", &serde_json::json!({ "SecretId": id, "VersionStage": "AWSCURRENT" })).expect(200).json()
    }
}

/// An action of Secrets Manager at any endpoint. The signature is none: moto looks only for the service in it.
pub fn call(endpoint: &str, action: &str, arguments: &Value) -> Result<Answer, String> {
    let scope = format!("Credential=test/20260101/{REGION}/secretsmanager/aws4_request");
    let headers = [
        ("Authorization", &*format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0")),
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", &*format!("secretsmanager.{action}")),
    ];
    request("POST", endpoint, &headers, Some(arguments), Trust::default())
}
