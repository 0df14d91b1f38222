//! The verdict on a chain, as findings: its faults, and who sees it differently.

use super::view::named;
use super::{Finding, Place, Rule, fault};
use crate::path::{Opinion, Validator, Verdict};

pub const RULES: &[&Rule] = &[&REFUSED_BY_SOME, &ACCEPTED_BY_SOME];

const REFUSED_BY_SOME: Rule = Rule::warning(
    "chain-refused-by-some",
    "a chain that holds, but not for everyone",
    "RFC 5280 finds nothing wrong with it. The implementation that is named has a rule of its own, so its handshakes fail.",
);

const ACCEPTED_BY_SOME: Rule = Rule::warning(
    "chain-accepted-by-some",
    "a chain that does not hold, but is accepted by some",
    "That it works with one implementation does not show that it is right: the next client, or the next release, refuses it.",
);

/// One for each fault, and one for each implementation that does not share the verdict.
pub fn findings(target: &str, verdict: &Verdict) -> Vec<Finding> {
    let faults = verdict.faults.iter().map(|found| {
        let (rule, fix) = fault::rule(&found.kind);
        let subject = if found.subject.is_empty() { "it".to_owned() } else { found.subject.clone() };
        rule.at(Place::target(target).entry(subject.clone()), format!("{subject} {}", found.kind), fix)
    });
    faults.chain(verdict.opinions.iter().filter_map(|opinion| dissent(target, verdict, opinion))).collect()
}

fn dissent(target: &str, verdict: &Verdict, opinion: &Opinion) -> Option<Finding> {
    let place = || verdict.path.first().map_or_else(|| Place::target(target), |leaf| Place::target(target).entry(named(leaf)));
    let (who, because) = (name(opinion.validator), reason(&opinion.because));
    match (verdict.holds(), opinion.accepts) {
        (true, false) => Some(REFUSED_BY_SOME.at(
            place(),
            format!("the chain holds, and {who} will not accept it{because}"),
            "mend what the implementation refuses if you use it",
        )),
        (false, true) => Some(ACCEPTED_BY_SOME.at(
            place(),
            format!("the chain does not hold, and {who} accepts it{because}"),
            "mend the chain and do not rely on it",
        )),
        (true, true) | (false, false) => None,
    }
}

fn reason(because: &str) -> String {
    if because.is_empty() { String::new() } else { format!(", because {}", because.trim_end_matches('.')) }
}

const fn name(validator: Validator) -> &'static str {
    match validator {
        Validator::Java => "Java (Kafka)",
        Validator::Erlang => "Erlang (RabbitMQ)",
        Validator::OpenSsl => "OpenSSL (librdkafka, Python)",
        Validator::Rustls => "rustls",
    }
}
