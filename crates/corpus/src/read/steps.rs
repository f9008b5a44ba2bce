//! What a case does: its opening and its own steps, each on a connection that its role has.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use upspec_handshake::Party;

use crate::bindings::Bindings;
use crate::case::{Act, Awaited, LinkName, Role, Step, Terms};
use crate::frames::Flow;
use crate::raw::{self, Side};
use crate::read::names::Names;
use crate::read::{Reader, only_one, split};
use crate::template::{Part, Template};
use crate::words::Word as _;

/// A step as it is written: on which connection is for the role to say where the step does not.
#[derive(Clone)]
pub(crate) struct WrittenStep {
    at: Option<LinkName>,
    act: Act,
    terms: Terms,
}

impl From<Act> for WrittenStep {
    fn from(act: Act) -> Self {
        Self { at: None, act, terms: Terms::default() }
    }
}

/// What a case says of its steps.
pub(crate) struct CaseSteps {
    pub(crate) open: Option<raw::Text>,
    pub(crate) send: Option<Spanned<raw::Bytes>>,
    pub(crate) h2: Option<Spanned<raw::H2>>,
    pub(crate) list: Option<Spanned<Vec<Spanned<raw::Step>>>>,
}

impl Reader<'_> {
    /// The steps of a case: those of its opening, then one `send`, one `h2`, or a list.
    pub(crate) fn steps(&mut self, raw: CaseSteps, role: Role, names: &Names) -> Vec<Step> {
        let spans = [
            ("send", raw.send.as_ref().map(Spanned::span)),
            ("h2", raw.h2.as_ref().map(Spanned::span)),
            ("step", raw.list.as_ref().map(Spanned::span)),
        ];
        let mut set = spans.into_iter().filter_map(|(key, span)| Some((key, span?)));
        if let (Some((first, _)), Some((key, span))) = (set.next(), set.next()) {
            self.report(span, format!("a case with `{first}` and `{key}`"))
                .say("write all that is done in `step`");
        }
        let mut written: Vec<(Range<usize>, WrittenStep)> = Vec::new();
        if let Some(name) = &raw.open {
            let opening = self.opening(name, names).into_iter();
            written.extend(opening.map(|step| (name.span(), step)));
        }
        if let Some(bytes) = raw.send {
            let span = bytes.span();
            written.push((span, self.send(bytes, names).into()));
        }
        if let Some(frames) = raw.h2 {
            let span = frames.span();
            let frames = self.h2(frames, names);
            written.extend(frames.map(|frames| (span, Act::H2(frames).into())));
        }
        for step in raw.list.map(Spanned::into_inner).unwrap_or_default() {
            let span = step.span();
            written.extend(self.step(step, names).map(|step| (span, step)));
        }
        written.into_iter().filter_map(|(span, step)| self.placed(span, step, role)).collect()
    }

    /// The steps that a case begins with.
    fn opening(&mut self, name: &raw::Text, names: &Names) -> Vec<WrittenStep> {
        if let Some(steps) = names.openings.get(name.get_ref()) {
            return steps.clone();
        }
        let known: Vec<&str> = names.openings.keys().map(String::as_str).collect();
        let problem = self.report(name.span(), format!("unknown opening `{}`", name.get_ref()));
        problem.say("add it to `[openings]` in `fragments.toml`, or use one that is there");
        problem.did_you_mean(name.get_ref(), &known);
        Vec::new()
    }

    /// The step on its connection, if a case of this role can have it there.
    fn placed(&mut self, span: Range<usize>, step: WrittenStep, role: Role) -> Option<Step> {
        let links = role.links();
        let at = match (step.at, links) {
            (Some(at), _) if links.contains(&at) => at,
            (None, [only]) => *only,
            (Some(at), _) => {
                let known: Vec<&str> = links.iter().map(|link| link.word()).collect();
                self.report(span, format!("a step at `{at}` in a case for a {role}"))
                    .say(format!("such a case acts at `{}`", known.join("`, `")));
                return None;
            }
            (None, _) => {
                self.report(span, format!("a step without `at` in a case for an {role}"))
                    .say("say who acts: `client`, `client-2` or `origin`");
                return None;
            }
        };
        let (misfit, help) = match (&step.act, at.we()) {
            (Act::Await(_), Party::Server) => {
                ("a wait for a response where we are the server", "write `await = \"request\"`")
            }
            (Act::AwaitOther(awaited), Party::Client) if awaited.of() == Some(Party::Client) => (
                "a wait for what a client does, where we are the client",
                "write the statuses to wait for",
            ),
            (Act::AwaitOther(Awaited::Response | Awaited::Interim), Party::Server) => {
                ("a wait for a response where we are the server", "write `await = \"request\"`")
            }
            (act, party) => {
                let of_request = act.bindings().into_iter().find(|one| one.is_of_request());
                let Some(binding) = of_request.filter(|_| party == Party::Client) else {
                    return self.on_terms(
                        span,
                        Step { at, act: act.clone(), terms: step.terms },
                        role,
                    );
                };
                self.report(span, format!("`{{{binding}}}` where we are the client"))
                    .say("only a server answers a request; write the octets");
                return None;
            }
        };
        self.report(span, misfit).say(help);
        None
    }

    pub(crate) fn step(&mut self, raw: Spanned<raw::Step>, names: &Names) -> Option<WrittenStep> {
        let (span, raw) = split(raw);
        let at = raw.at.and_then(|word| self.word(&word));
        let mut set = Vec::new();
        if let Some(bytes) = raw.send {
            set.push(("send", self.send(bytes, names)));
        }
        if let Some(repeat) = raw.repeat {
            set.push(("repeat", self.repeat(repeat, names)));
        }
        if let Some(grow) = raw.grow {
            set.push(("grow", self.grow(grow, names)));
        }
        if let Some(endless) = raw.endless {
            set.push(("endless", self.endless(endless, names)));
        }
        if let Some(frames) = raw.h2 {
            let act = self.h2(frames, names).map(Act::H2);
            // A step that could not be read writes nothing; the problem is noted.
            set.push(("h2", act.unwrap_or(Act::Wait(Duration::ZERO))));
        }
        if let Some(flow) = raw.flow {
            set.push(("flow", self.flow(flow, names)));
        }
        if let Some(text) = raw.wait {
            set.push(("wait", Act::Wait(self.duration(&text))));
        }
        if let Some(words) = raw.r#await {
            set.push(("await", self.awaiting(words, names)));
        }
        if let Some(bytes) = raw.send_bytewise {
            set.push(("send-bytewise", Act::SendBytewise(self.bytes(bytes, names))));
        }
        if let Some(text) = raw.pause_reading {
            set.push(("pause-reading", Act::PauseReading(self.duration(&text))));
        }
        if let Some(word) = raw.shutdown {
            let act = match self.word(&word) {
                Some(Side::Both) => Act::ShutdownBoth,
                Some(Side::Reset) => Act::Reset,
                Some(Side::Write) | None => Act::ShutdownWrite,
            };
            set.push(("shutdown", act));
        }
        let terms = Terms {
            otherwise: raw.otherwise.map(|bytes| self.bytes(bytes, names)),
            once: raw.once.is_some_and(|once| self.is_true(&once)),
            when: raw.r#if.and_then(|word| self.word(&word)),
        };
        let act = only_one(self, span, "a step", &KEYS, set)?;
        Some(WrittenStep { at, act, terms })
    }

    /// The step, if a case of this role can have its terms and its wait.
    fn on_terms(&mut self, span: Range<usize>, step: Step, role: Role) -> Option<Step> {
        let waits = matches!(step.act, Act::AwaitOther(awaited) if awaited.is_of_both_ends());
        if role == Role::Intermediary || !(waits || step.terms != Terms::default()) {
            return Some(step);
        }
        self.report(span, format!("a step of a case for an intermediary in one for a {role}")).say(
            "there `otherwise`, `once`, `if` and waits for a request by its tag mean something",
        );
        None
    }

    fn is_true(&mut self, flag: &Spanned<bool>) -> bool {
        if !flag.get_ref() {
            self.report(flag.span(), "`once = false`").say("leave it out");
        }
        *flag.get_ref()
    }

    fn awaiting(&mut self, raw: Spanned<raw::Await>, names: &Names) -> Act {
        let (span, raw) = split(raw);
        match raw {
            raw::Await::Words(words) => match Awaited::from_word(&words) {
                Some(awaited) => Act::AwaitOther(awaited),
                None => Act::Await(self.statuses(&Spanned::new(span, words))),
            },
            raw::Await::Octets(raw) => {
                let octets = raw.octets.map(|text| self.template(&text, &names.bytes));
                let octets = octets.map(|octets| ("octets", Act::AwaitOctets(octets)));
                let count = raw.count.map(|count| ("count", Act::AwaitCount(count)));
                let set = octets.into_iter().chain(count).collect();
                let act = only_one(self, span, "an `await`", &["octets", "count"], set);
                act.unwrap_or(Act::Wait(Duration::ZERO))
            }
        }
    }

    fn send(&mut self, bytes: Spanned<raw::Bytes>, names: &Names) -> Act {
        Act::Send(self.bytes(bytes, names))
    }

    fn bytes(&mut self, bytes: Spanned<raw::Bytes>, names: &Names) -> Template {
        let (span, bytes) = split(bytes);
        let found = self.problems.len();
        let template = match bytes {
            raw::Bytes::One(text) => self.template_at(&text, span.clone(), &names.bytes),
            raw::Bytes::Several(texts) => {
                let mut joined = Template::default();
                for text in &texts {
                    joined.append(&self.template(text, &names.bytes));
                }
                joined
            }
        };
        if template.is_empty() && self.problems.len() == found {
            self.report(span, "a `send` of nothing").say("write bytes, or leave the step out");
        }
        template
    }

    fn repeat(&mut self, repeat: Spanned<raw::Repeat>, names: &Names) -> Act {
        let repeat = repeat.into_inner();
        let times = self.times(&repeat.times);
        let bytes = self.template(&repeat.bytes, &names.bytes);
        self.fits(repeat.times.span(), times, &bytes);
        Act::Repeat { times, bytes }
    }

    fn flow(&mut self, flow: Spanned<raw::Flow>, names: &Names) -> Act {
        let flow = flow.into_inner();
        Act::Flow(Flow {
            data: self.template(&flow.data, &names.bytes),
            times: flow.times.map_or(1, |times| self.times(&times)),
            padding: flow.padding,
            stream: flow.stream.unwrap_or(1),
        })
    }

    /// Refuses to repeat more octets than a run should hold in memory.
    fn fits(&mut self, span: Range<usize>, times: u32, bytes: &Template) {
        let once = bytes.parts.iter().map(|part| match part {
            Part::Bytes(octets) => octets.len(),
            // A binding is some short value.
            _ => SHORT,
        });
        let octets = once.sum::<usize>().saturating_mul(times as usize);
        if octets > MAX_OCTETS {
            self.report(span, format!("{octets} octets are repeated"))
                .say(format!("write at most {MAX_OCTETS}"));
        }
    }

    fn times(&mut self, written: &Spanned<u32>) -> u32 {
        let times = *written.get_ref();
        if !(1..=MAX_TIMES).contains(&times) {
            self.report(written.span(), format!("`times = {times}`"))
                .say(format!("write a number from 1 to {MAX_TIMES}"));
        }
        times
    }

    fn grow(&mut self, grow: Spanned<raw::Grow>, names: &Names) -> Act {
        let grow = grow.into_inner();
        let (from, to) = (*grow.from.get_ref(), *grow.to.get_ref());
        if from == 0 || to > MAX_TIMES || to / 2 < from {
            self.report(grow.to.span(), format!("`from = {from}`, `to = {to}`"))
                .say(format!("write numbers from 1 to {MAX_TIMES}, the second twice the first"));
        }
        let span = grow.bytes.span();
        let bytes = self.bytes(grow.bytes, names);
        self.has_octets_alone(span.clone(), &bytes);
        let beside = grow.beside.map(|beside| self.bytes(beside, names));
        let length = |template: &Template| template.render(&Bindings::default()).len();
        if beside.as_ref().is_some_and(|beside| length(beside) != length(&bytes)) {
            self.report(span, "`bytes` and `beside` differ in length".to_owned())
                .say("write as many octets in the one as in the other");
        }
        Act::Grow { from, to, bytes, beside }
    }

    fn endless(&mut self, endless: Spanned<raw::Repeat>, names: &Names) -> Act {
        let span = endless.get_ref().bytes.span();
        let Act::Repeat { times, bytes } = self.repeat(endless, names) else {
            return Act::Wait(Duration::ZERO);
        };
        self.has_octets_alone(span, &bytes);
        Act::Endless { times, bytes }
    }

    /// What is repeated for its size is the same each time.
    fn has_octets_alone(&mut self, span: Range<usize>, bytes: &Template) {
        if bytes.parts.is_empty() || bytes.bindings().next().is_some() {
            self.report(span, "what grows has no bindings".to_owned()).say("write the octets");
        }
    }

    fn duration(&mut self, text: &raw::Text) -> Duration {
        let written = text.get_ref();
        let unit_at = written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len());
        let (digits, unit) = written.split_at(unit_at);
        let millis = match unit {
            "ms" => Some(1),
            "s" => Some(1000),
            _ => None,
        };
        let number = digits.parse::<u64>().ok();
        let wait = number.zip(millis).and_then(|(number, unit)| number.checked_mul(unit));
        if let Some(wait) = wait.map(Duration::from_millis).filter(|wait| *wait <= MAX_WAIT) {
            return wait;
        }
        self.report(text.span(), format!("`{written}` is not a pause"))
            .say("write milliseconds or seconds up to a minute, such as `50ms` or `1s`");
        Duration::ZERO
    }
}

/// The keys of which a step has one.
const KEYS: [&str; 11] = [
    "send",
    "repeat",
    "grow",
    "endless",
    "h2",
    "flow",
    "send-bytewise",
    "wait",
    "pause-reading",
    "await",
    "shutdown",
];
const MAX_TIMES: u32 = 1_000_000;

/// The most octets that one step repeats.
const MAX_OCTETS: usize = 128 * 1024 * 1024;

/// About how long the value of a binding is.
const SHORT: usize = 32;
const MAX_WAIT: Duration = Duration::from_secs(60);
