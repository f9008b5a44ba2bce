//! The report as text for a terminal.
//! No control octet of a target gets through.

use anstyle::{AnsiColor, Style as Ansi};
use upspec_judge::{CaseResult, Verdict};

use crate::agreement;
use crate::baseline::Standing;
use crate::browsers;
use crate::command;
use crate::overview::{self, Behind, Rule};
use crate::report::Report;
use crate::section::Section;
use crate::visible::{self, counted, write_to};
use crate::words::{BY_URGENCY, level_beside, message, verdict_word};

/// Whether the text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// With ANSI escape sequences.
    Coloured,
}

/// What a run found: the causes of what fails and of what warns, the worst first, each with its rule and a
/// case that shows it; and the counts first, where a reader begins, and last, where a terminal shows them. A report
/// without causes has the rules in their place.
#[must_use]
pub fn summary(report: &Report, style: Style) -> String {
    let mut text = String::new();
    push_folded(&mut text, "", &overview::target(report), None, style);
    push_folded(&mut text, "", &overview::headline(report).join(" "), Some(BOLD), style);
    if let Some(line) = browsers::line(report) {
        push_folded(&mut text, "", &line, None, style);
    }
    write_to(&mut text, format_args!("{}\n", counts(report, style)));
    if !report.causes.is_empty() {
        push_folded(&mut text, "", &format!("By harm: {}.", overview::HARMS), None, style);
    }
    text.push('\n');
    for verdict in [Verdict::Fail, Verdict::Warn] {
        if report.causes.is_empty() {
            for rule in overview::rules(report, verdict) {
                rule_text(&mut text, report, &rule, verdict, style);
            }
        } else {
            causes_text(&mut text, report, verdict, style);
        }
    }
    let errors = report.cases.iter().filter(|case| case.verdict == Verdict::Error);
    for case in errors {
        let verdict = painted("error", Some(Verdict::Error), style);
        let message = visible::text(message(case).unwrap_or(&case.title));
        let said = format!("{}: {message}", placed(report, case));
        push_folded(&mut text, &format!("{verdict} "), &said, None, style);
        text.push('\n');
    }
    for remark in &report.remarks {
        write_to(&mut text, format_args!("Note: {}\n\n", visible::text(remark)));
    }
    text.push_str(&agreement::text(&report.agreement));
    unclear_text(&mut text, report, style);
    if let Some(traffic) = &report.traffic {
        for (name, said) in traffic.said() {
            push_folded(&mut text, "", &format!("{name}: {said}."), None, style);
        }
        text.push('\n');
    }
    // What stood in the way of all is said above.
    if report.summary.judged() > 0 || report.trouble.is_none() {
        push_folded(&mut text, "", &overview::headline(report).join(" "), Some(BOLD), style);
        write_to(&mut text, format_args!("{}\n", counts(report, style)));
    }
    if report.baseline.is_some() {
        write_to(&mut text, format_args!("\n{}", standing(report, style)));
    }
    text
}

/// The summary without colours, as a format of reports.
#[must_use]
pub(crate) fn plain(report: &Report) -> String {
    summary(report, Style::Plain)
}

/// What the baseline says of a run: the new cases by name, what is fixed, stale or no longer judged, and the
/// rest in numbers. Empty without a baseline.
#[must_use]
pub fn standing(report: &Report, style: Style) -> String {
    let mut text = String::new();
    if let Some(standing) = &report.baseline {
        write_to(&mut text, format_args!("{}\n", painted(&standing.headline(), None, style)));
        new_text(&mut text, report, standing, style);
        useless_text(&mut text, standing);
        lost_text(&mut text, report, standing);
        text.extend(standing.advice().map(|advice| format!("  {advice}\n")));
    }
    text
}

/// What nothing could be said of, by reason.
fn unclear_text(text: &mut String, report: &Report, style: Style) {
    let rows = overview::unclear(report);
    // Where nothing could be judged the sentence below says why.
    if rows.is_empty() || report.summary.judged() == 0 {
        return;
    }
    text.push_str("Inconclusive:\n");
    for (count, why) in rows.iter().take(MOST_REASONS) {
        push_folded(text, &format!("{count:>5}  "), why, None, style);
    }
    let left: usize = rows.iter().skip(MOST_REASONS).map(|(count, _)| count).sum();
    if left > 0 {
        write_to(text, format_args!("{left:>5}  for other reasons\n"));
    }
    text.push('\n');
}

