//! What HTTP/2 obliges us to write during a case, besides what its steps write.

use upspec_exchange::Talk;
use upspec_handshake::Party;
use upspec_handshake::h2::frame::{Frame, frames};
use upspec_handshake::h2::{PREFACE, flag, kind, setting, write};

/// One direction of HTTP/2 each: what we sent and what the peer sent, from its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directions<'o> {
    we: Party,
    ours: &'o [u8],
    theirs: &'o [u8],
}

impl<'o> Directions<'o> {
    /// What was said in HTTP/2 on a link: from the start, or after a 101 to h2c (RFC 7540 section 3.2).
    pub(crate) fn of(talk: &Talk<'o>) -> Option<Self> {
        let we = talk.link.we;
        let (ours, theirs) = match (&talk.http2, &talk.tunnel) {
            (Some(_), _) => (talk.sent(we), talk.sent(we.other())),
            (None, Some(tunnel)) if tunnel.sent(Party::Client).starts_with(PREFACE) => {
                (tunnel.sent(we), tunnel.sent(we.other()))
            }
            (None, _) => return None,
        };
        Some(Self { we, ours, theirs })
    }

    /// Whether the peer's SETTINGS came.
    pub(crate) fn has_settings(&self) -> bool {
        frames(after_preface(self.we.other(), self.theirs).unwrap_or_default())
            .any(|frame| frame.kind == kind::SETTINGS && !frame.has(flag::ACK))
    }

    /// All that the frames read so far have made due, in their order: acknowledgements of SETTINGS and
    /// PING (RFC 9113 sections 6.5.3 and 6.7), and the room that lets a long answer go on (section 6.9).
    /// What the steps have written of it is left out; once they make room on the connection themselves,
    /// all room is theirs to make. What was due earlier is its beginning; it is empty as long as it would cut
    /// what the steps write.
    pub(crate) fn due(&self) -> Vec<u8> {
        if !self.is_between_frames() {
            return Vec::new();
        }
        let (mut settings, mut pings) = self.acknowledged();
        let makes_room = self.makes_room();
        let mut due = Vec::new();
        let mut taken: u32 = 0;
        for frame in frames(after_preface(self.we.other(), self.theirs).unwrap_or_default()) {
            if let Some(octets) = frame.ping().filter(|_| !frame.has(flag::ACK)) {
                match pings.iter().position(|own| *own == octets) {
                    Some(at) => drop(pings.swap_remove(at)),
                    None => due.extend(write::ping(flag::ACK, octets)),
                }
            } else if frame.kind == kind::SETTINGS && !frame.has(flag::ACK) {
                match settings.checked_sub(1) {
                    Some(left) => settings = left,
                    None => due.extend(write::settings_ack()),
                }
            } else if frame.kind == kind::DATA && !makes_room {
                taken += u32::try_from(frame.payload.len()).unwrap_or(u32::MAX >> 8);
                if taken >= ROOM {
                    due.extend(write::window_update(0, taken));
                    due.extend(write::window_update(frame.stream, taken));
                    taken = 0;
                }
            }
        }
        due
    }

    /// How many octets of DATA the peer's windows let us write on a stream now: the smaller of what the
    /// stream and the connection have left (RFC 9113 sections 6.9.1 and 6.9.2).
    pub(crate) fn room(&self, stream: u32) -> usize {
        let theirs = frames(after_preface(self.we.other(), self.theirs).unwrap_or_default());
        let (mut own, mut all, mut initial) = (0, INITIAL_WINDOW, INITIAL_WINDOW);
        for frame in theirs {
            match frame.window_update().map(i64::from) {
                Some(more) if frame.stream == 0 => all += more,
                Some(more) if frame.stream == stream => own += more,
                Some(_) => {}
                None => {
                    let settings = frame.settings().unwrap_or_default().into_iter();
                    let mut sizes = settings.filter(|(id, _)| *id == setting::INITIAL_WINDOW_SIZE);
                    initial = sizes.next_back().map_or(initial, |(_, size)| i64::from(size));
                }
            }
        }
        let ours = frames(after_preface(self.we, self.ours).unwrap_or_default());
        for frame in ours.filter(|frame| frame.kind == kind::DATA) {
            let length = i64::try_from(frame.payload.len()).unwrap_or(i64::MAX);
            all -= length;
            own -= if frame.stream == stream { length } else { 0 };
        }
        usize::try_from((initial + own).min(all)).unwrap_or(0)
    }

