//! `upspec watch`: runs the cases again whenever a file of the server changes, what failed before first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use tokio::sync::watch;
use upspec_report::visible;

use crate::args::watch::WatchArgs;
use crate::args::{DEFAULT_REPORTS, RunArgs};
use crate::exit::{Exit, Trouble};
use crate::run::{self, Round};
use crate::signals::{self, Orderly};
use crate::{console, reach};

/// Runs until a signal comes, or so often as is wanted.
pub(crate) fn watch(mut args: WatchArgs) -> Result<Exit, Trouble> {
    args.run.name_places();
    let watched = Watched::of(&args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let (tell, mut changes) = watch::channel(0);
    let _watcher = watched.watch(tell)?;
    console::remark(&format!("watching {}; Ctrl-C ends it", watched.named()));
    let _orderly = Orderly::begin();
    let mut failing = BTreeMap::new();
    let mut rounds = 0;
    loop {
        changes.mark_unchanged();
        let first = failing.keys().cloned().collect();
        let round = Round { first, stop: Some(changes.clone()), is_brief: true };
        if args.run.server.server_cmd.is_none() && !runtime.block_on(reach::ready(&args.run)) {
            console::remark("the target takes no connections yet");
        }
        let played = run::round(&args.run, &round);
        if signals::has_come() {
            return Ok(Exit::Interrupted);
        }
        let ended = match played {
            Ok(played) if played.is_stopped => None,
            Ok(played) => {
                tell_round(&failing, &played.failing, &played.told);
                failing = played.failing;
                Some(played.ended)
            }
            // What is wrong from the beginning no change of the server mends.
            Err(trouble) if rounds == 0 && trouble.exit == Exit::Usage => return Err(trouble),
            Err(trouble) => Some(Err(trouble)),
        };
        if let Some(ended) = ended {
            rounds += 1;
            if args.rounds.is_some_and(|most| rounds >= most) {
                return ended;
            }
            if let Err(trouble) = ended {
                console::complain(&trouble.message);
            }
        }
        if !runtime.block_on(quiet_again(&mut changes)) {
            return Ok(Exit::Interrupted);
        }
        console::say("\n");
    }
}

/// Waits for a change, and until no other one follows soon. False when a signal came instead.
async fn quiet_again(changes: &mut watch::Receiver<u64>) -> bool {
    let changed = tokio::select! {
        () = signals::told() => return false,
        changed = changes.changed() => changed,
    };
    let until = Instant::now() + LONGEST_STIR;
    while changed.is_ok() && Instant::now() < until {
        match tokio::time::timeout(STIR, changes.changed()).await {
            Ok(Ok(())) => {}
            _ => break,
        }
    }
    changed.is_ok()
}

/// What fails now, what does no longer, and the run in a line.
fn tell_round(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>, line: &str) {
    let mut text = String::new();
    let mended: Vec<&String> = before.keys().filter(|id| !now.contains_key(*id)).collect();
    for id in mended.iter().take(MOST) {
        text.push_str(&format!("  mended  {}\n", visible::text(id)));
    }
    if mended.len() > MOST {
        text.push_str(&format!("  and {} more mended\n", mended.len() - MOST));
    }
    let mut failing: Vec<_> = now.iter().collect();
    failing.sort_by_key(|(id, _)| before.contains_key(*id));
    for (id, message) in failing.iter().take(MOST) {
        let word = if before.contains_key(*id) { "still" } else { "new" };
        let (id, message) = (visible::text(id), visible::text(message));
        text.push_str(&format!("  {word:7} {id}: {message}\n"));
    }
    if failing.len() > MOST {
        text.push_str(&format!("  and {} more; the report has them all\n", failing.len() - MOST));
    }
    console::say(&format!("{text}{}\n", visible::text(line)));
}

/// What is watched: files through the folder that they are in, since editors put a new file in the place of an old one.
struct Watched {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// Where the run itself writes.
    ours: Vec<PathBuf>,
}

impl Watched {
    fn of(args: &WatchArgs) -> Result<Self, Trouble> {
        let mut paths = args.path.clone();
        if paths.is_empty() {
            let command = args.run.server.server_cmd.as_deref().unwrap_or_default();
            paths = sources(command);
        }
        if paths.is_empty() {
            let why = match &args.run.server.server_cmd {
                Some(command) => format!("`{command}` names no file"),
                None => "without --server-cmd it is not known".to_owned(),
            };
            return Err(Trouble::usage(format!("what is to be watched? Say --path; {why}")));
        }
        let run = &args.run;
        paths.extend(run.selection.cases.iter().cloned());
        paths.extend(run.output.baseline.iter().chain(run.trust.files()).cloned());
        let mut watched = Self { files: Vec::new(), folders: Vec::new(), ours: outputs(run) };
        for path in &paths {
            let full = std::fs::canonicalize(path).map_err(|error| {
                Trouble::usage(format!("cannot watch {}: {error}", path.display()))
            })?;
            match full.is_dir() {
                true => watched.folders.push(full),
                false => watched.files.push(full),
            }
        }
        watched.files.extend(std::fs::canonicalize("upspec.toml"));
        Ok(watched)
    }

    /// The watched things in words.
    fn named(&self) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let all = self.files.iter().chain(&self.folders);
        let names = all.map(|path| path.strip_prefix(&here).unwrap_or(path).display().to_string());
        names
            .map(|name| if name.is_empty() { ".".to_owned() } else { name })
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Counts changes up until the watcher is dropped.
    fn watch(&self, tell: watch::Sender<u64>) -> Result<notify::RecommendedWatcher, Trouble> {
        let (files, folders, ours) = (self.files.clone(), self.folders.clone(), self.ours.clone());
        let is_meant = move |path: &Path| {
            !ours.iter().any(|own| path.starts_with(own))
                && (files.iter().any(|file| file == path)
                    || folders.iter().any(|folder| {
                        path.strip_prefix(folder).is_ok_and(|below| !is_by_the_way(below))
                    }))
        };
        let refused = |error: notify::Error| Trouble::usage(format!("cannot watch: {error}"));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error says that something may have been missed.
            let counts = event.map_or(true, |event| {
                changes(event.kind) && event.paths.iter().any(|path| is_meant(path))
            });
            if counts {
                tell.send_modify(|count| *count += 1);
            }
        })
        .map_err(refused)?;
        for folder in &self.folders {
            watcher.watch(folder, RecursiveMode::Recursive).map_err(refused)?;
        }
        let mut parents: Vec<&Path> = self.files.iter().filter_map(|file| file.parent()).collect();
        parents.sort_unstable();
        parents.dedup();
        for parent in
            parents.iter().filter(|one| !self.folders.iter().any(|it| one.starts_with(it)))
        {
            watcher.watch(parent, RecursiveMode::NonRecursive).map_err(refused)?;
        }
        Ok(watcher)
    }
}

