//! Says in words what happened on a link: what came, and how it ended. These are facts, not judgements.

use upspec_exchange::{FrameNotes, Io, IoKind, Link, Over, Record};

use crate::messages::Messages;
use crate::visible;

/// A record with its frames in words, read once for all that is said of it.
pub(crate) struct Told<'r> {
    pub(crate) record: &'r Record,
    /// The frames of HTTP/2 on each link.
    pub(crate) frames: Vec<FrameNotes>,
    /// The frames of WebSocket on each link.
    pub(crate) messages: Vec<Messages>,
}

impl<'r> Told<'r> {
    pub(crate) fn of(record: &'r Record) -> Self {
        let links = 0..record.links.len();
        let frames = links.map(|link| FrameNotes::of(record, link)).collect();
        Self { record, frames, messages: Messages::of(record) }
    }

    /// What came on each link and how it ended: `HTTP/1.1 400 Bad Request (120 octets), then the peer
    /// closed`.
    pub(crate) fn seen(&self) -> Vec<String> {
        let links = self.record.links.iter().enumerate();
        links.map(|(at, link)| format!("{}{}", self.name(link), self.seen_on(at, link))).collect()
    }

    /// Each link in a phrase: `HTTP/1.1 over TLS, we are the client, 153 octets out, 129 in`.
    pub(crate) fn links(&self) -> Vec<String> {
        let links = self.record.links.iter().enumerate();
        let phrase = |(at, link)| {
            let amounts = Amounts::on(self.record, at);
            let out = visible::counted(amounts.sent, "octet");
            format!("{}{}, {out} out, {} in", self.name(link), connection(link), amounts.received)
        };
        links.map(phrase).collect()
    }

    /// The name of a link, where there are several.
    pub(crate) fn name(&self, link: &Link) -> String {
        match self.record.links.len() {
            1 => String::new(),
            _ => format!("{}: ", visible::text(&link.name)),
        }
    }

    fn seen_on(&self, at: usize, link: &Link) -> String {
        // What came after we took leave is the answer to that, and says nothing of the case.
        let case = self.record.on(at).take_while(|io| io.kind != IoKind::WroteLeave);
        let read = case.clone().filter(|io| io.kind == IoKind::Read);
        let read: Vec<u8> = read.flat_map(|io| io.bytes.iter().copied()).collect();
        let end = case.filter_map(|io| ending(io.kind)).last();
        let frames = self.frames[at].by(link.we.other()).iter();
        let frames = frames.filter(|note| note.end <= read.len());
        let titles: Vec<&str> = frames.map(|note| note.title.as_str()).collect();
        let what = if read.is_empty() {
            "nothing came".to_owned()
        } else if !titles.is_empty() {
            some_of(&titles)
        } else {
            first_line(&read)
        };
        let messages = self.messages[at].ended(link.we.other(), 0, read.len());
        let words: Vec<&str> = messages.iter().map(|message| message.words.as_str()).collect();
        let frames =
            if words.is_empty() { String::new() } else { format!(", {}", some_of(&words)) };
        let reports: Vec<String> =
            self.record.on(at).filter(|io| io.kind == IoKind::Reported).flat_map(said).collect();
        let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
        let reports = match reports.is_empty() {
            true => String::new(),
            false => format!("; the client reports {}", some_of(&reports)),
        };
        let size = match read.len() {
            0 => String::new(),
            _ if !words.is_empty() => String::new(),
            octets => format!(" ({})", visible::counted(octets, "octet")),
        };
        let end = end.map(|end| format!(", {end}")).unwrap_or_default();
        format!("{what}{size}{frames}{end}{reports}")
    }
}

/// How many octets went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    /// What we wrote.
    pub(crate) sent: usize,
    /// What the other end wrote.
    pub(crate) received: usize,
}

