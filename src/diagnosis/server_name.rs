//! The name by which the server is reached: whether its certificate covers it, and whether Kafka advertises one that can be used.

use super::row::{Explanation, Row, Side};
use super::{Evidence, Step, Symptom, ToldBy};
use crate::finding::Rule;
use crate::path::FaultKind;
use crate::pki::Host;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "advertised-name-wrong",
            "a broker that is advertised under an address that does not work",
            "A Kafka client connects to the bootstrap address only to ask where the brokers are, and from then on uses what \
             advertised.listeners says. An address there that cannot be resolved or reached from the client, or that is not in the \
             broker's certificate, lets the first connection succeed and every other fail: the client hangs.",
        ),
        explain: advertised,
    },
    Row {
        rule: &Rule::error(
            "server-name-mismatch",
            "a server certificate for other names",
            "The client compares the name it was given with the subject alternative names (RFC 9525); the common name does not count. \
             Java says `No subject alternative DNS name matching … found`, OpenSSL `Hostname mismatch`; librdkafka says the same as for \
             a wrong authority.",
        ),
        explain: |evidence| {
            let (wanted, names) = mismatch(evidence)?;
            Some(
                Explanation::new(
                    Side::Broker,
                    format!("{} is not valid for {wanted}: {}", evidence.server_subject(), has(&wanted, names.as_deref())),
                    format!("issue it anew with {} as a subject alternative name, or connect by a name that it has", san(&wanted)),
                )
                .about_any(evidence.served.first()),
            )
        },
    },
];

fn advertised(evidence: &Evidence) -> Option<Explanation> {
    if let Symptom::Advertised { id, advertised, expected } = &evidence.fault.symptom {
        let instead = expected.as_ref().map(|expected| format!(" instead of {expected}")).unwrap_or_default();
        let right = expected.as_deref().unwrap_or("an address that clients can resolve and reach");
        let cause = format!("broker {id} is advertised as {advertised}{instead}");
        return Some(Explanation::new(Side::Broker, cause, format!("set advertised.listeners of broker {id} to {right} and restart it")));
    }
    if let Symptom::SharedAddress { ids: [one, other], advertised } = &evidence.fault.symptom {
        let cause = format!("broker {one} and broker {other} are both advertised as {advertised}, where only one of them can be");
        let fix = format!("give each an advertised.listeners of its own: set that of broker {other} to another address and restart it");
        return Some(Explanation::new(Side::Broker, cause, fix));
    }
    let ToldBy { bootstrap, id } = evidence.told_by.as_ref()?;
    let endpoint = &evidence.endpoint;
    if let Some((wanted, names)) = mismatch(evidence) {
        let cause = format!(
            "{bootstrap} advertises broker {id} as {endpoint}, and its certificate {} is not valid for {wanted}: {}",
            evidence.server_subject(),
            has(&wanted, names.as_deref())
        );
        let fix = format!(
            "set advertised.listeners of broker {id} to a name that its certificate has, or issue that anew with {} as a subject \
             alternative name",
            san(&wanted)
        );
        return Some(Explanation::new(Side::Broker, cause, fix).about_any(evidence.served.first()));
    }
    is_advertised_wrong(evidence).then(|| {
        let how = match &evidence.fault.symptom {
            Symptom::ConnectionRefused => "where nobody listens".to_owned(),
            Symptom::NameUnknown { .. } => "a name without an address here".to_owned(),
            symptom => format!("which cannot be reached from here: {symptom}"),
        };
        Explanation::new(
            Side::Broker,
            format!("{bootstrap} advertises broker {id} as {endpoint}, {how}"),
            format!(
                "set advertised.listeners of broker {id} to an address that its clients can resolve and reach; if that is right already, \
                 see whether the broker has just stopped"
            ),
        )
    })
}

/// Whether a broker cannot be reached where another said that it is.
pub fn is_advertised_wrong(evidence: &Evidence) -> bool {
    let not_there = match &evidence.fault.symptom {
        Symptom::NameUnknown { .. } | Symptom::ConnectionRefused | Symptom::Unreachable { .. } => true,
        _ => matches!(evidence.fault.step, Step::Resolve | Step::Connect),
    };
    evidence.told_by.is_some() && not_there
}

/// The name that was wanted, and those that the certificate has, if it has any.
fn mismatch(evidence: &Evidence) -> Option<(String, Option<String>)> {
    if let Symptom::Alert(rustls::AlertDescription::UnrecognisedName) = evidence.fault.symptom {
        return Some((evidence.endpoint.host.to_string(), evidence.served.first().map(alternative_names)));
    }
    let Symptom::ServerRefused { verdict, .. } = &evidence.fault.symptom else { return None };
    verdict.faults.iter().find_map(|fault| match &fault.kind {
        FaultKind::NameMismatch { wanted, names } => Some((wanted.clone(), Some(names.clone()))),
        FaultKind::WithoutAlternativeName { wanted } => Some((wanted.clone(), None)),
        _ => None,
    })
}

fn alternative_names(certificate: &crate::pki::Certificate) -> String {
    certificate.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What it is valid for instead, and the slip behind it where one is known.
fn has(wanted: &str, names: Option<&str>) -> String {
    let Some(names) = names else { return "it has no subject alternative name, and the common name does not count".to_owned() };
    let listed = |name: String| names.split(", ").any(|one| one.eq_ignore_ascii_case(&name));
    let bare = wanted.trim_end_matches('.');
    let slip = if wanted.parse::<std::net::IpAddr>().is_ok() && listed(format!("DNS:{wanted}")) {
        ", where the address stands as a DNS name and must be an IP address"
    } else if listed(format!("DNS:{bare}.")) {
        ", where the name ends in a dot, which a certificate's names never do"
    } else if bare != wanted && listed(format!("DNS:{bare}")) {
        ", and the client asks for the name with a dot at its end"
    } else if names.split(", ").any(|one| one.strip_prefix("DNS:*").is_some_and(|parent| parent.len() > 1 && bare.ends_with(parent))) {
        ", and a wildcard stands for one label only"
    } else {
        ""
    };
    format!("it has {}{slip}", first(names))
}

/// As many names as anybody reads.
fn first(names: &str) -> String {
    const READ: usize = 20;
    match names.match_indices(", ").nth(READ - 1) {
        Some((end, _)) => format!("{}, and {} more", &names[..end], names[end..].matches(", ").count()),
        None => names.to_owned(),
    }
}

/// The entry that is missing.
fn san(wanted: &str) -> String {
    let bare = wanted.trim_end_matches('.');
    match bare.parse::<Host>() {
        Ok(Host::Ip(ip)) => format!("IP:{ip}"),
        Ok(Host::Dns(name)) => format!("DNS:{name}"),
        Err(_) => format!("DNS:{bare}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names_without_number_the_first_are_shown_and_the_others_counted() {
        let names: Vec<String> = (1..=16_000).map(|nth| format!("DNS:n{nth}")).collect();
        assert!(has("broker-1", Some(&names.join(", "))).ends_with("DNS:n19, DNS:n20, and 15980 more"));
        assert_eq!(has("broker-1", Some("DNS:a, DNS:b")), "it has DNS:a, DNS:b");
    }
}
