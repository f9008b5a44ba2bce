//! Whole runs against servers in this process: what gets played, in which order, how often.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::*;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use upspec_corpus::case::{Act, Case, Grade, Hazard, Need, Outcome, Outcomes, Step};
use upspec_judge::{CaseResult, Reason, Verdict};
use upspec_runner::{Ending, Event, Plan, RunOutcome, Settings, run};

async fn run_cases(
    address: SocketAddr,
    cases: &[Case],
    settings: Settings,
) -> (RunOutcome, UnboundedReceiver<Event>) {
    let (events, told) = unbounded_channel();
    let plan = Plan::new(cases, |_| true);
    (run(plan, target(address), settings, requirements(), events, pending()).await, told)
}

/// The control, something to discover, and cases with every kind of need.
fn corpus() -> Vec<Case> {
    let mut hazardous = case("server/a/hazardous", vec![send(GET)]);
    hazardous.hazard = Some(Hazard::Resource);
    let needing = |id: &str, need| Case { needs: vec![need], ..case(id, vec![send(GET)]) };
    let mut refused = on_endpoint(case("server/a/refused", vec![send(GET)]));
    refused.expect = vec![expect(Grade::Pass, &[Outcome::Class(4)])];
    let mut wrong = on_endpoint(case("server/a/wrong", vec![send(GET)]));
    wrong.expect = vec![expect(Grade::Pass, &[Outcome::Status(200)])];
    let twice = vec![send(GET), Step::from(Act::Await(Outcomes::any_status())), send(GET)];
    let keep_alive = case("server/control/keep-alive", twice);
    vec![
        refused,
        control(),
        on_endpoint(keep_alive),
        wrong,
        hazardous,
        case("server/b/plain", vec![send(GET)]),
        needing("server/b/keep-alive", Need::KeepAlive),
        needing("server/b/echo", Need::Echo),
        needing("server/b/pong", Need::Pong),
        needing("server/b/tls", Need::Tls),
    ]
}

fn summary(results: &[CaseResult]) -> Vec<(String, Verdict, Option<Reason>)> {
    let rows = results.iter().map(|result| (result.id.clone(), result.verdict, result.reason));
    rows.collect()
}

fn row(id: &str, verdict: Verdict, reason: Option<Reason>) -> (String, Verdict, Option<Reason>) {
    (format!("server/{id}"), verdict, reason)
}

#[tokio::test]
async fn a_good_server_gets_every_case_it_can_do() {
    let address = serve(websocket).await;
    let (outcome, mut told) = run_cases(address, &corpus(), settings()).await;
    let lacking = Some(Reason::NotApplicable);
    let wanted = [
        row("a/refused", Verdict::Pass, None),
        row("control/handshake", Verdict::Pass, None),
        row("control/keep-alive", Verdict::Pass, None),
        row("a/wrong", Verdict::Fail, None),
        row("a/hazardous", Verdict::Inconclusive, lacking),
        row("b/plain", Verdict::Pass, None),
        row("b/keep-alive", Verdict::Pass, None),
        row("b/echo", Verdict::Inconclusive, lacking),
        row("b/pong", Verdict::Pass, None),
        row("b/tls", Verdict::Inconclusive, lacking),
    ];
    assert_eq!(summary(&outcome.results), wanted);
    assert_eq!((outcome.ending, outcome.complete), (Ending::Complete, true));
    assert!(!outcome.results.iter().any(|result| result.flaky));
    assert_eq!(outcome.facts.window_ms, 400);

    assert_eq!(told.try_recv(), Ok(Event::Started { total: 10 }));
    let mut rest = Vec::new();
    while let Ok(event) = told.try_recv() {
        rest.push(event);
    }
    assert!(matches!(&rest[0], Event::Begun(id) if id.ends_with("/handshake")));
    rest.retain(|event| !matches!(event, Event::Begun(_)));
    assert!(matches!(&rest[0], Event::CaseDone(first) if first.id.ends_with("/handshake")));
    assert!(matches!(&rest[1], Event::CaseDone(first) if first.id.contains("control/")));
    rest.drain(..2);
    let is_repeated = |event: &Event| matches!(event, Event::Repeated(_));
    let (repeated, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_repeated);
    // What failed was played again, and the control at the end.
    assert_eq!(repeated.len(), 2);
    assert_eq!((rest.len(), rest.last()), (9, Some(&Event::Finished)));
}

