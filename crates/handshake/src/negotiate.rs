//! Chooses a server's answer to the offers of an opening handshake (RFC 6455 4.2.2, RFC 7692 5).
//! Selects only what was offered. The offers arrive parsed.

use crate::field::deflate::{Answer, ClientWindow, Offer, PERMESSAGE_DEFLATE};
use crate::field::extension::Extensions;
use crate::field::subprotocol::Offers;

/// The first name of the client's list that the server knows. Names are case-sensitive (RFC 7936 2).
pub fn subprotocol<'a, 'k>(
    offers: &Offers<'a>,
    known: impl Iterator<Item = &'k [u8]> + Clone,
) -> Option<&'a [u8]> {
    let is_known = |name: &&[u8]| known.clone().any(|known| known == *name);
    offers.names.iter().copied().find(is_known)
}

/// The answer to the first valid offer of permessage-deflate; invalid offers are declined
/// (RFC 7692 7), and the next one is considered (RFC 7692 5).
///
/// Each limit of the offer is taken up as it is, for a server that can keep to any window.
pub fn permessage_deflate(extensions: &Extensions<'_>) -> Option<Answer> {
    let named = |name: &[u8]| name == PERMESSAGE_DEFLATE.as_bytes();
    let mut offers = extensions.list.iter().filter(|extension| named(extension.name));
    offers.find_map(|offer| Offer::parse(offer).ok()).map(|offer| accepted(&offer))
}

fn accepted(offer: &Offer) -> Answer {
    Answer {
        server_no_context_takeover: offer.server_no_context_takeover,
        client_no_context_takeover: offer.client_no_context_takeover,
        server_max_window_bits: offer.server_max_window_bits,
        client_max_window_bits: match offer.client_max_window_bits {
            ClientWindow::AtMost(bits) => Some(bits),
            ClientWindow::Absent | ClientWindow::Any => None,
        },
    }
}

/// The Sec-WebSocket-Extensions value of an answer that accepts permessage-deflate.
pub fn deflate_value(answer: &Answer) -> String {
    let mut value = PERMESSAGE_DEFLATE.to_owned();
    if answer.server_no_context_takeover {
        value += "; server_no_context_takeover";
    }
    if answer.client_no_context_takeover {
        value += "; client_no_context_takeover";
    }
    if let Some(bits) = answer.server_max_window_bits {
        value += &format!("; server_max_window_bits={bits}");
    }
    if let Some(bits) = answer.client_max_window_bits {
        value += &format!("; client_max_window_bits={bits}");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{deflate_value, permessage_deflate, subprotocol};
    use crate::field::deflate::{Answer, Offer, fits};
    use crate::field::extension::Extensions;
    use crate::field::subprotocol::Offers;
    use proptest::prelude::*;

    #[test]
    fn rfc6455_4_2_2_the_first_known_subprotocol_is_chosen() {
        let rows = [
            ("chat", Some("chat")),
            ("superchat, chat", Some("superchat")),
            ("x-unknown, chat, superchat", Some("chat")),
            ("Chat, chats, xchat", None),
            ("x-unknown", None),
            ("", None),
        ];
        for (value, want) in rows {
            let offers = Offers::parse([value.as_bytes()]);
            let known = [&b"chat"[..], b"superchat"];
            let got = subprotocol(&offers, known.into_iter());
            assert_eq!(got, want.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn rfc7692_5_the_first_valid_offer_is_accepted() {
        let rows = [
            ("permessage-deflate", Some("permessage-deflate")),
            ("x-foo, permessage-deflate", Some("permessage-deflate")),
            ("x-foo; permessage-deflate", None),
            ("permessage-deflate; foo", None),
            ("permessage-deflate; foo, permessage-deflate", Some("permessage-deflate")),
            ("permessage-deflate; server_max_window_bits", None),
            ("permessage-deflate; client_max_window_bits", Some("permessage-deflate")),
            (
                "permessage-deflate; client_max_window_bits=\"1\\0\"",
                Some("permessage-deflate; client_max_window_bits=10"),
            ),
            (
                "permessage-deflate; server_max_window_bits=8; server_no_context_takeover",
                Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=8"),
            ),
            ("Permessage-Deflate", None),
        ];
        for (value, want) in rows {
            let extensions = Extensions::parse(value.as_bytes());
            let got = permessage_deflate(&extensions).map(|answer| deflate_value(&answer));
            assert_eq!(got.as_deref(), want, "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_answered_fits_the_offers_and_reads_back(value in offers()) {
            let extensions = Extensions::parse(value.as_bytes());
            let offers: Vec<Offer> =
                extensions.list.iter().filter_map(|offer| Offer::parse(offer).ok()).collect();
            match permessage_deflate(&extensions) {
                None => prop_assert!(offers.is_empty()),
                Some(answer) => {
                    prop_assert!(fits(&answer, &offers));
                    let written = deflate_value(&answer);
                    let read = Extensions::parse(written.as_bytes());
                    prop_assert_eq!(Answer::parse(&read.list[0]), Ok(answer));
                }
            }
        }
    }

    /// Lists of offers of permessage-deflate, with good and bad parameters.
    fn offers() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec![
            "server_no_context_takeover",
            "client_no_context_takeover",
            "server_max_window_bits",
            "client_max_window_bits",
            "foo",
        ]);
        let value = prop::sample::select(vec!["", "", "=8", "=15", "=16", "=08", "=x"]);
        let parameter = (name, value).prop_map(|(name, value)| format!("; {name}{value}"));
        let offer = prop::collection::vec(parameter, 0..4)
            .prop_map(|parameters| format!("permessage-deflate{}", parameters.concat()));
        prop::collection::vec(offer, 1..4).prop_map(|offers| offers.join(", "))
    }
}
