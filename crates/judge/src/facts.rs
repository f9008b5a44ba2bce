//! What is known about the target before a case is judged: found by the control, or declared.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::case::{Case, Expectation, FieldMatcher, FieldTest, Grade, Need, Over, Role};

use crate::learn_proxy::PROXY_DISCOVERY;
use crate::result::Reason;

/// What the target can do, as far as it was declared or found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TargetFacts {
    /// Which of the capabilities it has that cases need.
    pub capabilities: BTreeSet<Need>,
    /// HTTP/2 is all that is spoken, so that nothing of HTTP/1.1 can be asked.
    pub http2_alone: bool,
    /// An offer of h2c is taken up, whether HTTP/2 is spoken with prior knowledge or not.
    #[serde(skip_serializing_if = "is_not")]
    pub takes_h2c: bool,
    /// The subprotocols that the target selects when offered alone.
    pub subprotocols: Vec<String>,
    /// The subprotocols that the user says the target knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub declared_subprotocols: Vec<String>,
    /// Cases that were answered with 503 each time, alone and between controls that got what they get always: their
    /// 503 is about the request, and not about the time (RFC 9110 section 15.6.4).
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub never_available: BTreeSet<String>,
    /// How long the control took to be answered, in microseconds.
    pub answer_us: u64,
    /// How long silence is waited for, in milliseconds.
    pub window_ms: u64,
    /// The Server field of the control's answer.
    pub server: Option<String>,
    /// The names of the fields that an intermediary adds to a plain request, in lower case.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub adds: BTreeSet<String>,
    /// How the process of a client ends when its handshake is refused, where it ends then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_exit: Option<String>,
}

impl TargetFacts {
    /// Whether the target has a capability.
    #[must_use]
    pub fn has(&self, need: Need) -> bool {
        self.capabilities.contains(&need)
    }

    /// The subprotocols that the target should know: those that it selects first, then what the user declared and
    /// it has not selected, so that a case can say so.
    pub fn known_subprotocols(&self) -> impl Iterator<Item = &str> {
        let declared = self.declared_subprotocols.iter();
        let others = declared.filter(|name| !self.subprotocols.contains(name));
        self.subprotocols.iter().chain(others).map(String::as_str)
    }

    /// Writes down how many subprotocols there are to offer.
    pub fn count_subprotocols(&mut self) {
        let count = self.known_subprotocols().count();
        self.set(Need::Subprotocol, count > 0);
        self.set(Need::TwoSubprotocols, count > 1);
    }

    /// Writes down whether the target has a capability.
    pub fn set(&mut self, need: Need, has: bool) {
        if has {
            self.capabilities.insert(need);
        } else {
            self.capabilities.remove(&need);
        }
    }
}

/// What keeps a case from being played on a target of which this is known, and what to say of it. A
/// control that fell short comes first: then nothing is known of what else the target can do.
#[must_use]
pub fn unmet(case: &Case, facts: &TargetFacts) -> Option<(Reason, &'static str)> {
    if facts.http2_alone && case.over == Over::Http1 {
        return Some((Reason::NotApplicable, "HTTP/2 is all that is spoken with the target"));
    }
    if facts.has(Need::Http2Origin) && needs_http1_origin(case) {
        let what =
            "HTTP/2 is spoken to the origin, and the origin of this case answers in HTTP/1.1";
        return Some((Reason::NotApplicable, what));
    }
    let wants_names =
        case.needs.iter().any(|need| matches!(need, Need::Subprotocol | Need::TwoSubprotocols));
    let selects_none = facts.subprotocols.is_empty() && !facts.declared_subprotocols.is_empty();
    if wants_names && selects_none && facts.has(Need::Endpoint) && !misses_selection(case) {
        return Some((
            Reason::NotApplicable,
            "the target selects no subprotocol of those that are named (--subprotocol)",
        ));
    }
    // What a user says of the subprotocols says nothing of a path that never switches.
    let is_declared_alone = wants_names && case.role == Role::Server && case.over == Over::Http1;
    if is_declared_alone && !facts.has(Need::Endpoint) {
        return Some((Reason::Blocked, NOT_SWITCHED));
    }
    // Where HTTP/1.1 is not spoken, the URL alone says that there is an endpoint.
    // Who takes up an offer of h2c speaks HTTP/2 behind it.
    let is_given = |need: Need| match need {
        Need::Endpoint => facts.http2_alone,
        Need::Http2 => case.over == Over::Http1 && facts.takes_h2c,
        _ => false,
    };
    if let Some(what) = case.without.iter().find(|need| facts.has(**need)).map(|need| excess(*need))
    {
        return Some((Reason::NotApplicable, what));
    }
    let unmet = case.needs.iter().filter(|need| !facts.has(**need) && !is_given(**need));
    let said = unmet.map(|need| match lack(*need) {
        Lack::Control(_) | Lack::InTunnel(_) if !facts.has(Need::Endpoint) => {
            (Reason::Blocked, NOT_SWITCHED)
        }
        Lack::Control(what) => (Reason::Blocked, what),
        Lack::InTunnel(what) | Lack::Elsewhere(what) => (Reason::NotApplicable, what),
    });
    said.min_by_key(|(reason, _)| *reason != Reason::Blocked)
}

/// Whether the origin of a case is one of HTTP/1.1; what its controls write goes for both versions.
fn needs_http1_origin(case: &Case) -> bool {
    let is_of_http2 = |need: &Need| matches!(need, Need::Http2Origin | Need::OriginConnect);
    case.role == Role::Intermediary
        && !case.needs.iter().any(is_of_http2)
        && !case.id.starts_with(PROXY_DISCOVERY)
}

