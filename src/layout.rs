//! Floor 3: every file name, where it lies, and who may read it.
//!
//! ```text
//! pki/
//! ├── authority/1/            root.crt root.key issuing.crt issuing.key      (authority/brokers/1, authority/clients/1 when there are two)
//! ├── trust/                  ca.crt password                                (brokers.crt clients.crt when there are two)
//! ├── kafka/broker-1/
//! │   ├── 3/                  the files of generation 3, and manifest.json
//! │   └── current -> 3
//! ├── rabbitmq/rabbit-1/…
//! ├── clients/orders/…
//! ├── retired/clients/old/…    certificates of holders that are gone
//! └── journal.jsonl
//! ```

use std::path::{Path, PathBuf};

use crate::cluster::{
    Access, AuthorityName, ClusterSpec, FileGroup, Holder, HolderId, JavaVersion, KafkaAccess, KafkaPasswords, Role, SaslMechanism,
    StoreFormat,
};
use crate::keystore::Pkcs12Profile;

/// Decides the mode of a file and what a sink may receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    Public,
    Secret,
}

/// Whether a file can stand in JSON as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Text,
    Binary,
}

/// One file of a holder's generation. The names follow cert-manager, so that they mean the same in Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolderFile {
    /// The private key, PKCS#8 PEM.
    Key,
    /// The chain, leaf first, PEM.
    Chain,
    /// What the holder trusts, PEM.
    Anchors,
    /// Key and chain in one PEM: Kafka's `ssl.keystore.type=PEM` (KIP-651).
    CombinedPem,
    KeystorePkcs12,
    KeystoreJks,
    TruststorePkcs12,
    TruststoreJks,
    /// Opens the key stores.
    KeystorePassword,
    /// Opens the trust stores. The same for every holder that trusts the same.
    TruststorePassword,
    /// What a client logs in to Kafka with, where its listener asks for a password.
    SaslPassword,
    /// Configuration text, made by `snippet`.
    Snippet(Snippet),
}

/// A configuration file, ready for the program that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Snippet {
    ServerProperties,
    ClientProperties,
    /// The passwords as Kafka's FileConfigProvider reads them.
    PasswordsProperties,
    Librdkafka,
    KafkaAcls,
    /// Gives the cluster the passwords of its SCRAM users.
    KafkaUsers,
    RabbitmqConf,
    EnabledPlugins,
    Definitions,
    AmqpUri,
}

impl Snippet {
    pub const ALL: [Self; 10] = [
        Self::ServerProperties,
        Self::ClientProperties,
        Self::PasswordsProperties,
        Self::Librdkafka,
        Self::KafkaAcls,
        Self::KafkaUsers,
        Self::RabbitmqConf,
        Self::EnabledPlugins,
        Self::Definitions,
        Self::AmqpUri,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerProperties => "server.properties",
            Self::ClientProperties => "client.properties",
            Self::PasswordsProperties => "passwords.properties",
            Self::Librdkafka => "librdkafka.conf",
            Self::KafkaAcls => "kafka-acls.sh",
            Self::KafkaUsers => "kafka-users.sh",
            Self::RabbitmqConf => "rabbitmq.conf",
            Self::EnabledPlugins => "enabled_plugins",
            Self::Definitions => "definitions.json",
            Self::AmqpUri => "amqp.uri",
        }
    }

    /// Secret where passwords may stand in it.
    pub const fn sensitivity(self) -> Sensitivity {
        match self {
            Self::ServerProperties | Self::ClientProperties | Self::PasswordsProperties | Self::Librdkafka => Sensitivity::Secret,
            Self::KafkaAcls | Self::KafkaUsers | Self::RabbitmqConf | Self::EnabledPlugins | Self::Definitions | Self::AmqpUri => {
                Sensitivity::Public
            }
        }
    }
}

