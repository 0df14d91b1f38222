//! Findings about what could not be looked at.

use super::{Finding, Place, Rule, Severity};

pub const RULES: &[&Rule] = &[&UNREADABLE, &NOTHING_TO_JUDGE];

const UNREADABLE: Rule = Rule {
    code: "unreadable",
    severity: Severity::Error,
    title: "Cannot be read",
    why: "A file that is not there, is damaged or is of no known kind, or an endpoint that does not answer, was not checked: whether it is right is not known.",
};

const NOTHING_TO_JUDGE: Rule = Rule {
    code: "nothing-to-judge",
    severity: Severity::Error,
    title: "No certificate to judge",
    why: "Anchors were given to judge a chain by, and there is no certificate that could be its leaf.",
};

/// `why` as whoever tried to read it says, without a full stop.
pub fn unreadable(target: &str, why: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { rule: &UNREADABLE, place: at(target), message: why.into(), fix: fix.into() }
}

/// Anchors were given, and the file holds no certificate that could be read.
pub fn nothing_to_judge(target: &str) -> Finding {
    let message = "there is no certificate in it whose chain could be judged".to_owned();
    Finding { rule: &NOTHING_TO_JUDGE, place: at(target), message, fix: "name a file that holds the leaf".to_owned() }
}

fn at(target: &str) -> Place {
    Place { target: target.to_owned(), ..Place::default() }
}
