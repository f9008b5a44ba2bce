//! The part of a hunt that a command plays, where it leaves its state, and which parts are missing in the end.

use std::path::PathBuf;

use upspec_hunt::Part;

use crate::args::fuzz::FuzzArgs;
use crate::console;
use crate::exit::Trouble;
use crate::files::Place;
use crate::run::fresh_seed;

/// Refuses to go on with the state of another hunt than the arguments ask for.
pub(crate) fn goes_on(args: &FuzzArgs, seed: u64, part: Option<Part>) -> Result<(), Trouble> {
    if args.seed.is_some_and(|asked| asked != seed) {
        return Err(Trouble::usage(format!(
            "the state was drawn from the seed {seed}; leave --seed out to go on with it"
        )));
    }
    match (args.part(), part) {
        (Some(asked), Some(part)) if asked != part => Err(Trouble::usage(format!(
            "the state is of part {part}; leave --partition out to go on with it"
        ))),
        (Some(_), None) => Err(Trouble::usage(
            "the state is of a whole hunt; a part begins with --seed and a state of its own",
        )),
        _ => Ok(()),
    }
}

/// The seed of a hunt that begins.
pub(crate) fn fresh(args: &FuzzArgs) -> Result<u64, Trouble> {
    match (args.seed, args.partition) {
        (None, Some(_)) => {
            Err(Trouble::usage("--partition needs --seed, the same one for each part"))
        }
        (seed, _) => Ok(seed.unwrap_or_else(fresh_seed)),
    }
}

/// Finds out whether what is found can be written. The hunt is long.
pub(crate) fn find_places(args: &FuzzArgs, part: Option<Part>) -> Result<(), Trouble> {
    Place::find(&args.out.join("upspec.toml"))?;
    kept_at(args, part).iter().try_for_each(|path| Place::find(path).map(drop))
}

/// Where the state goes: to the file that is asked for, and that of a part also beside what it found.
pub(crate) fn kept_at(args: &FuzzArgs, part: Option<Part>) -> Vec<PathBuf> {
    let own = part.map(|part| args.out.join(file_name(part)));
    args.state.iter().cloned().chain(own).collect()
}

/// Says what is drawn, so that it can be drawn again.
pub(crate) fn tell_course(args: &FuzzArgs, seed: u64, part: Option<Part>, next: u64) {
    if !args.quiet {
        let part_told = part.map_or_else(String::new, |part| format!(", part {part}"));
        let next = part.unwrap_or(Part::WHOLE).from(next);
        console::remark(&format!("seed {seed}{part_told}, from number {next}"));
    }
}

/// The name of the file with the state of a part, so that a folder can hold those of all.
fn file_name(part: Part) -> String {
    format!("{STATES}{}-of-{}.json", part.number(), part.of())
}

/// Which part found something first, and after how much of it.
pub(crate) fn first_by(part: Option<Part>, number: Option<u64>) -> String {
    let Some(part) = part else { return String::new() };
    let after = number
        .map_or_else(String::new, |number| format!(" by its exchange {}", part.before(number) + 1));
    format!("; part {} found it first{after}", part.number())
}

/// Which of so many parts are not there, if it is not too many to name them.
pub(crate) fn missing(there: &[u64], of: u64, what: &str) -> Option<String> {
    if of > MOST_PARTS {
        return None;
    }
    let missing = (1..=of).filter(|number| !there.contains(number));
    let missing: Vec<String> = missing.map(|part| part.to_string()).collect();
    let named = missing.join(", ");
    match missing.len() {
        0 => None,
        1 => Some(format!("part {named} of {of} is missing, and its {what} with it")),
        _ => Some(format!("parts {named} of {of} are missing, and their {what} with them")),
    }
}

/// What the names of files with states of parts begin with.
pub(crate) const STATES: &str = "part-";
/// Of more parts nobody wants to read which are missing.
const MOST_PARTS: u64 = 1000;
