//! Stores of Java's Kafka, as far as the configuration alone tells.

use super::contradictions::is_pem;
use super::{Check, Engine, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, Text};

pub const RULES: &[&Rule] = &[
    &KEYSTORE_WITHOUT_PASSWORD,
    &PASSWORD_WITHOUT_STORE,
    &TRUSTSTORE_WITHOUT_PASSWORD,
    &KEY_PASSWORD_DIFFERS,
    &UNUSUAL_STORE_TYPE,
    &TYPE_AGAINST_NAME,
    &NO_KEYSTORE,
    &NO_TRUSTSTORE,
    &TRUSTSTORE_IS_KEYSTORE,
];

pub(super) const CHECKS: &[Check] = &[
    keystore_without_password,
    password_without_store,
    truststore_without_password,
    key_password_differs,
    unusual_store_type,
    type_against_name,
    no_keystore,
    no_truststore,
    truststore_is_keystore,
];

const KEYSTORE_WITHOUT_PASSWORD: Rule = Rule {
    code: "keystore-without-password",
    severity: Severity::Error,
    title: "a keystore without its password",
    why: "Kafka does not start: SSL key store is specified, but key store password is not specified.",
};

const PASSWORD_WITHOUT_STORE: Rule = Rule {
    code: "password-without-store",
    severity: Severity::Error,
    title: "a store's password without the store",
    why: "Kafka does not start: SSL trust store is not specified, but trust store password is specified.",
};

const TRUSTSTORE_WITHOUT_PASSWORD: Rule = Rule {
    code: "truststore-without-password",
    severity: Severity::Error,
    title: "a PKCS#12 truststore without its password",
    why: "Java shows no certificate of a PKCS#12 store that it opens without a password, and then says that the trustAnchors parameter must be non-empty.",
};

const KEY_PASSWORD_DIFFERS: Rule = Rule {
    code: "key-password-differs",
    severity: Severity::Warning,
    title: "a key password other than the store's, in PKCS#12",
    why: "keytool gives both the same password and ignores another one; a key that has one all the same cannot be read by OpenSSL.",
};

const UNUSUAL_STORE_TYPE: Rule = Rule {
    code: "unusual-store-type",
    severity: Severity::Warning,
    title: "a store type that Java does not have itself",
    why: "Kafka knows PEM, in capitals, and hands all other names to Java, which has JKS, JCEKS and PKCS12 unless a provider adds more.",
};

const TYPE_AGAINST_NAME: Rule = Rule {
    code: "store-type-against-name",
    severity: Severity::Note,
    title: "a store type that its file name contradicts",
    why: "The type is JKS unless it is set. Java reads JKS and PKCS#12 under either name, other programs do not, and PEM under neither.",
};

const NO_KEYSTORE: Rule = Rule {
    code: "no-keystore",
    severity: Severity::Error,
    title: "a TLS listener without a key",
    why: "No handshake can succeed: no cipher suites in common, or no available authentication scheme.",
};

const NO_TRUSTSTORE: Rule = Rule {
    code: "no-truststore",
    severity: Severity::Note,
    title: "TLS without a truststore",
    why: "Java then trusts the public authorities of its own cacerts file, and no private one.",
};

const TRUSTSTORE_IS_KEYSTORE: Rule = Rule {
    code: "truststore-is-keystore",
    severity: Severity::Warning,
    title: "one file as keystore and truststore",
    why: "The store with the private key goes wherever trust goes, and Java trusts the leaf of every key entry as if it were an authority.",
};

/// What `of` finds for every engine.
fn engines(view: &View<'_>, of: impl Fn(&Engine<'_>) -> Option<Finding>) -> Vec<Finding> {
    view.engines.iter().filter_map(of).collect()
}

fn keystore_without_password(view: &View<'_>) -> Vec<Finding> {
    engines(view, |engine| {
        let location = engine.scope.get("ssl.keystore.location")?;
        let password = engine.scope.get("ssl.keystore.password");
        (password.is_none() && !is_pem(engine, "keystore")).then(|| {
            view.finding(
                &KEYSTORE_WITHOUT_PASSWORD,
                Some(location.line),
                format!("{} is set without a password", location.key),
                "add ssl.keystore.password",
            )
        })
    })
}

fn password_without_store(view: &View<'_>) -> Vec<Finding> {
    let alone = |engine: &Engine<'_>, store: &str| {
        let password = engine.scope.get(&format!("ssl.{store}.password"))?;
        let inline = if store == "keystore" { "ssl.keystore.key" } else { "ssl.truststore.certificates" };
        let there = [format!("ssl.{store}.location").as_str(), inline].iter().any(|key| engine.scope.get(key).is_some());
        (!there && !is_pem(engine, store)).then(|| {
            let message = format!("{} is set, and ssl.{store}.location is not", password.key);
            view.finding(&PASSWORD_WITHOUT_STORE, Some(password.line), message, format!("set ssl.{store}.location"))
        })
    };
    view.engines.iter().flat_map(|engine| ["keystore", "truststore"].map(|store| alone(engine, store))).flatten().collect()
}

