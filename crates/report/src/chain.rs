//! A proxy in front of a backend, from the reports of two runs: for each kind of request what the proxy passes on, what
//! the backend answers to that, and whether client, proxy and backend then take what follows for octets of a tunnel.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::case::{Outcome, Role};
use upspec_exchange::{Octets, Record, Request, Talk, Transcript};
use upspec_handshake::Party;
use upspec_handshake::field::key::Key;
use upspec_judge::{Agreement, CaseResult};

use crate::agreement::{Pair, words};
use crate::report::Report;
use crate::text::{Style, painted};
use crate::visible::{self, write_to};

/// A proxy in front of a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Always `upspec-chain`.
    pub format: String,
    /// The version of this format: 1.
    pub version: u32,
    /// What the proxy is called.
    pub front: String,
    /// What the backend is called.
    pub back: String,
    /// What comes of each kind of request.
    pub passages: Vec<Passage>,
}

/// What comes of one kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// What is asked of the proxy.
    pub asked: String,
    /// How it comes to the backend: `GET HTTP/1.1, Upgrade: websocket, …`; `null` where the proxy does not pass it on.
    pub passed_on: Option<String>,
    /// What the backend answers to a request like that: `101`, `426`, `closed`; `null` where no case of its run is
    /// like it.
    pub answered: Option<String>,
    /// The case of the proxy's run that shows what it makes of such an answer.
    pub front_case: Option<String>,
    /// The case of the backend's run that shows its answer.
    pub back_case: Option<String>,
    /// The client is told that the protocols are switched.
    pub client: Option<bool>,
    /// The proxy passes on octets unread.
    pub proxy: Option<bool>,
    /// The backend has switched protocols.
    pub backend: Option<bool>,
}

impl Passage {
    /// Whether one of the parties that are known is in a tunnel in which another is not.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        let known = || [self.client, self.proxy, self.backend].into_iter().flatten();
        known().any(|is_in| is_in) && known().any(|is_in| !is_in)
    }
}

/// Why two reports make no chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChain {
    /// The first is no report of an intermediary.
    #[error("the first report is none of a proxy: make one with `upspec proxy`")]
    Front,
    /// The second is no report of a server.
    #[error("the second report is none of a server: make one with `upspec run`")]
    Back,
    /// No octets are left of what the proxy passed on.
    #[error(
        "the first report has no case of `intermediary/agreement` with its octets: run them, without --slim"
    )]
    Unplayed,
}

impl Chain {
    /// Puts the report of a proxy before that of a server.
    ///
    /// # Errors
    ///
    /// Where the reports are of other roles, or the first has no octets of the cases on agreement.
    pub fn of(front: &Report, back: &Report) -> Result<Self, NoChain> {
        if front.target.role != Role::Intermediary {
            return Err(NoChain::Front);
        }
        if back.target.role != Role::Server {
            return Err(NoChain::Back);
        }
        let mut asked: Vec<&str> = Vec::new();
        for pair in &front.agreement {
            if !asked.contains(&pair.asked.as_str()) {
                asked.push(&pair.asked);
            }
        }
        let answers = Answers::of(back);
        let passages: Vec<Passage> =
            asked.into_iter().filter_map(|asked| passage(front, asked, &answers)).collect();
        if passages.is_empty() {
            return Err(NoChain::Unplayed);
        }
        let called = |report: &Report| {
            report.target.name.clone().unwrap_or_else(|| report.target.url.clone())
        };
        let (front, back) = (called(front), called(back));
        Ok(Self { format: FORMAT.to_owned(), version: VERSION, front, back, passages })
    }

