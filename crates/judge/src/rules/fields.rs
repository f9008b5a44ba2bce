//! The field lines of a response: grammar, repetition, lists, and the fields that a status needs.

use upspec_handshake::ViolationKind;
use upspec_handshake::field::date::is_imf_fixdate;
use upspec_handshake::field::elements;

use super::{Breach, Context, websocket};
use crate::text::shown;

/// Every line is name, colon, value, with nothing raw in it (RFC 9112 5, 2.2; RFC 9110 5.5).
pub(super) fn grammar(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    for violation in &context.response.head.violations {
        let Some(requirement) = requirement(violation.kind) else {
            continue;
        };
        let message = format!("the response head has {}", violation.kind.describe());
        breaches.push(Breach::new(requirement, message).at(context.place(&violation.at)));
    }
}

fn requirement(kind: ViolationKind) -> Option<&'static str> {
    Some(match kind {
        ViolationKind::BareCr => "rfc9112/2.2-bare-cr-sent",
        ViolationKind::BareLf => "rfc9112/2.1-message",
        ViolationKind::ControlOctet | ViolationKind::Nul => "rfc9110/2.2-grammar",
        ViolationKind::FieldNameEmpty
        | ViolationKind::FieldNameNotToken
        | ViolationKind::FieldWithoutColon
        | ViolationKind::SpaceBeforeColon => "rfc9112/5-field-line",
        ViolationKind::ObsFold => "rfc9112/5.2-no-fold",
        ViolationKind::SpaceLedFirstLine => "rfc9112/2.2-space-before-fields-sent",
        _ => return None,
    })
}

/// A field that is not a list occurs once (RFC 9110 5.3).
pub(super) fn once(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if !context.fields().may_repeat() {
        return;
    }
    for (name, requirement) in SINGLETONS {
        let count = context.fields().lines(name).count();
        if count > 1 {
            let message = format!("{name} appears {count} times");
            let second = context.fields().lines(name).nth(1);
            let at = second.map_or(context.head(), |line| context.place(&line.line));
            breaches.push(Breach::new(requirement, message).at(at));
        }
    }
}

const SINGLETONS: [(&str, &str); 9] = [
    ("Content-Length", "rfc9110/5.3-repeated-lines"),
    ("Content-Type", "rfc9110/5.3-repeated-lines"),
    ("Date", "rfc9110/5.3-repeated-lines"),
    ("Location", "rfc9110/5.3-repeated-lines"),
    ("Retry-After", "rfc9110/5.3-repeated-lines"),
    ("Server", "rfc9110/5.3-repeated-lines"),
    ("Host", "rfc9110/5.3-repeated-lines"),
    ("Sec-WebSocket-Accept", "rfc6455/11.3.3-accept-once"),
    ("Sec-WebSocket-Protocol", "rfc6455/11.3.4-response-once"),
];

/// A sender makes no empty list elements (RFC 9110 5.6.1.1); an empty value does not count.
pub(super) fn no_empty_elements(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    for line in context.fields() {
        let is_list = || LISTS.iter().any(|name| line.is_named(name));
        if is_list()
            && line.value.contains(&b',')
            && elements(&line.value).any(|element| element.is_empty())
        {
            let message = format!("an element of the list {} is empty", shown(&line.value, 80));
            let breach = Breach::new("rfc9110/5.6.1.1-no-empty-elements", message);
            breaches.push(breach.at(context.place(&line.line)));
        }
    }
}

const LISTS: [&str; 7] = [
    "Allow",
    "Connection",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Version",
    "Transfer-Encoding",
    "Upgrade",
    "Vary",
];

/// Fields of requests have no place in a response (RFC 9110 2.2; RFC 7540 3.2.1). What a gateway
/// forwards it does not generate, and from outside the two look alike: a warning at most.
pub(super) fn role(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let fields = context.fields();
    // One by one, so that the place of each name is known before.
    let has_any = fields.contains("Host")
        || fields.contains("Sec-WebSocket-Key")
        || fields.contains("Expect")
        || fields.contains("TE")
        || fields.contains("HTTP2-Settings");
    if !has_any {
        return;
    }
    for name in ["Host", "Sec-WebSocket-Key", "Expect", "TE"] {
        if context.fields().contains(name) {
            let message = format!(
                "the response carries {name}, a field of requests (a warning, for a gateway may have \
                 forwarded it)"
            );
            let breach = Breach::new("rfc9110/2.2-role", message).at(context.line(name));
            breaches.push(breach.at_most_warn());
        }
    }
    if context.fields().contains("HTTP2-Settings") {
        let breach =
            Breach::new("rfc7540/3.2.1-server-settings", "the response carries HTTP2-Settings");
        breaches.push(breach.at(context.line("HTTP2-Settings")));
    }
}

/// An origin server with a clock dates its 2xx, 3xx and 4xx (RFC 9110 6.6.1), as an IMF-fixdate.
/// That it has a clock cannot be seen, so its absence warns.
pub(super) fn date(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let value = context.fields().values("Date").next();
    match value {
        Some(value) if !is_imf_fixdate(value) => {
            let message = format!("Date is not an IMF-fixdate: {}", shown(value, 60));
            breaches.push(Breach::new("rfc9110/2.2-grammar", message).at(context.line("Date")));
        }
        // The 2xx that opens a tunnel has the place of the 101, which needs no Date.
        None if (200..500).contains(&context.status()) && !websocket::opens(context) => {
            let message = format!(
                "the {} has no Date (a warning, for a server without a clock need not send it)",
                context.status()
            );
            let breach = Breach::new("rfc9110/6.6.1-date", message).at(context.status_line());
            breaches.push(breach.at_most_warn());
        }
        _ => {}
    }
}

/// The fields that a status code needs (RFC 9110 15).
pub(super) fn required_by_status(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if !REQUIRED.iter().any(|row| row.0 == context.status()) {
        return;
    }
    for (status, name, requirement) in REQUIRED {
        // HTTP/2 has no Upgrade (RFC 9113 8.2.2).
        if name == "Upgrade" && context.talk.http2.is_some() {
            continue;
        }
        if context.status() == status && !context.fields().contains(name) {
            let message = format!("the {status} has no {name}");
            breaches.push(Breach::new(requirement, message).at(context.head()));
        }
    }
    let upgrade = context.fields().combined("Upgrade");
    let names_nothing =
        upgrade.is_some_and(|value| elements(&value).all(|element| element.is_empty()));
    if context.status() == 426 && names_nothing {
        let breach = Breach::new("rfc9110/15.5.22-426-upgrade", "the 426 has an empty Upgrade");
        breaches.push(breach.at(context.line("Upgrade")));
    }
}

const REQUIRED: [(u16, &str, &str); 3] = [
    (401, "WWW-Authenticate", "rfc9110/15.5.2-401-challenge"),
    (405, "Allow", "rfc9110/15.5.6-405-allow"),
    (426, "Upgrade", "rfc9110/15.5.22-426-upgrade"),
];
