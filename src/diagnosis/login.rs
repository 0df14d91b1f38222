//! SASL: mechanisms, users and passwords, and RabbitMQ's login by certificate.

use super::programs::words;
use super::row::{Explanation, Row, Side};
use super::{Evidence, LoginKind, Step, Symptom};
use crate::finding::Rule;

pub const SASL_EXPECTED: Rule = Rule::error(
    "sasl-expected",
    "a client without SASL on a SASL listener",
    "A SASL_SSL listener answers ApiVersions to anybody and closes the connection at the next request that is not SASL: the broker logs \
     `Unexpected Kafka request of type METADATA during SASL handshake`, the client sees a disconnect.",
);

pub const MECHANISM_MISSING: Rule = Rule::error(
    "sasl-mechanism-missing",
    "a SASL mechanism that the broker does not offer",
    "Kafka answers UNSUPPORTED_SASL_MECHANISM (33) with those it has (sasl.enabled.mechanisms), RabbitMQ names them in Connection.Start \
     (auth_mechanisms).",
);

pub const LOGIN_REFUSED: Rule = Rule::error(
    "login-refused",
    "a user or a password that the broker does not take",
    "Kafka says `invalid credentials` or `Invalid username or password` (SASL_AUTHENTICATION_FAILED, 58), RabbitMQ 403 ACCESS_REFUSED. \
     None tells whether the user or the password is wrong; RabbitMQ takes guest from localhost alone.",
);

pub const EXTERNAL_NOT_ENABLED: Rule = Rule::error(
    "external-not-enabled",
    "a RabbitMQ that does not log in by certificate",
    "EXTERNAL needs the plugin rabbitmq_auth_mechanism_ssl and its place in auth_mechanisms. RabbitMQ logs `unknown authentication \
     mechanism 'EXTERNAL'` and closes the connection.",
);

pub const EXTERNAL_USER_MISSING: Rule = Rule::error(
    "external-user-missing",
    "a certificate whose name is no user of RabbitMQ",
    "EXTERNAL takes the user name from the certificate, the whole subject unless ssl_cert_login_from says otherwise, and there must be a \
     user of exactly that name. RabbitMQ logs `EXTERNAL login refused: user 'CN=…' - invalid credentials`.",
);

pub const EXTERNAL_NAME_MISSING: Rule = Rule::error(
    "external-name-missing",
    "a certificate without the name that RabbitMQ looks for",
    "ssl_cert_login_from names a field that the certificate has not, such as a common name or a subject alternative name of one type. \
     RabbitMQ logs `EXTERNAL login refused: no name found`.",
);

pub const EXTERNAL_WITHOUT_CERTIFICATE: Rule = Rule::error(
    "external-without-certificate",
    "a login by certificate without a certificate",
    "RabbitMQ did not ask for one (verify_none), or the client showed none and was let in anyway. It logs `connection peer presented no \
     TLS (x.509) certificate`.",
);

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "scram-iterations",
            "SCRAM iterations that no client should take",
            "RFC 7677, section 4 demands 4096 at least, and Java's ScramSaslClient refuses fewer: with few, whoever asked can guess the \
             password from the answer. So none is sent. More than 1,000,000 only keep clients busy; Kafka stores 16384 at most. \
             librdkafka takes any number, which a note tells of.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Iterations { .. } => Some(scram_iterations(evidence)),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "sasl-not-expected",
            "a client with SASL on a listener without it",
            "An SSL listener knows its clients by their certificates and answers SaslHandshake with ILLEGAL_SASL_STATE (34).",
        ),
        explain: |evidence| {
            (evidence.kafka_code()? == 34).then(|| {
                Explanation::new(
                    Side::Client,
                    format!(
                        "{} is an SSL listener without SASL, and {} logs in with {}",
                        evidence.endpoint,
                        evidence.identity,
                        mechanism(evidence)
                    ),
                    "use the port of the SASL_SSL listener, or set security.protocol=SSL and show a client certificate",
                )
            })
        },
    },
    Row {
        rule: &SASL_EXPECTED,
        explain: |evidence| {
            let without = !matches!(evidence.login, LoginKind::Password { .. });
            let closed = matches!(evidence.fault.symptom, Symptom::Closed) && evidence.fault.step == Step::Metadata;
            (evidence.is_kafka() && without && closed).then(|| sasl_expected(evidence))
        },
    },
    Row {
        rule: &EXTERNAL_NOT_ENABLED,
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Mechanism { wanted, offered } if !evidence.is_kafka() && wanted == "EXTERNAL" => {
                Some(external_not_enabled(evidence, offered))
            }
            _ => None,
        },
    },
    Row {
        rule: &MECHANISM_MISSING,
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Mechanism { offered, .. } => Some(mechanism_missing(evidence, offered)),
            _ => (evidence.kafka_code()? == 33).then(|| mechanism_missing(evidence, &[])),
        },
    },
    Row {
        rule: &EXTERNAL_WITHOUT_CERTIFICATE,
        explain: |evidence| {
            let unseen = evidence.leaf().is_none() || evidence.asked.is_none();
            (external_was_refused(evidence) && unseen).then(|| external_without_certificate(evidence))
        },
    },
    Row {
        rule: &EXTERNAL_NAME_MISSING,
        explain: |evidence| {
            let nameless = evidence.leaf().is_some_and(|leaf| leaf.subject.is_empty());
            (external_was_refused(evidence) && nameless).then(|| external_name_missing(evidence))
        },
    },
    Row { rule: &EXTERNAL_USER_MISSING, explain: |evidence| external_was_refused(evidence).then(|| external_user_missing(evidence)) },
    Row {
        rule: &LOGIN_REFUSED,
        explain: |evidence| {
            let code = matches!(evidence.kafka_code(), Some(58));
            let library = matches!(&evidence.fault.symptom, Symptom::Librdkafka { code, .. } if code == "_AUTHENTICATION");
            let at_login = evidence.fault.step == Step::Login
                && matches!(evidence.fault.symptom, Symptom::Closed | Symptom::Amqp { code: 403, .. } | Symptom::Other(_));
            (code || library || at_login).then(|| login_refused(evidence))
        },
    },
];

