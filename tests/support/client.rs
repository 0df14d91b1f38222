//! A client of Kafka as its configuration has it: one set of Java's properties, said again in the words of librdkafka and openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rdkafka::config::ClientConfig;

/// Java's properties, in their order. The values of `*.location` are files in one directory.
#[derive(Debug, Clone)]
pub struct Client {
    properties: Vec<(&'static str, String)>,
}

impl Client {
    /// Shows the certificate and trusts the authority in these PEM files.
    pub fn with_certificate(keystore: &str, truststore: &str) -> Self {
        Self { properties: Vec::new() }
            .with("security.protocol", "SSL")
            .with("ssl.keystore.type", "PEM")
            .with("ssl.keystore.location", keystore)
            .with("ssl.truststore.type", "PEM")
            .with("ssl.truststore.location", truststore)
    }

    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.properties.retain(|(other, _)| *other != key);
        self.properties.push((key, value.to_owned()));
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.properties.retain(|(other, _)| *other != key);
        self
    }

    pub fn without_certificate(self) -> Self {
        self.without("ssl.keystore.type").without("ssl.keystore.location")
    }

    /// By user name and password over TLS.
    pub fn logging_in(self, mechanism: &str, user: &str, password: &str) -> Self {
        let module = if mechanism == "PLAIN" { "plain.PlainLoginModule" } else { "scram.ScramLoginModule" };
        let jaas = format!("org.apache.kafka.common.security.{module} required username=\"{user}\" password=\"{password}\";");
        self.without_certificate().with("security.protocol", "SASL_SSL").with("sasl.mechanism", mechanism).with("sasl.jaas.config", &jaas)
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.properties.iter().find(|(other, _)| *other == key).map(|(_, value)| value.as_str())
    }

    fn file(&self, directory: &Path, key: &str) -> Option<String> {
        Some(directory.join(self.get(key)?).display().to_string())
    }

    /// Writes client.properties; where it is.
    pub fn write(&self, directory: &Path, name: &str) -> PathBuf {
        let mut text = String::new();
        for (key, value) in &self.properties {
            let value = if key.ends_with(".location") { directory.join(value).display().to_string() } else { value.clone() };
            text += &format!("{key}={value}\n");
        }
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// What librdkafka is configured with for the same; an error is what it cannot be told.
    pub fn librdkafka(&self, directory: &Path, bootstrap: &str) -> Result<ClientConfig, &'static str> {
        if self.get("ssl.enabled.protocols").is_some() {
            return Err("setting for TLS versions");
        }
        if self.get("ssl.truststore.type") != Some("PEM") {
            return Err("truststores of that kind");
        }
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("security.protocol", self.get("security.protocol").unwrap());
        let pem = self.get("ssl.keystore.type") == Some("PEM");
        let keystore: &[&str] = if pem { &["ssl.certificate.location", "ssl.key.location"] } else { &["ssl.keystore.location"] };
        if let Some(file) = self.file(directory, "ssl.keystore.location") {
            keystore.iter().for_each(|key| _ = config.set(*key, &file));
        }
        if let Some(file) = self.file(directory, "ssl.truststore.location") {
            config.set("ssl.ca.location", file);
        }
        for key in ["ssl.keystore.password", "sasl.mechanism"] {
            self.get(key).map(|value| config.set(key, value));
        }
        if let Some(jaas) = self.get("sasl.jaas.config") {
            let mut quoted = jaas.split('"').skip(1).step_by(2);
            config.set("sasl.username", quoted.next().unwrap()).set("sasl.password", quoted.next().unwrap());
        }
        Ok(config)
    }

    /// `openssl s_client` for the same, as far as TLS goes; for a PKCS#12 keystore `openssl pkcs12`, which has to open it first.
    pub fn openssl(&self, directory: &Path, host: &str, port: u16) -> Option<Command> {
        if self.get("security.protocol").is_some_and(|protocol| protocol.ends_with("PLAINTEXT")) {
            return None;
        }
        if let (Some(password), Some(keystore)) = (self.get("ssl.keystore.password"), self.file(directory, "ssl.keystore.location")) {
            let mut openssl = Command::new("openssl");
            openssl.args(["pkcs12", "-noout", "-in", &keystore, "-passin", &format!("pass:{password}")]);
            return Some(openssl);
        }
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &format!("{host}:{port}"), "-verify_return_error"]);
        let name = if host.parse::<std::net::IpAddr>().is_ok() { ["-verify_ip", host] } else { ["-verify_hostname", host] };
        openssl.args(name);
        if let Some(trust) = self.file(directory, "ssl.truststore.location") {
            openssl.args(["-CAfile", &trust]);
        }
        if let Some(keystore) = self.file(directory, "ssl.keystore.location") {
            openssl.args(["-cert", &keystore, "-cert_chain", &keystore, "-key", &keystore, "-pass", "pass:"]);
        }
        match self.get("ssl.enabled.protocols") {
            Some("TLSv1.2") => drop(openssl.arg("-tls1_2")),
            Some("TLSv1.3") => drop(openssl.arg("-tls1_3")),
            _ => {}
        }
        Some(openssl)
    }
}
