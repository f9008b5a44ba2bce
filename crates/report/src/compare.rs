//! Two reports of one target, an older and a newer: what has become worse, better, or is not there any more.

mod group;

use std::collections::{BTreeMap, HashMap};

use group::groups;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_judge::{CaseResult, Verdict};

use crate::baseline::shown;
use crate::markdown::plain;
use crate::report::Report;
use crate::text::{Style, painted};
use crate::visible::{self, counted, write_to};
use crate::words::{message, verdict_word};

/// How a newer report differs from an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Always `upspec-comparison`.
    pub format: String,
    /// The version of this format: 1.
    pub version: u32,
    /// The name or URL of the target in the older report.
    pub old: String,
    /// The same in the newer one.
    pub new: String,
    /// The cases that fail or warn for a rule that they kept, or only warned for.
    pub regressions: Vec<Change>,
    /// The cases that keep a rule that they broke, and break no other one more than before.
    pub fixes: Vec<Change>,
    /// The cases that were judged and are not any more.
    pub lost: Vec<Change>,
    /// The cases that are judged for the first time, and pass.
    pub gained: Vec<Change>,
    /// The cases with the same verdict, of which something else came.
    pub changed: Vec<Change>,
    /// The ids of cases that only the newer report has.
    pub added: Vec<String>,
    /// The ids of cases that only the older report has.
    pub gone: Vec<String>,
}

/// A case that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The id of the case.
    pub case: String,
    /// Its verdict in the older report.
    pub before: Verdict,
    /// Its verdict in the newer report.
    pub after: Verdict,
    /// What came of its request: before and after.
    pub outcomes: [Option<String>; 2],
    /// The requirements that it is about.
    pub requirements: Vec<String>,
    /// The worst verdict of what is new in it, `pass` where nothing is.
    pub worst: Verdict,
    /// What it says now, in a phrase.
    pub said: String,
}

impl Comparison {
    /// Compares two reports.
    #[must_use]
    pub fn of(old: &Report, new: &Report) -> Self {
        let name = |report: &Report| {
            report.target.name.clone().unwrap_or_else(|| report.target.url.clone())
        };
        let mut made = Self {
            format: "upspec-comparison".to_owned(),
            version: 1,
            old: name(old),
            new: name(new),
            regressions: Vec::new(),
            fixes: Vec::new(),
            lost: Vec::new(),
            gained: Vec::new(),
            changed: Vec::new(),
            added: Vec::new(),
            gone: Vec::new(),
        };
        let before: HashMap<&str, &CaseResult> =
            old.cases.iter().map(|case| (case.id.as_str(), case)).collect();
        for case in &new.cases {
            match before.get(case.id.as_str()) {
                Some(before) => made.place(before, case),
                None => made.added.push(case.id.clone()),
            }
        }
        let is_gone = |case: &&CaseResult| new.cases.iter().all(|one| one.id != case.id);
        made.gone = old.cases.iter().filter(is_gone).map(|case| case.id.clone()).collect();
        made
    }

    fn place(&mut self, before: &CaseResult, after: &CaseResult) {
        let (was, is) = (worst(before), worst(after));
        // A habit that counts in another case than before is neither new nor gone.
        let (had, has) = (with_counted(before), with_counted(after));
        let grown: Vec<(&str, Verdict)> = is
            .iter()
            .filter(|(rule, verdict)| had.get(*rule).is_none_or(|known| known < *verdict))
            .map(|(rule, verdict)| (*rule, *verdict))
            .collect();
        let shrunk: Vec<&str> = was
            .iter()
            .filter(|(rule, verdict)| has.get(*rule).is_none_or(|now| now < *verdict))
            .map(|(rule, _)| *rule)
            .collect();
        let judged = [before, after].map(|case| is_judged(case.verdict));
        let list = match judged {
            [true, false] => &mut self.lost,
            [_, true] if !grown.is_empty() => &mut self.regressions,
            [true, true] if !shrunk.is_empty() => &mut self.fixes,
            [false, true] => &mut self.gained,
            _ if before.outcome != after.outcome => &mut self.changed,
            _ => return,
        };
        let rules: Vec<&str> = match grown.is_empty() {
            true if shrunk.is_empty() => vec![after.requirement.as_str()],
            true => shrunk,
            false => grown.iter().map(|(rule, _)| *rule).collect(),
        };
        // What is said of the rule that changed, where there is something.
        let mut findings = after.findings.iter();
        let own = findings.find(|one| {
            grown.iter().any(|(rule, verdict)| one.requirement == *rule && one.verdict == *verdict)
        });
        let said = own.map(|one| one.message.as_str()).or(message(after)).unwrap_or(&after.title);
        let said = said.to_owned();
        list.push(Change {
            case: after.id.clone(),
            before: before.verdict,
            after: after.verdict,
            outcomes: [before, after].map(|case| case.outcome.map(|came| came.to_string())),
            requirements: rules.into_iter().map(str::to_owned).collect(),
            worst: grown.iter().map(|(_, verdict)| *verdict).max().unwrap_or(Verdict::Pass),
            said,
        });
    }

