//! HTTP/2 frames in words, for whoever shows a record.
//! Escapes nothing: names, values and debug data stay octets.

use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::h2::frame::{Frame, frames};
use upspec_handshake::h2::hpack::Decoder;
use upspec_handshake::h2::{PREFACE, flag, kind, setting};
use upspec_handshake::{Over, Party, ResponseHead};

use std::ops::Range;

use crate::places::places;
use crate::record::Record;

/// The frames of a link by sender; empty unless HTTP/2 was spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameNotes {
    /// Those of the client, as offsets over all that it sent.
    pub client: Vec<FrameNote>,
    /// Those of the server, as offsets over all that it sent.
    pub server: Vec<FrameNote>,
}

/// A frame in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameNote {
    /// Its first octet.
    pub start: usize,
    /// The octet after its last.
    pub end: usize,
    /// Its type, stream, flags, and what a short payload means.
    pub title: String,
    /// The header list that ends in it, or its settings.
    pub fields: Vec<NotedField>,
    /// The debug data of a GOAWAY.
    pub says: Vec<u8>,
}

/// A field of a header list, or a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedField {
    /// Its name.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
    /// The octets of a field's value where the block spells it out; in parts where frames cut it.
    pub at: Vec<Range<usize>>,
    /// Whether these octets are Huffman-coded (RFC 7541 5.2).
    pub huffman: bool,
}

impl FrameNotes {
    /// Reads the frames of a link over HTTP/2, or of what follows a 101 to h2c.
    #[must_use]
    pub fn of(record: &Record, link: usize) -> Self {
        let Some(over) = record.links.get(link).map(|link| link.over) else {
            return Self::default();
        };
        Self::between(over, &record.sent(link, Party::Client), &record.sent(link, Party::Server))
    }

    /// Reads the frames in all that the two parties of a link sent.
    #[must_use]
    pub fn between(over: Over, client: &[u8], server: &[u8]) -> Self {
        let from = match over {
            Over::Http1 => after_upgrade(client, server),
            Over::Http2 => Some((0, 0)),
        };
        let Some((client_from, server_from)) = from else {
            return Self::default();
        };
        Self { client: notes(client, client_from), server: notes(server, server_from) }
    }

    /// Those of a party.
    #[must_use]
    pub fn by(&self, party: Party) -> &[FrameNote] {
        match party {
            Party::Client => &self.client,
            Party::Server => &self.server,
        }
    }
}

/// Where HTTP/2 begins on both sides after a 101 to h2c (RFC 7540 3.2).
fn after_upgrade(client: &[u8], server: &[u8]) -> Option<(usize, usize)> {
    // Most exchanges have nothing to do with it, and reading a head costs more than this look.
    let mut starts = memchr::memchr2_iter(b'h', b'H', server);
    starts.find(|at| server[*at..].get(..3).is_some_and(|it| it.eq_ignore_ascii_case(b"h2c")))?;
    let mut at = 0;
    let head = loop {
        let head = ResponseHead::parse(&server[at..]).complete()?;
        at += head.len;
        if head.status != Some(100) {
            break head;
        }
    };
    let mut offers = protocols(head.fields.values("Upgrade")).flatten();
    let h2c = offers.any(|protocol| protocol.name.eq_ignore_ascii_case(b"h2c"));
    if head.status != Some(101) || !h2c {
        return None;
    }
    let mut starts = client.windows(PREFACE.len());
    let begun = starts.position(|octets| octets == PREFACE);
    Some((begun.unwrap_or(client.len()), at))
}

fn notes(octets: &[u8], from: usize) -> Vec<FrameNote> {
    let mut notes = Vec::new();
    let mut skipped = from;
    if octets[from..].starts_with(PREFACE) {
        skipped += PREFACE.len();
        notes.push(preface(from..skipped));
    }
    let mut blocks = Blocks::default();
    for frame in frames(&octets[skipped..]).take(MOST_FRAMES) {
        let mut note = FrameNote {
            start: skipped + frame.at,
            end: skipped + frame.end(),
            title: title(&frame),
            fields: Vec::new(),
            says: frame.goaway().map(|it| it.debug.to_vec()).unwrap_or_default(),
        };
        match blocks.add(&frame, skipped) {
            Some(Ok(list)) => note.fields = list,
            Some(Err(())) => note.title.push_str(", its header block cannot be decoded"),
            None => note.fields = settings(&frame),
        }
        notes.push(note);
    }
    notes
}

