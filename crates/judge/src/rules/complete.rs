//! Responses that end before they are complete (RFC 9112 8).
//! A response that is still coming is no matter of this rule, however late it is.

use upspec_exchange::{BodyState, Response, Talk};
use upspec_handshake::Party;
use upspec_handshake::field::framing::Framing;

use super::Breach;
use crate::text::shown;

/// When the server ends the connection its last response is complete: the head with its empty line, the chunks
/// with the last one (RFC 9112 7.1), as many octets as Content-Length says (RFC 9112 6.3). Lacking it only
/// warns: any party may close a connection at any time (RFC 9112 9.5), and section 8 binds who receives.
pub(super) fn responses(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let ending = talk.ending;
    // A client that ends its side may be taken for one that has gone.
    let is_ours = ending.of_party(party.other()).is_some() || talk.tunnel.is_some();
    if ending.of_party(party).is_none() || ending.cap || is_ours {
        return;
    }
    let missing = match talk.responses.last() {
        Some(last) if last.body_state == BodyState::Partial => body(last),
        _ => head(talk, party),
    };
    breaches.extend(missing.map(Breach::at_most_warn));
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
            Breach::new("rfc9112/8-incomplete-response", message)
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
