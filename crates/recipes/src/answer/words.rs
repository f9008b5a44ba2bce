//! The fixed choices of an edit of an answer: one table of words each, simplest first.
//! What a choice does is in `draft`.

use std::fmt;

use upspec_corpus::words::Word;

use crate::words::choice;

choice! {
    /// A field that an edit is about.
    Field, "field",
    /// Upgrade.
    Upgrade = "upgrade",
    /// Connection.
    Connection = "connection",
    /// Sec-WebSocket-Accept.
    Accept = "accept",
    /// Sec-WebSocket-Protocol.
    Protocol = "protocol",
    /// Sec-WebSocket-Extensions, which the plain answer lacks.
    Extensions = "extensions",
}

choice! {
    /// A part of the status line.
    Part, "part",
    /// The HTTP version.
    Version = "version",
    /// The status code.
    Status = "status",
    /// The reason phrase.
    Reason = "reason",
}

choice! {
    /// Which lines an edit of line ends is about.
    Lines, "lines",
    /// The status line.
    Status = "status",
    /// The field lines.
    Fields = "fields",
    /// The empty line behind the field lines.
    Empty = "empty",
    /// All of them.
    All = "all",
}

choice! {
    /// A response before the answer.
    Interim, "interim response",
    /// A 100 without fields.
    Continue = "continue",
    /// A 102 without fields.
    Processing = "processing",
    /// A 103 with a Link.
    Hints = "hints",
    /// A 199, which nobody knows.
    Unknown = "unknown",
    /// A 103 with the fields of the handshake.
    Handshake = "handshake",
}

choice! {
    /// Where in a field line white space may stand.
    Spot, "spot",
    /// Between the colon and the value.
    Before = "before",
    /// Behind the value.
    After = "after",
    /// Between the name and the colon, where none may stand.
    Colon = "colon",
}
