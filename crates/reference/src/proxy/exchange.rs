//! One request and what has come of its answer.

use upspec_handshake::HeadReader;
use upspec_handshake::field::framing::Framing;

use super::content::{Progress, Unchunker, chunk, last_chunk};
use super::fields;
use super::request::{Asked, Content};
use super::response::Answer;

/// A request that the origin is asked.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) asked: Asked,
    pub(super) content: Content,
    /// The connection to the origin has carried requests before.
    pub(super) is_reused: bool,
    /// It has been sent a second time.
    pub(super) is_repeated: bool,
    /// What the origin has sent and nobody has read.
    pub(super) back: Vec<u8>,
    pub(super) heads: HeadReader,
    /// How many 1xx have come.
    pub(super) interim: usize,
    /// Octets that a fault has not sent yet.
    pub(super) withheld: Vec<u8>,
    /// Octets that a fault sends in place of the request.
    pub(super) instead: Option<Vec<u8>>,
    /// How many octets of a tunnel a fault takes for content.
    pub(super) lost: usize,
}

impl Exchange {
    pub(super) fn new(asked: Asked, content: Content) -> Self {
        Self {
            asked,
            content,
            is_reused: false,
            is_repeated: false,
            back: Vec::new(),
            heads: HeadReader::default(),
            interim: 0,
            withheld: Vec::new(),
            instead: None,
            lost: 0,
        }
    }

    /// Whether a connection that ended without an answer was over before the request reached it, as far as one can
    /// tell, so that it goes out again (RFC 9112 9.3.1).
    pub(super) fn may_repeat(&self) -> bool {
        let is_unanswered = self.back.is_empty() && self.interim == 0;
        self.is_reused && !self.is_repeated && is_unanswered && self.asked.is_idempotent()
    }
}

/// The content of a request on its way in.
#[derive(Debug)]
pub(super) enum Collector {
    Chunks(Unchunker, Vec<u8>),
    Length(u64, Vec<u8>),
}

impl Collector {
    /// What awaits content that is framed so; nothing where there is none.
    pub(super) fn of(framing: Framing) -> Option<Self> {
        match framing {
            Framing::Length(octets) if octets > 0 => Some(Self::Length(octets, Vec::new())),
            Framing::Chunked => Some(Self::Chunks(Unchunker::default(), Vec::new())),
            _ => None,
        }
    }

    /// Takes what is content out of the input.
    pub(super) fn read(&mut self, input: &mut Vec<u8>) -> Progress {
        match self {
            Self::Chunks(unchunker, data) => unchunker.read(input, data),
            Self::Length(left, data) => {
                let here = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                data.extend(input.drain(..here));
                *left -= here as u64;
                if *left == 0 { Progress::Ended } else { Progress::Partial }
            }
        }
    }

    /// How many octets there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Chunks(_, data) | Self::Length(_, data) => data.len(),
        }
    }

    /// The content.
    pub(super) fn done(self) -> Content {
        match self {
            Self::Chunks(unchunker, data) => Content { data, trailers: unchunker.trailers },
            Self::Length(_, data) => Content { data, trailers: Vec::new() },
        }
    }
}

/// The content of a response on its way out.
#[derive(Debug)]
pub(super) struct Passage {
    left: Left,
    goes: Framing,
    /// The connection options of the response.
    options: Vec<Vec<u8>>,
    pub(super) origin_persists: bool,
    pub(super) is_last: bool,
}

#[derive(Debug)]
enum Left {
    Chunks(Unchunker),
    Octets(u64),
    UntilClose,
}

impl Passage {
    pub(super) fn of(answer: Answer) -> Self {
        let left = match answer.came {
            Framing::Chunked => Left::Chunks(Unchunker::default()),
            Framing::Length(octets) => Left::Octets(octets),
            Framing::UntilClose => Left::UntilClose,
            Framing::None | Framing::Invalid => Left::Octets(0),
        };
        Self {
            left,
            goes: answer.goes,
            options: answer.options,
            origin_persists: answer.origin_persists,
            is_last: answer.is_last,
        }
    }

    /// Takes what is content out of `back`: what goes to the client, and whether that is all.
    pub(super) fn read(&mut self, back: &mut Vec<u8>) -> (Vec<u8>, Progress) {
        let (data, progress) = match &mut self.left {
            Left::UntilClose => (std::mem::take(back), Progress::Partial),
            Left::Octets(left) => {
                let here = back.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= here as u64;
                let progress = if *left == 0 { Progress::Ended } else { Progress::Partial };
                (back.drain(..here).collect(), progress)
            }
            Left::Chunks(unchunker) => {
                let mut data = Vec::new();
                let progress = unchunker.read(back, &mut data);
                (data, progress)
            }
        };
        let mut out = if self.goes == Framing::Chunked { chunk(&data) } else { data };
        if progress == Progress::Ended {
            out.extend(self.end());
        }
        (out, progress)
    }

    /// What ends the content towards the client.
    pub(super) fn end(&self) -> Vec<u8> {
        if self.goes != Framing::Chunked {
            return Vec::new();
        }
        let trailers = match &self.left {
            Left::Chunks(unchunker) => &unchunker.trailers[..],
            _ => &[],
        };
        let is_passed_on = |line: &&Vec<u8>| fields::is_trailer_passed_on(line, &self.options);
        last_chunk(&trailers.iter().filter(is_passed_on).cloned().collect::<Vec<_>>())
    }

    /// Whether the end of the origin's stream ends the content (RFC 9112 6.3).
    pub(super) fn ends_with_connection(&self) -> bool {
        matches!(self.left, Left::UntilClose)
    }

    /// Whether a client can tell that content is missing when its connection ends.
    pub(super) fn shows_its_end(&self) -> bool {
        self.goes != Framing::UntilClose
    }
}
