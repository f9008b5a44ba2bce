//! Exchanges over HTTP/2, made of frames by hand: what comes of them, how far they have come, and
//! what is found in them.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use made::*;
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Alpn, Connection, Ends, Need, Tunnel};
use upspec_exchange::{FrameNotes, IoKind, Talk};
use upspec_handshake::h2::{ErrorCode, flag, kind, write};
use upspec_judge::{Awaits, TargetFacts, Verdict, judge};

#[test]
fn every_outcome_has_its_label() {
    let any = case("any closed silent not-http stream-error connection-error");
    let reset = write::rst_stream(1, ErrorCode::PROTOCOL_ERROR);
    let goaway = |code| write::goaway(0, code, b"why");
    let open = IoKind::Deadline;
    let rows: [(&str, Vec<u8>, IoKind); 11] = [
        ("200", [hello(), answer("200", &[], END)].concat(), open),
        ("204", [hello(), answer("103", &[], 0), answer("204", &[], END)].concat(), open),
        ("400", [hello(), answer("400", &[], 0), reset.clone()].concat(), open),
        ("stream-error PROTOCOL_ERROR", [hello(), reset].concat(), open),
        (
            "connection-error ENHANCE_YOUR_CALM",
            [hello(), goaway(ErrorCode::ENHANCE_YOUR_CALM)].concat(),
            open,
        ),
        ("closed", [hello(), goaway(ErrorCode::NO_ERROR)].concat(), IoKind::ReadEnd),
        ("silent", hello(), open),
        ("closed", hello(), IoKind::ReadEnd),
        ("closed", Vec::new(), IoKind::Reset),
        ("not-http", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), IoKind::ReadEnd),
        ("not-http", b"\x15\x03\x03\0\x02\x02\x0a".to_vec(), IoKind::ReadEnd),
    ];
    for (label, read, end) in rows {
        let written = opened(&[get(), write::settings_ack()]);
        let result = judged(&any, &written, &read, end);
        let findings = &result.findings;
        assert_eq!(result.outcome.map(|came| came.to_string()).as_deref(), Some(label));
        assert_eq!(result.verdict, Verdict::Pass, "{label}: {findings:?}");
    }
}

#[test]
fn the_end_of_a_stream_is_what_came_first() {
    let ended = [hello(), answer("200", &[], 0), write::data(1, b"hi", END)].concat();
    let reset = write::rst_stream(1, ErrorCode::CANCEL);
    let cut = [hello(), answer("200", &[], 0), reset.clone()].concat();
    let both = [&ended[..], &reset].concat();
    for (end, read) in [(Ends::EndStream, ended), (Ends::EndStream, both), (Ends::RstStream, cut)] {
        let mut case = case("200");
        case.expect[0].wants.ends = vec![end];
        let written = opened(&[get(), write::settings_ack()]);
        let result = judged(&case, &written, &read, IoKind::Deadline);
        assert_eq!(result.verdict, Verdict::Pass, "{end:?}: {:?}", result.findings);
    }
}

#[test]
fn the_answer_is_that_of_the_last_stream() {
    let second = write::headers(3, &list(&[(":status", "404"), ("date", DATE)]), END);
    let read = [hello(), second, answer("200", &[], END)].concat();
    let other = [(":method", "GET"), (":scheme", "http"), (":path", "/x")];
    let written = opened(&[get(), write::headers(3, &list(&other), END)]);
    let result = judged(&case("404"), &written, &read, IoKind::Closed);
    assert_eq!(result.outcome.map(|came| came.to_string()).as_deref(), Some("404"));
    let last = |talk: &Talk<'_>| (talk.statuses().collect::<Vec<_>>(), talk.stream());
    assert_eq!(talked(&case("404"), &written, &read, last), (vec![404], 3));
}

#[test]
fn a_request_that_cannot_be_read_has_its_stream() {
    let broken = write::frame(kind::HEADERS, flag::END_HEADERS, 5, b"\xff\xff\xff\xff\xff");
    let read = [hello(), write::rst_stream(5, ErrorCode::PROTOCOL_ERROR)].concat();
    let result = judged(&case("stream-error"), &opened(&[broken]), &read, IoKind::Closed);
    assert_eq!(result.verdict, Verdict::Pass, "{:?}", result.findings);
}

