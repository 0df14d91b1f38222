//! How a proof over loopback is shown.

use super::console::{Console, Tone};
use crate::diagnosis::{ProbeOutcome, Verdict, VerifyReport};
use crate::ops::Proved;

pub fn show(console: &Console, proved: &Proved) {
    show_failures(console, &proved.failed);
    let (verdict, tone) = if proved.passed() { ("passed", Tone::Good) } else { ("FAILED", Tone::Bad) };
    let message = proved.left_out.clone().unwrap_or_else(|| format!("{} message by librdkafka", proved.messages));
    console.data(&format!(
        "\nProof over loopback {}: {} mutual TLS handshakes (PEM, PKCS#12, JKS), {} intruders refused, {message}.\n",
        console.painted(verdict, tone),
        proved.handshakes,
        proved.refusals,
    ));
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
            console.data(&format!("{}\n", console.painted(&line, Tone::Bad)));
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
        console.data(&format!("{}\n", console.painted(&problem, Tone::Bad)));
    }
}
