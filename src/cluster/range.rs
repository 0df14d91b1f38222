//! `broker-{1..3}`: one text that stands for several.

/// The most holders that one range may stand for.
pub const MOST: usize = 100_000;

/// A text, cut at its ranges.
#[derive(Debug, Clone)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Plain(String),
    /// `{01..12}`: as wide as its first number is written.
    Numbers {
        from: u64,
        count: usize,
        width: usize,
    },
    /// `{a,b,c}`
    Words(Vec<String>),
}

/// Why a text is no pattern; a sentence.
pub type RangeError = String;

impl Pattern {
    pub fn new(text: &str) -> Result<Self, RangeError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').ok_or_else(|| format!("the range in {text:?} is not closed"))? + open;
            pieces.push(Piece::Plain(rest[..open].to_owned()));
            pieces.push(piece(&rest[open + 1..close])?);
            rest = &rest[close + 1..];
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// How many texts this stands for; `None` without a range. All ranges of one text count alike.
    pub fn count(&self) -> Result<Option<usize>, RangeError> {
        let mut counts = self.pieces.iter().filter_map(Piece::count);
        let Some(first) = counts.next() else { return Ok(None) };
        match counts.find(|count| *count != first) {
            None => Ok(Some(first)),
            Some(other) => Err(format!("one range stands for {first} values, the other for {other}")),
        }
    }

    /// The text for one place in the range, from 0.
    pub fn at(&self, index: usize) -> String {
        self.pieces.iter().map(|piece| piece.at(index)).collect()
    }
}

impl Piece {
    fn count(&self) -> Option<usize> {
        match self {
            Self::Plain(_) => None,
            Self::Numbers { count, .. } => Some(*count),
            Self::Words(words) => Some(words.len()),
        }
    }

    fn at(&self, index: usize) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Numbers { from, width, .. } => format!("{:0width$}", from + index as u64),
            Self::Words(words) => words.get(index).cloned().unwrap_or_default(),
        }
    }
}

fn piece(text: &str) -> Result<Piece, RangeError> {
    if let Some((from, to)) = text.split_once("..") {
        let (first, last) = (number(from)?, number(to)?);
        let count = last.checked_sub(first).and_then(|span| usize::try_from(span).ok()).and_then(|span| span.checked_add(1));
        return match count {
            Some(count) if count <= MOST => {
                let width = if from.starts_with('0') && from.len() > 1 { from.len() } else { 0 };
                Ok(Piece::Numbers { from: first, count, width })
            }
            Some(_) => Err(format!("the range {{{from}..{to}}} stands for more than {MOST} values")),
            None => Err(format!("the range {{{from}..{to}}} runs backwards")),
        };
    }
    let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
    if words.len() < 2 || words.iter().any(String::is_empty) {
        return Err(format!("{{{text}}} is neither a range {{1..3}} nor a list {{a,b}}"));
    }
    Ok(Piece::Words(words))
}

/// Short enough that counting on from it cannot overflow.
fn number(text: &str) -> Result<u64, RangeError> {
    let fits = text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    let number = if fits { text.parse().ok() } else { None };
    number.ok_or_else(|| format!("{text:?} is not a number of at most 18 digits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        let pattern = Pattern::new(text).unwrap();
        (0..pattern.count().unwrap().unwrap_or(1)).map(|index| pattern.at(index)).collect()
    }

    #[test]
    fn numbers_lists_and_plain_text() {
        assert_eq!(all("broker-{1..3}"), ["broker-1", "broker-2", "broker-3"]);
        assert_eq!(all("b{08..10}.example"), ["b08.example", "b09.example", "b10.example"]);
        assert_eq!(all("{a, b}-{1..2}"), ["a-1", "b-2"]);
        assert_eq!(all("plain"), ["plain"]);
    }

    #[test]
    fn what_is_no_range_says_why() {
        for wrong in [
            "{1..3",
            "{3..1}",
            "{a..b}",
            "{}",
            "{one}",
            "{1..99999999}",
            "{-1..3}",
            "{+1..3}",
            "{18446744073709551615..18446744073709551615}",
        ] {
            assert!(Pattern::new(wrong).is_err(), "{wrong}");
        }
        assert!(Pattern::new("{1..3}-{1..2}").unwrap().count().is_err());
        assert!(Pattern::new(&format!("{{{}1..3}}", "0".repeat(70_000))).is_err(), "no format is that wide");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[{}0-9a,.]{0,20}") {
            if let Ok(pattern) = Pattern::new(&text) && let Ok(count) = pattern.count() {
                pattern.at(count.unwrap_or(1) - 1);
            }
        }
    }
}