fn scram_iterations(evidence: &Evidence) -> Explanation {
    let (mechanism, user) = match &evidence.login {
        LoginKind::Password { mechanism, user } => (*mechanism, user.as_str()),
        LoginKind::Certificate | LoginKind::Anonymous => ("SCRAM-SHA-512", "NAME"),
    };
    Explanation::new(
        Side::Broker,
        format!("{user} does not log in at {}: {}", evidence.endpoint, evidence.fault.symptom),
        format!(
            "set the password anew with 4096 to 16384 iterations (kafka-configs --bootstrap-server {} --alter --entity-type users \
             --entity-name {user} --add-config '{mechanism}=[iterations=4096,password=…]'); if the broker has as many already, somebody \
             else answers there",
            evidence.endpoint
        ),
    )
}

pub fn sasl_expected(evidence: &Evidence) -> Explanation {
    Explanation::new(
        Side::Client,
        format!(
            "{} expects SASL: it closed the connection at the first request of {}, which does not log in",
            evidence.endpoint, evidence.identity
        ),
        "set security.protocol=SASL_SSL with sasl.mechanism and a user (--user, --user-password-file and --mechanism here), or use the \
         port of an SSL listener",
    )
}

pub fn external_not_enabled(evidence: &Evidence, offered: &[String]) -> Explanation {
    Explanation::new(
        Side::Broker,
        format!("{} does not offer the login by certificate (EXTERNAL){}", evidence.endpoint, only(offered)),
        "run rabbitmq-plugins enable rabbitmq_auth_mechanism_ssl, add auth_mechanisms.1 = EXTERNAL to rabbitmq.conf, and restart the node",
    )
}

pub fn mechanism_missing(evidence: &Evidence, offered: &[String]) -> Explanation {
    let setting = if evidence.is_kafka() { "sasl.enabled.mechanisms of that listener" } else { "auth_mechanisms in rabbitmq.conf" };
    // Kafka names its own in the message of the error.
    let offers = if offered.is_empty() { format!(": {}", evidence.fault.symptom) } else { only(offered) };
    Explanation::new(
        Side::Client,
        format!(
            "{} does not offer the SASL mechanism {} that {} logs in with{offers}",
            evidence.endpoint,
            mechanism(evidence),
            evidence.identity
        ),
        format!(
            "have the client use a mechanism that is offered (sasl.mechanism, or --mechanism here), or add {} to {setting}",
            mechanism(evidence)
        ),
    )
}

pub fn external_without_certificate(evidence: &Evidence) -> Explanation {
    let words = words(evidence.protocol);
    match evidence.leaf() {
        Some(leaf) if evidence.asked.is_none() => Explanation::new(
            Side::Broker,
            format!("{} logs in by certificate, and {} never asked for {}", evidence.identity, evidence.endpoint, leaf.subject),
            format!("set {}, with the authority of the clients in {}", words.client_required, words.broker_truststore),
        ),
        _ => Explanation::new(
            Side::Client,
            format!("{} logs in by certificate (EXTERNAL) and showed none", evidence.identity),
            format!("give the client its certificate and key ({})", words.client_keystore),
        ),
    }
}

