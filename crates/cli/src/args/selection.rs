//! The arguments on which cases are played.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use upspec_corpus::HarmKind;
use upspec_corpus::words::Word as _;

use crate::complete;

/// Which cases are played.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cases")]
pub(crate) struct Selection {
    /// Play only these cases: an id, a prefix such as server/key, or a pattern with `*` or with alternatives, such as
    /// `server/{key,host}`; or a rule or section that they are about, such as rfc6455/4.2.1.
    #[arg(long, value_name = "GLOB", add = complete::case_or_rule())]
    pub(crate) only: Vec<String>,
    /// Skip these cases.
    #[arg(long, value_name = "GLOB", add = complete::case_or_rule())]
    pub(crate) skip: Vec<String>,
    /// Play only cases whose requirement is at least this strong.
    #[arg(long, value_enum)]
    pub(crate) level: Option<LevelArg>,
    /// Play only cases whose requirement does this harm where it is broken; may be repeated.
    #[arg(long, value_name = "KIND", value_parser = harms())]
    pub(crate) harm: Vec<HarmKind>,
    /// Play only cases with this tag; may be repeated. Cases for servers have `quick`, and your own may have others.
    #[arg(long, value_name = "NAME")]
    pub(crate) tag: Vec<String>,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    /// Play only part M of N; `upspec report merge` puts the parts together.
    #[arg(long, value_name = "M/N", value_parser = partition)]
    pub(crate) partition: Option<Partition>,
    /// Play only so many of the chosen cases, drawn by the seed: with the same seed the same ones.
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) sample: Option<usize>,
    /// Also play the cases that can hurt a weak server.
    #[arg(long)]
    pub(crate) hazardous: bool,
}

/// The kinds of harm, so that help lists them.
fn harms() -> impl TypedValueParser<Value = HarmKind> {
    PossibleValuesParser::new(HarmKind::WORDS.iter().map(|(word, _)| *word))
        .map(|word| HarmKind::from_word(&word).expect("it is one of the words"))
}

/// One of the parts that the cases are split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// Which part, from 1.
    pub(crate) part: u64,
    /// Of how many.
    pub(crate) of: u64,
}

/// A number of things, of which there is one at least.
pub(crate) fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("write it as a number from 1".to_owned()),
    }
}

/// `2/3`.
pub(crate) fn partition(text: &str) -> Result<Partition, String> {
    let numbers =
        text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((part, of)) if (1..=of).contains(&part) => Ok(Partition { part, of }),
        _ => Err("write it as M/N, with M from 1 to N".to_owned()),
    }
}

/// How strong a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    /// MUST and MUST NOT.
    Must,
    /// Also SHOULD and SHOULD NOT.
    Should,
    /// Also MAY.
    May,
}
