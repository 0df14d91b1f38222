//! Values that Kafka fetches from elsewhere when it starts: `${provider:path:key}` (KIP-297).

use super::{Setting, Settings, properties};

/// What a value names, if it is nothing but one reference to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable<'a> {
    provider: &'a str,
    path: &'a str,
    key: &'a str,
}

const FILE: &str = "FileConfigProvider";
const DIRECTORY: &str = "DirectoryConfigProvider";

impl Setting {
    /// Whether the value is fetched by a provider, and so is not the value itself.
    pub fn is_provided(&self) -> bool {
        variable(self.value()).is_some()
    }
}

fn variable(value: &str) -> Option<Variable<'_>> {
    let inner = value.strip_prefix("${")?.strip_suffix('}')?;
    let (provider, rest) = inner.split_once(':')?;
    let (path, key) = rest.rsplit_once(':').unwrap_or(("", rest));
    Some(Variable { provider, path, key })
}

impl Settings {
    /// Every value in its place that a file gives: `read` opens the file of a `FileConfigProvider` or `DirectoryConfigProvider`.
    /// What cannot be had (the environment's, another provider's) stays as it is written.
    pub fn resolved(&self, mut read: impl FnMut(&str) -> Option<Vec<u8>>) -> Self {
        let lines = self.lines.iter().map(|line| self.fetch(line, &mut read).map_or_else(|| line.clone(), |value| line.with_value(value)));
        Self::new(self.program, lines.collect(), self.faults.clone())
    }

    fn fetch(&self, line: &Setting, read: &mut impl FnMut(&str) -> Option<Vec<u8>>) -> Option<String> {
        let variable = variable(line.value())?;
        let class = self.value(&format!("config.providers.{}.class", variable.provider))?;
        if class.ends_with(FILE) {
            let (lines, _) = properties::read(&read(variable.path)?);
            lines.iter().rev().find(|line| line.key == variable.key).map(|line| line.value().to_owned())
        } else if class.ends_with(DIRECTORY) {
            String::from_utf8(read(&format!("{}/{}", variable.path, variable.key))?).ok()
        } else {
            None
        }
    }

    /// The lines whose provider is not declared: Kafka takes such a value as it is written.
    pub fn undeclared_providers(&self) -> impl Iterator<Item = &Setting> {
        let declared = self.list("config.providers");
        self.effective().filter(move |line| variable(line.value()).is_some_and(|variable| !declared.contains(&variable.provider)))
    }
}
