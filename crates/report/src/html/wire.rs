//! The log of a record: every event with its time, every octet visible.
//! It writes printable ASCII only, and no more than a page can bear.

use std::ops::Range;

use maud::{Markup, PreEscaped, html};
use upspec_exchange::{FrameNote, Io, IoKind, Record};
use upspec_handshake::Party;
use upspec_judge::Finding;

use crate::changed::changed;
use crate::messages::{Message, Messages};
use crate::seen::{self, Told};
use crate::visible;

/// How much of the page the logs may still fill: a bit for every case, and a pool for the few that
/// need more, of which no case gets much. A target that sends endlessly cannot make the page too heavy to open.
pub(super) struct Budget {
    case: usize,
    /// What the case may take out of the pool.
    share: usize,
    pool: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { case: 0, share: 0, pool: POOL }
    }
}

impl Budget {
    /// Begins a new case.
    pub(super) fn begin_case(&mut self) {
        self.case = PER_CASE;
        self.share = SHARE;
    }

    /// Takes this much; false when too little is left.
    fn take(&mut self, cost: usize) -> bool {
        let from_pool = cost.saturating_sub(self.case);
        if from_pool > self.pool.min(self.share) {
            return false;
        }
        self.pool -= from_pool;
        self.share -= from_pool;
        self.case -= cost - from_pool;
        true
    }
}

/// What a party sends on a link: how much of it has been shown, and what there is to show beside it.
struct Flow<'t> {
    shown: usize,
    marks: Vec<Range<usize>>,
    /// What an intermediary did not pass on so, or wrote itself.
    changed: Vec<Range<usize>>,
    frames: &'t [FrameNote],
    from: Party,
    messages: &'t Messages,
}

impl<'t> Flow<'t> {
    fn of(
        told: &'t Told<'_>,
        findings: &[Finding],
        link: usize,
        from: Party,
        changed: Vec<Range<usize>>,
    ) -> Self {
        let marks = marks(findings, link, from);
        let frames = told.frames[link].by(from);
        Self { shown: 0, marks, changed, frames, from, messages: &told.messages[link] }
    }
}

/// The octets that findings point at, in order and without overlap.
fn marks(findings: &[Finding], link: usize, from: Party) -> Vec<Range<usize>> {
    let places = findings.iter().filter_map(|finding| finding.at);
    let mut ranges: Vec<Range<usize>> = places
        .filter(|place| (place.link, place.from) == (link, from) && place.start < place.end)
        .map(|place| place.start..place.end)
        .collect();
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
    ranges
}

/// The log of a record, with the octets marked that findings point at.
pub(super) fn log(told: &Told<'_>, findings: &[Finding], budget: &mut Budget) -> Markup {
    let links = told.record.links.iter().enumerate().zip(changed(told.record));
    let flow = |at, from, changed| Flow::of(told, findings, at, from, changed);
    let mut flows: Vec<[Flow<'_>; 2]> = links
        .map(|((at, link), [client, server])| match link.we {
            Party::Client => [flow(at, Party::Client, client), flow(at, Party::Server, server)],
            Party::Server => [flow(at, Party::Server, server), flow(at, Party::Client, client)],
        })
        .collect();
    let has_both_ends = has_both_ends(told.record);
    let events = told.record.io.iter().filter_map(|io| {
        let link = told.record.links.get(io.link)?;
        let [ours, theirs] = flows.get_mut(io.link)?;
        let name = told.name(link);
        let side = match link.we {
            _ if !has_both_ends => "",
            Party::Client => "front",
            Party::Server => "back",
        };
        Some(match io.kind {
            IoKind::Read => {
                octets_item(&classes(side, "got"), &format!("← {name}received"), io, theirs, budget)
            }
            kind if kind.is_written() => octets_item(
                &classes(side, "put"),
                &format!("→ {name}{}", put(kind)),
                io,
                ours,
                budget,
            ),
            _ => html! {
                li class=[(!side.is_empty()).then_some(side)] {
                    p { b { "· " (name) (seen::event(io)) } (time(io)) }
                    @for line in seen::said(io) { p { code { (line) } } }
                }
            },
        })
    });
    let events: Vec<Markup> = events.collect();
    html! {
        @if has_both_ends {
            div.sides aria-hidden="true" { span { "In front: we are the client" } span { "Behind: we are the origin" } }
        }
        ol.wire.both[has_both_ends] { @for event in events { (event) } }
        @if has_both_ends {
            p.gloss { "Underlined: not passed on so, or not sent so at the other end." }
        }
    }
}

/// Whether the target stands between two ends of ours.
fn has_both_ends(record: &Record) -> bool {
    let has = |party| record.links.iter().any(|link| link.we == party);
    has(Party::Client) && has(Party::Server)
}

/// The column of an item, where there are two, and what it is.
fn classes(side: &str, what: &str) -> String {
    format!("{side} {what}").trim_start().to_owned()
}

/// Octets, and the frames that end in them.
fn octets_item(
    class: &str,
    what: &str,
    io: &Io,
    flow: &mut Flow<'_>,
    budget: &mut Budget,
) -> Markup {
    let from = flow.shown;
    flow.shown += io.bytes.len();
    let ended = ended_within(flow.frames, from, io.bytes.len());
    let sheet = Sheet { offset: from, marks: &flow.marks, changed: &flow.changed };
    let messages = flow.messages.ended(flow.from, from, flow.shown);
    html! { li.(class) { (octets(what, io, messages, &sheet, budget)) (frames(ended, budget)) } }
}

fn put(kind: IoKind) -> &'static str {
    match kind {
        IoKind::WroteLeave => "sent to take leave",
        IoKind::WroteOwed => "sent as HTTP/2 obliges us",
        _ => "sent",
    }
}

