//! What went over the connections of a run, in numbers: octets, statuses and frames.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_exchange::frames::frames;
use upspec_exchange::{FrameNotes, Octets, Record, Transcript};
use upspec_handshake::Party;
use upspec_judge::CaseResult;

use crate::messages::kind;
use crate::seen::Amounts;
use crate::visible::{self, counted};

/// What went over the connections of the exchanges that the verdicts rest on. Controls in between, and what was played
/// again and does not count, have more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// How many connections there were.
    pub connections: usize,
    /// How many octets upspec wrote, inside TLS where there is TLS.
    pub octets_sent: usize,
    /// How many octets it read.
    pub octets_read: usize,
    /// How many responses had which status, interim ones included, whoever sent them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, usize>,
    /// The frames of WebSocket: `Ping`, `Close`, …
    #[serde(default, skip_serializing_if = "Frames::is_empty")]
    pub websocket: Frames,
    /// The frames of HTTP/2: `HEADERS`, `DATA`, …
    #[serde(default, skip_serializing_if = "Frames::is_empty")]
    pub http2: Frames,
}

/// How many frames of which kind went each way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Frames {
    /// Those that upspec wrote.
    pub sent: BTreeMap<String, usize>,
    /// Those that it read.
    pub read: BTreeMap<String, usize>,
}

impl Traffic {
    /// Sums up the records of cases; nothing without any.
    #[must_use]
    pub(crate) fn of(cases: &[CaseResult]) -> Option<Self> {
        let mut sum = Self::default();
        for record in cases.iter().flat_map(|case| case.record.iter().chain(&case.twin)) {
            sum.add(record);
        }
        (sum.connections > 0).then_some(sum)
    }

    fn add(&mut self, record: &Record) {
        let octets = Octets::of(record);
        for (at, talk) in Transcript::read(&octets).talks.iter().enumerate() {
            let amounts = Amounts::on(record, at);
            self.connections += 1;
            self.octets_sent = self.octets_sent.saturating_add(amounts.sent);
            self.octets_read = self.octets_read.saturating_add(amounts.received);
            for status in talk.responses.iter().filter_map(|response| response.head.status) {
                *self.statuses.entry(status.to_string()).or_default() += 1;
            }
            let we = talk.link.we;
            if let Some(tunnel) = &talk.tunnel {
                for (party, counts) in self.websocket.ways(we) {
                    count(counts, opcodes(tunnel.sent(party)).into_iter().map(kind));
                }
            }
            let notes = FrameNotes::of(record, at);
            for (party, counts) in self.http2.ways(we) {
                let notes = notes.by(party).iter().filter(|note| note.title != PREFACE);
                // Behind the type come stream and flags.
                count(
                    counts,
                    notes.filter_map(|note| Some(note.title.split(',').next()?.to_owned())),
                );
            }
        }
    }

    /// It in words, each part with its name.
    pub(crate) fn said(&self) -> Vec<(&'static str, String)> {
        let size = |octets: usize| match octets {
            0..10_000 => counted(octets, "octet"),
            more => format!("{} KiB", more / 1024),
        };
        let (out, received) = (size(self.octets_sent), size(self.octets_read));
        let links = counted(self.connections, "connection");
        let statuses = self.statuses.iter().map(|(status, number)| format!("{number} × {status}"));
        let rows = [
            ("Exchanges that count", format!("{links}, {out} out, {received} in")),
            ("Statuses", statuses.collect::<Vec<_>>().join(", ")),
            ("WebSocket frames", self.websocket.said()),
            ("HTTP/2 frames", self.http2.said()),
        ];
        rows.into_iter().filter(|(_, said)| !said.is_empty()).collect()
    }
}

