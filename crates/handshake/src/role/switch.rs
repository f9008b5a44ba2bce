//! Checks a 101 against the request that it answers (RFC 6455 4.1; RFC 9110 7.8, 15.2.2).
//! Never reads what follows the head, and never minds a Content-Length or Transfer-Encoding in it:
//! a 101 ends with its empty line, whatever its fields say (RFC 9112 6.3).

use super::Fault;
use crate::field::connection::contains_option;
use crate::field::deflate::{Answer, Offer, PERMESSAGE_DEFLATE, fits};
use crate::field::extension::Extensions;
use crate::field::key::accept;
use crate::field::subprotocol;
use crate::field::upgrade::{Protocol, protocols};
use crate::opening::Opening;
use crate::{RequestHead, ResponseHead, Version};

/// What a request asks for: all that a 101 is measured by.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    version: Option<Version>,
    /// Websocket is on offer, so that RFC 6455 holds for the answer.
    websocket: bool,
    /// The Upgrade value.
    upgrade: Vec<u8>,
    /// What the key makes the server answer; `None` without one key.
    accept: Option<[u8; 28]>,
    subprotocols: Vec<Vec<u8>>,
    /// The Sec-WebSocket-Extensions value.
    extensions: Vec<u8>,
}

/// What a 101 has agreed to.
pub(super) struct Agreed {
    pub(super) subprotocol: Option<Vec<u8>>,
    pub(super) extensions: Vec<Vec<u8>>,
}

impl Ask {
    pub(super) fn of(head: &RequestHead<'_>) -> Self {
        let opening = Opening::read(head);
        let value = |name| head.fields.combined(name).unwrap_or_default().into_owned();
        let names = opening.subprotocols.names.iter();
        Self {
            version: head.version,
            websocket: opening.websocket,
            upgrade: value("Upgrade"),
            accept: opening.key.map(accept),
            subprotocols: names.map(|name| name.to_vec()).collect(),
            extensions: value("Sec-WebSocket-Extensions"),
        }
    }

