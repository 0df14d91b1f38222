//! From the cluster file and AWS's own settings to a client.
//!
//! Everything that the AWS tools take from the environment and from `~/.aws` counts here, too: profiles, single sign-on, web
//! identity, `credential_process`, containers, instances, proxies, `AWS_MAX_ATTEMPTS`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::ProviderChainError;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::Client;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::said::innermost;
use super::{SinkError, aws_http};
use crate::cluster::AwsSpec;
use crate::directory;
use crate::pki::pem_block;

const CONNECT: Duration = Duration::from_secs(5);
/// For one answer; the SDK asks up to three times, and waits longer each time.
pub const ANSWER: Duration = Duration::from_secs(10);
/// For a call and all its retries.
pub const CALL: Duration = Duration::from_secs(45);
/// For credentials to be found: STS, single sign-on and a process of the user's may be asked for them.
const CREDENTIALS: Duration = Duration::from_secs(30);

/// Whoever has some ends the search, and so does whoever should have some and fails.
const SOURCES: &str = "AWS credentials, looked for in the environment, the profile, web identity, container and instance, in this order";

/// The client, and its place for people: `AWS Secrets Manager in eu-central-1`.
pub async fn client(spec: &AwsSpec) -> Result<(Client, String), SinkError> {
    files().iter().try_for_each(|file| directory::look_at(file))?;
    let region = region(spec).await?;
    let mut place = format!("AWS Secrets Manager in {region}");
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(ANSWER).operation_timeout(CALL).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region).timeout_config(timeouts);
    if let Some(endpoint) = endpoint(spec)? {
        place = format!("{place} at {endpoint}");
        loader = loader.endpoint_url(endpoint);
    }
    let trust = variable("AWS_CA_BUNDLE").map(|bundle| trust(Path::new(&bundle))).transpose()?;
    let loader = loader.http_client(aws_http::client(trust.unwrap_or_default()));
    let config = loader.load().await;
    credentials(&config, &place).await?;
    Ok((Client::new(&config), place))
}

/// Instance metadata is not asked: where nobody answers there, asking takes long.
async fn region(spec: &AwsSpec) -> Result<Region, SinkError> {
    let named = spec.region.clone().map(Region::new);
    let chain =
        RegionProviderChain::first_try(named).or_else(EnvironmentVariableRegionProvider::new()).or_else(ProfileFileRegionProvider::new());
    let region = chain.region().await.filter(|region| !region.as_ref().is_empty());
    region.ok_or_else(|| SinkError::Setting {
        what: "no AWS region is named by the cluster file, AWS_REGION, AWS_DEFAULT_REGION or the AWS profile".to_owned(),
        fix: "write one below `aws`, as `region: eu-central-1`".to_owned(),
    })
}

/// `None`: AWS's own, or what the profile says. Plain HTTP is used where someone wrote `http://`, and only there.
fn endpoint(spec: &AwsSpec) -> Result<Option<String>, SinkError> {
    if spec.endpoint.is_some() {
        return Ok(spec.endpoint.clone());
    }
    if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let given = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"].into_iter().find_map(|name| Some((name, variable(name)?)));
    let Some((name, text)) = given else { return Ok(None) };
    let fits = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    match url::Url::parse(&text) {
        Ok(url) if fits(&url) => Ok(Some(text)),
        Ok(_) | Err(_) => Err(SinkError::Setting {
            what: format!("{name} holds no address"),
            fix: "write for instance https://vpce-0123.secretsmanager.eu-central-1.vpce.amazonaws.com, without user and password"
                .to_owned(),
        }),
    }
}

/// What the SDK opens by itself, without a limit and without a deadline.
fn files() -> Vec<PathBuf> {
    let below_home = |path: &str| Some(std::env::home_dir()?.join(path));
    let named = |name: &str| variable(name).map(PathBuf::from);
    let files = [
        named("AWS_CONFIG_FILE").or_else(|| below_home(".aws/config")),
        named("AWS_SHARED_CREDENTIALS_FILE").or_else(|| below_home(".aws/credentials")),
        named("AWS_WEB_IDENTITY_TOKEN_FILE"),
        named("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        named("SSL_CERT_FILE"),
    ];
    files.into_iter().flatten().collect()
}

/// Only what the file holds is trusted, as the AWS CLI has it.
fn trust(bundle: &Path) -> Result<TlsContext, SinkError> {
    let setting = |what: String| SinkError::Setting { what, fix: "let AWS_CA_BUNDLE name a PEM file of CA certificates".to_owned() };
    let pem = directory::read_foreign(bundle)?;
    let (mut sound, mut store) = (RootCertStore::empty(), TrustStore::empty());
    // The SDK panics at what rustls cannot take.
    for certificate in CertificateDer::pem_slice_iter(pem.expose()).flatten() {
        if sound.add(certificate.clone()).is_ok() {
            store.add_pem_certificate(pem_block("CERTIFICATE", &certificate).expose());
        }
    }
    if sound.is_empty() {
        return Err(setting(format!("{} holds no CA certificate", bundle.display())));
    }
    TlsContext::builder().with_trust_store(store).build().map_err(|error| setting(format!("{}: {}", bundle.display(), innermost(&error))))
}

/// Looks for credentials once, so that their absence is told once, and not by every secret.
async fn credentials(config: &SdkConfig, place: &str) -> Result<(), SinkError> {
    let Some(provider) = config.credentials_provider() else { return Err(absent("")) };
    match tokio::time::timeout(CREDENTIALS, provider.provide_credentials()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(no_credentials(&error, place)),
        Err(_) => Err(SinkError::Login {
            place: place.to_owned(),
            how: SOURCES.to_owned(),
            why: format!("looking for them took longer than {} s", CREDENTIALS.as_secs()),
        }),
    }
}

/// Why there are none: nobody has any, or whoever should have failed.
pub fn no_credentials(error: &CredentialsError, place: &str) -> SinkError {
    let chain = error.source().and_then(|source| source.downcast_ref::<ProviderChainError<CredentialsError>>());
    match (error, chain) {
        (CredentialsError::CredentialsNotLoaded(_), Some(chain)) => {
            let tried: Vec<&str> = chain.attempts().iter().map(|attempt| attempt.name()).collect();
            absent(&format!(" (tried: {})", tried.join(", ")))
        }
        _ => SinkError::Login { place: place.to_owned(), how: SOURCES.to_owned(), why: innermost(error) },
    }
}

fn absent(tried: &str) -> SinkError {
    SinkError::Setting {
        what: format!("no AWS credentials were found{tried}"),
        fix: "log in by `aws sso login`, name a profile by AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
    }
}

/// An empty one counts as none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
