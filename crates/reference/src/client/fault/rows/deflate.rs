//! Faults in the check of what an answer says of permessage-deflate (RFC 7692 5, 7).

use super::{EXTENSIONS, contains, is_switch};
use crate::client::fault::Effect::{Answer, Refuse};
use crate::client::fault::scene::{Scene, extended};
use crate::client::fault::{ClientFault, fault};
use crate::client::variation::Way;
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("deflate-parameters-unchecked", "The parameters of permessage-deflate are not checked.")
        .breaks("rfc7692/7-client-check")
        .shown_by(|| with("x_upspec=1"))
        .by(Answer(|answer, _| {
            edit(answer, |parameters| parameters.retain(|one| is_plain(one)));
        })),
    fault(
        "deflate-unknown-parameter-taken",
        "Unknown parameters of permessage-deflate are passed over.",
    )
    .breaks("rfc7692/7-client-check")
    .shown_by(|| with("x_upspec=1"))
    .by(Answer(|answer, _| {
        edit(answer, |parameters| {
            parameters.retain(|one| one.starts_with("client_") || one.starts_with("server_"));
        });
    })),
    fault("window-beyond-range-taken", "A window of any number of bits is taken.")
        .breaks("rfc7692/7-client-check")
        .shown_by(|| with("server_max_window_bits=16"))
        .by(Answer(|answer, _| drop_windows(answer, |value| value.parse::<u32>().is_ok()))),
    fault("window-with-zero-taken", "A window may have a zero before its number.")
        .breaks("rfc7692/7-client-check")
        .shown_by(|| with("server_max_window_bits=08"))
        .by(Answer(|answer, _| drop_windows(answer, |value| value.starts_with('0')))),
    fault(
        "window-by-first-digits",
        "Of a window the digits at the beginning are looked at, a sign passed over.",
    )
    .breaks("rfc7692/7-client-check")
    .shown_by(|| with("server_max_window_bits=1x"))
    .by(Answer(|answer, _| {
        drop_windows(answer, |value| {
            value.trim_start_matches('-').starts_with('1') && value.parse::<u32>().is_err()
        });
    })),
    fault("window-without-value-taken", "A window may be without a value.")
        .breaks("rfc7692/7-client-check")
        .shown_by(|| with("client_max_window_bits"))
        .by(Answer(|answer, _| drop_windows(answer, str::is_empty))),
    fault("takeover-value-taken", "The parameters without a value may have one.")
        .breaks("rfc7692/7-client-check")
        .shown_by(|| with("server_no_context_takeover=1"))
        .by(Answer(|answer, _| {
            edit(answer, |parameters| parameters.retain(|one| !one.contains("takeover=")));
        })),
    fault("deflate-repeated-parameter-taken", "The first value of a repeated parameter counts.")
        .breaks("rfc7692/7-client-check")
        .shown_by(|| with("server_max_window_bits=10; server_max_window_bits=12"))
        .by(Answer(|answer, _| {
            edit(answer, |parameters| {
                let mut names = Vec::new();
                parameters.retain(|one| {
                    let name = one.split('=').next().unwrap_or_default().to_owned();
                    let is_new = !names.contains(&name);
                    names.push(name);
                    is_new
                });
            });
        })),
    fault("deflate-twice-taken", "The first of two acceptances of permessage-deflate counts.")
        .breaks("rfc7692/5-invalid-answer")
        .shown_by(|| extended("permessage-deflate, permessage-deflate"))
        .by(Answer(|answer, _| {
            let value = answer.values(EXTENSIONS).join(&b", "[..]);
            let text = String::from_utf8_lossy(&value).into_owned();
            let parts: Vec<&str> = text.split(',').map(str::trim).collect();
            if let [first, rest @ ..] = &parts[..]
                && !rest.is_empty()
                && parts.iter().all(|part| part.starts_with("permessage-deflate"))
            {
                answer.set(EXTENSIONS, first.as_bytes());
            }
        })),
    fault(
        "unoffered-window-taken",
        "client_max_window_bits is passed over where it was not offered.",
    )
    .breaks("rfc7692/5-invalid-answer")
    .beside(&[Way::PlainDeflate])
    .shown_by(|| with("client_max_window_bits=10"))
    .by(Answer(|answer, asked| {
        if !contains(&asked.joined(EXTENSIONS), b"client_max_window_bits") {
            edit(answer, |parameters| {
                parameters.retain(|one| !one.starts_with("client_max_window_bits"));
            });
        }
    })),
    fault(
        "unmet-request-taken",
        "What the offer asks of the server may be missing from the answer.",
    )
    .breaks("rfc7692/5-invalid-answer")
    .beside(&[Way::LeanOffer])
    .shown_by(|| extended("permessage-deflate"))
    .by(Answer(|answer, asked| {
        let is_asked = contains(&asked.joined(EXTENSIONS), b"server_no_context_takeover");
        if is_asked && answer.joined(EXTENSIONS) == b"permessage-deflate" {
            answer.set(EXTENSIONS, b"permessage-deflate; server_no_context_takeover");
        }
    })),
    fault("deflate-refused", "permessage-deflate in an answer fails the connection.")
        .breaks("rfc7692/5-use")
        .shown_by(|| extended("permessage-deflate"))
        .by(Refuse(|answer, _| {
            is_switch(answer) && contains(&answer.joined(EXTENSIONS), b"deflate")
        })),
    fault(
        "client-takeover-refused",
        "client_no_context_takeover fails the connection where it was not asked for.",
    )
    .breaks("rfc7692/7.1.1.2-client-support")
    .shown_by(|| with("client_no_context_takeover"))
    .by(Refuse(|answer, asked| is_unasked(answer, asked, "client_no_context_takeover"))),
    fault(
        "client-window-refused",
        "client_max_window_bits fails the connection although it was offered.",
    )
    .breaks("rfc6455/7.2.1-no-arbitrary-close")
    .shown_by(|| with("client_max_window_bits=10"))
    .by(Refuse(|answer, _| {
        is_switch(answer) && contains(&answer.joined(EXTENSIONS), b"client_max_window_bits=")
    })),
    fault(
        "server-takeover-refused",
        "server_no_context_takeover fails the connection where it was not asked for.",
    )
    .breaks("rfc7692/7.1.1.1-unasked")
    .shown_by(|| with("server_no_context_takeover"))
    .by(Refuse(|answer, asked| is_unasked(answer, asked, "server_no_context_takeover"))),
    fault(
        "server-window-refused",
        "server_max_window_bits fails the connection where it was not asked for.",
    )
    .breaks("rfc7692/7.1.2.1-unasked")
    .shown_by(|| with("server_max_window_bits=10"))
    .by(Refuse(|answer, asked| is_unasked(answer, asked, "server_max_window_bits"))),
    fault(
        "hint-wanted-back",
        "An answer without the client_no_context_takeover of the offer fails the connection.",
    )
    .breaks("rfc6455/7.2.1-no-arbitrary-close")
    .beside(&[Way::LeanOffer])
    .shown_by(|| extended("permessage-deflate; server_no_context_takeover"))
    .by(Refuse(|answer, _| {
        is_switch(answer)
            && answer.has(EXTENSIONS)
            && !contains(&answer.joined(EXTENSIONS), b"client_no_context_takeover")
    })),
];

