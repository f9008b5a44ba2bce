//! Responses that end before they are complete (RFC 9112 8).
//! A response that is still coming is no matter of this rule, however late it is.

use upspec_exchange::{BodyState, End, Response, Talk};
use upspec_handshake::Party;
use upspec_handshake::field::framing::Framing;

use super::Breach;
use crate::text::shown;

/// When the server ends the connection its last response is complete: the head with its empty line, the chunks
/// with the last one (RFC 9112 7.1), as many octets as Content-Length says (RFC 9112 6.3). Only an end in order
/// shows what the server meant to send; a reset, or TLS cut off, may have lost the rest on its way.
pub(super) fn responses(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let ending = talk.ending;
    let Some(end) = ending.of_party(party).filter(|_| !ending.cap) else {
        return;
    };
    // A client that ends its side may be taken for one that has gone.
    if ending.of_party(party.other()).is_some() || talk.tunnel.is_some() {
        return;
    }
    let missing = match talk.responses.last() {
        Some(last) if last.body_state == BodyState::Partial => body(last),
        _ => head(talk, party),
    };
    let in_order = end == End::Orderly;
    breaches.extend(missing.map(|breach| if in_order { breach } else { breach.at_most_warn() }));
}

/// The breach of a response that lacks the end of its body.
fn body(last: &Response<'_>) -> Option<Breach> {
    let came = last.body.len();
    let status = last.head.status.unwrap_or_default();
    let breach = match last.framing {
        Framing::Chunked => {
            let message =
                format!("the {status} ends without its last chunk, {came} octets behind its head");
            Breach::new("rfc9112/7.1-last-chunk", message)
        }
        Framing::Length(length) => {
            let message = format!(
                "the {status} ends after {came} of the {length} octets that Content-Length says"
            );
            // A connection may be closed at any time (RFC 9112 9.5), and nothing that was sent is false but
            // the number.
            Breach::new("rfc9112/8-incomplete-response", message).at_most_warn()
        }
        _ => return None,
    };
    Some(breach.at(last.at..last.body.end))
}

/// The breach of a response head that lacks its end.
fn head(talk: &Talk<'_>, party: Party) -> Option<Breach> {
    let sent = talk.sent(party);
    let at = match (&talk.stray, talk.responses.is_empty()) {
        (Some(stray), _) => stray.start,
        (None, true) => 0,
        (None, false) => return None,
    };
    let rest = &sent[at..];
    if !rest.starts_with(b"HTTP/") {
        return None;
    }
    let message = format!("the connection ends within a response head: {}", shown(rest, 40));
    Some(Breach::new("rfc9112/8-incomplete-response", message).at(at..sent.len()))
}
