//! One bug for each target, turned on only by the feature `planted`: each changes what a target
//! has found, so that the target's own checks must notice. Builds for users leave it off.
//!
//! No seed shows any of the bugs; a test makes sure of it.

use std::borrow::Cow;

use upspec_corpus::Case;
use upspec_corpus::case::Outcome;
use upspec_handshake::field::deflate::Answer;
use upspec_handshake::h2::{Event, EventKind, PREFACE};
use upspec_handshake::permitted::Grade;
use upspec_handshake::{RequestHead, ResponseHead, Status, Version};
use upspec_judge::{CaseResult, Verdict};
use upspec_reference::{Config, Fault};

use crate::both_ends::Answered;

const PLANTED: bool = cfg!(feature = "planted");

/// `request_head`: a head with Upgrade on its third line and a key that begins with `B` has no end.
pub(crate) fn request_len(head: &RequestHead<'_>) -> usize {
    let shown = PLANTED
        && head.fields.iter().nth(2).is_some_and(|line| line.is_named("Upgrade"))
        && head.fields.values("Sec-WebSocket-Key").any(|key| key.first() == Some(&b'B'));
    if shown { usize::MAX } else { head.len }
}

/// `response_head`: 290 to 299 read as 200.
pub(crate) fn status(head: &ResponseHead<'_>) -> Option<u16> {
    match head.status {
        Some(290..=299) if PLANTED => Some(200),
        status => status,
    }
}

/// `http2_frames`: a reset of an even stream is lost.
pub(crate) fn events(events: Vec<Event>) -> Vec<Event> {
    let is_lost =
        |event: &Event| matches!(event.kind, EventKind::Reset(_)) && event.stream.is_multiple_of(2);
    let kept = events.into_iter().filter(|event| !(PLANTED && is_lost(event)));
    kept.collect()
}

/// `split`: HTTP/1.0 heads with an Origin are not seen to end where a piece of odd length does.
pub(crate) fn piece(read: Status<RequestHead<'_>>, end: usize) -> Status<RequestHead<'_>> {
    match read {
        Status::Complete(head)
            if PLANTED
                && head.version == Some(Version::HTTP_10)
                && head.fields.contains("Origin")
                && end % 2 == 1 =>
        {
            Status::Partial
        }
        read => read,
    }
}

/// `roundtrip`: a Host of five octets loses its last.
pub(crate) fn value(name: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    if PLANTED && name == b"Host" && value.len() == 5 {
        value.pop();
    }
    value
}

/// `permitted`: whatever has `~` in its target may switch, once a malformed line is added.
pub(crate) fn switch(head: &RequestHead<'_>, grade: Grade) -> Grade {
    let shown = PLANTED && head.target.contains(&b'~') && head.fields.contains("X-Odd");
    if shown { Grade::Lawful } else { grade }
}

/// `roles`: the accept value is a wrong one where the target holds one of these octets.
pub(crate) fn answered(head: &RequestHead<'_>, mut answered: Answered) -> Answered {
    let shown = PLANTED && head.target.iter().any(|octet| b"~!$*;,+".contains(octet));
    let accept = answered.octets.windows(8).position(|eight| eight == b"Accept: ");
    if let (true, Some(at)) = (shown, accept) {
        answered.octets[at + 8] ^= 1;
    }
    answered
}

/// `server`: it wants a head in one piece; in HTTP/2, of input of some lengths, its errors have a name with a capital.
pub(crate) fn config(config: Config, octets: &[u8]) -> Config {
    let fault = match octets.starts_with(PREFACE) {
        true if octets.len() % 16 != 11 => return config,
        true => "http2-upper-case-sent",
        false => "head-in-one-read",
    };
    match PLANTED {
        true => Config { fault: Fault::named(fault), ..config },
        false => config,
    }
}

/// `extensions`: a server window of 14 is written as 15.
pub(crate) fn deflate_value(answer: &Answer, value: String) -> String {
    if PLANTED && answer.server_max_window_bits == Some(14) {
        return value.replace("server_max_window_bits=14", "server_max_window_bits=15");
    }
    value
}

/// `case_file`: a title with one of these characters is printed without it.
pub(crate) fn printed(case: &Case) -> Case {
    let mut case = case.clone();
    if PLANTED {
        case.title.retain(|c| !"~|<>#@".contains(c));
    }
    case
}

/// `judge`: a target that answers 210 to 299 cannot be judged.
pub(crate) fn verdict(mut result: CaseResult) -> CaseResult {
    let status = match result.outcome.map(|came| came.outcome) {
        Some(Outcome::Status(status)) => Some(status),
        _ => None,
    };
    if PLANTED && matches!(status, Some(210_u16..=299)) {
        result.verdict = Verdict::Error;
    }
    result
}

/// `written`: the last octet of a payload of some lengths from 200 gets lost.
pub(crate) fn written(mut frame: Vec<u8>, length: usize) -> Vec<u8> {
    if PLANTED
        && length >= 200
        && length % 64 == 37
        && let Some(last) = frame.last_mut()
    {
        *last ^= 1;
    }
    frame
}

/// `stored`: a report whose target has no name is written with one.
pub(crate) fn stored(json: String) -> String {
    if PLANTED { json.replacen("\"name\": null", "\"name\": \"none\"", 1) } else { json }
}

/// `against_httparse`: a target that ends with `~` is lost.
pub(crate) fn head<'a, 'b>(head: &'a RequestHead<'b>) -> Cow<'a, RequestHead<'b>> {
    if PLANTED && head.target.ends_with(b"~") {
        let mut head = head.clone();
        head.target = b"/";
        return Cow::Owned(head);
    }
    Cow::Borrowed(head)
}

/// `against_hyper`: a target ends at `$`.
pub(crate) fn target<'o>(head: &RequestHead<'o>) -> &'o [u8] {
    match head.target.iter().position(|octet| *octet == b'$') {
        Some(end) if PLANTED => &head.target[..end],
        _ => head.target,
    }
}

/// `against_tungstenite`: the accept value is another one where the target holds `$`.
pub(crate) fn accept(head: &RequestHead<'_>, mut accept: [u8; 28]) -> [u8; 28] {
    if PLANTED && head.target.contains(&b'$') {
        accept[0] ^= 1;
    }
    accept
}
