//! Values that Kafka fetches from elsewhere when it starts: `${provider:path:key}`, several of them and anywhere in a value (KIP-297).

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::{Program, Setting, Settings, Text, properties};
use crate::pki::names_secret;

/// What a provider asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

/// A reference whose answer is not known here.
#[derive(Debug, Clone)]
pub struct Unfetched {
    pub key: Text,
    pub line: usize,
    /// `None` where the provider is not one of Kafka's own.
    pub wanted: Option<Wanted>,
    /// A clause that follows "because".
    pub why: String,
}

/// More than all that a configuration needs: a reference to a large file may stand in it a thousand times.
const MOST_BYTES: usize = 4 << 20;

/// One `${provider:path:key}`, and where it stands.
struct Variable<'a> {
    provider: &'a str,
    path: &'a str,
    key: &'a str,
    place: Range<usize>,
}

impl Setting {
    /// Whether the value, or a part of it, is to be fetched and was not: what it is, only the program knows.
    pub fn is_unknown(&self) -> bool {
        !self.value.is_fetched() && variables(self.value.meant()).next().is_some()
    }
}

/// As ConfigTransformer finds them: `\$\{([^}]*?):(([^}]*?):)?([^}]*?)\}`.
fn variables(value: &str) -> impl Iterator<Item = Variable<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + value[from..].find("${")?;
            let end = start + value[start..].find('}')?;
            let Some((provider, rest)) = value[start + 2..end].split_once(':') else {
                from = start + 2;
                continue;
            };
            from = end + 1;
            let (path, key) = rest.split_once(':').unwrap_or(("", rest));
            return Some(Variable { provider, path, key, place: start..from });
        }
    })
}

/// What providers gave so far.
struct Fetching<F> {
    fetch: F,
    known: BTreeMap<Wanted, Result<Vec<u8>, String>>,
    left: usize,
}

impl<F: FnMut(&Wanted) -> Result<Vec<u8>, String>> Fetching<F> {
    fn text(&mut self, wanted: &Wanted) -> Result<&str, String> {
        let known = self.known.entry(wanted.clone()).or_insert_with_key(|wanted| (self.fetch)(wanted));
        let bytes = known.as_ref().map_err(Clone::clone)?;
        self.left = self.left.checked_sub(bytes.len()).ok_or_else(|| format!("providers give more than {} MiB", MOST_BYTES >> 20))?;
        std::str::from_utf8(bytes).map_err(|_| "what is there is no UTF-8".to_owned())
    }
}

impl Settings {
    /// With what providers give in place of each reference to them. `fetch` gets what they ask for, or says in a clause why that is not
    /// known here; then, and with every provider that is not Kafka's own, the reference stays as it is written.
    pub fn resolved(&self, fetch: impl FnMut(&Wanted) -> Result<Vec<u8>, String>) -> Self {
        match self.program {
            Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther => {}
            Program::Librdkafka | Program::RabbitMq | Program::RabbitMqTerms => return self.clone(),
        }
        let mut fetching = Fetching { fetch, known: BTreeMap::new(), left: MOST_BYTES };
        let mut unfetched = Vec::new();
        let lines = self.lines.iter().map(|line| self.filled(line, &mut fetching, &mut unfetched)).collect();
        Self { unfetched, lost_pem: self.lost_pem.clone(), ..Self::new(self.program, lines, self.faults.clone()) }
    }

    fn filled<F>(&self, line: &Setting, fetching: &mut Fetching<F>, unfetched: &mut Vec<Unfetched>) -> Setting
    where
        F: FnMut(&Wanted) -> Result<Vec<u8>, String>,
    {
        let written = line.value.meant();
        let mut filled = String::new();
        let mut end = 0;
        for variable in variables(written) {
            match self.answer(&variable, fetching) {
                Ok(Some(answer)) => {
                    filled.push_str(&written[end..variable.place.start]);
                    filled.push_str(&answer);
                    end = variable.place.end;
                }
                Ok(None) => {}
                Err((wanted, why)) => unfetched.push(Unfetched { key: line.key.clone(), line: line.line, wanted, why }),
            }
        }
        if end == 0 {
            return line.clone();
        }
        filled.push_str(&written[end..]);
        let is_reference = variables(written).next().is_some_and(|variable| variable.place == (0..written.len()));
        let shown = if is_reference && names_secret(line.key.meant()) { &Text::written(written) } else { &line.value };
        let value = shown.fetched(filled.trim_matches(|c: char| c <= ' ').to_owned());
        Setting { value, ..line.clone() }
    }

    /// `None` where Kafka, too, leaves the reference as it is written.
    fn answer<F>(&self, variable: &Variable<'_>, fetching: &mut Fetching<F>) -> Result<Option<String>, (Option<Wanted>, String)>
    where
        F: FnMut(&Wanted) -> Result<Vec<u8>, String>,
    {
        let Variable { provider, path, key, place: _ } = variable;
        if !self.declares(provider) {
            return Ok(None);
        }
        let parameter = |name: &str| self.value(&format!("config.providers.{provider}.{name}")).map(Text::meant);
        let class = parameter("class").and_then(|class| class.rsplit('.').next());
        let allowed = |path: &Path| {
            parameter("param.allowed.paths")
                .is_none_or(|list| list.split(',').any(|root| normalized(path).starts_with(normalized(Path::new(root.trim())))))
        };
        let wanted = match class {
            Some("FileConfigProvider") if !path.is_empty() && allowed(Path::new(path)) => Wanted::File(path.into()),
            // The key is the name of a file right in the directory.
            Some("DirectoryConfigProvider") if !path.is_empty() && allowed(Path::new(path)) && !key.contains('/') => {
                Wanted::File(Path::new(path).join(key))
            }
            Some("EnvVarConfigProvider") if path.is_empty() && parameter("param.allowlist.pattern").is_none() => {
                Wanted::Variable((*key).to_owned())
            }
            Some("FileConfigProvider" | "DirectoryConfigProvider") => return Ok(None),
            Some("EnvVarConfigProvider") if !path.is_empty() => {
                return Err((None, "its provider takes no path, and Kafka does not start".to_owned()));
            }
            Some("EnvVarConfigProvider") => return Err((None, "which variables its provider may read is not known here".to_owned())),
            Some(_) | None => return Err((None, "its provider is not one of Kafka's own".to_owned())),
        };
        let text = fetching.text(&wanted).map_err(|why| (Some(wanted.clone()), why))?;
        if class != Some("FileConfigProvider") {
            return Ok(Some(text.to_owned()));
        }
        let (lines, _) = properties::read_text(text);
        Ok(lines.iter().rev().find(|line| line.key == *key).map(|line| line.value.meant().to_owned()))
    }

    fn declares(&self, provider: &str) -> bool {
        self.value("config.providers").is_some_and(|list| list.meant().split(',').any(|name| name.trim() == provider))
    }

    /// The lines whose provider is not declared: Kafka takes such a value as it is written.
    pub fn undeclared_providers(&self) -> impl Iterator<Item = &Setting> {
        self.effective().filter(|line| line.is_unknown() && variables(line.value.meant()).any(|variable| !self.declares(variable.provider)))
    }
}

/// As `java.nio.file.Path.normalize` has it.
fn normalized(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => path.push(component),
        }
        path
    })
}
