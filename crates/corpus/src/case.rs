//! What a case is once it is loaded: its steps, what may follow, and what it needs.
//! Bytes are bytes here, and outcomes are names: the judge gives them their meaning.

use serde::{Deserialize, Serialize};
use upspec_handshake::Party;

pub use crate::act::{Act, Awaited, Step, Terms, When};
pub use crate::conditions::{
    Alpn, Arrival, Before, Conditions, Connection, Ends, First, Got, Interim, Line, Requests, Sent,
    Spelling, Surplus, Told, Tunnel, Version, Where,
};
pub use crate::outcome::{Outcome, Outcomes};
pub use crate::role::Role;
use crate::template::Template;
pub use upspec_handshake::Over;

/// One probe of a target: what is sent, and which answers are lawful.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Path of the case file without its suffix, `/`, name: `server/key/fifteen-bytes`.
    pub id: String,
    /// One sentence that says what is expected.
    pub title: String,
    /// Why the case exists: what goes wrong where the rule is broken.
    pub why: Option<String>,
    /// The requirement that a failing answer breaks.
    pub requirement: String,
    /// Further requirements that bear on the case.
    pub see: Vec<String>,
    /// The names under which it can be selected with others.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who is under test.
    pub role: Role,
    /// What the target must be able to do for the case to mean anything.
    pub needs: Vec<Need>,
    /// What the target must not have for the case to mean anything.
    #[serde(default)]
    pub without: Vec<Need>,
    /// Set when the case can hurt a weak server.
    pub hazard: Option<Hazard>,
    /// What is spoken on the connection.
    pub over: Over,
    /// Whether the connection is made as the target's address says.
    pub tls: Tls,
    /// The protocols that a TLS handshake offers by ALPN, in order; with none it has no ALPN. In a case for a
    /// client: those that we are ready to choose.
    pub alpn: Vec<String>,
    /// The URL that a client is given; the root of the case's listener when nothing is said.
    #[serde(default)]
    pub url: Option<Template>,
    /// What a client is shown inside TLS; without it the listener speaks no TLS.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// What a client gets on a further connection.
    #[serde(default)]
    pub again: Again,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The graded alternatives; an answer that none of them describes fails.
    pub expect: Vec<Expectation>,
    /// A case that means the same and must get the same outcome.
    pub same_as: Option<String>,
    /// Where the case is written.
    pub source: Source,
}

/// A case without steps and alternatives, for a server that speaks HTTP/1.1.
impl Default for Case {
    fn default() -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            why: None,
            requirement: String::new(),
            see: Vec::new(),
            tags: Vec::new(),
            role: Role::Server,
            needs: Vec::new(),
            without: Vec::new(),
            hazard: None,
            over: Over::Http1,
            tls: Tls::AsTarget,
            alpn: usual_alpn(Over::Http1),
            url: None,
            certificate: None,
            again: Again::Conforming,
            steps: Vec::new(),
            expect: Vec::new(),
            same_as: None,
            source: Source::default(),
        }
    }
}

impl Case {
    /// Whether it measures what its request costs; then what is answered is the matter of other cases.
    #[must_use]
    pub fn is_about_cost(&self) -> bool {
        let measures = |act: &Act| matches!(act, Act::Grow { .. } | Act::Endless { .. });
        self.steps.iter().any(|step| measures(&step.act))
    }
}

/// What ALPN offers where a case does not say it.
pub fn usual_alpn(over: Over) -> Vec<String> {
    let name = match over {
        Over::Http1 => "http/1.1",
        Over::Http2 => "h2",
    };
    vec![name.to_owned()]
}

/// Whether a connection is made as the target's address says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tls {
    /// With TLS where the address says so.
    #[default]
    AsTarget,
    /// Without TLS on a port where the target speaks it.
    Off,
}

/// The certificate that a client is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certificate {
    /// One that a client which trusts our authority accepts.
    Good,
    /// One of an authority that nobody knows.
    Untrusted,
    /// One for another name.
    OtherName,
    /// One whose time is over.
    Expired,
}

/// What a client gets on a further connection that it makes in a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Again {
    /// The answer that opens the connection.
    #[default]
    Conforming,
    /// The steps of the case, once more.
    Same,
}

