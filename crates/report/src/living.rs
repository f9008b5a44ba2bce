//! The registry by RFC and section, with the cases behind each requirement, and with what a run or many peers make of
//! it. It judges nothing: a requirement has the verdicts of its cases.

use std::collections::{BTreeMap, HashMap};

use upspec_corpus::case::Role;
use upspec_corpus::{Binds, Case, Corpus, Requirement};
use upspec_judge::Reason;
use upspec_judge::rules::RULES;

use crate::matrix::{Answer, Matrix};
use crate::note::RequirementNote;
use crate::places::Docs;
use crate::report::Tool;
use crate::section::Section;
use crate::tally::Tally;
use crate::words::reason_text;

/// The requirements of all RFCs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Living {
    /// What made it.
    pub tool: Tool,
    /// Where the documentation is, if that is known.
    pub docs: Option<Docs>,
    /// Who was played; `None` when the page is about the registry alone.
    pub played: Option<Played>,
    /// The RFCs, in the order of the registry.
    pub texts: Vec<Text>,
}

/// Whose verdicts are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// What they are.
    pub role: Role,
    /// Their names.
    pub names: Vec<String>,
    /// So many of them, in words: `63 servers`.
    pub word: String,
    /// The corpora that they were played, each with the number of peers, the most frequent first.
    pub corpora: Vec<(String, usize)>,
}

/// An RFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// `rfc6455`.
    pub rfc: String,
    /// Its title.
    pub title: String,
    /// Its sections for which there are requirements, in order.
    pub sections: Vec<Part>,
}

/// A section of an RFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `rfc6455/4.2.1`.
    pub place: String,
    /// What it asks.
    pub rules: Vec<Rule>,
}

/// A requirement, and what is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What the registry says of it.
    pub note: RequirementNote,
    /// Why no probe can see whether it is kept.
    pub untestable: Option<String>,
    /// Whether every message is checked against it, whatever its case is about.
    pub checked: bool,
    /// The cases about it, then those that it bears on. Beside verdicts, those of the role that was played.
    pub cases: Vec<Behind>,
    /// What is known of it.
    pub state: State,
    /// The peers by what they do.
    pub tally: Tally,
}

/// A case behind a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Its id.
    pub id: String,
    /// One sentence that says what is expected.
    pub title: String,
    /// Whether the requirement only bears on it: the case is about another one.
    pub bears: bool,
    /// The peers by the verdict on them.
    pub tally: Tally,
}

/// What is known of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A case fails under it.
    Broken,
    /// A case warns under it, and none fails.
    Warned,
    /// A case about it passes.
    Kept,
    /// No case is about it alone, but it was looked at with others, and no breach was seen.
    Quiet,
    /// Its cases could not be judged, most of them for this reason.
    Open(Option<Reason>),
    /// It has cases, and none of them was played.
    Unplayed,
    /// It has no case for this role.
    Caseless,
    /// It binds somebody else.
    Other,
    /// Nobody was played.
    Unasked,
}

impl Living {
    /// The registry, with the verdicts of a matrix if there is one; that of a run is a matrix with one peer.
    #[must_use]
    pub fn of(corpus: &Corpus, matrix: Option<&Matrix>, tool: Tool) -> Self {
        let seen = Seen::of(corpus, matrix);
        let text = |document: &upspec_corpus::registry::Document| {
            let mut rules: Vec<(Option<Section>, Rule)> = Vec::new();
            for one in corpus.requirements.iter().filter(|one| one.rfc() == document.rfc) {
                rules.push((Section::parse(one.place()), seen.rule(one)));
            }
            rules.sort_by(|(one, _), (other, _)| one.cmp(other));
            let mut sections: Vec<Part> = Vec::new();
            for (_, rule) in rules {
                let place = rule.id.split('-').next().unwrap_or_default();
                match sections.last_mut() {
                    Some(last) if last.place == place => last.rules.push(rule),
                    _ => sections.push(Part { place: place.to_owned(), rules: vec![rule] }),
                }
            }
            Text { rfc: document.rfc.clone(), title: document.title.clone(), sections }
        };
        let played = matrix.map(|matrix| Played {
            role: matrix.role,
            names: matrix.peers.iter().map(|peer| peer.name.clone()).collect(),
            word: matrix.peers_word(),
            corpora: matrix
                .corpora()
                .into_iter()
                .map(|(one, count)| (one.to_owned(), count))
                .collect(),
        });
        let texts = corpus.requirements.documents().iter().map(text).collect();
        Self { tool, docs: None, played, texts }
    }

