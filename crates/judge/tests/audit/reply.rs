//! Writes an answer of a given class to a request, complete and in order, with the details that the
//! RFCs leave to a server as the test wants them.
//! Never asks whether the class is lawful: the model says that.

use upspec_corpus::case::{Case, Need};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::key::accept;
use upspec_handshake::frame::Compression;
use upspec_handshake::negotiate;
use upspec_handshake::opening::Opening;
use upspec_handshake::permitted::{Answer, Endpoint};
use upspec_handshake::{RequestHead, Version};

use crate::breaks::Break;
use crate::scripted::{After, Asked, Reply};
use crate::tunnel::Conduct;

/// What a server may choose as it likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    /// Which of the statuses of a class.
    pub(crate) status: usize,
    pub(crate) reason: String,
    pub(crate) names: Names,
    /// Fields that nobody asked for.
    pub(crate) extra: Vec<(String, String)>,
    /// By how many places the fields are rotated.
    pub(crate) rotated: usize,
    /// Whether they stand in the opposite order.
    pub(crate) reversed: bool,
    pub(crate) content: Content,
    pub(crate) is_dated: bool,
    /// The connection ends after the answer, which says so.
    pub(crate) closes: bool,
    /// A 103 comes before the answer.
    pub(crate) hints: bool,
    /// The one thing that is wrong.
    pub(crate) broken: Option<&'static Break>,
}

/// How field names are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Lower,
    Plain,
    Upper,
}

/// How content is delimited (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Chunked,
    Empty,
    Length,
    UntilClose,
}

impl Details {
    /// The plainest answer.
    pub(crate) fn plain() -> Self {
        Self {
            status: 0,
            reason: "Whatever".to_owned(),
            names: Names::Plain,
            extra: Vec::new(),
            rotated: 0,
            reversed: false,
            content: Content::Length,
            is_dated: true,
            closes: false,
            hints: false,
            broken: None,
        }
    }

    /// What follows an answer against the rules.
    fn behind(&self) -> &'static [u8] {
        self.broken.map_or(b"", Break::behind)
    }
}

/// What the target of a case is known to do.
pub(crate) fn endpoint(case: &Case) -> Endpoint {
    let needs = |need| case.needs.contains(&need);
    Endpoint {
        switches: true,
        negotiates_subprotocols: needs(Need::Subprotocol) || needs(Need::TwoSubprotocols),
        negotiates_extensions: needs(Need::PermessageDeflate),
    }
}

/// The answer of this class, and what becomes of the connection.
pub(crate) fn reply(case: &Case, asked: &Asked<'_>, answer: Answer, details: &Details) -> Reply {
    let head = &asked.head;
    match answer {
        Answer::Close => Reply { octets: Vec::new(), after: After::End },
        Answer::Silence => Reply { octets: Vec::new(), after: After::Tunnel(Conduct::Mute) },
        Answer::Junk => {
            Reply { octets: b"\x15\x03\x03\x00\x02\x02\x46".to_vec(), after: After::End }
        }
        Answer::Switch => switch(case, head, details),
        _ => response(asked, status(answer, details), details),
    }
}

/// The statuses of a class, the plainest one first.
pub(crate) fn statuses(answer: Answer) -> &'static [u16] {
    match answer {
        Answer::Success => &[200, 204, 202],
        Answer::Redirect => &[302, 301, 303, 307, 308],
        Answer::BadRequest => &[400],
        Answer::ClientError => &[403, 401, 404, 405, 421, 426, 429],
        Answer::ServerError => &[503, 500, 501, 502, 505],
        _ => &[],
    }
}

fn status(answer: Answer, details: &Details) -> u16 {
    let all = statuses(answer);
    all[details.status % all.len()]
}

fn switch(case: &Case, head: &RequestHead<'_>, details: &Details) -> Reply {
    let opening = Opening::read(head);
    let mut fields = vec![
        ("Upgrade".to_owned(), b"websocket".to_vec()),
        ("Connection".to_owned(), b"Upgrade".to_vec()),
        ("Sec-WebSocket-Accept".to_owned(), accept(opening.key.unwrap_or_default()).to_vec()),
    ];
    let known = [&b"chat"[..], b"superchat"];
    if opening.subprotocols.is_well_formed()
        && let Some(name) = negotiate::subprotocol(&opening.subprotocols, known.into_iter())
    {
        fields.push(("Sec-WebSocket-Protocol".to_owned(), name.to_vec()));
    }
    let mut compression = Compression::None;
    if let Some(value) = head.fields.combined("Sec-WebSocket-Extensions")
        && case.needs.contains(&Need::PermessageDeflate)
        && Extensions::parse(&value).is_well_formed()
        && let Some(taken) = negotiate::permessage_deflate(&Extensions::parse(&value))
    {
        compression = Compression::PermessageDeflate;
        let value = negotiate::deflate_value(&taken).into_bytes();
        fields.push(("Sec-WebSocket-Extensions".to_owned(), value));
    }
    if details.is_dated {
        fields.push(date());
    }
    let mut octets = written(101, fields, details);
    octets.extend_from_slice(details.behind());
    Reply { octets, after: After::Tunnel(Conduct::Lawful(compression)) }
}

