//! What permessage-deflate answers, held against what was offered (RFC 7692 7.1).

use upspec_handshake::field::deflate::{
    Answer, DeflateFault, DeflateFaultKind, Misfit, Offer, fits,
};
use upspec_handshake::field::extension::Extensions;

use super::Breach;
use crate::text::shown;

/// Everything that the answered parameters do against the definition or against the offers.
pub(super) fn breaches(answer: &Extensions<'_>, offer: &Extensions<'_>) -> Vec<Breach> {
    let offers: Vec<Offer> =
        offer.named(NAME).filter_map(|offer| Offer::parse(offer).ok()).collect();
    let offered = offer.named(NAME).next().is_some();
    let mut breaches = Vec::new();
    for extension in answer.named(NAME) {
        match Answer::parse(extension) {
            Err(faults) => breaches.extend(faults.iter().map(fault)),
            Ok(_) if offers.is_empty() && offered => breaches.push(undeclined(offer)),
            Ok(answer) if !offers.is_empty() && !fits(&answer, &offers) => {
                breaches.extend(misfits(&answer, &offers));
            }
            Ok(_) => {}
        }
    }
    breaches
}

const NAME: &str = "permessage-deflate";

/// An offer with a faulty parameter is declined (RFC 7692 7), and there was no other offer.
fn undeclined(offer: &Extensions<'_>) -> Breach {
    let faults = offer.named(NAME).filter_map(|offer| Offer::parse(offer).err());
    let Some(fault) = faults.flatten().next() else {
        return Breach::new("rfc7692/7-invalid-value", "took an invalid offer");
    };
    let (requirement, what) = match fault.kind {
        DeflateFaultKind::Unknown => ("rfc7692/7-unknown-param", "is no parameter of it"),
        DeflateFaultKind::Repeated => ("rfc7692/7-repeated-param", "stands twice"),
        _ => ("rfc7692/7-invalid-value", "has an invalid value"),
    };
    let name = shown(fault.parameter, 40);
    Breach::new(requirement, format!("took an offer of permessage-deflate in which {name} {what}"))
}

fn fault(fault: &DeflateFault<'_>) -> Breach {
    let value = match fault.parameter {
        b"server_max_window_bits" => "rfc7692/7.1.2.1-value",
        b"client_max_window_bits" => "rfc7692/7.1.2.2-answer-value",
        _ => "rfc7692/7-invalid-value",
    };
    let (requirement, what) = match fault.kind {
        DeflateFaultKind::Unknown => ("rfc6455/9.1-defined-params", "is no parameter of it"),
        DeflateFaultKind::Repeated => ("rfc7692/7-repeated-param", "stands twice"),
        DeflateFaultKind::ValueMissing => (value, "has no value"),
        DeflateFaultKind::ValueUnexpected => (value, "has a value"),
        DeflateFaultKind::LeadingZero => (value, "has a leading zero"),
        DeflateFaultKind::NotDigits => (value, "is no number"),
        DeflateFaultKind::OutOfRange => (value, "is outside of 8 to 15"),
    };
    let name = shown(fault.parameter, 40);
    Breach::new(requirement, format!("permessage-deflate in the answer: {name} {what}"))
}

/// The misfits with the offer that the answer is nearest to.
fn misfits(answer: &Answer, offers: &[Offer]) -> Vec<Breach> {
    let unlawful = |offer: &Offer| -> Vec<Misfit> {
        answer.misfits(offer).into_iter().filter(|misfit| !misfit.is_lawful()).collect()
    };
    let nearest = offers.iter().map(unlawful).min_by_key(Vec::len).unwrap_or_default();
    nearest.into_iter().map(misfit).collect()
}

fn misfit(misfit: Misfit) -> Breach {
    match misfit {
        Misfit::ClientWindowLarger => {
            Breach::new("rfc7692/7.1.2.2-smaller", "client_max_window_bits exceeds the hint").note()
        }
        Misfit::ClientWindowNotOffered => Breach::new(
            "rfc7692/7.1.2.2-not-offered",
            "client_max_window_bits is answered, which the offer does not have",
        ),
        Misfit::ServerContextTakeover => Breach::new(
            "rfc7692/7.1.1.1-echo",
            "took an offer with server_no_context_takeover without answering the parameter",
        ),
        Misfit::ServerWindowLarger => Breach::new(
            "rfc7692/7.1.2.1-echo",
            "server_max_window_bits in the answer exceeds the offer",
        ),
        // The default window is 15: leaving it out has no effect there.
        Misfit::ServerWindowMissing(15) => Breach::new(
            "rfc7692/7.1.2.1-echo",
            "took an offer with server_max_window_bits=15 without answering the parameter",
        )
        .at_most_warn(),
        Misfit::ServerWindowMissing(bits) => Breach::new(
            "rfc7692/7-unsupported",
            format!("took an offer with server_max_window_bits={bits} without the parameter"),
        ),
    }
}