    /// The whole in a line.
    #[must_use]
    pub fn headline(&self) -> String {
        let mut said = vec![
            counted(self.regressions.len(), "regression"),
            format!("{} fixed", self.fixes.len()),
        ];
        let more = [
            (self.lost.len(), "no longer judged"),
            (self.gained.len(), "judged for the first time"),
            (self.changed.len(), "answered otherwise"),
            (self.added.len(), "added"),
            (self.gone.len(), "gone"),
        ];
        said.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
        format!("{}.", said.join(", "))
    }

    /// The lists that hold changes, each with its title, what matters most first.
    fn lists(&self) -> [(&'static str, &[Change]); 5] {
        [
            ("Regressions", &self.regressions),
            ("No longer judged", &self.lost),
            ("Fixed", &self.fixes),
            ("Judged for the first time", &self.gained),
            ("Answered otherwise", &self.changed),
        ]
    }

    /// As text for a terminal.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for (title, changes) in self.lists().into_iter().filter(|(_, list)| !list.is_empty()) {
            write_to(&mut text, format_args!("{}\n", painted(title, None, style)));
            if changes.len() > MOST_LINES {
                grouped(&mut text, changes, style);
                continue;
            }
            for change in changes {
                let after = painted(verdict_word(change.after), Some(change.after), style);
                let (id, said) = (visible::text(&change.case), visible::text(&change.said));
                let before = verdict_word(change.before);
                write_to(&mut text, format_args!("  {before} → {after} {id}: {said}\n"));
            }
            text.push('\n');
        }
        for (title, ids) in [("Added", &self.added), ("Gone", &self.gone)] {
            for id in ids.iter().take(MOST_LINES) {
                write_to(&mut text, format_args!("{title}: {}\n", visible::text(id)));
            }
            more(&mut text, "and", ids.len(), MOST_LINES);
        }
        text.push_str(&painted(&self.headline(), None, style));
        text.push('\n');
        text
    }

    pub(crate) fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("string keys and no fallible Serialize impl: nothing in it can fail");
        text.push('\n');
        text
    }

    /// For a comment on a pull request.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## upspec: {}\n\n", plain(&self.headline()));
        if self.old != self.new {
            let (old, new) = (plain(&self.old), plain(&self.new));
            write_to(&mut text, format_args!("{old} before, {new} now\n\n"));
        }
        for (title, changes) in self.lists().into_iter().filter(|(_, list)| !list.is_empty()) {
            let is_bad = title == "Regressions";
            match is_bad {
                true => write_to(&mut text, format_args!("### {title}\n\n")),
                false => write_to(
                    &mut text,
                    format_args!("<details><summary>{title} ({})</summary>\n\n", changes.len()),
                ),
            }
            let is_long = is_bad && changes.len() > MOST_AT_ONCE;
            if is_long {
                summed_up(&mut text, changes);
                let number = changes.len();
                write_to(
                    &mut text,
                    format_args!("\n<details><summary>Case by case ({number})</summary>\n\n"),
                );
            }
            text.push_str("| Case | Verdict | Answer | Rules | Seen |\n|---|---|---|---|---|\n");
            for change in changes.iter().take(MOST_ROWS) {
                row(&mut text, change);
            }
            more(&mut text, "\nand", changes.len(), MOST_ROWS);
            text.push_str(if is_bad && !is_long { "\n" } else { "\n</details>\n\n" });
        }
        for (title, ids) in [("Added", &self.added), ("Gone", &self.gone)] {
            for id in ids.iter().take(MOST_ROWS) {
                write_to(&mut text, format_args!("- {title}: {}\n", plain(id)));
            }
        }
        text
    }
}

