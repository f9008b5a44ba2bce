//! The arguments on how often the cases are played.

use clap::Args;

use crate::args::selection::number;

/// How often the cases are played.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct Rounds {
    /// Play the chosen cases so many times over, with the same octets. Of each the worst result stands; a case whose
    /// verdict differs from round to round is flaky.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = number, hide_default_value = true)]
    pub(crate) repeat: usize,
}
