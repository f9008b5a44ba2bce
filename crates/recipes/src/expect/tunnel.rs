//! What is due to the octets that a recipe sends into its tunnel: the first frame that asks for something decides.
//! Octets that end within a frame, or ask for nothing, have nothing due to them.

use upspec_corpus::case::{Connection, Expectation, Grade, Outcomes, Tunnel};
use upspec_handshake::frame::{Compression, FrameHeader, FrameReader, FrameViolation, opcode};
use upspec_handshake::{Party, Status};

use super::Spoken;
use crate::known::Known;
use crate::words::Inside;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// The Pong to the Ping.
    Pong,
    /// The text comes back.
    Echo,
    /// A Close frame.
    Close,
    /// A Close frame or the end, for the Close is wrong itself.
    Leave,
    /// The end; a Close frame before it is the server's choice.
    End,
    /// The connection fails: a Close frame and the end.
    Fail(&'static str),
    /// A Close frame, for the frame breaks a rule that binds who sends it.
    Answer,
    /// The same, unless the frame is read as it is, which a Pong behind it shows.
    AnswerOrRead,
    /// A Close frame or the end, unless the rest of the frame is still waited for.
    Wait,
    /// The stream of HTTP/2 ends.
    StreamEnd(&'static str),
    /// The same, for the client has ended it: no rule says how soon.
    StreamEndInTurn,
}

impl Duty {
    /// What is due to a frame of HTTP/2 on the stream of a tunnel; `None` where it is no matter of the tunnel.
    pub(super) fn of_frame(inside: Inside) -> Option<Self> {
        match inside {
            Inside::EmptyData | Inside::PaddedData => None,
            Inside::ZeroIncrement => Some(Self::StreamEnd("rfc9113/6.9-increment-zero")),
            Inside::WideWindow => Some(Self::StreamEnd("rfc9113/6.9.1-overflow")),
            Inside::Headers => Some(Self::StreamEnd("rfc9113/8.5-only-data")),
            Inside::End => Some(Self::StreamEndInTurn),
        }
    }

    /// What is due to these octets in a tunnel without extensions.
    pub(super) fn of(octets: &[u8], known: &Known) -> Option<Self> {
        let mut reader = FrameReader::new(Party::Client, Compression::None);
        let (mut at, mut pings, mut texts, mut others) = (0, 0, 0, 0);
        let (mut length, mut broken) = (0, false);
        while at < octets.len() {
            let Status::Complete(frame) = reader.read(&octets[at..]) else {
                return Self::of_part(&octets[at..]);
            };
            let is_data = !opcode::is_control(frame.opcode);
            match frame.violations.first() {
                // Only a whole message has to be text.
                Some(FrameViolation::TextNotUtf8) if !frame.fin => broken = true,
                _ if broken && !(is_data && frame.violations.is_empty()) => return None,
                Some(violation) => return Self::of_violation(*violation),
                None if broken && frame.fin => {
                    return Self::of_violation(FrameViolation::TextNotUtf8);
                }
                None => {}
            }
            match frame.opcode {
                opcode::CLOSE => return Some(Self::Close),
                opcode::PING => pings += 1,
                opcode::TEXT => texts += 1,
                opcode::BINARY => others += 1,
                _ => {}
            }
            if is_data {
                length += frame.payload.len();
            }
            at += frame.len;
        }
        if broken {
            return None;
        }
        let is_text = texts == 1 && others == 0 && length > 0 && reader.is_between_messages();
        match pings {
            0 if is_text && known.echoes => Some(Self::Echo),
            1 => Some(Self::Pong),
            _ => None,
        }
    }

    /// What is due to the beginning of a frame.
    fn of_part(octets: &[u8]) -> Option<Self> {
        let Status::Complete(header) = FrameHeader::parse(octets) else {
            return None;
        };
        match header.violations.first() {
            _ if header.mask.is_none() => Some(Self::End),
            Some(FrameViolation::LengthTopBit) => Some(Self::Answer),
            None if header.announced > HUGE => Some(Self::Wait),
            _ => None,
        }
    }

    fn of_violation(violation: FrameViolation) -> Option<Self> {
        use FrameViolation as Wrong;
        Some(match violation {
            Wrong::UnmaskedByClient => Self::End,
            Wrong::ReservedBits => Self::Fail("rfc6455/5.2-rsv"),
            Wrong::OpcodeUnknown => Self::Fail("rfc6455/5.2-opcode"),
            Wrong::TextNotUtf8 => Self::Fail("rfc6455/8.1-invalid-utf8"),
            Wrong::LengthNotMinimal => Self::AnswerOrRead,
            Wrong::ContinuationOutsideMessage
            | Wrong::ControlFragmented
            | Wrong::ControlTooLong
            | Wrong::DataInsideMessage
            | Wrong::LengthTopBit => Self::Answer,
            Wrong::CloseBodyOneOctet
            | Wrong::CloseCodeOutOfRange
            | Wrong::CloseCodeReserved
            | Wrong::CloseCodeUnassigned
            | Wrong::CloseReasonNotUtf8 => Self::Leave,
            _ => return None,
        })
    }

    /// The requirement that is broken where nothing of it happens.
    pub(super) fn requirement(self) -> &'static str {
        match self {
            Self::Pong => "rfc6455/5.5.2-pong",
            Self::Echo => "rfc6455/6.2-parse-frames",
            Self::Close | Self::Leave => "rfc6455/5.5.1-answer-close",
            Self::End => "rfc6455/5.1-unmasked",
            Self::Fail(requirement) => requirement,
            Self::Answer | Self::AnswerOrRead => CLOSE_FRAME,
            Self::Wait => "rfc6455/6.2-parse-frames",
            Self::StreamEnd(requirement) => requirement,
            Self::StreamEndInTurn => "rfc8441/5-stream-is-tcp",
        }
    }

    /// What is due, in one phrase.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Pong => "A Ping in the tunnel is answered",
            Self::Echo => "A text in the tunnel comes back, as others do",
            Self::Close | Self::Leave => "A Close in the tunnel is answered",
            Self::End => "A frame without a mask ends the connection",
            Self::Fail(_) => "The frames fail the connection",
            Self::Answer | Self::AnswerOrRead => "The frames are answered with a Close frame",
            Self::Wait => "What belongs to a frame is not read as another one",
            Self::StreamEnd(_) | Self::StreamEndInTurn => "The stream ends",
        }
    }

    /// What it is worth that nothing of it happens.
    fn worst(self) -> Grade {
        let is_advice = matches!(self, Self::Answer | Self::AnswerOrRead | Self::StreamEndInTurn);
        if is_advice { Grade::Warn } else { Grade::Fail }
    }

    /// The alternatives behind an open tunnel, the last of them what fails.
    pub(super) fn alternatives(self, switched: &Outcomes, spoken: Spoken) -> Vec<Expectation> {
        let one = |tunnel| {
            let mut one = Expectation::of(switched.clone());
            one.wants.tunnel = Some(tunnel);
            one
        };
        let and_closed = |mut one: Expectation| {
            one.wants.connection = Some(Connection::Closed);
            one
        };
        let warn = |one: Expectation, because: &str, requirement: &str| Expectation {
            grade: Grade::Warn,
            because: Some(because.to_owned()),
            requirement: Some(requirement.to_owned()),
            ..one
        };
        let bare = warn(one(Tunnel::Ended), BARE, "rfc6455/7.1.7-close-frame");
        let mut found = match self {
            Self::Pong => {
                vec![one(Tunnel::PingPong), warn(one(Tunnel::Closed), ENDED, self.requirement())]
            }
            Self::Echo => {
                vec![one(Tunnel::Echo), warn(one(Tunnel::Closed), ENDED, self.requirement())]
            }
            Self::Close if spoken == Spoken::Http1 => vec![
                and_closed(one(Tunnel::CloseFrame)),
                warn(one(Tunnel::CloseFrame), OPEN, "rfc6455/5.5.1-close-tcp"),
            ],
            Self::Close => vec![one(Tunnel::CloseFrame)],
            Self::Leave => vec![one(Tunnel::Closed)],
            Self::Wait => vec![one(Tunnel::Closed), one(Tunnel::PingUnanswered)],
            Self::StreamEnd(_) | Self::StreamEndInTurn => vec![one(Tunnel::Ended)],
            // In HTTP/2 the stream ends, and the connection goes on.
            Self::End if spoken == Spoken::Connect => vec![one(Tunnel::Closed)],
            Self::Fail(_) if spoken == Spoken::Connect => vec![one(Tunnel::CloseFrame), bare],
            Self::End => vec![one(Tunnel::Ended), warn(one(Tunnel::CloseFrame), OPEN, FAILS)],
            Self::Fail(_) => vec![
                and_closed(one(Tunnel::CloseFrame)),
                warn(one(Tunnel::CloseFrame), OPEN, FAILS),
                bare,
            ],
            Self::Answer => vec![one(Tunnel::CloseFrame), bare],
            Self::AnswerOrRead => vec![one(Tunnel::CloseFrame), one(Tunnel::PingPong), bare],
        };
        found.push(Expectation {
            grade: self.worst(),
            requirement: Some(self.requirement().to_owned()),
            because: Some(format!("{}.", self.what())),
            ..Expectation::of(switched.clone())
        });
        found
    }
}

/// So much no server has to take.
const HUGE: u64 = 1 << 30;
const CLOSE_FRAME: &str = "rfc6455/10.7-close-frame";
const FAILS: &str = "rfc6455/7.1.7-fail";
const BARE: &str = "The connection ended without the Close frame that says why.";
const OPEN: &str = "A Close frame came, but the connection was still open when the window ended.";
const ENDED: &str = "The connection ended in place of it.";