impl HolderFile {
    /// Every file that is not a snippet.
    const MATERIAL: [Self; 11] = [
        Self::Key,
        Self::Chain,
        Self::Anchors,
        Self::CombinedPem,
        Self::KeystorePkcs12,
        Self::KeystoreJks,
        Self::TruststorePkcs12,
        Self::TruststoreJks,
        Self::KeystorePassword,
        Self::TruststorePassword,
        Self::SaslPassword,
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::MATERIAL.into_iter().chain(Snippet::ALL.into_iter().map(Self::Snippet))
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "tls.key",
            Self::Chain => "tls.crt",
            Self::Anchors => "ca.crt",
            Self::CombinedPem => "tls-combined.pem",
            Self::KeystorePkcs12 => "keystore.p12",
            Self::KeystoreJks => "keystore.jks",
            Self::TruststorePkcs12 => "truststore.p12",
            Self::TruststoreJks => "truststore.jks",
            Self::KeystorePassword => "password",
            Self::TruststorePassword => "truststore.password",
            Self::SaslPassword => "sasl.password",
            Self::Snippet(snippet) => snippet.name(),
        }
    }

    pub const fn encoding(self) -> Encoding {
        match self {
            Self::KeystorePkcs12 | Self::KeystoreJks | Self::TruststorePkcs12 | Self::TruststoreJks => Encoding::Binary,
            Self::Key
            | Self::Chain
            | Self::Anchors
            | Self::CombinedPem
            | Self::KeystorePassword
            | Self::TruststorePassword
            | Self::SaslPassword
            | Self::Snippet(_) => Encoding::Text,
        }
    }

    /// Whether it is the text of one value, a password or an address, and the end of its line no part of that.
    pub const fn is_value(self) -> bool {
        match self {
            Self::KeystorePassword | Self::TruststorePassword | Self::SaslPassword | Self::Snippet(Snippet::AmqpUri) => true,
            Self::Key
            | Self::Chain
            | Self::Anchors
            | Self::CombinedPem
            | Self::KeystorePkcs12
            | Self::KeystoreJks
            | Self::TruststorePkcs12
            | Self::TruststoreJks
            | Self::Snippet(_) => false,
        }
    }

    /// With which others it is pushed to sinks; the passwords of stores go with either kind of store.
    pub const fn groups(self) -> &'static [FileGroup] {
        match self {
            Self::Key | Self::Chain | Self::Anchors | Self::CombinedPem => &[FileGroup::Pem],
            Self::KeystorePkcs12 | Self::TruststorePkcs12 => &[FileGroup::Pkcs12],
            Self::KeystoreJks | Self::TruststoreJks => &[FileGroup::Jks],
            Self::KeystorePassword | Self::TruststorePassword => &[FileGroup::Pkcs12, FileGroup::Jks],
            Self::SaslPassword | Self::Snippet(_) => &[FileGroup::Config],
        }
    }

    pub const fn sensitivity(self) -> Sensitivity {
        match self {
            Self::Chain | Self::Anchors | Self::TruststorePkcs12 | Self::TruststoreJks => Sensitivity::Public,
            Self::Key
            | Self::CombinedPem
            | Self::KeystorePkcs12
            | Self::KeystoreJks
            | Self::KeystorePassword
            | Self::TruststorePassword
            | Self::SaslPassword => Sensitivity::Secret,
            Self::Snippet(snippet) => snippet.sensitivity(),
        }
    }
}

/// Every file of one generation of `holder`, in the order in which they are shown.
pub fn files(spec: &ClusterSpec, holder: &Holder) -> Vec<HolderFile> {
    use HolderFile as F;
    let mut files = vec![F::Key, F::Chain, F::Anchors];
    for format in &spec.stores.formats {
        files.extend_from_slice(match format {
            StoreFormat::Pem => &[F::CombinedPem],
            StoreFormat::Pkcs12 => &[F::KeystorePkcs12, F::TruststorePkcs12],
            StoreFormat::Jks => &[F::KeystoreJks, F::TruststoreJks],
        });
    }
    let has_passwords = spec.stores.formats.iter().any(|format| *format != StoreFormat::Pem);
    if has_passwords {
        files.extend([F::KeystorePassword, F::TruststorePassword]);
    }
    if spec.sasl_login(holder).is_some() {
        files.push(F::SaslPassword);
    }
    files.extend(snippets(spec, holder).into_iter().map(F::Snippet));
    files
}

