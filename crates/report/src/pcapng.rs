//! The exchanges as a capture file, for Wireshark: each connection as a TCP stream in the clear, with the times
//! of the record. Nothing below TCP is known, so that addresses and segments are made up.

mod stream;

use upspec_exchange::Record;
use upspec_judge::CaseResult;

use crate::report::Report;
use crate::visible;
use crate::words::{message, verdict_word};
use stream::Stream;

/// All connections of the report, one case behind the other, each with its case in the comment of its first
/// packet.
pub(crate) fn pcapng(report: &Report) -> Vec<u8> {
    let mut capture = Capture::new(&format!("upspec {}", report.tool.version));
    let mut clock = u64::try_from(report.started.as_microsecond()).unwrap_or_default();
    let mut number = 0;
    for case in &report.cases {
        for (record, which) in case.record.iter().zip([""]).chain(case.twin.iter().zip([" (twin)"]))
        {
            let said = format!("{}{which}: {}", visible::text(&case.id), told(case));
            exchange(&mut capture, record, &mut number, clock, &said);
            let took = record.io.last().map_or(0, |io| io.at_us);
            clock = clock.saturating_add(took).saturating_add(GAP_US);
        }
    }
    capture.octets
}

fn told(case: &CaseResult) -> String {
    let said = message(case).unwrap_or(&case.title);
    format!("{}: {}", verdict_word(case.verdict), visible::text(said))
}

/// The connections of a record side by side.
fn exchange(capture: &mut Capture, record: &Record, number: &mut u32, clock: u64, said: &str) {
    let mut streams: Vec<Stream> = Vec::new();
    for link in &record.links {
        let tls = if link.tls { " (was inside TLS)" } else { "" };
        let name = visible::text(&link.name);
        streams.push(Stream::new(*number, link.we, format!("{said} [{name}{tls}]")));
        *number += 1;
    }
    for io in &record.io {
        if let Some(stream) = streams.get_mut(io.link) {
            for (packet, comment) in stream.packets(io) {
                capture.packet(clock.saturating_add(io.at_us), &packet, &comment);
            }
        }
    }
}

/// A file of blocks (draft-ietf-opsawg-pcapng) with one section and one interface.
struct Capture {
    octets: Vec<u8>,
}

impl Capture {
    fn new(writer: &str) -> Self {
        let mut capture = Self { octets: Vec::new() };
        let mut section = Vec::new();
        section.extend(0x1a2b_3c4d_u32.to_le_bytes());
        section.extend([1_u16, 0].map(u16::to_le_bytes).concat());
        section.extend(u64::MAX.to_le_bytes());
        option(&mut section, USER_APPLICATION, writer);
        capture.block(SECTION_HEADER, section);
        // Ethernet, and packets of any length.
        let mut interface = [1_u16, 0].map(u16::to_le_bytes).concat();
        interface.extend(0_u32.to_le_bytes());
        option(&mut interface, INTERFACE_NAME, "upspec");
        capture.block(INTERFACE_DESCRIPTION, interface);
        capture
    }

    fn packet(&mut self, at_us: u64, packet: &[u8], comment: &str) {
        let [high, low] = [at_us >> 32, at_us & 0xffff_ffff].map(half);
        let length = length(packet);
        let mut body = [0, high, low, length, length].map(u32::to_le_bytes).concat();
        body.extend(packet);
        pad(&mut body);
        if !comment.is_empty() {
            option(&mut body, COMMENT, comment);
        }
        self.block(ENHANCED_PACKET, body);
    }

    fn block(&mut self, kind: u32, body: Vec<u8>) {
        let length = (length(&body) + 12).to_le_bytes();
        self.octets.extend(kind.to_le_bytes());
        self.octets.extend(length);
        self.octets.extend(body);
        self.octets.extend(length);
    }
}

/// An option and the end of the options.
fn option(body: &mut Vec<u8>, code: u16, text: &str) {
    let cut = text.char_indices().map(|(at, _)| at).find(|at| *at >= MOST_COMMENT);
    let text = &text.as_bytes()[..cut.unwrap_or(text.len())];
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(text);
    pad(body);
    body.extend([0; 4]);
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn half(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn length(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).unwrap_or(u32::MAX)
}

/// Between two cases, in microseconds.
const GAP_US: u64 = 1000;
const MOST_COMMENT: usize = 2000;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const COMMENT: u16 = 1;
const INTERFACE_NAME: u16 = 2;
const USER_APPLICATION: u16 = 4;

#[cfg(test)]
mod tests;
