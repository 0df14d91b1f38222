//! Listeners of a Kafka broker: what they speak, where they listen, and over which one the brokers talk to each other.

use std::collections::BTreeMap;

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Listener, Program, SecurityProtocol, Setting, Text};

pub const RULES: &[&Rule] = &[
    &BAD_LISTENER,
    &LISTENER_WITHOUT_PROTOCOL,
    &LISTENERS_CLASH,
    &ADVERTISED_WILDCARD,
    &ADVERTISED_NOWHERE,
    &NOT_ADVERTISED,
    &INTER_BROKER_MISSING,
    &PLAINTEXT_BESIDE_TLS,
    &PREFIX_NOT_LOWER_CASE,
    &PREFIX_OF_NO_LISTENER,
];

pub(super) const CHECKS: &[Check] = &[
    bad_listener,
    listener_without_protocol,
    listeners_clash,
    advertised_wildcard,
    advertised_nowhere,
    not_advertised,
    inter_broker_missing,
    plaintext_beside_tls,
    prefix_not_lower_case,
    prefix_of_no_listener,
];

const BAD_LISTENER: Rule = Rule {
    code: "bad-listener",
    severity: Severity::Error,
    title: "a listener that is none",
    why: "Kafka does not start: a listener is NAME://host:port, with an IPv6 address in brackets.",
};

const LISTENER_WITHOUT_PROTOCOL: Rule = Rule {
    code: "listener-without-protocol",
    severity: Severity::Error,
    title: "a listener without a security protocol",
    why: "Kafka does not start: a listener that is not called as its protocol needs a line in listener.security.protocol.map (KIP-103).",
};

const LISTENERS_CLASH: Rule = Rule {
    code: "listeners-clash",
    severity: Severity::Error,
    title: "two listeners with one name or one port",
    why: "Kafka does not start: names must differ, and ports too unless one address is IPv4 and the other IPv6.",
};

const ADVERTISED_WILDCARD: Rule = Rule {
    code: "advertised-wildcard",
    severity: Severity::Error,
    title: "an advertised address that nobody can reach",
    why: "Kafka does not start: 0.0.0.0 is no address for a client, and no certificate can hold it.",
};

const ADVERTISED_NOWHERE: Rule = Rule {
    code: "advertised-host-left-open",
    severity: Severity::Note,
    title: "no advertised host",
    why: "Kafka then advertises whatever the machine calls itself, and that name must stand in the certificate.",
};

const NOT_ADVERTISED: Rule = Rule {
    code: "advertised-without-listener",
    severity: Severity::Error,
    title: "an advertised listener that is not served",
    why: "Kafka does not start: each advertised name must be one of the listeners.",
};

const INTER_BROKER_MISSING: Rule = Rule {
    code: "inter-broker-listener-missing",
    severity: Severity::Error,
    title: "no listener for the brokers among themselves",
    why: "Kafka does not start: the listener between brokers must be one of the advertised ones. Unless it is set, it is PLAINTEXT.",
};

const PLAINTEXT_BESIDE_TLS: Rule = Rule {
    code: "plaintext-beside-tls",
    severity: Severity::Warning,
    title: "a listener without TLS beside one with it",
    why: "Whoever reaches the open port reads everything, and comes as User:ANONYMOUS.",
};

const PREFIX_NOT_LOWER_CASE: Rule = Rule {
    code: "listener-prefix-not-lower-case",
    severity: Severity::Error,
    title: "a listener's prefix in capitals",
    why: "Kafka looks for listener.name. with the name in lower case (KIP-103), and passes over everything else.",
};

const PREFIX_OF_NO_LISTENER: Rule = Rule {
    code: "listener-prefix-without-listener",
    severity: Severity::Warning,
    title: "settings for a listener that there is not",
    why: "They have no effect.",
};

