//! The table of rules as a whole, and talks in which we play either end.

use std::collections::BTreeSet;

use upspec_corpus::Corpus;
use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Transcript};
use upspec_handshake::Party;

use super::{Breach, Cap, RULES, Rule, breaches};

#[test]
fn each_rule_has_its_name_and_cites_what_the_registry_has() {
    let registry = Corpus::embedded().unwrap().requirements;
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    for rule in RULES {
        for id in rule.cites {
            assert!(registry.get(id).is_some(), "{}: {id}", rule.name);
        }
    }
}

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const MASKED_PING: &[u8] = b"\x89\x80\x01\x02\x03\x04";
const BARE_PONG: &[u8] = b"\x8a\x00";

/// Which requirements the parties under test break on links on which we are these parties, when the
/// client sends the first octets on each, and the server the second.
fn broken(links: &[Party], client: &[u8], server: &[u8]) -> Vec<&'static str> {
    let mut record = Record { links: Vec::new(), io: Vec::new() };
    for (at, &we) in links.iter().enumerate() {
        record.links.push(Link::plain(&format!("link-{at}"), we, Over::Http1));
        for (sender, octets) in [(Party::Client, client), (Party::Server, server)] {
            let kind = if sender == we { IoKind::Wrote } else { IoKind::Read };
            record.io.push(Io { link: at, at_us: 0, kind, bytes: octets.to_vec() });
        }
    }
    let octets = Octets::of(&record);
    let transcript = Transcript::read(&octets);
    let all = transcript.talks.iter().flat_map(breaches);
    all.map(|(_, breach)| breach.requirement).collect()
}

#[test]
fn a_party_is_judged_by_what_it_sends_whichever_end_we_are() {
    let (client, server) = ([Party::Client].as_slice(), [Party::Server].as_slice());
    let both = [Party::Client, Party::Server].as_slice();
    let valid = [REQUEST.as_bytes(), MASKED_PING].concat();
    let answer = [RESPONSE.as_bytes(), BARE_PONG].concat();
    for links in [client, server, both] {
        assert_eq!(broken(links, &valid, &answer), [""; 0], "{links:?}");
    }

    let short_key = REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "AAAA");
    let wrong_accept = RESPONSE.replace("s3pPLMBi", "AAAAAAAA");
    let bare_ping = [REQUEST.as_bytes(), b"\x89\x00"].concat();
    let masked_pong = [RESPONSE.as_bytes(), b"\x8a\x80\x01\x02\x03\x04"].concat();
    let rows: [(&[u8], &[u8], Party, &str); 4] = [
        (short_key.as_bytes(), RESPONSE.as_bytes(), Party::Client, "rfc6455/4.1-key"),
        (REQUEST.as_bytes(), wrong_accept.as_bytes(), Party::Server, "rfc6455/4.2.2-accept"),
        (&bare_ping, RESPONSE.as_bytes(), Party::Client, "rfc6455/5.1-client-masks"),
        (REQUEST.as_bytes(), &masked_pong, Party::Server, "rfc6455/5.1-server-unmasked"),
    ];
    for (asked, answered, guilty, requirement) in rows {
        for we in [Party::Client, Party::Server] {
            let found = broken(&[we], asked, answered);
            let is_cited = found.contains(&requirement);
            assert_eq!(is_cited, we != guilty, "{requirement}, we are the {we}: {found:?}");
        }
        assert!(broken(both, asked, answered).contains(&requirement), "{requirement}");
    }
}

/// What the server is told that answers the handshake, whose head gets this line more, with these octets.
fn told(line: &str, answer: &[u8]) -> Vec<String> {
    let request = REQUEST.replace("\r\n\r\n", &format!("\r\n{line}\r\n"));
    let sent = [(IoKind::Wrote, request.as_bytes()), (IoKind::Read, answer)];
    let io = sent.map(|(kind, bytes)| Io { link: 0, at_us: 0, kind, bytes: bytes.to_vec() });
    let record = Record::of(Link::plain("target", Party::Client, Over::Http1), io.to_vec());
    let octets = Octets::of(&record);
    let transcript = Transcript::read(&octets);
    let all = transcript.talks.iter().flat_map(breaches);
    all.map(|(_, breach)| format!("{}: {}", breach.requirement, breach.message)).collect()
}

