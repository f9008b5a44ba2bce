//! A request while its body arrives.

use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::peer::{MAX_BODY, Request};

use crate::answer::Answer;
use crate::config::Config;
use crate::fault::{Point, Seen, reading};

/// A request whose body is not complete.
pub(super) struct Pending {
    pub(super) request: Request,
    /// The head as it is read.
    pub(super) head: Vec<u8>,
    pub(super) seen: Seen,
    pub(super) left: Left,
}

/// How much of a body is still to come.
pub(super) enum Left {
    Octets(u64),
    Chunks(ChunkedReader),
}

/// Whether the input can be looked at again.
#[derive(PartialEq, Eq)]
pub(super) enum Progress {
    Made,
    Starved,
}

impl Pending {
    /// Takes what has arrived of the body.
    pub(super) fn read_body(
        &mut self,
        config: &Config,
        input: &mut Vec<u8>,
    ) -> Result<Progress, Answer> {
        match &mut self.left {
            Left::Octets(left) => {
                let here = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                input.drain(..here);
                *left -= here as u64;
                Ok(if *left == 0 { Progress::Made } else { Progress::Starved })
            }
            Left::Chunks(reader) => match reading::read_chunks(config, reader, input) {
                Chunked::Complete(length) => {
                    let body: Vec<u8> = input.drain(..length).collect();
                    reading::read_body(config, &mut self.head, &body);
                    Ok(Progress::Made)
                }
                Chunked::Malformed(_) => {
                    Err(Answer::new(400, "the chunked content is malformed").closing())
                }
                Chunked::Partial
                    if input.len() as u64 > MAX_BODY && !config.errs_at(Point::EndlessChunks) =>
                {
                    Err(Answer::new(413, "the content is too large").closing())
                }
                Chunked::Partial => Ok(Progress::Starved),
            },
        }
    }
}
