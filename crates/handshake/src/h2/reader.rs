//! Turns the octets that one side of a connection sends into events, as they arrive.
//! Notes a violation and reads on, as long as it can still tell where frames begin.

use super::frame::{Frame, FrameHeader};
use super::hpack::{BlockViolation, Decoder, MAX_BLOCK};
use super::{
    ErrorCode, FramingViolationKind, HeaderField, HeaderList, MAX_FRAME, PREFACE, flag, kind,
};
use crate::Party;
use crate::Status;

/// One thing that a side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where its first frame begins, counted from the first octet of the connection.
    pub at: usize,
    /// Where its last frame ends.
    pub end: usize,
    /// The stream; 0 is the connection.
    pub stream: u32,
    /// What was said.
    pub kind: EventKind,
}

/// What a frame says, or several that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Octets of a stream.
    Data {
        /// The octets, without padding.
        octets: Vec<u8>,
        /// What they take of the windows: the whole payload (RFC 9113 6.9.1).
        flow: usize,
        /// The sender sends no more on this stream.
        end_stream: bool,
    },
    /// The frames break a rule.
    Violation(FramingViolationKind),
    /// The connection ends.
    GoAway {
        /// The last stream that may have been acted on.
        last_stream: u32,
        /// Why.
        code: ErrorCode,
        /// What the sender adds for people.
        debug: Vec<u8>,
    },
    /// A whole header block.
    Headers {
        /// What is in it.
        list: HeaderList,
        /// The sender says no more on this stream.
        end_stream: bool,
    },
    /// A PING.
    Ping([u8; 8]),
    /// The answer to a PING.
    PingAck([u8; 8]),
    /// The preface of a client.
    Preface,
    /// A priority, which means nothing any more.
    Priority,
    /// A promised response.
    Push {
        /// The stream that it will come on.
        promised: u32,
        /// The request that it answers.
        list: HeaderList,
    },
    /// The end of a stream.
    Reset(ErrorCode),
    /// Parameters of the connection.
    Settings(Vec<(u16, u32)>),
    /// The word that they were read.
    SettingsAck,
    /// A frame of a type that RFC 9113 does not know: to be ignored (RFC 9113 5.5).
    Unknown(u8),
    /// More room to send.
    WindowUpdate(u32),
}

/// Reads the octets of one side.
#[derive(Debug)]
pub struct Reader {
    side: Party,
    stage: Stage,
    decoder: Decoder,
    /// The octets that are not read yet: less than one frame after each [`Reader::feed`].
    buffer: Vec<u8>,
    /// Where the buffer begins, counted from the first octet of the connection.
    at: usize,
    block: Option<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Preface,
    FirstFrame,
    Frames,
    /// The octets cannot be followed as frames.
    Lost,
}

/// A header block that is not complete.
#[derive(Debug)]
struct Block {
    at: usize,
    stream: u32,
    end_stream: bool,
    promised: Option<u32>,
    octets: Vec<u8>,
}

impl Reader {
    /// A reader for the octets of this side.
    pub fn new(side: Party) -> Self {
        Self::from_place(side, 0)
    }

    /// A reader for octets that begin at this place of the connection: after a 101 to h2c.
    pub fn from_place(side: Party, at: usize) -> Self {
        let stage = match side {
            Party::Client => Stage::Preface,
            Party::Server => Stage::FirstFrame,
        };
        Self { side, stage, decoder: Decoder::new(), buffer: Vec::new(), at, block: None }
    }

    /// Who sent the octets.
    pub fn side(&self) -> Party {
        self.side
    }

    /// How far the octets are read: the start of the first frame that is not complete.
    pub fn rest_at(&self) -> usize {
        self.at
    }

    /// Whether the octets were no frames that could be followed; nothing more is read then.
    pub fn is_lost(&self) -> bool {
        self.stage == Stage::Lost
    }

    /// Whether a header block is beyond our limits although it has not come to its end.
    pub fn is_flooded(&self) -> bool {
        self.block.as_ref().is_some_and(|block| block.octets.len() > MAX_BLOCK)
    }

