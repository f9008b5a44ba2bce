//! A comparison of servers as text for a terminal. No control octet of a server gets through.

use upspec_judge::Verdict;

use crate::diff::{ComparedCase, Diff, Group, Server, peers, permitted_word};
use crate::text::{Style, painted};
use crate::visible::{self, counted, write_to};
use crate::words::{level_word, verdict_word};

/// The cases in which servers differ, who did what, what the RFCs make of it, and the counts last.
#[must_use]
pub fn diff_summary(diff: &Diff, style: Style) -> String {
    let mut text = String::new();
    for case in &diff.cases {
        case_text(&mut text, diff, case, style);
    }
    for server in &diff.servers {
        server_text(&mut text, server, style);
    }
    let said = headline(diff);
    write_to(&mut text, format_args!("\n{}\n", painted(&said, None, style)));
    text
}

/// The comparison in one sentence.
pub(crate) fn headline(diff: &Diff) -> String {
    let servers = peers(diff);
    match diff.compared {
        0 => format!("{servers}, and no case that two of them were asked."),
        compared => {
            format!("{servers} differ in {} of {}.", diff.differing, counted(compared, "case"))
        }
    }
}

fn case_text(text: &mut String, diff: &Diff, case: &ComparedCase, style: Style) {
    let title = painted(&visible::text(&case.title), None, style);
    write_to(text, format_args!("{title}\n"));
    let note = diff.requirements.get(&case.requirement);
    let level = note.map(|note| level_word(&visible::text(&note.level)));
    let level = level.map(|level| format!("{level}, ")).unwrap_or_default();
    let (id, rule) = (visible::text(&case.id), visible::text(&case.requirement));
    write_to(text, format_args!("     {id} · {level}{rule}\n"));
    for group in &case.groups {
        group_text(text, group, style);
    }
    text.push('\n');
}

fn group_text(text: &mut String, group: &Group, style: Style) {
    let word = format!("{:<11}", permitted_word(group.verdict));
    let word = painted(&word, Some(group.verdict), style);
    let names: Vec<String> = group.servers.iter().map(|name| visible::text(name)).collect();
    let did = visible::text(&group.did());
    write_to(text, format_args!("  {word} {did}: {}\n", names.join(", ")));
    let worst = group.findings.iter().filter(|one| one.verdict == group.verdict);
    for finding in worst.filter(|one| one.verdict >= Verdict::Warn).take(1) {
        let (rule, said) = (visible::text(&finding.requirement), visible::text(&finding.message));
        write_to(text, format_args!("              {rule}: {said}\n"));
    }
}

fn server_text(text: &mut String, server: &Server, style: Style) {
    let (name, url) = (visible::text(&server.name), visible::text(&server.url));
    let verdicts = [Verdict::Fail, Verdict::Warn, Verdict::Pass, Verdict::Inconclusive];
    let counts = verdicts.map(|verdict| {
        let count = server.summary.count(verdict);
        painted(
            &format!("{count} {}", verdict_word(verdict)),
            (count > 0).then_some(verdict),
            style,
        )
    });
    let counts = counts.join(", ");
    match &server.trouble {
        None => write_to(text, format_args!("{name} ({url}): {counts}\n")),
        Some(trouble) => {
            let trouble = visible::text(trouble);
            write_to(text, format_args!("{name} ({url}): {trouble}; {counts}\n"));
        }
    }
}
