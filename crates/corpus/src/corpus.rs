//! All cases, presets and requirements together, from the binary and from the user's folders.
//! One mistake in any file, and there is no corpus but the list of all mistakes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Preset, Role, Source};
use crate::digest::digest;
use crate::files::{self, File};
use crate::problem::{LoadError, Problem};
use crate::raw;
use crate::read::expect::Known;
use crate::read::names::{Names, Taken};
use crate::read::{Reader, cases};
use crate::registry::Registry;
use crate::select;
use crate::words::Word as _;

/// All cases, with what they cite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corpus {
    /// The cases, in the order of files and of each file. A run shares them.
    #[serde(with = "shared")]
    pub cases: Arc<[Case]>,
    /// The requirements.
    pub requirements: Registry,
    /// The sets of alternatives that cases name.
    pub presets: Vec<Preset>,
    /// The case files.
    pub topics: Vec<Topic>,
    /// `sha256:…` over names and contents of all files.
    pub digest: String,
}

/// Shared cases are written like any others.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::case::Case;

    pub(super) fn serialize<S: Serializer>(
        cases: &Arc<[Case]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (**cases).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<[Case]>, D::Error> {
        Vec::deserialize(deserializer).map(Arc::from)
    }
}

/// A case file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// What the ids of its cases start with: `server/key`.
    pub id: String,
    /// What the cases are about.
    pub title: String,
}

impl Corpus {
    /// The corpus that is part of the binary.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files.
    pub fn embedded() -> Result<Self, LoadError> {
        Self::embedded_with(&[])
    }

    /// What [`Self::packed`] gave; nothing where it is something else. Reading the case files takes ten times as long.
    #[must_use]
    pub fn unpack(octets: &[u8]) -> Option<Self> {
        postcard::from_bytes(octets).ok()
    }

    /// Takes further cases behind its own.
    pub fn extend(&mut self, cases: impl IntoIterator<Item = Case>) {
        self.cases = self.cases.iter().cloned().chain(cases).collect();
    }

    /// Keeps of the cases for other roles no more than what they are called: a run needs nothing else of them.
    pub fn keep_names_of_others(&mut self, role: Role) {
        for case in Arc::make_mut(&mut self.cases).iter_mut().filter(|case| case.role != role) {
            (case.steps, case.expect) = (Vec::new(), Vec::new());
        }
    }

    /// All of it in a form for [`Self::unpack`] of the same build.
    #[must_use]
    pub fn packed(&self) -> Option<Vec<u8>> {
        postcard::to_stdvec(self).ok()
    }

    /// The corpus that is part of the binary, and the user's folders. The ids of a folder's cases
    /// start with `user/`, so that they never meet an id of ours.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files.
    pub fn embedded_with(dirs: &[PathBuf]) -> Result<Self, LoadError> {
        let mut all = files::embedded();
        if dirs.is_empty() {
            return Self::load_with(&all, || files::EMBEDDED_DIGEST.to_owned());
        }
        for dir in dirs {
            all.extend(files::gather(dir, "user/")?);
        }
        Self::load(&all)
    }

    /// A folder that is laid out as `cases/` is.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files.
    pub fn load_dir(dir: &Path) -> Result<Self, LoadError> {
        Self::load(&files::gather(dir, "")?)
    }

    /// Files that are in memory, each with its path within the corpus: `server/key.toml`. They are
    /// read in the order in which they are given.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files.
    pub fn from_texts(files: &[(&str, &str)]) -> Result<Self, LoadError> {
        let files: Vec<File> =
            files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
        Self::load(&files)
    }