#[test]
fn an_alternative_may_ask_for_a_code() {
    let mut asks = case("stream-error");
    asks.expect[0].wants.code = vec![ErrorCode::PROTOCOL_ERROR, ErrorCode::REFUSED_STREAM];
    let rows = [
        (ErrorCode::PROTOCOL_ERROR, Verdict::Pass),
        (ErrorCode::REFUSED_STREAM, Verdict::Pass),
        (ErrorCode::CANCEL, Verdict::Fail),
        (ErrorCode(99), Verdict::Fail),
    ];
    for (code, verdict) in rows {
        let read = [hello(), write::rst_stream(1, code)].concat();
        let result = judged(&asks, &opened(&[get()]), &read, IoKind::Closed);
        assert_eq!(result.verdict, verdict, "{code}");
    }
}

#[test]
fn an_alternative_may_ask_for_a_choice_of_alpn() {
    let registry = Corpus::embedded().unwrap().requirements;
    let read = [hello(), answer("200", &[], END)].concat();
    let rows = [
        (Alpn::H2, Some("h2"), IoKind::Closed, Verdict::Pass),
        (Alpn::H2, None, IoKind::Closed, Verdict::Fail),
        (Alpn::None, None, IoKind::Closed, Verdict::Pass),
        (Alpn::Http11, Some("h2"), IoKind::Closed, Verdict::Fail),
        (Alpn::None, None, IoKind::TlsBroken, Verdict::Fail),
    ];
    for (want, chosen, end, verdict) in rows {
        let mut asks = case("any");
        asks.expect[0].wants.alpn = Some(want);
        let mut record = exchange(&opened(&[get()]), &read, end);
        record.links[0].alpn = chosen.map(str::to_owned);
        let result = judge(&asks, Some(record), None, &TargetFacts::default(), &registry);
        assert_eq!(result.verdict, verdict, "{want:?} {chosen:?} {end:?}");
    }
}

#[test]
fn a_tunnel_is_proven_by_its_pong() {
    let case = tunnel_case(Tunnel::PingPong);
    let ping = write::data(1, b"\x89\x84\0\0\0\0ping", 0);
    let written = opened(&[connect(), ping]);
    let yes = [hello(), answer("200", &[], 0)].concat();
    // The Pong comes in two frames, with a PING of HTTP/2 between them.
    let pong = [write::data(1, b"\x8a\x04pi", 0), write::ping(0, [7; 8]), write::data(1, b"ng", 0)]
        .concat();
    let rows = [
        (yes.clone(), Verdict::Fail, Awaits::Octets),
        ([yes.clone(), pong].concat(), Verdict::Pass, Awaits::Nothing),
        ([yes, write::data(1, b"\x8a\x04nope", 0)].concat(), Verdict::Fail, Awaits::Octets),
    ];
    for (read, verdict, awaits) in rows {
        let result = judged(&case, &written, &read, IoKind::Deadline);
        assert_eq!(result.verdict, verdict, "{:?}", result.findings);
        assert_eq!(made::awaits(&case, &written, &read), awaits);
    }
}

#[test]
fn the_end_of_the_stream_ends_the_tunnel() {
    let close = write::data(1, b"\x88\x82\0\0\0\0\x03\xe8", 0);
    let written = opened(&[connect(), close]);
    let yes = [hello(), answer("200", &[], 0)].concat();
    let rows = [
        (Vec::new(), Verdict::Fail),
        (write::data(1, b"", END), Verdict::Pass),
        (write::rst_stream(1, ErrorCode::CANCEL), Verdict::Pass),
    ];
    for (more, verdict) in rows {
        let read = [yes.clone(), more].concat();
        let ended = tunnel_case(Tunnel::Ended);
        let result = judged(&ended, &written, &read, IoKind::Deadline);
        assert_eq!(result.verdict, verdict, "{:?}", result.findings);
    }
}

