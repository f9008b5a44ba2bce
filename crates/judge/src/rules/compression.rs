//! What a party compresses under permessage-deflate: that it can be inflated, and how far it refers back
//! (RFC 7692 7.2.1). A message that leaves as it is breaks none of it (RFC 7692 6).

use std::ops::Range;

use upspec_exchange::frames::frames;
use upspec_exchange::{Response, Talk, Tunnel};
use upspec_handshake::Party;
use upspec_handshake::field::deflate::{Answer, PERMESSAGE_DEFLATE};
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::frame::opcode;
use upspec_handshake::inflate::{InflateViolation, Inflater, WindowCheck};

use super::{Breach, frames::switch};

const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// A compressed message: its payload, and where its frames stand in the tunnel.
struct Compressed {
    payload: Vec<u8>,
    at: Range<usize>,
}

/// Inflates what a party compressed: with all that came before, with the window that it agreed to, and, where it
/// agreed to that, without what came before. The first breach of each kind is told.
pub(super) fn messages(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let agrees = |one: &Response<'_>| one.head.fields.contains(EXTENSIONS);
    // Most servers take no extension.
    if !talk.responses.iter().any(agrees) {
        return;
    }
    let (Some(tunnel), Some(answer)) = (&talk.tunnel, switch(talk).and_then(agreed)) else {
        return;
    };
    let (bits, takes_over) = match party {
        Party::Server => (answer.server_max_window_bits, !answer.server_no_context_takeover),
        Party::Client => (answer.client_max_window_bits, !answer.client_no_context_takeover),
    };
    let mut inflater = Inflater::new();
    let mut window = bits.map(|bits| (bits, WindowCheck::new(bits)));
    let mut alone = !takes_over;
    for message in compressed(tunnel, party) {
        let mut found = |requirement, what: String| {
            let at = tunnel.place(party, message.at.clone());
            breaches.push(Breach::new(requirement, format!("the {party} sent {what}")).at(at));
        };
        match inflater.message(&message.payload, LONGEST) {
            Err(InflateViolation::Malformed) => {
                return found("rfc7692/5-use", "a compressed message that does not inflate".into());
            }
            Err(InflateViolation::TooLong) => return,
            Ok(_) => {}
        }
        if alone && Inflater::new().message(&message.payload, LONGEST).is_err() {
            let what = "a compressed message that refers to one before it, after it agreed not to";
            found("rfc7692/7.2.1-no-takeover", what.to_owned());
            alone = false;
        }
        if let Some((bits, check)) = &mut window
            && !check.keeps(&message.payload, LONGEST)
        {
            let most = 1_u32 << *bits;
            let what = format!(
                "a compressed message that refers back more than {most} octets, the window of {bits} bits that was agreed on"
            );
            found("rfc7692/7.2.1-window", what);
            window = None;
        }
    }
}

/// Whether a party compressed any message, of those that it sent.
pub(crate) fn is_any_compressed(tunnel: &Tunnel<'_>, party: Party) -> bool {
    !compressed(tunnel, party).is_empty()
}

/// What the response that opened the tunnel says of permessage-deflate.
fn agreed(switch: &Response<'_>) -> Option<Answer> {
    let value = switch.head.fields.combined(EXTENSIONS)?;
    let extensions = Extensions::parse(&value);
    let extension = extensions.named(PERMESSAGE_DEFLATE).next()?;
    Answer::parse(extension).ok()
}

/// The compressed messages that are complete. What is wrong with their frames is for others to say, and ends the
/// list.
fn compressed(tunnel: &Tunnel<'_>, party: Party) -> Vec<Compressed> {
    let mut messages = Vec::new();
    let mut open: Option<Compressed> = None;
    let mut at = 0;
    for frame in frames(tunnel.sent(party)) {
        let end = at + frame.len;
        let is_first = matches!(frame.opcode, opcode::TEXT | opcode::BINARY);
        if is_first && frame.rsv == RSV1 {
            open = Some(Compressed { payload: Vec::new(), at: at..end });
        } else if is_first {
            open = None;
        }
        if !opcode::is_control(frame.opcode)
            && let Some(message) = &mut open
        {
            message.payload.extend_from_slice(&frame.payload);
            message.at.end = end;
        }
        if frame.fin && !opcode::is_control(frame.opcode) {
            messages.extend(open.take());
        }
        if frame.opcode == opcode::CLOSE || !frame.violations.is_empty() {
            break;
        }
        at = end;
    }
    messages
}

/// The first reserved bit: the message is compressed (RFC 7692 6).
const RSV1: u8 = 4;

/// A limit above the data of any message of a case.
const LONGEST: usize = 256 * 1024;
