//! What a 101 that passes every step of section 4.1 has out of the ordinary, from what clients may stumble over to
//! what has to open.

use upspec_handshake::field::{elements, is_token};
use upspec_handshake::frame::opcode;
use upspec_handshake::peer::{SwitchViolationKind as Kind, check};
use upspec_handshake::{RequestHead, Version, ViolationKind};

use super::Answer;
use super::edit::Edit;
use super::readings::{CHECK_REST, Parts, has_hidden_option, is_odd_line, is_recased};
use super::words::Field;

/// How far a client is free, the freest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The texts leave it open.
    Either,
    /// It is not valid, and a recipient may recover.
    Doubt,
    /// It is harmless.
    Harmless,
    /// It opens.
    Open,
}

/// What there is to say of an answer: how free the client is, the requirement, and why.
pub(super) type Remark = (Due, &'static str, &'static str);

/// The remark that leaves the client the most freedom.
pub(super) fn freest(
    answer: &Answer,
    parts: &Parts<'_>,
    request: Option<&RequestHead<'_>>,
) -> Remark {
    let mut remarks = in_head(parts, request);
    remarks.extend(in_fields(parts, request));
    remarks.extend(around(answer, parts));
    remarks.push(spelling(answer));
    remarks.into_iter().min_by_key(|remark| remark.0).unwrap_or(PLAIN)
}

/// What the grammar and the check of a 101 have against it.
fn in_head(parts: &Parts<'_>, request: Option<&RequestHead<'_>>) -> Vec<Remark> {
    let Some(head) = &parts.head else {
        return Vec::new();
    };
    let mut remarks = Vec::new();
    for found in check(head, request) {
        let what = found.kind.describe();
        remarks.push(match found.kind {
            Kind::Malformed(ViolationKind::ObsFold) => {
                (Due::Harmless, "rfc9112/5.2-fold-user-agent", what)
            }
            Kind::Malformed(kind) if is_odd_line(kind) => {
                (Due::Doubt, "rfc9112/5-field-line", what)
            }
            Kind::Malformed(ViolationKind::BareLf) => (Due::Either, "rfc9112/2.2-bare-lf", what),
            Kind::HttpVersion if head.version != Some(Version::HTTP_10) => {
                (Due::Doubt, CHECK_REST, what)
            }
            Kind::ConnectionWithoutUpgrade if has_hidden_option(head) => {
                (Due::Doubt, "rfc9110/7.6.1-grammar", what)
            }
            Kind::ExtensionsMalformed => (Due::Doubt, "rfc6455/9.1-malformed", what),
            Kind::DeflateMisfit(_) => (Due::Doubt, "rfc7692/5-invalid-answer", what),
            Kind::AcceptWrong(_) => (Due::Doubt, "rfc6455/4.1-check-accept", what),
            Kind::VersionSent => (Due::Harmless, "rfc9110/5.1-unknown-fields", what),
            _ => (Due::Either, CHECK_REST, what),
        });
    }
    if head.reason != b"Switching Protocols" {
        let what = "the reason phrase is another one";
        remarks.push((Due::Harmless, "rfc9112/4-reason-ignored", what));
    }
    if head.version.is_some_and(|version| version > Version::HTTP_11) {
        remarks.push((Due::Harmless, "rfc9110/6.2-higher-minor", "the minor version is higher"));
    }
    remarks
}

