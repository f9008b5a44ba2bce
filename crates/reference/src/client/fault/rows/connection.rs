//! Faults in the check of Connection in an answer (RFC 6455 4.1).

use super::{CONNECTION, contains, is_switch};
use crate::client::fault::Effect::{Answer, Refuse};
use crate::client::fault::scene::{Scene, changed};
use crate::client::fault::{ClientFault, fault};
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("connection-unchecked", "Connection is not checked.")
        .breaks("rfc6455/4.1-check-connection")
        .shown_by(|| with("keep-alive"))
        .by(Answer(|answer, _| answer.set(CONNECTION, b"Upgrade"))),
    fault("connection-within", "Connection has to contain upgrade somewhere.")
        .breaks("rfc6455/4.1-check-connection")
        .shown_by(|| with("no-upgrade"))
        .by(Answer(|answer, _| {
            take_if(answer, |value| contains(&value.to_ascii_lowercase(), b"upgrade"));
        })),
    fault("connection-split-at-spaces", "The options of Connection may be apart by white space.")
        .breaks("rfc9110/7.6.1-grammar")
        .shown_by(|| with("keep-alive Upgrade"))
        .by(Answer(|answer, _| take_if(answer, |value| is_in(value, b", ")))),
    fault("connection-parameters-dropped", "What follows a semicolon in Connection is left out.")
        .breaks("rfc9110/7.6.1-grammar")
        .shown_by(|| with("Upgrade;q=1"))
        .by(Answer(|answer, _| take_if(answer, |value| is_in(value, b",;")))),
    fault("connection-whole", "Connection has to be Upgrade and nothing else.")
        .breaks("rfc6455/4.1-check-connection")
        .shown_by(|| with("keep-alive, Upgrade"))
        .by(Refuse(|answer, _| {
            is_switch(answer) && !answer.joined(CONNECTION).eq_ignore_ascii_case(b"upgrade")
        })),
    fault("connection-with-case", "Upgrade in Connection is compared with case.")
        .breaks("rfc6455/4.1-check-connection")
        .shown_by(|| with("upgRADE"))
        .by(Refuse(|answer, _| {
            is_switch(answer) && !contains(&answer.joined(CONNECTION), b"Upgrade")
        })),
    fault("connection-first-line", "The first of several Connection lines counts.")
        .breaks("rfc9110/2.4-meaning")
        .shown_by(|| with("keep-alive\r\nConnection: Upgrade"))
        .by(Answer(|answer, _| answer.keep_first(CONNECTION))),
    fault("connection-last-line", "The last of several Connection lines counts.")
        .breaks("rfc9110/2.4-meaning")
        .shown_by(|| with("Upgrade\r\nConnection: keep-alive"))
        .by(Answer(|answer, _| answer.keep_last(CONNECTION))),
    fault(
        "connection-comma-and-space",
        "The options of Connection have to be apart by comma and space.",
    )
    .breaks("rfc6455/4.1-check-connection")
    .shown_by(|| with("keep-alive,Upgrade"))
    .by(Refuse(|answer, _| {
        let value = answer.values(CONNECTION).join(&b", "[..]);
        let text = String::from_utf8_lossy(&value).into_owned();
        is_switch(answer) && !text.split(", ").any(|one| one.eq_ignore_ascii_case("upgrade"))
    })),
    fault("empty-options-refused", "An empty element in Connection fails the connection.")
        .breaks("rfc9110/5.6.1.2-empty-elements")
        .shown_by(|| with(", ,Upgrade,"))
        .by(Refuse(|answer, _| {
            let value = answer.joined(CONNECTION);
            let mut parts = value.split(|&octet| octet == b',');
            is_switch(answer) && parts.any(|part| part.trim_ascii().is_empty())
        })),
    fault("proxy-connection-counts", "Proxy-Connection stands in for Connection.")
        .breaks("rfc6455/4.1-check-connection")
        .shown_by(|| changed("Connection:", "Proxy-Connection:"))
        .by(Answer(|answer, _| {
            if let Some(value) = answer.value("Proxy-Connection") {
                answer.set(CONNECTION, &value);
            }
        })),
];

fn with(value: &str) -> Scene {
    changed("Connection: Upgrade", &format!("Connection: {value}"))
}

fn take_if(answer: &mut Seen, is_taken: fn(&[u8]) -> bool) {
    if is_taken(&answer.joined(CONNECTION)) {
        answer.set(CONNECTION, b"Upgrade");
    }
}

fn is_in(value: &[u8], separators: &[u8]) -> bool {
    let mut parts = value.split(|octet| separators.contains(octet));
    parts.any(|part| part.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}
