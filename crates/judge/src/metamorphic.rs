//! Two spellings of the same request must get the same outcome from a server.
//! Which outcome is right is for the cases' own expectations to say.

use upspec_corpus::case::{Case, Outcome};
use upspec_exchange::Place;
use upspec_handshake::Party;
use upspec_handshake::field::elements;

use crate::citations::Citations;
use crate::expect::label;
use crate::result::{Finding, Verdict};
use crate::view::View;

/// The finding for a case whose twin was treated differently. Both outcomes are graded by their own
/// cases, so a difference between two lawful outcomes warns.
pub(crate) fn difference(
    case: &Case,
    own: &View<'_, '_>,
    other: &View<'_, '_>,
    citations: &Citations<'_>,
) -> Option<Finding> {
    let twin = case.same_as.as_deref()?;
    // Silence is no answer, and a target that is late now need not be late for one of them alone.
    if [own, other].iter().any(|view| view.outcome() == Outcome::Silent) {
        return None;
    }
    let (here, there) = (summary(own), summary(other));
    if here == there || took_up_another(own) {
        return None;
    }
    let message = format!(
        "{here}, but {there} for the same meaning spelled as in {twin} (a warning, for each alone may be lawful)"
    );
    let place = own.answer().map(|answer| Place {
        link: 0,
        from: Party::Server,
        start: answer.at,
        end: answer.at + answer.head.len,
    });
    Some(citations.finding(&case.requirement, Verdict::Warn, message, place))
}

/// Whether the answer takes up an offer of another protocol than WebSocket, which the twin is without: a
/// server may ignore such an offer, and need not (RFC 9110 7.8).
fn took_up_another(view: &View<'_, '_>) -> bool {
    let upgrade = view.switch().and_then(|answer| answer.head.fields.combined("Upgrade"));
    upgrade.is_some_and(|protocol| !protocol.eq_ignore_ascii_case(b"websocket"))
}

/// What two spellings must agree on: the outcome, the subprotocol, the extensions.
fn summary(view: &View<'_, '_>) -> String {
    let mut summary = label(view);
    let opened = view.switch().or_else(|| view.answer().filter(|_| view.talk.tunnel.is_some()));
    let Some(answer) = opened else {
        return summary;
    };
    for name in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
        let value = answer.head.fields.combined(name);
        let text = match &value {
            Some(value) => {
                elements(value).map(|element| crate::text::spelled(element.bytes)).collect()
            }
            None => vec!["none".to_owned()],
        };
        summary.push_str(&format!(", {name} {}", text.join(" ")));
    }
    summary
}
