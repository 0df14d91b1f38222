//! Brokers and controllers of KRaft: each role needs its listeners and its quorum.

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Listener, Program, Setting, Text};

pub const RULES: &[&Rule] = &[
    &CONTROLLER_LISTENER_UNNAMED,
    &CONTROLLER_LISTENER_NOT_SERVED,
    &CONTROLLER_LISTENER_SERVED,
    &CONTROLLER_LISTENER_FOR_BROKERS,
    &NO_QUORUM,
    &VOTER_AND_ROLE,
    &ZOOKEEPER_AND_KRAFT,
];

pub(super) const CHECKS: &[Check] = &[
    controller_listener_unnamed,
    controller_listener_not_served,
    controller_listener_served,
    controller_listener_for_brokers,
    no_quorum,
    voter_and_role,
    zookeeper_and_kraft,
];

const CONTROLLER_LISTENER_UNNAMED: Rule = Rule {
    code: "controller-listener-unnamed",
    severity: Severity::Error,
    title: "KRaft without controller.listener.names",
    why: "Kafka does not start: every node must know which listener leads to the controllers (KIP-500, KIP-631).",
};

const CONTROLLER_LISTENER_NOT_SERVED: Rule = Rule {
    code: "controller-listener-not-served",
    severity: Severity::Error,
    title: "a controller that does not serve its listener",
    why: "Kafka does not start: a node with the controller's role must have every controller.listener.names among its listeners.",
};

const CONTROLLER_LISTENER_SERVED: Rule = Rule {
    code: "controller-listener-on-broker",
    severity: Severity::Error,
    title: "a broker that serves the controller's listener",
    why: "Kafka does not start: a node that is a broker alone names the controller's listener and its protocol, but does not serve it.",
};

const CONTROLLER_LISTENER_FOR_BROKERS: Rule = Rule {
    code: "controller-listener-for-brokers",
    severity: Severity::Error,
    title: "the controller's listener for everything",
    why: "Kafka does not start: the listener between brokers must not be the controllers'.",
};

const NO_QUORUM: Rule = Rule {
    code: "no-quorum",
    severity: Severity::Error,
    title: "KRaft without a quorum",
    why: "Kafka does not start unless controller.quorum.voters or controller.quorum.bootstrap.servers says where the controllers are (KIP-595, KIP-853).",
};

const VOTER_AND_ROLE: Rule = Rule {
    code: "voter-against-role",
    severity: Severity::Error,
    title: "a voter that is no controller, or a controller without a vote",
    why: "Kafka does not start: the nodes of controller.quorum.voters are those with the controller's role.",
};

const ZOOKEEPER_AND_KRAFT: Rule = Rule {
    code: "zookeeper-and-kraft",
    severity: Severity::Note,
    title: "ZooKeeper in a KRaft node",
    why: "Outside a migration (KIP-866) a node with process.roles does not ask ZooKeeper, and Kafka 4 has none.",
};

fn is_kraft(view: &View<'_>) -> bool {
    view.is(Program::KafkaBroker) && view.settings.get("process.roles").is_some()
}

fn controller_listener_unnamed(view: &View<'_>) -> Vec<Finding> {
    if !is_kraft(view) || view.settings.list("controller.listener.names").next().is_some() {
        return Vec::new();
    }
    let line = view.settings.get("process.roles").map(|setting| setting.line);
    let message = "process.roles is set and controller.listener.names is not".to_owned();
    vec![view.finding(
        &CONTROLLER_LISTENER_UNNAMED,
        line,
        message,
        "add controller.listener.names=CONTROLLER, and the listener with its protocol",
    )]
}

fn controller_listener_not_served(view: &View<'_>) -> Vec<Finding> {
    if !is_kraft(view) || !view.settings.has_role("controller") {
        return Vec::new();
    }
    let served = &view.listeners;
    let names = view.settings.get("controller.listener.names");
    let missing = view
        .settings
        .list("controller.listener.names")
        .filter(|name| !served.iter().any(|listener| listener.name.meant().eq_ignore_ascii_case(name.meant())));
    let finding = |name: Text| {
        let message = format!("this controller does not serve {name}, which controller.listener.names has");
        view.finding(
            &CONTROLLER_LISTENER_NOT_SERVED,
            names.map(|setting| setting.line),
            message,
            format!("add {name}://:9093 to listeners"),
        )
    };
    missing.map(finding).collect()
}

fn controller_listener_served(view: &View<'_>) -> Vec<Finding> {
    if !is_kraft(view) || view.settings.has_role("controller") {
        return Vec::new();
    }
    let served = view.listeners.iter().filter(|listener| view.settings.is_controller_listener(&listener.name));
    let finding = |listener: &Listener| {
        let message = format!("this node is no controller and serves the controller's listener {}", listener.name);
        view.finding(&CONTROLLER_LISTENER_SERVED, Some(listener.line), message, format!("remove {} from listeners", listener.name))
    };
    served.map(finding).collect()
}

fn controller_listener_for_brokers(view: &View<'_>) -> Vec<Finding> {
    if !is_kraft(view) || !view.settings.has_role("broker") {
        return Vec::new();
    }
    let between = view.settings.get("inter.broker.listener.name").filter(|setting| view.settings.is_controller_listener(&setting.value));
    let finding = |setting: &Setting| {
        view.finding(
            &CONTROLLER_LISTENER_FOR_BROKERS,
            Some(setting.line),
            format!("{} names the controller's listener", setting.key),
            "give the brokers a listener of their own",
        )
    };
    between.into_iter().map(finding).collect()
}

fn no_quorum(view: &View<'_>) -> Vec<Finding> {
    let quorums = ["controller.quorum.voters", "controller.quorum.bootstrap.servers"];
    if !is_kraft(view) || quorums.iter().any(|key| view.settings.list(key).next().is_some()) {
        return Vec::new();
    }
    let line = view.settings.get("process.roles").map(|setting| setting.line);
    vec![view.finding(&NO_QUORUM, line, "nothing says where the controllers are".to_owned(), "add controller.quorum.voters=1@host:9093")]
}

fn voter_and_role(view: &View<'_>) -> Vec<Finding> {
    let (Some(voters), Some(id)) = (view.settings.get("controller.quorum.voters"), view.settings.value("node.id")) else {
        return Vec::new();
    };
    if !is_kraft(view) || voters.value.is_empty() {
        return Vec::new();
    }
    let votes = view.settings.list("controller.quorum.voters").any(|voter| voter.meant().split('@').next() == Some(id.meant()));
    let problem = match (votes, view.settings.has_role("controller")) {
        (true, true) | (false, false) => return Vec::new(),
        (true, false) => format!("node {id} votes and does not have the controller's role"),
        (false, true) => format!("node {id} is a controller and does not vote"),
    };
    vec![view.finding(&VOTER_AND_ROLE, Some(voters.line), problem, "list the nodes with the controller's role, and no others")]
}

fn zookeeper_and_kraft(view: &View<'_>) -> Vec<Finding> {
    let migrating = view.settings.says("zookeeper.metadata.migration.enable", "true");
    let zookeeper = view.settings.get("zookeeper.connect").filter(|_| is_kraft(view) && !migrating);
    let finding = |setting: &Setting| {
        view.finding(&ZOOKEEPER_AND_KRAFT, Some(setting.line), "zookeeper.connect is set beside process.roles".to_owned(), "remove it")
    };
    zookeeper.into_iter().map(finding).collect()
}
