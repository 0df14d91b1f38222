//! Values that a setting cannot have, or should not.

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Form, Program, Setting, Text, known};

pub const RULES: &[&Rule] = &[&WRONG_VALUE, &QUOTED_VALUE, &NOT_LATIN, &UNDECLARED_PROVIDER, &NOT_FETCHED, &OLD_TLS_VERSION, &WEAK_CIPHER];

pub(super) const CHECKS: &[Check] = &[wrong_value, quoted_value, not_latin, undeclared_provider, not_fetched, old_tls_version, weak_cipher];

const WRONG_VALUE: Rule = Rule {
    code: "wrong-setting-value",
    severity: Severity::Error,
    title: "a value that the setting cannot have",
    why: "The program does not start with it.",
};

const QUOTED_VALUE: Rule = Rule {
    code: "quoted-value",
    severity: Severity::Error,
    title: "quotation marks around a value",
    why: "Properties files and librdkafka have no quoting: the marks become part of the path or password.",
};

const NOT_LATIN: Rule = Rule {
    code: "value-not-ascii",
    severity: Severity::Warning,
    title: "a value that is not ASCII",
    why: "Java reads properties files as ISO-8859-1, so a letter in UTF-8 becomes two others; a password with one opens nothing.",
};

const UNDECLARED_PROVIDER: Rule = Rule {
    code: "undeclared-config-provider",
    severity: Severity::Error,
    title: "a value from a provider that is not declared",
    why: "Kafka takes ${provider:…} as it is written unless config.providers names the provider (KIP-297, KIP-421).",
};

const NOT_FETCHED: Rule = Rule {
    code: "value-not-fetched",
    severity: Severity::Note,
    title: "a value that is not known here",
    why: "Where Kafka's own providers (KIP-297) would have a value, it is read here too, is used and never shown: from regular files of moderate size, none of /proc, /sys and /dev, and from the environment. What depends on any other is not checked.",
};

const OLD_TLS_VERSION: Rule = Rule {
    code: "old-tls-version",
    severity: Severity::Warning,
    title: "a TLS version that is no longer safe",
    why: "TLS 1.0 and 1.1 are deprecated (RFC 8996) and SSL 3.0 is broken (RFC 7568); Java and OpenSSL refuse them by default.",
};

const WEAK_CIPHER: Rule = Rule {
    code: "weak-cipher",
    severity: Severity::Warning,
    title: "a cipher suite that is no longer safe",
    why: "Suites without encryption or authentication, and those of RC4, DES and MD5, protect nothing (RFC 7525, RFC 9325).",
};

fn wrong_value(view: &View<'_>) -> Vec<Finding> {
    let program = view.settings.program;
    let wrong = |setting: &Setting| {
        let known = known(program, setting.key.meant())?;
        let value = setting.value.meant();
        if setting.is_unknown() {
            return None;
        }
        let wanted = match known.form {
            Form::Function => "set by the application, never in a file".to_owned(),
            Form::Boolean if !is_boolean(program, value) => "true or false".to_owned(),
            Form::Integer if value.parse::<i64>().is_err() => "a whole number".to_owned(),
            Form::Number if value.parse::<f64>().is_err() => "a number".to_owned(),
            Form::Boolean | Form::Integer | Form::Number | Form::Password | Form::File | Form::Text => {
                let single =
                    |item: &str| known.values.iter().any(|one| if known.any_case { one.eq_ignore_ascii_case(item) } else { *one == item });
                if known.values.is_empty() || value.split(',').map(str::trim).all(single) {
                    return None;
                }
                format!("one of {}", known.values.join(", "))
            }
        };
        Some(view.finding(
            &WRONG_VALUE,
            Some(setting.line),
            format!("{} is {:?}, and must be {wanted}", setting.key, setting.value),
            format!("write {wanted}"),
        ))
    };
    view.settings.effective().filter_map(wrong).collect()
}

