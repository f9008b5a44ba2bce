//! The servers and clients that the corpus is played with, and how one run goes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use upspec_cli::Embedded;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Need, Role};
use upspec_judge::{CaseResult, Reason, Verdict, settle};
use upspec_reference::{ClientFault, ClientVariation, Config, Fault, Identity, Server, Variation};
use upspec_runner::{ClientSettings, Plan, Settings, Target, Trust};

/// One set-up of the reference server or client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// A client that does everything right, in its own way where it has one.
    Client(Option<&'static ClientVariation>),
    /// A client that does one thing wrong.
    FaultyClient(&'static ClientFault),
    /// It does everything right, for the pages of one origin.
    Conforming,
    /// It does everything right, for the pages of any origin.
    OfAnyOrigin,
    /// It does everything right, and something otherwise.
    Varied(Variation),
    /// It does one thing wrong.
    Faulty(&'static Fault),
}

impl Subject {
    /// Every set-up, those that do all things right first.
    pub(super) fn all() -> Vec<Self> {
        let varied = Variation::ALL.into_iter().map(Self::Varied);
        [Self::Conforming, Self::OfAnyOrigin]
            .into_iter()
            .chain(varied)
            .chain(Fault::all().map(Self::Faulty))
            .chain([Self::Client(None)])
            .chain(ClientVariation::all().map(|variation| Self::Client(Some(variation))))
            .chain(ClientFault::all().map(Self::FaultyClient))
            .collect()
    }

    /// What messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conforming => "conforming",
            Self::OfAnyOrigin => "of-any-origin",
            Self::Varied(variation) => variation.name(),
            Self::Faulty(fault) => fault.name,
            Self::Client(None) => "client",
            Self::Client(Some(variation)) => variation.name,
            Self::FaultyClient(fault) => fault.name,
        }
    }

    /// Whether the cases about cost are played with it: millions of octets and seconds of waiting each, for those
    /// who may fail them, and for two of those who may not.
    fn is_measured(self) -> bool {
        match self {
            Self::Conforming | Self::Varied(Variation::SlowAnswers) => true,
            _ => self.fault().is_some_and(|fault| fault.breaks == DEFENSIVE),
        }
    }

    /// Whose place it has.
    pub(super) fn role(self) -> Role {
        match self {
            Self::Client(_) | Self::FaultyClient(_) => Role::Client,
            _ => Role::Server,
        }
    }

    /// The fault, if it has one.
    pub(super) fn fault(self) -> Option<Flaw> {
        match self {
            Self::Faulty(fault) => {
                Some(Flaw { name: fault.name, breaks: fault.breaks, also: fault.also })
            }
            Self::FaultyClient(fault) => {
                Some(Flaw { name: fault.name, breaks: fault.breaks, also: fault.also })
            }
            _ => None,
        }
    }

    fn config(self) -> Config {
        let config = match self {
            Self::Conforming => Config::default(),
            Self::OfAnyOrigin => return Config::default(),
            Self::Varied(variation) => Config::with_variation(variation),
            Self::Faulty(fault) => Config::with_fault(fault),
            Self::Client(_) | Self::FaultyClient(_) => Config::default(),
        };
        Config { origins: vec![ORIGIN.to_owned()], ..config }
    }

    /// The subprotocols that the run declares.
    fn subprotocols(self) -> Vec<String> {
        match self {
            Self::Varied(Variation::NoSubprotocols) => Vec::new(),
            _ => Config::default().subprotocols,
        }
    }

    /// The origin that the run declares: a case that needs one is not applicable otherwise.
    fn origin(self) -> Option<String> {
        (!matches!(self, Self::OfAnyOrigin)).then(|| ORIGIN.to_owned())
    }
}

/// What is to be known of a fault here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flaw {
    /// Its name.
    pub(super) name: &'static str,
    /// The requirement that it breaks.
    pub(super) breaks: &'static str,
    /// Those that it breaks besides.
    pub(super) also: &'static [&'static str],
}

/// How patiently a run goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How many servers are played against at a time.
    pub(super) servers: usize,
    /// How many cases are played at a time.
    pub(super) jobs: usize,
    /// The longest wait for an answer.
    pub(super) timeout: Duration,
}

