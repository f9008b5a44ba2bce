//! Steps that write much: as far as the windows of HTTP/2 allow, or without an end.

use std::time::Duration;

use tokio::time::Instant;
use upspec_corpus::frames::Flow;
use upspec_corpus::template::Template;
use upspec_exchange::{IoKind, Talk};
use upspec_judge::Awaits;

use super::Player;
use crate::duties::Directions;
use crate::flow::Outgoing;
use crate::wire::Stop;

impl Player<'_> {
    /// Writes what never ends, for a while.
    pub(super) async fn write_on(
        &mut self,
        at: usize,
        times: u32,
        bytes: &Template,
    ) -> Result<(), Stop> {
        let octets = bytes.render(self.play.bindings);
        let until = self.until.min(Instant::now() + ENDLESS);
        self.wires.write_on(at, &octets, times, self.play.limits.window, until).await
    }

    /// Writes octets of a stream as the peer's windows allow, and waits for room as a sender has to.
    pub(super) async fn flow(&mut self, at: usize, flow: &Flow) -> Result<(), Stop> {
        let mut outgoing = Outgoing::new(flow, &self.bindings(at));
        let since = Instant::now();
        loop {
            let so_far = self.look(at).await?;
            let room = {
                let said = self.wires.record().said(at);
                Directions::of(&Talk::read(&said)).map_or(0, |frames| frames.room(flow.stream))
            };
            let frames = outgoing.frames(room);
            if !frames.is_empty() {
                self.write(at, &frames, IoKind::Wrote).await?;
            }
            if outgoing.is_done() {
                return Ok(());
            }
            if so_far.awaits == Awaits::Nothing {
                return Err(Stop::Decided);
            }
            if frames.is_empty() {
                self.read(at, since).await?;
            }
        }
    }
}

/// How long at the most what never ends is written.
const ENDLESS: Duration = Duration::from_secs(3);
