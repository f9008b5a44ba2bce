//! The report as notes beside the code: workflow commands of GitHub, the code quality report of GitLab.

use serde_json::{Value, json};
use upspec_judge::Verdict;

use crate::items::{items, located};
use crate::report::Report;
use crate::visible::{self, counted, write_to};

/// Workflow commands, for the log of a GitHub or Forgejo job: what is new, the worst first, and the whole last.
pub(crate) fn github(report: &Report) -> String {
    let (file, line) = located(report);
    let (file, mut text) = (property(&file), String::new());
    let new: Vec<_> = items(report).into_iter().filter(|item| item.accepted.is_none()).collect();
    let warning = if report.is_failure(Verdict::Warn) { "error" } else { "warning" };
    for (verdict, word) in [(Verdict::Fail, "error"), (Verdict::Warn, warning)] {
        let own = new.iter().filter(|item| item.verdict == verdict);
        for item in own.clone().take(MOST) {
            let title = property(&visible::text(item.requirement));
            let said = format!("{}: {}", visible::text(&item.case.id), visible::text(item.said));
            let said = data(&said);
            write_to(
                &mut text,
                format_args!("::{word} file={file},line={line},title={title}::{said}\n"),
            );
        }
        let left = own.count().saturating_sub(MOST);
        if left > 0 {
            let left = counted(left, &format!("more {word}"));
            write_to(&mut text, format_args!("::notice title=upspec::{left}\n"));
        }
    }
    let whole = match &report.baseline {
        Some(standing) => standing.headline(),
        None => crate::overview::headline(report).join(" "),
    };
    write_to(&mut text, format_args!("::notice title=upspec::{}\n", data(&whole)));
    text
}

/// The code quality report of GitLab, which itself finds out what is new in a merge request.
pub(crate) fn gitlab(report: &Report) -> String {
    let (file, line) = located(report);
    let issues = items(report).into_iter().map(|item| {
        let severity = match (item.accepted, item.verdict) {
            (Some(_), _) => "info",
            (None, Verdict::Fail) => "major",
            (None, _) => "minor",
        };
        json!({
            "description":
                format!("{}: {}", visible::text(&item.case.id), visible::text(item.said)),
            "check_name": visible::text(item.requirement),
            "fingerprint": item.fingerprint(),
            "severity": severity,
            "location": { "path": file, "lines": { "begin": line } },
        })
    });
    let issues = Value::Array(issues.collect());
    let mut text = serde_json::to_string_pretty(&issues).expect("a JSON value can be written");
    text.push('\n');
    text
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// GitHub shows ten notes of a kind for each step.
const MOST: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_formats_are_as_they_were() {
        insta::assert_snapshot!(github(&sample::report()));
        insta::assert_snapshot!(gitlab(&sample::report()));
    }

    #[test]
    fn commands_are_lines_and_nothing_of_a_target_becomes_one() {
        let mut report = sample::report();
        for finding in report.cases.iter_mut().flat_map(|case| &mut case.findings) {
            finding.message = "a%0A\r\n::error::x".to_owned();
        }
        let text = github(&report);
        assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
        assert!(!text.contains("\n::error::x"), "{text}");
        assert!(text.contains("::error file=README.md,line=1,title=rfc6455/4.2.1-key::"), "{text}");
        assert_eq!(property("a,b:c%"), "a%2Cb%3Ac%25");
    }

    #[test]
    fn gitlab_tells_issues_apart() {
        let issues: Value = serde_json::from_str(&gitlab(&sample::report())).unwrap();
        let issues = issues.as_array().unwrap();
        let prints: std::collections::BTreeSet<_> =
            issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), issues.len());
        assert_eq!(issues[0]["location"]["lines"]["begin"], 1);
    }
}
