//! Which cases are the likeliest to kill a target: they are played last and alone.
//! Looks at what a case sends, not at what it is called.

use std::cmp::Reverse;
use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, Case, Expectation, Grade, Outcome, Over, Step, Tunnel};
use upspec_handshake::frame::{Compression, Frame, FrameReader, FrameViolation, opcode};
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::{PREFACE, kind};
use upspec_handshake::inflate::Inflater;
use upspec_handshake::opening::Opening;
use upspec_handshake::{Party, RequestHead};

use crate::bench::Bench;
use crate::bindings::Nonces;
use crate::plan::Plan;
use crate::settings::lateness;
use crate::steps::waits;

/// What a case sends that weak targets die of, from the rarest to the most frequent death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Risk {
    /// Nothing that a server should die of.
    Little,
    /// Octets that are no text in a head, or the end of our side.
    Odd,
    /// More than buffers are made for.
    Size,
    /// Ever more of the same, of which times and sizes are measured: nothing else goes on beside it.
    Cost,
    /// What has to be inflated.
    Inflated,
    /// A request target or a field that a URL parser chokes on.
    Address,
    /// A reset of the connection.
    Reset,
    /// Frames that may be tolerated.
    Tolerable,
    /// What stands right behind a request: for a server that has switched all the same these are frames.
    Behind,
    /// Content of a handshake that is in order: a server that reads no content takes it for broken frames.
    Content,
    /// Frames with a header that breaks a rule.
    Frames,
    /// Frames with a payload that breaks one, and control frames without a mask.
    Payload,
    /// Texts that are not UTF-8: decoders choke on them.
    Text,
    /// Messages without a mask, in order otherwise: what else is wrong is seen before it, and libraries answer
    /// control frames by themselves.
    Unmasked,
}

impl Risk {
    /// How long its cases are played one at a time on a target that nothing has killed, and that takes this long
    /// to answer: silence is dear.
    pub(crate) fn budget(self, answer: Duration) -> Duration {
        let budget = match self {
            Self::Little => Duration::from_millis(250),
            Self::Odd | Self::Size => Duration::from_millis(700),
            Self::Address | Self::Payload | Self::Text | Self::Unmasked => Duration::from_secs(1),
            // They are played one at a time anyway, and each has exchanges enough to show a death.
            Self::Cost => return Duration::ZERO,
            _ => Duration::from_secs(2),
        };
        match u32::try_from(lateness(answer)) {
            Ok(late) if late < MUCH_TOO_LATE => budget / (late + 1),
            _ => Duration::ZERO,
        }
    }
}

/// The cases of a plan behind discovery: first those that no target should die of, then the others by what
/// they send; what kills most often comes last.
pub(crate) fn by_risk(plan: &Plan, bench: &Bench) -> Vec<(usize, Option<Risk>)> {
    let risks = plan.rest().into_iter().map(|index| {
        let case = &plan.cases()[index];
        let bindings = bench.bindings(&Nonces::of(&bench.turn(case, 0)));
        let risk = match risk(case, &bindings).unwrap_or(Risk::Little) {
            // A reset that comes late is waited for beside all others that may kill.
            Risk::Reset if takes_long(case) => Risk::Inflated,
            risk => risk,
        };
        (index, Some(risk))
    });
    let mut cases: Vec<_> = risks.collect();
    // Nobody is to wait in the end for what takes long at the best, nor for many answers that come late, whatever
    // their risk: late targets get everything at once. Within a risk, what a target has no reason to refuse comes
    // first: some ban who sends bad requests. What few targets speak seldom kills.
    let is_late = bench.is_late();
    let case = |index: usize| &plan.cases()[index];
    cases.sort_by_key(|(index, risk)| {
        let case = case(*index);
        let first = if is_late { Reverse(answers(case)) } else { Reverse(0) };
        // Of what is measured, a tunnel may wait for more than its answer.
        let long = takes_long(case) || *risk == Some(Risk::Cost) && answers(case) > 0;
        (first, *risk, !long, !may_switch(case), case.over == Over::Http1)
    });
    // Those that are played alone are to be answered: what waits in any case comes right behind them.
    let is_little = |(_, risk): &(usize, Option<Risk>)| *risk == Some(Risk::Little);
    let little = cases.partition_point(is_little);
    if let Some(waiting) = cases.get_mut(..little).filter(|_| !is_late) {
        let long = waiting.partition_point(|(index, _)| takes_long(case(*index)));
        if let Some(first) = waiting.get_mut(..long + ALONE) {
            first.rotate_left(long);
        }
    }
    cases
}