/// Many changes, by the rules behind them.
fn grouped(text: &mut String, changes: &[Change], style: Style) {
    let groups = groups(changes);
    for group in groups.iter().take(MOST_LINES) {
        let (change, cases) = (group.first, counted(group.number, "case"));
        let after = painted(verdict_word(change.after), Some(change.after), style);
        let [rules, id, said] = [&change.requirements.join(", "), &change.case, &change.said]
            .map(|text| visible::text(text));
        write_to(text, format_args!("  {after} {rules}: {cases}, such as {id}: {said}\n"));
    }
    more(text, "  and", groups.len(), MOST_LINES);
    text.push('\n');
}

/// The same as a table.
fn summed_up(text: &mut String, changes: &[Change]) {
    let groups = groups(changes);
    text.push_str("| Verdict | Rules | Cases | Such as | Seen |\n|---|---|---:|---|---|\n");
    for group in groups.iter().take(MOST_LINES) {
        let change = group.first;
        let rules: Vec<String> = change.requirements.iter().map(|rule| plain(rule)).collect();
        write_to(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} |\n",
                verdict_word(change.after),
                rules.join("<br>"),
                group.number,
                plain(&change.case),
                plain(&change.said)
            ),
        );
    }
    more(text, "\nand", groups.len(), MOST_LINES);
}

fn row(text: &mut String, change: &Change) {
    let arrow = |before: &str, after: &str| match before == after {
        true => after.to_owned(),
        false => format!("{before} → {after}"),
    };
    let [before, after] =
        change.outcomes.each_ref().map(|one| plain(one.as_deref().unwrap_or("not played")));
    let verdict = arrow(verdict_word(change.before), verdict_word(change.after));
    let rules: Vec<String> = change.requirements.iter().map(|rule| plain(rule)).collect();
    write_to(
        text,
        format_args!(
            "| {} | {verdict} | {} | {} | {} |\n",
            plain(&change.case),
            arrow(&before, &after),
            rules.join("<br>"),
            plain(&change.said)
        ),
    );
}

fn more(text: &mut String, and: &str, number: usize, most: usize) {
    if number > most {
        write_to(text, format_args!("{and} {} more\n", number - most));
    }
}

/// The worst verdict of a case for each rule.
fn worst(case: &CaseResult) -> BTreeMap<&str, Verdict> {
    let mut worst = BTreeMap::new();
    if matches!(case.verdict, Verdict::Warn | Verdict::Fail) {
        shown(case).for_each(|(rule, verdict)| raise(&mut worst, rule, verdict));
    }
    worst
}

/// The same, with the habits that it shows and that count in another case.
fn with_counted(case: &CaseResult) -> BTreeMap<&str, Verdict> {
    let mut worst = worst(case);
    for counted in case.findings.iter().filter_map(|finding| finding.counted.as_ref()) {
        raise(&mut worst, &counted.requirement, counted.verdict);
    }
    worst
}

fn raise<'c>(worst: &mut BTreeMap<&'c str, Verdict>, rule: &'c str, verdict: Verdict) {
    let known = worst.entry(rule).or_insert(verdict);
    *known = verdict.max(*known);
}

fn is_judged(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Warn | Verdict::Fail)
}

/// More regressions than these are summed up by rule in a comment.
const MOST_AT_ONCE: usize = 10;

/// The most changes of one kind on a terminal.
const MOST_LINES: usize = 20;
/// The most rows of a table; hosts of code cut off longer comments.
const MOST_ROWS: usize = 100;

#[cfg(test)]
mod tests {
    use upspec_judge::{Counted, Finding};

    use super::*;
    use crate::sample;

    const KEY: &str = "rfc6455/4.2.1-key";

    fn report(cases: &[(&str, Verdict)]) -> Report {
        let cases = cases.iter().map(|(id, verdict)| CaseResult {
            id: (*id).to_owned(),
            verdict: *verdict,
            ..sample::result_of(Vec::new(), Vec::new())
        });
        Report::new(sample::about(), cases.collect(), |_| None, |_| None)
    }

