//! What a client made of our answer: whether it opened the connection, and how it left.
//! Grades nothing: what an outcome is worth the case says.

use upspec_corpus::case::Outcome;
use upspec_exchange::frames::frames;
use upspec_exchange::tls_records;
use upspec_exchange::{End, Ending, Report, Reported, Response, Talk};
use upspec_handshake::frame::{Frame, FrameHeader, opcode};
use upspec_handshake::{Party, RequestHead, Status};

/// What a client made of our answer, as far as this link shows.
#[must_use]
pub fn client_outcome(talk: &Talk<'_>) -> Outcome {
    outcome(talk, 0)
}

/// The outcome on a link whose client is under test; `elsewhere` is how many other requests it sent on other links.
pub(crate) fn outcome(talk: &Talk<'_>, elsewhere: usize) -> Outcome {
    if elsewhere + talk.requests.len() > MOST_REQUESTS {
        return Outcome::Loops;
    }
    let Some(first) = talk.requests.first() else {
        return without_request(talk);
    };
    let answer = talk.finals().next();
    if talk.requests.len() > 1 {
        let ends = answer.is_some_and(Response::ends_connection);
        return if ends { Outcome::RequestHere } else { Outcome::RequestAgain };
    }
    let answered = talk.heard_before(answer.map_or(0, |answer| answer.at));
    let (octets, begins) = behind(talk, first.body.end, answered);
    let reports = reported_open(talk, elsewhere > 0);
    if let Some(stimulus) = stimulus(talk, octets, begins, reports) {
        return reaction(talk, octets, stimulus);
    }
    match (frames(octets).first(), octets) {
        (Some(frame), _) if !frame.masked => Outcome::Junk,
        _ if reports.is_some() => Outcome::Opened,
        (Some(frame), _) if frame.opcode == opcode::CLOSE => closing(frame),
        (Some(_), _) => Outcome::Opened,
        (None, []) if elsewhere > 0 => Outcome::RequestAgain,
        (None, []) => ending(talk),
        // The rest of a frame may still be under way.
        (None, octets) if is_begun(octets) && talk.ending == Ending::default() => Outcome::Silent,
        (None, _) => Outcome::Junk,
    }
}

/// How many of our octets had been written when the client reported that the connection is open, if it did. A
/// report before our answer is about something else, but where none ever came; once there is a second connection nobody
/// knows which one it is about.
fn reported_open(talk: &Talk<'_>, is_one_of_many: bool) -> Option<usize> {
    // What is no HTTP may be taken for an answer all the same.
    let begun = usize::from(!talk.sent(Party::Server).is_empty());
    let answer = talk.finals().next();
    let answered = answer.map_or(begun, |answer| answer.at + answer.head.len);
    let is_ours = |one: &&Reported| one.ours >= answered && (one.is_alone || !is_one_of_many);
    let mut opens = talk.reports().iter().filter(is_ours);
    let open = opens.find(|one| matches!(one.report, Report::Open | Report::Message(_)));
    open.map(|one| one.ours)
}

/// Whether what a client sent can be the beginning of a frame.
fn is_begun(octets: &[u8]) -> bool {
    matches!(FrameHeader::parse(octets), Status::Partial)
        || matches!(FrameHeader::parse(octets), Status::Complete(header) if header.mask.is_some())
}

fn is_opening(frame: &Frame<'_>) -> bool {
    frame.masked && frame.opcode != opcode::CLOSE
}

fn without_request(talk: &Talk<'_>) -> Outcome {
    if talk.ending.not_opened {
        return Outcome::NoConnection;
    }
    let sent = talk.sent_in_time(Party::Client);
    let sent = &sent[tls_records(sent)..];
    let request = talk.http2.is_some() || matches!(RequestHead::parse(sent), Status::Partial);
    match (sent.is_empty() || request, talk.ending.client) {
        (false, _) => Outcome::Junk,
        (true, Some(_)) => Outcome::NoRequest,
        (true, None) => Outcome::Silent,
    }
}

/// What the client sent behind its request, and where that begins in all that it sent. An answer that is
/// none opens nothing, and a client may take it for one all the same.
fn behind<'o>(talk: &Talk<'o>, request_end: usize, answered: usize) -> (&'o [u8], usize) {
    if talk.http2.is_some() {
        return (talk.tunnel_octets(Party::Client).unwrap_or_default(), 0);
    }
    let sent = talk.sent_in_time(Party::Client);
    let mut begins = request_end.min(sent.len());
    // Frames that came before the answer show that the client did not wait, and not what it makes of it.
    for frame in frames(&sent[begins..]) {
        if begins + frame.len > answered {
            break;
        }
        begins += frame.len;
    }
    (&sent[begins..], begins)
}

/// What we sent once the client had opened the connection.
struct Stimulus<'o> {
    /// Our octets.
    ours: &'o [u8],
    /// Where they begin in all that we wrote.
    from: usize,
    /// How much of the client's had come before them.
    heard: usize,
    /// How much had come when we ended our side, if we did.
    ended: Option<usize>,
}

