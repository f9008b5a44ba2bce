//! Faults in the subprotocol and the extension that a 101 selects.

use upspec_handshake::field::subprotocol::Offers;

use super::{EXTENSIONS, PROTOCOL, contains};
use crate::answer::Answer;
use crate::config::Config;
use crate::fault::Effect::Switch;
use crate::fault::probe::added;
use crate::fault::{Fault, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("unoffered-subprotocol", "A subprotocol is selected although none was offered.")
        .breaks("rfc6455/4.2.2-no-subprotocol")
        .by(Switch(|answer, seen, _| {
            if offers(seen).names.is_empty() && answer.position(PROTOCOL).is_none() {
                answer.add(PROTOCOL, "chat");
            }
        })),
    fault("unknown-subprotocol", "An empty subprotocol is selected where none is known.")
        .breaks("rfc6455/4.2.2-no-subprotocol")
        .also(&["rfc6455/4.3-protocol-server"])
        .shown_by(|| added("Sec-WebSocket-Protocol: x-unknown"))
        .by(Switch(|answer, seen, _| {
            if !offers(seen).names.is_empty() && answer.position(PROTOCOL).is_none() {
                answer.add(PROTOCOL, "");
            }
        })),
    fault("subprotocol-list", "All offered subprotocols are selected.")
        .breaks("rfc6455/4.3-protocol-server")
        .shown_by(|| added("Sec-WebSocket-Protocol: chat, superchat"))
        .by(Switch(|answer, seen, _| {
            answer.replace(PROTOCOL, offers(seen).names.join(&b", "[..]));
        })),
    fault("two-subprotocols", "The subprotocol is selected twice.")
        .breaks("rfc6455/11.3.4-response-once")
        .shown_by(|| added("Sec-WebSocket-Protocol: chat"))
        .by(Switch(|answer, _, _| {
            if let Some(name) = answer.value(PROTOCOL) {
                answer.add(PROTOCOL, name);
            }
        })),
    fault(
        "repeated-subprotocol-listed",
        "A subprotocol is selected as often as it was offered, in a list.",
    )
    .breaks("rfc6455/4.3-protocol-server")
    .shown_by(|| added("Sec-WebSocket-Protocol: chat, chat"))
    .by(Switch(|answer, seen, _| {
        let mut names = offers(seen).names;
        names.retain(|name| answer.value(PROTOCOL).is_some_and(|chosen| chosen == *name));
        answer.replace(PROTOCOL, names.join(&b", "[..]));
    })),
    fault("subprotocol-case", "Subprotocols are compared without case.")
        .breaks("rfc7936/2-case")
        .also(&["rfc6455/4.2.2-subprotocol-choice"])
        .shown_by(|| added("Sec-WebSocket-Protocol: CHAT"))
        .by(Switch(|answer, seen, config| {
            select(answer, seen, config, <[u8]>::eq_ignore_ascii_case);
        })),
    fault("subprotocol-substring", "Subprotocols are found within longer names.")
        .breaks("rfc6455/4.2.2-subprotocol-choice")
        .shown_by(|| added("Sec-WebSocket-Protocol: chats"))
        .by(Switch(|answer, seen, config| select(answer, seen, config, contains))),
    // Extensions.
    fault("unoffered-extension", "permessage-deflate is accepted although it was not offered.")
        .breaks("rfc6455/4.2.2-extensions-offered")
        .by(Switch(|answer, seen, _| {
            if !seen.has(EXTENSIONS) {
                answer.add(EXTENSIONS, DEFLATE);
            }
        })),
    fault("extensions-echoed", "Every extension is accepted, known or not.")
        .breaks("rfc6455/9.1-registered")
        .shown_by(|| added("Sec-WebSocket-Extensions: x-foo"))
        .by(Switch(|answer, seen, _| {
            let offers = String::from_utf8_lossy(&seen.joined(EXTENSIONS)).into_owned();
            let names = offers.split(',').map(str::trim);
            for unknown in names.filter(|name| !name.is_empty() && !name.starts_with(DEFLATE)) {
                answer.add(EXTENSIONS, unknown);
            }
        })),
    fault(
        "undefined-extension-parameter",
        "permessage-deflate is accepted with a parameter that it lacks.",
    )
    .breaks("rfc6455/9.1-defined-params")
    .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate"))
    .by(Switch(|answer, _, _| change(answer, |all| all.push("x-level=9".into())))),
    fault("deflate-accepted-twice", "permessage-deflate is accepted twice.")
        .breaks("rfc7692/5-conflict")
        .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate"))
        .by(Switch(|answer, _, _| {
            if let Some(value) = answer.value(EXTENSIONS) {
                answer.replace(EXTENSIONS, [&value[..], b", ", &value].concat());
            }
        })),
    fault("window-bits-not-echoed", "server_max_window_bits is missing from the answer.")
        .breaks("rfc7692/7.1.2.1-echo")
        .also(&["rfc7692/7-unsupported"])
        .shown_by(|| {
            added("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8")
        })
        .by(Switch(|answer, _, _| change(answer, |all| drop_parameter(all, SERVER_BITS)))),
    fault(
        "window-bits-too-wide",
        "server_max_window_bits is wider in the answer than in the offer.",
    )
    .breaks("rfc7692/7.1.2.1-echo")
    .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8"))
    .by(Switch(|answer, _, _| {
        change(answer, |all| replace(all, SERVER_BITS, "server_max_window_bits=15"));
    })),
    fault("window-bits-leading-zero", "server_max_window_bits has a leading zero in the answer.")
        .breaks("rfc7692/7.1.2.1-value")
        .shown_by(|| {
            added("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8")
        })
        .by(Switch(|answer, _, _| {
            change(answer, |all| replace(all, SERVER_BITS, "server_max_window_bits=08"));
        })),
    fault("takeover-not-echoed", "server_no_context_takeover is missing from the answer.")
        .breaks("rfc7692/7.1.1.1-echo")
        .shown_by(|| {
            added("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover")
        })
        .by(Switch(|answer, _, _| {
            change(answer, |all| drop_parameter(all, "server_no_context_takeover"));
        })),
    fault("takeover-with-value", "client_no_context_takeover has a value in the answer.")
        .breaks("rfc7692/7-invalid-value")
        .shown_by(|| {
            added("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover")
        })
        .by(Switch(|answer, _, _| {
            change(answer, |all| replace(all, CLIENT_TAKEOVER, "client_no_context_takeover=1"));
        })),
    fault(
        "client-window-bits-unasked",
        "client_max_window_bits is in the answer to an offer without it.",
    )
    .breaks("rfc7692/7.1.2.2-not-offered")
    .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate"))
    .by(Switch(|answer, seen, _| {
        if !contains(&seen.joined(EXTENSIONS), CLIENT_BITS.as_bytes()) {
            change(answer, |all| all.push("client_max_window_bits=10".into()));
        }
    })),
    fault("client-window-bits-without-value", "client_max_window_bits has no value in the answer.")
        .breaks("rfc7692/7.1.2.2-answer-value")
        .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"))
        .by(Switch(|answer, seen, _| answer_client_bits(answer, seen, CLIENT_BITS))),
    fault("client-window-bits-too-wide", "client_max_window_bits is 16 in the answer.")
        .breaks("rfc7692/7.1.2.2-answer-value")
        .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"))
        .by(Switch(|answer, seen, _| {
            answer_client_bits(answer, seen, "client_max_window_bits=16");
        })),
];

