//! A recipe as a case, for the judge and for a case file that replays it.
//! Expects no more of the answer than the model does.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Need, Over, usual_alpn};

use crate::expect::expected;
use crate::known::Known;
use crate::recipe::Recipe;
use crate::words::Base;

/// What a case of a recipe is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseName<'a> {
    /// What its id begins with: `user/server/found`.
    pub topic: &'a str,
    /// The last part of its id.
    pub name: &'a str,
}

impl Recipe {
    /// The case that plays the recipe and expects what the model permits. `bindings` are those of
    /// the target: whether a Host is right depends on them.
    #[must_use]
    pub fn case(&self, name: CaseName<'_>, known: &Known, bindings: &Bindings) -> Case {
        let expected = expected(self, known, bindings);
        let mut steps = self.steps();
        // Nothing is due to a request without an end, so that nobody need wait for it.
        if !expected.whole {
            steps.push(Act::ShutdownWrite.into());
        }
        Case {
            id: format!("{}/{}", name.topic, name.name),
            title: expected.title,
            why: Some(format!("Recipe: {self}")),
            requirement: expected.requirement,
            needs: needs(self),
            over: self.base.over(),
            alpn: usual_alpn(self.base.over()),
            steps,
            expect: expected.alternatives,
            ..Case::default()
        }
    }
}

/// What a target has to have shown for the expectations to hold.
fn needs(recipe: &Recipe) -> Vec<Need> {
    match recipe.base {
        Base::Get => vec![Need::Http2],
        base if base.over() == Over::Http2 => vec![Need::ExtendedConnect],
        _ => vec![Need::Endpoint],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use upspec_corpus::case::{Grade, Outcomes};
    use upspec_corpus::{Corpus, Source, case_file};
    use upspec_handshake::permitted::Endpoint;

    fn switches() -> Known {
        Known {
            endpoint: Endpoint { negotiates_subprotocols: true, ..Known::switching().endpoint },
            http2: true,
            resource: true,
            announces: true,
            tunnels: true,
            plain: true,
            pongs: true,
            echoes: true,
            subprotocols: vec!["chat".to_owned()],
        }
    }

    /// Writes the case files of many recipes and loads them beside the corpus.
    fn replayed(recipes: &[Recipe]) -> Vec<(Case, Case)> {
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("server");
        std::fs::create_dir_all(&server).unwrap();
        let mut cases = Vec::new();
        for (index, recipe) in recipes.iter().enumerate() {
            let topic = format!("user/server/found-{index}");
            let name = CaseName { topic: &topic, name: "one" };
            let case = recipe.case(name, &switches(), &Bindings::example());
            let path = server.join(format!("found-{index}.toml"));
            std::fs::write(path, case_file("Found", std::slice::from_ref(&case))).unwrap();
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
    fn each_forbidden_answer_cites_what_forbids_it() {
        let rows = [
            ("handshake; drop host", "101", None),
            (
                "handshake; drop host",
                "200",
                Some(("rfc9112/3.2-host", "400 is due, for Host is missing.")),
            ),
            (
                "handshake; drop host",
                "302",
                Some(("rfc9112/3.2-host", "400 is due, for Host is missing.")),
            ),
            (
                "handshake; drop host",
                "not-http",
                Some(("rfc6455/4.2.2-response", "An answer in HTTP is due.")),
            ),
            ("handshake", "not-http", None),
        ];
        for (recipe, answer, cites) in rows {
            let recipe: Recipe = recipe.parse().unwrap();
            let name = CaseName { topic: "user/server/found", name: "one" };
            let case = recipe.case(name, &switches(), &Bindings::example());
            let answer = Outcomes::from_words(answer).unwrap().0[0];
            let found = case.expect.iter().find(|one| one.covers(answer));
            assert!(found.is_none_or(|found| found.grade == Grade::Fail), "{answer}");
            let cited =
                found.and_then(|found| found.requirement.as_deref().zip(found.because.as_deref()));
            assert_eq!(cited, cites, "{recipe} {answer}");
        }
    }
}
