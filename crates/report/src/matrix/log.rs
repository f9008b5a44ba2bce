//! What passed on the wire of a case, in lines without times, so that those of two peers can stand side by side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_exchange::{Io, IoKind, Over, Record};

use crate::seen::{self, Told};
use crate::visible;

/// What passed between us and the peers that did the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The peers, by their places.
    pub peers: Vec<usize>,
    /// The lines, in the order in which things happened.
    pub lines: Vec<Line>,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Whose line it is.
    pub side: Side,
    /// Octets in the notation of case files with a line feed after each `\n`, frames, or an event in words.
    pub text: String,
}

/// Who did what a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// We sent it.
    Sent,
    /// The peer sent it.
    Received,
    /// It is no octet.
    Event,
}

/// The lines of a record.
pub(super) fn lines(record: &Record) -> Vec<Line> {
    let told = Told::of(record);
    let mut lines: Vec<Line> = Vec::new();
    let mut shown = vec![[0; 2]; record.links.len()];
    let mut events = record.io.iter().peekable();
    while let Some(io) = events.next() {
        let Some(link) = record.links.get(io.link) else { continue };
        let name = told.name(link);
        let Some(side) = side_of(io) else {
            if !is_ours_alone(io.kind) {
                let said: Vec<String> = seen::said(io).collect();
                let text = format!("{name}{} {}", seen::event(io), said.join(" "));
                lines.push(Line { side: Side::Event, text: bounded(text.trim_end()) });
            }
            continue;
        };
        let mut octets = io.bytes.clone();
        // How the network cut the octets says nothing.
        while let Some(more) =
            events.next_if(|next| next.link == io.link && side_of(next) == Some(side))
        {
            octets.extend_from_slice(&more.bytes);
        }
        let party = if side == Side::Sent { link.we } else { link.we.other() };
        let from = &mut shown[io.link][usize::from(side == Side::Sent)];
        let range = *from..*from + octets.len();
        *from = range.end;
        let notes = told.frames[io.link].by(party).iter();
        let messages = told.messages[io.link].ended(party, range.start, range.end).iter();
        let notes: Vec<String> = notes
            .filter(|note| range.start < note.end && note.end <= range.end)
            .map(frame)
            .chain(messages.map(|message| message.words.clone()))
            .collect();
        let text = match link.over {
            Over::Http2 if !notes.is_empty() => notes.join("\n"),
            _ => octets_and(&octets, &notes),
        };
        lines.push(Line { side, text: format!("{name}{text}") });
    }
    lines
}

fn side_of(io: &Io) -> Option<Side> {
    match io.kind {
        IoKind::Read => Some(Side::Received),
        kind if kind.is_written() => Some(Side::Sent),
        _ => None,
    }
}

/// What only we know of, and what says nothing of the peer.
fn is_ours_alone(kind: IoKind) -> bool {
    matches!(kind, IoKind::Decided | IoKind::Closed)
}

fn frame(note: &upspec_exchange::FrameNote) -> String {
    let fields = note.fields.iter().map(|field| {
        format!("\n  {}: {}", visible::octets(&field.name), visible::octets(&field.value))
    });
    let says = match note.says.is_empty() {
        true => String::new(),
        false => format!(" {}", visible::octets(&note.says)),
    };
    bounded(&format!("{}{says}{}", note.title, fields.collect::<String>()))
}

fn octets_and(octets: &[u8], notes: &[String]) -> String {
    let shown = &octets[..octets.len().min(MOST)];
    let mut text = visible::octets(shown).replace("\\n", "\\n\n");
    if text.ends_with('\n') {
        text.pop();
    }
    if octets.len() > shown.len() {
        text.push_str(&format!(
            " … {}",
            visible::counted(octets.len() - shown.len(), "more octet")
        ));
    }
    for note in notes.iter().take(MOST_FRAMES) {
        text.push_str(&format!("\n[{note}]"));
    }
    text
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How many octets of an event are shown.
const MOST: usize = 1200;

/// How many frames of one event are told.
const MOST_FRAMES: usize = 12;
