//! One connection to our origin: it is read all the time, what comes goes to the exchange that it belongs to, and what
//! the exchanges want is done in the order in which they want it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::origin::Rooms;
use super::sorter::{Nonce, Owner, Piece, Sorter};
use super::span::{Came, Span, Want};

/// A connection of the intermediary to our origin.
pub(super) struct Connection {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    rooms: Arc<Rooms>,
    sorter: Sorter,
    /// The exchanges that have come on it.
    spans: BTreeMap<Nonce, UnboundedSender<Came>>,
    /// Whose request came last.
    last: Option<Nonce>,
    /// What has been written since then, as far as it may become a status line.
    written: Vec<u8>,
    /// The request that came last is a CONNECT.
    is_connect: bool,
    wants: UnboundedReceiver<(Nonce, Want)>,
    tell: UnboundedSender<(Nonce, Want)>,
    /// How many octets came since the exchange that came last began.
    count: usize,
    /// How many may.
    most: usize,
    /// It ends with a reset.
    is_reset: bool,
}

/// Whether the connection goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Over,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, rooms: Arc<Rooms>) -> Self {
        let (reader, writer) = stream.into_split();
        let (tell, wants) = unbounded_channel();
        Self {
            reader,
            writer,
            rooms,
            sorter: Sorter::default(),
            spans: BTreeMap::new(),
            last: None,
            written: Vec::new(),
            is_connect: false,
            wants,
            tell,
            count: 0,
            most: MOST,
            is_reset: false,
        }
    }

    /// Serves it until it ends; these octets have been read already.
    pub(super) async fn serve(mut self, early: &[u8]) {
        let mut is_ended = false;
        let mut give_up = (!early.is_empty()).then(|| Instant::now() + PARTIAL);
        if self.came(early).await == Flow::Over {
            return;
        }
        loop {
            let patience = give_up.unwrap_or_else(Instant::now);
            let flow = tokio::select! {
                biased;
                Some((nonce, want)) = self.wants.recv() => self.serve_want(&nonce, want).await,
                // What waits holds no buffer: there may be many.
                _ = self.reader.readable(), if !is_ended => match self.read() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Flow::On,
                    read => {
                        give_up = Some(Instant::now() + PARTIAL);
                        is_ended = !matches!(&read, Ok(octets) if !octets.is_empty());
                        match read {
                            Ok(octets) if octets.is_empty() => self.ended(Came::End),
                            Ok(octets) => self.came(&octets).await,
                            Err(_) => self.ended(Came::Reset),
                        }
                    }
                },
                () = sleep_until(patience), if give_up.is_some() && !is_ended => {
                    give_up = None;
                    self.give_up();
                    Flow::On
                }
            };
            if flow == Flow::Over {
                break;
            }
        }
        // Its drop would send a FIN before the reset.
        if self.is_reset {
            self.writer.forget();
        }
    }

    /// What has come by now; nothing once the other side has ended.
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut buffer = [0; BUFFER];
        let count = self.reader.try_read(&mut buffer)?;
        Ok(buffer[..count].to_vec())
    }

    async fn came(&mut self, octets: &[u8]) -> Flow {
        self.count += octets.len();
        if self.count > self.most {
            return Flow::Over;
        }
        let (rooms, last) = (Arc::clone(&self.rooms), self.last.clone());
        let is_other = |nonce: &[u8]| last.as_deref() != Some(nonce) && rooms.has(nonce);
        for piece in self.sorter.take(octets, is_other) {
            if self.give(piece).await.is_err() {
                return Flow::Over;
            }
        }
        Flow::On
    }

    async fn give(&mut self, piece: Piece) -> io::Result<()> {
        let Piece { owner, octets } = piece;
        match owner {
            Owner::Last => {
                if let Some(span) = self.last.as_ref().and_then(|last| self.spans.get(last)) {
                    let _ = span.send(Came::Octets(octets));
                }
                return Ok(());
            }
            Owner::Begins(nonce) if self.rooms.has(&nonce) => self.begin(nonce, octets),
            Owner::Connect => match self.rooms.taker_of_connect() {
                Some(nonce) => {
                    self.begin(nonce, octets);
                    self.is_connect = true;
                }
                // A 2xx would open a tunnel.
                None => return self.turn_away(NOT_ALLOWED).await,
            },
            // A health check, or an exchange that is over: an ordinary answer.
            Owner::Begins(_) | Owner::Stray => {
                let is_head = octets.starts_with(b"HEAD ");
                return self.turn_away(if is_head { OK_FOR_HEAD } else { OK }).await;
            }
        }
        Ok(())
    }

    /// A request of this exchange comes.
    fn begin(&mut self, nonce: Nonce, octets: Vec<u8>) {
        if !self.spans.contains_key(&nonce) {
            (self.count, self.most) = (octets.len(), self.rooms.most(&nonce) + BUFFER);
            let (tell, came) = unbounded_channel();
            self.rooms.hand(&nonce, Span::new(nonce.clone(), came, self.tell.clone()));
            self.spans.insert(nonce.clone(), tell);
        }
        if let Some(span) = self.spans.get(&nonce) {
            let _ = span.send(Came::Octets(octets));
        }
        self.last = Some(nonce);
        self.written.clear();
        self.is_connect = false;
    }

    async fn turn_away(&mut self, answer: &[u8]) -> io::Result<()> {
        self.rooms.count_stray();
        self.last = None;
        self.writer.write_all(answer).await
    }

    async fn serve_want(&mut self, nonce: &Nonce, want: Want) -> Flow {
        let done = match want {
            Want::Write(octets) => {
                let written = self.writer.write_all(&octets).await;
                self.note_written(&octets);
                written
            }
            Want::End => self.writer.shutdown().await,
            Want::Reset => {
                // When the system refuses, the connection ends in order.
                let _ = self.writer.as_ref().set_zero_linger();
                self.is_reset = true;
                return Flow::Over;
            }
            Want::Over(is_clean) => return self.over(nonce, is_clean),
        };
        // Who writes learns from reading that the connection is gone.
        if done.is_err() {
            self.tell_all(&Came::Reset);
            return Flow::Over;
        }
        Flow::On
    }

    /// Whether what is written opens a tunnel: a 101, or a 2xx to a CONNECT.
    fn note_written(&mut self, octets: &[u8]) {
        self.written.extend(octets.iter().take(HEADS.saturating_sub(self.written.len())));
        let mut lines = self.written.split(|octet| *octet == b'\n');
        let opens = lines.any(|line| match line.get(8..10) {
            Some(b" 1") => line.starts_with(b"HTTP/1.") && line.get(10..12) == Some(b"01"),
            Some(b" 2") => line.starts_with(b"HTTP/1.") && self.is_connect,
            _ => false,
        });
        if opens {
            self.sorter.enter_tunnel();
        }
    }

    /// An exchange is over: the connection ends with it, unless it can serve others.
    fn over(&mut self, nonce: &Nonce, is_clean: bool) -> Flow {
        self.spans.remove(nonce);
        let is_last = self.last.as_ref() == Some(nonce);
        let is_free = is_clean && !self.sorter.is_in_tunnel() && self.sorter.is_at_boundary();
        if is_last && !is_free {
            return Flow::Over;
        }
        if is_last {
            self.last = None;
        }
        Flow::On
    }

    /// What is held back belongs to who came last.
    fn give_up(&mut self) {
        let span = self.last.as_ref().and_then(|last| self.spans.get(last));
        if let (Some(span), Some(piece)) = (span, self.sorter.give_up()) {
            let _ = span.send(Came::Octets(piece.octets));
        }
    }

    fn ended(&mut self, how: Came) -> Flow {
        self.give_up();
        let is_reset = matches!(how, Came::Reset);
        let last = self.last.as_ref().and_then(|last| self.spans.get(last));
        match last {
            Some(span) => {
                let _ = span.send(how);
            }
            None => return Flow::Over,
        }
        if is_reset { Flow::Over } else { Flow::On }
    }

    fn tell_all(&self, how: &Came) {
        debug_assert!(matches!(how, Came::Reset), "others are told of a reset alone");
        for span in self.spans.values() {
            let _ = span.send(Came::Reset);
        }
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const OK_FOR_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";
const NOT_ALLOWED: &[u8] =
    b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n";
/// How much is read at once.
const BUFFER: usize = 16 * 1024;
/// How much may come before an exchange begins.
const MOST: usize = 256 * 1024;
/// How long octets that may become a head are held back.
const PARTIAL: Duration = Duration::from_millis(200);
/// How much of what is written is looked at for a 101.
const HEADS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::super::origin::Origin;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn an_exchange_has_only_so_many_connections() {
        let origin = Origin::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut guest = origin.receive(b"aaaaaaaaaaaaaaaa", MOST, false);
        let mut spans = guest.take_spans().unwrap();
        let (mut taken, mut held) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            let mut peer = TcpStream::connect(origin.address()).await.unwrap();
            peer.write_all(b"GET /?upspec=1-aaaaaaaaaaaaaaaa HTTP/1.1\r\n\r\n").await.unwrap();
            // A connection that is handed on waits for its answer, and any other one ends.
            let came = tokio::select! {
                span = spans.recv() => span,
                _ = peer.read_u8() => None,
            };
            taken.extend(came);
            held.push(peer);
        }
        assert_eq!(taken.len(), 16);
    }

    #[tokio::test]
    async fn what_comes_without_end_for_an_exchange_ends_the_connection() {
        let origin = Origin::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let nonce = b"aaaaaaaaaaaaaaaa";
        let mut guest = origin.receive(nonce, MOST, false);
        let mut spans = guest.take_spans().unwrap();
        let mut peer = TcpStream::connect(origin.address()).await.unwrap();
        let head = "POST /?upspec=1-aaaaaaaaaaaaaaaa HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n";
        peer.write_all(head.as_bytes()).await.unwrap();
        let many = vec![b'a'; 1 << 20];
        let mut sent = 0;
        while sent < 64 && peer.write_all(&many).await.is_ok() {
            sent += 1;
        }
        assert!(sent < 64, "somebody reads all of it");
        let mut span = spans.recv().await.unwrap();
        let mut came = Vec::new();
        let _ = span.read_to_end(&mut came).await;
        assert!(came.len() <= MOST + 2 * BUFFER, "{}", came.len());
    }
}
