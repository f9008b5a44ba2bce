//! Faults in the subprotocol and the extension that a 101 selects.

use upspec_handshake::RequestHead;
use upspec_handshake::field::subprotocol::Offers;

use super::Fault;
use super::answering::Seen;
use crate::answer::Answer;
use crate::config::Config;

pub(super) fn alter(fault: Fault, answer: &mut Answer, seen: &Seen, config: &Config) {
    let Some(head) = RequestHead::parse(&seen.head).complete() else {
        return;
    };
    alter_subprotocol(fault, answer, &head, config);
    alter_extensions(fault, answer, &head);
}

fn alter_subprotocol(fault: Fault, answer: &mut Answer, head: &RequestHead<'_>, config: &Config) {
    let offers = Offers::parse(head.fields.values(PROTOCOL));
    let chosen = answer.position(PROTOCOL).map(|at| answer.fields[at].1.clone());
    let known = || config.subprotocols.iter();
    match (fault, chosen) {
        (Fault::UnofferedSubprotocol, None) if offers.names.is_empty() => {
            answer.add(PROTOCOL, "chat");
        }
        (Fault::UnknownSubprotocol, None) if !offers.names.is_empty() => answer.add(PROTOCOL, ""),
        (Fault::SubprotocolList, Some(_)) => {
            answer.replace(PROTOCOL, offers.names.join(&b", "[..]));
        }
        (Fault::TwoSubprotocols, Some(name)) => answer.add(PROTOCOL, name),
        (Fault::RepeatedSubprotocolListed, Some(name)) => {
            let times = offers.names.iter().filter(|offer| **offer == name);
            answer.replace(PROTOCOL, times.copied().collect::<Vec<_>>().join(&b", "[..]));
        }
        (Fault::SubprotocolCase, None) => {
            let offered = |known: &&String| {
                offers.names.iter().any(|name| name.eq_ignore_ascii_case(known.as_bytes()))
            };
            if let Some(name) = known().find(offered) {
                answer.add(PROTOCOL, name.as_bytes());
            }
        }
        (Fault::SubprotocolSubstring, None) => {
            let within = |known: &&String| {
                let part = |name: &&[u8]| name.windows(known.len()).any(|w| w == known.as_bytes());
                offers.names.iter().any(part)
            };
            if let Some(name) = known().find(within) {
                answer.add(PROTOCOL, name.as_bytes());
            }
        }
        _ => {}
    }
}

fn alter_extensions(fault: Fault, answer: &mut Answer, head: &RequestHead<'_>) {
    let offer = head.fields.combined(EXTENSIONS);
    let Some(offer) = offer else {
        if fault == Fault::UnofferedExtension {
            answer.add(EXTENSIONS, DEFLATE);
        }
        return;
    };
    let offer = String::from_utf8_lossy(&offer).into_owned();
    if fault == Fault::ExtensionsEchoed {
        let elements = offer.split(',').map(str::trim);
        for unknown in elements.filter(|name| !name.is_empty() && !name.starts_with(DEFLATE)) {
            answer.add(EXTENSIONS, unknown);
        }
    }
    let Some(at) = answer.position(EXTENSIONS) else {
        return;
    };
    let value = String::from_utf8_lossy(&answer.fields[at].1).into_owned();
    if fault == Fault::DeflateAcceptedTwice {
        answer.replace(EXTENSIONS, format!("{value}, {value}"));
        return;
    }
    let mut parameters: Vec<&str> = value.split("; ").collect();
    alter_parameters(fault, &mut parameters, &offer);
    answer.replace(EXTENSIONS, parameters.join("; "));
}

fn alter_parameters(fault: Fault, parameters: &mut Vec<&str>, offer: &str) {
    let mut replace = |prefix: &str, by: &'static str| {
        for parameter in parameters.iter_mut().filter(|found| found.starts_with(prefix)) {
            *parameter = by;
        }
    };
    match fault {
        Fault::WindowBitsTooWide => replace(SERVER_BITS, "server_max_window_bits=15"),
        Fault::WindowBitsLeadingZero => replace(SERVER_BITS, "server_max_window_bits=08"),
        Fault::TakeoverWithValue => replace(CLIENT_TAKEOVER, "client_no_context_takeover=1"),
        Fault::WindowBitsNotEchoed => parameters.retain(|found| !found.starts_with(SERVER_BITS)),
        Fault::TakeoverHintBinds => parameters.retain(|found| *found != CLIENT_TAKEOVER),
        Fault::TakeoverNotEchoed => parameters.retain(|found| *found != SERVER_TAKEOVER),
        Fault::UndefinedExtensionParameter => parameters.push("x-level=9"),
        Fault::ClientWindowBitsUnasked if !offer.contains(CLIENT_BITS) => {
            parameters.push("client_max_window_bits=10");
        }
        Fault::ClientWindowBitsWithoutValue if offer.contains(CLIENT_BITS) => {
            parameters.retain(|found| !found.starts_with(CLIENT_BITS));
            parameters.push(CLIENT_BITS);
        }
        Fault::ClientWindowBitsTooWide if offer.contains(CLIENT_BITS) => {
            parameters.retain(|found| !found.starts_with(CLIENT_BITS));
            parameters.push("client_max_window_bits=16");
        }
        _ => {}
    }
}

const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const DEFLATE: &str = "permessage-deflate";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
const SERVER_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