pub fn external_name_missing(evidence: &Evidence) -> Explanation {
    Explanation::new(
        Side::Client,
        format!(
            "RabbitMQ finds no user name in the certificate of {}, whose subject is \"{}\"",
            evidence.identity,
            evidence.leaf().map_or("", |leaf| &leaf.subject)
        ),
        "issue the certificate with the field that ssl_cert_login_from names, or set that to one which the certificate has \
         (distinguished_name, common_name, subject_alternative_name)",
    )
    .about_any(evidence.leaf())
}

pub fn external_user_missing(evidence: &Evidence) -> Explanation {
    let heard = evidence.log.iter().find_map(|line| super::amqp::quoted_after(line, "user "));
    let user = heard.or(evidence.leaf().map(|leaf| leaf.subject.as_str())).unwrap_or("the certificate's name");
    let (cause, otherwise) = match heard {
        Some(user) => (
            format!("RabbitMQ has no user that is called exactly {user}, as the certificate of {} is", evidence.identity),
            "if that should be another name, look at ssl_cert_login_from",
        ),
        None => (
            format!(
                "RabbitMQ has no user of the name that it takes from the certificate of {}: {user}, unless ssl_cert_login_from says \
                 otherwise",
                evidence.identity
            ),
            "with ssl_cert_login_from = common_name it is the common name alone; the log tells (--broker-log)",
        ),
    };
    Explanation::new(
        Side::Broker,
        cause,
        format!(
            "run rabbitmqctl add_user '{user}' with a long random password, rabbitmqctl clear_password '{user}' and rabbitmqctl \
             set_permissions '{user}' CONFIGURE WRITE READ; {otherwise}"
        ),
    )
    .about_any(evidence.leaf())
}

pub fn login_refused(evidence: &Evidence) -> Explanation {
    let (who, fix) = match &evidence.login {
        LoginKind::Password { mechanism: "PLAIN", user } if evidence.is_kafka() => (
            format!("the user {user}, or the password"),
            format!("check the password: it is user_{user} in listener.name.NAME.plain.sasl.jaas.config of the broker"),
        ),
        LoginKind::Password { mechanism, user } if evidence.is_kafka() => (
            format!("the user {user}, or the password"),
            format!(
                "check the password, or set it: kafka-configs --bootstrap-server {} --alter --entity-type users --entity-name {user} \
                 --add-config '{mechanism}=[password=…]'",
                evidence.endpoint
            ),
        ),
        LoginKind::Password { user, .. } if user == "guest" => (
            "the user guest, or the password".to_owned(),
            "make a user of your own (rabbitmqctl add_user): RabbitMQ takes guest from localhost alone (loopback_users)".to_owned(),
        ),
        LoginKind::Password { user, .. } => (
            format!("the user {user}, or the password"),
            format!("try rabbitmqctl authenticate_user {user}, and rabbitmqctl change_password {user} if that is refused too"),
        ),
        LoginKind::Certificate => (
            format!("the login of {}", evidence.identity),
            "look into the broker's log, or hand it over with --broker-log: only there the reason is told".to_owned(),
        ),
        LoginKind::Anonymous => (
            format!("{} without a login", evidence.identity),
            "give the client a user (--user and --user-password-file) or a certificate".to_owned(),
        ),
    };
    Explanation::new(Side::Client, format!("{} does not take {who}: {}", evidence.endpoint, evidence.fault.symptom), fix)
}

fn external_was_refused(evidence: &Evidence) -> bool {
    let refused = matches!(evidence.fault.symptom, Symptom::Amqp { code: 403, .. } | Symptom::Closed);
    evidence.fault.step == Step::Login && refused && !evidence.is_kafka() && evidence.login == LoginKind::Certificate
}

fn mechanism(evidence: &Evidence) -> &str {
    match (&evidence.fault.symptom, &evidence.login) {
        (Symptom::Mechanism { wanted, .. }, _) => wanted,
        (_, LoginKind::Password { mechanism, .. }) => mechanism,
        (_, LoginKind::Certificate) => "EXTERNAL",
        (_, LoginKind::Anonymous) => "ANONYMOUS",
    }
}

fn only(offered: &[String]) -> String {
    if offered.is_empty() { String::new() } else { format!(", only {}", offered.join(", ")) }
}
