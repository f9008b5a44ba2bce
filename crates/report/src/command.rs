//! Commands for a shell that play a run, or some of its cases, again, with all options of the run.

use std::collections::BTreeSet;

use upspec_corpus::case::Role;

use crate::cause::Cause;
use crate::report::Report;
use crate::visible;
use crate::words::verdict_word;

/// A command that plays cases of a cause again.
pub(crate) struct Again {
    /// The command.
    pub(crate) command: String,
    /// Which part of the cases it plays, where it is not all: `6 of its 98 cases`, `those that fail`.
    pub(crate) part: Option<String>,
}

/// The command that plays the same octets again. Of a report that does not know its own it has what can be told.
pub(crate) fn of_run(report: &Report) -> String {
    if let Some(again) = &report.again {
        return visible::text(again);
    }
    format!("upspec run {} --seed {}", word(&report.target.url), report.seed)
}

/// The command that plays a case again.
pub(crate) fn of_case(report: &Report, id: &str) -> String {
    only(report, [id])
}

/// What has to be so besides, for a command to do anything: a proxy that stands somewhere passes to our origin.
pub(crate) fn condition(report: &Report) -> Option<String> {
    let run = of_run(report);
    let words = words(&run);
    let stands = report.target.role == Role::Intermediary
        && words.get(2).is_some_and(|url| !url.starts_with('-'))
        && !words.iter().any(|word| matches!(*word, "--proxy-cmd" | "--forward-proxy"));
    let at = words.iter().position(|word| *word == "--origin-listen");
    let origin = at.and_then(|at| words.get(at + 1)).copied().unwrap_or(USUAL_ORIGIN);
    stands.then(|| format!("the proxy has to pass to {origin}"))
}

/// The command that plays the cases of a cause again: by their ids where they are few, else by their topics, and where
/// those are many some of them.
pub(crate) fn of_cause(report: &Report, cause: &Cause) -> Again {
    let ids: Vec<&str> = cause.shown().iter().map(String::as_str).collect();
    if ids.len() <= FEW {
        return Again { command: only(report, ids), part: None };
    }
    let topics = ids.iter().filter_map(|id| id.rsplit_once('/').map(|(topic, _)| topic));
    let topics: BTreeSet<&str> = topics.collect();
    if topics.len() <= FEW_TOPICS {
        return Again { command: only(report, topics), part: None };
    }
    let worst = cause.worst();
    let part = match worst.len() {
        ..=FEW => format!("those that {}", verdict_word(cause.verdict)),
        _ => format!("{FEW} of its {} cases", ids.len()),
    };
    let command = only(report, worst.iter().take(FEW).map(String::as_str));
    Again { command, part: Some(part) }
}

/// A command over as many lines of this width as it needs, each option with its value. They are one command for a shell.
pub(crate) fn lines(command: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in words(command) {
        match parts.last_mut() {
            Some(option)
                if option.starts_with("--") && !option.contains(' ') && !word.starts_with("--") =>
            {
                option.push(' ');
                option.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() + " \\".len() < width => {
                line.push(' ');
                line.push_str(&part);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(part);
            }
            None => lines.push(part),
        }
    }
    lines
}

/// The command of the run with these cases in the place of those that it was told to play. It tells what came, and
/// leaves the reports of the run as they are.
fn only<'i>(report: &Report, ids: impl IntoIterator<Item = &'i str>) -> String {
    let run = of_run(report);
    let mut kept = Vec::new();
    let mut words = words(&run).into_iter();
    while let Some(word) = words.next() {
        if OTHERWISE.contains(&word) {
            words.next();
        } else if !TELLING.contains(&word) {
            kept.push(word.to_owned());
        }
    }
    kept.extend(ids.into_iter().map(|id| format!("--only {}", word(id))));
    kept.push("-v --report json=again.json".to_owned());
    kept.join(" ")
}

/// The words of a command, as a shell parts them, with their quotes.
fn words(command: &str) -> Vec<&str> {
    let mut quote = None;
    let mut is_escaped = false;
    let parted = command.split(move |letter: char| {
        let is_plain = !std::mem::take(&mut is_escaped);
        match (letter, quote) {
            ('\\', None | Some('"')) if is_plain => is_escaped = true,
            ('\'' | '"', None) if is_plain => quote = Some(letter),
            (letter, Some(open)) if is_plain && letter == open => quote = None,
            _ => {}
        }
        letter == ' ' && quote.is_none() && is_plain
    });
    parted.filter(|word| !word.is_empty()).collect()
}