    /// The case with this id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// The case file that a case id belongs to.
    #[must_use]
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        let topic = id.rsplit_once('/')?.0;
        self.topics.iter().find(|known| known.id == topic)
    }

    /// The cases whose ids a pattern selects, see [`select::matches`].
    pub fn select<'c>(&'c self, pattern: &'c str) -> impl Iterator<Item = &'c Case> + 'c {
        self.cases.iter().filter(move |case| select::matches(pattern, &case.id))
    }

    fn load(files: &[File]) -> Result<Self, LoadError> {
        Self::load_with(files, || digest_of(files))
    }

    fn load_with(files: &[File], digest: impl FnOnce() -> String) -> Result<Self, LoadError> {
        let mut loader = Loader::default();
        let of_kind = |kind: fn(&File) -> bool| files.iter().filter(move |file| kind(file));
        let registry: Vec<&File> = of_kind(File::is_registry).collect();
        for (reader, raw) in on_threads(&registry, parsed) {
            loader.requirements(reader, raw);
        }
        of_kind(File::is_presets).for_each(|file| loader.presets(file));
        of_kind(File::is_fragments).for_each(|file| loader.fragments(file));
        let files: Vec<&File> = of_kind(File::is_cases).collect();
        for (reader, topic) in on_threads(&files, |file| loader.topic(file)) {
            loader.cases(reader, topic);
        }
        loader.check_same_as();
        if !loader.problems.is_empty() {
            return Err(LoadError { problems: loader.problems });
        }
        Ok(Self {
            cases: loader.cases.into(),
            requirements: loader.registry,
            presets: loader.presets,
            topics: loader.topics,
            digest: digest(),
        })
    }
}

/// The state of loading: what has been read so far, and what was wrong with it.
#[derive(Default)]
struct Loader {
    registry: Registry,
    presets: Vec<Preset>,
    /// The fragments and openings of each folder, by its prefix.
    names: HashMap<&'static str, Names>,
    /// The names that each folder has defined itself.
    taken: HashMap<&'static str, Taken>,
    cases: Vec<Case>,
    topics: Vec<Topic>,
    /// Where each id is written.
    ids: HashMap<String, Source>,
    /// Cases that others name in `same-as`, each with the problem if there is no such case.
    same_as: Vec<(String, Problem)>,
    problems: Vec<Problem>,
}

impl Loader {
    fn requirements(&mut self, mut reader: Reader<'_>, raw: Option<raw::RequirementFile>) {
        if let Some(raw) = raw {
            let (document, requirements) = reader.requirements(raw);
            self.registry.insert_document(document);
            for (span, requirement) in requirements {
                let message = format!("duplicate requirement `{}`", requirement.id);
                if let Err(first) = self.registry.insert(requirement) {
                    let help = first_is_at(&first.source);
                    reader.report(span, message).say(help);
                }
            }
        }
        self.problems.append(&mut reader.problems);
    }

    fn presets(&mut self, file: &File) {
        let mut reader = Reader::new(&file.shown, &file.text);
        if let Some(raw) = reader.parse::<raw::PresetFile>() {
            let names: Vec<_> = raw.preset.iter().map(|p| p.get_ref().name.span()).collect();
            let presets = reader.presets(raw, &self.registry);
            for (span, preset) in names.into_iter().zip(presets) {
                match self.presets.iter().find(|known| known.name == preset.name) {
                    None => self.presets.push(preset),
                    Some(first) => {
                        let message = format!("duplicate preset `{}`", preset.name);
                        reader.report(span, message).say(first_is_at(&first.source));
                    }
                }
            }
        }
        self.problems.append(&mut reader.problems);
    }

    fn fragments(&mut self, file: &File) {
        let mut reader = Reader::new(&file.shown, &file.text);
        if let Some(raw) = reader.parse::<raw::FragmentFile>() {
            let mut names = self.names_for(file);
            let taken = self.taken.entry(file.prefix).or_default();
            reader.fragments(&raw.fragments, taken, &mut names);
            taken.fragments.extend(raw.fragments.keys().map(|name| name.get_ref().clone()));
            let openings: Vec<String> =
                raw.openings.keys().map(|name| name.get_ref().clone()).collect();
            reader.openings(raw.openings, taken, &mut names);
            taken.openings.extend(openings);
            self.names.insert(file.prefix, names);
        }
        self.problems.append(&mut reader.problems);
    }

