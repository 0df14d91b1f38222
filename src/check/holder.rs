//! Findings about the files of one holder's generation in use: whether the holder could work with them, and with its peers.

use super::everything::Cluster;
use super::kafka_pem::{KafkaStore, kafka_pem};
use super::strength::Fatal;
use super::view::{View, named};
use super::{ErlangFile, chain, entry, erlang_pem, leaf, order, store, strength, validity};
use crate::cluster::{Client, Holder, Role};
use crate::finding::{Finding, Place, Rule};
use crate::inventory::HolderFiles;
use crate::keystore::{self, Contents, Format, Held, Passwords};
use crate::layout::HolderFile;
use crate::path::{self, Question};
use crate::pki::{Certificate, Host, Passphrase, Secret, Usage};

pub const RULES: &[&Rule] = &[&FILE_UNREADABLE, &STORE_DIFFERS, &ALIAS_DIFFERS, &TRUSTSTORE_DIFFERS];

const FILE_UNREADABLE: Rule = Rule::error(
    "holder-file-unreadable",
    "a holder's file that cannot be opened",
    "The holder cannot open it either. A store must open with the password that lies beside it.",
);

const STORE_DIFFERS: Rule = Rule::error(
    "store-differs",
    "a key store that holds another leaf or chain than tls.crt",
    "Which certificate a holder shows depends on the file that it was given, and only one of them is kept in mind.",
);

const ALIAS_DIFFERS: Rule = Rule::warning(
    "alias-differs",
    "a key under another alias than its holder's name",
    "What names the entry by its alias does not find it.",
);

pub const TRUSTSTORE_DIFFERS: Rule = Rule::error(
    "truststore-differs",
    "a trust store that holds other anchors than must be trusted now",
    "One anchor too few and the holder refuses its peers; one too many and it lets in whom it should not.",
);

/// What is wrong with the files of a holder.
pub fn check(cluster: &Cluster<'_>, files: &HolderFiles) -> Vec<Finding> {
    let Some(holder) = cluster.spec.holder(&files.holder) else {
        return Vec::new();
    };
    let room = Room { cluster, files, holder };
    let (chain, mut findings) = room.identity();
    for file in files.files.keys() {
        findings.extend(match file {
            HolderFile::KeystorePkcs12 | HolderFile::KeystoreJks => room.keystore(*file, &chain),
            HolderFile::TruststorePkcs12 | HolderFile::TruststoreJks | HolderFile::Anchors => room.truststore(*file),
            HolderFile::CombinedPem => room.kafka_pem(*file, KafkaStore::Keystore),
            HolderFile::Key
            | HolderFile::Chain
            | HolderFile::KeystorePassword
            | HolderFile::TruststorePassword
            | HolderFile::SaslPassword
            | HolderFile::Snippet(_) => Vec::new(),
        });
    }
    findings.extend(room.erlang_pem());
    let mut once: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    once
}

/// One holder with its files.
struct Room<'a> {
    cluster: &'a Cluster<'a>,
    files: &'a HolderFiles,
    holder: &'a Holder,
}

