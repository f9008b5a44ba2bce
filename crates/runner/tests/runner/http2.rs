//! Exchanges over HTTP/2: in clear text with prior knowledge, and as ALPN chooses.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::*;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::Bindings;
use upspec_corpus::case::{Alpn, Case, Need, Outcome, Over, Tls};
use upspec_exchange::{IoKind, Record};
use upspec_handshake::Party;
use upspec_judge::{Reason, Verdict};
use upspec_runner::{
    Connector, Ending, HTTP2_CONTROL, Plan, Play, RunOutcome, Target, Trust, play, run,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const SETTINGS_ACK: &[u8] = b"\0\0\0\x04\x01\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0upspec!!";
const PING_ACK: &[u8] = b"\0\0\x08\x06\x01\0\0\0\0upspec!!";
/// `:status: 404` from the static table, with END_STREAM.
const NOT_FOUND_FRAME: &[u8] = b"\0\0\x01\x01\x05\0\0\0\x01\x8d";

/// A server of HTTP/2 that asks for acknowledgements before it answers the first request with 404;
/// what is not HTTP/2 gets a 400 of HTTP/1.1.
async fn speak<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let mut octets = vec![0; PREFACE.len()];
    if stream.read_exact(&mut octets).await.is_err() || octets != PREFACE {
        let _ = stream.write_all(BAD_REQUEST).await;
        return;
    }
    let hello = [SETTINGS, SETTINGS_ACK, PING].concat();
    if stream.write_all(&hello).await.is_err() {
        return;
    }
    let mut acknowledged = 0;
    while let Some((kind, flags)) = next_frame(&mut stream).await {
        if matches!((kind, flags), (4 | 6, 1)) {
            acknowledged += 1;
        }
        if acknowledged == 2 {
            acknowledged += 1;
            let _ = stream.write_all(NOT_FOUND_FRAME).await;
        }
    }
}

async fn next_frame<S: AsyncRead + Unpin>(stream: &mut S) -> Option<(u8, u8)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4]))
}

/// The same inside TLS, where ALPN knows these protocols; `http/1.1` gets 404.
async fn serve_tls(protocols: &[&str]) -> SocketAddr {
    let (acceptor, _) = tls_acceptor(protocols);
    let address = serve(move |tcp| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(tcp).await else {
                return;
            };
            speak(stream).await;
        }
    });
    address.await
}

