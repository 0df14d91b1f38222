//! The `leaf` block: with which key, for how long, and when it is renewed.

use time::{Duration, OffsetDateTime};

use super::node::Node;
use super::reader::{Fields, Reader};
use super::{AuthorityLayout, AuthorityOrigin, HolderId, OwnAuthority, StoreFormat, StoresSpec};
use crate::pki::{KeyKind, Lifetime, sha256_hex};

#[derive(Debug, Clone, Copy)]
pub struct LeafSpec {
    pub key: KeyKind,
    pub lifetime: Lifetime,
    /// How long before its end a leaf is renewed at the latest.
    pub renew: Duration,
    /// Within how long before that the holders' turns lie, so that not everyone's comes on one day. `renew + spread < lifetime`.
    pub spread: Duration,
    /// Of a leaf that takes another's place.
    pub renewed_key: LeafKey,
}

/// Which key a leaf is issued for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKey {
    Fresh,
    /// That of the leaf in use.
    Kept,
}

impl LeafSpec {
    /// When the leaf of `holder` that ends at `end` is to be renewed. Each holder has a turn of its own within `spread`, which is the
    /// same whenever it is asked for.
    pub fn renewal(&self, holder: &HolderId, end: OffsetDateTime) -> OffsetDateTime {
        let digest = sha256_hex(holder.to_string().as_bytes());
        let turn = u32::from_str_radix(&digest[..8], 16).unwrap_or_default();
        let earlier = self.spread * (f64::from(turn) / f64::from(u32::MAX));
        self.latest_renewal(end).saturating_sub(Duration::seconds(earlier.whole_seconds()))
    }

    /// When the last of those whose leafs end at `end` is to be renewed.
    pub fn latest_renewal(&self, end: OffsetDateTime) -> OffsetDateTime {
        end.saturating_sub(self.renew)
    }
}

pub fn block(reader: &mut Reader<'_>, node: Option<&Node>, stores: &StoresSpec, kafka: bool) -> LeafSpec {
    let fields = node.and_then(|node| reader.fields(node, "leaf", &["key", "lifetime", "renew", "spread", "reuse-key"]));
    let lifetime = fields.map_or(DEFAULT, |fields| reader.lifetime(fields, "leaf", "lifetime", DEFAULT));
    let mut given = |key| fields.and_then(|fields| span(reader, fields.get(key)?, key, lifetime));
    let (renew, spread) = (given("renew"), given("spread"));
    // Whoever says when, and not how far apart, means just that.
    let spread = spread.unwrap_or_else(|| renew.map_or(lifetime.duration() / 10, |_| Duration::ZERO));
    let renew = renew.unwrap_or(lifetime.third().duration());
    let key = fields.map_or(KeyKind::P256, |fields| reader.key_kind(fields, "leaf"));
    let choices = [("yes", LeafKey::Kept), ("true", LeafKey::Kept), ("no", LeafKey::Fresh), ("false", LeafKey::Fresh)];
    let reuse_key = fields.and_then(|fields| fields.get("reuse-key"));
    let renewed_key = reuse_key.and_then(|node| reader.one_of(node, "leaf.reuse-key", &choices)).unwrap_or(LeafKey::Fresh);
    let leaf = LeafSpec { key, lifetime, renew, spread, renewed_key };
    if let (Some(node), Some(fields)) = (node, fields) {
        if renew >= lifetime.duration() {
            let at = fields.get("renew").unwrap_or(node);
            let message = format!("renewal {} before the end of a lifetime of {lifetime} is always due", at.shown());
            reader.wrong_node(at, message, format_args!("write less than {lifetime}, for instance {}", lifetime.third()));
        } else if renew + spread >= lifetime.duration() {
            let at = fields.get("spread").unwrap_or(node);
            let message = format!("some of the holders would always be due: `renew` and `spread` together are as long as {lifetime}");
            reader.wrong_node(at, message, "write less, for instance 10%");
        }
        if leaf.key == KeyKind::Ed25519 {
            ed25519(reader, fields, stores, kafka);
        }
    }
    leaf
}

const DEFAULT: Lifetime = Lifetime::days(90);

/// A time span, or a share of `lifetime` in percent.
fn span(reader: &mut Reader<'_>, node: &Node, key: &str, lifetime: Lifetime) -> Option<Duration> {
    let text = reader.text(node, &format!("leaf.{key}"))?;
    let percent = text.strip_suffix('%').map(|digits| digits.parse::<u8>().ok().filter(|percent| *percent < 100));
    match (percent, text.parse::<Lifetime>()) {
        (Some(Some(percent)), _) => Some(lifetime.duration() * u32::from(percent) / 100),
        (None, Ok(span)) => Some(span.duration()),
        (Some(None), _) | (None, Err(_)) => {
            let message = format!("{text:?} is neither a time span nor a share of the lifetime");
            reader.wrong_node(node, message, "write for instance 30d or 33%");
            None
        }
    }
}

