//! What a Kafka client's configuration says about connecting: where to, in which protocol, with which keys, and who logs in.

use super::jaas::{JaasError, LoginModule};
use super::reference::{Declared, Reference, Role, references};
use super::{Program, SecurityProtocol, Setting, Settings, Text};
use crate::pki::{Passphrase, Secret};

/// A client's way to its cluster.
#[derive(Debug, Clone)]
pub struct Connection {
    /// `bootstrap.servers`, item by item.
    pub bootstrap: Vec<Text>,
    /// An unknown name is handed back.
    pub protocol: Result<SecurityProtocol, Text>,
    /// Only where the protocol has SASL.
    pub sasl: Option<Sasl>,
    /// `ssl.enabled.protocols` of Java: `TLSv1.3`. Empty where it is not set.
    pub versions: Vec<Text>,
    /// The client does not check the name in the broker's certificate.
    pub names_unchecked: bool,
    /// The client takes any certificate (librdkafka's `enable.ssl.certificate.verification`).
    pub certificates_unchecked: bool,
    pub material: Vec<Material>,
}

/// SASL, as far as the configuration has it.
#[derive(Debug, Clone)]
pub struct Sasl {
    /// Kafka's default is GSSAPI.
    pub mechanism: Text,
    pub user: Option<Text>,
    pub password: Option<Passphrase>,
    /// The user is a delegation token (KIP-48).
    pub by_token: bool,
    /// What is wrong with `sasl.jaas.config`.
    pub fault: Option<JaasError>,
}

/// Keys or certificates, and what opens them.
#[derive(Debug, Clone)]
pub struct Material {
    /// `ssl.keystore.location`
    pub key: Text,
    pub role: Role,
    pub source: Source,
    pub format: Option<Declared>,
    pub password: Option<Passphrase>,
    pub key_password: Option<Passphrase>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path.
    File(Text),
    /// PEM that stands in the configuration itself (KIP-651).
    Inline(Secret),
}

impl From<Reference> for Material {
    fn from(reference: Reference) -> Self {
        let Reference { key, path, role, format, password, key_password, line: _, users: _ } = reference;
        Self { key, role, source: Source::File(path), format, password, key_password }
    }
}

impl Settings {
    /// Of a client of Kafka, and of Connect and its like.
    pub fn connection(&self) -> Connection {
        let protocol = match self.value("security.protocol").filter(|name| !name.is_empty()) {
            Some(name) => SecurityProtocol::from_name(name.meant()).ok_or_else(|| name.clone()),
            None => Ok(SecurityProtocol::Plaintext),
        };
        let identification = self.value("ssl.endpoint.identification.algorithm").map(Text::meant);
        let verification = self.value("enable.ssl.certificate.verification").map(Text::meant);
        Connection {
            bootstrap: ["bootstrap.servers", "metadata.broker.list"].into_iter().flat_map(|key| self.list(key)).collect(),
            sasl: protocol.as_ref().is_ok_and(|protocol| protocol.has_sasl()).then(|| self.sasl()),
            protocol,
            versions: self.list("ssl.enabled.protocols").collect(),
            names_unchecked: identification.is_some_and(|name| name.is_empty() || name.eq_ignore_ascii_case("none")),
            certificates_unchecked: verification.is_some_and(|value| ["false", "f", "0"].iter().any(|no| no.eq_ignore_ascii_case(value))),
            material: references(self).into_iter().map(Material::from).chain(self.inline()).collect(),
        }
    }

    fn sasl(&self) -> Sasl {
        let mechanism = |setting: Option<&Setting>| setting.map_or_else(|| Text::written("GSSAPI"), |setting| setting.value.clone());
        match self.program {
            Program::Librdkafka => Sasl {
                mechanism: mechanism(self.one_of(["sasl.mechanisms", "sasl.mechanism"])),
                user: self.value("sasl.username").cloned(),
                password: self.given("sasl.password"),
                by_token: false,
                fault: None,
            },
            Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther | Program::RabbitMq | Program::RabbitMqTerms => {
                let config = self.get("sasl.jaas.config").filter(|setting| !setting.is_unknown());
                let (module, fault) = match config.map(|setting| LoginModule::parse(setting.value.meant())) {
                    Some(Ok(module)) => (Some(module), None),
                    Some(Err(error)) => (None, Some(error)),
                    None => (None, None),
                };
                let option = |name: &str| module.as_ref().and_then(|module| module.option(name));
                Sasl {
                    mechanism: mechanism(self.get("sasl.mechanism")),
                    user: config.zip(option("username")).map(|(setting, user)| setting.value.leads_to(user.expose())),
                    password: option("password").cloned(),
                    by_token: option("tokenauth").is_some_and(|value| value.expose().eq_ignore_ascii_case("true")),
                    fault,
                }
            }
        }
    }

