//! Servers whose answers take as long as they like: only what grows faster than the request is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use support::*;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use upspec_corpus::case::{Act, Case, Step};
use upspec_judge::{CaseResult, Verdict};
use upspec_runner::{Plan, run};

/// How many milliseconds a server takes for so many commas in the n-th request.
type Cost = fn(u32, u32) -> u32;

/// A case with ever more commas.
fn commas(from: u32, to: u32) -> Case {
    let grow = Act::Grow { from, to, bytes: octets(",") };
    let steps = vec![send("COST / HTTP/1.1\r\nX: "), Step::from(grow), send("\r\n\r\n")];
    let case = case("server/a/commas", steps);
    Case { requirement: "rfc9110/2.3-defensive".to_owned(), ..case }
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
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let took = cost(u32::try_from(commas).unwrap(), number);
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
        ("square", commas(64, 2048), |commas, _| commas * commas / 3000, "the square"),
        (
            "doubling",
            commas(8, 2048),
            |commas, _| 1 << commas.min(22).saturating_sub(10),
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
        ("none", commas(8, 2048), |_, _| 0),
        ("always", commas(512, 2048), |_, _| 300),
        ("with the size", commas(256, 2048), |commas, _| commas / 4),
        ("once", commas(512, 2048), |_, number| if number == 2 { 400 } else { 0 }),
    ];
    for (name, case, cost) in rows {
        let (result, asked) = played(case, cost).await;
        assert_eq!(result.verdict, Verdict::Pass, "{name}: {:?}", result.findings);
        assert!(asked >= 3, "{name}: {asked}");
    }
}

#[tokio::test]
async fn sizes_stop_where_it_costs_too_much() {
    let (_, asked) = played(commas(64, 65536), |commas, _| commas * commas / 3000).await;
    // 64 to 1024, which takes too long, one that is harmless, and these three again.
    assert_eq!(asked, 9);
}
