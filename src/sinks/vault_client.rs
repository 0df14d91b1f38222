//! HTTP with Vault: one request, its repetitions, its answer.
//!
//! What `vault` repeats is repeated: 412, 429, and 5xx except 501; and what was cut, where twice does no more than once.
//!
//! Over reqwest, and not by the crate vaultrs (0.8): that one drops the headers of errors and with them Retry-After, reads answers of any
//! length, and adds a private CA to the system's roots, where it must stand in their place.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::{Action, Attempt, Policy};
use tokio::time::{Instant, sleep, timeout_at};
use zeroize::Zeroizing;

use super::vault_error::{self, Failed};
use super::vault_request::{Answer, Request, Twice};
use super::vault_settings::Settings;
use super::{LONGEST_ANSWER, SinkError};
use crate::pki::Secret;

/// Before the first repetition; then twice as long each time.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// What `Retry-After` leaves out: quotas of Vault and OpenBao say the whole seconds that are left, rounded down.
const ROUNDED_DOWN: Duration = Duration::from_secs(1);
const REDIRECTS: usize = 3;

pub struct Client {
    http: reqwest::Client,
    /// With the name that the server must have, where the settings give one; ends with `/v1/`.
    base: String,
    /// For people.
    place: String,
    namespace: Option<HeaderValue>,
    timeout: Duration,
    retries: u32,
}

impl Client {
    pub fn new(settings: Settings) -> Result<Self, SinkError> {
        let place = settings.address.as_str().trim_end_matches('/').to_owned();
        let wrong = |what: &str| SinkError::Setting { what: what.to_owned(), fix: "correct the address of Vault".to_owned() };
        let mut url = settings.address;
        let mut http = reqwest::Client::builder().redirect(Policy::custom(follow)).referer(false).tls_backend_preconfigured(settings.tls);
        if url.scheme() == "http" {
            http = http.no_proxy();
        }
        if let Some(name) = settings.server_name {
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            url.set_host(Some(&name)).map_err(|_| wrong("VAULT_TLS_SERVER_NAME is no DNS name"))?;
            http = http.dns_resolver(Elsewhere { name, host }).no_proxy();
        }
        let http = http.build().map_err(|_| wrong("the connection to Vault cannot be set up"))?;
        let base = format!("{}/v1/", url.as_str().trim_end_matches('/'));
        Ok(Self { http, base, place, namespace: settings.namespace, timeout: settings.timeout, retries: settings.retries })
    }

    /// The address, as it was given.
    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_ref().and_then(|namespace| namespace.to_str().ok())
    }

    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// Everything together, repetitions and pauses, lasts no longer than the timeout.
    pub async fn call(&self, token: Option<&HeaderValue>, request: &Request) -> Result<Answer, SinkError> {
        let deadline = Instant::now() + self.timeout;
        let mut pause = PAUSE;
        for left in (0..=self.retries).rev() {
            let slow = |_| SinkError::Slow { place: self.place.clone(), seconds: self.timeout.as_secs_f64().ceil() as u64 };
            let (outcome, wait) = match timeout_at(deadline, self.once(token, request)).await.map_err(slow)? {
                Ok(answer) if may_be_repeated(&answer) => {
                    let wait = answer.retry_after.map_or(pause, |said| said.saturating_add(ROUNDED_DOWN).max(pause));
                    (Ok(answer), wait)
                }
                Ok(answer) => return Ok(answer),
                Err(Failed::NotSent(error)) => (Err(error), pause),
                Err(Failed::Cut(error)) if request.twice == Twice::Harmless => (Err(error), pause),
                Err(Failed::Cut(error) | Failed::Forever(error)) => return Err(error),
            };
            if left == 0 || wait >= deadline.saturating_duration_since(Instant::now()) {
                return outcome;
            }
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(SinkError::Slow { place: self.place.clone(), seconds: self.timeout.as_secs() })
    }

    async fn once(&self, token: Option<&HeaderValue>, request: &Request) -> Result<Answer, Failed> {
        let failed = |error: reqwest::Error| vault_error::failed(&self.place, &error);
        let mut headers = HeaderMap::new();
        headers.insert("X-Vault-Request", HeaderValue::from_static("true"));
        for (name, value) in [("X-Vault-Token", token), ("X-Vault-Namespace", self.namespace.as_ref())] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        let mut sent = self.http.request(request.method.clone(), format!("{}{}", self.base, request.path)).headers(headers);
        if let Some(body) = &request.body {
            sent = sent.header("Content-Type", "application/json").body(body.expose().to_vec());
        }
        let mut answer = sent.send().await.map_err(failed)?;
        let text = |name| answer.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        let retry_after = text(RETRY_AFTER).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        let location = text(LOCATION).filter(|_| answer.status().is_redirection());
        let status = answer.status().as_u16();
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                let said = format!("its answer is longer than {} MiB", LONGEST_ANSWER >> 20);
                return Err(Failed::Forever(vault_error::refused(&self.place, request, status, said)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body: Secret::new(std::mem::take(&mut *body)), location, retry_after })
    }
}

fn may_be_repeated(answer: &Answer) -> bool {
    let forever = vault_error::is_sealed(answer) || vault_error::is_too_large(answer) || vault_error::is_wrong_secret_id(answer);
    matches!(answer.status, 412 | 429 | 500 | 502..) && !forever
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

/// Standbys point to the node that is active. The token goes along, and so goes to nobody in clear; and what was written stays a write.
fn follow(attempt: Attempt<'_>) -> Action {
    let same_method = matches!(attempt.status().as_u16(), 307 | 308);
    let own_host = |url: &Url| attempt.previous().first().is_some_and(|first| first.host() == url.host());
    let in_clear = attempt.url().scheme() != "https";
    let downgraded = in_clear && attempt.previous().iter().any(|url| url.scheme() == "https");
    let fine = same_method && !downgraded && (!in_clear || own_host(attempt.url())) && attempt.previous().len() <= REDIRECTS;
    if fine { attempt.follow() } else { attempt.stop() }
}

/// Finds a server by another host than the name it goes by in TLS.
struct Elsewhere {
    name: String,
    host: String,
}

impl reqwest::dns::Resolve for Elsewhere {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let host = if name.as_str() == self.name { self.host.clone() } else { name.as_str().to_owned() };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
