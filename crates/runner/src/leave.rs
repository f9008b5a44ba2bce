//! How we leave a connection whose case is over: with a Close frame or GOAWAY where one is due, and with
//! a FIN, in bounded time, so that the next case meets a peer in good order. All of it is recorded as
//! leave-taking.

use std::time::Duration;

use tokio::time::Instant;
use upspec_exchange::{IoKind, Octets, Talk};
use upspec_handshake::Party;
use upspec_handshake::field::elements_of;
use upspec_handshake::h2::{ErrorCode, write};

use crate::duties::Directions;
use crate::play::has_close_frame;
use crate::wire::Wires;

/// How to leave a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Leave {
    octets: Vec<u8>,
    /// Whether the peer then ends the connection.
    awaits_end: bool,
}

/// Takes leave on a connection, a WebSocket connection with this Close frame. RFC 6455 section 7.1.1:
/// after the Close frames of both sides the server ends the connection first, so a client waits for
/// that, but only briefly.
pub(crate) async fn say_goodbye(wires: &mut Wires, at: usize, close: &[u8], window: Duration) {
    let leave = leave(&wires.record().said(at), close);
    if leave.octets.is_empty() || !wires.is_writable(at) {
        return;
    }
    let time = window.min(LONGEST);
    let until = Instant::now() + time;
    let mut going_on = wires.write(at, &leave.octets, IoKind::WroteLeave, time, until).await;
    while leave.awaits_end && going_on.is_ok() && !is_left(&wires.record().said(at)) {
        going_on = wires.read_until(at, until).await;
    }
}

/// Whether the tunnel was a stream that the peer has ended: its connection may stay open for others
/// (RFC 8441 section 5). A client need not end it, it waits for the server once both have sent a Close frame.
fn is_left(said: &Octets<'_>) -> bool {
    let talk = Talk::read(said);
    let is_ours_to_end = talk.link.we == Party::Server && has_close_frame(&talk);
    is_ours_to_end || talk.tunnel.is_some_and(|tunnel| tunnel.is_over)
}

fn leave(said: &Octets<'_>, close: &[u8]) -> Leave {
    let talk = Talk::read(said);
    let close = if talk.link.we == Party::Client { close } else { SERVERS_CLOSE };
    let goaway = || write::goaway(0, ErrorCode::NO_ERROR, b"");
    let Some(frames) = Directions::of(&talk) else {
        let websocket = talk.tunnel.is_some() && !is_to_another_protocol(&talk);
        let octets = if websocket { close.to_vec() } else { Vec::new() };
        return Leave { awaits_end: websocket && talk.link.we == Party::Client, octets };
    };
    let inside = match (talk.http2, &talk.tunnel) {
        _ if !frames.is_between_frames() => return Leave::default(),
        (Some(http2), Some(tunnel)) if !tunnel.is_over && http2.is_open_for_client() => {
            write::data(http2.stream, close, 0)
        }
        _ => Vec::new(),
    };
    Leave { awaits_end: !inside.is_empty(), octets: [inside, goaway()].concat() }
}

/// Whether HTTP/1.1 ended with a 101 that names something other than WebSocket: a Close frame would be
/// noise there.
fn is_to_another_protocol(talk: &Talk<'_>) -> bool {
    let last = talk.responses.last();
    let named = last.and_then(|last| last.head.fields.combined("Upgrade"));
    let is_websocket = |element: &[u8]| element.eq_ignore_ascii_case(b"websocket");
    named.is_some_and(|named| !elements_of([&named[..]]).any(is_websocket))
}

