//! A line that sets something, and the simplest grammar of such lines: librdkafka's.

use std::fmt;

use crate::pki::Passphrase;

/// A key and its value. The value may be a password, so `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    value: Passphrase,
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
        Self { key, value: Passphrase::new(value), line }
    }

    pub fn value(&self) -> &str {
        self.value.expose()
    }

    /// A value of the same setting that came from elsewhere.
    pub(super) fn with_value(&self, value: String) -> Self {
        Self::new(self.key.clone(), value, self.line)
    }

    /// Kafka cuts off whatever Java's `String.trim` does, passwords included.
    pub(super) fn trimmed(self) -> Self {
        let value = self.value().trim_matches(|c: char| c <= ' ').to_owned();
        Self { value: Passphrase::new(value), ..self }
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