impl Amounts {
    /// On one link of a record.
    pub(crate) fn on(record: &Record, link: usize) -> Self {
        let mut amounts = Self::default();
        for io in record.on(link) {
            match io.kind {
                IoKind::Read => amounts.received += io.bytes.len(),
                kind if kind.is_written() => amounts.sent += io.bytes.len(),
                _ => {}
            }
        }
        let unkept = usize::try_from(record.read_unkept(link)).unwrap_or(usize::MAX);
        amounts.received = amounts.received.saturating_add(unkept);
        amounts
    }
}

fn connection(link: &Link) -> String {
    let over = match link.over {
        Over::Http1 => "HTTP/1.1",
        Over::Http2 => "HTTP/2",
    };
    let tls = match (link.tls, &link.alpn) {
        (true, Some(alpn)) => format!(" over TLS (ALPN {})", visible::text(alpn)),
        (true, None) => " over TLS".to_owned(),
        (false, _) => String::new(),
    };
    format!("{over}{tls}, we are the {}", link.we)
}

/// An event in words.
pub(crate) fn event(io: &Io) -> &'static str {
    match io.kind {
        IoKind::Wrote => "sent",
        IoKind::WroteLeave => "sent to take leave",
        IoKind::WroteOwed => "sent because HTTP/2 obliges us to",
        IoKind::WroteUnkept => "sent more of the same",
        IoKind::Read => "received",
        IoKind::ReadUnkept => "received more, which was judged and is not kept",
        IoKind::ShutWrite => "we ended our writing side",
        IoKind::WeReset => "we reset the connection",
        IoKind::ReadEnd => "the peer ended its writing side",
        IoKind::ReadEndUnclean => "the peer ended the stream without close_notify",
        IoKind::Reset => "the peer reset the connection",
        IoKind::WriteFailed => "a write failed: the peer had closed",
        IoKind::Deadline => "the window ended with nothing more to read",
        IoKind::Decided => "the case was decided; nothing more was waited for",
        IoKind::CapReached => "more came than is kept; the rest was dropped",
        IoKind::TlsAlert => "the peer ended the connection with a TLS alert",
        IoKind::TlsBroken => "the peer broke the TLS handshake",
        IoKind::Closed => "we closed the connection",
        IoKind::NotOpened => "the client opened no connection",
        IoKind::Reported => "the client reports",
        IoKind::Printed => "the client printed at the last",
        IoKind::Exited => "the client's process ended",
    }
}

/// What a client under test said of itself, as lines.
pub(crate) fn said(io: &Io) -> impl Iterator<Item = String> {
    let is_said = matches!(io.kind, IoKind::Reported | IoKind::Printed | IoKind::Exited);
    let lines = if is_said { &io.bytes[..] } else { &[] };
    lines.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()).map(visible::octets)
}

/// Microseconds as milliseconds: `0.012`.
pub(crate) fn milliseconds(at_us: u64) -> String {
    format!("{}.{:03}", at_us / 1000, at_us % 1000)
}

fn ending(kind: IoKind) -> Option<&'static str> {
    match kind {
        IoKind::ReadEnd => Some("then the peer closed"),
        IoKind::ReadEndUnclean => Some("then the peer closed without close_notify"),
        IoKind::Reset => Some("then the peer reset the connection"),
        IoKind::WriteFailed => Some("and our write failed"),
        IoKind::Deadline => Some("then silence"),
        IoKind::CapReached => Some("then more than is kept"),
        IoKind::TlsAlert => Some("then a TLS alert"),
        IoKind::TlsBroken => Some("the peer broke the TLS handshake"),
        IoKind::NotOpened => Some("no connection was opened"),
        _ => None,
    }
}

fn some_of(titles: &[&str]) -> String {
    let shown = titles.len().min(MOST_FRAMES);
    let text = titles[..shown].join("; ");
    match titles.len() - shown {
        0 => text,
        more => format!("{text}; {}", visible::counted(more, "more frame")),
    }
}

fn first_line(read: &[u8]) -> String {
    let line = read.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.get(..LONGEST_LINE) {
        Some(start) => format!("{}…", visible::octets(start)),
        None => visible::octets(line),
    }
}

/// How many frames are named.
const MOST_FRAMES: usize = 6;

/// How much of a line is repeated.
const LONGEST_LINE: usize = 80;
