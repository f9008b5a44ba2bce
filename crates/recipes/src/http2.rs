//! A draft on a stream of HTTP/2: its header list, and the steps that write it.
//! A header block has no indexes, so that its octets depend on nothing that came before.

use upspec_corpus::case::{Act, Awaited, Outcomes, Step};
use upspec_corpus::frames::{Field as Written, Frames, Payload};
use upspec_corpus::{Bindings, Template};
use upspec_handshake::h2::{self, HeaderList, flag, kind};

use crate::draft::{Draft, Line};
use crate::render::cut;
use crate::text::{Text, Unit};
use crate::words::{Ahead, Inside, Odd, Pace};

impl Draft {
    /// The steps on a connection of its own.
    pub(crate) fn http2_steps(&self) -> Vec<Step> {
        let mut steps = opening();
        let mut stream = 1;
        for (ahead, pace) in &self.ahead {
            steps.extend(earlier(*ahead, *pace, stream));
            stream += 2;
        }
        steps.extend(self.odd.iter().map(|odd| Act::H2(odd_frame(*odd, stream)).into()));
        steps.push(self.http2_head(stream).into());
        if !self.body.0.is_empty() {
            steps.push(data(&self.body, stream, flag::END_STREAM).into());
        }
        if self.is_tunnel() && !(self.then.0.is_empty() && self.inside.is_empty()) {
            steps.push(Act::Await(outcomes("2xx")).into());
            steps.extend(self.inside.iter().map(|inside| inner_frame(*inside, stream).into()));
            let parts = cut(&self.then, &self.cuts);
            steps.extend(parts.iter().map(|part| data(part, stream, 0).into()));
        }
        steps
    }

    fn http2_head(&self, stream: u32) -> Act {
        let end = !self.is_tunnel() && self.body.0.is_empty();
        let fields = self.lines.iter().map(written).collect();
        let payload = Payload::Block { fields, continuations: self.continuations.into() };
        let flags = if end { flag::END_STREAM } else { 0 };
        Act::H2(Frames { kind: kind::HEADERS, flags, stream, payload })
    }

    /// The header list, as the target reads it.
    pub(crate) fn header_list(&self, bindings: &Bindings) -> HeaderList {
        let mut octets = Vec::new();
        octets.extend(h2::PREFACE);
        octets.extend(h2::write::settings(&[]));
        self.http2_head(1).render_into(&mut octets, bindings);
        let events = h2::Reader::new(upspec_handshake::Party::Client).feed(&octets);
        let lists = events.into_iter().filter_map(|event| match event.kind {
            h2::EventKind::Headers { list, .. } => Some(list),
            _ => None,
        });
        lists.fold(HeaderList::default(), |_, list| list)
    }

    /// Whether the stream stays open, as that of an extended CONNECT does.
    fn is_tunnel(&self) -> bool {
        let is = |line: &Line, name: &str| line.name == Text::from(name);
        let connects = self.lines.iter().any(|line| {
            is(line, ":method") && line.value == Text::from("CONNECT") && line.tail.0.is_empty()
        });
        connects && self.lines.iter().any(|line| is(line, ":protocol"))
    }
}

/// The preface of a client, and the SETTINGS of the target.
fn opening() -> Vec<Step> {
    vec![
        Act::Send(Text::octets(h2::PREFACE).template()).into(),
        Act::H2(frame(kind::SETTINGS, 0, 0, &[])).into(),
        Act::AwaitOther(Awaited::Settings).into(),
    ]
}

/// A line as a field. What stands around the colon of HTTP/1.1 becomes part of name or value.
fn written(line: &Line) -> Written {
    if line.is_standing() {
        return Written::Standing;
    }
    let colon = |text: &Text, from: usize| {
        let at = text.0.iter().skip(from).position(|unit| *unit == Unit::Octet(b':'));
        at.map(|at| at + from)
    };
    let mut whole = line.name.clone();
    let own = whole.0.len();
    for text in [&line.colon, &line.value, &line.tail] {
        whole.append(text);
    }
    // A line of its own is all name; its colon is the first behind the first octet.
    let from = if line.field.is_none() && line.colon.0.is_empty() { 1 } else { own };
    let Some(at) = colon(&whole, from) else {
        return Written::Line(whole.template(), Template::default());
    };
    let name = Text(whole.0[..at].to_vec());
    let rest = &whole.0[at + 1..];
    // The one space that HTTP/1.1 is written with belongs to neither.
    let rest = rest.strip_prefix(&[Unit::Octet(b' ')][..]).unwrap_or(rest);
    Written::Line(name.template(), Text(rest.to_vec()).template())
}