fn truststore_without_password(view: &View<'_>) -> Vec<Finding> {
    engines(view, |engine| {
        let location = engine.scope.get("ssl.truststore.location")?;
        let pkcs12 = engine.scope.value("ssl.truststore.type").is_some_and(|kind| kind.meant().eq_ignore_ascii_case("pkcs12"));
        (pkcs12 && engine.scope.get("ssl.truststore.password").is_none()).then(|| {
            let message = format!("{} is PKCS#12 and has no password: Java would find no certificate in it", location.key);
            view.finding(&TRUSTSTORE_WITHOUT_PASSWORD, Some(location.line), message, "add ssl.truststore.password")
        })
    })
}

fn key_password_differs(view: &View<'_>) -> Vec<Finding> {
    engines(view, |engine| {
        let (key, store) = (engine.scope.get("ssl.key.password")?, engine.scope.get("ssl.keystore.password")?);
        let pkcs12 = engine.scope.value("ssl.keystore.type").is_some_and(|kind| kind.meant().eq_ignore_ascii_case("pkcs12"));
        let unknown = key.is_unknown() || store.is_unknown();
        (pkcs12 && !unknown && key.value != store.value).then(|| {
            let message = format!("{} is not the password of the store, which is PKCS#12", key.key);
            view.finding(&KEY_PASSWORD_DIFFERS, Some(key.line), message, "give the key the password of the store")
        })
    })
}

fn unusual_store_type(view: &View<'_>) -> Vec<Finding> {
    let unusual = |engine: &Engine<'_>, store: &str| {
        let kind = engine.scope.get(&format!("ssl.{store}.type"))?;
        let usual = ["JKS", "PKCS12", "JCEKS"].iter().any(|name| name.eq_ignore_ascii_case(kind.value.meant())) || kind.value == "PEM";
        (!usual).then(|| {
            let message = format!("{} is {:?}", kind.key, kind.value);
            view.finding(&UNUSUAL_STORE_TYPE, Some(kind.line), message, "write JKS, PKCS12 or PEM")
        })
    };
    view.engines.iter().flat_map(|engine| ["keystore", "truststore"].map(|store| unusual(engine, store))).flatten().collect()
}

fn type_against_name(view: &View<'_>) -> Vec<Finding> {
    let against = |engine: &Engine<'_>, store: &str| {
        let location = engine.scope.get(&format!("ssl.{store}.location"))?;
        let kind = engine.scope.value(&format!("ssl.{store}.type")).cloned().unwrap_or_else(|| Text::written("JKS"));
        let named = match location.value.meant().rsplit_once('.')?.1.to_lowercase().as_str() {
            "jks" => "JKS",
            "p12" | "pfx" | "pkcs12" => "PKCS12",
            "pem" | "crt" | "cer" => "PEM",
            _ => return None,
        };
        (!named.eq_ignore_ascii_case(kind.meant())).then(|| {
            let message = format!("{} is called {:?}, and its type is {kind}", location.key, location.value);
            view.finding(
                &TYPE_AGAINST_NAME,
                Some(location.line),
                message,
                format!("set ssl.{store}.type={named}, if that is what the file is"),
            )
        })
    };
    view.engines.iter().flat_map(|engine| ["keystore", "truststore"].map(|store| against(engine, store))).flatten().collect()
}

/// Whether the engine is given a key or certificates in any way.
fn has(engine: &Engine<'_>, keys: &[&str]) -> bool {
    keys.iter().chain(&["ssl.engine.factory.class"]).any(|key| engine.scope.value(key).is_some_and(|value| !value.is_empty()))
}

/// A controller's listener is only connected to on a node that is no controller: that takes no key, unless one is demanded.
fn no_keystore(view: &View<'_>) -> Vec<Finding> {
    if !view.is(Program::KafkaBroker) {
        return Vec::new();
    }
    let served = &view.listeners;
    engines(view, |engine| {
        let listener = served.iter().find(|listener| engine.listener.as_ref() == Some(&listener.name))?;
        (!has(engine, &["ssl.keystore.location", "ssl.keystore.key"])).then(|| {
            let message = format!("{} speaks TLS and has no keystore", engine.name());
            view.finding(
                &NO_KEYSTORE,
                Some(listener.line),
                message,
                "set ssl.keystore.location, ssl.keystore.type and ssl.keystore.password",
            )
        })
    })
}

fn no_truststore(view: &View<'_>) -> Vec<Finding> {
    engines(view, |engine| {
        let line = view.settings.get(if engine.listener.is_none() { "security.protocol" } else { "listeners" })?.line;
        (!has(engine, &["ssl.truststore.location", "ssl.truststore.certificates"])).then(|| {
            let message = format!("{} has no truststore, so Java's own list of public authorities decides", engine.name());
            view.finding(&NO_TRUSTSTORE, Some(line), message, "set ssl.truststore.location, unless the authority is a public one")
        })
    })
}

fn truststore_is_keystore(view: &View<'_>) -> Vec<Finding> {
    engines(view, |engine| {
        let (keystore, truststore) = (engine.scope.get("ssl.keystore.location")?, engine.scope.get("ssl.truststore.location")?);
        (keystore.value == truststore.value).then(|| {
            let message = format!("{} names the keystore", truststore.key);
            view.finding(&TRUSTSTORE_IS_KEYSTORE, Some(truststore.line), message, "make a truststore that holds the authorities alone")
        })
    })
}
