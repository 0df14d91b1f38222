//! TLS of RabbitMQ: listeners, and what is asked of clients.

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, Setting};

pub const RULES: &[&Rule] = &[
    &PLAIN_LISTENER_OPEN,
    &TLS_OPTIONS_UNUSED,
    &TLS_OPTIONS_INCOMPLETE,
    &CLIENTS_UNVERIFIED,
    &CLIENT_MAY_SHOW_NONE,
    &DEMANDED_AND_UNVERIFIED,
    &DEPTH_TOO_SMALL,
    &BAD_ADDRESS,
    &PASSWORD_IN_PLAIN,
];

pub(super) const CHECKS: &[Check] = &[
    plain_listener_open,
    tls_options_unused,
    tls_options_incomplete,
    clients_unverified,
    client_may_show_none,
    demanded_and_unverified,
    depth_too_small,
    bad_address,
    password_in_plain,
];

const PLAIN_LISTENER_OPEN: Rule = Rule {
    code: "plain-listener-open",
    severity: Severity::Warning,
    title: "AMQP without TLS stays open",
    why: "RabbitMQ listens on port 5672 without TLS unless listeners.tcp is none, whatever else is set.",
};

const TLS_OPTIONS_UNUSED: Rule = Rule {
    code: "tls-options-unused",
    severity: Severity::Warning,
    title: "TLS options without a TLS listener",
    why: "ssl_options opens no port: without listeners.ssl nothing speaks TLS.",
};

const TLS_OPTIONS_INCOMPLETE: Rule = Rule {
    code: "tls-options-incomplete",
    severity: Severity::Error,
    title: "a TLS listener without its files",
    why: "RabbitMQ starts all the same, and every handshake fails; without cacertfile no client certificate can be verified.",
};

const CLIENTS_UNVERIFIED: Rule = Rule {
    code: "clients-unverified",
    severity: Severity::Warning,
    title: "client certificates are not verified",
    why: "ssl_options.verify is verify_none unless it is set: RabbitMQ then asks for no certificate.",
};

const CLIENT_MAY_SHOW_NONE: Rule = Rule {
    code: "client-may-show-none",
    severity: Severity::Warning,
    title: "a client certificate that nobody has to show",
    why: "With fail_if_no_peer_cert=false a client without a certificate gets in; the default depends on the version of Erlang (true from OTP 26 on).",
};

const DEMANDED_AND_UNVERIFIED: Rule = Rule {
    code: "demanded-and-unverified",
    severity: Severity::Error,
    title: "a certificate is demanded and not verified",
    why: "Erlang refuses fail_if_no_peer_cert=true with verify_none, so the TLS listener does not work.",
};

const DEPTH_TOO_SMALL: Rule = Rule {
    code: "depth-zero",
    severity: Severity::Warning,
    title: "no intermediate authority is allowed",
    why: "depth is the number of authorities that may stand between a client's certificate and its root.",
};

const BAD_ADDRESS: Rule = Rule {
    code: "bad-listener-address",
    severity: Severity::Error,
    title: "an address that RabbitMQ does not understand",
    why: "A listener is a port, or an address and a port; an IPv6 address stands without brackets, and a host name is none.",
};

const PASSWORD_IN_PLAIN: Rule = Rule {
    code: "password-in-plain",
    severity: Severity::Note,
    title: "a password in plain text",
    why: "Whoever may read the file can read it.",
};

fn rabbitmq<'a>(view: &View<'a>, key: &str) -> Option<&'a Setting> {
    view.settings.get(key).filter(|_| view.is(Program::RabbitMq))
}

fn tls_listener<'a>(view: &View<'a>) -> Option<&'a Setting> {
    let settings = view.settings;
    settings.effective().find(|setting| view.is(Program::RabbitMq) && setting.key.starts_with("listeners.ssl.") && setting.value != "none")
}

fn plain_listener_open(view: &View<'_>) -> Vec<Finding> {
    let closed = view.settings.says("listeners.tcp", "none");
    let listener = tls_listener(view).filter(|_| !closed);
    let plain = view.settings.effective().find(|setting| setting.key.starts_with("listeners.tcp."));
    let finding = |listener: &Setting| {
        let line = plain.map_or(listener.line, |setting| setting.line);
        view.finding(&PLAIN_LISTENER_OPEN, Some(line), "clients may still connect without TLS".to_owned(), "set listeners.tcp = none")
    };
    listener.map(finding).into_iter().collect()
}

fn tls_options_unused(view: &View<'_>) -> Vec<Finding> {
    let option = ["ssl_options.certfile", "ssl_options.keyfile", "ssl_options.cacertfile"].iter().find_map(|key| rabbitmq(view, key));
    let unused = option.filter(|_| tls_listener(view).is_none());
    unused
        .into_iter()
        .map(|setting| {
            view.finding(
                &TLS_OPTIONS_UNUSED,
                Some(setting.line),
                "ssl_options is set and no listener speaks TLS".to_owned(),
                "set listeners.ssl.default = 5671",
            )
        })
        .collect()
}