fn new_text(text: &mut String, report: &Report, standing: &Standing, style: Style) {
    let cases = report.cases.iter().filter_map(|case| Some((case, standing.new.get(&case.id)?)));
    let (fails, warns): (Vec<_>, Vec<_>) = cases.partition(|(_, new)| new.verdict == Verdict::Fail);
    for (case, new) in fails.iter().take(MOST_FAILS).chain(warns.iter().take(MOST_WARNS)) {
        let word = painted(verdict_word(new.verdict), Some(new.verdict), style);
        let flaky = if case.flaky { " (flaky)" } else { "" };
        let rules = visible::text(&new.requirements.join(", "));
        let id = visible::text(&case.id);
        let answer = new.otherwise(case).map(|said| format!("; {said}")).unwrap_or_default();
        write_to(text, format_args!("  new {word} {id}{flaky}: {rules}{answer}\n"));
    }
    let rows = [(fails.len(), MOST_FAILS, "new fail"), (warns.len(), MOST_WARNS, "new warning")];
    for (number, most, what) in rows.into_iter().filter(|(number, most, _)| number > most) {
        let left = counted(number - most, &format!("more {what}"));
        write_to(text, format_args!("  and {left}; the reports have them all\n"));
    }
}

fn useless_text(text: &mut String, standing: &Standing) {
    for (word, rows) in [("fixed", &standing.fixed), ("stale", &standing.stale)] {
        for row in rows.iter().take(MOST_CASES) {
            let [rule, cases, why] =
                [&row.requirement, &row.cases, &row.why].map(|text| visible::text(text));
            write_to(text, format_args!("  {word} {rule} in {cases}: {why}\n"));
        }
        if rows.len() > MOST_CASES {
            write_to(text, format_args!("  and {} more {word}\n", rows.len() - MOST_CASES));
        }
    }
}

fn lost_text(text: &mut String, report: &Report, standing: &Standing) {
    for id in standing.lost.iter().take(MOST_CASES) {
        let case = report.cases.iter().find(|case| case.id == *id);
        let why = case.and_then(message).unwrap_or_default();
        let (id, why) = (visible::text(id), visible::text(why));
        write_to(text, format_args!("  no longer judged {id}: {why}\n"));
    }
    if standing.lost.len() > MOST_CASES {
        let left = standing.lost.len() - MOST_CASES;
        write_to(text, format_args!("  and {left} more that are no longer judged\n"));
    }
}

fn causes_text(text: &mut String, report: &Report, verdict: Verdict, style: Style) {
    let all = overview::causes(report, verdict);
    let number = all.len();
    let causes: Vec<_> = all.into_iter().filter(|one| is_news(report, one)).collect();
    let most = if verdict == Verdict::Fail { MOST_FAILS } else { MOST_WARNS };
    for behind in causes.iter().take(most) {
        let is_short = verdict == Verdict::Warn && behind.killers(report).is_empty();
        match is_short {
            true => warning_text(text, behind, style),
            false => cause_text(text, report, behind, style),
        }
    }
    if verdict == Verdict::Warn && !causes.is_empty() {
        text.push('\n');
    }
    if causes.len() > most {
        let left = counted(causes.len() - most, "more cause");
        write_to(text, format_args!("and {left} of a {}\n\n", verdict_word(verdict)));
    }
    if number > causes.len() {
        let known = counted(number - causes.len(), "known cause");
        write_to(text, format_args!("{known} of a {}\n\n", verdict_word(verdict)));
    }
}

/// Whether something of a cause is new; without a baseline all is.
fn is_news(report: &Report, behind: &Behind<'_>) -> bool {
    let is_new =
        |standing: &Standing| behind.cause.cases.iter().any(|id| standing.new.contains_key(id));
    report.baseline.as_ref().is_none_or(is_new)
}

fn cause_text(text: &mut String, report: &Report, behind: &Behind<'_>, style: Style) {
    let cause = behind.cause;
    let word = painted(verdict_word(cause.verdict), Some(cause.verdict), style);
    let mut say = |indent: &str, said: &str, ansi| push_folded(text, indent, said, ansi, style);
    say(&format!("{word} "), &visible::text(&cause.title), Some(BOLD));
    if let Some(mend) = overview::mend(cause) {
        say(DEEP, &format!("Mend: {mend}"), None);
    }
    let killers = behind.killers(report);
    if killers.is_empty() {
        example_text(text, report, behind, style);
    } else {
        shown_text(text, report, &killers, style);
    }
    let mut say = |said: String| push_folded(text, DEEP, &said, None, style);
    let others = cause.others.as_ref().map(|others| format!(" {}", visible::text(others)));
    let (harm, why) = (visible::text(&cause.harm), visible::text(&cause.why));
    say(format!("{harm}: {why}{}", others.unwrap_or_default()));
    let level = level_beside(&visible::text(behind.level), cause.verdict);
    let rule = behind.rule.map(|rule| format!(": {}", visible::text(rule))).unwrap_or_default();
    say(format!("{level}{rule}"));
    say(format!("{}{}", visible::text(&cause.requirement), link(behind.sections)));
    text.push('\n');
}

