//! What one writes by hand on top of httparse: the checks of one request head, and those of a whole exchange.
//! Stops at the first thing that is wrong, and says of it no more than what it is.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Header};
use upspec_exchange::Record;
use upspec_handshake::Party;
use upspec_handshake::field::key::accept;

/// What is wrong, in a phrase.
type Wrong = &'static str;

/// The checks of RFC 6455 section 4.2.1, and the accept value, as a server writes them.
pub(super) fn one_head(octets: &[u8]) {
    let mut slots = [EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut slots);
    let status = request.parse(octets).expect("it is valid");
    assert!(status.is_complete() && request.method == Some("GET") && request.version == Some(1));
    let find = |name: &str| {
        let mut named = request.headers.iter().filter(|one| one.name.eq_ignore_ascii_case(name));
        named.next().map(|one| one.value)
    };
    let has = |name: &str, token: &[u8]| {
        find(name).is_some_and(|value| {
            value
                .split(|octet| *octet == b',')
                .any(|one| one.trim_ascii().eq_ignore_ascii_case(token))
        })
    };
    assert!(
        find("host").is_some() && has("upgrade", b"websocket") && has("connection", b"upgrade")
    );
    assert!(find("sec-websocket-version") == Some(b"13"));
    black_box(accept(find("sec-websocket-key").expect("it has a key")));
}

/// A whole exchange from what was recorded of it: the request, the 101 that answers it, and a Ping with its Pong.
pub(super) fn exchange(record: &Record) -> Result<(), Wrong> {
    let (client, server) = (record.scripted(0), record.sent(0, Party::Server));
    let mut slots = [EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut slots);
    let begins = request.parse(&client).map_err(|_| "the request does not parse")?;
    let key = asked(&request)?;
    let mut slots = [EMPTY_HEADER; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut slots);
    let answered_from = response.parse(&server).map_err(|_| "the response does not parse")?;
    answered(&response, request.headers, key)?;
    let (httparse::Status::Complete(begins), httparse::Status::Complete(answered_from)) =
        (begins, answered_from)
    else {
        return Err("a head is not complete");
    };
    let ping = Frame::read(&client[begins..]).ok_or("no whole Ping")?;
    let pong = Frame::read(&server[answered_from..]).ok_or("no whole Pong")?;
    if ping.opcode != PING || !ping.masked || ping.octets != client.len() - begins {
        return Err("the client sent something else than one masked Ping");
    }
    if pong.opcode != PONG || pong.masked || pong.octets != server.len() - answered_from {
        return Err("the server sent something else than one Pong without a mask");
    }
    if pong.payload != ping.payload { Err("the Pong carries something else") } else { Ok(()) }
}

/// The key of a request that is in order (RFC 6455 4.2.1).
fn asked<'o>(request: &httparse::Request<'_, 'o>) -> Result<&'o [u8], Wrong> {
    let headers = &*request.headers;
    if request.method != Some("GET") || request.version != Some(1) {
        return Err("the request is not a GET of HTTP/1.1");
    }
    if once(headers, "host")?.is_none() {
        return Err("the request has no Host");
    }
    if !lists(headers, "upgrade", b"websocket") || !lists(headers, "connection", b"upgrade") {
        return Err("the request asks for no upgrade to websocket");
    }
    if once(headers, "sec-websocket-version")? != Some(b"13") {
        return Err("the version is not 13");
    }
    let key = once(headers, "sec-websocket-key")?.ok_or("the request has no key")?;
    let mut nonce = [0; 18];
    match STANDARD.decode_slice(key, &mut nonce) {
        Ok(16) => Ok(key),
        _ => Err("the key is not that of 16 octets"),
    }
}

/// The response is the 101 that answers such a request with this key (RFC 6455 4.2.2).
fn answered(
    response: &httparse::Response<'_, '_>,
    asked: &[Header<'_>],
    key: &[u8],
) -> Result<(), Wrong> {
    let headers = &*response.headers;
    if response.code != Some(101) || response.version != Some(1) {
        return Err("the response is not a 101 of HTTP/1.1");
    }
    let upgrade = once(headers, "upgrade")?.ok_or("the response has no Upgrade")?;
    if !upgrade.eq_ignore_ascii_case(b"websocket") || !lists(headers, "connection", b"upgrade") {
        return Err("the response does not switch to websocket");
    }
    if once(headers, "sec-websocket-accept")? != Some(&accept(key)) {
        return Err("the accept value is not that of the key");
    }
    if let Some(subprotocol) = once(headers, "sec-websocket-protocol")?
        && !elements(asked, "sec-websocket-protocol").any(|offer| offer == subprotocol)
    {
        return Err("the subprotocol was not offered");
    }
    let is_offered = |extension: &[u8]| {
        elements(asked, "sec-websocket-extensions").any(|offer| name(offer) == name(extension))
    };
    if !elements(headers, "sec-websocket-extensions").all(is_offered) {
        return Err("an extension was not offered");
    }
    Ok(())
}

/// The value of a field that no message has twice.
fn once<'o>(headers: &[Header<'o>], name: &str) -> Result<Option<&'o [u8]>, Wrong> {
    let mut named = headers.iter().filter(|one| one.name.eq_ignore_ascii_case(name));
    match (named.next(), named.next()) {
        (_, Some(_)) => Err("a field is repeated"),
        (first, None) => Ok(first.map(|one| one.value)),
    }
}