fn response(asked: &Asked<'_>, status: u16, details: &Details) -> Reply {
    let head = &asked.head;
    let mut fields = required(head, status);
    let bodiless = status == 204 || head.method == b"HEAD";
    let old = head.version.is_none_or(|version| version < Version::HTTP_11);
    let content = match details.content {
        Content::Chunked if old => Content::Length,
        content => content,
    };
    let closes =
        details.closes || must_close(asked) || (content == Content::UntilClose && !bodiless);
    let mut options = Vec::new();
    if fields.iter().any(|(name, _)| name == "Upgrade") {
        options.push("Upgrade");
    }
    if closes {
        options.push("close");
    }
    if !options.is_empty() {
        fields.push(("Connection".to_owned(), options.join(", ").into_bytes()));
    }
    if details.is_dated {
        fields.push(date());
    }
    let mut field = |name: &str, value: &str| fields.push((name.to_owned(), value.into()));
    let body: &[u8] = match content {
        _ if status == 204 => b"",
        Content::Chunked => {
            field("Transfer-Encoding", "chunked");
            b"5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
        }
        Content::Empty => {
            field("Content-Length", "0");
            b""
        }
        Content::Length => {
            field("Content-Length", "5");
            b"hello"
        }
        Content::UntilClose => b"hello",
    };
    let mut octets = Vec::new();
    if details.hints && !old {
        octets.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
    }
    octets.extend(written(status, fields, details));
    if !bodiless {
        octets.extend_from_slice(body);
    }
    octets.extend_from_slice(details.behind());
    let after = if closes { After::End } else { After::Persist };
    Reply { octets, after }
}

/// What a status needs (RFC 9110 15), and the list of versions (RFC 6455 4.4).
fn required(head: &RequestHead<'_>, status: u16) -> Vec<(String, Vec<u8>)> {
    let mut fields = Vec::new();
    let mut field = |name: &str, value: &[u8]| fields.push((name.to_owned(), value.to_vec()));
    match status {
        301..=308 => field("Location", b"/elsewhere"),
        401 => field("WWW-Authenticate", b"Basic realm=\"a, b\""),
        405 if head.method == b"GET" => field("Allow", b""),
        405 => field("Allow", b"GET"),
        426 => field("Upgrade", b"websocket"),
        _ => {}
    }
    let spoken = head.fields.values("Sec-WebSocket-Version").eq([&b"13"[..]]);
    if status >= 400 && !spoken {
        field("Sec-WebSocket-Version", b"13");
    }
    fields
}

/// Where HTTP has the connection end after the answer (RFC 9112 6.1, 6.3, 9.3, 9.6).
fn must_close(asked: &Asked<'_>) -> bool {
    let head = &asked.head;
    let both = head.fields.contains("Content-Length") && head.fields.contains("Transfer-Encoding");
    let old = head.version.is_none_or(|version| version < Version::HTTP_11);
    let asks = contains_option(head.fields.values("Connection"), "close");
    asked.is_broken || both || old || asks
}

fn date() -> (String, Vec<u8>) {
    ("Date".to_owned(), b"Tue, 15 Nov 1994 08:12:31 GMT".to_vec())
}

fn written(status: u16, mut fields: Vec<(String, Vec<u8>)>, details: &Details) -> Vec<u8> {
    if let Some(broken) = details.broken {
        broken.edit_fields(&mut fields);
    }
    let extra = details.extra.iter();
    fields.extend(extra.map(|(name, value)| (name.clone(), value.clone().into_bytes())));
    let by = details.rotated % fields.len().max(1);
    fields.rotate_left(by);
    if details.reversed {
        fields.reverse();
    }
    let mut octets = format!("HTTP/1.1 {status} {}\r\n", details.reason).into_bytes();
    for (name, value) in fields {
        let name = match details.names {
            Names::Lower => name.to_ascii_lowercase(),
            Names::Plain => name,
            Names::Upper => name.to_ascii_uppercase(),
        };
        octets.extend_from_slice(name.as_bytes());
        octets.extend_from_slice(b": ");
        octets.extend(value);
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b"\r\n");
    if let Some(broken) = details.broken {
        broken.edit_head(&mut octets);
    }
    octets
}
