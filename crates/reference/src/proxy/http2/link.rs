//! Puts the front for HTTP/2 on a connection, and a relay of its own behind each stream: a task that reads HTTP/1.1
//! from a pipe.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use upspec_handshake::Version;

use super::{Front, FrontAction, FrontEvent};
use crate::client::Random;
use crate::proxy::half::Half;
use crate::proxy::link::{Left, Site};
use crate::proxy::pipe::{Pipe, pipe};

/// What the tasks of the streams tell.
enum Told {
    /// A relay answers with this.
    Answer(u32, Vec<u8>),
    End(u32),
    Reset(u32),
    /// A relay has taken so many octets.
    Taken(u32, usize),
    /// A fault ends the process.
    Dead,
}

/// What a stream is told.
enum Tell {
    Octets(Vec<u8>),
    End,
    Reset,
}

/// A stream with a relay behind it.
struct Behind {
    tell: mpsc::UnboundedSender<Tell>,
    /// A permit lets one more piece of its answer come.
    room: Arc<Semaphore>,
    /// How many pieces have come that no permit was given for.
    owed: usize,
}

/// Serves a client that speaks HTTP/2.
pub(in crate::proxy) async fn serve<S>(
    site: &Arc<Site>,
    stream: S,
    early: &[u8],
    client: IpAddr,
) -> Left
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (read, write) = split(stream);
    let (told, tells) = mpsc::channel(TOLD);
    let link = Link {
        site,
        client,
        front: Front::new(Arc::clone(&site.config), Random::of_the_system()),
        behind: BTreeMap::new(),
        tasks: JoinSet::new(),
        told,
    };
    link.run(read, write, tells, early).await
}

struct Link<'s> {
    site: &'s Arc<Site>,
    client: IpAddr,
    front: Front,
    behind: BTreeMap<u32, Behind>,
    tasks: JoinSet<()>,
    told: mpsc::Sender<Told>,
}

