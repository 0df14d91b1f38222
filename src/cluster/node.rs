//! A YAML text as a tree in which everything has its place. Scalars stay text: `no` is not a boolean here, nor `010` a number.

use std::collections::hash_map::{Entry, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::Problem;

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub enum Value {
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the file, no key twice.
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub struct Key {
    pub place: Place,
    pub text: String,
}

impl Node {
    /// The text of a scalar, or what stands for the rest in a message.
    pub fn shown(&self) -> &str {
        match &self.value {
            Value::Scalar(text) => text,
            Value::List(_) => "[…]",
            Value::Map(_) => "{…}",
        }
    }

    /// What these keys lead to, each within the one before it.
    pub fn below(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, wanted| match &node.value {
            Value::Map(entries) => entries.iter().find(|(key, _)| key.text == *wanted).map(|(_, node)| node),
            Value::Scalar(_) | Value::List(_) => None,
        })
    }
}

/// A cluster file is never this deep; a hostile one may be.
const DEEPEST: usize = 32;
const WRITE_OUT: &str = "write the value out, or use a range such as {1..3}";

/// Parses one document, and says all that is wrong with it. Anchors, aliases and tags are refused: a cluster file has ranges instead.
///
/// There may be a tree in spite of problems, so that the mistakes in what it says are found in the same run.
pub fn parse(text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    let mut events = Events { parser: Parser::new_from_str(text), problems: Vec::new(), has_alias: false };
    let root = events.document();
    problems.append(&mut events.problems);
    let root = root.map_err(|problem| problems.push(problem)).ok()?;
    // What an alias stands for is not known, so what is said about it would be wrong.
    Some(root).filter(|_| !events.has_alias)
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Those that do not end the reading.
    problems: Vec<Problem>,
    has_alias: bool,
}

impl<'a> Events<'a> {
    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                _ if root.is_some() => {
                    return Err(problem(place(span), "---", "a second document begins here", "keep one cluster in one file"));
                }
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        let empty = || problem(Place { line: 1, column: 1 }, "", "the file is empty", "`countersign init` writes one to start from");
        root.ok_or_else(empty)
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Problem> {
        let place = place(span);
        if depth > DEEPEST {
            return Err(problem(place, "", "this is nested too deeply", "a cluster file has at most six levels"));
        }
        let decorated = match &event {
            Event::Scalar(_, _, anchor, tag) | Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                *anchor != 0 || tag.is_some()
            }
            _ => false,
        };
        if decorated {
            self.problems.push(problem(place, "", "anchors and tags are not read", WRITE_OUT));
        }
        let value = match event {
            // The parser reports a value that is left out as a plain `~`.
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "~" => Value::Scalar(String::new()),
            Event::Scalar(text, ..) => Value::Scalar(text.into_owned()),
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            _ => {
                self.has_alias = true;
                self.problems.push(problem(place, "", "aliases are not read", WRITE_OUT));
                Value::Scalar(String::new())
            }
        };
        Ok(Node { place, value })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries = Vec::new();
        let mut lines = HashMap::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Map(entries)),
                (event, span) => self.node(event, span, depth + 1)?,
            };
            let Value::Scalar(text) = key.value else {
                return Err(problem(key.place, "", "a key must be a plain word", "write `key: value`"));
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            match lines.entry(text.clone()) {
                Entry::Occupied(first) => {
                    let message = format!("the key {text:?} stands here a second time; the first is on line {}", first.get());
                    self.problems.push(problem(key.place, &text, &message, "keep one of the two"));
                }
                Entry::Vacant(first) => {
                    first.insert(key.place.line);
                    entries.push((Key { place: key.place, text }, value));
                }
            }
        }
    }
}

fn syntax(error: &ScanError) -> Problem {
    let marker = error.marker();
    let place = Place { line: marker.line().max(1), column: marker.col() + 1 };
    problem(
        place,
        "",
        &format!("this is not YAML: {}", error.info()),
        "check the indentation, the colons and the brackets around it; inside { } a range needs quotes",
    )
}

fn place(span: Span) -> Place {
    Place { line: span.start.line().max(1), column: span.start.col() + 1 }
}

fn problem(place: Place, text: &str, message: &str, fix: &str) -> Problem {
    Problem::new((place.line, place.column), text, message, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let mut problems = Vec::new();
        let root = parse(text, &mut problems);
        (root, problems.iter().map(|problem| format!("{}:{} {}", problem.line, problem.column, problem.message)).collect())
    }

    fn scalars(node: &Node) -> Vec<(usize, usize, &str)> {
        match &node.value {
            Value::Scalar(text) => vec![(node.place.line, node.place.column, text)],
            Value::List(items) => items.iter().flat_map(scalars).collect(),
            Value::Map(entries) => entries.iter().flat_map(|(_, node)| scalars(node)).collect(),
        }
    }

    #[test]
    fn scalars_stay_text_and_have_a_place_in_characters() {
        let (root, problems) = read("a: no\nb: { ä: 010, c: [\"x y\", ~, '~'] }\nd:\ne: 3.10\n");
        assert!(problems.is_empty(), "{problems:?}");
        let expected = [(1, 4, "no"), (2, 9, "010"), (2, 18, "x y"), (2, 25, ""), (2, 28, "~"), (3, 2, ""), (4, 4, "3.10")];
        assert_eq!(scalars(&root.unwrap()), expected);
    }

    #[test]
    fn one_run_finds_what_does_not_end_the_reading() {
        let (root, problems) = read("a: 1\na: 2\nb: !tag x\nc: &anchor { d: 1, d: 2 }\n");
        assert!(root.is_some());
        assert_eq!(problems.len(), 4, "{problems:?}");
        let (root, problems) = read("a: &one 1\nb: *one\nb: 2\n");
        assert!(root.is_none());
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    #[test]
    fn what_ends_the_reading_says_where() {
        assert_eq!(read("").1, ["1:1 the file is empty"]);
        assert_eq!(read("a: 1\n---\nb: 2\n").1, ["3:1 a second document begins here"]);
        assert_eq!(read("? [a]\n: 1\n").1, ["1:3 a key must be a plain word"]);
        assert_eq!(read(&"[".repeat(100)).1, ["1:34 this is nested too deeply"]);
        assert!(read("a: b: c\n").1[0].starts_with("1:5 this is not YAML"), "{:?}", read("a: b: c\n").1);
        assert!(read(&"[".repeat(1_000_000)).0.is_none());
    }

    #[test]
    fn many_keys_take_no_longer_than_they_are_many() {
        let text: String = (0..50_000).map(|index| format!("key-{index}: 1\n")).collect();
        assert!(read(&text).1.is_empty());
    }
}