fn with(parameter: &str) -> Scene {
    extended(&format!("permessage-deflate; {parameter}"))
}

/// Whether an answer has a parameter that the offer has not.
fn is_unasked(answer: &Seen, asked: &Seen, parameter: &str) -> bool {
    let has = |seen: &Seen| contains(&seen.joined(EXTENSIONS), parameter.as_bytes());
    is_switch(answer) && has(answer) && !has(asked)
}

/// Whether a parameter is one that any answer may have.
fn is_plain(parameter: &str) -> bool {
    parameter == "client_no_context_takeover" || parameter == "server_no_context_takeover"
}

/// Changes the parameters of the one extension of an answer.
fn edit(answer: &mut Seen, change: impl Fn(&mut Vec<&str>)) {
    let Some(value) = answer.value(EXTENSIONS) else { return };
    let text = String::from_utf8_lossy(&value).into_owned();
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let mut parameters: Vec<&str> = parts.collect();
    if text.contains(',') || name != "permessage-deflate" || parameters.is_empty() {
        return;
    }
    change(&mut parameters);
    let all: Vec<&str> = [name].into_iter().chain(parameters).collect();
    answer.set(EXTENSIONS, all.join("; ").as_bytes());
}

/// Leaves out the windows whose value is of this kind, and is in no answer.
fn drop_windows(answer: &mut Seen, is_dropped: fn(&str) -> bool) {
    edit(answer, |parameters| {
        parameters.retain(|one| {
            let (name, value) = one.split_once('=').unwrap_or((one, ""));
            let is_lawful = (8..=15).any(|bits| value == bits.to_string());
            !name.ends_with("max_window_bits") || is_lawful || !is_dropped(value)
        });
    });
}
