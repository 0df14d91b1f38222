//! The grammar of `rabbitmq.conf` (Cuttlefish): `name.of.parts = value`, `'quoted value'`, `#` comments anywhere, `include`.
//!
//! As RabbitMQ 4.0 reads it: to 3.10, quotation marks are letters like others.

use super::{Setting, SyntaxFault};

const REFUSED: &str = "is not name = value, and RabbitMQ does not start";
const NAME: &str = "has a name of other characters than letters, digits, '.', '_' and '-', and RabbitMQ does not start";
const EMPTY: &str = "has no value, and RabbitMQ does not start";
const AFTER_QUOTE: &str = "goes on after its quoted value, and RabbitMQ does not start";
const LONG_QUOTE: &str = "begins a quoted value that ends on a later line";
const CUT: &str = "has a '#' in its value, which ends there; put the value in single quotes";

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
    let mut rest: &str = &text;
    let mut number = 1;
    while !rest.is_empty() {
        let end = end_of_line(rest);
        let line = rest[..end].trim_matches([' ', '\t', '\r', '\n']);
        let mut fault = |problem| faults.push(SyntaxFault { line: number, problem });
        let mut length = end;
        if !(line.is_empty() || line.starts_with('#') || line.strip_prefix("include").is_some_and(|rest| rest.starts_with([' ', '\t']))) {
            match setting(rest, line) {
                Ok((key, value, used)) => {
                    if used > end {
                        fault(LONG_QUOTE);
                    }
                    if value_is_cut(line) {
                        fault(CUT);
                    }
                    settings.push(Setting::new(key, value.to_owned(), number));
                    length = used;
                }
                Err(problem) => fault(problem),
            }
        }
        number += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    (settings, faults)
}

fn end_of_line(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |at| at + 1)
}

/// Key, value, and how much of `rest` they take; `line` is its first line.
fn setting<'a>(rest: &'a str, line: &'a str) -> Result<(String, &'a str, usize), &'static str> {
    let blank = [' ', '\t'];
    let (key, value) = line.split_once('=').ok_or(REFUSED)?;
    let key = key.trim_end_matches(blank).replace("\\.", "\u{1}");
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-\u{1}".contains(c));
    if !key.split('.').all(word) {
        return Err(NAME);
    }
    let key = key.replace('\u{1}', ".");
    if value.trim_start_matches(blank).starts_with('\'') {
        let open = rest.find('\'').ok_or(REFUSED)? + 1;
        if let Some(close) = rest[open..].find('\'').map(|at| open + at) {
            let end = close + end_of_line(&rest[close..]);
            let after = rest[close + 1..end].trim_matches([' ', '\t', '\r', '\n']);
            let ends = after.is_empty() || after.starts_with('#');
            return if ends { Ok((key, &rest[open..close], end)) } else { Err(AFTER_QUOTE) };
        }
    }
    let value = value.split('#').next().unwrap_or_default().trim_matches(blank);
    if value.is_empty() { Err(EMPTY) } else { Ok((key, value, end_of_line(rest))) }
}

/// A `#` right behind other characters was meant as one of them.
fn value_is_cut(line: &str) -> bool {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
    !value.starts_with('\'') && value.find('#').is_some_and(|at| !value[..at].is_empty() && !value[..at].ends_with([' ', '\t']))
}
