//! Reads the response to an extended CONNECT (RFC 8441 5, RFC 9113 8.1.1).

use upspec_handshake::Party;
use upspec_handshake::field::deflate;
use upspec_handshake::h2::message::{ListKind, violations};
use upspec_handshake::h2::{ErrorCode, HeaderList};
use upspec_handshake::peer::{Agreed, SwitchViolationKind, check};

use crate::client::config::ClientConfig;
use crate::client::fault::{Effect, Point};
use crate::client::request::{EXTENSIONS, PROTOCOL};
use crate::client::session;
use crate::fault::Seen;

/// What a header section means.
pub(super) enum Verdict {
    /// No WebSocket: why, and the code of the stream's end.
    Fails(String, ErrorCode),
    /// The answer is still to come.
    Interim,
    /// A WebSocket is open.
    Opens {
        /// The subprotocol in use.
        subprotocol: Option<String>,
        /// The extensions in use.
        extensions: String,
        /// What is agreed about permessage-deflate.
        agreed: Option<deflate::Answer>,
    },
}

/// Reads the header list of a response.
pub(super) fn read(config: &ClientConfig, request: &HeaderList, list: &HeaderList) -> Verdict {
    let mut list = changed(config, request, list);
    let is_switch = list.status() == Some(101) && config.errs_at(Point::Http2SwitchTaken);
    if is_switch || (list.status() >= Some(200) && config.errs_at(Point::Http2AnyStatus)) {
        let mut status = list.fields.iter_mut().filter(|field| field.name == b":status");
        if let Some(status) = status.next() {
            status.value = b"200".to_vec();
        }
    }
    if let Some(violation) = violations(&list, ListKind::Response).first() {
        let why = format!("the response is malformed: {}", violation.kind.describe());
        return Verdict::Fails(why, ErrorCode::PROTOCOL_ERROR);
    }
    match list.status() {
        Some(100..=199) => return Verdict::Interim,
        Some(200) => {}
        Some(201..=299) if !config.errs_at(Point::Http2OnlyOk) => {}
        Some(status) => {
            return Verdict::Fails(format!("the server answered {status}"), ErrorCode::CANCEL);
        }
        None => return Verdict::Interim,
    }
    if config.errs_at(Point::Http2AcceptWanted)
        && list.values("sec-websocket-accept").next() != Some(ACCEPT)
    {
        return Verdict::Fails("there is no Sec-WebSocket-Accept".to_owned(), ErrorCode::CANCEL);
    }
    let request = request.request();
    let response = list.response();
    let mut found = check(&response, Some(&request));
    found.retain(|violation| violation.kind.requirement(Party::Client).is_some());
    if !found.is_empty() && !config.errs_at(Point::Http2AnswerUnchecked) {
        let why: Vec<&str> =
            found.iter().map(|one| SwitchViolationKind::describe(&one.kind)).collect();
        return Verdict::Fails(why.join("; "), ErrorCode::CANCEL);
    }
    let agreed = Agreed::read(&response);
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Verdict::Opens {
        subprotocol: agreed.subprotocol.as_deref().map(text),
        extensions: text(&agreed.extensions.join(&b", "[..])),
        agreed: agreed.extensions.iter().find_map(|one| session::agreed(one)),
    }
}

/// The list as a faulty client reads it: what it overlooks in HTTP/1.1 it overlooks here.
fn changed(config: &ClientConfig, request: &HeaderList, list: &HeaderList) -> HeaderList {
    let asked = Seen::of_list(request);
    let mut list = list.clone();
    for effect in config.effects() {
        let Effect::Answer(change) = effect else { continue };
        let line = |name: &str, value: &[u8]| [name.as_bytes(), b": ", value].concat();
        let mut seen = Seen { start: b"HTTP/2.0 200".to_vec(), is_http2: true, ..Seen::default() };
        for name in NEGOTIATED {
            let lower = name.to_ascii_lowercase();
            seen.lines.extend(list.values(&lower).map(|value| line(name, value)));
        }
        change(&mut seen, &asked);
        for name in NEGOTIATED {
            let lower = name.to_ascii_lowercase();
            list.fields.retain(|field| field.name != lower.as_bytes());
            for value in seen.values(name) {
                list.push(lower.as_bytes(), value);
            }
        }
    }
    list
}

const NEGOTIATED: [&str; 2] = [PROTOCOL, EXTENSIONS];
/// What no server sends, since there is no key to make it of.
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