/// A cause that warns, in a line: nobody has to act on it at once.
fn warning_text(text: &mut String, behind: &Behind<'_>, style: Style) {
    let cause = behind.cause;
    let word = painted(verdict_word(cause.verdict), Some(cause.verdict), style);
    let case = behind.example.map(|case| visible::text(&case.id)).unwrap_or_default();
    let flaky = if behind.example.is_some_and(|case| case.flaky) { " (flaky)" } else { "" };
    let (title, harm) = (visible::text(&cause.title), visible::text(&cause.harm));
    let said = format!("{title} ({harm}; {}): {case}{flaky}", cause.counts());
    push_folded(text, &format!("{word} "), &said, None, style);
}

/// The case that shows a cause best, with the command that plays it again, in lines that no terminal has to break.
fn example_text(text: &mut String, report: &Report, behind: &Behind<'_>, style: Style) {
    let Some(case) = behind.example else {
        return;
    };
    let such_as = if behind.cause.cases.len() > 1 { ", such as" } else { ":" };
    let flaky = if case.flaky { " (flaky)" } else { "" };
    let mut say = |said: String| push_folded(text, DEEP, &said, None, style);
    say(format!("{}{such_as} {}{flaky}", behind.cause.counts(), placed(report, case)));
    let rows = [("Seen: ", &behind.seen), ("Expected: ", &behind.expected)];
    for (name, said) in rows.into_iter().filter_map(|(name, said)| Some((name, said.as_ref()?))) {
        say(format!("{name}{said}"));
    }
    if let Some(why) = behind.reason {
        say(visible::text(why));
    }
    let condition = command::condition(report).map(|one| format!(" ({one})")).unwrap_or_default();
    let again = format!("Again{condition}: {}", command::of_case(report, &case.id));
    for (at, line) in command::lines(&again, WIDTH - INDENT.len()).iter().enumerate() {
        let indent = if at == 0 { DEEP } else { INDENT };
        write_to(text, format_args!("{indent}{line}\n"));
    }
}

/// Where the first section can be read, behind a comma.
fn link(sections: &[String]) -> String {
    let link = sections.first().and_then(|section| Section::parse(section));
    link.map(|section| format!(", {}", section.url())).unwrap_or_default()
}

fn rule_text(text: &mut String, report: &Report, rule: &Rule<'_>, verdict: Verdict, style: Style) {
    let said = visible::text(rule.note.map_or(rule.id, |note| note.text.as_str()));
    let word = painted(verdict_word(verdict), Some(verdict), style);
    push_folded(text, &format!("{word} "), &said, Some(BOLD), style);
    let level = level_beside(&visible::text(rule.level), verdict);
    let link = link(rule.sections);
    push_folded(text, DEEP, &format!("{level}, {}{link}", visible::text(rule.id)), None, style);
    shown_text(text, report, &rule.shown, style);
    text.push('\n');
}

