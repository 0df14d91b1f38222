//! A YAML text as a tree in which everything has its place. Scalars stay text: `no` is not a boolean here, nor `010` a number.

use saphyr_parser::{Event, Parser, ScanError, Span};

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
}

/// A cluster file is never this deep; a hostile one may be.
const DEEPEST: usize = 32;

/// Parses one document. Anchors, aliases and tags are refused: a cluster file has ranges instead.
pub fn parse(text: &str) -> Result<Node, Problem> {
    let mut events = Events { parser: Parser::new_from_str(text) };
    let mut root = None;
    loop {
        let (event, span) = events.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if root.is_some() => {
                return Err(problem(place(span), "---", "a second document begins here", "keep one cluster in one file"));
            }
            event => root = Some(events.node(event, span, 0)?),
        }
    }
    let empty = || problem(Place { line: 1, column: 1 }, "", "the file is empty", "`countersign init` writes one to start from");
    root.ok_or_else(empty)
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Events<'a> {
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
        let value = match event {
            Event::Scalar(text, _, 0, None) => Value::Scalar(text.into_owned()),
            Event::SequenceStart(0, None) => self.list(depth)?,
            Event::MappingStart(0, None) => self.map(depth)?,
            Event::Alias(_) => {
                return Err(problem(place, "", "aliases are not read", "write the value out, or use a range such as {1..3}"));
            }
            _ => return Err(problem(place, "", "anchors and tags are not read", "write the value out, or use a range such as {1..3}")),
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
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Map(entries)),
                (event, span) => self.node(event, span, depth + 1)?,
            };
            let Value::Scalar(text) = key.value else {
                return Err(problem(key.place, "", "a key must be a plain word", "write `key: value`"));
            };
            if let Some((first, _)) = entries.iter().find(|(other, _)| other.text == text) {
                let message = format!("the key {text:?} stands here a second time; the first is on line {}", first.place.line);
                return Err(problem(key.place, &text, &message, "keep one of the two"));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push((Key { place: key.place, text }, value));
        }
    }
}

fn syntax(error: &ScanError) -> Problem {
    let marker = error.marker();
    let place = Place { line: marker.line().max(1), column: marker.col() + 1 };
    problem(place, "", &format!("this is not YAML: {}", error.info()), "check the indentation, the colons and the brackets around it")
}

fn place(span: Span) -> Place {
    Place { line: span.start.line().max(1), column: span.start.col() + 1 }
}

fn problem(place: Place, text: &str, message: &str, fix: &str) -> Problem {
    Problem { line: place.line, column: place.column, text: text.to_owned(), message: message.to_owned(), fix: fix.to_owned() }
}
