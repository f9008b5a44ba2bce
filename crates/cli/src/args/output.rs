//! The arguments on what a run writes, what it says, and how it ends.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use upspec_corpus::case::Need;
use upspec_corpus::did_you_mean;
use upspec_corpus::words::Word as _;
use upspec_report::{Docs, FORMATS, Report};

use crate::args::{DEFAULT_REPORTS, RunArgs, Wish, field_name, wish, wish_help};
use crate::many;

/// What a run writes, and how it ends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    #[arg(long, value_name = "FORMAT=PATH", value_parser = |text: &str| wish(text, FORMATS))]
    #[arg(help = format!("{} [default: {}]", wish_help(FORMATS), DEFAULT_REPORTS.join(" ")))]
    pub(crate) report: Vec<Wish<Report>>,
    /// The least verdict that makes the run end with 1.
    #[arg(long, value_enum, default_value = "fail", value_name = "VERDICT")]
    pub(crate) fail_on: FailOn,
    /// What the target has to have, in the words of `needs` in case files, such as http2 or permessage-deflate; may be
    /// repeated. A run that does not find it ends with 1, since the cases about it were not played.
    #[arg(long, value_name = "FEATURE", value_parser = need)]
    pub(crate) need: Vec<Need>,
    /// Excuse what this file accepts, and fail only on what is new; `upspec baseline write` makes one.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Let what the baseline accepts in vain fail the run, too: what is fixed, and what is stale.
    #[arg(long, requires = "baseline")]
    pub(crate) strict_baseline: bool,
    /// The file of your repository at which SARIF, annotations and code quality point, since none of its lines
    /// is to blame. [default: the baseline, else upspec.toml if it is there, else README.md]
    #[arg(long, value_name = "FILE[:LINE]")]
    pub(crate) locate: Option<String>,
    /// Where the documentation is, as `cargo xtask docs` makes it: findings in the HTML report link to its pages.
    #[arg(long, value_name = "URL", value_parser = docs)]
    pub(crate) docs: Option<Docs>,
    /// Add a line of JSON to this file, with when the run was, the target, and how many cases have which verdict;
    /// `upspec report history FILE` shows them. A run of which nothing could be judged adds none.
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,
    /// Let flaky failures fail the run.
    #[arg(long)]
    pub(crate) strict_flaky: bool,
    /// Blot out the values of this field in all output, besides those of Authorization, Cookie, X-Api-Key and
    /// the like, and of the URL's query.
    #[arg(long, value_name = "NAME", value_parser = field_name)]
    pub(crate) secret_header: Vec<String>,
    /// For cases that passed or were not played, report only verdict, reason and outcome.
    #[arg(long)]
    pub(crate) slim: bool,
    /// Leave out what differs from run to run: times, dates, and where the network cut the octets. With one
    /// --seed two reports of a steady target are the same file.
    #[arg(long)]
    pub(crate) stable: bool,
    /// Tell of each case what came and why it has its verdict; twice, also all octets.
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Reads the address of the documentation.
pub(crate) fn docs(text: &str) -> Result<Docs, &'static str> {
    Docs::at(text).ok_or("not a plain address that begins with https:// or http://")
}

fn need(text: &str) -> Result<Need, String> {
    Need::from_word(text).ok_or_else(|| {
        let words: Vec<&str> = Need::WORDS.iter().map(|(word, _)| *word).collect();
        let near = did_you_mean(text, words.iter().copied());
        format!(
            "no such feature; {}",
            near.unwrap_or_else(|| format!("known are {}", words.join(", ")))
        )
    })
}

impl RunArgs {
    /// Puts the name of the target into paths that ask for it; what no file name may hold becomes `-`.
    pub(crate) fn name_places(&mut self) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = self.name.as_deref().unwrap_or_default();
        let name: String = name.chars().map(|c| if plain(c) { c } else { '-' }).collect();
        let output = &mut self.output;
        let paths = output.report.iter_mut().map(|(_, path)| path).chain(&mut output.baseline);
        let paths = paths.chain(&mut output.history).chain(&mut self.server.server_log);
        for path in paths.filter(|path| path.to_string_lossy().contains(many::PLACE)) {
            *path = path.to_string_lossy().replace(many::PLACE, &name).into();
        }
    }
}

/// What fails a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A broken MUST.
    Fail,
    /// Also a missed SHOULD.
    Warn,
    /// Nothing: end with 0 whatever the verdicts are.
    Never,
}

impl From<FailOn> for upspec_report::FailOn {
    fn from(given: FailOn) -> Self {
        match given {
            FailOn::Fail => Self::Fail,
            FailOn::Never => Self::Never,
            FailOn::Warn => Self::Warn,
        }
    }
}
