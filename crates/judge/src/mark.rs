//! Where in the octets it shows why an answer is graded as it is.

use upspec_corpus::case::{Case, Grade};
use upspec_exchange::frames::frames;
use upspec_exchange::http2::FRAME_HEADER;
use upspec_exchange::{Http2, Place};
use upspec_handshake::Party;

use crate::view::View;

/// The status line; behind a switch of the target that is in order the last frame that came.
pub(crate) fn answer_place(case: &Case, view: &View<'_, '_>) -> Option<Place> {
    let (start, end) = last_frame(case, view).or_else(|| status_line(view))?;
    Some(Place { link: 0, from: Party::Server, start, end })
}

fn status_line(view: &View<'_, '_>) -> Option<(usize, usize)> {
    match view.answer() {
        Some(answer) => {
            Some((answer.at + answer.head.line.start, answer.at + answer.head.line.end))
        }
        None => {
            let at = view.http2().and_then(Http2::failure)?.at;
            Some((at, at + FRAME_HEADER))
        }
    }
}

/// The last frame in the tunnel, where a switch passes and what follows it has to be something.
fn last_frame(case: &Case, view: &View<'_, '_>) -> Option<(usize, usize)> {
    // What a client under test did stands in no frame of ours.
    if view.talk.tested() == Party::Client || view.http2().is_some() {
        return None;
    }
    let outcome = view.outcome();
    let is_behind = case
        .expect
        .iter()
        .any(|one| one.grade == Grade::Pass && one.covers(outcome) && one.wants.tunnel.is_some());
    let tunnel = view.talk.tunnel.as_ref().filter(|_| is_behind)?;
    let (sent, inside) = (view.talk.sent(Party::Server), tunnel.in_time(Party::Server));
    let begins = sent.len() - tunnel.sent(Party::Server).len();
    let all = frames(inside);
    let end = begins + all.iter().map(|frame| frame.len).sum::<usize>();
    all.last().map(|last| (end - last.len, end))
}

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;
    use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Transcript};

    use super::*;

    #[test]
    fn behind_a_switch_that_is_in_order_the_last_frame_decides() {
        let corpus = Corpus::embedded().unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nContent-Length: 5\r\n\r\nhello";
        let switch =
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        let close = b"\x88\x02\x03\xea";
        let place_to = |we: Party, id: &str, answer: Vec<u8>| {
            let event = |kind, bytes| Io { link: 0, at_us: 1, kind, bytes };
            let (asked, answered) = match we {
                Party::Client => (IoKind::Wrote, IoKind::Read),
                Party::Server => (IoKind::Read, IoKind::Wrote),
            };
            let io = vec![event(asked, request.to_vec()), event(answered, answer)];
            let record = Record::of(Link::plain("client", we, Over::Http1), io);
            let octets = Octets::of(&record);
            let transcript = Transcript::read(&octets);
            let case = corpus.case(id).unwrap();
            answer_place(case, &View::on(case, &transcript.talks[0]))
                .map(|place| (place.start, place.end))
        };
        let place = |id: &str, answer| place_to(Party::Client, id, answer);
        let (all, end) = ([&switch[..], close].concat(), switch.len() + close.len());
        let line = Some((0, "HTTP/1.1 101 Switching Protocols".len()));
        assert_eq!(place("server/body/text", all.clone()), Some((switch.len(), end)));
        assert_eq!(place("server/body/text", switch.to_vec()), line, "nothing came");
        assert_eq!(place("server/key/missing", all.clone()), line, "the switch itself is wrong");
        let ours = place_to(Party::Server, "client/frames/ping-126", all);
        assert_eq!(ours, line, "the frame is ours");
    }
}
