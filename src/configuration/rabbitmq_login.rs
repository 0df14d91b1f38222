//! Logging in to RabbitMQ by certificate (the mechanism EXTERNAL).

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, Setting};

pub const RULES: &[&Rule] =
    &[&EXTERNAL_NOT_OFFERED, &EXTERNAL_WITHOUT_VERIFY, &EXTERNAL_NEEDS_PLUGIN, &LOGIN_BY_SAN_INCOMPLETE, &OTHER_PEER_UNVERIFIED];

pub(super) const CHECKS: &[Check] =
    &[external_not_offered, external_without_verify, external_needs_plugin, login_by_san_incomplete, other_peer_unverified];

const EXTERNAL_NOT_OFFERED: Rule = Rule {
    code: "external-not-offered",
    severity: Severity::Warning,
    title: "login by certificate is set up and not offered",
    why: "RabbitMQ offers PLAIN and AMQPLAIN unless auth_mechanisms.N names others: ssl_cert_login_from alone changes nothing.",
};

const EXTERNAL_WITHOUT_VERIFY: Rule = Rule {
    code: "external-without-verify",
    severity: Severity::Error,
    title: "login by a certificate that is not asked for",
    why: "With verify_none no client shows a certificate, and EXTERNAL refuses: connection peer presented no TLS (x.509) certificate.",
};

const EXTERNAL_NEEDS_PLUGIN: Rule = Rule {
    code: "external-needs-plugin",
    severity: Severity::Note,
    title: "EXTERNAL is a plugin",
    why: "Without rabbitmq_auth_mechanism_ssl the log says: unknown authentication mechanism 'EXTERNAL'.",
};

const LOGIN_BY_SAN_INCOMPLETE: Rule = Rule {
    code: "login-by-san-type",
    severity: Severity::Warning,
    title: "which alternative name is the user is set, and not used",
    why: "ssl_cert_login_san_type and ssl_cert_login_san_index count only with ssl_cert_login_from = subject_alternative_name.",
};

const OTHER_PEER_UNVERIFIED: Rule = Rule {
    code: "outgoing-unverified",
    severity: Severity::Warning,
    title: "a server that RabbitMQ connects to is not verified",
    why: "With verify_none anybody can stand in between RabbitMQ and that server.",
};

fn external<'a>(view: &View<'a>) -> Option<&'a Setting> {
    let mechanisms = |setting: &&Setting| view.is(Program::RabbitMq) && setting.key.starts_with("auth_mechanisms.");
    view.settings.effective().filter(mechanisms).find(|setting| setting.value == "EXTERNAL")
}

fn external_not_offered(view: &View<'_>) -> Vec<Finding> {
    let login = view.settings.get("ssl_cert_login_from").filter(|_| view.is(Program::RabbitMq) && external(view).is_none());
    login
        .into_iter()
        .map(|setting| {
            view.finding(
                &EXTERNAL_NOT_OFFERED,
                Some(setting.line),
                "ssl_cert_login_from is set, and no auth_mechanisms.N is EXTERNAL".to_owned(),
                "set auth_mechanisms.1 = EXTERNAL",
            )
        })
        .collect()
}

fn external_without_verify(view: &View<'_>) -> Vec<Finding> {
    let unasked = external(view).filter(|_| !view.settings.says("ssl_options.verify", "verify_peer"));
    unasked
        .into_iter()
        .map(|setting| {
            view.finding(
                &EXTERNAL_WITHOUT_VERIFY,
                Some(setting.line),
                "EXTERNAL is offered, and ssl_options.verify is not verify_peer".to_owned(),
                "set ssl_options.verify = verify_peer",
            )
        })
        .collect()
}

fn external_needs_plugin(view: &View<'_>) -> Vec<Finding> {
    let fix = "run rabbitmq-plugins enable rabbitmq_auth_mechanism_ssl";
    external(view)
        .into_iter()
        .map(|setting| {
            view.finding(&EXTERNAL_NEEDS_PLUGIN, Some(setting.line), "EXTERNAL works once its plugin is enabled".to_owned(), fix)
        })
        .collect()
}

fn login_by_san_incomplete(view: &View<'_>) -> Vec<Finding> {
    let by_san = view.settings.says("ssl_cert_login_from", "subject_alternative_name");
    let set = ["ssl_cert_login_san_type", "ssl_cert_login_san_index"].iter().find_map(|key| view.settings.get(key));
    let unused = set.filter(|_| view.is(Program::RabbitMq) && !by_san);
    unused
        .into_iter()
        .map(|setting| {
            view.finding(
                &LOGIN_BY_SAN_INCOMPLETE,
                Some(setting.line),
                format!("{} has no effect", setting.key),
                "set ssl_cert_login_from = subject_alternative_name",
            )
        })
        .collect()
}

fn other_peer_unverified(view: &View<'_>) -> Vec<Finding> {
    // Groups of options for connections that RabbitMQ itself opens.
    let outgoing = ["auth_ldap.", "auth_http.", "auth_oauth2.", "cluster_formation.", "log.syslog.", "definitions.tls.", "trust_store."];
    let found = |setting: &&Setting| outgoing.iter().any(|group| setting.key.starts_with(group)) && setting.value == "verify_none";
    let settings = view.settings.effective().filter(|setting| view.is(Program::RabbitMq) && found(setting));
    settings
        .map(|setting| {
            view.finding(
                &OTHER_PEER_UNVERIFIED,
                Some(setting.line),
                format!("{} switches the check off", setting.key),
                "set it to verify_peer with the group's cacertfile",
            )
        })
        .collect()
}