/// What the runs against a server show: all that is no plain pass.
#[derive(Clone, Debug)]
pub(super) struct Played {
    /// The server.
    pub(super) subject: Subject,
    /// The cases that fail, warn or are in error, by their ids.
    pub(super) noted: BTreeMap<String, Noted>,
    /// The cases that say nothing of this server, and why.
    pub(super) undecided: BTreeMap<String, String>,
}

/// What there is to say of one case.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    /// The verdict.
    pub(super) verdict: Verdict,
    /// What the findings with a weight cite.
    pub(super) cited: BTreeSet<String>,
    /// What they say.
    pub(super) messages: Vec<String>,
}

impl Played {
    /// The cases that catch the server out.
    pub(super) fn caught(&self) -> BTreeSet<&str> {
        let noted = self.noted.iter();
        noted.filter(|(_, noted)| noted.is_caught()).map(|(case, _)| case.as_str()).collect()
    }
}

impl Noted {
    /// Whether the case fails or warns.
    pub(super) fn is_caught(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Warn)
    }

    /// Takes what there is to say of the same case in another run.
    pub(super) fn add(&mut self, other: Self) {
        self.verdict = self.verdict.max(other.verdict);
        self.cited.extend(other.cited);
        self.messages.extend(other.messages);
    }

    /// What there is to say, in one line.
    pub(super) fn said(&self) -> String {
        self.messages.join("; ")
    }
}

/// Plays against one server in the clear and over TLS, hazardous cases included. A lawful
/// server gets every case both times, one with a fault over TLS those that need TLS.
pub(super) async fn play(subject: Subject, shared: &Shared, pace: Pace) -> Played {
    play_those(subject, shared, pace, |_| true).await
}

/// Plays as [`play`] does, but only some of the cases.
pub(super) async fn play_those(
    subject: Subject,
    shared: &Shared,
    pace: Pace,
    is_wanted: impl Fn(&Case) -> bool,
) -> Played {
    let Shared { corpus, secret } = shared;
    if subject.role() == Role::Client {
        let plan = Plan::of(Role::Client, &corpus.cases, is_wanted);
        return sum_up(subject, play_client(subject, plan, corpus, pace).await.iter());
    }
    let is_lawful = subject.fault().is_none();
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

/// The certificate of the servers, and the file by which the runs trust it.
pub(super) struct Secret {
    identity: Identity,
    file: tempfile::NamedTempFile,
}

impl Secret {
    /// A fresh one; the file goes with it.
    pub(super) fn fresh() -> io::Result<Self> {
        let identity = Identity::fresh()?;
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
    let serving = tokio::spawn(server.run(std::future::pending()));
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
    let never = std::future::pending();
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
        ..ClientSettings::default()
    };
    let requirements = Arc::new(corpus.requirements.clone());
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let starter = Arc::new(Embedded { fault, variation });
    let never = std::future::pending();
    let outcome =
        upspec_runner::run_clients(plan, starter, settings, requirements, events, never).await;
    let mut results = outcome.results;
    settle(&mut results, &corpus.requirements);
    results
}

/// A server on a port of the loopback, and its URL: with a name and no address, so that a case can
/// spell the host in other letters.
async fn serve(transport: Transport<'_>, config: Config) -> (Server, Target) {
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let path = config.path.clone();
    let bound = match transport {
        Transport::Clear => Server::bind(listen, config).await,
        Transport::Tls(secret) => Server::bind_tls(listen, config, &secret.identity).await,
    };
    let server = bound.expect("a free port of the loopback can be had");
    let port = server.addr().port();
    let (scheme, trust) = match transport {
        Transport::Clear => ("ws", Trust::System),
        Transport::Tls(secret) => ("wss", Trust::CaFile(secret.file.path().to_owned())),
    };
    let target = Target::parse(&format!("{scheme}://localhost:{port}{path}"));
    let target = target.expect("it is a URL of ours").trusting(trust);
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

/// The origin whose pages may open the endpoint.
const ORIGIN: &str = "https://client.example";
/// Any number will do; the same one makes every run write the same octets.
const SEED: u64 = 1;

/// The client is part of this process: its silence shows soon.
const CLIENTS_SHARE: u32 = 10;

/// The rule behind all cases that measure what a request costs.
const DEFENSIVE: &str = "rfc9110/2.3-defensive";
