//! One connection to our origin that speaks HTTP/2: each stream goes to the exchange whose tag is in its `:path`, and what
//! the exchanges want is written as they want it.
//!
//! What an exchange gets can be read by itself: the preface and the frames of the connection, and those of its own
//! streams, with header blocks that need no table (RFC 7541 6.2.2). What HTTP/2 obliges us to is done here, for all.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use upspec_exchange::{Over, Tag};
use upspec_handshake::Party;
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::{
    ErrorCode, Event, EventKind, HeaderList, Reader, flag, kind, setting, write,
};

use super::connection::Flow;
use super::origin::Rooms;
use super::sorter::Nonce;
use super::span::{Came, Span, Want};

/// A connection of the intermediary to our origin, in HTTP/2.
pub(super) struct Streams {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    rooms: Arc<Rooms>,
    frames: Reader,
    /// What came and is not read yet, and where it begins.
    unread: Vec<u8>,
    unread_at: usize,
    /// The frames of the connection so far, preface included.
    opening: Vec<u8>,
    /// The exchanges that have come on it.
    spans: BTreeMap<Nonce, UnboundedSender<Came>>,
    /// The streams that are not closed.
    streams: BTreeMap<u32, Stream>,
    wants: UnboundedReceiver<(Nonce, Want)>,
    tell: UnboundedSender<(Nonce, Want)>,
    /// How many octets came since the exchange that came last began.
    count: usize,
    /// An exchange has done something to the whole connection.
    is_spoilt: bool,
}

/// A stream, by who has ended it.
#[derive(Debug)]
struct Stream {
    owner: Option<Nonce>,
    ended_there: bool,
    ended_here: bool,
}

impl Streams {
    pub(super) fn new(stream: TcpStream, rooms: Arc<Rooms>) -> Self {
        let (reader, writer) = stream.into_split();
        let (tell, wants) = unbounded_channel();
        Self {
            reader,
            writer,
            rooms,
            frames: Reader::new(Party::Client),
            unread: Vec::new(),
            unread_at: 0,
            opening: Vec::new(),
            spans: BTreeMap::new(),
            streams: BTreeMap::new(),
            wants,
            tell,
            count: 0,
            is_spoilt: false,
        }
    }

    /// Serves it until it ends; these octets have been read already.
    pub(super) async fn serve(mut self, early: &[u8]) {
        let mut flow = match self.writer.write_all(&greeting()).await {
            Ok(()) => self.came(early).await,
            Err(_) => Flow::Over,
        };
        let mut buffer = vec![0; BUFFER];
        let mut is_ended = false;
        while flow == Flow::On {
            flow = tokio::select! {
                biased;
                Some((nonce, want)) = self.wants.recv() => self.serve_want(&nonce, want).await,
                read = self.reader.read(&mut buffer), if !is_ended => {
                    is_ended = !matches!(read, Ok(count) if count > 0);
                    match read {
                        Ok(0) => self.ended(|| Came::End),
                        Ok(count) => self.came(&buffer[..count]).await,
                        Err(_) => self.ended(|| Came::Reset),
                    }
                }
            };
        }
    }

    async fn came(&mut self, octets: &[u8]) -> Flow {
        self.count += octets.len();
        if self.count > MOST {
            return Flow::Over;
        }
        self.unread.extend_from_slice(octets);
        for event in self.frames.feed(octets) {
            if self.event(event).await.is_err() {
                return Flow::Over;
            }
        }
        let read = self.frames.rest_at().saturating_sub(self.unread_at).min(self.unread.len());
        self.unread.drain(..read);
        self.unread_at += read;
        if self.frames.is_lost() || self.frames.is_flooded() {
            return self.ended(|| Came::Reset);
        }
        Flow::On
    }

