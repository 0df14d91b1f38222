//! A log as entries: what belongs together, whatever stands before each line, and the ports that it names.

/// One line, without what containers and journals write before it.
pub struct Line<'a> {
    pub text: &'a str,
    /// Erlang's process, `<0.761.0>`: lines of one process belong together.
    pub process: Option<&'a str>,
    /// Whether it goes on with the line before it: a stack trace, or the second line of an alert.
    pub is_continued: bool,
}

impl<'a> Line<'a> {
    pub fn new(raw: &'a str) -> Self {
        let text = without_prefixes(raw).trim_end();
        Self { text, process: process(text), is_continued: goes_on(text) }
    }
}

/// The texts of a log line that is a JSON object, as Docker, RabbitMQ and log4j's JSON layouts write them; `None` for any other line.
pub fn json_texts(raw: &str) -> Option<String> {
    let text = without_prefixes(raw).trim_start();
    let object: serde_json::Map<String, serde_json::Value> =
        if text.starts_with('{') { serde_json::from_str(text).ok()? } else { return None };
    let mut texts = String::new();
    object.values().for_each(|value| collect(value, &mut texts));
    Some(texts)
}

/// As deep as serde_json reads: 128 levels.
fn collect(value: &serde_json::Value, texts: &mut String) {
    match value {
        serde_json::Value::String(text) => {
            texts.push_str(text);
            texts.push('\n');
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        serde_json::Value::Object(object) => object.values().for_each(|value| collect(value, texts)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// The ports of all addresses in the text: `/127.0.0.1:40812`, `[::1]:40812`. A port of less than four digits is no client's.
pub fn ports(text: &str) -> impl Iterator<Item = u16> {
    let bytes = text.as_bytes();
    text.match_indices(':').filter_map(move |(at, _)| {
        let before = *bytes.get(at.checked_sub(1)?)?;
        let digits = bytes[at + 1..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        let is_port = (before.is_ascii_digit() || before == b']') && (4..=5).contains(&digits);
        is_port.then(|| text.get(at + 1..at + 1 + digits)?.parse().ok()).flatten()
    })
}

/// What kubectl, Docker, Compose and the journal put before a line, several of them at most.
fn without_prefixes(raw: &str) -> &str {
    let mut line = raw;
    for _ in 0..3 {
        let Some(rest) = pod(line).or_else(|| service(line)).or_else(|| timestamp(line)).or_else(|| journal(line)) else { break };
        line = rest;
    }
    line
}

/// `kubectl logs --prefix`: `[pod/kafka-0/broker] …`.
fn pod(line: &str) -> Option<&str> {
    line.strip_prefix("[pod/")?.split_once("] ").map(|(_, rest)| rest)
}

/// `docker compose logs`: `broker-1  | …`.
fn service(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once("| ")?;
    let name = name.trim_end();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then_some(rest)
}

/// `--timestamps` of both: RFC 3339 with a fraction. RabbitMQ's own has a space for the T.
fn timestamp(line: &str) -> Option<&str> {
    let (stamp, rest) = line.split_once(' ')?;
    let bytes = stamp.as_bytes();
    (bytes.len() >= 20 && bytes[0].is_ascii_digit() && bytes[10] == b'T' && bytes[13] == b':').then_some(rest)
}

/// `Nov 21 10:00:00 host kafka-server-start.sh[812]: …`.
fn journal(line: &str) -> Option<&str> {
    const MONTHS: [&str; 12] = ["Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "];
    let is_dated = MONTHS.iter().any(|month| line.starts_with(month));
    if is_dated { line.split_once("]: ").map(|(_, rest)| rest) } else { None }
}

fn process(text: &str) -> Option<&str> {
    let start = text.find("<0.")?;
    let end = text[start..].find('>')?;
    (end <= 24).then(|| &text[start..=start + end])
}

fn goes_on(text: &str) -> bool {
    let trimmed = text.trim_start();
    let word = trimmed.split([':', ' ']).next().unwrap_or_default();
    let is_exception = word.contains('.')
        && (word.ends_with("Exception") || word.ends_with("Error"))
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "._$".contains(c));
    trimmed.is_empty()
        || is_exception
        || ["at ", "Caused by: ", "Suppressed: ", "... ", "- "].iter().any(|start| trimmed.starts_with(start))
}
