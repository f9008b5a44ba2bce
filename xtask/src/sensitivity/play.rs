//! How one run goes: the cases of a role, played with one set-up of the reference server, client or proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use upspec_cli::Embedded;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Need, Role};
use upspec_judge::{CaseResult, Reason, Verdict, settle};
use upspec_reference::{Config, Identity, Proxy, ProxyConfig, Server};
use upspec_runner::{
    ClientSettings, Origin, Plan, ProxySettings, Settings, Target, Trust, run_proxy,
};

use super::subject::{Noted, Played, Subject};

/// How patiently a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// How many servers are played against at a time.
    pub(super) servers: usize,
    /// How many cases are played at a time.
    pub(super) jobs: usize,
    /// The longest wait for an answer.
    pub(super) timeout: Duration,
}

/// Plays some of the cases against one server in the clear and over TLS, hazardous cases included. A lawful
/// server gets every case both times, one with a fault over TLS those that need TLS.
pub(super) async fn play_those(
    subject: Subject,
    shared: &Shared,
    pace: Pace,
    is_wanted: impl Fn(&Case) -> bool,
) -> Played {
    let Shared { corpus, secret } = shared;
    let is_lawful = subject.fault().is_none();
    match subject.role() {
        Role::Client => {
            let plan = Plan::of(Role::Client, &corpus.cases, is_wanted);
            return sum_up(subject, play_client(subject, plan, corpus, pace).await.iter());
        }
        Role::Intermediary => {
            let results = play_proxies(subject, shared, pace, is_wanted).await;
            return sum_up(subject, results.iter());
        }
        Role::Server => {}
    }
    let is_played =
        |case: &Case| is_wanted(case) && (subject.is_measured() || !case.is_about_cost());
    let everything = Plan::new(&corpus.cases, is_played);
    let is_inside = |case: &Case| is_lawful || case.needs.contains(&Need::Tls);
    let inside = Plan::new(&corpus.cases, |case| is_played(case) && is_inside(case));
    let (clear, tls) = tokio::join!(
        play_over(Transport::Clear, subject, everything, corpus, pace),
        play_over(Transport::Tls(secret), subject, inside, corpus, pace),
    );
    sum_up(subject, clear.iter().chain(&tls))
}

/// What all runs have in common.
pub(super) struct Shared {
    /// What is played.
    pub(super) corpus: Corpus,
    /// What the servers show over TLS.
    pub(super) secret: Secret,
}

/// What the connections of a run are.
#[derive(Clone, Copy)]
enum Transport<'s> {
    /// TCP alone.
    Clear,
    /// TLS, with this certificate.
    Tls(&'s Secret),
}

impl Transport<'_> {
    /// What the target shows.
    fn identity(self) -> Option<Arc<Identity>> {
        match self {
            Self::Clear => None,
            Self::Tls(secret) => Some(Arc::clone(&secret.identity)),
        }
    }

    /// The target on this port, with the scheme for the clear or that for TLS.
    fn target(self, schemes: [&str; 2], port: u16, path: &str) -> Target {
        let (scheme, trust) = match self {
            Self::Clear => (schemes[0], Trust::System),
            Self::Tls(secret) => (schemes[1], Trust::CaFile(secret.file.path().to_owned())),
        };
        let target = Target::parse(&format!("{scheme}://localhost:{port}{path}"));
        target.expect("it is a URL of ours").trusting(trust)
    }
}

/// The certificate of the servers and proxies, and the file by which the runs trust it.
pub(super) struct Secret {
    identity: Arc<Identity>,
    file: tempfile::NamedTempFile,
}

impl Secret {
    /// A fresh one; the file goes with it.
    pub(super) fn fresh() -> io::Result<Self> {
        let identity = Arc::new(Identity::fresh()?);
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(identity.certificate().as_bytes())?;
        Ok(Self { identity, file })
    }
}

async fn play_over(
    transport: Transport<'_>,
    subject: Subject,
    plan: Plan,
    corpus: &Corpus,
    pace: Pace,
) -> Vec<CaseResult> {
    let (server, target) = serve(transport, subject.config()).await;
    let serving = tokio::spawn(server.run(pending()));
    let settings = Settings {
        jobs: pace.jobs,
        timeout: pace.timeout,
        retries: 0,
        seed: SEED,
        origin: subject.origin(),
        subprotocols: subject.subprotocols(),
        hazardous: true,
        ..Settings::default()
    };
    let requirements = Arc::new(corpus.requirements.clone());
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let never = pending();
    let outcome = upspec_runner::run(plan, target, settings, requirements, events, never).await;
    serving.abort();
    let mut results = outcome.results;
    settle(&mut results, &corpus.requirements);
    results
}

/// The results of a client, hazardous cases included.
async fn play_client(subject: Subject, plan: Plan, corpus: &Corpus, pace: Pace) -> Vec<CaseResult> {
    let (fault, variation) = match subject {
        Subject::FaultyClient(fault) => (Some(fault), None),
        Subject::Client(variation) => (None, variation),
        _ => (None, None),
    };
    let settings = ClientSettings {
        jobs: pace.jobs,
        timeout: pace.timeout,
        window_floor: pace.timeout / CLIENTS_SHARE,
        retries: 0,
        seed: SEED,
        hazardous: true,
        declared: subject.declared(),
        ..ClientSettings::default()
    };
    let requirements = Arc::new(corpus.requirements.clone());
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let starter = Arc::new(Embedded { fault, variation });
    let never = pending();
    let outcome =
        upspec_runner::run_clients(plan, starter, settings, requirements, events, never).await;
    let mut results = outcome.results;
    settle(&mut results, &corpus.requirements);
    results
}

