//! A cluster made in memory, with every file as `apply` would write it.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use time::{Duration, OffsetDateTime};

use crate::artifact::{Belongings, Truststores, Workshop};
use crate::cluster::{self, AuthorityName, AuthorityOrigin, ClusterSpec, Holder, HolderId};
use crate::inventory::HolderFiles;
use crate::issue::{self, Signer};
use crate::layout::{self, HolderFile};
use crate::pki::{Certificate, Host, Identity, Password, PrivateKey, Secret, TrustBundle};
use crate::snippet::Snippets;

pub struct Cluster {
    pub spec: ClusterSpec,
    signers: BTreeMap<AuthorityName, (Signer, Certificate)>,
    /// What each client of a SASL listener logs in with.
    sasl_passwords: BTreeMap<HolderId, Password>,
    now: OffsetDateTime,
}

/// One node of each kind, and clients of one kind and of both.
pub const BOTH_KINDS: &str = "
cluster: tests
kafka:
  version: 3.9
  listeners: { BROKER: { port: 9093, auth: mtls }, CONTROLLER: { port: 9095, auth: mtls } }
  brokers: [{ name: broker-1, host: broker-1.example, also: [10.0.0.1] }]
rabbitmq: { version: 4.0, nodes: [{ name: rabbit-1, host: rabbit-1.example }] }
clients:
  - { name: both, kafka: { write: [orders] }, rabbitmq: {} }
  - { name: queues, rabbitmq: {} }
";

impl Cluster {
    pub fn new(text: &str) -> Self {
        Self::made(text, Duration::ZERO)
    }

    /// As if all had been issued `ago`.
    pub fn made(text: &str, ago: Duration) -> Self {
        let spec = cluster::parse(text, Path::new("/")).unwrap();
        #[allow(clippy::disallowed_methods)]
        let now = OffsetDateTime::now_utc() - ago;
        let signers = spec
            .authorities()
            .map(|authority| {
                let AuthorityOrigin::Own(own) = &authority.origin else { panic!("not made here") };
                let made = issue::authority(&spec, authority.name, own, 1, now, &SystemRandom::new()).unwrap();
                let root = made.certificates.root.clone();
                let key = made.issuing_key.unwrap_or(made.root_key);
                (authority.name, (Signer::new(made.certificates, key, now).unwrap(), root))
            })
            .collect();
        let password = |client: &Holder| (client.id.clone(), Password::generate(&SystemRandom::new()));
        let sasl_passwords = spec.sasl_users().map(|(client, _)| password(client)).collect();
        Self { spec, signers, sasl_passwords, now }
    }

    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    pub fn holder(&self, id: &str) -> &Holder {
        self.spec.holders.iter().find(|holder| holder.id.to_string() == id).unwrap()
    }

    pub fn trust(&self, holder: &Holder) -> TrustBundle {
        TrustBundle::new(self.spec.trusted_by(holder).iter().map(|name| self.signers[name].1.clone()).collect()).unwrap()
    }

    /// A server for `host`, vouched for as brokers are.
    pub fn stand_in(&self, host: &Host) -> Identity {
        let broker = self.spec.kafka_nodes().next().unwrap().0;
        issue::stand_in(broker, host, &self.signers[&self.spec.issuer_of(broker)].0, self.now, &SystemRandom::new()).unwrap()
    }

    /// A new leaf, and everything that is made of it.
    pub fn files(&self, id: &str) -> HolderFiles {
        let (holder, entropy) = (self.holder(id), SystemRandom::new());
        let signer = &self.signers[&self.spec.issuer_of(holder)].0;
        let key = PrivateKey::generate(self.spec.leaf.key).unwrap();
        let identity = issue::leaf(&self.spec.leaf, holder, key, signer, self.now, &entropy).unwrap();
        let [password, trust_password] = [Password::generate(&entropy), Password::generate(&entropy)];
        let truststores = Truststores::encode(&self.spec.stores, self.trust(holder), trust_password, &entropy).unwrap();
        let snippets = Snippets::new(&self.spec, Path::new("/"));
        let workshop = Workshop { spec: &self.spec, snippets: &snippets, entropy: &entropy };
        let sasl_passwords = &self.sasl_passwords;
        let belongings = Belongings { identity: &identity, password: &password, truststores: &truststores, sasl_passwords };
        let artifacts = workshop.holder_files(holder, belongings, |_, _| None).unwrap();
        let bytes = artifacts.into_iter().map(|artifact| Ok(artifact.bytes));
        HolderFiles { holder: holder.id.clone(), generation: 1, files: layout::files(&self.spec, holder).into_iter().zip(bytes).collect() }
    }

    /// Every holder with its files.
    pub fn everyone(&self) -> Vec<(&Holder, HolderFiles)> {
        self.spec.holders.iter().map(|holder| (holder, self.files(&holder.id.to_string()))).collect()
    }
}

/// Exchanges the bytes of one file.
pub fn overwrite(files: &mut HolderFiles, file: HolderFile, bytes: &[u8]) {
    assert!(files.files.insert(file, Ok(Secret::new(bytes.to_vec()))).is_some(), "{} is not among the files", file.name());
}