    /// Two names of one setting: the line that comes last counts.
    fn one_of(&self, keys: [&str; 2]) -> Option<&Setting> {
        keys.into_iter().filter_map(|key| self.get(key)).max_by_key(|setting| setting.line)
    }

    fn given(&self, key: &str) -> Option<Passphrase> {
        self.get(key).filter(|setting| !setting.is_unknown()).map(|setting| Passphrase::new(setting.value.meant().to_owned()))
    }

    fn inline(&self) -> Vec<Material> {
        let keys = match self.program {
            Program::Librdkafka => ["ssl.certificate.pem", "ssl.key.pem", "ssl.ca.pem"],
            Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther | Program::RabbitMq | Program::RabbitMqTerms => {
                ["ssl.keystore.certificate.chain", "ssl.keystore.key", "ssl.truststore.certificates"]
            }
        };
        let roles = [Role::Certificate, Role::Key, Role::Anchors];
        let found = keys.into_iter().zip(roles).filter_map(|(key, role)| Some((self.get(key)?, role)));
        found
            .filter(|(setting, _)| !setting.value.is_empty())
            .map(|(setting, role)| Material {
                key: setting.key.clone(),
                role,
                // A line has no room for the lines of PEM: where a configuration cannot escape them, they are written as \n.
                source: Source::Inline(Secret::new(setting.value.meant().replace("\\n", "\n").into_bytes())),
                format: Some(Declared::Pem),
                password: None,
                key_password: if role == Role::Key { self.given("ssl.key.password") } else { None },
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::read;

    fn connection(text: &str) -> Connection {
        read(text.as_bytes()).unwrap().connection()
    }

    #[test]
    fn a_java_client_with_scram() {
        let connection = connection(
            "bootstrap.servers=a:9093, [::1]:9093,\nsecurity.protocol=sasl_ssl\nsasl.mechanism=SCRAM-SHA-512\n\
             sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=\"a\" password=\"b\\\\\"c\";\n\
             ssl.enabled.protocols=TLSv1.3\nssl.endpoint.identification.algorithm=\n",
        );
        assert_eq!(connection.bootstrap, ["a:9093", "[::1]:9093"]);
        assert_eq!(connection.protocol, Ok(SecurityProtocol::SaslSsl));
        let sasl = connection.sasl.unwrap();
        assert_eq!((sasl.mechanism.meant(), sasl.user.unwrap().meant(), sasl.password.unwrap().expose()), ("SCRAM-SHA-512", "a", "b\"c"));
        assert_eq!((connection.versions, connection.names_unchecked), (vec![Text::written("TLSv1.3")], true));
    }

    #[test]
    fn librdkafka_with_plain() {
        let connection = connection(
            "metadata.broker.list=a:9093\nsecurity.protocol=sasl_ssl\nsasl.mechanism=SCRAM-SHA-256\nsasl.mechanisms=PLAIN\n\
             sasl.username=u\nsasl.password=p=w\nenable.ssl.certificate.verification=false\nssl.endpoint.identification.algorithm=none\n",
        );
        assert_eq!(connection.bootstrap, ["a:9093"]);
        let sasl = connection.sasl.unwrap();
        assert_eq!((sasl.mechanism.meant(), sasl.user.unwrap().meant(), sasl.password.unwrap().expose()), ("PLAIN", "u", "p=w"));
        assert!(connection.names_unchecked && connection.certificates_unchecked);
    }

    #[test]
    fn plaintext_is_what_nothing_said_means() {
        let plain = connection("bootstrap.servers=a:1\nssl.keystore.location=/k.jks\n");
        assert_eq!(plain.protocol, Ok(SecurityProtocol::Plaintext));
        assert!(plain.sasl.is_none());
        assert_eq!(connection("bootstrap.servers=a:1\nsecurity.protocol=TLS\n").protocol, Err(Text::written("TLS")));
    }

    #[test]
    fn pem_in_the_configuration_itself() {
        let java = connection(
            "bootstrap.servers=a:1\nsecurity.protocol=SSL\nssl.keystore.type=PEM\nssl.keystore.certificate.chain=c\nssl.keystore.key=k\n\
             ssl.key.password=p\nssl.truststore.type=PEM\nssl.truststore.certificates=t\n",
        );
        let librdkafka =
            connection("bootstrap.servers=a:1\nsecurity.protocol=ssl\nssl.certificate.pem=c\nssl.key.pem=k\\nl\nssl.ca.pem=t\n");
        for (connection, key) in [(&java, "k"), (&librdkafka, "k\nl")] {
            let material = connection.material.iter().map(|material| (material.role, material.source.clone())).collect::<Vec<_>>();
            let inline = |text: &str| Source::Inline(Secret::new(text.as_bytes().to_vec()));
            assert_eq!(material, [(Role::Certificate, inline("c")), (Role::Key, inline(key)), (Role::Anchors, inline("t"))]);
        }
        assert_eq!(java.material[1].key_password, Some(Passphrase::new("p".to_owned())));
    }
}
