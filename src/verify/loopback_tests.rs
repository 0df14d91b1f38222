//! Everyone in memory, in real handshakes.

use time::OffsetDateTime;

use super::fixture::{BOTH_KINDS, Cluster, overwrite};
use super::{loopback, party};
use crate::cluster::{Holder, HolderKind};
use crate::diagnosis::{Cell, Fact, Failure, Step, StepTaken, Symptom, Verdict, VerifyReport, Via};
use crate::inventory::HolderFiles;
use crate::layout::HolderFile;

/// Proves everyone in `all` with the nodes among them.
async fn prove(all: &[(&Holder, HolderFiles)]) -> VerifyReport {
    let nodes: Vec<_> = all.iter().filter(|(holder, _)| holder.id.kind != HolderKind::Client).cloned().collect();
    loopback(all, &nodes, now(), 8, |_| ()).await
}

#[allow(clippy::disallowed_methods)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn failures(report: &VerifyReport) -> Vec<(&Cell, &Failure)> {
    report
        .cells
        .iter()
        .filter_map(|cell| match &cell.verdict {
            Verdict::Failed(failure) => Some((cell, &**failure)),
            Verdict::Passed => None,
        })
        .collect()
}

/// The file that is at fault, and what is wrong with it.
#[track_caller]
fn broken(failure: &Failure) -> (&str, String) {
    match &failure.evidence.fault.symptom {
        Symptom::File { file, problem } => (file, problem.to_string()),
        symptom => panic!("{symptom}"),
    }
}

#[tokio::test]
async fn everyone_meets_whom_it_will_meet_once_from_each_store() {
    let cluster = Cluster::new(BOTH_KINDS);
    let report = prove(&cluster.everyone()).await;
    assert!(report.passed(), "{report:#?}");
    let seen: Vec<_> = report.cells.iter().map(|cell| (cell.identity.as_str(), cell.target.as_str(), cell.via.name())).collect();
    let expected = [
        ("kafka/broker-1", "kafka/broker-1"),
        ("rabbitmq/rabbit-1", "rabbitmq/rabbit-1"),
        ("clients/both", "kafka/broker-1"),
        ("clients/both", "rabbitmq/rabbit-1"),
        ("clients/queues", "rabbitmq/rabbit-1"),
    ]
    .into_iter()
    .flat_map(|(identity, target)| ["pem", "pkcs12", "jks"].map(|via| (identity, target, via)));
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>(), expected.collect::<Vec<_>>().iter().collect());
    // Both nodes refused both intruders.
    assert_eq!(report.probes.len(), 4);
}

#[tokio::test]
async fn the_facts_are_those_of_the_connection() {
    let cluster = Cluster::new(BOTH_KINDS);
    let everyone = cluster.everyone();
    let report = prove(&everyone[..1]).await;
    let [StepTaken { fact: Fact::Handshake(handshake), .. }, StepTaken { fact: Fact::Acceptance(acceptance), .. }] =
        &report.cells[0].steps[..]
    else {
        panic!("{report:#?}")
    };
    let leaf = party::from_pem(&everyone[0].1).unwrap().identity.leaf().clone();
    assert_eq!((handshake.protocol.as_str(), acceptance.certificate_requested), ("TLSv1.3", true));
    let served: Vec<_> = handshake.served.iter().map(|served| served.subject.as_str()).collect();
    assert_eq!(served, ["CN=broker-1", "CN=tests issuing 1"]);
    assert_eq!(handshake.anchor.as_deref(), Some("CN=tests root 1"));
    assert_eq!(acceptance.requested_issuers, ["CN=tests root 1"]);
    assert_eq!((acceptance.shown.as_deref(), acceptance.issuer_named), (Some("CN=broker-1"), Some(true)));
    assert_eq!(handshake.served[0].fingerprint, leaf.fingerprint());
    assert!(!handshake.cipher.is_empty() && !handshake.group.is_empty() && !handshake.ocsp_staple);
    assert!((88..=90).contains(&handshake.days_left), "{}", handshake.days_left);
}

#[tokio::test]
async fn a_file_that_is_broken_is_named_whichever_it_is() {
    let cluster = Cluster::new(BOTH_KINDS);
    let damaged = [
        (HolderFile::Key, Via::Pem),
        (HolderFile::Chain, Via::Pem),
        (HolderFile::Anchors, Via::Pem),
        (HolderFile::CombinedPem, Via::Pem),
        (HolderFile::KeystorePkcs12, Via::Pkcs12),
        (HolderFile::TruststorePkcs12, Via::Pkcs12),
        (HolderFile::KeystoreJks, Via::Jks),
        (HolderFile::TruststoreJks, Via::Jks),
    ];
    let whole = (cluster.holder("kafka/broker-1"), cluster.files("kafka/broker-1"));
    for (file, via) in damaged {
        // The middle of the file is what holds the content.
        let mut bytes = whole.1.files[&file].as_ref().unwrap().expose().to_vec();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8].reverse();
        bytes[middle] ^= 0x15;
        let mut node = whole.clone();
        overwrite(&mut node.1, file, &bytes);
        let report = prove(&[node]).await;
        let failed: Vec<_> = failures(&report).into_iter().map(|(cell, failure)| (cell.via, broken(failure).0.to_owned())).collect();
        assert_eq!(failed, [(via, format!("kafka/broker-1/1/{}", file.name()))], "{report:#?}");
        assert!(!report.passed());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let cluster = Cluster::new(BOTH_KINDS);
    let mut node = (cluster.holder("kafka/broker-1"), cluster.files("kafka/broker-1"));
    node.1.files.insert(HolderFile::KeystorePassword, Err("permission denied".to_owned()));
    let report = prove(&[node]).await;
    let failures = failures(&report);
    assert_eq!(failures.len(), 2, "the password opens keystore.p12 and keystore.jks");
    for (_, failure) in failures {
        assert_eq!(broken(failure), ("kafka/broker-1/1/password", "it cannot be read: permission denied".to_owned()));
    }
}

