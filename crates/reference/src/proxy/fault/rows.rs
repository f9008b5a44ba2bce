//! The rows, by subject, and what several subjects share.

mod agreement;
mod content;
mod failing;
mod fields;
mod forward;
mod forwarding;
pub(in crate::proxy) mod http2;
mod http2_origin;
mod interim;
mod lexical;
mod requests;
mod tunnel;
mod upgrade;

use super::ProxyFault;
use crate::fault::{Seen, field};

/// Every row.
pub(super) static TABLES: [&[ProxyFault]; 13] = [
    fields::ROWS,
    upgrade::ROWS,
    agreement::ROWS,
    content::ROWS,
    requests::ROWS,
    interim::ROWS,
    tunnel::ROWS,
    failing::ROWS,
    forwarding::ROWS,
    forward::ROWS,
    lexical::ROWS,
    http2::ROWS,
    http2_origin::ROWS,
];

/// Puts the lines of a field into a head as they came.
fn restore(head: &mut Seen, came: &Seen, name: &str) {
    let is_named = |line: &&Vec<u8>| {
        field(line).is_some_and(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
    };
    head.remove(name);
    let lines = came.lines.iter().filter(is_named);
    head.lines.extend(lines.cloned());
}

/// Puts back what Connection named, and leaves Connection as it is.
fn restore_named(head: &mut Seen, came: &Seen) {
    for option in options(came) {
        if !SPARED.contains(&option.as_str()) {
            restore(head, came, &option);
        }
    }
}

/// The connection options of a head, in lower case.
fn options(head: &Seen) -> Vec<String> {
    let value = String::from_utf8_lossy(&head.joined("Connection")).to_ascii_lowercase();
    let options = value.split(',').map(|option| option.trim().to_owned());
    options.filter(|option| !option.is_empty()).collect()
}

/// Whether the request offers protocols in Upgrade as it should.
fn is_upgrade(asked: &Seen) -> bool {
    asked.has("Upgrade") && options(asked).iter().any(|option| option == "upgrade")
}

/// The status of a response; nothing where it is no number.
fn status(answer: &Seen) -> u16 {
    let word = answer.start.split(|&octet| octet == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Whether a response is a 101 with these two marks of one: Upgrade, and its connection option.
fn has_pair(answer: &Seen) -> (bool, bool) {
    (answer.has("Upgrade"), options(answer).iter().any(|option| option == "upgrade"))
}

/// Options that name what other faults are about.
const SPARED: [&str; 6] =
    ["close", "connection", "content-length", "host", "transfer-encoding", "upgrade"];
