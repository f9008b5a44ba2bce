//! What a fault changes where the server speaks HTTP/2: one function for each place that asks.

use upspec_handshake::h2::hpack::Pairs;
use upspec_handshake::h2::{Defect, ErrorCode, HeaderList, setting, write};

use super::exchange::value;
use crate::answer::Answer;
use crate::config::{Config, Variation};
use crate::fault::{Effect, Point};

/// What becomes of a malformed request.
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

/// Whether a defect of a request is not looked for.
pub(super) fn overlooks(config: &Config, defect: &Defect, list: &HeaderList) -> bool {
    let overlooks = |effect: &Effect| matches!(effect, Effect::Http2Overlook(is_overlooked) if is_overlooked(defect, list));
    config.effects().any(overlooks)
}

/// Whether something of a request is taken for a defect that is none.
pub(super) fn objects(config: &Config, list: &HeaderList) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::Http2Object(objects) if objects(list)))
}

/// The answer to a request that is not looked at any further.
pub(super) fn answer_at_once(config: &Config, list: &HeaderList) -> Option<Answer> {
    config.effects().find_map(|effect| match effect {
        Effect::Http2Status(status, is_due) if is_due(list, config) => {
            Some(Answer::interim(*status))
        }
        _ => None,
    })
}

/// Whether this `:protocol` names WebSocket.
pub(super) fn is_websocket(config: &Config, protocol: &[u8]) -> bool {
    let is_taken =
        |effect: &Effect| matches!(effect, Effect::Http2Protocol(is_taken) if is_taken(protocol));
    protocol.eq_ignore_ascii_case(b"websocket") || config.effects().any(is_taken)
}

/// The key of the opening handshake that an extended CONNECT stands for.
pub(super) fn key<'s>(config: &Config, section: &'s Pairs) -> &'s [u8] {
    let is_read = config.errs_at(Point::Http2KeyRead);
    let sent = value(section, "sec-websocket-key").filter(|_| is_read);
    sent.unwrap_or(KEY)
}

/// Changes the header section of a response.
pub(super) fn alter_section(config: &Config, mut section: Pairs, answer: &Answer) -> Pairs {
    for effect in config.effects() {
        if let Effect::Http2Section(change) = effect {
            change(&mut section, answer);
        }
    }
    section
}

/// What a DATA frame carries for a WebSocket; `whole` is its payload with the padding.
pub(super) fn tunnelled<'f>(config: &Config, octets: &'f [u8], whole: &'f [u8]) -> &'f [u8] {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Http2Tunnelled(read) => Some(read(octets, whole)),
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

/// The key that an extended CONNECT stands for, which has none.
const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
