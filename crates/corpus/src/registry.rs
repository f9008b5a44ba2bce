//! The requirement registry: what the RFCs ask, in our words, with level, section and URL.

use std::collections::HashMap;

use crate::case::Source;
use crate::words::words;
use serde::{Deserialize, Serialize};

/// All requirements, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    documents: Vec<Document>,
    requirements: Vec<Requirement>,
    places: HashMap<String, usize>,
}

/// An RFC that requirements come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `rfc6455`.
    pub rfc: String,
    /// The title of the RFC.
    pub title: String,
}

/// One thing that an RFC asks of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// RFC, `/`, section, `-`, slug: `rfc6455/4.2.1-key`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// Whom it binds.
    pub binds: Binds,
    /// What it asks, in our words.
    pub text: String,
    /// What software does that breaks it, as a sentence without its subject: `Adds no Via`.
    pub breach: Option<String>,
    /// What to do about it, as a request: `send Allow with each 405`.
    pub mend: Option<String>,
    /// A few words with which its sentence in the RFC begins, and perhaps a few with which it ends.
    pub words: Vec<String>,
    /// Sections of obsolete RFCs that had the rule: `rfc7230/6.7`.
    pub older: Vec<String>,
    /// The section that took the place of this one, where the rule itself did not survive.
    pub successor: Option<String>,
    /// What differs between the older and the newer text.
    pub changed: Option<String>,
    /// The server has the duty only because RFC 6455, section 4.2.1 lets it refuse what does not
    /// match the description of a client's handshake.
    pub derived: bool,
    /// A rule for every response whose breach is a habit of the target: it counts once per run.
    pub habit: bool,
    /// Only the end of the connection shows whether it is kept, and no text says how soon that end is
    /// due: a breach is worth a longer wait.
    pub needs_end: bool,
    /// What comes of its breach.
    pub harm: Harm,
    /// Why no probe can see whether it is kept.
    pub untestable: Option<String>,
    /// Where it is written.
    pub source: Source,
}

/// The word that an RFC uses for how binding a requirement is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// MUST, SHALL, REQUIRED.
    Must,
    /// MUST NOT, SHALL NOT.
    MustNot,
    /// SHOULD, RECOMMENDED.
    Should,
    /// SHOULD NOT, NOT RECOMMENDED.
    ShouldNot,
    /// MAY, OPTIONAL.
    May,
    /// A production that senders have to match.
    Grammar,
    /// Said without a word of RFC 2119.
    Info,
}

/// How much a broken requirement weighs, from light to heavy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Weight {
    /// Nothing is asked.
    Info,
    /// A choice: either way is right.
    May,
    /// A SHOULD or SHOULD NOT.
    Should,
    /// A MUST, a MUST NOT or a grammar.
    Must,
}

/// What comes of the breach of a requirement, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Harm {
    /// How bad it is.
    pub kind: HarmKind,
    /// Why it is so bad, as a sentence.
    pub because: String,
    /// Whether it takes a connection that stays open: where the one who breaks it ends the connection, the breach
    /// confuses and does no more.
    pub needs_open: bool,
}

/// What a broken requirement can do, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HarmKind {
    /// Two readers of the same octets see other requests, so that one is smuggled past the other, or what
    /// belongs to one exchange gets into another.
    Smuggling,
    /// The server dies, or can be made to do nothing else.
    Death,
    /// Clients that do nothing wrong are kept out.
    Lockout,
    /// Two sides do not mean the same, and nobody notices.
    Confusion,
    /// Nobody is worse off who does not look closely.
    Cosmetic,
}

/// Whom a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Binds {
    /// Clients.
    Client,
    /// Clients and servers.
    Both,
    /// Proxies, gateways and tunnels.
    Intermediary,
    /// Servers.
    Server,
}

words!(
    Level,
    "level",
    "must" = Must,
    "must-not" = MustNot,
    "should" = Should,
    "should-not" = ShouldNot,
    "may" = May,
    "grammar" = Grammar,
    "info" = Info,
);
words!(
    HarmKind,
    "harm",
    "smuggling" = Smuggling,
    "death" = Death,
    "lockout" = Lockout,
    "confusion" = Confusion,
    "cosmetic" = Cosmetic,
);
words!(Weight, "weight", "info" = Info, "may" = May, "should" = Should, "must" = Must);
words!(
    Binds,
    "party",
    "client" = Client,
    "both" = Both,
    "intermediary" = Intermediary,
    "server" = Server,
);

impl Level {
    /// How much it weighs when it is broken.
    #[must_use]
    pub fn weight(self) -> Weight {
        match self {
            Self::Must | Self::MustNot | Self::Grammar => Weight::Must,
            Self::Should | Self::ShouldNot => Weight::Should,
            Self::May => Weight::May,
            Self::Info => Weight::Info,
        }
    }
}

/// What a requirement does when the registry says nothing else of it.
impl Default for Harm {
    fn default() -> Self {
        let because = "One side acts on something that the other side never said.";
        Self { kind: HarmKind::Confusion, because: because.to_owned(), needs_open: false }
    }
}

