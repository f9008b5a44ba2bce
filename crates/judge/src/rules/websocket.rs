//! The 101 that opens a WebSocket connection, and the refusal of a version (RFC 6455 4.2.2, 4.4).

use upspec_handshake::Fields;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::extension::{Extension, Extensions};
use upspec_handshake::field::is_token;
use upspec_handshake::field::key::accept;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::field::version::{version, versions};
use upspec_handshake::opening::{Consequence, Opening};

use super::switch::{is_out_of_turn, pieces};
use super::{Breach, Context, deflate};
use crate::text::shown;

/// Whether the response opens a WebSocket connection: a 101 that names websocket, or one to an
/// offer of websocket that names nothing else of the offer. Among several protocols the server
/// may pick another (RFC 9110 7.8). In HTTP/2 a 2xx to an extended CONNECT does (RFC 8441 5).
pub(super) fn opens(context: &Context<'_, '_>) -> bool {
    if let Some(http2) = context.talk.http2 {
        return http2.opens_websocket(context.response);
    }
    let named = |fields: &Fields<'_>| -> Vec<Vec<u8>> {
        let offered = protocols(fields.values("Upgrade")).flatten();
        offered.map(|protocol| protocol.name.to_ascii_lowercase()).collect()
    };
    let offer = context.request().map(|request| named(&request.fields)).unwrap_or_default();
    let answer = named(context.fields());
    let websocket = |name: &Vec<u8>| name == b"websocket";
    let other = answer.iter().any(|name| !websocket(name) && offer.contains(name));
    let ours = answer.iter().any(websocket) || (offer.iter().any(websocket) && !other);
    context.status() == 101 && ours
}

/// Sec-WebSocket-Accept is there, once, and computed from the key of the request.
pub(super) fn accept_value(context: &Context<'_, '_>) -> Option<[u8; 28]> {
    let request = context.request()?;
    let mut keys = request.fields.values("Sec-WebSocket-Key");
    match (keys.next(), keys.next()) {
        (Some(key), None) => Some(accept(key)),
        _ => None,
    }
}

/// The accept value is the digest of the key as it was sent (RFC 6455 4.2.2 item 5.4).
pub(super) fn accept_check(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if !opens(context) {
        return;
    }
    let mut values = context.fields().values("Sec-WebSocket-Accept");
    let Some(got) = values.next() else {
        let breach = Breach::new("rfc6455/4.2.2-accept", "the 101 has no Sec-WebSocket-Accept");
        breaches.push(breach.at(context.head()));
        return;
    };
    let Some(want) = accept_value(context) else {
        return;
    };
    if got != want {
        let want = String::from_utf8_lossy(&want).into_owned();
        let message = format!("Sec-WebSocket-Accept is {} and not {want}", shown(got, 60));
        let breach = Breach::new("rfc6455/4.2.2-accept", message);
        breaches.push(breach.at(context.line("Sec-WebSocket-Accept")));
    }
}

/// Upgrade is websocket alone and Connection has the option (RFC 6455 4.2.2 items 5.2 and 5.3).
pub(super) fn upgrade_and_connection(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if !opens(context) {
        return;
    }
    let upgrade = context.fields().combined("Upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case(b"websocket") {
        let message = format!("Upgrade of the 101 is {} and not websocket", shown(&upgrade, 60));
        let breach = Breach::new("rfc6455/4.2.2-upgrade", message);
        breaches.push(breach.at(context.line("Upgrade")));
    }
    if !contains_option(context.fields().values("Connection"), "upgrade") {
        let message = "Connection of the 101 lacks the upgrade option";
        let breach = Breach::new("rfc6455/4.2.2-connection", message);
        breaches.push(breach.at(context.line("Connection")));
    }
}

/// Sec-WebSocket-Version is for answers that refuse a version (RFC 6455 11.3.5).
pub(super) fn no_version_on_success(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if opens(context) && context.fields().contains("Sec-WebSocket-Version") {
        let status = context.status();
        let message =
            format!("the {status} carries Sec-WebSocket-Version, which belongs to refusals");
        let breach = Breach::new("rfc6455/11.3.5-on-error", message);
        breaches.push(breach.at(context.line("Sec-WebSocket-Version")).at_most_warn());
    }
}

