//! One of the two connections of a relay: what is still to be written to it, and how it ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A connection.
pub(super) struct Half<S> {
    stream: S,
    /// What has been read already.
    early: Vec<u8>,
    /// What is still to be written.
    out: Vec<u8>,
    is_flushed: bool,
    /// Our side ends when all is written.
    ends: bool,
    has_our_side_ended: bool,
    has_ended: bool,
    /// It is reset as soon as all is written.
    resets: bool,
}

/// How many octets came; none at the end.
pub(super) struct Read(pub(super) io::Result<usize>);

impl<S: AsyncRead + AsyncWrite + Unpin + Reset> Half<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            early: Vec::new(),
            stream,
            out: Vec::new(),
            is_flushed: true,
            ends: false,
            has_our_side_ended: false,
            has_ended: false,
            resets: false,
        }
    }

    /// A connection of which these octets have been read already.
    pub(super) fn behind(early: Vec<u8>, stream: S) -> Self {
        Self { early, ..Self::new(stream) }
    }

    /// Has these octets written.
    pub(super) fn write(&mut self, octets: &[u8]) {
        if !self.ends {
            self.out.extend_from_slice(octets);
        }
    }

    /// Ends our side when all is written.
    pub(super) fn end(&mut self) {
        self.ends = true;
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> bool {
        self.out.len() < ROOM
    }

    /// Whether nothing waits to be written.
    pub(super) fn is_all_written(&self) -> bool {
        self.out.is_empty() && self.is_flushed
    }

    /// Whether the other side has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Writes as much as goes; whether all is written, and ended where it has to be.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut written = 0;
        while written < self.out.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.out[written..]) {
                Poll::Ready(Ok(length)) if length > 0 => written += length,
                Poll::Pending => break,
                // Nobody is there any more; the reading side learns of it.
                Poll::Ready(_) => written = self.out.len(),
            }
            self.is_flushed = false;
        }
        self.out.drain(..written);
        if self.out.is_empty() && !self.is_flushed {
            self.is_flushed = Pin::new(&mut self.stream).poll_flush(cx).is_ready();
        }
        if self.is_all_written() && self.ends && !self.has_our_side_ended {
            self.has_our_side_ended = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        }
        self.is_all_written() && (!self.ends || self.has_our_side_ended)
    }

    /// Reads; nothing more is read behind the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Read> {
        if self.has_ended {
            return Poll::Pending;
        }
        if !self.early.is_empty() {
            let length = self.early.len().min(buffer.len());
            buffer[..length].copy_from_slice(&self.early[..length]);
            self.early.drain(..length);
            return Poll::Ready(Read(Ok(length)));
        }
        let mut buffer = ReadBuf::new(buffer);
        Pin::new(&mut self.stream).poll_read(cx, &mut buffer).map(|read| {
            let length = buffer.filled().len();
            self.has_ended = read.is_err() || length == 0;
            Read(read.map(|()| length))
        })
    }

    /// The connection, for others.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// Resets the connection.
    pub(super) fn reset(self) {
        self.stream.reset();
    }

    /// Has the connection reset, whatever waits to be written.
    pub(super) fn reset_at_end(&mut self) {
        self.stream.reset();
        self.resets = true;
    }

    pub(super) fn is_reset(&self) -> bool {
        self.resets
    }
}

/// What can be reset: when it is dropped, the other side sees a RST in place of a FIN.
pub(super) trait Reset {
    /// Makes it so.
    fn reset(&self);
}

impl Reset for TcpStream {
    fn reset(&self) {
        // Where that fails, the other side sees an end all the same.
        let _ = self.set_zero_linger();
    }
}

impl Reset for TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}

/// How many octets wait for a peer that does not read before the other one is read no further.
const ROOM: usize = 64 * 1024;
