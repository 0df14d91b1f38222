//! A client with a token: what becomes of one that ends midway, and how one that was made is given back.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::SinkError;
use super::said::one_line;
use super::vault_client::Client;
use super::vault_environment::Environment;
use super::vault_request::{Answer, Request, Twice};
use super::{vault_error, vault_login};
use crate::cluster::VaultLogin;

/// A client that has a token.
#[derive(Debug)]
pub struct Session {
    client: Client,
    login: VaultLogin,
    /// Where the secrets engine is mounted.
    mount: String,
    token: Mutex<HeaderValue>,
}

/// What Vault says of a token and the mount, before anything else is asked.
enum Preflight {
    /// What is mounted there: `kv` and `2`.
    Mounted {
        kind: String,
        version: String,
    },
    /// Nothing is, or nothing that the token may see.
    NotSeen,
    InvalidToken,
    /// It does not tell.
    Unknown,
}

impl Session {
    /// Logs in, and sees that the mount is what is wanted.
    pub async fn open(client: Client, login: VaultLogin, mount: &str, environment: &Environment<'_>) -> Result<Self, SinkError> {
        let token = match vault_login::given(&login, environment)? {
            Some(token) => token,
            None => vault_login::log_in(&client, &login).await?,
        };
        let session = Self { client, login, mount: mount.to_owned(), token: Mutex::new(token.clone()) };
        match session.check_mount(&token).await {
            Ok(()) => Ok(session),
            Err(error) => {
                session.close().await;
                Err(error)
            }
        }
    }

    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// An answer of any status. A token that has ended meanwhile is replaced once, where logging in makes tokens.
    pub async fn call(&self, request: &Request) -> Result<Answer, SinkError> {
        let token = self.token.lock().await.clone();
        let answer = self.client.call(Some(&token), request).await?;
        if answer.status != 403 {
            return Ok(answer);
        }
        match self.replacement(&token).await? {
            Some(token) => self.client.call(Some(&token), request).await,
            None => Ok(answer),
        }
    }

    /// Nothing for a token that is valid still. Others that wait meanwhile get the new one as well.
    async fn replacement(&self, used: &HeaderValue) -> Result<Option<HeaderValue>, SinkError> {
        let mut token = self.token.lock().await;
        if *token == *used {
            match self.preflight(used).await? {
                Preflight::InvalidToken => *token = vault_login::log_in(&self.client, &self.login).await?,
                Preflight::Mounted { .. } | Preflight::NotSeen | Preflight::Unknown => return Ok(None),
            }
        }
        Ok(Some(token.clone()))
    }

    /// What `vault kv` asks first, too; every token may ask it that may do anything below the mount.
    async fn preflight(&self, token: &HeaderValue) -> Result<Preflight, SinkError> {
        #[derive(Deserialize)]
        struct Mount {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            #[serde(rename = "type")]
            kind: String,
            options: Option<Options>,
        }
        #[derive(Deserialize)]
        struct Options {
            version: Option<String>,
        }
        let request = Request {
            action: "use",
            method: Method::GET,
            path: format!("sys/internal/ui/mounts/{}", self.mount),
            body: None,
            twice: Twice::Harmless,
        };
        let answer = self.client.call(Some(token), &request).await?;
        let errors = vault_error::errors(&answer);
        let said = |text: &str| errors.iter().any(|error| error.contains(text));
        Ok(match (answer.status, serde_json::from_slice::<Mount>(answer.body.expose())) {
            (200, Ok(Mount { data })) => {
                let version = data.options.and_then(|options| options.version).unwrap_or_else(|| "1".to_owned());
                Preflight::Mounted { kind: one_line(&data.kind), version: one_line(&version) }
            }
            (403, _) if said("preflight capability check") => Preflight::NotSeen,
            (403, _) if said("permission denied") => Preflight::InvalidToken,
            (429 | 500.., _) => return Err(vault_error::refusal(self.client.place(), &request, &answer)),
            _ => Preflight::Unknown,
        })
    }

    async fn check_mount(&self, token: &HeaderValue) -> Result<(), SinkError> {
        let place = self.client.place();
        let mount = &self.mount;
        let setting = |what: String, fix: &str| Err(SinkError::Setting { what, fix: fix.to_owned() });
        match self.preflight(token).await? {
            Preflight::Unknown => Ok(()),
            Preflight::Mounted { kind, version } if matches!(kind.as_str(), "kv" | "generic") => match version.as_str() {
                "2" => Ok(()),
                _ => setting(
                    format!("{mount}/ on {place} is version {version} of the KV engine, which keeps no versions and cannot check them"),
                    &format!("run `vault kv enable-versioning {mount}`, or name another `mount:`"),
                ),
            },
            Preflight::Mounted { kind, .. } => {
                setting(format!("{mount}/ on {place} is a secrets engine of type {kind:?}, not KV"), "name another `mount:`")
            }
            Preflight::NotSeen => setting(
                format!("{place} has no secrets engine at {mount}/, or the token may do nothing there"),
                "correct `mount:`, or allow what `countersign push --policy` prints",
            ),
            Preflight::InvalidToken => Err(vault_login::invalid_token(&self.client, &self.login)),
        }
    }

    /// Revokes a token that logging in made; one that was given is not ours to end. Whatever comes of it: it ends by itself.
    pub async fn close(self) {
        match &self.login {
            VaultLogin::Environment | VaultLogin::Token(_) => {}
            VaultLogin::AppRole { .. } | VaultLogin::Kubernetes { .. } | VaultLogin::Jwt { .. } | VaultLogin::Certificate { .. } => {
                let token = self.token.into_inner();
                let path = "auth/token/revoke-self".to_owned();
                let request = Request { action: "revoke", method: Method::POST, path, body: None, twice: Twice::Never };
                let _ = self.client.call(Some(&token), &request).await;
            }
        }
    }
}
