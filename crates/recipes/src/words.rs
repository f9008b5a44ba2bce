//! The fixed choices of an edit: one table of words each, simplest first.
//! What a choice does to a request is in `draft`.

use std::fmt;

use upspec_corpus::case::Over;
use upspec_corpus::words::Word;

/// Defines a choice with its words.
macro_rules! choice {
    (
        $(#[$doc:meta])* $name:ident, $what:literal,
        $($(#[$each:meta])* $variant:ident = $word:literal,)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$each])* $variant,)+
        }

        impl Word for $name {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

pub(crate) use choice;

choice! {
    /// The request that a recipe starts from.
    Base, "base",
    /// The opening handshake of RFC 6455, section 4.1, with nothing optional.
    Handshake = "handshake",
    /// The handshake with an offer of subprotocols.
    Subprotocols = "subprotocols",
    /// The handshake with an offer of permessage-deflate.
    Extensions = "extensions",
    /// The handshake with Origin, subprotocols, extensions and fields that browsers send.
    Browser = "browser",
    /// The same GET without the fields of the handshake.
    Plain = "plain",
    /// A plain GET of the root.
    Root = "root",
    /// The extended CONNECT of RFC 8441, section 5, on a stream of HTTP/2.
    Connect = "connect",
    /// The same with an offer of subprotocols.
    ConnectSubprotocols = "connect-subprotocols",
    /// The same with an offer of permessage-deflate.
    ConnectExtensions = "connect-extensions",
    /// The same with what browsers send.
    ConnectBrowser = "connect-browser",
    /// A plain GET of the root, on a stream of HTTP/2.
    Get = "get",
}

impl Base {
    /// What is spoken.
    #[must_use]
    pub fn over(self) -> Over {
        match self {
            Self::Handshake
            | Self::Subprotocols
            | Self::Extensions
            | Self::Browser
            | Self::Plain
            | Self::Root => Over::Http1,
            Self::Connect
            | Self::ConnectSubprotocols
            | Self::ConnectExtensions
            | Self::ConnectBrowser
            | Self::Get => Over::Http2,
        }
    }
}

choice! {
    /// A field that an edit is about.
    Field, "field",
    /// Host.
    Host = "host",
    /// Upgrade.
    Upgrade = "upgrade",
    /// Connection.
    Connection = "connection",
    /// Sec-WebSocket-Key.
    Key = "key",
    /// Sec-WebSocket-Version.
    Version = "version",
    /// Sec-WebSocket-Protocol.
    Protocol = "protocol",
    /// Sec-WebSocket-Extensions.
    Extensions = "extensions",
    /// Origin.
    Origin = "origin",
    /// Content-Length.
    Length = "length",
    /// Transfer-Encoding.
    Coding = "coding",
    /// `:method`, which only a request of HTTP/2 has.
    Method = ":method",
    /// `:protocol`.
    Wish = ":protocol",
    /// `:scheme`.
    Scheme = ":scheme",
    /// `:authority`.
    Authority = ":authority",
    /// `:path`.
    Path = ":path",
}

impl Field {
    /// Whether it is a pseudo-header field of HTTP/2 (RFC 9113, section 8.3).
    #[must_use]
    pub fn is_pseudo(self) -> bool {
        self >= Self::Method
    }
}

choice! {
    /// A place among the lines of a head, the elements of a list or the octets of a text.
    Place, "place",
    /// Before all others.
    First = "first",
    /// Behind all others.
    Last = "last",
    /// Between the others.
    Middle = "middle",
}

choice! {
    /// What becomes of the letters of a text.
    Letters, "letters",
    /// Small ones.
    Lower = "lower",
    /// Capitals.
    Upper = "upper",
    /// Each the other way.
    Swapped = "swapped",
}

choice! {
    /// White space.
    Blank, "blank",
    /// None at all.
    None = "none",
    /// One space.
    Space = "space",
    /// One tab.
    Tab = "tab",
    /// Two spaces.
    Spaces = "spaces",
    /// A tab between spaces.
    Mixed = "mixed",
}

choice! {
    /// Where in a field line white space may stand.
    Spot, "spot",
    /// Between the colon and the value.
    Before = "before",
    /// Behind the value.
    After = "after",
    /// Around the commas of the value.
    Commas = "commas",
    /// Around the semicolons of the value.
    Semicolons = "semicolons",
    /// Around the equals signs of the value.
    Equals = "equals",
    /// Between the name and the colon, where none may stand.
    Colon = "colon",
}

choice! {
    /// A part of the request line.
    Part, "part",
    /// The method.
    Method = "method",
    /// The request target.
    Target = "target",
    /// The HTTP version.
    Protocol = "protocol",
}

choice! {
    /// What ends a line.
    End, "line end",
    /// CR LF.
    Crlf = "crlf",
    /// LF alone.
    Lf = "lf",
    /// CR alone, which ends no line.
    Cr = "cr",
    /// CR CR LF.
    Crcrlf = "crcrlf",
}

choice! {
    /// Which lines an edit of line ends is about.
    Lines, "lines",
    /// The request line.
    Request = "request",
    /// The field lines.
    Fields = "fields",
    /// The empty line behind the field lines.
    Empty = "empty",
    /// All of them.
    All = "all",
}

choice! {
    /// A body, with the fields that frame it.
    Body, "body",
    /// Content-Length: 0.
    Empty = "empty",
    /// Content-Length and as many octets.
    Length = "length",
    /// One chunk and the last one.
    Chunked = "chunked",
    /// Chunks with extensions.
    ChunkExtension = "chunk-extension",
    /// Chunks with a trailer section.
    Trailer = "trailer",
    /// The same Content-Length twice.
    SameLengths = "same-lengths",
    /// Two Content-Length lines that differ.
    TwoLengths = "two-lengths",
    /// A Content-Length that is not a number.
    BadLength = "bad-length",
    /// Content-Length beside chunks.
    Both = "both",
    /// A coding that is not chunked.
    OtherCoding = "other-coding",
    /// A Content-Length that more octets follow than it says, a handshake of their own.
    Smuggled = "smuggled",
}

choice! {
    /// A request on the same connection, before the one that the recipe is about.
    Ahead, "earlier request",
    /// A plain GET of the root.
    Plain = "plain",
    /// A HEAD of the root.
    Head = "head",
    /// A POST with content.
    Post = "post",
    /// A handshake for a version that nobody speaks.
    Refused = "refused",
    /// The same with an offer of subprotocols and of permessage-deflate, and in HTTP/2 with a key.
    Rich = "rich",
    /// In HTTP/1.1, an Upgrade to something that nobody knows.
    Ignored = "ignored",
    /// In HTTP/1.1, a plain GET that says close.
    Close = "close",
    /// In HTTP/2, a malformed request.
    Malformed = "malformed",
    /// In HTTP/2, a WebSocket that stays open.
    Opened = "opened",
    /// In HTTP/2, a WebSocket that was closed.
    Closed = "closed",
    /// In HTTP/2, a WebSocket that was reset.
    Reset = "reset",
    /// In HTTP/2, a WebSocket with subprotocols, permessage-deflate and a key.
    Negotiated = "negotiated",
}

choice! {
    /// When a request follows another one.
    Pace, "pace",
    /// When that was answered.
    Awaited = "awaited",
    /// At once.
    Pipelined = "pipelined",
}

choice! {
    /// A frame of HTTP/2 that a request does not need.
    Odd, "frame",
    /// PING.
    Ping = "ping",
    /// A type that no RFC knows.
    Unknown = "unknown",
    /// PRIORITY for the stream of the request.
    Priority = "priority",
    /// Further SETTINGS that change nothing.
    Settings = "settings",
    /// SETTINGS with an identifier that no RFC knows.
    UnknownSetting = "unknown-setting",
    /// SETTINGS in which the client allows extended CONNECT, which only servers do.
    ClientSetting = "client-setting",
    /// More room on the connection.
    Window = "window",
    /// An increment of 0 on the connection.
    ZeroIncrement = "zero-increment",
    /// More room than a window may have.
    WideWindow = "wide-window",
    /// A PING of seven octets.
    ShortPing = "short-ping",
    /// A PING on the stream of the request.
    StreamPing = "stream-ping",
    /// SETTINGS of five octets.
    ShortSettings = "short-settings",
    /// SETTINGS on the stream of the request.
    StreamSettings = "stream-settings",
    /// A CONTINUATION that continues nothing.
    StrayContinuation = "stray-continuation",
    /// DATA on the connection.
    LooseData = "loose-data",
    /// HEADERS on the connection.
    LooseHeaders = "loose-headers",
    /// HEADERS with a block that HPACK cannot read.
    BadBlock = "bad-block",
    /// DATA with more padding than octets.
    Overpadded = "overpadded",
    /// A promise, which no client makes.
    Promise = "promise",
}

choice! {
    /// A frame of HTTP/2 on the stream of an open tunnel.
    Inside, "frame in a tunnel",
    /// DATA without octets.
    EmptyData = "empty-data",
    /// DATA with padding and no octets.
    PaddedData = "padded-data",
    /// An increment of 0.
    ZeroIncrement = "zero-increment",
    /// More room than a window may have.
    WideWindow = "wide-window",
    /// HEADERS, where only DATA may be.
    Headers = "headers",
    /// The end of our side.
    End = "end",
}
