//! What an exchange holds of a connection to our origin: it reads what came for this exchange alone, and writes to the
//! whole connection.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use upspec_exchange::Over;

use super::sorter::Nonce;

/// What came for an exchange.
#[derive(Debug)]
pub(super) enum Came {
    Octets(Vec<u8>),
    /// The peer ended its side in order.
    End,
    /// The peer reset the connection.
    Reset,
}

/// What an exchange wants of the connection.
#[derive(Debug)]
pub(super) enum Want {
    Write(Vec<u8>),
    /// End our writing side.
    End,
    Reset,
    /// The exchange is over. Set if nothing is left to do on the connection, so that it may serve others.
    Over(bool),
}

/// An exchange's part of a connection. Dropping it ends the connection, unless it was left in order.
#[derive(Debug)]
pub(crate) struct Span {
    nonce: Nonce,
    came: UnboundedReceiver<Came>,
    wants: UnboundedSender<(Nonce, Want)>,
    unread: VecDeque<u8>,
    is_left: bool,
    spoken: Over,
    /// What we had said on the connection before.
    said: Vec<u8>,
}

impl Span {
    pub(super) fn new(
        nonce: Nonce,
        came: UnboundedReceiver<Came>,
        wants: UnboundedSender<(Nonce, Want)>,
    ) -> Self {
        let (unread, said) = (VecDeque::new(), Vec::new());
        Self { nonce, came, wants, unread, is_left: false, spoken: Over::Http1, said }
    }

    /// One of a connection that speaks this, on which we had said that before.
    pub(super) fn over(mut self, spoken: Over, said: Vec<u8>) -> Self {
        (self.spoken, self.said) = (spoken, said);
        self
    }

    /// What is spoken on the connection.
    pub(crate) fn spoken(&self) -> Over {
        self.spoken
    }

    /// What we had said on the connection before.
    pub(crate) fn said(&self) -> &[u8] {
        &self.said
    }

    /// Resets the connection.
    pub(crate) fn reset(&self) {
        self.want(Want::Reset);
    }

    /// Leaves the connection to other exchanges.
    pub(crate) fn leave(&mut self) {
        self.is_left = true;
        self.want(Want::Over(true));
    }

    fn want(&self, want: Want) {
        // The connection may have ended, which is read in its turn.
        let _ = self.wants.send((self.nonce.clone(), want));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if !self.is_left {
            self.want(Want::Over(false));
        }
    }
}

impl AsyncRead for Span {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match self.came.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Came::Octets(octets))) => self.unread.extend(octets),
                Poll::Ready(Some(Came::Reset) | None) => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
                Poll::Ready(Some(Came::End)) => return Poll::Ready(Ok(())),
            }
        }
        let count = buffer.remaining().min(self.unread.len());
        let octets: Vec<u8> = self.unread.drain(..count).collect();
        buffer.put_slice(&octets);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Span {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.wants.send((self.nonce.clone(), Want::Write(octets.to_vec()))) {
            Ok(()) => Poll::Ready(Ok(octets.len())),
            Err(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.want(Want::End);
        Poll::Ready(Ok(()))
    }
}
