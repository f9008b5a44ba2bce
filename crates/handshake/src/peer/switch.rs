//! The one check of a response that opens a tunnel: a 101 or, in HTTP/2, a 2xx to an extended
//! CONNECT, held against the request that it answers (RFC 6455 4.1, 4.2.2; RFC 9110 7.8, 15.2.2;
//! RFC 8441 5). The client fails by it, and the rules about servers are mapped from it.
//!
//! A Content-Length or Transfer-Encoding is not minded here: a 101 ends with its empty line, whatever
//! its fields say (RFC 9112 6.3).

use super::{SwitchViolation, SwitchViolationKind as Kind};
use crate::field::connection::contains_option;
use crate::field::deflate::{Answer, Misfit, Offer, PERMESSAGE_DEFLATE, fits};
use crate::field::extension::{Extension, Extensions};
use crate::field::key::accept;
use crate::field::same_in_any_case;
use crate::field::subprotocol;
use crate::field::upgrade::{Protocol, protocols, websocket_alone};
use crate::opening::offers_websocket;
use crate::{RequestHead, ResponseHead, Version};
use std::ops::Range;

/// Everything that is wrong with a response that opens a tunnel; nothing where it opens none.
///
/// Without the request, what depends on an offer is left out.
pub fn check(
    response: &ResponseHead<'_>,
    request: Option<&RequestHead<'_>>,
) -> Vec<SwitchViolation> {
    let mut check = Check { response, request, found: Vec::new() };
    if response.status == Some(101) && response.is_http1() {
        check.grammar();
        check.versions();
        if !check.is_plain() {
            check.protocols();
        }
        check.connection();
    }
    if opens_websocket(response, request) {
        if response.is_http1() {
            check.upgrade();
            check.accept();
        }
        check.version_field();
        check.subprotocol();
        check.extensions();
    }
    check.found
}

/// Whether the response opens a WebSocket connection: a 101 that names websocket, or one to an
/// offer of websocket that names nothing else of the offer. Among several protocols the server
/// may pick another (RFC 9110 7.8). In HTTP/2 a 2xx to an extended CONNECT does (RFC 8441 5).
pub fn opens_websocket(response: &ResponseHead<'_>, request: Option<&RequestHead<'_>>) -> bool {
    if !response.is_http1() {
        let is_asked = request.is_some_and(offers_websocket);
        return is_asked && matches!(response.status, Some(200..=299));
    }
    if response.status != Some(101) {
        return false;
    }
    if websocket_alone(&response.fields).is_some() {
        return true;
    }
    let offer =
        || request.into_iter().flat_map(|head| protocols(upgrade_of(&head.fields)).flatten());
    let answer = || protocols(upgrade_of(&response.fields)).flatten();
    let is_websocket = |protocol: &Protocol<'_>| is_named(protocol, b"websocket");
    let is_offered = |name: &Protocol<'_>| offer().any(|offered| is_named(&offered, name.name));
    let is_other = |name: Protocol<'_>| !is_websocket(&name) && is_offered(&name);
    answer().any(|one| is_websocket(&one))
        || offer().any(|one| is_websocket(&one)) && !answer().any(is_other)
}

/// What a response has agreed to that opens a WebSocket connection and has nothing wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol in use.
    pub subprotocol: Option<Vec<u8>>,
    /// The extensions in use, each with its parameters as it was written.
    pub extensions: Vec<Vec<u8>>,
}

impl Agreed {
    /// Reads the fields of the response.
    pub fn read(response: &ResponseHead<'_>) -> Self {
        let value = response.fields.combined(EXTENSIONS).unwrap_or_default();
        let list = Extensions::parse(&value).list;
        Self {
            subprotocol: response.fields.values(PROTOCOL).next().map(<[u8]>::to_vec),
            extensions: list.into_iter().map(|extension| value[extension.at].to_vec()).collect(),
        }
    }
}

struct Check<'c, 'a, 'b> {
    response: &'c ResponseHead<'a>,
    request: Option<&'c RequestHead<'b>>,
    found: Vec<SwitchViolation>,
}

