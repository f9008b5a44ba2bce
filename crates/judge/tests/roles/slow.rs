//! What is still coming when the time is up.

use upspec_corpus::Corpus;
use upspec_exchange::{Io, IoKind, Link, Over, Record};
use upspec_handshake::Party;
use upspec_handshake::frame::{opcode, write};
use upspec_judge::{TargetFacts, Verdict, judge};

use super::{MASK, REQUEST};

const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: Bz3qJYTGdOe8gUSpLosEdiLKDrk=\r\n\r\n";

fn corpus() -> Corpus {
    let files = [
        ("fragments.toml", include_str!("../../../../cases/fragments.toml")),
        (
            "requirements/rfc6455.toml",
            "title = \"x\"\nrfc = \"rfc6455\"\n[[requirement]]\nid = \"rfc6455/6.2-parse-frames\"\n\
             level = \"must\"\nbinds = \"both\"\ntext = \"x\"\n",
        ),
        (
            "server/messages.toml",
            "title = \"x\"\n[[case]]\nname = \"long\"\ntitle = \"x\"\n\
             requirement = \"rfc6455/6.2-parse-frames\"\nwhy = \"x\"\nopen = \"websocket\"\n\
             step = [{ repeat = { times = 40, bytes = 'aaaa' } }]\n\
             expect = { status = \"101\", tunnel = \"echo\" }\n",
        ),
    ];
    Corpus::from_texts(&files).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_echo_that_comes_in_parts_is_not_missing() {
    use IoKind::{Deadline, Read, Wrote};
    let text = [b'a'; 160];
    let (sent, echo) = (write(opcode::TEXT, &text, MASK), write(opcode::TEXT, &text, None));
    let rows = [
        // A part each second, and the time is up between two of them.
        (&[2, 3, 4, 5][..], 6, Verdict::Inconclusive),
        // Some parts at once, and nothing for long.
        (&[2, 2, 2, 2], 8, Verdict::Fail),
    ];
    for (parts, up, verdict) in rows {
        let mut io = vec![(1, Wrote, REQUEST), (1, Read, SWITCH), (1, Wrote, &sent[..])];
        io.extend(parts.iter().zip(echo.chunks(20)).map(|(at, part)| (*at, Read, part)));
        io.push((up, Deadline, &[]));
        let io = io.into_iter().map(|(second, kind, bytes)| {
            let at_us = second * 1_000_000;
            Io { link: 0, at_us, kind, bytes: bytes.to_vec() }
        });
        let links = vec![Link::plain("client", Party::Client, Over::Http1)];
        let record = Record { links, io: io.collect() };
        let corpus = corpus();
        let case = corpus.case("server/messages/long").unwrap();
        let facts = TargetFacts::default();
        let result = judge(case, Some(record), None, &facts, &corpus.requirements);
        assert_eq!(result.verdict, verdict, "{:?} {:?}", result.reason, result.findings);
    }
}
