//! Overwrites secrets in what is about to be reported.
//! Nothing changes its length, so that offsets into a record stay true.

mod secrets;

use std::ops::Range;

use memchr::memmem::{self, Finder};
use upspec_exchange::{FrameNote, FrameNotes, IoKind, Record};
use upspec_handshake::Party;
use upspec_judge::CaseResult;

use secrets::{Needle, longest_first};
pub use secrets::{Secrets, blot_url, without_credentials};

/// Overwrites with `*` the values of the fields that hold secrets, and every secret that was known before the run.
/// Names are compared without case; white space stays. A field line counts wherever it begins a line, and may
/// be cut in any way over writes and reads. What was secret in requests is then overwritten wherever
/// else it turns up: in a body that repeats the request, in a field of HTTP/2, and in the text of a finding. What
/// was overwritten comes back, for other texts of the run.
pub fn redact(results: &mut [CaseResult], secrets: &Secrets) -> Found {
    let names = secrets.names();
    let mut needles = secrets.needles().to_vec();
    for line in results
        .iter_mut()
        .filter_map(|result| result.death.as_mut())
        .flat_map(|death| &mut death.output)
    {
        redact_line(line, &names);
    }
    for record in results.iter_mut().flat_map(records) {
        redact_record(record, &names, &mut needles);
        for io in record.io.iter_mut().filter(|io| is_said(io.kind)) {
            let values = field_values(&io.bytes, &names);
            redact_fields(&mut io.bytes, &values);
        }
    }
    longest_first(&mut needles);
    let found = Found { needles };
    let finders: Vec<Finder<'_>> =
        found.needles.iter().map(|needle| Finder::new(&needle.octets)).collect();
    if !finders.is_empty() {
        results.iter_mut().for_each(|result| found.redact_result(result, &finders));
    }
    drop(finders);
    found
}

/// What was secret in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    needles: Vec<Needle>,
}

impl Found {
    /// Overwrites it in a text.
    #[must_use]
    pub fn blot(&self, text: &str) -> String {
        secrets::blot(text, &self.needles)
    }

