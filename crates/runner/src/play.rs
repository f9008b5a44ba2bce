//! Plays the steps of a case on its connections and records it. A wait ends as soon as the judge says
//! that the outcome is decided.

use std::borrow::Cow;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, Case, LinkName, Outcomes, Over, Step, Tls};
use upspec_corpus::words::Word as _;
use upspec_exchange::frames::frames;
use upspec_exchange::{IoKind, Link, Record, Talk};
use upspec_handshake::Party;
use upspec_handshake::frame::opcode;
use upspec_judge::{Awaits, awaits};

use crate::answers::answering;
use crate::connect::{Connector, Opening, Stream};
use crate::duties::Directions;
use crate::error::Error;
use crate::leave::say_goodbye;
use crate::place::Place;
use crate::record::Recorder;
use crate::steps::{render, takes, waits};
use crate::trouble::alert_of;
use crate::wire::{Stop, Wires, refusal};

mod much;
mod open;

/// A case to play, and what it is played with.
pub struct Play<'a> {
    /// The case.
    pub case: &'a Case,
    /// The values of its bindings.
    pub bindings: &'a Bindings,
    /// The Close frame to leave a tunnel with.
    pub close: &'a [u8],
    /// The limits of time and size.
    pub limits: Limits,
    /// The client under test is known to report its messages.
    pub reports: bool,
}

/// The limits of an exchange, in time and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long silence lasts until it counts.
    pub window: Duration,
    /// How long connecting may take, and how long the rest may, the case's own waits not counted.
    pub timeout: Duration,
    /// How many octets read on a connection are kept.
    pub keep: usize,
    /// How long a peer is listened to that sends a little time and again.
    pub drip: Duration,
}

impl Limits {
    /// How long a step waits for silence: time is left for those behind it, however long silence lasts elsewhere.
    fn silence(&self) -> Duration {
        self.window.min(self.timeout / 2)
    }
}

/// Opens a connection to the target, plays the case on it and takes leave.
///
/// # Errors
///
/// Only without a connection. Whatever the peer does after that is in the record.
pub async fn play(connector: &Connector, play: &Play<'_>) -> Result<Record, Error> {
    play_at(None, connector, play).await
}

/// The same, at the place of a case that is one of many.
pub(crate) async fn play_at(
    place: Option<&Place>,
    connector: &Connector,
    play: &Play<'_>,
) -> Result<Record, Error> {
    let case = play.case;
    let opening = match case.tls {
        Tls::AsTarget => Opening::AsTarget { alpn: &case.alpn },
        Tls::Off => Opening::Plain,
    };
    let link = Link::plain(LinkName::Client.word(), Party::Client, case.over);
    match connector.open(opening, play.limits.timeout).await {
        Ok(stream) => Ok(play_reporting(place, vec![(link, stream)], play, None).await.record),
        Err(error) => refused(case, link, &error).ok_or(error),
    }
}

/// Plays the case on open connections, and takes leave on each. The first one decides when the case
/// is over. The links say which end of them we are.
pub async fn play_on(links: Vec<(Link, Stream)>, play: &Play<'_>) -> Record {
    play_reporting(None, links, play, None).await.record
}

/// What came of playing a case while its client could report.
pub(crate) struct Heard {
    pub(crate) record: Record,
    /// When the timeline of the record begins.
    pub(crate) opened: Instant,
    /// Where further reports come from.
    pub(crate) reports: Option<mpsc::Receiver<Vec<u8>>>,
}

/// The same while the client under test can report.
pub(crate) async fn play_reporting(
    place: Option<&Place>,
    links: Vec<(Link, Stream)>,
    play: &Play<'_>,
    reports: Option<mpsc::Receiver<Vec<u8>>>,
) -> Heard {
    let count = links.len();
    let mut wires = Wires::new(links.into_iter().map(as_opened).collect(), play.limits.keep);
    wires.sit_at(place);
    wires.patience().bear(play.limits.drip);
    wires.listen_to(reports);
    let opened = wires.record().opened();
    let until = wires.record().opened()
        + play.limits.timeout
        + waits(&play.case.steps, play.limits.silence());
    let taken = vec![Taken::default(); count];
    let mut player = Player { play, wires, until, taken, asked: false };
    let mut stop = match player.steps().await {
        Ok(()) | Err(Stop::WriteFailed) => player.rest().await,
        Err(stop) => stop,
    };
    if stop == Stop::TimeUp {
        player.wires.note(FIRST, IoKind::Deadline);
        stop = player.end_our_side(stop).await;
    }
    if player.so_far(FIRST).awaits == Awaits::Nothing {
        player.wires.note(FIRST, IoKind::Decided);
    }
    // Nobody waits for the end of a connection on which only time is measured, or a sign of life is awaited.
    let is_over = play.case.is_about_cost() || play.case.expect.is_empty();
    let window = if is_over { BRIEF } else { play.limits.window };
    for at in 0..count {
        if stop != Stop::Full {
            say_goodbye(&mut player.wires, at, play.close, window).await;
        }
    }
    let reports = player.wires.hand_back();
    let record = player.wires.close(window.min(DRAIN)).await;
    Heard { record, opened, reports }
}

