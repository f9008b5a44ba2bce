//! Joins the fragments of a message and undoes their compression.
//! Expects frames in order, and does not check that.

use upspec_handshake::frame::{Compression, Frame, opcode};
use upspec_handshake::inflate::{InflateViolation, Inflater};

use super::{MAX_MESSAGE, NOT_UTF8, TOO_BIG};
use crate::fault::{Errs, Point, cost};

/// The message that is arriving, if one is.
pub(crate) struct Message {
    /// Present if permessage-deflate has been agreed on.
    inflater: Option<Inflater>,
    kind: Option<Kind>,
    payload: Vec<u8>,
    /// The client has offered to do without context takeover; only a fault cares.
    pub(super) is_hinted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Kind {
    opcode: u8,
    is_compressed: bool,
}

impl Message {
    pub(crate) fn new(compression: Compression) -> Self {
        Self {
            inflater: (compression == Compression::PermessageDeflate).then(Inflater::new),
            kind: None,
            payload: Vec::new(),
            is_hinted: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.kind.is_some()
    }

    pub(crate) fn is_compressible(&self) -> bool {
        self.inflater.is_some()
    }

    /// Adds the payload of a data frame. Returns opcode and data of a message that is complete, or
    /// the close code of one that is wrong.
    pub(crate) fn add(
        &mut self,
        errs: Errs<'_>,
        frame: &Frame<'_>,
        payload: &[u8],
    ) -> Result<Option<(u8, Vec<u8>)>, u16> {
        if frame.opcode != opcode::CONTINUATION {
            self.payload.clear();
            let is_compressed = frame.rsv & RSV1 != 0 && self.is_compressible();
            self.kind = Some(Kind { opcode: frame.opcode, is_compressed });
        }
        let Some(kind) = self.kind else {
            return Ok(None);
        };
        if self.payload.len() + payload.len() > MAX_MESSAGE {
            return Err(TOO_BIG);
        }
        self.payload.extend_from_slice(payload);
        if !frame.fin {
            return Ok(None);
        }
        if frame.opcode == opcode::CONTINUATION && errs(Point::FragmentsCost) {
            cost::of_square(self.payload.len() / COSTLY_UNIT);
        }
        self.kind = None;
        let data = self.data(errs, kind)?;
        let is_wrong = kind.opcode == opcode::TEXT && std::str::from_utf8(&data).is_err();
        if is_wrong && !errs(Point::Utf8Unchecked) {
            return Err(NOT_UTF8);
        }
        Ok(Some((kind.opcode, data)))
    }

    fn data(&mut self, errs: Errs<'_>, kind: Kind) -> Result<Vec<u8>, u16> {
        let payload = std::mem::take(&mut self.payload);
        match &mut self.inflater {
            Some(inflater) if kind.is_compressed && !errs(Point::NotInflated) => {
                let is_forgetful = self.is_hinted && errs(Point::WindowForgottenOnHint);
                if is_forgetful || errs(Point::WindowForgotten) {
                    *inflater = Inflater::new();
                }
                if errs(Point::WindowTooSmall) && inflater.window() != SMALL_WINDOW {
                    *inflater = Inflater::with_window(SMALL_WINDOW);
                }
                let data = inflater.message(&payload, MAX_MESSAGE);
                if errs(Point::InflatingCost) {
                    cost::of_square(data.as_ref().map_or(MAX_MESSAGE, Vec::len) / COSTLY_UNIT);
                }
                data.map_err(|violation| match violation {
                    InflateViolation::Malformed => NOT_UTF8,
                    InflateViolation::TooLong => TOO_BIG,
                })
            }
            _ => Ok(payload),
        }
    }
}

/// How many octets a fault takes for one when it counts them.
const COSTLY_UNIT: usize = 128;

/// The window of a server that keeps less than permessage-deflate needs.
const SMALL_WINDOW: usize = 8 * 1024;

/// The first reserved bit in [`Frame::rsv`]: the message is compressed (RFC 7692 6).
const RSV1: u8 = 4;
