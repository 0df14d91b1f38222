//! The settings that one TLS engine gets: those of a listener before those of the whole broker.

use super::{Setting, Settings, Text};

/// Where a setting is looked up: first behind a listener's prefix, then without one.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    settings: &'a Settings,
    prefix: Option<String>,
}

impl<'a> Scope<'a> {
    /// A client's, or what a broker's listeners have in common.
    pub fn common(settings: &'a Settings) -> Self {
        Self { settings, prefix: None }
    }

    /// `listener` in any case: Kafka looks for its name in lower case.
    pub fn of_listener(settings: &'a Settings, listener: &str) -> Self {
        Self { settings, prefix: Some(format!("listener.name.{}.", listener.to_lowercase())) }
    }

    pub fn get(&self, key: &str) -> Option<&'a Setting> {
        self.own(key).or_else(|| self.settings.get(key))
    }

    /// Only what is set for the listener itself.
    pub fn own(&self, key: &str) -> Option<&'a Setting> {
        self.prefix.as_ref().and_then(|prefix| self.settings.get(&format!("{prefix}{key}")))
    }

    pub fn value(&self, key: &str) -> Option<&'a Text> {
        self.get(key).map(|setting| &setting.value)
    }

    /// Whether `key` is set to `value`.
    pub fn says(&self, key: &str, value: &str) -> bool {
        self.value(key).is_some_and(|found| found == value)
    }
}
