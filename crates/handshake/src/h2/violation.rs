//! Every way in which a connection's frames can be wrong, whatever messages they carry.
//! An endpoint treats each as the error that `code` names.

use super::ErrorCode;

/// One departure from the framing of HTTP/2, and where it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramingViolation {
    /// What is wrong.
    pub kind: FramingViolationKind,
    /// Where the frame begins in the octets that were read.
    pub at: usize,
    /// The stream of the frame; 0 is the connection.
    pub stream: u32,
}

/// What can be wrong with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FramingViolationKind {
    /// A header block that HPACK cannot decode.
    BlockMalformed,
    /// A header block beyond our own limits, which is not the peer's fault.
    BlockTooLarge,
    /// Another frame where a CONTINUATION must follow.
    ContinuationMissing,
    /// A CONTINUATION that continues nothing.
    ContinuationStray,
    /// A frame that is longer than was agreed.
    FrameTooLong,
    /// A frame whose length its type does not allow.
    LengthWrong,
    /// More padding than payload.
    PaddingTooLong,
    /// The octets do not begin with the connection preface.
    PrefaceWrong,
    /// A frame on the connection that belongs on a stream.
    StreamMissing,
    /// A frame on a stream that belongs on the connection.
    StreamUnwanted,
}

impl FramingViolationKind {
    /// Every kind, in alphabetical order.
    pub const ALL: [Self; 10] = [
        Self::BlockMalformed,
        Self::BlockTooLarge,
        Self::ContinuationMissing,
        Self::ContinuationStray,
        Self::FrameTooLong,
        Self::LengthWrong,
        Self::PaddingTooLong,
        Self::PrefaceWrong,
        Self::StreamMissing,
        Self::StreamUnwanted,
    ];

    /// The violation in one phrase, for a report.
    pub fn describe(self) -> &'static str {
        self.row().0
    }

    /// The RFC and section that hold the rule, such as `rfc9113/4.2`.
    pub fn section(self) -> &'static str {
        self.row().1
    }

    /// The connection error that an endpoint answers with (RFC 9113 5.4.1).
    pub fn code(self) -> ErrorCode {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, ErrorCode) {
        use ErrorCode as Code;
        match self {
            Self::BlockMalformed => {
                ("a header block that cannot be decoded", "rfc9113/4.3", Code::COMPRESSION_ERROR)
            }
            Self::BlockTooLarge => {
                ("a header list beyond our limit", "rfc9113/10.5.1", Code::ENHANCE_YOUR_CALM)
            }
            Self::ContinuationMissing => {
                ("another frame inside a header block", "rfc9113/6.10", Code::PROTOCOL_ERROR)
            }
            Self::ContinuationStray => (
                "a CONTINUATION frame that continues nothing",
                "rfc9113/6.10",
                Code::PROTOCOL_ERROR,
            ),
            Self::FrameTooLong => (
                "a frame longer than SETTINGS_MAX_FRAME_SIZE",
                "rfc9113/4.2",
                Code::FRAME_SIZE_ERROR,
            ),
            Self::LengthWrong => (
                "a frame of a length that its type does not have",
                "rfc9113/4.2",
                Code::FRAME_SIZE_ERROR,
            ),
            Self::PaddingTooLong => {
                ("a frame with more padding than payload", "rfc9113/6.1", Code::PROTOCOL_ERROR)
            }
            Self::PrefaceWrong => ("no connection preface", "rfc9113/3.4", Code::PROTOCOL_ERROR),
            Self::StreamMissing => {
                ("a frame without a stream that needs one", "rfc9113/6", Code::PROTOCOL_ERROR)
            }
            Self::StreamUnwanted => (
                "a frame on a stream that belongs to the connection",
                "rfc9113/6",
                Code::PROTOCOL_ERROR,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FramingViolationKind;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_has_its_own_words_and_a_section() {
        let words: BTreeSet<_> =
            FramingViolationKind::ALL.iter().map(|kind| kind.describe()).collect();
        assert_eq!(words.len(), FramingViolationKind::ALL.len());
        assert!(FramingViolationKind::ALL.is_sorted());
        for kind in FramingViolationKind::ALL {
            assert!(kind.section().starts_with("rfc9113/"), "{kind:?}");
            assert_ne!(kind.code().0, 0, "{kind:?}");
        }
    }
}
