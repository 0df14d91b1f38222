//! The rules of `check` keep to their form, and `docs/findings.md` has a section for each.
//!
//! With `COUNTERSIGN_REWRITE=1` the page is written anew.

#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use countersign::check;
use countersign::finding::{Rule, Severity};

const PAGE: &str = "docs/findings.md";

fn rules() -> Vec<&'static Rule> {
    let mut rules: Vec<_> = check::rules().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

fn page() -> String {
    let mut page = String::from(
        "# Findings\n\nWhat `countersign check` finds, by code. An error does not work; a warning works today, with somebody; a note is \
         worth knowing.\n`--deny` and `--allow` take a code.\n",
    );
    for Rule { code, severity, title, why } in rules() {
        let severity = match severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Note => "Note",
        };
        let _ = write!(page, "\n## {code}\n\n{severity}: {title}.\n\n{why}\n");
    }
    page
}

#[test]
fn the_page_of_findings_has_a_section_for_each() {
    if std::env::var_os("COUNTERSIGN_REWRITE").is_some() {
        fs::create_dir_all("docs").unwrap();
        fs::write(PAGE, page()).unwrap();
    }
    let found = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == page(), "{PAGE} is out of date: run this test with COUNTERSIGN_REWRITE=1");
}

#[test]
fn a_code_is_kebab_case_and_stands_for_one_rule() {
    let mut seen = BTreeSet::new();
    for rule in rules() {
        let kebab = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(rule.code.split('-').all(kebab), "{}", rule.code);
        assert!(seen.insert(rule.code), "two rules are called {}", rule.code);
        assert!(!["error", "warning", "note"].contains(&rule.code), "--deny takes {} for a severity", rule.code);
    }
}

#[test]
fn a_title_is_a_few_words_and_a_reason_is_a_sentence() {
    for Rule { code, title, why, .. } in rules() {
        assert!(!title.is_empty() && title.len() <= 90 && !title.ends_with('.'), "{code}: {title}");
        assert!(why.ends_with('.') || why.ends_with(".)"), "{code}: {why}");
    }
}