fn preface(at: Range<usize>) -> FrameNote {
    FrameNote {
        start: at.start,
        end: at.end,
        title: "connection preface".to_owned(),
        fields: Vec::new(),
        says: Vec::new(),
    }
}

fn title(frame: &Frame<'_>) -> String {
    let name = kind::name(frame.kind);
    let mut title =
        name.map_or_else(|| format!("frame of type {:#04x}", frame.kind), str::to_owned);
    if frame.stream != 0 {
        title.push_str(&format!(", stream {}", frame.stream));
    }
    for flag in flag::names(frame.kind, frame.flags) {
        title.push_str(&format!(", {flag}"));
    }
    if let Some(goaway) = frame.goaway() {
        title.push_str(&format!(", {}, last stream {}", goaway.code, goaway.last_stream));
    }
    if let Some(code) = frame.rst_stream() {
        title.push_str(&format!(", {code}"));
    }
    if let Some(increment) = frame.window_update() {
        title.push_str(&format!(", {increment} more octets"));
    }
    if let Some(data) = frame.data() {
        title.push_str(&format!(", {} octets", data.len()));
    }
    title
}

fn settings(frame: &Frame<'_>) -> Vec<NotedField> {
    let settings = frame.settings().unwrap_or_default();
    let named = settings.into_iter().map(|(id, value)| {
        let name = setting::name(id).map_or_else(|| format!("setting {id:#x}"), str::to_owned);
        NotedField {
            name: name.into_bytes(),
            value: value.to_string().into_bytes(),
            at: Vec::new(),
            huffman: false,
        }
    });
    named.collect()
}

/// Assembles header blocks from their frames.
#[derive(Default)]
struct Blocks {
    decoder: Decoder,
    open: Vec<u8>,
    /// Where the parts of the open block begin, in the block and in the stream.
    parts: Vec<(usize, usize)>,
}

impl Blocks {
    /// The result of a block that ends with this frame; `None` for any other frame.
    fn add(&mut self, frame: &Frame<'_>, skipped: usize) -> Option<Result<Vec<NotedField>, ()>> {
        let fragment = match frame.kind {
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => frame.fragment(),
            _ => return None,
        };
        if frame.kind != kind::CONTINUATION {
            self.open.clear();
            self.parts.clear();
        }
        let fragment = fragment.unwrap_or_default();
        let before = fragment_at(frame, fragment);
        self.parts.push((self.open.len(), skipped + before));
        self.open.extend_from_slice(fragment);
        if !frame.has(flag::END_HEADERS) {
            return None;
        }
        let block = std::mem::take(&mut self.open);
        let Ok(pairs) = self.decoder.decode(&block) else {
            return Some(Err(()));
        };
        let mut places = places(&block).into_iter();
        let noted = pairs.into_iter().map(|(name, value)| {
            let place = places.next();
            NotedField {
                name,
                value,
                huffman: place.as_ref().is_some_and(|place| place.huffman),
                at: place.map_or_else(Vec::new, |place| self.in_stream(place.octets)),
            }
        });
        Some(Ok(noted.collect()))
    }

    /// The octets of the block as octets of the stream.
    fn in_stream(&self, octets: Range<usize>) -> Vec<Range<usize>> {
        let ends = self.parts.iter().skip(1).map(|part| part.0);
        let parts = self.parts.iter().zip(ends.chain([usize::MAX]));
        let cut = parts.map(|((from, at), end)| {
            let start = octets.start.max(*from);
            let end = octets.end.min(end).max(start);
            at + start - from..at + end - from
        });
        cut.filter(|part| !part.is_empty()).collect()
    }
}

