//! The servers that the corpus is played against, and how one run goes.
//! Never says what a run should show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use upspec_cli::Arbiter;
use upspec_corpus::Corpus;
use upspec_judge::{CaseResult, Verdict, settle};
use upspec_reference::{Config, FAULTS, FaultInfo, Server, Variation};
use upspec_runner::{Plan, Settings, Target};

/// One set-up of the reference server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// It does everything right, for the pages of one origin.
    Conforming,
    /// It does everything right, for the pages of any origin.
    OfAnyOrigin,
    /// It does everything right, and something otherwise.
    Varied(Variation),
    /// It does one thing wrong.
    Faulty(&'static FaultInfo),
}

impl Subject {
    /// Every set-up, those that do all things right first.
    pub(super) fn all() -> Vec<Self> {
        let varied = Variation::ALL.into_iter().map(Self::Varied);
        [Self::Conforming, Self::OfAnyOrigin]
            .into_iter()
            .chain(varied)
            .chain(FAULTS.iter().map(Self::Faulty))
            .collect()
    }

    /// What messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conforming => "conforming",
            Self::OfAnyOrigin => "of-any-origin",
            Self::Varied(variation) => variation.name(),
            Self::Faulty(fault) => fault.name,
        }
    }

    /// The fault, if it has one.
    pub(super) fn fault(self) -> Option<&'static FaultInfo> {
        match self {
            Self::Faulty(fault) => Some(fault),
            _ => None,
        }
    }

    fn config(self) -> Config {
        let config = match self {
            Self::Conforming => Config::default(),
            Self::OfAnyOrigin => return Config::default(),
            Self::Varied(variation) => Config::with_variation(variation),
            Self::Faulty(fault) => Config::with_fault(fault.fault),
        };
        Config {
            origins: vec![ORIGIN.to_owned()],
            ..config
        }
    }

    /// The origin that the run declares: a case that needs one is not applicable otherwise.
    fn origin(self) -> Option<String> {
        (!matches!(self, Self::OfAnyOrigin)).then(|| ORIGIN.to_owned())
    }
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

/// What a run shows: all that is no plain pass.
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
        noted
            .filter(|(_, noted)| noted.is_caught())
            .map(|(case, _)| case.as_str())
            .collect()
    }
}

impl Noted {
    /// Whether the case fails or warns.
    pub(super) fn is_caught(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Warn)
    }

    /// What there is to say, in one line.
    pub(super) fn said(&self) -> String {
        self.messages.join("; ")
    }
}

/// Plays the whole corpus, hazardous cases included, against one server.
pub(super) async fn play(subject: Subject, corpus: Arc<Corpus>, pace: Pace) -> Played {
    let config = subject.config();
    let path = config.path.clone();
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(listen, config)
        .await
        .expect("a free port of the loopback can be had");
    // A name and no address, so that a case can spell the host in other letters.
    let url = format!("ws://localhost:{}{path}", server.addr().port());
    let target = Target::parse(&url).expect("it is a URL of ours");
    let serving = tokio::spawn(server.run(std::future::pending()));
    let settings = Settings {
        jobs: pace.jobs,
        timeout: pace.timeout,
        retries: 0,
        seed: SEED,
        origin: subject.origin(),
        hazardous: true,
        ..Settings::default()
    };
    let arbiter = Arc::new(Arbiter {
        requirements: corpus.requirements.clone(),
    });
    let plan = Plan::new(&corpus.cases, |_| true);
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let never = std::future::pending();
    let outcome = upspec_runner::run(plan, target, settings, arbiter, events, never).await;
    serving.abort();
    let mut results = outcome.results;
    settle(&mut results, &corpus.requirements);
    sum_up(subject, &results)
}

fn sum_up(subject: Subject, results: &[CaseResult]) -> Played {
    let mut played = Played {
        subject,
        noted: BTreeMap::new(),
        undecided: BTreeMap::new(),
    };
    for result in results {
        match result.verdict {
            Verdict::Pass => {}
            Verdict::Inconclusive => {
                let why = format!("{:?}, label {:?}", result.reason, result.label);
                played.undecided.insert(result.id.clone(), why);
            }
            Verdict::Warn | Verdict::Fail | Verdict::Error => {
                played.noted.insert(result.id.clone(), note(result));
            }
        }
    }
    played
}

fn note(result: &CaseResult) -> Noted {
    let weighty = || {
        let findings = result.findings.iter();
        findings.filter(|finding| finding.verdict >= Verdict::Warn)
    };
    Noted {
        verdict: result.verdict,
        cited: weighty()
            .map(|finding| finding.requirement.clone())
            .collect(),
        messages: weighty().map(|finding| finding.message.clone()).collect(),
    }
}

/// The origin whose pages may open the endpoint.
const ORIGIN: &str = "https://client.example";
/// Any number will do; the same one makes every run write the same octets.
const SEED: u64 = 1;
