//! Findings from requirement ids: levels become verdicts here and nowhere else.

use upspec_corpus::{Binds, Registry, Weight};
use upspec_exchange::Place;

use crate::result::{Finding, Verdict};
use crate::rules::{Breach, Cap, Rule};

/// Turns requirement ids into findings with level and sections.
pub(crate) struct Citations<'r> {
    registry: &'r Registry,
}

impl<'r> Citations<'r> {
    pub(crate) fn new(registry: &'r Registry) -> Self {
        Self { registry }
    }

    /// The worst verdict that breaking this requirement can earn. A MAY never fails.
    pub(crate) fn worst(&self, id: &str) -> Verdict {
        match self.registry.get(id).map(|requirement| requirement.level.weight()) {
            Some(Weight::Must) => Verdict::Fail,
            Some(Weight::Should | Weight::May | Weight::Info) | None => Verdict::Warn,
        }
    }

    pub(crate) fn finding(
        &self,
        id: &str,
        verdict: Verdict,
        mut message: String,
        at: Option<Place>,
    ) -> Finding {
        let requirement = self.registry.get(id);
        let derived = requirement.filter(|requirement| requirement.derived);
        if let Some(requirement) = derived.filter(|_| verdict == Verdict::Fail) {
            let of_client = requirement.binds == Binds::Client;
            message.push_str(if of_client { DERIVED_OF_CLIENTS } else { DERIVED });
        }
        Finding {
            requirement: id.to_owned(),
            sections: requirement.map(|found| owned(&found.sections())).unwrap_or_default(),
            level: requirement.map(|found| found.level.to_string()).unwrap_or_default(),
            verdict,
            message,
            rule: None,
            at,
            counted: None,
        }
    }

    pub(crate) fn finding_of(&self, rule: &Rule, breach: &Breach, link: usize) -> Finding {
        let worst = self.worst(breach.requirement);
        let verdict = match breach.cap {
            Cap::Level => worst,
            Cap::Warn => worst.min(Verdict::Warn),
            Cap::Note => Verdict::Pass,
        };
        let from = rule.binds;
        let place = breach.at.as_ref().map(|at| Place { link, from, start: at.start, end: at.end });
        let finding = self.finding(breach.requirement, verdict, breach.message.clone(), place);
        Finding { rule: Some(rule.name.to_owned()), ..finding }
    }
}

fn owned(sections: &[&str]) -> Vec<String> {
    sections.iter().map(|&section| section.to_owned()).collect()
}

/// Said of a duty that exists only because a server refuses what does not match the description.
const DERIVED: &str =
    " (derived: RFC 6455 4.2.1 has the server refuse what does not match its description)";
/// Said of a duty that only the last sentence of the client's steps makes.
const DERIVED_OF_CLIENTS: &str = " (derived: RFC 6455 4.1 has the client fail on an answer that breaks any rule for the server's handshake)";

#[cfg(test)]
mod tests {
    use upspec_corpus::case::Grade;
    use upspec_corpus::{Corpus, Weight};

    #[test]
    fn an_informational_rule_never_warns() {
        let corpus = Corpus::embedded().unwrap();
        let is_info = |id: &str| {
            corpus.requirements.get(id).is_some_and(|found| found.level.weight() == Weight::Info)
        };
        for case in corpus.cases.iter() {
            assert!(!is_info(&case.requirement), "{} can only be informational", case.id);
            for one in case.expect.iter().filter(|one| one.grade >= Grade::Warn) {
                let requirement = one.requirement.as_ref().unwrap_or(&case.requirement);
                assert!(!is_info(requirement), "{}: {requirement}", case.id);
            }
        }
        // What a rule notes has no weight.
        const NOTED: &str = "rfc7692/7.1.2.2-smaller";
        for id in crate::rules::RULES.iter().flat_map(|rule| rule.cites) {
            assert!(!is_info(id) || *id == NOTED, "{id}");
        }
    }
}
