//! HTTP/2 frames of either side: they read the same however they arrive, places lie inside the
//! octets, and any header list can be checked. Whether a message is lawful is not asked.

use upspec_handshake::Party;
use upspec_handshake::h2::message::{ListKind, violations};
use upspec_handshake::h2::{Connection, Event, EventKind, HeaderList, PREFACE, Reader};

use crate::pieces::Cuts;
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `http2_frames`: how to cut, then the octets.
pub fn http2_frames(input: &[u8]) {
    let (cuts, octets) = Cuts::take(input);
    for side in [Party::Client, Party::Server] {
        let whole = events(side, [octets]);
        let pieces = planted::events(events(side, cuts.of(octets)));
        assert_eq!(pieces, whole, "it matters how the octets arrive");
        inside(&whole, octets.len());
        connection(side, octets, &whole);
    }
}

fn events<'o>(side: Party, pieces: impl IntoIterator<Item = &'o [u8]>) -> Vec<Event> {
    let mut reader = Reader::new(side);
    let feed = |piece: &'o [u8]| reader.feed(piece);
    pieces.into_iter().flat_map(feed).collect()
}

/// Events stand in the order of their frames, and name octets that are there.
fn inside(events: &[Event], length: usize) {
    let mut from = 0;
    for event in events {
        assert!(event.at >= from, "{event:?} begins before {from}");
        assert!(event.at <= event.end, "{event:?}");
        let is_fault = matches!(event.kind, EventKind::Violation(_));
        assert!(is_fault || event.end <= length, "{event:?} of {length}");
        from = event.at;
        if let EventKind::Headers { list, .. } | EventKind::Push { list, .. } = &event.kind {
            look_at(list);
        }
    }
}

fn look_at(list: &HeaderList) {
    for kind in KINDS {
        for violation in violations(list, kind) {
            assert!(violation.field.is_none_or(|index| index < list.fields.len()));
            assert!(!violation.kind.requirement().is_empty());
        }
    }
    let regular = list.regular();
    assert!(regular.iter().count() <= list.fields.len());
}

/// In order by stream there are as many octets as the frames had.
fn connection(side: Party, octets: &[u8], events: &[Event]) {
    let read = Connection::read_from(octets, 0, side);
    let data = |event: &Event| match &event.kind {
        EventKind::Data { octets, .. } => octets.len(),
        _ => 0,
    };
    let sent: usize = events.iter().map(data).sum();
    let kept: usize = read.streams.values().map(|stream| stream.data.len()).sum();
    assert!(kept <= sent, "{kept} octets of {sent}");
}

/// What the cases and the stored answers have of HTTP/2, each with steps to cut by.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let is_client = |text: &&Vec<u8>| text.starts_with(PREFACE);
    let is_server = |text: &&Vec<u8>| text.starts_with(b"\0") && text.get(3) == Some(&SETTINGS);
    let texts = material.requests.iter().filter(is_client);
    let texts = texts.chain(material.responses.iter().filter(is_server));
    let steps: [&[u8]; 3] = [&[0], &[1, 1], &[3, 9, 1, 30]];
    texts
        .enumerate()
        .map(|(index, text)| [steps[index % steps.len()], text].concat())
        .chain([[&[1, 7], PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat()])
        .collect()
}

const KINDS: [ListKind; 4] =
    [ListKind::Request, ListKind::RequestExtended, ListKind::Response, ListKind::Trailers];
const SETTINGS: u8 = upspec_handshake::h2::kind::SETTINGS;
