//! Each variation does what its row says, and whatever it does is lawful.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::{ResponseHead, Status};

use super::ProxyVariation;
use crate::proxy::fault::rows::http2::asked;
use crate::proxy::fault::scene::{
    CANARY, OK, PAIR, RAW, REFUSAL, Scene, get, handshake, plain, post, request, sent, switched,
};
use crate::proxy::fault::tests::{played, unescaped};

#[test]
fn variations_are_named_in_order_and_found() {
    let names: Vec<&str> = ProxyVariation::all().map(|variation| variation.name).collect();
    assert!(names.is_sorted_by(|one, other| one < other));
    assert_eq!(ProxyVariation::named("no-pool").map(|one| one.name), Some("no-pool"));
}

/// Where each variation shows.
fn scenes() -> Vec<(&'static str, Scene)> {
    let connect = sent("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    let tunnel = || sent("CONNECT 127.0.0.1:81 HTTP/1.1\r\nHost: 127.0.0.1:81\r\n\r\n");
    let interim = || get("").origin("HTTP/1.1 103 x\r\n\r\n").origin(OK);
    let bad = || handshake("").origin("HTTP/1.1 101 x\r\n\r\n").origin(OK);
    let chunked = || post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n").origin(OK);
    vec![
        ("closes-after-answer", plain().gives("client", "Connection: close")),
        ("closes-on-failure", get("").origin_ends().keeps("client", " 502 ")),
        ("connect-forwarded", connect.gives("origin-1", "CONNECT a:80 HTTP/1.1")),
        ("forward-proxy", tunnel().gives("client", " 200 ")),
        ("forward-without-connect", tunnel().gives("client", " 403 ")),
        ("forwarded-fields", plain().gives("origin-1", "X-Forwarded-For: 127.0.0.1")),
        ("http10-to-origin", plain().gives("origin-1", "GET /?tag HTTP/1.0")),
        ("http2-to-origin", plain().gives("origin-1", "[1 :method=GET")),
        ("interim-dropped", interim().keeps("client", " 103 ")),
        ("length-to-origin", chunked().gives("origin-1", "Content-Length: 2")),
        ("no-extended-connect-in-front", asked(&[]).gives("http2", "[1 reset 1]")),
        ("no-half-close", switched("").client_ends().gives("client", "<closed>")),
        ("no-pool", plain().gives("origin-1", "Connection: close")),
        ("no-upgrade", handshake("").keeps("origin-1", "Upgrade: websocket")),
        ("own-key", handshake("").gives("origin-1", OWN)),
        ("rechunked", plain().gives("client", "5\\r\\nhello")),
        ("refuses-upgrade", handshake("").gives("client", " 403 ")),
        ("switch-ignored", bad().gives("client", " 200 OK")),
        ("via-in-responses", plain().gives("client", "Via: 1.1 upspec")),
        ("waits-forever", get("").silence().keeps("client", " 504 ")),
    ]
}

#[test]
fn each_variation_shows() {
    let scenes = scenes();
    let names: Vec<&str> = scenes.iter().map(|(name, _)| *name).collect();
    // A front for HTTP/2 has been chosen where a scene begins.
    let all = ProxyVariation::all().map(|one| one.name).filter(|name| *name != "http1-only");
    assert_eq!(names, all.collect::<Vec<_>>());
    for (name, scene) in scenes {
        let variation = ProxyVariation::named(name).unwrap();
        let text = |ways| played(None, ways, &scene).remove(scene.party).unwrap_or_default();
        let (usual, varied) = (text(&[]), text(variation.ways));
        let is_new = |part: &str| varied.contains(part) && !usual.contains(part);
        let is_gone = |part: &str| usual.contains(part) && !varied.contains(part);
        assert!(scene.gets.is_none_or(is_new), "{name}: {varied}");
        assert!(scene.misses.is_none_or(is_gone), "{name}: {varied}");
    }
}

/// The key of a gateway that draws zeros.
const OWN: &str = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";

/// Exchanges in which nothing may go wrong, whatever the variation.
fn hostile() -> Vec<Scene> {
    let nominated = "Connection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 1\r\n";
    let until_close = "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\nhello";
    vec![
        get(nominated).origin(OK).client(CANARY).origin(OK),
        get(nominated).origin(until_close).origin_ends(),
        handshake("").origin(REFUSAL).client(CANARY).origin(OK),
        handshake("").client(CANARY).origin(OK).origin(OK),
        handshake("").origin("HTTP/1.1 101 x\r\n\r\n").origin(OK).client(CANARY),
        sent(request("HEAD", PAIR)).origin("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        post(&format!("{PAIR}Content-Length: 5\r\n"), "hello").origin(OK),
        sent("GET / HTTP/1.0\r\n\r\n").origin("HTTP/1.1 103 x\r\n\r\n").origin(OK),
    ]
}

#[test]
fn whatever_a_variation_does_is_lawful() {
    for variation in ProxyVariation::all() {
        for scene in hostile() {
            for (party, text) in played(None, variation.ways, &scene) {
                let name = variation.name;
                assert!(!text.contains("X-Hop"), "{name}: {party} gets {text}");
                assert!(!text.contains(RAW), "{name}: {party} gets {text}");
                if party == "client" {
                    assert_eq!(read(&unescaped(&text)), Ok(()), "{name}: {text}");
                }
                if party.starts_with("origin") && text != NO_REQUEST {
                    let has =
                        |http1: &str, http2: &str| text.contains(http1) || text.contains(http2);
                    let is_whole = has("Via: ", " via=") && has("Host: ", " :authority=");
                    assert!(is_whole, "{name}: {party} gets {text}");
                }
            }
        }
    }
}

/// What an origin in HTTP/2 gets of a client that has left before it said what it allows.
const NO_REQUEST: &str = "[settings 2=0][goaway 1]";

/// Reads responses one after the other; those to HEAD are not told apart, so that the first one without its content
/// ends it.
fn read(mut octets: &[u8]) -> Result<(), String> {
    while octets.starts_with(b"HTTP/") {
        let Status::Complete(head) = ResponseHead::parse(octets) else {
            return Err("a head without end".into());
        };
        if !head.violations.is_empty() {
            return Err(format!("{:?}", head.violations));
        }
        let rest = &octets[head.len..];
        octets = match Framing::of_response(&head, b"GET") {
            Framing::None => rest,
            Framing::Length(length) => rest.get(length as usize..).unwrap_or_default(),
            Framing::Chunked | Framing::UntilClose => return Ok(()),
            Framing::Invalid => return Err("no framing".into()),
        };
    }
    Ok(())
}