/// Whether a list has this token, in any case.
fn lists(headers: &[Header<'_>], name: &str, token: &[u8]) -> bool {
    elements(headers, name).any(|one| one.eq_ignore_ascii_case(token))
}

/// What stands between the commas of all lines of a field.
fn elements<'h>(headers: &'h [Header<'_>], name: &str) -> impl Iterator<Item = &'h [u8]> {
    let named = headers.iter().filter(move |one| one.name.eq_ignore_ascii_case(name));
    named.flat_map(|one| one.value.split(|octet| *octet == b',')).map(<[u8]>::trim_ascii)
}

/// The name of an extension, without its parameters.
fn name(extension: &[u8]) -> &[u8] {
    let end = extension.iter().position(|octet| *octet == b';').unwrap_or(extension.len());
    extension[..end].trim_ascii_end()
}

/// A frame of a message that is whole in it (RFC 6455 5.2).
struct Frame {
    opcode: u8,
    masked: bool,
    payload: Vec<u8>,
    /// How many octets it takes.
    octets: usize,
}

impl Frame {
    /// Reads the frame at the start; nothing unless all of it is there, the last of its message, and without
    /// reserved bits.
    fn read(octets: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = octets.split_first_chunk()?;
        let (length, rest) = match second & 0x7f {
            126 => {
                rest.split_first_chunk().map(|(it, rest)| (u16::from_be_bytes(*it).into(), rest))?
            }
            127 => rest.split_first_chunk().map(|(it, rest)| (u64::from_be_bytes(*it), rest))?,
            short => (short.into(), rest),
        };
        let masked = second & 0x80 != 0;
        let (mask, rest) = if masked { rest.split_first_chunk()? } else { (&[0; 4], rest) };
        let (raw, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let payload = raw.iter().zip(mask.iter().cycle()).map(|(octet, key)| octet ^ key).collect();
        let octets = octets.len() - behind.len();
        (first & 0xf0 == 0x80).then_some(Self { opcode: first & 0xf, masked, payload, octets })
    }
}

const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// Room for more field lines than a message of interest has.
const MOST_FIELDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::exchange as recorded;
    use super::*;

    #[test]
    fn an_exchange_with_anything_else_in_it_is_not_in_order() {
        assert_eq!(exchange(&recorded()), Ok(()));
        let changes: [(usize, &str, &str); 17] = [
            (0, "GET", "PUT"),
            (0, "HTTP/1.1", "HTTP/1.0"),
            (0, "Host:", "Most:"),
            (0, "Upgrade: websocket", "Upgrade: websockets"),
            (0, "keep-alive, Upgrade", "keep-alive"),
            (0, "Version: 13", "Version: 8"),
            (0, "25jZQ==", "25j"),
            (0, "Origin:", "Host:"),
            (1, "101", "200"),
            (1, "Upgrade: websocket", "Upgrade: h2c"),
            (1, "Connection: Upgrade", "Connection: close"),
            (1, "s3pPLM", "s3pPLN"),
            (1, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
            (1, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: x-foo\r\n\r\n"),
            (2, "\u{9}", "\u{1}"),
            (3, "\u{a}", "\u{9}"),
            (3, "\0", "\u{1}a"),
        ];
        for (at, from, to) in changes {
            let mut record = recorded();
            // Octets as the letters of Latin-1, with the FIN bit taken off while text is replaced.
            let octets = &mut record.io[at].bytes;
            let fin = octets[0] & 0x80;
            octets[0] &= 0x7f;
            let text: String = octets.iter().copied().map(char::from).collect();
            assert!(text.contains(from), "{from}");
            *octets = text.replacen(from, to, 1).chars().map(|one| one as u8).collect();
            octets[0] |= fin;
            assert!(exchange(&record).is_err(), "{at}: {from} as {to}");
        }
    }
}
