//! Sinks: the places that holders' files are pushed to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{ClusterSpec, Holder, HolderId, NameTemplate, SecretSource};

/// One entry of the `push` block.
#[derive(Debug, Clone)]
pub struct SinkSpec {
    /// What `push --to` calls it. No two sinks have the same.
    pub name: String,
    pub kind: SinkKind,
    /// Whose files go there, in the order of [`super::ClusterSpec::holders`].
    pub holders: Vec<HolderId>,
    /// Which of a holder's files go there; in the order of the file, never empty, none twice.
    pub files: Vec<FileGroup>,
}

#[derive(Debug, Clone)]
pub enum SinkKind {
    Vault(VaultSpec),
    Aws(AwsSpec),
    Kubernetes(KubernetesSpec),
}

impl SinkKind {
    /// The key that introduces it in the cluster file.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Vault(_) => "vault",
            Self::Aws(_) => "aws",
            Self::Kubernetes(_) => "kubernetes",
        }
    }
}

impl SinkSpec {
    /// What the place of a holder's files is called: the path below Vault's mount, the name in Secrets Manager, the name of a
    /// Kubernetes Secret.
    pub fn address(&self, cluster: &str, holder: &HolderId) -> String {
        match &self.kind {
            SinkKind::Vault(vault) => vault.path.of(cluster, holder),
            SinkKind::Aws(aws) => aws.path.of(cluster, holder),
            SinkKind::Kubernetes(kubernetes) => kubernetes.secret.dns_name_of(cluster, holder),
        }
    }
}

impl ClusterSpec {
    /// The holders of `sink` whose users get secrets for Amazon MSK there.
    pub fn msk_users<'a>(&'a self, sink: &'a SinkSpec) -> impl Iterator<Item = &'a Holder> {
        let wanted = matches!(&sink.kind, SinkKind::Aws(AwsSpec { msk_users: true, .. }));
        let holders = sink.holders.iter().filter_map(|id| self.holder(id));
        holders.filter(move |holder| wanted && self.sasl_login(holder).is_some())
    }

    /// Every address that `sink` writes to, whether or not there is anything to send.
    pub fn addresses(&self, sink: &SinkSpec) -> BTreeSet<String> {
        let mut addresses: BTreeSet<String> = sink.holders.iter().map(|id| sink.address(&self.name, id)).collect();
        addresses.extend(self.msk_users(sink).map(|holder| msk_secret(&self.name, &holder.id)));
        if let SinkKind::Aws(AwsSpec { amazon_mq_ca: Some(name), .. }) = &sink.kind {
            addresses.insert(name.clone());
        }
        addresses
    }
}

/// Files that are wanted, or left out, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileGroup {
    /// `tls.crt`, `tls.key`, `ca.crt`, `tls-combined.pem`.
    Pem,
    /// The PKCS#12 stores, with what opens them.
    Pkcs12,
    /// The JKS stores, with what opens them.
    Jks,
    /// Configuration snippets, and the password that a SASL client logs in with.
    Config,
}

impl FileGroup {
    pub const ALL: [Self; 4] = [Self::Pem, Self::Pkcs12, Self::Jks, Self::Config];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Pkcs12 => "pkcs12",
            Self::Jks => "jks",
            Self::Config => "config",
        }
    }
}

/// HashiCorp Vault or OpenBao: its KV secrets engine, version 2.
#[derive(Debug, Clone)]
pub struct VaultSpec {
    /// `https://vault.example:8200`; `None`: what `BAO_ADDR` or `VAULT_ADDR` says.
    pub address: Option<String>,
    /// `None`: `BAO_NAMESPACE` or `VAULT_NAMESPACE`, or none.
    pub namespace: Option<String>,
    /// Where the engine is mounted, without slashes at its ends.
    pub mount: String,
    /// Where a holder's secret lies below the mount.
    pub path: NameTemplate,
    /// PEM: whom the server's certificate must come from; `None`: `BAO_CACERT` and the like, or the system's roots.
    pub ca: Option<PathBuf>,
    pub login: VaultLogin,
}