    fn redact_result(&self, result: &mut CaseResult, finders: &[Finder<'_>]) {
        for record in records(result) {
            for (link, party) in (0..record.links.len()).flat_map(|at| PARTIES.map(|one| (at, one)))
            {
                let mut octets = record.sent(link, party);
                if self.redact_repeats(&mut octets, finders) {
                    write_back(record, link, party, &octets);
                }
            }
            for io in record.io.iter_mut().filter(|io| is_said(io.kind)) {
                self.redact_repeats(&mut io.bytes, finders);
            }
        }
        for finding in &mut result.findings {
            finding.message = self.blot(&finding.message);
        }
        for line in result.death.iter_mut().flat_map(|death| &mut death.output) {
            *line = self.blot(line);
        }
    }

    /// Overwrites every place where a secret turns up again; whether there was one.
    fn redact_repeats(&self, octets: &mut [u8], finders: &[Finder<'_>]) -> bool {
        let mut is_there = false;
        for (needle, finder) in self.needles.iter().zip(finders) {
            let length = needle.octets.len();
            let mut from = 0;
            while let Some(next) = finder.find(&octets[from..]) {
                is_there = true;
                overwrite(&mut octets[from + next + needle.kept..from + next + length]);
                from += next + 1;
            }
        }
        is_there
    }
}

/// Overwrites the values of fields in a record, and the Huffman-coded ones that repeat a secret; adds what was
/// secret in requests.
fn redact_record(record: &mut Record, names: &[&str], needles: &mut Vec<Needle>) {
    for link in 0..record.links.len() {
        let sent = PARTIES.map(|party| record.sent(link, party));
        let notes = FrameNotes::between(record.links[link].over, &sent[0], &sent[1]);
        for (party, mut octets) in PARTIES.into_iter().zip(sent) {
            let values = field_values(&octets, names);
            let mut found = redact_fields(&mut octets, &values);
            let mut is_secret = !values.is_empty();
            is_secret |= redact_lists(&mut octets, notes.by(party), names, &mut found);
            if party == Party::Client {
                needles.extend(found.into_iter().map(|octets| Needle { octets, kept: 0 }));
            }
            is_secret |= redact_coded(&mut octets, notes.by(party), needles);
            if is_secret {
                write_back(record, link, party, &octets);
            }
        }
    }
}

/// Overwrites the Huffman-coded values of HTTP/2 that hold a secret; whether there were any. The others are found
/// as octets.
fn redact_coded(octets: &mut [u8], notes: &[FrameNote], needles: &[Needle]) -> bool {
    let mut is_there = false;
    for field in notes.iter().flat_map(|note| &note.fields).filter(|field| field.huffman) {
        let holds = |needle: &Needle| memmem::find(&field.value, &needle.octets).is_some();
        if needles.iter().any(holds) {
            is_there = true;
            field.at.iter().for_each(|at| octets[at.clone()].fill(HUFFMAN_STAR));
        }
    }
    is_there
}

fn records(result: &mut CaseResult) -> impl Iterator<Item = &mut Record> {
    result.record.iter_mut().chain(&mut result.twin)
}

/// Overwrites the values of the named field lines, and gives back what was secret in them.
fn redact_fields(octets: &mut [u8], values: &[Range<usize>]) -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for value in values.iter().cloned() {
        secrets.extend(secret_parts(&octets[value.clone()]));
        overwrite(&mut octets[value]);
    }
    secrets
}

/// Overwrites the value of a named field line that a server printed.
fn redact_line(line: &mut String, names: &[&str]) {
    let values = field_values(line.as_bytes(), names);
    if !values.is_empty() {
        let mut octets = std::mem::take(line).into_bytes();
        redact_fields(&mut octets, &values);
        *line = String::from_utf8_lossy(&octets).into_owned();
    }
}

/// Overwrites the values of the named fields in the header lists of HTTP/2, and adds what was secret in
/// them; whether there were any.
fn redact_lists(
    octets: &mut [u8],
    notes: &[FrameNote],
    names: &[&str],
    secrets: &mut Vec<Vec<u8>>,
) -> bool {
    let mut is_there = false;
    let is_secret =
        |name: &[u8]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    let fields = notes.iter().flat_map(|note| &note.fields);
    for field in fields.filter(|field| is_secret(&field.name)) {
        is_there = true;
        secrets.extend(secret_parts(&field.value));
        for at in &field.at {
            if field.huffman {
                octets[at.clone()].fill(HUFFMAN_STAR);
            } else {
                overwrite(&mut octets[at.clone()]);
            }
        }
    }
    is_there
}

/// Where the values of the named field lines are: from after the colon to the end of the line, and
/// on over lines that fold it (`obs-fold` of RFC 9112 section 5.2).
fn field_values(stream: &[u8], names: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Nothing before this begins a line that has had no colon yet.
    let mut floor = 0;
    let mut begins_line = true;
    while let Some(next) = memchr::memchr(b':', &stream[floor..]) {
        let colon = floor + next;
        let line_end = memchr::memrchr2(b'\n', b'\r', &stream[floor..colon]);
        let start = line_end.map_or(floor, |at| floor + at + 1);
        let name = stream[start..colon].trim_ascii();
        let is_first = begins_line || line_end.is_some();
        let is_named = names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        (floor, begins_line) = (colon + 1, false);
        if is_first && is_named {
            let end = colon + 1 + unfolded_end(&stream[colon + 1..]);
            found.push(colon + 1..end);
            floor = end;
        }
    }
    found
}

/// Where the line ends, folded lines included.
fn unfolded_end(value: &[u8]) -> usize {
    let mut ends = value.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let end = ends.find(|(at, _)| value.get(at + 1).is_none_or(|byte| !is_blank(*byte)));
    end.map_or(value.len(), |(at, _)| at)
}

/// The parts of a value that are worth looking for elsewhere: the value, what follows an authentication scheme,
/// and the values of cookies.
fn secret_parts(value: &[u8]) -> Vec<Vec<u8>> {
    let whole = value.trim_ascii();
    let credentials = whole.split(|byte| *byte == b' ').skip(1);
    let cookies = whole.split(|byte| *byte == b';').filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        Some(&pair[equals + 1..])
    });
    let parts = std::iter::once(whole).chain(credentials).chain(cookies.take(MOST_COOKIES));
    let worth = parts.map(<[u8]>::trim_ascii).filter(|part| part.len() >= SHORTEST_SECRET);
    worth.map(<[u8]>::to_vec).collect()
}

fn write_back(record: &mut Record, link: usize, party: Party, mut octets: &[u8]) {
    let ours = record.links[link].we == party;
    let carries = |kind: IoKind| if ours { kind.is_written() } else { kind == IoKind::Read };
    for io in record.io.iter_mut().filter(|io| io.link == link && carries(io.kind)) {
        let (own, rest) = octets.split_at(io.bytes.len());
        io.bytes.copy_from_slice(own);
        octets = rest;
    }
}

/// Whether it is what a client under test says of itself.
fn is_said(kind: IoKind) -> bool {
    matches!(kind, IoKind::Printed | IoKind::Reported)
}

fn overwrite(octets: &mut [u8]) {
    let shown =
        octets.iter_mut().filter(|byte| !is_blank(**byte) && !matches!(byte, b'\r' | b'\n'));
    shown.for_each(|byte| *byte = b'*');
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const PARTIES: [Party; 2] = [Party::Client, Party::Server];

/// The Huffman code of `*`, which is eight bits long (RFC 7541 appendix B).
const HUFFMAN_STAR: u8 = 0xf9;

/// A shorter secret would turn up by chance, and overwriting that would spoil the report.
const SHORTEST_SECRET: usize = 8;

/// The most pairs of a Cookie field that are searched for.
const MOST_COOKIES: usize = 64;

#[cfg(test)]
mod tests;