/// What single fields have.
fn in_fields(parts: &Parts<'_>, request: Option<&RequestHead<'_>>) -> Vec<Remark> {
    let Some(head) = &parts.head else {
        return Vec::new();
    };
    let mut remarks = Vec::new();
    let has = |name| head.fields.contains(name);
    if has("Content-Length") || has("Transfer-Encoding") {
        let what = "a 101 has no content that a field could measure";
        remarks.push((Due::Either, "rfc9112/6.3-no-body-status", what));
    }
    let connection = head.fields.combined("Connection").unwrap_or_default();
    if elements(&connection).any(|one| one.bytes.eq_ignore_ascii_case(b"close")) {
        remarks.push((Due::Either, "rfc6455/4.1-check-connection", "close is an option, too"));
    }
    let is_option = |one: &[u8]| one.is_empty() || is_token(one);
    if !elements(&connection).all(|one| is_option(one.bytes)) {
        let what = "Connection holds what is no option";
        remarks.push((Due::Doubt, "rfc9110/7.6.1-grammar", what));
    }
    if elements(&connection).any(|one| one.is_empty()) {
        let what = "Connection has empty elements";
        remarks.push((Due::Harmless, "rfc9110/5.6.1.2-empty-elements", what));
    }
    let offers = request.is_some_and(|request| request.fields.contains("Sec-WebSocket-Protocol"));
    if offers && !has("Sec-WebSocket-Protocol") {
        let what = "none of the subprotocols is chosen";
        remarks.push((Due::Either, "rfc6455/7.2.1-no-arbitrary-close", what));
    }
    if has("Sec-WebSocket-Extensions") {
        let due = if is_recased(head, request) { Due::Either } else { Due::Harmless };
        remarks.push((due, "rfc6455/7.2.1-no-arbitrary-close", "an extension is accepted"));
    }
    if head.fields.iter().any(|line| !KNOWN.iter().any(|name| line.is_named(name))) {
        let what = "there are fields that say nothing here";
        remarks.push((Due::Harmless, "rfc9110/5.1-unknown-fields", what));
    }
    remarks
}

/// What comes before and behind the head.
fn around(answer: &Answer, parts: &Parts<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if parts.interim.iter().any(|head| !head.violations.is_empty()) {
        let what = "an interim response is malformed";
        remarks.push((Due::Either, "rfc9110/15.2-client-parses", what));
    }
    if !parts.interim.is_empty() {
        let what = "an interim response comes before";
        remarks.push((Due::Open, "rfc9110/15.2-client-parses", what));
    }
    if !parts.behind.is_empty() {
        // Who gets a message, or what is no frame, may have left again before anything shows.
        let due = if is_ping(parts.behind) { Due::Open } else { Due::Either };
        remarks.push((due, "rfc6455/6.2-parse-frames", "octets come in the segment of the head"));
    }
    if answer.stops() {
        remarks.push((Due::Either, "rfc6455/7.2.1-transport-lost", "the stream ends behind it"));
    }
    remarks
}

fn is_ping(octets: &[u8]) -> bool {
    let length = octets.len().wrapping_sub(2);
    let (first, second) = (octets.first().copied(), octets.get(1).copied().map(usize::from));
    length <= MOST_OF_PING && first == Some(0x80 | opcode::PING) && second == Some(length)
}

/// What the spelling of a plain answer puts to the test.
fn spelling(answer: &Answer) -> Remark {
    let ruled = answer.edits.iter().find_map(|edit| {
        Some(match edit {
            Edit::Name(..) => ("rfc9110/5.1-name-case", "names have no case"),
            Edit::Space(..) | Edit::Put(..) => {
                ("rfc9110/5.5-trim", "white space around a value is no part of it")
            }
            Edit::Case(Field::Upgrade, _) | Edit::Set(Field::Upgrade, _) => {
                ("rfc6455/4.1-check-upgrade", "websocket has no case")
            }
            Edit::Case(Field::Connection, _)
            | Edit::Set(Field::Connection, _)
            | Edit::Also(Field::Connection, ..)
            | Edit::Repeat(Field::Connection)
            | Edit::Insert(Field::Connection, ..) => {
                ("rfc6455/4.1-check-connection", "the option stands in the list")
            }
            _ => return None,
        })
    });
    let (rule, what) = ruled.unwrap_or((PLAIN.1, PLAIN.2));
    (Due::Open, rule, what)
}

const PLAIN: Remark =
    (Due::Open, "rfc6455/4.1-validate-as-follows", "it passes every step of section 4.1");

const KNOWN: [&str; 5] = [
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
];
/// RFC 6455 section 5.5.
const MOST_OF_PING: usize = 125;
