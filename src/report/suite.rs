//! JUnit's XML, as Jenkins, GitLab and GitHub read it: suites of cases.

use std::fmt::Write;
use std::time::Duration;

use crate::text::printable;

pub(super) struct Suite {
    /// Also the class of its cases.
    pub(super) name: String,
    pub(super) cases: Vec<Case>,
}

pub(super) struct Case {
    pub(super) name: String,
    pub(super) took: Option<Duration>,
    pub(super) outcome: Outcome,
    /// What it has to say besides; may be empty.
    pub(super) output: String,
}

pub(super) enum Outcome {
    Passed,
    /// It was tried, and did not hold.
    Failed {
        message: String,
        kind: &'static str,
        text: String,
    },
    /// It could not be tried, though it should have been.
    Error {
        message: String,
        kind: &'static str,
    },
    Skipped {
        message: &'static str,
    },
}

/// Of one suite, or of all.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    took: Option<Duration>,
}

pub(super) fn document(name: &str, suites: &[Suite]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let Counts { tests, failures, errors, skipped: _, took } = Counts::of(suites.iter().flat_map(|suite| &suite.cases));
    let (name, time) = (escaped(name), time(took));
    let _ = writeln!(xml, "<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"{time}>");
    for suite in suites {
        suite.write(&mut xml);
    }
    xml.push_str("</testsuites>\n");
    xml
}

impl Suite {
    fn write(&self, xml: &mut String) {
        let Counts { tests, failures, errors, skipped, took } = Counts::of(&self.cases);
        let (name, time) = (escaped(&self.name), time(took));
        let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"");
        let _ = writeln!(xml, "  <testsuite name=\"{name}\" {counts}{time}>");
        for case in &self.cases {
            case.write(xml, &name);
        }
        xml.push_str("  </testsuite>\n");
    }
}

impl Case {
    pub(super) fn new(name: impl Into<String>, outcome: Outcome) -> Self {
        Self { name: name.into(), took: None, outcome, output: String::new() }
    }

    /// `class` is escaped already.
    fn write(&self, xml: &mut String, class: &str) {
        let head = format!("<testcase classname=\"{class}\" name=\"{}\"{}", escaped(&self.name), time(self.took));
        let inside = [self.outcome.element(), self.output()];
        if inside.iter().all(Option::is_none) {
            let _ = writeln!(xml, "    {head}/>");
            return;
        }
        let _ = writeln!(xml, "    {head}>");
        for element in inside.iter().flatten() {
            let _ = writeln!(xml, "      {element}");
        }
        xml.push_str("    </testcase>\n");
    }

    fn output(&self) -> Option<String> {
        (!self.output.is_empty()).then(|| format!("<system-out>{}</system-out>", escaped(&self.output)))
    }
}

impl Outcome {
    fn element(&self) -> Option<String> {
        match self {
            Self::Passed => None,
            Self::Failed { message, kind, text } => {
                Some(format!("<failure message=\"{}\" type=\"{}\">{}</failure>", escaped(message), escaped(kind), escaped(text)))
            }
            Self::Error { message, kind } => Some(format!("<error message=\"{}\" type=\"{}\"/>", escaped(message), escaped(kind))),
            Self::Skipped { message } => Some(format!("<skipped message=\"{}\"/>", escaped(message))),
        }
    }
}

impl Counts {
    fn of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            counts.tests += 1;
            counts.took = counts.took.map_or(case.took, |sum| Some(sum + case.took.unwrap_or_default()));
            match case.outcome {
                Outcome::Passed => (),
                Outcome::Failed { .. } => counts.failures += 1,
                Outcome::Error { .. } => counts.errors += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
            }
        }
        counts
    }
}

/// In seconds; no attribute where nothing was timed.
fn time(took: Option<Duration>) -> String {
    took.map(|took| format!(" time=\"{:.6}\"", took.as_secs_f64())).unwrap_or_default()
}

/// For text and for attributes in double quotes. XML 1.0 cannot hold most control characters at all.
fn escaped(text: &str) -> String {
    let line = |line: &str| printable(line).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.split('\n').map(line).collect::<Vec<_>>().join("&#10;")
}
