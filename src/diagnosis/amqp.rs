//! RabbitMQ's replies: Connection.Close and Channel.Close, by their code, and where one code stands for several things, by the stable
//! part of the text.

use super::kafka::not_the_protocol;
use super::row::{Explanation, Row, Side};
use super::{Evidence, LoginKind, Step, Symptom};
use crate::describe::Protocol;
use crate::finding::Rule;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "not-amqp",
            "a TLS port that does not speak AMQP 0-9-1",
            "TLS stands, and the answer to AMQP's header is of another protocol: the management UI (15671), MQTT (8883), a Kafka, or a \
             proxy. A server that speaks AMQP 1.0 alone answers with its own header.",
        ),
        explain: |evidence| not_the_protocol(evidence, Protocol::Amqp, "AMQP 0-9-1", "use the port of listeners.ssl, 5671 as a rule"),
    },
    Row {
        rule: &Rule::error(
            "vhost-missing",
            "a virtual host that does not exist",
            "RabbitMQ answers Connection.Open with 530 `NOT_ALLOWED - vhost … not found`. The default virtual host is called /, in a URL \
             %2F: `amqps://host/` names the one with the empty name.",
        ),
        explain: |evidence| {
            let text = reply(evidence, &[404, 530])?;
            let vhost = text.split_once("vhost ")?.1.split_once(" not found")?.0;
            let vhost = vhost.trim_matches('\'');
            Some(Explanation::new(
                Side::Client,
                format!("{} has no virtual host \"{vhost}\"", evidence.endpoint),
                format!("name one that there is (rabbitmqctl list_vhosts), or make it: rabbitmqctl add_vhost '{vhost}'"),
            ))
        },
    },
    Row {
        rule: &Rule::error(
            "vhost-not-permitted",
            "a virtual host that the user may not enter",
            "RabbitMQ answers Connection.Open with 530 `NOT_ALLOWED - access to vhost … refused for user …`. A user needs permissions in \
             each virtual host, and a new user has none.",
        ),
        explain: |evidence| {
            let text = reply(evidence, &[403, 530]).filter(|text| text.contains("access to vhost") && text.contains("refused"))?;
            let vhost = quoted_after(text, "vhost ").unwrap_or("/");
            let user = quoted_after(text, "user ").map_or_else(|| user(evidence), str::to_owned);
            if let Some((_, limit)) = text.split_once("limit (") {
                let limit = limit.split(')').next().unwrap_or_default();
                return Some(Explanation::new(
                    Side::Broker,
                    format!("the virtual host \"{vhost}\" takes no more connections: its limit of {limit} is reached"),
                    format!("close connections, or run rabbitmqctl set_vhost_limits -p '{vhost}' with a greater max-connections"),
                ));
            }
            Some(Explanation::new(
                Side::Broker,
                format!("the user {user} may not enter the virtual host \"{vhost}\""),
                format!("run rabbitmqctl set_permissions -p '{vhost}' '{user}' CONFIGURE WRITE READ, each a regular expression of names"),
            ))
        },
    },
    Row {
        rule: &Rule::error(
            "amqp-not-permitted",
            "a queue or an exchange that the user may not configure, write or read",
            "RabbitMQ answers 403 `ACCESS_REFUSED - write access to exchange … refused for user …`, older releases without the word for \
             what was tried. Declaring needs configure, publishing write on the exchange, binding write on the queue and read on the \
             exchange, getting read on the queue.",
        ),
        explain: |evidence| {
            let text = reply(evidence, &[403]).filter(|_| evidence.fault.step > Step::Login)?;
            let user = quoted_after(text, "user ").map_or_else(|| user(evidence), str::to_owned);
            let vhost = quoted_after(text, "vhost ").unwrap_or("/");
            let what =
                text.split_once("access to ").and_then(|(_, rest)| rest.split_once(" in vhost")).map_or("what it uses", |(what, _)| what);
            let lacking = match permission(evidence, text, what) {
                Some(permission) => format!("the {permission} permission"),
                None => "a permission".to_owned(),
            };
            Some(Explanation::new(
                Side::Broker,
                format!("the user {user} lacks {lacking} on {what} in the virtual host \"{vhost}\""),
                format!(
                    "run rabbitmqctl set_permissions -p '{vhost}' '{user}' CONFIGURE WRITE READ with an expression that matches it; it \
                     replaces all three"
                ),
            ))
        },
    },
    Row {
        rule: &Rule::error(
            "amqp-refused",
            "an answer of RabbitMQ that says no, for another reason",
            "The code and the text are RabbitMQ's own (AMQP 0-9-1, 1.2): 320 an operator or a shutdown closed the connection, 404 a \
             queue or an exchange is missing, 405 another connection holds it, 406 it exists with other properties, 504 and 541 are \
             errors of client and server.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Amqp { code, text, .. } => Some(Explanation::new(
                Side::Broker,
                format!("RabbitMQ ended the step {} with {code} {text}", evidence.fault.step.name()),
                "look into RabbitMQ's log at this time, or hand it over with --broker-log",
            )),
            _ => None,
        },
    },
];

/// The text of a reply with one of these codes.
fn reply<'a>(evidence: &'a Evidence, codes: &[u16]) -> Option<&'a str> {
    match &evidence.fault.symptom {
        Symptom::Amqp { code, text, .. } if codes.contains(code) => Some(text),
        _ => None,
    }
}

/// Which of the three permissions is lacking: by RabbitMQ's own word, or by the method that was refused.
fn permission(evidence: &Evidence, text: &str, what: &str) -> Option<&'static str> {
    let told = text.split_once(" access to ").and_then(|(before, _)| before.rsplit(' ').next());
    let told = told.and_then(|told| ["configure", "write", "read"].into_iter().find(|word| *word == told));
    let Symptom::Amqp { method: Some(method), .. } = evidence.fault.symptom else { return told };
    told.or(match method {
        "queue.declare" | "exchange.declare" | "queue.delete" | "exchange.delete" => Some("configure"),
        // Messages are read from the exchange and written to the queue.
        "queue.bind" if what.starts_with("exchange") => Some("read"),
        "queue.bind" | "basic.publish" => Some("write"),
        "basic.get" => Some("read"),
        _ => None,
    })
}

/// The user by whose permissions RabbitMQ goes.
fn user(evidence: &Evidence) -> String {
    match &evidence.login {
        LoginKind::Password { user, .. } => user.clone(),
        LoginKind::Certificate | LoginKind::Anonymous => {
            evidence.leaf().map_or_else(|| evidence.identity.clone(), |leaf| leaf.subject.clone())
        }
    }
}

/// What stands between quotes right after `word`.
pub fn quoted_after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.split_once(&format!("{word}'"))?.1.split('\'').next()
}