    /// Whether the preface, and the SETTINGS frame that belongs to it, have been read.
    pub fn is_established(&self) -> bool {
        self.stage == Stage::Frames
    }

    /// Reads more octets: what they complete.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        if self.is_lost() {
            return events;
        }
        self.buffer.extend_from_slice(octets);
        let buffer = std::mem::take(&mut self.buffer);
        let mut taken = 0;
        while let Some(len) = self.step(&buffer[taken..], &mut events) {
            taken += len;
            self.at += len;
        }
        if !self.is_lost() {
            self.buffer = buffer;
            self.buffer.drain(..taken);
        }
        events
    }

    /// Reads the preface or one frame at the start of `rest`: how many octets it takes.
    fn step(&mut self, rest: &[u8], events: &mut Vec<Event>) -> Option<usize> {
        match self.stage {
            Stage::Lost => return None,
            Stage::Preface => return self.preface(rest, events),
            Stage::FirstFrame | Stage::Frames => {}
        }
        let Status::Complete(header) = FrameHeader::parse(rest) else {
            return None;
        };
        let mut violation =
            |kind| events.push(self.event(0, header.stream, EventKind::Violation(kind)));
        let settings = (header.kind, header.stream, header.flags & flag::ACK);
        if self.stage == Stage::FirstFrame && settings != (kind::SETTINGS, 0, 0) {
            violation(FramingViolationKind::PrefaceWrong);
        }
        if header.announced > MAX_FRAME {
            violation(FramingViolationKind::FrameTooLong);
            self.stage = Stage::Lost;
            return None;
        }
        self.stage = Stage::Frames;
        let frame = Frame::parse(rest, 0).complete()?;
        self.frame(frame, events);
        Some(frame.len)
    }

    fn preface(&mut self, rest: &[u8], events: &mut Vec<Event>) -> Option<usize> {
        let known = rest.len().min(PREFACE.len());
        if rest[..known] != PREFACE[..known] {
            events.push(self.event(0, 0, EventKind::Violation(FramingViolationKind::PrefaceWrong)));
            self.stage = Stage::Lost;
            return None;
        }
        if known < PREFACE.len() {
            return None;
        }
        events.push(self.event(known, 0, EventKind::Preface));
        self.stage = Stage::FirstFrame;
        Some(known)
    }

    fn frame(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) {
        if let Some(open) = &self.block
            && (frame.kind != kind::CONTINUATION || frame.stream != open.stream)
        {
            self.block = None;
            let kind = EventKind::Violation(FramingViolationKind::ContinuationMissing);
            events.push(self.event(frame.len, frame.stream, kind));
        }
        let kind = match place_fault(&frame) {
            Some(violation) => EventKind::Violation(violation),
            None => match self.meaning(&frame) {
                Some(kind) => kind,
                None => return,
            },
        };
        let mut event = self.event(frame.len, frame.stream, kind);
        if let EventKind::Headers { list, .. } | EventKind::Push { list, .. } = &event.kind {
            event.at = list.at;
        }
        events.push(event);
    }

    /// What a frame on the right stream says; `None` when more of it has to come.
    fn meaning(&mut self, frame: &Frame<'_>) -> Option<EventKind> {
        let wrong = EventKind::Violation(FramingViolationKind::LengthWrong);
        let ack = frame.has(flag::ACK);
        Some(match frame.kind {
            kind::DATA => frame.data().map_or(
                EventKind::Violation(FramingViolationKind::PaddingTooLong),
                |octets| EventKind::Data {
                    octets: octets.to_vec(),
                    flow: frame.payload.len(),
                    end_stream: frame.has(flag::END_STREAM),
                },
            ),
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => return self.block(frame),
            kind::PRIORITY if frame.payload.len() == 5 => EventKind::Priority,
            kind::PRIORITY => wrong,
            kind::RST_STREAM => frame.rst_stream().map_or(wrong, EventKind::Reset),
            kind::SETTINGS if ack && frame.payload.is_empty() => EventKind::SettingsAck,
            kind::SETTINGS if ack => wrong,
            kind::SETTINGS => frame.settings().map_or(wrong, EventKind::Settings),
            kind::PING if ack => frame.ping().map_or(wrong, EventKind::PingAck),
            kind::PING => frame.ping().map_or(wrong, EventKind::Ping),
            kind::GOAWAY => frame.goaway().map_or(wrong, |goaway| EventKind::GoAway {
                last_stream: goaway.last_stream,
                code: goaway.code,
                debug: goaway.debug.to_vec(),
            }),
            kind::WINDOW_UPDATE => frame.window_update().map_or(wrong, EventKind::WindowUpdate),
            other => EventKind::Unknown(other),
        })
    }

    /// Takes a part of a header block; the list, when it is the last part.
    fn block(&mut self, frame: &Frame<'_>) -> Option<EventKind> {
        let Some(fragment) = frame.fragment() else {
            return Some(EventKind::Violation(FramingViolationKind::PaddingTooLong));
        };
        if frame.kind != kind::CONTINUATION {
            let promised = (frame.kind == kind::PUSH_PROMISE).then(|| promised(frame));
            self.block = Some(Block {
                at: self.at,
                stream: frame.stream,
                end_stream: promised.is_none() && frame.has(flag::END_STREAM),
                promised,
                octets: Vec::new(),
            });
        }
        let Some(block) = &mut self.block else {
            return Some(EventKind::Violation(FramingViolationKind::ContinuationStray));
        };
        // One octet more than the decoder takes is enough for it to refuse the block.
        let room = (MAX_BLOCK + 1).saturating_sub(block.octets.len());
        block.octets.extend(fragment.iter().take(room));
        if !frame.has(flag::END_HEADERS) {
            return None;
        }
        let block = self.block.take()?;
        Some(self.decoded(block, self.at + frame.len))
    }

    fn decoded(&mut self, block: Block, end: usize) -> EventKind {
        let pairs = match self.decoder.decode(&block.octets) {
            Ok(pairs) => pairs,
            Err(BlockViolation::Malformed) => {
                return EventKind::Violation(FramingViolationKind::BlockMalformed);
            }
            Err(BlockViolation::TooLarge) => {
                return EventKind::Violation(FramingViolationKind::BlockTooLarge);
            }
        };
        let field = |(name, value)| HeaderField { name, value };
        let list = HeaderList { at: block.at, end, fields: pairs.into_iter().map(field).collect() };
        match block.promised {
            Some(promised) => EventKind::Push { promised, list },
            None => EventKind::Headers { list, end_stream: block.end_stream },
        }
    }

    /// An event whose frame begins at the place that reading has come to.
    fn event(&self, len: usize, stream: u32, kind: EventKind) -> Event {
        Event { at: self.at, end: self.at + len, stream, kind }
    }
}

/// Whether a frame stands on a stream where its type has to, and not where it must not
/// (RFC 9113 6).
fn place_fault(frame: &Frame<'_>) -> Option<FramingViolationKind> {
    let on_stream = match frame.kind {
        kind::DATA
        | kind::HEADERS
        | kind::PRIORITY
        | kind::RST_STREAM
        | kind::PUSH_PROMISE
        | kind::CONTINUATION => true,
        kind::SETTINGS | kind::PING | kind::GOAWAY => false,
        _ => return None,
    };
    match (on_stream, frame.stream) {
        (true, 0) => Some(FramingViolationKind::StreamMissing),
        (false, 1..) => Some(FramingViolationKind::StreamUnwanted),
        _ => None,
    }
}

/// The stream that a PUSH_PROMISE promises (RFC 9113 6.6). Its fragment has been found, so the
/// four octets are there.
fn promised(frame: &Frame<'_>) -> u32 {
    let skip = usize::from(frame.has(flag::PADDED));
    let octets = frame.payload.get(skip..).and_then(<[u8]>::first_chunk);
    octets.map_or(0, |octets| u32::from_be_bytes(*octets) & 0x7fff_ffff)
}

#[cfg(test)]
mod tests;