fn bad_listener(view: &View<'_>) -> Vec<Finding> {
    if !view.is(Program::KafkaBroker) {
        return Vec::new();
    }
    let bad = |key: &str, items: Vec<Text>| {
        let line = view.settings.get(key).map(|setting| setting.line);
        items.into_iter().map(move |item| (line, format!("{item:?} in {key} is no listener"))).collect::<Vec<_>>()
    };
    let all = [bad("listeners", view.settings.listeners().1), bad("advertised.listeners", view.settings.advertised().1)];
    all.into_iter().flatten().map(|(line, message)| view.finding(&BAD_LISTENER, line, message, "write NAME://host:port")).collect()
}

fn listener_without_protocol(view: &View<'_>) -> Vec<Finding> {
    if !view.is(Program::KafkaBroker) {
        return Vec::new();
    }
    let without = |name: &Text| view.settings.protocol_of(name).is_none();
    let line = |name: &Text| {
        let served = view.listeners.iter().find(|listener| listener.name == *name).map(|listener| listener.line);
        served.or_else(|| view.settings.get("controller.listener.names").map(|setting| setting.line))
    };
    let finding = |name: Text| {
        let message = format!("listener {name} has no security protocol");
        view.finding(&LISTENER_WITHOUT_PROTOCOL, line(&name), message, format!("add {name}:SSL to listener.security.protocol.map"))
    };
    view.settings.listener_names().into_iter().filter(without).map(finding).collect()
}

fn listeners_clash(view: &View<'_>) -> Vec<Finding> {
    let listeners = &view.listeners;
    let clash = |(index, listener): (usize, &Listener)| {
        let shared = |other: &&Listener| {
            let families = other.host.meant().contains(':') != listener.host.meant().contains(':')
                && !other.host.is_empty()
                && !listener.host.is_empty();
            other.name == listener.name || (other.number() == listener.number() && listener.number() != Some(0) && !families)
        };
        let other = listeners[..index].iter().find(shared)?;
        let message = match other.name == listener.name {
            true => format!("listener {} is there twice", listener.name),
            false => format!("listeners {} and {} are both on port {}", other.name, listener.name, listener.port),
        };
        Some(view.finding(&LISTENERS_CLASH, Some(listener.line), message, "give each a name and a port of its own"))
    };
    listeners.iter().enumerate().filter_map(clash).collect()
}

fn advertised_wildcard(view: &View<'_>) -> Vec<Finding> {
    let is_broker = view.is(Program::KafkaBroker) && (view.settings.get("process.roles").is_none() || view.settings.has_role("broker"));
    let (advertised, _) = if is_broker { view.settings.advertised() } else { Default::default() };
    let zeros = advertised.into_iter().filter(|listener| listener.host == "0.0.0.0");
    let message = |listener: &Listener| format!("listener {} is advertised as {}", listener.name, listener.host);
    zeros
        .map(|listener| {
            view.finding(
                &ADVERTISED_WILDCARD,
                Some(listener.line),
                message(&listener),
                "set advertised.listeners to the name by which clients reach it",
            )
        })
        .collect()
}

fn advertised_nowhere(view: &View<'_>) -> Vec<Finding> {
    let is_broker = view.is(Program::KafkaBroker) && (view.settings.get("process.roles").is_none() || view.settings.has_role("broker"));
    let tls = |listener: &Listener| listener.protocol.is_some_and(SecurityProtocol::is_tls);
    let (advertised, _) = if is_broker { view.settings.advertised() } else { Default::default() };
    let open = advertised.into_iter().filter(|listener| listener.host.is_empty() && tls(listener));
    let message = |listener: &Listener| format!("listener {} is advertised by whatever name the machine has", listener.name);
    open.map(|listener| {
        view.finding(
            &ADVERTISED_NOWHERE,
            Some(listener.line),
            message(&listener),
            "set advertised.listeners with a name of the certificate",
        )
    })
    .collect()
}

fn not_advertised(view: &View<'_>) -> Vec<Finding> {
    let served = &view.listeners;
    let (advertised, _) = if view.is(Program::KafkaBroker) { view.settings.advertised() } else { Default::default() };
    // The controllers' listener may be advertised by a node that does not serve it.
    let known = |listener: &Listener| {
        served.iter().any(|other| other.name == listener.name) || view.settings.is_controller_listener(&listener.name)
    };
    let strangers = advertised.into_iter().filter(|listener| !known(listener));
    let message = |listener: &Listener| format!("listener {} is advertised and not among the listeners", listener.name);
    strangers
        .map(|listener| view.finding(&NOT_ADVERTISED, Some(listener.line), message(&listener), "add it to listeners, or remove it here"))
        .collect()
}

