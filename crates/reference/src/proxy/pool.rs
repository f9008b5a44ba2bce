//! Connections to the origin that are kept for further requests, and what all connections of clients share.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::request::Asked;
use crate::client::Random;

/// Connections that carry no request.
#[derive(Debug, Default)]
pub(super) struct Pool {
    kept: Mutex<Vec<Kept>>,
}

/// A connection that may be used again. The runtime does not watch it, so that looking at it shows what has really
/// come until then.
#[derive(Debug)]
struct Kept {
    stream: std::net::TcpStream,
    /// What came on it too early; only a fault keeps such a connection.
    early: Vec<u8>,
    since: Instant,
}

/// Whether octets that came too early are a reason to leave a connection (RFC 9112 9.2). A fault thinks otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Early {
    Leaves,
    Overlooked,
}

impl Pool {
    /// Keeps a connection; the oldest one goes where there are too many.
    pub(super) fn keep(&self, stream: TcpStream, early: Vec<u8>) {
        let Ok(stream) = stream.into_std() else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.since.elapsed() < LONGEST);
        if kept.len() == MOST {
            kept.remove(0);
        }
        kept.push(Kept { stream, early, since: Instant::now() });
    }

    /// The connection that was kept last and is still good, and what came on it too early.
    pub(super) fn take(&self, early: Early) -> Option<(TcpStream, Vec<u8>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(one) = kept.pop() {
            let is_good = is_silent(&one.stream) || early == Early::Overlooked;
            if is_good && one.since.elapsed() < LONGEST {
                let stream = TcpStream::from_std(one.stream).ok()?;
                return Some((stream, one.early));
            }
        }
        None
    }
}

/// Whether nothing has come, neither octets nor an end.
fn is_silent(stream: &std::net::TcpStream) -> bool {
    matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Opens a connection to the origin.
pub(super) async fn open(origin: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(origin).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What is the same for all connections of clients: where keys come from, and what faults remember.
#[derive(Debug)]
pub(super) struct Memory {
    /// Where keys come from.
    pub(super) random: Random,
    switch: Mutex<Option<(Vec<u8>, Vec<u8>)>>,
    tunnels: Mutex<usize>,
}

impl Memory {
    pub(super) fn new(random: Random) -> Self {
        Self { random, switch: Mutex::default(), tunnels: Mutex::default() }
    }

    /// Takes note of a tunnel and of the head that opened it.
    pub(super) fn store(&self, asked: &Asked, head: &[u8]) {
        *self.tunnels.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let mut switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
        *switch = Some((asked.came.target().to_vec(), head.to_vec()));
    }

    /// The head that opened the last tunnel, if it was for the same target.
    pub(super) fn stored(&self, asked: &Asked) -> Option<Vec<u8>> {
        let switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
        let (target, head) = switch.as_ref()?;
        (target == asked.came.target()).then(|| head.clone())
    }

    /// How many tunnels there have been.
    pub(super) fn tunnels(&self) -> usize {
        *self.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a connection is kept, and how many.
const LONGEST: Duration = Duration::from_secs(15);
const MOST: usize = 8;
