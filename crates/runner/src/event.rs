//! What a run reports as it goes, and what it leaves behind.
//! Data only: reporters read it, and nothing here talks back to the run.

use upspec_judge::{CaseResult, TargetFacts};

use crate::printed::in_a_line;

/// Something that happened in a run. Events come in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A case, by its id, is being played.
    Begun(String),
    /// A case has its result. Every case of the plan gets one, played or not, unless the run is
    /// interrupted. When a case is played again after the target's death, its later result
    /// replaces the earlier one.
    CaseDone(Box<CaseResult>),
    /// The run is over; nothing follows.
    Finished,
    /// Something the user may want to know: one sentence.
    Note(String),
    /// The result of a case, by its id, that comes next is looked at again before it counts.
    Open(String),
    /// A case was played more than once, and this result does not count; the one that does came before.
    Repeated(Box<CaseResult>),
    /// The run begins.
    Started {
        /// How many cases the plan has, the control included.
        total: usize,
    },
}

/// What a run leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutcome {
    /// The results in the order of the plan. A control that was answered differently at the end comes
    /// last, with `-again` after its id.
    pub results: Vec<CaseResult>,
    /// What was found out about the target.
    pub facts: TargetFacts,
    /// Whether every case was played, or left out because of what the target can do.
    pub complete: bool,
    /// How it ended.
    pub ending: Ending,
    /// Each time the target died, those after which it was started again included.
    pub deaths: Vec<Death>,
    /// What is to be said of the run as a whole, each one sentence.
    pub remarks: Vec<String>,
}

impl RunOutcome {
    pub(crate) fn new(
        (results, remarks): (Vec<CaseResult>, Vec<String>),
        facts: TargetFacts,
        ending: Ending,
        deaths: Vec<Death>,
    ) -> Self {
        let complete = matches!(ending, Ending::Complete | Ending::NotSwitched { .. });
        Self { results, facts, complete, ending, deaths, remarks }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was played.
    Complete,
    /// It was cancelled. Cases that had not begun have no result.
    Interrupted,
    /// The target takes connections, but it did not answer the control with HTTP. Nothing else
    /// was played.
    NotHttp {
        /// What it did, and what to try.
        message: String,
    },
    /// The control was answered with a response other than a switch. What needs no endpoint was
    /// played.
    NotSwitched {
        /// What it got, and what to try.
        message: String,
    },
    /// The target died and could not be started again. What was left was not played.
    TargetDied {
        /// The ids of the cases that may have killed it, in the order in which they began.
        suspects: Vec<String>,
    },
    /// The target could not be reached, or not be started.
    Unreachable {
        /// What stood in the way, and what to try.
        message: String,
    },
}

impl Ending {
    /// Why what was to be judged could not be judged, and what to try, in a line.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::NotHttp { message }
            | Self::NotSwitched { message }
            | Self::Unreachable { message } => Some(in_a_line(message)),
            Self::Complete | Self::Interrupted | Self::TargetDied { .. } => None,
        }
    }
}

/// The death of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// The ids of the cases that may have killed it, in the order in which they began. One alone was
    /// the only case since the control had last been answered, or killed the target again when played
    /// alone.
    pub suspects: Vec<String>,
}
