//! The bare loop: sends what was sent, reads as much as was read, and waits as long as was waited.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use upspec_exchange::{Io, IoKind, Record};
use upspec_runner::Target;

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Far {
    /// The same target as in the run.
    At(SocketAddr),
    /// A loop as bare as ours, which sends what the peer sent: where nobody stays to be asked again.
    Bare,
}

/// Whether an exchange that waits for silence keeps others from their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Kept,
    /// They cost nothing but themselves, however many there are.
    Overlapped,
}

/// How the loop goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) far: Far,
    pub(super) waits: Waits,
    /// How many exchanges at a time.
    pub(super) jobs: usize,
}

/// Where a target is.
pub(super) async fn address(target: &Target) -> io::Result<SocketAddr> {
    let address = lookup_host((target.bare_host(), target.port)).await?.next();
    address.ok_or_else(|| io::Error::other("the host has no address"))
}

/// How long a loop took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    pub(super) all: Duration,
    /// When the last exchange began.
    pub(super) last_begun: Duration,
}

/// Plays the records again, and says how long that took.
pub(super) async fn replay(records: Vec<Record>, way: Way) -> io::Result<Took> {
    let slots = Arc::new(Semaphore::new(way.jobs.max(1)));
    let mut running = JoinSet::new();
    let (begun, last_begun) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    for record in records {
        let begins = Begins { since: begun, last: Arc::clone(&last_begun), first: OnceLock::new() };
        let slot = Slot { all: Arc::clone(&slots), held: None, waits: way.waits, begins };
        running.spawn(async move {
            match way.far {
                Far::At(address) => at_target(&record, address, slot).await,
                Far::Bare => both_ends(&record, slot).await,
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        // What a connection came to is the target's affair: only its time counts.
        let _ = ended.map_err(io::Error::other)?;
    }
    let last_begun = Duration::from_micros(last_begun.load(Ordering::Acquire));
    Ok(Took { all: begun.elapsed(), last_begun })
}

/// When the exchanges begin.
struct Begins {
    since: Instant,
    /// The last of them, in microseconds.
    last: Arc<AtomicU64>,
    /// This one has begun.
    first: OnceLock<()>,
}

impl Begins {
    fn tell(&self) {
        self.first.get_or_init(|| {
            let now = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.last.fetch_max(now, Ordering::AcqRel);
        });
    }
}

/// The place of an exchange among those that are under way.
struct Slot {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    waits: Waits,
    begins: Begins,
}

impl Slot {
    async fn take(&mut self) -> io::Result<()> {
        if self.held.is_none() {
            let slot = Arc::clone(&self.all).acquire_owned().await;
            self.held = Some(slot.map_err(io::Error::other)?);
            self.begins.tell();
        }
        Ok(())
    }

    fn give_back(&mut self) {
        if self.waits == Waits::Overlapped {
            self.held = None;
        }
    }
}

async fn at_target(record: &Record, address: SocketAddr, mut slot: Slot) -> io::Result<()> {
    slot.take().await?;
    let mut links: Vec<Option<(TcpStream, Count)>> = record.links.iter().map(|_| None).collect();
    let mut buffer = vec![0; 16 * 1024];
    let mut before_us = 0;
    for event in &record.io {
        let Some(link) = links.get_mut(event.link) else { continue };
        if link.is_none() {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            *link = Some((stream, Count::default()));
        }
        let Some((stream, count)) = link else { continue };
        wait_before(event, before_us, &mut slot).await?;
        match event.kind {
            IoKind::Wrote | IoKind::WroteLeave | IoKind::WroteOwed => {
                stream.write_all(&event.bytes).await?;
            }
            IoKind::ShutWrite => stream.shutdown().await?,
            IoKind::Read => {
                count.wanted += event.bytes.len();
                while count.read < count.wanted {
                    match answer(stream, &mut buffer, &mut slot).await {
                        Some(more) => count.read += more,
                        None => return Ok(()),
                    }
                }
            }
            IoKind::Deadline => {
                slot.give_back();
                let _ = timeout(since(event, before_us), stream.read(&mut buffer)).await;
                slot.take().await?;
            }
            _ => {}
        }
        before_us = event.at_us;
    }
    Ok(())
}

/// Reads an answer. Where it is shorter than in the run, the wait for the rest is one like all others.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8], slot: &mut Slot) -> Option<usize> {
    let read = match timeout(SOON, stream.read(buffer)).await {
        Ok(read) => read,
        Err(_) => {
            slot.give_back();
            let read = timeout(ANSWER, stream.read(buffer)).await;
            slot.take().await.ok()?;
            read.ok()?
        }
    };
    read.ok().filter(|more| *more > 0)
}

/// How many octets a link has brought, and how many the run read there so far.
#[derive(Default)]
struct Count {
    read: usize,
    wanted: usize,
}

async fn both_ends(record: &Record, mut slot: Slot) -> io::Result<()> {
    slot.take().await?;
    let mut links = Vec::new();
    for _ in &record.links {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (near, far) =
            tokio::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
        let (near, far) = (near?, far?.0);
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        links.push((near, far));
    }
    let mut before_us = 0;
    for event in &record.io {
        let Some((near, far)) = links.get_mut(event.link) else { continue };
        wait_before(event, before_us, &mut slot).await?;
        match event.kind {
            IoKind::Wrote | IoKind::WroteLeave | IoKind::WroteOwed => {
                pass(near, far, &event.bytes).await?;
            }
            IoKind::Read => pass(far, near, &event.bytes).await?,
            IoKind::ShutWrite => near.shutdown().await?,
            IoKind::ReadEnd => far.shutdown().await?,
            IoKind::Deadline | IoKind::NotOpened => {
                slot.give_back();
                sleep(since(event, before_us)).await;
                slot.take().await?;
            }
            _ => {}
        }
        before_us = event.at_us;
    }
    Ok(())
}

/// How long the steps of a case waited before this: a while that they prescribe, or a silence.
fn waited(event: &Io, before_us: u64) -> Option<Duration> {
    let is_step = matches!(
        event.kind,
        IoKind::Wrote | IoKind::WroteLeave | IoKind::ShutWrite | IoKind::WeReset | IoKind::Closed
    );
    Some(since(event, before_us)).filter(|waited| is_step && *waited >= A_WHILE)
}

async fn wait_before(event: &Io, before_us: u64, slot: &mut Slot) -> io::Result<()> {
    if let Some(waited) = waited(event, before_us) {
        slot.give_back();
        sleep(waited).await;
        slot.take().await?;
    }
    Ok(())
}

/// How long an exchange waits in all, which no loop can shorten.
pub(super) fn waits(record: &Record) -> Duration {
    let mut before_us = 0;
    let waits = record.io.iter().map(|event| {
        let before_us = std::mem::replace(&mut before_us, event.at_us);
        match event.kind {
            IoKind::Deadline | IoKind::NotOpened => since(event, before_us),
            _ => waited(event, before_us).unwrap_or_default(),
        }
    });
    waits.sum()
}

/// Octets from one end to the other.
async fn pass(from: &mut TcpStream, to: &mut TcpStream, octets: &[u8]) -> io::Result<()> {
    let mut came = vec![0; octets.len()];
    let (wrote, read) = tokio::join!(from.write_all(octets), to.read_exact(&mut came));
    wrote?;
    read.map(|_| ())
}

fn since(event: &Io, before_us: u64) -> Duration {
    Duration::from_micros(event.at_us.saturating_sub(before_us)).min(LONGEST)
}

const SOON: Duration = Duration::from_millis(50);
/// What the steps of a case wait for takes as long at least; what we take to go on does not.
const A_WHILE: Duration = Duration::from_millis(45);
/// How long an answer is awaited that came in the run: this time it may be shorter.
const ANSWER: Duration = Duration::from_secs(1);
/// No wait of a run is longer.
const LONGEST: Duration = Duration::from_secs(6);
