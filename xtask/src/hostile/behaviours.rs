//! The behaviours of hostile peers as data, and the table of servers.

use super::http2::Flood;

/// What a peer does, from when on, and what a run against it has to come to.
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) over: Over,
    pub(crate) from: Since,
    pub(crate) does: &'static [Do],
    pub(crate) right: Right,
}

/// What is spoken below what the peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Tcp,
    /// After a TLS handshake.
    Tls,
    /// To those who begin with the preface of HTTP/2; others are served well.
    Http2,
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    FirstOctet,
    /// It has served so many connections well.
    Connection(usize),
}

/// One thing that a peer does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Do {
    /// Reads a request head.
    Read,
    /// Writes these octets.
    Write(&'static [u8]),
    /// Writes them so many times.
    Times(&'static [u8], u32),
    /// Writes them until the other side is gone.
    Endless(&'static [u8]),
    /// Writes them one octet at a time, so many milliseconds apart.
    Drip(&'static [u8], u64),
    /// Writes the 101 that the request deserves.
    Switch,
    /// The same with so many more field lines.
    SwitchWith(&'static [u8], u32),
    /// Writes what `Read` has read.
    Pass,
    /// Floods with frames of HTTP/2.
    Flood(Flood),
    /// Waits until the other side is gone.
    Hold,
    Reset,
    /// Ends its side, and waits a second at most until the other is gone.
    End,
    /// Serves well from here on, each read so many milliseconds late.
    Serve(u64),
    /// Serves well, but refuses with this where more than so many are served at once.
    AtMost(usize, &'static [u8]),
    /// Serves well, but what comes where so many are served at once meets this.
    Beyond(usize, &'static [Self]),
    /// Serves well, but refuses with this beyond so many requests a second.
    PerSecond(usize, &'static [u8]),
    /// Serves well, one connection after the other.
    OneAtATime,
    /// Serves well, after work of so many milliseconds that no other connection's work goes beside.
    Work(u64),
    /// Serves well, but so many octets in a millisecond at most.
    Slowly(usize),
    /// One connection in so many meets this, and the others are served well.
    OneIn(usize, &'static [Do]),
    /// What begins with this meets that, and everything else is served well.
    If(&'static [u8], &'static [Do]),
    /// Serves well, but refuses everything from an address behind so many refusals, for so many milliseconds, with this.
    Ban(usize, u64, &'static [u8]),
    /// Connects to the origin behind an intermediary, and does these there.
    AtOrigin(&'static [Self]),
    /// The same again and again, each time on a connection of its own.
    AtOriginForEver(&'static [Self]),
    /// Asks the origin what `Read` has read so many times, each on a connection of its own, and writes the last answer.
    Forward(usize),
    /// Asks it, and writes the answer that somebody else's request got before.
    ForwardMixed,
    /// The whole target stops to listen; with the time in milliseconds after which it is back.
    Die(Option<u64>),
    /// The whole target answers nobody any more.
    Hang,
}

/// What a run has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// The target is none that can be judged.
    NotHttp,
    /// Somebody is accused.
    Fails,
    /// Either of the two.
    Told,
    /// Nobody is, three warnings of the deployment aside, and nine tenths are judged.
    Clean,
    /// Nobody is, however little is judged and whatever draws warnings.
    Lost,
    /// The same, and the report says this of the run as a whole.
    Remarked(&'static str),
    /// The death is a case's fail.
    Death,
    /// So it is, and this case is the one, or among those that may have been.
    DeathOf(&'static str),
    /// A finding tells that the process died.
    Crash,
}

use Do::*;
use Over::{Http2, Tcp, Tls};
use Since::{Connection, FirstOctet};

const fn row(
    name: &'static str,
    over: Over,
    from: Since,
    does: &'static [Do],
    right: Right,
) -> Behaviour {
    Behaviour { name, over, from, does, right }
}

/// At once.
pub(super) const FIRST: Since = FirstOctet;
/// The connections of the controls are served well before.
const LATER: Since = Connection(14);

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
const CHUNKED: &[u8] = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n";
const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const TOO_MANY: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const KB: &[u8] = &[b'a'; 1024];
const EVENTS: &[u8] = &{
    let mut octets = [b'1'; 6 * 2000];
    let mut at = 0;
    while at < octets.len() {
        (octets[at + 1], octets[at + 2]) = (b'\r', b'\n');
        (octets[at + 3], octets[at + 4], octets[at + 5]) = (b'a', b'\r', b'\n');
        at += 6;
    }
    octets
};
const HTTP_1_2: &[u8] = b"GET /chat HTTP/1.2\r\n";
const GET_ROOT: &[u8] = b"GET / HTTP/1.1\r\n";
const FOR_EVER: u64 = 1_000_000;
const TEXT: &[u8] = b"\x81\x7d\
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    // From the first octet on.
    row("mute", Tcp, FirstOctet, &[Hold], Right::Told),
    row("closes", Tcp, FirstOctet, &[], Right::NotHttp),
    row("resets", Tcp, FirstOctet, &[Reset], Right::NotHttp),
    row("closes behind the request", Tcp, FirstOctet, &[Read], Right::NotHttp),
    row("resets behind the request", Tcp, FirstOctet, &[Read, Reset], Right::NotHttp),
    row("banner of SSH", Tcp, FirstOctet, &[Write(b"SSH-2.0-x\r\n"), Hold], Right::NotHttp),
    row("garbage", Tcp, FirstOctet, &[Write(&[0xA7; 64]), Hold], Right::NotHttp),
    row("endless garbage", Tcp, FirstOctet, &[Endless(&[0xA7; 1024])], Right::NotHttp),
    row("endless status line", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 200 "), Endless(KB)], Right::Told),
    row("endless field line", Tcp, FirstOctet, &[Read, Write(OK), Write(b"X: "), Endless(KB)], Right::Told),
    row("endless field lines", Tcp, FirstOctet, &[Read, Write(OK), Endless(b"X-A: b\r\n")], Right::Told),
    row("endless 1xx", Tcp, FirstOctet, &[Read, Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n")], Right::Told),
    row("endless answers", Tcp, FirstOctet, &[Read, Endless(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], Right::Told),
    row("endless body", Tcp, FirstOctet, &[Read, Write(OK), Write(b"\r\n"), Endless(KB)], Right::Told),
    row("endless chunks", Tcp, FirstOctet, &[Read, Write(CHUNKED), Endless(b"1\r\na\r\n")], Right::Told),
    row("endless chunk extension", Tcp, FirstOctet, &[Read, Write(CHUNKED), Write(b"1;"), Endless(KB)], Right::Told),
    row("endless trailers", Tcp, FirstOctet, &[Read, Write(CHUNKED), Write(b"0\r\n"), Endless(b"X-A: b\r\n")], Right::Told),
    row("length of 2^63", Tcp, FirstOctet, &[Read, Write(OK), Write(b"Content-Length: 9223372036854775807\r\n\r\n"), Endless(KB)], Right::Told),
    row("answer of an octet in 20 ms", Tcp, FirstOctet, &[Read, Drip(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 20)], Right::Told),
    row("markup", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 404 <script>alert(1)</script>\r\n<b>: <i>\r\nContent-Length: 8\r\nConnection: close\r\n\r\n<script>")], Right::Told),
    row("escapes of a terminal", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 404 \x1b[2J\x1b]0;x\x07\r\nContent-Length: 0\r\n\r\n")], Right::Told),
    row("HTTP/0.9", Tcp, FirstOctet, &[Read, Write(b"<html></html>")], Right::NotHttp),
    row("redirect to itself", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 302 Found\r\nLocation: /chat\r\nContent-Length: 0\r\n\r\n"), Hold], Right::Told),
    row("401", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"), Hold], Right::Told),
    row("NULs", Tcp, FirstOctet, &[Read, Endless(&[0; 1024])], Right::NotHttp),
    row("status of six digits", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 999999 x\r\n\r\n"), Hold], Right::Told),
    row("head of 250 KB", Tcp, FirstOctet, &[Read, Write(OK), Write(b"X: "), Times(KB, 250), Write(b"\r\nContent-Length: 0\r\n\r\n"), Hold], Right::Told),
    row("101 without an Accept", Tcp, FirstOctet, &[Read, Write(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), Hold], Right::Fails),
    // The controls are served well, and everything else is not.
    row("later: mute", Tcp, LATER, &[Hold], Right::Death),
    row("later: closes", Tcp, LATER, &[], Right::Death),
    row("later: resets", Tcp, LATER, &[Reset], Right::Death),
    row("later: endless garbage", Tcp, LATER, &[Endless(&[0xA7; 1024])], Right::Told),
    row("later: endless 1xx", Tcp, LATER, &[Read, Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n")], Right::Death),
    row("later: endless answers", Tcp, LATER, &[Read, Endless(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")], Right::Fails),
    row("later: endless field lines", Tcp, LATER, &[Read, Write(OK), Endless(b"X-A: b\r\n")], Right::Fails),
    row("later: endless body", Tcp, LATER, &[Read, Write(OK), Write(b"\r\n"), Endless(KB)], Right::Fails),
    row("later: endless chunks", Tcp, LATER, &[Read, Write(CHUNKED), Endless(b"1\r\na\r\n")], Right::Fails),
    row("later: head of 250 KB", Tcp, LATER, &[Read, Write(OK), Write(b"X: "), Times(KB, 250), Write(b"\r\nContent-Length: 0\r\n\r\n"), Hold], Right::Fails),
    row("later: length of 2^63", Tcp, LATER, &[Read, Write(OK), Write(b"Content-Length: 9223372036854775807\r\n\r\n"), Endless(KB)], Right::Fails),
    row("later: 101 and half a million lines", Tcp, LATER, &[Read, SwitchWith(b"X-A: b\r\n", 500_000), Hold], Right::Fails),
    row("later: Pings without end", Tcp, LATER, &[Read, Switch, Endless(b"\x89\x01a")], Right::Fails),
    row("later: texts without end", Tcp, LATER, &[Read, Switch, Endless(TEXT)], Right::Fails),
    row("later: Closes without end", Tcp, LATER, &[Read, Switch, Endless(b"\x88\x02\x03\xe8")], Right::Fails),
    row("later: a message without end", Tcp, LATER, &[Read, Switch, Write(b"\x01\x01a"), Endless(b"\x00\x01a")], Right::Fails),
    row("later: masked frames without end", Tcp, LATER, &[Read, Switch, Endless(b"\x81\x81aaaa\x00")], Right::Fails),
    row("later: garbage behind the 101", Tcp, LATER, &[Read, Switch, Endless(&[0xA7; 1024])], Right::Fails),
    row("later: a frame of 2^63 octets", Tcp, LATER, &[Read, Switch, Write(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), Endless(KB)], Right::Fails),
    row("later: tunnel of an octet in 20 ms", Tcp, LATER, &[Read, Switch, Drip(&[0x89; 4096], 20)], Right::Fails),
    row("later: 101 to all", Tcp, LATER, &[Read, Switch, Hold], Right::Fails),
    row("later: redirect", Tcp, LATER, &[Read, Write(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), Hold], Right::Fails),
    // TLS.
    row("TLS: mute behind the handshake", Tls, FirstOctet, &[Hold], Right::Told),
    row("TLS: closes behind the handshake", Tls, FirstOctet, &[], Right::NotHttp),
    row("TLS: endless garbage", Tls, FirstOctet, &[Endless(&[0xA7; 1024])], Right::NotHttp),
    row("TLS: endless 1xx", Tls, FirstOctet, &[Read, Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n")], Right::Told),
    row("TLS: endless body", Tls, FirstOctet, &[Read, Write(OK), Write(b"\r\n"), Endless(KB)], Right::Told),
    row("TLS: endless body, later", Tls, LATER, &[Read, Write(OK), Write(b"\r\n"), Endless(KB)], Right::Fails),
    row("TLS: texts without end, later", Tls, LATER, &[Read, Switch, Endless(TEXT)], Right::Fails),
    // HTTP/2, beside an HTTP/1.1 that is in order. Nobody has to speak it, nor to take a stream.
    row("HTTP/2: mute", Http2, FirstOctet, &[Hold], Right::Clean),
    row("HTTP/2: closes", Http2, FirstOctet, &[], Right::Clean),
    row("HTTP/2: resets", Http2, FirstOctet, &[Reset], Right::Clean),
    row("HTTP/2: garbage without end", Http2, FirstOctet, &[Endless(&[0xA7; 1024])], Right::Clean),
    row("HTTP/2: SETTINGS without end", Http2, FirstOctet, &[Flood(Flood::Settings)], Right::Told),
    row("HTTP/2: PING without end", Http2, FirstOctet, &[Flood(Flood::Ping)], Right::Told),
    row("HTTP/2: empty DATA without end", Http2, FirstOctet, &[Flood(Flood::Data)], Right::Told),
    row("HTTP/2: CONTINUATION without end", Http2, FirstOctet, &[Flood(Flood::Continuation)], Right::Told),
    row("HTTP/2: field sections that swell", Http2, FirstOctet, &[Flood(Flood::Swelling)], Right::Told),
    row("HTTP/2: streams without end", Http2, FirstOctet, &[Flood(Flood::Streams)], Right::Told),
    row("HTTP/2: answers without end", Http2, FirstOctet, &[Flood(Flood::Answers)], Right::Told),
    row("HTTP/2: GOAWAY without end", Http2, FirstOctet, &[Flood(Flood::GoAway)], Right::Told),
    row("HTTP/2: RST_STREAM without end", Http2, FirstOctet, &[Flood(Flood::Reset)], Right::Lost),
    row("HTTP/2: WINDOW_UPDATE without end", Http2, FirstOctet, &[Flood(Flood::Window)], Right::Told),
    row("HTTP/2: PUSH_PROMISE without end", Http2, FirstOctet, &[Flood(Flood::Push)], Right::Told),
    row("HTTP/2: PRIORITY without end", Http2, FirstOctet, &[Flood(Flood::Priority)], Right::Told),
    row("HTTP/2: unknown frames without end", Http2, FirstOctet, &[Flood(Flood::Unknown)], Right::Told),
    row("HTTP/2: a frame of 16 MB", Http2, FirstOctet, &[Flood(Flood::Huge)], Right::Told),
    // Limits and lateness of a target that is in order.
    row("limit: five at once, others get 503", Tcp, FirstOctet, &[AtMost(5, UNAVAILABLE)], Right::Clean),
    row("limit: five at once, others are closed", Tcp, FirstOctet, &[AtMost(5, b"")], Right::Clean),
    row("limit: five at once, others are reset", Tcp, FirstOctet, &[Beyond(5, &[Reset])], Right::Clean),
    row("limit: 50 a second, others get 429", Tcp, FirstOctet, &[PerSecond(50, TOO_MANY)], Right::Clean),
    row("limit: 50 a second, others get 503", Tcp, FirstOctet, &[PerSecond(50, UNAVAILABLE)], Right::Clean),
    row("limit: one at a time, others wait", Tcp, FirstOctet, &[OneAtATime], Right::Clean),
    row("limit: work of 50 ms each", Tcp, FirstOctet, &[Work(50)], Right::Clean),
    row("limit: banned for ever", Tcp, FirstOctet, &[Ban(20, FOR_EVER, FORBIDDEN)], Right::Clean),
    row("limit: banned for 10 s", Tcp, FirstOctet, &[Ban(20, 10_000, FORBIDDEN)], Right::Clean),
    row("limit: banned for ever with 429", Tcp, FirstOctet, &[Ban(20, FOR_EVER, TOO_MANY)], Right::Clean),
    row("limit: banned for ever and closed", Tcp, FirstOctet, &[Ban(20, FOR_EVER, b"")], Right::Clean),
    row("one in ten is mute", Tcp, FirstOctet, &[OneIn(10, &[Hold])], Right::Clean),
    row("one in ten is closed", Tcp, FirstOctet, &[OneIn(10, &[Read])], Right::Clean),
    row("one in ten is reset", Tcp, FirstOctet, &[OneIn(10, &[Read, Reset])], Right::Clean),
    row("one in seven is late by 1.5 s", Tcp, FirstOctet, &[OneIn(7, &[Serve(1500)])], Right::Clean),
    row("seven octets in a millisecond", Tcp, FirstOctet, &[Slowly(7)], Right::Clean),
    row("a page of 500 KB at /", Tcp, FirstOctet, &[If(GET_ROOT, &[Write(OK), Write(b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nContent-Length: 512000\r\n\r\n"), Times(KB, 500), End])], Right::Clean),
    row("an event stream without end at /", Tcp, FirstOctet, &[If(GET_ROOT, &[Write(OK), Write(b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"), Drip(EVENTS, 10)])], Right::Clean),
    row("late by 2 s", Tcp, FirstOctet, &[Serve(2000)], Right::Clean),
    row("late by 400 ms", Tcp, FirstOctet, &[Serve(400)], Right::Clean),
    row("late by 20 ms", Tcp, FirstOctet, &[Serve(20)], Right::Clean),
    // Deaths.
    row("dies", Tcp, Connection(300), &[Read, Die(None)], Right::Death),
    row("dies, and is back in 3 s", Tcp, Connection(300), &[Read, Die(Some(3000))], Right::Told),
    row("hangs", Tcp, Connection(300), &[Read, Hang], Right::Death),
    row("dies of HTTP/1.2", Tcp, FirstOctet, &[If(HTTP_1_2, &[Die(None)])], Right::DeathOf("server/http-version/http12")),
    row("hangs from HTTP/1.2 on", Tcp, FirstOctet, &[If(HTTP_1_2, &[Hang])], Right::DeathOf("server/http-version/http12")),
    row("TLS: dies of HTTP/1.2", Tls, FirstOctet, &[If(HTTP_1_2, &[Die(None)])], Right::DeathOf("server/http-version/http12")),
];
