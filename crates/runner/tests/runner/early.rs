//! Silence is looked at again while the other cases are played.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use upspec_corpus::case::{Case, Grade, Outcome};
use upspec_judge::{CaseResult, Verdict};
use upspec_runner::{CONTROL, Ending, Plan, RunOutcome, Settings, run};

/// What the target does with the n-th request that it leaves without an answer otherwise.
type Habit = fn(usize) -> bool;

/// The control, a case that meets silence at first, and many that are answered.
fn cases() -> Vec<Case> {
    let silent = case("server/a/silent", vec![send("PUT / HTTP/1.1\r\nHost: a\r\n\r\n")]);
    let answered = |n: u32| {
        let mut case = case(&format!("server/b/{n}"), vec![send(GET)]);
        case.expect = vec![expect(Grade::Pass, &[Outcome::Status(400)])];
        case
    };
    [control(), silent].into_iter().chain((0..80).map(answered)).collect()
}

/// A run with little patience.
async fn run_at(address: SocketAddr) -> RunOutcome {
    let settings = Settings {
        jobs: 2,
        timeout: Duration::from_millis(300),
        window_floor: Duration::from_millis(100),
        ..settings()
    };
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases(), |_| true);
    run(plan, target(address), settings, requirements(), events, pending()).await
}

/// The result of a case that met silence at first, and how often it was asked, among many that are answered.
async fn played(closes: Habit) -> (CaseResult, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&count);
    let address = serve(move |mut stream: TcpStream| {
        let count = Arc::clone(&count);
        async move {
            if beginning(&stream).await != "PUT " {
                sleep(HANDLING).await;
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            if !closes(count.fetch_add(1, Ordering::Relaxed)) {
                drain(&mut stream).await;
            }
        }
    })
    .await;
    let outcome = run_at(address).await;
    let mut results = outcome.results.into_iter();
    let silent = results.find(|result| result.id == "server/a/silent").unwrap();
    (silent, asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn an_early_look_can_only_confirm() {
    let rows: [(&str, Habit, usize); 2] =
        [("always silent", |_| false, 2 + IN_CALM), ("cut meanwhile", |n| n == 1, 3 + IN_CALM)];
    for (name, closes, wanted) in rows {
        let (mut result, mut asked) = played(closes).await;
        // On a busy machine answers come late, and then nothing is looked at early.
        for _ in 0..MORE_TRIES {
            if asked != wanted {
                (result, asked) = played(closes).await;
            }
        }
        let outcome = result.outcome.map(|came| came.outcome);
        assert_eq!((result.verdict, outcome), (Verdict::Fail, Some(Outcome::Silent)), "{name}");
        assert_eq!((asked, result.flaky), (wanted, false), "{name}");
    }
}

/// A target that is gone a little after it was asked for silence a second time, and answers all others meanwhile.
async fn dies_of_an_early_look() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (count, killed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    tokio::spawn(async move {
        loop {
            let mut stream = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                () = killed.notified() => return,
            };
            let (count, killed) = (Arc::clone(&count), Arc::clone(&killed));
            tokio::spawn(async move {
                if beginning(&stream).await != "PUT " {
                    sleep(HANDLING).await;
                    return websocket(stream).await;
                }
                if count.fetch_add(1, Ordering::Relaxed) == 1 {
                    sleep(Duration::from_millis(60)).await;
                    killed.notify_one();
                }
                drain(&mut stream).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn nobody_is_accused_alone_of_a_death_that_an_early_look_may_have_brought() {
    let outcome = run_at(dies_of_an_early_look().await).await;
    let Ending::TargetDied { suspects } = &outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(suspects.contains(&"server/a/silent".to_owned()), "{suspects:?}");
    let accused = outcome.results.iter().filter(|result| result.death.is_some());
    let accused: Vec<&str> = accused.map(|result| result.id.as_str()).collect();
    assert_eq!(accused, [CONTROL]);
}

/// How often silence is looked at when nothing else is under way.
const IN_CALM: usize = 1;

/// How often more a run is tried in which nothing may have been looked at early.
const MORE_TRIES: usize = 2;

/// As long as a handler takes that asks another server.
const HANDLING: Duration = Duration::from_millis(20);
