//! What a run says of each requirement that bears on its target: RFC by RFC, what was kept, broken, or not seen, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::Corpus;

use crate::living::{Living, Rule, State, Text};
use crate::matrix::Matrix;
use crate::report::Report;
use crate::words::reason_text;

/// What a run says of the requirements of an RFC that bear on its target, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// `rfc6455`.
    pub rfc: String,
    /// The title of the RFC.
    pub title: String,
    /// A case fails under them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// A case warns under them, and none fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warned: Vec<String>,
    /// A case about them passes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// They were looked at together with others, or in every message, and no breach was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbroken: Vec<String>,
    /// Their cases could not be judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unjudged: Vec<Gap>,
    /// They have cases, and the run played none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unplayed: Vec<String>,
    /// They have no case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caseless: Vec<Gap>,
}

/// A requirement of which a run says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Its id.
    pub id: String,
    /// Why.
    pub why: String,
}

/// The accounts of all RFCs that bear on the target of a report.
pub(crate) fn ledger(report: &Report, corpus: &Corpus) -> Vec<Account> {
    let living = Living::of(corpus, Some(&Matrix::of_one(report)), report.tool.clone());
    let accounts = living.texts.iter().map(account);
    accounts.filter(|account| account.total() > 0).collect()
}

fn account(text: &Text) -> Account {
    let mut account =
        Account { rfc: text.rfc.clone(), title: text.title.clone(), ..Account::default() };
    for rule in text.sections.iter().flat_map(|part| &part.rules) {
        account.add(rule);
    }
    account
}

impl Account {
    fn add(&mut self, rule: &Rule) {
        let id = rule.id.clone();
        match rule.state {
            State::Broken => self.broken.push(id),
            State::Warned => self.warned.push(id),
            State::Kept => self.kept.push(id),
            State::Quiet => self.unbroken.push(id),
            State::Open(reason) => {
                let why = reason.map_or("nothing could be said of its cases", reason_text);
                self.unjudged.push(Gap { id, why: why.to_owned() });
            }
            State::Unplayed => self.unplayed.push(id),
            State::Caseless => {
                let why = rule.untestable.as_deref().unwrap_or("no case looks at it yet");
                self.caseless.push(Gap { id, why: why.to_owned() });
            }
            State::Other | State::Unasked => {}
        }
    }

    /// How many requirements bear on the target.
    #[must_use]
    pub fn total(&self) -> usize {
        self.tested() + self.unjudged.len() + self.unplayed.len() + self.caseless.len()
    }

    /// How many of them the run says something of.
    #[must_use]
    pub fn tested(&self) -> usize {
        self.broken.len() + self.warned.len() + self.kept.len() + self.unbroken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_requirement_that_bears_on_the_target_is_in_one_list() {
        let corpus = Corpus::embedded().unwrap();
        let accounts = ledger(&sample::report(), &corpus);
        let websocket = accounts.iter().find(|account| account.rfc == "rfc6455").unwrap();
        assert!(websocket.broken.contains(&"rfc6455/4.2.1-key".to_owned()), "{websocket:?}");
        assert!(!websocket.unplayed.is_empty() && !websocket.caseless.is_empty());
        let mut ids: Vec<&str> = Vec::new();
        for account in &accounts {
            let lists = [
                &account.broken,
                &account.warned,
                &account.kept,
                &account.unbroken,
                &account.unplayed,
            ];
            ids.extend(lists.into_iter().flatten().map(String::as_str));
            ids.extend(account.unjudged.iter().chain(&account.caseless).map(|gap| gap.id.as_str()));
        }
        let total: usize = accounts.iter().map(Account::total).sum();
        assert_eq!(ids.len(), total);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), total, "none is there twice");
        assert!(ids.iter().all(|id| corpus.requirements.get(id).is_some()));
    }
}
