//! From files as they are written to what they mean; every doubt becomes a problem with a place.
//! A file that parses is read to its end, whatever is wrong with it.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::case::{Outcome, Outcomes, Role};
use crate::nearest::nearest;
use crate::problem::{Problem, Text};
use crate::raw;
use crate::registry::Registry;
use crate::template::{Binding, Fragments, MAX_FILL, Template, TemplateErrorKind, escape};
use crate::words::Word;

pub(crate) mod cases;
pub(crate) mod expect;
mod h2;
pub(crate) mod names;
pub(crate) mod registry;
mod steps;

/// Reads one file and gathers what is wrong with it.
pub(crate) struct Reader<'t> {
    /// The file.
    pub(crate) text: Text<'t>,
    /// Whom the file is about, where it has cases.
    pub(crate) role: Option<Role>,
    /// What has been found so far.
    pub(crate) problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { text: Text::new(file, text), role: None, problems: Vec::new() }
    }

    /// The file in the shape of its serde type, unless it has another shape.
    pub(crate) fn parse<T: DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(self.text.text) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let problem = self.toml_problem(&error);
                self.problems.push(problem);
                None
            }
        }
    }

    /// Notes a problem, which the caller may add help to.
    pub(crate) fn report(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Problem {
        self.problems.push(self.text.problem(span, message));
        self.problems.last_mut().expect("it was pushed just now")
    }

    /// The meaning of a word out of a fixed choice.
    pub(crate) fn word<W: Word>(&mut self, word: &raw::Text) -> Option<W> {
        let meaning = W::from_word(word.get_ref());
        if meaning.is_none() {
            let known: Vec<&str> = W::WORDS.iter().map(|(known, _)| *known).collect();
            let message = format!("unknown {} `{}`", W::WHAT, word.get_ref());
            self.report(word.span(), message).did_you_mean(word.get_ref(), &known);
        }
        meaning
    }

    /// The meanings of several words out of a fixed choice.
    pub(crate) fn words<W: Word>(&mut self, words: &raw::Text) -> Vec<W> {
        let mut meanings = Vec::new();
        for word in words.get_ref().split_ascii_whitespace() {
            let meaning = W::from_word(word);
            if meaning.is_none() {
                let known: Vec<&str> = W::WORDS.iter().map(|(known, _)| *known).collect();
                let span = self.within(words, word);
                let problem = self.report(span, format!("unknown {} `{word}`", W::WHAT));
                problem.did_you_mean(word, &known);
            }
            meanings.extend(meaning);
        }
        meanings
    }

    /// The outcomes behind words such as `4xx closed`.
    pub(crate) fn outcomes(&mut self, words: &raw::Text) -> Outcomes {
        match Outcomes::from_words(words.get_ref()) {
            Ok(outcomes) => outcomes,
            Err(word) => {
                let span = self.within(words, word);
                let problem = self.report(span, format!("unknown outcome `{word}`"));
                let named = Outcome::WORDS.iter().map(|(known, _)| *known);
                let known: Vec<&str> = STATUS_WORDS.into_iter().chain(named).collect();
                match nearest(word, known.iter().copied()) {
                    Some(near) => problem.say(format!("did you mean `{near}`?")),
                    None => problem.say(format!("known are `{}`", known.join("`, `"))),
                }
                Outcomes::default()
            }
        }
    }

    /// The statuses behind words such as `4xx 5xx`.
    pub(crate) fn statuses(&mut self, words: &raw::Text) -> Outcomes {
        let outcomes = self.outcomes(words);
        let is_status = |o: &Outcome| matches!(o, Outcome::Status(_) | Outcome::Class(_));
        if let Some(other) = outcomes.0.iter().find(|outcome| !is_status(outcome)) {
            let message = format!("`{other}` is not a status");
            self.report(words.span(), message)
                .say("write the statuses to wait for, such as `101`, `4xx 5xx` or `any`");
        }
        outcomes
    }

    /// A requirement's id, which has to be in the registry.
    pub(crate) fn requirement(&mut self, id: &raw::Text, registry: &Registry) -> String {
        if registry.get(id.get_ref()).is_none() {
            let near = nearest(id.get_ref(), registry.iter().map(|r| r.id.as_str()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add it to `requirements/`, or cite one that is there".into(),
            };
            self.report(id.span(), format!("unknown requirement `{}`", id.get_ref())).say(help);
        }
        id.get_ref().clone()
    }

    /// A name of ours: lower-case letters, digits and single hyphens.
    pub(crate) fn name(&mut self, name: &raw::Text) -> String {
        let part = |part: &str| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            !part.is_empty() && part.bytes().all(fits)
        };
        if !name.get_ref().split('-').all(part) {
            self.report(name.span(), format!("`{}` is not a name", name.get_ref()))
                .say("write lower-case letters and digits with hyphens between them");
        }
        name.get_ref().clone()
    }

    /// Text for people, which has to say something.
    pub(crate) fn sentence(&mut self, text: &raw::Text) -> String {
        if text.get_ref().trim().is_empty() {
            self.report(text.span(), "empty text").say("write one sentence");
        }
        text.get_ref().clone()
    }

    /// Bytes in our escapes.
    pub(crate) fn template(&mut self, text: &raw::Text, fragments: &Fragments) -> Template {
        self.template_at(text.get_ref(), text.span(), fragments)
    }

    /// Bytes in our escapes that are written at `span`, quotes included.
    pub(crate) fn template_at(
        &mut self,
        text: &str,
        span: Range<usize>,
        fragments: &Fragments,
    ) -> Template {
        let written = self.text.slice(span.clone());
        if written.starts_with('"') && written.contains('\\') {
            self.report(span, "escapes between double quotes, where TOML reads them first")
                .say("write bytes between single quotes");
            return Template::default();
        }
        let error = match Template::parse_with(text, fragments) {
            Ok(template) => return template,
            Err(error) => error,
        };
        let start = span.start + quotes(written) + error.offset;
        let problem = self.report(start..start + error.length, error.kind.to_string());
        explain(problem, &error.kind, fragments);
        Template::default()
    }

    /// The place of a part of a text that was written without escapes.
    pub(crate) fn within(&self, text: &raw::Text, part: &str) -> Range<usize> {
        let span = text.span();
        let offset = self.text.slice(span.clone()).find(part).filter(|_| !part.is_empty());
        offset.map_or(span.clone(), |at| span.start + at..span.start + at + part.len())
    }

    fn toml_problem(&self, error: &toml::de::Error) -> Problem {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        let mut ticked = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field `") {
            let key = ticked.next().unwrap_or_default();
            let known: Vec<&str> = ticked.collect();
            let mut problem = self.text.problem(span, format!("unknown key `{key}`"));
            problem.did_you_mean(key, &known);
            return problem;
        }
        if message.starts_with("missing field `") {
            let key = ticked.next().unwrap_or_default();
            return self.text.problem(span, format!("missing key `{key}`"));
        }
        match self.text.text.get(span.start..).and_then(|rest| rest.chars().next()) {
            Some(c) if c.is_ascii_control() && !matches!(c, '\t' | '\r' | '\n') => {
                let kind = TemplateErrorKind::RawControl(c);
                let mut problem = self.text.problem(span, kind.to_string());
                explain(&mut problem, &kind, &Fragments::new());
                problem
            }
            _ => self.text.problem(span, in_our_words(message)),
        }
    }
}

