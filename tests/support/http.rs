//! HTTP by curl, for what a test prepares and looks up itself.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::NamedTempFile;

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The body; null when there is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

/// How a server is met that speaks TLS; by default it is not trusted, and nothing is shown to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trust<'a> {
    /// A file of CA certificates (PEM).
    pub ca: Option<&'a Path>,
    /// A file of a certificate and its key (PEM).
    pub own: Option<&'a Path>,
}

/// One request; what curl says where no answer comes. Headers go through its standard input: arguments are seen by other processes.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>, trust: Trust<'_>) -> Result<Answer, String> {
    let mut config = String::new();
    let mut set = |option: &str, value: &str| {
        let value = value.replace('\\', r"\\").replace('"', r#"\""#);
        config += &format!("{option} = \"{value}\"\n");
    };
    set("request", method);
    set("url", url);
    set("write-out", r"\n%{http_code}");
    set("noproxy", "*");
    for (name, value) in headers {
        set("header", &format!("{name}: {value}"));
    }
    let mut sent = NamedTempFile::new().unwrap();
    if let Some(body) = body {
        sent.write_all(body.to_string().as_bytes()).unwrap();
        set("data-binary", &format!("@{}", sent.path().display()));
    }
    for (option, file) in [("cacert", trust.ca), ("cert", trust.own)] {
        if let Some(file) = file {
            set(option, &file.display().to_string());
        }
    }
    let mut curl = Command::new("curl");
    curl.args(["-q", "--silent", "--show-error", "--max-time", "60", "--config", "-"]);
    let mut curl = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    curl.stdin.take().unwrap().write_all(config.as_bytes()).unwrap();
    let output = curl.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    Ok(Answer { status: status.parse().unwrap(), body: body.to_owned() })
}
