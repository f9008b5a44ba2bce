//! A target that is silent is known for it before the first silence is over.

use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;

use crate::support::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::{Case, Grade, Outcome};
use upspec_runner::{Ending, Event, Plan, Settings, run};

/// The control, many that meet silence, and a few with octets that weak targets die of.
fn cases() -> Vec<Case> {
    let silent = |n: u32| {
        let mut case =
            case(&format!("server/a/{n}"), vec![send("PUT / HTTP/1.1\r\nHost: a\r\n\r\n")]);
        case.expect = vec![expect(Grade::Warn, &[Outcome::Silent])];
        case
    };
    let odd = |n: u32| {
        let mut case = case(
            &format!("server/odd/{n}"),
            vec![send_octets(b"GET / HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n")],
        );
        case.expect = vec![expect(Grade::Pass, &[Outcome::Status(400)])];
        case
    };
    [control()].into_iter().chain((0..60).map(silent)).chain((0..4).map(odd)).collect()
}

/// How many of the silent ones were over when the first one with odd octets began, where the target sends this and no
/// more.
async fn over_before_odd(sends: &'static [u8]) -> usize {
    let address = serve(move |mut stream: TcpStream| async move {
        if beginning(&stream).await != "PUT " {
            return websocket(stream).await;
        }
        read_head(&mut stream).await;
        let _ = stream.write_all(sends).await;
        drain(&mut stream).await;
    })
    .await;
    let settings = Settings {
        jobs: 64,
        most_watched: 128,
        timeout: Duration::from_secs(1),
        window_floor: Duration::from_secs(1),
        ..settings()
    };
    let (events, mut told) = unbounded_channel();
    let plan = Plan::new(&cases(), |_| true);
    let played = run(plan, target(address), settings, requirements(), events, pending()).await;
    assert_eq!(played.ending, Ending::Complete);
    let mut over = BTreeSet::new();
    while let Some(event) = told.recv().await {
        match event {
            Event::Begun(id) if id.starts_with("server/odd/") => return over.len(),
            Event::CaseDone(result) if result.id.starts_with("server/a/") => {
                over.insert(result.id.clone());
            }
            _ => {}
        }
    }
    panic!("no case with odd octets began");
}

#[tokio::test]
async fn a_silent_target_is_known_before_the_first_silence_is_over() {
    assert_eq!(over_before_odd(b"").await, 0);
}

#[tokio::test]
async fn a_target_that_has_begun_to_answer_is_not_silent() {
    assert!(over_before_odd(b"HTTP/1.1 200 OK\r\n").await > 0);
}
