//! The graded alternatives of cases and presets.
//! Whether a set of alternatives makes sense is for the judge and its tests.

use std::ops::Range;

use toml::Spanned;

use crate::case::{Expectation, Fact, Grade, Outcome, Preset};
use crate::conditions::{RawExpect, Said};
use crate::raw;
use crate::read::names::{Names, Taken};
use crate::read::{Reader, split};
use crate::registry::{Registry, Weight};

/// What cases may name.
#[derive(Clone, Copy)]
pub(crate) struct Known<'k> {
    pub(crate) registry: &'k Registry,
    pub(crate) presets: &'k [Preset],
    /// The fragments and openings that all files share.
    pub(crate) names: &'k Names,
    /// The names among them that the file must not give another meaning.
    pub(crate) taken: &'k Taken,
}

impl Reader<'_> {
    /// The presets of a file; those that went before it are not known to it.
    pub(crate) fn presets(&mut self, file: raw::PresetFile, registry: &Registry) -> Vec<Preset> {
        let preset = |raw: Spanned<raw::Preset>| {
            let (span, raw) = split(raw);
            let expect = self.alternatives(raw.expect, registry, &[]);
            if expect.is_empty() {
                let message = format!("preset `{}` has no alternative", raw.name.get_ref());
                self.report(span.clone(), message).say("add `[[preset.expect]]`");
            }
            let (name, source) = (self.name(&raw.name), self.text.source(span.start));
            Preset { name, text: raw.text, expect, source }
        };
        file.preset.into_iter().map(preset).collect()
    }

    /// The alternatives, each preset replaced by its own.
    pub(crate) fn alternatives(
        &mut self,
        raws: raw::Alternatives,
        registry: &Registry,
        presets: &[Preset],
    ) -> Vec<Expectation> {
        let mut all = Vec::new();
        for raw in raws.0 {
            let (span, raw) = split(raw);
            let mut raw = match raw {
                raw::Alternative::Table(raw) => *raw,
                raw::Alternative::Preset(name) => {
                    if let Some(preset) = self.preset(&Spanned::new(span, name), presets) {
                        all.extend(preset.expect.iter().cloned());
                    }
                    continue;
                }
            };
            match raw.preset.take() {
                Some(name) => all.extend(self.adapted(&name, raw, registry, presets)),
                None => all.push(self.alternative(span, raw, registry)),
            }
        }
        all
    }

    fn alternative(
        &mut self,
        span: Range<usize>,
        mut raw: RawExpect,
        registry: &Registry,
    ) -> Expectation {
        let code = raw.code.as_ref().map(Said::span);
        let says = raw.status.is_some() || raw.responses.is_some() || raw.before_answer.is_some();
        let ends = raw.take_ends(self);
        let when = self.facts(&raw.when);
        let wants = raw.take_conditions().read(self);
        if !says && ends.is_empty() {
            self.report(span, "an alternative without `status` or `preset`")
                .say("say which outcomes it covers, such as `status = \"4xx\"`");
        }
        let (grade, because) = self.grade([
            (Grade::Pass, raw.pass),
            (Grade::Warn, raw.warn),
            (Grade::Inconclusive, raw.inconclusive),
            (Grade::Fail, raw.fail),
        ]);
        let has_code = |o: &Outcome| matches!(o, Outcome::StreamError | Outcome::ConnectionError);
        if let Some(span) = code.filter(|_| !wants.status.0.iter().any(has_code)) {
            self.report(span, "`code` without an outcome that has one")
                .say("it belongs to `stream-error` and `connection-error`");
        }
        let requirement = raw.requirement.map(|id| self.broken(&id, grade, registry));
        Expectation { grade, when, wants, ends, requirement, because }
    }

    fn facts(&mut self, words: &[raw::Text]) -> Vec<Fact> {
        words.iter().filter_map(|word| self.word(word)).collect()
    }

    /// The requirement behind a grade. Only a MUST can fail.
    fn broken(&mut self, id: &raw::Text, grade: Grade, registry: &Registry) -> String {
        let found = registry.get(id.get_ref());
        if grade == Grade::Fail && found.is_some_and(|one| one.level.weight() < Weight::Must) {
            self.report(id.span(), format!("`fail` by `{}`, which is not a MUST", id.get_ref()))
                .say("write `warn`, or cite a MUST, a MUST NOT or a grammar");
        }
        self.requirement(id, registry)
    }

    /// The grade that is said, and why; several are a problem.
    fn grade(&mut self, keys: [(Grade, Option<raw::Text>); 4]) -> (Grade, Option<String>) {
        let mut said = keys.into_iter().filter_map(|(grade, why)| Some((grade, why?)));
        let Some((grade, why)) = said.next() else {
            return (Grade::Pass, None);
        };
        if let Some((second, why)) = said.next() {
            self.report(why.span(), format!("an alternative with `{grade}` and `{second}`"))
                .say("keep one of them");
        }
        (grade, Some(self.sentence(&why)))
    }

    /// The alternatives of a preset, with what the case adds to those that pass.
    fn adapted(
        &mut self,
        name: &raw::Text,
        mut raw: RawExpect,
        registry: &Registry,
        presets: &[Preset],
    ) -> Vec<Expectation> {
        let own = [
            ("status", raw.status.as_ref().map(Said::span)),
            ("code", raw.code.as_ref().map(Said::span)),
            ("pass", raw.pass.as_ref().map(Spanned::span)),
            ("warn", raw.warn.as_ref().map(Spanned::span)),
            ("inconclusive", raw.inconclusive.as_ref().map(Spanned::span)),
            ("fail", raw.fail.as_ref().map(Spanned::span)),
        ];
        for (key, span) in own {
            if let Some(span) = span {
                self.report(span, format!("`{key}` beside `preset`"))
                    .say(format!("the preset has its own `{key}`; write another alternative"));
            }
        }
        let Some(preset) = self.preset(name, presets) else {
            return Vec::new();
        };
        let when = self.facts(&raw.when);
        let (ends, more) = (raw.take_ends(self), raw.take_conditions().read(self));
        let requirement = raw.requirement.map(|id| self.requirement(&id, registry));
        let mut alternatives = preset.expect.clone();
        for one in &mut alternatives {
            one.when.extend(&when);
        }
        for one in alternatives.iter_mut().filter(|one| one.grade == Grade::Pass) {
            one.wants.add(&more);
            for (name, more) in &ends {
                match one.ends.iter_mut().find(|(known, _)| known == name) {
                    Some((_, asked)) => asked.add(more),
                    None => one.ends.push((*name, more.clone())),
                }
            }
            one.requirement = requirement.clone().or_else(|| one.requirement.take());
        }
        alternatives
    }

    /// The preset of a name.
    fn preset<'p>(&mut self, name: &raw::Text, presets: &'p [Preset]) -> Option<&'p Preset> {
        let found = presets.iter().find(|preset| preset.name == *name.get_ref());
        if found.is_none() {
            let names: Vec<&str> = presets.iter().map(|preset| preset.name.as_str()).collect();
            let message = format!("unknown preset `{}`", name.get_ref());
            let problem = self.report(name.span(), message);
            problem.say(if names.is_empty() {
                "a preset names no other: write its alternatives"
            } else {
                "add it to `presets.toml`, or use one that is there"
            });
            problem.did_you_mean(name.get_ref(), &names);
        }
        found
    }
}
