//! The meaning of an `h2` step: one frame, or a header block in several.
//! Never asks whether the frames are lawful, only whether the step says clearly what to write.

use std::ops::Range;

use toml::Spanned;
use upspec_handshake::h2::{ErrorCode, flag, kind};

use crate::frames::{Field, Frames, Payload};
use crate::raw::{self, Frame, H2};
use crate::read::{Reader, only_one, split};
use crate::template::{Binding, Fragments, Part, Template};

impl Reader<'_> {
    /// The frames of an `h2` step.
    pub(crate) fn h2(&mut self, raw: Spanned<H2>, fragments: &Fragments) -> Option<Frames> {
        let (span, mut raw) = split(raw);
        let beside = Beside::of(&raw);
        let mut set = Vec::new();
        if let Some(fields) = raw.headers.take() {
            set.push(("headers", kind::HEADERS, self.block(fields, &beside, fragments)));
        }
        for (key, kind, octets) in
            [("data", kind::DATA, raw.data.take()), ("ping", kind::PING, raw.ping.take())]
        {
            if let Some(octets) = octets {
                let octets = self.template(&octets, fragments);
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
            set.push(("frame", self.any_frame(frame.into_inner(), fragments)));
        }
        if let [(key, _)] = set[..] {
            self.only_what_belongs(key, &raw);
        }
        let keys = TAKES.map(|(key, _)| key);
        only_one(self, span, "an `h2` step", &keys, set)
    }

    fn block(
        &mut self,
        fields: Spanned<Vec<Spanned<Vec<raw::Text>>>>,
        beside: &Beside,
        fragments: &Fragments,
    ) -> Payload {
        let fields = fields.into_inner().into_iter();
        Payload::Block {
            fields: fields.filter_map(|field| self.header_field(field, fragments)).collect(),
            continuations: beside.continuations,
        }
    }

    /// A name and a value, or `{standing}` alone.
    fn header_field(
        &mut self,
        field: Spanned<Vec<raw::Text>>,
        fragments: &Fragments,
    ) -> Option<Field> {
        let (span, texts) = split(field);
        let templates: Vec<Template> =
            texts.iter().map(|text| self.template(text, fragments)).collect();
        let standing = [Part::Binding(Binding::Standing)];
        match &templates[..] {
            [one] if one.parts == standing => Some(Field::Standing),
            [name, value] => Some(Field::Line(name.clone(), value.clone())),
            _ => {
                self.report(span, "a header field that is no pair")
                    .say("write `['name', 'value']`, or `['{standing}']` alone");
                None
            }
        }
    }

    fn any_frame(&mut self, raw: Frame, fragments: &Fragments) -> Frames {
        let payload = raw.payload.map(|text| self.template(&text, fragments));
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
