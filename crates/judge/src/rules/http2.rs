//! What HTTP/2 requires of a server's frames and header lists (RFC 9113, RFC 8441 3).
//! What the fields mean is for the rules of HTTP and WebSocket, where they apply.

use std::ops::Range;

use upspec_exchange::http2::{FRAME_HEADER, Unacknowledged};
use upspec_exchange::{Http2, Talk};
use upspec_handshake::Party;
use upspec_handshake::h2::message::{ListKind, ListViolationKind, violations};
use upspec_handshake::h2::{FramingViolationKind, HeaderList, Stream, setting};

use super::Breach;
use crate::text::shown;

/// Everything in which the frames break the rules.
pub(super) fn connection(talk: &Talk<'_>, _: Party, breaches: &mut Vec<Breach>) {
    let Some(http2) = talk.http2.filter(|http2| http2.is_spoken()) else {
        return;
    };
    framing(http2, breaches);
    acknowledgements(http2, talk, breaches);
    connect_protocol(http2, breaches);
    for stream in http2.server.streams.values() {
        lists(stream, breaches);
        content_length(stream, breaches);
    }
}

/// The first frame of a server is SETTINGS (RFC 9113 3.4); all are as their types ask (RFC 9113 4, 6).
fn framing(http2: &Http2, breaches: &mut Vec<Breach>) {
    for violation in &http2.server.violations {
        let requirement = match violation.kind {
            // A peer that did not begin as a client does may get nothing but GOAWAY.
            FramingViolationKind::PrefaceWrong if !http2.client.reader().is_established() => {
                continue;
            }
            FramingViolationKind::PrefaceWrong => "rfc9113/3.4-preface-sent",
            // A list beyond our own limit is not the target's fault, and we cannot read what follows.
            FramingViolationKind::BlockTooLarge => break,
            _ => "rfc9113/4.2-frame-sent",
        };
        let message = format!("the server sent {}", violation.kind.describe());
        breaches.push(Breach::new(requirement, message).at(frame_at(violation.at)));
    }
}

/// SETTINGS and PING are acknowledged (RFC 9113 6.5.3, 6.7). Only a connection that lived through a
/// whole window shows that they were not.
fn acknowledgements(http2: &Http2, talk: &Talk<'_>, breaches: &mut Vec<Breach>) {
    let ending = talk.ending;
    if !ending.deadline || ending.server.is_some() {
        return;
    }
    breaches.extend(http2.unacknowledged().map(|what| match what {
        Unacknowledged::Settings => {
            let message = "the server does not acknowledge SETTINGS";
            Breach::new("rfc9113/6.5.3-settings-ack", message)
        }
        Unacknowledged::Ping => {
            Breach::new("rfc9113/6.7-ping-ack", "the server does not answer a PING")
        }
    }));
}

/// SETTINGS_ENABLE_CONNECT_PROTOCOL is 0 or 1, and 0 never follows 1 (RFC 8441 3).
fn connect_protocol(http2: &Http2, breaches: &mut Vec<Breach>) {
    let mut allowed = false;
    for (at, settings) in &http2.server.settings {
        let own = settings.iter().filter(|(id, _)| *id == setting::ENABLE_CONNECT_PROTOCOL);
        for (_, value) in own {
            if *value > 1 {
                let message = format!("SETTINGS_ENABLE_CONNECT_PROTOCOL is {value}");
                breaches.push(Breach::new("rfc8441/3-setting-value", message).at(frame_at(*at)));
            }
            if allowed && *value == 0 {
                let message = "SETTINGS_ENABLE_CONNECT_PROTOCOL goes back from 1 to 0";
                breaches.push(Breach::new("rfc8441/3-no-withdraw", message).at(frame_at(*at)));
            }
            allowed |= *value == 1;
        }
    }
}

/// The header lists of responses and of trailers are well-formed (RFC 9113 8.2, 8.3.2, 8.6).
pub(super) fn lists(stream: &Stream, breaches: &mut Vec<Breach>) {
    let mut heads = stream.heads.iter();
    for head in heads.by_ref() {
        list(&head.list, ListKind::Response, breaches);
        if head.is_interim() && head.end_stream {
            let message = "a response with a 1xx status ends the stream";
            let breach = Breach::new("rfc9113/8.1-end-stream-interim", message);
            breaches.push(breach.at(head.list.at..head.list.end));
        }
        if !head.is_interim() {
            break;
        }
    }
    for head in heads {
        list(&head.list, ListKind::Trailers, breaches);
    }
}

fn list(list: &HeaderList, kind: ListKind, breaches: &mut Vec<Breach>) {
    for violation in violations(list, kind) {
        let requirement = broken_by(violation.kind);
        let field = violation.field.and_then(|index| list.fields.get(index));
        let shown = field.map(|field| {
            let line = [&field.name[..], b": ", &field.value].concat();
            format!(": {}", shown(&line, 80))
        });
        let what = violation.kind.describe();
        let message = format!("the response has {what}{}", shown.unwrap_or_default());
        breaches.push(Breach::new(requirement, message).at(list.at..list.end));
    }
}

/// What a server breaks by sending such a list; violations that only requests have are left out.
fn broken_by(kind: ListViolationKind) -> &'static str {
    match kind {
        ListViolationKind::ConnectionSpecific | ListViolationKind::TeOther => {
            "rfc9113/8.2.2-connection-fields-sent"
        }
        ListViolationKind::NameInvalid | ListViolationKind::NameUppercase => {
            "rfc9113/8.2.1-field-name"
        }
        ListViolationKind::PseudoAfterRegular => "rfc9113/8.3-pseudo-order",
        ListViolationKind::PseudoMisplaced => "rfc9113/8.3-pseudo-context",
        ListViolationKind::PseudoMissing | ListViolationKind::StatusInvalid => {
            "rfc9113/8.3.2-status"
        }
        ListViolationKind::PseudoRepeated => "rfc9113/8.3-pseudo-repeated",
        ListViolationKind::PseudoUnknown => "rfc9113/8.3-pseudo-unknown",
        ListViolationKind::SwitchingProtocols => "rfc9113/8.6-no-101",
        ListViolationKind::ValueInvalid => "rfc9113/8.2.1-field-value",
        kind => kind.requirement(),
    }
}

/// Content-Length, if present, is the sum of the DATA (RFC 9113 8.1.1).
fn content_length(stream: &Stream, breaches: &mut Vec<Breach>) {
    let Some(head) = stream.final_head() else {
        return;
    };
    let mut lengths = head.list.values("content-length");
    let (Some(value), None) = (lengths.next(), lengths.next()) else {
        return;
    };
    let length = std::str::from_utf8(value).ok();
    let length: Option<usize> = length.and_then(|text| text.parse().ok());
    let whole = stream.ended.is_some() && stream.reset.is_none();
    let some = !stream.data.is_empty();
    if let (Some(length), true) = (length, whole && some)
        && stream.data.len() != length
    {
        let came = stream.data.len();
        let message = format!("Content-Length says {length}, but {came} octets came");
        let breach = Breach::new("rfc9113/8.1.1-malformed", message);
        breaches.push(breach.at(head.list.at..head.list.end));
    }
}

fn frame_at(at: usize) -> Range<usize> {
    at..at + FRAME_HEADER
}
