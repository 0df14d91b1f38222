//! How long a certificate lives.

use std::fmt;
use std::str::FromStr;

use time::{Duration, OffsetDateTime};

/// A span as people write it: `90d`, `12h`, `2y`. A year has 365 days, as in `openssl x509 -days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    amount: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minutes,
    Hours,
    Days,
    Years,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time span is a whole number and one of m, h, d, y, at most 100y: 12h, 90d, 2y")]
pub struct LifetimeError;

impl Lifetime {
    pub const fn days(amount: u32) -> Self {
        Self { amount, unit: Unit::Days }
    }

    pub const fn years(amount: u32) -> Self {
        Self { amount, unit: Unit::Years }
    }

    /// A third of it, in the same unit where that is whole, else in hours or minutes.
    pub fn third(self) -> Self {
        let minutes = u32::try_from(self.duration().whole_minutes() / 3).unwrap_or(u32::MAX).max(1);
        let finest = [(24 * 60, Unit::Days), (60, Unit::Hours)].into_iter().find(|(length, _)| minutes % length == 0);
        let (length, unit) = finest.unwrap_or((1, Unit::Minutes));
        Self { amount: minutes / length, unit }
    }

    /// The shorter of the two.
    pub fn min(self, other: Self) -> Self {
        if other.duration() < self.duration() { other } else { self }
    }

    pub fn duration(self) -> Duration {
        let seconds = match self.unit {
            Unit::Minutes => 60,
            Unit::Hours => 3600,
            Unit::Days => 86_400,
            Unit::Years => 365 * 86_400,
        };
        Duration::seconds(i64::from(self.amount) * seconds)
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let (at, last) = text.char_indices().next_back().ok_or(LifetimeError)?;
        let unit = match last {
            'm' => Unit::Minutes,
            'h' => Unit::Hours,
            'd' => Unit::Days,
            'y' => Unit::Years,
            _ => return Err(LifetimeError),
        };
        let digits = &text[..at];
        let amount = digits.parse().map_err(|_| LifetimeError)?;
        let lifetime = Self { amount, unit };
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        if plain && amount > 0 && lifetime.duration() <= Self::years(100).duration() { Ok(lifetime) } else { Err(LifetimeError) }
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minutes => 'm',
            Unit::Hours => 'h',
            Unit::Days => 'd',
            Unit::Years => 'y',
        };
        write!(f, "{}{unit}", self.amount)
    }
}

/// The two instants between which a certificate is valid, both included (RFC 5280, 4.1.2.5), in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// Certificates begin a little in the past: Java and Erlang both refuse "not yet valid", and clocks differ.
    pub const BACKDATED: Duration = Duration::minutes(5);

    /// From `now` on; where that is more than a certificate can say, to the end of the year 9999.
    pub fn starting(now: OffsetDateTime, lifetime: Lifetime) -> Self {
        let now = now.replace_nanosecond(0).expect("zero nanoseconds are in range");
        Self { not_before: now.saturating_sub(Self::BACKDATED), not_after: now.saturating_add(lifetime.duration()) }
    }

    /// The same, but never reaching outside `issuer`.
    pub fn clipped_to(self, issuer: Validity) -> Self {
        Self { not_before: self.not_before.max(issuer.not_before), not_after: self.not_after.min(issuer.not_after) }
    }

    pub fn contains(self, instant: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["90d", "12h", "10y", "5m"] {
            assert_eq!(text.parse::<Lifetime>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in ["", "d", "0d", "-1d", "+1d", "1.5d", "90", "90 d", "90D", "101y", "99999999999d", "9ä"] {
            assert_eq!(text.parse::<Lifetime>(), Err(LifetimeError), "{text:?}");
        }
    }
}
