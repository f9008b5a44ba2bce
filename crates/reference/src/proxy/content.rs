//! Takes the chunked coding off content and puts it on again (RFC 9112 7.1), piece by piece.
//! Strict: no line end but CRLF, and no chunk size of more than 64 bits.

/// Takes the chunked coding off. What it leaves out is bounded, too.
#[derive(Debug, Default)]
pub(super) struct Unchunker {
    part: Part,
    /// How many octets chunk extensions have taken, and zeros before a size.
    extensions: usize,
    /// The lines of the trailer section, without line ends.
    pub(super) trailers: Vec<Vec<u8>>,
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

/// What has become of a piece of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All of it is there; what is left of the input is not part of it.
    Ended,
    /// It is malformed.
    Malformed,
    /// More is to come.
    Partial,
}

impl Unchunker {
    /// Takes what is content out of `input`, and adds what it stands for to `data`.
    pub(super) fn read(&mut self, input: &mut Vec<u8>, data: &mut Vec<u8>) -> Progress {
        let mut at = 0;
        let progress = loop {
            let rest = &input[at..];
            let step = match self.part {
                Part::Ended => break Progress::Ended,
                Part::Data(left) => self.data(left, rest, data),
                Part::Size | Part::DataEnd | Part::Trailer => self.line(rest),
            };
            match step {
                Ok(0) => break Progress::Partial,
                Ok(taken) => at += taken,
                Err(Malformed) => break Progress::Malformed,
            }
        };
        input.drain(..at);
        progress
    }

    fn data(&mut self, left: u64, rest: &[u8], data: &mut Vec<u8>) -> Result<usize, Malformed> {
        let here = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        data.extend_from_slice(&rest[..here]);
        self.part = match left - here as u64 {
            0 => Part::DataEnd,
            left => Part::Data(left),
        };
        Ok(here)
    }

    fn line(&mut self, rest: &[u8]) -> Result<usize, Malformed> {
        let is_due = matches!(self.part, Part::DataEnd);
        if is_due && !matches!(rest, [] | [b'\r'] | [b'\r', b'\n', ..]) {
            return Err(Malformed);
        }
        let Some(lf) = rest.iter().position(|&octet| octet == b'\n') else {
            return if rest.len() > MOST_IN_LINE { Err(Malformed) } else { Ok(0) };
        };
        let line = rest[..lf].strip_suffix(b"\r").ok_or(Malformed)?;
        self.part = match self.part {
            Part::Size => {
                self.extensions += line.len().saturating_sub(USUAL_SIZE);
                size(line).filter(|_| self.extensions < MOST_IN_EXTENSIONS).ok_or(Malformed)?
            }
            Part::DataEnd if line.is_empty() => Part::Size,
            Part::Trailer if line.is_empty() => Part::Ended,
            Part::Trailer if self.trailers.len() < MOST_TRAILERS && is_field(line) => {
                self.trailers.push(line.to_vec());
                Part::Trailer
            }
            _ => return Err(Malformed),
        };
        Ok(lf + 1)
    }
}

struct Malformed;

/// `chunk-size [ chunk-ext ]`; the extensions end at this hop (RFC 9112 7.1.1).
fn size(line: &[u8]) -> Option<Part> {
    let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(digits);
    let is_clean = matches!(extensions.trim_ascii_start(), [] | [b';', ..]) && is_clean(extensions);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_clean)?;
    match u64::from_str_radix(digits, 16).ok()? {
        0 => Some(Part::Trailer),
        size => Some(Part::Data(size)),
    }
}

fn is_field(line: &[u8]) -> bool {
    let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
    line.contains(&b':') && upspec_handshake::field::is_token(name) && is_clean(line)
}

fn is_clean(octets: &[u8]) -> bool {
    octets.iter().all(|&octet| octet == b'\t' || !octet.is_ascii_control())
}

/// Data as one chunk; nothing where there is none, since an empty chunk is the last one.
pub(super) fn chunk(data: &[u8]) -> Vec<u8> {
    match data {
        [] => Vec::new(),
        data => [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat(),
    }
}

/// The last chunk and the trailer section.
pub(super) fn last_chunk(trailers: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = b"0\r\n".to_vec();
    for line in trailers {
        octets.extend_from_slice(line);
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b"\r\n");
    octets
}

/// How many octets a line with a size takes that has nothing else.
const USUAL_SIZE: usize = 8;
const MOST_IN_EXTENSIONS: usize = 64 * 1024;
const MOST_IN_LINE: usize = 8 * 1024;
const MOST_TRAILERS: usize = 100;

#[cfg(test)]
mod tests {
    use super::{Progress, Unchunker, chunk, last_chunk};

    #[test]
    fn rfc9112_7_1_whole_and_split() {
        let rows = [
            ("0\r\n\r\nrest", Progress::Ended, ""),
            ("3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\nA: b\r\n\r\n", Progress::Ended, "abcde"),
            ("3\r\nab", Progress::Partial, "ab"),
            ("3\r\nabcd", Progress::Malformed, "abc"),
            ("3\nabc", Progress::Malformed, ""),
            ("x\r\n", Progress::Malformed, ""),
            ("\r\n", Progress::Malformed, ""),
            ("10000000000000000\r\n", Progress::Malformed, ""),
            ("0\r\nA b\r\n\r\n", Progress::Malformed, ""),
        ];
        for (octets, want, data) in rows {
            for split in 0..=octets.len() {
                let (mut unchunker, mut input, mut got) =
                    (Unchunker::default(), Vec::new(), vec![]);
                let mut progress = Progress::Partial;
                for part in [&octets[..split], &octets[split..]] {
                    input.extend_from_slice(part.as_bytes());
                    if progress != Progress::Malformed {
                        progress = unchunker.read(&mut input, &mut got);
                    }
                }
                assert_eq!(progress, want, "{octets:?} at {split}");
                assert_eq!(got, data.as_bytes(), "{octets:?} at {split}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let trailers = [b"A: b".to_vec()];
        let mut octets = [chunk(b""), chunk(b"0123456789abcdef"), last_chunk(&trailers)].concat();
        let (mut unchunker, mut data) = (Unchunker::default(), Vec::new());
        assert_eq!(unchunker.read(&mut octets, &mut data), Progress::Ended);
        assert_eq!(
            (data.as_slice(), unchunker.trailers),
            (&b"0123456789abcdef"[..], trailers.into())
        );
    }
}
