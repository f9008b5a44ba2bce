//! The status of a response: its line, and whether what it says goes with the request.

use upspec_handshake::field::elements;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::field::version::{VERSION, versions};
use upspec_handshake::opening::Opening;
use upspec_handshake::{RequestHead, Version, ViolationKind};

use super::{Breach, Context};
use crate::text::shown;

/// Version SP three digits SP reason (RFC 9112 4), with a code from 100 to 599 (RFC 9110 15).
pub(super) fn grammar(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    for violation in &context.response.head.violations {
        let Some(requirement) = requirement(violation.kind) else {
            continue;
        };
        let message = format!("the status line is wrong: {}", violation.kind.describe());
        breaches.push(Breach::new(requirement, message).at(context.status_line()));
    }
}

fn requirement(kind: ViolationKind) -> Option<&'static str> {
    Some(match kind {
        ViolationKind::SpaceAfterStatusMissing => "rfc9112/4-status-space",
        ViolationKind::StatusLineShape
        | ViolationKind::StatusNotThreeDigits
        | ViolationKind::ReasonOctet
        | ViolationKind::LeadingEmptyLine => "rfc9112/4-status-line",
        ViolationKind::VersionMalformed => "rfc9112/2.3-version-grammar",
        ViolationKind::StatusOutOfRange => "rfc9110/15-status-range",
        _ => return None,
    })
}

/// The response carries the highest version of its major that the server conforms to
/// (RFC 9110 6.2); a 101 that says HTTP/1.0 contradicts itself, which harms and breaks no MUST.
pub(super) fn version(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if context.response.head.version != Some(Version::HTTP_10) || context.to_http10() {
        return;
    }
    let message = format!(
        "the {} says HTTP/1.0 (a warning, for it harms and breaks no MUST)",
        context.status()
    );
    let breach = Breach::new("rfc9110/6.2-response-version", message);
    breaches.push(breach.at(context.status_line()).at_most_warn());
}

/// No 1xx goes to an HTTP/1.0 client (RFC 9110 15.2).
pub(super) fn no_interim_for_http10(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if context.to_http10() && (100..200).contains(&context.status()) {
        let message = format!("answered {} to an HTTP/1.0 request", context.status());
        breaches.push(Breach::new("rfc9110/15.2-http10", message).at(context.status_line()));
    }
}

/// The methods in the Allow of a 405 are those that the resource supports at the time, and the one of its request
/// is not among them (RFC 9110 15.5.6). An empty list is one, too (RFC 9110 10.2.1).
pub(super) fn allow_of_refused(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    // A head that breaks the grammar may have been read with another method.
    let is_read =
        |request: &&RequestHead<'_>| context.status() == 405 && request.violations.is_empty();
    let Some(request) = context.request().filter(is_read) else {
        return;
    };
    let allow = context.fields().combined("Allow").unwrap_or_default();
    if elements(&allow).any(|method| method.bytes == request.method) {
        let method = shown(request.method, 20);
        let message = format!("the 405 to {method} has {method} in its Allow");
        let breach = Breach::new("rfc9110/15.5.6-405-allow", message);
        breaches.push(breach.at(context.line("Allow")));
    }
}

/// A 426 asks for another protocol than those that its request offered as it should (RFC 9110 15.5.22). Which of
/// the two is untrue, the status or the field, does not show: a warning.
pub(super) fn upgrade_of_refused(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(request) = context.request().filter(|_| context.status() == 426) else {
        return;
    };
    // In another spelling the offer may not have been understood, which is the finding then.
    let is_plain = |name, value: &str| request.fields.values(name).eq([value.as_bytes()]);
    let is_handshake = is_plain("Upgrade", "websocket")
        && is_plain("Connection", "Upgrade")
        && Opening::read(request).is_valid();
    let speaks = || {
        let mut listed = versions(context.fields().values("Sec-WebSocket-Version")).peekable();
        listed.peek().is_none() || listed.any(|one| one == Ok(VERSION))
    };
    let wanted = protocols(context.fields().values("Upgrade")).flatten();
    let is_websocket = wanted.into_iter().any(|wanted| wanted.is_websocket());
    if request.is_http1() && is_handshake && is_websocket && speaks() {
        let message = "the 426 asks for websocket, which a valid handshake has just offered";
        let breach = Breach::new("rfc9110/15.5.22-426-upgrade", message);
        breaches.push(breach.at(context.line("Upgrade")).at_most_warn());
    }
}

/// A 417 says that what Expect asks for cannot be met (RFC 9110 15.5.18). Without Expect it says nothing that a
/// client could act on, and breaks no MUST.
pub(super) fn expectation_unasked(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let asked = |request: &RequestHead<'_>| request.fields.contains("Expect");
    if context.status() == 417 && context.request().is_some_and(|request| !asked(request)) {
        let message = "the 417 answers a request without Expect";
        let breach = Breach::new("rfc9110/15.5.18-417", message);
        breaches.push(breach.at(context.status_line()).at_most_warn());
    }
}
