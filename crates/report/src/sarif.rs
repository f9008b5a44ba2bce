//! The report as SARIF 2.1.0, for code scanning. One rule for each requirement, one result for each case that
//! breaks it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use upspec_judge::Verdict;

use crate::items::{Item, items, located, url};
use crate::markdown::plain;
use crate::report::Report;
use crate::visible;
use crate::words::level_word;

/// The report as SARIF.
pub(crate) fn sarif(report: &Report) -> String {
    let items = items(report);
    let ids: BTreeSet<&str> = items.iter().map(|item| item.requirement).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let rules: Vec<Value> = ids.iter().map(|id| rule(report, id, &items)).collect();
    let (file, line) = located(report);
    let results: Vec<Value> =
        items.iter().map(|item| result(item, &ids, report, (&file, line))).collect();
    let name = report.target.name.as_ref().unwrap_or(&report.target.url);
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "upspec",
                "semanticVersion": report.tool.version,
                "rules": rules,
            }},
            "automationDetails": { "id": format!("upspec/{}/", visible::text(name)) },
            "invocations": [{ "executionSuccessful": report.complete && report.summary.error == 0 }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).expect("a JSON value can be written");
    text.push('\n');
    text
}

fn rule(report: &Report, id: &str, items: &[Item<'_>]) -> Value {
    let note = report.requirements.get(id);
    let text = visible::text(note.map_or(id, |note| note.text.as_str()));
    let level = level_word(note.map_or("must", |note| note.level.as_str()));
    let worst = items.iter().filter(|item| item.requirement == id).map(|item| item.verdict).max();
    let mut rule = json!({
        "id": visible::text(id),
        "shortDescription": { "text": text },
        "fullDescription": { "text": format!("{}: {text}", visible::text(&level)) },
        "help": { "text": format!("{text} `upspec explain {}` says more.", visible::text(id)) },
        "defaultConfiguration": { "level": word(worst.unwrap_or(Verdict::Warn)) },
        "properties": { "precision": "very-high", "tags": ["http", "websocket", "conformance"] },
    });
    if let Some(url) = url(report, id) {
        // The link stands alone, so that no sign of the text can turn into markup beside it.
        rule["help"]["markdown"] = format!("{}\n\n[RFC section]({url})", plain(&text)).into();
        rule["helpUri"] = url.into();
    }
    rule
}

fn result(item: &Item<'_>, ids: &[&str], report: &Report, (file, line): (&str, usize)) -> Value {
    let (id, said) = (visible::text(&item.case.id), visible::text(item.said));
    let flaky = if item.case.flaky { " (flaky)" } else { "" };
    let fingerprint = item.fingerprint();
    let mut result = json!({
        "ruleId": visible::text(item.requirement),
        "ruleIndex": ids.iter().position(|one| *one == item.requirement),
        "level": word(item.verdict),
        "message": { "text": format!("{id}{flaky}: {said}") },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(file), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": line },
        }}],
        // GitHub tells results apart by the first of them; otherwise by the line, and there is only one.
        "partialFingerprints": { "primaryLocationLineHash": fingerprint, "upspec/v1": fingerprint },
        "properties": { "case": id },
    });
    if report.baseline.is_some() {
        let state = if item.accepted.is_some() { "unchanged" } else { "new" };
        result["baselineState"] = state.into();
    }
    if let Some(reason) = item.accepted {
        result["suppressions"] =
            json!([{ "kind": "external", "justification": visible::text(reason) }]);
    }
    result
}

fn word(verdict: Verdict) -> &'static str {
    if verdict == Verdict::Fail { "error" } else { "warning" }
}

/// A path as a relative reference (RFC 3986 4.2).
fn uri(path: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
    let spelled = path.replace('\\', "/").into_bytes().into_iter().map(|octet| match octet {
        octet if plain(octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    });
    spelled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_format_is_as_it_was() {
        insta::assert_snapshot!(sarif(&sample::report()));
    }

    #[test]
    fn each_broken_rule_is_a_result_with_a_rule_and_a_fingerprint_of_its_own() {
        let report = Report { locate: Some("a b/upspec.toml:7".to_owned()), ..sample::report() };
        let log: Value = serde_json::from_str(&sarif(&report)).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut prints = BTreeSet::new();
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "a%20b/upspec.toml");
            assert_eq!(place["region"]["startLine"], 7);
            assert!(
                prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].as_str())
            );
        }
        assert_eq!(results.len(), 7);
        assert!(!sarif(&report).contains(['\u{1b}', '\u{202e}']));
    }
}