impl Frames {
    fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.read.is_empty()
    }

    /// What each party sent, by whether it is we.
    fn ways(&mut self, we: Party) -> [(Party, &mut BTreeMap<String, usize>); 2] {
        [(we, &mut self.sent), (we.other(), &mut self.read)]
    }

    fn said(&self) -> String {
        let ways = [("out", &self.sent), ("in", &self.read)];
        let said = ways.into_iter().filter(|(_, counts)| !counts.is_empty());
        let said = said.map(|(way, counts)| {
            let mut counts: Vec<_> = counts.iter().collect();
            counts.sort_by_key(|(kind, number)| (Reverse(**number), *kind));
            let counts = counts.iter().map(|(kind, number)| {
                let kind = visible::text(kind);
                match (number, kind.strip_prefix("frame ")) {
                    (2.., Some(of)) => format!("{number} frames {of}"),
                    _ => format!("{number} {kind}"),
                }
            });
            format!("{} {way}", counts.collect::<Vec<_>>().join(", "))
        });
        said.collect::<Vec<_>>().join("; ")
    }
}

fn count(counts: &mut BTreeMap<String, usize>, kinds: impl Iterator<Item = String>) {
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
}

/// The opcodes of the frames in a tunnel. What comes behind a reserved one is not counted: it need be no frames.
fn opcodes(octets: &[u8]) -> Vec<u8> {
    let mut opcodes: Vec<u8> = frames(octets).iter().map(|frame| frame.opcode).collect();
    let is_reserved = |code: &u8| matches!(code, 3..=7 | 11..);
    if let Some(at) = opcodes.iter().position(is_reserved) {
        opcodes.truncate(at + 1);
    }
    opcodes
}

/// What stands before the first frame of a client.
const PREFACE: &str = "connection preface";

#[cfg(test)]
mod tests {
    use upspec_exchange::IoKind;

    use super::*;
    use crate::{Report, sample};

    #[test]
    fn the_numbers_outlive_the_octets() {
        let mut report = sample::report();
        let traffic = report.traffic.clone().unwrap();
        let records = report.cases.iter().flat_map(|case| case.record.iter().chain(&case.twin));
        assert_eq!(traffic.connections, records.map(|record| record.links.len()).sum::<usize>());
        assert!(traffic.octets_sent > 0 && traffic.octets_read > 0, "{traffic:?}");
        report.slim();
        assert_eq!(Report::read(&report.json()).unwrap().traffic, Some(traffic));
    }

    #[test]
    fn statuses_and_frames_are_counted_both_ways() {
        let get = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let switch = b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x8a\0\x8a\0\x88\0";
        let io = vec![
            sample::io(0, IoKind::Wrote, get),
            sample::io(1, IoKind::Read, switch),
            sample::io(2, IoKind::Wrote, b"\x89\x80\0\0\0\0"),
        ];
        let traffic = Traffic::of(&[sample::result_of(io, Vec::new())]).unwrap();
        let said: Vec<String> = traffic.said().iter().map(|(a, b)| format!("{a}: {b}")).collect();
        let amounts = format!(
            "Exchanges that count: 1 connection, {} octets out, {} octets in",
            get.len() + 6,
            switch.len()
        );
        assert_eq!(
            said,
            [
                amounts.as_str(),
                "Statuses: 1 × 101",
                "WebSocket frames: 1 Ping out; 2 Pong, 1 Close in"
            ]
        );
        let frames = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
        let client = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), frames].concat();
        let record =
            sample::over_http2(vec![(IoKind::Wrote, client), (IoKind::Read, frames.to_vec())]);
        let result =
            CaseResult { record: Some(record), ..sample::result_of(Vec::new(), Vec::new()) };
        let http2 = Traffic::of(&[result]).unwrap().http2;
        assert_eq!(http2.said(), "2 SETTINGS out; 2 SETTINGS in");
        let of_no_kind = Frames { read: [(kind(3), 2)].into(), ..Frames::default() };
        assert_eq!(of_no_kind.said(), "2 frames of opcode 0x3 in");
        assert_eq!(opcodes(b"\x89\0\x73\0\x89\0"), [9, 3]);
    }
}