    /// Whether a frame that no step writes can stand next: the steps have written the preface, whole
    /// frames after it, and no header block that waits for its end (RFC 9113 sections 3.4 and 6.10).
    pub(crate) fn is_between_frames(&self) -> bool {
        let Some(octets) = after_preface(self.we, self.ours) else {
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

    /// Whether the steps have widened the window of the connection.
    fn makes_room(&self) -> bool {
        let mut own = frames(after_preface(self.we, self.ours).unwrap_or_default());
        own.any(|frame| frame.stream == 0 && frame.window_update().is_some())
    }

    /// What the steps have acknowledged themselves: how many SETTINGS, and which PINGs.
    fn acknowledged(&self) -> (usize, Vec<[u8; 8]>) {
        let own = after_preface(self.we, self.ours).unwrap_or_default();
        let acknowledgement = |frame: &Frame<'_>| frame.has(flag::ACK);
        let settings = frames(own)
            .filter(|frame| frame.kind == kind::SETTINGS && acknowledgement(frame))
            .count();
        (settings, frames(own).filter(acknowledgement).filter_map(|frame| frame.ping()).collect())
    }
}

/// The frames of a party: a client's begin behind its preface (RFC 9113 section 3.4).
fn after_preface(party: Party, octets: &[u8]) -> Option<&[u8]> {
    match party {
        Party::Client => octets.strip_prefix(PREFACE),
        Party::Server => Some(octets),
    }
}

/// A window before anybody says otherwise (RFC 9113 section 6.9.2).
const INITIAL_WINDOW: i64 = 65_535;

/// After how many octets of content we make room for as many more.
const ROOM: u32 = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn due(ours: &[u8], theirs: &[u8]) -> Vec<u8> {
        Directions { we: Party::Client, ours, theirs }.due()
    }

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
        assert_eq!(due(&opened(&[]), &read), both);
        assert_eq!(due(&opened(&[]), &read[..20]), write::settings_ack());
        let own = opened(&[write::settings_ack()]);
        assert_eq!(due(&own, &read), write::ping(flag::ACK, *b"upspec!!"));
    }

    #[test]
    fn nothing_is_due_in_the_middle_of_what_the_steps_write() {
        let read = write::settings(&[]);
        let headers = write::frame(kind::HEADERS, 0, 1, b"");
        let rows = [
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "no preface"),
            (PREFACE.to_vec(), "no SETTINGS yet"),
            (opened(std::slice::from_ref(&headers)), "an open header block"),
            (opened(&[write::ping(0, [0; 8])[..12].to_vec()]), "half a frame"),
        ];
        for (written, what) in rows {
            assert_eq!(due(&written, &read), b"", "{what}");
        }
        let closed = write::frame(kind::CONTINUATION, flag::END_HEADERS, 1, b"");
        assert_eq!(due(&opened(&[headers, closed]), &read), write::settings_ack());
    }

    #[test]
    fn a_long_answer_gets_more_room() {
        let read = write::data(1, &[0; 40_000], 0);
        let room = [write::window_update(0, 32_768), write::window_update(1, 32_768)].concat();
        assert_eq!(due(&opened(&[]), &read), room);
        assert_eq!(due(&opened(&[write::window_update(0, 1)]), &read), b"", "the steps make it");
    }

    #[test]
    fn room_is_what_both_windows_have_left() {
        let of = |ours: &[Vec<u8>], theirs: &[Vec<u8>]| {
            let (ours, theirs) = (opened(ours), theirs.concat());
            Directions { we: Party::Client, ours: &ours, theirs: &theirs }.room(1)
        };
        let small = write::settings(&[(setting::INITIAL_WINDOW_SIZE, 100)]);
        let (sent, elsewhere) = (write::data(1, &[0; 60], 0), write::data(3, &[0; 65_500], 0));
        let (own, all) = (write::window_update(1, 7), write::window_update(0, 9));
        assert_eq!(of(&[], &[]), 65_535);
        assert_eq!(of(std::slice::from_ref(&sent), std::slice::from_ref(&small)), 40);
        assert_eq!(
            of(&[sent.clone(), sent.clone()], std::slice::from_ref(&small)),
            0,
            "below nothing"
        );
        assert_eq!(of(std::slice::from_ref(&sent), &[small.clone(), own]), 47);
        assert_eq!(of(std::slice::from_ref(&elsewhere), std::slice::from_ref(&small)), 35);
        assert_eq!(of(&[elsewhere, sent], &[small, all]), 0);
    }

    #[test]
    fn a_server_has_the_same_duties() {
        let read = opened(&[write::ping(0, *b"upspec!!")]);
        let both = [write::settings_ack(), write::ping(flag::ACK, *b"upspec!!")].concat();
        let ours = write::settings(&[]);
        let of_server = |ours: &[u8]| Directions { we: Party::Server, ours, theirs: &read }.due();
        assert_eq!(of_server(&ours), both);
        assert_eq!(of_server(b""), b"", "no SETTINGS yet");
        assert_eq!(of_server(&[ours, both].concat()), b"");
    }
}