/// Whether a case says of a target that it did not select what it should know. All others would pass or fail a
/// target for what it makes of a name that means nothing to it; and one spelling of an offer is enough.
fn misses_selection(case: &Case) -> bool {
    let is_absent = |field: &FieldMatcher| {
        field.name.eq_ignore_ascii_case("Sec-WebSocket-Protocol") && field.test == FieldTest::Absent
    };
    let warns =
        |one: &Expectation| one.grade == Grade::Warn && one.wants.fields.iter().any(is_absent);
    case.same_as.is_none() && case.expect.iter().any(warns)
}

/// What it says of a target that it lacks a capability.
enum Lack {
    /// The control fell short.
    Control(&'static str),
    /// Something else that needs no tunnel is missing.
    Elsewhere(&'static str),
    /// What shows only in a tunnel, or in its handshake, is missing.
    InTunnel(&'static str),
}

fn lack(need: Need) -> Lack {
    use Lack::{Control, Elsewhere, InTunnel};
    match need {
        Need::Close => Control("a Close got no Close in answer in time"),
        Need::Echo => InTunnel("the target echoes no text message"),
        Need::Endpoint => Control(NOT_SWITCHED),
        Need::ExtendedConnect => Elsewhere("the target's SETTINGS allow no extended CONNECT"),
        Need::Http2 => Elsewhere("the target speaks no HTTP/2 here"),
        Need::Http2Endpoint => {
            Elsewhere("no valid extended CONNECT is answered with 2xx and its Ping with a Pong")
        }
        Need::Http2Resource => {
            Elsewhere("a GET of `/` over HTTP/2 gets no answer, or a 400 like a malformed one")
        }
        Need::KeepAlive => Elsewhere("the target answers no second request on a connection"),
        Need::HostRewritten => Elsewhere("the Host of a request is not rewritten"),
        Need::ForwardProxy => Elsewhere("it is no forward proxy (--forward-proxy)"),
        Need::Http2Origin => Elsewhere("HTTP/1.1 is spoken to the origin, and no HTTP/2"),
        Need::OriginConnect => Elsewhere(
            "a handshake does not go on to the origin as an extended CONNECT, or its 2xx not back",
        ),
        Need::Opens => Control("the control was not opened"),
        Need::Redirects => Elsewhere("the client follows no redirect"),
        Need::TlsOpens => Elsewhere("the client does not open inside TLS"),
        Need::Parses => Elsewhere("the frames of a tunnel are not read"),
        Need::Relays => Control("a plain request does not come to our origin and back"),
        Need::Reframes => Control("requests are passed on octet for octet"),
        Need::Sends => Elsewhere("the client sends nothing by itself"),
        Need::StaysOpen => Elsewhere("the client closes what it has just opened"),
        Need::Terminates => Elsewhere("the WebSocket connection is not terminated here"),
        Need::Upgrade => Elsewhere("a handshake is not passed on, or its 101 not"),
        Need::Origin => Elsewhere("no allowed origin is named (--origin)"),
        Need::PermessageDeflate => InTunnel("the target accepts no permessage-deflate"),
        Need::Plain => Elsewhere("the target is reached over TLS"),
        Need::PlainResource => Elsewhere("the target has no plain resource at `/`"),
        Need::Pong => Control("the control's Ping got no Pong"),
        Need::Subprotocol => {
            InTunnel("the target selects no common subprotocol, and none is named (--subprotocol)")
        }
        Need::Tls => Elsewhere("the target is not reached over TLS"),
        Need::TwoSubprotocols => {
            InTunnel("fewer than two subprotocols of the target are known (--subprotocol)")
        }
        of_client => Elsewhere(lack_of_client(of_client)),
    }
}

/// What it says of a client that it lacks a capability.
fn lack_of_client(need: Need) -> &'static str {
    match need {
        Need::Browser => "the client is not called a browser (--browser)",
        Need::Ca => "the client cannot be told whom to trust (`{ca}` in its command)",
        Need::Connects => "the client sends no extended CONNECT",
        Need::Credentials => "the client sends no credentials of its URL",
        Need::DeflateAsks => "an offer of permessage-deflate asks nothing of what the server sends",
        Need::DeflateHints => "an offer of permessage-deflate has no client_no_context_takeover",
        Need::DeflateOpens => {
            "the client does not open the connection when its permessage-deflate is accepted"
        }
        Need::DeflateTakeover => {
            "the client has the server keep no context from message to message"
        }
        Need::Driver => "the client reports no messages",
        Need::H2Opens => "an extended CONNECT of the client's does not open",
        Need::Interim => "the client does not open behind an interim response",
        Need::Ipv6 => "the address ::1 cannot be listened on",
        Need::OffersClientBits => {
            "the client offers no permessage-deflate with client_max_window_bits"
        }
        Need::OffersDeflate => "the client offers no permessage-deflate",
        Need::OffersExtensions => "the client offers no extension",
        Need::OffersH2 => "the client does not offer h2 by ALPN",
        Need::OffersSubprotocol => "the client offers no subprotocol",
        Need::OffersTwoSubprotocols => "the client offers fewer than two subprotocols",
        _ => "the target lacks what the case needs",
    }
}

/// What it says of a target that it has a capability which a case must not find.
fn excess(need: Need) -> &'static str {
    match need {
        Need::OffersSubprotocol => "the client offers a subprotocol",
        Need::OffersExtensions => "the client offers an extension",
        Need::OffersDeflate => "the client offers permessage-deflate",
        Need::OffersClientBits => {
            "the client offers permessage-deflate with client_max_window_bits"
        }
        Need::OffersH2 => "the client offers h2 by ALPN",
        Need::Browser => "the client is a browser",
        _ => "the target can do what the case must not find",
    }
}

fn is_not(flag: &bool) -> bool {
    !flag
}

const NOT_SWITCHED: &str = "the control was not answered with a switch";
