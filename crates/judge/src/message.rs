//! Matches what a case asks of single messages behind or in front of an intermediary: the first response, the interim
//! ones, and the head and the content of a request that arrived.

use upspec_corpus::case::{Conditions, First, Interim, Line, Sent, Spelling, Told, Version};
use upspec_exchange::{BodyState, Response, Tag, Talk};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::elements_of;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{Fields, Party};

use crate::fields::miss_in;
use crate::filled::filled;
use crate::forwarded::{normal, one_of, resource};
use crate::passage::{Arrived, Passage};
use crate::text::shown;
use crate::view::View;

/// What is missing of what is asked of messages.
pub(crate) fn misses(asked: &Conditions, view: &View<'_, '_>) -> Vec<String> {
    let talk = view.talk;
    let missing = [
        asked.first.filter(|want| !is(*want, view)).map(|want| format!("it is not {want}")),
        asked.body.as_ref().and_then(|want| body_miss(&filled(want, talk), view)),
        asked
            .version
            .filter(|want| !is_version(*want, view))
            .map(|_| "the version is another".to_owned()),
        asked.body_not.as_ref().and_then(|want| body_is(&filled(want, talk), view)),
        one_of("the target is", &asked.spelling, || spelling(view)),
        interim_miss(&asked.interim, talk),
        asked.answers.filter(|_| !has_surplus(talk)).map(|_| "no answer is too many".to_owned()),
        asked.line.filter(|want| !has_line(*want, view)).map(|want| format!("no {want} is there")),
        asked
            .told
            .filter(|_| !is_told_early(view))
            .map(|Told::Early| "no end came early".to_owned()),
        one_of("the content came", &asked.content, || content(view)),
    ];
    let wants_second = !asked.fields_2.is_empty();
    let second = wants_second.then(|| Passage::of(view.talks).arrived(2)).flatten();
    let second = second.as_ref().map(|one| (&one.request.head.fields, one.talk));
    let fields = asked.fields_2.iter().filter_map(|one| match second {
        Some((fields, talk)) => miss_in(one, Some(fields), talk),
        None => Some("the second request did not come".to_owned()),
    });
    let in_interim = interim_fields_miss(asked, talk);
    missing.into_iter().flatten().chain(fields).chain(in_interim).collect()
}

fn is(want: First, view: &View<'_, '_>) -> bool {
    let Some(answer) = view.answer() else {
        return false;
    };
    match want {
        First::Closes => contains_option(answer.head.fields.values("Connection"), "close"),
        First::Switched => is_whole_switch(answer, view.talk),
    }
}

/// Whether it is a 101 to a protocol that its request offers, and nothing stands in the way of the tunnel.
fn is_whole_switch(answer: &Response<'_>, talk: &Talk<'_>) -> bool {
    let fields = &answer.head.fields;
    let request = answer.request.and_then(|index| talk.requests.get(index));
    let framed = fields.contains("Content-Length") || fields.contains("Transfer-Encoding");
    let has_option = contains_option(fields.values("Connection"), "upgrade");
    let is_offered = request.is_some_and(|request| shares_protocol(&request.head.fields, fields));
    answer.head.status == Some(101) && has_option && !framed && is_offered
}

/// Whether the Upgrade fields of two messages name one protocol (RFC 9110 7.8), whatever else they name.
pub(crate) fn shares_protocol(one: &Fields<'_>, other: &Fields<'_>) -> bool {
    let names: Vec<&[u8]> = elements_of(other.values("Upgrade")).collect();
    let mut own = elements_of(one.values("Upgrade"));
    own.any(|name| names.iter().any(|other| other.eq_ignore_ascii_case(name)))
}

fn body_miss(want: &[u8], view: &View<'_, '_>) -> Option<String> {
    let Some(answer) = view.answer() else {
        return Some("no response came".to_owned());
    };
    let sent = view.talk.sent(Party::Server);
    let came = unchunked(&answer.framing, &sent[answer.body.clone()]);
    (came != want).then(|| format!("its content is {}", shown(&came, 40)))
}

