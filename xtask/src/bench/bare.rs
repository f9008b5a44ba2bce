//! The bare loop: sends what was sent, reads as much as was read, and waits as long as was waited.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use upspec_exchange::{IoKind, Record};
use upspec_runner::Target;

/// Plays the records again, so many connections at a time, and says how long that took.
pub(super) async fn replay(
    records: Vec<Record>,
    target: &Target,
    jobs: usize,
) -> io::Result<Duration> {
    let address = lookup_host((target.bare_host(), target.port)).await?.next();
    let address = address.ok_or_else(|| io::Error::other("the host has no address"))?;
    let slots = Arc::new(Semaphore::new(jobs.max(1)));
    let mut running = JoinSet::new();
    let begun = Instant::now();
    for record in records {
        let slots = Arc::clone(&slots);
        running.spawn(async move {
            let _slot = slots.acquire().await.map_err(io::Error::other)?;
            one(&record, address).await
        });
    }
    while let Some(ended) = running.join_next().await {
        // What a connection came to is the target's affair: only its time counts.
        let _ = ended.map_err(io::Error::other)?;
    }
    Ok(begun.elapsed())
}

async fn one(record: &Record, address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 * 1024];
    let (mut read, mut wanted) = (0, 0);
    let mut before_us = 0;
    for event in &record.io {
        match event.kind {
            IoKind::Wrote | IoKind::WroteLeave => stream.write_all(&event.bytes).await?,
            IoKind::ShutWrite => stream.shutdown().await?,
            IoKind::Read => {
                wanted += event.bytes.len();
                while read < wanted {
                    match timeout(LONGEST, stream.read(&mut buffer)).await {
                        Ok(Ok(count)) if count > 0 => read += count,
                        _ => return Ok(()),
                    }
                }
            }
            IoKind::Deadline => {
                let silence = Duration::from_micros(event.at_us.saturating_sub(before_us));
                let _ = timeout(silence, stream.read(&mut buffer)).await;
            }
            _ => {}
        }
        before_us = event.at_us;
    }
    Ok(())
}

/// No wait of a run is longer.
const LONGEST: Duration = Duration::from_secs(5);
