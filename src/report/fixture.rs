//! One report that has everything in it that an output can get wrong.

use std::io::Write;
use std::process::{Command, Stdio};

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::{Deny, Expiry, Report, TargetPlace, TargetReport};
use crate::finding::{Finding, Place, Rule, Severity};
use crate::path::{Fault, FaultKind, Opinion, Validator, Verdict};

pub const AT: OffsetDateTime = datetime!(2026-02-01 00:00 UTC);
const ENDED: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

static EXPIRED: Rule = Rule { code: "expired", severity: Severity::Error, title: "Expired", why: "Nobody accepts it (RFC 5280, 4.1.2.5)." };
static UNUSED: Rule = Rule { code: "unused-entry", severity: Severity::Note, title: "Unused entry", why: "It only confuses." };
pub static UNKNOWN_KEY: Rule =
    Rule { code: "unknown-key", severity: Severity::Warning, title: "Unknown key", why: "Kafka ignores it without a word." };

pub fn report() -> Report {
    let store = "stores/broker <1>.p12";
    let findings = vec![
        finding(&UNUSED, store, Some("old|one"), None, "nothing uses it, \u{1b}[31mreally", "remove it"),
        finding(&EXPIRED, store, Some("broker-1"), None, "CN=broker-1,O=A & \"B\" has expired on 2026-01-01", "issue it again"),
    ];
    let certificates =
        vec![expiry("broker-1", "CN=broker-1,O=A & \"B\"", ENDED), expiry("old|one", "CN=back\\slash\nand line", AT + Duration::days(88))];
    let unknown = "`ssl.keystore.pasword` is no key of Kafka; the nearest is `ssl.keystore.password`";
    let key = finding(&UNKNOWN_KEY, "server.properties", None, Some(3), unknown, "rename it");
    Report {
        targets: vec![
            TargetReport::new(store.to_owned(), TargetPlace::File, findings, Some(verdict()), certificates),
            TargetReport::new("server.properties".to_owned(), TargetPlace::File, vec![key], None, Vec::new()),
            TargetReport::new("broker-1.example:9093".to_owned(), TargetPlace::Endpoint, Vec::new(), None, Vec::new()),
        ],
        at: AT,
        expires_within: Duration::days(30),
        deny: Deny { from: Severity::Error, rules: Vec::new() },
        allowed: 2,
    }
}

pub fn finding(rule: &'static Rule, target: &str, entry: Option<&str>, line: Option<usize>, message: &str, fix: &str) -> Finding {
    let place = Place { target: target.to_owned(), entry: entry.map(str::to_owned), line };
    Finding { rule, place, message: message.to_owned(), fix: fix.to_owned() }
}

fn expiry(entry: &str, subject: &str, not_after: OffsetDateTime) -> Expiry {
    Expiry { entry: entry.to_owned(), subject: subject.to_owned(), serial: "0a".to_owned(), not_after }
}

fn verdict() -> Verdict {
    Verdict {
        path: Vec::new(),
        faults: vec![Fault { at: 0, subject: "CN=broker-1".to_owned(), kind: FaultKind::Expired(ENDED) }],
        opinions: vec![
            Opinion { validator: Validator::Java, accepts: true, because: "it trusts the leaf itself".to_owned() },
            Opinion { validator: Validator::Erlang, accepts: false, because: String::new() },
        ],
    }
}

/// What a Python program prints when it is given this text.
pub fn python(program: &str, given: &str) -> String {
    let mut child = Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{given}");
    String::from_utf8(output.stdout).unwrap()
}