/// A capability of the target, declared in its profile or discovered by the control.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The target's answer to a valid opening handshake is a 101.
    Endpoint,
    /// A Close after the 101 gets its Close.
    Close,
    /// An echo of text messages.
    Echo,
    /// The settings of HTTP/2 allow the extended CONNECT.
    ExtendedConnect,
    /// HTTP/2 is spoken.
    Http2,
    /// A valid extended CONNECT is answered with 2xx.
    Http2Endpoint,
    /// A GET of `/` over HTTP/2 is answered, and not with 400: a 400 to something else means something.
    Http2Resource,
    /// A second request on the same connection is answered.
    KeepAlive,
    /// An offer of permessage-deflate is accepted.
    PermessageDeflate,
    /// The target is not reached over TLS.
    Plain,
    /// A plain GET of `/` is answered with 2xx.
    PlainResource,
    /// A Ping after the 101 gets its Pong.
    Pong,
    /// At least one subprotocol is known.
    Subprotocol,
    /// At least two subprotocols are known.
    TwoSubprotocols,
    /// The target is reached over TLS.
    Tls,
    /// The target's list of allowed origins is known.
    Origin,
    /// A client opens the connection upon the control's answer.
    Opens,
    /// A client sends frames by itself.
    Sends,
    /// A client that has opened a connection does not close it at once.
    StaysOpen,
    /// A client reports the messages that come, on its standard output or through its page.
    Driver,
    /// The client is a browser, as the user says.
    Browser,
    /// A client can be told whom to trust.
    Ca,
    /// A client offers a subprotocol.
    OffersSubprotocol,
    /// A client offers two subprotocols or more.
    OffersTwoSubprotocols,
    /// A client offers an extension.
    OffersExtensions,
    /// A client offers permessage-deflate.
    OffersDeflate,
    /// One of a client's offers of permessage-deflate has `client_max_window_bits`.
    OffersClientBits,
    /// A client opens the connection when its offer of permessage-deflate is accepted.
    DeflateOpens,
    /// What is accepted of a client's offer of permessage-deflate lets the server keep its context.
    DeflateTakeover,
    /// Every offer of permessage-deflate of a client has `server_no_context_takeover` or
    /// `server_max_window_bits`.
    DeflateAsks,
    /// Every offer of permessage-deflate of a client has `client_no_context_takeover`.
    DeflateHints,
    /// A client opens the connection when interim responses come before the 101.
    Interim,
    /// A client opens the connection inside TLS.
    TlsOpens,
    /// A client offers `h2` by ALPN.
    OffersH2,
    /// A client sends an extended CONNECT once the server's SETTINGS allow it.
    Connects,
    /// A client opens the connection when its extended CONNECT is answered with 200.
    H2Opens,
    /// A client follows a redirect.
    Redirects,
    /// A client sends the user information of its URL as credentials.
    Credentials,
    /// The address `::1` can be listened on.
    Ipv6,
    /// An intermediary forwards a request, and its answer.
    Relays,
    /// An intermediary passes a handshake on, and the 101 to it.
    Upgrade,
    /// An intermediary forwards a request, and not octet for octet.
    Reframes,
    /// An intermediary is itself the server and the client of a WebSocket connection.
    Terminates,
    /// An intermediary reads the frames of a tunnel.
    Parses,
    /// An intermediary puts another Host in place of the client's.
    HostRewritten,
    /// An intermediary is a forward proxy, as the user says.
    ForwardProxy,
    /// An intermediary speaks HTTP/2 to its origin.
    Http2Origin,
    /// An intermediary passes a handshake on to its origin as an extended CONNECT, and the 2xx to it as a 101.
    OriginConnect,
}

impl Need {
    /// Whether it is something that a server has or lacks.
    #[must_use]
    pub fn is_of_servers(self) -> bool {
        !self.is_of_clients()
            && !matches!(
                self,
                Self::Relays
                    | Self::Upgrade
                    | Self::Reframes
                    | Self::Terminates
                    | Self::Parses
                    | Self::HostRewritten
                    | Self::ForwardProxy
                    | Self::Http2Origin
                    | Self::OriginConnect
            )
    }

