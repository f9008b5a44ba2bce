//! The rules that hold for every message, whatever its case is about, as rows: what a rule is called,
//! whom it binds, for which versions of HTTP, which requirements it can cite, and its check.
//!
//! A rule is run over what the party under test sent on a link. It never knows the case; where it
//! depends on the other party's messages it reads them from the transcript.

mod asked;
mod complete;
pub(crate) mod compression;
mod connect;
mod connection;
mod exchange;
mod fields;
mod flow;
mod frames;
mod h2c;
mod http2;
mod request;
mod secure;
mod status;
mod switch;
pub(crate) mod url;
mod websocket;

use std::ops::Range;
use std::sync::LazyLock;

use upspec_exchange::{Over, Record, Request, Response, Talk};
use upspec_handshake::{Fields, Party, RequestHead, Version};

/// A rule that holds for every message of a party.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What the rule is about.
    pub name: &'static str,
    /// Whose messages it is run over.
    pub binds: Party,
    /// Every requirement that it can cite.
    pub cites: &'static [&'static str],
    over: Spoken,
    check: Check,
}

/// The versions of HTTP that a rule is for.
#[derive(Clone, Copy, Debug)]
enum Spoken {
    Any,
    Http1,
    Http2,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
enum Check {
    /// Each request.
    Request(RequestCheck),
    /// Each response.
    Response(ResponseCheck),
    /// All that the party sent on the link.
    Link(LinkCheck),
    /// All links of an exchange together, with their times.
    Exchange(fn(&Exchange<'_>, &mut Vec<(usize, Breach)>)),
    /// All results of a run together.
    Run,
}

type RequestCheck = fn(&Asked<'_, '_>, &mut Vec<Breach>);
type ResponseCheck = fn(&Context<'_, '_>, &mut Vec<Breach>);
type LinkCheck = fn(&Talk<'_>, Party, &mut Vec<Breach>);

const fn request(name: &'static str, check: RequestCheck, cites: &'static [&'static str]) -> Rule {
    Rule { name, binds: Party::Client, cites, over: Spoken::Http1, check: Check::Request(check) }
}

const fn response(
    name: &'static str,
    over: Spoken,
    check: ResponseCheck,
    cites: &'static [&'static str],
) -> Rule {
    Rule { name, binds: Party::Server, cites, over, check: Check::Response(check) }
}

const fn link(
    name: &'static str,
    binds: Party,
    over: Spoken,
    check: LinkCheck,
    cites: &'static [&'static str],
) -> Rule {
    Rule { name, binds, cites, over, check: Check::Link(check) }
}

const fn exchange(
    name: &'static str,
    check: fn(&Exchange<'_>, &mut Vec<(usize, Breach)>),
    cites: &'static [&'static str],
) -> Rule {
    Rule { name, binds: Party::Client, cites, over: Spoken::Any, check: Check::Exchange(check) }
}

/// All rules, in the order in which they are run.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    request("request-line", request::line, &["rfc6455/4.1-method-version", "rfc6455/4.1-target"]),
    request("request-host", request::host, &["rfc6455/4.1-host"]),
    request("request-upgrade", request::upgrade, &["rfc6455/4.1-upgrade-connection"]),
    request("request-key", request::key, &["rfc6455/4.1-key"]),
    request("request-version", request::version, &["rfc6455/4.1-version"]),
    request("request-subprotocols", request::subprotocols, &["rfc6455/4.1-subprotocols"]),

    request("request-head", asked::grammar, &[
        "rfc9110/2.2-grammar", "rfc9112/2.1-message", "rfc9112/2.2-bare-cr-sent", "rfc9112/2.2-extra-crlf",
        "rfc9112/2.2-space-before-fields-sent", "rfc9112/3-request-line", "rfc9112/5-field-line", "rfc9112/5.2-no-fold",
    ]),
    request("request-destination", asked::destination, &[
        "rfc6455/4.1-target", "rfc9112/3.2-client-host", "rfc9112/3.2.1-client-target",
    ]),
    request("request-host-first", asked::host_first, &["rfc9110/7.2-host-first"]),
    request("request-fields-once", asked::once, &[
        "rfc6265/5.4-one-cookie-field", "rfc6455/11.3.1-key-once", "rfc6455/11.3.5-version-once",
        "rfc9110/5.3-repeated-lines", "rfc9112/3.2-client-host",
    ]),
    request("request-list-elements", asked::no_empty_elements, &["rfc9110/5.6.1.1-no-empty-elements"]),
    request("request-connection-options", asked::options, &[
        "rfc9110/7.6.1-end-to-end", "rfc9110/7.6.1-grammar", "rfc9110/7.6.1-listed",
    ]),
    request("request-content", asked::content, &[
        "rfc9110/10.1.1-client-content", "rfc9110/8.6-no-content-no-length", "rfc9112/6.1-client-te",
    ]),
    request("request-origin", asked::origin, &["rfc6455/4.1-origin-value"]),
    request("request-extensions", asked::extensions, &[
        "rfc6455/4.3-extension-param", "rfc6455/9.1-defined-params", "rfc6455/9.1-registered",
    ]),
    request("request-key-bits", asked::key_bits, &["rfc4648/3.5-encoder"]),
    request("request-end", asked::nothing_behind, &["rfc9112/2.2-extra-crlf"]),

    link("tls-of-the-client", Party::Client, Spoken::Any, secure::inside_tls, &["rfc6455/4.1-tls"]),
    link("alpn-of-the-client", Party::Client, Spoken::Any, secure::alpn_offer, &["rfc9113/3.2-alpn"]),
    link("http2-requests", Party::Client, Spoken::Http2, connect::requests, &[
        "rfc6455/4.1-target", "rfc8441/4-scheme-path", "rfc8441/5-no-connection-fields", "rfc8441/5-protocol",
        "rfc8441/5-scheme", "rfc8441/5-websocket-fields", "rfc9113/8.2.1-field-name", "rfc9113/8.2.1-field-value",
        "rfc9113/8.2.2-connection-fields-sent", "rfc9113/8.3-pseudo-order", "rfc9113/8.3-pseudo-repeated",
        "rfc9113/8.3-pseudo-unknown", "rfc9113/8.3.1-authority",
    ]),
    link("http2-after-reset", Party::Client, Spoken::Http2, connect::after_reset, &["rfc9113/6.4-after-reset"]),
    exchange("one-connecting", exchange::one_connecting, &["rfc6455/4.1-one-connecting"]),
    exchange("redirected-request", exchange::redirected, &["rfc9110/15.4-automatic-fields", "rfc9112/3.2-client-host"]),

    response("status-line", Spoken::Http1, status::grammar, &[
        "rfc9110/15-status-range", "rfc9112/2.3-version-grammar", "rfc9112/4-status-line", "rfc9112/4-status-space",
    ]),
    response("response-version", Spoken::Http1, status::version, &["rfc9110/6.2-response-version"]),
    response("interim-for-http10", Spoken::Http1, status::no_interim_for_http10, &["rfc9110/15.2-http10"]),
    response("field-lines", Spoken::Http1, fields::grammar, &[
        "rfc9110/2.2-grammar", "rfc9112/2.1-message", "rfc9112/2.2-bare-cr-sent", "rfc9112/2.2-space-before-fields-sent",
        "rfc9112/5-field-line", "rfc9112/5.2-no-fold",
    ]),
    response("fields-once", Spoken::Any, fields::once, &[
        "rfc6455/11.3.3-accept-once", "rfc6455/11.3.4-response-once", "rfc9110/5.3-repeated-lines",
    ]),
    response("list-elements", Spoken::Any, fields::no_empty_elements, &["rfc9110/5.6.1.1-no-empty-elements"]),
    response("fields-of-requests", Spoken::Any, fields::role, &["rfc7540/3.2.1-server-settings", "rfc9110/2.2-role"]),
    response("date", Spoken::Any, fields::date, &["rfc9110/2.2-grammar", "rfc9110/6.6.1-date"]),
    response("fields-of-a-status", Spoken::Any, fields::required_by_status, &[
        "rfc9110/15.5.2-401-challenge", "rfc9110/15.5.22-426-upgrade", "rfc9110/15.5.6-405-allow",
    ]),
    response("allow-of-refused", Spoken::Any, status::allow_of_refused, &["rfc9110/15.5.6-405-allow"]),
    response("upgrade-of-refused", Spoken::Http1, status::upgrade_of_refused, &["rfc9110/15.5.22-426-upgrade"]),
    response("expectation-unasked", Spoken::Any, status::expectation_unasked, &["rfc9110/15.5.18-417"]),
    response("length-without-content", Spoken::Any, connection::no_length_without_content, &["rfc9110/8.6-cl-1xx-204"]),
    response("length-of-a-tunnel", Spoken::Http2, connection::no_length_of_a_tunnel, &["rfc9110/9.3.6-2xx-framing"]),
    response("framing-fields", Spoken::Http1, connection::framing_fields, &[
        "rfc9112/6.1-te-1xx-204", "rfc9112/6.1-te-old-client", "rfc9112/6.2-cl-with-te",
    ]),
    response("self-defined-length", Spoken::Http1, connection::self_defined_length, &[
        "rfc9110/2.2-grammar", "rfc9112/9.3-persistence-rules",
    ]),
    response("announced-close", Spoken::Http1, connection::announced_close, &["rfc9112/9.6-announce", "rfc9112/9.6-close-sent"]),
    response("content-of-head", Spoken::Http1, connection::body_of_head, &["rfc9110/9.3.2-head-content"]),
    response("upgrade-and-its-option", Spoken::Http1, switch::upgrade_needs_connection, &["rfc9110/7.8-connection"]),
    response("connection-options", Spoken::Http1, switch::end_to_end_options, &[
        "rfc9110/7.6.1-end-to-end", "rfc9110/7.6.1-grammar",
    ]),
    response("upgrade-grammar", Spoken::Http1, switch::protocols, &["rfc9110/7.8-grammar"]),
    response("continue-before-switch", Spoken::Http1, switch::continue_before_switch, &["rfc9110/7.8-continue-first"]),
    response("switch", Spoken::Any, websocket::switch, &[
        "rfc6455/4.2.2-accept", "rfc6455/4.2.2-connection", "rfc6455/4.2.2-extensions-offered",
        "rfc6455/4.2.2-no-subprotocol", "rfc6455/4.2.2-response", "rfc6455/4.2.2-subprotocol-choice", "rfc6455/4.2.2-upgrade",
        "rfc6455/4.3-protocol-server", "rfc6455/9.1-defined-params", "rfc6455/9.1-malformed", "rfc7692/5-conflict",
        "rfc7692/7-invalid-value", "rfc7692/7-repeated-param", "rfc7692/7-unknown-param", "rfc7692/7-unsupported",
        "rfc7692/7.1.1.1-echo", "rfc7692/7.1.2.1-echo", "rfc7692/7.1.2.1-value", "rfc7692/7.1.2.2-answer-value",
        "rfc7692/7.1.2.2-not-offered", "rfc7692/7.1.2.2-smaller", "rfc9110/15.2.2-101-upgrade", "rfc9110/7.8-offered",
        "rfc9112/9.3.2-pipeline-order",
    ]),
    response("accepted-without-101", Spoken::Http1, websocket::accepted_without_101, &["rfc6455/4.2.2-response"]),
    response("version-list", Spoken::Any, websocket::version_list, &[
        "rfc6455/4.3-version-server", "rfc6455/4.4-version-list",
    ]),

    link("frames-of-the-client", Party::Client, Spoken::Any, frames::tunnel, frames::CITES_CLIENT),
    link("frames-of-the-server", Party::Server, Spoken::Any, frames::tunnel, frames::CITES_SERVER),
    link("complete-responses", Party::Server, Spoken::Http1, complete::responses, &[
        "rfc9112/7.1-last-chunk", "rfc9112/8-incomplete-response",
    ]),
    link("compression-of-the-client", Party::Client, Spoken::Any, compression::messages, &[
        "rfc7692/5-use", "rfc7692/7.2.1-no-takeover", "rfc7692/7.2.1-window",
    ]),
    link("compression-of-the-server", Party::Server, Spoken::Any, compression::messages, &[
        "rfc7692/5-use", "rfc7692/7.2.1-no-takeover", "rfc7692/7.2.1-window",
    ]),
    link("stray-octets", Party::Server, Spoken::Http1, connection::stray, &["rfc9112/2.1-message"]),
    link("closure-alert", Party::Server, Spoken::Any, connection::closure_alert, &["rfc9112/9.8-closure-alert"]),
    link("h2c", Party::Server, Spoken::Http1, h2c::after_switch, &[
        "rfc7540/3.2-after-101", "rfc9113/4.2-frame-sent", "rfc9113/6.5.3-settings-ack", "rfc9113/8.1-end-stream-interim", "rfc9113/8.2.1-field-name",
        "rfc9113/8.2.1-field-value", "rfc9113/8.2.2-connection-fields-sent", "rfc9113/8.3-pseudo-context",
        "rfc9113/8.3-pseudo-order", "rfc9113/8.3-pseudo-repeated", "rfc9113/8.3-pseudo-unknown", "rfc9113/8.3.2-status",
        "rfc9113/8.6-no-101",
    ]),
    link("http2", Party::Server, Spoken::Http2, http2::connection, &[
        "rfc8441/3-no-withdraw", "rfc8441/3-setting-value", "rfc9113/3.4-preface-sent", "rfc9113/4.2-frame-sent",
        "rfc9113/6.5.3-settings-ack", "rfc9113/6.7-ping-ack", "rfc9113/8.1-end-stream-interim", "rfc9113/8.1.1-malformed",
        "rfc9113/8.2.1-field-name", "rfc9113/8.2.1-field-value", "rfc9113/8.2.2-connection-fields-sent",
        "rfc9113/8.3-pseudo-context", "rfc9113/8.3-pseudo-order", "rfc9113/8.3-pseudo-repeated",
        "rfc9113/8.3-pseudo-unknown", "rfc9113/8.3.2-status", "rfc9113/8.6-no-101",
    ]),
    link("flow-control", Party::Server, Spoken::Http2, flow::of_connection, &[
        "rfc9113/6.9.1-window", "rfc9113/6.9.2-adjust",
    ]),
    link("flow-control-of-h2c", Party::Server, Spoken::Http1, flow::after_switch, &[
        "rfc7540/3.2.1-settings-applied", "rfc9113/6.9.1-window", "rfc9113/6.9.2-adjust",
    ]),

    Rule { name: "fresh-keys", binds: Party::Client, cites: crate::freshness::CITES, over: Spoken::Any, check: Check::Run },
    Rule { name: "versions-of-a-run", binds: Party::Server, cites: &["rfc6455/4.4-version-list"], over: Spoken::Http1, check: Check::Run },
];

/// Every breach that the party under test committed on a link.
pub(crate) fn breaches(talk: &Talk<'_>) -> Vec<(&'static Rule, Breach)> {
    breaches_by(talk, talk.tested())
}

/// Every breach that a party committed on a link.
pub(crate) fn breaches_by(talk: &Talk<'_>, party: Party) -> Vec<(&'static Rule, Breach)> {
    let rules = RunOver::of(party, talk.link.over);
    let mut all = Vec::new();
    // Most rules find nothing.
    let mut found = Vec::new();
    let mut take = |rule: &'static Rule, found: &mut Vec<Breach>| {
        if !found.is_empty() {
            all.extend(told(rule, std::mem::take(found)));
        }
    };
    let is_asked = !rules.requests.is_empty() && asks_by_url(talk);
    for request in talk.requests.iter().filter(|_| is_asked) {
        for (rule, check) in &rules.requests {
            check(&Asked { talk, request }, &mut found);
            take(rule, &mut found);
        }
    }
    for response in &talk.responses {
        for (rule, check) in &rules.responses {
            check(&Context { talk, response }, &mut found);
            take(rule, &mut found);
        }
    }
    for (rule, check) in &rules.links {
        check(talk, party, &mut found);
        take(rule, &mut found);
    }
    all
}

/// What a rule has found in one message, as it is told.
fn told(rule: &'static Rule, found: Vec<Breach>) -> impl Iterator<Item = (&'static Rule, Breach)> {
    let found = told_once(found);
    let cited = |breach: &Breach| rule.cites.contains(&breach.requirement);
    debug_assert!(found.iter().all(cited), "{} cites what its row lacks", rule.name);
    found.into_iter().map(move |breach| (rule, breach))
}

/// The rules that are run over what one party sends in one version of HTTP, by what they look at.
#[derive(Default)]
struct RunOver {
    requests: Vec<(&'static Rule, RequestCheck)>,
    responses: Vec<(&'static Rule, ResponseCheck)>,
    links: Vec<(&'static Rule, LinkCheck)>,
}

impl RunOver {
    fn of(party: Party, over: Over) -> &'static Self {
        static ALL: LazyLock<[[RunOver; 2]; 2]> = LazyLock::new(|| {
            [Party::Client, Party::Server]
                .map(|party| [Over::Http1, Over::Http2].map(|over| RunOver::gather(party, over)))
        });
        &ALL[usize::from(party == Party::Server)][usize::from(over == Over::Http2)]
    }

    fn gather(party: Party, over: Over) -> Self {
        let mut rules = Self::default();
        for rule in RULES.iter().filter(|rule| rule.binds == party && rule.is_for(over)) {
            match rule.check {
                Check::Request(check) => rules.requests.push((rule, check)),
                Check::Response(check) => rules.responses.push((rule, check)),
                Check::Link(check) => rules.links.push((rule, check)),
                Check::Exchange(_) | Check::Run => {}
            }
        }
        rules
    }
}

/// Every breach that a client committed in an exchange of several links, each with the number of its link.
pub(crate) fn breaches_across(exchange: &Exchange<'_>) -> Vec<(usize, &'static Rule, Breach)> {
    let mut all = Vec::new();
    for rule in RULES {
        if let Check::Exchange(check) = rule.check {
            let mut found = Vec::new();
            check(exchange, &mut found);
            all.extend(found.into_iter().map(|(link, breach)| (link, rule, breach)));
        }
    }
    all
}

/// Whether the requests on a link are those of a URL that is in order, inside TLS where it asks for that. What a client
/// makes of any other is for its case to say.
fn asks_by_url(talk: &Talk<'_>) -> bool {
    let is_reached = |url: &str| talk.link.tls || !url.to_ascii_lowercase().starts_with("wss:");
    let url = talk.link.url.as_deref();
    url.is_none_or(|url| url::WsUrl::parse(url).is_some() && is_reached(url))
}

/// Each thing that a check found in one message once, where it shows first, with its count.
fn told_once(found: Vec<Breach>) -> Vec<Breach> {
    let mut once: Vec<(Breach, usize, bool)> = Vec::new();
    for breach in found {
        let is_same = |one: &&mut (Breach, usize, bool)| {
            one.0.requirement == breach.requirement && one.0.cap == breach.cap
        };
        match once.iter_mut().find(is_same) {
            Some((first, count, alike)) => {
                *count += 1;
                *alike &= first.message == breach.message;
            }
            None => once.push((breach, 1, true)),
        }
    }
    let counted = |(mut breach, count, alike): (Breach, usize, bool)| {
        match (count, alike) {
            (1, _) => {}
            (_, true) => breach.message.push_str(&format!(" ({count} times)")),
            (_, false) => breach.message.push_str(&format!(" (and {} more such)", count - 1)),
        }
        breach
    };
    once.into_iter().map(counted).collect()
}

impl Rule {
    fn is_for(&self, over: Over) -> bool {
        match self.over {
            Spoken::Any => true,
            Spoken::Http1 => over == Over::Http1,
            Spoken::Http2 => over == Over::Http2,
        }
    }
}

/// Something that a party does against a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    /// The requirement that is broken.
    pub(crate) requirement: &'static str,
    /// What the party did, in a phrase.
    pub(crate) message: String,
    /// The octets that show it, counted over all that the party sent.
    pub(crate) at: Option<Range<usize>>,
    /// The limit of its weight, if below the requirement's level.
    pub(crate) cap: Cap,
}

/// How much a breach can weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cap {
    /// As much as the level of the requirement allows.
    Level,
    /// A warning at most.
    Warn,
    /// A note: it is recorded and changes no verdict.
    Note,
}

impl Breach {
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

/// All links of an exchange.
pub(crate) struct Exchange<'r> {
    /// What was said on them.
    pub(crate) talks: &'r [Talk<'r>],
    /// When.
    pub(crate) record: &'r Record,
}

/// A request in its context.
pub(crate) struct Asked<'r, 'b> {
    pub(crate) talk: &'r Talk<'b>,
    pub(crate) request: &'r Request<'b>,
}

/// A response in its context.
pub(crate) struct Context<'r, 'b> {
    pub(crate) talk: &'r Talk<'b>,
    pub(crate) response: &'r Response<'b>,
}

impl<'b> Context<'_, 'b> {
    pub(crate) fn status(&self) -> u16 {
        self.response.head.status.unwrap_or(0)
    }

    pub(crate) fn fields(&self) -> &Fields<'b> {
        &self.response.head.fields
    }

    /// The request that this response answers.
    pub(crate) fn request(&self) -> Option<&RequestHead<'b>> {
        self.response.request.map(|index| &self.talk.requests[index].head)
    }

    /// A place in the head of the response, over all that the server sent.
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

    /// Whether the request is HTTP/1.0.
    pub(crate) fn to_http10(&self) -> bool {
        self.request().and_then(|request| request.version) == Some(Version::HTTP_10)
    }
}

#[cfg(test)]
mod tests;
