//! What a fault changes in HTTP/2: one function for each place that asks.

use upspec_handshake::RequestHead;
use upspec_handshake::field::key::{Key, accept};
use upspec_handshake::h2::{ErrorCode, HeaderList, ListViolation, setting, write};
use upspec_handshake::peer::Transport;

use crate::answer::{Answer, Occasion};
use crate::config::{Config, Variation};
use crate::fault::{Effect, Point};

/// What happens to a malformed request.
pub(super) enum Malformed {
    /// It is answered with this status.
    Answer(u16),
    /// The connection ends.
    GoAway,
    /// Its stream ends with this code.
    Reset(ErrorCode),
    /// Nothing.
    Silence,
}

pub(super) fn malformed(config: &Config) -> Malformed {
    if config.errs_at(Point::Http2MalformedUnanswered) {
        Malformed::Silence
    } else if config.varies(Variation::MalformedWith400) {
        Malformed::Answer(400)
    } else if config.varies(Variation::MalformedWithGoaway) {
        Malformed::GoAway
    } else {
        Malformed::Reset(ErrorCode::PROTOCOL_ERROR)
    }
}

/// The frames that begin the connection.
pub(super) fn announced(config: &Config, settings: Vec<(u16, u32)>) -> Vec<u8> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Http2Settings(announce) => Some(announce(&settings)),
        _ => None,
    });
    changed.unwrap_or_else(|| write::settings(&settings))
}

/// Whether SETTINGS of the client are an error.
pub(super) fn objects_to_settings(config: &Config, settings: &[(u16, u32)]) -> bool {
    let is_own = |(id, _): &(u16, u32)| *id == setting::ENABLE_CONNECT_PROTOCOL;
    config.errs_at(Point::Http2SettingRefused) && settings.iter().any(is_own)
}

/// Whether a violation of a request is overlooked.
pub(super) fn overlooks(config: &Config, violation: &ListViolation, list: &HeaderList) -> bool {
    let overlooks = |effect: &Effect| matches!(effect, Effect::Http2Overlook(is_overlooked) if is_overlooked(violation, list));
    config.effects().any(overlooks)
}

/// Whether something lawful in a request is taken for a violation.
pub(super) fn objects(config: &Config, list: &HeaderList) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::Http2Object(objects) if objects(list)))
}

/// The answer to a request that is examined no further.
pub(super) fn answer_at_once(config: &Config, list: &HeaderList) -> Option<Answer> {
    config.effects().find_map(|effect| match effect {
        Effect::Http2Status(status, is_due) if is_due(list, config) => {
            Some(Answer::interim(*status))
        }
        _ => None,
    })
}

/// A request as it is read after the first one of its connection.
pub(super) fn remembered(
    config: &Config,
    list: &HeaderList,
    first: Option<&HeaderList>,
) -> HeaderList {
    let mut list = list.clone();
    for effect in config.effects() {
        if let (Effect::Http2Remembered(change), Some(first)) = (effect, first) {
            change(&mut list, first);
        }
    }
    list
}

/// How much room DATA gives back: all that it took of the windows (RFC 9113 6.9.1).
pub(super) fn credit(config: &Config, octets: usize, flow: usize) -> u32 {
    let taken = if config.errs_at(Point::Http2PaddingUncredited) { octets } else { flow };
    match config.errs_at(Point::Http2CreditOmitted) {
        true => 0,
        false => u32::try_from(taken).unwrap_or(u32::MAX),
    }
}

/// Whether a request gets no answer at all.
pub(super) fn leaves_unanswered(config: &Config, list: &HeaderList) -> bool {
    let is_due =
        |effect: &Effect| matches!(effect, Effect::Http2Unanswered(is_due) if is_due(list));
    config.effects().any(is_due)
}

