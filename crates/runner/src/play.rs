//! Plays one case on one connection and records it. Waits end as soon as the judge says that the
//! outcome is decided.
//! Never says what the outcome is.

use std::time::Duration;

use tokio::time::Instant;
use upspec_corpus::case::{self, Case, Outcomes, Tls};
use upspec_exchange::{IoKind, Link, Octets, Record, Talk};
use upspec_handshake::{Party, RequestHead};
use upspec_judge::{self as judge, Awaits, Progress};

use crate::connect::{Connector, Opening};
use crate::error::Error;
use crate::leave::leave;
use crate::record::Recorder;
use crate::script::{Action, covers, takes, waits};
use crate::wire::{Stop, TARGET, Wire, refusal};

/// What is played on one connection.
pub struct Play<'a> {
    /// The case: what is waited for depends on what it expects.
    pub case: &'a Case,
    /// What is done.
    pub script: &'a [Action],
    /// The Close frame to leave a tunnel with.
    pub close: &'a [u8],
    /// How long, and how much.
    pub limits: Limits,
}

/// How long and how much of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long silence lasts until it counts.
    pub window: Duration,
    /// How long connecting may take, and how long the rest may, the script's own waits not counted.
    pub timeout: Duration,
    /// How many octets are kept.
    pub keep: usize,
}

/// Opens a connection, plays the script on it and takes leave.
///
/// # Errors
///
/// Only when there is no connection. Whatever the peer does after that is in the exchange.
pub async fn play(connector: &Connector, play: &Play<'_>) -> Result<Record, Error> {
    let limits = &play.limits;
    let stream = match connector.open(opening(play.case), limits.timeout).await {
        Ok(stream) => stream,
        Err(error) => return refused(play.case, &error).ok_or(error),
    };
    let wire = Wire::new(stream, play.case.over, limits.keep);
    let until = wire.record().opened() + limits.timeout + waits(play.script);
    let mut player = Player { play, wire, until, stream: 0, heads_taken: 0 };
    let stop = match player.steps().await {
        Ok(()) | Err(Stop::WriteFailed) => player.rest().await,
        Err(stop) => stop,
    };
    if stop == Stop::TimeUp {
        player.wire.note_deadline();
    }
    if player.progress().awaits == Awaits::Nothing {
        player.wire.note_decided();
    }
    let parting = player.talk(|talk| judge::leave(talk, play.close));
    Ok(leave(player.wire, stop, &parting, limits.window).await)
}

/// How a case wants its connection opened.
fn opening(case: &Case) -> Opening<'_> {
    match case.tls {
        Tls::AsTarget => Opening::AsTarget { alpn: &case.alpn },
        Tls::Off => Opening::Plain,
    }
}

/// An exchange that ended before a step was played, where the end of the TLS handshake is an answer:
/// to an offer of HTTP/2, or in a case about ALPN.
fn refused(case: &Case, error: &Error) -> Option<Record> {
    let Error::Tls { source, .. } = error else {
        return None;
    };
    let about_alpn = case.expect.iter().any(|one| one.alpn.is_some());
    if case.over == case::Over::Http1 && !about_alpn {
        return None;
    }
    let link = Link { tls: true, ..Link::plain(TARGET, Party::Client, case.over) };
    let mut record = Recorder::begin(link, 0);
    record.event(refusal(source)?);
    Some(record.finish())
}

struct Player<'a> {
    play: &'a Play<'a>,
    wire: Wire,
    /// When the exchange is over at the latest.
    until: Instant,
    /// The stream of HTTP/2 that the heads are counted on.
    stream: u32,
    /// How many response heads the awaits have taken or skipped.
    heads_taken: usize,
}

/// What an `await` makes of the remaining steps.
enum Remaining {
    LeftOut,
    Played,
}

