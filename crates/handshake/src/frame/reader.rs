//! Reads the frames of one sender in order, and reports those that are out of order.
//! Keeps no message: of a text it remembers at most the octets of one unfinished character.

use super::{Frame, FrameViolation, opcode};
use crate::Party;
use crate::Status;

/// What the handshake agreed on for the reserved bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Nothing: all of them are zero (RFC 6455 5.2).
    None,
    /// permessage-deflate: RSV1 marks a compressed message, on its first frame (RFC 7692 6).
    PermessageDeflate,
}

/// Reads frames one after another.
///
/// ```text
/// message = single-frame / first-frame *( continuation ) last-frame, control frames anywhere
///                                                                          RFC 6455 5.4
/// ```
#[derive(Clone, Debug)]
pub struct FrameReader {
    sender: Party,
    compression: Compression,
    /// The message that has begun and not ended.
    message: Option<Message>,
    closed: bool,
}

#[derive(Clone, Debug)]
enum Message {
    /// Text to be checked, and the beginning of a character that the next frame ends.
    Text(Vec<u8>),
    /// Anything else, compressed text included.
    Opaque,
}

impl FrameReader {
    /// A reader for what this sender sends after the handshake.
    pub fn new(sender: Party, compression: Compression) -> Self {
        Self { sender, compression, message: None, closed: false }
    }

    /// Whether a Close frame has been read.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether every message that was begun has ended.
    pub fn is_between_messages(&self) -> bool {
        self.message.is_none()
    }

    /// Reads the frame at the start of `buffer`; the next call gets the buffer after
    /// [`Frame::len`] octets. A partial frame changes nothing.
    pub fn read<'b>(&mut self, buffer: &'b [u8]) -> Status<Frame<'b>> {
        Frame::parse(buffer).map(|mut frame| {
            self.check_sender(&mut frame);
            if opcode::is_control(frame.opcode) {
                self.control(&mut frame);
            } else {
                self.data(&mut frame);
            }
            frame
        })
    }

    fn check_sender(&self, frame: &mut Frame<'_>) {
        match (self.sender, frame.masked) {
            (Party::Server, true) => frame.violations.push(FrameViolation::MaskedByServer),
            (Party::Client, false) => frame.violations.push(FrameViolation::UnmaskedByClient),
            _ => {}
        }
        let first = matches!(frame.opcode, opcode::TEXT | opcode::BINARY);
        let allowed = match self.compression {
            Compression::PermessageDeflate if first => RSV1,
            _ => 0,
        };
        if frame.rsv & !allowed != 0 {
            frame.violations.push(FrameViolation::ReservedBits);
        }
        if self.sender == Party::Server && frame.close_code() == Some(FOR_CLIENTS) {
            frame.violations.push(FrameViolation::CloseCodeOfClient);
        }
    }

    fn control(&mut self, frame: &mut Frame<'_>) {
        if self.closed {
            frame.violations.push(FrameViolation::ControlAfterClose);
        }
        self.closed |= frame.opcode == opcode::CLOSE;
    }

    fn data(&mut self, frame: &mut Frame<'_>) {
        if self.closed {
            frame.violations.push(FrameViolation::DataAfterClose);
        }
        let mut message = match (frame.opcode, self.message.take()) {
            (opcode::CONTINUATION, Some(open)) => open,
            (opcode::CONTINUATION, None) => {
                frame.violations.push(FrameViolation::ContinuationOutsideMessage);
                return;
            }
            (_, open) => {
                if open.is_some() {
                    frame.violations.push(FrameViolation::DataInsideMessage);
                }
                Message::begun_by(frame)
            }
        };
        if let Message::Text(unfinished) = &mut message {
            match rest_of_text(unfinished, &frame.payload) {
                Some(rest) if !frame.fin || rest.is_empty() => *unfinished = rest,
                _ => {
                    frame.violations.push(FrameViolation::TextNotUtf8);
                    // Once is enough for a message.
                    message = Message::Opaque;
                }
            }
        }
        self.message = (!frame.fin).then_some(message);
    }
}

impl Message {
    fn begun_by(frame: &Frame<'_>) -> Self {
        if frame.opcode == opcode::TEXT && frame.rsv & RSV1 == 0 {
            Self::Text(Vec::new())
        } else {
            Self::Opaque
        }
    }
}

/// The beginning of a character at the end of a text; `None` when the text is not UTF-8.
fn rest_of_text(unfinished: &[u8], more: &[u8]) -> Option<Vec<u8>> {
    let joined;
    let text = if unfinished.is_empty() {
        more
    } else {
        joined = [unfinished, more].concat();
        &joined
    };
    match std::str::from_utf8(text) {
        Ok(_) => Some(Vec::new()),
        Err(odd) if odd.error_len().is_none() => Some(text[odd.valid_up_to()..].to_vec()),
        Err(_) => None,
    }
}

/// The first reserved bit in [`Frame::rsv`].
const RSV1: u8 = 4;

/// The close code with which a client says that an extension is missing (RFC 6455 7.4.1).
const FOR_CLIENTS: u16 = 1010;