fn offers(seen: &Seen) -> Offers<'_> {
    Offers::parse(seen.values(PROTOCOL))
}

/// Selects the first known subprotocol that one of the offers is taken for.
fn select(
    answer: &mut Answer,
    seen: &Seen,
    config: &Config,
    is_taken_for: fn(&[u8], &[u8]) -> bool,
) {
    let offers = offers(seen).names;
    let is_offered =
        |known: &&String| offers.iter().any(|offer| is_taken_for(offer, known.as_bytes()));
    if answer.position(PROTOCOL).is_none()
        && let Some(name) = config.subprotocols.iter().find(is_offered)
    {
        answer.add(PROTOCOL, name.as_bytes());
    }
}

/// Changes the parameters with which an extension is accepted; the first of them is its name.
fn change(answer: &mut Answer, change: fn(&mut Vec<String>)) {
    if let Some(value) = answer.value(EXTENSIONS) {
        let value = String::from_utf8_lossy(&value).into_owned();
        let mut parameters: Vec<String> = value.split("; ").map(str::to_owned).collect();
        change(&mut parameters);
        answer.replace(EXTENSIONS, parameters.join("; "));
    }
}

fn drop_parameter(parameters: &mut Vec<String>, name: &str) {
    parameters.retain(|parameter| !parameter.starts_with(name));
}

fn replace(parameters: &mut [String], name: &str, by: &str) {
    for parameter in parameters.iter_mut().filter(|parameter| parameter.starts_with(name)) {
        *parameter = by.to_owned();
    }
}

/// Answers an offer with client_max_window_bits by this parameter in its place.
fn answer_client_bits(answer: &mut Answer, seen: &Seen, parameter: &str) {
    if contains(&seen.joined(EXTENSIONS), CLIENT_BITS.as_bytes())
        && let Some(value) = answer.value(EXTENSIONS)
    {
        let value = String::from_utf8_lossy(&value).into_owned();
        let others = value.split("; ").filter(|other| !other.starts_with(CLIENT_BITS));
        let with: Vec<&str> = others.chain([parameter]).collect();
        answer.replace(EXTENSIONS, with.join("; "));
    }
}

const DEFLATE: &str = "permessage-deflate";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