/// 1010 is for clients, and a server that echoes it does what is usual (RFC 6455 5.5.1).
#[test]
fn a_code_of_clients_may_be_echoed() {
    let yes = [hello(), answer("200", &[], 0)].concat();
    let close = |code: &[u8]| [b"\x88\x82\0\0\0\0", code].concat();
    for (asked, said, verdict) in [
        (close(b"\x03\xf2"), b"\x88\x02\x03\xf2", Verdict::Pass),
        (close(b"\x03\xe8"), b"\x88\x02\x03\xf2", Verdict::Warn),
    ] {
        let written = opened(&[connect(), write::data(1, &asked, 0)]);
        let read = [yes.clone(), write::data(1, said, END)].concat();
        let result = judged(&tunnel_case(Tunnel::Ended), &written, &read, IoKind::Deadline);
        assert_eq!(result.verdict, verdict, "{:?}", result.findings);
    }
}

#[test]
fn what_a_server_must_not_say_is_found() {
    let ok = || answer("200", &[], END);
    let says = |more: (&str, &str)| vec![hello(), answer("200", &[more], END)];
    let rows = [
        ("rfc9113/8.2.2-connection-fields-sent", says(("connection", "upgrade"))),
        ("rfc9113/8.2.1-field-name", says(("Server", "x"))),
        ("rfc9110/5.3-repeated-lines", says(("date", DATE))),
        ("rfc9113/8.6-no-101", vec![hello(), answer("101", &[], 0)]),
        ("rfc9113/8.3.2-status", vec![hello(), write::headers(1, &list(&[("date", DATE)]), END)]),
        ("rfc9113/8.1-end-stream-interim", vec![hello(), answer("103", &[], END)]),
        (
            "rfc9113/8.1.1-malformed",
            vec![
                hello(),
                answer("200", &[("content-length", "5")], 0),
                write::data(1, b"four", END),
            ],
        ),
        ("rfc9113/3.4-preface-sent", vec![write::ping(0, [0; 8]), hello(), ok()]),
        ("rfc9113/4.2-frame-sent", vec![hello(), write::frame(kind::PING, 0, 0, b"short"), ok()]),
        ("rfc8441/3-setting-value", vec![hello(), write::settings(&[(8, 2)]), ok()]),
        ("rfc8441/3-no-withdraw", vec![hello(), write::settings(&[(8, 0)]), ok()]),
        ("rfc9113/6.5.3-settings-ack", vec![write::settings(&[]), ok()]),
    ];
    for (requirement, read) in rows {
        let any = case("any stream-error connection-error silent");
        let result = judged(&any, &opened(&[get()]), &read.concat(), IoKind::Deadline);
        let mut findings = result.findings.iter();
        let found = findings.find(|one| one.requirement == requirement);
        let verdict = found.map(|one| one.verdict);
        assert_eq!(verdict, Some(Verdict::Fail), "{requirement}");
    }
}

#[test]
fn a_ping_is_answered() {
    let any = case("any");
    let written = opened(&[write::ping(0, *b"upspec!!"), get()]);
    let rows = [
        (write::ping(flag::ACK, *b"upspec!!"), None),
        (write::ping(flag::ACK, *b"another!"), Some("rfc9113/6.7-ping-ack")),
    ];
    for (pong, requirement) in rows {
        let read = [hello(), pong, answer("200", &[], END)].concat();
        let awaits = requirement.map_or(Awaits::Nothing, |_| Awaits::Octets);
        assert_eq!(made::awaits(&any, &written, &read), awaits);
        let result = judged(&any, &written, &read, IoKind::Deadline);
        let found = result.findings.first().map(|one| &*one.requirement);
        assert_eq!(found, requirement);
    }
}

