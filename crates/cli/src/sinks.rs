//! Where reports go: one file or standard output for each, all found to be in order before there is a report.

use std::path::{Path, PathBuf};

use upspec_report::Format;

use crate::args::Wish;
use crate::console;
use crate::exit::Trouble;
use crate::files::{Place, identity};

/// The reports that are wanted, and where.
pub(crate) struct Sinks<R: 'static> {
    sinks: Vec<(&'static Format<R>, Sink)>,
}

enum Sink {
    File(Place),
    /// `-`.
    Stdout,
}

/// What became of the reports.
pub(crate) struct Written {
    /// What was written and what was not, in lines.
    pub(crate) told: String,
    /// What stood in the way of the first that could not be written.
    pub(crate) result: Result<(), Trouble>,
}

impl<R> Sinks<R> {
    /// Finds out whether all can be written, no two in one place, and none in that of another file of the
    /// command.
    pub(crate) fn prepare<'p>(
        wishes: &[Wish<R>],
        others: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Result<Self, Trouble> {
        let mut taken: Vec<PathBuf> = others.into_iter().map(|path| identity(path)).collect();
        let mut sinks = Vec::new();
        for (format, path) in wishes {
            let sink = match path.to_str() {
                Some("-") => Sink::Stdout,
                _ => Sink::File(Place::find(path)?),
            };
            let identity = identity(path);
            // Any number of them may go to /dev/null.
            let shared = matches!(sink, Sink::File(_)) && is_special(path);
            if !shared && taken.contains(&identity) {
                return Err(Trouble::usage(format!(
                    "{} is wanted for two things; give the {} report a path of its own",
                    path.display(),
                    format.name
                )));
            }
            taken.push(identity);
            sinks.push((*format, sink));
        }
        Ok(Self { sinks })
    }

    /// No report at all.
    pub(crate) fn none() -> Self {
        Self { sinks: Vec::new() }
    }

    /// Writes all of them; one that fails keeps none of the others from being written. A report that says
    /// nothing takes the place of no other file.
    pub(crate) fn write(&self, report: &R, says_something: bool) -> Written {
        let mut written = Written { told: String::new(), result: Ok(()) };
        for (format, sink) in &self.sinks {
            let Sink::File(place) = sink else {
                let mut octets = Vec::new();
                // A vector takes it all.
                let _ = format.write_to(report, &mut octets);
                console::say_raw(&octets);
                continue;
            };
            let (place, kept) = match says_something || !place.is_taken() {
                true => (place.clone(), None),
                false => (place.beside("unjudged"), Some(place)),
            };
            match place.write_with(|out| format.write_to(report, out)) {
                Ok(()) => {
                    let kept = kept.map(|kept| {
                        format!("; {} is of an earlier run, and was kept", kept.shown())
                    });
                    let kept = kept.unwrap_or_default();
                    written.told.push_str(&format!("wrote {}{kept}\n", place.shown()));
                }
                Err(trouble) if written.result.is_ok() => written.result = Err(trouble),
                Err(trouble) => console::complain(&trouble.message),
            }
        }
        written
    }

    /// Prints beside the reports: on standard error, if one goes to standard output.
    pub(crate) fn tell(&self, text: &str) {
        match self.sinks.iter().any(|(_, sink)| matches!(sink, Sink::Stdout)) {
            true => console::say_beside(&console::fold(text, &std::io::stderr())),
            false => console::say(&console::fold(text, &std::io::stdout())),
        }
    }
}

/// Whether something else than a file or folder is there.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}