/// librdkafka takes what C programmers take for truth.
fn is_boolean(program: Program, value: &str) -> bool {
    let words: &[&str] = match program {
        Program::Librdkafka => &["true", "false", "t", "f", "1", "0"],
        Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther | Program::RabbitMq | Program::RabbitMqTerms => {
            &["true", "false"]
        }
    };
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

fn quoted_value(view: &View<'_>) -> Vec<Finding> {
    if view.is(Program::RabbitMq) {
        return Vec::new();
    }
    let quoted = |setting: &&Setting| {
        let value = setting.value.meant();
        value.len() > 1 && ['"', '\''].iter().any(|mark| value.starts_with(*mark) && value.ends_with(*mark))
    };
    let found = view.settings.effective().filter(quoted);
    found
        .map(|setting| {
            view.finding(
                &QUOTED_VALUE,
                Some(setting.line),
                format!("the quotation marks are part of the value of {}", setting.key),
                "remove them",
            )
        })
        .collect()
}

fn not_latin(view: &View<'_>) -> Vec<Finding> {
    if !view.is_java() {
        return Vec::new();
    }
    let found = view.settings.effective().filter(|setting| !setting.value.meant().is_ascii() && looks_like_utf8(setting.value.meant()));
    let message = |setting: &Setting| format!("{} has letters in UTF-8, which Java reads as others", setting.key);
    found.map(|setting| view.finding(&NOT_LATIN, Some(setting.line), message(setting), "write them as \\uXXXX")).collect()
}

/// Whether ISO-8859-1 was made of what are letters in UTF-8.
fn looks_like_utf8(text: &str) -> bool {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok())
}

fn undeclared_provider(view: &View<'_>) -> Vec<Finding> {
    if !view.is_java() {
        return Vec::new();
    }
    let message = |setting: &Setting| format!("{} is fetched from a provider that config.providers does not name", setting.key);
    let fix = "add config.providers and config.providers.<name>.class";
    view.settings
        .undeclared_providers()
        .map(|setting| view.finding(&UNDECLARED_PROVIDER, Some(setting.line), message(setting), fix))
        .collect()
}

fn not_fetched(view: &View<'_>) -> Vec<Finding> {
    let fix = "run this where its provider can be asked";
    let unfetched = view.settings.unfetched.iter();
    unfetched.map(|one| view.finding(&NOT_FETCHED, Some(one.line), format!("{} is not read, because {}", one.key, one.why), fix)).collect()
}

fn old_tls_version(view: &View<'_>) -> Vec<Finding> {
    let old = ["sslv2", "sslv3", "ssl", "tls", "tlsv1", "tlsv1.0", "tlsv1.1"];
    let found = |setting: &Setting| {
        let key = &setting.key;
        let versions = key.ends_with("ssl.enabled.protocols") || key.ends_with("ssl.protocol") || key.meant().contains(".versions.");
        // `ssl.protocol=TLS` lets Java choose, and it chooses well.
        let is_old =
            |item: &Text| old.contains(&item.meant().to_lowercase().as_str()) && !(key.ends_with("ssl.protocol") && *item == "TLS");
        let bad = listed(setting.value.items(',').filter(is_old));
        (versions && !bad.is_empty()).then(|| {
            let message = format!("{key} allows {bad}");
            view.finding(&OLD_TLS_VERSION, Some(setting.line), message, "allow TLSv1.3 and TLSv1.2 only, or remove the line")
        })
    };
    view.settings.effective().filter_map(found).collect()
}

/// Each once: what a provider gave is shown by its reference, however many there are of it.
fn listed(items: impl Iterator<Item = Text>) -> String {
    let mut shown: Vec<String> = items.map(|item| item.to_string()).collect();
    shown.dedup();
    shown.join(", ")
}

fn weak_cipher(view: &View<'_>) -> Vec<Finding> {
    let weak = ["NULL", "ANON", "EXPORT", "RC4", "DES", "MD5", "ADH", "AECDH"];
    let found = |setting: &Setting| {
        let suites = setting.key.ends_with("ssl.cipher.suites") || setting.key.meant().contains(".ciphers.");
        let is_weak = |suite: &str| {
            !suite.starts_with('!') && suite.to_uppercase().split(['_', '-']).any(|part| weak.contains(&part) || part == "3DES")
        };
        let each = setting.value.items(',').flat_map(|suites| suites.items(':').collect::<Vec<_>>());
        let bad = listed(each.filter(|suite| is_weak(suite.meant())));
        (suites && !bad.is_empty())
            .then(|| view.finding(&WEAK_CIPHER, Some(setting.line), format!("{} allows {bad}", setting.key), "remove these suites"))
    };
    view.settings.effective().filter_map(found).collect()
}
