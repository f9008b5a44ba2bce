//! The exit codes of the command, and errors that end it.

use std::process::ExitCode;

use upspec_corpus::nearest;

use crate::signals;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing failed.
    Conforming,
    /// A case failed that the baseline does not excuse.
    Failed,
    /// Bad arguments, configuration or case file.
    Usage,
    /// The target is unreachable, the control failed so nothing could be judged, or a case could not be
    /// played.
    Unreachable,
    /// Ended by a signal; the partial report is written.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Conforming => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            Exit::Interrupted => signals::code(),
        })
    }
}

/// Why the command could not do what it was told, in words for the user.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// How the command ends.
    pub(crate) exit: Exit,
    /// What is wrong and what to do about it; no period at the end.
    pub(crate) message: String,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A word that nothing is called, with the word that was probably meant, or else where to look.
    pub(crate) fn unknown<'k>(
        message: &str,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
        hint: &str,
    ) -> Self {
        let meant = nearest(word, known).map(|near| format!("did you mean `{near}`?"));
        Self::usage(format!("{message}; {}", meant.as_deref().unwrap_or(hint)))
    }

    pub(crate) fn unreachable(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Unreachable, message)
    }
}
