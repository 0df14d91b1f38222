//! Faults, what is expected of each, and the page that tells what everybody says of them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

/// What `verify` must make of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    pub code: String,
    pub side: String,
    /// The subject of the certificate that is to blame.
    pub certificate: Option<String>,
}

/// The sentences that go with it.
#[derive(Debug, Clone)]
pub struct Told {
    pub diagnosis: Diagnosis,
    pub cause: String,
    pub fix: String,
}

impl Told {
    /// Of a failed cell, or of a probe that was let in.
    pub fn read(failed: &Value) -> Self {
        let text = |key: &str| failed[key].as_str().unwrap_or_default().to_owned();
        let certificate = failed["certificate"].as_str().map(str::to_owned);
        Self { diagnosis: Diagnosis { code: text("code"), side: text("side"), certificate }, cause: text("cause"), fix: text("fix") }
    }
}

impl Told {
    pub fn redacted(mut self, directory: &Path) -> Self {
        for text in [&mut self.cause, &mut self.fix] {
            *text = redacted(text, directory);
        }
        self
    }
}

/// One row of the page.
pub struct Row {
    pub fault: &'static str,
    /// What the other programs said, in the page's order.
    pub others: Vec<String>,
    pub told: Told,
}

impl Row {
    /// What the row says of the diagnosis, by which a row is known to be true still.
    fn end(diagnosis: &Diagnosis) -> String {
        let Diagnosis { code, side, certificate } = diagnosis;
        let certificate = certificate.as_ref().map_or_else(|| "–".to_owned(), |subject| format!("`{subject}`"));
        format!("`{code}` | {side} | {certificate}")
    }
}

/// `docs/faults-….md`.
pub struct Page {
    pub path: &'static str,
    pub introduction: &'static str,
    /// The other programs.
    pub others: &'static [&'static str],
}

impl Page {
    pub fn is_rewritten(&self) -> bool {
        std::env::var_os("COUNTERSIGN_REWRITE").is_some()
    }

    /// The page has a row for each fault with its diagnosis, in this order, and no other row.
    pub fn tells(&self, rows: &[Row]) {
        if self.is_rewritten() {
            self.write(rows);
        }
        let page = fs::read_to_string(self.path).unwrap_or_default();
        let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        let told = |(line, row): (&&str, &Row)| {
            line.starts_with(&format!("| {} |", row.fault)) && line.contains(&format!("| {} |", Row::end(&row.told.diagnosis)))
        };
        let hint = "run this test with COUNTERSIGN_REWRITE=1";
        assert_eq!(lines.len(), rows.len(), "{} has another number of rows: {hint}", self.path);
        let untold: Vec<&str> = lines.iter().zip(rows).filter(|both| !told(*both)).map(|(_, row)| row.fault).collect();
        assert!(untold.is_empty(), "{} does not tell of {untold:#?}: {hint}", self.path);
    }

    fn write(&self, rows: &[Row]) {
        let mut page = format!("{}\n\n| fault |", self.introduction);
        self.others.iter().for_each(|name| write!(page, " {name} |").unwrap());
        page += " countersign | side | certificate | cause | fix |\n";
        page += &format!("|{}\n", "---|".repeat(6 + self.others.len()));
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        for Row { fault, others, told } in rows {
            write!(page, "| {fault} |").unwrap();
            others.iter().for_each(|said| write!(page, " {} |", cell(said)).unwrap());
            writeln!(page, " {} | {} | {} |", Row::end(&told.diagnosis), cell(&told.cause), cell(&told.fix)).unwrap();
        }
        fs::create_dir_all("docs").unwrap();
        fs::write(self.path, page).unwrap();
    }
}

/// Takes out what is another one in each run: the directory, ports, times, numbers of files, and who was who in librdkafka.
pub fn redacted(text: &str, directory: &Path) -> String {
    let mut text = text.replace(&format!("{}/", directory.display().to_string().trim_end_matches('/')), "");
    for (pattern, instead) in [
        (r"\d{4}-\d\d-\d\d[T ]?[0-9:.]*( ?\+00:00:00|Z)?", "DATE"),
        (r"(localhost|127\.0\.0\.1|\.invalid):\d{4,5}", "$1:PORT"),
        (r"port \d{4,5}", "port PORT"),
        (r"client-\d+\.properties", "client.properties"),
        (r"-[0-9a-f]{16,32}", "-ID"),
        (r"\(after \d+ms in state [A-Z_0-9]+(, \d+ identical error\(s\) suppressed)?\)", ""),
        (r"after \d+ms", "after a while"),
        (r"\[thrd:[^\]]*\]: ?", ""),
        (r"^([A-Za-z]+): (\w+://)?\S+/(bootstrap|\d+): ", "$1: "),
        (r"(\+00:00)? ?(\[[a-z]+\] )?<0\.\d+\.0>", ""),
        (r"  +", " "),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text.trim().to_owned()
}