/// A request of HTTP/2 that asks for nothing in particular.
fn request() -> Case {
    // `GET`, `http` and `/` of the static table.
    let octets = [PREFACE, SETTINGS, b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84"].concat();
    let mut case = case("server/test/http2", vec![send_octets(&octets)]);
    case.over = Over::Http2;
    case.alpn = vec!["h2".to_owned()];
    case
}

async fn played(case: &Case, target: &Target) -> Record {
    let connector = Connector::reach(target, Duration::ZERO, limits().timeout).await.unwrap();
    let bindings = &Bindings::default();
    let limits = limits();
    let play_it = Play { case, bindings, close: b"", limits, reports: false };
    play(&connector, &play_it).await.unwrap()
}

fn at(scheme: &str, address: SocketAddr) -> Target {
    let target = Target::parse(&format!("{scheme}://{address}/")).unwrap();
    target.trusting(Trust::Anything)
}

#[tokio::test]
async fn what_is_owed_is_written_apart_from_the_steps() {
    let address = serve(speak).await;
    let case = request();
    let exchange = played(&case, &at("h2c", address)).await;
    let owed = exchange.io.iter().filter(|io| io.kind == IoKind::WroteOwed);
    let owed: Vec<u8> = owed.flat_map(|io| io.bytes.clone()).collect();
    assert_eq!(owed, [SETTINGS_ACK, PING_ACK].concat());
    assert!(exchange.scripted(0).ends_with(b"\x82\x86\x84"));
    assert!(exchange.sent(0, Party::Server).ends_with(NOT_FOUND_FRAME));
    let last = exchange.sent(0, Party::Client);
    assert_eq!(last[last.len() - 17 + 3], 7, "we leave with GOAWAY");
    assert!(!exchange.saw(IoKind::Deadline));
    assert_eq!(exchange.links[0].over, Over::Http2);
}

#[tokio::test]
async fn alpn_offers_what_the_case_says() {
    let address = serve_tls(&["h2", "http/1.1"]).await;
    let rows: [(&[&str], Option<&str>); 4] = [
        (&["h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["http/1.1", "h2"], Some("h2")),
        (&[], None),
    ];
    for (offer, chosen) in rows {
        let mut case = request();
        case.alpn = offer.iter().map(|&name| name.to_owned()).collect();
        let exchange = played(&case, &at("https", address)).await;
        assert_eq!(exchange.links[0].alpn.as_deref(), chosen, "{offer:?}");
        assert!(exchange.links[0].tls);
    }
}

#[tokio::test]
async fn a_refused_offer_is_an_answer() {
    let address = serve_tls(&["http/1.1"]).await;
    let refused = played(&request(), &at("https", address)).await;
    assert!(refused.saw(IoKind::TlsAlert), "{:?}", refused.io);
    let mut about_alpn = case("server/test/alpn", vec![send(GET)]);
    about_alpn.alpn = vec!["h2".to_owned()];
    about_alpn.expect[0].wants.alpn = Some(Alpn::None);
    let refused = played(&about_alpn, &at("https", address)).await;
    assert!(refused.saw(IoKind::TlsAlert) && refused.links[0].tls);
}

#[tokio::test]
async fn tls_can_be_left_off() {
    let address = serve_tls(&["http/1.1"]).await;
    let mut plain = case("server/test/plain", vec![send(GET)]);
    plain.tls = Tls::Off;
    let exchange = played(&plain, &at("https", address)).await;
    assert!(!exchange.links[0].tls);
    assert_eq!(exchange.links[0].alpn, None);
    assert!(exchange.scripted(0).starts_with(b"GET "));
}

/// A run with the control, a case of HTTP/1.1, the control of HTTP/2 and a case that needs it.
async fn run_against(target: Target) -> RunOutcome {
    let mut control2 = request();
    control2.id = HTTP2_CONTROL.to_owned();
    control2.expect.push(expect(
        upspec_corpus::case::Grade::Inconclusive,
        &[Outcome::Closed, Outcome::NotHttp, Outcome::Silent],
    ));
    let mut needy = request();
    needy.needs = vec![Need::Http2];
    let plain = case("server/test/get", vec![send(GET)]);
    let cases = [control(), control2, plain, needy];
    let plan = Plan::new(&cases, |_| true);
    let (events, _keep) = unbounded_channel();
    let never = std::future::pending();
    run(plan, target, settings(), requirements(), events, never).await
}

fn verdicts(outcome: &RunOutcome) -> Vec<(&str, Verdict, Option<Reason>)> {
    let results = outcome.results.iter();
    results.map(|result| (&*result.id, result.verdict, result.reason)).collect()
}

#[tokio::test]
async fn where_http2_is_all_nothing_else_is_played() {
    let lacks = Some(Reason::NotApplicable);
    let clear = at("h2c", serve(speak).await);
    let secure = at("wss", serve_tls(&["h2"]).await);
    for target in [clear, secure] {
        let outcome = run_against(target).await;
        assert_eq!(outcome.ending, Ending::Complete);
        assert!(outcome.facts.has(Need::Http2) && outcome.facts.http2_alone);
        let want = [
            (upspec_runner::CONTROL, Verdict::Inconclusive, lacks),
            (HTTP2_CONTROL, Verdict::Pass, None),
            ("server/test/get", Verdict::Inconclusive, lacks),
            ("server/test/http2", Verdict::Pass, None),
        ];
        let warn_less = |verdict| {
            if verdict == Verdict::Warn { Verdict::Pass } else { verdict }
        };
        let got: Vec<_> = verdicts(&outcome)
            .into_iter()
            .map(|(id, verdict, reason)| (id, warn_less(verdict), reason))
            .collect();
        assert_eq!(got, want);
    }
}

#[tokio::test]
async fn a_server_without_http2_is_not_asked_for_it() {
    let lacks = Some(Reason::NotApplicable);
    let outcome = run_against(target(serve(websocket).await)).await;
    assert!(!outcome.facts.has(Need::Http2) && !outcome.facts.http2_alone);
    let of = |id: &str| {
        let all = verdicts(&outcome);
        all.into_iter().find(|row| row.0 == id).unwrap()
    };
    assert_eq!(of(HTTP2_CONTROL), (HTTP2_CONTROL, Verdict::Inconclusive, lacks));
    let needy = "server/test/http2";
    assert_eq!(of(needy), (needy, Verdict::Inconclusive, lacks));
}

#[tokio::test]
async fn a_server_of_http1_has_nothing_for_h2c() {
    let address = serve(websocket).await;
    let outcome = run_against(at("h2c", address)).await;
    assert!(matches!(outcome.ending, Ending::NotHttp { .. }), "{:?}", outcome.ending);
}
