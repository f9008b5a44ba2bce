//! Faults in how an answer is written.

use super::super::Fault;
use super::Seen;
use crate::answer::Answer;
use crate::config::Config;

/// Changes the octets of an answer.
pub(crate) fn alter_octets(
    config: &Config,
    octets: Vec<u8>,
    answer: &Answer,
    seen: &Seen,
) -> Vec<u8> {
    let Some(fault) = config.fault else {
        return octets;
    };
    let head_ends = octets.windows(4).position(|end| end == b"\r\n\r\n");
    let (head, rest) = octets.split_at(head_ends.map_or(octets.len(), |at| at + 4));
    let line_ends = head.windows(2).position(|end| end == b"\r\n").unwrap_or(0);
    let (start, fields) = head.split_at(line_ends);
    let is_switch = answer.status == 101;
    match fault {
        Fault::SpaceBeforeColonSent => [start, b"\r\nX-Space : 1", fields, rest].concat(),
        Fault::SpaceLedLineSent => [start, b"\r\n X-Led: 1", fields, rest].concat(),
        Fault::FoldSent => [start, b"\r\nX-Fold: 1\r\n 2", fields, rest].concat(),
        Fault::BareCrSent => [start, b"\r\nX-Cr: 1\r2", fields, rest].concat(),
        Fault::BareLfSent => {
            let mut octets: Vec<u8> = head.to_vec();
            octets.retain(|octet| *octet != b'\r');
            octets.extend_from_slice(rest);
            octets
        }
        Fault::Http2WithoutSwitch if seen.offers(b"h2c") => EMPTY_SETTINGS.to_vec(),
        Fault::NoSpaceAfterStatus => [&start[..12], fields, rest].concat(),
        Fault::SwitchInHttp10 if is_switch => [b"HTTP/1.0", &start[8..], fields, rest].concat(),
        Fault::SwitchTwice if is_switch => [head, head].concat(),
        Fault::JunkAfterSwitch if is_switch => [head, b"junk\r\n"].concat(),
        Fault::ContinueAfterSwitch if is_switch && seen.has("Expect") => {
            [head, b"HTTP/1.1 100 Continue\r\n\r\n"].concat()
        }
        _ => octets,
    }
}

/// A SETTINGS frame of HTTP/2 with no setting in it.
const EMPTY_SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
