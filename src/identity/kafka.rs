//! Clients of Kafka: Java's and librdkafka's, by their configuration.

use std::path::Path;

use super::draft::{Draft, Trust};
use super::login::Said;
use super::opened::{self, Opened};
use super::store::{self, Trusting};
use super::{IdentityError, Target, bare};
use crate::check::{self, KafkaStore};
use crate::describe::TlsVersion;
use crate::diagnosis::{Fault, FileProblem, Via};
use crate::directory;
use crate::finding::Severity;
use crate::keystore::{Format, Passwords};
use crate::pki::{Certificate, HostPort};
use crate::settings::{Connection, Declared, Material, Program, Role, Sasl, SecurityProtocol, Settings, Source, Text, Unfetched, Wanted};
use crate::visit::{Credential, Visitor};

/// librdkafka's default.
const PORT: u16 = 9092;

/// A configuration with all that opens its files.
struct Client<'a> {
    path: &'a Path,
    name: String,
    java: bool,
    besides: &'a Passwords,
    connection: Connection,
}

pub(super) fn draft(path: &Path, settings: &Settings, besides: &Passwords) -> Result<Draft, IdentityError> {
    let name = path.display().to_string();
    let settings = settings.resolved(|wanted| directory::read_provided(path.parent().unwrap_or(Path::new("")), wanted));
    let file = |one: &&Unfetched| matches!(one.wanted, Some(Wanted::File(_)));
    let missing = settings.unfetched.iter().find(file).map(|one| {
        let problem = FileProblem::Unreadable(format!("{} is not known here, because {}", one.key, one.why));
        Fault::file(name.clone(), problem)
    });
    let java = settings.program != Program::Librdkafka;
    let client = Client { path, name: name.clone(), java, besides, connection: settings.connection() };
    let via = if java { Via::ClientProperties } else { Via::Librdkafka };
    let targets = client.targets()?;
    let versions = match missing.or(client.plaintext()) {
        Some(fault) => Err(fault),
        None => client.versions(),
    };
    let mut notes = client.notes();
    let (versions, credential) = match versions {
        Ok(versions) => (versions, client.credential(&mut notes)),
        Err(fault) => (Vec::new(), Err(fault)),
    };
    let trust = client.trust(&mut notes);
    Ok(Draft { trust, login: client.login(), versions, notes, targets, ..Draft::new(name, via, credential) })
}