/// The frames whose last octet is among these.
fn ended_within(notes: &[FrameNote], from: usize, length: usize) -> &[FrameNote] {
    let first = notes.partition_point(|note| note.end <= from);
    let next = notes.partition_point(|note| note.end <= from + length);
    &notes[first..next]
}

/// The frames that end in an event, with what they mean.
fn frames(notes: &[FrameNote], budget: &mut Budget) -> Markup {
    let cost = |note: &FrameNote| {
        let fields = note.fields.iter();
        let fields = fields.map(|field| field.name.len() + field.value.len());
        4 * (fields.sum::<usize>() + note.says.len())
            + note.title.len()
            + 16 * note.fields.len()
            + 32
    };
    let shown = notes.iter().take_while(|note| budget.take(cost(note))).count();
    let left = notes.len() - shown;
    html! {
        @if shown > 0 {
            ul.frames {
                @for note in &notes[..shown] {
                    li {
                        b { (note.title) }
                        @if !note.says.is_empty() { " “" (visible::octets(&note.says)) "”" }
                        @for field in &note.fields {
                            br;
                            code { (visible::octets(&field.name)) ": " (visible::octets(&field.value)) }
                        }
                    }
                }
            }
        }
        @if left > 0 { p.cut { (visible::counted(left, "more frame")) " in the JSON report" } }
    }
}

fn octets(
    what: &str,
    io: &Io,
    messages: &[Message],
    sheet: &Sheet<'_>,
    budget: &mut Budget,
) -> Markup {
    let (text, binary) = io.bytes.split_at(text_length(&io.bytes));
    let offset = sheet.offset;
    let words = messages.iter().map(|message| message.words.as_str()).take(MOST_MESSAGES);
    let named: Vec<&str> = words.take_while(|words| budget.take(words.len())).collect();
    let (head, mut shown) = sheet.text(text, budget);
    let mut rows = None;
    if shown == text.len() && !binary.is_empty() {
        let (hex, more) = Sheet { offset: offset + shown, ..*sheet }.hex(binary, budget);
        shown += more;
        rows = Some(hex);
    }
    let left = io.bytes.len() - shown;
    html! {
        p {
            b { (what) } (time(io))
            span {
                @match io.bytes.len() {
                    0 => "no octets",
                    1 => { "octet " (offset) },
                    length => { "octets " (offset) "–" (offset + length - 1) },
                }
                @if !named.is_empty() { ": " (named.join("; ")) }
                @if messages.len() > named.len() { " and more frames" }
            }
        }
        @if !head.is_empty() { pre tabindex="0" { (PreEscaped(head)) } }
        @if let Some(hex) = rows { (hex) }
        @if left > 0 { p.cut { (visible::counted(left, "more octet")) " in the JSON report" } }
    }
}

fn time(io: &Io) -> Markup {
    html! { span.time { (seen::milliseconds(io.at_us)) " ms" } }
}

/// How many of the octets to show as text: a head is always text, and what follows it is binary when
/// too many of its octets are.
fn text_length(bytes: &[u8]) -> usize {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let body = head.map_or(0, |at| at + 4);
    let odd = |byte: &&u8| !matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~');
    let odds = bytes[body..].iter().filter(odd).count();
    if odds * 8 > bytes.len() - body { body } else { bytes.len() }
}

/// Where octets stand in their stream, and which of the stream are marked or changed on the way.
struct Sheet<'m> {
    offset: usize,
    marks: &'m [Range<usize>],
    changed: &'m [Range<usize>],
}

