//! The rows, by subject, and what several subjects share.

mod browsers;
mod connection;
mod flow_control;
mod frames;
mod framing;
mod helpers;
mod http2;
mod http2_requests;
mod octets;
mod offers;
mod one_connection;
mod opening;
mod refusal;
mod request_line;
mod selection;
mod switch;
mod way;
mod writing;

use super::Fault;
use crate::answer::{After, Answer};

/// Every row.
pub(super) static TABLES: [&[Fault]; 18] = [
    octets::ROWS,
    request_line::ROWS,
    framing::ROWS,
    connection::ROWS,
    opening::ROWS,
    offers::ROWS,
    helpers::ROWS,
    browsers::ROWS,
    refusal::ROWS,
    switch::ROWS,
    selection::ROWS,
    writing::ROWS,
    frames::ROWS,
    http2_requests::ROWS,
    http2::ROWS,
    flow_control::ROWS,
    one_connection::ROWS,
    way::ROWS,
];

/// Leaves upgrade out of the options in Connection.
fn drop_upgrade_option(answer: &mut Answer) {
    answer.remove("Connection");
    if answer.after == After::Close {
        answer.add("Connection", "close");
    }
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len().max(1)).any(|window| window == part)
}

const ACCEPT: &str = "Sec-WebSocket-Accept";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const KEY: &str = "Sec-WebSocket-Key";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const VERSION: &str = "Sec-WebSocket-Version";

/// The key of RFC 6455 1.3.
const EXAMPLE_KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
