//! Framing and persistence: how a response ends, and what follows it.

use upspec_handshake::RequestHead;
use upspec_handshake::Version;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;

use super::{Context, Remark};
use crate::reading::{BodyState, Reading};
use crate::text::shown;

/// Which framing fields may stand where (RFC 9110 8.6; RFC 9112 6.1, 6.2).
pub(super) fn framing_fields(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let status = context.status();
    let length = context.fields().contains("Content-Length");
    let coding = context.fields().contains("Transfer-Encoding");
    let bodiless = status < 200 || status == 204;
    if bodiless && length {
        let remark = Remark::new(
            "rfc9110/8.6-cl-1xx-204",
            format!("the {status} has Content-Length"),
        );
        remarks.push(remark.at(context.line("Content-Length")));
    }
    if bodiless && coding {
        let message = format!("the {status} has Transfer-Encoding");
        let remark = Remark::new("rfc9112/6.1-te-1xx-204", message);
        remarks.push(remark.at(context.line("Transfer-Encoding")));
    }
    if length && coding {
        let message = "the response has both Content-Length and Transfer-Encoding";
        let remark = Remark::new("rfc9112/6.2-cl-with-te", message);
        remarks.push(remark.at(context.line("Content-Length")));
    }
    if coding && context.to_http10() {
        let message = "the response to an HTTP/1.0 request has Transfer-Encoding";
        let remark = Remark::new("rfc9112/6.1-te-old-client", message);
        remarks.push(remark.at(context.line("Transfer-Encoding")));
    }
}

/// A final response has a length of its own, or the connection ends after it (RFC 9112 6.3, 9.3).
pub(super) fn self_defined_length(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let response = context.response;
    if response.framing == Framing::Invalid || response.body_state == BodyState::Malformed {
        let remark = Remark::new(
            "rfc9110/2.2-grammar",
            "the framing of the body cannot be read",
        );
        remarks.push(remark.at(context.head()));
    }
    let waited = context.reading.ending.deadline && !context.reading.ending.by_peer;
    if response.framing == Framing::UntilClose && waited && response.is_final() {
        let message = "the response has no length of its own, and the connection stays open";
        let remark = Remark::new("rfc9112/9.3-persistence-rules", message).at(context.head());
        remarks.push(remark.at_most_warn());
    }
}

/// A response that says close is followed by the end, and an end is announced (RFC 9112 9.6).
/// An answer to HTTP/1.0, or to a request that said close, needs no announcement.
pub(super) fn announced_close(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let status = context.status();
    let last = context
        .reading
        .responses
        .last()
        .is_some_and(|last| last.at == context.response.at);
    if !context.response.is_final() || status == 101 || !last {
        return;
    }
    let ending = context.reading.ending;
    let says_close = contains_option(context.fields().values("Connection"), "close");
    let request = context.request();
    let asked = request.is_none_or(says_close_or_old);
    // A server lingers over a body that is still on its way (RFC 9112 9.6 describes it).
    if says_close && ending.deadline && !ending.by_peer && context.reading.whole_requests {
        let message = format!("the {status} says close, but the connection stays open");
        let remark = Remark::new("rfc9112/9.6-close-sent", message);
        remarks.push(remark.at(context.line("Connection")));
    }
    let length_of_its_own = context.response.framing != Framing::UntilClose;
    if !says_close && !asked && ending.by_peer && length_of_its_own {
        let message = format!("the connection ends after a {status} that does not say close");
        let remark = Remark::new("rfc9112/9.6-announce", message).at(context.head());
        remarks.push(remark);
    }
}

fn says_close_or_old(head: &RequestHead<'_>) -> bool {
    head.version
        .is_none_or(|version| version < Version::HTTP_11)
        || contains_option(head.fields.values("Connection"), "close")
}

/// A response to HEAD has no content (RFC 9110 9.3.2): what follows it must be a response.
pub(super) fn body_of_head(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let head = context
        .request()
        .is_some_and(|request| request.method == b"HEAD");
    let Some(stray) = context.reading.stray.clone().filter(|_| head) else {
        return;
    };
    if stray.start == context.response.body.end {
        let message = "octets follow the response to HEAD";
        remarks.push(Remark::new("rfc9110/9.3.2-head-content", message).at(stray));
    }
}

/// What follows a complete response is another response (RFC 9112 2.1).
pub(super) fn stray(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let Some(stray) = reading.stray.clone() else {
        return;
    };
    let to_head = reading
        .requests
        .iter()
        .any(|request| request.method == b"HEAD");
    let rest = &reading.read[stray.clone()];
    let begun = b"HTTP/".starts_with(&rest[..rest.len().min(5)]);
    if to_head || begun {
        return;
    }
    let message = format!(
        "octets that are no response follow the response: {}",
        shown(rest, 40)
    );
    remarks.push(Remark::new("rfc9112/2.1-message", message).at(stray));
}
