//! Tables of offers and answers, and which fit.
//! No case here knows a server.

use super::{Answer, ClientWindow, DeflateViolation, Misfit, Offer, fits};
use crate::field::extension::Extensions;

fn offer(parameters: &str) -> Result<Offer, String> {
    let value = format!("permessage-deflate{parameters}");
    let list = Extensions::parse(value.as_bytes()).list;
    Offer::parse(&list[0]).map_err(violations)
}

fn answer(parameters: &str) -> Result<Answer, String> {
    let value = format!("permessage-deflate{parameters}");
    let list = Extensions::parse(value.as_bytes()).list;
    Answer::parse(&list[0]).map_err(violations)
}

fn violations(violations: Vec<DeflateViolation<'_>>) -> String {
    let words: Vec<_> =
        violations.iter().map(|violation| format!("{:?}", violation.kind)).collect();
    words.join(" ")
}

#[test]
fn rfc7692_7_invalid_parameters() {
    let rows = [
        ("", "", ""),
        ("; client_max_window_bits", "", "ValueMissing"),
        ("; client_max_window_bits=15; server_max_window_bits=\"8\"", "", ""),
        ("; client_max_window_bits=7", "OutOfRange", "OutOfRange"),
        ("; client_max_window_bits=16", "OutOfRange", "OutOfRange"),
        ("; client_max_window_bits=0", "OutOfRange", "OutOfRange"),
        ("; client_max_window_bits=08", "LeadingZero", "LeadingZero"),
        ("; client_max_window_bits=-8", "NotDigits", "NotDigits"),
        ("; client_max_window_bits=999999999999", "OutOfRange", "OutOfRange"),
        ("; server_max_window_bits", "ValueMissing", "ValueMissing"),
        ("; server_no_context_takeover=1", "ValueUnexpected", "ValueUnexpected"),
        ("; foo; Client_Max_Window_Bits=9", "Unknown Unknown", "Unknown Unknown"),
        (
            "; server_max_window_bits=x; server_max_window_bits=9",
            "NotDigits Repeated",
            "NotDigits Repeated",
        ),
    ];
    for (parameters, of_offer, of_answer) in rows {
        assert_eq!(offer(parameters).err().unwrap_or_default(), of_offer, "{parameters}");
        assert_eq!(answer(parameters).err().unwrap_or_default(), of_answer, "{parameters}");
    }
}

#[test]
fn rfc7692_7_1_parameters() {
    let all = "; server_no_context_takeover; client_no_context_takeover; \
               server_max_window_bits=12; client_max_window_bits=11";
    let got = offer(all).unwrap();
    assert!(got.server_no_context_takeover && got.client_no_context_takeover);
    assert_eq!(got.server_max_window_bits, Some(12));
    assert_eq!(got.client_max_window_bits, ClientWindow::AtMost(11));
    assert_eq!(answer(all).unwrap().client_max_window_bits, Some(11));
    let any = offer("; client_max_window_bits").unwrap();
    assert_eq!(any.client_max_window_bits, ClientWindow::Any);
}

#[test]
fn rfc7692_7_1_answers_fit_offers() {
    check_fit(&[
        ("", "", &[], true),
        ("", "; server_no_context_takeover; server_max_window_bits=9", &[], true),
        ("; server_no_context_takeover", "", &[Misfit::ServerContextTakeover], false),
        ("; client_no_context_takeover", "", &[], true),
        ("", "; client_no_context_takeover", &[], true),
    ]);
    let offers = [offer("; server_max_window_bits=10").unwrap(), offer("").unwrap()];
    assert!(fits(&answer("").unwrap(), &offers));
    assert!(!fits(&answer("").unwrap(), &[]));
}

#[test]
fn rfc7692_7_1_2_windows_fit_offers() {
    let server_10 = "; server_max_window_bits=10";
    let client_10 = "; client_max_window_bits=10";
    check_fit(&[
        (server_10, "", &[Misfit::ServerWindowMissing(10)], false),
        (server_10, server_10, &[], true),
        (server_10, "; server_max_window_bits=11", &[Misfit::ServerWindowLarger], false),
        ("", client_10, &[Misfit::ClientWindowNotOffered], false),
        ("; client_max_window_bits", client_10, &[], true),
        (client_10, "", &[], true),
        (client_10, "; client_max_window_bits=11", &[Misfit::ClientWindowLarger], true),
    ]);
}

fn check_fit(rows: &[(&str, &str, &[Misfit], bool)]) {
    for &(offered, answered, misfits, fit) in rows {
        let (offered, answered) = (offer(offered).unwrap(), answer(answered).unwrap());
        assert_eq!(answered.misfits(&offered), misfits, "{offered:?} {answered:?}");
        assert_eq!(fits(&answered, &[offered]), fit, "{offered:?} {answered:?}");
    }
}
