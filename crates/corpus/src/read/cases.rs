//! The cases of one file: steps, needs, and the checks that a case means something.
//! Never looks at other files: that is for the loader, who has them all.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use crate::case::{Case, Need, Over, Role, Step, Tls, usual_alpn};
use crate::raw::{self, Side};
use crate::read::expect::Known;
use crate::read::{Reader, only_one, split};
use crate::template::{Binding, Fragments, Template};

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
    fragments: Fragments,
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
        let fragments = self.fragments(file.fragments);
        let shared = Shared {
            topic,
            role,
            needs,
            over: file.over.and_then(|word| self.word(&word)).unwrap_or_default(),
            tls: file.tls.and_then(|word| self.word(&word)).unwrap_or_default(),
            alpn: file.alpn.map(|names| self.alpn(&names)),
            fragments,
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

    fn fragments(&mut self, raws: BTreeMap<raw::Text, raw::Text>) -> Fragments {
        let mut fragments = Fragments::new();
        for (name, text) in &raws {
            let own = self.name(name);
            if Binding::from_name(&own).is_some() {
                self.report(name.span(), format!("a fragment with the name of `{{{own}}}`"))
                    .say("a binding has that name; take another");
            }
            let found = self.problems.len();
            let template = self.template(text, &Fragments::new());
            let names_other = |message: &str| {
                raws.keys().any(|other| message.contains(&format!("`{{{}}}`", other.get_ref())))
            };
            if let Some(problem) = self.problems.get_mut(found).filter(|p| names_other(&p.message))
            {
                problem.say("a fragment holds bytes and bindings, and no other fragment");
            }
            fragments.insert(own, template);
        }
        fragments
    }

    fn case(&mut self, raw: Spanned<raw::Case>, shared: &Shared<'_>) -> ReadCase {
        let (span, raw) = split(raw);
        let found = self.problems.len();
        let registry = shared.known.registry;
        let same_as = raw.same_as.as_ref().map(Spanned::span);
        let over = raw.over.map_or(Some(shared.over), |word| self.word(&word)).unwrap_or_default();
        let alpn = raw.alpn.map(|names| self.alpn(&names));
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
            steps: raw.step.into_iter().filter_map(|s| self.step(s, &shared.fragments)).collect(),
            expect: self.expectations(raw.expect, shared.known),
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
            (case.steps.is_empty(), "step", "say what is done in `[[case.step]]`"),
            (case.expect.is_empty(), "expect", "say what may follow in `[[case.expect]]`"),
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

    fn step(&mut self, raw: Spanned<raw::Step>, fragments: &Fragments) -> Option<Step> {
        let (span, raw) = split(raw);
        let mut set = Vec::new();
        if let Some(bytes) = raw.send {
            set.push(("send", self.send(bytes, fragments)));
        }
        if let Some(repeat) = raw.repeat {
            set.push(("repeat", self.repeat(repeat, fragments)));
        }
        if let Some(frames) = raw.h2 {
            let step = self.h2(frames, fragments).map(Step::H2);
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

    fn send(&mut self, bytes: Spanned<raw::Bytes>, fragments: &Fragments) -> Step {
        let (span, bytes) = split(bytes);
        let found = self.problems.len();
        let template = match bytes {
            raw::Bytes::One(text) => self.template_at(&text, span.clone(), fragments),
            raw::Bytes::Joined(texts) => {
                let mut joined = Template::default();
                for text in &texts {
                    joined.append(&self.template(text, fragments));
                }
                joined
            }
        };
        if template.is_empty() && self.problems.len() == found {
            self.report(span, "a `send` of nothing").say("write bytes, or leave the step out");
        }
        Step::Send(template)
    }

    fn repeat(&mut self, repeat: Spanned<raw::Repeat>, fragments: &Fragments) -> Step {
        let repeat = repeat.into_inner();
        let times = *repeat.times.get_ref();
        if !(1..=MAX_TIMES).contains(&times) {
            self.report(repeat.times.span(), format!("`times = {times}`"))
                .say(format!("write a number from 1 to {MAX_TIMES}"));
        }
        Step::Repeat { times, bytes: self.template(&repeat.bytes, fragments) }
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