#[tokio::test]
async fn a_key_of_another_certificate_fails() {
    let cluster = Cluster::new(BOTH_KINDS);
    let mut node = (cluster.holder("kafka/broker-1"), cluster.files("kafka/broker-1"));
    let other = cluster.files("kafka/broker-1");
    for file in [HolderFile::Key, HolderFile::CombinedPem] {
        overwrite(&mut node.1, file, other.files[&file].as_ref().unwrap().expose());
    }
    let report = prove(&[node]).await;
    assert_eq!(failures(&report).len(), 1);
    assert!(broken(failures(&report)[0].1).1.contains("does not belong to the certificate of CN=broker-1"), "{report:#?}");
}

#[tokio::test]
async fn a_leaf_that_does_not_cover_an_advertised_host_fails() {
    let cluster = Cluster::new(BOTH_KINDS);
    let moved = Cluster::new(&BOTH_KINDS.replace("broker-1.example", "broker-1.moved.example"));
    let report = prove(&[(moved.holder("kafka/broker-1"), cluster.files("kafka/broker-1"))]).await;
    assert_eq!(failures(&report).len(), 3);
    for (_, failure) in failures(&report) {
        let Symptom::ServerRefused { verdict, error } = &failure.evidence.fault.symptom else { panic!("{failure:?}") };
        assert!(error.starts_with("broker-1.moved.example: "), "{error}");
        assert_eq!(verdict.faults.iter().map(|fault| fault.kind.code()).collect::<Vec<_>>(), ["name-mismatch"]);
    }
}

#[tokio::test]
async fn an_expired_leaf_fails_and_the_cause_says_so() {
    let report = prove(&Cluster::made(BOTH_KINDS, time::Duration::days(91)).everyone()[..1]).await;
    assert_eq!(failures(&report).len(), 3);
    for (_, failure) in failures(&report) {
        let Symptom::ServerRefused { verdict, .. } = &failure.evidence.fault.symptom else { panic!("{failure:?}") };
        assert_eq!(verdict.faults[0].kind.code(), "expired");
    }
}

#[tokio::test]
async fn a_client_of_another_cluster_is_refused() {
    let [ours, theirs] = [Cluster::new(BOTH_KINDS), Cluster::new(BOTH_KINDS)];
    let node = (ours.holder("rabbitmq/rabbit-1"), ours.files("rabbitmq/rabbit-1"));
    // It trusts our node, but shows what their authority, which has the same name, signed.
    let mut client = theirs.files("clients/queues");
    for file in [HolderFile::Anchors, HolderFile::TruststorePkcs12, HolderFile::TruststoreJks, HolderFile::TruststorePassword] {
        overwrite(&mut client, file, ours.files("clients/queues").files[&file].as_ref().unwrap().expose());
    }
    let report = loopback(&[(theirs.holder("clients/queues"), client)], &[node], now(), 8, |_| ()).await;
    let (cell, failure) = failures(&report)[0];
    assert_eq!((cell.via, failure.evidence.fault.step), (Via::Pem, Step::Acceptance));
    assert!(failure.diagnosis.log.as_ref().unwrap().contains("invalid peer certificate"), "{failure:?}");
}

#[tokio::test]
async fn with_an_authority_for_each_side_trust_is_per_side() {
    let cluster = Cluster::new(&format!("{BOTH_KINDS}\nauthority: {{ brokers: {{ key: p256 }}, clients: {{ key: p256 }} }}\n"));
    let mut everyone = cluster.everyone();
    assert!(prove(&everyone).await.passed());
    // A client that trusts its own authority instead of the brokers'.
    let own = party::from_pem(&everyone[2].1).unwrap().identity.chain().certificates()[1].to_pem();
    overwrite(&mut everyone[2].1, HolderFile::Anchors, own.as_bytes());
    let report = prove(&everyone).await;
    let failed: Vec<_> = failures(&report).into_iter().map(|(cell, _)| (cell.identity.as_str(), cell.via)).collect();
    assert_eq!(failed, [("clients/both", Via::Pem); 2]);
}

#[tokio::test]
async fn of_a_kind_without_a_node_nobody_is_met() {
    let cluster = Cluster::new(BOTH_KINDS);
    let report = loopback(&[(cluster.holder("clients/queues"), cluster.files("clients/queues"))], &[], now(), 8, |_| ()).await;
    assert!(report.cells.is_empty() && report.probes.is_empty(), "{report:?}");
}
