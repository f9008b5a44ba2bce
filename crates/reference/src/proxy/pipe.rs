//! A connection within the process, whose two ends see a reset where one is made.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use super::half::Reset;

/// One end.
#[derive(Debug)]
pub(super) struct Pipe {
    stream: DuplexStream,
    /// Either end has reset it.
    is_reset: Arc<AtomicBool>,
}

/// Both ends of a pipe that holds so many octets.
pub(super) fn pipe(size: usize) -> (Pipe, Pipe) {
    let (one, other) = duplex(size);
    let is_reset = Arc::new(AtomicBool::new(false));
    let end = |stream| Pipe { stream, is_reset: Arc::clone(&is_reset) };
    (end(one), end(other))
}

impl Pipe {
    /// What resets the pipe when it is set; the other end learns of it where it would see an end.
    pub(super) fn resetter(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_reset)
    }
}

impl Reset for Pipe {
    fn reset(&self) {
        self.is_reset.store(true, Ordering::SeqCst);
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let is_at_end = matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before;
        match is_at_end && self.is_reset.load(Ordering::SeqCst) {
            true => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            false => read,
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
