//! Java's properties format (`java.util.Properties`).

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

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn what_properties_files_would_swallow_is_escaped() {
        assert_eq!(value("CN=a,O=Acme\\, Inc."), "CN=a,O=Acme\\\\, Inc.");
        assert_eq!(value(" a#b!c=d"), "\\ a#b!c=d");
        assert_eq!(value("é\n"), "\\u00e9\\n");
    }
}
