//! A verification as JUnit's XML: one suite for each endpoint, one case for each identity and for each probe.
//!
//! A connection that does not work and an intruder that is let in are failures. A probe that proved nothing is an error, and so is a
//! run that was cut short: neither may look as if all were well.

use std::collections::BTreeMap;

use super::order::{self, Natural};
use super::suite::{Case, Outcome, Suite, document};
use super::{place, verify_steps};
use crate::diagnosis::{Cell, Diagnosis, Probe, ProbeOutcome, Verdict, VerifyReport};

const NAME: &str = "countersign verify";

pub fn verify_junit(report: &VerifyReport) -> String {
    let mut cases: BTreeMap<(Natural<'_>, Natural<'_>), Vec<Case>> = BTreeMap::new();
    for cell in order::cells(report) {
        cases.entry((Natural(&cell.target), Natural(&cell.endpoint))).or_default().push(connection(cell));
    }
    for probe in order::probes(report) {
        cases.entry((Natural(&probe.target), Natural(&probe.endpoint))).or_default().push(intruder(probe));
    }
    let endpoints = cases.into_iter().map(|((target, endpoint), cases)| Suite { name: place(target.0, endpoint.0), cases });
    let suites: Vec<Suite> = endpoints.chain(whole(report)).collect();
    document(NAME, &suites)
}

/// What is to be said of the run as a whole.
fn whole(report: &VerifyReport) -> Option<Suite> {
    let outcome = match &report.cut_short {
        Some(why) => Outcome::Error { message: format!("cut short: {why}"), kind: "cut-short" },
        None if report.cells.is_empty() && report.probes.is_empty() => Outcome::Skipped { message: "nothing was tried" },
        None => return None,
    };
    Some(Suite { name: NAME.to_owned(), cases: vec![Case::new("the whole run", outcome)] })
}

fn connection(cell: &Cell) -> Case {
    let outcome = match &cell.verdict {
        Verdict::Passed => Outcome::Passed,
        Verdict::Failed(failure) => failed(&failure.diagnosis),
    };
    let output = cell.notes.iter().fold(verify_steps(cell).to_string(), |text, note| format!("{text}note: {note}\n"));
    Case { took: Some(cell.took()), output, ..Case::new(format!("{} ({})", cell.identity, cell.via.name()), outcome) }
}

fn intruder(probe: &Probe) -> Case {
    let name = format!("refuses: {}", probe.attempt.name());
    match &probe.outcome {
        ProbeOutcome::Refused { how } => Case { output: how.clone(), ..Case::new(name, Outcome::Passed) },
        ProbeOutcome::LetIn(diagnosis) => Case::new(name, failed(diagnosis)),
        ProbeOutcome::Unreachable { cause } => Case::new(name, Outcome::Error { message: cause.clone(), kind: "unreachable" }),
    }
}

fn failed(diagnosis: &Diagnosis) -> Outcome {
    let explanation = &diagnosis.explanation;
    let seen = diagnosis.symptom.as_ref().map(|(step, symptom)| format!("{}: {symptom}", step.name()));
    let lines = [
        ("side", Some(explanation.side.name().to_owned())),
        ("certificate", explanation.certificate.clone()),
        ("fix", Some(explanation.fix.clone())),
        ("seen", seen),
        ("log", diagnosis.log.clone()),
        ("see", Some(diagnosis.see())),
    ];
    let lines = lines.into_iter().filter_map(|(label, text)| Some(format!("{label}: {}\n", text?)));
    Outcome::Failed { message: explanation.cause.clone(), kind: diagnosis.rule.code, text: lines.collect() }
}

#[cfg(test)]
mod tests {
    use super::verify_junit;
    use crate::diagnosis::VerifyReport;
    use crate::report::{fixture, verify_fixture};

    /// What Python's parser sees: for each suite its name and counts, for each case its name, its time, what became of it and why.
    const SEEN: &str = r#"
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.stdin).getroot()
print(*map(root.get, ["tests", "failures", "errors"]))
for suite in root:
    print(*map(suite.get, ["name", "tests", "failures", "errors", "skipped"]))
    for case in suite:
        assert case.get("classname") == suite.get("name")
        outcomes = [found for found in case if found.tag != "system-out"]
        print(" ", case.get("name"), case.get("time"), *["%s: %s" % (found.tag, found.get("message")) for found in outcomes])