    async fn event(&mut self, event: Event) -> io::Result<()> {
        let id = event.stream;
        let at = |place: usize| place.saturating_sub(self.unread_at).min(self.unread.len());
        let octets = self.unread[at(event.at)..at(event.end)].to_vec();
        match event.kind {
            EventKind::Headers { list, end_stream } => self.headers(id, &list, end_stream).await?,
            EventKind::Settings(_) => {
                self.tell_all(octets);
                self.writer.write_all(&write::settings_ack()).await?;
            }
            EventKind::Preface | EventKind::SettingsAck => self.tell_all(octets),
            EventKind::WindowUpdate(_) if id == 0 => self.tell_all(octets),
            EventKind::Ping(data) => self.writer.write_all(&write::ping(flag::ACK, data)).await?,
            EventKind::Data { flow, end_stream, .. } => {
                self.tell_owner(id, octets);
                let flow = u32::try_from(flow).unwrap_or(0);
                if flow > 0 {
                    self.writer.write_all(&write::window_update(0, flow)).await?;
                }
                if flow > 0 && !end_stream {
                    self.writer.write_all(&write::window_update(id, flow)).await?;
                }
                self.end_there(id, end_stream);
            }
            EventKind::Reset(_) => {
                self.tell_owner(id, octets);
                self.streams.remove(&id);
            }
            _ if id == 0 => self.tell_present(&octets),
            _ => self.tell_owner(id, octets),
        }
        Ok(())
    }

    /// A request, or its trailers.
    async fn headers(&mut self, id: u32, list: &HeaderList, ends: bool) -> io::Result<()> {
        let flags = if ends { flag::END_STREAM } else { 0 };
        let octets = write::headers(id, &list.block(), flags);
        if self.streams.contains_key(&id) {
            self.tell_owner(id, octets);
            self.end_there(id, ends);
            return Ok(());
        }
        let path = list.pseudo(":path").unwrap_or_default();
        let is_connect = list.pseudo(":method") == Some(b"CONNECT") && path.is_empty();
        let owner = match Tag::find(path) {
            Some((_, tag)) => Some(tag.nonce.into()).filter(|nonce: &Nonce| self.rooms.has(nonce)),
            None if is_connect => self.rooms.taker_of_connect(),
            None => None,
        };
        let stream = Stream { owner: owner.clone(), ended_there: ends, ended_here: false };
        self.streams.insert(id, stream);
        match owner {
            Some(nonce) => self.begin(&nonce, octets),
            None => self.turn_away(id, list).await?,
        }
        Ok(())
    }

    /// A request of this exchange comes.
    fn begin(&mut self, nonce: &Nonce, octets: Vec<u8>) {
        if !self.spans.contains_key(nonce) {
            self.count = octets.len();
            let (tell, came) = unbounded_channel();
            let _ = tell.send(Came::Octets(self.opening.clone()));
            let span = Span::new(nonce.clone(), came, self.tell.clone());
            self.rooms.hand(nonce, span.over(Over::Http2, greeting()));
            self.spans.insert(nonce.clone(), tell);
        }
        if let Some(span) = self.spans.get(nonce) {
            let _ = span.send(Came::Octets(octets));
        }
    }

    /// A health check, or an exchange that is over: an ordinary answer, but no tunnel.
    async fn turn_away(&mut self, id: u32, list: &HeaderList) -> io::Result<()> {
        self.rooms.count_stray();
        let (status, content) = match list.pseudo(":method") {
            Some(b"CONNECT") => ("405", &b""[..]),
            Some(b"HEAD") => ("200", &b""[..]),
            _ => ("200", &b"hello"[..]),
        };
        let answer = HeaderList::new([(":status", status), ("content-type", "text/plain")]);
        let mut octets = write::headers(id, &answer.block(), 0);
        octets.extend(write::data(id, content, flag::END_STREAM));
        self.note_written(&octets);
        self.writer.write_all(&octets).await
    }

