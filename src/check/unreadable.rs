//! Findings about what could not be looked at.

use crate::finding::{Finding, Place, Rule};

pub const RULES: &[&Rule] = &[&UNREADABLE, &NOTHING_TO_JUDGE];

/// Whoever reports findings may want to tell "wrong" from "not known".
pub const UNREADABLE: Rule = Rule::error(
    "unreadable",
    "Cannot be read",
    "A file that is not there, is damaged or is of no known kind, or an endpoint that does not answer, was not checked: whether it is right is not known.",
);

const NOTHING_TO_JUDGE: Rule = Rule::error(
    "nothing-to-judge",
    "No certificate to judge",
    "Anchors were given to judge a chain by, and there is no certificate that could be its leaf.",
);

/// `why` as whoever tried to read it says, without a full stop.
pub fn unreadable(target: &str, why: impl Into<String>, fix: impl Into<String>) -> Finding {
    UNREADABLE.at(Place::target(target), why, fix)
}

/// Anchors were given, and the file holds no certificate that could be read.
pub fn nothing_to_judge(target: &str) -> Finding {
    NOTHING_TO_JUDGE.at(
        Place::target(target),
        "there is no certificate in it whose chain could be judged",
        "name a file that holds the leaf",
    )
}
