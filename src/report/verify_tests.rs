//! What people see of a verification.

use time::Duration;

use super::verify_fixture::{self, AT, cell};
use super::{verify_human, verify_steps};
use crate::diagnosis::{Acceptance, Cell, Fact, Step, StepTaken, Symptom, Verdict, VerifyReport, Via};
use crate::text::Tone;

fn shown(report: &VerifyReport) -> String {
    verify_human(report, AT, Duration::days(7)).to_string()
}

#[test]
fn the_first_screen_says_what_is_broken_on_which_side_and_how_to_mend_it() {
    assert_eq!(
        shown(&verify_fixture::report()),
        r#"AS              kafka/broker-1              kafka/broker-2     kafka/broker-10
clients/audit   ok 36.0 ms                  FAILED: handshake  ok 36.0 ms
clients/orders  ok 36.0 ms                  FAILED: handshake  ok 36.0 ms
clients/rogue   FAILED: client certificate  FAILED: handshake  FAILED: client certificate

error[server-expired] on the broker's side: the certificate of broker-2.example has expired on 2026-01-01
  fix:         mend <it>
  who:         clients/audit, clients/orders, clients/rogue
  where:       kafka/broker-2 (broker-2.example:9094)
  certificate: CN=broker-2,O=A & "B"
  seen:        handshake: the server closed the connection without a word
  log:         [SocketServer] \u{1b}]0;Failed authentication\u{7}\u{a}next
  see:         docs/diagnoses.md#server-expired

error[client-issuer-unknown] on the client's side: broker-1.example:9094 does not trust the issuer of CN=rogue
  fix:         mend <it>
  who:         clients/rogue
  where:       kafka/broker-1 (broker-1.example:9094), kafka/broker-10 (broker-10.example:9094)
  certificate: CN=\u{1b}[2Jrogue
  seen:        client certificate: the server sent the alert unknown_ca
  log:         [SocketServer] \u{1b}]0;Failed authentication\u{7}\u{a}next
  see:         docs/diagnoses.md#client-issuer-unknown

error[lets-in-without-certificate] on the broker's side: broker-1.example:9094 asks for certificates, but requires none
  fix:         mend <it>
  let in:      no certificate
  where:       kafka/broker-1 (broker-1.example:9094), kafka/broker-10 (broker-10.example:9094)
  see:         docs/diagnoses.md#lets-in-without-certificate

unproved: 2 probes proved nothing: connection \u{1b}refused
  tried:       foreign authority, plaintext
  where:       kafka/broker-2 (broker-2.example:9094)

note: the host name is not checked by \u{1b}[31mclient.properties
  who:         clients/orders
  where:       kafka/broker-1 (broker-1.example:9094)

Verification FAILED: 4 of 9 connections work, 1 of 5 intruders refused, 2 let in, 2 proved nothing.
"#
    );
}

#[test]
fn of_a_hundred_listeners_only_what_is_broken_is_shown() {
    assert_eq!(
        shown(&verify_fixture::wide(100)),
        r"AT                clients/a        clients/b
kafka/listener-7  FAILED: connect  FAILED: connect
99 endpoints: ok 198 of 198, 6.0 ms to 6.0 ms

error[connection-refused] in the network: nobody listens at listener-7
  fix:         mend <it>
  who:         clients/a, clients/b
  where:       kafka/listener-7 (listener-7.example:9094)
  seen:        connect: connection refused
  log:         [SocketServer] \u{1b}]0;Failed authentication\u{7}\u{a}next
  see:         docs/diagnoses.md#connection-refused

Verification FAILED: 198 of 200 connections work.
"
    );
}

/// As many clients as brokers, so that a column for each would take more than a line.
#[test]
fn a_table_that_is_too_wide_has_one_result_in_each_row() {
    let numbers = || (1..=12).flat_map(|client| (1..=12).map(move |broker| (client, broker)));
    let one = |(client, broker)| {
        let down = verify_fixture::failed(verify_fixture::expired("broker-2"), Step::Handshake, Symptom::Closed);
        let verdict = if (client, broker) == (3, 2) { down } else { Verdict::Passed };
        cell(&format!("clients/c-{client}"), &format!("broker-{broker}"), 2, verdict)
    };
    let text = shown(&VerifyReport { cells: numbers().map(one).collect(), ..VerifyReport::default() });
    assert!(
        text.starts_with("AS            RESULT\nclients/c-1   ok 12 of 12, 3.0 ms to 3.0 ms\nclients/c-2   ok 12 of 12, 3.0 ms to 3.0 ms\nclients/c-3   FAILED 1 of 12\n"),
        "{text}"
    );
}

/// And 200 cells that all fail alike are one block.
#[test]
fn the_same_cause_everywhere_is_told_once() {
    let stranger = |listener: usize, identity: &str| {
        let broker = format!("broker-{listener}");
        cell(identity, &broker, 3, verify_fixture::failed(verify_fixture::stranger(&broker), Step::Acceptance, Symptom::Closed))
    };
    let cells = (1..=100).flat_map(|listener| [stranger(listener, "clients/a"), stranger(listener, "clients/b")]).collect();
    let text = shown(&VerifyReport { cells, ..VerifyReport::default() });
    assert_eq!(text.matches("error[").count(), 1);
    assert!(text.contains("  who:         clients/a, clients/b\n  where:       all 100 endpoints\n"), "{text}");
    assert!(text.contains("76 endpoints: FAILED 152 of 152\n"), "{text}");
}

