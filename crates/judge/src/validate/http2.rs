//! What HTTP/2 asks of the frames and header lists of a server (RFC 9113, RFC 8441 3).
//! Never looks at what the fields mean; the validators of HTTP/1.1 and WebSocket do, where they apply.

use std::ops::Range;

use upspec_handshake::h2::message::{DefectKind, ListKind, defects};
use upspec_handshake::h2::{FaultKind, HeaderList, Stream, setting};

use super::Remark;
use crate::reading::{FRAME_HEADER, Http2, Reading, Unacknowledged};
use crate::text::shown;

/// Everything that the frames do against the rules.
pub(super) fn connection(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let Some(http2) = reading.http2.filter(|http2| http2.is_spoken()) else {
        return;
    };
    framing(http2, remarks);
    acknowledgements(http2, reading, remarks);
    connect_protocol(http2, remarks);
    for stream in http2.got.streams.values() {
        lists(stream, remarks);
        content_length(stream, remarks);
    }
}

/// The first frame of a server is SETTINGS (RFC 9113 3.4); all are as their types ask (RFC 9113 4, 6).
fn framing(http2: &Http2, remarks: &mut Vec<Remark>) {
    for fault in &http2.got.faults {
        let requirement = match fault.kind {
            // Who did not begin as a client does may get GOAWAY and nothing else.
            FaultKind::PrefaceWrong if !http2.sent.reader().is_established() => continue,
            FaultKind::PrefaceWrong => "rfc9113/3.4-preface-sent",
            // A list beyond our own limit is no fault of the target, and what follows is lost on us.
            FaultKind::BlockTooLarge => break,
            _ => "rfc9113/4.2-frame-sent",
        };
        let message = format!("the server sent {}", fault.kind.describe());
        remarks.push(Remark::new(requirement, message).at(frame_at(fault.at)));
    }
}

/// SETTINGS and PING are acknowledged (RFC 9113 6.5.3, 6.7). Only a connection that lived through a
/// whole window shows that they were not.
fn acknowledgements(http2: &Http2, reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let ending = reading.ending;
    if !ending.deadline || ending.by_peer {
        return;
    }
    remarks.extend(http2.unacknowledged().map(|what| match what {
        Unacknowledged::Settings => {
            let message = "the server does not acknowledge SETTINGS";
            Remark::new("rfc9113/6.5.3-settings-ack", message)
        }
        Unacknowledged::Ping => {
            Remark::new("rfc9113/6.7-ping-ack", "the server does not answer a PING")
        }
    }));
}

/// SETTINGS_ENABLE_CONNECT_PROTOCOL is 0 or 1, and 0 never follows 1 (RFC 8441 3).
fn connect_protocol(http2: &Http2, remarks: &mut Vec<Remark>) {
    let mut allowed = false;
    for (at, settings) in &http2.got.settings {
        let own = settings.iter().filter(|(id, _)| *id == setting::ENABLE_CONNECT_PROTOCOL);
        for (_, value) in own {
            if *value > 1 {
                let message = format!("SETTINGS_ENABLE_CONNECT_PROTOCOL is {value}");
                remarks.push(Remark::new("rfc8441/3-setting-value", message).at(frame_at(*at)));
            }
            if allowed && *value == 0 {
                let message = "SETTINGS_ENABLE_CONNECT_PROTOCOL goes back from 1 to 0";
                remarks.push(Remark::new("rfc8441/3-no-withdraw", message).at(frame_at(*at)));
            }
            allowed |= *value == 1;
        }
    }
}

/// The header lists of responses and of trailers are well-formed (RFC 9113 8.2, 8.3.2, 8.6).
pub(super) fn lists(stream: &Stream, remarks: &mut Vec<Remark>) {
    let mut heads = stream.heads.iter();
    for head in heads.by_ref() {
        list(&head.list, ListKind::Response, remarks);
        if head.is_interim() && head.end_stream {
            let message = "a response with a 1xx status ends the stream";
            let remark = Remark::new("rfc9113/8.1-end-stream-interim", message);
            remarks.push(remark.at(head.list.at..head.list.end));
        }
        if !head.is_interim() {
            break;
        }
    }
    for head in heads {
        list(&head.list, ListKind::Trailers, remarks);
    }
}

fn list(list: &HeaderList, kind: ListKind, remarks: &mut Vec<Remark>) {
    for defect in defects(list, kind) {
        let requirement = broken_by(defect.kind);
        let field = defect.field.and_then(|index| list.fields.get(index));
        let shown = field.map(|field| {
            let line = [&field.name[..], b": ", &field.value].concat();
            format!(": {}", shown(&line, 80))
        });
        let what = defect.kind.describe();
        let message = format!("the response has {what}{}", shown.unwrap_or_default());
        remarks.push(Remark::new(requirement, message).at(list.at..list.end));
    }
}

/// What a server breaks that sends such a list. What only a request can have is never among them.
fn broken_by(kind: DefectKind) -> &'static str {
    match kind {
        DefectKind::ConnectionSpecific | DefectKind::TeOther => {
            "rfc9113/8.2.2-connection-fields-sent"
        }
        DefectKind::NameInvalid | DefectKind::NameUppercase => "rfc9113/8.2.1-field-name",
        DefectKind::PseudoAfterRegular => "rfc9113/8.3-pseudo-order",
        DefectKind::PseudoMisplaced => "rfc9113/8.3-pseudo-context",
        DefectKind::PseudoMissing | DefectKind::StatusInvalid => "rfc9113/8.3.2-status",
        DefectKind::PseudoRepeated => "rfc9113/8.3-pseudo-repeated",
        DefectKind::PseudoUnknown => "rfc9113/8.3-pseudo-unknown",
        DefectKind::SwitchingProtocols => "rfc9113/8.6-no-101",
        DefectKind::ValueInvalid => "rfc9113/8.2.1-field-value",
        kind => kind.requirement(),
    }
}

/// Content-Length is the sum of the DATA, where there is any (RFC 9113 8.1.1).
fn content_length(stream: &Stream, remarks: &mut Vec<Remark>) {
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
        let message = format!("Content-Length says {length}, and {came} octets came");
        let remark = Remark::new("rfc9113/8.1.1-malformed", message);
        remarks.push(remark.at(head.list.at..head.list.end));
    }
}

fn frame_at(at: usize) -> Range<usize> {
    at..at + FRAME_HEADER
}

/// Every requirement that a remark of this file can cite.
pub(super) const CITES: &[&str] = &[
    "rfc8441/3-no-withdraw",
    "rfc8441/3-setting-value",
    "rfc9113/3.4-preface-sent",
    "rfc9113/4.2-frame-sent",
    "rfc9113/6.5.3-settings-ack",
    "rfc9113/6.7-ping-ack",
    "rfc9113/8.1-end-stream-interim",
    "rfc9113/8.1.1-malformed",
    "rfc9113/8.2.1-field-name",
    "rfc9113/8.2.1-field-value",
    "rfc9113/8.2.2-connection-fields-sent",
    "rfc9113/8.3-pseudo-context",
    "rfc9113/8.3-pseudo-order",
    "rfc9113/8.3-pseudo-repeated",
    "rfc9113/8.3-pseudo-unknown",
    "rfc9113/8.3.2-status",
    "rfc9113/8.6-no-101",
];
