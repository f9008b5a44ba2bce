//! What an alternative may ask of a connection: one row for each key. The row makes the key readable,
//! printable, part of the schema, and a field of [`Conditions`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_handshake::h2::ErrorCode;

#[cfg(feature = "schema")]
use crate::case::Fact;
use crate::case::{FieldMatcher, LinkName, Outcomes};
#[cfg(feature = "schema")]
use crate::raw::OneOf;
use crate::raw::Text;
use crate::read::Reader;
use crate::template::Template;
use crate::words::words;

mod packed;
mod value;

use packed::packed;
pub(crate) use value::Said;
use value::Value;

/// Makes of the rows the conditions as they are meant, as they are written, and the way between.
macro_rules! conditions {
    ($($(#[doc = $doc:literal])+ $key:ident: $type:ty),+ $(,)?) => {
        /// What is asked of what happened on one connection; all of it must hold. The default asks nothing.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Conditions {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        packed!($($key: $type),+);

        /// What must have happened on one connection.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        #[schemars(rename = "Conditions")]
        pub(crate) struct RawConditions {
            $($(#[doc = $doc])+ $key: Option<Said<$type>>,)+
        }

        /// A graded alternative, or a preset of several.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        #[schemars(rename = "Expect")]
        pub(crate) struct RawExpect {
            /// A set of alternatives of `presets.toml`, in place of `status`. What else is said here is
            /// added to those of its alternatives that pass.
            #[schemars(with = "Option<String>")]
            pub(crate) preset: Option<Text>,
            /// What must be known of the target for the alternative to count: `terminates` that it has
            /// this capability, `!terminates` that it has it not.
            #[serde(default)]
            #[schemars(with = "Option<Vec<OneOf<Fact>>>")]
            pub(crate) when: Vec<Text>,
            $($(#[doc = $doc])+ pub(crate) $key: Option<Said<$type>>,)+
            /// What must have happened on the connection on which we are `client`.
            pub(crate) client: Option<Box<RawConditions>>,
            /// What must have happened on that of `client-2`.
            pub(crate) client_2: Option<Box<RawConditions>>,
            /// What must have happened on that of `origin`.
            pub(crate) origin: Option<Box<RawConditions>>,
            /// That such an answer is lawful, which it is when no grade is said, and why, in one sentence.
            #[schemars(with = "Option<String>")]
            pub(crate) pass: Option<Text>,
            /// That such an answer is lawful and misses a SHOULD or harms interoperability, and why.
            #[schemars(with = "Option<String>")]
            pub(crate) warn: Option<Text>,
            /// That such an answer decides nothing, and why.
            #[schemars(with = "Option<String>")]
            pub(crate) inconclusive: Option<Text>,
            /// That such an answer breaks the requirement beside it, or that of the case, and why.
            #[schemars(with = "Option<String>")]
            pub(crate) fail: Option<Text>,
            /// The id of the requirement behind the grade, where it is not the case's own.
            #[schemars(with = "Option<String>")]
            pub(crate) requirement: Option<Text>,
        }

        impl RawExpect {
            /// What it asks of each end by name.
            pub(crate) fn take_ends(&mut self, reader: &mut Reader<'_>) -> Vec<(LinkName, Conditions)> {
                let ends = [
                    (LinkName::Client, self.client.take()),
                    (LinkName::Client2, self.client_2.take()),
                    (LinkName::Origin, self.origin.take()),
                ];
                let said = ends.into_iter().filter_map(|(name, raw)| Some((name, raw?)));
                said.map(|(name, raw)| (name, raw.read(reader))).collect()
            }

            /// What it asks of the connection that the case is about.
            pub(crate) fn take_conditions(&mut self) -> RawConditions {
                RawConditions { $($key: self.$key.take(),)+ }
            }
        }

        impl RawConditions {
            pub(crate) fn read(self, reader: &mut Reader<'_>) -> Conditions {
                Conditions { $($key: Said::read(self.$key, reader),)+ }
            }
        }

        impl Conditions {
            /// Asks this as well; what can be asked only once is asked so.
            pub(crate) fn add(&mut self, more: &Self) {
                $(if more.$key != <$type>::default() {
                    self.$key.add(more.$key.clone());
                })+
            }

            /// `key = value` for each key that asks something.
            pub(crate) fn print(&self) -> Vec<String> {
                let mut keys = Vec::new();
                $(if self.$key != <$type>::default() {
                    keys.push(format!("{} = {}", stringify!($key).replace('_', "-"), self.$key.print()));
                })+
                keys
            }
        }
    };
}

conditions! {
    /// The outcomes: `101`, `4xx`, `400 426`, `401-499`, `any`, `closed`, `silent`, `not-http`,
    /// `stream-error`, `connection-error`; of a client `opened`, `failed`, `waits` and the like, or `asked`
    /// for all that have a request.
    status: Outcomes,
    /// The error codes that a `stream-error` or `connection-error` may have, such as
    /// `PROTOCOL_ERROR CANCEL`; any, when nothing is said.
    code: Vec<ErrorCode>,
    /// What ALPN must have come to.
    alpn: Option<Alpn>,
    /// What the fields of the response must look like, all of them.
    fields: Vec<FieldMatcher>,
    /// What must become of the connection after the response.
    connection: Option<Connection>,
    /// What must become of the tunnel after a 101, or after a 2xx to an extended CONNECT.
    tunnel: Option<Tunnel>,
    /// How the peer ended the connection: `fin`, `rst` or `open`; several words: one of them.
    ends: Vec<Ends>,
    /// The outcome of each response, interim ones left out, in order and complete: `["426", "2xx"]`.
    responses: Vec<Outcomes>,
    /// What the first response is: `switched`, a whole 101 to a protocol that its request offers, or `closes`, one with
    /// the option `close`.
    first: Option<First>,
    /// The content of the first response.
    body: Option<Template>,
    /// What the content of the first response is not.
    body_not: Option<Template>,
    /// The version in the first line of the response, where we are the server of the request.
    version: Option<Version>,
    /// Which 1xx responses but 101 came; several words: one of them.
    interim: Vec<Interim>,
    /// What the fields of a 1xx response must look like, all of them in one.
    interim_fields: Vec<FieldMatcher>,
    /// `surplus`: more responses came than requests were sent.
    answers: Option<Surplus>,
    /// A line of the head that no sender may write; where we are the server of the request.
    line: Option<Line>,
    /// `early`: the end came before the step that ended the other connection in both directions.
    told: Option<Told>,
    /// Where we are the server: how many requests came; in a case for an intermediary with `{tag}`.
    requests: Option<Requests>,
    /// Where we are the server: how the request that a client of ours wrote first arrived; several words:
    /// one of them.
    request: Vec<Arrival>,
    /// The same of the request that a client of ours wrote second, be it into a tunnel.
    request_2: Vec<Arrival>,
    /// The same of the third one.
    request_3: Vec<Arrival>,
    /// How the target of the first request came; several words: one of them.
    spelling: Vec<Spelling>,
    /// Whether the second request came on the connection of the first one.
    request_2_on: Option<Where>,
    /// What the fields of the second request must look like, all of them.
    fields_2: Vec<FieldMatcher>,
    /// How the content of the request came; several words: one of them.
    content: Vec<Sent>,
    /// Where we are the server: what came behind the request before our final answer was complete.
    before_answer: Option<Before>,
    /// What came in the tunnel of what our other end sent into its own; several words: one of them.
    got: Vec<Got>,
    /// Where we are the server: the target of the client's last request on any connection, as path and query,
    /// whatever its form. The case of hexadecimal digits and the encoding of unreserved characters make no
    /// difference (RFC 3986, section 6.2.2). Bindings are filled in.
    target: Option<Template>,
    /// The messages that the client reports, all of them, in order.
    messages: Vec<Template>,
    /// The messages that the client reports, joined.
    pieces: Option<Template>,
    /// Octets that stand somewhere in all that came.
    octets: Option<Template>,
}

/// How the peer ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ends {
    /// With a FIN.
    Fin,
    /// With a reset, or in another way that is not in order.
    Rst,
    /// Not at all.
    Open,
    /// In HTTP/2 the stream, with END_STREAM.
    EndStream,
    /// In HTTP/2 the stream, with RST_STREAM.
    RstStream,
    /// In HTTP/2 with a GOAWAY that names an error.
    ConnectionError,
}

/// How many requests came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requests {
    /// None.
    None,
    /// One.
    One,
    /// Two or more.
    More,
}

/// How a request of ours arrived behind an intermediary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrival {
    /// It did not.
    Absent,
    /// Octet for octet as it was sent.
    Raw,
    /// Otherwise than it was sent.
    Reframed,
    /// Within the content that another message announces.
    Content,
}

/// What the first response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum First {
    /// A 101 that names in Upgrade a protocol which its request offers, has the option `upgrade`, and neither
    /// Content-Length nor Transfer-Encoding.
    Switched,
    /// One with the option `close`.
    Closes,
}

/// A version of HTTP/1 in a first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/1.2.
    Http12,
}

/// Which interim responses came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interim {
    /// None but 101.
    None,
    /// A 100.
    Continue,
    /// A 101 in HTTP/2, where there is none.
    Switching,
    /// A 103.
    EarlyHints,
}