impl Sheet<'_> {
    /// Octets in the notation of case files, with a line break after each `\n`. Many equal octets in
    /// a row are one, with a count. Gives back how many octets are shown.
    fn text(&self, bytes: &[u8], budget: &mut Budget) -> (String, usize) {
        let mut pen = Pen::default();
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            let run = self.run(&bytes[at..], at);
            pen.mark(self.is_marked(at));
            pen.change(self.is_changed(at));
            pen.dim(byte == b'\\' || !matches!(byte, b' '..=b'~'));
            let before = pen.html.len();
            pen.octet(byte, run);
            if !budget.take(pen.html.len() - before) {
                pen.html.truncate(before);
                break;
            }
            at += run;
        }
        (pen.finish(), at)
    }

    /// Octets in hexadecimal, sixteen to a row, with their offsets before and their text behind.
    fn hex(&self, bytes: &[u8], budget: &mut Budget) -> (Markup, usize) {
        let (mut offsets, mut codes, mut chars) = (String::new(), Pen::default(), Pen::default());
        let mut shown = 0;
        for row in bytes.chunks(ROW) {
            if !budget.take(row.len() * 4 + 8) {
                break;
            }
            visible::write_to(&mut offsets, format_args!("{:>6}\n", self.offset + shown));
            for (position, &byte) in row.iter().enumerate() {
                let marked = self.is_marked(shown + position);
                codes.mark(marked);
                codes.change(self.is_changed(shown + position));
                visible::write_to(&mut codes.html, format_args!("{byte:02X}"));
                let marked_on = position + 1 < row.len() && self.is_marked(shown + position + 1);
                codes.mark(marked && marked_on);
                codes.change(false);
                codes.html.push(if position + 1 < row.len() { ' ' } else { '\n' });
                chars.mark(marked);
                chars.escaped(if matches!(byte, b' '..=b'~') { char::from(byte) } else { '·' });
            }
            chars.mark(false);
            chars.html.push('\n');
            shown += row.len();
        }
        let hex = html! {
            div.hex tabindex="0" {
                pre.offsets { (offsets) }
                pre.codes { (PreEscaped(codes.finish())) }
                pre.chars aria-hidden="true" { (PreEscaped(chars.finish())) }
            }
        };
        (hex, shown)
    }

    /// How many octets like the first follow each other, if they are worth a count; else 1.
    fn run(&self, bytes: &[u8], at: usize) -> usize {
        let state = |at: usize| (self.is_marked(at), self.is_changed(at));
        let same =
            |(step, byte): &(usize, &u8)| **byte == bytes[0] && state(at + step) == state(at);
        let run = bytes.iter().enumerate().take_while(same).count();
        if run >= SHORTEST_RUN { run } else { 1 }
    }

    fn is_marked(&self, at: usize) -> bool {
        holds(self.marks, self.offset + at)
    }

    fn is_changed(&self, at: usize) -> bool {
        holds(self.changed, self.offset + at)
    }
}

/// Whether one of these ranges, which are in order, has this octet.
fn holds(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.contains(&at))
}

/// Writes octets as HTML, and opens and closes the elements around them.
#[derive(Default)]
struct Pen {
    html: String,
    marked: bool,
    changed: bool,
    dimmed: bool,
}

impl Pen {
    fn mark(&mut self, on: bool) {
        if self.marked != on {
            self.dim(false);
            self.change(false);
            self.html.push_str(if on { "<mark>" } else { "</mark>" });
            self.marked = on;
        }
    }

    fn change(&mut self, on: bool) {
        if self.changed != on {
            self.dim(false);
            self.html.push_str(if on { "<u>" } else { "</u>" });
            self.changed = on;
        }
    }

    fn dim(&mut self, on: bool) {
        if self.dimmed != on {
            self.html.push_str(if on { "<i>" } else { "</i>" });
            self.dimmed = on;
        }
    }

    fn octet(&mut self, byte: u8, times: usize) {
        if times > 1 {
            visible::write_to(&mut self.html, format_args!("<b data-n=\"{times}\">"));
        }
        let mut spelled = String::new();
        visible::push_octet(&mut spelled, byte);
        spelled.chars().for_each(|c| self.escaped(c));
        if times > 1 {
            self.html.push_str("</b>");
        }
        if byte == b'\n' {
            self.html.push('\n');
        }
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.html.push_str("&amp;"),
            '<' => self.html.push_str("&lt;"),
            '>' => self.html.push_str("&gt;"),
            c => self.html.push(c),
        }
    }

    fn finish(mut self) -> String {
        self.dim(false);
        self.change(false);
        self.mark(false);
        self.html
    }
}

/// How many frames of one event are named.
const MOST_MESSAGES: usize = 6;

/// Octets in a row of the hexadecimal view.
const ROW: usize = 16;

/// The shortest run of equal octets that is shown as a count.
const SHORTEST_RUN: usize = 32;

/// Markup of every case's logs that is always there, in octets.
const PER_CASE: usize = 4 << 10;

/// Markup that a case may use beyond that, in octets: some thousand octets of the wire.
const SHARE: usize = 32 << 10;

/// Markup that all cases may use beyond it, in octets.
const POOL: usize = 1 << 20;