impl Requirement {
    /// The RFC: `rfc6455`.
    #[must_use]
    pub fn rfc(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The section within the RFC: `4.2.1`.
    #[must_use]
    pub fn section(&self) -> &str {
        let place = self.place();
        place.split_once('/').map_or(place, |(_, section)| section)
    }

    /// RFC and section: `rfc6455/4.2.1`.
    #[must_use]
    pub fn place(&self) -> &str {
        self.id.split('-').next().unwrap_or_default()
    }

    /// Every section that has to do with it: its own, then the successor's, then the older ones.
    #[must_use]
    pub fn sections(&self) -> Vec<&str> {
        let older = self.older.iter().map(String::as_str);
        [self.place()].into_iter().chain(self.successor.as_deref()).chain(older).collect()
    }

    /// Where its sentence can be read, or else its section: browsers that know text fragments go to the words.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = section_url(self.place());
        for (position, words) in self.words.iter().enumerate() {
            url.push_str(if position == 0 { ":~:text=" } else { "," });
            for octet in words.bytes() {
                match octet {
                    octet if octet.is_ascii_alphanumeric() => url.push(char::from(octet)),
                    // A hyphen, a comma and an ampersand have a meaning of their own there.
                    octet => url.push_str(&format!("%{octet:02X}")),
                }
            }
        }
        url
    }
}

impl Registry {
    /// Puts a requirement in, unless its id is taken: then the one that has it comes back.
    pub(crate) fn insert(&mut self, requirement: Requirement) -> Result<(), &Requirement> {
        if let Some(place) = self.places.get(&requirement.id) {
            return Err(&self.requirements[*place]);
        }
        self.places.insert(requirement.id.clone(), self.requirements.len());
        self.requirements.push(requirement);
        Ok(())
    }

    pub(crate) fn insert_document(&mut self, document: Document) {
        if !self.documents.iter().any(|known| known.rfc == document.rfc) {
            self.documents.push(document);
        }
    }

    /// The RFCs, in the order of their files.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The requirement with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.places.get(id).map(|place| &self.requirements[*place])
    }

    /// All requirements, in the order of files and of each file.
    pub fn iter(&self) -> std::slice::Iter<'_, Requirement> {
        self.requirements.iter()
    }

    /// How many requirements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requirements.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl<'r> IntoIterator for &'r Registry {
    type Item = &'r Requirement;
    type IntoIter = std::slice::Iter<'r, Requirement>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Where the text of a section such as `rfc6455/4.2.1` or `rfc7230/A.1` can be read.
#[must_use]
pub fn section_url(place: &str) -> String {
    let (rfc, section) = place.split_once('/').unwrap_or((place, ""));
    let kind = match section.chars().next() {
        None => return format!("{RFC_EDITOR}/{rfc}"),
        Some(first) if first.is_ascii_alphabetic() => "appendix",
        Some(_) => "section",
    };
    format!("{RFC_EDITOR}/{rfc}#{kind}-{section}")
}

const RFC_EDITOR: &str = "https://www.rfc-editor.org/rfc";

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(id: &str) -> Requirement {
        Requirement {
            id: id.into(),
            level: Level::Grammar,
            binds: Binds::Server,
            text: String::new(),
            words: Vec::new(),
            older: vec!["rfc7230/6.7".into()],
            successor: Some("rfc9113/3.1".into()),
            changed: None,
            derived: false,
            habit: false,
            needs_end: false,
            harm: Harm::default(),
            breach: None,
            mend: None,
            untestable: None,
            source: Source::default(),
        }
    }

    #[test]
    fn places() {
        let rows = [
            ("rfc6455/4.2.1-key-length", "4.2.1", "rfc6455#section-4.2.1"),
            ("rfc7230/A.1-older", "A.1", "rfc7230#appendix-A.1"),
        ];
        for (id, section, url) in rows {
            let requirement = requirement(id);
            assert_eq!(requirement.section(), section);
            assert_eq!(requirement.url(), format!("https://www.rfc-editor.org/rfc/{url}"));
        }
        let words = vec!["A client-side".into(), "a, b".into()];
        let requirement_with_words = Requirement { words, ..requirement("rfc6455/4.1-a") };
        let fragment = "rfc6455#section-4.1:~:text=A%20client%2Dside,a%2C%20b";
        assert!(requirement_with_words.url().ends_with(fragment));
        let sections = ["rfc7540/3.2", "rfc9113/3.1", "rfc7230/6.7"];
        assert_eq!(requirement("rfc7540/3.2-settings").sections(), sections);
    }

    #[test]
    fn a_grammar_weighs_as_a_must() {
        assert_eq!(Level::Grammar.weight(), Level::MustNot.weight());
        assert!(Weight::Must > Weight::Should && Weight::May > Weight::Info);
    }

    #[test]
    fn an_id_is_taken_once() {
        let mut registry = Registry::default();
        registry.insert(requirement("rfc6455/1-a")).unwrap();
        assert!(registry.insert(requirement("rfc6455/1-a")).is_err());
        assert_eq!(registry.len(), 1);
        assert!(registry.get("rfc6455/1-a").is_some());
    }
}