/// Whether an event says that the octets of a file, or its name, have changed.
fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

/// Whether a path below a watched folder is none of its sources.
fn is_by_the_way(below: &Path) -> bool {
    below.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        part.starts_with('.') || part.ends_with('~') || NO_SOURCES.contains(&&*part)
    })
}

/// The files that a command names, without those of the system.
fn sources(command: &str) -> Vec<PathBuf> {
    let quotes = |c: char| "'\"();&|<>".contains(c);
    let words = command.split_whitespace().map(|word| word.trim_matches(quotes));
    let paths = words.map(PathBuf::from).filter(|path| path.is_relative() && path.is_file());
    paths.collect()
}

/// What a run writes: the folder of the default reports, and each other report.
fn outputs(run: &RunArgs) -> Vec<PathBuf> {
    let defaults = DEFAULT_REPORTS.iter().filter_map(|one| one.split_once('='));
    let folders = defaults.filter_map(|(_, path)| Path::new(path).parent()).map(Path::to_owned);
    let given = run.output.report.iter().flat_map(|(_, path)| {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        [path.clone(), path.with_extension(format!("unjudged.{extension}"))]
    });
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    folders.chain(given).map(|path| here.join(path)).collect()
}

/// What no source lies in.
const NO_SOURCES: [&str; 3] = ["__pycache__", "node_modules", "target"];
/// After a change it is waited until nothing has changed for so long, and at most so long.
const STIR: Duration = Duration::from_millis(100);
const LONGEST_STIR: Duration = Duration::from_secs(2);
/// How many cases are named at a time.
const MOST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_names_is_watched() {
        // Tests run in the folder of the crate.
        assert_eq!(
            sources("exec 'src/main.rs' --port 1 /bin/sh src"),
            [PathBuf::from("src/main.rs")]
        );
        assert!(sources("cargo run").is_empty());
    }

    #[test]
    fn what_lies_by_the_way_is_not() {
        for path in [".git/index", "a/node_modules/b.js", "a/.b.swp", "a.js~", "target/debug/a"] {
            assert!(is_by_the_way(Path::new(path)), "{path}");
        }
        assert!(!is_by_the_way(Path::new("src/target.rs")));
    }
}
