//! The fields of any switch of protocols: Upgrade and Connection (RFC 9110 7.8, 7.6.1).

use upspec_exchange::Response;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::upgrade::{self, Protocol, websocket_alone};
use upspec_handshake::field::{elements, is_token, same_in_any_case};
use upspec_handshake::{Party, RequestHead};

use super::{Breach, Context};
use crate::text::shown;

/// A sender of Upgrade also sends the connection option (RFC 9110 7.8).
pub(super) fn upgrade_needs_connection(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if !context.fields().contains("Upgrade") {
        return;
    }
    if !contains_option(context.fields().values("Connection"), "upgrade") {
        let message = format!("the {} has Upgrade without the connection option", context.status());
        let breach = Breach::new("rfc9110/7.8-connection", message);
        breaches.push(breach.at(context.line("Upgrade")));
    }
}

/// Connection lists tokens, but no field that is meant for all recipients (RFC 9110 7.6.1).
pub(super) fn end_to_end_options(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let lines = context.fields().lines("Connection");
    for line in lines.filter(|line| !same_in_any_case(&line.value, b"upgrade")) {
        for element in elements(&line.value).filter(|element| !element.is_empty()) {
            let at = context.place(&line.line);
            if !is_token(element.bytes) {
                let message = format!("Connection holds {}", shown(element.bytes, 40));
                breaches.push(Breach::new("rfc9110/7.6.1-grammar", message).at(at.clone()));
            }
            let bytes = element.bytes;
            let name = END_TO_END.iter().find(|name| bytes.eq_ignore_ascii_case(name.as_bytes()));
            if let Some(name) = name {
                let message = format!("Connection names {name}, which is meant for all recipients");
                breaches.push(Breach::new("rfc9110/7.6.1-end-to-end", message).at(at));
            }
        }
    }
}

const END_TO_END: [&str; 9] = [
    "Cache-Control",
    "Content-Length",
    "Content-Type",
    "Date",
    "Host",
    "Location",
    "Sec-WebSocket-Accept",
    "Server",
    "Set-Cookie",
];

/// Upgrade lists protocols (RFC 9110 7.8), in a refusal as in a 101.
pub(super) fn protocols(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if websocket_alone(context.fields()).is_some() {
        return;
    }
    let upgrade = context.fields().combined("Upgrade").unwrap_or_default();
    for element in elements(&upgrade).filter(|element| !element.is_empty()) {
        if Protocol::parse(element.bytes).is_none() {
            let message = format!("Upgrade has a malformed element: {}", shown(element.bytes, 60));
            let breach = Breach::new("rfc9110/7.8-grammar", message);
            breaches.push(breach.at(context.line("Upgrade")));
        }
    }
}

/// Whether the 101 comes before the answer to an earlier request, which offers no protocol while a
/// later request does (RFC 9112 9.3.2).
pub(super) fn is_out_of_turn(context: &Context<'_, '_>) -> bool {
    let Some(index) = context.response.request else {
        return false;
    };
    let offers = |head: &RequestHead<'_>| {
        upgrade::protocols(head.fields.values("Upgrade")).flatten().next().is_some()
    };
    let (own, later) = context.talk.requests[index..].split_first().expect("the request is there");
    later.iter().any(|request| request.head.fields.contains("Upgrade")) && !offers(&own.head)
}

/// While a client holds its body back, 100 comes before 101 (RFC 9110 7.8, 10.1.1). A list of expectations
/// may be refused as a whole, and is left to the cases.
pub(super) fn continue_before_switch(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(request) = context.request().filter(|_| context.status() == 101) else {
        return;
    };
    let expect = request.fields.combined("Expect").unwrap_or_default();
    if !expect.eq_ignore_ascii_case(b"100-continue") {
        return;
    }
    let announces_body =
        matches!(Framing::of_request(request), Framing::Chunked | Framing::Length(1..));
    let talk = context.talk;
    let held_back = talk.sent(Party::Client).len() == request.len;
    let told = |response: &Response<'_>| response.head.status == Some(100);
    let was_told = talk.responses.iter().any(told);
    if announces_body && held_back && !was_told && !context.to_http10() {
        let message =
            "the 101 comes without the 100 that the client awaits before it sends the body";
        let breach = Breach::new("rfc9110/7.8-continue-first", message);
        breaches.push(breach.at(context.status_line()));
    }
}
