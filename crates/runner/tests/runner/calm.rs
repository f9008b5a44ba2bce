//! Runs against targets that limit what they serve: nobody is blamed for a limit.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::{Case, Grade, Outcome};
use upspec_judge::{Reason, Verdict};
use upspec_runner::{Ending, Plan, RunOutcome, run};

async fn run_cases(address: SocketAddr, cases: &[Case]) -> RunOutcome {
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(cases, |_| true);
    run(plan, target(address), settings(), requirements(), events, pending()).await
}

/// The control, and cases that want the 400 that a plain GET gets here.
fn cases(count: u32) -> Vec<Case> {
    let wanted = |n: u32| {
        let mut case = case(&format!("server/a/{n}"), vec![send(GET)]);
        case.expect = vec![expect(Grade::Pass, &[Outcome::Status(400)])];
        case
    };
    std::iter::once(control()).chain((0..count).map(wanted)).collect()
}

/// Serves the connections that are let through, counted from 0, and answers the others with this head.
async fn limited(lets_through: fn(u32) -> bool, refusal: &'static str) -> SocketAddr {
    let count = Arc::new(AtomicU32::new(0));
    serve(move |mut stream: TcpStream| {
        let count = Arc::clone(&count);
        async move {
            if beginning(&stream).await.is_empty() {
                return;
            }
            if lets_through(count.fetch_add(1, Ordering::Relaxed)) {
                websocket(stream).await;
            } else if !refusal.is_empty() {
                read_head(&mut stream).await;
                let _ = stream.write_all(refusal.as_bytes()).await;
            }
        }
    })
    .await
}

const TOO_MANY: &str = "HTTP/1.1 429 Too Many\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

const UNAVAILABLE: &str = "HTTP/1.1 503 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

const FORBIDDEN: &str = "HTTP/1.1 403 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_limit_that_passes_costs_no_verdict() {
    for refusal in
        [TOO_MANY, "HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", ""]
    {
        let address = limited(|n| !(5..20).contains(&n), refusal).await;
        let outcome = run_cases(address, &cases(24)).await;
        assert_eq!(outcome.ending, Ending::Complete, "{refusal}");
        for result in &outcome.results {
            assert_eq!(
                result.verdict,
                Verdict::Pass,
                "{refusal} {}: {:?}",
                result.id,
                result.findings
            );
        }
    }
}

