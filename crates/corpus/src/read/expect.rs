//! The graded alternatives of cases and presets.
//! Never asks whether a set of alternatives makes sense: the judge and its tests do.

use std::ops::Range;

use toml::Spanned;
use upspec_handshake::h2::ErrorCode;

use crate::case::{Expectation, FieldMatcher, FieldTest, Grade, Outcome, Outcomes, Preset};
use crate::raw;
use crate::read::{Reader, only_one, split};
use crate::registry::Registry;
use crate::template::{Fragments, Part, Template};
use crate::words::Word as _;

/// What alternatives may name.
#[derive(Clone, Copy)]
pub(crate) struct Known<'k> {
    pub(crate) registry: &'k Registry,
    pub(crate) presets: &'k [Preset],
}

impl Reader<'_> {
    /// The presets of a file; those that went before it are not known to it.
    pub(crate) fn presets(&mut self, file: raw::PresetFile, registry: &Registry) -> Vec<Preset> {
        let known = Known { registry, presets: &[] };
        let preset = |raw: Spanned<raw::Preset>| {
            let (span, raw) = split(raw);
            let expect = self.expectations(raw.expect, known);
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
    pub(crate) fn expectations(
        &mut self,
        raws: Vec<Spanned<raw::Expect>>,
        known: Known<'_>,
    ) -> Vec<Expectation> {
        let mut all = Vec::new();
        for raw in raws {
            let (span, mut raw) = split(raw);
            match raw.preset.take() {
                Some(preset) => all.extend(self.preset_alternatives(&preset, raw, known)),
                None => all.push(self.alternative(span, raw, known.registry)),
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
        let grade = raw.grade.and_then(|word| self.word(&word)).unwrap_or(Grade::Pass);
        let codes = raw.code.map(|words| self.codes(&words, &outcomes));
        if grade == Grade::Warn && raw.because.is_none() {
            self.report(span, "an alternative that warns without `because`")
                .say("say in one sentence why it is graded so");
        }
        Expectation {
            grade,
            outcomes,
            codes: codes.unwrap_or_default(),
            alpn: raw.alpn.and_then(|word| self.word(&word)),
            fields: self.fields(raw.fields),
            connection: raw.connection.and_then(|word| self.word(&word)),
            tunnel: raw.tunnel.and_then(|word| self.word(&word)),
            requirement: raw.requirement.map(|id| self.requirement(&id, registry)),
            because: raw.because.map(|text| self.sentence(&text)),
        }
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
    fn preset_alternatives(
        &mut self,
        name: &raw::Text,
        raw: raw::Expect,
        known: Known<'_>,
    ) -> Vec<Expectation> {
        let own = [
            ("status", &raw.status),
            ("code", &raw.code),
            ("grade", &raw.grade),
            ("because", &raw.because),
        ];
        for (key, value) in own {
            if let Some(value) = value {
                self.report(value.span(), format!("`{key}` beside `preset`")).say(format!(
                    "the preset has its own `{key}`; write another `[[case.expect]]`"
                ));
            }
        }
        let Some(preset) = known.presets.iter().find(|preset| preset.name == *name.get_ref())
        else {
            let names: Vec<&str> =
                known.presets.iter().map(|preset| preset.name.as_str()).collect();
            let message = format!("unknown preset `{}`", name.get_ref());
            let problem = self.report(name.span(), message);
            problem.say(if names.is_empty() {
                "a preset names no other: write its alternatives"
            } else {
                "add it to `presets.toml`, or use one that is there"
            });
            problem.did_you_mean(name.get_ref(), &names);
            return Vec::new();
        };
        let fields = self.fields(raw.fields);
        let alpn = raw.alpn.and_then(|word| self.word(&word));
        let connection = raw.connection.and_then(|word| self.word(&word));
        let tunnel = raw.tunnel.and_then(|word| self.word(&word));
        let requirement = raw.requirement.map(|id| self.requirement(&id, known.registry));
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
            self.report(raw.name.span(), format!("`{}` is no field name", raw.name.get_ref()))
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