#[test]
fn what_stands_behind_a_101_is_named() {
    let rows: [(&[u8], &str); 9] = [
        (b"\r\n", "CR LF stands where a frame is due: \"\\r\\n\""),
        (b"\r\n\x8a\0", "CR LF stands where a frame is due: \"\\r\\n\\x8a\\x00\""),
        (b"\n", "a line feed stands where a frame is due: \"\\n\""),
        (b"0\r\n\r\n", "a chunk stands where a frame is due: \"0\\r\\n\\r\\n\""),
        (b"5\r\nhello\r\n", "a chunk stands where a frame is due: \"5\\r\\nhello\\r\\n\""),
        (b"hello\n", "ASCII text stands where a frame is due: \"hello\\n\""),
        (b"\x8a\0welcome", "ASCII text stands where a frame is due: \"welcome\""),
        (
            b"\x15\x03\x03\0\x02\x02\x28",
            "a TLS alert stands where a frame is due: \"\\x15\\x03\\x03\\x00\\x02\\x02(\"",
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\n",
            "a further response follows the 101: \"HTTP/1.1 200 OK\\r\\n\\r\\n\"",
        ),
    ];
    for (octets, message) in rows {
        let found = told("", &[RESPONSE.as_bytes(), octets].concat());
        assert_eq!(found, [format!("rfc9110/15.2.2-101-upgrade: {message}")]);
    }
    // Frames stay frames, also those that begin like a line feed or like a letter.
    for frame in [&b"\x8a\0"[..], b"\x01\x01A\x80\x01B", b"\x8a\x02\r\n"] {
        assert_eq!(told("", &[RESPONSE.as_bytes(), frame].concat()), [""; 0], "{frame:?}");
    }
}

#[test]
fn a_finding_is_told_once_a_response() {
    let bare = format!("{}\r\n", RESPONSE.trim_end().replace("\r\n", "\n"));
    let bare = bare.replace("\r\n", "\n\r\n");
    let found = told("", bare.as_bytes());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("rfc9112/2.1-message") && found[0].ends_with("times)"),
        "{found:?}"
    );
    let masked = [RESPONSE.as_bytes(), &b"\x8a\x80\x01\x02\x03\x04".repeat(3)].concat();
    let found = told("", &masked);
    assert!(matches!(&found[..], [one] if one.ends_with("(3 times)")), "{found:?}");
    let lists = RESPONSE.replace("\r\n\r\n", "\r\nVary: a,,b\r\nAllow: ,GET\r\n\r\n");
    let found = told("", lists.as_bytes());
    assert!(matches!(&found[..], [one] if one.ends_with("(and 1 more such)")), "{found:?}");
}

#[test]
fn letter_case_of_parameters_fails_nobody() {
    let offer = |value: &str| format!("Sec-WebSocket-Extensions: {value}\r\n");
    let answer = |value: &str| {
        RESPONSE.replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Extensions: {value}\r\n\r\n"))
    };
    let upper = "permessage-deflate; CLIENT_MAX_WINDOW_BITS";
    for taken in ["permessage-deflate", "permessage-deflate; client_max_window_bits=10"] {
        assert_eq!(told(&offer(upper), answer(taken).as_bytes()), [""; 0], "{taken}");
    }
    let found = told(&offer("permessage-deflate; foo"), answer("permessage-deflate").as_bytes());
    assert!(matches!(&found[..], [one] if one.starts_with("rfc7692/7-unknown-param")), "{found:?}");
    let twice = "permessage-deflate; client_max_window_bits; CLIENT_MAX_WINDOW_BITS";
    let found = told(&offer(twice), answer("permessage-deflate").as_bytes());
    assert!(matches!(&found[..], [one] if one.starts_with("rfc7692/7-unknown-param")), "{found:?}");
    let shouted = answer("permessage-deflate; SERVER_MAX_WINDOW_BITS=10");
    let lower = offer("permessage-deflate; server_max_window_bits=10");
    let found = told(&lower, shouted.as_bytes());
    assert!(matches!(&found[..], [one] if one.contains("compare names with case")), "{found:?}");
}

