//! `--deny` and `--allow`: which findings make a run fail, and which are not wanted at all.

use clap::Args;

use super::failure::Failure;
use crate::check;
use crate::finding::{Finding, Rule, Severity};
use crate::report::Deny;

#[derive(Debug, Default, Args)]
pub struct ThresholdArgs {
    /// Fail from this severity on, error, warning or note, or at this finding whatever its severity; repeatable [default: error]
    #[arg(long, value_name = "SEVERITY or CODE")]
    deny: Vec<String>,
    /// Leave findings of this code out; repeatable
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,
}

/// The codes, looked up.
#[derive(Debug)]
pub struct Threshold {
    pub deny: Deny,
    allowed: Vec<&'static Rule>,
}

impl ThresholdArgs {
    pub fn read(&self) -> Result<Threshold, Failure> {
        let mut severities = Vec::new();
        let mut rules = Vec::new();
        for word in &self.deny {
            match word.as_str() {
                "error" => severities.push(Severity::Error),
                "warning" => severities.push(Severity::Warning),
                "note" => severities.push(Severity::Note),
                code => rules.push(rule(code)?),
            }
        }
        let from = severities.into_iter().min().unwrap_or(Severity::Error);
        let allowed = self.allow.iter().map(|code| rule(code)).collect::<Result<_, _>>()?;
        Ok(Threshold { deny: Deny { from, rules }, allowed })
    }
}

impl Threshold {
    pub fn allows(&self, finding: &Finding) -> bool {
        self.allowed.iter().any(|rule| rule.code == finding.rule.code)
    }
}

fn rule(code: &str) -> Result<&'static Rule, Failure> {
    let rules = check::rules;
    rules().find(|rule| rule.code == code).ok_or_else(|| {
        let nearest = rules().map(|rule| rule.code).min_by_key(|known| strsim::damerau_levenshtein(known, code));
        let nearest = nearest.map(|nearest| format!("; the nearest is {nearest}")).unwrap_or_default();
        Failure::Usage(format!("no finding has the code {code:?}{nearest}"))
    })
}