fn snippets(spec: &ClusterSpec, holder: &Holder) -> Vec<Snippet> {
    use Snippet as S;
    let mut snippets = match &holder.role {
        Role::Kafka(_) => vec![S::ServerProperties, S::ClientProperties],
        Role::Rabbitmq(_) => vec![S::RabbitmqConf, S::EnabledPlugins, S::Definitions],
        Role::Client(client) => {
            let kafka: &[S] = match client.kafka {
                Some(KafkaAccess::SuperUser) if has_scram(spec) => &[S::ClientProperties, S::Librdkafka, S::KafkaAcls, S::KafkaUsers],
                Some(KafkaAccess::SuperUser) => &[S::ClientProperties, S::Librdkafka, S::KafkaAcls],
                Some(KafkaAccess::Limited { .. }) => &[S::ClientProperties, S::Librdkafka],
                None => &[],
            };
            let amqp: &[S] = if client.rabbitmq.is_some() { &[S::AmqpUri] } else { &[] };
            [kafka, amqp].concat()
        }
    };
    if passwords_by_provider(spec, holder) && snippets.contains(&S::ClientProperties) {
        snippets.push(S::PasswordsProperties);
    }
    snippets
}

/// Whether Kafka, as `holder` runs it, reads passwords through a provider: it must be wanted, and there must be any.
pub fn passwords_by_provider(spec: &ClusterSpec, holder: &Holder) -> bool {
    let wanted = spec.kafka.as_ref().is_some_and(|kafka| kafka.passwords == KafkaPasswords::FileProvider);
    let of_stores = spec.stores.for_kafka() != StoreFormat::Pem;
    wanted && (of_stores || !spec.sasl_passwords_of(holder).is_empty())
}

fn has_scram(spec: &ClusterSpec) -> bool {
    let mechanism = spec.kafka.as_ref().and_then(|kafka| kafka.sasl_mechanism(&kafka.clients));
    mechanism.is_some_and(SaslMechanism::is_scram)
}

/// The encoding of PKCS#12 that the oldest Java in use can read (JDK-8267701).
pub const fn pkcs12_profile(java: JavaVersion) -> Pkcs12Profile {
    match java {
        JavaVersion::Java8 => Pkcs12Profile::Java8,
        JavaVersion::Java11OrLater(_) => Pkcs12Profile::Modern,
    }
}

/// Where a holder finds its files, as its configuration says: `install` of the cluster file, or `current` below `root`,
/// which must be absolute.
pub fn home(root: &Path, holder: &Holder) -> PathBuf {
    holder.install.clone().unwrap_or_else(|| root.join(holder_path(&holder.id)).join(CURRENT))
}

/// Relative to the root of the directory: `kafka/broker-1`.
pub fn holder_path(id: &HolderId) -> PathBuf {
    Path::new(id.kind.directory()).join(id.name.as_str())
}

/// The permission bits of a file of a holder with this access.
pub const fn mode(sensitivity: Sensitivity, access: &Access) -> u32 {
    match (sensitivity, access.group.is_some()) {
        (Sensitivity::Public, _) => 0o644,
        (Sensitivity::Secret, false) => 0o600,
        (Sensitivity::Secret, true) => 0o640,
    }
}

/// The file below `trust/` with the anchors of one authority.
pub const fn trust_file(name: AuthorityName) -> &'static str {
    match name {
        AuthorityName::Shared => "ca.crt",
        AuthorityName::Brokers => "brokers.crt",
        AuthorityName::Clients => "clients.crt",
    }
}

/// Relative to the root of the directory: `authority/1`, `authority/brokers/1`.
pub fn authority_path(name: AuthorityName, generation: u32) -> PathBuf {
    Path::new(name.path()).join(generation.to_string())
}

/// In a generation of an authority.
pub const ROOT_CERTIFICATE: &str = "root.crt";
/// In a generation of an authority that was made here.
pub const ROOT_KEY: &str = "root.key";
/// The certificate that signs leafs, then any between it and the root; absent when the root signs.
pub const ISSUING_CERTIFICATE: &str = "issuing.crt";
pub const ISSUING_KEY: &str = "issuing.key";
/// The anchors, and what opens every trust store.
pub const TRUST: &str = "trust";
/// Below [`TRUST`].
pub const TRUST_PASSWORD: &str = "password";
/// The link to a holder's generation in use.
pub const CURRENT: &str = "current";
/// In every generation: what was written, and what it was made from.
/// What stays of a generation whose holder is gone: nothing secret.
pub const RETIRED_FILES: [&str; 3] = [HolderFile::Chain.name(), HolderFile::Anchors.name(), MANIFEST];

pub const RETIRED: &str = "retired";

pub const MANIFEST: &str = "manifest.json";
/// Who was issued what, when and why.
pub const JOURNAL: &str = "journal.jsonl";