/// How a token is got. `mount` is where the auth method is mounted, without slashes at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultLogin {
    /// `BAO_TOKEN`, `VAULT_TOKEN`, or the file that `vault login` leaves, `~/.vault-token`.
    Environment,
    Token(SecretSource),
    AppRole {
        mount: String,
        role_id: String,
        secret_id: SecretSource,
    },
    /// `token` is the service account's.
    Kubernetes {
        mount: String,
        role: String,
        token: SecretSource,
    },
    Jwt {
        mount: String,
        role: String,
        token: SecretSource,
    },
    /// PEM files. `role` picks one of several that the certificate fits.
    Certificate {
        mount: String,
        role: Option<String>,
        certificate: PathBuf,
        key: PathBuf,
    },
}

/// AWS Secrets Manager. Credentials come from wherever the AWS tools take them.
#[derive(Debug, Clone)]
pub struct AwsSpec {
    /// `None`: what the environment or the profile says.
    pub region: Option<String>,
    /// `None`: AWS's own, or what `AWS_ENDPOINT_URL_SECRETS_MANAGER` says.
    pub endpoint: Option<String>,
    /// What a holder's secret is called.
    pub path: NameTemplate,
    /// Id, ARN or alias of the key that encrypts; `None`: `aws/secretsmanager`.
    pub kms_key: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Whether each SCRAM user gets a secret of its own, as Amazon MSK reads it. Then there is a `kms_key`: MSK demands one.
    pub msk_users: bool,
    /// The secret that holds what brokers must trust, as PEM, for Amazon MQ's `aws.arns.ssl_options.cacertfile`.
    pub amazon_mq_ca: Option<String>,
}

/// Manifests, written to a directory or to stdout; whoever deploys applies them.
#[derive(Debug, Clone)]
pub struct KubernetesSpec {
    pub namespace: String,
    /// Where the manifests are written; relative paths are joined to the cluster file's place already.
    pub directory: PathBuf,
    /// What a holder's Secret is called.
    pub secret: NameTemplate,
    pub form: SecretForm,
    /// The ConfigMap with what clients must trust.
    pub trust: String,
    /// The Strimzi cluster that is to use the authorities of this one as its cluster CA and clients CA.
    pub strimzi: Option<String>,
}

/// How a Secret's values come into the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretForm {
    /// They stand in the manifest.
    Plain,
    /// Encrypted for the controller of Sealed Secrets, whose certificate this PEM file is.
    Sealed { certificate: PathBuf, scope: SealingScope },
    /// External Secrets fetches them from another sink.
    External(ExternalSpec),
}

/// What a sealed value is bound to, as kubeseal's `--scope` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealingScope {
    /// Namespace and name.
    Strict,
    NamespaceWide,
    ClusterWide,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalSpec {
    /// The name of a sink that is Vault or AWS, and has every holder and file group of this one.
    pub from: String,
    /// What External Secrets logs in as: a role of Vault's Kubernetes auth method, or the ARN of an IAM role.
    pub role: Option<String>,
    /// Whose token External Secrets shows.
    pub service_account: String,
    /// Where Vault's Kubernetes auth method is mounted.
    pub mount: String,
}

impl ExternalSpec {
    /// What the SecretStore is called: after the cluster, for several may share a namespace.
    pub fn store_name(&self, cluster: &str) -> String {
        let name = format!("{cluster}-{}", self.from).to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        name.trim_matches('-').to_owned()
    }
}

/// What Amazon MSK's secret for a user is called.
pub fn msk_secret(cluster: &str, user: &HolderId) -> String {
    format!("{}{}", msk_stem(cluster), user.name)
}

/// What the names of all of a cluster's [`msk_secret`]s begin with. Amazon MSK takes no other beginning.
pub fn msk_stem(cluster: &str) -> String {
    format!("AmazonMSK_{}/", cluster.replace(' ', "-"))
}

/// What a Strimzi cluster's Secrets with its authorities are called: cluster CA and clients CA, each its key and its certificate.
pub fn strimzi_secrets(cluster: &str) -> [String; 4] {
    ["cluster-ca", "cluster-ca-cert", "clients-ca", "clients-ca-cert"].map(|what| format!("{cluster}-{what}"))
}

/// What the keys of our own tags begin with.
pub const TAG_PREFIX: &str = "countersign:";
