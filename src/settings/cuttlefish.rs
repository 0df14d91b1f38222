//! The grammar of `rabbitmq.conf` (Cuttlefish): `name.of.parts = value`, `'quoted value'`, `#` comments anywhere, `include`.

use super::{Setting, SyntaxFault};

/// Whether this is the older kind of file: one list of Erlang terms, with a full stop after it.
pub(super) fn is_erlang_terms(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut lines = text.lines().map(|line| line.split('%').next().unwrap_or_default().trim()).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let last = lines.next_back().unwrap_or(first);
    first.starts_with('[') && last.ends_with('.') && last.trim_end_matches('.').trim_end().ends_with(']')
}

pub(super) fn read(bytes: &[u8]) -> (Vec<Setting>, Vec<SyntaxFault>) {
    let text = String::from_utf8_lossy(bytes);
    let (mut settings, mut faults) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_matches([' ', '\t', '\r']);
        if line.is_empty() || line.starts_with('#') || line.strip_prefix("include").is_some_and(|rest| rest.starts_with([' ', '\t'])) {
            continue;
        }
        match setting(line) {
            Ok((key, value)) => settings.push(Setting::new(key, value.to_owned(), index + 1)),
            Err(problem) => faults.push(SyntaxFault { line: index + 1, problem }),
        }
        if value_is_cut(line) {
            faults
                .push(SyntaxFault { line: index + 1, problem: "has a '#' in its value, which ends there; put the value in single quotes" });
        }
    }
    (settings, faults)
}

fn setting(line: &str) -> Result<(String, &str), &'static str> {
    const REFUSED: &str = "is not name = value, and RabbitMQ does not start";
    let (key, value) = line.split_once('=').ok_or(REFUSED)?;
    let (key, value) = (key.trim_end_matches([' ', '\t']), value.trim_start_matches([' ', '\t']));
    let key = key.replace("\\.", "\u{1}");
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-\u{1}".contains(c));
    if !key.split('.').all(word) {
        return Err("has a name of other characters than letters, digits, '.', '_' and '-', and RabbitMQ does not start");
    }
    let value = match value.strip_prefix('\'') {
        Some(quoted) => quoted.split_once('\'').ok_or("has a quote that does not end on it")?.0,
        None => value.split('#').next().unwrap_or_default().trim_end_matches([' ', '\t']),
    };
    if value.is_empty() && !line.ends_with("''") {
        return Err("has no value, and RabbitMQ does not start");
    }
    Ok((key.replace('\u{1}', "."), value))
}

/// A `#` right behind other characters was meant as one of them.
fn value_is_cut(line: &str) -> bool {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
    !value.starts_with('\'') && value.find('#').is_some_and(|at| !value[..at].is_empty() && !value[..at].ends_with([' ', '\t']))
}
