//! Finds out whether a client takes the connection for open, and how it leaves one that came to nothing.

use tokio::time::Instant;
use upspec_corpus::case::{Expectation, Outcome, Role};
use upspec_exchange::{IoKind, Talk};
use upspec_handshake::h2::write;
use upspec_judge::client_outcome;

use super::{FIRST, Player, Remaining};
use crate::wire::Stop;

impl Player<'_> {
    /// Waits for a frame of the client that shows an open connection, and asks for one with a Ping when
    /// half of the window has passed in silence.
    pub(super) async fn await_opened(&mut self, at: usize) -> Result<Remaining, Stop> {
        let since = Instant::now();
        loop {
            self.look(at).await?;
            match client_outcome(&Talk::read(&self.wires.record().said(at))) {
                Outcome::Silent => {}
                Outcome::Opened => return Ok(Remaining::Played),
                _ => return Ok(Remaining::LeftOut),
            }
            self.read_and_ask(at, since).await?;
        }
    }

    /// Reads on. When half of the window has passed in silence a Ping asks the client whether the connection is
    /// open for it.
    pub(super) async fn read_and_ask(&mut self, at: usize, since: Instant) -> Result<(), Stop> {
        if self.asked {
            return self.read(at, since).await;
        }
        let half = self.wires.active(at).max(since) + self.play.limits.window / 2;
        match self.wires.read_until(at, half.min(self.until)).await {
            Err(Stop::TimeUp) if Instant::now() < self.until => {
                self.asked = true;
                let ping = self.bindings(at).ping.clone();
                let octets = match self.so_far(at).stream {
                    0 => ping,
                    stream => write::data(stream, &ping, 0),
                };
                self.write(at, &octets, IoKind::Wrote).await
            }
            other => other,
        }
    }

    /// Whether it is to be found out whether a client takes the connection for open.
    pub(super) fn asks_whether_open(&self) -> bool {
        let case = self.play.case;
        let named = |one: &Expectation| one.wants.status.0.contains(&Outcome::Opened);
        case.role == Role::Client && case.expect.iter().any(named) && self.is_answered()
    }

    fn is_answered(&self) -> bool {
        let said = self.wires.record().said(FIRST);
        let talk = Talk::read(&said);
        talk.finals().next().is_some() && client_outcome(&talk) == Outcome::Silent
    }

    /// Ends our side of a client's connection that came to nothing, where the case asks what the client
    /// then does, and watches it for another window.
    pub(super) async fn end_our_side(&mut self, stop: Stop) -> Stop {
        let named =
            |outcome| self.play.case.expect.iter().any(|one| one.wants.status.covers(outcome));
        let asked = named(Outcome::Waits) || named(Outcome::Held);
        if !asked || named(Outcome::Silent) || !self.wires.is_writable(FIRST) {
            return stop;
        }
        let until = Instant::now() + self.play.limits.window;
        if let Err(stop) = self.wires.shut_write(FIRST, until).await {
            return stop;
        }
        loop {
            if let Err(stop) = self.wires.read_until(FIRST, until).await {
                return stop;
            }
        }
    }
}