/// Whether the best that can come is silence, or the case itself waits.
pub(crate) fn takes_long(case: &Case) -> bool {
    let mut passing = case.expect.iter().filter(|one| one.grade == Grade::Pass);
    let is_silent = |one: &Expectation| one.wants.status.0.contains(&Outcome::Silent);
    passing.clone().any(is_silent)
        // Only in the end it is known that a tunnel has not ended.
        || passing.all(|one| one.wants.tunnel.is_none())
            && case.expect.iter().any(|one| one.wants.tunnel == Some(Tunnel::Ended))
        || waits(&case.steps, LONG) >= LONG
        || waits_for_an_end_unasked(case)
}

/// Whether a case waits for the end of a connection whose own side goes on.
fn waits_for_an_end_unasked(case: &Case) -> bool {
    let end = Act::AwaitOther(Awaited::End);
    let ends = |step: &&Step| step.act == end || step.act == Act::ShutdownWrite;
    case.steps.iter().find(ends).is_some_and(|step| step.act == end)
}

/// Whether silence is no news: a case waits in any case, or its target is known to be silent.
pub(crate) fn waits_anyway(case: &Case, mute: bool) -> bool {
    takes_long(case) || mute
}

/// How many answers a case waits for, one behind the other.
fn answers(case: &Case) -> usize {
    let waits = |act: &Act| {
        matches!(act, Act::Await(_) | Act::AwaitOctets(_) | Act::AwaitCount(_) | Act::Flow(_))
    };
    let waits = case.steps.iter().filter(|step| waits(&step.act)).count();
    waits + usize::from(case.over != Over::Http1) * 2 + usize::from(takes_long(case))
}

/// Whether a switch is among the answers that a case passes.
fn may_switch(case: &Case) -> bool {
    case.expect.iter().any(|one| one.grade == Grade::Pass && one.wants.status.covers_status(101))
}

fn risk(case: &Case, bindings: &Bindings) -> Option<Risk> {
    let sends = Sends::of(case, bindings);
    let http1 = case.over == Over::Http1;
    let has = |act: Act| case.steps.iter().any(|step| step.act == act);
    if case.is_about_cost() {
        return Some(Risk::Cost);
    }
    let ends = has(Act::ShutdownWrite);
    let rows = [
        (Risk::Reset, has(Act::Reset)),
        (Risk::Size, case.hazard.is_some() || sent(case, bindings) > LARGE),
        (Risk::Address, http1 && has_odd_address(&sends.first, bindings)),
        (Risk::Odd, ends || http1 && has_odd_octets(&sends.first)),
        (Risk::Odd, http1 && sends.has_odd_length()),
    ];
    let of_frames = if http1 { sends.risk_of_frames() } else { sends.risk_in_tunnel() };
    let other = rows.into_iter().find(|(_, is_so)| *is_so).map(|(risk, _)| risk);
    other.filter(|risk| *risk == Risk::Reset).or(of_frames).or(other)
}

/// What a case sends.
struct Sends {
    /// Before anything is waited for.
    first: Vec<u8>,
    /// After that, unless only a server that does not switch lets it be sent.
    later: Vec<u8>,
}

impl Sends {
    fn of(case: &Case, bindings: &Bindings) -> Self {
        let mut sends = Self { first: Vec::new(), later: Vec::new() };
        let mut awaited = false;
        for step in &case.steps {
            match &step.act {
                Act::Await(outcomes)
                    if case.over == Over::Http1 && !outcomes.covers_status(101) =>
                {
                    break;
                }
                Act::Await(_) => awaited = true,
                Act::Wait(_) => {}
                _ => {
                    let out = if awaited { &mut sends.later } else { &mut sends.first };
                    awaited |= !render_some(step, out, bindings);
                }
            }
        }
        sends
    }

