//! The response that opens a tunnel, by the model's one check of it ([`upspec_handshake::peer::check`]),
//! and the refusal of a version (RFC 6455 4.2.2, 4.4).

use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::deflate::{DeflateViolationKind, Misfit, is_known_in_other_case};
use upspec_handshake::field::key::accept;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::field::version::{version, versions};
use upspec_handshake::opening::{Consequence, Opening};
use upspec_handshake::peer::{self, SwitchViolationKind as Kind};
use upspec_handshake::{Fields, Party};

use super::switch::is_out_of_turn;
use super::{Breach, Context};
use crate::text::shown;

/// Whether the response opens a WebSocket connection.
pub(super) fn opens(context: &Context<'_, '_>) -> bool {
    peer::opens_websocket(&context.response.head, context.request())
}

/// Everything wrong with a 101, or with a 2xx to an extended CONNECT.
pub(super) fn switch(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let out_of_turn = context.status() == 101 && is_out_of_turn(context);
    if out_of_turn {
        let message = "the 101 to a later request comes before the response to this one";
        let breach = Breach::new("rfc9112/9.3.2-pipeline-order", message);
        breaches.push(breach.at(context.status_line()));
    }
    for violation in peer::check(&context.response.head, context.request()) {
        // The offer stands in a later request, and the order is the breach.
        let asked_later =
            matches!(violation.kind, Kind::ProtocolNotOffered(_) | Kind::SubprotocolUnasked);
        if out_of_turn && asked_later {
            continue;
        }
        let breach = breach(&violation.kind, context);
        breaches.extend(breach.map(|breach| breach.at(context.place(&violation.at))));
    }
}

/// The breach behind a violation; `None` if another rule checks it in every response, or if the
/// RFCs leave it open.
fn breach(kind: &Kind, context: &Context<'_, '_>) -> Option<Breach> {
    let message = match kind {
        Kind::ConnectionWithoutUpgrade if !opens(context) => return None,
        _ => in_words(kind, context)?,
    };
    let breach = Breach::new(kind.requirement(Party::Server)?, message);
    Some(match kind {
        // The default window is 15: leaving it out has no effect there.
        Kind::DeflateMisfit(Misfit::ServerWindowMissing(15)) | Kind::VersionSent => {
            breach.at_most_warn()
        }
        // No text says that the names compare with case, so that this may be the name it looks like.
        Kind::DeflateParameter { name, kind: DeflateViolationKind::Unknown }
            if is_known_in_other_case(name) =>
        {
            breach.at_most_warn()
        }
        Kind::DeflateMisfit(Misfit::ClientWindowLarger) => breach.note(),
        _ => breach,
    })
}

/// A server that accepts answers with 101 (RFC 6455 4.2.2). A 2xx that names websocket and has the accept
/// value of the key accepts in all but its status.
pub(super) fn accepted_without_101(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    if !matches!(context.status(), 200..=299) {
        return;
    }
    let fields = context.fields();
    let key =
        context.request().and_then(|request| request.fields.values("Sec-WebSocket-Key").next());
    let accepts = fields.values("Sec-WebSocket-Accept").next();
    let is_accepted = key.is_some_and(|key| accepts == Some(&accept(key)[..]));
    let named = protocols(fields.values("Upgrade"))
        .flatten()
        .any(|protocol| protocol.name.eq_ignore_ascii_case(b"websocket"));
    let is_option = contains_option(fields.values("Connection"), "upgrade");
    if is_accepted && named && is_option {
        let message = format!(
            "accepted the handshake with {} where 101 is due: Upgrade, Connection and the right \
             Sec-WebSocket-Accept are there",
            context.status()
        );
        let breach = Breach::new("rfc6455/4.2.2-response", message);
        breaches.push(breach.at(context.status_line()));
    }
}

