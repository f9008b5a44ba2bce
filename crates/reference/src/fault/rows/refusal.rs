//! Faults in refusing a handshake, and in other errors.

use super::drop_upgrade_option;
use crate::answer::{Answer, Content, Occasion};
use crate::fault::Effect::{self, Close, Silence};
use crate::fault::probe::{changed, octets};
use crate::fault::{Fault, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("silent-on-bad-handshake", "A bad handshake is never answered.")
        .breaks("rfc6455/4.2.1-key")
        .by(Silence(is_refusal)),
    fault("close-on-bad-handshake", "A bad handshake is answered by closing.")
        .breaks("rfc6455/4.2.1-key")
        .by(Close(is_refusal)),
    fault("error-500-on-bad-handshake", "A bad handshake is called the server's own error.")
        .breaks("rfc6455/4.2.1-key")
        .by(Effect::Answer(|answer, _| refuse_with(answer, 500))),
    fault("ok-on-bad-handshake", "A bad handshake is answered as a success without a switch.")
        .breaks("rfc6455/4.2.1-key")
        .by(Effect::Answer(|answer, seen| {
            if !seen.is_extended_connect() {
                refuse_with(answer, 200);
            }
        })),
    fault(
        "version-refusal-without-list",
        "A refused version is not told which versions there are.",
    )
    .breaks("rfc6455/4.4-version-list")
    .by(Effect::Answer(|answer, _| answer.remove("Sec-WebSocket-Version"))),
    fault("version-list-malformed", "The list of versions has a leading zero.")
        .breaks("rfc6455/4.3-version-server")
        .by(Effect::Answer(|answer, _| answer.replace("Sec-WebSocket-Version", "013"))),
    fault("version-list-untrue", "The list of versions names one that is refused.")
        .breaks("rfc6455/4.4-version-list")
        .by(Effect::Answer(|answer, _| answer.replace("Sec-WebSocket-Version", "13, 8"))),
    fault("upgrade-required-without-upgrade", "A 426 lacks Upgrade.")
        .breaks("rfc9110/15.5.22-426-upgrade")
        .by(Effect::Answer(|answer, _| {
            if answer.status == 426 {
                answer.remove("Upgrade");
            }
        })),
    fault("upgrade-without-option", "A 426 has Upgrade without the option in Connection.")
        .breaks("rfc9110/7.8-connection")
        .by(Effect::Completed(|answer, _| {
            if answer.status == 426 {
                drop_upgrade_option(answer);
            }
        })),
    fault("not-allowed-without-allow", "A 405 lacks Allow.")
        .breaks("rfc9110/15.5.6-405-allow")
        .shown_by(|| changed("GET", "PUT"))
        .by(Effect::Answer(|answer, _| {
            if answer.status == 405 {
                answer.remove("Allow");
            }
        })),
    fault("not-allowed-names-it", "The Allow of a 405 has the method that was refused.")
        .breaks("rfc9110/15.5.6-405-allow")
        .shown_by(|| changed("GET", "PUT"))
        .by(Effect::Answer(|answer, seen| {
            if answer.status == 405
                && let Some(allow) = answer.value("Allow")
            {
                answer.replace("Allow", [&allow[..], b", ", seen.method()].concat());
            }
        })),
    fault(
        "upgrade-required-of-offer",
        "A handshake where there is no endpoint gets a 426 that asks for websocket.",
    )
    .breaks("rfc9110/15.5.22-426-upgrade")
    .shown_by(|| changed("/chat", "/nothing"))
    .by(Effect::Answer(|answer, seen| {
        if answer.status == 404 && seen.has("Upgrade") && !seen.is_http2 {
            answer.status = 426;
            answer.add("Upgrade", "websocket");
        }
    })),
    fault("expectation-failed-unasked", "A page that is not there gets a 417.")
        .breaks("rfc9110/15.5.18-417")
        .shown_by(|| changed("/chat", "/nothing"))
        .by(Effect::Answer(|answer, _| {
            if answer.status == 404 {
                answer.status = 417;
            }
        })),
    fault("error-without-content", "A 4xx has no content.").breaks("rfc9110/15.5-explanation").by(
        Effect::Answer(|answer, _| {
            if (400..500).contains(&answer.status) {
                answer.content = Content::Sent(Vec::new());
            }
        }),
    ),
    fault("version-error-without-content", "A 505 has no content.")
        .breaks("rfc9110/15.6.6-505-explanation")
        .shown_by(|| changed("HTTP/1.1", "HTTP/2.0"))
        .by(Effect::Answer(|answer, _| {
            if answer.status == 505 {
                answer.content = Content::Sent(Vec::new());
            }
        })),
    fault("connect-like-get", "A CONNECT is answered with 200 and content.")
        .breaks("rfc9110/9.3.6-2xx-framing")
        .shown_by(|| octets("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"))
        .by(Effect::Answer(|answer, seen| {
            if seen.octets.starts_with(b"CONNECT ") && (400..500).contains(&answer.status) {
                answer.status = 200;
                answer.remove("Allow");
            }
        })),
    fault("unauthorized-without-challenge", "A bad handshake gets a 401 without a challenge.")
        .breaks("rfc9110/15.5.2-401-challenge")
        .by(Effect::Answer(|answer, _| refuse_with(answer, 401))),
    fault("status-out-of-range", "A bad handshake gets the status 600.")
        .breaks("rfc9110/15-status-range")
        .by(Effect::Answer(|answer, _| refuse_with(answer, 600))),
];

fn is_refusal(answer: &Answer) -> bool {
    answer.occasion == Occasion::BadHandshake
}

fn refuse_with(answer: &mut Answer, status: u16) {
    if is_refusal(answer) {
        answer.status = status;
    }
}
