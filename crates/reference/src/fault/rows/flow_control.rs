//! Faults of flow control in HTTP/2 (RFC 9113 5.2, 6.9): room that is not given back, and windows that are not
//! kept to. Each is about one of the two directions.

use upspec_handshake::h2::{PREFACE, flag, kind, setting, write};

use crate::fault::probe::{Probe, WEBSOCKET, beside_tunnel, frame, headers, octets};
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    // What the client sends.
    fault("http2-no-credit", "The room that DATA takes is never given back.")
        .breaks("rfc9113/6.9.1-credit")
        .shown_by(|| beside_tunnel(&[write::data(1, &frame(0x8a, b""), 0)]))
        .at(Point::Http2CreditOmitted),
    fault(
        "http2-no-connection-credit",
        "The room that DATA takes is given back for its stream alone.",
    )
    .breaks("rfc9113/6.9.1-credit")
    .shown_by(|| beside_tunnel(&[write::data(1, &frame(0x8a, b""), 0)]))
    .at(Point::Http2ConnectionCreditOmitted),
    fault("http2-no-credit-for-padding", "The room that padding takes is not given back.")
        .breaks("rfc9113/6.9.1-credit")
        .shown_by(|| {
            beside_tunnel(&[write::frame(
                kind::DATA,
                flag::PADDED,
                1,
                &[2, 0x8a, 0x80, 0, 0, 0, 0, 0, 0],
            )])
        })
        .at(Point::Http2PaddingUncredited),
    // What the server sends.
    fault("http2-windows-ignored", "DATA leaves whatever room the client has given.")
        .breaks("rfc9113/6.9.1-window")
        .shown_by(|| sized(1, &[]))
        .at(Point::Http2WindowsIgnored),
    fault("http2-connection-window-ignored", "DATA leaves whatever room the connection has.")
        .breaks("rfc9113/6.9.1-window")
        .shown_by(|| {
            let text = vec![b'a'; 66_000];
            let room = write::window_update(1, 100_000);
            beside_tunnel(&[room, write::data(1, &frame(0x81, &text), 0)])
        })
        .at(Point::Http2ConnectionWindowIgnored),
    fault(
        "http2-open-windows-kept",
        "A new SETTINGS_INITIAL_WINDOW_SIZE is for new streams alone.",
    )
    .breaks("rfc9113/6.9.2-adjust")
    .shown_by(|| {
        let closed = write::settings(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
        beside_tunnel(&[closed, write::data(1, &frame(0x89, b"1"), 0)])
    })
    .at(Point::Http2OpenWindowsKept),
    fault("http2-stream-credit-ignored", "WINDOW_UPDATE for a stream is ignored.")
        .breaks("rfc9113/6.9.1-update")
        .shown_by(|| sized(1, &[write::window_update(1, 100)]))
        .at(Point::Http2StreamCreditIgnored),
    fault("http2-headers-wait", "A response does not go out into a window of 0.")
        .breaks("rfc9113/5.2.1-data-alone")
        .shown_by(|| sized(0, &[]))
        .at(Point::Http2HeadersWait),
    fault("http2-zero-increment-taken", "A WINDOW_UPDATE by 0 is ignored.")
        .breaks("rfc9113/6.9-increment-zero")
        .shown_by(|| beside_tunnel(&[write::window_update(1, 0)]))
        .at(Point::Http2ZeroIncrementTaken),
    fault("http2-window-overflows", "A window may grow without limit.")
        .breaks("rfc9113/6.9.1-overflow")
        .shown_by(|| beside_tunnel(&[write::window_update(1, 0x7fff_ffff)]))
        .at(Point::Http2WindowOverflows),
];

/// A WebSocket, and a Ping in it, where a new stream's window has this size; and frames after it.
fn sized(size: u32, more: &[Vec<u8>]) -> Probe {
    let size = write::settings(&[(setting::INITIAL_WINDOW_SIZE, size)]);
    let ping = write::data(1, &frame(0x89, b"1"), 0);
    let begun = [PREFACE.to_vec(), size, headers(1, WEBSOCKET, 0), ping];
    octets([&begun[..], more].concat().concat())
}
