//! The connections of a case with their record: whatever crosses one is recorded at the
//! same moment. Every wait has a deadline.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use upspec_exchange::{IoKind, Link, Record};
use upspec_handshake::Party;

use crate::connect::Stream;
use crate::drips::Patience;
use crate::place::Place;
use crate::proxy::Span;
use crate::record::{Recorder, Room};
use crate::trouble::alert_of;

/// The connections of a case, by the number of their link. They are read all at once, so that each
/// event has its place on the one timeline.
pub(crate) struct Wires {
    wires: Vec<Wire>,
    buffer: Box<[u8]>,
    record: Recorder,
    /// Where the lines come from that a client under test reports.
    reports: Option<mpsc::Receiver<Vec<u8>>>,
    /// Where the connections come from that an intermediary opens to our origin.
    spans: Option<mpsc::UnboundedReceiver<Span>>,
    /// The place of the case among those under way.
    place: Option<Place>,
    /// How long the peer is listened to.
    patience: Patience,
}

/// One connection, and what is known about its two directions.
struct Wire {
    stream: Stream,
    /// When octets last went over it, in either direction.
    active: Instant,
    peer: Peer,
    write_shut: bool,
    /// The cap is reached: the rest is left unread.
    full: bool,
    /// Nothing is read for a while, because a step says so.
    paused: bool,
}

/// Why a connection can give nothing more, or need give nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The outcome is decided.
    Decided,
    /// The peer ended it.
    Ended,
    /// The cap is reached.
    Full,
    /// The time is up.
    TimeUp,
    /// A write failed; what the peer sent before may still be there to read.
    WriteFailed,
}

/// What is known about the peer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Ended,
    Open,
    /// A write met a reset, so the end of reading is not an orderly one.
    ResetMet,
}

/// The result of a write, or what was read meanwhile.
enum Moved {
    Read(Result<(), Stop>),
    Wrote(io::Result<usize>),
}

impl Wires {
    /// Begins to record connections that were just opened. It keeps this many octets of each direction.
    pub(crate) fn new(links: Vec<(Link, Stream)>, keep: usize) -> Self {
        let (links, streams): (Vec<Link>, Vec<Stream>) = links.into_iter().unzip();
        let record = Recorder::begin(links, keep);
        let active = record.opened();
        let wires = streams.into_iter().map(|stream| Wire::new(stream, active));
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self {
            wires: wires.collect(),
            buffer,
            record,
            reports: None,
            spans: None,
            place: None,
            patience: Patience::since(active),
        }
    }

    /// Begins to record a further connection; the number of its link.
    pub(crate) fn add(&mut self, link: Link, stream: Stream) -> usize {
        self.wires.push(Wire::new(stream, Instant::now()));
        self.record.add(link)
    }

    /// Takes from now on the connections that come to our origin.
    pub(crate) fn take_spans(&mut self, spans: Option<mpsc::UnboundedReceiver<Span>>) {
        self.spans = spans;
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.wires.len()
    }

    /// Whether the peer ended a connection, or we did in both directions.
    pub(crate) fn is_over(&self, at: usize) -> bool {
        self.wires[at].peer == Peer::Ended
    }

    /// Leaves a connection to our origin, in order or not, and reads it no more.
    pub(crate) fn leave_span(&mut self, at: usize, in_order: bool) {
        let wire = &mut self.wires[at];
        wire.peer = Peer::Ended;
        let mut stream = std::mem::replace(&mut wire.stream, Stream::plain(tokio::io::empty()));
        if let Some(span) = stream.span().filter(|_| in_order) {
            span.leave();
        }
    }

    /// Waits until something comes on any connection, or a new one, or the time is up; whether anything came. Much has
    /// to grow by a part of it to be worth a look, as in [`read_until`](Self::read_until).
    pub(crate) async fn any_until(&mut self, until: Instant) -> bool {
        let came = self.any_moved(until).await;
        let before = self.record.how_much_read_in_all();
        let enough = if before < MUCH { before } else { before + before / WORTH_A_LOOK };
        while came && self.record.how_much_read_in_all() < enough && Instant::now() < until {
            if !self.any_moved(until.min(Instant::now() + LULL)).await {
                break;
            }
        }
        came
    }

