//! Tells whose octets come on a connection to our origin: those behind a request with a tag belong to the exchange of
//! that tag, until another one's request comes. Reads no more of HTTP than where a message ends.

use std::sync::Arc;

use upspec_exchange::Tag;
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{RequestHead, Status};

/// What an exchange is known by.
pub(super) type Nonce = Arc<[u8]>;

/// Octets that came, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) owner: Owner,
    pub(super) octets: Vec<u8>,
}

/// Whose octets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Those of the exchange with this nonce; a request of its begins here.
    Begins(Nonce),
    /// Those of the exchange that came last.
    Last,
    /// A CONNECT, which has no tag, begins here.
    Connect,
    /// A request without a tag begins here.
    Stray,
}

/// What has come on a connection and is not told apart yet.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    held: Vec<u8>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// A message begins next, if it is HTTP that comes.
    #[default]
    Boundary,
    /// So much of the content is still to come.
    Length(u64),
    /// Content in chunks: all of it so far.
    Chunks(Vec<u8>),
    /// Everything belongs to who came last.
    Tunnel,
}

impl Sorter {
    /// From now on octets are no HTTP, but for a request of another exchange.
    pub(super) fn enter_tunnel(&mut self) {
        self.state = State::Tunnel;
    }

    pub(super) fn is_in_tunnel(&self) -> bool {
        matches!(self.state, State::Tunnel)
    }

    /// Whether a message has come whole, and nothing behind it.
    pub(super) fn is_at_boundary(&self) -> bool {
        matches!(self.state, State::Boundary) && self.held.is_empty()
    }

    /// Takes what came, and gives back what can be told apart. `is_other` says whether a nonce is that of another
    /// exchange under way than the last.
    pub(super) fn take(&mut self, came: &[u8], is_other: impl Fn(&[u8]) -> bool) -> Vec<Piece> {
        self.held.extend_from_slice(came);
        let mut pieces = Vec::new();
        while !self.held.is_empty() {
            let Some(piece) = self.next(&is_other) else {
                break;
            };
            pieces.push(piece);
        }
        pieces
    }

    /// Gives up what is held back because it may yet become a head.
    pub(super) fn give_up(&mut self) -> Option<Piece> {
        let octets = std::mem::take(&mut self.held);
        (!octets.is_empty()).then_some(Piece { owner: Owner::Last, octets })
    }

    fn next(&mut self, is_other: &impl Fn(&[u8]) -> bool) -> Option<Piece> {
        let (owner, length) = match &mut self.state {
            State::Boundary => return self.message(),
            State::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(self.held.len());
                *left -= length as u64;
                if *left == 0 {
                    self.state = State::Boundary;
                }
                (Owner::Last, length)
            }
            State::Chunks(whole) => {
                let before = whole.len();
                whole.extend_from_slice(&self.held);
                let length = match ChunkedReader::default().read(whole) {
                    Chunked::Complete(end) => end.saturating_sub(before),
                    Chunked::Partial => self.held.len(),
                    Chunked::Malformed(_) => {
                        self.state = State::Tunnel;
                        return self.next(is_other);
                    }
                };
                if length < self.held.len() || whole.ends_with(b"\r\n\r\n") && is_whole(whole) {
                    self.state = State::Boundary;
                }
                (Owner::Last, length)
            }
            State::Tunnel => match foreign(&self.held, is_other) {
                Some(0) => {
                    self.state = State::Boundary;
                    return self.message();
                }
                Some(length) => (Owner::Last, length),
                None => (Owner::Last, self.held.len()),
            },
        };
        Some(Piece { owner, octets: self.held.drain(..length).collect() })
    }

    /// The head that comes next, once it is whole; what cannot become one belongs to who came last.
    fn message(&mut self) -> Option<Piece> {
        let first = *self.held.first()?;
        if !first.is_ascii_alphanumeric() && !matches!(first, b'\r' | b'\n') {
            self.state = State::Tunnel;
            return Some(Piece { owner: Owner::Last, octets: std::mem::take(&mut self.held) });
        }
        let Status::Complete(head) = RequestHead::parse(&self.held) else {
            return None;
        };
        let owner = match Tag::find(head.target) {
            Some((_, tag)) => Owner::Begins(tag.nonce.into()),
            None if head.method == b"CONNECT" => Owner::Connect,
            None => Owner::Stray,
        };
        self.state = match Framing::of_request(&head) {
            Framing::Length(length) if length > 0 => State::Length(length),
            Framing::Chunked => State::Chunks(Vec::new()),
            Framing::Invalid | Framing::UntilClose => State::Tunnel,
            _ => State::Boundary,
        };
        let length = head.len;
        Some(Piece { owner, octets: self.held.drain(..length).collect() })
    }
}

/// Where the line begins in which the request of another exchange comes.
fn foreign(octets: &[u8], is_other: &impl Fn(&[u8]) -> bool) -> Option<usize> {
    let mut from = 0;
    while let Some((at, tag)) = Tag::find(&octets[from..]) {
        let at = from + at;
        if is_other(tag.nonce) {
            return Some(
                octets[..at].iter().rposition(|octet| *octet == b'\n').map_or(0, |lf| lf + 1),
            );
        }
        from = at + 1;
    }
    None
}

fn is_whole(chunks: &[u8]) -> bool {
    ChunkedReader::default().read(chunks) == Chunked::Complete(chunks.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &[u8] = b"aaaaaaaaaaaaaaaa";
    const B: &[u8] = b"bbbbbbbbbbbbbbbb";

    fn request(nonce: &[u8], rest: &str) -> Vec<u8> {
        let nonce = std::str::from_utf8(nonce).unwrap();
        format!("POST /?upspec=1-{nonce} HTTP/1.1\r\n{rest}").into_bytes()
    }

    /// What comes of octets that come one by one, pieces of one owner joined.
    fn sorted(sorter: &mut Sorter, octets: &[u8]) -> Vec<(Owner, Vec<u8>)> {
        let mut all: Vec<(Owner, Vec<u8>)> = Vec::new();
        for octet in octets {
            for piece in sorter.take(&[*octet], |nonce| nonce == B) {
                match all.last_mut().filter(|_| piece.owner == Owner::Last) {
                    Some((_, octets)) => octets.extend(piece.octets),
                    None => all.push((piece.owner, piece.octets)),
                }
            }
        }
        all
    }

    #[test]
    fn messages_belong_to_their_tags() {
        let rows = [
            "\r\n",
            "Content-Length: 3\r\n\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ];
        for rest in rows {
            let (one, other) = (request(A, rest), request(B, rest));
            let mut sorter = Sorter::default();
            let all = sorted(&mut sorter, &[one.clone(), other.clone()].concat());
            assert_eq!(all, [(Owner::Begins(A.into()), one), (Owner::Begins(B.into()), other)]);
            assert!(sorter.is_at_boundary(), "{rest}");
        }
    }

    #[test]
    fn a_tunnel_is_left_for_the_request_of_another_exchange() {
        let (one, other) = (request(A, "\r\n"), request(B, "\r\n"));
        let mut sorter = Sorter::default();
        let came = [&one[..], b"\x81\x03abc"].concat();
        assert_eq!(sorter.take(&came, |_| false).len(), 2);
        sorter.enter_tunnel();
        let came = [&one[..], &other].concat();
        let pieces = sorter.take(&came, |nonce| nonce == B);
        let last = pieces.last().unwrap();
        assert_eq!((&last.owner, &last.octets), (&Owner::Begins(B.into()), &other));
    }
}