    /// Whether any request makes the parties disagree.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        self.passages.iter().any(Passage::is_apart)
    }

    /// The chain as JSON, indented, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("string keys and no fallible Serialize impl: nothing in a chain can fail");
        text.push('\n');
        text
    }

    /// The chain for a terminal: a line for each kind of request, those first that the parties disagree on, each of
    /// them with its cases.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        let apart = self.passages.iter().filter(|passage| passage.is_apart()).count();
        let (front, back) = (visible::text(&self.front), visible::text(&self.back));
        let said = match apart {
            0 => "no request makes them disagree on a tunnel".to_owned(),
            number => format!("they disagree on a tunnel behind {number} kinds of request"),
        };
        let lead = format!("{front} in front of {back}: {said}");
        let mut text = format!("{}\n\n", painted(&lead, None, style));
        let width = self.passages.iter().map(|one| one.asked.chars().count()).max().unwrap_or(0);
        write_to(
            &mut text,
            format_args!("  {:width$}  answered  client  proxy  backend\n", "asked of the proxy"),
        );
        let (first, rest): (Vec<_>, Vec<_>) = self.passages.iter().partition(|one| one.is_apart());
        for passage in first.into_iter().chain(rest) {
            passage_text(&mut text, passage, width);
        }
        text
    }
}

fn passage_text(text: &mut String, passage: &Passage, width: usize) {
    let asked = visible::text(&passage.asked);
    let answered = match (&passage.passed_on, &passage.answered) {
        (None, _) => "not asked",
        (_, None) => "?",
        (_, Some(answered)) => answered,
    };
    let word = |is_in| words(Agreement { client: false, proxy: is_in, origin: None })[1];
    let [client, proxy, backend] = [passage.client, passage.proxy, passage.backend].map(word);
    let sign = if passage.is_apart() { "!" } else { " " };
    write_to(
        text,
        format_args!("{sign} {asked:width$}  {answered:8}  {client:6}  {proxy:5}  {backend}\n"),
    );
    if passage.is_apart() {
        let passed_on = passage.passed_on.as_deref().map(visible::text).unwrap_or_default();
        write_to(text, format_args!("    comes as {passed_on}\n"));
        let cases = [&passage.front_case, &passage.back_case].into_iter().flatten();
        let cases: Vec<String> = cases.map(|id| visible::text(id)).collect();
        write_to(text, format_args!("    shown by {}\n", cases.join(" and ")));
    }
}

/// What comes of a kind of request; nothing where no case has its octets.
fn passage(front: &Report, asked: &str, answers: &Answers) -> Option<Passage> {
    let pairs = || front.agreement.iter().filter(|pair| pair.asked == asked);
    let record =
        |pair: &Pair| front.cases.iter().find(|case| case.id == pair.case)?.record.as_ref();
    let (pair, record) = pairs().find_map(|pair| Some((pair, record(pair)?)))?;
    let mut passage = Passage {
        asked: asked.to_owned(),
        passed_on: None,
        answered: None,
        front_case: Some(pair.case.clone()),
        back_case: None,
        client: None,
        proxy: None,
        backend: None,
    };
    let Some(shape) = shape_at(record, Party::Server) else {
        passage.client = pair.origin.is_none().then_some(pair.client);
        return Some(passage);
    };
    passage.passed_on = Some(shape.clone());
    let Some((answered, case)) = answers.to(&shape) else {
        return Some(passage);
    };
    let switched = answered == SWITCHED;
    let like = pairs().find(|pair| match switched {
        true => pair.answered == WHOLE_SWITCH,
        false => pair.answered == answered,
    });
    // What is no switch is no switch, whichever status says so.
    let like = like.or_else(|| pairs().find(|pair| !switched && pair.origin == Some(false)));
    passage.backend = Some(switched);
    passage.client = like.map(|pair| pair.client);
    passage.proxy = like.and_then(|pair| pair.proxy);
    passage.front_case = like.map(|pair| pair.case.clone()).or(passage.front_case);
    passage.answered = Some(answered);
    passage.back_case = Some(case);
    Some(passage)
}

/// What a backend answers to which requests.
struct Answers {
    by_shape: BTreeMap<String, Vec<(String, String)>>,
}