    async fn any_moved(&mut self, until: Instant) -> bool {
        let (place, drips) = (self.place.clone(), self.drips());
        let moved = poll_fn(|context| self.poll_read(context, usize::MAX));
        Place::wait(place.as_ref(), drips, until, moved).await.is_some()
    }

    /// While nothing comes, the case gives its place back.
    pub(crate) fn sit_at(&mut self, place: Option<&Place>) {
        self.place = place.cloned();
    }

    /// A peer that drips is listened to for so long; whether one has done so.
    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// Records from now on what the client under test reports.
    pub(crate) fn listen_to(&mut self, reports: Option<mpsc::Receiver<Vec<u8>>>) {
        self.reports = reports;
    }

    /// Hands back what [`listen_to`](Self::listen_to) was given.
    pub(crate) fn hand_back(&mut self) -> Option<mpsc::Receiver<Vec<u8>>> {
        self.reports.take()
    }

    /// What was recorded so far.
    pub(crate) fn record(&self) -> &Recorder {
        &self.record
    }

    /// When octets last went over a connection, in either direction.
    pub(crate) fn active(&self, at: usize) -> Instant {
        self.wires[at].active
    }

    /// Whether we can still write on a connection.
    pub(crate) fn is_writable(&self, at: usize) -> bool {
        self.wires[at].peer == Peer::Open && !self.wires[at].write_shut
    }

    /// Waits until something comes on any connection, or this one is at its end, or the time is up. Whoever reads
    /// looks at all that was said: where that is much, it takes more than a little to be worth a look, unless no
    /// more comes.
    pub(crate) async fn read_until(&mut self, at: usize, until: Instant) -> Result<(), Stop> {
        self.read_some(at, until).await?;
        let before = self.record.how_much_read(at);
        let enough = if before < MUCH { before } else { before + before / WORTH_A_LOOK };
        while self.record.how_much_read(at) < enough && Instant::now() < until {
            match self.read_some(at, until.min(Instant::now() + LULL)).await {
                Ok(()) => {}
                // The next read meets the end again.
                Err(Stop::TimeUp | Stop::Ended) => break,
                Err(stop) => return Err(stop),
            }
        }
        if self.patience.is_over() { Err(Stop::TimeUp) } else { Ok(()) }
    }

    async fn read_some(&mut self, at: usize, until: Instant) -> Result<(), Stop> {
        if self.wires[at].peer == Peer::Ended {
            return Err(Stop::Ended);
        }
        let (place, drips) = (self.place.clone(), self.drips());
        let moved = poll_fn(|context| self.poll_read(context, at));
        let moved = Place::wait(place.as_ref(), drips, until, moved).await;
        moved.unwrap_or(Err(Stop::TimeUp))
    }

    /// What drips for long behind all that we had to say is merely watched, too.
    fn drips(&self) -> bool {
        self.patience.elapsed() >= LONG
    }

    /// Writes octets as events of this kind, and reads meanwhile: a peer that answers before it has
    /// read everything must not wait for us while we wait for it. Gives up when nothing moves in
    /// either direction for one window, and at the latest at `until`.
    pub(crate) async fn write(
        &mut self,
        at: usize,
        octets: &[u8],
        kind: IoKind,
        window: Duration,
        until: Instant,
    ) -> Result<(), Stop> {
        let mut rest = octets;
        let since = Instant::now();
        self.patience.ask(since);
        self.record.begin_write();
        loop {
            let stalled = (self.active(at).max(since) + window).min(until);
            let moved = poll_fn(|context| match self.wires[at].poll_write(context, rest) {
                Poll::Ready(outcome) => Poll::Ready(Moved::Wrote(outcome)),
                Poll::Pending => self.poll_read(context, at).map(Moved::Read),
            });
            match timeout_at(stalled, moved).await {
                Err(_) => return Err(Stop::TimeUp),
                Ok(Moved::Read(outcome)) => outcome?,
                Ok(Moved::Wrote(Ok(_))) if rest.is_empty() => return Ok(()),
                Ok(Moved::Wrote(Ok(0))) => {
                    return Err(self.write_failed(at, io::ErrorKind::WriteZero));
                }
                Ok(Moved::Wrote(Ok(count))) => {
                    self.wires[at].active = Instant::now();
                    self.record.wrote(at, &rest[..count], kind);
                    rest = &rest[count..];
                }
                Ok(Moved::Wrote(Err(error))) => return Err(self.write_failed(at, error.kind())),
            }
        }
    }

