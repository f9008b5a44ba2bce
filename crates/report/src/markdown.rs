//! The report as a short Markdown summary, for the job page of a CI system.
//! Every sign that means something in Markdown or HTML is escaped.

use upspec_judge::Verdict;

use crate::browsers;
use crate::overview::{self, Rule};
use crate::report::Report;
use crate::section::Section;
use crate::visible::{self, counted, write_to};
use crate::words::{BY_URGENCY, level_beside, message, verdict_word};

/// The report as Markdown: causes, counts, the rules that are broken or draw warnings, and the cases that fail.
#[must_use]
pub(crate) fn markdown(report: &Report) -> String {
    let name = report.target.name.as_ref().unwrap_or(&report.target.url);
    let mut text = format!("## upspec: {}\n\n", plain(name));
    text.extend(browsers::line(report).map(|line| format!("**{}**\n\n", plain(&line))));
    write_to(&mut text, format_args!("{}\n\n", overview::headline(report).join(" ")));
    for remark in &report.remarks {
        write_to(&mut text, format_args!("> {}\n\n", plain(remark)));
    }
    standing(&mut text, report);
    causes(&mut text, report);
    counts(&mut text, report);
    unclear(&mut text, report);
    deaths(&mut text, report);
    rules(&mut text, "Broken rules", Verdict::Fail, &overview::rules(report, Verdict::Fail));
    rules(&mut text, "Warnings", Verdict::Warn, &overview::rules(report, Verdict::Warn));
    cases(&mut text, report);
    let about = [
        format!("Target {}", plain(&report.target.url)),
        format!("upspec {}", plain(&report.tool.version)),
        format!("seed {}", report.seed),
        format!("started {}", report.started),
        format!("took {} ms", report.elapsed_ms),
    ];
    write_to(&mut text, format_args!("{}\n", about.join(" · ")));
    text
}

/// What the baseline says: new cases in a table, the rest in lines.
fn standing(text: &mut String, report: &Report) {
    let Some(standing) = &report.baseline else {
        return;
    };
    write_to(text, format_args!("**{}**\n\n", plain(&standing.headline())));
    if !standing.new.is_empty() {
        text.push_str("### New\n\n| Verdict | Case | Rules | Seen |\n|---|---|---|---|\n");
    }
    let new = report.cases.iter().filter_map(|case| Some((case, standing.new.get(&case.id)?)));
    for (case, new) in new.take(MOST_ROWS) {
        let (verdict, id) = (verdict_word(new.verdict), plain(&case.id));
        let rules = new.requirements.iter().map(|rule| plain(rule));
        let rules: Vec<String> =
            rules.chain(new.otherwise(case).map(|said| plain(&said))).collect();
        let seen = plain(message(case).unwrap_or(&case.title));
        write_to(text, format_args!("| {verdict} | {id} | {} | {seen} |\n", rules.join("<br>")));
    }
    more(text, standing.new.len(), "new case");
    for (word, rows) in [("Fixed", &standing.fixed), ("Stale", &standing.stale)] {
        for row in rows.iter().take(MOST_ROWS) {
            let (rule, cases, why) = (plain(&row.requirement), plain(&row.cases), plain(&row.why));
            write_to(text, format_args!("- {word}: {rule} in {cases}, {why}\n"));
        }
    }
    for id in standing.lost.iter().take(MOST_ROWS) {
        write_to(text, format_args!("- No longer judged: {}\n", plain(id)));
    }
    text.extend(standing.advice().map(|advice| format!("- {}\n", plain(&advice))));
    text.push('\n');
}

fn counts(text: &mut String, report: &Report) {
    text.push_str("| fail | warn | error | inconclusive | pass |\n|---:|---:|---:|---:|---:|\n|");
    for verdict in BY_URGENCY {
        write_to(text, format_args!(" {} |", report.summary.count(verdict)));
    }
    text.push_str("\n\n");
}

/// Why cases are inconclusive, folded up.
fn unclear(text: &mut String, report: &Report) {
    let rows = overview::unclear(report);
    if rows.is_empty() {
        return;
    }
    let number = counted(report.summary.inconclusive, "inconclusive case");
    write_to(text, format_args!("<details><summary>Why {number}</summary>\n\n"));
    for (count, why) in rows.iter().take(MOST_ROWS) {
        write_to(text, format_args!("- {count}: {}\n", plain(why)));
    }
    text.push_str("\n</details>\n\n");
}

fn deaths(text: &mut String, report: &Report) {
    let killers: Vec<_> = report.cases.iter().filter(|case| case.death.is_some()).collect();
    if killers.is_empty() {
        return;
    }
    text.push_str(
        "### Deaths of the target\n\n| Case | What happened | Printed last |\n|---|---|---|\n",
    );
    for case in killers.iter().take(MOST_ROWS) {
        let happened = plain(message(case).unwrap_or(&case.title));
        let output = case.death.as_ref().map(|death| &death.output[..]).unwrap_or_default();
        let from = output.len().saturating_sub(MOST_LINES);
        let lines: Vec<String> = output[from..].iter().map(|line| plain(line.trim())).collect();
        let (id, lines) = (plain(&case.id), lines.join("<br>"));
        write_to(text, format_args!("| {id} | {happened} | {lines} |\n"));
    }
    more(text, killers.len(), "case");
}

