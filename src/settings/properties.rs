//! The format of `java.util.Properties`: ISO-8859-1, `=`, `:` or space between key and value, `#` and `!` comments, lines that
//! continue after a backslash, and escapes up to `\uXXXX`.

use super::{Setting, SyntaxFault};

const SPACE: [char; 3] = [' ', '\t', '\u{c}'];
const BYTE_ORDER_MARK: &str = "\u{ef}\u{bb}\u{bf}";

/// Every pair in its order, and what Java refuses.
pub fn read(bytes: &[u8]) -> (Vec<Setting>, Vec<SyntaxFault>) {
    pairs(bytes.iter().map(|byte| char::from(*byte)))
}

/// The same of a text, as FileConfigProvider reads it.
pub(super) fn read_text(text: &str) -> (Vec<Setting>, Vec<SyntaxFault>) {
    pairs(text.chars())
}

fn pairs(characters: impl Iterator<Item = char>) -> (Vec<Setting>, Vec<SyntaxFault>) {
    let (mut settings, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in logical_lines(characters) {
        let (key, value) = split(&line);
        match (unescaped(key), unescaped(value)) {
            (Some(key), Some(value)) => {
                if key.starts_with(BYTE_ORDER_MARK) {
                    faults.push(SyntaxFault {
                        line: number,
                        problem: "begins with a byte order mark, which Java takes for part of the name",
                    });
                }
                settings.push(Setting::new(key, value, number));
            }
            (None, _) | (_, None) => {
                faults.push(SyntaxFault {
                    line: number,
                    problem: "has \\u without four hexadecimal digits after it; Java refuses the whole file",
                });
            }
        }
    }
    (settings, faults)
}

/// Lines as Java joins them: without comments and empty ones, with the number of the line on which each begins.
fn logical_lines(characters: impl Iterator<Item = char>) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let (mut number, mut began) = (1, 1);
    let (mut leading, mut continued, mut comment, mut escaping) = (true, false, false, false);
    let mut half_a_pair = false;
    let mut characters = characters.peekable();
    while let Some(c) = characters.next() {
        let ends = c == '\n' || c == '\r';
        let paired = c == '\n' && std::mem::take(&mut half_a_pair);
        half_a_pair = c == '\r' && characters.peek() == Some(&'\n');
        if half_a_pair {
            // The pair counts once, as its second half.
            continue;
        }
        if ends {
            number += 1;
        }
        if comment {
            comment = !ends;
            leading = leading || ends;
            continue;
        }
        if leading && (SPACE.contains(&c) || (ends && !continued)) {
            continue;
        }
        leading = false;
        continued = false;
        if line.is_empty() && (c == '#' || c == '!') {
            (comment, leading) = (true, true);
            continue;
        }
        if !ends {
            if line.is_empty() {
                began = number;
            }
            line.push(c);
            escaping = c == '\\' && !escaping;
        } else if escaping {
            line.pop();
            (leading, continued, escaping) = (true, true, false);
            // Java ends the line here if nothing follows, even an empty one.
            if characters.peek().is_none() && !paired {
                lines.push((began, std::mem::take(&mut line)));
            }
        } else if line.is_empty() {
            leading = true;
        } else {
            lines.push((began, std::mem::take(&mut line)));
            leading = true;
        }
    }
    if !line.is_empty() {
        if escaping {
            line.pop();
        }
        lines.push((began, line));
    }
    lines
}

/// At the first `=`, `:` or space that no backslash escapes; spaces around it go with it.
fn split(line: &str) -> (&str, &str) {
    let mut escaping = false;
    let end = line.find(|c: char| {
        let ends = !escaping && (c == '=' || c == ':' || SPACE.contains(&c));
        escaping = c == '\\' && !escaping;
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(SPACE);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, rest.trim_start_matches(SPACE))
}

/// `None` for `\u` without four hexadecimal digits. A half of a surrogate pair becomes U+FFFD.
fn unescaped(text: &str) -> Option<String> {
    let mut units = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            '\\' => match characters.next() {
                Some('u') => {
                    let digits: Option<Vec<u32>> = (0..4).map(|_| characters.next()?.to_digit(16)).collect();
                    let unit = digits?.into_iter().fold(0, |unit, digit| unit * 16 + digit);
                    units.push(u16::try_from(unit).ok()?);
                    continue;
                }
                Some('t') => '\t',
                Some('r') => '\r',
                Some('n') => '\n',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => continue,
            },
            other => other,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}
