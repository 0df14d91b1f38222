//! Text that others wrote, safe to show: a subject or an alias may hold anything, also what moves a terminal's cursor.

use std::borrow::Cow;

/// Control characters and those that turn the direction of writing, as `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(moves) {
        Cow::Owned(text.chars().map(|c| if moves(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn moves(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_others_wrote_moves_the_cursor_or_turns_the_line() {
        assert_eq!(printable("CN=Zoë,O=Ünïcode"), "CN=Zoë,O=Ünïcode");
        assert_eq!(printable("a\x1b[2Jb\nc\u{202e}d"), r"a\u{1b}[2Jb\u{a}c\u{202e}d");
    }
}
