//! Every way in which a head can depart from the grammar, with the section of its rule.
//! Does not judge: whether a violation fails a peer depends on the sender and the case.

use std::ops::Range;

/// One departure of a head from the grammar, and the octets of the buffer that show it.
///
/// The range is empty where something is missing; it then marks the place. Within one line (or one
/// element of the start line) each kind is noted once, at its first occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// What is wrong.
    pub kind: ViolationKind,
    /// The octets of the buffer that are wrong.
    pub at: Range<usize>,
}

/// What can be wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ViolationKind {
    /// A CR that no LF follows; it never ends a line.
    BareCr,
    /// A line that ends with LF alone; a recipient may take it for a line end.
    BareLf,
    /// A control octet other than HTAB, CR and NUL in a field line.
    ControlOctet,
    /// A field line that begins with its colon.
    FieldNameEmpty,
    /// A field name with an octet that is not allowed in a token.
    FieldNameNotToken,
    /// A line of the field section without a colon.
    FieldWithoutColon,
    /// Empty lines before the start line. A server ignores them before a request line; before a
    /// status line nothing excuses them.
    LeadingEmptyLine,
    /// A method that is not a token.
    MethodNotToken,
    /// A NUL octet anywhere in the head.
    Nul,
    /// A field value that continues in the next line.
    ObsFold,
    /// A control octet other than HTAB, CR and NUL in the reason phrase.
    ReasonOctet,
    /// A request line that is not three words with one SP between each two.
    RequestLineShape,
    /// A status code that no SP follows.
    SpaceAfterStatusMissing,
    /// White space between a field name and its colon.
    SpaceBeforeColon,
    /// Lines led by white space between the start line and the first field line.
    SpaceLedFirstLine,
    /// A status line whose version, status code and reason are not parted by one SP each.
    StatusLineShape,
    /// A status code that is not three digits.
    StatusNotThreeDigits,
    /// A status code outside of 100 to 599.
    StatusOutOfRange,
    /// An octet that is not allowed in any form of the request target.
    TargetOctet,
    /// A protocol version that is not `HTTP/` DIGIT `.` DIGIT.
    VersionMalformed,
}

impl ViolationKind {
    /// Every kind, in alphabetical order.
    pub const ALL: [Self; 20] = [
        Self::BareCr,
        Self::BareLf,
        Self::ControlOctet,
        Self::FieldNameEmpty,
        Self::FieldNameNotToken,
        Self::FieldWithoutColon,
        Self::LeadingEmptyLine,
        Self::MethodNotToken,
        Self::Nul,
        Self::ObsFold,
        Self::ReasonOctet,
        Self::RequestLineShape,
        Self::SpaceAfterStatusMissing,
        Self::SpaceBeforeColon,
        Self::SpaceLedFirstLine,
        Self::StatusLineShape,
        Self::StatusNotThreeDigits,
        Self::StatusOutOfRange,
        Self::TargetOctet,
        Self::VersionMalformed,
    ];

    /// The violation in one phrase, for a report.
    pub fn describe(self) -> &'static str {
        self.row().0
    }

    /// The RFC and section that hold the rule, such as `rfc9112/5.1`.
    pub fn section(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::BareCr => ("a CR without LF", "rfc9112/2.2"),
            Self::BareLf => ("a line that ends with LF alone", "rfc9112/2.2"),
            Self::ControlOctet => ("a control octet in a field line", "rfc9110/5.5"),
            Self::FieldNameEmpty => ("a field line without a name", "rfc9112/5"),
            Self::FieldNameNotToken => ("a field name that is no token", "rfc9110/5.1"),
            Self::FieldWithoutColon => ("a field line without a colon", "rfc9112/5"),
            Self::LeadingEmptyLine => ("an empty line before the start line", "rfc9112/2.2"),
            Self::MethodNotToken => ("a method that is no token", "rfc9112/3.1"),
            Self::Nul => ("a NUL octet in the head", "rfc9110/5.5"),
            Self::ObsFold => ("a folded field line", "rfc9112/5.2"),
            Self::ReasonOctet => ("a control octet in the reason phrase", "rfc9112/4"),
            Self::RequestLineShape => {
                ("a request line that is not three words parted by single spaces", "rfc9112/3")
            }
            Self::SpaceAfterStatusMissing => ("no space after the status code", "rfc9112/4"),
            Self::SpaceBeforeColon => {
                ("white space between a field name and its colon", "rfc9112/5.1")
            }
            Self::SpaceLedFirstLine => {
                ("a line led by white space before the first field line", "rfc9112/2.2")
            }
            Self::StatusLineShape => {
                ("a status line whose parts are not parted by single spaces", "rfc9112/4")
            }
            Self::StatusNotThreeDigits => ("a status code that is not three digits", "rfc9112/4"),
            Self::StatusOutOfRange => ("a status code outside of 100 to 599", "rfc9110/15"),
            Self::TargetOctet => {
                ("an octet in the request target that no form of it has", "rfc9112/3.2")
            }
            Self::VersionMalformed => {
                ("a protocol version that is not HTTP/ and two digits", "rfc9112/2.3")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ViolationKind;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_has_its_own_words_and_a_section() {
        let words: BTreeSet<_> = ViolationKind::ALL.iter().map(|kind| kind.describe()).collect();
        assert_eq!(words.len(), ViolationKind::ALL.len());
        assert!(ViolationKind::ALL.is_sorted());
        for kind in ViolationKind::ALL {
            let (rfc, section) = kind.section().split_once('/').unwrap();
            assert!(["rfc9110", "rfc9112"].contains(&rfc), "{kind:?}");
            assert!(section.chars().all(|c| c.is_ascii_digit() || c == '.'), "{kind:?}");
        }
    }
}