    /// Whether it is something that a client has or lacks.
    #[must_use]
    pub fn is_of_clients(self) -> bool {
        matches!(
            self,
            Self::Opens
                | Self::Sends
                | Self::StaysOpen
                | Self::Driver
                | Self::Browser
                | Self::Ca
                | Self::OffersSubprotocol
                | Self::OffersTwoSubprotocols
                | Self::OffersExtensions
                | Self::OffersDeflate
                | Self::OffersClientBits
                | Self::DeflateOpens
                | Self::DeflateTakeover
                | Self::DeflateAsks
                | Self::DeflateHints
                | Self::Interim
                | Self::TlsOpens
                | Self::OffersH2
                | Self::Connects
                | Self::H2Opens
                | Self::Redirects
                | Self::Credentials
                | Self::Ipv6
        )
    }
}

/// Why a case is off unless hazards are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hazard {
    /// It can use up memory, time or connections of a weak server.
    Resource,
}

/// A connection of a case, by the end of it that we are.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum LinkName {
    /// We are its client.
    #[default]
    Client,
    /// We are its client, beside another client.
    Client2,
    /// We are its server: what is under test has opened it, or opens it to forward a request.
    Origin,
}

impl LinkName {
    /// Which end of it we are.
    #[must_use]
    pub fn we(self) -> Party {
        match self {
            Self::Client | Self::Client2 => Party::Client,
            Self::Origin => Party::Server,
        }
    }
}

/// Something that is known of the target: that it has a capability, or that it has it not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The capability.
    pub need: Need,
    /// Whether the target has it.
    pub holds: bool,
}

/// One lawful answer, or one that is graded. The default asks nothing and passes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// What the answer is worth.
    pub grade: Grade,
    /// What must be known of the target for the alternative to count.
    pub when: Vec<Fact>,
    /// What must have happened on the connection that the case is about.
    pub wants: Conditions,
    /// What must have happened on the connections of an intermediary, by the end that we are.
    pub ends: Vec<(LinkName, Conditions)>,
    /// The requirement behind the grade, where it is not the case's own.
    pub requirement: Option<String>,
    /// Why the answer is graded as it is.
    pub because: Option<String>,
}

impl Expectation {
    /// An alternative that covers these outcomes and passes.
    #[must_use]
    pub fn of(status: Outcomes) -> Self {
        Self { wants: Conditions { status, ..Conditions::default() }, ..Self::default() }
    }

    /// Whether it is about this outcome.
    #[must_use]
    pub fn covers(&self, outcome: Outcome) -> bool {
        self.wants.status.0.is_empty() || self.wants.status.covers(outcome)
    }
}

/// A set of graded alternatives that cases share by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    /// The name.
    pub name: String,
    /// When to use it, and why the outcomes are graded so.
    pub text: String,
    /// The alternatives, in order.
    pub expect: Vec<Expectation>,
    /// Where the preset is written.
    pub source: Source,
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// Lawful.
    #[default]
    Pass,
    /// Lawful, but it misses a SHOULD or harms interoperability.
    Warn,
    /// It decides nothing.
    Inconclusive,
    /// It breaks the requirement of the alternative, or that of the case.
    Fail,
}

/// What a response's field must look like; several matchers are "and".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldMatcher {
    /// The field name.
    pub name: String,
    /// What is asked of its value.
    pub test: FieldTest,
}

/// What is asked of a field's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FieldTest {
    /// The field is there.
    Present,
    /// The field is not there.
    Absent,
    /// The combined value is these octets.
    Equals(Template),
    /// One element of the combined list is this token, compared without case.
    Token(Template),
    /// No element of the combined list is this token, compared without case.
    NoToken(Template),
    /// An element of the combined list starts with this token and is followed by parameters or nothing.
    Extension(Template),
    /// The value of a line holds these octets.
    Contains(Template),
    /// The members of the combined list are these, in order; `*` stands for the rest of one, and comments count for
    /// nothing.
    List(Template),
    /// There are two lines of that name or more.
    Repeated,
    /// The combined value is the base64 of 16 octets.
    Key,
    /// The combined value is no such key.
    NotKey,
    /// The combined value is the Sec-WebSocket-Accept of the key that our client sent.
    Accept,
    /// The field is there, if the intermediary adds it to a plain request by itself.
    Added,
}

/// Where something is written: file, line and column, both counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// The file's path as it was given to the loader.
    pub file: String,
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}
