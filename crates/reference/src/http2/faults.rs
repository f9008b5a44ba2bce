//! What a fault changes where the server speaks HTTP/2: one function for each place that asks.
//! Never what HTTP/1.1 has as well; those faults act on the request and the answer that both share.

use upspec_handshake::field::key;
use upspec_handshake::h2::hpack::Pairs;
use upspec_handshake::h2::{Defect, DefectKind, ErrorCode, HeaderList, kind, setting, write};

use super::exchange::{Form, value};
use crate::Fault;
use crate::answer::Answer;
use crate::config::{Config, Variation};

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
    if config.has(Fault::Http2MalformedUnanswered) {
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
    let own = |value| {
        let is_other = |(id, _): &&(u16, u32)| *id != setting::ENABLE_CONNECT_PROTOCOL;
        let other = settings.iter().filter(is_other).copied();
        let with: Vec<_> = other.chain([(setting::ENABLE_CONNECT_PROTOCOL, value)]).collect();
        write::settings(&with)
    };
    let settled = write::settings(&settings);
    match config.fault {
        Some(Fault::Http2SettingOfTwo) => own(2),
        Some(Fault::Http2SettingWithdrawn) => [own(1), own(0)].concat(),
        Some(Fault::Http2PingFirst) => [write::ping(0, *b"upspec!!"), settled].concat(),
        Some(Fault::Http2ShortPing) => [settled, write::frame(kind::PING, 0, 0, b"short")].concat(),
        _ => settled,
    }
}

/// Whether SETTINGS of the client are an error.
pub(super) fn objects_to_settings(config: &Config, settings: &[(u16, u32)]) -> bool {
    let is_own = |(id, _): &(u16, u32)| *id == setting::ENABLE_CONNECT_PROTOCOL;
    config.has(Fault::Http2ClientSetting) && settings.iter().any(is_own)
}

/// Whether a defect of a request is not looked for.
pub(super) fn overlooks(config: &Config, defect: &Defect, list: &HeaderList) -> bool {
    use DefectKind as Kind;
    let kind = defect.kind;
    match config.fault {
        Some(Fault::Http2ConnectionFields) => kind == Kind::ConnectionSpecific,
        Some(Fault::Http2ConnectFields) => {
            kind == Kind::ConnectionSpecific && list.is_extended_connect()
        }
        Some(Fault::Http2AnyTe) => kind == Kind::TeOther,
        Some(Fault::Http2UpperCaseNames) => kind == Kind::NameUppercase,
        Some(Fault::Http2InvalidNames) => kind == Kind::NameInvalid,
        Some(Fault::Http2InvalidValues) => kind == Kind::ValueInvalid,
        Some(Fault::Http2PseudoDefaulted) => kind == Kind::PseudoMissing,
        Some(Fault::Http2EmptyPath) => kind == Kind::PathEmpty,
        Some(Fault::Http2PseudoRepeated) => kind == Kind::PseudoRepeated,
        Some(Fault::Http2PseudoAnywhere) => kind == Kind::PseudoAfterRegular,
        Some(Fault::Http2PseudoUnknown) => kind == Kind::PseudoUnknown,
        Some(Fault::Http2PseudoMisplaced) => {
            matches!(kind, Kind::PseudoMisplaced | Kind::ProtocolWithoutConnect)
        }
        Some(Fault::Http2TargetDefaulted) => kind == Kind::ProtocolWithoutTarget,
        Some(Fault::AcceptMissingHost) => kind == Kind::ConnectAuthorityMissing,
        _ => false,
    }
}

/// Whether something of a request is taken for a defect that is none.
pub(super) fn objects(config: &Config, list: &HeaderList) -> bool {
    let any = |test: &dyn Fn(&[u8]) -> bool| list.fields.iter().any(|field| test(&field.name));
    match config.fault {
        Some(Fault::Http2UpgradePrefix) => any(&|name| name.starts_with(b"upgrade")),
        Some(Fault::Http2NoTe) => any(&|name| name == b"te"),
        _ => false,
    }
}

/// Whether a host that is not the `:authority` is let through.
pub(super) fn overlooks_host(config: &Config) -> bool {
    config.has(Fault::Http2HostIgnored)
}