fn tls_options_incomplete(view: &View<'_>) -> Vec<Finding> {
    let Some(listener) = tls_listener(view) else { return Vec::new() };
    let verifies = view.settings.says("ssl_options.verify", "verify_peer");
    let starts = |prefix: &str| view.settings.effective().any(|setting| setting.key.starts_with(prefix));
    let has =
        |option: &str, inline: &str| rabbitmq(view, &format!("ssl_options.{option}")).is_some() || starts(&format!("ssl_options.{inline}"));
    let missing = [("certfile", "cert", true), ("keyfile", "key.", true), ("cacertfile", "cacerts.", verifies)];
    // `ssl_options.cert` is the beginning of `certfile` too, which is the same answer.
    let missing = missing.into_iter().filter(|(option, inline, needed)| *needed && !has(option, inline));
    let finding = |(option, _, _): (&str, &str, bool)| {
        let message = format!("{} is set without ssl_options.{option}", listener.key);
        view.finding(&TLS_OPTIONS_INCOMPLETE, Some(listener.line), message, format!("set ssl_options.{option}"))
    };
    missing.map(finding).collect()
}

fn clients_unverified(view: &View<'_>) -> Vec<Finding> {
    let Some(listener) = tls_listener(view) else { return Vec::new() };
    let verify = view.settings.get("ssl_options.verify");
    let unverified = verify.is_none_or(|setting| setting.value == "verify_none");
    let line = verify.unwrap_or(listener).line;
    let finding = || {
        view.finding(
            &CLIENTS_UNVERIFIED,
            Some(line),
            "client certificates are not verified".to_owned(),
            "set ssl_options.verify = verify_peer and ssl_options.fail_if_no_peer_cert = true",
        )
    };
    unverified.then(finding).into_iter().collect()
}

fn client_may_show_none(view: &View<'_>) -> Vec<Finding> {
    let demand = view.settings.get("ssl_options.fail_if_no_peer_cert");
    let verify = rabbitmq(view, "ssl_options.verify").filter(|setting| setting.value == "verify_peer");
    let open = verify.filter(|_| demand.is_none_or(|setting| setting.value == "false"));
    let finding = |verify: &Setting| {
        let line = demand.unwrap_or(verify).line;
        let message = if demand.is_some() {
            "clients without a certificate get in"
        } else {
            "clients without a certificate get in, unless Erlang is 26 or newer"
        };
        view.finding(&CLIENT_MAY_SHOW_NONE, Some(line), message.to_owned(), "set ssl_options.fail_if_no_peer_cert = true")
    };
    open.map(finding).into_iter().collect()
}

fn demanded_and_unverified(view: &View<'_>) -> Vec<Finding> {
    let demand = rabbitmq(view, "ssl_options.fail_if_no_peer_cert").filter(|setting| setting.value == "true");
    let wrong = demand.filter(|_| !view.settings.says("ssl_options.verify", "verify_peer"));
    wrong
        .into_iter()
        .map(|setting| {
            view.finding(
                &DEMANDED_AND_UNVERIFIED,
                Some(setting.line),
                "a certificate is demanded and verify is not verify_peer".to_owned(),
                "set ssl_options.verify = verify_peer",
            )
        })
        .collect()
}

fn depth_too_small(view: &View<'_>) -> Vec<Finding> {
    let zero = rabbitmq(view, "ssl_options.depth").filter(|setting| setting.value == "0");
    zero.into_iter()
        .map(|setting| {
            view.finding(
                &DEPTH_TOO_SMALL,
                Some(setting.line),
                "only certificates that the root has signed itself are accepted".to_owned(),
                "set it to the number of intermediate authorities",
            )
        })
        .collect()
}

/// Every `*.listeners.ssl.<name>` and `*.listeners.tcp.<name>` of every plugin.
fn bad_address(view: &View<'_>) -> Vec<Finding> {
    let is_listener =
        |key: &str| ["listeners.ssl.", "listeners.tcp."].iter().any(|part| key.starts_with(part) || key.contains(&format!(".{part}")));
    let bad = |value: &str| {
        let (address, port) = value.rsplit_once(':').unwrap_or(("127.0.0.1", value));
        port.parse::<u16>().is_err() || address.parse::<std::net::IpAddr>().is_err()
    };
    let listeners = view
        .settings
        .effective()
        .filter(|setting| view.is(Program::RabbitMq) && is_listener(setting.key.meant()) && bad(setting.value.meant()));
    let fix = "write a port, 10.0.0.1:5671, or ::1:5671";
    listeners
        .map(|setting| {
            view.finding(
                &BAD_ADDRESS,
                Some(setting.line),
                format!("{} is {:?}, and must be a port or an address with one", setting.key, setting.value),
                fix,
            )
        })
        .collect()
}

fn password_in_plain(view: &View<'_>) -> Vec<Finding> {
    let secret = |key: &str| key == "default_pass" || key.ends_with("password");
    let plain = view
        .settings
        .effective()
        .filter(|setting| view.is(Program::RabbitMq) && secret(setting.key.meant()) && !setting.value.starts_with("encrypted:"));
    plain
        .map(|setting| {
            view.finding(
                &PASSWORD_IN_PLAIN,
                Some(setting.line),
                format!("{} is in plain text", setting.key),
                "keep the file to its owner, or write encrypted:… from RabbitMQ 4 on",
            )
        })
        .collect()
}