/// Where the fragment of a header block begins in the stream of its frame.
fn fragment_at(frame: &Frame<'_>, fragment: &[u8]) -> usize {
    let payload_at = frame.end() - frame.payload.len();
    let padding = match frame.payload.first() {
        Some(padding) if frame.kind != kind::CONTINUATION && frame.has(flag::PADDED) => {
            usize::from(*padding)
        }
        _ => 0,
    };
    payload_at + (frame.payload.len() - fragment.len()).saturating_sub(padding)
}

/// More frames than any case is about.
const MOST_FRAMES: usize = 1000;

#[cfg(test)]
mod tests {
    use upspec_handshake::h2::{ErrorCode, hpack, write};

    use super::*;

    #[test]
    fn frames_have_titles_and_lists() {
        let block = hpack::encode([(&b":status"[..], &b"200"[..]), (b"server", b"x")]);
        let read = [
            write::settings(&[(8, 1), (0x99, 7)]),
            write::headers(1, &block, flag::END_STREAM),
            write::data(3, b"abc", 0),
            write::rst_stream(3, ErrorCode::PROTOCOL_ERROR),
            write::goaway(3, ErrorCode(99), b"bye"),
            write::window_update(0, 5),
            write::frame(0x20, 0xff, 7, b""),
        ]
        .concat();
        let notes = notes(&read, 0);
        let titles: Vec<&str> = notes.iter().map(|note| note.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "SETTINGS",
                "HEADERS, stream 1, END_STREAM, END_HEADERS",
                "DATA, stream 3, 3 octets",
                "RST_STREAM, stream 3, PROTOCOL_ERROR",
                "GOAWAY, error code 0x63, last stream 3",
                "WINDOW_UPDATE, 5 more octets",
                "frame of type 0x20, stream 7",
            ]
        );
        let pairs: Vec<(&[u8], &[u8])> = notes
            .iter()
            .flat_map(|note| &note.fields)
            .map(|field| (&field.name[..], &field.value[..]))
            .collect();
        let want: [(&[u8], &[u8]); 4] = [
            (b"ENABLE_CONNECT_PROTOCOL", b"1"),
            (b"setting 0x99", b"7"),
            (b":status", b"200"),
            (b"server", b"x"),
        ];
        assert_eq!(pairs, want);
        assert_eq!(notes[4].says, b"bye");
        assert_eq!(notes.last().map(|note| note.end), Some(read.len()));
    }

    #[test]
    fn a_value_is_found_across_frames() {
        let block = hpack::encode([(&b"cookie"[..], &b"abcdefgh"[..])]);
        let (one, two) = block.split_at(block.len() - 5);
        let padded = [&[3][..], one, &[0; 3]].concat();
        let octets = [
            PREFACE.to_vec(),
            write::frame(kind::HEADERS, flag::PADDED, 1, &padded),
            write::frame(kind::CONTINUATION, flag::END_HEADERS, 1, two),
        ]
        .concat();
        let notes = notes(&octets, 0);
        let field = &notes.last().unwrap().fields[0];
        let spelled: Vec<&[u8]> = field.at.iter().map(|at| &octets[at.clone()]).collect();
        assert_eq!(spelled, [&b"abc"[..], b"defgh"]);
    }

    #[test]
    fn frames_follow_a_101_to_h2c() {
        let settings = write::settings(&[]);
        let head = b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n";
        let read = [&head[..], &settings].concat();
        let written = [b"GET / HTTP/1.1\r\n\r\n", PREFACE, &settings].concat();
        let (wrote_from, read_from) = after_upgrade(&written, &read).unwrap();
        assert_eq!(notes(&read, read_from)[0].start, head.len());
        let titles: Vec<_> =
            notes(&written, wrote_from).into_iter().map(|note| note.title).collect();
        assert_eq!(titles, ["connection preface", "SETTINGS"]);
        assert_eq!(after_upgrade(&written, b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }

    #[test]
    fn text_is_no_frame() {
        assert_eq!(notes(b"HTTP/1.1 400 Bad Request\r\n\r\n", 0), []);
        assert_eq!(notes(PREFACE, 0)[0].title, "connection preface");
    }
}
