//! What an alternative may ask of a connection: one row for each key. The row makes the key readable,
//! printable, part of the schema, and a field of [`Conditions`].

use schemars::JsonSchema;
use serde::Deserialize;
use upspec_handshake::h2::ErrorCode;

use crate::case::{Fact, FieldMatcher, Outcomes};
use crate::raw::{OneOf, Text};
use crate::read::Reader;
use crate::words::words;

mod value;

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
    /// `stream-error`, `connection-error`.
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
}

/// What ALPN came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// `h2`.
    H2,
    /// `http/1.1`.
    Http11,
    /// No protocol was chosen.
    None,
}

/// What must become of the connection after the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The target ends it within the window.
    Closed,
    /// It is still there when the window ends.
    Open,
}

/// What must become of the tunnel after a 101, or after a 2xx to an extended CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
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

words!(Connection, "connection", "closed" = Closed, "open" = Open);
words!(Alpn, "outcome of ALPN", "h2" = H2, "http/1.1" = Http11, "none" = None);
words!(
    Tunnel,
    "tunnel",
    "closed" = Closed,
    "close-frame" = CloseFrame,
    "echo" = Echo,
    "ended" = Ended,
    "h2c" = H2c,
    "no-pong" = NoPong,
    "ping-pong" = PingPong,
    "ping-unanswered" = PingUnanswered
);