/// Serves each address until it was refused ten requests, and from then on answers it with this head.
async fn banning(ban: &'static str) -> SocketAddr {
    let refused = Arc::new(Mutex::new(BTreeMap::<IpAddr, u32>::new()));
    serve(move |mut stream: TcpStream| {
        let refused = Arc::clone(&refused);
        async move {
            let mut first = [0; 6];
            let count = stream.peek(&mut first).await.unwrap_or(0);
            if count == 0 {
                return;
            }
            let from = stream.peer_addr().unwrap().ip();
            let times = *refused.lock().unwrap().entry(from).or_default();
            if times < 10 {
                // What is no handshake asks for `/`.
                let is_refused = &first == b"GET / ";
                *refused.lock().unwrap().entry(from).or_default() += u32::from(is_refused);
                websocket(stream).await;
            } else if !ban.is_empty() {
                read_head(&mut stream).await;
                let _ = stream.write_all(ban.as_bytes()).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn where_one_address_is_banned_the_run_goes_on_from_the_next() {
    for ban in [FORBIDDEN, TOO_MANY, ""] {
        let address = banning(ban).await;
        let outcome = run_cases(address, &cases(60)).await;
        assert_eq!(outcome.ending, Ending::Complete, "{ban}");
        let bad = outcome.results.iter().filter(|it| it.verdict != Verdict::Pass);
        assert_eq!(bad.map(|it| &it.id).collect::<Vec<_>>(), Vec::<&String>::new(), "{ban}");
        assert!(outcome.remarks.iter().any(|one| one.contains("bans")), "{:?}", outcome.remarks);
    }
}

#[tokio::test]
async fn an_address_that_is_not_ours_is_named() {
    let address = limited(|_| true, "").await;
    let target = target(address).coming_from(vec!["192.0.2.1".parse().unwrap()]);
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases(1), |_| true);
    let outcome = run(plan, target, settings(), requirements(), events, pending()).await;
    let Ending::Unreachable { message } = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(message.contains("can come from 192.0.2.1"), "{message}");
}

#[tokio::test]
async fn a_limit_on_rates_is_kept_to() {
    let served = Arc::new(Mutex::new(VecDeque::new()));
    let refused = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&refused);
    let address = serve(move |mut stream: TcpStream| {
        let (served, refused) = (Arc::clone(&served), Arc::clone(&count));
        async move {
            if beginning(&stream).await.is_empty() {
                return;
            }
            if is_within(&mut served.lock().unwrap()) {
                return websocket(stream).await;
            }
            refused.fetch_add(1, Ordering::Relaxed);
            read_head(&mut stream).await;
            let _ = stream.write_all(TOO_MANY.as_bytes()).await;
        }
    })
    .await;
    let outcome = run_cases(address, &cases(200)).await;
    assert!(outcome.results.iter().all(|result| result.verdict == Verdict::Pass));
    // Whoever does not slow down meets the limit with nearly every case.
    assert!(refused.load(Ordering::Relaxed) < 100, "{refused:?}");
}

/// Whether one more connection is within forty a second.
fn is_within(served: &mut VecDeque<Instant>) -> bool {
    while served.front().is_some_and(|at| at.elapsed() > Duration::from_secs(1)) {
        served.pop_front();
    }
    let is_within = served.len() < 40;
    if is_within {
        served.push_back(Instant::now());
    }
    is_within
}

#[tokio::test]
async fn what_a_limit_has_spoilt_is_mended_before_a_case_kills() {
    let (count, dead) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let address = serve(move |mut stream: TcpStream| {
        let (count, dead) = (Arc::clone(&count), Arc::clone(&dead));
        async move {
            let first = beginning(&stream).await;
            dead.fetch_or(first == "KILL", Ordering::Relaxed);
            if dead.load(Ordering::Relaxed) || first.is_empty() {
                return;
            }
            if !(5..20).contains(&count.fetch_add(1, Ordering::Relaxed)) {
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            let _ = stream.write_all(FORBIDDEN.as_bytes()).await;
        }
    })
    .await;
    let killer = case("server/a/killer", vec![send("KILL / HTTP/1.1\r\nHost: [\r\n\r\n")]);
    let all: Vec<Case> = cases(24).into_iter().chain([killer]).collect();
    let outcome = run_cases(address, &all).await;
    let bad = outcome.results.iter().filter(|it| it.verdict != Verdict::Pass);
    let bad: Vec<&str> = bad.map(|it| it.id.as_str()).collect();
    assert_eq!(bad, ["server/a/killer"]);
}

#[tokio::test]
async fn an_answer_that_only_one_case_gets_stays_what_it_is() {
    let address = serve(|mut stream: TcpStream| async move {
        if beginning(&stream).await != "KILL" {
            return websocket(stream).await;
        }
        read_head(&mut stream).await;
        let _ = stream.write_all(FORBIDDEN.as_bytes()).await;
    })
    .await;
    let mut all = cases(4);
    all[2] = Case {
        id: "server/a/refused".to_owned(),
        steps: vec![send("KILL / HTTP/1.1\r\nHost: a\r\n\r\n")],
        ..all[2].clone()
    };
    let outcome = run_cases(address, &all).await;
    let bad: Vec<_> = outcome.results.iter().filter(|it| it.verdict != Verdict::Pass).collect();
    assert!(matches!(&bad[..], [one] if one.verdict == Verdict::Fail && !one.flaky), "{bad:?}");
}

#[tokio::test]
async fn what_fails_once_and_not_in_calm_is_named() {
    let asked = Arc::new(AtomicU32::new(0));
    let address = serve(move |mut stream: TcpStream| {
        let asked = Arc::clone(&asked);
        async move {
            if beginning(&stream).await != "KILL" || asked.fetch_add(1, Ordering::Relaxed) > 0 {
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            let ok = b"HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
            let _ = stream.write_all(ok).await;
        }
    })
    .await;
    let mut all = cases(4);
    all[2].steps = vec![send("KILL / HTTP/1.1\r\nHost: a\r\n\r\n")];
    let outcome = run_cases(address, &all).await;
    assert!(outcome.results.iter().all(|result| result.verdict == Verdict::Pass));
    let named = format!("1 case failed beside others, and not alone, which counts: {}", all[2].id);
    assert!(outcome.remarks.iter().any(|one| one.starts_with(&named)), "{:?}", outcome.remarks);
}

#[tokio::test]
async fn what_is_unavailable_to_one_case_alone_is_no_lack_of_time() {
    let address = serve(|mut stream: TcpStream| async move {
        if beginning(&stream).await != "KILL" {
            return websocket(stream).await;
        }
        read_head(&mut stream).await;
        let _ = stream.write_all(UNAVAILABLE.as_bytes()).await;
    })
    .await;
    let mut all = cases(2);
    all[1].steps = vec![send("KILL / HTTP/1.1\r\nHost: a\r\n\r\n")];
    let outcome = run_cases(address, &all).await;
    let told = &outcome.results[1];
    assert_eq!((told.verdict, told.reason, told.flaky), (Verdict::Fail, None, false));
    assert!(outcome.facts.never_available.contains(&told.id));
    assert_eq!(outcome.remarks, Vec::<String>::new());
}

#[tokio::test]
async fn a_case_that_is_always_told_to_wait_says_nothing() {
    let address = serve(|mut stream: TcpStream| async move {
        if beginning(&stream).await != "KILL" {
            return websocket(stream).await;
        }
        read_head(&mut stream).await;
        let _ = stream.write_all(TOO_MANY.as_bytes()).await;
    })
    .await;
    let mut all = cases(2);
    all[1].steps = vec![send("KILL / HTTP/1.1\r\nHost: a\r\n\r\n")];
    let outcome = run_cases(address, &all).await;
    let told = &outcome.results[1];
    assert_eq!((told.verdict, told.reason), (Verdict::Inconclusive, Some(Reason::Busy)));
    assert!(outcome.remarks.iter().any(|one| one.contains("limits what it serves")));
}

#[tokio::test]
async fn one_case_that_races_with_itself_is_no_sign_of_load() {
    let (turns, lost) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let asked = Arc::clone(&lost);
    let address = serve(move |mut stream: TcpStream| {
        let (turns, lost) = (Arc::clone(&turns), Arc::clone(&lost));
        async move {
            let refused = match beginning(&stream).await.as_str() {
                "LOST" => lost.fetch_add(1, Ordering::Relaxed) < u32::MAX,
                "RACE" => turns.fetch_add(1, Ordering::Relaxed) == 0,
                _ => false,
            };
            if !refused {
                return websocket(stream).await;
            }
            read_head(&mut stream).await;
            answer(&mut stream, NOT_FOUND).await;
        }
    })
    .await;
    let mut all = cases(8);
    all[1].steps = vec![send("RACE / HTTP/1.1\r\nHost: a\r\n\r\n")];
    for case in &mut all[2..] {
        case.steps = vec![send("LOST / HTTP/1.1\r\nHost: a\r\n\r\n")];
    }
    let outcome = run_cases(address, &all).await;
    let failed = outcome.results.iter().filter(|result| result.verdict == Verdict::Fail);
    assert_eq!(failed.count(), 7);
    assert_eq!(asked.load(Ordering::Relaxed), 7 * 2, "each is confirmed once");
}

const NOT_FOUND: &[u8] = b"HTTP/1.1 404 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
