//! The cases one by one, as text for a terminal: what became of each, why, and the octets.
//! No control octet of a target gets through.

use crate::junit::wire;
use crate::report::Report;
use crate::text::{Style, painted};
use crate::visible::{self, write_to};
use crate::words::{message, reason_word, verdict_word};

/// A line for each case that is wanted, with what came and why the verdict is what it is; below it what else is to be
/// said, and with `octets` all that was sent and received.
#[must_use]
pub fn listing(
    report: &Report,
    style: Style,
    octets: bool,
    wanted: impl Fn(&str) -> bool,
) -> String {
    let mut text = String::new();
    for case in report.cases.iter().filter(|case| wanted(&case.id)) {
        let word = painted(verdict_word(case.verdict), Some(case.verdict), style);
        let reason = case.reason.map(|reason| format!(" ({})", reason_word(reason)));
        let flaky = if case.flaky { " (flaky)" } else { "" };
        let came = case.outcome.map(|came| format!(", {came}")).unwrap_or_default();
        let said = message(case).map(|said| format!(": {}", visible::text(said)));
        let (id, reason, said) =
            (visible::text(&case.id), reason.unwrap_or_default(), said.unwrap_or_default());
        write_to(&mut text, format_args!("{word}{reason} {id}{flaky}{came}{said}\n"));
        for finding in &case.findings {
            if message(case) != Some(finding.message.as_str()) {
                let word = painted(verdict_word(finding.verdict), Some(finding.verdict), style);
                let said = visible::text(&finding.message);
                let rule = visible::text(&finding.requirement);
                write_to(&mut text, format_args!("     {word} {rule}: {said}\n"));
            }
        }
        if octets {
            wire(case).lines().for_each(|line| write_to(&mut text, format_args!("     {line}\n")));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn each_case_has_its_line_and_its_octets_where_they_are_wanted() {
        let report = sample::report();
        let all = listing(&report, Style::Plain, false, |_| true);
        for case in &report.cases {
            assert!(all.contains(&visible::text(&case.id)), "{all}");
        }
        let first = report.cases[0].id.clone();
        let one = listing(&report, Style::Plain, true, |id| id == first);
        assert!(one.len() < all.len() + wire(&report.cases[0]).len() * 2);
        assert!(
            one.lines().count() > 1 && one.lines().skip(1).all(|line| !line.contains("server/key")),
            "{one}"
        );
        assert_eq!(one.chars().find(|c| c.is_control() && *c != '\n'), None);
    }
}
