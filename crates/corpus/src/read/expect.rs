//! The graded alternatives of cases and presets.
//! Whether a set of alternatives makes sense is for the judge and its tests.

use std::ops::Range;

use toml::Spanned;
use upspec_handshake::h2::ErrorCode;

use crate::case::{Expectation, FieldMatcher, FieldTest, Grade, Outcome, Outcomes, Preset};
use crate::raw;
use crate::read::names::{Names, Taken};
use crate::read::{Reader, only_one, split};
use crate::registry::{Registry, Weight};
use crate::template::{Fragments, Part, Template};
use crate::words::Word as _;

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
        raw: raw::Expect,
        registry: &Registry,
    ) -> Expectation {
        let outcomes = match &raw.status {
            Some(words) => self.outcomes(words),
            None => {
                self.report(span.clone(), "an alternative without `status` or `preset`")
                    .say("say which outcomes it covers, such as `status = \"4xx\"`");
                Default::default()
            }
        };
        let (grade, because) = self.grade([
            (Grade::Pass, raw.pass),
            (Grade::Warn, raw.warn),
            (Grade::Inconclusive, raw.inconclusive),
            (Grade::Fail, raw.fail),
        ]);
        let codes = raw.code.map(|words| self.codes(&words, &outcomes));
        Expectation {
            grade,
            outcomes,
            codes: codes.unwrap_or_default(),
            alpn: raw.alpn.and_then(|word| self.word(&word)),
            fields: self.fields(raw.fields),
            connection: raw.connection.and_then(|word| self.word(&word)),
            tunnel: raw.tunnel.and_then(|word| self.word(&word)),
            requirement: raw.requirement.map(|id| self.broken(&id, grade, registry)),
            because,
        }
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

    /// The error codes behind words such as `PROTOCOL_ERROR CANCEL`.
    fn codes(&mut self, words: &raw::Text, outcomes: &Outcomes) -> Vec<ErrorCode> {
        let has_code = |o: &Outcome| matches!(o, Outcome::StreamError | Outcome::ConnectionError);
        if !outcomes.0.iter().any(has_code) {
            self.report(words.span(), "`code` without an outcome that has one")
                .say("it belongs to `stream-error` and `connection-error`");
        }
        let mut codes = Vec::new();
        for word in words.get_ref().split_ascii_whitespace() {
            match ErrorCode::from_word(word) {
                Some(code) => codes.push(code),
                None => {
                    let known = ErrorCode::WORDS.iter().map(|(known, _)| *known);
                    let known: Vec<&str> = known.collect();
                    let span = self.within(words, word);
                    self.report(span, format!("unknown error code `{word}`"))
                        .did_you_mean(word, &known);
                }
            }
        }
        codes
    }

    /// The alternatives of a preset, with what the case adds to those that pass.
    fn adapted(
        &mut self,
        name: &raw::Text,
        raw: raw::Expect,
        registry: &Registry,
        presets: &[Preset],
    ) -> Vec<Expectation> {
        let own = [
            ("status", &raw.status),
            ("code", &raw.code),
            ("pass", &raw.pass),
            ("warn", &raw.warn),
            ("inconclusive", &raw.inconclusive),
            ("fail", &raw.fail),
        ];
        for (key, value) in own {
            if let Some(value) = value {
                self.report(value.span(), format!("`{key}` beside `preset`"))
                    .say(format!("the preset has its own `{key}`; write another alternative"));
            }
        }
        let Some(preset) = self.preset(name, presets) else {
            return Vec::new();
        };
        let fields = self.fields(raw.fields);
        let alpn = raw.alpn.and_then(|word| self.word(&word));
        let connection = raw.connection.and_then(|word| self.word(&word));
        let tunnel = raw.tunnel.and_then(|word| self.word(&word));
        let requirement = raw.requirement.map(|id| self.requirement(&id, registry));
        let mut alternatives = preset.expect.clone();
        for one in alternatives.iter_mut().filter(|one| one.grade == Grade::Pass) {
            one.fields.extend(fields.iter().cloned());
            one.alpn = alpn.or(one.alpn);
            one.connection = connection.or(one.connection);
            one.tunnel = tunnel.or(one.tunnel);
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

    fn fields(&mut self, raws: Vec<Spanned<raw::Field>>) -> Vec<FieldMatcher> {
        raws.into_iter().filter_map(|raw| self.field(raw)).collect()
    }

    fn field(&mut self, raw: Spanned<raw::Field>) -> Option<FieldMatcher> {
        let (span, raw) = split(raw);
        let flags = [("present", raw.present), ("absent", raw.absent)];
        let texts = [
            ("equals", raw.equals),
            ("token", raw.token),
            ("no-token", raw.no_token),
            ("extension", raw.extension),
        ];
        let mut set: Vec<(&str, FieldTest)> = Vec::new();
        for (key, flag) in flags {
            let Some(flag) = flag else { continue };
            if !flag.get_ref() {
                let other = if key == "present" { "absent" } else { "present" };
                self.report(flag.span(), format!("`{key} = false`"))
                    .say(format!("write `{other} = true`"));
            }
            let test = if key == "present" { FieldTest::Present } else { FieldTest::Absent };
            set.push((key, test));
        }
        for (key, text) in texts {
            let Some(text) = text else { continue };
            let template = self.matcher_octets(&text);
            let test = match key {
                "equals" => FieldTest::Equals(template),
                "token" => FieldTest::Token(template),
                "no-token" => FieldTest::NoToken(template),
                _ => FieldTest::Extension(template),
            };
            set.push((key, test));
        }
        let keys = ["present", "absent", "equals", "token", "no-token", "extension"];
        let test = only_one(self, span, "a field matcher", &keys, set)?;
        if !is_token(raw.name.get_ref()) {
            self.report(raw.name.span(), format!("`{}` is not a field name", raw.name.get_ref()))
                .say("a field name is a token, without the colon");
        }
        Some(FieldMatcher { name: raw.name.into_inner(), test })
    }

    /// The octets of a field matcher, which hold no binding.
    fn matcher_octets(&mut self, text: &raw::Text) -> Template {
        let template = self.template(text, &Fragments::new());
        let binding = template.parts.iter().find_map(|part| match part {
            Part::Binding(binding) => Some(binding),
            Part::Bytes(_) => None,
        });
        if let Some(binding) = binding {
            self.report(text.span(), format!("binding `{{{binding}}}` in a field matcher")).say(
                "a stored response is judged without what the run filled in: write the octets",
            );
        }
        template
    }
}

/// Whether it can name a field at all.
fn is_token(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(fits)
}