fn in_words(kind: &Kind, context: &Context<'_, '_>) -> Option<String> {
    let fields = context.fields();
    let value = |name| fields.combined(name).unwrap_or_default();
    Some(match kind {
        Kind::AcceptMissing => "the 101 has no Sec-WebSocket-Accept".to_owned(),
        Kind::AcceptWrong(want) => {
            let (got, want) =
                (first(fields, "Sec-WebSocket-Accept"), String::from_utf8_lossy(want));
            format!("Sec-WebSocket-Accept is {got}, not {want}")
        }
        Kind::ConnectionWithoutUpgrade => {
            "Connection of the 101 lacks the upgrade option".to_owned()
        }
        Kind::DeflateDeclined { name, kind } => {
            let what = match kind {
                DeflateViolationKind::Unknown | DeflateViolationKind::Repeated => parameter(*kind),
                _ => "has an invalid value",
            };
            let name = shown(name, 40);
            format!("took an offer of permessage-deflate in which {name} {what}")
        }
        Kind::DeflateMisfit(misfit) => misfit_in_words(*misfit),
        Kind::DeflateParameter { name, kind } => answered(name, *kind),
        Kind::DeflateRepeated(times) => format!("took permessage-deflate {times} times"),
        Kind::ExtensionNotOffered(name) => {
            format!("took the extension {}, which was not offered", shown(name, 40))
        }
        Kind::ExtensionsMalformed => {
            let value = value("Sec-WebSocket-Extensions");
            format!("Sec-WebSocket-Extensions is malformed: {}", shown(&value, 80))
        }
        Kind::ProtocolNotNamed => "the 101 names no protocol in Upgrade".to_owned(),
        Kind::ProtocolNotOffered(name) => {
            format!("the 101 names {}, which the request did not offer", shown(name, 40))
        }
        Kind::SubprotocolEmpty | Kind::SubprotocolMalformed => format!(
            "Sec-WebSocket-Protocol is not a single token: {}",
            first(fields, "Sec-WebSocket-Protocol")
        ),
        Kind::SubprotocolNotOffered => format!(
            "selected the subprotocol {}, which was not offered",
            first(fields, "Sec-WebSocket-Protocol")
        ),
        Kind::SubprotocolUnasked => format!(
            "selected the subprotocol {}, though none was offered",
            first(fields, "Sec-WebSocket-Protocol")
        ),
        Kind::UpgradeEmptyElement | Kind::UpgradeMissing | Kind::UpgradeNotWebsocket => {
            format!("Upgrade of the 101 is {}, not websocket", shown(&value("Upgrade"), 60))
        }
        Kind::VersionSent => format!(
            "the {} carries Sec-WebSocket-Version, which belongs to refusals (a warning, for no rule forbids it)",
            context.status()
        ),
        _ => return None,
    })
}

/// What is wrong with a parameter of permessage-deflate in an answer.
fn answered(name: &[u8], kind: DeflateViolationKind) -> String {
    let what = match kind {
        DeflateViolationKind::Unknown if is_known_in_other_case(name) => {
            "is unknown to clients that compare names with case"
        }
        _ => parameter(kind),
    };
    format!("permessage-deflate in the answer: {} {what}", shown(name, 40))
}

fn first(fields: &Fields<'_>, name: &str) -> String {
    shown(fields.values(name).next().unwrap_or_default(), 60)
}

fn parameter(kind: DeflateViolationKind) -> &'static str {
    match kind {
        DeflateViolationKind::Unknown => "is not one of its parameters",
        DeflateViolationKind::Repeated => "stands twice",
        DeflateViolationKind::ValueMissing => "has no value",
        DeflateViolationKind::ValueUnexpected => "has a value",
        DeflateViolationKind::LeadingZero => "has a leading zero",
        DeflateViolationKind::NotDigits => "is not a number",
        DeflateViolationKind::OutOfRange => "is outside of 8 to 15",
    }
}

fn misfit_in_words(misfit: Misfit) -> String {
    let text = match misfit {
        Misfit::ClientWindowLarger => "client_max_window_bits exceeds the hint",
        Misfit::ClientWindowNotOffered => {
            "client_max_window_bits is answered, which the offer does not have"
        }
        Misfit::ServerContextTakeover => {
            "took an offer with server_no_context_takeover without answering the parameter"
        }
        Misfit::ServerWindowLarger => "server_max_window_bits in the answer exceeds the offer",
        Misfit::ServerWindowMissing(bits) => {
            return format!(
                "took an offer with server_max_window_bits={bits} without answering the parameter"
            );
        }
    };
    text.to_owned()
}

/// A list of versions follows its grammar and contains 13 (RFC 6455 4.3, 4.4; 11.6).
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
            format!("Sec-WebSocket-Version is not a list of versions: {}", shown(&value, 60));
        breaches.push(Breach::new("rfc6455/4.3-version-server", message).at(at));
        return;
    }
    if let Some(asked) = refused_version(context).filter(|asked| versions.contains(&Some(*asked))) {
        let message = format!("refuses version {asked}, which it lists as one that it speaks");
        breaches.push(Breach::new("rfc6455/4.4-version-list", message).at(at.clone()));
    }
    if let Some(reserved) = versions.iter().flatten().find(|version| (9..=12).contains(*version)) {
        let message = format!("lists version {reserved}, which is reserved and was never used");
        let breach = Breach::new("rfc6455/4.4-version-list", message).at(at);
        breaches.push(breach.at_most_warn());
    }
}

/// The version of a handshake that was refused only for its version.
fn refused_version(context: &Context<'_, '_>) -> Option<u8> {
    let opening = Opening::read(context.request()?);
    let [defect] = opening.defects[..] else {
        return None;
    };
    let by_version = [Consequence::RefuseVersion, Consequence::RefuseDraft];
    let value = context.request()?.fields.values("Sec-WebSocket-Version").next()?;
    by_version.contains(&defect.consequence).then(|| version(value).ok()).flatten()
}