    /// All requirements, in order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.texts.iter().flat_map(|text| &text.sections).flat_map(|part| &part.rules)
    }
}

/// What the cases behind the requirements say.
struct Seen<'c> {
    role: Option<Role>,
    /// The cases about a requirement, and those that it bears on.
    behind: HashMap<&'c str, Vec<(&'c Case, bool)>>,
    answers: HashMap<&'c str, &'c [Answer]>,
    tallies: BTreeMap<&'c str, Tally>,
}

impl<'c> Seen<'c> {
    fn of(corpus: &'c Corpus, matrix: Option<&'c Matrix>) -> Self {
        let role = matrix.map(|matrix| matrix.role);
        let mut behind: HashMap<&str, Vec<(&Case, bool)>> = HashMap::new();
        for case in corpus.cases.iter().filter(|case| role.is_none_or(|role| role == case.role)) {
            behind.entry(&case.requirement).or_default().push((case, false));
            for other in case.see.iter().filter(|other| **other != case.requirement) {
                behind.entry(other).or_default().push((case, true));
            }
        }
        for cases in behind.values_mut() {
            cases.sort_by_key(|(_, bears)| *bears);
        }
        let cases = matrix.map_or(&[][..], |matrix| &matrix.cases);
        let answers = cases.iter().map(|case| (case.id.as_str(), &case.answers[..])).collect();
        let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
        for (rule, cells) in matrix.map(Matrix::cells).unwrap_or_default() {
            let tally = tallies.entry(rule).or_default();
            for verdict in cells.iter().filter_map(|cell| cell.worst()) {
                tally.add(verdict, 1);
            }
        }
        Self { role, behind, answers, tallies }
    }

    fn rule(&self, one: &Requirement) -> Rule {
        let cases = self.behind.get(one.id.as_str()).map_or(&[][..], Vec::as_slice);
        let behind = cases.iter().map(|(case, bears)| Behind {
            id: case.id.clone(),
            title: case.title.clone(),
            bears: *bears,
            tally: self.of_case(&case.id),
        });
        let behind: Vec<Behind> = behind.collect();
        let tally = self.tallies.get(one.id.as_str()).copied().unwrap_or_default();
        let checked = RULES.iter().any(|rule| rule.cites.contains(&one.id.as_str()));
        let state = self.state(one, &behind, tally, checked);
        Rule {
            id: one.id.clone(),
            note: one.into(),
            untestable: one.untestable.clone(),
            checked,
            cases: behind,
            state,
            tally,
        }
    }

    fn state(&self, one: &Requirement, cases: &[Behind], tally: Tally, checked: bool) -> State {
        let Some(role) = self.role else { return State::Unasked };
        let judged = |case: &Behind| case.tally.judged() > 0;
        let about = || cases.iter().filter(|case| !case.bears);
        match tally {
            Tally { fail: 1.., .. } => State::Broken,
            Tally { warn: 1.., .. } => State::Warned,
            Tally { pass: 1.., .. } => State::Kept,
            _ if cases.iter().any(judged) || checked && is_bound(role, one.binds) => State::Quiet,
            Tally { open: 1.., .. } => State::Open(self.reason(about())),
            _ if about().next().is_some() => State::Unplayed,
            _ if is_bound(role, one.binds) => State::Caseless,
            _ => State::Other,
        }
    }

    fn of_case(&self, id: &str) -> Tally {
        let mut tally = Tally::default();
        for answer in self.answers.get(id).copied().unwrap_or_default() {
            tally.add(answer.verdict, answer.peers.len());
        }
        tally
    }