impl Player<'_> {
    async fn steps(&mut self) -> Result<(), Stop> {
        for action in self.play.script {
            match action {
                Action::Await(outcomes) => match self.await_head(outcomes).await? {
                    Remaining::LeftOut => return Ok(()),
                    Remaining::Played => {}
                },
                Action::AwaitRequest => self.await_request().await?,
                Action::AwaitSettings => self.await_settings().await?,
                Action::ShutWrite => self.wire.shut_write(self.until).await?,
                Action::Wait(time) => self.pause(*time).await?,
                Action::Write(octets) => {
                    let window = self.play.limits.window;
                    self.wire.write(octets, IoKind::Wrote, window, self.until).await?;
                }
            }
        }
        Ok(())
    }

    async fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        let until = Instant::now() + time;
        loop {
            let progress = self.progress();
            self.pay(&progress).await?;
            match self.wire.read_until(until).await {
                Ok(()) => {}
                Err(Stop::TimeUp) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
    }

    async fn await_head(&mut self, outcomes: &Outcomes) -> Result<Remaining, Stop> {
        let since = Instant::now();
        loop {
            let progress = self.progress();
            self.pay(&progress).await?;
            if progress.http2.stream != self.stream {
                self.stream = progress.http2.stream;
                self.heads_taken = 0;
            }
            while let Some(&status) = progress.heads.get(self.heads_taken) {
                self.heads_taken += 1;
                if takes(outcomes, status) {
                    let covered = covers(outcomes, status);
                    return Ok(if covered { Remaining::Played } else { Remaining::LeftOut });
                }
            }
            // With no head at all, it can only be something else than HTTP.
            if progress.awaits == Awaits::Nothing && progress.heads.is_empty() {
                return Err(Stop::Decided);
            }
            let silent = self.wire.active().max(since) + self.play.limits.window;
            self.wire.read_until(silent.min(self.until)).await?;
        }
    }

    async fn await_request(&mut self) -> Result<(), Stop> {
        let since = Instant::now();
        while RequestHead::parse(self.wire.record().read()).complete().is_none() {
            let silent = self.wire.active().max(since) + self.play.limits.window;
            self.wire.read_until(silent.min(self.until)).await?;
        }
        Ok(())
    }

    async fn await_settings(&mut self) -> Result<(), Stop> {
        let since = Instant::now();
        loop {
            let progress = self.progress();
            self.pay(&progress).await?;
            if progress.http2.settings {
                return Ok(());
            }
            if progress.awaits == Awaits::Nothing {
                return Err(Stop::Decided);
            }
            let silent = self.wire.active().max(since) + self.play.limits.window;
            self.wire.read_until(silent.min(self.until)).await?;
        }
    }

    /// Reads until the outcome is decided.
    async fn rest(&mut self) -> Stop {
        let window = self.play.limits.window;
        let since = Instant::now();
        let mut end_awaited_until = None;
        loop {
            let progress = self.progress();
            match self.pay(&progress).await {
                Ok(()) | Err(Stop::WriteFailed) => {}
                Err(stop) => return stop,
            }
            let until = match progress.awaits {
                Awaits::Nothing => return Stop::Decided,
                Awaits::Octets => self.wire.active().max(since) + window,
                Awaits::End => *end_awaited_until.get_or_insert_with(|| Instant::now() + window),
            };
            if let Err(stop) = self.wire.read_until(until.min(self.until)).await {
                return stop;
            }
        }
    }

    /// Writes what HTTP/2 has obliged us to and was not written yet.
    async fn pay(&mut self, progress: &Progress) -> Result<(), Stop> {
        let paid = self.wire.record().owed();
        let due = progress.http2.owed.get(paid..).unwrap_or_default();
        if due.is_empty() || !self.wire.is_writable() {
            return Ok(());
        }
        let window = self.play.limits.window;
        self.wire.write(due, IoKind::WroteOwed, window, self.until).await
    }

    fn progress(&self) -> Progress {
        self.talk(|talk| judge::progress(self.play.case, talk))
    }

    /// Looks at what was said so far.
    fn talk<T>(&self, look: impl FnOnce(&Talk<'_>) -> T) -> T {
        let record = self.wire.record();
        look(&Talk::read(&Octets::under_way(record.link(), record.written(), record.read())))
    }
}
