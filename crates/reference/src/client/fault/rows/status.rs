//! Faults in the status line of an answer.

use super::{contains, is_switch, overlook_all, status_of};
use crate::client::fault::Effect::{Answer, DieOfAnswer, Octets, Refuse};
use crate::client::fault::scene::{octets, status};
use crate::client::fault::{ClientFault, Point, fault};
use crate::client::variation::Way;
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("success-opens", "Any 2xx with the fields of a 101 opens the connection.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(|| status("HTTP/1.1 200 OK"))
        .by(Answer(|answer, _| take_if(answer, |status| status / 100 == 2))),
    fault("status-unchecked", "Any final status with the fields of a 101 opens the connection.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(|| status("HTTP/1.1 426 Upgrade Required"))
        .by(Answer(|answer, _| take_if(answer, |status| status >= 200))),
    fault("any-response-opens", "Any final response opens the connection.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(|| octets("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n"))
        .by(Answer(|answer, asked| {
            if status_of(answer) >= Some(200) {
                overlook_all(answer, asked);
            }
        })),
    fault("challenge-opens", "A 401 opens the connection.")
        .breaks("rfc6455/4.1-not-101")
        .beside(&[Way::Credentials, Way::CredentialsAtOnce])
        .shown_by(|| octets("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"))
        .by(Answer(|answer, asked| {
            if status_of(answer) == Some(401) {
                overlook_all(answer, asked);
            }
        })),
    fault("status-by-digits", "A status that begins with the digits of 101 is 101.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(|| status("HTTP/1.1 1010 Odd"))
        .by(Answer(|answer, _| {
            if answer.words().get(1).is_some_and(|word| word.starts_with(b"101")) {
                switch(answer);
            }
        })),
    fault("status-by-two-digits", "Of the status two digits are looked at.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(|| status("HTTP/1.1 10 Odd"))
        .by(Answer(|answer, _| {
            if answer.words().get(1).is_some_and(|word| word.starts_with(b"10")) {
                switch(answer);
            }
        })),
    fault("any-octets-open", "Whatever comes in a line is an answer, and opens the connection.")
        .breaks("rfc6455/4.1-check-rest")
        .shown_by(|| octets("SSH-2.0-x\r\n"))
        .by(Octets(|held| {
            let is_http = held.starts_with(b"HTTP/") || b"HTTP/".starts_with(held);
            (!is_http && held.ends_with(b"\r\n")).then(|| b"HTTP/1.1 101 x\r\n\r\n".to_vec())
        }))
        .by(Answer(|answer, asked| {
            if is_switch(answer) && answer.lines.is_empty() {
                overlook_all(answer, asked);
            }
        })),
    fault("garbage-skipped", "What comes before HTTP/ is skipped.")
        .breaks("rfc9112/2.1-message")
        .shown_by(|| octets("garbage\r\n").and(status("HTTP/1.1 101 x").writes.concat()))
        .by(Octets(|held| {
            let at = held.windows(5).position(|five| five == b"HTTP/").filter(|at| *at > 0)?;
            Some(held[at..].to_vec())
        })),
    fault("version-unchecked", "The first word of the status line is not checked.")
        .breaks("rfc6455/4.1-check-rest")
        .shown_by(|| status("ICY/1.1 101 Switching Protocols"))
        .by(Octets(|held| {
            let space = held.iter().position(|&octet| octet == b' ')?;
            let is_odd = held[..space].is_ascii() && !held.starts_with(b"HTTP/1.");
            is_odd.then(|| [b"HTTP/1.1", &held[space..]].concat())
        })),
    fault("higher-minor-refused", "A version above HTTP/1.1 fails the connection.")
        .breaks("rfc9110/6.2-higher-minor")
        .shown_by(|| status("HTTP/1.2 101 Switching Protocols"))
        .by(Refuse(|answer, _| answer.start.starts_with(b"HTTP/1.2"))),
    fault("reason-checked", "Any reason but Switching Protocols fails the connection.")
        .breaks("rfc9112/4-reason-ignored")
        .shown_by(|| status("HTTP/1.1 101 Nonsense, of course"))
        .by(Refuse(|answer, _| {
            is_switch(answer) && !answer.start.ends_with(b" Switching Protocols")
        })),
    fault("next-response-read", "A response behind a refusal is an answer, too.")
        .breaks("rfc9112/6.3-extra-data")
        .shown_by(|| {
            octets("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .and(status("HTTP/1.1 101 x").writes.concat())
        })
        .at(Point::NextResponseRead),
    fault("head-without-end", "A head counts that lacks only its empty line.")
        .breaks("rfc6455/7.2.1-transport-lost")
        .shown_by(|| {
            let mut scene = status("HTTP/1.1 101 x").ended();
            let length = scene.writes[0].len();
            scene.writes[0].truncate(length - 2);
            scene
        })
        .at(Point::HeadWithoutEnd),
    fault("dies-of-odd-head", "It crashes on a head that is lawful or nearly so, and unusual.")
        .breaks("rfc6455/10.7-validate")
        .shown_by(|| status("HTTP/1.0 101 Switching Protocols"))
        .by(DieOfAnswer(is_unusual)),
];

/// Makes a response that has a status of this kind a 101.
fn take_if(answer: &mut Seen, is_taken: fn(u16) -> bool) {
    if status_of(answer).is_some_and(is_taken) {
        switch(answer);
    }
}

fn switch(answer: &mut Seen) {
    answer.start = b"HTTP/1.1 101 Switching Protocols".to_vec();
}

/// Whether a 101 is written otherwise than most servers do.
fn is_unusual(answer: &Seen, asked: &Seen) -> bool {
    let is_odd_line = |line: &Vec<u8>| {
        contains(line, b"\r")
            || contains(line, b"\0")
            || contains(line, b"Content-Length")
            || contains(line, b"Transfer-Encoding")
            || contains(line, b"close")
            || line.len() > 1000
    };
    let is_odd_start =
        !answer.start.starts_with(b"HTTP/1.1 101 ") || contains(&answer.start, b"\0");
    let is_about_101 = contains(&answer.start, b"101");
    is_about_101
        && (is_odd_start
            || answer.lines.iter().any(is_odd_line)
            || answer.values("Upgrade").len() > 1
            || !answer.octets.starts_with(b"HTTP")
            || !contains(&answer.octets, b"\r\n\r\n")
            || (asked.has("Sec-WebSocket-Protocol") && !answer.has("Sec-WebSocket-Protocol")))
}