/// The answer to a request that is not looked at any further.
pub(super) fn answer_at_once(config: &Config, list: &HeaderList) -> Option<Answer> {
    let has = |name| list.values(name).next().is_some();
    let is_connect = list.pseudo(":method") == Some(b"CONNECT");
    let is_extended = list.is_extended_connect();
    let (status, is_due) = match config.fault? {
        Fault::Http2ConnectServed => (200, is_connect && !is_extended),
        Fault::Http2SwitchOnKey => (101, !is_connect && has("sec-websocket-key")),
        Fault::Http2SwitchOnSettings => (101, has("http2-settings")),
        Fault::Http2UnknownProtocolDropped => {
            (200, is_extended && list.pseudo(":protocol") != Some(b"websocket"))
        }
        Fault::Http2BlindTunnel => {
            let is_ours = list.pseudo(":path") == Some(config.path.as_bytes());
            (200, is_extended && !is_ours && list.pseudo(":path") != Some(b"/"))
        }
        _ => return None,
    };
    is_due.then(|| Answer::new(status, "as you like"))
}

/// Whether this `:protocol` names WebSocket.
pub(super) fn is_websocket(config: &Config, protocol: &[u8]) -> bool {
    match config.fault {
        Some(Fault::Http2AnyProtocol) => true,
        Some(Fault::Http2ProtocolPrefix) => protocol.starts_with(b"websocket"),
        _ => protocol.eq_ignore_ascii_case(b"websocket"),
    }
}

/// The key of the opening handshake that an extended CONNECT stands for.
pub(super) fn key<'s>(config: &Config, section: &'s Pairs) -> &'s [u8] {
    let is_read = matches!(config.fault, Some(Fault::Http2AcceptSent | Fault::Http2KeyChecked));
    let sent = value(section, "sec-websocket-key").filter(|_| is_read);
    sent.unwrap_or(KEY)
}

/// Whether the content of a request may be longer or shorter than it says.
pub(super) fn miscounts(config: &Config) -> bool {
    config.has(Fault::Http2LengthIgnored)
}

/// Changes the header section of a response.
pub(super) fn alter_section(
    config: &Config,
    mut fields: Pairs,
    answer: &Answer,
    form: Form,
) -> Pairs {
    let is_error = answer.status >= 400;
    let mut add = |name: &[u8], value: &[u8]| fields.push((name.to_vec(), value.to_vec()));
    match config.fault {
        Some(Fault::Http2AcceptSent) if form == Form::WebSocket => {
            let sent = answer.position("Sec-WebSocket-Accept");
            let sent = sent.map(|at| &answer.fields[at].1[..]);
            let canned = key::accept(KEY);
            if let Some(accept) = sent.filter(|accept| *accept != canned) {
                add(b"sec-websocket-accept", accept);
            }
        }
        Some(Fault::Http2ConnectionFieldsSent) if is_error => add(b"connection", b"close"),
        Some(Fault::Http2UpperCaseSent) if is_error => add(b"X-Upspec", b"1"),
        Some(Fault::Http2StatusOfFour) if is_error => fields[0].1.insert(0, b'0'),
        Some(Fault::Http2InterimEnds) if is_error => fields[0].1 = b"103".to_vec(),
        _ => {}
    }
    fields
}

/// What a DATA frame carries for a WebSocket; `whole` is its payload with the padding.
pub(super) fn tunnelled<'f>(config: &Config, octets: &'f [u8], whole: &'f [u8]) -> &'f [u8] {
    match config.fault {
        Some(Fault::TunnelTakesPadding) => whole,
        Some(Fault::TunnelOneFrameInData) => {
            let length = octets.get(1).map_or(0, |octet| usize::from(octet & 0x7f));
            &octets[..octets.len().min(SMALL_HEAD + length)]
        }
        _ => octets,
    }
}

/// Whether an incomplete frame is dropped with the DATA frame that it began in.
pub(super) fn drops_rest(config: &Config) -> bool {
    config.has(Fault::TunnelFrameInOneData)
}

/// Whether the client has ended a WebSocket.
pub(super) fn ends_tunnel(config: &Config, octets: &[u8], has_ended: bool) -> bool {
    match config.fault {
        Some(Fault::TunnelEndsWithEmptyData) => has_ended || octets.is_empty(),
        Some(Fault::TunnelOutlivesEnd) => false,
        _ => has_ended,
    }
}

/// The content of a response.
pub(super) fn content(config: &Config, status: u16, content: Vec<u8>) -> Vec<u8> {
    match config.fault {
        Some(Fault::Http2InterimEnds) if status >= 400 => Vec::new(),
        _ => content,
    }
}

/// The key that an extended CONNECT stands for, which has none.
const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
/// The head of a masked frame with a length of one octet (RFC 6455 5.2).
const SMALL_HEAD: usize = 6;
