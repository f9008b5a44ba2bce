//! What the site is made of, and where in it a name leads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use upspec_cli::Caught;
use upspec_corpus::case::{Case, Role};
use upspec_corpus::words::Word as _;
use upspec_corpus::{Corpus, Requirement};
use upspec_reference::{ClientFault, Fault, ProxyFault};
use upspec_report::Docs;

/// Everything that pages are made of.
pub(super) struct Book {
    pub(super) corpus: Corpus,
    caught: Caught,
    pub(super) command: clap::Command,
    /// The faults that show in most answers, and whether that is so of proxies.
    common: BTreeSet<(bool, String)>,
    /// The texts of the repository by their path.
    texts: BTreeMap<&'static str, String>,
}

impl Book {
    /// Reads it all.
    pub(super) fn open(root: &Path) -> Result<Self, Vec<String>> {
        let corpus = Corpus::embedded().map_err(|error| vec![error.to_string()])?;
        let mut texts = BTreeMap::new();
        for name in TEXTS {
            let text = fs::read_to_string(root.join(name));
            texts.insert(name, text.map_err(|error| vec![format!("{name}: {error}")])?);
        }
        let mut command = upspec_cli::command();
        command.build();
        let caught = Caught::embedded();
        let common = common(&corpus, &caught);
        Ok(Self { corpus, caught, command, common, texts })
    }

    /// The faults that a case catches, but for those that show in most answers.
    pub(super) fn caught_by<'b>(&'b self, case: &'b Case) -> impl Iterator<Item = &'b str> {
        let is_common =
            |fault: &str| self.common.contains(&(is_of_proxies(case), fault.to_owned()));
        self.caught.by(&case.id).filter(move |fault| !is_common(fault))
    }

    /// A text of the repository.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// Where in the site a name leads: the id of a case, a topic, a requirement, a section, a decision or a preset,
    /// a command, or a file that is a page here.
    pub(super) fn place(&self, name: &str) -> Option<String> {
        if self.corpus.case(name).is_some() {
            return Some(case_place(name));
        }
        if self.corpus.requirements.get(name).is_some() {
            return Some(requirement_place(name));
        }
        if self.corpus.topics.iter().any(|topic| topic.id == name) {
            return Some(format!("cases/{name}.html"));
        }
        if self.corpus.presets.iter().any(|preset| preset.name == name) {
            return Some(format!("presets.html#{name}"));
        }
        if let Some(requirement) = self.corpus.requirements.iter().find(|one| one.place() == name) {
            let (rfc, section) = (requirement.rfc(), requirement.section());
            return Some(format!("requirements/{rfc}.html#section-{section}"));
        }
        if let Some(words) = name.strip_prefix("upspec ") {
            return self.command_place(words);
        }
        let file = FILES.iter().find(|(file, _)| *file == name);
        file.map(|(_, page)| (*page).to_owned())
    }

    /// The page of the command that these words begin with.
    fn command_place(&self, words: &str) -> Option<String> {
        let mut command = &self.command;
        let mut names = Vec::new();
        for word in words.split(' ') {
            let Some(next) = command.find_subcommand(word) else { break };
            command = next;
            names.push(command.get_name().to_owned());
        }
        (!names.is_empty()).then(|| format!("commands/{}.html", names.join("-")))
    }

    /// The faults of the reference for a role.
    pub(super) fn faults(role: Role) -> Vec<Flaw> {
        match role {
            Role::Client => ClientFault::all()
                .map(|one| Flaw::new(role, one.name, one.summary, one.breaks, one.also))
                .collect(),
            Role::Intermediary => ProxyFault::all()
                .map(|one| Flaw::new(role, one.name, one.summary, one.breaks, one.also))
                .collect(),
            Role::Server => Fault::all()
                .map(|one| Flaw::new(role, one.name, one.summary, one.breaks, one.also))
                .collect(),
        }
    }

    /// The cases of a role that catch a fault.
    pub(super) fn catching<'b>(&'b self, flaw: &'b Flaw) -> Vec<&'b str> {
        let of_role = |case: &&str| case.starts_with(flaw.role.word());
        self.caught.catching(flaw.name).filter(of_role).collect()
    }

    /// The cases of a topic, in the order of its file.
    pub(super) fn cases_of<'b>(&'b self, topic: &'b str) -> impl Iterator<Item = &'b Case> {
        let inside =
            move |case: &&Case| case.id.rsplit_once('/').is_some_and(|(of, _)| of == topic);
        self.corpus.cases.iter().filter(inside)
    }

    /// The requirements of an RFC, in the order of its file.
    pub(super) fn requirements_of<'b>(
        &'b self,
        rfc: &'b str,
    ) -> impl Iterator<Item = &'b Requirement> {
        self.corpus.requirements.iter().filter(move |one| one.rfc() == rfc)
    }
}

/// Asks once for each fault: the answer is the same for all cases of servers and clients, and for all of proxies.
fn common(corpus: &Corpus, caught: &Caught) -> BTreeSet<(bool, String)> {
    let mut asked = BTreeSet::new();
    let mut common = BTreeSet::new();
    for case in corpus.cases.iter() {
        for fault in caught.by(&case.id) {
            let key = (is_of_proxies(case), fault.to_owned());
            if asked.insert(key.clone()) && caught.is_common(&case.id, fault) {
                common.insert(key);
            }
        }
    }
    common
}

fn is_of_proxies(case: &Case) -> bool {
    case.role == Role::Intermediary
}

/// A fault of one of the three references.
pub(super) struct Flaw {
    pub(super) role: Role,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) breaks: &'static str,
    pub(super) also: &'static [&'static str],
}

impl Flaw {
    const fn new(
        role: Role,
        name: &'static str,
        summary: &'static str,
        breaks: &'static str,
        also: &'static [&'static str],
    ) -> Self {
        Self { role, name, summary, breaks, also }
    }
}

/// Where a case stands.
pub(super) fn case_place(id: &str) -> String {
    Docs::here().case(id)
}

/// Where a requirement stands.
pub(super) fn requirement_place(id: &str) -> String {
    Docs::here().requirement(id)
}

/// Where a fault stands.
pub(super) fn fault_place(role: Role, name: &str) -> String {
    Docs::here().fault(role, name)
}

/// All roles, in the order in which the site has them.
pub(super) const ROLES: [Role; 3] = [Role::Server, Role::Client, Role::Intermediary];

/// Who is tested in a role, in the plural.
pub(super) fn tested(role: Role) -> &'static str {
    match role {
        Role::Client => "clients",
        Role::Intermediary => "proxies",
        Role::Server => "servers",
    }
}

const TEXTS: [&str; 4] = ["README.md", "CONTRIBUTING.md", "cases/README.md", "reports/README.md"];

/// The files of the repository that are pages of the site.
const FILES: [(&str, &str); 3] = [
    ("cases/README.md", "formats/case-files.html"),
    ("reports/README.md", "formats/reports.html"),
    ("reports/schema.json", "formats/report-json.html"),
];
