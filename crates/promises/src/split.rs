//! How octets arrive does not matter: heads, chunked bodies and frames read in pieces come out as
//! when read whole.

use upspec_handshake::Party;
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::frame::{Compression, FrameReader};
use upspec_handshake::{HeadReader, RequestHead, ResponseHead, Status};

use crate::pieces::Cuts;
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `split`: how to cut, then the octets.
pub fn split(input: &[u8]) {
    let (cuts, octets) = Cuts::take(input);
    let ends = cuts.ends(octets.len());
    requests(octets, &ends);
    responses(octets, &ends);
    chunked(octets, &ends);
    for sender in [Party::Client, Party::Server] {
        for compression in [Compression::None, Compression::PermessageDeflate] {
            frames(octets, &ends, sender, compression);
        }
    }
}

/// One head after the other, as they are pipelined.
fn requests(octets: &[u8], ends: &[usize]) {
    let mut at = 0;
    for _ in 0..MOST_HEADS {
        let rest = &octets[at..];
        let whole = RequestHead::parse(rest);
        let mut reader = HeadReader::default();
        for end in ends.iter().filter(|end| **end > at).map(|end| end - at) {
            let read = planted::piece(reader.request(&rest[..end]), end);
            match &whole {
                Status::Complete(head) if head.len <= end => {
                    assert_eq!(read, whole);
                    break;
                }
                _ => assert_eq!(read, Status::Partial, "a strict prefix is no head"),
            }
        }
        let Status::Complete(head) = whole else {
            return;
        };
        at += head.len;
    }
}

fn responses(octets: &[u8], ends: &[usize]) {
    let whole = ResponseHead::parse(octets);
    let mut reader = HeadReader::default();
    for &end in ends {
        let read = reader.response(&octets[..end]);
        match &whole {
            Status::Complete(head) if head.len <= end => {
                assert_eq!(read, whole);
                return;
            }
            _ => assert_eq!(read, Status::Partial, "a strict prefix is no head"),
        }
    }
}

/// A verdict on a chunked body stands as soon as it is made.
fn chunked(octets: &[u8], ends: &[usize]) {
    let whole = ChunkedReader::default().read(octets);
    let mut reader = ChunkedReader::default();
    let mut said = Chunked::Partial;
    for &end in ends {
        let read = reader.read(&octets[..end]);
        if said != Chunked::Partial {
            assert_eq!(read, said, "the verdict changed");
        }
        said = read;
    }
    if !octets.is_empty() {
        assert_eq!(said, whole);
    }
    match whole {
        Chunked::Complete(length) => {
            assert!(length <= octets.len());
            let short = ChunkedReader::default().read(&octets[..length - 1]);
            assert_eq!(short, Chunked::Partial, "the last octet completes the body");
        }
        Chunked::Malformed(at) => assert!(at <= octets.len()),
        Chunked::Partial => {}
    }
}

/// A partial frame changes nothing, so that asking early and often is the same as asking once.
fn frames(octets: &[u8], ends: &[usize], sender: Party, compression: Compression) {
    let mut patient = FrameReader::new(sender, compression);
    let mut hasty = FrameReader::new(sender, compression);
    let mut at = 0;
    for _ in 0..MOST_HEADS {
        let rest = &octets[at..];
        let whole = patient.read(rest);
        let mut early = Status::Partial;
        for end in ends.iter().filter(|end| **end > at).map(|end| end - at) {
            early = hasty.read(&rest[..end]);
            if early != Status::Partial {
                break;
            }
        }
        assert_eq!(early, whole);
        let Status::Complete(frame) = whole else {
            return;
        };
        assert!(frame.len <= rest.len());
        for violation in &frame.violations {
            assert!(!violation.describe().is_empty() && violation.section().starts_with("rfc"));
        }
        at += frame.len;
    }
}

/// The requests and answers of the corpus, each with steps to cut by.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let texts = material.requests.iter().chain(&material.responses);
    let steps: [&[u8]; 3] = [&[0], &[1, 1], &[3, 17, 1, 60]];
    texts.enumerate().map(|(index, text)| [steps[index % steps.len()], text].concat()).collect()
}

/// More heads or frames than an input of interest has.
const MOST_HEADS: usize = 16;
