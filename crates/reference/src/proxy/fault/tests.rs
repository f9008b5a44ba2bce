//! The rows are complete and sound, and each fault shows where its row says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use upspec_handshake::h2::{self, EventKind, Reader};
use upspec_handshake::{Party, Version};

use super::ProxyFault;
use super::scene::{PAIR, Scene, Step, switch};
use crate::client::Random;
use crate::proxy::back::{Back, BackAction, BackEvent};
use crate::proxy::config::ProxyConfig;
use crate::proxy::http2::{Front, FrontAction, FrontEvent};
use crate::proxy::pool::Memory;
use crate::proxy::relay::{Action, Event, Relay};
use crate::proxy::variation::{ProxyVariation, Way};

#[test]
fn names_are_kebab_case_unique_and_found() {
    let names: BTreeSet<&str> = ProxyFault::all().map(|fault| fault.name).collect();
    assert_eq!(names.len(), ProxyFault::all().count());
    assert!(names.len() >= 60);
    for fault in ProxyFault::all() {
        let spelled = |octet: u8| {
            octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-.".contains(&octet)
        };
        assert!(fault.name.bytes().all(spelled), "{fault:?}");
        assert!(fault.summary.ends_with('.'), "{fault:?}");
        assert!(fault.effects().next().is_some(), "{fault:?} does nothing");
        assert_eq!(ProxyFault::named(fault.name), Some(fault));
    }
}