impl Check<'_, '_, '_> {
    /// The 101 is a valid response (RFC 6455 4.2.2); each kind of violation counts once.
    fn grammar(&mut self) {
        for violation in &self.response.violations {
            let kind = Kind::Malformed(violation.kind);
            if !self.found.iter().any(|found| found.kind == kind) {
                self.found.push(SwitchViolation { kind, at: violation.at.clone() });
            }
        }
    }

    /// Whether both name websocket and nothing else, so that Upgrade needs no reading.
    fn is_plain(&self) -> bool {
        let asked = self.request.map(|request| &request.fields);
        let is_plain = |fields| websocket_alone(fields).is_some();
        is_plain(&self.response.fields) && asked.is_none_or(is_plain)
    }

    /// A 101 is a matter of HTTP/1.1 on both sides (RFC 9110 7.8, 15.2).
    fn versions(&mut self) {
        let line = self.response.line.clone();
        let asked = self.request.and_then(|request| request.version);
        if asked.is_some_and(|version| version < Version::HTTP_11) {
            self.note(Kind::SwitchToHttp10, line.clone());
        }
        let fits = |version: Version| version.major == 1 && version >= Version::HTTP_11;
        if !self.response.version.is_some_and(fits) {
            self.note(Kind::HttpVersion, line);
        }
    }

    /// Upgrade names what is switched to, and only what was offered (RFC 9110 7.8, 15.2.2). A
    /// protocol above an offered TLS counts as offered (RFC 2817 3.3).
    fn protocols(&mut self) {
        let response = self.response;
        let at = self.line("Upgrade");
        for malformed in protocols(upgrade_of(&response.fields)).filter_map(Result::err) {
            self.note(Kind::UpgradeMalformed(malformed.0.to_vec()), at.clone());
        }
        let named = || protocols(upgrade_of(&response.fields)).flatten();
        if named().next().is_none() {
            self.note(Kind::ProtocolNotNamed, self.head());
        }
        let Some(request) = self.request else {
            return;
        };
        let offer = request.fields.combined("Upgrade").unwrap_or_default();
        let offered = || pieces(&offer).filter_map(Protocol::parse);
        for protocol in named() {
            let is_above_tls = || offered().any(|offer| is_named(&offer, b"TLS"));
            let is_offered = offered().any(|offer| is_same(&offer, &protocol))
                || is_named(&protocol, b"HTTP") && is_above_tls();
            if !is_offered {
                self.note(Kind::ProtocolNotOffered(protocol.name.to_vec()), at.clone());
            }
        }
    }

    /// The upgrade option (RFC 6455 4.2.2 item 5.3; RFC 9110 7.8 has it of any 101).
    fn connection(&mut self) {
        if !contains_option(self.response.fields.values("Connection"), "upgrade") {
            self.note(Kind::ConnectionWithoutUpgrade, self.line("Connection"));
        }
    }

    /// Websocket alone (RFC 6455 4.2.2 item 5.2).
    fn upgrade(&mut self) {
        if websocket_alone(&self.response.fields).is_some() {
            return;
        }
        let value = self.response.fields.combined("Upgrade").unwrap_or_default();
        let at = self.line("Upgrade");
        let named: Vec<_> = protocols([&value[..]]).collect();
        let kind = match named[..] {
            [] => Kind::UpgradeMissing,
            [Ok(protocol)] if protocol.is_websocket() => Kind::UpgradeEmptyElement,
            _ => Kind::UpgradeNotWebsocket,
        };
        self.note(kind, at);
    }

    /// The accept value of the key, once (RFC 6455 4.2.2 item 5.4). A request without one key has
    /// none.
    fn accept(&mut self) {
        let mut values = self.response.fields.values(ACCEPT);
        let Some(got) = values.next() else {
            return self.note(Kind::AcceptMissing, self.head());
        };
        if values.next().is_some() {
            self.note(Kind::AcceptRepeated, self.line(ACCEPT));
        }
        let Some(request) = self.request else {
            return;
        };
        let mut keys = request.fields.values("Sec-WebSocket-Key");
        match (keys.next().map(accept), keys.next()) {
            (Some(want), None) if got == want => {}
            (Some(want), None) => self.note(Kind::AcceptWrong(want), self.line(ACCEPT)),
            _ => self.note(Kind::AcceptWithoutKey, self.line(ACCEPT)),
        }
    }

    /// Sec-WebSocket-Version is for answers that refuse a version (RFC 6455 11.3.5).
    fn version_field(&mut self) {
        if self.response.fields.contains(VERSION) {
            self.note(Kind::VersionSent, self.line(VERSION));
        }
    }

    /// One of the subprotocols on offer, letter for letter, or no field (RFC 6455 4.2.2 item 5.5,
    /// 4.3; RFC 7936 2).
    fn subprotocol(&mut self) {
        let mut values = self.response.fields.values(PROTOCOL);
        let Some(got) = values.next() else {
            return;
        };
        let at = self.line(PROTOCOL);
        if values.next().is_some() {
            self.note(Kind::SubprotocolRepeated, at.clone());
        }
        let offer = self.request.map(|request| request.fields.combined(PROTOCOL));
        let kind = match offer {
            _ if got.is_empty() => Kind::SubprotocolEmpty,
            _ if subprotocol::answer(got).is_err() => Kind::SubprotocolMalformed,
            Some(None) => Kind::SubprotocolUnasked,
            Some(Some(offer)) if !pieces(&offer).any(|piece| piece == got) => {
                Kind::SubprotocolNotOffered
            }
            _ => return,
        };
        self.note(kind, at);
    }

    /// Extensions on offer (RFC 6455 4.2.2 item 5.6, 9.1); permessage-deflate by RFC 7692 5 and 7.
    /// Names compare without case, since no text asks for case.
    fn extensions(&mut self) {
        let Some(value) = self.response.fields.combined(EXTENSIONS) else {
            return;
        };
        let at = self.line(EXTENSIONS);
        let answer = Extensions::parse(&value);
        if !answer.is_well_formed() {
            return self.note(Kind::ExtensionsMalformed, at);
        }
        let Some(request) = self.request else {
            return;
        };
        let offer_value = request.fields.combined(EXTENSIONS).unwrap_or_default();
        let offer = Extensions::parse(&offer_value);
        let is_clear = offer_value.is_empty() || offer.is_well_formed();
        for extension in &answer.list {
            let name = extension.name;
            if !offer.list.iter().any(|offer| offer.name.eq_ignore_ascii_case(name)) {
                let kind = match is_clear {
                    true => Kind::ExtensionNotOffered(name.to_vec()),
                    false => Kind::ExtensionUnclear(name.to_vec()),
                };
                self.note(kind, at.clone());
            }
        }
        for kind in deflate(&answer, &offer) {
            self.note(kind, at.clone());
        }
    }

    fn note(&mut self, kind: Kind, at: Range<usize>) {
        self.found.push(SwitchViolation { kind, at });
    }

    /// Where the first line of this field stands, or else the whole head.
    fn line(&self, name: &str) -> Range<usize> {
        let line = self.response.fields.lines(name).next();
        line.map_or(self.head(), |line| line.line.clone())
    }

    fn head(&self) -> Range<usize> {
        0..self.response.len
    }
}

