//! Values that are not what they look like: comments, backslashes and abbreviations that nobody takes away or expands.

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, Setting};

pub const RULES: &[&Rule] = &[&COMMENT_IN_VALUE, &BACKSLASHES_LOST, &PATH_NOT_EXPANDED, &UNKNOWN_IDENTIFICATION];

pub(super) const CHECKS: &[Check] = &[comment_in_value, backslashes_lost, path_not_expanded, unknown_identification];

const COMMENT_IN_VALUE: Rule = Rule {
    code: "comment-in-value",
    severity: Severity::Error,
    title: "a comment behind a value",
    why: "In properties files and for librdkafka a comment has a line of its own; behind a value it is part of the value.",
};

const BACKSLASHES_LOST: Rule = Rule {
    code: "backslashes-lost",
    severity: Severity::Error,
    title: "a path of Windows without its backslashes",
    why: "In a properties file a backslash escapes what follows it, so each must be doubled.",
};

const PATH_NOT_EXPANDED: Rule = Rule {
    code: "path-not-expanded",
    severity: Severity::Error,
    title: "a path that a shell would expand",
    why: "Neither ~ nor $NAME means anything to Kafka, librdkafka or RabbitMQ.",
};

const UNKNOWN_IDENTIFICATION: Rule = Rule {
    code: "unknown-identification-algorithm",
    severity: Severity::Error,
    title: "a check of host names that Java does not know",
    why: "Java knows HTTPS and LDAPS, and every handshake fails with another name; only the empty value switches the check off.",
};

fn comment_in_value(view: &View<'_>) -> Vec<Finding> {
    let commented =
        |setting: &&Setting| [" #", "\t#"].iter().any(|mark| setting.value.meant().contains(mark)) && !is_free_text(setting.key.meant());
    let settings = view.settings.effective().filter(|setting| !view.is(Program::RabbitMq) && commented(setting));
    let message = |setting: &Setting| format!("the comment is part of the value of {}", setting.key);
    settings.map(|setting| view.finding(&COMMENT_IN_VALUE, Some(setting.line), message(setting), "put it on a line of its own")).collect()
}

/// Where a `#` may well be meant.
fn is_free_text(key: &str) -> bool {
    ["password", "jaas.config", "mapping.rules", ".key", "secret", "sasl.username"].iter().any(|end| key.ends_with(end))
}

fn is_path(key: &str) -> bool {
    [".location", "file", "log.dirs", "log.dir", "metadata.log.dir"].iter().any(|end| key.ends_with(end))
}

fn backslashes_lost(view: &View<'_>) -> Vec<Finding> {
    let lost = |value: &str| {
        let mut letters = value.chars();
        let drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic()) && letters.next() == Some(':');
        drive && !value.contains(['/', '\\'])
    };
    let settings =
        view.settings.effective().filter(|setting| view.is_java() && is_path(setting.key.meant()) && lost(setting.value.meant()));
    let message = |setting: &Setting| format!("{} is read as {:?}", setting.key, setting.value);
    settings
        .map(|setting| view.finding(&BACKSLASHES_LOST, Some(setting.line), message(setting), "write / or \\\\ for each backslash"))
        .collect()
}

fn path_not_expanded(view: &View<'_>) -> Vec<Finding> {
    let expands = |setting: &&Setting| {
        let value = setting.value.meant();
        is_path(setting.key.meant()) && (value.starts_with('~') || value.contains('$')) && !setting.is_unknown()
    };
    let message = |setting: &Setting| format!("{} is {:?}, which is taken as it is written", setting.key, setting.value);
    let found = view.settings.effective().filter(expands);
    found.map(|setting| view.finding(&PATH_NOT_EXPANDED, Some(setting.line), message(setting), "write the path in full")).collect()
}

fn unknown_identification(view: &View<'_>) -> Vec<Finding> {
    let known = |value: &str| ["", "https", "ldaps"].iter().any(|name| name.eq_ignore_ascii_case(value));
    let unknown = |setting: &&Setting| setting.key.ends_with("ssl.endpoint.identification.algorithm") && !known(setting.value.meant());
    let settings = view.settings.effective().filter(|setting| view.is_java() && unknown(setting));
    let message = |setting: &Setting| format!("{} is {:?}", setting.key, setting.value);
    settings.map(|setting| view.finding(&UNKNOWN_IDENTIFICATION, Some(setting.line), message(setting), "write https")).collect()
}