fn inter_broker_missing(view: &View<'_>) -> Vec<Finding> {
    let controller_only = view.settings.get("process.roles").is_some() && !view.settings.has_role("broker");
    if !view.is(Program::KafkaBroker) || controller_only || view.inter_broker().is_some() {
        return Vec::new();
    }
    let setting = view.settings.get("inter.broker.listener.name").or_else(|| view.settings.get("security.inter.broker.protocol"));
    let message = match setting {
        Some(setting) => format!("{} is {}, and no listener is called so", setting.key, setting.value),
        None => "the brokers talk to each other over PLAINTEXT unless something else is set, and no listener is called so".to_owned(),
    };
    vec![view.finding(
        &INTER_BROKER_MISSING,
        setting.map(|setting| setting.line),
        message,
        "set inter.broker.listener.name to the name of a listener",
    )]
}

fn plaintext_beside_tls(view: &View<'_>) -> Vec<Finding> {
    let listeners = &view.listeners;
    let is_tls = |listener: &&Listener| listener.protocol.is_some_and(SecurityProtocol::is_tls);
    if !listeners.iter().any(|listener| is_tls(&listener)) {
        return Vec::new();
    }
    let inter_broker = view.inter_broker();
    let finding = |listener: &Listener| {
        let used = if inter_broker == Some(listener) { ", and the brokers use it among themselves" } else { "" };
        let message = format!("listener {} has no TLS{used}", listener.name);
        view.finding(&PLAINTEXT_BESIDE_TLS, Some(listener.line), message, format!("map {} to SSL or SASL_SSL", listener.name))
    };
    listeners.iter().filter(|listener| listener.protocol.is_some() && !is_tls(listener)).map(finding).collect()
}

/// The listeners that prefixes name, each with the first line and key.
fn prefixes<'a>(view: &View<'a>) -> BTreeMap<&'a str, &'a Setting> {
    let mut named = BTreeMap::new();
    for setting in view.settings.lines().iter().filter(|_| view.is(Program::KafkaBroker)) {
        let rest = setting.key.meant().strip_prefix("listener.name.");
        if let Some((name, _)) = rest.and_then(|rest| rest.split_once('.')) {
            named.entry(name).or_insert(setting);
        }
    }
    named
}

fn prefix_not_lower_case(view: &View<'_>) -> Vec<Finding> {
    let capitals = prefixes(view).into_iter().filter(|(name, _)| name.chars().any(char::is_uppercase));
    let finding = |(_, setting): (&str, &Setting)| {
        let message = format!("{} and all others of this prefix have no effect", setting.key);
        view.finding(&PREFIX_NOT_LOWER_CASE, Some(setting.line), message, "write listener.name. and the listener's name in lower case")
    };
    capitals.map(finding).collect()
}

fn prefix_of_no_listener(view: &View<'_>) -> Vec<Finding> {
    // A node without the controller's role connects to that listener, and may name others of the map in passing.
    let mapped = view.settings.list("listener.security.protocol.map").filter_map(|pair| pair.items(':').next());
    let names: Vec<Text> = view.settings.listener_names().into_iter().chain(mapped).collect();
    let is_known = |name: &str| names.iter().any(|known| known.meant().eq_ignore_ascii_case(name));
    let strangers = prefixes(view).into_iter().filter(|(name, _)| !is_known(name));
    let finding = |(_, setting): (&str, &Setting)| {
        let message = format!("{} belongs to no listener", setting.key);
        let names: Vec<String> = names.iter().map(Text::to_string).collect();
        view.finding(&PREFIX_OF_NO_LISTENER, Some(setting.line), message, format!("name one of {}", names.join(", ").to_lowercase()))
    };
    strangers.map(finding).collect()
}