/// The list of a request with what a fault takes for said: where something is overlooked, a value
/// that is missing has a default.
pub(super) fn completed(config: &Config, transport: Transport, list: &HeaderList) -> HeaderList {
    let mut list = list.clone();
    if list.pseudo(":method").is_none() {
        list.push(":method", "GET");
    }
    if list.pseudo(":protocol").is_some() && !list.is_extended_connect() {
        list.fields.retain(|field| field.name != b":method");
        list.push(":method", "CONNECT");
    }
    let is_taken = |protocol: &[u8]| {
        let takes = |effect: &Effect| matches!(effect, Effect::Http2Protocol(is_taken) if is_taken(protocol));
        config.effects().any(takes)
    };
    for field in list.fields.iter_mut().filter(|field| field.name == b":protocol") {
        if is_taken(&field.value) {
            field.value = b"websocket".to_vec();
        }
    }
    let default = if list.is_extended_connect() { &config.path } else { "/" };
    let is_connect = list.pseudo(":method") == Some(b"CONNECT") && !list.is_extended_connect();
    if !is_connect && list.pseudo(":scheme").is_none() {
        list.push(":scheme", if transport == Transport::Tls { "https" } else { "http" });
    }
    if !is_connect && list.pseudo(":path").is_none_or(<[u8]>::is_empty) {
        list.fields.retain(|field| field.name != b":path");
        list.push(":path", default.as_bytes());
    }
    if config.errs_at(Point::Http2HostIgnored) && list.pseudo(":authority").is_some() {
        list.fields.retain(|field| field.name != b"host");
    }
    list
}

/// The answer to an extended CONNECT with an invalid key, where a fault reads it.
pub(super) fn refuses_key(config: &Config, head: &RequestHead<'_>) -> Option<Answer> {
    let key = read_key(config, head)?;
    let refused = Answer::new(400, "the key is not base64 of 16 octets");
    Key::parse(key).is_err().then_some(Answer { occasion: Occasion::BadHandshake, ..refused })
}

/// The answer to an extended CONNECT, with the accept value of a key that a fault reads.
pub(super) fn accepted(config: &Config, answer: Answer, head: &RequestHead<'_>) -> Answer {
    match read_key(config, head) {
        Some(key) => answer.with("Sec-WebSocket-Accept", accept(key)),
        None => answer,
    }
}

fn read_key<'h>(config: &Config, head: &'h RequestHead<'_>) -> Option<&'h [u8]> {
    let is_read = config.errs_at(Point::Http2KeyRead) && head.is_extended_connect();
    head.fields.values("Sec-WebSocket-Key").next().filter(|_| is_read)
}

/// Changes the header list of a response.
pub(super) fn alter_list(config: &Config, mut list: HeaderList, answer: &Answer) -> HeaderList {
    for effect in config.effects() {
        if let Effect::Http2Section(change) = effect {
            change(&mut list, answer);
        }
    }
    list
}

/// What a DATA frame carries for a WebSocket; `padded` is how many octets its padding takes.
pub(super) fn tunnelled(config: &Config, octets: Vec<u8>, padded: usize) -> Vec<u8> {
    let whole = match padded.checked_sub(1) {
        None => octets.clone(),
        Some(padding) => [&[padding as u8][..], &octets, &vec![0; padding]].concat(),
    };
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Http2Tunnelled(read) => Some(read(&octets, &whole).to_vec()),
        _ => None,
    });
    changed.unwrap_or(octets)
}

/// Whether the client has ended a WebSocket.
pub(super) fn ends_tunnel(config: &Config, octets: &[u8], has_ended: bool) -> bool {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Http2TunnelEnds(ends) => Some(ends(octets, has_ended)),
        _ => None,
    });
    changed.unwrap_or(has_ended)
}

/// The content of a response.
pub(super) fn content(config: &Config, status: u16, content: Vec<u8>) -> Vec<u8> {
    match config.errs_at(Point::Http2ErrorContentOmitted) && status >= 400 {
        true => Vec::new(),
        false => content,
    }
}
