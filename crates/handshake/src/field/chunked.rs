//! Finds the end of a chunked body: RFC 9112 section 7.1.
//! Copies no data, and accepts no line end but CRLF.

use super::parameter::{Parameter, segments};
use super::token::{is_token, leading_ows};
use memchr::memchr;

/// The state of a chunked body after the octets so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chunked {
    /// The body is complete; it takes this many octets, the trailer section included.
    Complete(usize),
    /// The line or data that begins at this place is malformed.
    Malformed(usize),
    /// The octets so far are valid but incomplete.
    Partial,
}

/// Finds the end of a chunked body in a buffer that grows between calls, without reading octets
/// twice.
///
/// RFC 9112 2.2 lets a recipient take LF for a line end in the head only (erratum 7633), so that
/// one is malformed here; likewise a chunk size of more than 64 bits.
#[derive(Clone, Debug, Default)]
pub struct ChunkedReader {
    /// Where the incomplete part begins.
    at: usize,
    /// Up to where no LF has been found.
    searched: usize,
    part: Part,
}

#[derive(Clone, Copy, Debug, Default)]
enum Part {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
    Ended,
}

enum Step {
    Next(Part),
    Stop(Chunked),
}

impl ChunkedReader {
    /// ```text
    /// chunked-body    = *chunk last-chunk trailer-section CRLF
    /// chunk           = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
    /// last-chunk      = 1*("0") [ chunk-ext ] CRLF
    /// trailer-section = *( field-line CRLF )                            RFC 9112 7.1
    /// ```
    ///
    /// `body` holds all octets since the body began.
    pub fn read(&mut self, body: &[u8]) -> Chunked {
        loop {
            let step = match self.part {
                Part::Size => self.line(body, size),
                Part::Trailer => self.line(body, trailer),
                Part::Data(left) => self.data(body, left),
                Part::DataEnd => self.data_end(body),
                Part::Ended => Step::Stop(Chunked::Complete(self.at)),
            };
            match step {
                Step::Next(part) => self.part = part,
                Step::Stop(result) => return result,
            }
        }
    }

    /// Reads a line; `read` says what follows it, or `None` if it is malformed.
    fn line(&mut self, body: &[u8], read: fn(&[u8]) -> Option<Part>) -> Step {
        let from = self.searched.max(self.at);
        let Some(found) = body.get(from..).and_then(|rest| memchr(b'\n', rest)) else {
            self.searched = body.len();
            return Step::Stop(Chunked::Partial);
        };
        let lf = from + found;
        match body[self.at..lf].strip_suffix(b"\r").and_then(read) {
            Some(part) => {
                self.at = lf + 1;
                Step::Next(part)
            }
            None => Step::Stop(Chunked::Malformed(self.at)),
        }
    }

    fn data(&mut self, body: &[u8], left: u64) -> Step {
        let here = body.len().saturating_sub(self.at);
        match usize::try_from(left) {
            Ok(left) if left <= here => {
                self.at += left;
                Step::Next(Part::DataEnd)
            }
            _ => Step::Stop(Chunked::Partial),
        }
    }

    fn data_end(&mut self, body: &[u8]) -> Step {
        match body.get(self.at..).unwrap_or_default() {
            [b'\r', b'\n', ..] => {
                self.at += 2;
                Step::Next(Part::Size)
            }
            [] | [b'\r'] => Step::Stop(Chunked::Partial),
            _ => Step::Stop(Chunked::Malformed(self.at)),
        }
    }
}

/// ```text
/// chunk-size = 1*HEXDIG
/// chunk-ext  = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )   RFC 9112 7.1.1
/// ```
fn size(line: &[u8]) -> Option<Part> {
    let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(digits);
    if digits.is_empty() || !is_chunk_ext(extensions) {
        return None;
    }
    let size = digits.iter().try_fold(0_u64, |size, &octet| {
        let digit = char::from(octet).to_digit(16)?;
        size.checked_mul(16)?.checked_add(u64::from(digit))
    })?;
    Some(if size == 0 { Part::Trailer } else { Part::Data(size) })
}

fn is_chunk_ext(bytes: &[u8]) -> bool {
    match &bytes[leading_ows(bytes)..] {
        [] => bytes.is_empty(),
        [b';', rest @ ..] => segments(rest).all(|segment| Parameter::parse(segment.bytes).is_ok()),
        _ => false,
    }
}

/// A field line (RFC 9112 5), or the empty line that ends the body.
fn trailer(line: &[u8]) -> Option<Part> {
    if line.is_empty() {
        return Some(Part::Ended);
    }
    let colon = memchr(b':', line)?;
    let clean = line.iter().all(|&octet| octet == b'\t' || !octet.is_ascii_control());
    (is_token(&line[..colon]) && clean).then_some(Part::Trailer)
}

#[cfg(test)]
mod tests {
    use super::Chunked::{self, Complete, Malformed, Partial};
    use super::ChunkedReader;
    use proptest::prelude::*;

    fn read(body: &[u8]) -> Chunked {
        ChunkedReader::default().read(body)
    }

    #[test]
    fn rfc9112_7_1_chunked_body() {
        let rows = [
            ("0\r\n\r\n", Complete(5)),
            ("5\r\nhello\r\n0\r\n\r\nmore", Complete(15)),
            ("0a;x;y=\"z;\" ; w = 1\r\n0123456789\r\n000\r\na: b\r\n\r\n", Complete(46)),
            ("", Partial),
            ("5\r\nhel", Partial),
            ("5\r\nhello", Partial),
            ("5\r\nhello\r", Partial),
            ("5\r\nhello\r\n0\r\n", Partial),
            ("ffffffffffffffff\r\na", Partial),
            ("10000000000000000\r\n", Malformed(0)),
            ("0\n\n", Malformed(0)),
            ("0\r\n\n", Malformed(3)),
            ("\r\n", Malformed(0)),
            ("-1\r\n", Malformed(0)),
            ("0x5\r\n", Malformed(0)),
            (" 5\r\n", Malformed(0)),
            ("5 \r\n", Malformed(0)),
            ("5;\r\n", Malformed(0)),
            ("5;=\r\n", Malformed(0)),
            ("5\r\nhello!\r\n", Malformed(8)),
            ("5\r\nhello\n0\r\n", Malformed(8)),
            ("0\r\na b: c\r\n\r\n", Malformed(3)),
            ("0\r\n a: c\r\n\r\n", Malformed(3)),
        ];
        for (body, want) in rows {
            assert_eq!(read(body.as_bytes()), want, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn a_body_reads_the_same_however_it_is_split(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["0", "1", "\r\n", "\n", "a", ";", ":", "5\r\n12345\r\n", "0\r\n\r\n"]),
                0..12,
            ),
        ) {
            let body = pieces.concat().into_bytes();
            let mut reader = ChunkedReader::default();
            for end in 0..=body.len() {
                prop_assert_eq!(reader.read(&body[..end]), read(&body[..end]));
            }
        }
    }
}
