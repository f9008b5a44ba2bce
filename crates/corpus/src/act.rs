//! What is done in the steps of a case, one by one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use upspec_handshake::Party;

use crate::case::LinkName;
use crate::frames::{Flow, Frames};
use crate::outcome::Outcomes;
use crate::template::{Binding, Bindings, Template};

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// On which connection.
    pub at: LinkName,
    /// What is done.
    pub act: Act,
    /// When it is done, and what in its place, in a case for an intermediary.
    #[serde(default)]
    pub terms: Terms,
}

/// When a step is done, and what is done in its place. The default asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What our origin writes in place of the step where the request that it answers offers no protocol that the
    /// client's does.
    pub otherwise: Option<Template>,
    /// Of all steps that say so only the first is done whose turn comes.
    pub once: bool,
    /// The step is done only where this holds.
    pub when: Option<When>,
}

/// What has to hold for a step to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// `interim`: a 1xx other than 101 has come to the client.
    Interim,
    /// `not-once`: no step with `once` has been done.
    NotOnce,
    /// `no-head`: the client has no final head and no 101.
    NoHead,
    /// `stream-open`: our side of the stream is open, and it was not reset.
    StreamOpen,
}

/// What is done in a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Act {
    /// Bytes to write. Adjacent sends and repeats form one write.
    Send(Template),
    /// The same bytes many times over.
    Repeat {
        /// How often.
        times: u32,
        /// What is repeated.
        bytes: Template,
    },
    /// The same bytes many times over, more of them from one exchange to the next, to see whether the answer
    /// takes longer out of proportion. A single exchange has the fewest.
    Grow {
        /// How often at first.
        from: u32,
        /// How often at the most.
        to: u32,
        /// What is repeated; it has no bindings.
        bytes: Template,
        /// What a harmless request of the same size has in its place: a letter for each octet when nothing is
        /// said.
        beside: Option<Template>,
    },
    /// The same bytes over and over, each time in a write of its own, until something is answered or the
    /// connection ends, to see how much is taken.
    Endless {
        /// How often at the most.
        times: u32,
        /// What is repeated; it has no bindings.
        bytes: Template,
    },
    /// Frames of HTTP/2 to write; adjacent ones form one write, and one with adjacent sends.
    H2(Frames),
    /// Octets on a stream of HTTP/2, in DATA frames as the peer's windows allow (RFC 9113 section 6.9.1).
    /// When there is no room for a window of time, the remaining steps are left out.
    Flow(Flow),
    /// A pause, which also splits the writes around it.
    Wait(Duration),
    /// Wait for a complete response head; when its status is none of these the remaining steps
    /// are left out.
    Await(Outcomes),
    /// Wait for something else.
    AwaitOther(Awaited),
    /// Wait until these octets have come on the connection.
    AwaitOctets(Template),
    /// Wait until so many octets have come in the tunnel of the connection.
    AwaitCount(u32),
    /// Bytes to write, each in a write of its own.
    SendBytewise(Template),
    /// Read nothing on the connection for so long.
    PauseReading(Duration),
    /// End our writing side and go on reading.
    ShutdownWrite,
    /// Reset the connection.
    Reset,
    /// End our writing side and read nothing more.
    ShutdownBoth,
}

/// What a step may wait for by name. But for `request`, `settings` and `opened` the case goes on when the
/// window ends in silence, or the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Awaited {
    /// `request`: a complete request head; in a case for an intermediary the one with `{tag}`, wherever it comes.
    Request,
    /// `request-2`: the one with `{tag-2}`.
    RequestSecond,
    /// `request-3`: the one with `{tag-3}`.
    RequestThird,
    /// `request-or-interim`: the one with `{tag}`, or a 1xx that comes to the client.
    RequestOrInterim,
    /// `connect`: a CONNECT, which has no query.
    Connect,
    /// `interim`: a 1xx, or another response.
    Interim,
    /// `content`: the content that the last request announces.
    Content,
    /// `settings`: the first SETTINGS frame of the peer.
    Settings,
    /// `opened`: a frame of the client other than Close. In the middle of a silent window a Ping goes out by
    /// itself. When the client does something else the remaining steps are left out.
    Opened,
    /// `response`: a final head or a 101, whatever its status.
    Response,
    /// `close-frame`: a Close frame of the peer.
    CloseFrame,
    /// `end`: the end of the connection by the peer.
    End,
    /// `silence`: a window in which nothing comes.
    Silence,
}

impl Awaited {
    /// Whether only this party can be waited for so; `None` for both.
    #[must_use]
    pub fn of(self) -> Option<Party> {
        match self {
            Self::Request | Self::Content | Self::Opened => Some(Party::Client),
            Self::RequestSecond | Self::RequestThird | Self::RequestOrInterim | Self::Connect => {
                Some(Party::Client)
            }
            Self::Response | Self::Interim => Some(Party::Server),
            Self::Settings | Self::CloseFrame | Self::End | Self::Silence => None,
        }
    }

    /// Whether only a case for an intermediary can wait for it.
    #[must_use]
    pub fn is_of_both_ends(self) -> bool {
        matches!(
            self,
            Self::RequestSecond
                | Self::RequestThird
                | Self::RequestOrInterim
                | Self::Connect
                | Self::Interim
        )
    }
}

impl Step {
    /// A step that is done whenever its turn comes.
    #[must_use]
    pub fn at(at: LinkName, act: Act) -> Self {
        Self { at, act, terms: Terms::default() }
    }
}

/// The step of a case with one connection, of which we are the client.
impl From<Act> for Step {
    fn from(act: Act) -> Self {
        Self::at(LinkName::Client, act)
    }
}

impl Act {
    /// Adds to a write what the step writes, of a repeat one round; whether it writes at all. What flow
    /// control cuts into frames is left out: how it is cut depends on the peer.
    pub fn render_into(&self, out: &mut Vec<u8>, bindings: &Bindings) -> bool {
        match self {
            Self::Send(bytes)
            | Self::Repeat { bytes, .. }
            | Self::Grow { bytes, .. }
            | Self::Endless { bytes, .. }
            | Self::SendBytewise(bytes) => {
                bytes.render_into(out, bindings);
            }
            Self::H2(frames) => frames.render_into(out, bindings),
            _ => return false,
        }
        true
    }

    /// How many rounds of it a single exchange writes.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        match self {
            Self::Repeat { times, .. } | Self::Grow { from: times, .. } => *times,
            _ => 1,
        }
    }

    /// The bindings in what the step writes.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        match self {
            Self::Send(bytes)
            | Self::Repeat { bytes, .. }
            | Self::Grow { bytes, .. }
            | Self::Endless { bytes, .. }
            | Self::SendBytewise(bytes) => bytes.bindings().collect(),
            Self::H2(frames) => frames.bindings(),
            Self::Flow(flow) => flow.data.bindings().collect(),
            _ => Vec::new(),
        }
    }
}