    /// What most often kept these cases from being judged.
    fn reason<'b>(&self, cases: impl Iterator<Item = &'b Behind>) -> Option<Reason> {
        let mut counts: Vec<(Reason, usize)> = Vec::new();
        for answer in cases.filter_map(|case| self.answers.get(case.id.as_str())).copied().flatten()
        {
            let Some(reason) = answer.reason else { continue };
            match counts.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += answer.peers.len(),
                None => counts.push((reason, answer.peers.len())),
            }
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(reason, _)| reason)
    }
}

/// Whether a requirement is about what a party in this role does.
fn is_bound(role: Role, binds: Binds) -> bool {
    match role {
        Role::Client => matches!(binds, Binds::Client | Binds::Both),
        Role::Intermediary => binds == Binds::Intermediary,
        Role::Server => matches!(binds, Binds::Server | Binds::Both),
    }
}

impl State {
    /// One word for it, by which a page can be filtered.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Warned => "warned",
            Self::Kept => "kept",
            Self::Quiet => "no breach seen",
            Self::Open(_) => "not judged",
            Self::Unplayed => "not played",
            Self::Caseless => "no case",
            Self::Other => "binds others",
            Self::Unasked => "not asked",
        }
    }

    /// What is behind it, as a sentence.
    #[must_use]
    pub fn because(self) -> Option<String> {
        match self {
            Self::Quiet => {
                Some("It is looked at together with others, and no breach was seen.".to_owned())
            }
            Self::Open(reason) => {
                let why = reason.map_or("nothing could be said of its cases", reason_text);
                Some(format!("Not judged: {why}."))
            }
            Self::Unplayed => Some("It has cases, and none of them was played.".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use upspec_judge::Verdict;

    use super::*;
    use crate::sample;

    fn living(role: Option<Role>) -> Living {
        let corpus = Corpus::embedded().unwrap();
        let matrix = role.map(|role| {
            let mut matrix = Matrix::new(sample::report().tool, role);
            matrix.add("one".to_owned(), sample::report());
            matrix.finish(&corpus);
            matrix
        });
        Living::of(&corpus, matrix.as_ref(), sample::report().tool)
    }

    #[test]
    fn every_requirement_is_there_once_under_its_section() {
        let living = living(None);
        let corpus = Corpus::embedded().unwrap();
        assert_eq!(living.rules().count(), corpus.requirements.len());
        assert!(living.rules().all(|rule| rule.state == State::Unasked));
        for part in living.texts.iter().flat_map(|text| &text.sections) {
            assert!(part.rules.iter().all(|rule| rule.id.starts_with(&part.place)));
        }
        let places = living.texts.iter().map(|text| text.sections.iter().map(|part| &part.place));
        for places in places {
            let order: Vec<_> = places.map(|place| Section::parse(place)).collect();
            assert!(order.is_sorted() && !order.contains(&None), "{order:?}");
        }
    }

    #[test]
    fn a_requirement_has_the_verdicts_of_its_cases() {
        let living = living(Some(Role::Server));
        let report = sample::report();
        let failing = report.cases.iter().flat_map(|case| &case.findings);
        let failing = failing.filter(|finding| finding.verdict == Verdict::Fail);
        let ids: Vec<&str> = failing.map(|finding| finding.requirement.as_str()).collect();
        let broken: Vec<&Rule> =
            living.rules().filter(|rule| rule.state == State::Broken).collect();
        assert!(!broken.is_empty());
        assert!(broken.iter().all(|rule| ids.contains(&rule.id.as_str()) && rule.tally.fail == 1));
        let words: Vec<&str> = living.rules().map(|rule| rule.state.word()).collect();
        for word in ["not played", "no case", "binds others"] {
            assert!(words.contains(&word), "{word}");
        }
        let ours = |case: &Behind| case.id.starts_with("server/");
        assert!(living.rules().flat_map(|rule| &rule.cases).all(ours));
    }
}