/// More responses than requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Surplus {
    /// There are more.
    Surplus,
}

/// A line that stands in a head and may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    /// A folded one (RFC 9112, section 5.2).
    Fold,
    /// One with white space before its colon (RFC 9112, section 5.1).
    SpaceBeforeColon,
}

/// When an end came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Before the step that ended the other side in both directions.
    Early,
}

/// How a target came behind an intermediary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spelling {
    /// Octet for octet, as path and query.
    AsSent,
    /// Spelled otherwise, and with the same meaning (RFC 3986, section 6.2.2).
    Equivalent,
    /// With a fragment.
    Fragment,
    /// As another one.
    Changed,
}

/// On which connection a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Where {
    /// On that of the first request.
    Same,
    /// On another one.
    Other,
}

/// How the content of a request came behind an intermediary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sent {
    /// Framed by one field, and the octets that were sent.
    Exact,
    /// The same, but not all of it before our answer.
    Late,
    /// Octets of it came without a field that frames them.
    Unframed,
    /// With Content-Length and Transfer-Encoding.
    Both,
    /// Less came than is announced, or nothing without a field.
    Short,
    /// Complete by its own framing, and other octets.
    Other,
}

/// What came behind a request before it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// Octets.
    Octets,
    /// Octets as the client sent them, whole or in part.
    Raw,
    /// Whole requests, otherwise than they were sent.
    Reframed,
}