fn stimulus<'o>(
    talk: &Talk<'o>,
    octets: &[u8],
    begins: usize,
    reported: Option<usize>,
) -> Option<Stimulus<'o>> {
    let tunnel = talk.tunnel.as_ref().filter(|_| talk.http2.is_some());
    // How much of `octets` is in what was heard on the connection.
    let within = |heard: usize| match tunnel {
        Some(tunnel) => {
            let came = |at: &usize| tunnel.place(Party::Client, *at..*at + 1).end <= heard;
            (0..octets.len()).take_while(came).count()
        }
        None => heard.saturating_sub(begins),
    };
    let frame = frames(octets).first().filter(|frame| is_opening(frame)).map(|one| one.len);
    let is_behind = |(ours, heard): &&(usize, usize)| {
        frame.is_some_and(|frame| within(*heard) >= frame)
            || reported.is_some_and(|open| *ours >= open)
    };
    let turns = talk.turns();
    let (ours, heard) = turns.iter().find(is_behind)?;
    let octets_of_ours = match tunnel {
        Some(tunnel) => tunnel.sent(Party::Server),
        None => &talk.sent(Party::Server)[*ours..],
    };
    let ended = talk.heard_before_our_end().map(within);
    Some(Stimulus { ours: octets_of_ours, from: *ours, heard: within(*heard), ended })
}

fn reaction(talk: &Talk<'_>, octets: &[u8], stimulus: Stimulus<'_>) -> Outcome {
    let told =
        |one: &Reported| one.ours > stimulus.from && matches!(one.report, Report::Message(_));
    if talk.reports().iter().any(told) {
        return Outcome::WentOn;
    }
    let pings: Vec<_> = frames(stimulus.ours);
    let is_answer = |pong: &Frame<'_>| {
        pings.iter().any(|ping| ping.opcode == opcode::PING && ping.payload == pong.payload)
    };
    let (mut at, mut answered) = (0, false);
    for frame in frames(octets) {
        let begins = at;
        at += frame.len;
        if begins < stimulus.heard {
            if frame.opcode == opcode::CLOSE {
                return closing(&frame);
            }
            continue;
        }
        match frame.opcode {
            // Who answers a Ping and then names a failure has met it on the way to its application.
            opcode::CLOSE if answered && closing(&frame) == Outcome::CloseNormal => break,
            // Who answered, and names a failure once we have ended our side, speaks of that end.
            opcode::CLOSE if answered && stimulus.ended.is_some_and(|ended| ended <= begins) => {
                break;
            }
            opcode::CLOSE => return closing(&frame),
            opcode::PONG => answered |= is_answer(&frame),
            // Data may have been on its way.
            _ => {}
        }
    }
    if answered { Outcome::WentOn } else { ending(talk) }
}

fn closing(frame: &Frame<'_>) -> Outcome {
    match frame.close_code() {
        None if frame.payload.is_empty() => Outcome::CloseNormal,
        None | Some(1005 | 1006 | 1015) => Outcome::CloseReserved,
        Some(1000 | 1001 | 3000..=4999) => Outcome::CloseNormal,
        Some(_) => Outcome::CloseFrame,
    }
}

/// How a client ended that sent nothing more.
fn ending(talk: &Talk<'_>) -> Outcome {
    let ending = talk.ending;
    match (ending.client, ending.server) {
        (Some(_), Some(_)) if ending.first == Some(Party::Server) => Outcome::Waits,
        (Some(_), _) => Outcome::Failed,
        // Behind a reset nothing can be heard but what the client tells of itself.
        (None, Some(End::Reset)) if reports_end(talk) => Outcome::Failed,
        (None, Some(_)) => Outcome::Held,
        (None, None) => Outcome::Silent,
    }
}

/// Whether the client reported that the connection failed or is closed.
fn reports_end(talk: &Talk<'_>) -> bool {
    talk.reports().iter().any(|one| matches!(one.report, Report::Error(_) | Report::Close(_)))
}

/// Who asks more often asks without end.
const MOST_REQUESTS: usize = 20;

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Transcript};

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    const OPEN: &[u8] = b"{\"event\":\"open\"}";

    #[test]
    fn a_client_that_comes_back_has_reported_of_the_connection_before() {
        let io = |link, kind, octets: &[u8]| Io { link, at_us: 0, kind, bytes: octets.to_vec() };
        let mut events = vec![
            io(0, IoKind::Read, REQUEST),
            io(0, IoKind::Wrote, SWITCH),
            io(0, IoKind::Reported, OPEN),
            io(0, IoKind::Wrote, b"\x81\x01a\x89\x00"),
            io(0, IoKind::Read, b"\x8a\x80\0\0\0\0"),
            io(1, IoKind::Read, REQUEST),
        ];
        let outcome_of = |io: &[Io]| {
            let links = ["origin", "origin-2"];
            let links = links.map(|name| Link::plain(name, Party::Server, Over::Http1)).to_vec();
            let record = Record { links, io: io.to_vec() };
            let octets = Octets::of(&record);
            outcome(&Transcript::read(&octets).talks[0], 1)
        };
        assert_eq!(outcome_of(&events), Outcome::WentOn);
        // Now it may be about either.
        events.rotate_right(1);
        assert_eq!(outcome_of(&events), Outcome::Opened);
    }
}
