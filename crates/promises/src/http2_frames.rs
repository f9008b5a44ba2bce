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
        if let EventKind::Violation(kind) = &event.kind {
            assert!(!kind.describe().is_empty() && kind.section().starts_with("rfc"), "{kind:?}");
        }
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
            assert!(!violation.kind.describe().is_empty());
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
    let answers = material.responses.iter().chain(&material.requests).filter(is_server);
    let texts = texts.chain(answers);
    let steps: [&[u8]; 3] = [&[0], &[1, 1], &[3, 9, 1, 30]];
    texts
        .enumerate()
        .map(|(index, text)| [steps[index % steps.len()], text].concat())
        .chain(ODD.iter().flat_map(|odd| {
            let of_client = [&[1, 7], PREFACE, EMPTY, odd, EMPTY].concat();
            [of_client, [&[1, 9], EMPTY, odd, EMPTY].concat()]
        }))
        .chain([b"\0no preface at all, but an octet more".to_vec()])
        .collect()
}

/// A SETTINGS frame without settings.
const EMPTY: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
/// Frames that are wrong in one way each, or rare.
const ODD: &[&[u8]] = &[
    b"",
    b"\0\0\x01\x04\x01\0\0\0\0a",
    b"\0\0\x05\x04\0\0\0\0\0aaaaa",
    b"\0\0\0\x04\0\0\0\0\x01",
    b"\0\0\x05\x02\0\0\0\0\x01\0\0\0\0\x10",
    b"\0\0\x04\x02\0\0\0\0\x01\0\0\0\0",
    b"\0\0\x04\x01\x04\0\0\0\0\x82\x84\x86\x41",
    b"\0\0\x01\x01\x04\0\0\0\x01\x82",
    b"\0\0\x01\x01\0\0\0\0\x01\x82\0\0\x08\x06\0\0\0\0\0aaaaaaaa",
    b"\0\0\x01\x01\0\0\0\0\x01\x82\0\0\x01\x09\x04\0\0\0\x01\x84",
    b"\0\0\x01\x09\x04\0\0\0\x01\x84",
    b"\0\0\x02\x01\x04\0\0\0\x01\xff\xff",
    b"\0\0\x02\0\x08\0\0\0\x01\x09a",
    b"\0\0\0\0\x08\0\0\0\x01",
    b"\0\0\x03\x01\x0c\0\0\0\x01\x09\x82a",
    b"\0\0\x05\x05\x04\0\0\0\x01\0\0\0\x02\x82",
    b"\0\0\x02\x05\x04\0\0\0\x01\0\0",
    b"\0\0\x03\x03\0\0\0\0\x01aaa",
    b"\0\0\x07\x06\0\0\0\0\0aaaaaaa",
    b"\0\0\x08\x06\0\0\0\0\x01aaaaaaaa",
    b"\0\0\x04\x07\0\0\0\0\0aaaa",
    b"\0\0\x03\x08\0\0\0\0\0aaa",
    b"\0\0\x01\x0c\0\0\0\0\x01a",
    b"\x01\0\0\0\0\0\0\0\x01",
    b"\0\0\x0c\x01\x05\0\0\0\x01\x48\x022x\x00\x01a\x01b\x00\x00\x00",
    b"\0\0\x01\x01\x05\0\0\0\x01\x88",
    b"\0\0\x0f\x01\x04\0\0\0\x01\x82\x84\x86\x00\x09:protocol",
];

const KINDS: [ListKind; 4] =
    [ListKind::Request, ListKind::RequestExtended, ListKind::Response, ListKind::Trailers];
const SETTINGS: u8 = upspec_handshake::h2::kind::SETTINGS;
