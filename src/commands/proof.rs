//! How a proof over loopback is shown.

use super::console::{Console, Tone};
use crate::diagnosis::{ProbeOutcome, Verdict, VerifyReport};
use crate::ops::Proved;
use crate::text::{Line, Text};

pub fn show(console: &Console, proved: &Proved) {
    show_failures(console, &proved.failed);
    let (verdict, tone) = if proved.passed() { ("passed", Tone::Good) } else { ("FAILED", Tone::Bad) };
    let Proved { handshakes, refusals, messages, left_out, .. } = proved;
    let what = "mutual TLS handshakes (PEM, PKCS#12, JKS)";
    let sent = (*messages > 0 || left_out.is_empty()).then(|| format!("{messages} message by librdkafka"));
    let message = sent.into_iter().chain(left_out.iter().cloned()).collect::<Vec<_>>().join(", ");
    let saw = format!(": {handshakes} {what}, {refusals} intruders refused, {message}.");
    let mut text = Text::default();
    text.blank();
    text.push(Line::of("Proof over loopback ").toned(verdict, tone).and(saw));
    console.text(&text);
}

/// One line for each thing that is wrong.
fn show_failures(console: &Console, report: &VerifyReport) {
    for cell in &report.cells {
        if let Verdict::Failed(failure) = &cell.verdict {
            let explanation = &failure.diagnosis.explanation;
            let line = format!(
                "{} at {} ({}, {}): {}: {}; {}",
                cell.identity,
                cell.target,
                cell.endpoint,
                cell.via.name(),
                failure.diagnosis.rule.code,
                explanation.cause,
                explanation.fix
            );
            console.text(&Line::default().toned(line, Tone::Bad).into());
        }
    }
    for probe in &report.probes {
        let problem = match &probe.outcome {
            ProbeOutcome::Refused { .. } => continue,
            ProbeOutcome::LetIn(_) => format!("{} ({}) lets in a client with {}", probe.target, probe.endpoint, probe.attempt.name()),
            ProbeOutcome::Unreachable { cause } => {
                format!("{} ({}) could not be probed with {}: {cause}", probe.target, probe.endpoint, probe.attempt.name())
            }
        };
        console.text(&Line::default().toned(problem, Tone::Bad).into());
    }
}
