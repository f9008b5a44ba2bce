//! A death cuts what goes on beside it.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::death::LATENESS;
use crate::support::*;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::{Act, Case, Grade, Outcome};
use upspec_judge::{Reason, Verdict};
use upspec_runner::{Ending, Plan, Settings, run};

/// What becomes of a server that has died.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    /// Another one has its port, and refuses no connection.
    AtOnce,
    Never,
}

/// A server whose death cuts all of its connections: KILL ends it at once, LATE some time afterwards.
pub(crate) async fn cut_by_death(back: Back) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let killed = Arc::new(Notify::new());
        let mut served = tokio::task::JoinSet::new();
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                () = killed.notified() => {
                    served.abort_all();
                    if back == Back::Never {
                        return;
                    }
                    continue;
                }
            };
            let killed = Arc::clone(&killed);
            served.spawn(async move {
                match beginning(&stream).await.as_str() {
                    "KILL" => {
                        killed.notify_one();
                        pending::<()>().await;
                    }
                    "LATE" => {
                        websocket(stream).await;
                        tokio::time::sleep(LATENESS * 2).await;
                        killed.notify_one();
                    }
                    "" => {}
                    _ => websocket(stream).await,
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_tunnel_that_the_death_of_another_case_cuts_says_nothing() {
    let switch = |case: Case| Case { expect: vec![expect(Grade::Pass, &[SWITCH])], ..case };
    let handshake = control().steps;
    let tunnel = handshake.into_iter().chain([Act::Wait(Duration::from_secs(2)).into()]);
    let cases = [
        control(),
        switch(case("server/a/tunnel", tunnel.collect())),
        case("server/a/killer", vec![send("KILL / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n")]),
    ];
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases, |_| true);
    let target = target(cut_by_death(Back::Never).await);
    let settings = Settings { jobs: 4, ..settings() };
    let outcome = run(plan, target, settings, requirements(), events, pending()).await;
    assert_eq!(outcome.ending, Ending::TargetDied { suspects: vec!["server/a/killer".to_owned()] });
    let tunnel = outcome.results.iter().find(|result| result.id == "server/a/tunnel").unwrap();
    assert!(tunnel.record.as_ref().is_some_and(|record| record.ended_by_peer(0)), "{tunnel:?}");
    assert_eq!((tunnel.verdict, tunnel.reason), (Verdict::Inconclusive, Some(Reason::TargetDied)));
}

const SWITCH: Outcome = Outcome::Status(101);
