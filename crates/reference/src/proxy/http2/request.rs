//! A request of HTTP/2 as the octets of HTTP/1.1 that a relay reads. Nothing is put together before it has been
//! looked at (RFC 9113 10.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use upspec_handshake::field::framing::{ContentLength, content_length};
use upspec_handshake::h2::message::{self, ListKind};
use upspec_handshake::h2::{HeaderList, ListViolation};
use upspec_handshake::peer::{Refusal, Request};
use upspec_handshake::{FieldLine, RequestHead};

use crate::client::Random;
use crate::proxy::config::ProxyConfig;
use crate::proxy::fault::{Effect, Point};

/// A request that can be given to a relay.
#[derive(Debug)]
pub(super) struct Given {
    /// The head in HTTP/1.1.
    pub(super) octets: Vec<u8>,
    pub(super) method: Vec<u8>,
    /// It asks for a WebSocket by extended CONNECT (RFC 8441 5).
    pub(super) is_tunnel: bool,
    /// What Content-Length says.
    pub(super) length: Option<u64>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Refused {
    /// It is malformed: a stream error of type PROTOCOL_ERROR (RFC 9113 8.1.1).
    Malformed,
    /// It gets this status.
    With(u16),
}

impl Given {
    /// Reads the head of a request; `ends` says whether no content follows.
    pub(super) fn read(
        config: &ProxyConfig,
        list: &HeaderList,
        ends: bool,
        random: &Random,
    ) -> Result<Self, Refused> {
        if is_malformed(config, list) {
            return Err(Refused::Malformed);
        }
        let length = match content_length(list.values("content-length")) {
            ContentLength::Invalid => return Err(Refused::Malformed),
            ContentLength::Absent => None,
            ContentLength::Octets(octets) => Some(octets),
        };
        let is_unmet = ends && length.is_some_and(|length| length > 0);
        if is_unmet && !config.errs_at(Point::Http2LengthUnchecked) {
            return Err(Refused::Malformed);
        }
        let head = list.request();
        admit(config, &head).map_err(|refusal| Refused::With(refusal.status))?;
        let is_tunnel = head.is_extended_connect();
        let is_known = head.protocol.is_none_or(|protocol| protocol == b"websocket")
            || config.errs_at(Point::Http2ProtocolAssumed);
        if !is_known || (head.method == b"CONNECT" && !is_tunnel) {
            // RFC 9220 3 says so for HTTP/3.
            return Err(Refused::With(501));
        }
        let is_chunked = !ends && length.is_none() && !is_tunnel;
        let octets = written(config, &head, is_chunked, random);
        let method = if is_tunnel { b"GET".to_vec() } else { head.method.to_vec() };
        Ok(Self { octets, method, is_tunnel, length })
    }
}

fn is_malformed(config: &ProxyConfig, list: &HeaderList) -> bool {
    let kind = match config.takes_extended_connect() {
        true => ListKind::RequestExtended,
        false => ListKind::Request,
    };
    let is_overlooked = |violation: &ListViolation| {
        config.effects().any(|effect| match effect {
            Effect::OverlookInList(kind) => *kind == violation.kind,
            _ => false,
        })
    };
    message::violations(list, kind).iter().any(|violation| !is_overlooked(violation))
}

/// What HTTP itself asks of a request (RFC 9110, RFC 9113 8.3.1).
fn admit(config: &ProxyConfig, head: &RequestHead<'_>) -> Result<(), Refusal> {
    let is_looked_at = !config.errs_at(Point::Http2TargetUnchecked)
        && !config.errs_at(Point::Http2HostWins)
        && !config.errs_at(Point::Http2ProtocolIgnored);
    match is_looked_at {
        true => Request::admit(head, config.transport()).map(|_| ()),
        false => Ok(()),
    }
}

/// The head in HTTP/1.1. An extended CONNECT is an opening handshake with a key of our own (RFC 8441 5).
fn written(
    config: &ProxyConfig,
    head: &RequestHead<'_>,
    is_chunked: bool,
    random: &Random,
) -> Vec<u8> {
    let is_tunnel = head.is_extended_connect();
    let method = if is_tunnel { b"GET" } else { head.method };
    let mut out = RequestHead::new(method, head.target);
    let host = head.fields.values("Host").next();
    let authority = match config.errs_at(Point::Http2HostWins) {
        true => host.or(head.authority),
        // RFC 9113 8.3.1.
        false => head.authority.or(host),
    };
    if let Some(authority) = authority {
        out.fields.push(FieldLine::new(b"Host", authority));
    }
    let is_key = |line: &FieldLine<'_>| line.is_named("Sec-WebSocket-Key");
    let keeps_key = config.errs_at(Point::Http2KeyTwice);
    for line in &head.fields {
        let is_own = line.is_named("Host")
            || (line.is_named("Cookie") && !config.errs_at(Point::Http2CookiesSplit))
            || (is_tunnel && is_key(line) && !keeps_key);
        if !is_own {
            out.fields.push(line.clone());
        }
    }
    // RFC 9113 8.2.3.
    let cookies: Vec<&[u8]> = head.fields.values("Cookie").collect();
    if !cookies.is_empty() && !config.errs_at(Point::Http2CookiesSplit) {
        out.fields.push(FieldLine::new(b"Cookie", cookies.join(&b"; "[..])));
    }
    if is_tunnel {
        let nonce = match config.errs_at(Point::Http2KeyConstant) {
            true => *b"the sample nonce",
            false => random.octets(),
        };
        out.fields.push(FieldLine::new(b"Upgrade", &b"websocket"[..]));
        out.fields.push(FieldLine::new(b"Connection", &b"Upgrade"[..]));
        out.fields.push(FieldLine::new(b"Sec-WebSocket-Key", STANDARD.encode(nonce).into_bytes()));
    } else if is_chunked {
        out.fields.push(FieldLine::new(b"Transfer-Encoding", &b"chunked"[..]));
    }
    out.octets()
}
