//! One exchange with a client: it is started, comes to its door, the case is played, and it is ended.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use upspec_corpus::case::{Case, Conditions, LinkName, Need, Outcome};
use upspec_corpus::template::Binding;
use upspec_corpus::words::Word as _;
use upspec_corpus::{Bindings, Registry};
use upspec_exchange::{Exit, Io, IoKind, Link, Octets, Record, Report, Talk};
use upspec_handshake::Party;
use upspec_handshake::field::key::accept;
use upspec_judge::{CaseResult, Reason, TargetFacts, judge, not_played};

use super::certificates::Certificates;
use super::door::{Door, Turned, url};
use super::further::Further;
use super::pace::Pace;
use super::settings::ClientSettings;
use super::starter::{Call, Started, Starter, over};
use crate::answers::answering;
use crate::bindings::{Nonces, Turn};
use crate::drips::Drips;
use crate::place::Place;
use crate::play::{Heard, Limits, Play, play_reporting};
use crate::results::shortened;
use crate::trouble::alert_of;
use crate::wire::refusal;

/// What exchanges with a client need besides their case.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) starter: Arc<dyn Starter>,
    pub(crate) settings: ClientSettings,
    pub(crate) facts: TargetFacts,
    pub(crate) requirements: Arc<Registry>,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) drips: Drips,
    /// The place of the case among those under way.
    pub(crate) place: Option<Place>,
    /// Held by a client until it comes.
    pub(crate) starting: Arc<Semaphore>,
    /// What is played on further connections.
    pub(crate) control: Arc<Case>,
    /// The key of an earlier connection of the client.
    pub(crate) earlier_key: Vec<u8>,
}

/// A client under way, and where it comes.
struct Guest {
    started: Started,
    begun: Instant,
    door: Arc<Door>,
    link: Link,
    bindings: Bindings,
    limits: Limits,
    /// What it reported before it came.
    early: Vec<Vec<u8>>,
}

