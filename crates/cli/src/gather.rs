//! `upspec report gather`: puts together what the parts of a hunt found.

use std::fs;
use std::path::{Path, PathBuf};

use upspec_hunt::chase::{ChaseState, Drawn};
use upspec_hunt::client::{ClientQuarry, ClientState};
use upspec_hunt::proxy::{ProxyQuarry, ProxyState};
use upspec_hunt::{Error, Part, State};
use upspec_report::visible::counted;

use crate::args::stored::GatherArgs;
use crate::exit::{Exit, Trouble};
use crate::files::Place;
use crate::outputs::read_baseline;
use crate::parts::{STATES, missing};
use crate::{chase, console, fuzz};

/// Does it for the role that the first part is about.
pub(crate) fn gather(args: &GatherArgs) -> Result<Exit, Trouble> {
    let files = files(&args.parts)?;
    let first = files.first().ok_or_else(|| {
        Trouble::usage(format!("no folder has the state of a part, {STATES}M-of-N.json"))
    })?;
    let is_client = ClientState::load(first).is_ok();
    let is_proxy = ProxyState::load(first).is_ok();
    if args.baseline.is_some() && (is_client || is_proxy) {
        return Err(Trouble::usage("--baseline is for hunts at servers"));
    }
    let out = fuzz::quoted(args.out.display().to_string());
    if is_client {
        let again = format!("upspec client --cmd CMD --cases {out}");
        put_together(args, &files, ClientState::gather::<ClientQuarry>, &again)
    } else if is_proxy {
        let again = format!("upspec proxy URL --cases {out}");
        put_together(args, &files, ProxyState::gather::<ProxyQuarry>, &again)
    } else {
        put_together(args, &files, State::gather, &format!("upspec run URL --cases {out}"))
    }
}

/// The states of parts in these folders.
fn files(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    for folder in folders {
        let trouble = |error| Trouble::usage(format!("cannot read {}: {error}", folder.display()));
        let entries = fs::read_dir(folder).map_err(trouble)?;
        let names = entries.flatten().map(|entry| entry.file_name());
        let names = names.filter_map(|name| name.into_string().ok());
        let is_state = |name: &String| name.starts_with(STATES) && name.ends_with(".json");
        let mut own: Vec<String> = names.filter(is_state).collect();
        own.sort_unstable();
        if own.is_empty() {
            console::remark(&format!("{} has no state of a part", folder.display()));
        }
        files.extend(own.into_iter().map(|name| folder.join(name)));
    }
    Ok(files)
}

fn put_together<S: Stored>(
    args: &GatherArgs,
    files: &[PathBuf],
    whole: fn(&[S]) -> Result<S, String>,
    again: &str,
) -> Result<Exit, Trouble> {
    let mut parts = Vec::new();
    for path in files {
        let state = S::read(path).map_err(Trouble::usage)?;
        parts.push(state.ok_or_else(|| Trouble::usage(format!("no {}", path.display())))?);
    }
    let state = whole(&parts).map_err(Trouble::usage)?;
    for (id, part) in state.cases() {
        let at = parts.iter().position(|one| one.part() == part);
        if let Some(folder) = at.and_then(|at| files[at].parent()) {
            copy(&id, folder, &args.out)?;
        }
    }
    if let Some(path) = &args.state {
        Place::find(path)?;
        state.write(path).map_err(Trouble::usage)?;
    }
    let courses: Vec<(Part, u64)> = parts
        .iter()
        .filter_map(|one| Some((one.part()?, one.part()?.before(one.next()))))
        .collect();
    if !args.quiet {
        console::say(&summary(&courses, state.cases().len()));
    }
    let new = state.tell(args, again)?;
    let numbers: Vec<u64> = courses.iter().map(|(part, _)| part.number()).collect();
    let lacks = missing(&numbers, courses[0].0.of(), "requests");
    lacks.iter().for_each(|lacks| console::complain(lacks));
    Ok(match (new, lacks) {
        (1.., _) => Exit::Failed,
        (0, Some(_)) => Exit::Unreachable,
        (0, None) => Exit::Conforming,
    })
}

