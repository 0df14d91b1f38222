//! Who connects and where to, by the command line.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::passwords::{self, PasswordArgs};
use super::{Context, selected};
use crate::cluster::SaslMechanism;
use crate::describe::TlsVersion;
use crate::identity::{self, Besides, Candidate, Chosen, IdentityError, Target};
use crate::ops::DeedError;
use crate::pki::HostPort;

#[derive(Debug, Default, Args)]
pub struct IdentityArgs {
    /// Connect to these brokers of Kafka
    #[arg(long, value_name = "HOST:PORT", num_args = 1..)]
    kafka: Vec<HostPort>,
    /// Connect to these nodes of RabbitMQ: amqps://HOST[:PORT]/VHOST, without a password
    #[arg(long, value_name = "URL", num_args = 1..)]
    amqp: Vec<String>,
    /// Connect as this client: its client.properties, librdkafka configuration, file of amqps URLs, PKCS#12, JKS, PEM, or a holder
    #[arg(long = "as", value_name = "FILE or HOLDER")]
    identities: Vec<PathBuf>,
    /// The private key, where --as is a certificate alone
    #[arg(long, value_name = "FILE", requires = "identities")]
    key: Option<PathBuf>,
    /// Trust what is in this file (PEM, PKCS#12, JKS) or directory, instead of what the client trusts
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// Trust the system's roots, instead of what the client trusts or besides --trust
    #[arg(long)]
    system_roots: bool,
    /// Log in as this user, by password
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The first line of this file is the user's password
    #[arg(long, value_name = "FILE", requires = "user", conflicts_with = "user_password_env")]
    user_password_file: Option<PathBuf>,
    /// This environment variable is the user's password
    #[arg(long, value_name = "NAME", requires = "user")]
    user_password_env: Option<String>,
    /// How to log in [default: as the client does; PLAIN with --user]
    #[arg(long, value_enum, ignore_case = true)]
    mechanism: Option<MechanismArg>,
    /// Offer this version of TLS alone; of several, each by itself [default: as the client does]
    #[arg(long, value_enum, value_name = "VERSION")]
    tls: Vec<TlsArg>,
    #[command(flatten)]
    passwords: PasswordArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MechanismArg {
    Plain,
    #[value(name = "scram-sha-256")]
    ScramSha256,
    #[value(name = "scram-sha-512")]
    ScramSha512,
    /// By the certificate
    External,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TlsArg {
    #[value(name = "1.2")]
    V1_2,
    #[value(name = "1.3")]
    V1_3,
}

impl IdentityArgs {
    /// Whether they say who connects or where to; else the cluster file does.
    pub fn are_given(&self) -> bool {
        !self.identities.is_empty() || !self.kafka.is_empty() || !self.amqp.is_empty()
    }

    /// By the cluster file everyone is who the file says: what else is said here would count for nothing.
    pub fn is_silent(&self) -> bool {
        let Self { trust, system_roots, user, mechanism, tls, .. } = self;
        !self.are_given() && trust.is_empty() && !system_roots && user.is_none() && mechanism.is_none() && tls.is_empty()
    }

    /// Everyone who is to connect, each with its targets: those that are given, or else those of its own configuration.
    ///
    /// An identity that cannot be used is a candidate with a fault. None is without targets.
    pub fn read(&self, context: &Context) -> Result<Vec<Candidate>, Failure> {
        let besides = self.besides()?;
        let given = self.targets()?;
        let mut candidates = Vec::new();
        for word in &self.identities {
            candidates.extend(named(word, context, &besides)?);
        }
        if self.identities.is_empty() {
            candidates = identity::from_arguments(&besides)?;
        }
        for candidate in &mut candidates {
            if !given.is_empty() {
                candidate.targets.clone_from(&given);
            } else if candidate.targets.is_empty() {
                return Err(leads_nowhere(candidate));
            }
        }
        Ok(candidates)
    }

    fn targets(&self) -> Result<Vec<Target>, Failure> {
        let amqp = self.amqp.iter().map(|url| identity::amqp_target(url).map_err(|error| Failure::Usage(format!("--amqp: {error}"))));
        self.kafka.iter().cloned().map(Target::kafka).map(Ok).chain(amqp).collect()
    }

    fn besides(&self) -> Result<Besides, Failure> {
        let password = passwords::source(self.user_password_file.as_deref(), self.user_password_env.as_deref(), false)?;
        let user = match (self.user.clone(), password) {
            (None, _) => None,
            (Some(user), Some(password)) => Some((user, password)),
            (Some(user), None) => {
                return Err(Failure::Usage(format!("--user {user} needs --user-password-file FILE or --user-password-env NAME")));
            }
        };
        let mut versions: Vec<TlsVersion> = Vec::new();
        for version in self.tls.iter().copied().map(TlsVersion::from) {
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        Ok(Besides {
            key: self.key.clone(),
            trust: self.trust.clone(),
            system_roots: self.system_roots,
            user,
            mechanism: self.mechanism.map(Chosen::from),
            versions,
            passwords: self.passwords.read()?,
        })
    }
}

/// What is wrong with it besides comes first.
fn leads_nowhere(candidate: &Candidate) -> Failure {
    Failure::Usage(match &candidate.visitor {
        Ok(_) => format!("{} leads nowhere: add --kafka HOST:PORT or --amqp URL", candidate.name),
        Err(fault) => fault.symptom.to_string(),
    })
}

/// What exists as a file is a file, however it is called.
fn named(word: &Path, context: &Context, besides: &Besides) -> Result<Vec<Candidate>, Failure> {
    let holder = word.to_str().filter(|_| !word.is_file());
    let Some(holder) = holder else { return Ok(identity::from_file(word, besides)?) };
    if !context.file.exists() {
        let cluster = context.file.display();
        return Err(Failure::Usage(format!("{holder} is no file, and there is no cluster file {cluster} to name a holder")));
    }
    let spec = context.spec()?;
    let directory = context.directory()?;
    let mut candidates = Vec::new();
    for holder in selected(&spec, &[holder.to_owned()])? {
        let nothing = || DeedError::NothingThere { directory: directory.root().join(holder.id.to_string()) };
        let files = directory.holder_files(&spec, holder).ok_or_else(nothing)?;
        candidates.extend(identity::from_holder(&files, besides)?);
    }
    Ok(candidates)
}

impl From<MechanismArg> for Chosen {
    fn from(mechanism: MechanismArg) -> Self {
        match mechanism {
            MechanismArg::Plain => Self::Password(SaslMechanism::Plain),
            MechanismArg::ScramSha256 => Self::Password(SaslMechanism::ScramSha256),
            MechanismArg::ScramSha512 => Self::Password(SaslMechanism::ScramSha512),
            MechanismArg::External => Self::External,
        }
    }
}

impl From<TlsArg> for TlsVersion {
    fn from(version: TlsArg) -> Self {
        match version {
            TlsArg::V1_2 => Self::V1_2,
            TlsArg::V1_3 => Self::V1_3,
        }
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::Usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use time::macros::datetime;

    use super::super::console::{Color, Console, Format};
    use super::*;
    use crate::visit::Login;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        identity: IdentityArgs,
    }

    /// With an authority beside it, and a file that holds a password.
    fn read(words: &str) -> Result<Vec<Candidate>, String> {
        let directory = tempfile::tempdir().unwrap();
        let key = crate::pki::PrivateKey::generate(crate::pki::KeyKind::P256).unwrap();
        let authority = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        #[allow(clippy::disallowed_methods)]
        for (name, text) in [("ca.crt", authority.pem().as_str()), ("password", "secret\nmore\n")] {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        let words = words.replace("DIR", &directory.path().display().to_string());
        let cli = Cli::try_parse_from(["verify"].into_iter().chain(words.split(' '))).map_err(|error| error.to_string())?;
        let context = Context {
            console: Console::new(Format::Human, Color::Never, true),
            file: directory.path().join("countersign.yaml"),
            dir: directory.path().join("pki"),
            now: datetime!(2026-01-01 0:00 UTC),
            entropy: aws_lc_rs::rand::SystemRandom::new(),
        };
        cli.identity.read(&context).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_user_at_named_endpoints() {
        let words = "--kafka a.example:9093 [::1]:9094 --amqp amqps://B.example/v --trust DIR/ca.crt --user u --user-password-file DIR/password \
                     --mechanism SCRAM-SHA-512 --tls 1.3 --tls 1.3";
        let candidates = read(words).unwrap();
        assert_eq!(candidates.len(), 1);
        let endpoints = candidates[0].targets.iter().map(|target| target.endpoint.to_string()).collect::<Vec<_>>();
        assert_eq!(endpoints, ["a.example:9093", "[::1]:9094", "b.example:5671"]);
        let visitor = candidates[0].visitor.as_ref().unwrap();
        let Login::Password { mechanism, user, password } = &visitor.login else { panic!("{:?}", visitor.login) };
        assert_eq!((mechanism.name(), user.meant(), password.expose()), ("SCRAM-SHA-512", "u", "secret"));
        assert_eq!(visitor.versions, [TlsVersion::V1_3]);
    }

    #[test]
    fn what_cannot_be_asked() {
        let refusal = |words: &str| read(words).unwrap_err();
        let url = refusal("--amqp amqps://u:hunter2@h/v --trust DIR/ca.crt");
        assert!(url.contains("where every process sees it") && !url.contains("hunter2"), "{url}");
        assert!(
            refusal("--amqp amqp://u:hunter2@h/v --trust DIR/ca.crt").ends_with("--amqp: it leads to h:5672 without TLS: write amqps://")
        );
        assert!(refusal("--amqp amqps://h/v?certfile=c --trust DIR/ca.crt").contains("into a file for --as"));
        assert!(refusal("--kafka broker.example --system-roots").contains("host:port"));
        assert!(refusal("--kafka a:1").contains("add --trust FILE or --system-roots"));
        assert!(refusal("--kafka a:1 --trust DIR/ca.crt --user u").contains("--user u needs --user-password-file"));
        assert!(refusal("--kafka a:1 --trust DIR/ca.crt --mechanism plain").contains("does not say who logs in"));
        assert!(refusal("--as clients/orders --kafka a:1").contains("is no file, and there is no cluster file"));
        assert!(refusal("--as DIR/ca.crt --trust DIR/ca.crt").contains("there is no private key in it"));
    }

    #[test]
    fn an_identity_that_cannot_be_used_is_an_answer() {
        let candidates = read("--as DIR/ca.crt --kafka a:1 --trust DIR/ca.crt").unwrap();
        assert!(candidates[0].visitor.is_err());
        assert_eq!(candidates[0].targets.len(), 1);
    }
}