    #[test]
    fn each_change_is_in_its_list() {
        use Verdict::{Error, Fail, Inconclusive, Pass, Warn};
        let ids = |list: &[Change]| list.iter().map(|one| one.case.clone()).collect::<String>();
        let rows = [
            (Pass, Fail, "r"),
            (Warn, Fail, "r"),
            (Inconclusive, Fail, "r"),
            (Pass, Warn, "r"),
            (Fail, Warn, "f"),
            (Fail, Pass, "f"),
            (Pass, Inconclusive, "l"),
            (Fail, Error, "l"),
            (Inconclusive, Pass, "g"),
            (Pass, Pass, ""),
            (Fail, Fail, ""),
        ];
        for (before, after, want) in rows {
            let made = Comparison::of(&report(&[("x", before)]), &report(&[("x", after)]));
            let got = [
                (&made.regressions, "r"),
                (&made.fixes, "f"),
                (&made.lost, "l"),
                (&made.gained, "g"),
            ]
            .map(|(list, name)| ids(list).replace('x', name))
            .concat();
            assert_eq!(got, want, "{before:?} {after:?}");
        }
        let made = Comparison::of(&report(&[("old", Pass)]), &report(&[("new", Fail)]));
        assert_eq!((made.gone, made.added), (vec!["old".to_owned()], vec!["new".to_owned()]));
    }

    #[test]
    fn another_rule_that_breaks_in_a_failing_case_is_a_regression() {
        let with = |rules: &[&str]| {
            let found =
                rules.iter().map(|rule| sample::finding(rule, "must", Verdict::Fail, "so", None));
            let case = sample::result_of(Vec::new(), found.collect());
            let case = CaseResult { verdict: Verdict::Fail, ..case };
            Report::new(sample::about(), vec![case], |_| None, |_| None)
        };
        let made = Comparison::of(&with(&[KEY]), &with(&[KEY, "rfc9112/9.6-close"]));
        assert_eq!(made.regressions[0].requirements, ["rfc9112/9.6-close"]);
        assert_eq!(made.regressions[0].worst, Verdict::Fail);
        assert!(
            Comparison::of(&with(&[KEY]), &with(&[KEY])).headline().starts_with("0 regressions")
        );
    }

    #[test]
    fn a_habit_that_counts_elsewhere_is_no_change() {
        const DATE: &str = "rfc9110/6.6.1-date";
        let counts = sample::finding(DATE, "should", Verdict::Warn, "no Date; so in 2 cases", None);
        let requirement = DATE.to_owned();
        let at = Counted { at: "server/b".to_owned(), requirement, verdict: Verdict::Warn };
        let elsewhere = Finding {
            verdict: Verdict::Pass,
            counted: Some(at),
            ..sample::finding(DATE, "should", Verdict::Warn, "no Date (counted once)", None)
        };
        let with = |verdict, finding: &Finding| {
            let case = sample::result_of(Vec::new(), vec![finding.clone()]);
            let case = CaseResult { verdict, ..case };
            Report::new(sample::about(), vec![case], |_| None, |_| None)
        };
        let (whole, part) = (with(Verdict::Pass, &elsewhere), with(Verdict::Warn, &counts));
        for (old, new) in [(&whole, &part), (&part, &whole)] {
            assert_eq!(Comparison::of(old, new).headline(), "0 regressions, 0 fixed.");
        }
    }

    #[test]
    fn many_regressions_by_one_rule_are_one_line() {
        let of = |verdict| {
            let ids: Vec<String> = (0..30).map(|at| format!("server/a/{at}")).collect();
            let rows: Vec<(&str, Verdict)> = ids.iter().map(|id| (id.as_str(), verdict)).collect();
            report(&rows)
        };
        let made = Comparison::of(&of(Verdict::Pass), &of(Verdict::Fail));
        let text = made.text(Style::Plain);
        assert!(text.contains(": 30 cases, such as server/a/0: "), "{text}");
        assert!(text.lines().count() < 8, "{text}");
        let comment = made.markdown();
        let short = comment.split("<details>").next().unwrap();
        assert!(short.contains("| 30 | server/a/0 |"), "{comment}");
        assert!(short.lines().count() < 10, "{comment}");
        assert!(comment.contains("| server/a/29 |"), "{comment}");
    }

    #[test]
    fn a_comment_says_what_matters_first_and_stays_text() {
        let (old, mut new) = (sample::report(), sample::report());
        for case in &mut new.cases {
            case.verdict =
                if case.verdict == Verdict::Pass { Verdict::Fail } else { Verdict::Pass };
            case.title = "<b>|x|</b>".to_owned();
            case.findings.clear();
        }
        let text = Comparison::of(&old, &new).markdown();
        assert!(text.contains("### Regressions"), "{text}");
        assert!(text.find("### Regressions") < text.find("<details>"), "{text}");
        assert!(!text.contains("<b>"), "{text}");
        let text = Comparison::of(&old, &new).text(Style::Plain);
        assert!(text.ends_with("1 regression, 5 fixed, 2 judged for the first time.\n"), "{text}");
    }
}
