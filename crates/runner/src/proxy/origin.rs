//! Our origin behind the intermediary: one listener for all exchanges of a run. Each connection is read by a task of its
//! own, which hands what comes to the exchange that it belongs to.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use upspec_handshake::h2::PREFACE;

use super::connection::Connection;
use super::sorter::Nonce;
use super::span::Span;
use super::streams::Streams;

/// Our origin behind the intermediary. Dropping it ends the listener and all connections.
pub struct Origin {
    rooms: Arc<Rooms>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// The exchanges under way, and what came for none of them.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    guests: Mutex<BTreeMap<Nonce, Seat>>,
    /// Who takes a CONNECT, which has no tag.
    connect: Mutex<Option<Nonce>>,
    strays: AtomicUsize,
}

/// What an exchange under way may have.
#[derive(Debug)]
struct Seat {
    tell: UnboundedSender<Span>,
    /// How many further connections.
    spans_left: usize,
    /// How many octets on a connection.
    most: usize,
}

/// An exchange under way. Dropping it makes what still comes for it a stray.
pub(super) struct Guest {
    nonce: Nonce,
    rooms: Arc<Rooms>,
    spans: Option<UnboundedReceiver<Span>>,
}

impl Origin {
    /// Listens at this address; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub async fn listen(at: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let rooms = Arc::new(Rooms::default());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&rooms)));
        Ok(Self { rooms, address, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests came that belong to no exchange, since this was asked last.
    pub(super) fn take_strays(&self) -> usize {
        self.rooms.strays.swap(0, Ordering::Relaxed)
    }

    /// Begins an exchange with this nonce, to which so many octets may come on a connection. It also takes a CONNECT if
    /// it says so.
    pub(super) fn receive(&self, nonce: &[u8], most: usize, takes_connect: bool) -> Guest {
        let nonce = Nonce::from(nonce);
        let (tell, spans) = unbounded_channel();
        let seat = Seat { tell, spans_left: MOST_SPANS, most };
        self.rooms.guests().insert(nonce.clone(), seat);
        if takes_connect {
            *self.rooms.connect() = Some(nonce.clone());
        }
        Guest { nonce, rooms: Arc::clone(&self.rooms), spans: Some(spans) }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Guest {
    /// Where the connections come from on which there is a request of this exchange.
    pub(super) fn take_spans(&mut self) -> Option<UnboundedReceiver<Span>> {
        self.spans.take()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.rooms.guests().remove(&self.nonce);
        let mut connect = self.rooms.connect();
        if connect.as_ref() == Some(&self.nonce) {
            *connect = None;
        }
    }
}

impl Rooms {
    /// Whether an exchange with this nonce is under way.
    pub(super) fn has(&self, nonce: &[u8]) -> bool {
        self.guests().contains_key(nonce)
    }

    /// How many octets may come to an exchange on its next connection: few where it has had many.
    pub(super) fn most(&self, nonce: &[u8]) -> usize {
        let guests = self.guests();
        let Some(seat) = guests.get(nonce) else { return 0 };
        let had = MOST_SPANS - seat.spans_left;
        if had < FULL_SPANS { seat.most } else { seat.most.min(FEW_OCTETS) }
    }

    /// Hands a connection to an exchange; gives up when that is over, or has more than any case needs.
    pub(super) fn hand(&self, nonce: &Nonce, span: Span) {
        let mut guests = self.guests();
        if let Some(seat) = guests.get_mut(nonce).filter(|seat| seat.spans_left > 0) {
            seat.spans_left -= 1;
            let _ = seat.tell.send(span);
        }
    }

    /// Who takes a CONNECT.
    pub(super) fn taker_of_connect(&self) -> Option<Nonce> {
        self.connect().clone()
    }

    pub(super) fn count_stray(&self) {
        self.strays.fetch_add(1, Ordering::Relaxed);
    }

    fn guests(&self) -> MutexGuard<'_, BTreeMap<Nonce, Seat>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> MutexGuard<'_, Option<Nonce>> {
        self.connect.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, rooms: Arc<Rooms>) {
    // What it holds ends with it.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, Arc::clone(&rooms)));
            }
            // There are no descriptors left: some connection will end.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

/// Serves a connection. Its first octets say whether it speaks HTTP/2 with prior knowledge (RFC 9113 3.3).
async fn serve(mut stream: TcpStream, rooms: Arc<Rooms>) {
    let mut early = Vec::new();
    while early.len() < PREFACE.len() && PREFACE.starts_with(&early) {
        if !matches!(stream.read_buf(&mut early).await, Ok(count) if count > 0) {
            break;
        }
    }
    match early.starts_with(PREFACE) {
        true => Streams::new(stream, rooms).serve(&early).await,
        false => Connection::new(stream, rooms).serve(&early).await,
    }
}

/// On how many connections requests of one exchange are taken.
const MOST_SPANS: usize = 16;
/// On how many of them as much may come as on one alone, and how many octets on the others.
const FULL_SPANS: usize = 2;
const FEW_OCTETS: usize = 16 * 1024;
