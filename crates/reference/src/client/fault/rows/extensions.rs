//! Faults in the check of the extensions in an answer (RFC 6455 4.1, 9.1).

use upspec_handshake::field::extension::Extensions;

use super::{EXTENSIONS, contains, is_switch};
use crate::client::fault::Effect::{Answer, Refuse};
use crate::client::fault::scene::extended;
use crate::client::fault::{ClientFault, fault};
use crate::client::variation::Way;
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("extensions-unchecked", "Extensions that were not offered are ignored.")
        .breaks("rfc6455/4.1-check-extensions")
        .shown_by(|| extended("x-upspec"))
        .by(Answer(|answer, asked| keep(answer, |name| is_offered(asked, name)))),
    fault("unoffered-deflate-taken", "permessage-deflate is passed over where it was not offered.")
        .breaks("rfc6455/4.1-check-extensions")
        .beside(&[Way::NoDeflate])
        .shown_by(|| extended("permessage-deflate"))
        .by(Answer(|answer, asked| {
            if !asked.has(EXTENSIONS) {
                keep(answer, |name| name != b"permessage-deflate");
            }
        })),
    fault("extensions-first-line", "The first of several Sec-WebSocket-Extensions lines counts.")
        .breaks("rfc6455/4.1-check-extensions")
        .shown_by(|| extended("permessage-deflate\r\nSec-WebSocket-Extensions: x-upspec"))
        .by(Answer(|answer, _| answer.keep_first(EXTENSIONS))),
    fault("extensions-first-element", "The first of several extensions counts.")
        .breaks("rfc6455/4.1-check-extensions")
        .shown_by(|| extended("permessage-deflate, x-upspec"))
        .by(Answer(|answer, _| {
            let value = answer.joined(EXTENSIONS);
            if let Some(comma) = value.iter().position(|&octet| octet == b',') {
                answer.set(EXTENSIONS, &value[..comma]);
            }
        })),
    fault("malformed-extensions-taken", "Malformed extensions are read as far as possible.")
        .breaks("rfc6455/9.1-malformed")
        .shown_by(|| extended("permessage-deflate;"))
        .by(Answer(|answer, _| {
            if is_malformed(answer) {
                let value = answer.joined(EXTENSIONS);
                answer.remove(EXTENSIONS);
                if contains(&value, b"permessage-deflate") {
                    answer.set(EXTENSIONS, b"permessage-deflate");
                }
            }
        })),
    fault("empty-extensions-taken", "An empty Sec-WebSocket-Extensions counts for none.")
        .breaks("rfc6455/9.1-malformed")
        .shown_by(|| extended(""))
        .by(Answer(|answer, _| {
            if answer.joined(EXTENSIONS).iter().all(|octet| b", \t".contains(octet)) {
                answer.remove(EXTENSIONS);
            }
        })),
    fault("empty-extensions-refused", "An empty element among extensions fails the connection.")
        .breaks("rfc9110/5.6.1.2-empty-elements")
        .shown_by(|| extended(", permessage-deflate,"))
        .by(Refuse(|answer, _| {
            let value = answer.joined(EXTENSIONS);
            let mut parts = value.split(|&octet| octet == b',');
            is_switch(answer) && !value.is_empty() && parts.any(|part| part.trim_ascii().is_empty())
        })),
    fault("quoted-parameter-refused", "A quoted value of a parameter fails the connection.")
        .breaks("rfc6455/4.3-extension-param")
        .shown_by(|| extended("permessage-deflate; server_max_window_bits=\"10\""))
        .by(Refuse(|answer, _| is_switch(answer) && answer.joined(EXTENSIONS).contains(&b'"'))),
    fault("space-before-semicolon-refused", "White space before a semicolon fails the connection.")
        .breaks("rfc6455/4.3-implied-lws")
        .shown_by(|| extended("permessage-deflate ; client_no_context_takeover"))
        .by(Refuse(|answer, _| is_switch(answer) && contains(&answer.joined(EXTENSIONS), b" ;"))),
];

fn is_malformed(answer: &Seen) -> bool {
    answer.has(EXTENSIONS) && !Extensions::parse(&answer.joined(EXTENSIONS)).is_well_formed()
}

fn is_offered(asked: &Seen, name: &[u8]) -> bool {
    let offer = asked.joined(EXTENSIONS);
    Extensions::parse(&offer).list.iter().any(|one| one.name == name)
}

/// Keeps the extensions whose names are of this kind.
fn keep(answer: &mut Seen, is_kept: impl Fn(&[u8]) -> bool) {
    if !answer.has(EXTENSIONS) || is_malformed(answer) {
        return;
    }
    let value = answer.joined(EXTENSIONS);
    let list = Extensions::parse(&value).list;
    let kept: Vec<&[u8]> =
        list.iter().filter(|one| is_kept(one.name)).map(|one| &value[one.at.clone()]).collect();
    match kept.is_empty() {
        true => answer.remove(EXTENSIONS),
        false => answer.set(EXTENSIONS, &kept.join(&b", "[..])),
    }
}