    /// The worst of what follows a handshake. A body or a second request is frames, too, for a server that has
    /// switched.
    fn risk_of_frames(&self) -> Option<Risk> {
        let end = self.first.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let (head, behind) = self.first.split_at(end);
        if !head.to_ascii_lowercase().windows(9).any(|part| part == b"websocket") {
            return None;
        }
        let worst = worst_of(&[behind, &self.later].concat(), compression(head));
        match () {
            () if behind.is_empty() => worst,
            () if self.has_odd_length() => None,
            () if worst >= Some(Risk::Frames) && opens(head) => Some(Risk::Content),
            () => Some(Risk::Behind),
        }
    }

    /// The worst of the frames inside a tunnel of HTTP/2 (RFC 8441 section 5).
    fn risk_in_tunnel(&self) -> Option<Risk> {
        let octets = [&self.first[..], &self.later].concat();
        if !octets.windows(9).any(|part| part == b":protocol") {
            return None;
        }
        let data = frames(octets.strip_prefix(PREFACE)?).filter(|frame| frame.kind == kind::DATA);
        let inside: Vec<&[u8]> = data.map(|frame| frame.payload).collect();
        worst_of(&inside.concat(), compression(&octets))
    }

    /// Whether the first head is refused, or its content is as long as nobody can tell (RFC 9112 section 6.3).
    fn has_odd_length(&self) -> bool {
        let lines = self.first.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let mut lengths = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
            let colon = line.iter().position(|octet| *octet == b':')?;
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            name.eq_ignore_ascii_case(b"content-length").then_some(value)
        });
        let is_number = |value: &[u8]| {
            (1..=MOST_DIGITS).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
        };
        lengths.next().is_some_and(|first| !is_number(first)) || lengths.next().is_some()
    }
}

/// Whether a server that looks at the WebSocket fields alone switches upon this head (RFC 6455 section 4.2.1).
fn opens(head: &[u8]) -> bool {
    RequestHead::parse(head).complete().is_some_and(|head| {
        let opening = Opening::read(&head);
        opening.websocket && opening.key.is_some()
    })
}

fn compression(head: &[u8]) -> Compression {
    match head.windows(10).any(|part| part == b"permessage") {
        true => Compression::PermessageDeflate,
        false => Compression::None,
    }
}

/// The worst of what a client sends into a tunnel.
fn worst_of(mut octets: &[u8], compression: Compression) -> Option<Risk> {
    let mut reader = FrameReader::new(Party::Client, compression);
    let mut worst = None;
    while !octets.is_empty() {
        let read = reader.read(octets).complete();
        let risk = match &read {
            None => Some(Risk::Payload),
            Some(frame) => of_frame(frame),
        };
        worst = worst.max(risk);
        let Some(frame) = read.filter(|frame| frame.len > 0) else {
            break;
        };
        octets = &octets[frame.len.min(octets.len())..];
    }
    worst
}

fn of_frame(frame: &Frame<'_>) -> Option<Risk> {
    let is_plain = frame.violations.len() == 1 && !opcode::is_control(frame.opcode);
    let of_violation = |violation: &FrameViolation| match violation {
        FrameViolation::DataAfterClose
        | FrameViolation::ControlAfterClose
        | FrameViolation::LengthNotMinimal => Risk::Tolerable,
        FrameViolation::UnmaskedByClient if is_plain => Risk::Unmasked,
        FrameViolation::TextNotUtf8 | FrameViolation::CloseReasonNotUtf8 => Risk::Text,
        FrameViolation::UnmaskedByClient
        | FrameViolation::CloseBodyOneOctet
        | FrameViolation::CloseCodeOutOfRange
        | FrameViolation::CloseCodeReserved
        | FrameViolation::CloseCodeUnassigned => Risk::Payload,
        _ => Risk::Frames,
    };
    let compressed = (frame.rsv != 0).then(|| match inflates_alone(frame) {
        true => Risk::Inflated,
        false => Risk::Payload,
    });
    frame.violations.iter().map(of_violation).max().or(compressed)
}

