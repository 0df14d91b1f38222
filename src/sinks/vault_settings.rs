//! Where a Vault is, and how it is verified: what the cluster file says, and what the environment says of the rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::SinkError;
use super::vault_environment::Environment;
use crate::cluster::{VaultLogin, VaultSpec, is_loopback};
use crate::directory;
use crate::pki::Certificate;
use crate::visit::tls;

/// All that a connection is made by.
pub struct Settings {
    /// `https`, or `http` on this machine alone.
    pub address: Url,
    pub namespace: Option<HeaderValue>,
    pub tls: ClientConfig,
    /// The DNS name that the server's certificate must be for, where that is not the one in the address.
    pub server_name: Option<String>,
    pub timeout: Duration,
    pub retries: u32,
}

impl Settings {
    pub fn new(spec: &VaultSpec, environment: &Environment<'_>) -> Result<Self, SinkError> {
        environment.must_verify()?;
        let namespace = spec.namespace.clone().or_else(|| environment.get("NAMESPACE").map(|variable| variable.value));
        let namespace = namespace.map(|text| HeaderValue::from_str(&text)).transpose();
        Ok(Self {
            address: address(spec, environment)?,
            namespace: namespace.map_err(|_| setting("VAULT_NAMESPACE is no namespace", "write letters, digits and slashes"))?,
            tls: tls(spec, environment)?,
            server_name: server_name(environment)?,
            timeout: environment.timeout()?,
            retries: environment.retries()?,
        })
    }
}

fn setting(what: impl Into<String>, fix: &str) -> SinkError {
    SinkError::Setting { what: what.into(), fix: fix.to_owned() }
}

fn address(spec: &VaultSpec, environment: &Environment<'_>) -> Result<Url, SinkError> {
    const FIX: &str = "write for instance https://vault.example:8200";
    let (from, text) = match (&spec.address, environment.get("ADDR")) {
        (Some(text), _) => ("`address`".to_owned(), text.clone()),
        (None, Some(variable)) => (variable.name, variable.value),
        (None, None) => {
            return Err(setting(
                "there is no address of Vault: the cluster file gives none, and neither BAO_ADDR nor VAULT_ADDR is set",
                "give it as `address:` in the cluster file",
            ));
        }
    };
    // A wrong address is not shown: a user and a password may stand in it.
    let url = Url::parse(&text).map_err(|_| setting(format!("{from} is no address"), FIX))?;
    if !url.has_host() || !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(setting(format!("{from} is no address of Vault"), FIX));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(setting(format!("{text} speaks no TLS, and everyone on the way there would see private keys"), "write https://")),
        _ => Err(setting(format!("{from} begins with neither https:// nor http://"), FIX)),
    }
}

/// SNI carries no IP addresses (RFC 6066 §3), and [`super::vault_client`] sends this name by SNI.
fn server_name(environment: &Environment<'_>) -> Result<Option<String>, SinkError> {
    let Some(variable) = environment.get("TLS_SERVER_NAME") else { return Ok(None) };
    match url::Host::parse(&variable.value) {
        Ok(url::Host::Domain(name)) => Ok(Some(name)),
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => Err(setting(
            format!("{} is no DNS name", variable.name),
            "write the name that the server's certificate is for; an IP address belongs in the address itself",
        )),
    }
}

fn tls(spec: &VaultSpec, environment: &Environment<'_>) -> Result<ClientConfig, SinkError> {
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| setting(format!("TLS cannot be set up: {error}"), "report this"))?
        .with_root_certificates(Arc::new(roots(spec, environment)?));
    let own = match &spec.login {
        VaultLogin::Certificate { certificate, key, .. } => Some((certificate.clone(), key.clone())),
        VaultLogin::Environment
        | VaultLogin::Token(_)
        | VaultLogin::AppRole { .. }
        | VaultLogin::Kubernetes { .. }
        | VaultLogin::Jwt { .. } => own_certificate(environment)?,
    };
    let Some((certificate, key)) = own else { return Ok(config.with_no_client_auth()) };
    let chain = directory::read_foreign(&certificate)?;
    let chain = CertificateDer::pem_slice_iter(chain.expose()).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| setting(format!("{} holds no certificate", certificate.display()), "name a PEM file"))?;
    let pem = directory::read_foreign(&key)?;
    let private_key = PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| {
        setting(format!("{} holds no private key that could be used", key.display()), "name a PEM file that is not encrypted")
    })?;
    config.with_client_auth_cert(chain, private_key).map_err(|error| {
        setting(
            format!("{} and {} cannot be used together: {error}", certificate.display(), key.display()),
            "name a certificate and its own key",
        )
    })
}

/// What Vault is shown on whatever connection.
fn own_certificate(environment: &Environment<'_>) -> Result<Option<(PathBuf, PathBuf)>, SinkError> {
    match (environment.path("CLIENT_CERT"), environment.path("CLIENT_KEY")) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(setting("VAULT_CLIENT_CERT is set, and VAULT_CLIENT_KEY is not", "set both, or neither")),
        (None, Some(_)) => Err(setting("VAULT_CLIENT_KEY is set, and VAULT_CLIENT_CERT is not", "set both, or neither")),
    }
}

/// A CA that is named counts alone, as it does for `vault`: a file before a directory, and the system's only where none is named.
fn roots(spec: &VaultSpec, environment: &Environment<'_>) -> Result<RootCertStore, SinkError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = spec.ca.clone().or_else(|| environment.path("CACERT")) {
        add(&mut roots, &file)?;
    } else if let Some(directory) = environment.path("CAPATH") {
        let files = directory::files_in(&directory);
        for file in &files {
            add(&mut roots, file)?;
        }
        if files.is_empty() {
            return Err(setting(
                format!("VAULT_CAPATH names {}, and there are no files", directory.display()),
                "put CA certificates (PEM) there",
            ));
        }
    } else {
        let (system, _) = directory::system_roots();
        roots.add_parsable_certificates(system.iter().map(|root| CertificateDer::from(root.der())));
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), SinkError> {
    let wrong = |why: String| setting(format!("{} cannot be trusted: {why}", file.display()), "name a PEM file of CA certificates");
    let pem = directory::read_foreign(file)?;
    for certificate in Certificate::from_pem(pem.expose()).map_err(|error| wrong(error.to_string()))? {
        roots.add(CertificateDer::from(certificate.der()).into_owned()).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(())
}
