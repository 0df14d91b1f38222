//! Prometheus' text exposition format 0.0.4, as the textfile collector of the node exporter reads it.

use std::collections::BTreeMap;
use std::fmt::Write;

use time::OffsetDateTime;

use crate::text::printable;

/// One metric: its name, what it tells, and a value for each set of labels. Two of the same labels would spoil the whole file.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) values: BTreeMap<String, f64>,
}

/// A metric without a value is left out.
pub(super) fn text(metrics: &[Metric]) -> String {
    metrics.iter().filter(|metric| !metric.values.is_empty()).fold(String::new(), |mut text, Metric { name, help, values }| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
        text
    })
}

/// `{target="broker-1",severity="error"}`
pub(super) fn labels(labels: &[(&str, &str)]) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", labels.join(","))
}

fn escaped(value: &str) -> String {
    printable(value).replace('\\', r"\\").replace('"', "\\\"")
}

/// Seconds since 1970.
#[allow(clippy::cast_precision_loss)]
pub(super) fn moment(at: OffsetDateTime) -> f64 {
    at.unix_timestamp() as f64
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}

/// 1 or 0.
pub(super) fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