/// The subprotocol is one token of the offer, letter for letter (RFC 6455 4.2.2 item 5.5).
pub(super) fn subprotocol(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(got) = context.fields().values("Sec-WebSocket-Protocol").next() else {
        return;
    };
    if !opens(context) {
        return;
    }
    let at = context.line("Sec-WebSocket-Protocol");
    if !is_token(got) {
        let message = format!("Sec-WebSocket-Protocol is no single token: {}", shown(got, 60));
        breaches.push(Breach::new("rfc6455/4.3-protocol-server", message).at(at));
        return;
    }
    let Some(request) = context.request() else {
        return;
    };
    let offer = request.fields.combined("Sec-WebSocket-Protocol");
    if !request.fields.contains("Upgrade") && is_out_of_turn(context) {
        return; // The offer stands in a later request, and the order is the breach.
    }
    let Some(offer) = offer else {
        let message = format!("selected the subprotocol {} where none was offered", shown(got, 60));
        breaches.push(Breach::new("rfc6455/4.2.2-no-subprotocol", message).at(at));
        return;
    };
    if !pieces(&offer).any(|piece| piece == got) {
        let message = format!("selected the subprotocol {}, which is not on offer", shown(got, 60));
        breaches.push(Breach::new("rfc6455/4.2.2-subprotocol-choice", message).at(at));
    }
}

/// The extensions are in their grammar and from the offer (RFC 6455 4.2.2 item 5.6, 9.1); what
/// permessage-deflate answers fits what was offered (RFC 7692 7.1).
pub(super) fn extensions(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(value) = context.fields().combined("Sec-WebSocket-Extensions") else {
        return;
    };
    if !opens(context) {
        return;
    }
    let at = context.line("Sec-WebSocket-Extensions");
    let answer = Extensions::parse(&value);
    if !answer.is_well_formed() {
        let message = format!("Sec-WebSocket-Extensions is malformed: {}", shown(&value, 80));
        breaches.push(Breach::new("rfc6455/9.1-malformed", message).at(at));
        return;
    }
    let Some(request) = context.request() else {
        return;
    };
    let offer_value = request.fields.combined("Sec-WebSocket-Extensions").unwrap_or_default();
    let offer = Extensions::parse(&offer_value);
    for extension in &answer.list {
        let known = |offer: &&Extension<'_>| offer.name.eq_ignore_ascii_case(extension.name);
        let readable = offer_value.is_empty() || offer.is_well_formed();
        if readable && !offer.list.iter().any(|offer| known(&offer)) {
            let message =
                format!("took the extension {}, which is not on offer", shown(extension.name, 40));
            let breach = Breach::new("rfc6455/4.2.2-extensions-offered", message);
            breaches.push(breach.at(at.clone()));
        }
    }
    for breach in deflate::breaches(&answer, &offer) {
        breaches.push(breach.at(at.clone()));
    }
    let deflates = answer.named("permessage-deflate").count();
    if deflates > 1 {
        let message = format!("took permessage-deflate {deflates} times");
        breaches.push(Breach::new("rfc7692/5-conflict", message).at(at));
    }
}

/// A list of versions is in its grammar and holds 13 (RFC 6455 4.3, 4.4; 11.6).
pub(super) fn version_list(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(value) = context.fields().combined("Sec-WebSocket-Version") else {
        return;
    };
    if context.status() == 101 || opens(context) {
        return;
    }
    let at = context.line("Sec-WebSocket-Version");
    let values = context.fields().values("Sec-WebSocket-Version");
    let versions: Vec<Option<u8>> = versions(values).map(Result::ok).collect();
    if versions.is_empty() || versions.contains(&None) {
        let message =
            format!("Sec-WebSocket-Version is no list of versions: {}", shown(&value, 60));
        breaches.push(Breach::new("rfc6455/4.3-version-server", message).at(at));
        return;
    }
    if let Some(asked) = refused_version(context).filter(|asked| versions.contains(&Some(*asked))) {
        let message = format!("refuses version {asked}, which it lists as one that it speaks");
        breaches.push(Breach::new("rfc6455/4.4-version-list", message).at(at.clone()));
    }
    if let Some(reserved) = versions.iter().flatten().find(|version| (9..=12).contains(*version)) {
        let message = format!("lists version {reserved}, which is reserved and was never used");
        let breach = Breach::new("rfc6455/11.6-registry", message).at(at);
        breaches.push(breach.at_most_warn());
    }
}

/// The version of a handshake that was refused for nothing but its version.
fn refused_version(context: &Context<'_, '_>) -> Option<u8> {
    let opening = Opening::read(context.request()?);
    let [defect] = opening.defects[..] else {
        return None;
    };
    let by_version = [Consequence::RefuseVersion, Consequence::RefuseDraft];
    let value = context.request()?.fields.values("Sec-WebSocket-Version").next()?;
    by_version.contains(&defect.consequence).then(|| version(value).ok()).flatten()
}
