//! Which cases a run plays, and in which phase.
//! Looks only at a case's id, role and partner.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use upspec_corpus::case::{Act, Case, Over, Role, Step};

/// The id of the positive control: a valid opening handshake with a Ping after the 101.
pub const CONTROL: &str = "server/control/handshake";

/// The id of the control of clients: a conforming answer to their handshake.
pub const CLIENT_CONTROL: &str = "client/control/handshake";

/// The id of the first control of intermediaries: a plain request, and its answer.
pub const PROXY_CONTROL: &str = "intermediary/control/relay";

/// The id of the control of HTTP/2: a valid GET.
pub const HTTP2_CONTROL: &str = "server/control/http2";

/// The id of the case that finds out whether text messages are echoed.
pub(crate) const ECHO: &str = "server/control/echo";

/// The cases of a run in the order of the corpus. Its clones share them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    all: Arc<[Case]>,
    /// Those of them that it plays.
    played: Range<usize>,
    partners: Arc<BTreeMap<String, Case>>,
}

impl Plan {
    /// Takes the chosen cases for a server. The cases below `server/control/` are always among them:
    /// without them nothing is known about the target.
    #[must_use]
    pub fn new(corpus: &[Case], chosen: impl Fn(&Case) -> bool) -> Self {
        Self::of(Role::Server, corpus, chosen)
    }

    /// Takes the chosen cases for a peer of this role, and its controls.
    #[must_use]
    pub fn of(role: Role, corpus: &[Case], chosen: impl Fn(&Case) -> bool) -> Self {
        let own = corpus.iter().filter(|case| case.role == role);
        let cases: Arc<[Case]> =
            own.filter(|case| is_control(case) || chosen(case)).cloned().collect();
        let played = 0..cases.len();
        Self::holding(cases, played, corpus)
    }

    /// The same. Where the chosen cases stand side by side, it has no copies of them.
    #[must_use]
    pub fn sharing(role: Role, corpus: &Arc<[Case]>, chosen: impl Fn(&Case) -> bool) -> Self {
        let is_meant = |case: &Case| case.role == role && (is_control(case) || chosen(case));
        let first = corpus.iter().position(is_meant).unwrap_or(0);
        let beside = corpus[first..].iter().take_while(|case| is_meant(case)).count();
        let played = first..first + beside;
        match corpus[played.end..].iter().any(is_meant) {
            true => Self::of(role, corpus, chosen),
            false => Self::holding(Arc::clone(corpus), played, corpus),
        }
    }

    fn holding(all: Arc<[Case]>, played: Range<usize>, corpus: &[Case]) -> Self {
        let cases = &all[played.clone()];
        let wanted = cases.iter().filter_map(|case| case.same_as.as_deref());
        let partners: BTreeMap<String, Case> = wanted
            .filter_map(|id| corpus.iter().find(|case| case.id == id))
            .map(|case| (case.id.clone(), case.clone()))
            .collect();
        Self { all, played, partners: Arc::new(partners) }
    }

    /// The cases, in the order of the corpus.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        &self.all[self.played.clone()]
    }

    /// The case that must have the same outcome as this one, if it names one.
    pub(crate) fn partner(&self, case: &Case) -> Option<&Case> {
        self.partners.get(case.same_as.as_deref()?)
    }

    /// The control.
    pub(crate) fn control(&self) -> Option<usize> {
        let controls = [CONTROL, CLIENT_CONTROL, PROXY_CONTROL];
        self.cases().iter().position(|case| controls.contains(&case.id.as_str()))
    }

    /// The control of a target that speaks HTTP/2 alone.
    pub(crate) fn http2_control(&self) -> Option<usize> {
        self.cases().iter().position(|case| case.id == HTTP2_CONTROL)
    }

    /// The cases that find out what the target can do.
    pub(crate) fn discovery(&self) -> Vec<usize> {
        self.positions(is_control)
    }

    /// All other cases.
    pub(crate) fn rest(&self) -> Vec<usize> {
        self.positions(|case| !is_control(case))
    }

    fn positions(&self, wanted: impl Fn(&Case) -> bool) -> Vec<usize> {
        let numbered = self.cases().iter().enumerate();
        numbered.filter(|(_, case)| wanted(case)).map(|(index, _)| index).collect()
    }
}

/// Whether a case is there to find out what the target can do. Such a case is in every plan of its role.
#[must_use]
pub fn is_control(case: &Case) -> bool {
    let controls = [CONTROLS, CONTROLS_OF_CLIENTS, upspec_judge::PROXY_DISCOVERY];
    let shows = upspec_judge::PROXY_SHOWS.contains(&case.id.as_str());
    shows || controls.iter().any(|folder| case.id.starts_with(folder))
}

/// What of a control shows that the target lives: its request, to which any final response will do.
pub(crate) fn pulse(control: &Case) -> Case {
    let is_send = |step: &Step| matches!(step.act, Act::Send(_));
    let most = match (control.over, control.steps.iter().position(is_send)) {
        (Over::Http1, Some(at)) => at + 1,
        _ => control.steps.len(),
    };
    let steps = control.steps[..most].to_vec();
    Case { steps, expect: Vec::new(), ..control.clone() }
}

const CONTROLS: &str = "server/control/";
const CONTROLS_OF_CLIENTS: &str = "client/control/";
