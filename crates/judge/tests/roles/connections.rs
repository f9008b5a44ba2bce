//! What shows in all connections of a client together, and what it does about TLS.

use upspec_corpus::case::Need;
use upspec_exchange::{IoKind, Record};
use upspec_handshake::Party;
use upspec_handshake::frame::{opcode, write};

use super::{Event, MASK, NOTHING, REQUEST, SWITCH, judged, record};

const LED: &[u8] =
    b"HTTP/1.1 307 x\r\nLocation: ws://127.0.0.1:82/elsewhere\r\nContent-Length: 0\r\n\r\n";

/// Two connections of a client that was given this URL.
fn two(url: &str, io: &[Event<'_>]) -> Record {
    let mut record = record(&[("origin", Party::Server), ("origin-2", Party::Server)], io);
    record.links[0].url = Some(url.to_owned());
    record
}

/// What the named rule finds in a record.
fn found(record: Record, rule: &str) -> Vec<String> {
    let result = judged("client/answers/swapped-accept", record, &[Need::Opens]);
    let findings = result.findings.into_iter();
    let of_rule = findings.filter(|finding| finding.rule.as_deref() == Some(rule));
    of_rule.map(|finding| finding.requirement).collect()
}

#[test]
fn rfc6455_4_1_one_connection_is_opened_at_a_time() {
    use IoKind::{Read, ReadEnd, Wrote};
    let text = write(opcode::TEXT, b"x", MASK);
    let beside = [(0, Read, REQUEST), (1, Read, REQUEST), (1, Wrote, SWITCH), (0, Wrote, SWITCH)];
    let used = [&beside[..], &[(0, Read, &text[..])]].concat();
    let given_up = [&beside[..], &[(0, ReadEnd, NOTHING)]].concat();
    let later = [(0, Read, REQUEST), (0, Wrote, LED), (1, Read, REQUEST), (0, Read, &text[..])];
    let rows = [
        ("ws://127.0.0.1:81/", &used[..], 1),
        // A name may have two addresses, and one of each may be tried.
        ("ws://localhost:81/", &used, 0),
        ("ws://127.0.0.1:81/", &given_up, 0),
        ("ws://127.0.0.1:81/", &beside, 0),
        ("ws://127.0.0.1:81/", &later, 0),
    ];
    for (at, (url, io, count)) in rows.into_iter().enumerate() {
        assert_eq!(found(two(url, io), "one-connecting").len(), count, "row {at}");
    }
}

#[test]
fn what_goes_along_with_a_redirect() {
    use IoKind::{Read, Wrote};
    let asked = |target: &str, host: &str, more: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n{more}\r\n")
    };
    let secret = "Authorization: Basic eDp5\r\n";
    let rows: [(&str, &str, &str, &[&str]); 5] = [
        ("/elsewhere", "127.0.0.1:82", "", &[]),
        ("/elsewhere", "127.0.0.1:81", "", &["rfc9112/3.2-client-host"]),
        ("/elsewhere", "127.0.0.1:82", secret, &["rfc9110/15.4-automatic-fields"]),
        ("/elsewhere", "127.0.0.1:82", "Authorization: Basic eDp6\r\n", &[]),
        // It asks again, and follows nothing.
        ("/", "127.0.0.1:81", secret, &[]),
    ];
    for (target, host, more, wanted) in rows {
        let (first, second) = (asked("/", "127.0.0.1:81", secret), asked(target, host, more));
        let io = [(0, Read, first.as_bytes()), (0, Wrote, LED), (1, Read, second.as_bytes())];
        let found = found(two("ws://127.0.0.1:81/", &io), "redirected-request");
        assert_eq!(found, wanted, "{target} {host} {more}");
    }
}

#[test]
fn what_a_client_does_about_tls() {
    use IoKind::Read;
    let hello = b"\x16\x03\x01\x00\x0a\x01 a: b\r\n\r\n".as_slice();
    let given_up = [hello, REQUEST].concat();
    let rows = [
        ("wss://localhost:81/", REQUEST, false, vec!["rfc6455/4.1-tls"]),
        ("wss://localhost:81/", REQUEST, true, vec![]),
        ("wss://localhost:81/", hello, false, vec![]),
        ("wss://localhost:81/", &given_up, false, vec!["rfc6455/4.1-tls"]),
        ("ws://localhost:81/", REQUEST, false, vec![]),
    ];
    for (url, octets, tls, wanted) in rows {
        let mut record = two(url, &[(0, Read, octets)]);
        record.links[0].tls = tls;
        assert_eq!(found(record, "tls-of-the-client"), wanted, "{url} {tls}");
    }
    for (offer, wanted) in [("h2", vec![]), ("h2c", vec!["rfc9113/3.2-alpn"])] {
        let mut record = two("wss://localhost:81/", &[(0, Read, REQUEST)]);
        record.links[0].alpn_offer = vec![offer.to_owned(), "http/1.1".to_owned()];
        assert_eq!(found(record, "alpn-of-the-client"), wanted, "{offer}");
    }
}