    /// Writes the same octets over and over, each time in a write of its own, until something comes; the
    /// first of them are kept in the record. Gives up like [`write`](Self::write).
    pub(crate) async fn write_on(
        &mut self,
        at: usize,
        octets: &[u8],
        times: u32,
        window: Duration,
        until: Instant,
    ) -> Result<(), Stop> {
        let mut written = 0;
        for _ in 0..times {
            let kind = if written < KEPT { IoKind::Wrote } else { IoKind::WroteUnkept };
            self.write(at, octets, kind, window, until).await?;
            written += octets.len();
            if Instant::now() >= until {
                return Err(Stop::TimeUp);
            }
            let came = poll_fn(|context| Poll::Ready(self.poll_read(context, at))).await;
            if let Poll::Ready(came) = came {
                return came;
            }
        }
        Ok(())
    }

    /// Ends our writing side as a step of the case.
    pub(crate) async fn shut_write(&mut self, at: usize, until: Instant) -> Result<(), Stop> {
        let wire = &mut self.wires[at];
        wire.write_shut = true;
        match timeout_at(until, wire.stream.shutdown()).await {
            Ok(Ok(())) => {
                self.record.event(at, IoKind::ShutWrite);
                Ok(())
            }
            Ok(Err(error)) => Err(self.write_failed(at, error.kind())),
            Err(_) => Err(Stop::TimeUp),
        }
    }

    /// Reads nothing on a connection, or reads on.
    pub(crate) fn pause(&mut self, at: usize, paused: bool) {
        self.wires[at].paused = paused;
    }

    /// Ends both directions as a step of the case: our side in order, and what comes is read no more.
    pub(crate) async fn shut_both(&mut self, at: usize, until: Instant) -> Result<(), Stop> {
        let shut = self.shut_write(at, until).await;
        let wire = &mut self.wires[at];
        wire.stream = Stream::plain(tokio::io::empty());
        wire.peer = Peer::Ended;
        self.record.event(at, IoKind::Closed);
        shut
    }

    /// Resets the connection as a step of the case.
    pub(crate) fn reset(&mut self, at: usize) {
        let wire = &mut self.wires[at];
        std::mem::replace(&mut wire.stream, Stream::plain(tokio::io::empty())).reset();
        wire.peer = Peer::Ended;
        self.record.event(at, IoKind::WeReset);
    }

    /// Records an event without octets.
    pub(crate) fn note(&mut self, at: usize, kind: IoKind) {
        self.record.event(at, kind);
    }

    /// Closes with a FIN and without a reset as far as the peer lets us: ends our side, then drops
    /// what still arrives for a short while.
    pub(crate) async fn close(mut self, drain: Duration) -> Record {
        for (at, wire) in self.wires.iter_mut().enumerate() {
            if wire.peer == Peer::Ended {
                continue;
            }
            self.record.event(at, IoKind::Closed);
            let until = Instant::now() + drain;
            let mut dropped = 0;
            if !wire.write_shut {
                let _ = timeout_at(until, wire.stream.shutdown()).await;
            }
            while let Ok(Ok(count)) = timeout_at(until, wire.stream.read(&mut self.buffer)).await {
                dropped += count;
                if count == 0 || dropped > DRAIN_CAP {
                    break;
                }
            }
        }
        self.record.finish()
    }