"#;

    #[test]
    fn another_parser_sees_each_endpoint_with_its_clients_and_its_intruders() {
        assert_eq!(
            fixture::python(SEEN, &verify_junit(&verify_fixture::report())),
            "14 7 2\n\
             kafka/broker-1 (broker-1.example:9094) 5 2 0 0\n  \
               clients/audit (pem) 0.036000\n  \
               clients/orders (pem) 0.036000\n  \
               clients/rogue (pem) 0.006000 failure: broker-1.example:9094 does not trust the issuer of CN=rogue\n  \
               refuses: no certificate None failure: broker-1.example:9094 asks for certificates, but requires none\n  \
               refuses: foreign authority None\n\
             kafka/broker-2 (broker-2.example:9094) 5 3 2 0\n  \
               clients/audit (pem) 0.003000 failure: the certificate of broker-2.example has expired on 2026-01-01\n  \
               clients/orders (pem) 0.003000 failure: the certificate of broker-2.example has expired on 2026-01-01\n  \
               clients/rogue (pem) 0.003000 failure: the certificate of broker-2.example has expired on 2026-01-01\n  \
               refuses: foreign authority None error: connection \\u{1b}refused\n  \
               refuses: plaintext None error: connection \\u{1b}refused\n\
             kafka/broker-10 (broker-10.example:9094) 4 2 0 0\n  \
               clients/audit (pem) 0.036000\n  \
               clients/orders (pem) 0.036000\n  \
               clients/rogue (pem) 0.006000 failure: broker-10.example:9094 does not trust the issuer of CN=rogue\n  \
               refuses: no certificate None failure: broker-10.example:9094 asks for certificates, but requires none\n"
        );
    }

    #[test]
    fn a_failure_says_on_which_side_and_what_to_do_and_how_far_it_came() {
        let mut report = verify_fixture::report();
        report.cells.drain(1..);
        report.probes.clear();
        let texts = fixture::python(
            "import sys, xml.etree.ElementTree as tree\nfor found in tree.parse(sys.stdin).find('.//testcase'): print(found.tag, found.get('type'), found.text)",
            &verify_junit(&report),
        );
        assert_eq!(
            texts,
            "failure client-issuer-unknown side: client\n\
             certificate: CN=\\u{1b}[2Jrogue\n\
             fix: mend <it>\n\
             seen: client certificate: the server sent the alert unknown_ca\n\
             log: [SocketServer] \\u{1b}]0;Failed authentication\\u{7}\n\
             next\n\
             see: docs/diagnoses.md#client-issuer-unknown\n\n\
             system-out None clients/rogue (pem) at kafka/broker-10 (broker-10.example:9094)\n      \
               1.0 ms  name resolution     10.0.0.1, ::1\n      \
               2.0 ms  connect             10.0.0.1:9094 from 10.0.0.9:51234\n      \
               3.0 ms  handshake           TLSv1.3, TLS13_AES_256_GCM_SHA384, X25519\n                                  \
                 served: CN=broker-10, until 2026-02-13\n                                  \
                 anchor: CN=brokers\n                                  \
                 12 days left, without an OCSP response\n      \
               FAILED  client certificate  the server sent the alert unknown_ca\n\n"
        );
    }

    #[test]
    fn a_run_that_was_cut_short_is_an_error_and_one_that_tried_nothing_is_skipped() {
        let interrupted = VerifyReport { cut_short: Some("interrupted".to_owned()), ..VerifyReport::default() };
        assert_eq!(
            fixture::python(SEEN, &verify_junit(&interrupted)),
            "1 0 1\ncountersign verify 1 0 1 0\n  the whole run None error: cut short: interrupted\n"
        );
        assert_eq!(
            fixture::python(SEEN, &verify_junit(&VerifyReport::default())),
            "1 0 0\ncountersign verify 1 0 0 1\n  the whole run None skipped: nothing was tried\n"
        );
    }

    #[test]
    fn a_hundred_listeners_are_a_hundred_suites() {
        let seen = fixture::python(SEEN, &verify_junit(&verify_fixture::wide(100)));
        assert!(seen.starts_with("200 2 0\nkafka/listener-1 (listener-1.example:9094) 2 0 0 0\n"), "{seen}");
        assert_eq!(seen.lines().count(), 1 + 100 + 200);
    }
}
