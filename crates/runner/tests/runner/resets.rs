//! Resets of ours reach a server as resets, and one that dies of them is caught by the cases of the corpus.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::future::pending;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::{Act, Awaited, Step};
use upspec_corpus::{Bindings, Corpus};
use upspec_exchange::IoKind;
use upspec_judge::Verdict;
use upspec_runner::{Connector, Ending, Plan, Play, RunOutcome, play, run};

/// What the server does with its side behind a refusal.
#[derive(Clone, Copy)]
enum Side {
    Ended,
    Open,
}

/// Refuses a handshake for what it does not serve, and returns how reading ends.
async fn refuse(stream: &mut TcpStream, side: Side) -> Option<ErrorKind> {
    answer(stream, NOT_FOUND).await;
    if matches!(side, Side::Ended) {
        stream.shutdown().await.unwrap();
    }
    loop {
        match stream.read(&mut [0; 512]).await {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(error.kind()),
        }
    }
}

#[tokio::test]
async fn a_reset_is_one_for_the_server() {
    for side in [Side::Open, Side::Ended] {
        let (ends, mut ended) = unbounded_channel();
        let address = serve(move |mut stream| {
            let ends = ends.clone();
            async move {
                // The first connection only looks at the port.
                if !read_head(&mut stream).await.is_empty() {
                    ends.send(refuse(&mut stream, side).await).unwrap();
                }
            }
        })
        .await;
        let awaited = Act::AwaitOther(Awaited::End);
        let steps = vec![send(GET), Step::from(awaited), Step::from(Act::Reset)];
        let (bindings, limits) = (Bindings::default(), limits());
        let case = case("server/test/reset", steps);
        let target = target(address);
        let connector = Connector::reach(&target, limits.timeout, limits.timeout).await.unwrap();
        let exchange =
            Play { case: &case, bindings: &bindings, close: b"", limits, reports: false };
        let record = play(&connector, &exchange).await.unwrap();
        assert_eq!(ended.recv().await, Some(Some(ErrorKind::ConnectionReset)));
        assert!(record.saw(IoKind::WeReset), "{record:?}");
    }
}

/// A server that dies for good when a connection is reset that it has refused.
async fn frail(side: Side) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let killed = Arc::new(Notify::new());
    tokio::spawn(async move {
        loop {
            let mut stream = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                () = killed.notified() => return,
            };
            let killed = Arc::clone(&killed);
            tokio::spawn(async move {
                if !beginning_of_unserved(&stream).await {
                    return websocket(stream).await;
                }
                read_head(&mut stream).await;
                if refuse(&mut stream, side).await.is_some() {
                    killed.notify_one();
                }
            });
        }
    });
    address
}

async fn beginning_of_unserved(stream: &TcpStream) -> bool {
    let mut first = [0; 13];
    let count = stream.peek(&mut first).await.unwrap_or(0);
    first[..count].starts_with(b"GET /upspec-")
}

async fn run_with(address: SocketAddr, id: &str) -> RunOutcome {
    let mut cases = vec![control(), case("server/a/before", vec![send(GET)])];
    cases.push(Corpus::embedded().unwrap().case(id).unwrap().clone());
    cases.push(case("server/a/behind", vec![send(GET)]));
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases, |_| true);
    run(plan, target(address), settings(), requirements(), events, pending()).await
}

#[tokio::test]
async fn who_dies_of_a_reset_fails_its_case_and_no_other() {
    for (side, name) in [
        (Side::Open, "unserved-after-200ms"),
        (Side::Ended, "unserved-after-200ms"),
        (Side::Ended, "unserved-behind-end"),
    ] {
        let id = format!("server/resets/{name}");
        let outcome = run_with(frail(side).await, &id).await;
        assert_eq!(outcome.ending, Ending::TargetDied { suspects: vec![id.clone()] });
        for result in &outcome.results {
            let wanted = if result.id == id { Verdict::Fail } else { Verdict::Pass };
            assert_eq!(result.verdict, wanted, "{}", result.id);
        }
    }
}

#[tokio::test]
async fn who_outlives_a_reset_passes() {
    let outcome = run_with(serve(websocket).await, "server/resets/unserved-after-200ms").await;
    assert_eq!(outcome.ending, Ending::Complete);
    assert!(outcome.results.iter().all(|result| result.verdict == Verdict::Pass));
}