    /// What a 101 agrees to, or everything that is wrong with it.
    pub(super) fn check(&self, head: &ResponseHead<'_>) -> Result<Agreed, Vec<Fault>> {
        let mut faults = Vec::new();
        for check in CHECKS {
            check(self, head, &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if !self.websocket {
            return Ok(Agreed { subprotocol: None, extensions: Vec::new() });
        }
        let value = head.fields.combined("Sec-WebSocket-Extensions");
        let value = value.unwrap_or_default();
        let list = Extensions::parse(&value).list;
        Ok(Agreed {
            subprotocol: head.fields.values("Sec-WebSocket-Protocol").next().map(<[u8]>::to_vec),
            extensions: list.into_iter().map(|extension| value[extension.at].to_vec()).collect(),
        })
    }
}

type Check = fn(&Ask, &ResponseHead<'_>, &mut Vec<Fault>);

/// HTTP's own rules first, then the list of RFC 6455 4.1.
const CHECKS: [Check; 8] =
    [grammar, versions, protocol, upgrade, connection, accepted, subprotocol_answer, extensions];

/// The 101 is a valid response (RFC 6455 4.2.2); each kind of violation counts once.
fn grammar(_: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    for violation in &head.violations {
        let fault = Fault::of_violation(violation.kind);
        faults.extend(fault.filter(|fault| !faults.contains(fault)));
    }
}

/// A 101 is a matter of HTTP/1.1 on both sides (RFC 9110 7.8, 15.2).
fn versions(ask: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    if ask.version.is_some_and(|version| version < Version::HTTP_11) {
        faults.push(Fault::SwitchToHttp10);
    }
    let fits = |version: Version| version.major == 1 && version >= Version::HTTP_11;
    if !head.version.is_some_and(fits) {
        faults.push(Fault::HttpVersion);
    }
}

/// Upgrade names what is switched to, and only what was offered (RFC 9110 7.8, 15.2.2). A protocol
/// above an offered TLS counts as offered (RFC 2817 3.3).
fn protocol(ask: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    let offered: Vec<_> = protocols([&ask.upgrade[..]]).flatten().collect();
    let above_tls = offered.iter().any(|offer| is_named(offer, b"TLS"));
    let is_offered = |named: &Protocol<'_>| {
        let is_same = |offer| is_same(offer, named);
        offered.iter().any(is_same) || (above_tls && is_named(named, b"HTTP"))
    };
    let mut named = protocols(head.fields.values("Upgrade")).peekable();
    if named.peek().is_none() && !ask.websocket {
        faults.push(Fault::ProtocolNotNamed);
    }
    for protocol in named {
        let fault = match protocol {
            Err(_) => Fault::UpgradeMalformed,
            Ok(protocol) if !is_offered(&protocol) => Fault::ProtocolNotOffered,
            Ok(_) => continue,
        };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

/// Websocket alone (RFC 6455 4.1 item 2): who offers it has no use for another protocol.
fn upgrade(ask: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    if !ask.websocket {
        return;
    }
    let named: Vec<_> = protocols(head.fields.values("Upgrade")).collect();
    match named[..] {
        [] => faults.push(Fault::UpgradeMissing),
        [Ok(protocol)] if protocol.is_websocket() => {}
        _ => faults.push(Fault::UpgradeNotWebsocket),
    }
}

/// The upgrade option (RFC 6455 4.1 item 3; RFC 9110 7.8 has it of any 101).
fn connection(_: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    if !contains_option(head.fields.values("Connection"), "upgrade") {
        faults.push(Fault::ConnectionWithoutUpgrade);
    }
}

/// The accept value of the key (RFC 6455 4.1 item 4). A request without one key has none.
fn accepted(ask: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    if !ask.websocket {
        return;
    }
    let values: Vec<&[u8]> = head.fields.values("Sec-WebSocket-Accept").collect();
    let fault = match (&values[..], &ask.accept) {
        ([], _) => Fault::AcceptMissing,
        ([value], Some(want)) if value == want => return,
        ([_], _) => Fault::AcceptWrong,
        _ => Fault::AcceptRepeated,
    };
    faults.push(fault);
}

/// One of the subprotocols on offer, or no field (RFC 6455 4.1 item 6, 4.3). Names compare with
/// case (RFC 7936 2).
fn subprotocol_answer(ask: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    if !ask.websocket {
        return;
    }
    let values: Vec<&[u8]> = head.fields.values("Sec-WebSocket-Protocol").collect();
    let fault = match values[..] {
        [] => return,
        [[]] => Fault::SubprotocolEmpty,
        [value] if subprotocol::answer(value).is_err() => Fault::SubprotocolMalformed,
        [value] if ask.subprotocols.iter().any(|offer| offer == value) => return,
        [_] => Fault::SubprotocolNotOffered,
        _ => Fault::SubprotocolRepeated,
    };
    faults.push(fault);
}

/// Extensions on offer (RFC 6455 4.1 item 5, 9.1); permessage-deflate by RFC 7692 5 and 7. Names
/// compare without case, since no text asks for case.
fn extensions(ask: &Ask, head: &ResponseHead<'_>, faults: &mut Vec<Fault>) {
    let value = head.fields.combined("Sec-WebSocket-Extensions");
    let (true, Some(value)) = (ask.websocket, value) else {
        return;
    };
    let answer = Extensions::parse(&value);
    let offer = Extensions::parse(&ask.extensions);
    if !answer.is_well_formed() {
        faults.push(Fault::ExtensionsMalformed);
    }
    let is_unknown = |name: &[u8]| !offer.list.iter().any(|o| o.name.eq_ignore_ascii_case(name));
    if answer.list.iter().any(|found| is_unknown(found.name)) {
        faults.push(Fault::ExtensionNotOffered);
    }
    if answer.named(PERMESSAGE_DEFLATE).count() > 1 {
        faults.push(Fault::DeflateAcceptedTwice);
    }
    if offer.named(PERMESSAGE_DEFLATE).next().is_some() {
        deflate(&answer, &offer, faults);
    }
}

fn deflate(answer: &Extensions<'_>, offer: &Extensions<'_>, faults: &mut Vec<Fault>) {
    let offers = offer.named(PERMESSAGE_DEFLATE);
    let offers: Vec<Offer> = offers.filter_map(|offer| Offer::parse(offer).ok()).collect();
    for accepted in answer.named(PERMESSAGE_DEFLATE) {
        let fault = match Answer::parse(accepted) {
            Err(_) => Fault::DeflateParameter,
            Ok(answer) if !fits(&answer, &offers) => Fault::DeflateMisfit,
            Ok(_) => continue,
        };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

/// A version that only one side gives is left open by the text.
fn is_same(offer: &Protocol<'_>, named: &Protocol<'_>) -> bool {
    let one_sided = offer.version.is_none() || named.version.is_none();
    is_named(offer, named.name) && (one_sided || offer.version == named.version)
}

fn is_named(protocol: &Protocol<'_>, name: &[u8]) -> bool {
    protocol.name.eq_ignore_ascii_case(name)
}
