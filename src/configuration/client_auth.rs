//! Client certificates and host names: what is switched off, or does not take effect where it stands.

use super::{Check, Engine, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, SecurityProtocol, Text};

pub const RULES: &[&Rule] =
    &[&NO_CLIENT_CERTIFICATE, &CLIENT_CERTIFICATE_OPTIONAL, &CLIENT_AUTH_IGNORED, &HOST_NAME_UNCHECKED, &CERTIFICATE_UNCHECKED];

pub(super) const CHECKS: &[Check] =
    &[no_client_certificate, client_certificate_optional, client_auth_ignored, host_name_unchecked, certificate_unchecked];

const NO_CLIENT_CERTIFICATE: Rule = Rule {
    code: "no-client-certificate",
    severity: Severity::Warning,
    title: "an SSL listener that asks for no certificate",
    why: "ssl.client.auth is none unless it is set: every client then is User:ANONYMOUS.",
};

const CLIENT_CERTIFICATE_OPTIONAL: Rule = Rule {
    code: "client-certificate-optional",
    severity: Severity::Warning,
    title: "a client certificate that nobody has to show",
    why: "With ssl.client.auth=requested a client without a certificate gets in as User:ANONYMOUS.",
};

const CLIENT_AUTH_IGNORED: Rule = Rule {
    code: "client-auth-ignored",
    severity: Severity::Warning,
    title: "ssl.client.auth that a SASL_SSL listener does not heed",
    why: "A SASL_SSL listener heeds ssl.client.auth only behind its own prefix (KIP-684).",
};

const HOST_NAME_UNCHECKED: Rule = Rule {
    code: "host-name-unchecked",
    severity: Severity::Warning,
    title: "host names are not checked",
    why: "Without the check, any certificate of a trusted authority passes for any host: whoever has one can stand in between.",
};

const CERTIFICATE_UNCHECKED: Rule = Rule {
    code: "certificate-unchecked",
    severity: Severity::Error,
    title: "the broker's certificate is not checked",
    why: "Anybody can stand in between and read and change everything.",
};

const CLIENT_AUTH: &str = "ssl.client.auth";

/// The listeners that this broker serves, with TLS.
fn served<'v, 'a>(view: &'v View<'a>) -> Vec<&'v Engine<'a>> {
    let is_served = |engine: &&Engine<'_>| view.listeners.iter().any(|listener| engine.listener.as_ref() == Some(&listener.name));
    view.engines.iter().filter(is_served).collect()
}

fn no_client_certificate(view: &View<'_>) -> Vec<Finding> {
    let none = |engine: &Engine<'_>| {
        let setting = engine.scope.get(CLIENT_AUTH);
        let asks = setting.is_some_and(|setting| setting.value != "none");
        (engine.protocol == SecurityProtocol::Ssl && !asks).then(|| {
            let line = setting.or_else(|| view.settings.get("listeners")).map(|setting| setting.line);
            view.finding(
                &NO_CLIENT_CERTIFICATE,
                line,
                format!("{} asks no client for a certificate", engine.name()),
                "set ssl.client.auth=required",
            )
        })
    };
    served(view).into_iter().filter_map(none).collect()
}

fn client_certificate_optional(view: &View<'_>) -> Vec<Finding> {
    let optional = |engine: &Engine<'_>| {
        let own = engine.protocol == SecurityProtocol::SaslSsl;
        let setting = if own { engine.scope.own(CLIENT_AUTH) } else { engine.scope.get(CLIENT_AUTH) }?;
        (setting.value == "requested").then(|| {
            let message = format!("{} lets in clients without a certificate", engine.name());
            view.finding(&CLIENT_CERTIFICATE_OPTIONAL, Some(setting.line), message, format!("set {}=required", setting.key))
        })
    };
    served(view).into_iter().filter_map(optional).collect()
}

fn client_auth_ignored(view: &View<'_>) -> Vec<Finding> {
    let ignored = |engine: &Engine<'_>| {
        let common = view.settings.get(CLIENT_AUTH).filter(|setting| setting.value != "none")?;
        let own = engine.scope.own(CLIENT_AUTH);
        (engine.protocol == SecurityProtocol::SaslSsl && own.is_none()).then(|| {
            let message = format!("{} is SASL_SSL and does not heed {CLIENT_AUTH}={}", engine.name(), common.value);
            let listener = engine.listener.as_ref().map(Text::to_string).unwrap_or_default().to_lowercase();
            let fix = format!("set listener.name.{listener}.{CLIENT_AUTH}, to none if no certificate is wanted");
            view.finding(&CLIENT_AUTH_IGNORED, Some(common.line), message, fix)
        })
    };
    served(view).into_iter().filter_map(ignored).collect()
}

fn host_name_unchecked(view: &View<'_>) -> Vec<Finding> {
    const KEY: &str = "ssl.endpoint.identification.algorithm";
    let off = if view.is(Program::Librdkafka) { "none" } else { "" };
    let found = |key: &Text| *key == KEY || (key.starts_with("listener.name.") && key.ends_with(&format!(".{KEY}")));
    let settings = view.settings.effective().filter(|setting| found(&setting.key) && setting.value.meant().eq_ignore_ascii_case(off));
    settings
        .map(|setting| {
            view.finding(
                &HOST_NAME_UNCHECKED,
                Some(setting.line),
                format!("{} switches the check off", setting.key),
                "set it to https, and issue certificates with the names that are used",
            )
        })
        .collect()
}

fn certificate_unchecked(view: &View<'_>) -> Vec<Finding> {
    let off = |value: &str| ["false", "f", "0"].iter().any(|word| word.eq_ignore_ascii_case(value));
    let setting = view
        .settings
        .get("enable.ssl.certificate.verification")
        .filter(|setting| view.is(Program::Librdkafka) && off(setting.value.meant()));
    setting
        .into_iter()
        .map(|setting| {
            view.finding(
                &CERTIFICATE_UNCHECKED,
                Some(setting.line),
                format!("{} is {}", setting.key, setting.value),
                "remove the line, and set ssl.ca.location",
            )
        })
        .collect()
}
