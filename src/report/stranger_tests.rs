//! Whatever a file, a server or a log says, no output drives a terminal or a CI system.

use proptest::prelude::*;
use time::Duration;

use super::verify_fixture::{self, AT, cell, facts};
use super::*;
use crate::diagnosis::{Attempt, Cell, Fact, Probe, ProbeOutcome, Step, StepTaken, Symptom, VerifyReport};
use crate::text::printable_json;
use crate::text::stranger::{WORDS, drives};

/// With these words wherever there is room for some.
fn checked(words: &str) -> Report {
    let certificate = verify_fixture::certificate(words);
    let mut report = fixture::report();
    for target in &mut report.targets {
        target.target = words.to_owned();
        for finding in &mut target.findings {
            finding.place.target = words.to_owned();
            finding.place.entry = Some(words.to_owned());
            finding.message = words.to_owned();
            finding.fix = words.to_owned();
        }
        for expiry in &mut target.certificates {
            expiry.entry = words.to_owned();
            expiry.subject = words.to_owned();
        }
        if let Some(verdict) = &mut target.verdict {
            verdict.path = vec![certificate.clone(), certificate.clone()];
            verdict.faults.iter_mut().for_each(|fault| fault.subject = words.to_owned());
            verdict.opinions.iter_mut().for_each(|opinion| opinion.because = words.to_owned());
        }
    }
    report
}

/// With these words wherever there is room for some.
fn verified(words: &str) -> VerifyReport {
    let diagnosis = || {
        let mut diagnosis = verify_fixture::expired(words);
        diagnosis.explanation.fix = words.to_owned();
        diagnosis.explanation.certificate = Some(words.to_owned());
        diagnosis
    };
    let mut steps = facts(words);
    steps.push(Fact::Greeting { server: words.to_owned(), mechanisms: vec![words.to_owned()] });
    steps.push(Fact::Login { mechanism: words.to_owned(), user: Some(words.to_owned()), iterations: None });
    steps.push(Fact::VirtualHost { name: words.to_owned() });
    let failed = verify_fixture::failed(diagnosis(), Step::Topic, Symptom::Other(words.to_owned()));
    let mut hostile = Cell { target: words.to_owned(), endpoint: words.to_owned(), ..cell(words, words, 0, failed) };
    hostile.steps = steps.into_iter().map(|fact| StepTaken { took: std::time::Duration::ZERO, fact }).collect();
    hostile.notes.push(words.to_owned());
    let mut report = verify_fixture::report();
    report.cells.push(hostile);
    let outcomes = [
        ProbeOutcome::LetIn(Box::new(diagnosis())),
        ProbeOutcome::Refused { how: words.to_owned() },
        ProbeOutcome::Unreachable { cause: words.to_owned() },
    ];
    let attempt = Attempt::Plaintext;
    report.probes.extend(outcomes.map(|outcome| Probe { target: words.to_owned(), endpoint: words.to_owned(), attempt, outcome }));
    report.cut_short = Some(words.to_owned());
    report
}

fn as_json(value: &impl serde::Serialize) -> String {
    printable_json(&serde_json::to_string_pretty(value).unwrap())
}

proptest! {
    #[test]
    fn nothing_that_check_prints_drives_anything(words in WORDS) {
        let report = checked(&words);
        let texts = [
            human(&report).to_string(),
            nagios(&report),
            unknown(&words),
            prometheus(&report),
            junit(&report),
            as_json(&json(&report)),
            as_json(&sarif(&report)),
        ];
        for text in texts {
            prop_assert!(!drives(&text), "{:?}", text);
        }
    }

    /// These are commands, and there are as many as findings.
    #[test]
    fn no_finding_is_another_command_of_github_than_its_own(words in WORDS) {
        let report = checked(&words);
        let text = github(&report);
        prop_assert_eq!(text.lines().count(), report.findings().count());
        for line in text.lines() {
            let own = ["::error ", "::warning ", "::notice "].iter().find_map(|command| line.strip_prefix(command));
            prop_assert!(own.is_some_and(|rest| !drives(rest)), "{:?}", line);
        }
    }

    #[test]
    fn nothing_that_verify_prints_drives_anything(words in WORDS) {
        let report = verified(&words);
        let texts = [
            verify_human(&report, AT, Duration::days(30)).to_string(),
            report.cells.iter().map(|cell| verify_steps(cell).to_string()).collect(),
            verify_junit(&report),
            verify_prometheus(&report, AT),
            as_json(&verify_json(&report, AT)),
        ];
        for text in texts {
            prop_assert!(!drives(&text), "{:?}", text);
        }
    }
}
