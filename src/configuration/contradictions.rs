//! Settings of Java's Kafka that exclude each other: `DefaultSslEngineFactory` refuses them, or they do not mean what they say.

use super::{Check, Engine, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::Text;

pub const RULES: &[&Rule] = &[&PEM_WITH_STORE_PASSWORD, &INLINE_WITHOUT_PEM, &HALF_INLINE, &LOCATION_AND_INLINE, &INTER_BROKER_TWICE];

pub(super) const CHECKS: &[Check] = &[pem_with_store_password, inline_without_pem, half_inline, location_and_inline, inter_broker_twice];

const PEM_WITH_STORE_PASSWORD: Rule = Rule {
    code: "pem-with-store-password",
    severity: Severity::Error,
    title: "a store password for PEM",
    why: "PEM has no store password: Kafka does not start with one (KIP-651). Only ssl.key.password may be set.",
};

const INLINE_WITHOUT_PEM: Rule = Rule {
    code: "inline-key-without-pem",
    severity: Severity::Error,
    title: "a key or certificates in the file, of another type than PEM",
    why: "What stands in the configuration itself can only be PEM, and the type is JKS unless it is set (KIP-651).",
};

const HALF_INLINE: Rule = Rule {
    code: "inline-key-without-chain",
    severity: Severity::Error,
    title: "a key without its chain, or a chain without its key",
    why: "Kafka needs ssl.keystore.key and ssl.keystore.certificate.chain together (KIP-651).",
};

const LOCATION_AND_INLINE: Rule = Rule {
    code: "location-and-inline",
    severity: Severity::Error,
    title: "a store and the same in the file",
    why: "Kafka does not start when both are set: it could not know which one is meant (KIP-651).",
};

const INTER_BROKER_TWICE: Rule = Rule {
    code: "inter-broker-listener-twice",
    severity: Severity::Error,
    title: "both ways to choose the listener between brokers",
    why: "Kafka does not start with inter.broker.listener.name and security.inter.broker.protocol (KIP-103).",
};

const STORES: [&str; 2] = ["keystore", "truststore"];

/// What `of` finds for both stores of every engine.
fn stores(view: &View<'_>, of: impl Fn(&Engine<'_>, &str) -> Option<Finding>) -> Vec<Finding> {
    view.engines.iter().flat_map(|engine| STORES.iter().filter_map(|store| of(engine, store)).collect::<Vec<_>>()).collect()
}

pub(super) fn is_pem(engine: &Engine<'_>, store: &str) -> bool {
    engine.scope.says(&format!("ssl.{store}.type"), "PEM")
}

/// What may stand in the configuration in place of each store.
fn inline(store: &str) -> &'static [&'static str] {
    if store == "keystore" { &["ssl.keystore.key", "ssl.keystore.certificate.chain"] } else { &["ssl.truststore.certificates"] }
}

fn pem_with_store_password(view: &View<'_>) -> Vec<Finding> {
    stores(view, |engine, store| {
        let password = engine.scope.get(&format!("ssl.{store}.password")).filter(|_| is_pem(engine, store))?;
        let message = format!("{} is set for a {store} of PEM", password.key);
        Some(view.finding(&PEM_WITH_STORE_PASSWORD, Some(password.line), message, "remove it"))
    })
}

fn inline_without_pem(view: &View<'_>) -> Vec<Finding> {
    stores(view, |engine, store| {
        let setting = inline(store).iter().find_map(|key| engine.scope.get(key)).filter(|_| !is_pem(engine, store))?;
        let found = engine.scope.value(&format!("ssl.{store}.type")).map_or_else(|| "JKS".to_owned(), Text::to_string);
        let message = format!("{} is set, and ssl.{store}.type is {found}", setting.key);
        Some(view.finding(&INLINE_WITHOUT_PEM, Some(setting.line), message, format!("add ssl.{store}.type=PEM")))
    })
}

fn half_inline(view: &View<'_>) -> Vec<Finding> {
    let [key, chain] = ["ssl.keystore.key", "ssl.keystore.certificate.chain"];
    let half = |engine: &Engine<'_>| {
        let (there, missing) = match (engine.scope.get(key), engine.scope.get(chain)) {
            (Some(there), None) => (there, chain),
            (None, Some(there)) => (there, key),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(view.finding(&HALF_INLINE, Some(there.line), format!("{} is set and {missing} is not", there.key), format!("add {missing}")))
    };
    view.engines.iter().filter_map(half).collect()
}

fn location_and_inline(view: &View<'_>) -> Vec<Finding> {
    stores(view, |engine, store| {
        let location = engine.scope.get(&format!("ssl.{store}.location"))?;
        let setting = inline(store).iter().find_map(|key| engine.scope.get(key))?;
        Some(view.finding(
            &LOCATION_AND_INLINE,
            Some(setting.line),
            format!("{} and {} are both set", setting.key, location.key),
            "remove one of them",
        ))
    })
}

fn inter_broker_twice(view: &View<'_>) -> Vec<Finding> {
    let (name, protocol) = (view.settings.get("inter.broker.listener.name"), view.settings.get("security.inter.broker.protocol"));
    let (Some(_), Some(protocol)) = (name, protocol) else { return Vec::new() };
    let message = "security.inter.broker.protocol is set beside inter.broker.listener.name".to_owned();
    vec![view.finding(&INTER_BROKER_TWICE, Some(protocol.line), message, "remove security.inter.broker.protocol")]
}
