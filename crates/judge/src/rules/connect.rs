//! What a client asks for in HTTP/2: the header list of its extended CONNECT (RFC 8441 4, 5), whether it asks for what
//! its URL says, and what it sends on a stream that was reset (RFC 9113 6.4).

use upspec_exchange::http2::FRAME_HEADER;
use upspec_exchange::{Http2, Talk};
use upspec_handshake::Party;
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::message::{ListKind, ListViolation, ListViolationKind, violations};
use upspec_handshake::h2::{HeaderList, PREFACE, kind};

use super::Breach;
use super::asked::decoded;
use super::url::WsUrl;
use crate::forwarded::normal;
use crate::text::shown;

/// The requests of a client are well-formed, and the one for a WebSocket is what RFC 8441 makes of the opening handshake
/// of a client that was given a URL.
pub(super) fn requests(talk: &Talk<'_>, _: Party, breaches: &mut Vec<Breach>) {
    let Some(http2) = talk.http2 else {
        return;
    };
    let heads = http2.client.streams.values().filter_map(|stream| stream.heads.first());
    for list in heads.map(|head| &head.list) {
        let is_websocket = is_for_websocket(list);
        well_formed(list, is_websocket, breaches);
        if let Some(url) = talk.link.url.as_deref().filter(|_| is_websocket) {
            handshake(list, url, breaches);
        }
    }
}

/// Whether a request means to open a WebSocket; a browser may have others on the same connection.
fn is_for_websocket(list: &HeaderList) -> bool {
    list.pseudo(":protocol").is_some_and(|protocol| protocol == b"websocket")
        || list.fields.iter().any(|field| field.name.starts_with(b"sec-websocket-"))
}

fn well_formed(list: &HeaderList, is_websocket: bool, breaches: &mut Vec<Breach>) {
    for violation in violations(list, ListKind::RequestExtended) {
        let Some(requirement) = broken_by(list, violation, is_websocket) else {
            continue;
        };
        let message = format!("the request has {}", violation.kind.describe());
        breaches.push(Breach::new(requirement, message).at(list.at..list.end));
    }
}

/// What a client breaks by sending such a list; what [`handshake`] tells of is left out.
fn broken_by(
    list: &HeaderList,
    violation: ListViolation,
    is_websocket: bool,
) -> Option<&'static str> {
    use ListViolationKind as Kind;
    let name = violation.field.and_then(|at| list.fields.get(at)).map(|field| &field.name[..]);
    Some(match violation.kind {
        Kind::ConnectionSpecific | Kind::TeOther => match name {
            Some(b"connection" | b"upgrade") if is_websocket => "rfc8441/5-no-connection-fields",
            _ => "rfc9113/8.2.2-connection-fields-sent",
        },
        Kind::NameInvalid | Kind::NameUppercase => "rfc9113/8.2.1-field-name",
        Kind::ValueInvalid => "rfc9113/8.2.1-field-value",
        Kind::PseudoAfterRegular => "rfc9113/8.3-pseudo-order",
        Kind::PseudoRepeated => "rfc9113/8.3-pseudo-repeated",
        Kind::PseudoUnknown => "rfc9113/8.3-pseudo-unknown",
        Kind::ProtocolWithoutTarget => "rfc8441/4-scheme-path",
        _ => return None,
    })
}

/// Method, protocol, version, and the parts of the URL (RFC 8441 5).
fn handshake(list: &HeaderList, url: &str, breaches: &mut Vec<Breach>) {
    let mut found = |requirement, message: String| {
        breaches.push(Breach::new(requirement, message).at(list.at..list.end));
    };
    let pseudo = |name| list.pseudo(name).unwrap_or_default();
    let (method, protocol) = (pseudo(":method"), pseudo(":protocol"));
    if method != b"CONNECT" || protocol != b"websocket" {
        let (method, protocol) = (shown(method, 20), shown(protocol, 20));
        let what = format!("the request has the :method `{method}` and the :protocol `{protocol}`");
        found("rfc8441/5-protocol", what);
    }
    let versions: Vec<&[u8]> = list.values("sec-websocket-version").collect();
    if versions != [b"13"] {
        let versions: Vec<String> = versions.iter().map(|version| shown(version, 20)).collect();
        let what = format!("sec-websocket-version is [{}], not 13", versions.join(", "));
        found("rfc8441/5-websocket-fields", what);
    }
    let Some(asked) = WsUrl::parse(url) else {
        return;
    };
    let wanted: &[u8] =
        if url.to_ascii_lowercase().starts_with("wss:") { b"https" } else { b"http" };
    if let Some(scheme) = list.pseudo(":scheme").filter(|scheme| *scheme != wanted) {
        let (scheme, wanted) = (shown(scheme, 20), shown(wanted, 20));
        found("rfc8441/5-scheme", format!("the :scheme is {scheme}, not {wanted}"));
    }
    let authority = String::from_utf8_lossy(pseudo(":authority"));
    if !authority.eq_ignore_ascii_case(&asked.authority()) {
        let named = asked.authority();
        let what = format!("the :authority is `{authority}`, and the URL names {named}");
        found("rfc9113/8.3.1-authority", what);
    }
    if let Some(path) = list.pseudo(":path")
        && normal(path) != normal(asked.resource().as_bytes())
    {
        let resource = asked.resource();
        let what = format!("the :path is {}, and the URL asks for {resource}", shown(path, 60));
        let breach = Breach::new("rfc6455/4.1-target", what).at(list.at..list.end);
        let is_alike = decoded(path) == decoded(resource.as_bytes());
        breaches.push(if is_alike { breach.at_most_warn() } else { breach });
    }
}

/// Nothing but PRIORITY comes on a stream that we reset, once a PING behind that is answered: frames are read in order,
/// so that whoever answers it knows of the end (RFC 9113 5.1, 6.4).
pub(super) fn after_reset(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let Some(http2) = talk.http2 else {
        return;
    };
    let octets = talk.sent_in_time(party);
    let Some(rest) = octets.strip_prefix(PREFACE) else {
        return;
    };
    for (id, stream) in &http2.server.streams {
        let Some((reset, _)) = stream.reset else {
            continue;
        };
        let Some(known) = known_from(http2, reset) else {
            continue;
        };
        let late = frames(rest).find(|frame| {
            frame.stream == *id && frame.kind != kind::PRIORITY && PREFACE.len() + frame.at > known
        });
        if let Some(late) = late {
            let at = PREFACE.len() + late.at;
            let what = "the client sent a frame on a stream of whose reset it knew";
            let breach = Breach::new("rfc9113/6.4-after-reset", what);
            breaches.push(breach.at(at..at + FRAME_HEADER));
        }
    }
}

/// Where the client answers the first PING that we sent behind the reset.
fn known_from(http2: &Http2, reset: usize) -> Option<usize> {
    let behind = http2.server.pings.iter().filter(|(at, _)| *at > reset);
    let acks = &http2.client.ping_acks;
    let answers = behind.filter_map(|(_, octets)| acks.iter().find(|(_, ack)| ack == octets));
    answers.map(|(at, _)| *at).min()
}
