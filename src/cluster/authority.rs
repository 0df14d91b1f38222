//! The `authority` block: one authority for all, or one for each side; made here, or brought along.

use super::node::Node;
use super::reader::{Fields, Reader};
use super::{AuthorityLayout, AuthorityName, AuthorityOrigin, AuthoritySpec, OwnAuthority};
use crate::pki::{KeyKind, Lifetime};

const OWN: [&str; 4] = ["key", "root", "issuing", "passphrase"];
const EXISTING: [&str; 4] = ["certificate", "key", "root", "passphrase"];

pub fn layout(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<AuthorityLayout> {
    let own = AuthorityOrigin::Own(OwnAuthority { key: KeyKind::P256, root: Lifetime::years(10), issuing: Some(Lifetime::years(2)) });
    let Some(node) = node else {
        return Some(AuthorityLayout::Shared(AuthoritySpec { name: AuthorityName::Shared, origin: own, passphrase: None }));
    };
    let fields = reader.map(node, "authority")?;
    if fields.get("brokers").is_none() && fields.get("clients").is_none() {
        return authority(reader, node, AuthorityName::Shared).map(AuthorityLayout::Shared);
    }
    let fields = reader.fields(node, "an authority for each side", &["brokers", "clients"])?;
    let mut side = |key, name| {
        let node = reader.required(fields, "authority", key, "{ key: p256 }")?;
        authority(reader, node, name)
    };
    let (brokers, clients) = (side("brokers", AuthorityName::Brokers), side("clients", AuthorityName::Clients));
    Some(AuthorityLayout::PerSide { brokers: brokers?, clients: clients? })
}

fn authority(reader: &mut Reader<'_>, node: &Node, name: AuthorityName) -> Option<AuthoritySpec> {
    let what = name.block();
    let is_existing = reader.map(node, what)?.get("certificate").is_some();
    let fields = reader.fields(node, what, if is_existing { &EXISTING } else { &OWN })?;
    let origin = if is_existing { existing(reader, fields, what) } else { own(reader, fields, what) };
    let passphrase = fields.get("passphrase").and_then(|node| reader.secret(node, &format!("{what}.passphrase")));
    Some(AuthoritySpec { name, origin: origin?, passphrase })
}

fn existing(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str) -> Option<AuthorityOrigin> {
    let certificate = reader.required(fields, what, "certificate", "ca.crt").and_then(|node| reader.path(node, "certificate"));
    let key = reader.required(fields, what, "key", "ca.key").and_then(|node| reader.path(node, "key"));
    let root = fields.get("root").and_then(|node| reader.path(node, "root"));
    Some(AuthorityOrigin::Existing { certificate: certificate?, key: key?, root })
}

fn own(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str) -> Option<AuthorityOrigin> {
    let key = fields.get("key").and_then(|node| key(reader, node, what)).unwrap_or(KeyKind::P256);
    let root = reader.lifetime(fields, what, "root", Lifetime::years(10));
    let issuing = match fields.get("issuing") {
        None => Some(Lifetime::years(2).min(root)),
        Some(node) if node.shown() == "none" => None,
        Some(_) => Some(reader.lifetime(fields, what, "issuing", Lifetime::years(2))),
    };
    if let (Some(issuing), Some(node)) = (issuing, fields.get("issuing"))
        && issuing.duration() > root.duration()
    {
        reader.wrong_node(
            node,
            format_args!("an issuing authority of {issuing} outlives its root of {root}"),
            "write less than `root`, or `none`",
        );
    }
    Some(AuthorityOrigin::Own(OwnAuthority { key, root, issuing }))
}

fn key(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<KeyKind> {
    let kinds = KeyKind::ALL.into_iter().filter(|kind| *kind != KeyKind::Ed25519);
    if node.shown() == KeyKind::Ed25519.name() {
        let message = "Java before 15 cannot check the signature of an Ed25519 authority";
        reader.wrong_node(node, message, "use p256, p384, rsa2048, rsa3072 or rsa4096");
        return None;
    }
    let choices: Vec<(&str, KeyKind)> = kinds.map(|kind| (kind.name(), kind)).collect();
    reader.one_of(node, &format!("{what}.key"), &choices)
}
