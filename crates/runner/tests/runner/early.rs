//! Silence is looked at again while the other cases are played.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::*;
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use upspec_corpus::case::{Case, Grade, Outcome};
use upspec_judge::{CaseResult, Verdict};
use upspec_runner::{Plan, Settings, run};

/// What the target does with the n-th request that it leaves without an answer otherwise.
type Habit = fn(usize) -> bool;

/// The result of a case that met silence at first, and how often it was asked, among many that are answered.
async fn played(closes: Habit) -> (CaseResult, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&count);
    let address = serve(move |mut stream: TcpStream| {
        let count = Arc::clone(&count);
        async move {
            if beginning(&stream).await != "PUT " {
                // As long as a handler takes that asks another server.
                sleep(Duration::from_millis(20)).await;
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            if !closes(count.fetch_add(1, Ordering::Relaxed)) {
                drain(&mut stream).await;
            }
        }
    })
    .await;
    let silent = case("server/a/silent", vec![send("PUT / HTTP/1.1\r\nHost: a\r\n\r\n")]);
    let answered = |n: u32| {
        let mut case = case(&format!("server/b/{n}"), vec![send(GET)]);
        case.expect = vec![expect(Grade::Pass, &[Outcome::Status(400)])];
        case
    };
    let cases: Vec<Case> = [control(), silent].into_iter().chain((0..80).map(answered)).collect();
    let settings = Settings {
        jobs: 2,
        timeout: Duration::from_millis(300),
        window_floor: Duration::from_millis(100),
        ..settings()
    };
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases, |_| true);
    let outcome = run(plan, target(address), settings, requirements(), events, pending()).await;
    let mut results = outcome.results.into_iter();
    let silent = results.find(|result| result.id == "server/a/silent").unwrap();
    (silent, asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn an_early_look_can_only_confirm() {
    let rows: [(&str, Habit, usize); 2] =
        [("always silent", |_| false, 2 + IN_CALM), ("cut meanwhile", |n| n == 1, 3 + IN_CALM)];
    for (name, closes, wanted) in rows {
        let (result, asked) = played(closes).await;
        let outcome = result.outcome.map(|came| came.outcome);
        assert_eq!((result.verdict, outcome), (Verdict::Fail, Some(Outcome::Silent)), "{name}");
        assert_eq!((asked, result.flaky), (wanted, false), "{name}");
    }
}

/// How often silence is looked at when nothing else is under way.
const IN_CALM: usize = 3;