/// The results of a proxy in the clear and, where it is lawful, over TLS, hazardous cases included: those wait for the
/// end of its patience with our origin, which is short for them alone.
async fn play_proxies(
    subject: Subject,
    shared: &Shared,
    pace: Pace,
    is_wanted: impl Fn(&Case) -> bool,
) -> Vec<CaseResult> {
    let Shared { corpus, secret } = shared;
    let quick = Plan::of(Role::Intermediary, &corpus.cases, |case| {
        is_wanted(case) && case.hazard.is_none()
    });
    let slow = Plan::of(Role::Intermediary, &corpus.cases, |case| {
        is_wanted(case) && case.hazard.is_some()
    });
    let mut results =
        play_proxy(Transport::Clear, subject, quick.clone(), corpus, (pace, LONG)).await;
    // No case for a proxy is about TLS.
    if subject.fault().is_none() {
        let again = play_proxy(Transport::Tls(secret), subject, quick, corpus, (pace, LONG));
        results.extend(again.await);
    }
    if subject.is_measured() {
        let short = pace.timeout / PROXYS_SHARE * WINDOWS_OF_PATIENCE;
        let more = play_proxy(Transport::Clear, subject, slow, corpus, (pace, short)).await;
        let is_slow = |one: &CaseResult| corpus.case(&one.id).is_some_and(|it| it.hazard.is_some());
        results.extend(more.into_iter().filter(is_slow));
    }
    results
}

/// The results of a proxy that waits so long for our origin.
async fn play_proxy(
    transport: Transport<'_>,
    subject: Subject,
    plan: Plan,
    corpus: &Corpus,
    (pace, patience): (Pace, Duration),
) -> Vec<CaseResult> {
    let (fault, variation) = match subject {
        Subject::FaultyProxy(fault) => (Some(fault), None),
        Subject::Proxy(variation) => (None, variation),
        _ => (None, None),
    };
    let origin = Origin::listen(LOOPBACK).await.expect(FREE);
    let config = ProxyConfig {
        identity: transport.identity(),
        fault,
        variation,
        patience,
        ..ProxyConfig::new(LOOPBACK, origin.address())
    };
    let forward = config.is_forward_proxy().then(|| origin.address().to_string());
    let proxy = Proxy::bind(config).await.expect(FREE);
    let target = transport.target(["http", "https"], proxy.local_addr().port(), "/ws");
    let serving = tokio::spawn(proxy.serve());
    let settings = ProxySettings {
        jobs: pace.jobs,
        timeout: pace.timeout,
        window_floor: pace.timeout / PROXYS_SHARE,
        retries: 0,
        seed: SEED,
        hazardous: true,
        forward,
        ..ProxySettings::default()
    };
    let requirements = Arc::new(corpus.requirements.clone());
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let outcome = run_proxy(plan, target, origin, settings, requirements, events, pending()).await;
    serving.abort();
    let mut results = outcome.results;
    settle(&mut results, &corpus.requirements);
    results
}

/// A server on a port of the loopback, and its URL: with a name and no address, so that a case can
/// spell the host in other letters.
async fn serve(transport: Transport<'_>, config: Config) -> (Server, Target) {
    let path = config.path.clone();
    let bound = match transport {
        Transport::Clear => Server::bind(LOOPBACK, config).await,
        Transport::Tls(secret) => Server::bind_tls(LOOPBACK, config, &secret.identity).await,
    };
    let server = bound.expect(FREE);
    let target = transport.target(["ws", "wss"], server.addr().port(), &path);
    (server, target)
}

fn sum_up<'r>(subject: Subject, results: impl Iterator<Item = &'r CaseResult>) -> Played {
    let mut played = Played { subject, noted: BTreeMap::new(), undecided: BTreeMap::new() };
    let mut elsewhere = BTreeMap::new();
    let mut decided = BTreeSet::new();
    for result in results {
        let id = result.id.clone();
        if result.verdict != Verdict::Inconclusive {
            decided.insert(id.clone());
        }
        match result.verdict {
            Verdict::Pass => {}
            Verdict::Inconclusive => {
                let why = format!("{:?}, outcome {:?}", result.reason, result.outcome);
                // Some cases are for the clear alone, and some for TLS alone.
                let there = match result.reason {
                    Some(Reason::NotApplicable) => &mut elsewhere,
                    _ => &mut played.undecided,
                };
                there.insert(id, why);
            }
            Verdict::Warn | Verdict::Fail | Verdict::Error => {
                played
                    .noted
                    .entry(id)
                    .and_modify(|noted| noted.add(note(result)))
                    .or_insert_with(|| note(result));
            }
        }
    }
    elsewhere.retain(|id, _| !decided.contains(id));
    played.undecided.extend(elsewhere);
    played
}

fn note(result: &CaseResult) -> Noted {
    let weighty = || {
        let findings = result.findings.iter();
        findings.filter(|finding| finding.verdict >= Verdict::Warn)
    };
    Noted {
        verdict: result.verdict,
        cited: weighty().map(|finding| finding.requirement.clone()).collect(),
        messages: weighty().map(|finding| finding.message.clone()).collect(),
    }
}

/// A free port of it.
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const FREE: &str = "a free port of the loopback can be had";
/// Any number will do; the same one makes every run write the same octets.
const SEED: u64 = 1;

/// The client is part of this process: its silence shows soon.
const CLIENTS_SHARE: u32 = 10;
/// So is the proxy. What counts against it and rests on silence is played again with more patience anyway.
const PROXYS_SHARE: u32 = 20;
/// How many of the shortest windows a proxy waits for our origin in the case about that, which waits for eight.
const WINDOWS_OF_PATIENCE: u32 = 6;
/// How long it waits in all others, in which our origin may take its time.
const LONG: Duration = Duration::from_secs(20);