/// The steps of a request before the one in question, on this stream.
fn earlier(ahead: Ahead, pace: Pace, stream: u32) -> Vec<Step> {
    let head = |pairs: &[(&str, &str)], end| headers(pairs, stream, end);
    let mut acts = match ahead {
        Ahead::Plain | Ahead::Ignored | Ahead::Close => {
            vec![head(&[(":method", "GET"), ROOT], true)]
        }
        Ahead::Head => vec![head(&[(":method", "HEAD"), ROOT], true)],
        Ahead::Post => vec![
            head(&[(":method", "POST"), ROOT, ("content-length", "5")], false),
            data(&Text::from("hello"), stream, flag::END_STREAM),
        ],
        Ahead::Malformed => {
            vec![head(&[(":method", "GET"), ROOT, ("connection", "keep-alive")], true)]
        }
        Ahead::Refused => {
            vec![head(&[CONNECT, WISH, TARGET, ("sec-websocket-version", "25")], false)]
        }
        Ahead::Rich => {
            let refused = [CONNECT, WISH, TARGET, ("sec-websocket-version", "25")];
            vec![head(&[&refused[..], &OFFERS].concat(), false)]
        }
        Ahead::Opened | Ahead::Closed | Ahead::Reset => {
            vec![head(&[CONNECT, WISH, TARGET, V13], false)]
        }
        Ahead::Negotiated => {
            vec![head(&[&[CONNECT, WISH, TARGET, V13][..], &OFFERS].concat(), false)]
        }
    };
    if pace == Pace::Awaited || matches!(ahead, Ahead::Opened | Ahead::Closed | Ahead::Reset) {
        acts.push(match ahead {
            Ahead::Malformed => return acts.into_iter().map(Step::from).collect(),
            Ahead::Opened | Ahead::Closed | Ahead::Reset | Ahead::Negotiated => {
                Act::Await(outcomes("2xx"))
            }
            _ => Act::Await(outcomes("2xx 3xx 4xx 5xx")),
        });
    }
    match ahead {
        Ahead::Closed => acts.extend([
            data(&Text::octets(CLOSE), stream, 0),
            Act::AwaitOther(Awaited::CloseFrame),
            data(&Text::default(), stream, flag::END_STREAM),
        ]),
        Ahead::Reset => {
            let code = h2::ErrorCode::CANCEL.0.to_be_bytes();
            acts.push(Act::H2(frame(kind::RST_STREAM, 0, stream, &code)));
        }
        _ => {}
    }
    acts.into_iter().map(Step::from).collect()
}

/// A masked Close with the code 1000.
const CLOSE: &[u8] = b"\x88\x82\x37\xfa\x21\x3d\x34\x12";
const CONNECT: (&str, &str) = (":method", "CONNECT");
const WISH: (&str, &str) = (":protocol", "websocket");
const V13: (&str, &str) = ("sec-websocket-version", "13");
/// Each stands for scheme, authority and path, and for what the target wants on every request.
const ROOT: (&str, &str) = ("", "/");
const TARGET: (&str, &str) = ("", "{path}");
const OFFERS: [(&str, &str); 3] = [
    ("sec-websocket-protocol", "{subprotocol}"),
    ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ("sec-websocket-key", "{key}"),
];

