//! A target, everything known about it, and one exchange with it.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use upspec_corpus::case::{Case, LinkName, Need, Tls};
use upspec_corpus::words::Word as _;
use upspec_corpus::{Bindings, Registry};
use upspec_exchange::{IoKind, Link, Record};
use upspec_handshake::Party;
use upspec_judge::{CaseResult, Reason, SLOW, TargetFacts, judge, not_played};

use crate::bindings::{Nonces, Turn, bindings};
use crate::connect::{Connector, Opening, Stream};
use crate::contact;
use crate::drips::Drips;
use crate::error::Error;
use crate::place::Place;
use crate::play::{Limits, Play, play_at, play_on};
use crate::server::Server;
use crate::settings::{Settings, lateness};
use crate::source::Sources;
use crate::target::Target;

/// What exchanges with a target need besides their case.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) target: Target,
    pub(crate) settings: Settings,
    pub(crate) facts: TargetFacts,
    requirements: Arc<Registry>,
    connector: Connector,
    /// The time-out that was asked for.
    asked: Duration,
    drips: Drips,
}

impl Bench {
    /// Starts the server command, if there is one, and reaches the target.
    pub(crate) async fn start(
        target: Target,
        mut settings: Settings,
        requirements: Arc<Registry>,
    ) -> Result<(Self, Option<Server>), Error> {
        let server = match &settings.server_cmd {
            Some(_) => Some(Server::start(&settings, &target).await?),
            None => None,
        };
        let asked = settings.timeout;
        settings.timeout = settings.least_timeout(Duration::ZERO);
        let connector = Connector::reach(&target, CONNECT_PATIENCE, settings.timeout).await?;
        let facts = declared(&target, &settings);
        let drips = Drips::default();
        Ok((Self { target, settings, facts, requirements, connector, asked, drips }, server))
    }

    /// How long the control took to be answered.
    pub(crate) fn answer(&self) -> Duration {
        Duration::from_micros(self.facts.answer_us)
    }

    /// Whether any answer takes as long as a costly one, so that nothing can be measured.
    pub(crate) fn is_late(&self) -> bool {
        self.answer() >= SLOW
    }

    /// What to say of a time-out that was too short to accuse anybody of silence.
    pub(crate) fn haste(&self) -> Option<String> {
        let (asked, is) = (self.asked.as_millis(), self.settings.timeout.as_millis());
        let answer = self.facts.answer_us as f64 / 1000.0;
        (asked < is).then(|| {
            format!(
                "a time-out of {asked} ms would accuse a target that answers in {answer:.1} ms; it was raised to {is} ms"
            )
        })
    }

    /// How long silence is waited for when it is looked at again, at a target that answers promptly or does not.
    pub(crate) fn patience(&self, result: &CaseResult, is_prompt: bool) -> Duration {
        let timeout = self.settings.timeout;
        let halves = if is_prompt { SOONEST } else { SOON };
        match result.aside.is_due_soon {
            true => timeout.min(self.window().saturating_mul(halves) / 2),
            false => timeout,
        }
    }

