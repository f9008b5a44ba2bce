//! Where a request departs from HTTP's grammar, and what HTTP has a server do about it.
//! Does not look at the handshake's own fields.

use super::{Consequence, Defect, Opening};
use crate::field::target::Target;
use crate::{RequestHead, ViolationKind};

/// Each violation of the head with the rule that it breaks (RFC 9112 2.2, 3, 5; RFC 9110 5.5).
pub(super) fn violations(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    for violation in &head.violations {
        let (consequence, requirement) = match rule(violation.kind) {
            Some((Consequence::Refuse, _)) if splits_leniently(head) => {
                (Consequence::Tolerable, "rfc9112/3-lenient-split")
            }
            Some(ruled) => ruled,
            None => continue,
        };
        let what = violation.kind.describe();
        opening.defects.push(Defect { what, requirement, consequence });
    }
}

/// `None` for what a recipient ignores without a choice, and for what [`target`] sees.
fn rule(kind: ViolationKind) -> Option<(Consequence, &'static str)> {
    use Consequence::{BadRequest, Refuse, RejectOrRepair, Tolerable};
    Some(match kind {
        ViolationKind::BareCr => (RejectOrRepair, "rfc9112/2.2-bare-cr"),
        ViolationKind::BareLf => (RejectOrRepair, "rfc9112/2.2-bare-lf"),
        ViolationKind::ControlOctet => (RejectOrRepair, "rfc9110/5.5-other-controls"),
        ViolationKind::FieldNameEmpty
        | ViolationKind::FieldNameNotToken
        | ViolationKind::FieldWithoutColon => (Tolerable, "rfc9112/5-field-line"),
        ViolationKind::MethodNotToken => (Refuse, "rfc6455/4.2.1-method"),
        ViolationKind::Nul => (RejectOrRepair, "rfc9110/5.5-cr-lf-nul"),
        ViolationKind::ObsFold => (RejectOrRepair, "rfc9112/5.2-fold-request"),
        ViolationKind::RequestLineShape => (Tolerable, "rfc9112/3-lenient-split"),
        ViolationKind::SpaceBeforeColon => (BadRequest, "rfc9112/5.1-space-before-colon"),
        ViolationKind::SpaceLedFirstLine => (RejectOrRepair, "rfc9112/2.2-space-before-fields"),
        ViolationKind::VersionMalformed => (Refuse, "rfc6455/4.2.1-http-version"),
        _ => return None,
    })
}

/// The rule that a violation of the head breaks.
pub(crate) fn violation_rule(kind: ViolationKind) -> Option<&'static str> {
    rule(kind).map(|(_, requirement)| requirement)
}

/// An origin form, or an absolute http or https URI (RFC 6455 4.2.1 item 1), without a fragment.
pub(super) fn target(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let named =
        matches!(Target::parse(head.target), Ok(Target::Origin { .. } | Target::Absolute(_)));
    if !named && !splits_leniently(head) {
        let rule = "rfc6455/4.2.1-target";
        opening.note(Consequence::Refuse, rule, "the target is no resource name");
    }
}

/// Whether the request line has white space that only a lenient recipient splits at (RFC 9112 3).
/// Its words are then not what such a recipient reads.
pub(super) fn splits_leniently(head: &RequestHead<'_>) -> bool {
    let words = [head.method, head.target, head.version_bytes];
    words.iter().any(|word| word.iter().any(|octet| matches!(octet, 0x0b | 0x0c | b'\r')))
}