fn headers(pairs: &[(&str, &str)], stream: u32, end: bool) -> Act {
    let template = |text: &str| Text::parse(text).unwrap_or_default().template();
    let line = |name: &str, value: &str| Written::Line(template(name), template(value));
    let mut fields = Vec::new();
    for (name, value) in pairs {
        if name.is_empty() {
            fields.push(line(":scheme", "{scheme}"));
            fields.push(line(":authority", "{authority}"));
            fields.push(line(":path", value));
            fields.push(Written::Standing);
        } else {
            fields.push(line(name, value));
        }
    }
    let flags = if end { flag::END_STREAM } else { 0 };
    let payload = Payload::Block { fields, continuations: 0 };
    Act::H2(Frames { kind: kind::HEADERS, flags, stream, payload })
}

fn data(octets: &Text, stream: u32, flags: u8) -> Act {
    let payload = Payload::Octets(octets.template());
    Act::H2(Frames { kind: kind::DATA, flags, stream, payload })
}

fn frame(kind: u8, flags: u8, stream: u32, octets: &[u8]) -> Frames {
    Frames { kind, flags, stream, payload: Payload::Octets(Text::octets(octets).template()) }
}

/// A frame on the stream of an open tunnel.
fn inner_frame(inside: Inside, stream: u32) -> Act {
    match inside {
        Inside::EmptyData => Act::H2(frame(kind::DATA, 0, stream, &[])),
        Inside::PaddedData => Act::H2(frame(kind::DATA, flag::PADDED, stream, &[4, 0, 0, 0, 0])),
        Inside::ZeroIncrement => Act::H2(frame(kind::WINDOW_UPDATE, 0, stream, &[0; 4])),
        Inside::WideWindow => {
            Act::H2(frame(kind::WINDOW_UPDATE, 0, stream, &[0x7F, 0xFF, 0xFF, 0xFF]))
        }
        Inside::Headers => headers(&[("x-upspec", "1")], stream, false),
        Inside::End => data(&Text::default(), stream, flag::END_STREAM),
    }
}

/// A frame that the request on this stream does not need.
fn odd_frame(odd: Odd, stream: u32) -> Frames {
    const PING: &[u8] = b"upspec!!";
    match odd {
        Odd::Ping => frame(kind::PING, 0, 0, PING),
        Odd::Unknown => frame(0xBB, 0, 0, b"upspec"),
        Odd::Priority => frame(kind::PRIORITY, 0, stream, &[0, 0, 0, 0, 15]),
        Odd::Settings => frame(kind::SETTINGS, 0, 0, &[]),
        Odd::UnknownSetting => frame(kind::SETTINGS, 0, 0, &[0x0A, 0x0A, 0, 0, 0, 1]),
        Odd::ClientSetting => frame(kind::SETTINGS, 0, 0, &[0, 8, 0, 0, 0, 1]),
        Odd::Window => frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0xFF, 0xFF]),
        Odd::ZeroIncrement => frame(kind::WINDOW_UPDATE, 0, 0, &[0; 4]),
        Odd::WideWindow => frame(kind::WINDOW_UPDATE, 0, 0, &[0x7F, 0xFF, 0xFF, 0xFF]),
        Odd::ShortPing => frame(kind::PING, 0, 0, &PING[..7]),
        Odd::StreamPing => frame(kind::PING, 0, stream, PING),
        Odd::ShortSettings => frame(kind::SETTINGS, 0, 0, &[0, 8, 0, 0, 0]),
        Odd::StreamSettings => frame(kind::SETTINGS, 0, stream, &[]),
        Odd::StrayContinuation => frame(kind::CONTINUATION, flag::END_HEADERS, stream, &[]),
        Odd::LooseData => frame(kind::DATA, 0, 0, b"upspec"),
        Odd::LooseHeaders => frame(kind::HEADERS, flag::END_HEADERS, 0, &[]),
        Odd::BadBlock => frame(kind::HEADERS, flag::END_HEADERS, stream, &[0xFF; 8]),
        Odd::Overpadded => frame(kind::DATA, flag::PADDED, stream, &[200, b'x']),
        Odd::Promise => frame(kind::PUSH_PROMISE, flag::END_HEADERS, stream, &[0, 0, 0, 2]),
    }
}

pub(crate) fn outcomes(words: &str) -> Outcomes {
    Outcomes::from_words(words).unwrap_or_default()
}
