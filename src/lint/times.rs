//! Rules on dates (RFC 5280, 4.1.2.5), of certificates and of revocation lists.

use super::der::{Element, GENERALIZED_TIME, UTC_TIME};
use super::facts::Facts;
use super::findings::Findings;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&TIME_SYNTAX, &TIME_TYPE, &PERIOD_NEGATIVE, &LEAF_LIVES_LONG];

const TIME_SYNTAX: Rule = Rule {
    code: "time-syntax",
    severity: Severity::Error,
    title: "a date that is not written as it must be",
    why: "RFC 5280, 4.1.2.5: seconds, no fraction, and a closing Z. rustls refuses anything else.",
};
const TIME_TYPE: Rule = Rule {
    code: "time-type",
    severity: Severity::Error,
    title: "a date in the wrong type",
    why: "RFC 5280, 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050 on. Strict readers refuse the other, and comparisons byte by byte fail.",
};
const PERIOD_NEGATIVE: Rule = Rule {
    code: "period-negative",
    severity: Severity::Error,
    title: "it ends before it begins",
    why: "It is valid at no time: every program refuses it (RFC 5280, 4.1.2.5 and 5.1.2.5).",
};
const LEAF_LIVES_LONG: Rule = Rule {
    code: "leaf-lives-long",
    severity: Severity::Note,
    title: "a leaf that lives longer than 825 days",
    why: "A key that leaks is trusted until its certificate ends. Browsers and Apple's programs refuse more than 825 days; brokers do not.",
};

/// `20240102030405Z`: dates of both types in one form that sorts. `None` for what is not written as it must be.
pub fn instant(time: Element<'_>) -> Option<String> {
    let digits = std::str::from_utf8(time.content.strip_suffix(b"Z")?).ok().filter(|text| text.bytes().all(|c| c.is_ascii_digit()))?;
    let full = match (time.tag, digits.len()) {
        (UTC_TIME, 12) => format!("{}{digits}", if digits < "50" { "20" } else { "19" }),
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| full[range].parse::<u8>().ok();
    let [month, day, hour, minute, second] = [part(4..6)?, part(6..8)?, part(8..10)?, part(10..12)?, part(12..14)?];
    let month = time::Month::try_from(month).ok()?;
    time::Date::from_calendar_date(full[..4].parse().ok()?, month, day).ok()?;
    time::Time::from_hms(hour, minute, second).ok()?;
    Some(format!("{full}Z"))
}

/// Which date it is, in words, and the date itself.
pub type Named<'a> = (&'static str, Element<'a>);

pub fn syntax(dates: &[Named<'_>], found: &mut Findings<'_>) {
    for (name, date) in dates {
        if instant(*date).is_none() {
            let text = super::text::quoted(&String::from_utf8_lossy(date.content));
            found.add(
                &TIME_SYNTAX,
                format!("{name} is {text}"),
                "issue it again with YYMMDDHHMMSSZ as UTCTime, or YYYYMMDDHHMMSSZ as GeneralizedTime (RFC 5280, 4.1.2.5)",
            );
        }
    }
}

pub fn type_fits_year(dates: &[Named<'_>], found: &mut Findings<'_>) {
    for (name, date) in dates {
        if date.tag == GENERALIZED_TIME && instant(*date).is_some_and(|instant| *instant < *"2050") {
            let text = String::from_utf8_lossy(date.content);
            found.add(
                &TIME_TYPE,
                format!("{name} is {text}, before 2050, but a GeneralizedTime"),
                "issue it again with a UTCTime until 2049 (RFC 5280, 4.1.2.5)",
            );
        }
    }
}

pub fn period_is_positive([(first_name, first), (last_name, last)]: [Named<'_>; 2], found: &mut Findings<'_>) {
    if let (Some(first), Some(last)) = (instant(first), instant(last))
        && last < first
    {
        found.add(
            &PERIOD_NEGATIVE,
            format!("{last_name}, {last}, lies before {first_name}, {first}"),
            "issue it again with the dates the right way round",
        );
    }
}

pub fn leaf_is_short_lived(facts: &Facts<'_>, found: &mut Findings<'_>) {
    const MOST: i64 = 825;
    let day = |time| {
        let text = instant(time)?;
        let [year, month, day] = [&text[..4], &text[4..6], &text[6..8]];
        let month = time::Month::try_from(month.parse::<u8>().ok()?).ok()?;
        time::Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
    };
    if let (Some(first), Some(last)) = (day(facts.not_before), day(facts.not_after)) {
        let days = (last - first).whole_days();
        if days > MOST && !facts.is_authority() && facts.version == 3 && !facts.is_self_issued() {
            found.add(
                &LEAF_LIVES_LONG,
                format!("it is valid for {days} days"),
                "let leafs live for a year at most, and renew them by machine",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{leaf, tlv};
    use super::*;

    fn codes(from: (u8, &str), until: (u8, &str)) -> Vec<&'static str> {
        leaf().but(|leaf| leaf.dates = [tlv(from.0, from.1), tlv(until.0, until.1)]).codes()
    }

    const BEGIN: (u8, &str) = (UTC_TIME, "240101000000Z");

    #[test]
    fn dates_have_seconds_no_fraction_and_a_z() {
        for bad in [
            (UTC_TIME, "2501010000Z"),
            (UTC_TIME, "250101000000+0000"),
            (UTC_TIME, "251301000000Z"),
            (UTC_TIME, "250230000000Z"),
            (GENERALIZED_TIME, "20510101000000.5Z"),
            (GENERALIZED_TIME, "20510101000000"),
        ] {
            assert_eq!(codes(BEGIN, bad), ["time-syntax"], "{}", bad.1);
        }
    }

    #[test]
    fn years_before_2050_are_utc_times() {
        assert_eq!(codes(BEGIN, (GENERALIZED_TIME, "20250101000000Z")), ["time-type"]);
    }

    #[test]
    fn the_end_comes_after_the_beginning() {
        assert_eq!(codes(BEGIN, (UTC_TIME, "230101000000Z")), ["period-negative"]);
        assert!(codes(BEGIN, BEGIN).is_empty());
    }

    #[test]
    fn a_leaf_of_three_years_is_noted_and_an_endless_one_too() {
        assert_eq!(codes(BEGIN, (UTC_TIME, "270101000000Z")), ["leaf-lives-long"]);
        assert_eq!(codes(BEGIN, (GENERALIZED_TIME, "99991231235959Z")), ["leaf-lives-long"]);
    }

    #[test]
    fn two_digits_of_a_year_mean_1950_to_2049() {
        let instant = |text: &str| {
            let bytes = tlv(UTC_TIME, text);
            instant(Element::only(&bytes, 0).unwrap())
        };
        assert_eq!(instant("500101000000Z").as_deref(), Some("19500101000000Z"));
        assert_eq!(instant("491231235959Z").as_deref(), Some("20491231235959Z"));
    }
}
