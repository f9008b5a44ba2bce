//! What one side of a connection said, in order by stream.
//! Does not look at what the other side said.

use super::reader::{Event, EventKind, Reader};
use super::{ErrorCode, FramingViolation, HeaderList};
use crate::Party;
use std::collections::BTreeMap;

/// Everything that one side has said.
#[derive(Debug)]
pub struct Connection {
    reader: Reader,
    /// The settings of each SETTINGS frame, with the place of the frame.
    pub settings: Vec<(usize, Vec<(u16, u32)>)>,
    /// Where settings were acknowledged.
    pub settings_acks: Vec<usize>,
    /// The messages and octets of each stream.
    pub streams: BTreeMap<u32, Stream>,
    /// The GOAWAY frames.
    pub goaways: Vec<Leave>,
    /// The PINGs, with their places.
    pub pings: Vec<(usize, [u8; 8])>,
    /// The answers to PINGs, with their places.
    pub ping_acks: Vec<(usize, [u8; 8])>,
    /// Promised streams, with their places.
    pub pushes: Vec<(usize, u32)>,
    /// Violations in the frames.
    pub violations: Vec<FramingViolation>,
}

/// A GOAWAY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    /// Where the frame begins.
    pub at: usize,
    /// The last stream that may have been acted on.
    pub last_stream: u32,
    /// Why.
    pub code: ErrorCode,
    /// What the sender adds for people.
    pub debug: Vec<u8>,
}

/// What one side has said on one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The header lists: interim responses, the message's own, trailers.
    pub heads: Vec<Head>,
    /// The octets of all DATA frames.
    pub data: Vec<u8>,
    /// For each DATA frame where its octets begin in `data`, and where the frame begins.
    pub data_at: Vec<(usize, usize)>,
    /// Where the frame begins that ended the stream with END_STREAM.
    pub ended: Option<usize>,
    /// Where the stream was reset, and why. The first one counts.
    pub reset: Option<(usize, ErrorCode)>,
}

/// A header list on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The fields, with the places of the frames.
    pub list: HeaderList,
    /// END_STREAM was set with it.
    pub end_stream: bool,
    /// How many octets of `data` came before it.
    pub data_before: usize,
}

impl Connection {
    /// Nothing said yet.
    pub fn new(side: Party) -> Self {
        Self::from_place(side, 0)
    }

    /// Nothing said yet, and octets that begin at this place of the connection.
    pub fn from_place(side: Party, at: usize) -> Self {
        Self {
            reader: Reader::from_place(side, at),
            settings: Vec::new(),
            settings_acks: Vec::new(),
            streams: BTreeMap::new(),
            goaways: Vec::new(),
            pings: Vec::new(),
            ping_acks: Vec::new(),
            pushes: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Everything in these octets of one side.
    pub fn read(octets: &[u8], side: Party) -> Self {
        Self::read_from(octets, 0, side)
    }

    /// Everything in the octets from this place on.
    pub fn read_from(octets: &[u8], at: usize, side: Party) -> Self {
        let mut connection = Self::from_place(side, at);
        connection.feed(octets.get(at..).unwrap_or_default());
        connection
    }

    /// Reads more octets.
    pub fn feed(&mut self, octets: &[u8]) {
        // In pieces, so that of a flood of small frames only few wait to be taken.
        for piece in octets.chunks(PIECE) {
            for event in self.reader.feed(piece) {
                self.take(event);
            }
        }
    }

    /// The reader behind it: how far it has come.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The value of a setting in force after all that was said; `None` when it was never set.
    pub fn setting(&self, id: u16) -> Option<u32> {
        self.setting_values(id).last()
    }

    /// All values of a setting, in their order.
    pub fn setting_values(&self, id: u16) -> impl Iterator<Item = u32> {
        let all = self.settings.iter().flat_map(|(_, settings)| settings);
        all.filter(move |(own, _)| *own == id).map(|(_, value)| *value)
    }

    /// What was said on a stream.
    pub fn stream(&self, id: u32) -> Option<&Stream> {
        self.streams.get(&id)
    }

    /// The GOAWAY that names an error, if there was one.
    pub fn connection_error(&self) -> Option<&Leave> {
        let wrong = |leave: &&Leave| leave.code != ErrorCode::NO_ERROR;
        self.goaways.iter().find(wrong)
    }

    fn take(&mut self, event: Event) {
        let Event { at, stream, .. } = event;
        if stream != 0 && self.streams.len() >= MOST_STREAMS && !self.streams.contains_key(&stream)
        {
            return;
        }
        match event.kind {
            EventKind::Data { octets, end_stream, .. } => {
                let own = self.streams.entry(stream).or_default();
                own.data_at.push((own.data.len(), at));
                own.data.extend(octets);
                own.end(at, end_stream);
            }
            EventKind::Headers { list, end_stream } => {
                let own = self.streams.entry(stream).or_default();
                let data_before = own.data.len();
                own.heads.push(Head { list, end_stream, data_before });
                own.end(at, end_stream);
            }
            EventKind::Reset(code) => {
                let own = self.streams.entry(stream).or_default();
                own.reset.get_or_insert((at, code));
            }
            EventKind::GoAway { last_stream, code, debug } => {
                self.goaways.push(Leave { at, last_stream, code, debug });
            }
            EventKind::Violation(kind) => {
                self.violations.push(FramingViolation { kind, at, stream });
            }
            EventKind::Ping(octets) => self.pings.push((at, octets)),
            EventKind::PingAck(octets) => self.ping_acks.push((at, octets)),
            EventKind::Push { promised, .. } => self.pushes.push((at, promised)),
            EventKind::Settings(settings) => self.settings.push((at, settings)),
            EventKind::SettingsAck => self.settings_acks.push(at),
            EventKind::Preface
            | EventKind::Priority
            | EventKind::Unknown(_)
            | EventKind::WindowUpdate(_) => {}
        }
    }
}

impl Stream {
    /// The head of the final response: the first one whose status is not 1xx. One without a status
    /// counts, because it is what the sender answered.
    pub fn final_head(&self) -> Option<&Head> {
        let interim = |head: &&Head| !head.is_interim();
        self.heads.iter().find(interim)
    }

    /// The heads of interim responses before the final one.
    pub fn interim_heads(&self) -> impl Iterator<Item = &Head> {
        self.heads.iter().take_while(|head| head.is_interim())
    }

    /// Whether the side can say nothing more on this stream.
    pub fn is_over(&self) -> bool {
        self.ended.is_some() || self.reset.is_some()
    }

    fn end(&mut self, at: usize, end_stream: bool) {
        if end_stream {
            self.ended.get_or_insert(at);
        }
    }
}

impl Head {
    /// Whether its status is 1xx.
    pub fn is_interim(&self) -> bool {
        self.list.status().is_some_and(|status| status / 100 == 1)
    }
}

/// How many octets are read at once.
const PIECE: usize = 16 * 1024;

/// More streams than anybody is asked about; what is said on others is not kept.
const MOST_STREAMS: usize = 1024;

#[cfg(test)]
mod tests;
