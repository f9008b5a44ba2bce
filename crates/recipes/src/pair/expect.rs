//! What the model has each end believe behind a pair, as the names of presets of the corpus and as alternatives of its
//! own. Where the texts leave a choice, all that is asked is that nobody believes in a tunnel alone.

use upspec_corpus::Bindings;
use upspec_corpus::case::Expectation;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::upgrade::{Protocol, protocols};
use upspec_handshake::{Fields, RequestHead, ResponseHead, Version};

use super::Pair;
use super::fields;
use crate::answer::Parts;

/// What the client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Upgrade with its option, in a plain GET.
    Upgrade,
    /// Upgrade without its option, in a plain GET.
    Half,
    /// No upgrade, in a plain GET.
    Nothing,
    /// It can be read in more ways than one, or may be refused.
    Unclear,
}

/// What the origin says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A 101 with all that it needs, to a protocol that the request offers.
    Switch,
    /// The same with fields that frame content.
    FramedSwitch,
    /// The same without its connection option.
    LoneSwitch,
    /// A 101 that switches to nothing that was offered.
    BadSwitch,
    /// A final answer, whole.
    Final,
    /// It can be read in more ways than one, or has no end.
    Unclear,
}

impl Said {
    /// Whether it is a 101 that nobody may take for a switch as it is, so that a final answer may follow it.
    pub(super) fn is_refused_switch(self) -> bool {
        matches!(self, Self::LoneSwitch | Self::BadSwitch)
    }
}

/// What is expected of the intermediary.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) asked: Asked,
    pub(super) said: Said,
    /// The presets with the alternatives, in order.
    pub(super) presets: &'static [&'static str],
    /// The requirement that is broken unless an alternative names another one.
    pub(super) requirement: &'static str,
    /// Alternatives before those of the presets.
    pub(super) own: Vec<Expectation>,
    /// Whether the origin ends its side behind the answer.
    pub(super) ends_stream: bool,
}

impl Expected {
    /// What is played, in one sentence.
    pub(super) fn title(&self) -> String {
        let asked = match self.asked {
            Asked::Upgrade => "A request for an upgrade",
            Asked::Half => "Upgrade without its option",
            Asked::Nothing => "A request for no upgrade",
            Asked::Unclear => "A request out of the ordinary",
        };
        let said = match self.said {
            Said::Switch => "a complete 101",
            Said::FramedSwitch => "a 101 with the framing of content",
            Said::LoneSwitch => "a 101 without its connection option",
            Said::BadSwitch => "a 101 to nothing that was offered",
            Said::Final => "a final answer",
            Said::Unclear => "an answer out of the ordinary",
        };
        format!("{asked} that meets {said}")
    }
}

/// Asks the model about the octets of a pair.
pub(super) fn expected(pair: &Pair) -> Expected {
    let bindings = Bindings::example();
    let request = pair.request.tagged_octets(&bindings);
    let answer = pair.answer.octets(&bindings);
    let head = RequestHead::parse(&request).complete();
    let asked = head.as_ref().map_or(Asked::Unclear, |head| asked(head, &request, &bindings));
    let parts = Parts::of(&answer);
    let said =
        parts.head.as_ref().map_or(Said::Unclear, |answer| said(&parts, answer, head.as_ref()));
    let (presets, requirement) = row(asked, said);
    let mut own = Vec::new();
    if let Some(head) = head.as_ref().filter(|_| asked != Asked::Unclear) {
        own.extend(fields::of_request(head));
    }
    if let Some(head) =
        parts.head.as_ref().filter(|_| said != Said::Unclear && asked != Asked::Unclear)
    {
        own.extend(fields::of_answer(head));
    }
    Expected { asked, said, presets, requirement, own, ends_stream: ends_stream(&parts, pair) }
}

/// What is expected of each meeting.
fn row(asked: Asked, said: Said) -> (&'static [&'static str], &'static str) {
    match (asked, said) {
        (Asked::Unclear, _) | (_, Said::Unclear) => (&["agreement"], REMOVED),
        (Asked::Upgrade, Said::Switch) => (&["switched"], NAMED),
        (Asked::Upgrade, Said::FramedSwitch) => (&["framed-101", "switched"], NAMED),
        (Asked::Upgrade, Said::LoneSwitch) => {
            (&["completed-101", "bad-101"], "rfc9110/7.8-connection")
        }
        (Asked::Upgrade, Said::BadSwitch) => (&["bad-101"], "rfc9110/7.8-offered"),
        (Asked::Upgrade, Said::Final) => (&["in-turn", "relayed"], REMOVED),
        (Asked::Half | Asked::Nothing, Said::Final) => {
            (&["in-turn", "own-refusal", "relayed"], REMOVED)
        }
        (Asked::Half, _) => (&["revived-101", "bad-101"], NAMED),
        (Asked::Nothing, _) => (&["unasked-101", "bad-101"], "rfc9110/7.8-offered"),
    }
}

