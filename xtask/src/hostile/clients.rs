//! The behaviours of hostile clients, as data.

use super::behaviours::Right;

/// What a client does, from which start on, and what a run against it has to come to.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// So many starts before are those of a client that is in order.
    pub(crate) from: u64,
    pub(crate) does: &'static [Act],
    pub(crate) right: Right,
}

/// One thing that a client does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Opens a connection; an earlier one ends.
    Connect,
    /// Writes a handshake that is in order.
    Ask,
    /// Reads a response head.
    Read,
    Write(&'static [u8]),
    Times(&'static [u8], u32),
    /// Writes these octets until the other side is gone.
    Endless(&'static [u8]),
    /// Writes them one octet at a time, so many milliseconds apart.
    Drip(&'static [u8], u64),
    /// Reads until the other side is gone.
    Hold,
    /// Reads nothing, and does not end by itself.
    Stand,
    HalfClose,
    Reset,
    /// Is the reference client, which prints its events.
    Serve,
    /// Is that client for ever: again and again.
    ServeForEver,
    /// Does this again and again.
    Loop(&'static [Self]),
    /// Opens so many connections, asks on each, and holds them.
    Many(usize),
    /// Prints this so many times.
    Print(&'static [u8], u32),
    PrintError(&'static [u8], u32),
    /// Starts a process that holds what it prints to, and outlives it.
    Child,
    /// Cannot be asked to end.
    Deaf,
    /// Waits so many milliseconds.
    Pause(u64),
    Exit(i32),
    /// Ends as by a fault of its own.
    Abort,
}

use Act::*;

const fn row(name: &'static str, from: u64, does: &'static [Act], right: Right) -> Client {
    Client { name, from, does, right }
}

/// The controls are served well before.
const LATER: u64 = 14;
const KB: &[u8] = &[b'a'; 1024];
const OPEN: &[u8] = b"{\"event\":\"open\"}\n";
const GET: &[u8] = b"GET / HTTP/1.1\r\n";
const HUGE_KEY: &[u8] =
    b"Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: ";
/// What a client says first in TLS, as far as its length.
const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
/// A masked Ping, a masked text of an octet, and a Close.
const PING: &[u8] = b"\x89\x81\0\0\0\0a";
const TEXT: &[u8] = b"\x81\x81\0\0\0\0a";
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

pub(crate) const CLIENTS: &[Client] = &[
    // From the first start on.
    row("client: dies at once", 0, &[Exit(1)], Right::NotHttp),
    row("client: aborts at once", 0, &[Abort], Right::NotHttp),
    row("client: never connects", 0, &[Stand], Right::NotHttp),
    row("client: connects and sends nothing", 0, &[Connect, Stand], Right::NotHttp),
    row("client: connects and closes", 0, &[Connect], Right::NotHttp),
    row("client: connects and resets", 0, &[Connect, Reset], Right::NotHttp),
    row("client: garbage", 0, &[Connect, Write(&[0xA7; 64]), Hold], Right::NotHttp),
    row("client: endless garbage", 0, &[Connect, Endless(&[0xA7; 1024])], Right::NotHttp),
    row("client: hello of TLS in the clear", 0, &[Connect, Write(HELLO), Hold], Right::NotHttp),
    row("client: endless request line", 0, &[Connect, Write(b"GET /"), Endless(KB)], Right::NotHttp),
    row("client: endless field lines", 0, &[Connect, Write(GET), Endless(b"X-A: b\r\n")], Right::NotHttp),
    row("client: head of an octet in 20 ms", 0, &[Connect, Drip(b"GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n", 20), Hold], Right::Told),
    row("client: never reads the answer", 0, &[Connect, Ask, Stand], Right::Told),
    row("client: ends its side behind the request", 0, &[Connect, Ask, HalfClose, Hold], Right::Told),
    row("client: resets behind the request", 0, &[Connect, Ask, Reset], Right::Told),
    row("client: opens whatever comes", 0, &[Connect, Ask, Read, Print(OPEN, 1), Hold], Right::Fails),
    // The controls are served well, and everything else is not.
    row("client, later: dies at once", LATER, &[Exit(1)], Right::Told),
    row("client, later: never connects", LATER, &[Stand], Right::Told),
    row("client, later: sends nothing", LATER, &[Connect, Stand], Right::Told),
    row("client, later: endless garbage", LATER, &[Connect, Endless(&[0xA7; 1024])], Right::Told),
    row("client, later: endless field lines", LATER, &[Connect, Write(GET), Endless(b"X-A: b\r\n")], Right::Told),
    row("client, later: key of 200 KB", LATER, &[Connect, Write(GET), Write(HUGE_KEY), Times(KB, 200), Write(b"\r\n\r\n"), Hold], Right::Fails),
    row("client, later: requests without end", LATER, &[Connect, Loop(&[Ask])], Right::Fails),
    row("client, later: Pings without end", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Endless(PING)], Right::Fails),
    row("client, later: texts without end", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Endless(TEXT)], Right::Fails),
    row("client, later: Closes without end", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Endless(CLOSE)], Right::Fails),
    row("client, later: garbage behind the 101", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Endless(&[0xA7; 1024])], Right::Fails),
    row("client, later: tunnel of an octet in 20 ms", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Drip(&[0x89; 4096], 20)], Right::Fails),
    row("client, later: answers nothing", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Stand], Right::Fails),
    row("client, later: connects for ever", LATER, &[Loop(&[Connect])], Right::Told),
    // It no longer opens what it opened at first, which ends the run.
    row("client, later: asks for ever", LATER, &[Loop(&[Connect, Ask, Read])], Right::Told),
    row("client, later: fifty connections", LATER, &[Many(50), Stand], Right::Told),
    row("client: asks for ever", 0, &[Loop(&[Connect, Ask, Read])], Right::Told),
    row("client: connects for ever", 0, &[Loop(&[Connect])], Right::NotHttp),
    row("client: fifty connections", 0, &[Many(50), Stand], Right::Told),
    row("client, later: resets at once", LATER, &[Connect, Reset], Right::Told),
    row("client, later: aborts behind the answer", LATER, &[Connect, Ask, Read, Abort], Right::Crash),
    // A client that is in order, and does something else besides.
    row("client: prints 20 MB without a line end", 0, &[Print(KB, 20_000), Serve], Right::Clean),
    row("client: 20 MB on standard error", 0, &[PrintError(KB, 20_000), Serve], Right::Clean),
    row("client: a hundred thousand events", 0, &[Print(b"{\"event\":\"x\"}\n", 100_000), Serve], Right::Clean),
    row("client: messages reported without end", LATER, &[Connect, Ask, Read, Print(OPEN, 1), Print(b"{\"event\":\"message\",\"data\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}\n", 200_000), Hold], Right::Fails),
    row("client: prints escapes of a terminal", 0, &[PrintError(b"\x1b[2J\x1b]0;x\x07\n", 100), Serve], Right::Clean),
    row("client: a child holds its pipes", 0, &[Child, Serve], Right::Clean),
    row("client: cannot be asked to end", 0, &[Deaf, Serve, Stand], Right::Clean),
    row("client: never ends", 0, &[Serve, Stand], Right::Clean),
    row("client: comes back for ever", 0, &[ServeForEver], Right::Lost),
    row("client: starts late by 300 ms", 0, &[Pause(300), Serve], Right::Clean),
    row("client: starts late by 1 s", 0, &[Pause(1000), Serve], Right::Clean),
];
