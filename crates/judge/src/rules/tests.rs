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
    let rows: [(&str, &str, &[&str]); 12] = [
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
        (format!("{CHUNKED}3\r\nno\n\r\n"), chunk, Cap::Level),
        (format!("{CHUNKED}ff\r\nno\n\r\n"), chunk, Cap::Level),
        (format!("{CHUNKED}3\r\nno\n\r\n0\r\n"), chunk, Cap::Level),
        (format!("{CHUNKED}3\r\nno\n\r\n0\r\n\r\n"), None, Cap::Level),
        (format!("{LENGTH}no"), response, Cap::Warn),
        (format!("{LENGTH}hello"), None, Cap::Level),
        ("HTTP/1.1 400 x\r\n\r\nno".to_owned(), None, Cap::Level),
        (LENGTH.trim_end().to_owned(), response, Cap::Level),
        (format!("{LENGTH}helloHTTP/1.1 200 x\r\n"), response, Cap::Level),
        (String::new(), None, Cap::Level),
    ];
    for (octets, wanted, cap) in rows {
        for (end, cap) in [(IoKind::ReadEnd, cap), (IoKind::Reset, Cap::Warn)] {
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
            assert!(found.is_none_or(|breach| breach.cap == cap), "{octets}");
        }
    }
}