fn ed25519(reader: &mut Reader<'_>, fields: Fields<'_>, stores: &StoresSpec, kafka: bool) {
    let Some(node) = fields.get("key") else { return };
    if kafka && stores.for_kafka() == StoreFormat::Pem {
        let message = "Kafka cannot load an Ed25519 key from PEM: its loader tries RSA, DSA and EC only";
        reader.wrong_node(node, message, "write `key: p256`, or put pkcs12 first in stores.formats");
    } else {
        let message = "Ed25519 works in PKCS#12 with Java 16 and later only, and RabbitMQ offers it in TLS 1.3 only";
        reader.warn(node, message, "`key: p256` works everywhere");
    }
}

/// Warns of leafs that would be cut short by what signs them.
pub fn clipping(reader: &mut Reader<'_>, at: &Node, lifetime: Lifetime, layout: &AuthorityLayout) {
    let specs = match layout {
        AuthorityLayout::Shared(shared) => vec![shared],
        AuthorityLayout::PerSide { brokers, clients } => vec![brokers, clients],
    };
    for spec in specs {
        if let AuthorityOrigin::Own(OwnAuthority { root, issuing, .. }) = &spec.origin {
            let signer = issuing.unwrap_or(*root);
            if lifetime.duration() > signer.duration() {
                let message = format!("leafs of {lifetime} outlive their issuer ({} signs for {signer}) and will be clipped", spec.name);
                reader.warn(at, message, format_args!("write at most {signer}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::cluster::parse;

    fn holder(number: u32) -> HolderId {
        let text = format!("cluster: orders\nrabbitmq: {{ nodes: [{{ name: rabbit-{number}, host: rabbit.example }}] }}\n");
        parse(&text, Path::new("/")).unwrap().holders[0].id.clone()
    }

    proptest! {
        #[test]
        fn each_holder_has_its_turn_within_the_spread(number in 0..1000_u32, end in 0..4_000_000_000_i64, renew in 1..60_i64, spread in 0..30_i64) {
            let (renew, spread) = (Duration::days(renew), Duration::days(spread));
            let leaf = LeafSpec { key: KeyKind::P256, lifetime: DEFAULT, renew, spread, renewed_key: LeafKey::Fresh };
            let end = OffsetDateTime::from_unix_timestamp(end).unwrap();
            let turn = leaf.renewal(&holder(number), end);
            prop_assert_eq!(turn, leaf.renewal(&holder(number), end));
            prop_assert!(turn <= leaf.latest_renewal(end) && turn >= leaf.latest_renewal(end) - spread);
        }
    }

    #[test]
    fn a_fleet_is_not_renewed_on_one_day() {
        let leaf = LeafSpec {
            key: KeyKind::P256,
            lifetime: DEFAULT,
            renew: Duration::days(30),
            spread: Duration::days(9),
            renewed_key: LeafKey::Fresh,
        };
        let end = OffsetDateTime::UNIX_EPOCH + Duration::days(1000);
        let mut days = [0; 10];
        (0..300).for_each(|number| {
            days[usize::try_from((leaf.latest_renewal(end) - leaf.renewal(&holder(number), end)).whole_days()).unwrap()] += 1
        });
        assert!(days[..9].iter().all(|holders| (15..60).contains(holders)), "{days:?}");
    }

    #[test]
    fn a_share_is_one_of_the_lifetime() {
        let leaf = |block: &str| {
            let text =
                format!("cluster: orders\nleaf: {{ {block} }}\nrabbitmq: {{ nodes: [{{ name: rabbit-1, host: rabbit.example }}] }}\n");
            let leaf = parse(&text, Path::new("/")).unwrap().leaf;
            (leaf.renew.whole_hours(), leaf.spread.whole_hours())
        };
        assert_eq!(leaf("lifetime: 100d, renew: 33%, spread: 0%"), (33 * 24, 0));
        assert_eq!(leaf("lifetime: 100d, renew: 20d"), (20 * 24, 0));
        assert_eq!(leaf("lifetime: 100d, renew: 20d, spread: 12h"), (20 * 24, 12));
        assert_eq!(leaf("key: p256"), (30 * 24, 9 * 24));
    }
}
