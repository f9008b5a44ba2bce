//! `upspec run` on several targets, one after the other: a report each, and a summary of all.

use std::path::{Path, PathBuf};

use upspec_report::{FORMATS, visible};

use crate::args::{Command, DEFAULT_REPORTS, RunArgs, wish};
use crate::exit::{Exit, Trouble};
use crate::{console, run};

/// Runs them all; trouble with one does not stop the others.
pub(crate) fn run(commands: impl Iterator<Item = Command>) -> Result<Exit, Trouble> {
    let mut runs: Vec<Box<RunArgs>> = commands
        .filter_map(|command| match command {
            Command::Run(args) => Some(args),
            _ => None,
        })
        .collect();
    for args in &mut runs {
        give_own_places(args)?;
    }
    let (mut worst, mut rows) = (Exit::Conforming, Vec::new());
    for args in &runs {
        let name = args.name.clone().unwrap_or_default();
        if !args.output.quiet {
            console::say(&format!("== {} ==\n", visible::text(&name)));
        }
        let (told, ended) = run::played(args);
        let (exit, line) = match ended {
            Ok(exit) => (exit, told.unwrap_or_default()),
            Err(trouble) => {
                console::complain(&format!("{name}: {}", trouble.message));
                (trouble.exit, told.unwrap_or(trouble.message))
            }
        };
        rows.push((name, exit, line));
        worst = worse(worst, exit);
        if exit == Exit::Interrupted {
            break;
        }
        if !args.output.quiet {
            console::say("\n");
        }
    }
    if !runs.iter().all(|args| args.output.quiet) {
        console::say(&summary(&rows, runs.len()));
    }
    Ok(worst)
}

fn summary(rows: &[(String, Exit, String)], wanted: usize) -> String {
    let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("{} of {wanted} targets were run:\n", rows.len());
    for (name, exit, line) in rows {
        let word = match exit {
            Exit::Conforming => "ok",
            Exit::Failed => "failed",
            Exit::Usage => "refused",
            Exit::Unreachable => "not judged",
            Exit::Interrupted => "interrupted",
        };
        let (name, line) = (visible::text(name), visible::text(line));
        text.push_str(&format!("  {name:width$}  {word}: {line}\n"));
    }
    text
}

/// What a run of several ends with: what kept us from judging counts before what failed.
fn worse(one: Exit, other: Exit) -> Exit {
    let order = [Exit::Interrupted, Exit::Usage, Exit::Unreachable, Exit::Failed, Exit::Conforming];
    order.into_iter().find(|exit| [one, other].contains(exit)).unwrap_or(one)
}

/// Puts the reports of a target where no other target's go.
fn give_own_places(args: &mut RunArgs) -> Result<(), Trouble> {
    if args.output.report.is_empty() {
        let wishes = DEFAULT_REPORTS.iter().map(|wanted| wish(wanted, FORMATS));
        args.output.report = wishes.collect::<Result<_, _>>().map_err(Trouble::usage)?;
    }
    for (_, path) in &mut args.output.report {
        if path.as_os_str() == "-" {
            return Err(Trouble::usage("standard output takes the report of one target alone"));
        }
        if !path.to_string_lossy().contains(PLACE) {
            *path = below(path, PLACE);
        }
    }
    if let Some(path) = &mut args.server.server_log
        && !path.to_string_lossy().contains(PLACE)
    {
        *path = below(path, PLACE);
    }
    args.name_places();
    Ok(())
}

/// A path with one folder more before the name of the file.
fn below(path: &Path, folder: &str) -> PathBuf {
    let file = path.file_name().unwrap_or_default();
    path.parent().unwrap_or(Path::new("")).join(folder).join(file)
}

/// What stands for the name of the target in a path.
pub(crate) const PLACE: &str = "{target}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_a_folder() {
        assert_eq!(below(Path::new("a/b.json"), "x"), Path::new("a/x/b.json"));
        assert_eq!(below(Path::new("b.json"), "x"), Path::new("x/b.json"));
    }

    #[test]
    fn the_worst_counts() {
        assert_eq!(worse(Exit::Failed, Exit::Unreachable), Exit::Unreachable);
        assert_eq!(worse(Exit::Failed, Exit::Conforming), Exit::Failed);
    }
}
