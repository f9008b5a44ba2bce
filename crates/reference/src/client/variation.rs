//! The lawful ways in which a client may differ from the default one, as rows.

/// A way in which a conforming client may differ from the default one.
#[derive(Debug, PartialEq, Eq)]
pub struct ClientVariation {
    /// Its name, as an option of a command names it.
    pub name: &'static str,
    /// What the client does.
    pub summary: &'static str,
    pub(crate) ways: &'static [Way],
}

impl ClientVariation {
    /// Every variation.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ROWS.iter()
    }

    /// The variation of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|variation| variation.name == name)
    }
}

/// A choice that the RFCs leave to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It closes with 1000 as soon as the connection is open.
    ClosesAtOnce,
    /// It answers a challenge with the user name and the password of the URL.
    Credentials,
    /// It sends the user name and the password of the URL with the first request.
    CredentialsAtOnce,
    /// It ends TCP as soon as both Close frames are there (RFC 6455 7.1.1 lets it).
    EndsFirst,
    /// It sends fields that nobody asked for.
    ExtraFields,
    /// It follows redirects, twenty at most.
    FollowsRedirects,
    /// It offers HTTP/1.1 alone in ALPN.
    Http1Only,
    /// It offers h2 alone in ALPN.
    Http2Only,
    /// It sends large fields.
    LargeFields,
    /// It hints at doing without context takeover, and asks the server to do so.
    LeanOffer,
    /// It asks on stream 3 of HTTP/2, and never on stream 1 (RFC 9113 5.1.1).
    LaterStream,
    /// It writes field names in lower case.
    LowerCaseNames,
    /// It offers no permessage-deflate.
    NoDeflate,
    /// Its ClientHello names no host, as some send none for a name without a dot (RFC 6066 3).
    NoServerName,
    /// It offers no subprotocols.
    NoSubprotocols,
    /// It speaks TLS without ALPN.
    NoAlpn,
    /// It writes names, and the values that have no case, in odd letter case.
    OddCase,
    /// It is a page's: it sends Origin, and what else browsers send.
    Origin,
    /// It stays open when its text comes back.
    Patient,
    /// It offers permessage-deflate without parameters.
    PlainDeflate,
    /// It tries again once after a 503.
    RetriesOnce,
    /// It writes its offers in several field lines.
    SeveralLines,
    /// It sends nothing by itself.
    Silent,
    /// It asks for an answer that is not compressed beyond a window of 1024 octets.
    SmallWindow,
    /// It waits for the server's end of TCP for long (RFC 6455 7.1.1).
    WaitsLong,
}

const ROWS: &[ClientVariation] = &[
    row(
        "browser",
        "It is a page's, and offers no subprotocols.",
        &[Way::Origin, Way::NoSubprotocols],
    ),
    row("closes-at-once", "It closes as soon as the connection is open.", &[Way::ClosesAtOnce]),
    row(
        "credentials",
        "It answers a challenge with the user name of the URL.",
        &[Way::Credentials],
    ),
    row(
        "credentials-at-once",
        "It sends the user name of the URL by itself.",
        &[Way::Credentials, Way::CredentialsAtOnce],
    ),
    row("ends-first", "It ends TCP without waiting for the server.", &[Way::EndsFirst]),
    row("extra-fields", "It sends fields that nobody asked for.", &[Way::ExtraFields]),
    row("follows-redirects", "It follows redirects.", &[Way::FollowsRedirects]),
    row("http1-only", "It offers HTTP/1.1 alone in ALPN.", &[Way::Http1Only]),
    row("http2-only", "It offers h2 alone in ALPN.", &[Way::Http2Only]),
    row("large-fields", "It sends a field of 3000 octets.", &[Way::LargeFields]),
    row("later-stream", "In HTTP/2 it begins with stream 3.", &[Way::LaterStream]),
    row("lean-offer", "It asks for no context takeover on either side.", &[Way::LeanOffer]),
    row("lower-case-names", "It writes field names in lower case.", &[Way::LowerCaseNames]),
    row("no-alpn", "It speaks TLS without ALPN.", &[Way::NoAlpn]),
    row("no-deflate", "It offers no permessage-deflate.", &[Way::NoDeflate]),
    row("no-offers", "It offers nothing.", &[Way::NoDeflate, Way::NoSubprotocols]),
    row("no-server-name", "Its ClientHello names no host.", &[Way::NoServerName]),
    row("no-subprotocols", "It offers no subprotocols.", &[Way::NoSubprotocols]),
    row("odd-case", "It writes what has no case in odd letters.", &[Way::OddCase]),
    row("origin", "It sends Origin, and more that browsers send.", &[Way::Origin]),
    row("patient", "It stays open when its text comes back.", &[Way::Patient]),
    row("plain-deflate", "It offers permessage-deflate without parameters.", &[Way::PlainDeflate]),
    row(
        "redirected-with-credentials",
        "It follows redirects, and sends the user name of the URL by itself.",
        &[Way::FollowsRedirects, Way::Credentials, Way::CredentialsAtOnce],
    ),
    row("retries-once", "It tries once more after a 503.", &[Way::RetriesOnce]),
    row("several-lines", "It writes its offers in several field lines.", &[Way::SeveralLines]),
    row("silent", "It sends nothing by itself.", &[Way::Silent]),
    row(
        "small-window",
        "It offers permessage-deflate twice, first with small windows.",
        &[Way::SmallWindow],
    ),
    row("waits-long", "It waits for the server's end of TCP for long.", &[Way::WaitsLong]),
];

const fn row(name: &'static str, summary: &'static str, ways: &'static [Way]) -> ClientVariation {
    ClientVariation { name, summary, ways }
}

#[cfg(test)]
mod tests {
    use super::ClientVariation;

    #[test]
    fn variations_are_named_in_order_and_found() {
        let names: Vec<&str> = ClientVariation::all().map(|variation| variation.name).collect();
        assert!(names.is_sorted_by(|one, other| one < other));
        assert_eq!(ClientVariation::named("silent").map(|one| one.name), Some("silent"));
    }
}