/// What a request asks for that nothing but its Upgrade is out of the ordinary in.
fn asked(head: &RequestHead<'_>, octets: &[u8], bindings: &Bindings) -> Asked {
    let hosts: Vec<&[u8]> = head.fields.values("Host").collect();
    let target = [&bindings.path[..], &bindings.tag].concat();
    let is_plain = head.violations.is_empty()
        && head.version == Some(Version::HTTP_11)
        && head.method == b"GET"
        && head.target == target
        && hosts == [&bindings.authority[..]]
        && Framing::of_request(head) == Framing::None
        && octets.len() == head.len
        && head.len < ORDINARY
        && !head.fields.contains("Expect")
        && !contains_option(head.fields.values("Connection"), "close")
        && are_options(&head.fields);
    let offered = protocols(head.fields.values("Upgrade")).collect::<Result<Vec<_>, _>>();
    let has_option = contains_option(head.fields.values("Connection"), "upgrade");
    match offered {
        _ if !is_plain => Asked::Unclear,
        Ok(offered) if offered.is_empty() && !has_option && !head.fields.contains("Upgrade") => {
            Asked::Nothing
        }
        Ok(offered) if offered.is_empty() => Asked::Unclear,
        // A token that only looks like a protocol known to all may be weeded out, or taken for it.
        Ok(offered) if !offered.iter().any(Protocol::is_websocket) => Asked::Unclear,
        Ok(_) if has_option => Asked::Upgrade,
        Ok(_) => Asked::Half,
        Err(_) => Asked::Unclear,
    }
}

/// What an answer says that is spelt as the grammar has it.
fn said(parts: &Parts<'_>, head: &ResponseHead<'_>, request: Option<&RequestHead<'_>>) -> Said {
    let interim_is_plain = parts.interim.iter().all(|one| one.violations.is_empty());
    let is_plain = interim_is_plain
        && head.violations.is_empty()
        && head.version == Some(Version::HTTP_11)
        && are_options(&head.fields);
    if !is_plain {
        return Said::Unclear;
    }
    if head.status != Some(101) {
        return if is_whole(head, parts.behind) { Said::Final } else { Said::Unclear };
    }
    let named = protocols(head.fields.values("Upgrade")).collect::<Result<Vec<_>, _>>();
    let offered = request.map(|head| protocols(head.fields.values("Upgrade")).flatten().collect());
    let offered: Vec<Protocol<'_>> = offered.unwrap_or_default();
    let is_offered = |one: &Protocol<'_>| {
        offered
            .iter()
            .any(|other| one.name.eq_ignore_ascii_case(other.name) && one.version == other.version)
    };
    let has_option = contains_option(head.fields.values("Connection"), "upgrade");
    let is_framed =
        head.fields.contains("Content-Length") || head.fields.contains("Transfer-Encoding");
    match named {
        _ if contains_option(head.fields.values("Connection"), "close") => Said::Unclear,
        Err(_) => Said::Unclear,
        Ok(named) if named.is_empty() => Said::BadSwitch,
        Ok(named) if !named.iter().any(is_offered) => Said::BadSwitch,
        Ok(named) if !named.iter().all(is_offered) => Said::Unclear,
        Ok(_) if !has_option && is_framed => Said::Unclear,
        Ok(_) if !has_option => Said::LoneSwitch,
        Ok(_) if is_framed => Said::FramedSwitch,
        Ok(_) => Said::Switch,
    }
}

/// Whether the content that a final head announces is there, and nothing else.
fn is_whole(head: &ResponseHead<'_>, behind: &[u8]) -> bool {
    if !matches!(head.status, Some(200..=599)) {
        return false;
    }
    match Framing::of_response(head, b"GET") {
        Framing::None => behind.is_empty(),
        Framing::Length(length) => u64::try_from(behind.len()) == Ok(length),
        Framing::UntilClose => !head.fields.contains("Transfer-Encoding"),
        Framing::Chunked | Framing::Invalid => false,
    }
}

/// Whether the origin has to end its side so that the answer comes to an end.
fn ends_stream(parts: &Parts<'_>, pair: &Pair) -> bool {
    let is_open = parts.head.as_ref().is_none_or(|head| {
        head.status != Some(101) && Framing::of_response(head, b"GET") != Framing::None
    });
    let is_counted = parts.head.as_ref().is_some_and(|head| {
        matches!(Framing::of_response(head, b"GET"), Framing::Length(length) if u64::try_from(parts.behind.len()) == Ok(length))
    });
    pair.answer.stops() || is_open && !is_counted
}

/// Whether Connection is a list of tokens.
fn are_options(fields: &Fields<'_>) -> bool {
    let mut options = upspec_handshake::field::connection::options(fields.values("Connection"));
    options.all(|option| option.is_ok())
}

/// A head that nobody calls too large.
const ORDINARY: usize = 3000;
const NAMED: &str = "rfc9110/7.8-named";
const REMOVED: &str = "rfc9110/7.6.1-removed";