impl Answers {
    fn of(back: &Report) -> Self {
        let mut by_shape: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        let target =
            back.cases.iter().find(|case| case.id == upspec_judge::CONTROL).and_then(target);
        let ours =
            back.cases.iter().filter(|case| target.is_none() || self::target(case) == target);
        for case in ours {
            let (Some(record), Some(came)) = (&case.record, case.outcome) else {
                continue;
            };
            let told = matches!(came.outcome, Outcome::Status(_) | Outcome::Closed);
            if let Some(shape) = shape_at(record, Party::Client).filter(|_| told) {
                by_shape.entry(shape).or_default().push((came.to_string(), case.id.clone()));
            }
        }
        Self { by_shape }
    }

    /// The answer to a request of this shape and a case that shows it: a switch if there was any, else the first.
    fn to(&self, shape: &str) -> Option<(String, String)> {
        let all = self.by_shape.get(shape)?;
        all.iter().find(|(answered, _)| answered == SWITCHED).or_else(|| all.first()).cloned()
    }
}

/// The target of a case's first request.
fn target(case: &CaseResult) -> Option<Vec<u8>> {
    let octets = Octets::of(case.record.as_ref()?);
    let transcript = Transcript::read(&octets);
    Some(transcript.talks.first()?.requests.first()?.head.target.to_vec())
}

/// What decides on a tunnel in the first request of the first talk in which we have this place; nothing where there is
/// none, or where anything else about it may decide.
fn shape_at(record: &Record, we: Party) -> Option<String> {
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    let talk = transcript.talks.iter().find(|talk| talk.link.we == we)?;
    let first = talk.requests.first().filter(|_| talk.http2.is_none())?;
    is_ordinary(talk, first).then(|| shape(first))
}

fn is_ordinary(talk: &Talk<'_>, request: &Request<'_>) -> bool {
    let fields = &request.head.fields;
    let known = |name: &[u8]| {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        name.starts_with("x-") || ORDINARY.contains(&name.as_str())
    };
    let once = |name: &str| fields.values(name).count() < 2;
    let unbroken = talk.sent(Party::Client)[request.at..].starts_with(request.head.method);
    unbroken
        && fields.iter().all(|line| known(line.name))
        && fields.values("Host").count() == 1
        && [KEY, VERSION_FIELD, "Upgrade"].into_iter().all(once)
}

fn shape(request: &Request<'_>) -> String {
    let head = &request.head;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let field = |name: &str| head.fields.combined(name).map(|value| text(&value));
    let mut shape = format!("{} {}", text(head.method), text(head.version_bytes));
    if let Some(value) = field("Upgrade") {
        write_to(&mut shape, format_args!(", Upgrade: {}", value.to_ascii_lowercase()));
    }
    // Which other one it is makes no difference (RFC 6455 4.2.2).
    if let Some(value) = field(VERSION_FIELD) {
        let is_number = value.parse::<u8>().is_ok();
        shape.push_str(match value.as_str() {
            "13" => ", version 13",
            _ if is_number => ", another version",
            _ => ", a version that is none",
        });
    }
    let options = field("Connection").unwrap_or_default().to_ascii_lowercase();
    if options.split(',').any(|option| option.trim() == "upgrade") {
        shape.push_str(", Connection: upgrade");
    }
    if let Some(key) = field(KEY) {
        let valid = Key::parse(key.as_bytes()).is_ok();
        shape.push_str(if valid { ", a key" } else { ", a key that is none" });
    }
    if !request.body.is_empty() {
        shape.push_str(", with content");
    }
    shape
}

const FORMAT: &str = "upspec-chain";
const VERSION: u32 = 1;
const SWITCHED: &str = "101";
const KEY: &str = "Sec-WebSocket-Key";
const VERSION_FIELD: &str = "Sec-WebSocket-Version";

/// What the cases on agreement call a 101 with which nothing is wrong.
const WHOLE_SWITCH: &str = "a complete, correct 101";

/// Fields that do not decide whether a request switches protocols.
const ORDINARY: [&str; 17] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "sec-websocket-key",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "te",
];