/// What came in one tunnel of what was sent into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Got {
    /// All of it, octet for octet or as the same frames.
    All,
    /// A beginning of it.
    Part,
    /// Nothing.
    Nothing,
    /// Something else.
    Other,
}

words!(First, "kind of response", "switched" = Switched, "closes" = Closes);
words!(Version, "version", "1.0" = Http10, "1.1" = Http11, "1.2" = Http12);
words!(
    Interim,
    "interim response",
    "none" = None,
    "100" = Continue,
    "101" = Switching,
    "103" = EarlyHints
);
words!(Surplus, "number of answers", "surplus" = Surplus);
words!(Line, "line", "fold" = Fold, "space-before-colon" = SpaceBeforeColon);
words!(Told, "time of an end", "early" = Early);
words!(
    Spelling,
    "spelling of a target",
    "as-sent" = AsSent,
    "equivalent" = Equivalent,
    "fragment" = Fragment,
    "changed" = Changed
);
words!(Where, "connection of a request", "same" = Same, "other" = Other);
words!(
    Sent,
    "way of content",
    "exact" = Exact,
    "late" = Late,
    "unframed" = Unframed,
    "both" = Both,
    "short" = Short,
    "other" = Other
);
words!(
    Ends,
    "end",
    "fin" = Fin,
    "rst" = Rst,
    "open" = Open,
    "end-stream" = EndStream,
    "rst-stream" = RstStream,
    "connection-error" = ConnectionError
);
words!(Requests, "number of requests", "0" = None, "1" = One, "2+" = More);
words!(
    Arrival,
    "arrival",
    "absent" = Absent,
    "raw" = Raw,
    "reframed" = Reframed,
    "content" = Content
);
words!(
    Before,
    "octets before the answer",
    "nothing" = Nothing,
    "octets" = Octets,
    "raw" = Raw,
    "reframed" = Reframed
);
words!(Got, "octets of a tunnel", "all" = All, "part" = Part, "nothing" = Nothing, "other" = Other);

/// What ALPN came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alpn {
    /// `h2`.
    H2,
    /// `http/1.1`.
    Http11,
    /// No protocol was chosen.
    None,
}

/// What must become of the connection after the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// Its end is announced: the last response has the option `close`, or is of HTTP/1.0 without `keep-alive`.
    Announced,
    /// The target ends it within the window.
    Closed,
    /// It is still there when the window ends.
    Open,
}

/// What must become of the tunnel after a 101, or after a 2xx to an extended CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tunnel {
    /// What each side sent into it has arrived at the other.
    BothWays,
    /// The target sends a Close frame.
    CloseFrame,
    /// The target ends the WebSocket connection: with a Close frame, or by ending the stream.
    Closed,
    /// The text message of the steps comes back.
    Echo,
    /// The target ends the stream.
    Ended,
    /// After a 101 to h2c: the target's SETTINGS come first, and stream 1 is answered.
    H2c,
    /// The target sends no Pong at all.
    NoPong,
    /// The Ping of the steps is answered with its Pong.
    PingPong,
    /// No Pong carries the data of the Ping of the steps. Others may come unsolicited (RFC 6455, section 5.5.3).
    PingUnanswered,
}

words!(Connection, "connection", "announced" = Announced, "closed" = Closed, "open" = Open);
words!(Alpn, "outcome of ALPN", "h2" = H2, "http/1.1" = Http11, "none" = None);
words!(
    Tunnel,
    "tunnel",
    "both-ways" = BothWays,
    "closed" = Closed,
    "close-frame" = CloseFrame,
    "echo" = Echo,
    "ended" = Ended,
    "h2c" = H2c,
    "no-pong" = NoPong,
    "ping-pong" = PingPong,
    "ping-unanswered" = PingUnanswered
);
