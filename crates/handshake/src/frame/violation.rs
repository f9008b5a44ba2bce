//! Every way in which a frame can be wrong, with the section of its rule.
//! Does not judge: a frame that is wrong from a server may be right from a client.

/// What can be wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FrameViolation {
    /// A Close frame with a body of one octet.
    CloseBodyOneOctet,
    /// Code 1010 from a server; only clients may use it.
    CloseCodeOfClient,
    /// A code below 1000 or above 4999.
    CloseCodeOutOfRange,
    /// Code 1005, 1006 or 1015, which must not appear in a frame.
    CloseCodeReserved,
    /// A code without a meaning so far: 1004, and 1016 to 2999.
    CloseCodeUnassigned,
    /// A reason that is not UTF-8.
    CloseReasonNotUtf8,
    /// A continuation frame while no message is open.
    ContinuationOutsideMessage,
    /// A control frame after the Close frame of the same sender.
    ControlAfterClose,
    /// A control frame without FIN.
    ControlFragmented,
    /// A control frame with more than 125 octets of payload.
    ControlTooLong,
    /// A data frame after the Close frame of the same sender.
    DataAfterClose,
    /// A text or binary frame while a message is open.
    DataInsideMessage,
    /// A length in more octets than it needs.
    LengthNotMinimal,
    /// A length of 64 bits with the first one set.
    LengthTopBit,
    /// A masked frame from a server.
    MaskedByServer,
    /// An opcode without a meaning.
    OpcodeUnknown,
    /// A reserved bit that no agreed extension gives a meaning at this place.
    ReservedBits,
    /// A text message that is not UTF-8.
    TextNotUtf8,
    /// An unmasked frame from a client.
    UnmaskedByClient,
}

impl FrameViolation {
    /// Every violation, in alphabetical order.
    pub const ALL: [Self; 19] = [
        Self::CloseBodyOneOctet,
        Self::CloseCodeOfClient,
        Self::CloseCodeOutOfRange,
        Self::CloseCodeReserved,
        Self::CloseCodeUnassigned,
        Self::CloseReasonNotUtf8,
        Self::ContinuationOutsideMessage,
        Self::ControlAfterClose,
        Self::ControlFragmented,
        Self::ControlTooLong,
        Self::DataAfterClose,
        Self::DataInsideMessage,
        Self::LengthNotMinimal,
        Self::LengthTopBit,
        Self::MaskedByServer,
        Self::OpcodeUnknown,
        Self::ReservedBits,
        Self::TextNotUtf8,
        Self::UnmaskedByClient,
    ];

    /// The violation in one phrase, for a report.
    pub fn describe(self) -> &'static str {
        self.row().0
    }

    /// The RFC and section that hold the rule, such as `rfc6455/5.2`.
    pub fn section(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::CloseBodyOneOctet => ("a Close frame with one octet of body", "rfc6455/5.5.1"),
            Self::CloseCodeOfClient => {
                ("a server's Close frame with code 1010, which is for clients", "rfc6455/7.4.1")
            }
            Self::CloseCodeOutOfRange => ("a close code outside of 1000 to 4999", "rfc6455/7.4.2"),
            Self::CloseCodeReserved => {
                ("a close code that never stands in a frame", "rfc6455/7.4.1")
            }
            Self::CloseCodeUnassigned => ("a close code without a meaning", "rfc6455/7.4.2"),
            Self::CloseReasonNotUtf8 => ("a close reason that is not UTF-8", "rfc6455/5.5.1"),
            Self::ContinuationOutsideMessage => {
                ("a continuation frame while no message is open", "rfc6455/5.4")
            }
            Self::ControlAfterClose => ("a control frame after the Close frame", "rfc6455/5.5.1"),
            Self::ControlFragmented => ("a control frame in fragments", "rfc6455/5.5"),
            Self::ControlTooLong => {
                ("a control frame with more than 125 octets of payload", "rfc6455/5.5")
            }
            Self::DataAfterClose => ("a data frame after the Close frame", "rfc6455/5.5.1"),
            Self::DataInsideMessage => ("a new message while another one is open", "rfc6455/5.4"),
            Self::LengthNotMinimal => ("a length in more octets than it needs", "rfc6455/5.2"),
            Self::LengthTopBit => ("a length of 64 bits with the first one set", "rfc6455/5.2"),
            Self::MaskedByServer => ("a masked frame from a server", "rfc6455/5.1"),
            Self::OpcodeUnknown => ("an unknown opcode", "rfc6455/5.2"),
            Self::ReservedBits => ("a reserved bit without an agreed meaning", "rfc6455/5.2"),
            Self::TextNotUtf8 => ("a text message that is not UTF-8", "rfc6455/5.6"),
            Self::UnmaskedByClient => ("an unmasked frame from a client", "rfc6455/5.1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FrameViolation;
    use std::collections::BTreeSet;

    #[test]
    fn each_violation_has_its_own_words_and_a_section() {
        let words: BTreeSet<_> = FrameViolation::ALL.iter().map(|kind| kind.describe()).collect();
        assert_eq!(words.len(), FrameViolation::ALL.len());
        assert!(FrameViolation::ALL.is_sorted());
        assert!(FrameViolation::ALL.iter().all(|kind| kind.section().starts_with("rfc6455/")));
    }
}
