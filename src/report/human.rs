//! For people: grouped by target, the worst first.

use super::{Report, TargetReport, help, word};
use crate::finding::{Finding, Place};
use crate::path::{Validator, Verdict};
use crate::text::{Line, Text, Tone};

pub fn human(report: &Report) -> Text {
    let mut text = Text::default();
    for target in &report.targets {
        one(&mut text, target);
    }
    let summary = report.summary();
    let worst = report.findings().map(|finding| finding.rule.severity).max();
    let targets = report.targets.len();
    let plural = if targets == 1 { "target" } else { "targets" };
    text.push(Line::default().toned(summary, worst.into()).and(format_args!(" in {targets} {plural}.")));
    text
}

fn one(text: &mut Text, target: &TargetReport) {
    let heading = Line::of(&target.target);
    text.push(if target.findings.is_empty() { heading.and(": ").toned("nothing found", Tone::Good) } else { heading });
    for finding in &target.findings {
        let Finding { rule, place, message, fix } = finding;
        let head = format!("{}[{}]", word(rule.severity), rule.code);
        let said = format!(" {}{message}", within(place, &target.target));
        text.push(Line::of("  ").toned(head, Some(rule.severity).into()).and(said));
        text.push(Line::of(format_args!("    fix: {fix}")));
        text.push(Line::of(format_args!("    see: {}", help(rule))));
    }
    if let Some(verdict) = &target.verdict {
        chain(text, verdict);
    }
    text.blank();
}

/// The part of a place that the heading does not say.
fn within(place: &Place, target: &str) -> String {
    let mut parts = Vec::new();
    if place.target != target {
        parts.push(place.target.clone());
    }
    parts.extend(place.entry.clone());
    parts.extend(place.line.map(|line| format!("line {line}")));
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(", ")) }
}

fn chain(text: &mut Text, verdict: &Verdict) {
    let (state, tone) = if verdict.holds() { ("holds", Tone::Good) } else { ("does not hold", Tone::Bad) };
    let path: Vec<&str> = verdict.path.iter().map(|certificate| certificate.subject.as_str()).collect();
    text.push(Line::of("  chain ").toned(state, tone).and(format_args!(": {}", path.join(" < "))));
    for fault in &verdict.faults {
        text.push(Line::of(format_args!("    {} {}", fault.subject, fault.kind)));
    }
    for opinion in verdict.opinions.iter().filter(|opinion| opinion.accepts != verdict.holds()) {
        let does = if opinion.accepts { "accepts" } else { "refuses" };
        let because = if opinion.because.is_empty() { String::new() } else { format!(": {}", opinion.because) };
        text.push(Line::of(format_args!("    {} {does} it{because}", name(opinion.validator))));
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
        assert_eq!(
            human(&fixture::report()).to_string(),
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
        let text = human(&fixture::report()).painted(|text, tone| format!("<{tone:?} {text}>"));
        for painted in
            ["<Bad error[expired]>", "<Plain note[unused-entry]>", "<Good nothing found>", "<Bad 1 error, 1 warning, 1 note, 2 allowed>"]
        {
            assert!(text.contains(painted), "{painted} is not in\n{text}");
        }
    }
}
