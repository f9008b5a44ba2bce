//! Checks every response whole, whatever its case is about: one function for each rule.
//! Never knows the case; a rule that depends on the request reads it from the octets written.

mod connection;
mod deflate;
mod fields;
mod frames;
mod h2c;
mod http2;
mod status;
mod switch;
mod websocket;

use std::ops::Range;

use crate::reading::{Reading, Response};
use crate::versions;

/// A group of rules that hold for every response.
#[derive(Clone, Copy, Debug)]
pub struct Validator {
    /// What the rules are about.
    pub name: &'static str,
    /// Every requirement that the rules can cite.
    pub cites: &'static [&'static str],
}

/// All groups of rules that hold for every response, whatever its case is about.
pub const VALIDATORS: &[Validator] = &[
    validator("connection", connection::CITES),
    validator("deflate", deflate::CITES),
    validator("fields", fields::CITES),
    validator("frames", frames::CITES),
    validator("h2c", h2c::CITES),
    validator("http2", http2::CITES),
    validator("status", status::CITES),
    validator("switch", switch::CITES),
    validator("versions", versions::CITES),
    validator("websocket", websocket::CITES),
];

const fn validator(name: &'static str, cites: &'static [&'static str]) -> Validator {
    Validator { name, cites }
}

/// Something that a response does against a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    /// The requirement that is broken.
    pub(crate) requirement: &'static str,
    /// What the target did, in a phrase.
    pub(crate) message: String,
    /// The octets that show it, counted over all that was read.
    pub(crate) at: Option<Range<usize>>,
    /// How much can come of it, where that is less than the requirement's level.
    pub(crate) cap: Cap,
}

/// How much can come of a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cap {
    /// As much as the level of the requirement allows.
    Level,
    /// A warning at most.
    Warn,
    /// A note: it is recorded and changes no verdict.
    Note,
}

impl Remark {
    pub(crate) fn new(requirement: &'static str, message: impl Into<String>) -> Self {
        Self { requirement, message: message.into(), at: None, cap: Cap::Level }
    }

    pub(crate) fn at(mut self, at: Range<usize>) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn at_most_warn(mut self) -> Self {
        self.cap = Cap::Warn;
        self
    }

    pub(crate) fn note(mut self) -> Self {
        self.cap = Cap::Note;
        self
    }
}

/// A response in its surroundings.
pub(crate) struct Context<'r, 'b> {
    pub(crate) reading: &'r Reading<'b>,
    pub(crate) response: &'r Response<'b>,
}

impl<'b> Context<'_, 'b> {
    pub(crate) fn status(&self) -> u16 {
        self.response.head.status.unwrap_or(0)
    }

    pub(crate) fn fields(&self) -> &upspec_handshake::Fields<'b> {
        &self.response.head.fields
    }

    /// The request that this response answers.
    pub(crate) fn request(&self) -> Option<&upspec_handshake::RequestHead<'b>> {
        self.response.request.map(|index| &self.reading.requests[index])
    }

    /// A place in the head of the response, over all that was read.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        self.response.at + range.start..self.response.at + range.end
    }

    /// Where the first line of this field stands.
    pub(crate) fn line(&self, name: &str) -> Range<usize> {
        let line = self.fields().lines(name).next();
        line.map_or(self.head(), |line| self.place(&line.line))
    }

    /// Where the whole head stands.
    pub(crate) fn head(&self) -> Range<usize> {
        self.response.at..self.response.at + self.response.head.len
    }

    /// Where the status line stands.
    pub(crate) fn status_line(&self) -> Range<usize> {
        self.place(&self.response.head.line)
    }

    /// Whether the first request asks for HTTP/1.0.
    pub(crate) fn to_http10(&self) -> bool {
        let version = self.request().and_then(|request| request.version);
        version == Some(upspec_handshake::Version::HTTP_10)
    }
}

/// Everything that the responses of an exchange do against the rules that hold for any response.
pub(crate) fn remarks(reading: &Reading<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for response in &reading.responses {
        let context = Context { reading, response };
        let checks = match reading.http2 {
            Some(_) => HTTP2_CHECKS,
            None => CHECKS,
        };
        for check in checks {
            check(&context, &mut remarks);
        }
    }
    for check in EXCHANGE_CHECKS {
        check(reading, &mut remarks);
    }
    remarks
}

type Check = fn(&Context<'_, '_>, &mut Vec<Remark>);
type ExchangeCheck = fn(&Reading<'_>, &mut Vec<Remark>);

const CHECKS: &[Check] = &[
    status::grammar,
    status::version,
    status::no_interim_for_http10,
    fields::grammar,
    fields::once,
    fields::no_empty_elements,
    fields::role,
    fields::date,
    fields::required_by_status,
    connection::no_length_without_content,
    connection::framing_fields,
    connection::self_defined_length,
    connection::announced_close,
    connection::body_of_head,
    switch::upgrade_needs_connection,
    switch::end_to_end_options,
    switch::names_what_was_offered,
    switch::continue_before_switch,
    websocket::accept_check,
    websocket::upgrade_and_connection,
    websocket::no_version_on_success,
    websocket::subprotocol,
    websocket::extensions,
    websocket::version_list,
];

/// Those of them that hold in HTTP/2, where frames have taken the place of Connection and Upgrade.
const HTTP2_CHECKS: &[Check] = &[
    fields::once,
    fields::no_empty_elements,
    fields::role,
    fields::date,
    fields::required_by_status,
    connection::no_length_without_content,
    connection::no_length_of_a_tunnel,
    websocket::no_version_on_success,
    websocket::subprotocol,
    websocket::extensions,
    websocket::version_list,
];

const EXCHANGE_CHECKS: &[ExchangeCheck] = &[
    frames::tunnel,
    connection::stray,
    connection::closure_alert,
    h2c::after_switch,
    http2::connection,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use upspec_corpus::Corpus;

    use super::VALIDATORS;

    /// A requirement that a rule names and the table lacks would count as covered by nothing; one that
    /// only the table has would count as covered by a rule that is not there.
    #[test]
    fn the_table_has_what_the_rules_cite() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for validator in VALIDATORS {
            let file = match validator.name {
                "versions" => folder.join("versions.rs"),
                name => folder.join(format!("validate/{name}.rs")),
            };
            let source = std::fs::read_to_string(&file).unwrap();
            let (rules, _) = source.split_once("const CITES").unwrap();
            let named = rules.split('"').filter(|word| is_requirement(word));
            let named: BTreeSet<&str> = named.collect();
            let cited: BTreeSet<&str> = validator.cites.iter().copied().collect();
            assert_eq!(cited, named, "{}", file.display());
            assert_eq!(cited.len(), validator.cites.len(), "{}", file.display());
        }
    }

    #[test]
    fn the_rules_cite_what_the_registry_has() {
        let registry = Corpus::embedded().unwrap().requirements;
        for id in VALIDATORS.iter().flat_map(|validator| validator.cites) {
            assert!(registry.get(id).is_some(), "{id}");
        }
    }

    fn is_requirement(word: &str) -> bool {
        let number = word.strip_prefix("rfc").and_then(|rest| rest.split_once('/'));
        number.is_some_and(|(number, _)| number.bytes().all(|octet| octet.is_ascii_digit()))
    }
}
