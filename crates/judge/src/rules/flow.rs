//! How much DATA a party sends: never more than the windows that its peer gave (RFC 9113 5.2.1, 6.9).
//! Credit counts from when it was written, a smaller window only once it was acknowledged, so that what
//! was under way is nobody's fault.

use std::collections::BTreeMap;

use upspec_exchange::Talk;
use upspec_exchange::http2::FRAME_HEADER;
use upspec_handshake::Party;
use upspec_handshake::field::http2_settings;
use upspec_handshake::h2::{EventKind, Reader, setting};

use super::{Breach, h2c};

/// The windows of a connection that is HTTP/2 from its beginning.
pub(super) fn of_connection(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let given = Given::new(DEFAULT);
    walk(talk, party, [0, 0], given, breaches);
}

/// The windows behind a 101 to h2c; the first sizes are those of HTTP2-Settings (RFC 7540 3.2.1).
pub(super) fn after_switch(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let asked = talk.responses.last().and_then(|last| talk.requests.get(last.request?));
    let (Some(tunnel), Some(asked)) = (&talk.tunnel, asked) else {
        return;
    };
    let mut lines = asked.head.fields.values("HTTP2-Settings");
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return;
    };
    if !h2c::is_to_h2c(talk) {
        return;
    }
    let Some(settings) = http2_settings(line) else {
        return;
    };
    let sized = initial_window(&settings);
    let mut given = Given::new(sized.unwrap_or(DEFAULT));
    given.is_of_upgrade = sized.is_some();
    let from = [party, party.other()].map(|one| tunnel.place(one, 0..0).start);
    walk(talk, party, from, given, breaches);
}

/// Goes through what both said in its order; `from` is where HTTP/2 begins, for the sender and its peer.
fn walk(
    talk: &Talk<'_>,
    sender: Party,
    from: [usize; 2],
    mut given: Given,
    breaches: &mut Vec<Breach>,
) {
    let mut readers = [(sender, from[0]), (sender.other(), from[1])]
        .map(|(party, from)| (Reader::from_place(party, from), from));
    for (party, octets) in talk.in_order() {
        let (reader, skipped) = &mut readers[usize::from(party != sender)];
        let skips = (*skipped).min(octets.len());
        *skipped -= skips;
        let events = reader.feed(&octets[skips..]);
        // What we cannot follow of the peer's may have given more.
        if party != sender && reader.is_lost() {
            return;
        }
        for event in events {
            if party != sender {
                given.hear(event.stream, event.kind);
                continue;
            }
            let EventKind::Data { flow, .. } = event.kind else {
                given.acknowledged(&event.kind);
                continue;
            };
            if let Some((requirement, message)) = given.spend(event.stream, flow) {
                let at = event.at..event.at + FRAME_HEADER;
                breaches.push(Breach::new(requirement, message).at(at));
            }
        }
    }
}

/// What a peer has given to the sender, and what the sender has used of it.
struct Given {
    /// The size of a new stream's window that the sender has acknowledged.
    initial: i64,
    /// What later SETTINGS say of it, one entry for each frame that is not acknowledged.
    pending: Vec<Option<i64>>,
    /// The size that the peer has named last, acknowledged or not.
    latest: i64,
    /// It is that of HTTP2-Settings.
    is_of_upgrade: bool,
    connection: i64,
    streams: BTreeMap<u32, Window>,
}

/// A stream without its initial size.
#[derive(Default)]
struct Window {
    credit: i64,
    used: i64,
    /// The initial size when the peer opened the stream.
    opened_with: Option<i64>,
}

impl Given {
    fn new(initial: i64) -> Self {
        Self {
            initial,
            pending: Vec::new(),
            latest: initial,
            is_of_upgrade: false,
            connection: DEFAULT,
            streams: BTreeMap::new(),
        }
    }

    /// Takes what the peer says.
    fn hear(&mut self, stream: u32, said: EventKind) {
        match said {
            EventKind::Settings(settings) => {
                let size = initial_window(&settings);
                self.pending.push(size);
                self.latest = size.unwrap_or(self.latest);
                self.is_of_upgrade &= size.is_none();
            }
            EventKind::WindowUpdate(more) if stream == 0 => self.connection += i64::from(more),
            EventKind::WindowUpdate(more) => {
                self.streams.entry(stream).or_default().credit += i64::from(more);
            }
            EventKind::Headers { .. } => {
                let latest = self.latest;
                self.streams.entry(stream).or_default().opened_with.get_or_insert(latest);
            }
            _ => {}
        }
    }

    /// Takes what the sender says besides DATA.
    fn acknowledged(&mut self, said: &EventKind) {
        if matches!(said, EventKind::SettingsAck) && !self.pending.is_empty() {
            self.initial = self.pending.remove(0).unwrap_or(self.initial);
        }
    }

    /// Takes DATA of the sender; what it breaks, if there was no room for it.
    fn spend(&mut self, stream: u32, flow: usize) -> Option<(&'static str, String)> {
        let length = i64::try_from(flow).unwrap_or(i64::MAX);
        let possible = self.pending.iter().flatten().copied().fold(self.initial, i64::max);
        let window = self.streams.entry(stream).or_default();
        let (left, of_stream) = (self.connection, possible + window.credit - window.used);
        self.connection -= length;
        window.used += length;
        // An empty frame needs no room (RFC 9113 6.9.1).
        if length == 0 || length <= left.min(of_stream) {
            return None;
        }
        let (whose, room) = match of_stream < left {
            true => (format!("the window of stream {stream}"), of_stream),
            false => ("the window of the connection".to_owned(), left),
        };
        let message =
            format!("the server sent DATA of {length} octets, where {whose} had {room} left");
        let before = window.opened_with.unwrap_or(possible) + window.credit - window.used;
        let requirement = match of_stream < left {
            true if self.is_of_upgrade => "rfc7540/3.2.1-settings-applied",
            true if before >= 0 => "rfc9113/6.9.2-adjust",
            _ => "rfc9113/6.9.1-window",
        };
        Some((requirement, message))
    }
}

