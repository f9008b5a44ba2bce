//! What a target did, as facts that can be compared between targets.
//! Does not judge, and leaves out what differs between exchanges, such as a date or a key.

use upspec_corpus::case::Case;
use upspec_exchange::frames::frames;
use upspec_exchange::{Octets, Record, Response, Transcript};
use upspec_handshake::frame::opcode;

use crate::expect::label;
use crate::text::shown;
use crate::view::View;

/// What a target did with a case. Two targets behave the same when these are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Behaviour {
    /// The outcome, as labels spell it: `101`, `closed`, …
    pub outcome: String,
    /// Facts of the whole response and of what followed it, by name, in a fixed order. A fact that
    /// does not apply is left out.
    pub facts: Vec<(&'static str, String)>,
}

/// Reads a behaviour from the record of a case; `None` without a link.
#[must_use]
pub fn behaviour(case: &Case, record: &Record) -> Option<Behaviour> {
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    let view = View::of(case, &transcript)?;
    let mut facts = Vec::new();
    if let Some(answer) = view.answer() {
        for (fact, name) in FIELDS {
            if let Some(value) = answer.head.fields.combined(name) {
                facts.push((fact, shown(&value, LONGEST_VALUE)));
            }
        }
        if answer.head.status != Some(101) {
            facts.push(("connection", connection(answer).to_owned()));
        }
    }
    let asks_of_tunnel = case.expect.iter().any(|one| one.wants.tunnel.is_some());
    if asks_of_tunnel && let Some(tunnel) = tunnel(&view) {
        facts.push(("tunnel", tunnel));
    }
    Some(Behaviour { outcome: label(&view), facts })
}

/// What the response says about the connection; when the connection ends depends on timing.
fn connection(answer: &Response<'_>) -> &'static str {
    if answer.ends_connection() { "closed" } else { "kept" }
}

/// The frames after the 101, Pings apart, and the end of the stream.
fn tunnel(view: &View<'_, '_>) -> Option<String> {
    let octets = view.tunnel_octets()?;
    let mut said = Vec::new();
    for frame in frames(octets) {
        let what = match frame.opcode {
            opcode::CLOSE => match frame.close_code() {
                Some(code) => format!("Close {code}"),
                None => "Close".to_owned(),
            },
            opcode::PING => continue,
            opcode::PONG => "Pong".to_owned(),
            _ => "data".to_owned(),
        };
        if said.last() != Some(&what) {
            said.push(what);
        }
    }
    if said.is_empty() {
        said.push(if view.is_ended() { "ended" } else { "nothing" }.to_owned());
    }
    Some(said.join(", "))
}

/// The fields of a response that are part of the handshake, each under the name of its fact.
const FIELDS: [(&str, &str); 4] = [
    ("upgrade", "Upgrade"),
    ("subprotocol", "Sec-WebSocket-Protocol"),
    ("extensions", "Sec-WebSocket-Extensions"),
    ("versions", "Sec-WebSocket-Version"),
];

/// How much of a value is compared and shown.
const LONGEST_VALUE: usize = 120;
