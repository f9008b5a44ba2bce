//! A recipe as a case, for the judge and for a case file that replays it.
//! Never says more of the answer than the model does.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Need};
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
            steps.push(Act::ShutdownWrite.into());
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use upspec_corpus::{Corpus, Source, case_file};

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
}
