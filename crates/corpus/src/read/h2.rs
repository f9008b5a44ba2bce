//! The meaning of an `h2` step: one frame, or a header block in several.
//! The frames need not be lawful; the step has to say clearly what to write.

use std::ops::Range;

use toml::Spanned;
use upspec_handshake::h2::{ErrorCode, flag, kind};

use crate::frames::{Field, Frames, Payload};
use crate::raw::{self, Frame, H2};
use crate::read::names::Names;
use crate::read::{Reader, only_one, split};
use crate::template::{Part, Template};

impl Reader<'_> {
    /// The frames of an `h2` step.
    pub(crate) fn h2(&mut self, raw: Spanned<H2>, names: &Names) -> Option<Frames> {
        let (span, mut raw) = split(raw);
        let beside = Beside::of(&raw);
        let mut set = Vec::new();
        if let Some(fields) = raw.headers.take() {
            set.push(("headers", kind::HEADERS, self.block(fields.get_ref(), &beside, names)));
        }
        for (key, kind, octets) in
            [("data", kind::DATA, raw.data.take()), ("ping", kind::PING, raw.ping.take())]
        {
            if let Some(octets) = octets {
                let octets = self.template(&octets, &names.bytes);
                set.push((key, kind, Payload::Octets(octets)));
            }
        }
        if let Some(list) = raw.settings.take() {
            set.push(("settings", kind::SETTINGS, settings(list.get_ref())));
        }
        if let Some(code) = raw.rst_stream.take() {
            let ErrorCode(code) = self.word(&code).unwrap_or(ErrorCode::NO_ERROR);
            set.push(("rst-stream", kind::RST_STREAM, octets(&code.to_be_bytes())));
        }
        if let Some(more) = raw.window_update.take() {
            let more = more.get_ref().to_be_bytes();
            set.push(("window-update", kind::WINDOW_UPDATE, octets(&more)));
        }
        let frames = |(key, kind, payload)| (key, beside.frames(kind, payload));
        let mut set: Vec<_> = set.into_iter().map(frames).collect();
        if let Some(frame) = raw.frame.take() {
            set.push(("frame", self.any_frame(frame.into_inner(), names)));
        }
        if let [(key, _)] = set[..] {
            self.only_what_belongs(key, &raw);
        }
        let keys = TAKES.map(|(key, _)| key);
        only_one(self, span, "an `h2` step", &keys, set)
    }

    fn block(&mut self, fields: &[Spanned<raw::Bytes>], beside: &Beside, names: &Names) -> Payload {
        Payload::Block {
            fields: self.header_fields(fields, names),
            continuations: beside.continuations,
        }
    }

    /// Fields of a header list, with the fragments that stand among them.
    pub(crate) fn header_fields(
        &mut self,
        raws: &[Spanned<raw::Bytes>],
        names: &Names,
    ) -> Vec<Field> {
        let mut fields = Vec::new();
        for raw in raws {
            match raw.get_ref() {
                raw::Bytes::Several(pair) if pair.len() == 2 => {
                    let [name, value] = [0, 1].map(|at| self.template(&pair[at], &names.bytes));
                    fields.push(Field::Line(name, value));
                }
                raw::Bytes::One(text) if text == "{standing}" => fields.push(Field::Standing),
                raw::Bytes::One(text) if text == "{standing-but-origin}" => {
                    fields.push(Field::StandingButOrigin);
                }
                raw::Bytes::One(text) if text == "{protocol-field}" => fields.push(Field::Protocol),
                raw::Bytes::One(text) => match names.fields_of(text) {
                    Some(of_fragment) => fields.extend_from_slice(of_fragment),
                    None => {
                        let known = names.fields.keys().map(|name| format!("`'{{{name}}}'`"));
                        let known: Vec<String> = known.chain(["`'{standing}'`".into()]).collect();
                        let message = format!("`{text}` is not a list of header fields");
                        self.report(raw.span(), message).say(format!(
                            "write `['name', 'value']`, or one of {}",
                            known.join(", ")
                        ));
                    }
                },
                raw::Bytes::Several(_) => {
                    self.report(raw.span(), "a header field that is not a pair")
                        .say("write `['name', 'value']`");
                }
            }
        }
        fields
    }

    fn any_frame(&mut self, raw: Frame, names: &Names) -> Frames {
        let payload = raw.payload.map(|text| self.template(&text, &names.bytes));
        Frames {
            kind: raw.kind,
            flags: raw.flags,
            stream: raw.stream,
            payload: Payload::Octets(payload.unwrap_or_default()),
        }
    }

    /// Points at what stands beside a key and means nothing there.
    fn only_what_belongs(&mut self, key: &str, raw: &H2) {
        let row = TAKES.iter().find(|(own, _)| *own == key);
        let takes = row.map_or(&[][..], |(_, takes)| takes);
        let beside = [
            ("stream", raw.stream.as_ref().map(Spanned::span)),
            ("end-stream", raw.end_stream.as_ref().map(Spanned::span)),
            ("ack", raw.ack.as_ref().map(Spanned::span)),
            ("continuation", raw.continuation.as_ref().map(Spanned::span)),
        ];
        let stray = beside.into_iter().filter(|(name, _)| !takes.contains(name));
        for (name, span) in stray.filter_map(|(name, span)| Some((name, span?))) {
            self.report(span, format!("`{name}` beside `{key}`"))
                .say("leave it out; `frame` writes any frame");
        }
        let range: Option<(Range<usize>, u32)> =
            raw.continuation.as_ref().map(|times| (times.span(), *times.get_ref()));
        if let Some((span, times)) = range.filter(|(_, times)| *times > MAX_CONTINUATIONS) {
            self.report(span, format!("`continuation = {times}`"))
                .say(format!("write {MAX_CONTINUATIONS} or less"));
        }
    }
}

