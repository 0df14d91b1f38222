//! How values are said in a sentence.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `CN=a and CN=b`, `CN=a, CN=b and 14 more`, `nobody`.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    match &*names {
        [] => "nobody".to_owned(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    }
}

/// A day, as certificates are talked about: `2026-05-31`.
pub fn day(instant: OffsetDateTime) -> String {
    instant.date().to_string()
}

/// To the second, where clocks are compared: `2026-05-31T12:00:00Z`.
pub fn instant(instant: OffsetDateTime) -> String {
    let whole = instant.replace_nanosecond(0).unwrap_or(instant);
    whole.format(&Rfc3339).unwrap_or_else(|_| whole.to_string())
}