    async fn serve_want(&mut self, nonce: &Nonce, want: Want) -> Flow {
        let done = match want {
            Want::Write(octets) => {
                self.note_written(&octets);
                self.writer.write_all(&octets).await
            }
            Want::End => {
                self.is_spoilt = true;
                self.writer.shutdown().await
            }
            Want::Reset => {
                // When the system refuses, the connection ends in order.
                let _ = self.writer.as_ref().set_zero_linger();
                self.spans.clear();
                return Flow::Over;
            }
            Want::Over(_) => self.over(nonce).await,
        };
        if done.is_err() {
            return self.ended(|| Came::Reset);
        }
        let is_left = self.spans.is_empty() && self.is_spoilt;
        if is_left { Flow::Over } else { Flow::On }
    }

    /// Takes note of the streams that end with these frames, and of what concerns them all.
    fn note_written(&mut self, octets: &[u8]) {
        for frame in frames(octets) {
            let ends =
                matches!(frame.kind, kind::HEADERS | kind::DATA) && frame.has(flag::END_STREAM);
            self.is_spoilt |= frame.kind == kind::GOAWAY;
            match self.streams.get_mut(&frame.stream) {
                Some(stream) if ends && !stream.ended_there => stream.ended_here = true,
                Some(_) if ends || frame.kind == kind::RST_STREAM => {
                    self.streams.remove(&frame.stream);
                }
                _ => {}
            }
        }
    }

    /// An exchange is over: what it left open is cancelled (RFC 9113 7), and the connection serves others.
    async fn over(&mut self, nonce: &Nonce) -> io::Result<()> {
        self.spans.remove(nonce);
        let own = |stream: &Stream| stream.owner.as_ref() == Some(nonce);
        let open: Vec<u32> =
            self.streams.iter().filter(|(_, one)| own(one)).map(|(id, _)| *id).collect();
        for id in open {
            let is_answered = self.streams.remove(&id).is_some_and(|stream| stream.ended_here);
            let code = if is_answered { ErrorCode::NO_ERROR } else { ErrorCode::CANCEL };
            self.writer.write_all(&write::rst_stream(id, code)).await?;
        }
        Ok(())
    }

    fn end_there(&mut self, id: u32, ends: bool) {
        let Some(stream) = self.streams.get_mut(&id).filter(|_| ends) else {
            return;
        };
        stream.ended_there = true;
        if stream.ended_here {
            self.streams.remove(&id);
        }
    }

    /// What the connection says from its beginning is told to those as well who come later.
    fn tell_all(&mut self, octets: Vec<u8>) {
        if self.opening.len() < OPENING {
            self.opening.extend_from_slice(&octets);
        }
        self.tell_present(&octets);
    }

    fn tell_present(&self, octets: &[u8]) {
        self.spans.values().for_each(|span| drop(span.send(Came::Octets(octets.to_vec()))));
    }

    fn tell_owner(&self, id: u32, octets: Vec<u8>) {
        let owner = self.streams.get(&id).and_then(|stream| stream.owner.as_ref());
        if let Some(span) = owner.and_then(|nonce| self.spans.get(nonce)) {
            let _ = span.send(Came::Octets(octets));
        }
    }

    fn ended(&mut self, how: impl Fn() -> Came) -> Flow {
        self.is_spoilt = true;
        self.spans.values().for_each(|span| drop(span.send(how())));
        let is_over = self.spans.is_empty() || matches!(how(), Came::Reset);
        if is_over { Flow::Over } else { Flow::On }
    }
}

/// What we say first: that extended CONNECT may come (RFC 8441 3).
fn greeting() -> Vec<u8> {
    write::settings(&[
        (setting::MAX_CONCURRENT_STREAMS, 100),
        (setting::ENABLE_CONNECT_PROTOCOL, 1),
    ])
}

/// How much is read at once.
const BUFFER: usize = 16 * 1024;
/// How much may come behind the beginning of an exchange.
const MOST: usize = 8 * 1024 * 1024;
/// How much of what concerns the whole connection is kept for those who come later.
const OPENING: usize = 4096;
