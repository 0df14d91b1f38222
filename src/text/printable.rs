//! What others wrote, fit to be shown: a subject, an alias or a file name may hold anything, also what moves a terminal's cursor, turns
//! the direction of writing, shows nothing at all, or is a command to the CI system that reads along.

use std::borrow::Cow;

/// Control characters, line ends too, and all else that is not seen as what it is, as `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' if byte != b'#')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(after(Some(' '), text))
}

/// The same, for a place in a line: after a character, or where there are only blanks before it.
pub(super) fn after(before: Option<char>, text: &str) -> String {
    spelt(before, text, |c| c.escape_unicode().to_string())
}

/// The same JSON, with every such character as `\u001b`; its own line ends stay.
pub fn printable_json(json: &str) -> String {
    let escape = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    spelt(Some(' '), json, |c| if c == '\n' { c.to_string() } else { escape(c) })
}

fn spelt(mut before: Option<char>, text: &str, spell: impl Fn(char) -> String) -> String {
    let mut spelt = String::with_capacity(text.len());
    for c in text.chars() {
        if begins_command(before, c) || deceives(c) {
            spelt.push_str(&spell(c));
        } else {
            spelt.push(c);
        }
        if before.is_some() || !c.is_whitespace() {
            before = Some(c);
        }
    }
    spelt
}

/// GitHub's runner obeys `::add-mask::` after blanks, and `##[add-mask]` anywhere in a line (actions/runner, `ActionCommand.cs`);
/// Azure obeys `##vso[` anywhere, TeamCity `##teamcity[`.
fn begins_command(before: Option<char>, c: char) -> bool {
    match before {
        None => c == ':',
        Some(before) => before == '#' && c == '#',
    }
}

fn deceives(c: char) -> bool {
    match c {
        ' '..='~' => false,
        // Letters and marks by Unicode, but never to be seen: fillers and selectors of variants.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => true,
        // The standard library knows Unicode's control, format, private and unassigned characters, and blanks other than the space.
        // An accent is none of these where it follows a letter.
        c => !String::from_iter(['a', c]).escape_debug().eq(['a', c]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_others_wrote_moves_the_cursor_or_turns_the_line() {
        assert_eq!(printable("CN=Zoë,O=Ünïcode 漢字 e\u{301} \"'\\"), "CN=Zoë,O=Ünïcode 漢字 e\u{301} \"'\\");
        assert_eq!(printable("a\x1b[2Jb\nc\u{202e}d"), r"a\u{1b}[2Jb\u{a}c\u{202e}d");
    }

    #[test]
    fn what_is_not_seen_is_spelt() {
        for c in "\r\t\u{7f}\u{85}\u{9b}\u{a0}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{2060}\u{2066}\u{3164}\u{fe0f}\u{feff}\u{e000}\u{e0041}\u{fffff}"
            .chars()
        {
            assert_eq!(printable(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }

    #[test]
    fn nothing_that_others_wrote_is_a_command() {
        assert_eq!(after(None, "  ::error::x"), r"  \u{3a}:error::x");
        assert_eq!(after(Some('x'), "::1"), "::1");
        assert_eq!(printable("C# ##[add-mask]x ###"), r"C# #\u{23}[add-mask]x #\u{23}\u{23}");
    }

    proptest! {
        #[test]
        fn the_same_json_in_ascii_where_it_matters(text in any::<String>(), hostile in "[\u{0}-\u{ff}#\u{202e}\u{e0041}]*") {
            let value = serde_json::json!({ "text": text + &hostile });
            let json = printable_json(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
            prop_assert!(!json.contains("##") && json.lines().all(|line| !line.contains(deceives)), "{}", json);
        }
    }
}