#[test]
fn websocket_rules_hold_on_a_stream() {
    let rows = [
        ("sec-websocket-protocol", "chat", None),
        ("sec-websocket-protocol", "other", Some("rfc6455/4.2.2-subprotocol-choice")),
        ("sec-websocket-extensions", "x-unknown", Some("rfc6455/4.2.2-extensions-offered")),
    ];
    for (name, value, requirement) in rows {
        let read = [hello(), answer("200", &[(name, value)], 0)].concat();
        let result = judged(&case("200"), &opened(&[connect()]), &read, IoKind::Closed);
        let findings = result.findings.iter();
        let found: Vec<&str> = findings.map(|one| &*one.requirement).collect();
        assert_eq!(found, requirement.into_iter().collect::<Vec<_>>(), "{value}");
    }
    let masked = b"\x89\x80abcd";
    let read = [hello(), answer("200", &[], 0), write::data(1, masked, 0)].concat();
    let result = judged(&case("200"), &opened(&[connect()]), &read, IoKind::Closed);
    assert_eq!(result.findings[0].requirement, "rfc6455/5.1-server-unmasked");
    let at = result.findings[0].at.unwrap();
    assert_eq!(&read[at.start..at.end], masked);
}

#[test]
fn waiting_ends_when_the_stream_is_decided() {
    let case = case("any");
    let written = opened(&[get()]);
    let reset = write::rst_stream(1, ErrorCode::CANCEL);
    let goaway = write::goaway(0, ErrorCode::PROTOCOL_ERROR, b"");
    let rows = [
        (Vec::new(), Awaits::Octets),
        (hello(), Awaits::Octets),
        ([hello(), answer("200", &[], 0)].concat(), Awaits::Octets),
        ([hello(), answer("200", &[], END)].concat(), Awaits::Nothing),
        ([hello(), reset].concat(), Awaits::Nothing),
        (goaway, Awaits::Nothing),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Awaits::Nothing),
        // Our SETTINGS have no answer yet.
        ([write::settings(&[]), answer("200", &[], END)].concat(), Awaits::Octets),
    ];
    for (read, awaits) in rows {
        assert_eq!(made::awaits(&case, &written, &read), awaits, "{read:x?}");
    }
    let mut asks = case;
    asks.expect[0].wants.connection = Some(Connection::Open);
    let read = [hello(), answer("200", &[], END)].concat();
    assert_eq!(awaits(&asks, &written, &read), Awaits::End);
}

#[test]
fn the_facts_come_from_the_settings() {
    let rows = [
        (hello(), (true, true)),
        (write::settings(&[(8, 0)]), (true, false)),
        (write::settings(&[]), (true, false)),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), (false, false)),
    ];
    for (read, (http2, extended)) in rows {
        let mut facts = TargetFacts::default();
        let record = exchange(&opened(&[get()]), &read, IoKind::Closed);
        facts.learn(&case("any"), &record);
        let found = (facts.has(Need::Http2), facts.has(Need::ExtendedConnect));
        assert_eq!(found, (http2, extended));
        let mut secure = record;
        secure.links[0].tls = true;
        facts.learn(&case("any"), &secure);
        assert!(!facts.has(Need::Http2), "inside TLS it is ALPN that chooses");
    }
}

proptest! {
    /// Whatever comes, and however it is cut, is judged without a panic.
    #[test]
    fn no_octets_make_it_panic(
        frames in vec((0..12_u8, any::<u8>(), 0..4_u32, vec(any::<u8>(), 0..40)), 0..12),
        junk in vec(any::<u8>(), 0..40),
        cut in any::<Index>(),
    ) {
        let octets: Vec<u8> = frames
            .iter()
            .flat_map(|(kind, flags, stream, payload)| write::frame(*kind, *flags, *stream, payload))
            .chain(junk)
            .collect();
        let octets = &octets[..cut.index(octets.len() + 1)];
        let registry = upspec_corpus::Registry::default();
        for case in [case("2xx"), tunnel_case(Tunnel::PingPong)] {
            let written = opened(&[connect(), octets.to_vec()]);
            let _ = awaits(&case, &written, octets);
            let record = exchange(&written, octets, IoKind::Deadline);
            let _ = FrameNotes::of(&record, 0);
            TargetFacts::default().learn(&case, &record);
            let _ = judge(&case, Some(record), None, &TargetFacts::default(), &registry);
        }
    }
}
