//! One exchange against servers that behave as servers should not.
//! No test here asserts how long something took, only that it came to an end and what was recorded.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use crate::support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Connection, Outcome, Outcomes, Step, Tunnel};
use upspec_exchange::{IoKind, Record};
use upspec_handshake::Party;
use upspec_runner::{Connector, Limits, Nonces, Play, Target, Turn, play};

async fn play_at(target: &Target, case: &Case, limits: Limits) -> Record {
    let connector = Connector::reach(target, Duration::ZERO, limits.timeout).await.unwrap();
    let nonces = Nonces::of(&Turn { seed: 1, case: &case.id, attempt: 0, connection: 0 });
    let filled = Bindings {
        key: nonces.key.clone().into_bytes(),
        ping: nonces.ping.clone(),
        ..Bindings::default()
    };
    let close = &nonces.close;
    play(&connector, &Play { case, bindings: &filled, close, limits, reports: false })
        .await
        .unwrap()
}

fn kinds(exchange: &Record) -> Vec<IoKind> {
    exchange.io.iter().map(|io| io.kind).collect()
}

fn get() -> Case {
    case("server/test/get", vec![send(GET)])
}

#[tokio::test]
async fn a_whole_response_ends_the_exchange() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, NOT_FOUND).await;
        drain(&mut stream).await;
    });
    let exchange = play_at(&target(address.await), &get(), limits()).await;
    let wanted = [IoKind::Wrote, IoKind::Read, IoKind::Decided, IoKind::Closed];
    assert_eq!(kinds(&exchange), wanted);
    assert_eq!(exchange.scripted(0), GET.as_bytes());
    assert_eq!(exchange.sent(0, Party::Server), NOT_FOUND);
}

#[tokio::test]
async fn silence_is_a_deadline() {
    let address = serve(|mut stream| async move { drain(&mut stream).await }).await;
    let exchange = play_at(&target(address), &get(), limits()).await;
    assert_eq!(kinds(&exchange), [IoKind::Wrote, IoKind::Deadline, IoKind::Closed]);
}

#[tokio::test]
async fn a_close_without_an_octet_is_an_end() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
    })
    .await;
    let exchange = play_at(&target(address), &get(), limits()).await;
    assert_eq!(kinds(&exchange), [IoKind::Wrote, IoKind::ReadEnd]);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let exchange = play_at(&target(address), &get(), limits()).await;
    assert_eq!(kinds(&exchange), [IoKind::Wrote, IoKind::Reset]);
}

#[tokio::test]
async fn the_end_is_awaited_where_the_case_asks_for_it() {
    let mut case = get();
    case.expect[0].wants.connection = Some(Connection::Closed);
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, NOT_FOUND).await;
    })
    .await;
    let exchange = play_at(&target(address), &case, limits()).await;
    assert!(exchange.saw(IoKind::ReadEnd), "{:?}", kinds(&exchange));

    let open = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, NOT_FOUND).await;
        drain(&mut stream).await;
    })
    .await;
    let exchange = play_at(&target(open), &case, limits()).await;
    assert!(exchange.saw(IoKind::Deadline), "{:?}", kinds(&exchange));
}

#[tokio::test]
async fn a_drip_does_not_hold_us() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while stream.write_all(b"H").await.is_ok() {
            every.tick().await;
        }
    })
    .await;
    let slow_head = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, b"HTTP/1.1 200 OK\r\nX: ").await;
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while stream.write_all(b"x").await.is_ok() {
            every.tick().await;
        }
    })
    .await;
    let hasty = Limits { timeout: Duration::from_millis(400), ..limits() };
    let junk = play_at(&target(address), &get(), hasty).await;
    assert!(junk.saw(IoKind::Closed) && !junk.saw(IoKind::Deadline), "{:?}", kinds(&junk));
    let head = play_at(&target(slow_head), &get(), hasty).await;
    assert!(head.saw(IoKind::Deadline) && head.sent(0, Party::Server).len() > 20);
}

#[tokio::test]
async fn what_never_ends_is_capped() {
    let body = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").await;
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
    })
    .await;
    let head = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, b"HTTP/1.1 200 OK\r\nX: ").await;
        for _ in 0..1280 {
            answer(&mut stream, &[b'x'; 8192]).await;
        }
    })
    .await;
    // Nobody takes a longer head than browsers do.
    for (address, kept) in [(body, limits().keep), (head, 256 * 1024)] {
        let exchange = play_at(&target(address), &get(), limits()).await;
        assert!(exchange.saw(IoKind::CapReached), "{:?}", kinds(&exchange));
        assert_eq!(exchange.sent(0, Party::Server).len(), kept);
    }
}

#[tokio::test]
async fn a_server_that_writes_before_it_reads_does_not_deadlock_us() {
    const MUCH: usize = 8 * 1024 * 1024;
    let address = serve(|mut stream| async move {
        // Neither side's buffers hold this much: who only writes waits for ever.
        answer(
            &mut stream,
            format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n").as_bytes(),
        )
        .await;
        answer(&mut stream, &vec![b'x'; MUCH]).await;
        drain(&mut stream).await;
    })
    .await;
    let times = u32::try_from(MUCH / 1024).unwrap();
    let flood = Step::from(Act::Repeat { times, bytes: octets(&"y".repeat(1024)) });
    let limits = Limits { keep: 2 * MUCH, timeout: Duration::from_secs(20), ..limits() };
    let exchange = play_at(&target(address), &case("server/test/flood", vec![flood]), limits).await;
    assert_eq!(exchange.scripted(0).len(), MUCH);
    assert!(exchange.sent(0, Party::Server).len() > MUCH);
}

