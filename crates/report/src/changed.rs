//! What an intermediary changed on the way: the octets that came at one end and were not sent so at the other, and those
//! that were sent and did not come so. Lines are held against lines; of two with one field name only what differs.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use upspec_exchange::{Over, Record};
use upspec_handshake::Party;

/// For each link what is changed in the octets of the client and of the server, in order and without overlap; nothing
/// for a record with one end.
pub(crate) fn changed(record: &Record) -> Vec<[Vec<Range<usize>>; 2]> {
    let mut found: Vec<[Vec<Range<usize>>; 2]> = vec![Default::default(); record.links.len()];
    // Frames and compressed fields have no lines.
    if record.links.iter().any(|link| link.over == Over::Http2) {
        return found;
    }
    for (slot, party) in [(0, Party::Client), (1, Party::Server)] {
        let streams: Vec<(usize, Vec<u8>)> =
            (0..record.links.len()).map(|link| (link, record.sent(link, party))).collect();
        let is_ours = |link: usize| record.links[link].we == party;
        let side = |ours: bool| {
            let of = streams.iter().filter(move |(link, _)| is_ours(*link) == ours);
            Lines::of(of.flat_map(|(_, octets)| lines(octets)).map(|(_, line)| line))
        };
        let [sent, came] = [side(true), side(false)];
        if sent.whole.is_empty() || came.whole.is_empty() {
            continue;
        }
        for (link, octets) in &streams {
            let other = if is_ours(*link) { &came } else { &sent };
            found[*link][slot] = other.missing(octets);
        }
    }
    found
}

/// The lines of one side.
struct Lines<'o> {
    whole: HashSet<&'o [u8]>,
    by_name: HashMap<Vec<u8>, Vec<&'o [u8]>>,
}

impl<'o> Lines<'o> {
    fn of(lines: impl Iterator<Item = &'o [u8]>) -> Self {
        let mut own = Self { whole: HashSet::new(), by_name: HashMap::new() };
        for line in lines {
            if own.whole.insert(line) {
                own.by_name.entry(name(line)).or_default().push(line);
            }
        }
        own
    }

    /// The octets of these lines that are not among mine.
    fn missing(&self, octets: &[u8]) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (at, line) in lines(octets).filter(|(_, line)| !self.whole.contains(line)) {
            let alike = self.by_name.get(&name(line)).into_iter().flatten();
            let differ =
                alike.map(|other| difference(line, other)).min_by_key(ExactSizeIterator::len);
            let differ = differ.unwrap_or(0..line.len());
            let next = at + differ.start..at + differ.end;
            match ranges.last_mut() {
                Some(last) if last.end == next.start => last.end = next.end,
                _ if next.is_empty() => {}
                _ => ranges.push(next),
            }
        }
        ranges
    }
}

/// The lines and where they begin, each with its end. A status line begins one wherever it stands: content need not end
/// in a line feed.
fn lines(octets: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    let parts = lines.flat_map(|line| {
        let status = line.windows(STATUS.len()).position(|window| window == STATUS);
        let is_behind_content = |at: &usize| *at > 0 && line[at - 1] != b' ';
        let (content, line) = line.split_at(status.filter(is_behind_content).unwrap_or(0));
        [content, line].into_iter().filter(|part| !part.is_empty())
    });
    parts.scan(0, |at, line| {
        let begins = *at;
        *at += line.len();
        Some((begins, line))
    })
}

/// What every status line begins with.
const STATUS: &[u8] = b"HTTP/1.";

/// What two lines must share to be the same line of a head: the field name, or the beginning of a start line.
fn name(line: &[u8]) -> Vec<u8> {
    let end = line.iter().position(|octet| matches!(octet, b':' | b' ')).unwrap_or(line.len());
    line[..end].to_ascii_lowercase()
}

/// What is left of a line when what it shares with another at both ends is taken away.
fn difference(line: &[u8], other: &[u8]) -> Range<usize> {
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let before = line.iter().zip(other).take_while(same).count();
    let most = line.len().min(other.len()) - before;
    let behind = line.iter().rev().zip(other.iter().rev()).take(most).take_while(same).count();
    before..line.len() - behind
}

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, IoKind, Link};

    use super::*;
    use crate::sample;

    fn link(name: &str, we: Party) -> Link {
        Link::plain(name, we, Over::Http1)
    }

    fn marked(sent: &str, came: &str) -> [Vec<String>; 2] {
        let io = |link, kind, octets: &str| Io { link, ..sample::io(0, kind, octets.as_bytes()) };
        let links = vec![link("client", Party::Client), link("origin", Party::Server)];
        let io = vec![io(0, IoKind::Wrote, sent), io(1, IoKind::Read, came)];
        let record = Record { links, io };
        let found = changed(&record);
        let text = |octets: &str, ranges: &[Range<usize>]| -> Vec<String> {
            ranges.iter().map(|range| octets[range.clone()].to_owned()).collect()
        };
        [text(sent, &found[0][0]), text(came, &found[1][0])]
    }

    #[test]
    fn what_is_changed_on_the_way_is_marked_at_both_ends() {
        let sent = "GET / HTTP/1.0\r\nHost: a\r\nKeep-Alive: 5\r\nX: abc\r\n\r\n";
        let came = "GET / HTTP/1.1\r\nHost: a\r\nx: adc\r\nVia: 1.0 p\r\n\r\n";
        assert_eq!(marked(sent, sent), [Vec::<String>::new(), Vec::new()]);
        let [gone, new] = marked(sent, came);
        assert_eq!(gone, ["0", "Keep-Alive: 5\r\nX: ab"]);
        assert_eq!(new, ["1", "x: ad", "Via: 1.0 p\r\n"]);
    }

    #[test]
    fn a_status_line_behind_content_is_a_line_of_its_own() {
        let text = b"HTTP/1.1 200 OK\r\n\r\nhelloHTTP/1.1 204 No\r\nGET / HTTP/1.1\r\n";
        let begins: Vec<usize> = lines(text).map(|(at, _)| at).collect();
        assert_eq!(begins, [0, 17, 19, 24, 41]);
    }

    #[test]
    fn one_end_has_nothing_to_be_held_against() {
        let record = sample::record(vec![sample::io(0, IoKind::Wrote, b"GET / HTTP/1.1\r\n\r\n")]);
        assert!(changed(&record).iter().flatten().all(Vec::is_empty));
    }
}
