//! WebSocket frames in words, for whoever shows a record: `Close 1002`, `Text “hello”`. What is no frame has none.

use upspec_exchange::{Octets, Over, Record, Talk, Transcript, Tunnel};
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::{Party, Status};

use crate::visible::{self, counted};

/// The frames of a link's tunnel, by sender.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    client: Vec<Message>,
    server: Vec<Message>,
}

/// A frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The octet after its last, in all that its sender sent on the link.
    pub(crate) end: usize,
    /// What it is.
    pub(crate) words: String,
}

impl Messages {
    /// Those of each link of a record.
    pub(crate) fn of(record: &Record) -> Vec<Self> {
        let octets = Octets::of(record);
        Transcript::read(&octets).talks.iter().map(Self::on).collect()
    }

    fn on(talk: &Talk<'_>) -> Self {
        match &talk.tunnel {
            Some(tunnel) if talk.link.over == Over::Http1 && is_websocket(talk) => Self {
                client: messages(tunnel, Party::Client),
                server: messages(tunnel, Party::Server),
            },
            _ => Self::default(),
        }
    }

    /// Those of a party that end behind an octet, and not behind another.
    pub(crate) fn ended(&self, by: Party, from: usize, to: usize) -> &[Message] {
        let all = match by {
            Party::Client => &self.client,
            Party::Server => &self.server,
        };
        let first = all.partition_point(|one| one.end <= from);
        let next = all.partition_point(|one| one.end <= to);
        all.get(first..next).unwrap_or_default()
    }
}

/// Whether the server switched to WebSocket, by its word.
fn is_websocket(talk: &Talk<'_>) -> bool {
    let switches = talk.responses.iter().filter(|one| one.head.status == Some(101));
    let mut named = switches.flat_map(|one| one.head.fields.values("Upgrade"));
    named.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

fn messages(tunnel: &Tunnel<'_>, party: Party) -> Vec<Message> {
    let octets = tunnel.sent(party);
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < MOST_MESSAGES
        && let Status::Complete(frame) = Frame::parse(&octets[at..])
    {
        let end = tunnel.place(party, at..at + frame.len).end;
        found.push(Message { end, words: words(&frame) });
        at += frame.len;
    }
    found
}

/// What a frame is called by its opcode.
pub(crate) fn kind(code: u8) -> String {
    match code {
        opcode::CONTINUATION => "Continuation".to_owned(),
        opcode::TEXT => "Text".to_owned(),
        opcode::BINARY => "Binary".to_owned(),
        opcode::CLOSE => "Close".to_owned(),
        opcode::PING => "Ping".to_owned(),
        opcode::PONG => "Pong".to_owned(),
        other => format!("frame of opcode {other:#x}"),
    }
}

fn words(frame: &Frame<'_>) -> String {
    let name = kind(frame.opcode);
    let payload = &frame.payload[..];
    let is_plain = frame.rsv == 0 && payload.len() <= LONGEST_TEXT;
    let says = match (frame.opcode, frame.close_code()) {
        (opcode::CLOSE, Some(code)) if payload.len() == 2 => format!(" {code}"),
        (opcode::CLOSE, Some(code)) if is_plain => {
            format!(" {code} “{}”", visible::octets(&payload[2..]))
        }
        (opcode::TEXT, _) if is_plain => format!(" “{}”", visible::octets(payload)),
        _ => format!(", {}", counted(payload.len(), "octet")),
    };
    let reserved = [(4, ", RSV1"), (2, ", RSV2"), (1, ", RSV3")];
    let reserved = reserved.into_iter().filter(|(bit, _)| frame.rsv & bit != 0);
    let reserved: String = reserved.map(|(_, name)| name).collect();
    format!("{name}{says}{reserved}{}", if frame.fin { "" } else { ", not final" })
}

/// How many frames of a party are read: a page shows few, and a flood has thousands.
const MOST_MESSAGES: usize = 256;

/// The longest payload that is told whole, in octets.
const LONGEST_TEXT: usize = 48;

#[cfg(test)]
mod tests {
    use upspec_exchange::{IoKind, Link};
    use upspec_handshake::frame::write;

    use super::*;
    use crate::sample;

    #[test]
    fn a_frame_says_what_it_is() {
        let mask = Some([1, 2, 3, 4]);
        let rows = [
            (write(opcode::TEXT, b"hello\n", mask), "Text “hello\\n”"),
            (write(opcode::TEXT, &[b'a'; 49], None), "Text, 49 octets"),
            (write(opcode::BINARY, b"", None), "Binary, 0 octets"),
            (write(opcode::PING, b"p", mask), "Ping, 1 octet"),
            (write(opcode::CLOSE, &[3, 0xea], None), "Close 1002"),
            (write(opcode::CLOSE, b"\x03\xe8bye", None), "Close 1000 “bye”"),
            (write(opcode::CLOSE, b"", None), "Close, 0 octets"),
            (vec![0x03, 0], "frame of opcode 0x3, 0 octets, not final"),
            (vec![0xc1, 1, 0], "Text, 1 octet, RSV1"),
        ];
        for (octets, wanted) in rows {
            let frame = Frame::parse(&octets).complete().unwrap();
            assert_eq!(words(&frame), wanted);
        }
    }

    fn told(answer: &[u8], over: Over) -> Vec<Messages> {
        let mut server = answer.to_vec();
        server.extend(write(opcode::TEXT, b"hi", None));
        server.extend([0x88, 2, 3]);
        Messages::of(&Record {
            links: vec![Link::plain("server", Party::Client, over)],
            io: vec![
                sample::io(0, IoKind::Wrote, b"GET / HTTP/1.1\r\n\r\n"),
                sample::io(1, IoKind::Read, &server),
                sample::io(2, IoKind::Wrote, &write(opcode::PING, b"", Some([0; 4]))),
            ],
        })
    }

    #[test]
    fn frames_stand_where_they_end() {
        let head = b"HTTP/1.1 101 S\r\nUpgrade: WebSocket\r\n\r\n";
        let found = &told(head, Over::Http1)[0];
        let text = Message { end: head.len() + 4, words: "Text “hi”".to_owned() };
        assert_eq!(found.ended(Party::Server, 0, 1000), [text]);
        assert_eq!(found.ended(Party::Server, head.len() + 4, 1000), []);
        let ping = Message { end: 24, words: "Ping, 0 octets".to_owned() };
        assert_eq!(found.ended(Party::Client, 18, 24), [ping]);
        assert_eq!(found.ended(Party::Client, 18, 23), []);
    }

    #[test]
    fn other_protocols_have_no_frames() {
        for head in [&b"HTTP/1.1 101 S\r\nUpgrade: other\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\n\r\n"] {
            let found = told(head, Over::Http1);
            assert_eq!(found[0].ended(Party::Server, 0, 1000), []);
        }
    }
}