fn body_is(unwanted: &[u8], view: &View<'_, '_>) -> Option<String> {
    let is_it = view.answer().is_none() || body_miss(unwanted, view).is_none();
    is_it.then(|| "its content is no other".to_owned())
}

/// How the target of the first request came.
fn spelling(view: &View<'_, '_>) -> Spelling {
    let Some(arrived) = Passage::of(view.talks).arrived(1) else {
        return Spelling::Changed;
    };
    let came = arrived.request.head.target;
    let fronts = view.talks.iter().filter(|talk| talk.link.we == Party::Client);
    let mut sent = fronts.flat_map(|talk| &talk.requests).map(|one| one.head.target);
    let ours = Tag::find(came).and_then(|(_, tag)| sent.find(|target| tag.is_in(target)));
    match ours.map(resource) {
        _ if came.contains(&b'#') => Spelling::Fragment,
        Some(ours) if resource(came) == ours => Spelling::AsSent,
        Some(ours) if normal(came) == normal(ours) => Spelling::Equivalent,
        _ => Spelling::Changed,
    }
}

fn is_version(want: Version, view: &View<'_, '_>) -> bool {
    let (major, minor) = match want {
        Version::Http10 => (1, 0),
        Version::Http11 => (1, 1),
        Version::Http12 => (1, 2),
    };
    let came = match view.talk.tested() {
        Party::Server => view.answer().and_then(|answer| answer.head.version),
        Party::Client => view.request().and_then(|request| request.version),
    };
    came.is_some_and(|came| (came.major, came.minor) == (major, minor))
}

fn interim_miss(asked: &[Interim], talk: &Talk<'_>) -> Option<String> {
    if asked.is_empty() {
        return None;
    }
    let came: Vec<u16> = interims(talk).filter_map(|one| one.head.status).collect();
    let is = |want: &Interim| match want {
        Interim::None => came.is_empty(),
        Interim::Continue => came.contains(&100),
        Interim::Switching => came.contains(&101),
        Interim::EarlyHints => came.contains(&103),
    };
    let words = || came.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!asked.iter().any(is)).then(|| format!("of 1xx came {}", words()))
}

/// The interim responses; a 101 is none but in HTTP/2.
fn interims<'t, 'o>(talk: &'t Talk<'o>) -> impl Iterator<Item = &'t Response<'o>> {
    let switching = talk.http2.is_some();
    let is_interim = move |one: &&Response<'o>| match one.head.status {
        Some(101) => switching,
        Some(status) => status < 200,
        None => false,
    };
    talk.responses.iter().filter(is_interim)
}

fn interim_fields_miss(asked: &Conditions, talk: &Talk<'_>) -> Option<String> {
    let fits = |one: &Response<'_>| {
        let fields = Some(&one.head.fields);
        asked.interim_fields.iter().all(|matcher| miss_in(matcher, fields, talk).is_none())
    };
    let there = asked.interim_fields.is_empty() || interims(talk).any(fits);
    (!there).then(|| "no 1xx has such fields".to_owned())
}

fn has_surplus(talk: &Talk<'_>) -> bool {
    talk.finals().count() > talk.requests.len()
}

/// Whether a line of the head that the case is about is of this kind.
fn has_line(want: Line, view: &View<'_, '_>) -> bool {
    let head = match view.talk.tested() {
        Party::Server => view.answer().map(|one| one.at..one.at + one.head.len),
        Party::Client => view.asked().map(|one| one.at..one.at + one.head.len),
    };
    let octets = head.map(|at| &view.talk.sent(view.talk.tested())[at]).unwrap_or_default();
    let mut lines = octets.split(|octet| *octet == b'\n').skip(1);
    lines.any(|line| match want {
        Line::Fold => line.first().is_some_and(|octet| b" \t".contains(octet)),
        Line::SpaceBeforeColon => {
            let colon = line.iter().position(|octet| *octet == b':').unwrap_or(0);
            colon > 1 && b" \t".contains(&line[colon - 1])
        }
    })
}