#[test]
fn every_fault_shows_where_its_row_says() {
    let mut unseen = Vec::new();
    for fault in ProxyFault::all() {
        let scene = fault.scene();
        let (wrong, right) = (played(Some(fault), &[], &scene), played(None, fault.beside, &scene));
        let text = |played: &Played| played.get(scene.party).cloned().unwrap_or_default();
        let is_in = |played: &Played, part: &str| text(played).contains(part);
        assert!(scene.gets.is_some() || scene.misses.is_some(), "{fault:?} shows nowhere");
        let gets = scene.gets.is_none_or(|part| is_in(&wrong, part) && !is_in(&right, part));
        let misses = scene.misses.is_none_or(|part| is_in(&right, part) && !is_in(&wrong, part));
        if !gets || !misses {
            unseen.push(format!("{fault:?}\n  with {wrong:#?}\n  without {right:#?}"));
        }
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}

#[test]
fn every_fault_breaks_requirements_of_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/requirements");
    let mut registry = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        registry += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    let cited = ProxyFault::all().flat_map(|fault| fault.also.iter().chain([&fault.breaks]));
    let missing: BTreeSet<_> =
        cited.filter(|id| !registry.contains(&format!("id = \"{id}\""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What each party got, escaped; `<end>` and the like stand for what is no octets.
type Played = BTreeMap<String, String>;

/// The gateway between two clients, or the streams of one, and its origin.
struct Stage<'n> {
    new_relay: &'n dyn Fn() -> Relay,
    /// Those of the two clients, and behind them those of the streams 1, 3, 5 …
    relays: Vec<Relay>,
    /// Which connection to the origin each of them has.
    origins: Vec<Option<usize>>,
    front: Front,
    reader: Reader,
    kept: Vec<(usize, Vec<u8>)>,
    /// The connections to the origin that speak HTTP/2, and what reads what they write.
    backs: BTreeMap<usize, (Back, Reader)>,
    new_back: &'n dyn Fn() -> Option<Back>,
    opened: usize,
    played: Played,
}

/// The octets that a text stands for, up to the first event that is none.
pub(in crate::proxy) fn unescaped(text: &str) -> Vec<u8> {
    let text = text.split('<').next().unwrap_or_default();
    text.replace("\\r", "\r").replace("\\n", "\n").into_bytes()
}

/// Plays a scene.
pub(in crate::proxy) fn played(
    fault: Option<&'static ProxyFault>,
    ways: &[Way],
    scene: &Scene,
) -> Played {
    let ways: &'static [Way] = Box::leak(ways.into());
    let variation =
        Box::leak(Box::new(ProxyVariation { name: "", summary: "", neglects: &[], ways }));
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 81));
    let config =
        Arc::new(ProxyConfig { fault, variation: Some(variation), ..ProxyConfig::new(addr, addr) });
    let memory = Arc::new(Memory::new(Random::new(|octets| octets.fill(0))));
    let client = IpAddr::from(Ipv4Addr::LOCALHOST);
    let relay = || Relay::new(Arc::clone(&config), Arc::clone(&memory), client);
    let mut stage = Stage {
        new_relay: &relay,
        relays: vec![relay(), relay()],
        origins: vec![None, None],
        front: Front::new(Arc::clone(&config), Random::new(|octets| octets.fill(0))),
        reader: Reader::new(Party::Server),
        kept: Vec::new(),
        backs: BTreeMap::new(),
        new_back: &|| {
            let speaks = config.goes(Way::Http2ToOrigin);
            speaks.then(|| Back::new(Arc::clone(&config)))
        },
        opened: 0,
        played: Played::new(),
    };
    for step in &scene.steps {
        stage.step(step);
    }
    stage.played
}

impl Stage<'_> {
    fn step(&mut self, step: &Step) {
        let last = self.relays.len() - 1;
        let at = if self.origins[0].is_some() { 0 } else { last };
        let has_origin = self.origins[at].is_some();
        match step {
            Step::Client(octets) => self.take(0, Event::Client(octets)),
            Step::Client2(octets) => self.take(1, Event::Client(octets)),
            Step::Frames(octets) => self.tell_front(FrontEvent::Client(octets)),
            Step::ClientEnd => self.take(0, Event::ClientEnd),
            Step::ClientReset => self.take(0, Event::ClientReset),
            Step::Origin(octets) if self.has_back(at) => {
                self.tell_back(at, BackEvent::Origin(octets));
            }
            Step::Origin(octets) if has_origin => self.take(at, Event::Origin(octets)),
            Step::OriginEnd if has_origin => self.take(at, Event::OriginEnd),
            Step::OriginReset if has_origin => self.take(at, Event::OriginReset),
            Step::Silence if self.relays[0].patience() <= MOST_PATIENCE => {
                self.take(0, Event::Silence);
            }
            Step::Tunnels(count) => (0..*count).for_each(|_| self.tunnel()),
            _ => {}
        }
    }

    fn tell_front(&mut self, event: FrontEvent<'_>) {
        for action in self.front.take(UNIX_EPOCH, event) {
            match action {
                FrontAction::Write(octets) => {
                    for event in self.reader.feed(&octets) {
                        self.note("http2".into(), &shown(&event));
                    }
                }
                FrontAction::Open(_) => {
                    self.relays.push((self.new_relay)().received_in(Version::HTTP_2));
                    self.origins.push(None);
                }
                FrontAction::ToStream(id, octets) => self.take(place(id), Event::Client(&octets)),
                FrontAction::EndStream(id) => self.take(place(id), Event::ClientEnd),
                FrontAction::ResetStream(id) => self.take(place(id), Event::ClientReset),
                FrontAction::Close => self.note("http2".into(), "<closed>"),
            }
        }
    }

    /// What a relay of a stream does, for its client.
    fn answer(&mut self, at: usize, action: &Action) {
        let id = (at as u32 - 2) * 2 + 1;
        match action {
            Action::ToClient(octets) => self.tell_front(FrontEvent::Stream(id, octets)),
            Action::EndClient | Action::Close => self.tell_front(FrontEvent::StreamEnd(id)),
            Action::ResetClient => self.tell_front(FrontEvent::StreamReset(id)),
            _ => {}
        }
    }

    /// A tunnel of another client, which nobody writes down.
    fn tunnel(&mut self) {
        let mut relay = (self.new_relay)();
        let opened = Event::Opened { is_reused: false };
        let asked = format!("GET / HTTP/1.1\r\nHost: a\r\n{PAIR}\r\n");
        for event in [Event::Client(asked.as_bytes()), opened, Event::Origin(switch("").as_bytes())]
        {
            relay.take(UNIX_EPOCH, event);
        }
    }

    fn take(&mut self, at: usize, event: Event<'_>) {
        for action in self.relays[at].take(UNIX_EPOCH, event) {
            self.act(at, action);
        }
    }

    fn act(&mut self, at: usize, action: Action) {
        if at >= 2 {
            self.answer(at, &action);
        }
        let client = ["client", "client-2", "stream"][at.min(2)].to_owned();
        let origin = self.origins[at].map(|number| format!("origin-{number}"));
        if self.has_back(at) {
            match &action {
                Action::ToOrigin(octets) => return self.tell_back(at, BackEvent::Relay(octets)),
                Action::ResetOrigin => return self.tell_back(at, BackEvent::RelayReset),
                Action::EndOrigin => return self.tell_back(at, BackEvent::RelayEnd),
                Action::Keep(_) | Action::Leave => {
                    self.tell_back(at, BackEvent::RelayEnd);
                    self.origins[at] = None;
                    return;
                }
                _ => {}
            }
        }
        match action {
            Action::ToClient(octets) => self.note(client, &octets.escape_ascii().to_string()),
            Action::ToOrigin(octets) => {
                self.note(origin.unwrap_or_default(), &octets.escape_ascii().to_string());
            }
            Action::Open { is_new } => self.open(at, is_new),
            Action::Keep(early) => {
                self.note(origin.unwrap_or_default(), "<kept>");
                self.kept.extend(self.origins[at].take().map(|number| (number, early)));
            }
            Action::Leave => {
                if let Some(origin) = origin {
                    self.note(origin, "<left>");
                }
                self.origins[at] = None;
            }
            Action::EndOrigin => self.note(origin.unwrap_or_default(), "<end>"),
            Action::EndClient => self.note(client, "<end>"),
            Action::ResetOrigin => self.note(origin.unwrap_or_default(), "<reset>"),
            Action::ResetClient => self.note(client, "<reset>"),
            Action::Close => self.note(client, "<closed>"),
            Action::Die => self.note(client, "<dead>"),
        }
    }

    fn has_back(&self, at: usize) -> bool {
        self.origins[at].is_some_and(|number| self.backs.contains_key(&number))
    }

    fn tell_back(&mut self, at: usize, event: BackEvent<'_>) {
        let Some(number) = self.origins[at] else { return };
        let Some((back, _)) = self.backs.get_mut(&number) else { return };
        for action in back.take(event) {
            match action {
                BackAction::ToOrigin(octets) => {
                    let (_, reader) = self.backs.get_mut(&number).unwrap();
                    let text: String = reader.feed(&octets).iter().map(shown).collect();
                    self.note(format!("origin-{number}"), &text);
                }
                BackAction::ToRelay(octets) => self.take(at, Event::Origin(&octets)),
                BackAction::EndRelay => self.take(at, Event::OriginEnd),
                BackAction::ResetRelay => self.take(at, Event::OriginReset),
                BackAction::Close => {}
            }
        }
    }

    fn open(&mut self, at: usize, is_new: bool) {
        let kept = if is_new { None } else { self.kept.pop() };
        let is_reused = kept.is_some();
        let (number, early) = kept.unwrap_or_else(|| {
            self.opened += 1;
            (self.opened, Vec::new())
        });
        self.origins[at] = Some(number);
        if let Some(back) = (self.new_back)() {
            self.backs.insert(number, (back, Reader::new(Party::Client)));
        }
        self.take(at, Event::Opened { is_reused });
        if !early.is_empty() {
            self.take(at, Event::Origin(&early));
        }
    }

    fn note(&mut self, party: String, what: &str) {
        self.played.entry(party).or_default().push_str(what);
    }
}

/// Where the relay of a stream is.
fn place(id: u32) -> usize {
    (id as usize - 1) / 2 + 2
}

/// What a client of HTTP/2 gets, in words.
fn shown(event: &h2::Event) -> String {
    let id = event.stream;
    let end = |ends: bool| if ends { " END" } else { "" };
    match &event.kind {
        EventKind::Headers { list, end_stream } => {
            let field = |field: &h2::HeaderField| {
                format!(" {}={}", field.name.escape_ascii(), field.value.escape_ascii())
            };
            let fields: String = list.fields.iter().map(field).collect();
            format!("[{id}{fields}{}]", end(*end_stream))
        }
        EventKind::Data { octets, end_stream, .. } => {
            format!("[{id} data {}{}]", octets.escape_ascii(), end(*end_stream))
        }
        EventKind::Reset(code) => format!("[{id} reset {}]", code.0),
        EventKind::GoAway { code, .. } => format!("[goaway {}]", code.0),
        EventKind::Settings(settings) => {
            let all: String = settings.iter().map(|(id, value)| format!(" {id}={value}")).collect();
            format!("[settings{all}]")
        }
        _ => String::new(),
    }
}

/// How long a scene waits: as long as a gateway does for an answer.
const MOST_PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
