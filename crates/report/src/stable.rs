//! A report without what differs from run to run of a steady target, so that two can be compared as files.

use std::ops::Range;

use jiff::Timestamp;
use upspec_exchange::{Io, IoKind, Record};
use upspec_handshake::Over;
use upspec_judge::CaseResult;

use crate::report::Report;
use crate::traffic::Traffic;

impl Report {
    /// Takes out when and how fast things happened, and where the octets of a target were cut by the network;
    /// each date of HTTP (RFC 9110 5.6.7) becomes the first second of 1970. Of HTTP/2 no octets are left:
    /// its frames interleave as they come, and its dates are compressed.
    pub fn stabilize(&mut self) {
        self.started = Timestamp::UNIX_EPOCH;
        self.elapsed_ms = 0;
        self.target.facts.answer_us = 0;
        self.target.facts.window_ms = 0;
        for case in &mut self.cases {
            steady(case);
        }
        self.traffic = Traffic::of(&self.cases);
        for cause in &mut self.causes {
            cause.title = without_dates(&cause.title);
        }
    }
}

fn steady(case: &mut CaseResult) {
    case.elapsed_ms = 0;
    let is_http2 = |link: usize| {
        let link = case.record.as_ref().and_then(|record| record.links.get(link));
        link.is_some_and(|link| link.over == Over::Http2)
    };
    for finding in &mut case.findings {
        finding.message = without_amount(&without_dates(&finding.message));
        finding.at = finding.at.filter(|at| !is_http2(at.link));
    }
    case.record.iter_mut().chain(&mut case.twin).for_each(joined);
}

/// Joins what was read in pieces, and leaves out octets of HTTP/2.
fn joined(record: &mut Record) {
    let links = &record.links;
    let mut events: Vec<Io> = Vec::new();
    for mut io in std::mem::take(&mut record.io) {
        if links.get(io.link).is_some_and(|link| link.over == Over::Http2) {
            continue;
        }
        io.at_us = 0;
        // How much of the same is taken before an answer comes is a matter of time.
        let again = io.kind == IoKind::Wrote
            && events.last().is_some_and(|last| (last.kind, &last.bytes) == (io.kind, &io.bytes));
        if again || matches!(io.kind, IoKind::WroteUnkept | IoKind::ReadUnkept) {
            continue;
        }
        match continued(&mut events, &io) {
            Some(read) => read.bytes.extend(io.bytes),
            None => events.push(io),
        }
    }
    let mut events = tunnel_after_writes(events);
    for io in events.iter_mut().filter(|io| io.kind == IoKind::Read) {
        for at in dates(&io.bytes) {
            io.bytes[at].copy_from_slice(EPOCH.as_bytes());
        }
    }
    record.io = events;
}

/// The read that another one goes on with: the one just before it, or before all was seen that the case asks
/// about. What comes then comes now before our leave and now behind it.
fn continued<'e>(events: &'e mut [Io], io: &Io) -> Option<&'e mut Io> {
    if io.kind != IoKind::Read {
        return None;
    }
    let own = |one: &&mut Io| one.link == io.link;
    let mut back = events.iter_mut().rev().filter(own).peekable();
    if back.peek().is_some_and(|last| last.kind != IoKind::Read) {
        back.find(|one| one.kind == IoKind::Decided)?;
    }
    back.next().filter(|last| last.kind == IoKind::Read)
}

/// What came in the tunnel right behind a 101, while we were about to write, comes behind what we wrote: whether it
/// was faster than we is chance.
fn tunnel_after_writes(events: Vec<Io>) -> Vec<Io> {
    let mut ordered: Vec<Io> = Vec::new();
    let mut early: Option<Io> = None;
    for (at, io) in events.iter().enumerate() {
        let mut io = io.clone();
        if io.kind != IoKind::Wrote
            && let Some(mut behind) = early.take()
        {
            if io.kind == IoKind::Read && io.link == behind.link {
                behind.bytes.append(&mut io.bytes);
                ordered.push(behind);
                continue;
            }
            ordered.push(behind);
        }
        let next = events.get(at + 1);
        let writes = next.is_some_and(|next| next.kind == IoKind::Wrote && next.link == io.link);
        if let Some(end) = switch_end(&io).filter(|_| writes) {
            early = Some(Io { bytes: io.bytes.split_off(end), ..io.clone() });
        }
        ordered.push(io);
    }
    ordered.extend(early);
    ordered
}

/// Where a 101 ends in a read, if something follows it there.
fn switch_end(io: &Io) -> Option<usize> {
    if io.kind != IoKind::Read {
        return None;
    }
    let mut at = 0;
    while io.bytes[at..].starts_with(b"HTTP/1.1 1") {
        let end = at + memchr::memmem::find(&io.bytes[at..], b"\r\n\r\n")? + 4;
        if io.bytes[at..].starts_with(b"HTTP/1.1 101") {
            return (end < io.bytes.len()).then_some(end);
        }
        at = end;
    }
    None
}