    /// Reads what has arrived on any connection; returns whether this one can go on.
    fn poll_read(&mut self, context: &mut Context<'_>, own: usize) -> Poll<Result<(), Stop>> {
        let mut moved = self.poll_reports(context) | self.poll_spans(context);
        let mut stop = Ok(());
        for at in 0..self.wires.len() {
            if self.wires[at].peer == Peer::Ended || self.wires[at].full || self.wires[at].paused {
                continue;
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            let stream = Pin::new(&mut self.wires[at].stream);
            if let Poll::Ready(outcome) = stream.poll_read(context, &mut buffer) {
                let outcome = outcome.map(|()| buffer.filled().len());
                let taken = self.took(at, outcome);
                moved = true;
                if at == own {
                    stop = taken;
                }
            }
        }
        if moved { Poll::Ready(stop) } else { Poll::Pending }
    }

    /// Takes the connections that have come to our origin; whether any has.
    fn poll_spans(&mut self, context: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Some(spans) = &mut self.spans {
            match spans.poll_recv(context) {
                Poll::Ready(Some(span)) => {
                    let name = self.record.next_origin();
                    let link = Link::plain(&name, Party::Server, span.spoken());
                    let said = span.said().to_vec();
                    let at = self.add(link, Stream::plain(span));
                    if !said.is_empty() {
                        self.record.begin_write();
                        self.record.wrote(at, &said, IoKind::Wrote);
                    }
                    any = true;
                }
                Poll::Ready(None) => self.spans = None,
                Poll::Pending => break,
            }
        }
        any
    }

    /// Records what was reported; whether anything was.
    fn poll_reports(&mut self, context: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Some(reports) = &mut self.reports {
            match reports.poll_recv(context) {
                Poll::Ready(Some(line)) => {
                    self.record.reported(&line);
                    any = true;
                }
                Poll::Ready(None) => self.reports = None,
                Poll::Pending => break,
            }
        }
        any
    }

    fn took(&mut self, at: usize, outcome: io::Result<usize>) -> Result<(), Stop> {
        let wire = &mut self.wires[at];
        let event = match outcome {
            Ok(0) if wire.peer == Peer::ResetMet => IoKind::Reset,
            Ok(0) => IoKind::ReadEnd,
            Ok(count) => {
                wire.active = Instant::now();
                self.place.iter().for_each(Place::hear);
                self.patience.came(count);
                wire.full = self.record.got(at, &self.buffer[..count]) == Room::Used;
                return if wire.full { Err(Stop::Full) } else { Ok(()) };
            }
            Err(error) => {
                wire.peer = Peer::Ended;
                self.record.ended(at, end_of(&error), alert_of(&error));
                return Err(Stop::Ended);
            }
        };
        wire.peer = Peer::Ended;
        self.record.event(at, event);
        Err(Stop::Ended)
    }

    fn write_failed(&mut self, at: usize, kind: io::ErrorKind) -> Stop {
        self.record.event(at, IoKind::WriteFailed);
        self.wires[at].write_shut = true;
        // The system reports a reset once: a read after it meets a mere end. EPIPE is different, it
        // comes when the reset followed an orderly end.
        if kind == io::ErrorKind::ConnectionReset {
            self.wires[at].peer = Peer::ResetMet;
        }
        Stop::WriteFailed
    }
}

impl Wire {
    fn new(stream: Stream, active: Instant) -> Self {
        let peer = Peer::Open;
        Self { stream, active, peer, write_shut: false, full: false, paused: false }
    }

    /// Writes what it can, or flushes when nothing is left to write.
    fn poll_write(&mut self, context: &mut Context<'_>, rest: &[u8]) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        if rest.is_empty() {
            ready!(stream.poll_flush(context))?;
            return Poll::Ready(Ok(0));
        }
        stream.poll_write(context, rest)
    }
}

/// What a failed read says about how the peer ended the connection.
fn end_of(error: &io::Error) -> IoKind {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (error.kind(), tls) {
        (_, Some(rustls::Error::AlertReceived(_))) => IoKind::TlsAlert,
        // rustls says so where the stream ends without `close_notify` (RFC 8446 section 6.1), and we
        // say the same of records that it cannot read.
        (io::ErrorKind::UnexpectedEof, _) | (_, Some(_)) => IoKind::ReadEndUnclean,
        _ => IoKind::Reset,
    }
}

/// How a peer made a TLS handshake fail; `None` if the reason is that we do not trust it.
pub(crate) fn refusal(error: &io::Error) -> Option<IoKind> {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        None | Some(rustls::Error::AlertReceived(_)) => Some(end_of(error)),
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::PeerMisbehaved(_)) => {
            Some(IoKind::TlsBroken)
        }
        Some(_) => None,
    }
}

/// How many octets of what never ends are kept in the record.
const KEPT: usize = 4 * 1024;
/// From so many octets on it takes a further part of them, one in so many, to be worth a look, or a lull.
const MUCH: usize = 32 * 1024;
const WORTH_A_LOOK: usize = 8;
const LULL: Duration = Duration::from_millis(5);
/// For so long behind our last octets a peer that sends something is served.
const LONG: Duration = Duration::from_millis(500);
/// How much is read at once.
const BUFFER: usize = 16 * 1024;
/// How many octets at most are dropped while a connection closes.
const DRAIN_CAP: usize = 1024 * 1024;
