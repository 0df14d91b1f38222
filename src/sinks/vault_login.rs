//! Tokens: given, or made by logging in.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::SinkError;
use super::vault_client::Client;
use super::vault_environment::Environment;
use super::vault_error;
use super::vault_request::{Answer, Request, Twice};
use crate::cluster::{SecretSource, VaultLogin};
use crate::directory;
use crate::pki::{Passphrase, Secret};

/// A token that is there already; `None` where logging in makes one.
pub fn given(login: &VaultLogin, environment: &Environment<'_>) -> Result<Option<HeaderValue>, SinkError> {
    match login {
        VaultLogin::Environment => environment_token(environment).map(Some),
        VaultLogin::Token(source) => secret_token(source).map(Some),
        VaultLogin::AppRole { .. } | VaultLogin::Kubernetes { .. } | VaultLogin::Jwt { .. } | VaultLogin::Certificate { .. } => Ok(None),
    }
}

pub fn invalid_token(client: &Client, login: &VaultLogin) -> SinkError {
    refused(client, login, "the token is not valid there, or has ended")
}

fn refused(client: &Client, login: &VaultLogin, why: &str) -> SinkError {
    SinkError::Login { place: client.place().to_owned(), how: how(login), why: why.to_owned() }
}

/// What secrets it takes is read anew each time: tokens of service accounts change.
pub async fn log_in(client: &Client, login: &VaultLogin) -> Result<HeaderValue, SinkError> {
    #[derive(Deserialize)]
    struct Made {
        auth: Auth,
    }
    #[derive(Deserialize)]
    struct Auth {
        client_token: String,
    }
    let refused = |why: &str| refused(client, login, why);
    let fetched = directory::first_line;
    let (mount, secret) = match login {
        // Whoever gave it must give another.
        VaultLogin::Environment | VaultLogin::Token(_) => return Err(invalid_token(client, login)),
        VaultLogin::AppRole { mount, secret_id, .. } => (mount, fetched(secret_id)?),
        VaultLogin::Kubernetes { mount, token, .. } | VaultLogin::Jwt { mount, token, .. } => (mount, fetched(token)?),
        VaultLogin::Certificate { mount, .. } => (mount, Passphrase::default()),
    };
    let body = match login {
        VaultLogin::AppRole { role_id, .. } => json!({ "role_id": role_id, "secret_id": secret.expose() }),
        VaultLogin::Kubernetes { role, .. } | VaultLogin::Jwt { role, .. } => json!({ "role": role, "jwt": secret.expose() }),
        VaultLogin::Certificate { role: Some(role), .. } => json!({ "name": role }),
        VaultLogin::Certificate { role: None, .. } | VaultLogin::Environment | VaultLogin::Token(_) => json!({}),
    };
    let request = Request {
        action: "log in at",
        method: Method::POST,
        path: format!("auth/{mount}/login"),
        body: Some(Secret::new(body.to_string().into_bytes())),
        // A secret id may be good for one time only.
        twice: Twice::Never,
    };
    let answer = client.call(None, &request).await?;
    match answer.status {
        200 => {
            let made: Made = serde_json::from_slice(answer.body.expose()).map_err(|_| refused("its answer holds no token"))?;
            header(&Zeroizing::new(made.auth.client_token)).ok_or_else(|| refused("its answer holds no token that could be sent"))
        }
        // Vault 1.13 answers a wrong secret id with 500.
        400 | 401 | 403 => Err(refused(&said_without(&answer, &secret))),
        500 if vault_error::is_wrong_secret_id(&answer) => Err(refused(&said_without(&answer, &secret))),
        _ => Err(vault_error::refusal(client.place(), &request, &answer)),
    }
}

/// Some of Vault's own words repeat what was sent: `invalid secret_id "…"`.
fn said_without(answer: &Answer, secret: &Passphrase) -> String {
    let said = vault_error::said(answer);
    let quoted = serde_json::to_string(secret.expose()).unwrap_or_default();
    let is_in = |text: &str| !text.is_empty() && said.contains(text);
    if is_in(secret.expose()) || is_in(quoted.trim_matches('"')) { "what was sent is not valid there".to_owned() } else { said }
}

fn how(login: &VaultLogin) -> String {
    match login {
        VaultLogin::Environment => "token of the environment, or of ~/.vault-token".to_owned(),
        VaultLogin::Token(_) => "token".to_owned(),
        VaultLogin::AppRole { mount, .. } => format!("AppRole at {mount}/"),
        VaultLogin::Kubernetes { mount, role, .. } => format!("Kubernetes at {mount}/, role {role}"),
        VaultLogin::Jwt { mount, role, .. } => format!("JWT at {mount}/, role {role}"),
        VaultLogin::Certificate { mount, .. } => format!("TLS certificate at {mount}/"),
    }
}

fn environment_token(environment: &Environment<'_>) -> Result<HeaderValue, SinkError> {
    if let Some(variable) = environment.get("TOKEN") {
        return header(&variable.value).ok_or_else(|| no_token(&format!("what {} holds", variable.name)));
    }
    let file = environment.token_file();
    match file.map(|file| directory::first_line(&SecretSource::File(file))) {
        Some(Ok(token)) => header(token.expose().trim()).ok_or_else(|| no_token("what ~/.vault-token holds")),
        Some(Err(error)) if !error.is_missing() => Err(error.into()),
        Some(Err(_)) | None => Err(SinkError::Setting {
            what: "there is no token: neither BAO_TOKEN nor VAULT_TOKEN is set, and there is no ~/.vault-token".to_owned(),
            fix: "run `vault login`, or give the cluster file a `login:`".to_owned(),
        }),
    }
}

fn secret_token(source: &SecretSource) -> Result<HeaderValue, SinkError> {
    header(directory::first_line(source)?.expose()).ok_or_else(|| no_token("what `login.token` names"))
}

fn no_token(what: &str) -> SinkError {
    SinkError::Setting {
        what: format!("{what} is no token"),
        fix: "give one line of printable ASCII, as `vault login` prints it".to_owned(),
    }
}

/// `None` where the text cannot stand in a header, or is empty.
fn header(text: &str) -> Option<HeaderValue> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    let mut header = HeaderValue::from_str(text).ok().filter(|_| fits)?;
    header.set_sensitive(true);
    Some(header)
}
