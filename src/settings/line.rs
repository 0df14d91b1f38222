//! A line that sets something, and the simplest grammar of such lines: librdkafka's.

use std::fmt;

use super::Text;
use super::table::{is_known, quotable_name};
use crate::pki::names_secret;

/// A key and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: Text,
    /// Of a setting that keeps a secret, nothing is shown.
    pub value: Text,
    /// Where it begins, from 1.
    pub line: usize,
}

/// A line that is refused by the program it is for, or read as something else than it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    pub line: usize,
    /// What is wrong with it, as a clause that follows "this line".
    pub problem: &'static str,
}

impl Setting {
    pub fn new(key: String, value: String, line: usize) -> Self {
        let value = if names_secret(&key) { Text::secret(value) } else { Text::written(value) };
        let shown = quotable_name(&key);
        Self { key: Text::beginning(key, shown), value, line }
    }

    /// Kafka cuts off whatever Java's `String.trim` does, passwords included.
    pub(super) fn trimmed(self) -> Self {
        let value = self.value.part(self.value.meant().trim_matches(|c: char| c <= ' '));
        Self { value, ..self }
    }

    /// What is no name of anything may be the value that belongs to the line above.
    pub(super) fn below(self, above: Option<&Self>) -> Self {
        let waits = above.is_some_and(|above| above.value.is_empty() && names_secret(above.key.meant()));
        if waits && !is_known(self.key.meant()) { Self { key: Text::secret(self.key.meant()), ..self } } else { self }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {})", self.key, self.line)
    }
}

/// `key=value` on each line, `#` comments, no continuation and no escapes. kcat keeps spaces around `=`, other readers cut them off:
/// they are cut off here, and noted.
pub(super) fn read_librdkafka(bytes: &[u8]) -> (Vec<Setting>, Vec<SyntaxFault>) {
    let text = String::from_utf8_lossy(bytes);
    let (mut settings, mut faults) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                if key.ends_with(char::is_whitespace) || value.starts_with(char::is_whitespace) {
                    faults.push(SyntaxFault {
                        line: number,
                        problem: "has a space beside '=', which kcat takes for part of the name or value",
                    });
                }
                settings.push(Setting::new(key.trim().to_owned(), value.trim().to_owned(), number));
            }
            Some(_) | None => faults.push(SyntaxFault { line: number, problem: "is not key=value" }),
        }
    }
    (settings, faults)
}