#[tokio::test]
async fn jobs_change_nothing() {
    let address = serve(websocket).await;
    let mut keys = Vec::new();
    for jobs in [1, 16] {
        let settings = Settings { jobs, hazardous: true, ..settings() };
        let (outcome, _) = run_cases(address, &corpus(), settings).await;
        let written: Vec<_> = outcome
            .results
            .iter()
            .flat_map(|r| r.record.iter().chain(&r.twin).map(|record| record.scripted(0)))
            .collect();
        keys.push((summary(&outcome.results), written));
    }
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_plain_http_server_is_not_switched() {
    let address = serve(|mut stream| async move {
        while !read_head(&mut stream).await.is_empty() {
            answer(&mut stream, NOT_FOUND).await;
        }
    })
    .await;
    let (outcome, _) = run_cases(address, &corpus(), settings()).await;
    assert!(outcome.complete);
    assert!(matches!(outcome.ending, Ending::NotSwitched { .. }), "{:?}", outcome.ending);
    let reason = |id: &str| outcome.results.iter().find(|r| r.id.ends_with(id)).unwrap().reason;
    assert_eq!(reason("a/refused"), Some(Reason::Blocked));
    assert_eq!(reason("b/pong"), Some(Reason::Blocked));
    assert_eq!(reason("b/tls"), Some(Reason::NotApplicable));
    assert_eq!(reason("b/plain"), None);
}

#[tokio::test]
async fn what_is_no_http_blocks_everything() {
    let silent = serve(|mut stream| async move { drain(&mut stream).await }).await;
    let closes = serve(|stream| async move { drop(stream) }).await;
    let junk = serve(|mut stream| async move {
        answer(&mut stream, b"220 mail.example ESMTP\r\n").await;
        drain(&mut stream).await;
    })
    .await;
    let hasty = Settings { timeout: Duration::from_millis(300), ..settings() };
    for address in [silent, closes, junk] {
        let (outcome, _) = run_cases(address, &corpus(), hasty.clone()).await;
        assert!(matches!(outcome.ending, Ending::NotHttp { .. }), "{:?}", outcome.ending);
        assert_eq!(outcome.results.len(), corpus().len());
        let others = outcome.results.iter().filter(|r| !r.id.contains("handshake"));
        assert!(others.map(|r| r.reason).all(|reason| reason == Some(Reason::Blocked)));
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (outcome, _) = run_cases(address, &corpus(), settings()).await;
    let Ending::Unreachable { message } = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(message.contains("refused"), "{message}");
    assert_eq!(outcome.results.len(), corpus().len());
    assert!(!outcome.complete);
}

#[tokio::test]
async fn a_retry_that_disagrees_is_flaky() {
    let answered = Arc::new(AtomicUsize::new(0));
    let address = serve(move |mut stream| {
        let answered = Arc::clone(&answered);
        async move {
            if beginning(&stream).await != "PUT " {
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            let odd = answered.fetch_add(1, Ordering::Relaxed) % 2 == 1;
            answer(&mut stream, if odd { BAD_REQUEST } else { b"HTTP/1.1 200 OK\r\n\r\n" }).await;
        }
    })
    .await;
    let mut fickle = case("server/a/fickle", vec![send("PUT / HTTP/1.1\r\n\r\n")]);
    fickle.expect = vec![expect(Grade::Pass, &[Outcome::Class(4)])];
    let (outcome, _) = run_cases(address, &[control(), fickle], settings()).await;
    let fickle = &outcome.results[1];
    assert_eq!((fickle.verdict, fickle.flaky), (Verdict::Fail, true));
    assert_eq!(fickle.outcome, "200".parse().ok());
}

#[tokio::test]
async fn silence_is_given_the_full_timeout_before_it_counts() {
    // Answers what is no handshake only to a patient client: one that is still there after the window.
    let address = serve(|mut stream| async move {
        if beginning(&stream).await != "PUT " {
            return websocket(stream).await;
        }
        read_head(&mut stream).await;
        let patience = settings().window_floor * 2;
        if tokio::time::timeout(patience, stream.read_u8()).await.is_err() {
            answer(&mut stream, BAD_REQUEST).await;
        }
    })
    .await;
    let slow = case("server/a/slow", vec![send("PUT / HTTP/1.1\r\n\r\n")]);
    let (outcome, _) = run_cases(address, &[control(), slow], settings()).await;
    let slow = &outcome.results[1];
    assert_eq!((slow.verdict, slow.flaky, slow.twin.is_some()), (Verdict::Pass, false, false));
}

#[tokio::test]
async fn a_metamorphic_case_brings_its_partner() {
    let address = serve(websocket).await;
    let mut one = case("server/a/one", vec![send("PUT {key} HTTP/1.1\r\n\r\n")]);
    one.same_as = Some("server/a/two".to_owned());
    let two = case("server/a/two", vec![send("GET {key} HTTP/1.1\r\n\r\n")]);
    let corpus = [control(), one, two];
    let plan = Plan::new(&corpus, |case| case.id == "server/a/one");
    let (events, _told) = unbounded_channel();
    let outcome = run(plan, target(address), settings(), requirements(), events, pending()).await;
    assert_eq!(outcome.results.len(), 2);
    let written: Vec<_> = {
        let result = &outcome.results[1];
        result.record.iter().chain(&result.twin).map(|record| record.scripted(0)).collect()
    };
    assert!(written[0].starts_with(b"PUT ") && written[1].starts_with(b"GET "));
    assert_ne!(written[0][4..28], written[1][4..28]);
}

#[tokio::test]
async fn a_cancelled_run_keeps_what_it_has() {
    let (reached, is_reached) = oneshot::channel();
    let reached = Arc::new(std::sync::Mutex::new(Some(reached)));
    let address = serve(move |mut stream| {
        let reached = Arc::clone(&reached);
        async move {
            if beginning(&stream).await != "PUT " {
                return websocket(stream).await;
            }
            if let Some(reached) = reached.lock().unwrap().take() {
                let _ = reached.send(());
            }
            drain(&mut stream).await;
        }
    })
    .await;
    let corpus = [
        control(),
        case("server/a/first", vec![send(GET)]),
        case("server/a/stuck", vec![send("PUT / HTTP/1.1\r\nHost: a\r\n\r\n")]),
        case("server/a/never", vec![send(GET)]),
    ];
    let (events, _told) = unbounded_channel();
    let settings = Settings { jobs: 1, window_floor: Duration::from_secs(60), ..settings() };
    let settings = Settings { timeout: Duration::from_secs(60), ..settings };
    let cancel = async move {
        let _ = is_reached.await;
    };
    let plan = Plan::new(&corpus, |_| true);
    let outcome = run(plan, target(address), settings, requirements(), events, cancel).await;
    assert_eq!((outcome.ending, outcome.complete), (Ending::Interrupted, false));
    let wanted = [
        row("control/handshake", Verdict::Pass, None),
        row("a/first", Verdict::Pass, None),
        row("a/stuck", Verdict::Inconclusive, Some(Reason::Interrupted)),
    ];
    assert_eq!(summary(&outcome.results), wanted);
}

#[tokio::test]
async fn a_control_that_changes_is_told() {
    let controls = Arc::new(AtomicUsize::new(0));
    let address = serve(move |mut stream| {
        let controls = Arc::clone(&controls);
        async move {
            let is_control = !beginning(&stream).await.is_empty();
            if is_control && controls.fetch_add(1, Ordering::Relaxed) == 0 {
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            answer(&mut stream, NOT_FOUND).await;
        }
    })
    .await;
    let (outcome, mut told) = run_cases(address, &[control()], settings()).await;
    assert_eq!(outcome.ending, Ending::Complete);
    let wanted = [
        row("control/handshake", Verdict::Pass, None),
        row("control/handshake-again", Verdict::Inconclusive, Some(Reason::Blocked)),
    ];
    assert_eq!(summary(&outcome.results), wanted);
    let mut noted = false;
    while let Ok(event) = told.try_recv() {
        noted |= matches!(event, Event::Note(text) if text.contains("control"));
    }
    assert!(noted);
}