/// Everything that the answered parameters of permessage-deflate do against its definition or
/// against the offers (RFC 7692 7.1).
fn deflate(answer: &Extensions<'_>, offer: &Extensions<'_>) -> Vec<Kind> {
    let named = || offer.named(PERMESSAGE_DEFLATE);
    let readings: [fn(&Extension<'_>) -> Option<Offer>; 2] =
        [|offer| Offer::parse(offer).ok(), |offer| Offer::parse_in_any_case(offer).ok()];
    let offers: Vec<Offer> =
        readings.iter().flat_map(|read| named().filter_map(move |offer| read(offer))).collect();
    let mut found = Vec::new();
    for extension in answer.named(PERMESSAGE_DEFLATE) {
        match Answer::parse(extension) {
            Err(violations) => found.extend(violations.iter().map(|violation| {
                Kind::DeflateParameter { name: violation.parameter.to_vec(), kind: violation.kind }
            })),
            Ok(_) if offers.is_empty() => {
                // An offer with a faulty parameter is declined (RFC 7692 7), and it is the only one.
                let violations =
                    named().filter_map(|offer| Offer::parse(offer).err()).flatten().next();
                found.extend(violations.map(|violation| Kind::DeflateDeclined {
                    name: violation.parameter.to_vec(),
                    kind: violation.kind,
                }));
            }
            Ok(answer) if !fits(&answer, &offers) => {
                found.extend(misfits(&answer, &offers).into_iter().map(Kind::DeflateMisfit));
            }
            Ok(_) => {}
        }
    }
    let times = answer.named(PERMESSAGE_DEFLATE).count();
    if times > 1 {
        found.push(Kind::DeflateRepeated(times));
    }
    found
}

/// The misfits with the offer that the answer is nearest to.
fn misfits(answer: &Answer, offers: &[Offer]) -> Vec<Misfit> {
    let unlawful = |offer: &Offer| -> Vec<Misfit> {
        answer.misfits(offer).into_iter().filter(|misfit| !misfit.is_lawful()).collect()
    };
    offers.iter().map(unlawful).min_by_key(Vec::len).unwrap_or_default()
}

/// What stands between the commas. A list of tokens has no quoted strings, so that a stray quote
/// hides nothing that comes after it from whoever reads generously.
fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii)
}

fn upgrade_of<'f>(fields: &'f crate::Fields<'_>) -> impl Iterator<Item = &'f [u8]> {
    fields.values("Upgrade")
}

/// A version that only one side gives is left open by the text.
fn is_same(offer: &Protocol<'_>, named: &Protocol<'_>) -> bool {
    let one_sided = offer.version.is_none() || named.version.is_none();
    is_named(offer, named.name) && (one_sided || offer.version == named.version)
}

fn is_named(protocol: &Protocol<'_>, name: &[u8]) -> bool {
    same_in_any_case(protocol.name, name)
}

const ACCEPT: &str = "Sec-WebSocket-Accept";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const VERSION: &str = "Sec-WebSocket-Version";
