//! Servers whose answers take as long as they like: only what grows faster than the request is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::*;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Grade, Outcome, Step};
use upspec_exchange::IoKind;
use upspec_judge::{CaseResult, Verdict};
use upspec_runner::{Connector, Plan, Play, play, run};

/// A request that a server answers.
#[derive(Clone, Copy)]
struct Asked {
    commas: u32,
    /// How many octets it has.
    size: u32,
    /// How many came before it.
    number: u32,
}

/// How many milliseconds a server takes for a request.
type Cost = fn(Asked) -> u32;

/// A case with ever more commas.
fn commas(from: u32, to: u32) -> Case {
    let grow = Act::Grow { from, to, bytes: octets(","), beside: None };
    let steps = vec![send("COST / HTTP/1.1\r\nX: "), Step::from(grow), send("\r\n\r\n")];
    let case = case("server/a/commas", steps);
    let mut case = Case { requirement: "rfc9110/2.3-defensive".to_owned(), ..case };
    case.expect.push(expect(Grade::Inconclusive, &[Outcome::Silent]));
    case
}

/// The result of the case, and how many requests it took.
async fn played(case: Case, cost: Cost) -> (CaseResult, u32) {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let address = serve(move |mut stream| {
        let asked = Arc::clone(&counted);
        async move {
            if beginning(&stream).await != "COST" {
                return websocket(stream).await;
            }
            let head = read_head(&mut stream).await;
            let commas = head.iter().filter(|octet| **octet == b',').count();
            let commas = u32::try_from(commas).unwrap();
            let size = u32::try_from(head.len()).unwrap();
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let took = cost(Asked { commas, size, number });
            sleep(Duration::from_millis(took.into())).await;
            answer(&mut stream, BAD_REQUEST).await;
        }
    })
    .await;
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&[control(), case], |_| true);
    let outcome = run(plan, target(address), settings(), requirements(), events, pending()).await;
    let mut results = outcome.results;
    (results.remove(1), asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_cost_that_grows_faster_than_the_request_warns() {
    let rows: [(&str, Case, Cost, &str); 2] = [
        ("square", commas(64, 2048), |asked| asked.commas * asked.commas / 3000, "the square"),
        (
            "doubling",
            commas(8, 2048),
            |asked| 1 << asked.commas.min(22).saturating_sub(10),
            "exponentially",
        ),
    ];
    for (name, case, cost, told) in rows {
        let (result, _) = played(case, cost).await;
        assert_eq!(result.verdict, Verdict::Warn, "{name}: {:?}", result.findings);
        let finding = result.findings.iter().find(|one| one.verdict == Verdict::Warn).unwrap();
        assert_eq!(finding.requirement, "rfc9110/2.3-defensive");
        assert!(finding.message.contains(told), "{name}: {}", finding.message);
        assert_eq!(result.record.unwrap().links.len(), 6);
    }
}

#[tokio::test]
async fn slowness_of_another_kind_passes() {
    let rows: [(&str, Case, Cost); 4] = [
        ("none", commas(8, 2048), |_| 0),
        ("always", commas(512, 2048), |_| 300),
        ("with the size", commas(256, 2048), |asked| asked.commas / 4),
        ("once", commas(128, 2048), |asked| if asked.number == 2 { 400 } else { 0 }),
    ];
    for (name, case, cost) in rows {
        let (result, asked) = played(case, cost).await;
        assert_eq!(result.verdict, Verdict::Pass, "{name}: {:?}", result.findings);
        assert!(asked >= 2, "{name}: {asked}");
    }
}

#[tokio::test]
async fn sizes_stop_where_it_costs_too_much() {
    let (_, asked) = played(commas(64, 65536), |asked| asked.commas * asked.commas / 3000).await;
    // 64, 256 and all from there to 1024, which takes too long, one that is harmless, and three for the second look; on a
    // busy machine 128 as well.
    assert!((8..=9).contains(&asked), "{asked}");
}

#[tokio::test]
async fn sizes_stop_where_the_target_takes_no_more() {
    let rows: [(&str, Cost, Verdict); 2] = [
        (
            "silent whatever is in it",
            |asked| if asked.size > 600 { SILENCE } else { 0 },
            Verdict::Pass,
        ),
        (
            "silent for what grows",
            |asked| if asked.commas > 600 { SILENCE } else { 0 },
            Verdict::Inconclusive,
        ),
    ];
    for (name, cost, verdict) in rows {
        let (result, asked) = played(commas(64, 65536), cost).await;
        assert_eq!(result.verdict, verdict, "{name}: {:?}", result.findings);
        // 64, 256 and 1024, and one that is harmless; on a busy machine those between as well.
        assert!((4..=7).contains(&asked), "{name}: {asked}");
        assert_eq!(result.record.unwrap().links.len(), 2);
    }
}

/// Longer than any answer is waited for.
const SILENCE: u32 = 5000;

#[tokio::test]
async fn what_never_ends_stops_when_something_comes() {
    let address = serve(|mut stream| async move {
        if beginning(&stream).await != "GET " {
            return websocket(stream).await;
        }
        let mut read = 0;
        while read < 100_000 {
            read += stream.read(&mut [0; 4096]).await.unwrap();
        }
        answer(&mut stream, BAD_REQUEST).await;
    })
    .await;
    let endless = Act::Endless { times: 65536, bytes: octets(&"a".repeat(64)) };
    let case = case("server/test/endless", vec![send("GET /"), Step::from(endless)]);
    let (bindings, target) = (Bindings::default(), target(address));
    let limits = limits();
    let connector = Connector::reach(&target, limits.timeout, limits.timeout).await.unwrap();
    let exchange = Play { case: &case, bindings: &bindings, close: b"", limits, reports: false };
    let record = play(&connector, &exchange).await.unwrap();
    assert!(record.saw(IoKind::Read));
    // What is kept is the beginning; the rest is counted.
    assert_eq!(record.scripted(0).len(), 5 + 4096);
    assert!((90_000..4_000_000).contains(&record.unkept(0)), "{}", record.unkept(0));
}