/// Whether a compressed frame is a text, or the beginning of one, without the window of those before it.
fn inflates_alone(frame: &Frame<'_>) -> bool {
    let text = Inflater::new().message(&frame.payload, MOST_LOOKED_AT);
    !frame.fin || text.is_ok_and(|text| String::from_utf8(text).is_ok())
}

/// Adds what a step writes, a long row in part; returns whether it writes at all.
fn render_some(step: &Step, out: &mut Vec<u8>, bindings: &Bindings) -> bool {
    let rounds = if let Act::Repeat { times, .. } = step.act { times } else { 1 };
    for _ in 0..rounds {
        if !step.act.render_into(out, bindings) {
            return false;
        }
        if out.len() > MOST_LOOKED_AT {
            break;
        }
    }
    true
}

/// How many octets a case sends in all.
pub(crate) fn sent(case: &Case, bindings: &Bindings) -> usize {
    let sizes = case.steps.iter().map(|step| {
        let mut octets = Vec::new();
        let rounds = match &step.act {
            Act::Flow(flow) => {
                flow.data.render_into(&mut octets, bindings);
                flow.times
            }
            act => {
                act.render_into(&mut octets, bindings);
                act.rounds()
            }
        };
        octets.len().saturating_mul(usize::try_from(rounds).unwrap_or(usize::MAX))
    });
    sizes.fold(0, usize::saturating_add)
}

/// Whether the request target or Host has octets that a URL seldom has.
fn has_odd_address(octets: &[u8], bindings: &Bindings) -> bool {
    let mut lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
    let target = lines.next().and_then(|line| line.split(|octet| *octet == b' ').nth(1));
    let odd_target = target.is_none_or(|target| {
        target != bindings.path
            && (!target.starts_with(b"/")
                || target.starts_with(b"//")
                || !target.iter().all(is_usual))
    });
    let mut hosts = lines.filter_map(|line| {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let (name, value) = line.split_at(colon);
        name.trim_ascii().eq_ignore_ascii_case(b"host").then(|| value[1..].trim_ascii())
    });
    let host = hosts.next();
    let is_odd =
        |host: &[u8]| host != bindings.authority && (host.is_empty() || !host.iter().all(is_usual));
    odd_target || host.is_none_or(is_odd) || hosts.next().is_some() || has_odd_field(octets)
}

/// Whether a field that servers like to take apart holds what cannot be decoded, or is no origin.
fn has_odd_field(octets: &[u8]) -> bool {
    octets.split(|octet| *octet == b'\n').any(|line| {
        let Some(colon) = line.iter().position(|octet| *octet == b':') else {
            return false;
        };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        let undecodable = value.contains(&b'[') || has_bare_percent(value);
        match () {
            () if is("origin") => undecodable || !is_origin(value),
            () if is("cookie") || is("referer") || is("authorization") => undecodable,
            () => false,
        }
    })
}

fn has_bare_percent(value: &[u8]) -> bool {
    let digits = |at: usize| value.get(at + 1..at + 3).unwrap_or_default();
    let is_bare = |at: usize| digits(at).len() < 2 || !digits(at).iter().all(u8::is_ascii_hexdigit);
    value.iter().enumerate().any(|(at, octet)| *octet == b'%' && is_bare(at))
}

