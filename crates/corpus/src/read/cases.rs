//! The cases of one file: steps, needs, and the checks that a case means something.
//! Never looks at other files: that is for the loader, who has them all.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use crate::case::{Case, Need, Over, Role, Step, Tls, usual_alpn};
use crate::raw::{self, Side};
use crate::read::expect::Known;
use crate::read::names::Names;
use crate::read::{Reader, only_one, split};
use crate::template::{Binding, Template};

/// A case file, read.
pub(crate) struct Topic {
    pub(crate) title: String,
    pub(crate) cases: Vec<ReadCase>,
}

/// A case, and the places that only a look at all cases can judge.
pub(crate) struct ReadCase {
    pub(crate) case: Case,
    pub(crate) name: Range<usize>,
    pub(crate) same_as: Option<Range<usize>>,
}

/// What all cases of a file share.
struct Shared<'k> {
    topic: &'k str,
    role: Role,
    needs: Vec<Need>,
    over: Over,
    tls: Tls,
    alpn: Option<Vec<String>>,
    names: Names,
    known: Known<'k>,
}

impl Reader<'_> {
    /// The cases of a file whose ids start with `topic` and a slash.
    pub(crate) fn topic(
        &mut self,
        topic: &str,
        role: Role,
        file: raw::CaseFile,
        known: Known<'_>,
    ) -> Topic {
        let title = self.sentence(&file.title);
        let needs = self.needs(&file.needs);
        let mut names = known.names.clone();
        self.fragments(&file.fragments, known.taken, &mut names);
        let shared = Shared {
            topic,
            role,
            needs,
            over: file.over.and_then(|word| self.word(&word)).unwrap_or_default(),
            tls: file.tls.and_then(|word| self.word(&word)).unwrap_or_default(),
            alpn: file.alpn.map(|names| self.alpn(&names)),
            names,
            known,
        };
        let cases = file.case.into_iter().map(|raw| self.case(raw, &shared)).collect();
        Topic { title, cases }
    }

    fn needs(&mut self, words: &[raw::Text]) -> Vec<Need> {
        words.iter().filter_map(|word| self.word(word)).collect()
    }

    /// The names that ALPN is to offer: each is 1 to 255 octets long (RFC 7301 3.1).
    fn alpn(&mut self, names: &[raw::Text]) -> Vec<String> {
        let is_name = |name: &&raw::Text| (1..=255).contains(&name.get_ref().len());
        for name in names.iter().filter(|name| !is_name(name)) {
            self.report(name.span(), "a name that ALPN cannot offer")
                .say("write 1 to 255 octets, such as `h2` or `http/1.1`");
        }
        let names = names.iter().filter(is_name);
        names.map(|name| name.get_ref().clone()).collect()
    }

    fn case(&mut self, raw: Spanned<raw::Case>, shared: &Shared<'_>) -> ReadCase {
        let (span, raw) = split(raw);
        let found = self.problems.len();
        let registry = shared.known.registry;
        let same_as = raw.same_as.as_ref().map(Spanned::span);
        let over = raw.over.map_or(Some(shared.over), |word| self.word(&word)).unwrap_or_default();
        let alpn = raw.alpn.map(|names| self.alpn(&names));
        let opening = raw.open.as_ref().map(|name| self.opening(name, &shared.names));
        let mut steps = opening.unwrap_or_default();
        steps.extend(self.own_steps(raw.send, raw.h2, raw.step, &shared.names));
        let case = Case {
            id: format!("{}/{}", shared.topic, self.name(&raw.name)),
            title: self.sentence(&raw.title),
            why: raw.why,
            requirement: self.requirement(&raw.requirement, registry),
            see: raw.see.iter().map(|id| self.requirement(id, registry)).collect(),
            role: shared.role,
            needs: raw.needs.map_or_else(|| shared.needs.clone(), |needs| self.needs(&needs)),
            hazard: raw.hazard.and_then(|word| self.word(&word)),
            over,
            tls: raw.tls.map_or(Some(shared.tls), |word| self.word(&word)).unwrap_or_default(),
            alpn: alpn.or_else(|| shared.alpn.clone()).unwrap_or_else(|| usual_alpn(over)),
            steps,
            expect: self.alternatives(raw.expect, registry, shared.known.presets),
            same_as: raw.same_as.map(Spanned::into_inner),
            source: self.text.source(span.start),
        };
        // What follows would only repeat what is already known to be wrong.
        if self.problems.len() == found {
            self.check(&case, raw.name.span());
        }
        ReadCase { case, name: raw.name.span(), same_as }
    }

    /// Whether a case that is well written can mean anything.
    fn check(&mut self, case: &Case, name: Range<usize>) {
        let rows = [
            (case.steps.is_empty(), "step", "say what is done in `send`, `h2` or `step`"),
            (case.expect.is_empty(), "expect", "say what may follow in `expect`"),
        ];
        for (missing, what, help) in rows {
            if missing {
                let message = format!("case `{}` has no {what}", case.id);
                self.report(name.clone(), message).say(help);
            }
        }
        if case.tls == Tls::Off && !case.needs.contains(&Need::Tls) {
            let message = format!("case `{}` leaves TLS out and does not need it", case.id);
            self.report(name.clone(), message).say("write `needs = [\"tls\"]`");
        }
        let writes = |wanted: Binding| {
            let mut bindings = case.steps.iter().flat_map(Step::bindings);
            bindings.any(|binding| binding == wanted)
        };
        let stands = writes(Binding::Standing) || writes(Binding::StandingButOrigin);
        if writes(Binding::Path) && !stands {
            let message = format!("case `{}` reaches `{{path}}` without `{{standing}}`", case.id);
            self.report(name, message).say(
                "write `{standing}` after a field line, so that the target gets what it wants on \
                 every request",
            );
        }
    }

    /// The steps that a case begins with.
    fn opening(&mut self, name: &raw::Text, names: &Names) -> Vec<Step> {
        if let Some(steps) = names.openings.get(name.get_ref()) {
            return steps.clone();
        }
        let known: Vec<&str> = names.openings.keys().map(String::as_str).collect();
        let problem = self.report(name.span(), format!("unknown opening `{}`", name.get_ref()));
        problem.say("add it to `[openings]` in `fragments.toml`, or use one that is there");
        problem.did_you_mean(name.get_ref(), &known);
        Vec::new()
    }

    /// The steps of a case itself: one `send`, one `h2`, or a list.
    fn own_steps(
        &mut self,
        send: Option<Spanned<raw::Bytes>>,
        h2: Option<Spanned<raw::H2>>,
        list: Option<Spanned<Vec<Spanned<raw::Step>>>>,
        names: &Names,
    ) -> Vec<Step> {
        let spans = [
            ("send", send.as_ref().map(Spanned::span)),
            ("h2", h2.as_ref().map(Spanned::span)),
            ("step", list.as_ref().map(Spanned::span)),
        ];
        let mut set = spans.into_iter().filter_map(|(key, span)| Some((key, span?)));
        if let (Some((first, _)), Some((key, span))) = (set.next(), set.next()) {
            self.report(span, format!("a case with `{first}` and `{key}`"))
                .say("write all that is done in `step`");
        }
        let mut steps = Vec::new();
        steps.extend(send.map(|bytes| self.send(bytes, names)));
        steps.extend(h2.and_then(|frames| self.h2(frames, names)).map(Step::H2));
        for raw in list.map(Spanned::into_inner).unwrap_or_default() {
            steps.extend(self.step(raw, names));
        }
        steps
    }

    pub(crate) fn step(&mut self, raw: Spanned<raw::Step>, names: &Names) -> Option<Step> {
        let (span, raw) = split(raw);
        let mut set = Vec::new();
        if let Some(bytes) = raw.send {
            set.push(("send", self.send(bytes, names)));
        }
        if let Some(repeat) = raw.repeat {
            set.push(("repeat", self.repeat(repeat, names)));
        }
        if let Some(frames) = raw.h2 {
            let step = self.h2(frames, names).map(Step::H2);
            // A step that could not be read writes nothing; the problem is noted.
            set.push(("h2", step.unwrap_or(Step::Wait(Duration::ZERO))));
        }
        if let Some(text) = raw.wait {
            set.push(("wait", Step::Wait(self.duration(&text))));
        }
        if let Some(words) = raw.r#await {
            let step = match words.get_ref().as_str() {
                "settings" => Step::AwaitSettings,
                _ => Step::Await(self.statuses(&words)),
            };
            set.push(("await", step));
        }
        if let Some(word) = raw.shutdown {
            self.word::<Side>(&word);
            set.push(("shutdown", Step::ShutdownWrite));
        }
        only_one(self, span, "a step", &["send", "repeat", "h2", "wait", "await", "shutdown"], set)
    }

    fn send(&mut self, bytes: Spanned<raw::Bytes>, names: &Names) -> Step {
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
        Step::Send(template)
    }

    fn repeat(&mut self, repeat: Spanned<raw::Repeat>, names: &Names) -> Step {
        let repeat = repeat.into_inner();
        let times = *repeat.times.get_ref();
        if !(1..=MAX_TIMES).contains(&times) {
            self.report(repeat.times.span(), format!("`times = {times}`"))
                .say(format!("write a number from 1 to {MAX_TIMES}"));
        }
        Step::Repeat { times, bytes: self.template(&repeat.bytes, &names.bytes) }
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
        self.report(text.span(), format!("`{written}` is no pause"))
            .say("write milliseconds or seconds up to a minute, such as `50ms` or `1s`");
        Duration::ZERO
    }
}

const MAX_TIMES: u32 = 1_000_000;
const MAX_WAIT: Duration = Duration::from_secs(60);
