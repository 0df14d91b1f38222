//! Gathers what the rules find at one place.

use crate::finding::{Finding, Place, Rule};

/// The findings about one certificate, list, request or key.
#[derive(Debug)]
pub struct Findings<'p> {
    place: &'p Place,
    found: Vec<Finding>,
}

impl<'p> Findings<'p> {
    pub fn at(place: &'p Place) -> Self {
        Self { place, found: Vec::new() }
    }

    /// `message` says what is wrong, with the values; `fix` what to do.
    pub fn add(&mut self, rule: &'static Rule, message: impl Into<String>, fix: impl Into<String>) {
        self.found.push(Finding { rule, place: self.place.clone(), message: message.into(), fix: fix.into() });
    }

    pub fn into_list(self) -> Vec<Finding> {
        self.found
    }
}