/// What stands beside the key that names a frame.
struct Beside {
    stream: Option<u32>,
    flags: u8,
    continuations: u32,
}

impl Beside {
    fn of(raw: &H2) -> Self {
        let is_set = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|set| *set.get_ref());
        let end_stream = if is_set(&raw.end_stream) { flag::END_STREAM } else { 0 };
        let ack = if is_set(&raw.ack) { flag::ACK } else { 0 };
        let times = raw.continuation.as_ref().map_or(0, |times| *times.get_ref());
        Self {
            stream: raw.stream.as_ref().map(|stream| *stream.get_ref()),
            flags: end_stream | ack,
            continuations: times.min(MAX_CONTINUATIONS),
        }
    }

    fn frames(&self, kind: u8, payload: Payload) -> Frames {
        let usual = match kind {
            kind::HEADERS | kind::DATA | kind::RST_STREAM => 1,
            _ => 0,
        };
        Frames { kind, flags: self.flags, stream: self.stream.unwrap_or(usual), payload }
    }
}

/// Each setting is a number of two octets and a value of four (RFC 9113 6.5.1).
fn settings(settings: &[(u16, u32)]) -> Payload {
    let each = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    octets(&settings.iter().flat_map(each).collect::<Vec<u8>>())
}

fn octets(octets: &[u8]) -> Payload {
    Payload::Octets(Template::from_parts([Part::Bytes(octets.to_vec())]))
}

/// The keys that name a frame, and what may stand beside each.
const TAKES: [(&str, &[&str]); 7] = [
    ("headers", &["stream", "end-stream", "continuation"]),
    ("data", &["stream", "end-stream"]),
    ("settings", &["ack"]),
    ("rst-stream", &["stream"]),
    ("ping", &["ack"]),
    ("window-update", &["stream"]),
    ("frame", &[]),
];

/// More frames than any probe needs.
const MAX_CONTINUATIONS: u32 = 1000;
