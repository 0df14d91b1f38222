//! SARIF 2.1.0 (OASIS), as GitHub's code scanning and the IDEs read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Report, TargetPlace, help};
use crate::finding::{Finding, Rule, Severity};

pub fn sarif(report: &Report) -> Value {
    let by_code: BTreeMap<&str, &Rule> = report.findings().map(|finding| (finding.rule.code, finding.rule)).collect();
    let codes: Vec<&str> = by_code.keys().copied().collect();
    let results: Vec<Value> = report
        .targets
        .iter()
        .flat_map(|target| {
            target.findings.iter().map(|finding| result(finding, target.place, codes.binary_search(&finding.rule.code).ok()))
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": by_code.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            } },
            "results": results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": {
            "text": format!("{} See {}.", rule.why, help(rule)),
            "markdown": format!("{} See [{}]({}).", rule.why, rule.code, help(rule)),
        },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(finding: &Finding, place: TargetPlace, rule: Option<usize>) -> Value {
    let uri = match place {
        TargetPlace::File => file_uri(&finding.place.target),
        TargetPlace::Endpoint => format!("tls://{}", encoded(&finding.place.target, b":[]")),
    };
    let mut location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri } } });
    if let Some(line) = finding.place.line {
        location["physicalLocation"]["region"] = json!({ "startLine": line });
    }
    if let Some(entry) = &finding.place.entry {
        location["logicalLocations"] = json!([{ "name": entry, "kind": "member" }]);
    }
    let mut result = json!({
        "ruleId": finding.rule.code,
        "level": level(finding.rule.severity),
        "message": { "text": format!("{}. Fix: {}.", finding.message, finding.fix) },
        "locations": [location],
    });
    if let Some(index) = rule {
        result["ruleIndex"] = json!(index);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A relative path stays relative to wherever the log is read, as the root of a repository.
fn file_uri(path: &str) -> String {
    let encoded = encoded(path.strip_prefix("./").unwrap_or(path), b"/");
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

/// RFC 3986, section 2: what is neither unreserved nor in `keep` is percent-encoded.
fn encoded(text: &str, keep: &[u8]) -> String {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte);
    text.bytes().map(|byte| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{file_uri, sarif};
    use crate::report::fixture;

    #[test]
    fn each_result_names_its_rule_its_file_and_its_line() {
        let log = sarif(&fixture::report());
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(result["ruleId"], rule["id"]);
            assert_eq!(result["level"], rule["defaultConfiguration"]["level"]);
        }
        assert_eq!(
            run["results"][0]["locations"],
            json!([{
                "physicalLocation": { "artifactLocation": { "uri": "stores/broker%20%3C1%3E.p12" } },
                "logicalLocations": [{ "name": "broker-1", "kind": "member" }],
            }])
        );
        assert_eq!(run["results"][2]["locations"][0]["physicalLocation"]["region"], json!({ "startLine": 3 }));
        assert_eq!(
            run["results"][2]["message"]["text"],
            "`ssl.keystore.pasword` is no key of Kafka; the nearest is `ssl.keystore.password`. Fix: rename it."
        );
    }

    #[test]
    fn a_path_becomes_a_uri_that_means_the_same_file() {
        assert_eq!(file_uri("./a b/ü:1#%.p12"), "a%20b/%C3%BC%3A1%23%25.p12");
        assert_eq!(file_uri("/etc/kafka/server.properties"), "file:///etc/kafka/server.properties");
    }
}