/// A text as one word of a shell.
fn word(text: &str) -> String {
    let text = visible::text(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_%@,+=".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// Where our origin listens if nothing else is said.
const USUAL_ORIGIN: &str = "127.0.0.1:9000";

/// Options that say which cases a run plays and where its reports go, each with a value.
const OTHERWISE: [&str; 6] =
    ["--max-fail", "--only", "--partition", "--report", "--sample", "--tag"];

/// Options that say how much a run tells, and that it stops early.
const TELLING: [&str; 6] = ["--fail-fast", "-q", "--quiet", "-v", "-vv", "--verbose"];

/// The most cases of a cause that a command names.
const FEW: usize = 6;

/// The most topics that it names.
const FEW_TOPICS: usize = 3;

#[cfg(test)]
mod tests {
    use upspec_judge::Verdict;

    use super::*;
    use crate::sample;

    fn report(again: &str) -> Report {
        Report { again: Some(again.to_owned()), ..sample::report() }
    }

    #[test]
    fn a_case_is_played_with_the_options_of_the_run() {
        let rows = [
            (
                "upspec run ws://h/ --seed 1",
                "upspec run ws://h/ --seed 1 --only a/b/c -v --report json=again.json",
            ),
            (
                "upspec run --only 'server/*' --jobs 4 -q --only x --partition 1/2 --sample 3 --tag quick --fail-fast --max-fail 2 --report html=a.html",
                "upspec run --jobs 4 --only a/b/c -v --report json=again.json",
            ),
            (
                r"upspec client --cmd 'node '\''a --only b'\'' {url}' --seed 1",
                r"upspec client --cmd 'node '\''a --only b'\'' {url}' --seed 1 --only a/b/c -v --report json=again.json",
            ),
        ];
        for (again, want) in rows {
            assert_eq!(of_case(&report(again), "a/b/c"), want);
        }
        let old = Report { again: None, ..sample::report() };
        let want = r"upspec run 'ws://127.0.0.1:9001/chat?<i>&x='\''y'\''' --seed 42 --only a -v --report json=again.json";
        assert_eq!(of_case(&old, "a"), want);
    }

    #[test]
    fn a_cause_is_played_by_a_command_that_stays_short() {
        let cause = |cases: Vec<String>, warn: usize| Cause {
            title: String::new(),
            mend: None,
            verdict: Verdict::Fail,
            requirement: String::new(),
            harm: String::new(),
            why: String::new(),
            fail: cases.len() - warn,
            warn,
            cases,
            fault: None,
            others: None,
        };
        let ids = |topics: usize, number: usize| {
            let id = |at: usize| format!("server/t{}/c{at}", at % topics);
            (0..number).map(id).collect::<Vec<_>>()
        };
        let made = |cases| of_cause(&report("upspec run"), &cause(cases, 0));
        let played = |made: Again| made.command.replace(" -v --report json=again.json", "");
        assert_eq!(played(made(ids(1, 2))), "upspec run --only server/t0/c0 --only server/t0/c1");
        assert_eq!(played(made(ids(2, 9))), "upspec run --only server/t0 --only server/t1");
        let many = made(ids(9, 98));
        assert_eq!(many.command.matches("--only").count(), 6);
        assert_eq!(many.part.as_deref(), Some("6 of its 98 cases"));
        let few = of_cause(&report("upspec run"), &cause(ids(9, 98), 96));
        assert_eq!(few.part.as_deref(), Some("those that fail"));
        assert_eq!(played(few), "upspec run --only server/t0/c0 --only server/t1/c1");
    }

    #[test]
    fn a_proxy_has_to_pass_to_our_origin() {
        let rows = [
            ("upspec run http://h/ --seed 1", Role::Server, None),
            ("upspec proxy --seed 1", Role::Intermediary, None),
            ("upspec proxy http://h/ --seed 1", Role::Intermediary, Some("127.0.0.1:9000")),
            (
                "upspec proxy http://h/ --seed 1 --origin-listen [::1]:9100 --jobs 2",
                Role::Intermediary,
                Some("[::1]:9100"),
            ),
            ("upspec proxy http://h/ --proxy-cmd 'a b'", Role::Intermediary, None),
            ("upspec proxy http://h/ --forward-proxy", Role::Intermediary, None),
        ];
        for (again, role, origin) in rows {
            let mut report = report(again);
            report.target.role = role;
            let want = origin.map(|origin| format!("the proxy has to pass to {origin}"));
            assert_eq!(condition(&report), want, "{again}");
        }
    }

    #[test]
    fn lines_are_one_command() {
        let made = lines("upspec run 'ws://h/ a' --seed 1 --only server/key", 30);
        assert_eq!(made, ["upspec run 'ws://h/ a' \\", "--seed 1 --only server/key"]);
        let made = lines("upspec run --only server/key --only server/target", 40);
        assert_eq!(made, ["upspec run --only server/key \\", "--only server/target"]);
    }
}
