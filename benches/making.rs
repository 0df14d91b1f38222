//! What one holder costs: its leaf, its stores, and reading them again.
//!
//!     cargo bench

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use countersign::cluster::{AuthorityName, AuthorityOrigin, ClusterSpec, parse};
use countersign::issue::{self, Signer};
use countersign::keystore::{Entry, Pkcs12Profile, jks, pkcs12};
use countersign::pki::{Identity, Password, PrivateKey};
use criterion::{Criterion, criterion_group, criterion_main};
use time::OffsetDateTime;

const CLUSTER: &str = "
cluster: bench
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
";

fn signer(spec: &ClusterSpec, now: OffsetDateTime, entropy: &SystemRandom) -> Signer {
    let AuthorityOrigin::Own(own) = &spec.authority(AuthorityName::Shared).origin else { unreachable!() };
    let made = issue::authority(spec, AuthorityName::Shared, own, 1, now, entropy).unwrap();
    Signer::new(made.certificates, made.issuing_key.unwrap(), now).unwrap()
}

fn making(criterion: &mut Criterion) {
    let (entropy, now) = (SystemRandom::new(), OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap());
    let spec = parse(CLUSTER, Path::new("/")).unwrap();
    let signer = signer(&spec, now, &entropy);
    let leaf = || -> Identity {
        let key = PrivateKey::generate(spec.leaf.key).unwrap();
        issue::leaf(&spec.leaf, &spec.holders[0], key, &signer, now, &entropy).unwrap()
    };
    criterion.bench_function("leaf p256", |bencher| bencher.iter(leaf));

    let identity = leaf();
    let password = Password::generate(&entropy);
    let entries = [Entry::PrivateKey {
        alias: "broker-1".to_owned(),
        key: identity.key().pkcs8().clone(),
        chain: identity.chain().certificates().to_vec(),
    }];
    for profile in [Pkcs12Profile::Modern, Pkcs12Profile::Java8] {
        let written = pkcs12::write(&entries, &password, profile, &entropy).unwrap();
        let name = profile.name();
        criterion.bench_function(&format!("pkcs12 {name} write"), |bencher| {
            bencher.iter(|| pkcs12::write(&entries, &password, profile, &entropy))
        });
        criterion.bench_function(&format!("pkcs12 {name} read"), |bencher| bencher.iter(|| pkcs12::read(&written, &password)));
    }
    let written = jks::write(&entries, &password, now, &entropy).unwrap();
    criterion.bench_function("jks write", |bencher| bencher.iter(|| jks::write(&entries, &password, now, &entropy)));
    criterion.bench_function("jks read", |bencher| bencher.iter(|| jks::read(&written, &password)));
}

criterion_group!(benches, making);
criterion_main!(benches);
