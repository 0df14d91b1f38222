//! What the templates call.

/// A double-quoted scalar (YAML 1.2, 7.3.1), so that no text is taken for a number, a truth value, or the end of a line.
pub fn yaml(text: &str, _: &dyn askama::Values) -> askama::Result<String> {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

#[cfg(test)]
mod tests {
    use saphyr_parser::{Event, Parser};

    proptest::proptest! {
        #[test]
        fn yaml_reads_back_any_text(text: String) {
            let quoted = super::yaml(&text, askama::NO_VALUES).unwrap();
            let read = Parser::new_from_str(&quoted).find_map(|event| match event.unwrap().0 {
                Event::Scalar(value, ..) => Some(value.into_owned()),
                _ => None,
            });
            proptest::prop_assert_eq!(read, Some(text));
            proptest::prop_assert!(!quoted.contains('\n'));
        }
    }
}