/// Whether the end came before the other side was ended in both directions.
fn is_told_early(view: &View<'_, '_>) -> bool {
    let others = view.talks.iter().filter(|talk| talk.link.we != view.talk.link.we);
    let closed = others.filter_map(|talk| talk.ending.we_closed_us).min();
    view.ending().peer_ended_us.is_some_and(|end| closed.is_none_or(|closed| end < closed))
}

/// How the content of the first request came.
fn content(view: &View<'_, '_>) -> Sent {
    let Some(arrived) = Passage::of(view.talks).arrived(1) else {
        return Sent::Short;
    };
    let ours = our_content(view.talks, arrived.request.head.target);
    let fields = &arrived.request.head.fields;
    let sent = arrived.talk.sent(Party::Client);
    let body = arrived.request.body.clone();
    if fields.contains("Content-Length") && fields.contains("Transfer-Encoding") {
        return Sent::Both;
    }
    if let Some(stream) = arrived.stream() {
        let answer = arrived.answers().find(|one| one.is_final());
        let heard = answer.map(|answer| arrived.talk.heard_before(answer.at));
        return match stream.ended {
            None => Sent::Short,
            Some(_) if stream.data != ours => Sent::Other,
            Some(_) if heard.is_some_and(|heard| arrived.data_before(heard) < ours.len()) => {
                Sent::Late
            }
            Some(_) => Sent::Exact,
        };
    }
    match (&arrived.request.framing, arrived.request.body_state) {
        (Framing::None, _) if ours.is_empty() => Sent::Exact,
        (Framing::None, _) if begins_with_part(&sent[body.end..], &ours) => Sent::Unframed,
        (Framing::None, _) | (_, BodyState::Partial) => Sent::Short,
        (framing, _) if unchunked(framing, &sent[body]) != ours => Sent::Other,
        _ if is_late(&arrived) => Sent::Late,
        _ => Sent::Exact,
    }
}

fn is_late(arrived: &Arrived<'_, '_>) -> bool {
    let answer = arrived.answers().find(|one| one.is_final());
    answer.is_some_and(|answer| arrived.talk.heard_before(answer.at) < arrived.request.body.end)
}

/// Whether octets begin as that content does, with more than chance explains.
fn begins_with_part(octets: &[u8], content: &[u8]) -> bool {
    let length = octets.len().min(content.len()).min(4);
    length > 0 && octets[..length] == content[..length]
}

/// The content of the request that our client sent with the tag of this target.
fn our_content(talks: &[Talk<'_>], target: &[u8]) -> Vec<u8> {
    let Some((_, tag)) = Tag::find(target) else {
        return Vec::new();
    };
    let fronts = talks.iter().filter(|talk| talk.link.we == Party::Client);
    let own = fronts.flat_map(|talk| talk.requests.iter().map(move |one| (talk, one)));
    let found = own.into_iter().find(|(_, one)| tag.is_in(one.head.target));
    let octets = found
        .map(|(talk, one)| unchunked(&one.framing, &talk.sent(Party::Client)[one.body.clone()]));
    octets.unwrap_or_default()
}

/// Content without its chunks (RFC 9112 7.1), as far as they can be read.
fn unchunked(framing: &Framing, octets: &[u8]) -> Vec<u8> {
    if *framing != Framing::Chunked {
        return octets.to_vec();
    }
    let (mut rest, mut out) = (octets, Vec::new());
    while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
        let digits: Vec<u8> =
            rest[..end].iter().copied().take_while(u8::is_ascii_hexdigit).collect();
        let digits = str::from_utf8(&digits).unwrap_or_default();
        let Some(size) = usize::from_str_radix(digits, 16).ok().filter(|size| *size > 0) else {
            break;
        };
        let data = &rest[end + 1..];
        out.extend_from_slice(&data[..size.min(data.len())]);
        rest = data.get(size.saturating_add(2)..).unwrap_or_default();
    }
    out
}
