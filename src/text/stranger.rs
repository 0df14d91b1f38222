//! For tests: what a stranger may write, and what must not come of it.

/// A regular expression of hostile words.
pub const WORDS: &str = "(::|##|\\PC){0,3}[\u{0}-\u{1f}\u{7f}-\u{9f}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}](::error::|##\\[add-mask\\]|\\PC){0,3}";

/// Whether a terminal or a CI system would do more with it than show it.
pub fn drives(text: &str) -> bool {
    let moves = |c: char| {
        c.is_control() || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.split('\n').any(|line| line.contains(moves) || line.contains("##") || line.trim_start().starts_with("::"))
}
