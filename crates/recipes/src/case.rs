//! A recipe as a case: in memory for the judge, and as a case file that replays it.
//! Never says more of the answer than the model does.

use std::fmt::Write as _;
use std::time::Duration;

use upspec_corpus::case::{Case, Need, Step};
use upspec_corpus::template::escape;
use upspec_corpus::{Bindings, Template};
use upspec_handshake::permitted::{Answer, Endpoint};

use crate::expect::expected;
use crate::recipe::Recipe;

/// What a case of a recipe is called, and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseName<'a> {
    /// What its id begins with: `user/server/found`.
    pub topic: &'a str,
    /// The last part of its id.
    pub name: &'a str,
    /// The answer whose rule it cites: a 101 breaks another one than a 200 to the same request.
    pub against: Answer,
}

impl Recipe {
    /// The case that plays the recipe and expects what the model permits. `bindings` are those of
    /// the target: whether a Host is right depends on them.
    #[must_use]
    pub fn case(&self, name: CaseName<'_>, endpoint: &Endpoint, bindings: &Bindings) -> Case {
        let expected = expected(self, endpoint, bindings, name.against);
        let mut steps = self.steps();
        // Nothing is due to a request without an end, so that nobody need wait for it.
        if !expected.whole {
            steps.push(Step::ShutdownWrite);
        }
        Case {
            id: format!("{}/{}", name.topic, name.name),
            title: expected.title,
            why: Some(format!("Recipe: {self}")),
            requirement: expected.requirement,
            needs: vec![Need::Endpoint],
            steps,
            expect: expected.alternatives,
            ..Case::default()
        }
    }
}

/// A case file with this one case of HTTP/1.1. It is read back as the same case; frames of HTTP/2,
/// which no recipe has, are left out.
#[must_use]
pub fn case_file(case: &Case, title: &str) -> String {
    let mut out = String::new();
    let name = case.id.rsplit('/').next().unwrap_or_default();
    line(&mut out, "title", &basic(title));
    out.push_str("\n[[case]]\n");
    line(&mut out, "name", &basic(name));
    line(&mut out, "title", &basic(&case.title));
    line(&mut out, "requirement", &basic(&case.requirement));
    if let Some(why) = &case.why {
        line(&mut out, "why", &basic(why));
    }
    let needs: Vec<String> = case.needs.iter().map(|need| format!("\"{need}\"")).collect();
    line(&mut out, "needs", &format!("[{}]", needs.join(", ")));
    for one in &case.steps {
        out.push_str("\n[[case.step]]\n");
        step(&mut out, one);
    }
    for one in &case.expect {
        out.push_str("\n[[case.expect]]\n");
        line(&mut out, "status", &basic(&one.outcomes.to_string()));
        line(&mut out, "grade", &basic(&one.grade.to_string()));
        if let Some(requirement) = &one.requirement {
            line(&mut out, "requirement", &basic(requirement));
        }
        if let Some(because) = &one.because {
            line(&mut out, "because", &basic(because));
        }
    }
    out
}

fn step(out: &mut String, step: &Step) {
    match step {
        Step::Send(bytes) => {
            out.push_str("send = [\n");
            for text in lines(bytes) {
                writeln!(out, "  '{text}',").expect("a string takes it all");
            }
            out.push_str("]\n");
        }
        Step::Repeat { times, bytes } => {
            let table = format!("{{ times = {times}, bytes = '{bytes}' }}");
            line(out, "repeat", &table);
        }
        Step::Wait(time) => line(out, "wait", &basic(&millis(*time))),
        Step::Await(outcomes) => line(out, "await", &basic(&outcomes.to_string())),
        Step::ShutdownWrite => line(out, "shutdown", "\"write\""),
        Step::AwaitSettings => line(out, "await", "\"settings\""),
        Step::H2(_) => {}
    }
}

/// The spelling of a template, a text for each line that it writes.
fn lines(template: &Template) -> Vec<String> {
    let spelt = template.to_string();
    let mut lines: Vec<String> = Vec::new();
    for part in spelt.split_inclusive("\\n") {
        // An escaped backslash before an `n` is no line end.
        match lines.last_mut() {
            Some(last) if !ends_line(last) => last.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

fn ends_line(spelt: &str) -> bool {
    let before = spelt.strip_suffix('n').unwrap_or_default();
    before.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

fn millis(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}

fn line(out: &mut String, key: &str, value: &str) {
    writeln!(out, "{key} = {value}").expect("a string takes it all");
}

/// A basic string of TOML. What is no printable ASCII is spelt as case files do.
fn basic(text: &str) -> String {
    let printable = |c: char| (' '..='~').contains(&c);
    let text: String = text
        .chars()
        .map(|c| if printable(c) { c.to_string() } else { escape(c.to_string().as_bytes()) })
        .collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use upspec_corpus::{Corpus, Source};

    const NAME: CaseName<'_> =
        CaseName { topic: "user/server/found", name: "one", against: Answer::Switch };

    const SWITCHES: Endpoint =
        Endpoint { switches: true, negotiates_subprotocols: true, negotiates_extensions: false };

    /// Writes the case files of many recipes and loads them beside the corpus.
    fn replayed(recipes: &[Recipe]) -> Vec<(Case, Case)> {
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("server");
        std::fs::create_dir_all(&server).unwrap();
        let mut cases = Vec::new();
        for (index, recipe) in recipes.iter().enumerate() {
            let topic = format!("user/server/found-{index}");
            let name = CaseName { topic: &topic, ..NAME };
            let case = recipe.case(name, &SWITCHES, &Bindings::example());
            let path = server.join(format!("found-{index}.toml"));
            std::fs::write(path, case_file(&case, "Found")).unwrap();
            cases.push(case);
        }
        let corpus = Corpus::embedded_with(&[folder.path().to_owned()]);
        let corpus = corpus.unwrap_or_else(|error| panic!("{error}"));
        let pairs = cases.into_iter().map(|case| {
            let read = corpus.case(&case.id).unwrap().clone();
            (case, read)
        });
        pairs.collect()
    }

    /// Sends that follow each other are one, and the place in the file says nothing of the case.
    fn essence(case: Case) -> Case {
        Case { source: Source::default(), ..case }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_case_file_reads_as_its_case(
            recipes in proptest::collection::vec(crate::strategy::recipes(), 1..40),
        ) {
            for (written, read) in replayed(&recipes) {
                prop_assert_eq!(essence(written), essence(read));
            }
        }
    }

    #[test]
    fn a_text_is_cut_behind_line_ends_only() {
        let rows = [
            (r"a\r\nb\r\n\r\n", vec![r"a\r\n", r"b\r\n", r"\r\n"]),
            (r"a\\nb\nc", vec![r"a\\nb\n", "c"]),
        ];
        for (spelt, want) in rows {
            assert_eq!(lines(&Template::parse(spelt).unwrap()), want);
        }
    }
}