#[tokio::test]
async fn a_server_that_never_reads_ends_a_write() {
    let address = serve(|mut stream| async move {
        answer(&mut stream, NOT_FOUND).await;
        std::future::pending::<()>().await;
    })
    .await;
    let flood = Step::from(Act::Repeat { times: 32 * 1024, bytes: octets(&"y".repeat(1024)) });
    let case = case("server/test/flood", vec![flood]);
    let exchange = play_at(&target(address), &case, limits()).await;
    assert!(exchange.saw(IoKind::Deadline), "{:?}", kinds(&exchange));
    assert_eq!(exchange.sent(0, Party::Server), NOT_FOUND);
}

#[tokio::test]
async fn an_answer_before_a_reset_is_kept() {
    let address = serve(|mut stream| async move {
        let mut some = [0; 1024];
        stream.read_exact(&mut some).await.unwrap();
        answer(&mut stream, NOT_FOUND).await;
        stream.set_zero_linger().unwrap_or_default();
    })
    .await;
    let flood = Step::from(Act::Repeat { times: 8 * 1024, bytes: octets(&"y".repeat(1024)) });
    let case = case("server/test/flood", vec![flood]);
    let exchange = play_at(&target(address), &case, limits()).await;
    assert!(exchange.saw(IoKind::WriteFailed) || exchange.saw(IoKind::Reset));
    assert!(exchange.scripted(0).len() < 8 * 1024 * 1024);
}

#[tokio::test]
async fn a_wait_splits_the_writes() {
    let address = serve(|mut stream| async move {
        let mut first = [0; 4];
        stream.read_exact(&mut first).await.unwrap();
        // The second write is not there yet: it comes after the wait.
        let nothing = stream.try_read(&mut [0]).is_err();
        read_head(&mut stream).await;
        answer(&mut stream, if nothing { NOT_FOUND } else { BAD_REQUEST }).await;
    })
    .await;
    let steps = vec![
        send("GET "),
        Step::from(Act::Wait(Duration::from_millis(60))),
        send("/ HTTP/1.1\r\n\r\n"),
    ];
    let exchange = play_at(&target(address), &case("server/test/split", steps), limits()).await;
    assert_eq!(exchange.sent(0, Party::Server), NOT_FOUND);
    assert_eq!(kinds(&exchange)[..2], [IoKind::Wrote, IoKind::Wrote]);
}

#[tokio::test]
async fn an_await_decides_on_the_rest_of_the_steps() {
    let address = serve(|mut stream| async move {
        while !read_head(&mut stream).await.is_empty() {
            answer(&mut stream, b"HTTP/1.1 103 Early Hints\r\n\r\n").await;
            answer(&mut stream, NOT_FOUND).await;
        }
    })
    .await;
    let twice = |outcome| {
        let steps = vec![send(GET), Step::from(Act::Await(Outcomes(vec![outcome]))), send(GET)];
        case("server/test/twice", steps)
    };
    let met = play_at(&target(address), &twice(Outcome::Class(4)), limits()).await;
    assert_eq!(met.scripted(0).len(), 2 * GET.len());
    let unmet = play_at(&target(address), &twice(Outcome::Class(2)), limits()).await;
    assert_eq!(unmet.scripted(0).len(), GET.len());
    assert_eq!(unmet.io.last().map(|io| io.kind), Some(IoKind::Closed));
}

#[tokio::test]
async fn a_half_close_reaches_the_server() {
    let address = serve(|mut stream| async move {
        drain(&mut stream).await;
        answer(&mut stream, NOT_FOUND).await;
    })
    .await;
    let case = case("server/test/half", vec![send(GET), Step::from(Act::ShutdownWrite)]);
    let exchange = play_at(&target(address), &case, limits()).await;
    assert_eq!(kinds(&exchange)[..3], [IoKind::Wrote, IoKind::ShutWrite, IoKind::Read]);
}

#[tokio::test]
async fn a_tunnel_is_left_with_a_close_frame() {
    let address = serve(websocket).await;
    let exchange = play_at(&target(address), &control(), limits()).await;
    let kinds = kinds(&exchange);
    let goodbye = kinds.iter().position(|kind| *kind == IoKind::WroteLeave).unwrap();
    assert_eq!(exchange.io[goodbye].bytes.len(), 8);
    // The server's Close and its end come after ours, as RFC 6455 section 7.1.1 has it.
    assert_eq!(kinds[goodbye + 1..], [IoKind::Read, IoKind::ReadEnd]);
    assert_eq!(exchange.io[goodbye + 1].bytes, [0x88, 2, 0x03, 0xE8]);
    assert!(!exchange.scripted(0).windows(8).any(|w| w == exchange.io[goodbye].bytes));
}

#[tokio::test]
async fn a_pong_that_never_comes_is_a_deadline() {
    let mut wants_pong = case("server/test/pong", vec![send(HANDSHAKE)]);
    wants_pong.expect[0].wants.tunnel = Some(Tunnel::PingPong);
    let address = serve(websocket).await;
    let exchange = play_at(&target(address), &wants_pong, limits()).await;
    let kinds = kinds(&exchange);
    let wanted = [IoKind::Wrote, IoKind::Read, IoKind::Deadline, IoKind::WroteLeave];
    assert_eq!(kinds[..4], wanted);
}
