//! For people: grouped by target, the worst first.

use std::fmt::Write;

use super::printable::printable;
use super::{Report, TargetReport, help, word};
use crate::finding::{Finding, Place, Severity};
use crate::path::{Validator, Verdict};

/// `paint` colours a text that stands for a severity; `None` stands for all being well.
pub fn human(report: &Report, paint: impl Fn(&str, Option<Severity>) -> String) -> String {
    let mut text = String::new();
    for target in &report.targets {
        one(&mut text, target, &paint);
    }
    let summary = report.summary();
    let worst = report.findings().map(|finding| finding.rule.severity).max();
    let targets = report.targets.len();
    let plural = if targets == 1 { "target" } else { "targets" };
    let _ = writeln!(text, "{} in {targets} {plural}.", paint(&summary.to_string(), worst));
    text
}

fn one(text: &mut String, target: &TargetReport, paint: &impl Fn(&str, Option<Severity>) -> String) {
    let state = if target.findings.is_empty() { format!(": {}", paint("nothing found", None)) } else { String::new() };
    let _ = writeln!(text, "{}{state}", printable(&target.target));
    for finding in &target.findings {
        let Finding { rule, place, message, fix } = finding;
        let head = paint(&format!("{}[{}]", word(rule.severity), rule.code), Some(rule.severity));
        let _ = writeln!(text, "  {head} {}{}", within(place, &target.target), printable(message));
        let _ = writeln!(text, "    fix: {}", printable(fix));
        let _ = writeln!(text, "    see: {}", help(rule));
    }
    if let Some(verdict) = &target.verdict {
        chain(text, verdict, paint);
    }
    text.push('\n');
}

/// The part of a place that the heading does not say.
fn within(place: &Place, target: &str) -> String {
    let mut parts = Vec::new();
    if place.target != target {
        parts.push(printable(&place.target).into_owned());
    }
    parts.extend(place.entry.as_deref().map(|entry| printable(entry).into_owned()));
    parts.extend(place.line.map(|line| format!("line {line}")));
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(", ")) }
}

fn chain(text: &mut String, verdict: &Verdict, paint: &impl Fn(&str, Option<Severity>) -> String) {
    let state = if verdict.holds() { paint("holds", None) } else { paint("does not hold", Some(Severity::Error)) };
    let path: Vec<_> = verdict.path.iter().map(|certificate| printable(&certificate.subject)).collect();
    let _ = writeln!(text, "  chain {state}: {}", path.join(" < "));
    for fault in &verdict.faults {
        let _ = writeln!(text, "    {}", printable(&format!("{} {}", fault.subject, fault.kind)));
    }
    for opinion in verdict.opinions.iter().filter(|opinion| opinion.accepts != verdict.holds()) {
        let does = if opinion.accepts { "accepts" } else { "refuses" };
        let because = if opinion.because.is_empty() { String::new() } else { format!(": {}", printable(&opinion.because)) };
        let _ = writeln!(text, "    {} {does} it{because}", name(opinion.validator));
    }
}

fn name(validator: Validator) -> &'static str {
    match validator {
        Validator::Java => "Java (Kafka)",
        Validator::Erlang => "Erlang (RabbitMQ)",
        Validator::OpenSsl => "OpenSSL (librdkafka)",
        Validator::Rustls => "rustls",
    }
}

#[cfg(test)]
mod tests {
    use super::human;
    use crate::report::fixture;

    #[test]
    fn each_finding_says_where_what_and_what_to_do() {
        let text = human(&fixture::report(), |text, _| text.to_owned());
        assert_eq!(
            text,
            "stores/broker <1>.p12\n  \
               error[expired] broker-1: CN=broker-1,O=A & \"B\" has expired on 2026-01-01\n    \
                 fix: issue it again\n    \
                 see: docs/findings.md#expired\n  \
               note[unused-entry] old|one: nothing uses it, \\u{1b}[31mreally\n    \
                 fix: remove it\n    \
                 see: docs/findings.md#unused-entry\n  \
               chain does not hold: \n    \
                 CN=broker-1 has expired on 2026-01-01T00:00:00Z\n    \
                 Java (Kafka) accepts it: it trusts the leaf itself\n\n\
             server.properties\n  \
               warning[unknown-key] line 3: `ssl.keystore.pasword` is no key of Kafka; the nearest is `ssl.keystore.password`\n    \
                 fix: rename it\n    \
                 see: docs/findings.md#unknown-key\n\n\
             broker-1.example:9093: nothing found\n\n\
             1 error, 1 warning, 1 note, 2 allowed in 3 targets.\n"
        );
    }

    #[test]
    fn what_is_worst_is_what_is_coloured() {
        let text = human(&fixture::report(), |text, severity| severity.map_or_else(|| format!("({text})"), |s| format!("<{s:?} {text}>")));
        for painted in
            ["<Error error[expired]>", "<Note note[unused-entry]>", "(nothing found)", "<Error 1 error, 1 warning, 1 note, 2 allowed>"]
        {
            assert!(text.contains(painted), "{painted} is not in\n{text}");
        }
    }
}
