//! TLS that is set and not used, and the parts that librdkafka needs together.

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, SecurityProtocol, Setting, Text};

pub const RULES: &[&Rule] = &[&TLS_NOT_USED, &HALF_A_PAIR, &TWO_IDENTITIES, &SASL_WITHOUT_TLS];

pub(super) const CHECKS: &[Check] = &[tls_not_used, half_a_pair, two_identities, sasl_without_tls];

const TLS_NOT_USED: Rule = Rule {
    code: "tls-not-used",
    severity: Severity::Warning,
    title: "TLS is configured and not used",
    why: "The protocol is PLAINTEXT unless it is set, whatever stores are named beside it.",
};

const HALF_A_PAIR: Rule = Rule {
    code: "certificate-without-key",
    severity: Severity::Error,
    title: "a certificate without its key, or a key without its certificate",
    why: "The client then shows no certificate, and the broker refuses it where it demands one.",
};

const TWO_IDENTITIES: Rule = Rule {
    code: "two-identities",
    severity: Severity::Warning,
    title: "a keystore beside a certificate and key",
    why: "librdkafka loads one after the other, and what is loaded last is shown.",
};

const SASL_WITHOUT_TLS: Rule = Rule {
    code: "sasl-without-tls",
    severity: Severity::Warning,
    title: "passwords over the open network",
    why: "SASL_PLAINTEXT sends what PLAIN has for everybody on the way to read, and SCRAM for everybody to guess.",
};

fn protocol(view: &View<'_>) -> Option<SecurityProtocol> {
    SecurityProtocol::from_name(view.settings.value("security.protocol").map_or("PLAINTEXT", Text::meant))
}

fn is_client(view: &View<'_>) -> bool {
    match view.settings.program {
        Program::KafkaClient | Program::Librdkafka => true,
        Program::KafkaBroker | Program::KafkaOther | Program::RabbitMq | Program::RabbitMqTerms => false,
    }
}

fn tls_not_used(view: &View<'_>) -> Vec<Finding> {
    let used = match view.settings.program {
        Program::KafkaBroker => !view.engines.is_empty(),
        Program::KafkaClient | Program::Librdkafka => protocol(view).is_none_or(SecurityProtocol::is_tls),
        Program::KafkaOther | Program::RabbitMq | Program::RabbitMqTerms => true,
    };
    let stores = |setting: &&Setting| {
        setting.key.ends_with(".location") && setting.key.meant().contains("ssl.") || setting.key.ends_with("ssl.client.auth")
    };
    let setting = view.settings.effective().filter(stores).min_by_key(|setting| setting.line).filter(|_| !used);
    let fix =
        if view.is(Program::KafkaBroker) { "map a listener to SSL in listener.security.protocol.map" } else { "set security.protocol=SSL" };
    setting
        .into_iter()
        .map(|setting| {
            view.finding(&TLS_NOT_USED, Some(setting.line), format!("{} has no effect: nothing here speaks TLS", setting.key), fix)
        })
        .collect()
}

fn half_a_pair(view: &View<'_>) -> Vec<Finding> {
    let pairs = [("ssl.certificate.location", "ssl.key.location"), ("ssl.certificate.pem", "ssl.key.pem")];
    let find = |keys: [&str; 2]| keys.iter().find_map(|key| view.settings.get(key)).filter(|_| view.is(Program::Librdkafka));
    let (certificate, key) = (find([pairs[0].0, pairs[1].0]), find([pairs[0].1, pairs[1].1]));
    let (there, missing) = match (certificate, key) {
        (Some(there), None) => (there, "ssl.key.location"),
        (None, Some(there)) => (there, "ssl.certificate.location"),
        (Some(_), Some(_)) | (None, None) => return Vec::new(),
    };
    vec![view.finding(&HALF_A_PAIR, Some(there.line), format!("{} is set without {missing}", there.key), format!("add {missing}"))]
}

fn two_identities(view: &View<'_>) -> Vec<Finding> {
    let both = view
        .settings
        .get("ssl.certificate.location")
        .and(view.settings.get("ssl.keystore.location"))
        .filter(|_| view.is(Program::Librdkafka));
    both.into_iter()
        .map(|setting| {
            view.finding(
                &TWO_IDENTITIES,
                Some(setting.line),
                format!("{} is set beside ssl.certificate.location", setting.key),
                "remove one of them",
            )
        })
        .collect()
}

fn sasl_without_tls(view: &View<'_>) -> Vec<Finding> {
    let setting =
        view.settings.get("security.protocol").filter(|_| is_client(view) && protocol(view) == Some(SecurityProtocol::SaslPlaintext));
    setting
        .into_iter()
        .map(|setting| {
            view.finding(
                &SASL_WITHOUT_TLS,
                Some(setting.line),
                "the password goes over the network without TLS".to_owned(),
                "set security.protocol=SASL_SSL",
            )
        })
        .collect()
}
