//! The rows, by subject, and what several subjects share.

mod accept;
mod answer_heads;
mod closing;
mod connection;
mod deflate;
mod extensions;
mod fields;
mod frames;
mod http2;
mod interim;
mod messages;
mod offers;
mod request_fields;
mod request_line;
mod sent_frames;
mod status;
mod subprotocol;
mod tls;
mod trying_again;
mod upgrade;
mod urls;

use upspec_handshake::field::key::accept;

use super::ClientFault;
use crate::fault::{Seen, field};

/// Every row.
pub(super) static TABLES: [&[ClientFault]; 21] = [
    urls::ROWS,
    request_line::ROWS,
    request_fields::ROWS,
    offers::ROWS,
    status::ROWS,
    interim::ROWS,
    answer_heads::ROWS,
    fields::ROWS,
    upgrade::ROWS,
    connection::ROWS,
    accept::ROWS,
    subprotocol::ROWS,
    extensions::ROWS,
    deflate::ROWS,
    frames::ROWS,
    messages::ROWS,
    closing::ROWS,
    sent_frames::ROWS,
    trying_again::ROWS,
    tls::ROWS,
    http2::ROWS,
];

/// The accept value that belongs to the key of a request.
fn right(asked: &Seen) -> Vec<u8> {
    accept(asked.values(KEY).first().copied().unwrap_or_default()).to_vec()
}

/// Takes an answer for a good one, whatever it is.
fn overlook_all(answer: &mut Seen, asked: &Seen) {
    answer.start = b"HTTP/1.1 101 Switching Protocols".to_vec();
    answer.lines.clear();
    answer.set("Upgrade", b"websocket");
    answer.set("Connection", b"Upgrade");
    answer.set(ACCEPT, &right(asked));
}

/// The status of a response; nothing where it is no number.
fn status_of(answer: &Seen) -> Option<u16> {
    std::str::from_utf8(answer.words().get(1)?).ok()?.parse().ok()
}

/// Whether it is the final answer, and opens.
fn is_switch(answer: &Seen) -> bool {
    status_of(answer) == Some(101)
}

/// The white space and the value of a line, as it was written.
fn raw_value(line: &[u8]) -> &[u8] {
    line.iter().position(|&octet| octet == b':').map_or(&[], |colon| &line[colon + 1..])
}

/// Gives each value of a field another form.
fn revalue(answer: &mut Seen, name: &str, change: impl Fn(&[u8]) -> Vec<u8>) {
    for line in &mut answer.lines {
        let Some((found, _)) =
            field(line).filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
        else {
            continue;
        };
        let value = change(raw_value(line));
        *line = [found, b":", &value].concat();
    }
}

/// Whether these octets are somewhere among others.
pub(crate) fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len().max(1)).any(|window| window == part)
}

const ACCEPT: &str = "Sec-WebSocket-Accept";
const CONNECTION: &str = "Connection";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const KEY: &str = "Sec-WebSocket-Key";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const UPGRADE: &str = "Upgrade";
const VERSION: &str = "Sec-WebSocket-Version";
