//! What a client made of our answer: whether it opened the connection, and how it left.
//! Grades nothing: what an outcome is worth the case says.

use upspec_corpus::case::Outcome;
use upspec_exchange::frames::frames;
use upspec_exchange::{Response, Talk};
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::{Party, RequestHead, Status};

/// What a client made of our answer, as far as this link shows.
#[must_use]
pub fn client_outcome(talk: &Talk<'_>) -> Outcome {
    outcome(talk, 0)
}

/// The outcome on a link whose client is under test; `elsewhere` is how many other links it asks on.
pub(crate) fn outcome(talk: &Talk<'_>, elsewhere: usize) -> Outcome {
    let Some(first) = talk.requests.first() else {
        return without_request(talk);
    };
    let answer = talk.finals().next();
    if talk.requests.len() > 1 {
        let ends = answer.is_some_and(Response::ends_connection);
        return if ends { Outcome::RequestHere } else { Outcome::RequestAgain };
    }
    let (octets, begins) = behind(talk, first.body.end);
    if let Some(stimulus) = stimulus(talk, octets, begins) {
        return reaction(talk, octets, stimulus);
    }
    match (frames(octets).first(), octets) {
        (Some(frame), _) if !frame.masked => Outcome::Junk,
        (Some(frame), _) if frame.opcode == opcode::CLOSE => closing(frame),
        (Some(_), _) => Outcome::Opened,
        (None, []) if elsewhere > 0 => Outcome::RequestAgain,
        (None, []) => ending(talk),
        (None, _) => Outcome::Junk,
    }
}

fn is_opening(frame: &Frame<'_>) -> bool {
    frame.masked && frame.opcode != opcode::CLOSE
}

fn without_request(talk: &Talk<'_>) -> Outcome {
    let sent = talk.sent_in_time(Party::Client);
    let request = talk.http2.is_some() || matches!(RequestHead::parse(sent), Status::Partial);
    match (sent.is_empty() || request, talk.ending.client) {
        (false, _) => Outcome::Junk,
        (true, Some(_)) => Outcome::NoRequest,
        (true, None) => Outcome::Silent,
    }
}

/// What the client sent behind its request, and where that begins in all that it sent. An answer that is
/// none opens nothing, and a client may take it for one all the same.
fn behind<'o>(talk: &Talk<'o>, request_end: usize) -> (&'o [u8], usize) {
    if talk.http2.is_some() {
        return (talk.tunnel_octets(Party::Client).unwrap_or_default(), 0);
    }
    let sent = talk.sent_in_time(Party::Client);
    let begins = request_end.min(sent.len());
    (&sent[begins..], begins)
}

/// What we sent once the client had opened the connection.
struct Stimulus<'o> {
    /// Our octets.
    ours: &'o [u8],
    /// How much of the client's had come before them.
    heard: usize,
}

fn stimulus<'o>(talk: &Talk<'o>, octets: &[u8], begins: usize) -> Option<Stimulus<'o>> {
    let opened_by = frames(octets).first().filter(|frame| is_opening(frame))?.len + begins;
    let (ours, heard) = talk.turns().iter().find(|(_, heard)| *heard >= opened_by)?;
    let tunnel = talk.tunnel.as_ref().filter(|_| talk.http2.is_some());
    let ours = match tunnel {
        Some(tunnel) => tunnel.sent(Party::Server),
        None => &talk.sent(Party::Server)[*ours..],
    };
    Some(Stimulus { ours, heard: heard - begins.min(*heard) })
}

fn reaction(talk: &Talk<'_>, octets: &[u8], stimulus: Stimulus<'_>) -> Outcome {
    let pings: Vec<_> = frames(stimulus.ours);
    let mut at = 0;
    for frame in frames(octets) {
        let begins = at;
        at += frame.len;
        if begins < stimulus.heard {
            continue;
        }
        match frame.opcode {
            opcode::CLOSE => return closing(&frame),
            opcode::PONG => {
                let asked =
                    |one: &Frame<'_>| one.opcode == opcode::PING && one.payload == frame.payload;
                if pings.iter().any(asked) {
                    return Outcome::WentOn;
                }
            }
            opcode::PING => {}
            _ => return Outcome::WentOn,
        }
    }
    ending(talk)
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
        (None, Some(_)) => Outcome::Held,
        (None, None) => Outcome::Silent,
    }
}
