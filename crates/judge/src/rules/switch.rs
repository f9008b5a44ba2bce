//! The fields of any switch of protocols: Upgrade and Connection (RFC 9110 7.8, 7.6.1).

use upspec_exchange::Response;
use upspec_handshake::Party;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::upgrade::Protocol;
use upspec_handshake::field::{elements, is_token};

use super::{Breach, Context};
use crate::text::shown;

/// Who sends Upgrade also sends the connection option (RFC 9110 7.8).
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

/// Connection names tokens, and no field that is meant for all recipients (RFC 9110 7.6.1).
pub(super) fn end_to_end_options(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    for line in context.fields().lines("Connection") {
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

/// A 101 names the protocol in Upgrade (RFC 9110 15.2.2), in its grammar, and only what the request
/// offered (RFC 9110 7.8). A protocol above an offered TLS counts as offered (RFC 2817 3.3).
pub(super) fn names_what_was_offered(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let upgrade = context.fields().combined("Upgrade");
    if let Some(value) = &upgrade {
        for element in elements(value).filter(|element| !element.is_empty()) {
            if Protocol::parse(element.bytes).is_none() {
                let message = format!("Upgrade names no protocol: {}", shown(element.bytes, 60));
                let breach = Breach::new("rfc9110/7.8-grammar", message);
                breaches.push(breach.at(context.line("Upgrade")));
            }
        }
    }
    if context.status() != 101 {
        return;
    }
    let named: Vec<Protocol<'_>> = upgrade
        .iter()
        .flat_map(|value| elements(value).filter_map(|element| Protocol::parse(element.bytes)))
        .collect();
    if named.is_empty() {
        let breach =
            Breach::new("rfc9110/15.2.2-101-upgrade", "the 101 names no protocol in Upgrade");
        breaches.push(breach.at(context.head()));
    }
    let Some(request) = context.request() else {
        return;
    };
    let offer = request.fields.combined("Upgrade").unwrap_or_default();
    let offered: Vec<Protocol<'_>> = pieces(&offer).filter_map(Protocol::parse).collect();
    if offered.is_empty() && is_out_of_turn(context) {
        let message = "the 101 to a later request comes before the response to this one";
        let breach = Breach::new("rfc9112/9.3.2-pipeline-order", message);
        breaches.push(breach.at(context.status_line()));
        return;
    }
    let tls = offered.iter().any(|protocol| protocol.name.eq_ignore_ascii_case(b"TLS"));
    for protocol in &named {
        let above_tls = tls && protocol.name.eq_ignore_ascii_case(b"HTTP");
        if !above_tls && !offered.iter().any(|offer| same(offer, protocol)) {
            let name = shown(protocol.name, 40);
            let message = format!("the 101 names {name}, which the request did not offer");
            let breach = Breach::new("rfc9110/7.8-offered", message);
            breaches.push(breach.at(context.line("Upgrade")));
        }
    }
}

/// Whether the 101 stands where an earlier request has to be answered first: only a request behind
/// that one offers a protocol (RFC 9112 9.3.2).
pub(super) fn is_out_of_turn(context: &Context<'_, '_>) -> bool {
    let Some(index) = context.response.request else {
        return false;
    };
    let later = &context.talk.requests[index + 1..];
    later.iter().any(|request| request.head.fields.contains("Upgrade"))
}

/// What stands between the commas. A list of tokens has no quoted strings, so that a stray quote hides
/// nothing that comes after it from whoever reads generously.
pub(super) fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii)
}

/// Names compare without case. A version that only one side gives is left open by the text.
fn same(offer: &Protocol<'_>, named: &Protocol<'_>) -> bool {
    let versions = match (offer.version, named.version) {
        (Some(offer), Some(named)) => offer == named,
        _ => true,
    };
    offer.name.eq_ignore_ascii_case(named.name) && versions
}

/// While a client holds its body back, 100 comes before 101 (RFC 9110 7.8, 10.1.1). A list of expectations
/// may be refused as a whole, and is left to the cases.
pub(super) fn continue_before_switch(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(request) = context.request().filter(|_| context.status() == 101) else {
        return;
    };
    let expect = request.fields.combined("Expect").unwrap_or_default();
    let expects = expect.eq_ignore_ascii_case(b"100-continue");
    let announces_body =
        matches!(Framing::of_request(request), Framing::Chunked | Framing::Length(1..));
    let talk = context.talk;
    let held_back = talk.sent(Party::Client).len() == request.len;
    let told = |response: &Response<'_>| response.head.status == Some(100);
    let was_told = talk.responses.iter().any(told);
    if expects && announces_body && held_back && !was_told && !context.to_http10() {
        let message =
            "the 101 comes without the 100 that the client awaits before it sends the body";
        let breach = Breach::new("rfc9110/7.8-continue-first", message);
        breaches.push(breach.at(context.status_line()));
    }
}