fn without_dates(text: &str) -> String {
    let mut text = text.to_owned();
    for at in dates(text.as_bytes()) {
        // All of it is ASCII, so that these are whole characters.
        text.replace_range(at, EPOCH);
    }
    text
}

/// Without the number in `95 KiB were written before it was answered`.
fn without_amount(message: &str) -> String {
    match message.split_once(WRITTEN) {
        Some((number, rest)) if number.bytes().all(|octet| octet.is_ascii_digit()) => {
            format!("some{WRITTEN}{rest}")
        }
        _ => message.to_owned(),
    }
}

const WRITTEN: &str = " KiB were written";

/// Where dates in the form of IMF-fixdate stand.
fn dates(octets: &[u8]) -> Vec<Range<usize>> {
    let ends = memchr::memmem::find_iter(octets, b" GMT").map(|at| at + 4);
    let places = ends.filter_map(|end| Some(end.checked_sub(EPOCH.len())?..end));
    places.filter(|place| is_date(&octets[place.clone()])).collect()
}

/// Whether letters, digits and the rest stand where they stand in any such date.
fn is_date(octets: &[u8]) -> bool {
    octets.iter().zip(EPOCH.bytes()).all(|(octet, pattern)| match pattern {
        b'0'..=b'9' => octet.is_ascii_digit(),
        b'A'..=b'Z' | b'a'..=b'z' => octet.is_ascii_alphabetic(),
        other => *octet == other,
    })
}

const EPOCH: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// A report of one answer that came in these pieces, and of a message that quotes it.
    fn report(times: u64, pieces: &[&[u8]]) -> Report {
        let io = pieces.iter().map(|piece| sample::io(times, IoKind::Read, piece)).collect();
        let quoted = String::from_utf8_lossy(&pieces.concat()).into_owned();
        let said = sample::finding(
            "rfc6455/4.2.1-key",
            "must",
            upspec_judge::Verdict::Warn,
            &quoted,
            None,
        );
        let case = CaseResult { elapsed_ms: times, ..sample::result_of(io, vec![said]) };
        let mut report = Report::new(sample::about(), vec![case], |_| None, |_| None);
        report.elapsed_ms = times;
        report.target.facts.answer_us = times;
        report.stabilize();
        report
    }

    #[test]
    fn what_time_and_network_do_is_left_out() {
        let one = report(7, &[b"Date: Fri, 27 Nov 2026 00:19:21 GMT\r\nX: 1\r\n"]);
        let other = report(9, &[b"Date: Sat, 28 Nov 20", b"26 01:02:03 GMT\r\nX:", b" 1\r\n"]);
        assert_eq!(one.json(), other.json());
        let third = report(9, &[b"Date: Sat, 28 Nov 2026 01:02:03 GMT\r\nX: 2\r\n"]);
        assert_ne!(one.json(), third.json());
        assert!(one.json().contains(EPOCH));
        assert_eq!(without_amount("95 KiB were written so"), "some KiB were written so");
    }

    #[test]
    fn what_comes_when_all_was_seen_is_in_one_piece() {
        use IoKind::{Decided, Read, WroteLeave};
        let read = |kinds: &[(IoKind, &[u8])]| {
            let io = kinds.iter().map(|(kind, octets)| sample::io(1, *kind, octets));
            let mut record = sample::record(io.collect());
            joined(&mut record);
            record
        };
        let early =
            read(&[(Read, b"101, Pong"), (Decided, b""), (WroteLeave, b"x"), (Read, b", Close")]);
        let late =
            read(&[(Read, b"101"), (Decided, b""), (WroteLeave, b"x"), (Read, b", Pong, Close")]);
        assert_eq!(early, late);
        let switch = b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 101 S\r\n\r\n".as_slice();
        let wrote = (IoKind::Wrote, b"Ping".as_slice());
        let eager = read(&[(Read, &[switch, b"Close"].concat()), wrote, (Read, b", Pong")]);
        let calm = read(&[(Read, switch), wrote, (Read, b"Close, Pong")]);
        assert_eq!(eager, calm);
        let silent = read(&[(Read, b"a"), (IoKind::Deadline, b""), (Read, b"b")]);
        assert_eq!(silent.io.len(), 3);
    }

    #[test]
    fn only_dates_are_dates() {
        for text in
            ["GMT", " GMT", "Thursday, 01-Jan-70 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:0x GMT"]
        {
            assert_eq!(without_dates(text), text);
        }
    }

    #[test]
    fn http2_keeps_no_octets() {
        let mut record = sample::over_http2(vec![(IoKind::Read, b"PRI".to_vec())]);
        joined(&mut record);
        assert!(record.io.is_empty());
    }
}
