//! The rules of `check` and of `verify` keep to their form, and `docs/findings.md` and `docs/diagnoses.md` have a section for each.
//!
//! With `COUNTERSIGN_REWRITE=1` the pages are written anew.

#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use countersign::finding::{Rule, Severity};
use countersign::{check, diagnosis};

struct Page {
    path: &'static str,
    head: &'static str,
    rules: Vec<&'static Rule>,
}

fn pages() -> [Page; 2] {
    [
        Page {
            path: "docs/findings.md",
            head: "# Findings\n\nWhat `countersign check` finds, by code. An error does not work; a warning works today, with somebody; a \
                   note is worth knowing.\n`--deny` and `--allow` take a code.\n",
            rules: sorted(check::rules()),
        },
        Page {
            path: "docs/diagnoses.md",
            head: "# Diagnoses\n\nWhat `countersign verify` makes of a connection that failed, or that should have, by code. Each names the \
                   side that has to do something,\nthe certificate, the cause and the fix.\n",
            rules: sorted(diagnosis::rules()),
        },
    ]
}

fn sorted(rules: impl Iterator<Item = &'static Rule>) -> Vec<&'static Rule> {
    let mut rules: Vec<_> = rules.collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

fn text(page: &Page) -> String {
    let mut text = page.head.to_owned();
    for Rule { code, severity, title, why } in &page.rules {
        let severity = match severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Note => "Note",
        };
        let _ = write!(text, "\n## {code}\n\n{severity}: {title}.\n\n{why}\n");
    }
    text
}

fn all() -> impl Iterator<Item = &'static Rule> {
    pages().into_iter().flat_map(|page| page.rules)
}

/// Codes of both pages: `check` finds in a file what stops `verify` at it.
const SHARED: [&str; 2] = ["file-unreadable", "key-mismatch"];

#[test]
fn the_pages_have_a_section_for_each_rule() {
    for page in pages() {
        if std::env::var_os("COUNTERSIGN_REWRITE").is_some() {
            fs::create_dir_all("docs").unwrap();
            fs::write(page.path, text(&page)).unwrap();
        }
        let found = fs::read_to_string(page.path).unwrap_or_default();
        assert!(found == text(&page), "{} is out of date: run this test with COUNTERSIGN_REWRITE=1", page.path);
    }
}

#[test]
fn a_code_is_kebab_case_and_stands_for_one_rule() {
    let mut seen = BTreeSet::new();
    for rule in all() {
        let kebab = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(rule.code.split('-').all(kebab), "{}", rule.code);
        assert!(seen.insert(rule.code) || SHARED.contains(&rule.code), "two rules are called {}", rule.code);
        assert!(!["error", "warning", "note"].contains(&rule.code), "--deny takes {} for a severity", rule.code);
    }
}

#[test]
fn a_page_has_one_section_for_a_code() {
    for page in pages() {
        assert!(page.rules.windows(2).all(|pair| pair[0].code != pair[1].code), "{}", page.path);
    }
}

#[test]
fn a_title_is_a_few_words_and_a_reason_is_a_sentence() {
    for Rule { code, title, why, .. } in all() {
        assert!(!title.is_empty() && title.len() <= 90 && !title.ends_with('.'), "{code}: {title}");
        assert!(why.ends_with('.') || why.ends_with(".)"), "{code}: {why}");
    }
}