    /// How long silence must last.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_millis(self.facts.window_ms)
    }

    /// What determines the nonces of a case's first connection.
    pub(crate) fn turn<'a>(&self, case: &'a Case, attempt: u32) -> Turn<'a> {
        Turn { seed: self.settings.seed, case: &case.id, attempt, connection: 0 }
    }

    /// The values of bindings, with these nonces.
    pub(crate) fn bindings(&self, nonces: &Nonces) -> Bindings {
        bindings(&self.target, &self.settings, &self.facts, nonces)
    }

    /// Plays the steps of a case on a connection of their own.
    pub(crate) async fn exchange(
        &self,
        case: &Case,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, Error> {
        self.exchange_at(None, case, turn, window).await
    }

    /// The same, at the place of a case that is one of many.
    pub(crate) async fn exchange_at(
        &self,
        place: Option<&Place>,
        case: &Case,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, Error> {
        let nonces = Nonces::of(&turn);
        let bindings = &self.bindings(&nonces);
        let limits = self.limits(window);
        let play = Play { case, bindings, close: &nonces.close, limits, reports: false };
        let record = play_at(place, &self.connector, &play).await?;
        self.drips.note(&record);
        Ok(record)
    }

    fn limits(&self, window: Duration) -> Limits {
        let late = if lateness(self.answer()) > 0 { self.answer() * TURNS } else { Duration::ZERO };
        let timeout = self.settings.timeout + late;
        Limits { window, timeout, keep: self.settings.keep, drip: self.drips.borne() }
    }

    /// Plays a case whose steps are on two connections of ours.
    pub(crate) async fn exchange_of_two(
        &self,
        case: &Case,
        turn: Turn<'_>,
    ) -> Result<Record, Error> {
        let nonces = Nonces::of(&turn);
        let bindings = &self.bindings(&nonces);
        let mut links = Vec::new();
        for name in [LinkName::Client, LinkName::Client2] {
            let opening = Opening::AsTarget { alpn: &case.alpn };
            let stream = self.connector.open(opening, self.settings.timeout).await?;
            links.push((Link::plain(name.word(), Party::Client, case.over), stream));
        }
        let limits = self.limits(self.window());
        let play = Play { case, bindings, close: &nonces.close, limits, reports: false };
        Ok(play_on(links, &play).await)
    }

    /// Whether the target takes a connection.
    pub(crate) async fn is_connectable(&self, limit: Duration) -> bool {
        self.connector.open(Opening::AsTarget { alpn: &[] }, limit).await.is_ok()
    }

    /// What a case gets without TLS from a target that is to be reached inside it, in a few words;
    /// nothing where it gets nothing.
    pub(crate) async fn in_clear_text(&self, case: &Case) -> Option<String> {
        let clear = Case { tls: Tls::Off, ..case.clone() };
        let window = self.settings.timeout.min(SECOND_LOOK);
        let record = self.exchange(&clear, self.turn(case, 0), window).await.ok()?;
        contact::in_few_words(&record)
    }

    /// Whether TLS is spoken by a target that is to be reached without.
    pub(crate) async fn is_tls_spoken(&self) -> bool {
        let limit = self.settings.timeout.min(SECOND_LOOK);
        self.target.tls.is_none() && self.connector.is_tls_spoken(limit).await
    }

    /// Where connections to it come from.
    pub(crate) fn sources(&self) -> &Sources {
        self.connector.sources()
    }

    /// A connection without TLS, on which nothing is said yet.
    pub(crate) async fn tcp(&self, limit: Duration) -> Result<Stream, Error> {
        self.connector.open(Opening::Plain, limit).await
    }

    /// Whether somebody listens, whatever comes of TLS.
    pub(crate) async fn takes_tcp(&self, limit: Duration) -> bool {
        match self.tcp(limit).await {
            Ok(_) => true,
            // Whoever resets a connection has taken it.
            Err(Error::Connect { source, .. }) => source.kind() == ErrorKind::ConnectionReset,
            Err(_) => false,
        }
    }

    /// Judges what was recorded of a case: its own exchange first, then that of its partner.
    pub(crate) fn judge(&self, case: &Case, records: Vec<Record>) -> CaseResult {
        let mut records = records.into_iter();
        judge(case, records.next(), records.next(), &self.facts, &self.requirements)
    }

    /// The result of a case that was not played.
    pub(crate) fn not_played(&self, case: &Case, reason: Reason, message: &str) -> CaseResult {
        not_played(case, reason, message, &self.requirements)
    }

    /// Stores what a control shows about the target, and how fast it was answered.
    pub(crate) fn learn_control(&mut self, case: &Case, exchange: &Record) {
        self.facts.learn(case, exchange);
        self.facts.answer_us = whole_answer_us(exchange).unwrap_or(0);
        self.settings.timeout = self.settings.least_timeout(self.answer());
        let window = self.settings.window(self.answer());
        self.facts.window_ms = millis(window);
    }
}

/// What is known about a target before its first exchange.
pub(crate) fn declared(target: &Target, settings: &Settings) -> TargetFacts {
    let mut facts = TargetFacts {
        http2_alone: target.scheme.is_http2_alone(),
        window_ms: millis(settings.timeout),
        declared_subprotocols: settings.subprotocols.clone(),
        ..TargetFacts::default()
    };
    facts.count_subprotocols();
    facts.set(Need::Origin, settings.origin.is_some());
    facts.set(Need::Plain, target.tls.is_none());
    facts.set(Need::Tls, target.tls.is_some());
    facts
}

/// From the last octet of the request to the first of the answer.
pub(crate) fn answer_us(exchange: &Record) -> Option<u64> {
    let read = exchange.io.iter().position(|io| io.kind == IoKind::Read)?;
    let wrote = exchange.io[..read].iter().rfind(|io| io.kind == IoKind::Wrote)?;
    Some(exchange.io[read].at_us.saturating_sub(wrote.at_us))
}

/// The same to the last octet before we went on: some answers come in drops.
fn whole_answer_us(exchange: &Record) -> Option<u64> {
    let first = exchange.io.iter().position(|io| io.kind == IoKind::Read)?;
    let wrote = exchange.io[..first].iter().rfind(|io| io.kind == IoKind::Wrote)?;
    let reads = exchange.io[first..].iter().take_while(|io| io.kind == IoKind::Read);
    Some(reads.last()?.at_us.saturating_sub(wrote.at_us))
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How long we look for the other of TLS and clear text, once a target does not speak the one.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// How many answers an exchange waits for, one behind the other, where each of them comes late.
const TURNS: u32 = 3;
/// How long a target that refuses connections is given to come up.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// How many halves of the window an answer within the tunnel may take: nothing but the target's own pace delays it.
const SOON: u32 = 8;
/// The same where answers come as soon as at first.
const SOONEST: u32 = 3;

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, Link};
    use upspec_handshake::{Over, Party};

    use super::*;

    #[test]
    fn an_answer_in_drops_takes_as_long_as_all_of_them() {
        let rows = [
            (0, IoKind::Wrote),
            (20, IoKind::Read),
            (940, IoKind::Read),
            (941, IoKind::Wrote),
            (950, IoKind::Read),
        ];
        let io = rows.map(|(at_us, kind)| Io { link: 0, at_us, kind, bytes: Vec::new() });
        let links = vec![Link::plain("client", Party::Client, Over::Http1)];
        let record = Record { links, io: io.to_vec() };
        assert_eq!((answer_us(&record), whole_answer_us(&record)), (Some(20), Some(940)));
    }
}
