//! Does the target live on behind the last case? Whatever serves a connection takes it along when it dies, however
//! fast it is started again; so a few idle connections tell of a death that nothing else shows.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, sleep, timeout_at};

use crate::bench::Bench;

/// Whether the target ends some idle connections at one moment, though they began one after another: a timer would
/// end them one after another, too.
pub(crate) async fn are_cut_together(bench: &Bench, time: Duration) -> bool {
    let until = Instant::now() + time;
    let [first, second, third] = [0, 1, 2].map(|place| end(bench, APART * place, until));
    let (first, second, third) = tokio::join!(first, second, third);
    let (Some(first), Some(second), Some(third)) = (first, second, third) else {
        return false;
    };
    let latest = first.max(second).max(third);
    latest.duration_since(first.min(second).min(third)) <= AT_ONCE
}

/// When the target ends a connection on which nothing is sent; `None` if it does not within the time, or never took
/// the connection.
async fn end(bench: &Bench, after: Duration, until: Instant) -> Option<Instant> {
    sleep(after).await;
    let limit = until.saturating_duration_since(Instant::now());
    let mut stream = bench.tcp(limit).await.ok()?;
    let mut octets = [0; 64];
    loop {
        match timeout_at(until, stream.read(&mut octets)).await.ok()? {
            Ok(0) | Err(_) => return Some(Instant::now()),
            Ok(_) => {}
        }
    }
}

/// So long after each other the connections begin.
const APART: Duration = Duration::from_millis(110);
/// What ends within this time ends at one moment.
const AT_ONCE: Duration = Duration::from_millis(30);
