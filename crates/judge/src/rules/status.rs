//! The status line of a response.

use upspec_handshake::{Version, ViolationKind};

use super::{Breach, Context};

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
    let message = format!("the {} says HTTP/1.0", context.status());
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