#[test]
fn a_handshake_accepted_with_another_status_is_named() {
    let accepted = RESPONSE.replace("101 Switching Protocols", "200 OK");
    let dated = accepted.replace("\r\n\r\n", "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
    let found = told("", dated.as_bytes());
    assert!(matches!(&found[..], [one] if one.starts_with("rfc6455/4.2.2-response")), "{found:?}");
    let offered = dated.replace("Sec-WebSocket-Accept: s3", "Sec-WebSocket-Accept: s4");
    assert_eq!(told("", offered.as_bytes()), [""; 0]);
}

/// What a refusal says of itself: the field lines of a request and of the response, and what is cited.
#[test]
fn a_refusal_does_not_contradict_its_request() {
    let handshake = REQUEST.split_once("\r\n").unwrap().1;
    let short_key = handshake.replace("dGhlIHNhbXBsZSBub25jZQ==", "AAAA");
    let post = format!("POST / HTTP/1.1\r\n{handshake}");
    let get = format!("GET / HTTP/1.1\r\n{handshake}");
    let short = format!("GET / HTTP/1.1\r\n{short_key}");
    let expects = "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n";
    let (allow, upgrade) = ("rfc9110/15.5.6-405-allow", "rfc9110/15.5.22-426-upgrade");
    // What its method is, is a matter of who reads it.
    let parted = get.replacen("GET ", "GET\t", 1);
    let rows: [(&str, &str, &[&str]); 13] = [
        (&parted, "405 x\r\nAllow: GET", &[]),
        (&post, "405 x\r\nAllow: GET, POST", &[allow]),
        (&post, "405 x\r\nAllow: GET, post", &[]),
        (&post, "405 x\r\nAllow:", &[]),
        (&post, "200 x\r\nAllow: POST", &[]),
        (&get, "426 x\r\nConnection: upgrade\r\nUpgrade: websocket", &[upgrade]),
        (
            &get,
            "426 x\r\nConnection: upgrade\r\nUpgrade: x/1, WebSocket\r\nSec-WebSocket-Version: 8, 13",
            &[upgrade],
        ),
        (
            &get,
            "426 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8",
            &[],
        ),
        (&get, "426 x\r\nConnection: upgrade\r\nUpgrade: HTTP/3.0", &[]),
        (&short, "426 x\r\nConnection: upgrade\r\nUpgrade: websocket", &[]),
        (&get, "417 x", &["rfc9110/15.5.18-417"]),
        (expects, "417 x", &[]),
        (&get, "400 x", &[]),
    ];
    for (asked, answered, wanted) in rows {
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0";
        let answer = format!("HTTP/1.1 {answered}\r\n{date}\r\n\r\n");
        let found = broken(&[Party::Client], asked.as_bytes(), answer.as_bytes());
        assert_eq!(found, wanted, "{answered}");
    }
}

/// What comes of a response that ends so, with a FIN or with a reset.
#[test]
fn a_response_that_ends_early_is_incomplete() {
    const CHUNKED: &str = "HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const LENGTH: &str = "HTTP/1.1 400 x\r\nContent-Length: 5\r\n\r\n";
    let (chunk, response) = (Some("rfc9112/7.1-last-chunk"), Some("rfc9112/8-incomplete-response"));
    let rows = [
        (format!("{CHUNKED}3\r\nno\n\r\n"), chunk),
        (format!("{CHUNKED}ff\r\nno\n\r\n"), chunk),
        (format!("{CHUNKED}3\r\nno\n\r\n0\r\n"), chunk),
        (format!("{CHUNKED}3\r\nno\n\r\n0\r\n\r\n"), None),
        (format!("{LENGTH}no"), response),
        (format!("{LENGTH}hello"), None),
        ("HTTP/1.1 400 x\r\n\r\nno".to_owned(), None),
        (LENGTH.trim_end().to_owned(), response),
        (format!("{LENGTH}helloHTTP/1.1 200 x\r\n"), response),
        (String::new(), None),
    ];
    for (octets, wanted) in rows {
        for end in [IoKind::ReadEnd, IoKind::Reset] {
            let io = [
                (IoKind::Wrote, REQUEST.as_bytes()),
                (IoKind::Read, octets.as_bytes()),
                (end, b""),
            ];
            let io = io.map(|(kind, bytes)| Io { link: 0, at_us: 0, kind, bytes: bytes.to_vec() });
            let link = Link::plain("target", Party::Client, Over::Http1);
            let record = Record::of(link, io.to_vec());
            let all = Octets::of(&record);
            let transcript = Transcript::read(&all);
            let found = breaches(&transcript.talks[0]);
            let of_rule = |(rule, _): &&(&Rule, Breach)| rule.name == "complete-responses";
            let found = found.iter().find(of_rule).map(|(_, breach)| breach);
            assert_eq!(found.map(|breach| breach.requirement), wanted, "{octets}");
            assert!(found.is_none_or(|breach| breach.cap == Cap::Warn), "{octets}");
        }
    }
}
