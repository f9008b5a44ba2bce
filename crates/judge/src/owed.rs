//! What the frames of a peer oblige us to write while a case goes on.
//! Never writes, and never owes twice what a step has written.

use upspec_handshake::h2::frame::{Frame, frames};
use upspec_handshake::h2::{PREFACE, flag, kind, write};

/// All that the frames read so far have made due, in their order: acknowledgements of SETTINGS and
/// PING (RFC 9113 6.5.3, 6.7), and the room that lets a long answer go on (RFC 9113 6.9). What the
/// steps have written of it is left out.
pub(crate) fn owed(written: &[u8], read: &[u8]) -> Vec<u8> {
    if !is_between_frames(written) {
        return Vec::new();
    }
    let own = own_acknowledgements(written);
    let (mut settings, mut pings) = (own.settings, own.pings);
    let mut owed = Vec::new();
    let mut taken: u32 = 0;
    for frame in frames(read) {
        if let Some(octets) = question(&frame) {
            match pings.iter().position(|own| *own == octets) {
                Some(at) => drop(pings.swap_remove(at)),
                None => owed.extend(write::ping(flag::ACK, octets)),
            }
        } else if frame.kind == kind::SETTINGS && !frame.has(flag::ACK) {
            match settings.checked_sub(1) {
                Some(left) => settings = left,
                None => owed.extend(write::settings_ack()),
            }
        } else if frame.kind == kind::DATA {
            taken += u32::try_from(frame.payload.len()).unwrap_or(u32::MAX >> 8);
            if taken >= ROOM {
                owed.extend(write::window_update(0, taken));
                owed.extend(write::window_update(frame.stream, taken));
                taken = 0;
            }
        }
    }
    owed
}

/// Whether a frame of another hand can stand next: the steps have written the preface, whole frames
/// after it, and no header block that waits for its end (RFC 9113 3.4, 6.10).
pub(crate) fn is_between_frames(written: &[u8]) -> bool {
    let Some(octets) = written.strip_prefix(PREFACE) else {
        return false;
    };
    let mut all = frames(octets);
    let mut block_open = false;
    let mut first = true;
    for frame in &mut all {
        if first && frame.kind != kind::SETTINGS {
            return false;
        }
        first = false;
        if let kind::HEADERS | kind::CONTINUATION = frame.kind {
            block_open = !frame.has(flag::END_HEADERS);
        }
    }
    !first && !block_open && all.rest_at == octets.len()
}

/// The octets of a PING that asks for an answer.
fn question(frame: &Frame<'_>) -> Option<[u8; 8]> {
    frame.ping().filter(|_| !frame.has(flag::ACK))
}

struct Acknowledgements {
    settings: usize,
    pings: Vec<[u8; 8]>,
}

/// What the steps have acknowledged themselves.
fn own_acknowledgements(written: &[u8]) -> Acknowledgements {
    let octets = written.strip_prefix(PREFACE).unwrap_or_default();
    let acknowledged = |frame: &Frame<'_>| frame.has(flag::ACK);
    Acknowledgements {
        settings: frames(octets)
            .filter(|frame| frame.kind == kind::SETTINGS && acknowledged(frame))
            .count(),
        pings: frames(octets).filter(acknowledged).filter_map(|frame| frame.ping()).collect(),
    }
}

/// After how many octets of content we make room for as many more.
const ROOM: u32 = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(frames: &[Vec<u8>]) -> Vec<u8> {
        [PREFACE.to_vec(), write::settings(&[])]
            .into_iter()
            .chain(frames.iter().cloned())
            .flatten()
            .collect()
    }

    #[test]
    fn settings_and_pings_are_acknowledged() {
        let read = [
            write::settings(&[(8, 1)]),
            write::settings_ack(),
            write::ping(0, *b"upspec!!"),
            write::ping(flag::ACK, *b"12345678"),
        ]
        .concat();
        let both = [write::settings_ack(), write::ping(flag::ACK, *b"upspec!!")].concat();
        assert_eq!(owed(&opened(&[]), &read), both);
        assert_eq!(owed(&opened(&[]), &read[..20]), write::settings_ack());
        let own = opened(&[write::settings_ack()]);
        assert_eq!(owed(&own, &read), write::ping(flag::ACK, *b"upspec!!"));
    }

    #[test]
    fn nothing_is_owed_in_the_middle_of_what_the_steps_write() {
        let read = write::settings(&[]);
        let headers = write::frame(kind::HEADERS, 0, 1, b"");
        let rows = [
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "no preface"),
            (PREFACE.to_vec(), "no SETTINGS yet"),
            (opened(std::slice::from_ref(&headers)), "an open header block"),
            (opened(&[write::ping(0, [0; 8])[..12].to_vec()]), "half a frame"),
        ];
        for (written, what) in rows {
            assert_eq!(owed(&written, &read), b"", "{what}");
        }
        let closed = write::frame(kind::CONTINUATION, flag::END_HEADERS, 1, b"");
        assert_eq!(owed(&opened(&[headers, closed]), &read), write::settings_ack());
    }

    #[test]
    fn a_long_answer_gets_more_room() {
        let read = write::data(1, &[0; 40_000], 0);
        let room = [write::window_update(0, 32_768), write::window_update(1, 32_768)].concat();
        assert_eq!(owed(&opened(&[]), &read), room);
    }
}
