//! For the textfile collector of Prometheus' node exporter (text exposition format 0.0.4).

use std::collections::BTreeMap;

use super::metric::{self, Metric, labels};
use super::{Report, word};
use crate::finding::Severity;

pub fn prometheus(report: &Report) -> String {
    let mut ends = BTreeMap::new();
    let mut findings = BTreeMap::new();
    let mut holds = BTreeMap::new();
    for target in &report.targets {
        for expiry in &target.certificates {
            let of = [("target", &target.target), ("entry", &expiry.entry), ("subject", &expiry.subject), ("serial", &expiry.serial)];
            ends.insert(labels(&of.map(|(name, value)| (name, value.as_str()))), metric::moment(expiry.not_after));
        }
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let of = labels(&[("target", &target.target), ("severity", word(severity))]);
            *findings.entry(of).or_insert(0.0) += metric::count(target.count(severity));
        }
        if let Some(verdict) = &target.verdict {
            holds.insert(labels(&[("target", &target.target)]), metric::truth(verdict.holds()));
        }
    }
    let checked = BTreeMap::from([(String::new(), metric::moment(report.at))]);
    let metrics = [
        Metric {
            name: "countersign_certificate_not_after_seconds",
            help: "The moment at which a certificate ends, in seconds since 1970.",
            values: ends,
        },
        Metric { name: "countersign_findings", help: "How many findings there are.", values: findings },
        Metric { name: "countersign_chain_holds", help: "Whether the chain holds: 1 or 0.", values: holds },
        Metric {
            name: "countersign_check_time_seconds",
            help: "The moment for which the findings hold, in seconds since 1970.",
            values: checked,
        },
    ];
    metric::text(&metrics)
}

#[cfg(test)]
mod tests {
    use super::prometheus;
    use crate::report::fixture;

    #[test]
    fn each_metric_is_described_and_each_label_is_escaped() {
        assert_eq!(
            prometheus(&fixture::report()),
            r#"# HELP countersign_certificate_not_after_seconds The moment at which a certificate ends, in seconds since 1970.
# TYPE countersign_certificate_not_after_seconds gauge
countersign_certificate_not_after_seconds{target="stores/broker <1>.p12",entry="broker-1",subject="CN=broker-1,O=A & \"B\"",serial="0a"} 1767225600
countersign_certificate_not_after_seconds{target="stores/broker <1>.p12",entry="old|one",subject="CN=back\\slash\\u{a}and line",serial="0a"} 1777507200
# HELP countersign_findings How many findings there are.
# TYPE countersign_findings gauge
countersign_findings{target="broker-1.example:9093",severity="error"} 0
countersign_findings{target="broker-1.example:9093",severity="note"} 0
countersign_findings{target="broker-1.example:9093",severity="warning"} 0
countersign_findings{target="server.properties",severity="error"} 0
countersign_findings{target="server.properties",severity="note"} 0
countersign_findings{target="server.properties",severity="warning"} 1
countersign_findings{target="stores/broker <1>.p12",severity="error"} 1
countersign_findings{target="stores/broker <1>.p12",severity="note"} 1
countersign_findings{target="stores/broker <1>.p12",severity="warning"} 0
# HELP countersign_chain_holds Whether the chain holds: 1 or 0.
# TYPE countersign_chain_holds gauge
countersign_chain_holds{target="stores/broker <1>.p12"} 0
# HELP countersign_check_time_seconds The moment for which the findings hold, in seconds since 1970.
# TYPE countersign_check_time_seconds gauge
countersign_check_time_seconds 1769904000
"#
        );
    }

    /// The file would be refused as a whole.
    #[test]
    fn the_same_certificate_twice_is_one_series() {
        let mut report = fixture::report();
        let again = report.targets[0].certificates.clone();
        report.targets[0].certificates.extend(again);
        assert_eq!(prometheus(&report), prometheus(&fixture::report()));
    }
}