/// Whether this reads as `null`, or as a scheme, a host and perhaps a port (RFC 6454 section 7.1).
fn is_origin(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let Some((_, authority)) = text.split_once("://") else {
        return text == "null";
    };
    let port = authority.split_once(':').map(|(_, port)| port);
    port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_usual(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"/.-_~?=&:".contains(octet)
}

/// Whether a head has octets that are neither printable ASCII nor line ends.
fn has_odd_octets(octets: &[u8]) -> bool {
    octets.iter().any(|octet| !matches!(octet, b'\r' | b'\n' | b' '..=b'~'))
}

/// From here on one case alone takes longer than all of a kind should.
const MUCH_TOO_LATE: u32 = 2;
/// So many that hurt nobody are played alone at most.
pub(crate) const ALONE: usize = 64;
/// A case that waits for so long takes long.
const LONG: Duration = Duration::from_millis(100);
/// Beyond this servers have their limits.
const LARGE: usize = 8 * 1024;
/// How much of what a case sends is looked at.
const MOST_LOOKED_AT: usize = 256 * 1024;
/// A length of so many digits fits into 64 bits.
const MOST_DIGITS: usize = 19;

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use super::*;

    #[test]
    fn what_kills_weak_servers_is_found_in_the_corpus() {
        let corpus = Corpus::embedded().unwrap();
        let bindings = Bindings {
            authority: b"127.0.0.1:9001".to_vec(),
            path: b"/chat".to_vec(),
            key: b"dGhlIHNhbXBsZSBub25jZQ==".to_vec(),
            ping: b"\x89\x81\x01\x02\x03\x04\x60".to_vec(),
            ..Bindings::default()
        };
        let rows = [
            ("server/control/handshake", None),
            ("server/key/missing", None),
            ("server/origin/open-bracket", Some(Risk::Address)),
            ("server/origin/foreign", None),
            ("server/other-fields/cookie-percent-alone", Some(Risk::Address)),
            ("server/body/text", Some(Risk::Content)),
            ("server/body/key-in-trailer", Some(Risk::Behind)),
            ("server/cost/spaces-in-a-value", Some(Risk::Cost)),
            ("server/persistence/request-behind-handshake", Some(Risk::Content)),
            ("server/persistence/ping-behind-handshake", Some(Risk::Behind)),
            ("server/persistence/handshake-after-refusal", None),
            ("server/messages/text-of-65536-octets", Some(Risk::Size)),
            ("server/compression/text", Some(Risk::Inflated)),
            ("server/compression/shared-window", Some(Risk::Payload)),
            ("server/permessage-deflate/compressed-not-utf8", Some(Risk::Payload)),
            ("server/content-length/length-plus", Some(Risk::Odd)),
            ("server/frames/length-not-minimal", Some(Risk::Tolerable)),
            ("server/frames/rsv2-on-ping", Some(Risk::Frames)),
            ("server/messages/surrogate", Some(Risk::Text)),
            ("server/close/code-1005", Some(Risk::Payload)),
            ("server/frames/unmasked-text", Some(Risk::Unmasked)),
            ("server/frames/unmasked-ping", Some(Risk::Payload)),
            ("server/frames/request-in-the-tunnel", Some(Risk::Payload)),
            ("server/extended-connect/unmasked-frame", Some(Risk::Payload)),
            ("server/extended-connect/two-frames-in-one-data-frame", None),
            ("server/target/hundred-thousand-octets", Some(Risk::Size)),
            ("server/host/missing", Some(Risk::Address)),
            ("server/flow-control/text-of-70000-octets", Some(Risk::Size)),
            ("server/resets/within-frame", Some(Risk::Reset)),
            ("server/resets/unserved-after-1s", Some(Risk::Reset)),
            ("server/resets/half-close-behind-101", Some(Risk::Odd)),
        ];
        for (id, wanted) in rows {
            let case = corpus.case(id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(risk(case, &bindings), wanted, "{id}");
        }
        let of_servers = || corpus.cases.iter().filter(|case| case.id.starts_with("server/"));
        let risky = of_servers().filter(|case| risk(case, &bindings).is_some()).count();
        assert!(risky * 2 < of_servers().count(), "{risky} of {}", of_servers().count());
    }

    #[test]
    fn what_waits_in_any_case_is_known_beforehand() {
        let corpus = Corpus::embedded().unwrap();
        let rows = [
            ("server/syntax/unfinished", true),
            ("server/expect/in-list", true),
            ("server/browsers/http2-advertised", true),
            ("server/frames/ping-behind-a-bad-frame", false),
            ("server/resets/unserved-behind-end", true),
            ("server/resets/half-close-before-101", false),
            ("server/ping/ping-with-data", false),
            ("server/close/code-1005", false),
            ("server/frames/rsv2-on-ping", false),
            ("server/key/missing", false),
        ];
        for (id, wanted) in rows {
            let case = corpus.case(id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(takes_long(case), wanted, "{id}");
        }
    }
}
