//! Every transition of both parties: the next state for each state and input.

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientState {
    /// The request has not been sent.
    Idle,
    /// The request has been sent: the next final head may switch. The CONNECTING of RFC 6455 4.1.
    Sent,
    /// A 101 has passed all checks; the octets after it are the new protocol's.
    Switched,
    /// A final answer other than 101: HTTP goes on.
    Answered,
    /// The connection has failed; nothing of it is read any more (RFC 6455 7.1.7).
    Failed,
}

/// What happens to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientInput {
    /// The caller sends the request.
    Send,
    /// Octets that complete no head.
    Incomplete,
    /// A 1xx other than 101.
    Interim,
    /// A 101 that passes the checks.
    Switch,
    /// A head with any other status.
    Final,
    /// A 101 that does not pass, or octets that are not a response.
    Failure,
    /// The server has closed.
    End,
}

/// Where a server stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerState {
    /// Nothing has come in.
    #[default]
    Idle,
    /// A part of a request has come in.
    Head,
    /// The request is read and the decision is made; no answer has been given.
    Decided,
    /// The 101 has been given; the octets after the request are the new protocol's.
    Switched,
    /// An ordinary answer is due, by the rules of HTTP.
    Http,
    /// The request is refused.
    Refused,
}

/// What happens to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerInput {
    /// Octets of a request that is not complete.
    Incomplete,
    /// The request is read, or its head is too long.
    Decide,
    /// The answer is a 101.
    Switch,
    /// The answer is an ordinary one.
    Ignore,
    /// The answer is a refusal.
    Refuse,
    /// The connection persists, and the next request may come.
    Next,
}

impl ClientState {
    /// Every state, in the order of the type.
    pub const ALL: [Self; 5] =
        [Self::Idle, Self::Sent, Self::Switched, Self::Answered, Self::Failed];

    /// The state that follows.
    pub fn after(self, input: ClientInput) -> Self {
        CLIENT[self as usize][input as usize]
    }
}

impl ClientInput {
    /// Every input, in the order of the type.
    pub const ALL: [Self; 7] = [
        Self::Send,
        Self::Incomplete,
        Self::Interim,
        Self::Switch,
        Self::Final,
        Self::Failure,
        Self::End,
    ];
}

impl ServerState {
    /// Every state, in the order of the type.
    pub const ALL: [Self; 6] =
        [Self::Idle, Self::Head, Self::Decided, Self::Switched, Self::Http, Self::Refused];

    /// The state that follows.
    pub fn after(self, input: ServerInput) -> Self {
        SERVER[self as usize][input as usize]
    }
}

impl ServerInput {
    /// Every input, in the order of the type.
    pub const ALL: [Self; 6] =
        [Self::Incomplete, Self::Decide, Self::Switch, Self::Ignore, Self::Refuse, Self::Next];
}

/// A row for each state and a column for each input, both in the order of their types.
///
/// Before the request is out nothing may come in (RFC 9112 9.2). Once a final head is in, octets
/// are handed on and the end of them is the business of what was switched to, or of HTTP.
#[rustfmt::skip]
pub const CLIENT: [[ClientState; 7]; 5] = {
    use ClientState::{Answered, Failed, Sent, Switched};
    [
        // Send     Incomplete Interim   Switch    Final     Failure   End
        [Sent,      Failed,    Failed,   Failed,   Failed,   Failed,   Failed],   // Idle
        [Sent,      Sent,      Sent,     Switched, Answered, Failed,   Failed],   // Sent
        [Switched,  Switched,  Switched, Switched, Switched, Switched, Switched], // Switched
        [Answered,  Answered,  Answered, Answered, Answered, Answered, Answered], // Answered
        [Failed,    Failed,    Failed,   Failed,   Failed,   Failed,   Failed],   // Failed
    ]
};

/// A row for each state and a column for each input, both in the order of their types.
///
/// No answer but a refusal precedes the decision (RFC 9110 10.1.1), and there is one answer; octets
/// after the head are handed on.
#[rustfmt::skip]
pub const SERVER: [[ServerState; 6]; 6] = {
    use ServerState::{Decided, Head, Http, Idle, Refused, Switched};
    [
        // Incomplete Decide    Switch    Ignore    Refuse    Next
        [Head,        Decided,  Idle,     Idle,     Idle,     Idle],     // Idle
        [Head,        Decided,  Head,     Head,     Refused,  Head],     // Head
        [Decided,     Decided,  Switched, Http,     Refused,  Decided],  // Decided
        [Switched,    Switched, Switched, Switched, Switched, Switched], // Switched
        [Http,        Http,     Http,     Http,     Http,     Idle],     // Http
        [Refused,     Refused,  Refused,  Refused,  Refused,  Idle],     // Refused
    ]
};