impl Stage {
    /// Plays a case once, beside its partner if it has one, and has it judged.
    pub(crate) async fn attempt(
        &self,
        case: &Case,
        partner: Option<&Case>,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, String> {
        let own = self.exchange(case, attempt, window);
        let (record, twin) = match partner {
            None => (own.await?, None),
            Some(partner) => {
                let twin = async {
                    let _further = self.place.as_ref().map(Place::further);
                    self.exchange(partner, attempt, window).await
                };
                let (own, twin) = tokio::join!(own, twin);
                (own?, Some(twin?))
            }
        };
        if let Some(why) = names_nothing(case, &record) {
            return Ok(not_played(case, Reason::NotApplicable, why, &self.requirements));
        }
        Ok(shortened(judge(case, Some(record), twin, &self.facts, &self.requirements)))
    }

    /// Starts a client and plays the steps of a case with it. What it does wrong is in the record.
    pub(crate) async fn exchange(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<Record, String> {
        let door = Door::open(case, self.settings.host, &self.certificates).await;
        let door = Arc::new(door.map_err(|error| format!("cannot listen: {error}"))?);
        let turn = Turn { seed: self.settings.seed, case: &case.id, attempt, connection: 0 };
        let nonces = Nonces::of(&turn);
        let mut bindings = nonces.bindings();
        door.describe(&mut bindings);
        bindings.accept_of_previous_key = accept(&self.earlier_key).to_vec();
        let url = url(case, &bindings);
        let mut link = Link::plain(LinkName::Origin.word(), Party::Server, case.over);
        link.url = Some(String::from_utf8_lossy(&url).into_owned());
        let call = Call {
            url,
            host: String::from_utf8_lossy(&bindings.host).into_owned(),
            port: door.port(),
            ca: self.certificates.file().to_owned(),
            case: case.id.clone(),
        };
        let starting = self.starting.acquire().await;
        let begun = Instant::now();
        let started = self.starter.start(&call)?;
        let (timeout, keep) = (self.settings.timeout, self.settings.keep);
        let limits = Limits { window, timeout, keep, drip: self.drips.borne() };
        let mut guest = Guest { started, begun, door, link, bindings, limits, early: Vec::new() };
        let came = {
            let mut arrival = pin!(self.arrival(&mut guest));
            let soon = tokio::time::timeout(self.pace.start(), &mut arrival).await;
            // Who does not come soon takes no machine's time by that.
            drop(starting);
            match soon {
                Ok(came) => came,
                Err(_) => {
                    let _watched = self.place.as_ref().map(Place::watch);
                    arrival.await
                }
            }
        };
        match came {
            None => Ok(guest.never_came().await),
            Some(tcp) => {
                self.start_more(begun.elapsed());
                self.pace.started(begun.elapsed());
                let record = self.host(guest, tcp, case, &nonces.close).await;
                self.drips.note(&record);
                Ok(record)
            }
        }
    }

    /// Lets more clients be on their way at once where they are slow and those beside them make them no slower: they
    /// wait for something else than the machine's time.
    fn start_more(&self, took: Duration) {
        if self.pace.waits_at_start(took) && self.pace.counts_more(self.settings.jobs) {
            self.starting.add_permits(1);
        }
    }

    /// Waits until the client has opened its connection, or has ended without.
    async fn arrival(&self, guest: &mut Guest) -> Option<TcpStream> {
        let limit = self.pace.arrival(&self.settings);
        let door = Arc::clone(&guest.door);
        let next = door.next();
        tokio::pin!(next);
        let early = &mut guest.early;
        let Started { reports, ended, .. } = &mut guest.started;
        let given_up = async {
            while let Some(line) = reports.recv().await {
                let report = Report::read(&line);
                early.push(line);
                if matches!(report, Some(Report::Error(_) | Report::Close(_))) {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        let came = tokio::select! {
            biased;
            came = timeout(limit, &mut next) => came.ok(),
            _ = over(ended) => timeout(ON_ITS_WAY, &mut next).await.ok(),
            () = given_up => timeout(ON_ITS_WAY, &mut next).await.ok(),
        };
        came.and_then(io::Result::ok).map(|(tcp, _)| tcp)
    }

    /// Plays the case with a client that has come.
    async fn host(&self, mut guest: Guest, tcp: TcpStream, case: &Case, close: &[u8]) -> Record {
        let stream = match guest.door.welcome(tcp, guest.limits.timeout).await {
            Ok(stream) => stream,
            Err(turned) => return self.turned(guest, case, &turned).await,
        };
        let further = Further::of(case, &self.control, guest.bindings.clone(), guest.limits);
        let taking = tokio::spawn(Arc::clone(&further).take(Arc::clone(&guest.door)));
        let reports = self.facts.has(Need::Driver);
        let play = Play { case, bindings: &guest.bindings, close, limits: guest.limits, reports };
        let (_, nothing) = mpsc::channel(1);
        let reports = std::mem::replace(&mut guest.started.reports, nothing);
        let links = vec![(guest.link.clone(), stream)];
        let heard = play_reporting(self.place.as_ref(), links, &play, Some(reports)).await;
        let mut aftermath = Aftermath { heard, further, taking, guest };
        aftermath.linger(case, &self.pace).await;
        aftermath.finish().await
    }

    /// TLS did not come about.
    async fn turned(&self, guest: Guest, case: &Case, turned: &Turned) -> Record {
        let (kind, bytes) = match turned {
            Turned::Plain(octets) => (IoKind::Read, octets.clone()),
            Turned::Silent => (IoKind::Deadline, Vec::new()),
            Turned::Tls(error) => {
                let alert = alert_of(error).into_iter().collect();
                (refusal(error).unwrap_or(IoKind::TlsBroken), alert)
            }
        };
        let is_plain = kind == IoKind::Read;
        let link = Link { tls: !is_plain, ..guest.link.clone() };
        let at_us = micros(guest.begun, Instant::now());
        let mut io = vec![Io { link: 0, at_us, kind, bytes }];
        // The connection was dropped with what it should have been.
        io.extend(is_plain.then(|| Io { link: 0, at_us, kind: IoKind::Closed, bytes: Vec::new() }));
        let (_, reports) = mpsc::channel(1);
        let heard =
            Heard { record: Record::of(link, io), opened: guest.begun, reports: Some(reports) };
        let further = Further::of(case, &self.control, guest.bindings.clone(), guest.limits);
        let taking = tokio::spawn(std::future::ready(()));
        let mut aftermath = Aftermath { heard, further, taking, guest };
        aftermath.linger(case, &self.pace).await;
        aftermath.finish().await
    }

    /// What is known of a client before its first exchange.
    pub(crate) fn declare(&mut self, has_ipv6: bool) {
        for need in &self.settings.declared {
            self.facts.set(*need, true);
        }
        let trusts = self.starter.takes_ca() || self.settings.ca_out.is_some();
        self.facts.set(Need::Ca, trusts);
        self.facts.set(Need::Ipv6, has_ipv6);
    }
}

impl Guest {
    /// The record of a client that opened no connection.
    async fn never_came(mut self) -> Record {
        let at_us = micros(self.begun, Instant::now());
        let io = vec![Io { link: 0, at_us, kind: IoKind::NotOpened, bytes: Vec::new() }];
        let mut record = Record::of(self.link.clone(), io);
        while let Ok(line) = self.started.reports.try_recv() {
            self.early.push(line);
        }
        for line in self.early {
            record.io.push(Io { link: 0, at_us, kind: IoKind::Reported, bytes: line });
        }
        add_end(&mut record, &self.started, at_us);
        record
    }
}

/// What happens once the first connection is over.
struct Aftermath {
    heard: Heard,
    further: Arc<Further>,
    taking: JoinHandle<()>,
    guest: Guest,
}

impl Aftermath {
    /// Stays as long as something may still come that the case asks about.
    async fn linger(&mut self, case: &Case, pace: &Pace) {
        let window = self.guest.limits.window;
        let ended = self.heard.record.ended_by_peer(0);
        let over = Instant::now();
        if asks_on(case) {
            let further = Arc::clone(&self.further);
            let asked = async {
                further.asked().await;
                // One that asks without end is to show it.
                if names(case, Outcome::Loops) && !further.is_looping() {
                    std::future::pending::<()>().await;
                }
            };
            let until = tokio::time::sleep(window);
            tokio::select! {
                () = asked => {}
                _ = self.guest.started.end() => {}
                () = until => {}
            }
            self.drain_reports();
        }
        if ended && self.guest.started.ended.borrow().is_none() {
            let patience = pace.leave(window);
            let exit = timeout(patience, self.guest.started.end()).await;
            pace.left(if exit.is_ok() { over.elapsed() } else { patience });
        }
        self.drain_reports();
    }

    fn drain_reports(&mut self) {
        let at_us = micros(self.heard.opened, Instant::now());
        let Some(reports) = &mut self.heard.reports else {
            return;
        };
        while let Ok(bytes) = reports.try_recv() {
            self.heard.record.io.push(Io { link: 0, at_us, kind: IoKind::Reported, bytes });
        }
    }

    /// Ends the client and puts all records on one timeline.
    async fn finish(mut self) -> Record {
        let mut record = self.heard.record;
        let at_us = micros(self.heard.opened, Instant::now());
        add_end(&mut record, &self.guest.started, at_us);
        drop(self.guest.started);
        self.further.stop();
        if timeout(LATE, &mut self.taking).await.is_err() {
            self.taking.abort();
        }
        // Who comes late is not to find the door of another exchange on the same port.
        let door = self.guest.door;
        tokio::spawn(async move {
            tokio::time::sleep(LATE).await;
            drop(door);
        });
        for (opened, further) in self.further.hand_over().await {
            let (first, later) = (record.links.len(), micros(self.heard.opened, opened));
            record.links.extend(further.links);
            let moved = further.io.into_iter().map(|io| Io {
                link: io.link + first,
                at_us: io.at_us + later,
                ..io
            });
            record.io.extend(moved);
        }
        record.io.sort_by_key(|io| io.at_us);
        record
    }
}

/// Why a case says nothing of a client with such an offer: there is no name that is near to it and not on offer, or no
/// second one.
fn names_nothing(case: &Case, record: &Record) -> Option<&'static str> {
    let named = case.steps.iter().flat_map(|step| step.act.bindings());
    let mut wanted = named.filter(|one| NAMES.contains(one)).peekable();
    wanted.peek()?;
    let octets = Octets::of(record);
    let talk = Talk::read(octets.first()?);
    let filled = answering(&talk.requests.first()?.head, &Bindings::default());
    let is_empty = wanted.any(|binding| filled.octets(binding).is_empty());
    is_empty.then_some("the client offers no subprotocol, or just the one that the case would name")
}

/// The bindings that some offers leave empty.
const NAMES: [Binding; 3] =
    [Binding::ProtocolPrefix, Binding::ProtocolSecond, Binding::ProtocolSwapped];

/// Whether an alternative of the case asks what comes after the first connection, or of what is reported late.
fn asks_on(case: &Case) -> bool {
    let asks = |wants: &Conditions| {
        wants.requests.is_some()
            || wants.target.is_some()
            || wants.pieces.is_some()
            || !wants.messages.is_empty()
    };
    names(case, Outcome::RequestAgain)
        || names(case, Outcome::Loops)
        || case.expect.iter().any(|one| asks(&one.wants))
}

fn names(case: &Case, outcome: Outcome) -> bool {
    case.expect.iter().any(|one| one.wants.status.0.contains(&outcome))
}

/// Writes down how the process ended, and what it printed.
fn add_end(record: &mut Record, started: &Started, at_us: u64) {
    let exit: Option<Exit> = *started.ended.borrow();
    let mut add = |kind, bytes| record.io.push(Io { link: 0, at_us, kind, bytes });
    let lines = (started.last_lines)();
    if !lines.is_empty() {
        let text = lines.join("\n").into_bytes();
        let from = text.len().saturating_sub(MOST_PRINTED);
        add(IoKind::Printed, text[from..].to_vec());
    }
    if let Some(exit) = exit {
        add(IoKind::Exited, exit.to_string().into_bytes());
    }
}

fn micros(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(u64::MAX)
}

/// How long a client that is being ended may still come.
const LATE: Duration = Duration::from_secs(1);
/// A connection of a client that has ended may still wait to be taken.
const ON_ITS_WAY: Duration = Duration::from_millis(50);
/// How much of what a client prints is kept beside each case.
const MOST_PRINTED: usize = 4 * 1024;