/// A link as its connection was opened.
fn as_opened((link, stream): (Link, Stream)) -> (Link, Stream) {
    let alpn = stream.alpn().map(str::to_owned);
    let alpn_offer = stream.alpn_offer().to_vec();
    (Link { tls: stream.is_tls(), alpn, alpn_offer, ..link }, stream)
}

/// An exchange that ended before a step was played, where the end of the TLS handshake is an answer:
/// to an offer of HTTP/2, or in a case about ALPN.
fn refused(case: &Case, link: Link, error: &Error) -> Option<Record> {
    let Error::Tls { source, .. } = error else {
        return None;
    };
    let about_alpn = case.expect.iter().any(|one| one.wants.alpn.is_some());
    if case.over == Over::Http1 && !about_alpn {
        return None;
    }
    let mut record = Recorder::begin(vec![Link { tls: true, ..link }], 0);
    record.ended(FIRST, refusal(source)?, alert_of(source));
    Some(record.finish())
}

struct Player<'a> {
    play: &'a Play<'a>,
    wires: Wires,
    /// When the case is over at the latest.
    until: Instant,
    /// What the awaits have taken on each link.
    taken: Vec<Taken>,
    /// A Ping of ours asks a client whether the connection is open.
    asked: bool,
}

/// How many heads the awaits have taken or skipped on a link.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// The stream of HTTP/2 that the responses are counted on.
    stream: u32,
    responses: usize,
    requests: usize,
}

/// How far a link has come.
struct SoFar {
    /// What can still change the outcome.
    awaits: Awaits,
    /// The stream that was opened last; 0 outside of HTTP/2.
    stream: u32,
    /// The status of each response head that is complete on that stream.
    statuses: Vec<u16>,
    /// How many request heads are complete.
    requests: usize,
    /// The peer's SETTINGS came.
    settings: bool,
    /// All that HTTP/2 has obliged us to write.
    due: Vec<u8>,
}

/// What an `await` does to the remaining steps.
enum Remaining {
    LeftOut,
    Played,
}

