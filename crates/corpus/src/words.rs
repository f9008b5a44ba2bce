//! The words that case files use for the fixed choices: one table per choice.

use std::fmt;

use crate::case::{
    Again, Awaited, Certificate, Fact, Grade, Hazard, LinkName, Need, Over, Role, Tls, When,
};

/// A choice among fixed words.
pub trait Word: Copy + PartialEq + Sized + 'static {
    /// What the choice is called in messages.
    const WHAT: &'static str;
    /// Every word with its meaning.
    const WORDS: &'static [(&'static str, Self)];

    /// The meaning of a word.
    #[must_use]
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }

    /// The word for a meaning.
    #[must_use]
    fn word(self) -> &'static str {
        let named = Self::WORDS.iter().find(|(_, meaning)| *meaning == self);
        named.expect("every meaning is in its table").0
    }
}

/// Implements [`Word`] and prints the word.
macro_rules! words {
    ($type:ty, $what:literal, $($word:literal = $meaning:ident),+ $(,)?) => {
        impl $crate::words::Word for $type {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$meaning)),+];
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::words::Word::word(*self))
            }
        }
    };
}
pub(crate) use words;

words!(LinkName, "link", "client" = Client, "client-2" = Client2, "origin" = Origin);
words!(
    Awaited,
    "thing to wait for",
    "request" = Request,
    "request-2" = RequestSecond,
    "request-3" = RequestThird,
    "request-or-interim" = RequestOrInterim,
    "connect" = Connect,
    "interim" = Interim,
    "content" = Content,
    "settings" = Settings,
    "opened" = Opened,
    "response" = Response,
    "close-frame" = CloseFrame,
    "end" = End,
    "silence" = Silence,
);
words!(
    When,
    "condition of a step",
    "interim" = Interim,
    "not-once" = NotOnce,
    "no-head" = NoHead,
    "stream-open" = StreamOpen
);
words!(Role, "role", "client" = Client, "intermediary" = Intermediary, "server" = Server);
/// The words of the needs, and of the facts that one holds or, with `!` before it, does not.
macro_rules! needs {
    ($($word:literal = $need:ident),+ $(,)?) => {
        words!(Need, "need", $($word = $need),+);

        impl Word for Fact {
            const WHAT: &'static str = "need";
            const WORDS: &'static [(&'static str, Self)] = &[
                $(($word, Self { need: Need::$need, holds: true }),)+
                $((concat!("!", $word), Self { need: Need::$need, holds: false }),)+
            ];
        }

        impl fmt::Display for Fact {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

needs!(
    "endpoint" = Endpoint,
    "close" = Close,
    "echo" = Echo,
    "extended-connect" = ExtendedConnect,
    "http2" = Http2,
    "http2-endpoint" = Http2Endpoint,
    "http2-resource" = Http2Resource,
    "keep-alive" = KeepAlive,
    "permessage-deflate" = PermessageDeflate,
    "plain" = Plain,
    "plain-resource" = PlainResource,
    "pong" = Pong,
    "subprotocol" = Subprotocol,
    "two-subprotocols" = TwoSubprotocols,
    "tls" = Tls,
    "origin" = Origin,
    "opens" = Opens,
    "sends" = Sends,
    "stays-open" = StaysOpen,
    "driver" = Driver,
    "browser" = Browser,
    "ca" = Ca,
    "offers-subprotocol" = OffersSubprotocol,
    "offers-two-subprotocols" = OffersTwoSubprotocols,
    "offers-extensions" = OffersExtensions,
    "offers-deflate" = OffersDeflate,
    "offers-client-bits" = OffersClientBits,
    "deflate-opens" = DeflateOpens,
    "deflate-takeover" = DeflateTakeover,
    "deflate-asks" = DeflateAsks,
    "deflate-hints" = DeflateHints,
    "interim" = Interim,
    "tls-opens" = TlsOpens,
    "offers-h2" = OffersH2,
    "connects" = Connects,
    "h2-opens" = H2Opens,
    "redirects" = Redirects,
    "credentials" = Credentials,
    "ipv6" = Ipv6,
    "relays" = Relays,
    "upgrade" = Upgrade,
    "reframes" = Reframes,
    "terminates" = Terminates,
    "parses" = Parses,
    "host-rewritten" = HostRewritten,
    "forward-proxy" = ForwardProxy,
    "http2-origin" = Http2Origin,
    "origin-connect" = OriginConnect,
);

impl Word for Over {
    const WHAT: &'static str = "protocol";
    const WORDS: &'static [(&'static str, Self)] =
        &[("http1", Self::Http1), ("http2", Self::Http2)];
}

words!(
    Certificate,
    "certificate",
    "good" = Good,
    "untrusted" = Untrusted,
    "other-name" = OtherName,
    "expired" = Expired,
);
words!(Again, "answer to a further connection", "conforming" = Conforming, "same" = Same);
words!(Tls, "use of TLS", "as-target" = AsTarget, "off" = Off);
words!(Hazard, "hazard", "resource" = Resource);
words!(Grade, "grade", "pass" = Pass, "warn" = Warn, "inconclusive" = Inconclusive, "fail" = Fail);
