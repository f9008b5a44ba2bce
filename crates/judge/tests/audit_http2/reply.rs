//! Writes an answer of a given class to a request, complete and in order, with the details that the
//! RFCs leave to a server as the test wants them.
//! Never asks whether the class is lawful: the ruling says that.

use upspec_handshake::h2::{ErrorCode, flag, hpack, kind, write};

use crate::breaks::Break;
use crate::ruling::Request;
use crate::server::{Asked, LAWFUL, Reply};

/// What a server does about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The connection ends.
    Close,
    GoAway(ErrorCode),
    /// Octets that are no HTTP/2.
    Junk,
    Reset(ErrorCode),
    Silence,
    Status(u16),
    /// A 101 on the stream.
    Switch,
}

impl Answer {
    /// Every answer that is tried.
    pub(crate) fn all() -> Vec<Self> {
        let statuses =
            [200, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 421, 426, 429, 500, 501, 503];
        let codes = [
            ErrorCode::PROTOCOL_ERROR,
            ErrorCode::INTERNAL_ERROR,
            ErrorCode::REFUSED_STREAM,
            ErrorCode::CANCEL,
            ErrorCode::ENHANCE_YOUR_CALM,
            ErrorCode::HTTP_1_1_REQUIRED,
            ErrorCode::CONNECT_ERROR,
        ];
        let rest = [Self::Close, Self::Junk, Self::Silence, Self::Switch];
        let resets = codes.into_iter().map(Self::Reset);
        let leaves = codes.into_iter().map(Self::GoAway);
        let statuses = statuses.into_iter().map(Self::Status);
        statuses.chain(resets).chain(leaves).chain(rest).collect()
    }
}

/// What a server may choose as it likes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// Fields that nobody asked for.
    pub(crate) extra: Vec<(String, String)>,
    /// A header block is spread over so many CONTINUATION frames.
    pub(crate) continuations: usize,
    /// Octets of padding in HEADERS.
    pub(crate) padding: u8,
    /// A 103 comes before the answer.
    pub(crate) hints: bool,
    /// Trailers come after the content.
    pub(crate) trailers: bool,
    /// Frames that mean nothing to the request come before the answer.
    pub(crate) noise: bool,
    /// RST_STREAM with NO_ERROR follows a complete response (RFC 9113 8.1).
    pub(crate) aborts: bool,
    /// The one thing that is wrong.
    pub(crate) broken: Option<&'static Break>,
}

/// The answer of this class.
pub(crate) fn reply(asked: &Asked<'_>, answer: Answer, details: &Details) -> Reply {
    let stream = asked.stream;
    let octets = |octets| Reply { octets, ..Reply::default() };
    match answer {
        Answer::Close => Reply { ends: true, ..Reply::default() },
        Answer::GoAway(code) => {
            Reply { octets: write::goaway(stream, code, b"so"), ends: true, tunnel: None }
        }
        Answer::Junk => Reply { octets: vec![0xff; 64], ends: true, tunnel: None },
        Answer::Reset(code) => octets(write::rst_stream(stream, code)),
        Answer::Silence => Reply::default(),
        Answer::Status(status) => response(asked, status, details),
        Answer::Switch => octets(head(stream, &[(":status", "101"), DATE], 0, details)),
    }
}