impl Room<'_> {
    /// `kafka/broker-1/3/tls.crt`.
    fn target(&self, file: HolderFile) -> String {
        format!("{}/{}/{}", self.files.holder, self.files.generation, file.name())
    }

    fn bytes(&self, file: HolderFile) -> Option<&Secret> {
        self.files.files.get(&file)?.as_ref().ok()
    }

    /// Opens a file, by the password beside it where it is a store. What is not there is told by the plan.
    fn open(&self, file: HolderFile, password: Option<HolderFile>) -> Result<Option<Contents>, Finding> {
        let Some(bytes) = self.bytes(file) else {
            return Ok(None);
        };
        let password = password.and_then(|file| self.bytes(file)).map(first_line);
        let open = keystore::open(bytes.expose(), &Passwords { store: password, ..Passwords::default() });
        open.map(Some).map_err(|error| FILE_UNREADABLE.at(Place::target(self.target(file)), error.to_string(), "run countersign apply"))
    }

    /// The chain of `tls.crt`, and what is wrong with it, its key, and its path to the anchors of whoever meets the holder.
    fn identity(&self) -> (Vec<Certificate>, Vec<Finding>) {
        let (Some(key), Some(certificates)) = (self.bytes(HolderFile::Key), self.bytes(HolderFile::Chain)) else {
            return (Vec::new(), Vec::new());
        };
        let target = self.target(HolderFile::Chain);
        let together = Secret::new([key.expose(), b"\n", certificates.expose()].concat());
        let contents = match keystore::open(together.expose(), &Passwords::default()) {
            Ok(contents) => contents,
            Err(error) => return (Vec::new(), vec![FILE_UNREADABLE.at(Place::target(target), error.to_string(), "run countersign apply")]),
        };
        let view = View::new(&target, &contents);
        let Some(sent) = view.chains.first() else {
            return (Vec::new(), Vec::new());
        };
        let chain: Vec<Certificate> = sent.certificates.iter().copied().cloned().collect();
        let mut findings =
            [leaf::check(&view), order::check(&view), validity::outlives_issuer(&view), strength::check(&view, Fatal::Judged)].concat();
        findings.extend(validity::check_beside(&view, &chain, self.cluster.at, self.cluster.expires_within));
        findings.retain(|finding| *finding.rule != order::LEAF_ALONE && *finding.rule != leaf::LEAF_WITHOUT_SERVER_AUTH);
        findings.extend(self.verdicts(&target, &chain));
        (chain, findings)
    }

    /// Whether the peers accept the holder, for each of its purposes and by each name at which it is reached.
    fn verdicts(&self, target: &str, chain: &[Certificate]) -> Vec<Finding> {
        let (Some(leaf), Some(anchors)) = (chain.first(), self.cluster.inventory.anchors(&[self.cluster.spec.issuer_of(self.holder)]))
        else {
            return Vec::new();
        };
        let judge = |purpose, name: Option<&Host>| {
            let (intermediates, at) = (&chain[1..], self.cluster.at);
            let question =
                Question { leaf, intermediates, anchors: anchors.anchors(), revocation_lists: &[], at, purpose: Some(purpose), name };
            chain::findings(target, &path::judge(&question))
        };
        let names = reached_by(&self.holder.role);
        let by_purpose = self.holder.usages().iter().flat_map(|purpose| match purpose {
            Usage::ServerAuth => names.iter().flat_map(|name| judge(Usage::ServerAuth, Some(name))).collect(),
            Usage::ClientAuth => judge(Usage::ClientAuth, None),
        });
        by_purpose.collect()
    }

    fn keystore(&self, file: HolderFile, chain: &[Certificate]) -> Vec<Finding> {
        let contents = match self.open(file, Some(HolderFile::KeystorePassword)) {
            Ok(Some(contents)) => contents,
            Ok(None) => return Vec::new(),
            Err(finding) => return vec![finding],
        };
        let target = self.target(file);
        let view = View::new(&target, &contents);
        let place = || Place::target(target.clone());
        let mut findings = [store::check(&view), entry::check(&view), order::check(&view)].concat();
        findings.retain(|finding| *finding.rule != order::LEAF_ALONE);
        let same = view.chains.first().is_some_and(|held| held.certificates.iter().copied().eq(chain));
        if !same && !chain.is_empty() {
            let message = format!("it does not hold the chain of {} that {} has", named(&chain[0]), HolderFile::Chain.name());
            findings.push(STORE_DIFFERS.at(place(), message, "run countersign apply"));
        }
        let wanted = self.holder.id.name.as_str();
        let keys = contents.items.iter().filter(|item| matches!(item.held, Held::Key { .. }));
        findings.extend(keys.filter(|item| item.alias.as_deref() != Some(wanted)).map(|item| {
            let message = format!("its key is called {:?} and not {wanted:?}", item.alias.as_deref().unwrap_or_default());
            ALIAS_DIFFERS.at(place(), message, "run countersign apply")
        }));
        findings
    }

    fn truststore(&self, file: HolderFile) -> Vec<Finding> {
        let password = (file != HolderFile::Anchors).then_some(HolderFile::TruststorePassword);
        let contents = match self.open(file, password) {
            Ok(Some(contents)) => contents,
            Ok(None) => return Vec::new(),
            Err(finding) => return vec![finding],
        };
        let target = self.target(file);
        let view = View::new(&target, &contents);
        let mut findings = [store::check(&view), entry::check(&view)].concat();
        if let Some(wanted) = self.cluster.inventory.anchors(self.cluster.spec.trusted_by(self.holder)) {
            let missing = wanted.anchors().iter().filter(|anchor| !view.anchors.contains(anchor));
            let extra = view.anchors.iter().copied().filter(|anchor| !wanted.anchors().contains(anchor));
            let say = |anchor: &Certificate, what: &str| {
                TRUSTSTORE_DIFFERS.at(Place::target(target.clone()), format!("{} {what}", named(anchor)), "run countersign apply")
            };
            findings.extend(missing.map(|anchor| say(anchor, "is not in it")));
            findings.extend(extra.map(|anchor| say(anchor, "is in it and must not be trusted")));
        }
        if file == HolderFile::Anchors && contents.format == Format::Pem {
            findings.extend(self.kafka_pem(file, KafkaStore::Truststore));
        }
        findings
    }

    fn kafka_pem(&self, file: HolderFile, kind: KafkaStore) -> Vec<Finding> {
        let uses_kafka = match &self.holder.role {
            Role::Kafka(_) | Role::Client(Client { kafka: Some(_), .. }) => true,
            Role::Rabbitmq(_) | Role::Client(Client { kafka: None, .. }) => false,
        };
        let bytes = self.bytes(file).filter(|_| uses_kafka);
        bytes.map(|bytes| kafka_pem(&self.target(file), bytes.expose(), kind, None)).unwrap_or_default()
    }

    fn erlang_pem(&self) -> Vec<Finding> {
        let Role::Rabbitmq(_) = &self.holder.role else {
            return Vec::new();
        };
        let files =
            [(HolderFile::Key, ErlangFile::Key), (HolderFile::Chain, ErlangFile::Chain), (HolderFile::Anchors, ErlangFile::Anchors)];
        let one = |(file, kind): (HolderFile, ErlangFile)| Some(erlang_pem(&self.target(file), self.bytes(file)?.expose(), kind));
        files.into_iter().filter_map(one).flatten().collect()
    }
}

/// The names by which peers and clients connect.
fn reached_by(role: &Role) -> Vec<Host> {
    let mut names = match role {
        Role::Kafka(node) => node.endpoints.iter().map(|endpoint| endpoint.advertised.host.clone()).chain([node.host.clone()]).collect(),
        Role::Rabbitmq(node) => vec![node.host.clone()],
        Role::Client(_) => Vec::new(),
    };
    names.sort();
    names.dedup();
    names
}

fn first_line(bytes: &Secret) -> Passphrase {
    Passphrase::new(String::from_utf8_lossy(bytes.expose()).lines().next().unwrap_or_default().to_owned())
}
