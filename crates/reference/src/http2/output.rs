//! What an HTTP/2 connection writes: frames at once, DATA as the peer's windows allow
//! (RFC 9113 5.2).

use std::collections::BTreeMap;
use std::sync::Arc;

use upspec_handshake::h2::{ErrorCode, HeaderList, flag, setting, write};

use crate::fault::Point;

/// The octets to write, and those that wait for room.
pub(crate) struct Output {
    errs: SharedErrs,
    ready: Vec<u8>,
    /// How many octets of DATA the connection may carry.
    room: i64,
    /// The room of a new stream.
    initial_room: i64,
    waiting: BTreeMap<u32, Waiting>,
}

/// The DATA of one stream.
struct Waiting {
    room: i64,
    octets: Vec<u8>,
    /// END_STREAM follows the octets.
    ends: bool,
    /// END_STREAM has been written.
    is_over: bool,
}

impl Output {
    /// An output of a peer that gets these decisions wrong.
    pub(crate) fn new(errs: SharedErrs) -> Self {
        Self {
            errs,
            ready: Vec::new(),
            room: INITIAL_ROOM,
            initial_room: INITIAL_ROOM,
            waiting: BTreeMap::new(),
        }
    }

    /// What has become ready since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ready)
    }

    /// A frame that no window holds back.
    pub(crate) fn frame(&mut self, frame: &[u8]) {
        self.ready.extend_from_slice(frame);
    }

    /// A header list; `flags` as in [`write::headers`].
    pub(crate) fn headers(&mut self, stream: u32, list: &HeaderList, flags: u8) {
        let is_shut = self.waiting.get(&stream).is_some_and(|waiting| waiting.room <= 0);
        if is_shut && (self.errs)(Point::Http2HeadersWait) {
            return;
        }
        self.frame(&write::headers(stream, &list.block(), flags));
        if flags & flag::END_STREAM != 0 {
            self.waiting.remove(&stream);
        }
    }

    /// Makes a stream known.
    pub(crate) fn open(&mut self, stream: u32) {
        let waiting =
            Waiting { room: self.initial_room, octets: Vec::new(), ends: false, is_over: false };
        self.waiting.insert(stream, waiting);
    }

    /// Forgets a stream and what waits for it.
    pub(crate) fn forget(&mut self, stream: u32) {
        self.waiting.remove(&stream);
    }

    /// How many octets of a stream wait for room.
    pub(crate) fn waiting(&self, stream: u32) -> usize {
        self.waiting.get(&stream).map_or(0, |waiting| waiting.octets.len())
    }

    /// Content of a stream. Says whether the peer lets too much of it wait.
    pub(crate) fn data(&mut self, stream: u32, octets: &[u8]) -> Backlog {
        let Some(waiting) = self.waiting.get_mut(&stream) else {
            return Backlog::Bearable;
        };
        waiting.octets.extend_from_slice(octets);
        self.flush();
        match self.waiting.get(&stream) {
            Some(waiting) if waiting.octets.len() > MAX_WAITING => Backlog::Excessive,
            _ => Backlog::Bearable,
        }
    }

    /// The last content of a stream, perhaps none, and the end of our side of it.
    pub(crate) fn finish(&mut self, stream: u32, octets: &[u8]) {
        if let Some(waiting) = self.waiting.get_mut(&stream) {
            waiting.octets.extend_from_slice(octets);
            waiting.ends = true;
            self.flush();
        }
    }

    /// Takes a WINDOW_UPDATE; stream 0 is the connection (RFC 9113 6.9.1).
    pub(crate) fn credit(&mut self, stream: u32, increment: u32) -> Result<(), ErrorCode> {
        let room = match self.waiting.get_mut(&stream) {
            _ if stream == 0 => &mut self.room,
            _ if (self.errs)(Point::Http2StreamCreditIgnored) => return Ok(()),
            Some(waiting) => &mut waiting.room,
            None => return Ok(()),
        };
        *room += i64::from(increment);
        if *room > MAX_ROOM && !(self.errs)(Point::Http2WindowOverflows) {
            return Err(ErrorCode::FLOW_CONTROL_ERROR);
        }
        self.flush();
        Ok(())
    }

    /// Takes SETTINGS_INITIAL_WINDOW_SIZE, which moves the room of every stream (RFC 9113 6.9.2).
    pub(crate) fn configure(&mut self, settings: &[(u16, u32)]) -> Result<(), ErrorCode> {
        for &(id, value) in settings {
            if id != setting::INITIAL_WINDOW_SIZE {
                continue;
            }
            let change = i64::from(value) - self.initial_room;
            self.initial_room = i64::from(value);
            if (self.errs)(Point::Http2OpenWindowsKept) {
                continue;
            }
            for waiting in self.waiting.values_mut() {
                waiting.room += change;
                if waiting.room > MAX_ROOM {
                    return Err(ErrorCode::FLOW_CONTROL_ERROR);
                }
            }
        }
        self.flush();
        Ok(())
    }

    fn flush(&mut self) {
        for (&stream, waiting) in &mut self.waiting {
            let room = if (self.errs)(Point::Http2WindowsIgnored) {
                i64::MAX
            } else if (self.errs)(Point::Http2ConnectionWindowIgnored) {
                waiting.room
            } else {
                self.room.min(waiting.room)
            };
            let length = usize::try_from(room).unwrap_or(0).min(waiting.octets.len());
            let is_last = waiting.ends && length == waiting.octets.len();
            if length == 0 && !is_last {
                continue;
            }
            let flags = if is_last { flag::END_STREAM } else { 0 };
            let octets = write::data(stream, &waiting.octets[..length], flags);
            self.ready.extend(octets);
            waiting.octets.drain(..length);
            self.room -= length as i64;
            waiting.room -= length as i64;
            waiting.is_over = is_last;
        }
        self.waiting.retain(|_, waiting| !waiting.is_over);
    }
}

/// Says whether a fault gets a decision wrong.
pub(crate) type SharedErrs = Arc<dyn Fn(Point) -> bool + Send + Sync>;

/// How much waits for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backlog {
    /// No more than it may.
    Bearable,
    /// The peer takes nothing off, and goes on asking.
    Excessive,
}

/// The room of a stream and of the connection before anybody says otherwise (RFC 9113 6.9.2).
const INITIAL_ROOM: i64 = 65_535;
const MAX_ROOM: i64 = 0x7fff_ffff;
/// How much may wait on one stream.
const MAX_WAITING: usize = 4 << 20;