/// How much was played and found.
fn summary(courses: &[(Part, u64)], findings: usize) -> String {
    let played = courses.iter().map(|(_, played)| *played);
    let (least, most) = (played.clone().min(), played.clone().max());
    let (least, most) = (least.unwrap_or_default(), most.unwrap_or_default());
    let each = if least == most { least.to_string() } else { format!("{least} to {most}") };
    format!(
        "{} exchanges in {}, {each} in each; {}\n",
        played.sum::<u64>(),
        counted(courses.len(), "part"),
        counted(findings, "finding"),
    )
}

/// Copies the file of a case; of one that is suspected of a death with those of the other suspects.
fn copy(id: &str, from: &Path, to: &Path) -> Result<(), Trouble> {
    let Some((role, topic)) = place(id) else { return Ok(()) };
    let (from, to) = (from.join(role), to.join(role));
    let mut names = vec![format!("{topic}.toml")];
    if topic.starts_with(SUSPECTS) {
        let all = fs::read_dir(&from).into_iter().flatten().flatten();
        let all = all.filter_map(|entry| entry.file_name().into_string().ok());
        names.extend(all.filter(|name| name.starts_with(SUSPECTS)));
    }
    for name in names {
        let (from, to) = (from.join(&name), to.join(&name));
        match fs::read(&from) {
            Ok(octets) => Place::find(&to)?.write(&octets)?,
            Err(error) => console::remark(&format!("cannot read {}: {error}", from.display())),
        }
    }
    Ok(())
}

/// The folder and the file of a case that a hunt wrote, by its id: `user/ROLE/TOPIC/NAME`.
fn place(id: &str) -> Option<(&str, &str)> {
    let (role, rest) = id.strip_prefix("user/")?.split_once('/')?;
    let (topic, _) = rest.split_once('/')?;
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (is_plain(role) && is_plain(topic)).then_some((role, topic))
}

/// The state of a hunt in any role.
trait Stored: Sized {
    fn read(path: &Path) -> Result<Option<Self>, Error>;
    fn write(&self, path: &Path) -> Result<(), Error>;
    fn part(&self) -> Option<Part>;
    fn next(&self) -> u64;

    /// The cases of its findings, each with the part that was first.
    fn cases(&self) -> Vec<(String, Option<Part>)>;

    /// Prints the findings; returns how many the baseline does not accept.
    fn tell(&self, args: &GatherArgs, again: &str) -> Result<usize, Trouble>;
}

impl Stored for State {
    fn read(path: &Path) -> Result<Option<Self>, Error> {
        Self::load(path)
    }

    fn write(&self, path: &Path) -> Result<(), Error> {
        self.save(path)
    }

    fn part(&self) -> Option<Part> {
        self.part
    }

    fn next(&self) -> u64 {
        self.next
    }

    fn cases(&self) -> Vec<(String, Option<Part>)> {
        self.findings.iter().map(|found| (found.case.clone(), found.part)).collect()
    }

    fn tell(&self, args: &GatherArgs, again: &str) -> Result<usize, Trouble> {
        let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
        let known = baseline.as_ref().zip(args.baseline.as_deref());
        Ok(fuzz::tell_findings(&self.findings, known, again, args.quiet))
    }
}

impl<D: Drawn> Stored for ChaseState<D> {
    fn read(path: &Path) -> Result<Option<Self>, Error> {
        Self::load(path)
    }

    fn write(&self, path: &Path) -> Result<(), Error> {
        self.save(path)
    }

    fn part(&self) -> Option<Part> {
        self.part
    }

    fn next(&self) -> u64 {
        self.next
    }

    fn cases(&self) -> Vec<(String, Option<Part>)> {
        self.findings.iter().map(|found| (found.case.clone(), found.part)).collect()
    }

    fn tell(&self, _: &GatherArgs, again: &str) -> Result<usize, Trouble> {
        chase::tell_findings(&self.findings, again);
        Ok(self.findings.len())
    }
}

/// What the topics of cases begin with that are suspected of a death.
const SUSPECTS: &str = "found-death-";

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn only_cases_of_hunts_have_a_place() {
        assert_eq!(place("user/server/found-key-1a/smallest"), Some(("server", "found-key-1a")));
        for id in ["server/control/handshake", "user/server", "user/../x/y", "user/server/../y"] {
            assert_eq!(place(id), None, "{id}");
        }
    }
}
