//! Java's properties format (`java.util.Properties`).

use std::path::Path;

/// A value as a properties file has it: backslashes doubled, a leading space kept, nothing that ends the line.
pub fn value(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            ' ' if index == 0 => escaped.push_str("\\ "),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            ' '..='~' => escaped.push(c),
            other => other.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    escaped
}

pub fn path(path: &Path) -> String {
    value(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::value;

    #[test]
    fn java_reads_back_what_was_written() {
        let values =
            ["CN=a,O=Acme\\, Inc.", "  a#b!c=d: e ", "o'neill \"$x\" ${y}", "Zürich \u{1f511}", "\t\r\n\\", "C:\\new\\u0041", "#", ""];
        let text: String = values.iter().enumerate().map(|(key, text)| format!("{key}={}\n", value(text))).collect();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ReadProperties.java");
        let mut java = Command::new("java").arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        java.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let read = String::from_utf8(java.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(read.split_terminator('\0').collect::<Vec<_>>(), values, "{text}");
    }
}
