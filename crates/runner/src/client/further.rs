//! The connections that a client opens beside the one that its case is about: it asks again, is led elsewhere, or
//! tries the other version of IP. Each is recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use upspec_corpus::Bindings;
use upspec_corpus::case::{Again, Case, LinkName};
use upspec_corpus::words::Word as _;
use upspec_exchange::{Link, Octets, Record, Transcript};
use upspec_handshake::Party;

use super::door::Door;
use crate::connect::Stream;
use crate::play::{Limits, Play, play_reporting};

/// Takes further connections.
pub(crate) struct Further {
    /// What is played on them.
    case: Case,
    bindings: Bindings,
    limits: Limits,
    records: Mutex<Vec<(Instant, Record)>>,
    came: AtomicUsize,
    /// Something came to its end.
    changed: Notify,
    /// No further connection is taken.
    over: watch::Sender<bool>,
}

impl Further {
    /// Plays on further connections what the case says of them: its own steps, or those of the control.
    pub(crate) fn of(case: &Case, control: &Case, bindings: Bindings, limits: Limits) -> Arc<Self> {
        let again = match case.again {
            Again::Same => case,
            Again::Conforming => control,
        };
        let case = Case { over: case.over, expect: control.expect.clone(), ..again.clone() };
        let (records, came, changed) = (Mutex::default(), AtomicUsize::new(0), Notify::new());
        let over = watch::Sender::new(false);
        Arc::new(Self { case, bindings, limits, records, came, changed, over })
    }

    /// Takes connections until it is told to stop, and lets those under way end.
    pub(crate) async fn take(self: Arc<Self>, door: Arc<Door>) {
        let mut plays = JoinSet::new();
        let mut over = self.over.subscribe();
        loop {
            let next = tokio::select! {
                _ = over.wait_for(|over| *over) => break,
                next = door.next() => next,
                Some(_) = plays.join_next() => continue,
            };
            let Ok((tcp, _)) = next else {
                break;
            };
            let number = self.came.fetch_add(1, Ordering::Relaxed);
            if number >= MOST_PLAYED {
                self.changed.notify_waiters();
                continue;
            }
            let (this, door) = (Arc::clone(&self), Arc::clone(&door));
            plays.spawn(async move {
                if let Ok(stream) = door.welcome(tcp, this.limits.timeout).await {
                    this.play(number, stream).await;
                }
                this.changed.notify_waiters();
            });
        }
        while plays.join_next().await.is_some() {}
    }

    /// Takes no further connection.
    pub(crate) fn stop(&self) {
        self.over.send_replace(true);
    }

    async fn play(&self, number: usize, stream: Stream) {
        // The steps name it as they name the first connection.
        let link = Link::plain(LinkName::Origin.word(), Party::Server, self.case.over);
        let play = Play {
            case: &self.case,
            bindings: &self.bindings,
            close: b"",
            limits: self.limits,
            reports: false,
        };
        let heard = play_reporting(None, vec![(link, stream)], &play, None).await;
        let mut record = heard.record;
        record.links[0].name = format!("{}-{}", LinkName::Origin.word(), number + 2);
        self.records.lock().await.push((heard.opened, record));
    }

    /// Completes when a further request has been played.
    pub(crate) async fn asked(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.has_request().await || self.is_looping() {
                return;
            }
            changed.await;
        }
    }

    async fn has_request(&self) -> bool {
        self.records.lock().await.iter().any(|(_, record)| {
            let octets = Octets::of(record);
            Transcript::read(&octets).talks.iter().any(|talk| !talk.requests.is_empty())
        })
    }

    /// Whether more connections came than any client needs.
    pub(crate) fn is_looping(&self) -> bool {
        self.came.load(Ordering::Relaxed) >= MOST_PLAYED
    }

    /// Hands over what was recorded, each with the time at which it begins.
    pub(crate) async fn hand_over(&self) -> Vec<(Instant, Record)> {
        std::mem::take(&mut *self.records.lock().await)
    }
}

/// How many further connections are played; others are ended at once.
const MOST_PLAYED: usize = 24;