/// The one key of several that is set. None or more than one is a problem of the whole table.
pub(crate) fn only_one<T>(
    reader: &mut Reader<'_>,
    span: Range<usize>,
    what: &str,
    keys: &[&str],
    mut set: Vec<(&str, T)>,
) -> Option<T> {
    let names: Vec<&str> = set.iter().map(|(name, _)| *name).collect();
    let message = match names[..] {
        [_] => return set.pop().map(|(_, value)| value),
        [] => format!("{what} without any of `{}`", keys.join("`, `")),
        _ => format!("{what} with `{}` at once", names.join("` and `")),
    };
    let help = if names.is_empty() { "write exactly one of them" } else { "keep one of them" };
    reader.report(span, message).say(help);
    None
}

/// What to write in the place of bytes that are not a template.
fn explain(problem: &mut Problem, kind: &TemplateErrorKind, fragments: &Fragments) {
    let octets = |c: &char| escape(c.encode_utf8(&mut [0; 4]).as_bytes());
    match kind {
        TemplateErrorKind::FillTooLong => problem.say(format!("write {MAX_FILL} or less")),
        TemplateErrorKind::RawControl(c) => problem.say(format!("write `{}`", octets(c))),
        TemplateErrorKind::RawNonAscii(c) => {
            problem.say(format!("write its octets, in UTF-8 `{}`", octets(c)));
        }
        TemplateErrorKind::StrayBrace => problem.say("write `}}` for a brace"),
        TemplateErrorKind::UnclosedBrace => {
            problem.say("close it with `}`, or write `{{` for a brace");
        }
        TemplateErrorKind::UnfinishedEscape => {
            problem.say("write `\\xHH` with two hexadecimal digits, or `\\\\` for a backslash");
        }
        TemplateErrorKind::UnknownBinding(name) if name.starts_with("fill-") => {
            problem.say("write `{fill-N}` with a number such as 8000");
        }
        TemplateErrorKind::UnknownBinding(name) => {
            let bindings = Binding::NAMES.iter().map(|(binding, _)| *binding);
            let known: Vec<&str> = bindings.chain(fragments.keys().map(String::as_str)).collect();
            match nearest(name, known) {
                Some(near) => problem.say(format!("did you mean `{{{near}}}`?")),
                None => problem.say("name a binding or a fragment, or write `{{` for a brace"),
            }
        }
        TemplateErrorKind::UnknownEscape(_) => {
            problem.say("known are `\\r`, `\\n`, `\\t`, `\\\\` and `\\xHH`");
        }
    }
}

/// A message of the TOML reader with the types named as a writer of TOML knows them.
fn in_our_words(message: &str) -> String {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let expected = match expected {
        "" => return message.replace('\n', "; "),
        "a sequence" => "a list",
        "u32" => "a whole number",
        "a map" => "a table",
        kind if kind.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{what}, expected {expected}").replace('\n', "; ")
}

/// How many bytes of a string's spelling come before its first character.
fn quotes(written: &str) -> usize {
    let three = written.starts_with("'''") || written.starts_with("\"\"\"");
    if !three || written.len() < 6 {
        return 1;
    }
    // TOML drops a line break right after three quotes.
    match &written.as_bytes()[3..] {
        [b'\r', b'\n', ..] => 5,
        [b'\n', ..] => 4,
        _ => 3,
    }
}

/// A spanned value and its place.
pub(crate) fn split<T>(spanned: Spanned<T>) -> (Range<usize>, T) {
    (spanned.span(), spanned.into_inner())
}

const STATUS_WORDS: [&str; 6] = ["101", "4xx", "400 426", "401-499", "any", "asked"];