fn response(asked: &Asked<'_>, status: u16, details: &Details) -> Reply {
    let (stream, list) = (asked.stream, asked.list);
    let number = status.to_string();
    let mut fields = vec![(":status", number.as_str()), DATE];
    fields.extend(required(asked, status));
    let connect = list.pseudo(":method") == Some(b"CONNECT");
    let opens = connect && status / 100 == 2;
    let offer = list.values("sec-websocket-protocol").next();
    let known = offer.is_some_and(|offer| offer.split(|octet| *octet == b',').any(is_known));
    let second = list.values("sec-websocket-protocol").nth(1);
    if opens && (known || second.is_some_and(is_known)) {
        fields.push(("sec-websocket-protocol", "chat"));
    }
    let mut octets = before(stream, details);
    let bodiless = status == 204 || opens || list.pseudo(":method") == Some(b"HEAD");
    let end = if status == 204 && !opens { flag::END_STREAM } else { 0 };
    octets.extend(head(stream, &fields, end, details));
    if !bodiless {
        let last = if details.trailers { 0 } else { flag::END_STREAM };
        octets.extend(write::data(stream, b"hel", 0));
        octets.extend(write::data(stream, b"lo", last));
        if details.trailers {
            let trailers = list_of(&[("x-sum", "1")]);
            octets.extend(write::headers(stream, &trailers, flag::END_STREAM));
        }
    }
    if details.aborts && !opens && !asked.is_ended {
        octets.extend(write::rst_stream(stream, ErrorCode::NO_ERROR));
    }
    octets.extend(details.broken.into_iter().flat_map(|broken| broken.behind(stream)));
    Reply { octets, ends: false, tunnel: opens.then_some(LAWFUL) }
}

/// What may come before a response.
fn before(stream: u32, details: &Details) -> Vec<u8> {
    let broken = details.broken.into_iter();
    let mut octets: Vec<u8> = broken.flat_map(|broken| broken.ahead(stream)).collect();
    if details.noise {
        octets.extend(write::ping(0, *b"whatever"));
        octets.extend(write::frame(0xee, 0xff, stream, b"unknown"));
        octets.extend(write::window_update(stream, 1));
    }
    if details.hints {
        let hints = [(":status", "103"), ("link", "</a>; rel=preload")];
        octets.extend(head(stream, &hints, 0, &Details::default()));
    }
    octets
}

fn is_known(name: &[u8]) -> bool {
    name.trim_ascii() == b"chat"
}

/// What a status needs (RFC 9110 15), and the list of versions (RFC 6455 4.4).
fn required(asked: &Asked<'_>, status: u16) -> Vec<(&'static str, &'static str)> {
    let mut fields = match status {
        301..=308 => vec![("location", "/elsewhere")],
        401 => vec![("www-authenticate", "Basic realm=\"a\"")],
        405 => vec![("allow", "DELETE")],
        _ => Vec::new(),
    };
    if status >= 400 && Request::read(asked) == Request::Refused {
        fields.push(("sec-websocket-version", "13"));
    }
    fields
}

/// HEADERS, and what continues them.
fn head(stream: u32, fields: &[(&str, &str)], flags: u8, details: &Details) -> Vec<u8> {
    let extra = details.extra.iter();
    let extra = extra.map(|(name, value)| (name.as_str(), value.as_str()));
    let mut fields: Vec<(&str, &str)> = fields.iter().copied().chain(extra).collect();
    if let Some(broken) = details.broken {
        broken.edit(&mut fields);
    }
    let block = list_of(&fields);
    let parts = details.continuations + 1;
    let size = block.len().div_ceil(parts).max(1);
    let chunks: Vec<&[u8]> = block.chunks(size).collect();
    let last = chunks.len() - 1;
    let mut octets = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        let ends = if at == last { flag::END_HEADERS } else { 0 };
        if at > 0 {
            octets.extend(write::frame(kind::CONTINUATION, ends, stream, chunk));
        } else if details.padding > 0 {
            let padding = vec![0; details.padding.into()];
            let payload = [&[details.padding], *chunk, &padding].concat();
            let flags = flags | ends | flag::PADDED;
            octets.extend(write::frame(kind::HEADERS, flags, stream, &payload));
        } else {
            octets.extend(write::frame(kind::HEADERS, flags | ends, stream, chunk));
        }
    }
    octets
}

fn list_of(fields: &[(&str, &str)]) -> Vec<u8> {
    let octets = |&(name, value)| (str::as_bytes(name), str::as_bytes(value));
    hpack::encode(fields.iter().map(octets))
}

const DATE: (&str, &str) = ("date", "Tue, 15 Nov 1994 08:12:31 GMT");