    /// What a file may name: what its folder defines, or else what ours does. A folder of the user's
    /// starts from ours and may give a name another meaning.
    fn names_for(&self, file: &File) -> Names {
        let own = self.names.get(file.prefix).or_else(|| self.names.get(""));
        own.cloned().unwrap_or_default()
    }

    /// Reads the cases of a file.
    fn topic<'f>(&self, file: &'f File) -> (Reader<'f>, Option<(String, cases::Topic)>) {
        let (mut reader, raw) = parsed::<raw::CaseFile>(file);
        let id = file.topic();
        let role = role(file, &mut reader);
        let nothing = Taken::default();
        let known = Known {
            registry: &self.registry,
            presets: &self.presets,
            names: &self.names_for(file),
            taken: self.taken.get(file.prefix).unwrap_or(&nothing),
        };
        let topic = raw.map(|raw| reader.topic(&id, role, raw, known));
        (reader, topic.map(|topic| (id, topic)))
    }

    fn cases(&mut self, mut reader: Reader<'_>, topic: Option<(String, cases::Topic)>) {
        if let Some((id, topic)) = topic {
            self.topics.push(Topic { id, title: topic.title });
            for read in topic.cases {
                let case = read.case;
                if let Some(first) = self.ids.get(&case.id) {
                    let message = format!("duplicate case `{}`", case.id);
                    reader.report(read.name, message).say(first_is_at(first));
                }
                self.ids.entry(case.id.clone()).or_insert_with(|| case.source.clone());
                if let (Some(other), Some(span)) = (&case.same_as, read.same_as) {
                    let problem = reader.text.problem(span, format!("unknown case `{other}`"));
                    self.same_as.push((other.clone(), problem));
                }
                self.cases.push(case);
            }
        }
        self.problems.append(&mut reader.problems);
    }

    fn check_same_as(&mut self) {
        let known: Vec<&str> = self.cases.iter().map(|case| case.id.as_str()).collect();
        for (id, mut problem) in std::mem::take(&mut self.same_as) {
            if !self.ids.contains_key(&id) {
                problem.did_you_mean(&id, &known);
                self.problems.push(problem);
            }
        }
    }
}

fn first_is_at(first: &Source) -> String {
    format!("the first one is at {}:{}", first.file, first.line)
}

/// Whom the cases of a file test. A folder of the user's need not say: then it is servers.
fn role(file: &File, reader: &mut Reader<'_>) -> Role {
    let role = file.path.split('/').next().and_then(Role::from_word);
    if role.is_none() && file.prefix.is_empty() {
        let shown = reader.text.file.to_owned();
        let mut problem = Problem::unreadable(shown, "a case file outside the folders of roles");
        problem.say("put it below `server/`, `client/` or `intermediary/`");
        reader.problems.push(problem);
    }
    role.unwrap_or(Role::Server)
}

/// A file in the shape of its serde type, if it has it; the reader has what was wrong.
fn parsed<T: DeserializeOwned>(file: &File) -> (Reader<'_>, Option<T>) {
    let mut reader = Reader::new(&file.shown, &file.text);
    let raw = reader.parse();
    (reader, raw)
}

/// What becomes of each file, in their order, worked out on all processors: every command waits for it.
fn on_threads<'f, T: Send>(files: &[&'f File], work: impl Fn(&'f File) -> T + Sync) -> Vec<T> {
    files.par_iter().map(|file| work(file)).collect()
}

/// The digest of files; that of the embedded ones alone is known since the build.
fn digest_of(files: &[File]) -> String {
    let paths: Vec<String> =
        files.iter().map(|file| format!("{}{}", file.prefix, file.path)).collect();
    digest(paths.iter().map(String::as_str).zip(files.iter().map(|file| file.text.as_str())))
}

#[cfg(test)]
mod tests;