/// A text in lines that no terminal has to break, if its words allow it: the first behind `lead`, the others as far in
/// as what stands in a cause.
fn push_folded(text: &mut String, lead: &str, said: &str, ansi: Option<Ansi>, style: Style) {
    let indent = if lead.is_empty() { "" } else { DEEP };
    let mut lines: Vec<String> = Vec::new();
    for word in said.split(' ') {
        match lines.last_mut() {
            Some(line)
                if indent.len() + line.chars().count() + 1 + word.chars().count() <= WIDTH =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    for (position, line) in lines.iter().enumerate() {
        let line = match (ansi, style) {
            (Some(ansi), Style::Coloured) => format!("{ansi}{line}{ansi:#}"),
            _ => line.clone(),
        };
        let lead = if position == 0 { lead } else { indent };
        write_to(text, format_args!("{lead}{line}\n"));
    }
}

/// The first cases, each with what it says, and what the target printed before it died of it.
fn shown_text(text: &mut String, report: &Report, shown: &[(&CaseResult, &str)], style: Style) {
    let mut printed: Vec<&[String]> = Vec::new();
    for (case, message) in shown.iter().take(MOST_CASES) {
        case_text(text, report, (case, message), style);
        let output = case.death.as_ref().map(|death| &death.output[..]).unwrap_or_default();
        if printed.len() < MOST_OUTPUTS && !printed.contains(&output) {
            printed.push(output);
            output_text(text, output);
        }
    }
    if shown.len() > MOST_CASES {
        let left = counted(shown.len() - MOST_CASES, "more case");
        write_to(text, format_args!("     and {left}\n"));
    }
}

fn case_text(text: &mut String, report: &Report, shown: (&CaseResult, &str), style: Style) {
    let (case, message) = shown;
    let flaky = if case.flaky { " (flaky)" } else { "" };
    let message = visible::text(message);
    push_folded(text, DEEP, &format!("{}{flaky}: {message}", placed(report, case)), None, style);
}

/// The last lines that a server printed before it died.
fn output_text(text: &mut String, output: &[String]) {
    let says_why = |line: &String| REASONS.iter().any(|word| line.contains(word));
    let last = output.len().saturating_sub(MOST_LINES);
    let from = output.iter().position(says_why).map_or(last, |first| first.min(last));
    for line in output[from..].iter().take(MOST_LINES) {
        write_to(text, format_args!("       | {}\n", visible::text(line)));
    }
}

/// A case and where it is written: `server/key/absent (cases/server/key.toml:12)`.
fn placed(report: &Report, case: &CaseResult) -> String {
    let source = report.source(case).map(|at| format!(" ({})", visible::text(at)));
    format!("{}{}", visible::text(&case.id), source.unwrap_or_default())
}

fn counts(report: &Report, style: Style) -> String {
    let counts = BY_URGENCY.map(|verdict| {
        let count = report.summary.count(verdict);
        let words = format!("{count} {}", verdict_word(verdict));
        if count > 0 { painted(&words, Some(verdict), style) } else { words }
    });
    counts.join(", ")
}

/// Text in the colour of a verdict, or bold without one.
pub(crate) fn painted(text: &str, verdict: Option<Verdict>, style: Style) -> String {
    let ansi = match (style, verdict) {
        (Style::Plain, _) => return text.to_owned(),
        (Style::Coloured, Some(verdict)) => colour(verdict).on_default().bold(),
        (Style::Coloured, None) => Ansi::new().bold(),
    };
    format!("{ansi}{text}{ansi:#}")
}

fn colour(verdict: Verdict) -> AnsiColor {
    match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Warn => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
        Verdict::Inconclusive => AnsiColor::Cyan,
        Verdict::Error => AnsiColor::Magenta,
    }
}

/// What the line of a server's output begins with or holds that says why it ends.
const REASONS: [&str; 6] = ["Error", "error:", "Exception", "Traceback", "panic", "fatal"];

/// The columns of a narrow terminal.
const WIDTH: usize = 80;

/// What stands before what is said of a cause.
const DEEP: &str = "     ";

const BOLD: Ansi = Ansi::new().bold();

/// What stands before the further lines of a command.
const INDENT: &str = "       ";

/// How many outputs are repeated for a rule.
const MOST_OUTPUTS: usize = 3;

/// The most lines of a server's output that are repeated; the other formats have more.
const MOST_LINES: usize = 12;

/// The most causes of fails, and new fails, that are shown; the other formats show them all.
const MOST_FAILS: usize = 20;

/// The most reasons of inconclusive cases that are shown.
const MOST_REASONS: usize = 8;

/// The most causes of warnings that are shown.
const MOST_WARNS: usize = 10;

/// The most cases of a rule that are named; the other formats name them all.
const MOST_CASES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_text_is_as_it_was() {
        insta::assert_snapshot!(summary(&sample::report(), Style::Plain));
    }

    #[test]
    fn a_report_without_causes_has_its_rules() {
        let old = Report { causes: Vec::new(), ..sample::report() };
        insta::assert_snapshot!(summary(&old, Style::Plain));
    }

    #[test]
    fn no_control_octet_comes_through() {
        let text = summary(&sample::report(), Style::Plain);
        assert_eq!(text.chars().find(|c| c.is_control() && *c != '\n'), None);
    }

    #[test]
    fn colours_are_all_that_style_adds() {
        let coloured = summary(&sample::report(), Style::Coloured);
        let escapes = coloured.matches('\x1b').count();
        assert_eq!(coloured.matches("\x1b[").count(), escapes);
        let mut bare = String::new();
        for part in coloured.split('\x1b') {
            let sequence = part.starts_with('[').then(|| part.split_once('m')).flatten();
            bare.push_str(sequence.map_or(part, |(_, rest)| rest));
        }
        assert_eq!(bare, summary(&sample::report(), Style::Plain));
    }
}
