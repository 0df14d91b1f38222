//! The variables that `vault` and `bao` read: each as `BAO_…` first, then as `VAULT_…`. An empty one is as good as none.

use std::path::PathBuf;
use std::time::Duration;

use super::SinkError;

/// No call lasts longer, whatever is asked for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 2;

/// Looks variables up; every one that is read is read here.
pub struct Environment<'e>(&'e (dyn Fn(&str) -> Option<String> + Sync));

/// A variable that is set.
pub struct Variable {
    pub name: String,
    pub value: String,
}

impl Variable {
    fn wrong(&self, problem: &str, fix: &str) -> SinkError {
        SinkError::Setting { what: format!("{} {problem}", self.name), fix: fix.to_owned() }
    }
}

impl<'e> Environment<'e> {
    pub const fn new(lookup: &'e (dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        Self(lookup)
    }

    /// `ADDR` stands for `BAO_ADDR` and `VAULT_ADDR`.
    pub fn get(&self, name: &str) -> Option<Variable> {
        ["BAO_", "VAULT_"].into_iter().find_map(|prefix| {
            let name = format!("{prefix}{name}");
            let value = (self.0)(&name).filter(|value| !value.is_empty())?;
            Some(Variable { name, value })
        })
    }

    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|variable| variable.value.into())
    }

    /// Where `vault login` and `bao login` leave a token.
    pub fn token_file(&self) -> Option<PathBuf> {
        (self.0)("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(".vault-token"))
    }

    /// For one call with all its repetitions; 60 s unless `CLIENT_TIMEOUT` says otherwise, a day at most.
    pub fn timeout(&self) -> Result<Duration, SinkError> {
        let Some(variable) = self.get("CLIENT_TIMEOUT") else { return Ok(TIMEOUT) };
        let timeout = duration(&variable.value).filter(|timeout| !timeout.is_zero());
        let timeout = timeout.ok_or_else(|| variable.wrong("is no time to wait", "write seconds, or for instance 1m30s"))?;
        Ok(timeout.min(LONGEST))
    }

    /// How often a call is repeated.
    pub fn retries(&self) -> Result<u32, SinkError> {
        let Some(variable) = self.get("MAX_RETRIES") else { return Ok(RETRIES) };
        variable.value.parse().map_err(|_| variable.wrong("is no number of retries", "write a whole number, or 0 for none"))
    }

    /// A server that is not verified could be anyone, and is sent private keys.
    pub fn must_verify(&self) -> Result<(), SinkError> {
        let Some(variable) = self.get("SKIP_VERIFY") else { return Ok(()) };
        // As Go reads it.
        match variable.value.as_str() {
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(()),
            _ => Err(variable.wrong(
                "asks for a server that is not verified, which countersign never sends anything to",
                "unset it, and name the CA of the server by `ca:` or VAULT_CACERT",
            )),
        }
    }
}

/// Seconds, or as Go writes it: `30s`, `1m30s`, `1.5h`, `500ms`.
fn duration(text: &str) -> Option<Duration> {
    let seconds = |number: &str, unit: f64| number.parse::<f64>().ok().map(|number| number * unit);
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Duration::try_from_secs_f64(seconds(text, 1.0)?).ok();
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        total += seconds(
            number,
            match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            },
        )?;
        rest = after;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a process would see in which only `variables` are set.
    fn with<T>(variables: &[(&str, &str)], then: impl Fn(Environment<'_>) -> T) -> T {
        let lookup = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        then(Environment::new(&lookup))
    }

    #[test]
    fn openbao_stands_before_vault_and_what_is_empty_is_not_set() {
        let address = |variables: &[(&str, &str)]| with(variables, |environment| environment.get("ADDR").map(|found| found.value));
        assert_eq!(address(&[("VAULT_ADDR", "v"), ("BAO_ADDR", "b")]).unwrap(), "b");
        assert_eq!(address(&[("VAULT_ADDR", "v"), ("BAO_ADDR", "")]).unwrap(), "v");
        assert_eq!(address(&[("ADDR", "a")]), None);
    }

    #[test]
    fn times_are_read_as_go_writes_them() {
        let wait =
            |text: &str| with(&[("VAULT_CLIENT_TIMEOUT", text)], |environment| environment.timeout().map_err(|error| error.to_string()));
        assert_eq!(wait(""), Ok(Duration::from_secs(60)));
        assert_eq!(wait("5"), Ok(Duration::from_secs(5)));
        assert_eq!(wait("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(wait("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(wait("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(wait("99999999h"), wait("24h"));
        for text in ["0", "0s", "-1", "1x", "s", "5s3", "1..2s", "9".repeat(400).as_str()] {
            assert_eq!(wait(text).unwrap_err(), "VAULT_CLIENT_TIMEOUT is no time to wait; write seconds, or for instance 1m30s", "{text}");
        }
    }

    #[test]
    fn a_server_that_is_not_verified_is_refused() {
        let verified = |variables: &[(&str, &str)]| with(variables, |environment| environment.must_verify()).is_ok();
        assert!(verified(&[]) && verified(&[("VAULT_SKIP_VERIFY", "false")]) && verified(&[("VAULT_SKIP_VERIFY", "")]));
        assert!(verified(&[("BAO_SKIP_VERIFY", "0"), ("VAULT_SKIP_VERIFY", "1")]));
        for text in ["1", "true", "TRUE", "t", "yes"] {
            assert!(!verified(&[("BAO_SKIP_VERIFY", text)]) && !verified(&[("VAULT_SKIP_VERIFY", text)]), "{text}");
        }
    }
}