/// The size of a new stream's window that SETTINGS name; the last one counts (RFC 9113 6.5.3).
fn initial_window(settings: &[(u16, u32)]) -> Option<i64> {
    let mut sizes = settings.iter().filter(|(id, _)| *id == setting::INITIAL_WINDOW_SIZE);
    sizes.next_back().map(|(_, size)| i64::from(*size))
}

/// A window before anybody says otherwise (RFC 9113 6.9.2).
const DEFAULT: i64 = 65_535;

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Talk};
    use upspec_handshake::h2::{PREFACE, flag, hpack, kind, write};

    use super::*;

    /// What is broken by a server that says this, when we say that, in turns.
    fn broken(over: Over, said: &[(IoKind, Vec<u8>)]) -> Vec<&'static str> {
        let link = Link::plain("client", Party::Client, over);
        let event = |(kind, bytes): &(IoKind, Vec<u8>)| Io {
            link: 0,
            at_us: 0,
            kind: *kind,
            bytes: bytes.clone(),
        };
        let record = Record::of(link, said.iter().map(event).collect());
        let octets = Octets::of(&record);
        let talk = Talk::read(&octets[0]);
        let mut breaches = Vec::new();
        match over {
            Over::Http1 => after_switch(&talk, Party::Server, &mut breaches),
            Over::Http2 => of_connection(&talk, Party::Server, &mut breaches),
        }
        breaches.iter().map(|breach| breach.requirement).collect()
    }

    fn ours(frames: &[Vec<u8>]) -> (IoKind, Vec<u8>) {
        (IoKind::Wrote, frames.concat())
    }

    fn theirs(frames: &[Vec<u8>]) -> (IoKind, Vec<u8>) {
        (IoKind::Read, frames.concat())
    }

    fn asked(stream: u32) -> Vec<u8> {
        write::headers(stream, &hpack::encode([(&b":method"[..], &b"GET"[..])]), 0)
    }

    fn sized(size: u32) -> Vec<u8> {
        write::settings(&[(setting::INITIAL_WINDOW_SIZE, size)])
    }

    #[test]
    fn a_server_keeps_to_the_windows_of_its_client() {
        let (stream, adjust) = ("rfc9113/6.9.1-window", "rfc9113/6.9.2-adjust");
        let data = |stream, length: usize| write::data(stream, &vec![0; length], 0);
        let begun = |size| ours(&[PREFACE.to_vec(), sized(size), asked(1), asked(3)]);
        let hello = || theirs(&[write::settings(&[]), write::settings_ack()]);
        let more = |stream, by| (IoKind::WroteOwed, write::window_update(stream, by));
        let padded = write::frame(kind::DATA, flag::PADDED, 1, &[1, 0, 0]);
        let rows: [(&str, Vec<_>, &[&str]); 11] = [
            ("all of it", vec![begun(9), hello(), theirs(&[data(1, 9)])], &[]),
            ("one more", vec![begun(9), hello(), theirs(&[data(1, 9), data(1, 1)])], &[stream]),
            ("padding", vec![begun(2), hello(), theirs(&[padded])], &[stream]),
            ("credit", vec![begun(0), hello(), more(1, 5), theirs(&[data(1, 5)])], &[]),
            ("credit later", vec![begun(0), hello(), theirs(&[data(1, 5)]), more(1, 5)], &[stream]),
            ("other stream", vec![begun(0), hello(), more(3, 5), theirs(&[data(1, 5)])], &[stream]),
            ("empty", vec![begun(0), hello(), theirs(&[data(1, 0)])], &[]),
            ("no word of it yet", vec![begun(0), theirs(&[write::settings(&[]), data(1, 5)])], &[]),
            (
                "connection",
                vec![begun(60_000), hello(), theirs(&[data(1, 60_000), data(3, 5536)])],
                &[stream],
            ),
            (
                "smaller, and seen",
                vec![
                    begun(9),
                    hello(),
                    ours(&[sized(0)]),
                    theirs(&[write::settings_ack(), data(1, 9)]),
                ],
                &[adjust],
            ),
            (
                "smaller, under way",
                vec![begun(9), hello(), ours(&[sized(0)]), theirs(&[data(1, 9)])],
                &[],
            ),
        ];
        for (name, said, want) in rows {
            assert_eq!(broken(Over::Http2, &said), want, "{name}");
        }
    }

    #[test]
    fn after_a_101_the_first_size_is_that_of_http2_settings() {
        let offer = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
            Upgrade: h2c\r\nHTTP2-Settings: AAQAAAAF\r\n\r\n";
        let switch =
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n";
        let answer = |length: usize| {
            theirs(&[switch.to_vec(), write::settings(&[]), write::data(1, &vec![0; length], 0)])
        };
        let offer = || (IoKind::Wrote, offer.to_vec());
        let preface =
            || ours(&[PREFACE.to_vec(), write::settings(&[]), write::window_update(1, 9)]);
        let settings = "rfc7540/3.2.1-settings-applied";
        assert_eq!(broken(Over::Http1, &[offer(), answer(5)]), [""; 0]);
        assert_eq!(broken(Over::Http1, &[offer(), answer(6), preface()]), [settings]);
        let more = theirs(&[write::data(1, &[0; 9], 0)]);
        assert_eq!(broken(Over::Http1, &[offer(), answer(5), preface(), more]), [""; 0]);
    }
}
