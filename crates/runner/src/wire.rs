//! A connection together with its record: whatever goes over it is written down in the same breath.
//! Never decides when to stop: every wait comes with its end.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep_until, timeout_at};
use upspec_exchange::{IoKind, Link, Over, Record};
use upspec_handshake::Party;

use crate::connect::Stream;
use crate::record::{Recorder, Room};

/// A connection that records itself.
pub(crate) struct Wire {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    buffer: Box<[u8]>,
    record: Recorder,
    /// When octets last went over it, in either direction.
    active: Instant,
    peer: Peer,
    write_shut: bool,
}

/// Why nothing more is to be had of a connection, or nothing more is wanted.
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

/// What is known of the peer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Ended,
    Open,
    /// A write met a reset, so that the end of what can be read is no orderly one.
    ResetMet,
}

impl Wire {
    /// Begins to record a connection that was just opened.
    pub(crate) fn new(stream: Stream, over: Over, keep: usize) -> Self {
        let link = Link {
            tls: stream.is_tls(),
            alpn: stream.alpn(),
            ..Link::plain(TARGET, Party::Client, over)
        };
        let record = Recorder::begin(link, keep);
        let (reader, writer) = split(stream);
        let active = record.opened();
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { reader, writer, buffer, record, active, peer: Peer::Open, write_shut: false }
    }

    /// What was recorded so far.
    pub(crate) fn record(&self) -> &Recorder {
        &self.record
    }

    /// When octets last went over it, in either direction.
    pub(crate) fn active(&self) -> Instant {
        self.active
    }

    /// Whether the peer has ended it.
    pub(crate) fn is_ended(&self) -> bool {
        self.peer == Peer::Ended
    }

    /// Whether we can still write.
    pub(crate) fn is_writable(&self) -> bool {
        self.peer == Peer::Open && !self.write_shut
    }

    /// Waits for octets until the time is up.
    pub(crate) async fn read_until(&mut self, until: Instant) -> Result<(), Stop> {
        if self.is_ended() {
            return Err(Stop::Ended);
        }
        match timeout_at(until, self.reader.read(&mut self.buffer)).await {
            Ok(outcome) => self.took(outcome),
            Err(_) => Err(Stop::TimeUp),
        }
    }

    /// Writes octets as events of this kind, and reads meanwhile: a peer that answers before it has
    /// read everything must not wait for us while we wait for it. Gives up when nothing moves in
    /// either direction for one window, and at the latest at `until`.
    pub(crate) async fn write(
        &mut self,
        octets: &[u8],
        kind: IoKind,
        window: Duration,
        until: Instant,
    ) -> Result<(), Stop> {
        let mut rest = octets;
        let since = Instant::now();
        self.record.begin_write();
        loop {
            let stalled = (self.active.max(since) + window).min(until);
            let write = async {
                match rest {
                    [] => self.writer.flush().await.map(|()| 0),
                    _ => self.writer.write(rest).await,
                }
            };
            tokio::select! {
                biased;
                outcome = write => match outcome {
                    Ok(_) if rest.is_empty() => return Ok(()),
                    Ok(count) if count > 0 => {
                        self.wrote(&rest[..count], kind);
                        rest = &rest[count..];
                    }
                    Ok(_) => return Err(self.write_failed(io::ErrorKind::WriteZero)),
                    Err(error) => return Err(self.write_failed(error.kind())),
                },
                outcome = self.reader.read(&mut self.buffer) => self.took(outcome)?,
                () = sleep_until(stalled) => return Err(Stop::TimeUp),
            }
        }
    }

    /// Ends our writing side as a step of the case.
    pub(crate) async fn shut_write(&mut self, until: Instant) -> Result<(), Stop> {
        self.write_shut = true;
        match timeout_at(until, self.writer.shutdown()).await {
            Ok(Ok(())) => {
                self.record.event(IoKind::ShutWrite);
                Ok(())
            }
            Ok(Err(error)) => Err(self.write_failed(error.kind())),
            Err(_) => Err(Stop::TimeUp),
        }
    }

    /// Writes down that nothing more was waited for.
    pub(crate) fn note_decided(&mut self) {
        self.record.event(IoKind::Decided);
    }

    /// Writes down that the time is up.
    pub(crate) fn note_deadline(&mut self) {
        self.record.event(IoKind::Deadline);
    }

    /// Closes with a FIN and without a reset as far as the peer lets us: ends our side, then drops
    /// what still arrives for a short while.
    pub(crate) async fn close(mut self, drain: Duration) -> Record {
        if self.is_ended() {
            return self.record.finish();
        }
        self.record.event(IoKind::Closed);
        let until = Instant::now() + drain;
        let mut dropped = 0;
        if !self.write_shut {
            let _ = timeout_at(until, self.writer.shutdown()).await;
        }
        while let Ok(Ok(count)) = timeout_at(until, self.reader.read(&mut self.buffer)).await {
            dropped += count;
            if count == 0 || dropped > DRAIN_CAP {
                break;
            }
        }
        self.record.finish()
    }

    fn wrote(&mut self, octets: &[u8], kind: IoKind) {
        self.active = Instant::now();
        if kind == IoKind::Wrote {
            self.record.wrote(octets);
        } else {
            self.record.wrote_besides(octets, kind);
        }
    }

    fn took(&mut self, outcome: io::Result<usize>) -> Result<(), Stop> {
        let event = match outcome {
            Ok(0) if self.peer == Peer::ResetMet => IoKind::Reset,
            Ok(0) => IoKind::ReadEnd,
            Ok(count) => {
                self.active = Instant::now();
                return match self.record.got(&self.buffer[..count]) {
                    Room::Left => Ok(()),
                    Room::Used => Err(Stop::Full),
                };
            }
            Err(error) => end_of(&error),
        };
        self.peer = Peer::Ended;
        self.record.event(event);
        Err(Stop::Ended)
    }

    fn write_failed(&mut self, kind: io::ErrorKind) -> Stop {
        self.record.event(IoKind::WriteFailed);
        self.write_shut = true;
        // The system reports a reset once: a read after it meets a mere end. EPIPE is different, it
        // comes when the reset followed an orderly end.
        if kind == io::ErrorKind::ConnectionReset {
            self.peer = Peer::ResetMet;
        }
        Stop::WriteFailed
    }
}

/// What a failed read says of how the peer ended the connection.
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

/// How a peer kept a TLS handshake from coming about; `None` when it did not, but we do not trust it.
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

/// What the link to the target is called.
pub(crate) const TARGET: &str = "target";
/// How much is read at once.
const BUFFER: usize = 16 * 1024;
/// How many octets are dropped at most while the connection is closed.
const DRAIN_CAP: usize = 1024 * 1024;