impl Player<'_> {
    /// Plays the steps one by one. Sends on a link that follow each other become one write; they are
    /// rendered when their turn comes, with what has been read by then.
    async fn steps(&mut self) -> Result<(), Stop> {
        let mut steps = self.play.case.steps.iter().peekable();
        while let Some(step) = steps.next() {
            let Some(at) = self.wires.record().position(step.at.word()) else {
                continue;
            };
            match &step.act {
                Act::Send(_) | Act::Repeat { .. } | Act::Grow { .. } | Act::H2(_) => {
                    let bindings = self.bindings(at);
                    let mut octets = self.wires.record().line_under_way(at).to_vec();
                    let begun = octets.len();
                    render(step, &mut octets, &bindings);
                    let mut follows =
                        |next: &&Step| next.at == step.at && render(next, &mut octets, &bindings);
                    while steps.next_if(&mut follows).is_some() {}
                    if octets.len() > begun {
                        self.write(at, &octets[begun..], IoKind::Wrote).await?;
                    }
                }
                Act::Await(outcomes) => match self.await_response(at, outcomes).await? {
                    Remaining::LeftOut => return Ok(()),
                    Remaining::Played => {}
                },
                Act::AwaitOther(awaited) => match self.await_other(at, *awaited).await? {
                    Remaining::LeftOut => return Ok(()),
                    Remaining::Played => {}
                },
                Act::AwaitOctets(octets) => {
                    let wanted = octets.render(&self.bindings(at));
                    let there = |so_far: &Talk<'_>| holds(so_far.sent(so_far.tested()), &wanted);
                    self.await_until(at, there).await?;
                }
                Act::AwaitCount(count) => {
                    let tunnel =
                        |talk: &Talk<'_>| talk.tunnel_octets(talk.tested()).map(<[u8]>::len);
                    let there = |talk: &Talk<'_>| tunnel(talk).unwrap_or(0) >= *count as usize;
                    self.await_until(at, there).await?;
                }
                Act::SendBytewise(octets) => {
                    let octets = octets.render(&self.bindings(at));
                    for octet in octets.chunks(1) {
                        self.write(at, octet, IoKind::Wrote).await?;
                    }
                }
                Act::PauseReading(time) => {
                    self.wires.pause(at, true);
                    let paused = self.pause(at, *time).await;
                    self.wires.pause(at, false);
                    paused?;
                }
                Act::Endless { times, bytes } => self.write_on(at, *times, bytes).await?,
                Act::Reset => self.wires.reset(at),
                Act::ShutdownBoth => self.wires.shut_both(at, self.until).await?,
                Act::ShutdownWrite => self.wires.shut_write(at, self.until).await?,
                Act::Flow(flow) => self.flow(at, flow).await?,
                Act::Wait(time) => self.pause(at, *time).await?,
            }
        }
        Ok(())
    }

    /// What stands in the place of bindings on this link: where we are its server, `{accept}` answers the
    /// key of the last request.
    fn bindings(&self, at: usize) -> Cow<'_, Bindings> {
        let said = self.wires.record().said(at);
        let talk = Talk::read(&said);
        match talk.requests.last().filter(|_| talk.link.we == Party::Server) {
            None => Cow::Borrowed(self.play.bindings),
            Some(request) => Cow::Owned(Bindings {
                stream: (request.stream > 0).then_some(request.stream),
                ..answering(&request.head, self.play.bindings)
            }),
        }
    }

    /// Waits for what has a name.
    async fn await_other(&mut self, at: usize, awaited: Awaited) -> Result<Remaining, Stop> {
        match awaited {
            Awaited::Request => self.await_request(at).await?,
            Awaited::Settings => self.await_settings(at).await?,
            Awaited::Opened => return self.await_opened(at).await,
            Awaited::Response => {
                let any = Outcomes::any_status();
                self.await_response(at, &any).await?;
            }
            Awaited::Content => self.await_until(at, |talk| talk.whole_requests).await?,
            Awaited::CloseFrame => self.await_until(at, has_close_frame).await?,
            Awaited::End | Awaited::Silence => self.await_until(at, |_| false).await?,
            // Only a case for an intermediary has these; its script is played elsewhere.
            Awaited::RequestSecond
            | Awaited::RequestThird
            | Awaited::RequestOrInterim
            | Awaited::Connect
            | Awaited::Interim => {}
        }
        Ok(Remaining::Played)
    }

    /// Waits until this is said, and goes on as well when the connection has ended or a window in silence.
    async fn await_until(
        &mut self,
        at: usize,
        there: impl Fn(&Talk<'_>) -> bool,
    ) -> Result<(), Stop> {
        let since = Instant::now();
        loop {
            self.look(at).await?;
            if there(&Talk::read(&self.wires.record().said(at))) {
                return Ok(());
            }
            let silent = self.wires.active(at).max(since) + self.play.limits.silence();
            match self.wires.read_until(at, silent.min(self.until)).await {
                Ok(()) => {}
                Err(Stop::Ended) => return Ok(()),
                Err(Stop::TimeUp) if Instant::now() < self.until => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
    }

    async fn write(&mut self, at: usize, octets: &[u8], kind: IoKind) -> Result<(), Stop> {
        self.wires.write(at, octets, kind, self.play.limits.window, self.until).await
    }

    async fn pause(&mut self, at: usize, time: Duration) -> Result<(), Stop> {
        let until = Instant::now() + time;
        loop {
            self.look(at).await?;
            match self.wires.read_until(at, until).await {
                Ok(()) => {}
                Err(Stop::TimeUp) => return Ok(()),
                // What is left to do can still be done when the peer has ended its side.
                Err(Stop::Ended) if self.resets() => {
                    sleep_until(until).await;
                    return Ok(());
                }
                Err(stop) => return Err(stop),
            }
        }
    }

    fn resets(&self) -> bool {
        self.play.case.steps.iter().any(|step| step.act == Act::Reset)
    }

    async fn await_response(&mut self, at: usize, outcomes: &Outcomes) -> Result<Remaining, Stop> {
        let since = Instant::now();
        loop {
            let so_far = self.look(at).await?;
            let taken = &mut self.taken[at];
            if so_far.stream != taken.stream {
                *taken = Taken { stream: so_far.stream, responses: 0, ..*taken };
            }
            while let Some(&status) = so_far.statuses.get(taken.responses) {
                taken.responses += 1;
                if takes(outcomes, status) {
                    let covered = outcomes.covers_status(status);
                    return Ok(if covered { Remaining::Played } else { Remaining::LeftOut });
                }
            }
            // Without a head it can only be something other than HTTP.
            if so_far.awaits == Awaits::Nothing && so_far.statuses.is_empty() {
                return Err(Stop::Decided);
            }
            self.read(at, since).await?;
        }
    }

    async fn await_request(&mut self, at: usize) -> Result<(), Stop> {
        let since = Instant::now();
        while self.look(at).await?.requests <= self.taken[at].requests {
            self.read(at, since).await?;
        }
        self.taken[at].requests += 1;
        Ok(())
    }

    async fn await_settings(&mut self, at: usize) -> Result<(), Stop> {
        let since = Instant::now();
        loop {
            let so_far = self.look(at).await?;
            if so_far.settings {
                return Ok(());
            }
            if so_far.awaits == Awaits::Nothing {
                return Err(Stop::Decided);
            }
            self.read(at, since).await?;
        }
    }

    /// Reads until nothing has been written or read on this link for one window, nor since then.
    async fn read(&mut self, at: usize, since: Instant) -> Result<(), Stop> {
        let silent = self.wires.active(at).max(since) + self.play.limits.window;
        self.wires.read_until(at, silent.min(self.until)).await
    }

    /// Reads until the outcome is decided.
    async fn rest(&mut self) -> Stop {
        let window = self.play.limits.window;
        let since = Instant::now();
        let mut end_awaited_until = None;
        loop {
            let so_far = match self.look(FIRST).await {
                Ok(so_far) => so_far,
                Err(Stop::WriteFailed) => continue,
                Err(stop) => return stop,
            };
            let read = match so_far.awaits {
                Awaits::Nothing => return Stop::Decided,
                Awaits::Octets if self.asks_whether_open() => self.read_and_ask(FIRST, since).await,
                Awaits::Octets => self.read(FIRST, since).await,
                Awaits::End => {
                    let until = *end_awaited_until.get_or_insert_with(|| Instant::now() + window);
                    self.wires.read_until(FIRST, until.min(self.until)).await
                }
            };
            match read {
                // What the peer sent before may still be there to read.
                Ok(()) | Err(Stop::WriteFailed) => {}
                Err(stop) => return stop,
            }
        }
    }

    /// Does what HTTP/2 obliges us to, and says how far this link has come.
    async fn look(&mut self, at: usize) -> Result<SoFar, Stop> {
        for other in (0..self.taken.len()).filter(|other| *other != at) {
            let due = self.so_far(other).due;
            self.do_duties(other, &due).await?;
        }
        loop {
            let so_far = self.so_far(at);
            if !self.do_duties(at, &so_far.due).await? {
                return Ok(so_far);
            }
        }
    }

    /// Writes what is due and not written yet; returns whether anything was.
    async fn do_duties(&mut self, at: usize, due: &[u8]) -> Result<bool, Stop> {
        let done = self.wires.record().owed(at);
        let due = due.get(done..).unwrap_or_default();
        if due.is_empty() || !self.wires.is_writable(at) {
            return Ok(false);
        }
        self.write(at, due, IoKind::WroteOwed).await?;
        Ok(true)
    }

    fn so_far(&self, at: usize) -> SoFar {
        let said = self.wires.record().said(at);
        let talk = Talk::read(&said);
        let frames = Directions::of(&talk);
        SoFar {
            awaits: awaits(self.play.case, &talk, self.play.reports),
            stream: talk.stream(),
            statuses: talk.statuses().collect(),
            requests: talk.requests.len(),
            settings: frames.is_some_and(|frames| frames.has_settings()),
            due: frames.map(|frames| frames.due()).unwrap_or_default(),
        }
    }
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    part.is_empty() || octets.windows(part.len()).any(|window| window == part)
}

/// Whether the party under test has sent a Close frame.
pub(crate) fn has_close_frame(talk: &Talk<'_>) -> bool {
    let octets = talk.tunnel_octets(talk.tested()).unwrap_or_default();
    frames(octets).iter().any(|frame| frame.opcode == opcode::CLOSE)
}

/// The link that the case is about.
const FIRST: usize = 0;
/// How long leaving takes where the connection does not matter.
const BRIEF: Duration = Duration::from_millis(5);
/// How long we read and drop octets that are still under way.
const DRAIN: Duration = Duration::from_millis(50);
