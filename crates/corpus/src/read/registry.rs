//! The requirements of one RFC.

use std::ops::Range;

use toml::Spanned;

use crate::raw;
use crate::read::{Reader, split};
use crate::registry::{Binds, Document, Harm, Level, Requirement};

impl Reader<'_> {
    /// The RFC of a file, and its requirements with the place of each id.
    pub(crate) fn requirements(
        &mut self,
        file: raw::RequirementFile,
    ) -> (Document, Vec<(Range<usize>, Requirement)>) {
        let rfc = file.rfc.get_ref().clone();
        if !is_rfc(&rfc) {
            self.report(file.rfc.span(), format!("`{rfc}` is not an RFC")).say("write `rfc6455`");
        }
        let raws = file.requirement.into_iter();
        let requirements = raws.map(|raw| self.one_requirement(raw, &rfc)).collect();
        (Document { rfc, title: file.title }, requirements)
    }

    fn one_requirement(
        &mut self,
        raw: Spanned<raw::Requirement>,
        rfc: &str,
    ) -> (Range<usize>, Requirement) {
        let (span, raw) = split(raw);
        let id = raw.id.get_ref().clone();
        let place = id.split_once('-').filter(|(_, slug)| is_slug(slug)).map(|(place, _)| place);
        if !place.is_some_and(|place| is_place(place) && place.split('/').next() == Some(rfc)) {
            self.report(raw.id.span(), format!("`{id}` is not a requirement id of {rfc}"))
                .say(format!("write the section and a slug, such as `{rfc}/4.2.1-key`"));
        }
        for section in raw.older.iter().chain(&raw.successor) {
            if !is_place(section.get_ref()) {
                let message = format!("`{}` is not a section of an RFC", section.get_ref());
                self.report(section.span(), message).say("write `rfc7230/6.7`");
            }
        }
        for words in
            raw.words.iter().filter(|words| words.get_ref().split(' ').count() > MOST_WORDS)
        {
            self.report(words.span(), "these are more words than a link needs".to_owned())
                .say(format!("{MOST_WORDS} at most: the RFC's text is not ours"));
        }
        if let Some(third) = raw.words.get(2) {
            self.report(third.span(), "a link has two ends".to_owned())
                .say("write the first words and the last words".to_owned());
        }
        let harm = raw.harm.and_then(|harm| {
            let kind = self.word(&harm.kind)?;
            Some(Harm { kind, because: harm.because, needs_open: harm.needs_open })
        });
        let requirement = Requirement {
            id,
            level: self.word(&raw.level).unwrap_or(Level::Info),
            binds: self.word(&raw.binds).unwrap_or(Binds::Both),
            text: raw.text,
            breach: raw.breach,
            mend: raw.mend,
            words: raw.words.into_iter().map(Spanned::into_inner).collect(),
            older: raw.older.into_iter().map(Spanned::into_inner).collect(),
            successor: raw.successor.map(Spanned::into_inner),
            changed: raw.changed,
            derived: raw.derived,
            habit: raw.habit,
            needs_end: raw.needs_end,
            harm: harm.unwrap_or_default(),
            untestable: raw.untestable,
            source: self.text.source(span.start),
        };
        (raw.id.span(), requirement)
    }
}

/// The most words of an RFC that a link may hold at one end.
const MOST_WORDS: usize = 8;

/// `rfc6455`.
fn is_rfc(text: &str) -> bool {
    let digits = text.strip_prefix("rfc").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `rfc6455/4.2.1` or `rfc7230/A.1`.
fn is_place(text: &str) -> bool {
    let Some((rfc, section)) = text.split_once('/') else {
        return false;
    };
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    is_rfc(rfc) && section.split('.').all(part)
}

/// `key-length`.
fn is_slug(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(fits)
}