impl Client<'_> {
    fn targets(&self) -> Result<Vec<Target>, IdentityError> {
        // Nowhere that may not be told: to look up the name of a host tells it.
        let written = self.connection.bootstrap.iter().filter(|written| !written.is_fetched());
        let target = |written: &Text| {
            let address = written.meant().split_once("://").map_or(written.meant(), |(_, address)| address);
            let with_port = format!("{address}:{PORT}");
            let parsed = address.parse::<HostPort>();
            let parsed = if self.java { parsed } else { parsed.or_else(|error| with_port.parse().map_err(|_| error)) };
            parsed.map(Target::kafka).map_err(|_| IdentityError::Target { file: self.name.clone(), written: written.clone() })
        };
        written.map(target).collect()
    }

    fn plaintext(&self) -> Option<Fault> {
        let problem = match &self.connection.protocol {
            Ok(SecurityProtocol::Ssl | SecurityProtocol::SaslSsl) => return None,
            Ok(SecurityProtocol::Plaintext) => FileProblem::InPlaintext("security.protocol=PLAINTEXT (the default)".to_owned()),
            Ok(SecurityProtocol::SaslPlaintext) => FileProblem::InPlaintext("security.protocol=SASL_PLAINTEXT".to_owned()),
            Err(name) => FileProblem::Damaged(format!("security.protocol is {name:?}; it is SSL or SASL_SSL")),
        };
        Some(self.fault(problem))
    }

    fn fault(&self, problem: FileProblem) -> Fault {
        Fault::file(self.name.clone(), problem)
    }

    /// Those of TLS 1.2 and 1.3 that the client has.
    fn versions(&self) -> Result<Vec<TlsVersion>, Fault> {
        let named = &self.connection.versions;
        let versions: Vec<TlsVersion> =
            Visitor::VERSIONS.into_iter().filter(|version| named.iter().any(|name| name == version.name())).collect();
        if versions.is_empty() && !named.is_empty() {
            let mut shown: Vec<String> = named.iter().map(Text::to_string).collect();
            shown.dedup();
            let problem = format!("ssl.enabled.protocols is {}: neither TLSv1.2 nor TLSv1.3 (RFC 8996)", shown.join(","));
            return Err(self.fault(FileProblem::Damaged(problem)));
        }
        Ok(versions)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(written) = self.connection.bootstrap.iter().find(|written| written.is_fetched()) {
            notes.push(format!(
                "where {written} leads is not followed, because it would be told to whoever finds hosts by their names: say --kafka"
            ));
        }
        if self.connection.certificates_unchecked {
            notes.push("the client takes any certificate (enable.ssl.certificate.verification); countersign does not, ever".to_owned());
        }
        if self.connection.names_unchecked {
            notes.push("the client does not check host names (ssl.endpoint.identification.algorithm); countersign does, always".to_owned());
        }
        notes
    }

    fn material(&self, role: Role) -> impl Iterator<Item = &Material> {
        self.connection.material.iter().filter(move |material| material.role == role)
    }

    fn open(&self, material: &Material) -> Result<Opened, Fault> {
        let passwords = opened::passwords(material.password.as_ref(), material.key_password.as_ref(), self.besides);
        let opened = match &material.source {
            Source::File(written) => Opened::named(self.path, written, &passwords)?,
            Source::Inline(pem) => Opened::new(format!("{}: {}", self.name, material.key), pem.clone(), &passwords)?,
        };
        let (format, pem) = (opened.contents.format, opened.contents.format == Format::Pem);
        match &material.format {
            Some(declared) if self.java && !opened.contents.items.is_empty() && pem != (*declared == Declared::Pem) => {
                let kind = material.key.to_string().replace(".location", ".type");
                Err(opened.fault(FileProblem::Damaged(format!("it is {}, and {kind} does not say so", format.name()))))
            }
            Some(_) | None => Ok(opened),
        }
    }

    /// The keystore counts before a certificate and key of their own: librdkafka loads it last.
    fn credential(&self, notes: &mut Vec<String>) -> Result<Option<Credential>, Fault> {
        let [keystore, chain, key] = [Role::Keystore, Role::Certificate, Role::Key].map(|role| self.material(role).last());
        match (keystore, chain, key) {
            (Some(keystore), _, _) => {
                let opened = self.open(keystore)?;
                let credential =
                    store::credential(opened.bytes.expose(), &opened.contents, notes).map_err(|problem| opened.fault(problem))?;
                self.taken_by_kafka(&opened, keystore, KafkaStore::Keystore)?;
                Ok(Some(credential))
            }
            (None, Some(chain), Some(key)) => bare::pair(&self.open(chain)?, &self.open(key)?).map(Some),
            (None, Some(_), None) => Err(self.fault(FileProblem::NoKey)),
            (None, None, Some(_)) => Err(self.fault(FileProblem::NoCertificate)),
            (None, None, None) => Ok(None),
        }
    }

    /// Kafka takes less of PEM than others do.
    fn taken_by_kafka(&self, opened: &Opened, material: &Material, store: KafkaStore) -> Result<(), Fault> {
        if !self.java || opened.contents.format != Format::Pem {
            return Ok(());
        }
        let findings = check::kafka_pem(&opened.name, opened.bytes.expose(), store, material.key_password.as_ref());
        match findings.into_iter().find(|finding| finding.rule.severity == Severity::Error) {
            Some(finding) => Err(opened.fault(FileProblem::Damaged(format!("Kafka does not load it: {}", finding.message)))),
            None => Ok(()),
        }
    }

    fn trust(&self, notes: &mut Vec<String>) -> Trust {
        let named: Vec<&Material> = self.material(Role::Truststore).chain(self.material(Role::Anchors)).collect();
        if named.is_empty() {
            notes.push(if self.java {
                "the client names no truststore, and Java then trusts the public authorities of its cacerts: here it is the system's"
                    .to_owned()
            } else {
                "the client names no anchors: the system's roots are trusted".to_owned()
            });
            return Trust::Public;
        }
        Trust::Given(named.into_iter().map(|material| self.anchors(material)).collect::<Result<Vec<_>, _>>().map(|each| each.concat()))
    }

    fn anchors(&self, material: &Material) -> Result<Vec<Certificate>, Fault> {
        if let Source::File(written) = &material.source {
            let place = opened::place(self.path, written);
            // OpenSSL takes a directory of certificates too.
            if !self.java && place.is_dir() {
                return opened::anchors_in(&place, self.besides);
            }
        }
        let opened = self.open(material)?;
        let anchors = opened.anchors(if self.java { Trusting::Java } else { Trusting::Bundle })?;
        self.taken_by_kafka(&opened, material, KafkaStore::Truststore)?;
        Ok(anchors)
    }

    fn login(&self) -> Said {
        match &self.connection.sasl {
            None => Said::Nothing,
            Some(Sasl { fault: Some(error), .. }) => {
                Said::Faulty(self.fault(FileProblem::Damaged(format!("sasl.jaas.config cannot be read: {error}"))))
            }
            Some(Sasl { by_token: true, .. }) => Said::Token,
            Some(Sasl { mechanism, user, password, .. }) => {
                Said::Password { mechanism: mechanism.clone(), user: user.clone(), password: password.clone() }
            }
        }
    }
}