/// What is to be mended, the worst first.
fn causes(text: &mut String, report: &Report) {
    let [fails, warns] = [Verdict::Fail, Verdict::Warn].map(|one| overview::causes(report, one));
    if fails.is_empty() && warns.is_empty() {
        return;
    }
    text.push_str("### Causes\n\n| Verdict | Harm | Cause | Level | Section | Cases | Example |\n");
    text.push_str("|---|---|---|---|---|---:|---|\n");
    for behind in fails.iter().chain(&warns).take(MOST_CAUSES) {
        let cause = behind.cause;
        write_to(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {} |\n",
                verdict_word(cause.verdict),
                plain(&cause.harm),
                plain(&cause.title),
                plain(&level_beside(behind.level, cause.verdict)),
                section(behind.sections),
                cause.counts(),
                behind.example.map(|case| plain(&case.id)).unwrap_or_default(),
            ),
        );
    }
    let number = fails.len() + warns.len();
    if number > MOST_CAUSES {
        let left = counted(number - MOST_CAUSES, "more cause");
        write_to(text, format_args!("\nand {left}\n"));
    }
    text.push('\n');
}

fn rules(text: &mut String, title: &str, verdict: Verdict, rules: &[Rule<'_>]) {
    if rules.is_empty() {
        return;
    }
    write_to(text, format_args!("### {title}\n\n| Level | Rule | Section | Seen | Cases |\n"));
    text.push_str("|---|---|---|---|---:|\n");
    for rule in rules.iter().take(MOST_ROWS) {
        let said = rule.note.map_or(rule.id, |note| note.text.as_str());
        let seen = rule.shown.first().map_or("", |(_, message)| message);
        let level = level_beside(rule.level, verdict);
        write_to(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} |\n",
                plain(&level),
                plain(said),
                section(rule.sections),
                plain(seen),
                rule.shown.len(),
            ),
        );
    }
    more(text, rules.len(), "rule");
}

fn cases(text: &mut String, report: &Report) {
    let bad = |verdict| matches!(verdict, Verdict::Fail | Verdict::Error);
    let failing: Vec<_> = report.cases.iter().filter(|case| bad(case.verdict)).collect();
    if failing.is_empty() {
        return;
    }
    text.push_str("### Failing cases\n\n| Verdict | Case | Seen |\n|---|---|---|\n");
    for case in failing.iter().take(MOST_ROWS) {
        let flaky = if case.flaky { " (flaky)" } else { "" };
        let (verdict, id) = (verdict_word(case.verdict), plain(&case.id));
        let source = report.source(case).map(|at| format!(" ({})", plain(at))).unwrap_or_default();
        let message = plain(message(case).unwrap_or(&case.title));
        write_to(text, format_args!("| {verdict}{flaky} | {id}{source} | {message} |\n"));
    }
    more(text, failing.len(), "case");
}

fn more(text: &mut String, number: usize, noun: &str) {
    if number > MOST_ROWS {
        let left = counted(number - MOST_ROWS, &format!("more {noun}"));
        write_to(text, format_args!("\nand {left}\n"));
    }
    text.push('\n');
}

/// The first section as a link, if it is one of an RFC.
fn section(references: &[String]) -> String {
    let first = references.first().map(String::as_str).unwrap_or_default();
    match Section::parse(first) {
        Some(section) => format!("[{}]({})", section.name(), section.url()),
        None => plain(first),
    }
}

/// Text that stays text: what Markdown, its tables, its automatic links and mentions, and HTML give a
/// meaning to is escaped, and it stays on its line.
pub(crate) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut last = ' ';
    let shown = visible::text(text);
    let mut left = shown.chars().take(LONGEST_TEXT).peekable();
    while let Some(c) = left.next() {
        match c {
            // It begins neither a smiley nor a link.
            ':' if left.peek() == Some(&' ') => escaped.push(c),
            '@' => escaped.push_str("&#64;"),
            '.' if last.eq_ignore_ascii_case(&'w') => escaped.push_str("\\."),
            c if MEANINGFUL.contains(c) => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
        last = c;
    }
    if text.chars().nth(LONGEST_TEXT).is_some() {
        escaped.push('…');
    }
    escaped
}

/// Signs that begin something in Markdown, its extensions or HTML.
const MEANINGFUL: &str = "\\`*_{}[]<>()#|~&:$!";

/// The most causes of the table that leads.
const MOST_CAUSES: usize = 30;

/// The most rows of a table; CI systems cut off longer summaries.
const MOST_ROWS: usize = 100;

/// How many lines of a server's output are repeated.
const MOST_LINES: usize = 6;

/// Where a text in a table is cut, in characters.
const LONGEST_TEXT: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_summary_is_as_it_was() {
        insta::assert_snapshot!(markdown(&sample::report()));
    }

    #[test]
    fn text_stays_text() {
        let rows = [
            ("a | b\r\n# c", "a \\| b\\\\r\\\\n\\# c"),
            ("<img src=x>", "\\<img src=x\\>"),
            ("![x](https://e.example)", "\\!\\[x\\]\\(https\\://e.example\\)"),
            ("www.e.example @you `c` **b**", "www\\.e.example &#64;you \\`c\\` \\*\\*b\\*\\*"),
            ("&lt; $x$ :tada:", "\\&lt; \\$x\\$ \\:tada\\:"),
            ("breaks what it can: a lot", "breaks what it can: a lot"),
        ];
        for (from, want) in rows {
            assert_eq!(plain(from), want);
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let text = markdown(&sample::full_report(3200));
        assert!(text.contains("and 100 more cases"));
        assert!(text.len() < 60_000, "{} octets", text.len());
    }
}