#[test]
fn the_same_client_from_several_files_is_told_apart() {
    let via = |via| Cell { via, ..cell("clients/a", "broker-1", 2, Verdict::Passed) };
    let text = shown(&VerifyReport { cells: vec![via(Via::Jks), via(Via::Pem)], ..VerifyReport::default() });
    assert!(text.starts_with("AS               kafka/broker-1\nclients/a (pem)  ok 3.0 ms\nclients/a (jks)  ok 3.0 ms\n"), "{text}");
}

#[test]
fn where_someone_does_not_go_stands_a_dash() {
    let cells = vec![cell("clients/a", "broker-1", 2, Verdict::Passed), cell("clients/b", "broker-2", 2, Verdict::Passed)];
    let text = shown(&VerifyReport { cells, ..VerifyReport::default() });
    assert!(
        text.starts_with("AS         kafka/broker-1  kafka/broker-2\nclients/a  ok 3.0 ms       -\nclients/b  -               ok 3.0 ms\n"),
        "{text}"
    );
}

#[test]
fn certificates_that_end_soon_are_a_warning_by_the_day() {
    let text = verify_human(&verify_fixture::wide(100), AT, Duration::days(30)).to_string();
    let warning = "warning: served until 2026-02-13 (12 days left): CN=listener-1, CN=listener-2, CN=listener-3, CN=listener-4, \
        CN=listener-5, CN=listener-6, CN=listener-7, CN=listener-8 and 92 more\n  where:       all 100 endpoints\n";
    assert!(text.contains(warning), "{text}");
}

#[test]
fn what_was_cut_short_has_not_passed() {
    let mut report = VerifyReport { cut_short: Some("interrupted\u{1b}".to_owned()), ..VerifyReport::default() };
    assert_eq!(shown(&report), "Verification concluded nothing (interrupted\\u{1b}): nothing was tried.\n");
    report.cells.push(cell("clients/a", "broker-1", 2, Verdict::Passed));
    assert!(shown(&report).ends_with("\n\nVerification cut short (interrupted\\u{1b}): 1 of 1 connections work.\n"));
    report.cut_short = None;
    assert!(shown(&report).ends_with("\n\nVerification passed: 1 of 1 connections work.\n"));
    assert_eq!(shown(&VerifyReport::default()), "Verification concluded nothing: nothing was tried.\n");
}

#[test]
fn what_is_broken_is_what_is_red() {
    let paint = |text: &str, tone: Tone| if tone == Tone::Plain { text.to_owned() } else { format!("<{tone:?} {text}>") };
    let text = verify_human(&verify_fixture::report(), AT, Duration::days(30)).painted(paint);
    for painted in [
        "  <Good ok 36.0 ms>                  <Bad FAILED: handshake>  <Good ok 36.0 ms>\n",
        "<Bad error[server-expired] on the broker's side>: the certificate",
        "<Due warning>: served until",
        "\nnote: the host name",
        "<Bad Verification FAILED>: 4 of 9",
    ] {
        assert!(text.contains(painted), "{painted} is not in\n{text}");
    }
}

#[test]
fn each_step_says_what_it_showed_and_how_long_it_took() {
    assert_eq!(
        verify_steps(&cell("clients/orders", "broker-1", 8, Verdict::Passed)).to_string(),
        "clients/orders (pem) at kafka/broker-1 (broker-1.example:9094)
      1.0 ms  name resolution     10.0.0.1, ::1
      2.0 ms  connect             10.0.0.1:9094 from 10.0.0.9:51234
      3.0 ms  handshake           TLSv1.3, TLS13_AES_256_GCM_SHA384, X25519
                                  served: CN=broker-1, until 2026-02-13
                                  anchor: CN=brokers
                                  12 days left, without an OCSP response
      4.0 ms  client certificate  a certificate was asked for, of CN=clients
                                  shown: CN=orders, which fits
      5.0 ms  greeting            Kafka
      6.0 ms  metadata            cluster c1
                                  broker 1 at broker-1.example:9094
      7.0 ms  produce             countersign-verify, partition 0
      8.0 ms  consume             the same 32 bytes
"
    );
}

#[test]
fn the_steps_say_when_the_certificate_does_not_fit() {
    let acceptance = |certificate_requested, issuers: &[&str], shown: Option<&str>, issuer_named| {
        let requested_issuers = issuers.iter().map(|issuer| (*issuer).to_owned()).collect();
        let fact = Fact::Acceptance(Acceptance { certificate_requested, requested_issuers, shown: shown.map(str::to_owned), issuer_named });
        let mut cell = cell("a", "b", 0, Verdict::Passed);
        cell.steps.push(StepTaken { took: std::time::Duration::ZERO, fact });
        verify_steps(&cell).to_string()
    };
    let seen = acceptance(true, &["CN=x", "CN=y"], Some("CN=a"), Some(false));
    assert!(seen.contains("a certificate was asked for, of CN=x or CN=y\n"), "{seen}");
    assert!(seen.contains("shown: CN=a, though its issuer is none of these: Java and OpenSSL would show nothing\n"), "{seen}");
    assert!(acceptance(false, &[], None, None).contains("no certificate was asked for\n"));
    assert!(acceptance(true, &["CN=x"; 150], None, None).contains("a certificate was asked for, of any of 150 issuers\n"));
}