impl Link<'_> {
    async fn run<S>(
        mut self,
        mut read: ReadHalf<S>,
        mut write: WriteHalf<S>,
        mut tells: mpsc::Receiver<Told>,
        early: &[u8],
    ) -> Left
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let mut buffer = vec![0; READ_SIZE];
        let mut actions = self.front.take(SystemTime::now(), FrontEvent::Client(early));
        loop {
            if self.act(actions, &mut write).await == Goes::Over {
                let _ = timeout(WRITE_PATIENCE, write.shutdown()).await;
                drop((read, tells));
                self.leave().await;
                return Left::Alone;
            }
            // Only now: an action may tell a stream that is over already.
            self.give_room();
            while self.tasks.try_join_next().is_some() {}
            actions = tokio::select! {
                came = read.read(&mut buffer) => match came {
                    Ok(0) | Err(_) => self.front.take(SystemTime::now(), FrontEvent::ClientEnd),
                    Ok(length) => self.front.take(SystemTime::now(), FrontEvent::Client(&buffer[..length])),
                },
                // We hold a sender.
                Some(told) = tells.recv() => match told {
                    Told::Dead => return Left::Dead,
                    told => self.told(told),
                },
                () = tokio::time::sleep(self.patience()) => self.front.take(SystemTime::now(), FrontEvent::Silence),
            };
        }
    }

    /// Lets the relays learn of the end.
    async fn leave(&mut self) {
        self.behind.clear();
        let ends = async { while self.tasks.join_next().await.is_some() {} };
        let _ = timeout(LEAVE_PATIENCE, ends).await;
    }

    fn patience(&self) -> Duration {
        let factor = if self.front.has_tunnel() { 30 } else { 6 };
        self.site.config.patience * factor
    }

    fn told(&mut self, told: Told) -> Vec<FrontAction> {
        match told {
            Told::Answer(id, octets) => {
                if let Some(behind) = self.behind.get_mut(&id) {
                    behind.owed += 1;
                }
                self.front.take(SystemTime::now(), FrontEvent::Stream(id, &octets))
            }
            Told::End(id) => self.front.take(SystemTime::now(), FrontEvent::StreamEnd(id)),
            Told::Reset(id) => self.front.take(SystemTime::now(), FrontEvent::StreamReset(id)),
            Told::Taken(id, octets) => {
                self.front.take(SystemTime::now(), FrontEvent::Taken(id, octets))
            }
            Told::Dead => Vec::new(),
        }
    }

    /// Lets more of an answer come where the client takes it.
    fn give_room(&mut self) {
        for (id, behind) in &mut self.behind {
            if behind.owed > 0 && !self.front.is_full(*id) {
                behind.room.add_permits(std::mem::take(&mut behind.owed));
            }
        }
        self.behind.retain(|id, behind| {
            let is_open = self.front.has(*id);
            if !is_open {
                behind.room.close();
            }
            is_open
        });
    }

    async fn act<S>(&mut self, actions: Vec<FrontAction>, write: &mut WriteHalf<S>) -> Goes
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        for action in actions {
            match action {
                FrontAction::Write(octets) => {
                    let written = async {
                        write.write_all(&octets).await?;
                        write.flush().await
                    };
                    if !matches!(timeout(WRITE_PATIENCE, written).await, Ok(Ok(()))) {
                        return Goes::Over;
                    }
                }
                FrontAction::Open(id) => self.open(id),
                FrontAction::ToStream(id, octets) => self.tell(id, Tell::Octets(octets)),
                FrontAction::EndStream(id) => self.tell(id, Tell::End),
                FrontAction::ResetStream(id) => self.tell(id, Tell::Reset),
                FrontAction::Close => return Goes::Over,
            }
        }
        Goes::On
    }

    fn tell(&mut self, id: u32, tell: Tell) {
        if let Some(behind) = self.behind.get(&id) {
            // A relay that is gone needs nothing.
            let _ = behind.tell.send(tell);
        }
    }

    /// Begins the relay of a stream, and what carries octets to it and from it.
    fn open(&mut self, id: u32) {
        let (ours, theirs) = pipe(PIPE);
        let (tell, orders) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(PIECES));
        let (site, client, told) = (Arc::clone(self.site), self.client, self.told.clone());
        self.tasks.spawn(async move {
            let relay = site.relay(client).received_in(Version::HTTP_2);
            if site.run(relay, Half::new(theirs)).await == Left::Dead {
                let _ = told.send(Told::Dead).await;
            }
        });
        let resets = ours.resetter();
        let (read, write) = split(ours);
        self.tasks.spawn(upward(id, write, resets, orders, self.told.clone()));
        self.tasks.spawn(downward(id, read, Arc::clone(&room), self.told.clone()));
        self.behind.insert(id, Behind { tell, room, owed: 0 });
    }
}

/// Whether the connection goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Over,
}

/// Carries what the client sends to the relay.
async fn upward(
    id: u32,
    mut write: WriteHalf<Pipe>,
    resets: Arc<AtomicBool>,
    mut orders: mpsc::UnboundedReceiver<Tell>,
    told: mpsc::Sender<Told>,
) {
    while let Some(order) = orders.recv().await {
        match order {
            Tell::Octets(octets) => {
                // A relay that is gone takes everything.
                let _ = write.write_all(&octets).await;
                if told.send(Told::Taken(id, octets.len())).await.is_err() {
                    return;
                }
            }
            Tell::End => {
                let _ = write.shutdown().await;
            }
            Tell::Reset => {
                resets.store(true, Ordering::SeqCst);
                let _ = write.shutdown().await;
                return;
            }
        }
    }
}

/// Carries what the relay answers to the client.
async fn downward(
    id: u32,
    mut read: ReadHalf<Pipe>,
    room: Arc<Semaphore>,
    told: mpsc::Sender<Told>,
) {
    let mut buffer = vec![0; PIPE];
    loop {
        if let Ok(permit) = room.acquire().await {
            permit.forget();
        }
        let piece = match read.read(&mut buffer).await {
            Ok(0) => Told::End(id),
            Ok(length) => Told::Answer(id, buffer[..length].to_vec()),
            Err(_) => Told::Reset(id),
        };
        let is_last = !matches!(piece, Told::Answer(..));
        if told.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

const READ_SIZE: usize = 16 * 1024;
const PIPE: usize = 16 * 1024;
/// How many pieces of one answer may come before the client has taken any.
const PIECES: usize = 4;
const TOLD: usize = 64;
const LEAVE_PATIENCE: Duration = Duration::from_secs(3);
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
