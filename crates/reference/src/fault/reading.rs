//! What a faulty server sees in place of the request head that was sent.
//! Never for the server without fault: it sees what was sent.

mod fields;
mod handshake;
mod start_line;
mod surprise;

use upspec_handshake::field::chunked::{Chunked, ChunkedReader};

use super::Fault;
use super::sketch::{Sketch, field};
use crate::config::Config;

/// How a head is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As it was sent.
    AsSent,
    /// As if these octets had been sent.
    Instead(Vec<u8>),
    /// As something to end the connection for, without an answer.
    Dropped,
    /// As an error that gets this status.
    Refused(u16),
    /// As something that is never answered.
    Unanswered,
}

/// Reads a complete head with the eyes of the fault, if there is one.
pub(crate) fn read(config: &Config, head: &[u8]) -> Reading {
    let Some(fault) = config.fault else {
        return Reading::AsSent;
    };
    if let Some(octets) = misread_octets(fault, head) {
        return Reading::Instead(octets);
    }
    let sketch = Sketch::of(head);
    if let Some(reading) = surprise::surprise(fault, head, &sketch) {
        return reading;
    }
    if let Some(status) = refusal(fault, head, &sketch) {
        return Reading::Refused(status);
    }
    let mut changed = sketch.clone();
    start_line::misread(fault, &mut changed, config);
    fields::misread(fault, &mut changed);
    handshake::misread(fault, &mut changed, config);
    if changed == sketch { Reading::AsSent } else { Reading::Instead(changed.write()) }
}

/// Reads the chunks of a body.
pub(crate) fn read_chunks(
    config: &Config,
    reader: &mut ChunkedReader,
    input: &mut Vec<u8>,
) -> Chunked {
    let line = input.iter().position(|&octet| octet == b'\r').unwrap_or(0);
    if config.has(Fault::RefuseChunkExtensions) && input[..line].contains(&b';') {
        return Chunked::Malformed(0);
    }
    if config.has(Fault::RefuseSpaceInChunkExtensions) && input[..line].contains(&b' ') {
        return Chunked::Malformed(0);
    }
    if config.has(Fault::ChunkSizeOverflow) && line > MAX_SIZE_DIGITS {
        input.drain(..line - 1);
    }
    reader.read(input)
}

/// Adds the trailer fields of a chunked body to a head.
pub(crate) fn merge_trailers(config: &Config, head: &mut Vec<u8>, body: &[u8]) {
    if !config.has(Fault::TrailersMerged) {
        return;
    }
    let last = body.windows(5).position(|octets| octets == b"\r\n0\r\n").map_or(3, |at| at + 5);
    head.truncate(head.len().saturating_sub(2));
    head.extend_from_slice(&body[last.min(body.len())..]);
}

/// A chunk size of more digits does not fit into 64 bits.
const MAX_SIZE_DIGITS: usize = 16;

fn misread_octets(fault: Fault, head: &[u8]) -> Option<Vec<u8>> {
    Some(match fault {
        Fault::BareCrAsLineEnd => bare_crs_replaced(head, b"\r\n"),
        Fault::BareCrDropped => bare_crs_replaced(head, b""),
        Fault::OctetsDecoded => replaced(head, b"\xc4\x8a", b"\r\n"),
        Fault::FoldConcatenated => replaced(&replaced(head, b"\r\n ", b""), b"\r\n\t", b""),
        Fault::FoldAsField | Fault::SpaceLedLineAsField => {
            let mut sketch = Sketch::of(head);
            let first = usize::from(fault == Fault::FoldAsField);
            let last = if first == 0 { 1 } else { sketch.lines.len() };
            for line in sketch.lines.iter_mut().take(last).skip(first) {
                *line = line.trim_ascii_start().to_vec();
            }
            sketch.write()
        }
        Fault::ValueCutAtNul => {
            let mut sketch = Sketch::of(head);
            for line in &mut sketch.lines {
                let nul = line.iter().position(|&octet| octet == 0);
                line.truncate(nul.unwrap_or(line.len()));
            }
            sketch.write()
        }
        _ => return None,
    })
}

/// Faults that take a lawful request for an unlawful one.
fn refusal(fault: Fault, head: &[u8], sketch: &Sketch) -> Option<u16> {
    let target = sketch.target().unwrap_or_default();
    let joined = |name: &str| sketch.values(name).join(&b',');
    let mut values = sketch.lines.iter().filter_map(|line| field(line));
    let refused = match fault {
        Fault::RefuseLeadingEmptyLine => head.starts_with(b"\r\n"),
        Fault::RefuseObsText => head.iter().any(|octet| *octet >= 0x80),
        Fault::RefuseTabOws => head.contains(&b'\t'),
        Fault::SpaceAfterColonRequired => sketch.lines.iter().any(|line| {
            let colon = line.iter().position(|&octet| octet == b':');
            colon.is_some_and(|colon| line.get(colon + 1) != Some(&b' '))
        }),
        Fault::FieldOrderMatters => {
            let first = sketch.lines.first().and_then(|line| field(line));
            sketch.has("Host") && !first.is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"host"))
        }
        Fault::RefuseUnknownFields => values.any(|(name, _)| !fields::is_known(name)),
        Fault::RefuseEmptyListElements => fields::LISTS.iter().any(|name| {
            sketch.has(name) && joined(name).split(|&octet| octet == b',').any(is_blank)
        }),
        Fault::RefuseHttp12 => {
            let minor = sketch.start.strip_suffix(b"0").or(sketch.start.strip_suffix(b"1"));
            return (minor.is_none() && target.len() < sketch.start.len()).then_some(505);
        }
        Fault::NoAbsoluteForm => target.windows(3).any(|octets| octets == b"://"),
        Fault::HostBeatsTarget => fields::host_differs(target, &joined("Host")),
        Fault::ShortRequestLines => return (sketch.start.len() > 4000).then_some(414),
        Fault::RefuseOddHost => {
            let odd = |octet: &u8| !octet.is_ascii_alphanumeric() && !b".-:".contains(octet);
            joined("Host").iter().any(odd) || joined("Host").ends_with(b":")
        }
        Fault::CaseSensitiveExpect => {
            let value = joined("Expect");
            return (sketch.has("Expect") && value != b"100-continue").then_some(417);
        }
        Fault::CaseSensitiveCoding => {
            let value = joined("Transfer-Encoding");
            return (value != value.to_ascii_lowercase()).then_some(501);
        }
        Fault::ErrorOnSubprotocols => {
            return sketch.has("Sec-WebSocket-Protocol").then_some(500);
        }
        Fault::NoListInUpgrade => joined("Upgrade").contains(&b','),
        Fault::NoListInConnection => joined("Connection").contains(&b','),
        Fault::RefuseExtensions => sketch.has("Sec-WebSocket-Extensions"),
        Fault::RefuseInvalidDeflateOffer => {
            handshake::has_invalid_deflate_offer(&joined("Sec-WebSocket-Extensions"))
        }
        _ => false,
    };
    refused.then_some(400)
}

fn is_blank(element: &[u8]) -> bool {
    element.trim_ascii().is_empty()
}

fn bare_crs_replaced(head: &[u8], by: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(head.len());
    for (at, &octet) in head.iter().enumerate() {
        if octet == b'\r' && head.get(at + 1) != Some(&b'\n') {
            octets.extend_from_slice(by);
        } else {
            octets.push(octet);
        }
    }
    octets
}

fn replaced(head: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(head.len());
    let mut rest = head;
    while let Some((&octet, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(what) {
            octets.extend_from_slice(by);
            rest = after;
        } else {
            octets.push(octet);
            rest = after;
        }
    }
    octets
}
