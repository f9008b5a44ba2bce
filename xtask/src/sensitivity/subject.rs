//! The servers, clients and proxies that the corpus is played with, and what there is to say of them.

use std::collections::{BTreeMap, BTreeSet};

use upspec_corpus::case::{Need, Role};
use upspec_judge::Verdict;
use upspec_reference::{
    ClientFault, ClientVariation, Config, Fault, ProxyFault, ProxyVariation, Variation,
};

/// One set-up of the reference server, client or proxy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// A client that does everything right, in its own way where it has one.
    Client(Option<&'static ClientVariation>),
    /// A client that does one thing wrong.
    FaultyClient(&'static ClientFault),
    /// A gateway that does everything right, in its own way where it has one.
    Proxy(Option<&'static ProxyVariation>),
    /// A gateway that does one thing wrong.
    FaultyProxy(&'static ProxyFault),
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
            .chain([Self::Proxy(None)])
            .chain(ProxyVariation::all().map(|variation| Self::Proxy(Some(variation))))
            .chain(ProxyFault::all().map(Self::FaultyProxy))
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
            Self::Proxy(None) => "proxy",
            Self::Proxy(Some(variation)) => variation.name,
            Self::FaultyProxy(fault) => fault.name,
        }
    }

    /// Whether the cases are played with it that take millions of octets or seconds of waiting each: for those who may
    /// fail them, and for few of those who may not.
    pub(super) fn is_measured(self) -> bool {
        match self {
            Self::Conforming | Self::Varied(Variation::SlowAnswers) | Self::Proxy(None) => true,
            Self::FaultyProxy(fault) => fault.name == TIMEOUT,
            _ => self.fault().is_some_and(|fault| fault.breaks == DEFENSIVE),
        }
    }

    /// Whose place it has.
    pub(super) fn role(self) -> Role {
        match self {
            Self::Client(_) | Self::FaultyClient(_) => Role::Client,
            Self::Proxy(_) | Self::FaultyProxy(_) => Role::Intermediary,
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
            Self::FaultyProxy(fault) => {
                Some(Flaw { name: fault.name, breaks: fault.breaks, also: fault.also })
            }
            _ => None,
        }
    }

    /// The advice that it lawfully neglects.
    pub(super) fn neglects(self) -> &'static [&'static str] {
        match self {
            Self::Proxy(Some(variation)) => variation.neglects,
            _ => &[],
        }
    }

    /// The configuration of a server.
    pub(super) fn config(self) -> Config {
        let config = match self {
            Self::OfAnyOrigin => return Config::default(),
            Self::Varied(variation) => Config::with_variation(variation),
            Self::Faulty(fault) => Config::with_fault(fault),
            _ => Config::default(),
        };
        Config { origins: vec![ORIGIN.to_owned()], ..config }
    }

    /// The subprotocols that the run declares.
    pub(super) fn subprotocols(self) -> Vec<String> {
        match self {
            Self::Varied(Variation::NoSubprotocols) => Vec::new(),
            _ => Config::default().subprotocols,
        }
    }

    /// What the run says of a client: which one is a browser nobody can find out.
    pub(super) fn declared(self) -> Vec<Need> {
        let is_browser = match self {
            Self::Client(Some(variation)) => variation.name == "browser",
            Self::FaultyClient(fault) => fault.breaks == BROWSERS,
            _ => false,
        };
        is_browser.then_some(Need::Browser).into_iter().collect()
    }

    /// The origin that the run declares: a case that needs one is not applicable otherwise.
    pub(super) fn origin(self) -> Option<String> {
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

/// What the runs against a server show: all that is no plain pass.
#[derive(Clone, Debug)]
pub(super) struct Played {
    /// The server, client or proxy.
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

    /// Takes what a second run shows of these cases in place of what this one does.
    pub(super) fn replace(&mut self, cases: &BTreeSet<String>, second: Self) {
        self.noted.retain(|case, _| !cases.contains(case));
        self.undecided.retain(|case, _| !cases.contains(case));
        let is_one = |case: &String| cases.contains(case);
        self.noted.extend(second.noted.into_iter().filter(|(case, _)| is_one(case)));
        self.undecided.extend(second.undecided.into_iter().filter(|(case, _)| is_one(case)));
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

/// The origin whose pages may open the endpoint.
const ORIGIN: &str = "https://client.example";

/// The rule that binds browsers alone.
const BROWSERS: &str = "rfc6455/4.1-origin";

/// The rule behind all cases that measure what a request costs.
const DEFENSIVE: &str = "rfc9110/2.3-defensive";
/// The fault of a proxy that shows when it has waited for an origin in vain.
const TIMEOUT: &str = "timeout-told-as-408";