/// A Close frame with status 1000 that is not masked (RFC 6455 section 5.1).
const SERVERS_CLOSE: &[u8] = &[0x88, 2, 0x03, 0xE8];
/// How long the peer has to answer our Close frame.
const LONGEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use upspec_exchange::{Link, Over};
    use upspec_handshake::h2::{PREFACE, flag, hpack};

    use super::*;

    const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

    fn left(we: Party, over: Over, ours: &[u8], theirs: &[u8]) -> (Vec<u8>, bool) {
        let link = Link::plain("target", we, over);
        let leave = leave(&Octets::under_way(&link, ours, theirs), CLOSE);
        (leave.octets, leave.awaits_end)
    }

    fn opened(frames: &[Vec<u8>]) -> Vec<u8> {
        [PREFACE, &write::settings(&[]), &frames.concat()].concat()
    }

    fn headers(fields: &[(&str, &str)], flags: u8) -> Vec<u8> {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        write::headers(1, &hpack::encode(fields), flags)
    }

    fn connect() -> Vec<u8> {
        let fields = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "a"),
        ];
        headers(&fields, 0)
    }

    #[test]
    fn leaving_fits_what_was_opened_in_http2() {
        let get =
            headers(&[(":method", "GET"), (":scheme", "http"), (":path", "/")], flag::END_STREAM);
        let connect = connect();
        let yes = [write::settings(&[(8, 1)]), headers(&[(":status", "200")], 0)].concat();
        let goaway = write::goaway(0, ErrorCode::NO_ERROR, b"");
        let in_tunnel = [write::data(1, CLOSE, 0), goaway.clone()].concat();
        let ended = write::data(1, b"", flag::END_STREAM);
        let rows = [
            (opened(std::slice::from_ref(&connect)), &yes[..], in_tunnel, true),
            (opened(&[get]), &yes, goaway.clone(), false),
            (opened(&[connect, ended]), &yes, goaway, false),
            (b"PRI * HTTP/2.0\r\n".to_vec(), b"", Vec::new(), false),
        ];
        for (ours, theirs, octets, awaits_end) in rows {
            assert_eq!(left(Party::Client, Over::Http2, &ours, theirs), (octets, awaits_end));
        }
    }

    #[test]
    fn a_stream_that_the_server_has_ended_is_waited_for_no_longer() {
        let connect = connect();
        let ours = opened(&[connect, write::data(1, CLOSE, 0)]);
        let yes = [write::settings(&[(8, 1)]), headers(&[(":status", "200")], 0)].concat();
        let link = Link::plain("target", Party::Client, Over::Http2);
        for (answer, flags, wanted) in
            [(SERVERS_CLOSE, 0, false), (SERVERS_CLOSE, flag::END_STREAM, true)]
        {
            let theirs = [yes.clone(), write::data(1, answer, flags)].concat();
            assert_eq!(is_left(&Octets::under_way(&link, &ours, &theirs)), wanted);
        }
    }

    #[test]
    fn a_client_that_has_answered_our_close_frame_is_waited_for_no_longer() {
        let asked = opened(&[connect()]);
        let yes = [write::settings(&[(8, 1)]), headers(&[(":status", "200")], 0)].concat();
        let link = Link::plain("origin", Party::Server, Over::Http2);
        for (answer, wanted) in [(&b"\x81\x80\0\0\0\0"[..], false), (CLOSE, true)] {
            let theirs = [&asked[..], &write::data(1, answer, 0)].concat();
            let ours = [&yes[..], &write::data(1, SERVERS_CLOSE, 0)].concat();
            assert_eq!(is_left(&Octets::under_way(&link, &ours, &theirs)), wanted);
        }
    }

    #[test]
    fn leaving_fits_what_was_switched_to() {
        let offer = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n";
        let rows: [(&str, &[u8]); 3] =
            [("h2c", b""), ("websocket", CLOSE), ("WebSocket, x", CLOSE)];
        for (protocol, octets) in rows {
            let switch =
                format!("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n");
            let of_client = left(Party::Client, Over::Http1, offer, switch.as_bytes());
            assert_eq!(of_client, (octets.to_vec(), !octets.is_empty()), "{protocol}");
            let of_server = left(Party::Server, Over::Http1, switch.as_bytes(), offer);
            let unmasked = if octets.is_empty() { b"" } else { SERVERS_CLOSE };
            assert_eq!(of_server, (unmasked.to_vec(), false), "{protocol}");
        }
    }
}
