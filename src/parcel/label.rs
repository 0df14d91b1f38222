//! What is told of a secret where everyone who may list secrets can read it: custom metadata, tags, annotations.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Owner;
use crate::pki::{Certificate, sha256_hex};

/// Nothing here is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub cluster: String,
    /// As [`Owner`] prints.
    pub holder: String,
    pub generation: u32,
    /// SHA-256 of the leaf; of trust, over the fingerprints of all anchors.
    pub fingerprint: String,
    /// Of the leaf; of trust, of the anchor that ends first.
    pub not_after: OffsetDateTime,
    /// Of the leaf; empty for trust.
    pub serial: String,
}

/// Whose a secret is that lies where a parcel is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    Ours,
    /// Countersign put it there for another cluster or another holder: `cluster orders, kafka/broker-1`.
    Another(String),
    Foreign,
}

impl Label {
    pub(super) fn of_leaf(cluster: &str, owner: &Owner, generation: u32, leaf: &Certificate) -> Self {
        Self {
            cluster: cluster.to_owned(),
            holder: owner.to_string(),
            generation,
            fingerprint: leaf.fingerprint(),
            not_after: leaf.validity.not_after,
            serial: leaf.serial.clone(),
        }
    }

    pub(super) fn of_trust(cluster: &str, generation: u32, anchors: &[Certificate]) -> Self {
        let fingerprints: Vec<String> = anchors.iter().map(Certificate::fingerprint).collect();
        let ends = anchors.iter().map(|anchor| anchor.validity.not_after).min();
        Self {
            cluster: cluster.to_owned(),
            holder: Owner::Trust.to_string(),
            generation,
            fingerprint: match fingerprints.as_slice() {
                [one] => one.clone(),
                several => sha256_hex(several.concat().as_bytes()),
            },
            not_after: ends.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            serial: String::new(),
        }
    }

    /// By the names that each sink puts its own prefix before. The first three never change while a secret is what it is.
    pub fn pairs(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            (MANAGED_BY, COUNTERSIGN.to_owned()),
            ("cluster", self.cluster.clone()),
            ("holder", self.holder.clone()),
            ("generation", self.generation.to_string()),
            ("fingerprint", self.fingerprint.clone()),
            ("not-after", self.not_after.format(&Rfc3339).unwrap_or_default()),
        ])
    }

    /// Reads what a sink has, without the sink's prefix.
    pub fn ownership(&self, found: &BTreeMap<String, String>) -> Ownership {
        let get = |key: &str| found.get(key).map(String::as_str).unwrap_or_default();
        if get(MANAGED_BY) != COUNTERSIGN {
            Ownership::Foreign
        } else if (get("cluster"), get("holder")) == (&self.cluster, &self.holder) {
            Ownership::Ours
        } else {
            Ownership::Another(format!("cluster {}, {}", get("cluster"), get("holder")))
        }
    }

    /// Whether a sink tells the same of it already; what else it tells is not ours to judge.
    pub fn is_told_by(&self, found: &BTreeMap<String, String>) -> bool {
        self.pairs().iter().all(|(key, value)| found.get(*key) == Some(value))
    }
}

/// The key that tells who put a secret there.
pub const MANAGED_BY: &str = "managed-by";
/// The value of [`MANAGED_BY`].
pub const COUNTERSIGN: &str = "countersign";

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn label() -> Label {
        Label {
            cluster: "my orders".to_owned(),
            holder: "kafka/broker-1".to_owned(),
            generation: 3,
            fingerprint: "ab".repeat(32),
            not_after: datetime!(2026-11-21 12:00 UTC),
            serial: "01".to_owned(),
        }
    }

    fn told(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut told: BTreeMap<String, String> = label().pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        told.extend(changes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        told
    }

    #[test]
    fn a_label_tells_whose_it_is_which_it_is_and_how_long_it_is_good() {
        let expected = [
            ("cluster", "my orders"),
            ("fingerprint", &"ab".repeat(32)),
            ("generation", "3"),
            ("holder", "kafka/broker-1"),
            ("managed-by", "countersign"),
            ("not-after", "2026-11-21T12:00:00Z"),
        ];
        assert!(label().pairs().iter().map(|(key, value)| (*key, value.as_str())).eq(expected));
    }

    #[test]
    fn a_secret_is_ours_when_it_was_put_there_for_this_holder_of_this_cluster() {
        let another = |whose: &str| Ownership::Another(whose.to_owned());
        let table: [(&[(&str, &str)], Ownership); 6] = [
            (&[], Ownership::Ours),
            (&[("generation", "2"), ("fingerprint", "cd"), ("team", "platform")], Ownership::Ours),
            (&[("cluster", "payments")], another("cluster payments, kafka/broker-1")),
            (&[("holder", "kafka/broker-2")], another("cluster my orders, kafka/broker-2")),
            (&[("managed-by", "terraform")], Ownership::Foreign),
            (&[("managed-by", "")], Ownership::Foreign),
        ];
        for (changes, expected) in table {
            assert_eq!(label().ownership(&told(changes)), expected, "{changes:?}");
        }
        assert_eq!(label().ownership(&BTreeMap::new()), Ownership::Foreign);
    }

    #[test]
    fn what_others_tell_beside_it_does_not_count_but_every_pair_of_its_own_does() {
        assert!(label().is_told_by(&told(&[("team", "platform")])));
        for key in label().pairs().into_keys() {
            assert!(!label().is_told_by(&told(&[(key, "otherwise")])), "{key}");
        }
    }

    /// What Vault, AWS and Kubernetes take of the longest names there can be.
    #[test]
    fn the_longest_label_fits_in_every_sink() {
        let longest =
            Label { cluster: "c".repeat(40), holder: format!("rabbitmq/{} as user", "n".repeat(64)), generation: u32::MAX, ..label() };
        assert!(longest.pairs().iter().all(|(key, value)| key.len() <= 64 && value.len() <= 256));
    }
}
