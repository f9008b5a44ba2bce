//! What the control met where it got no 101, in a sentence, and the one thing to try next.
//! Gives no verdict, and follows no redirect.

use upspec_corpus::template::escape;
use upspec_exchange::{IoKind, Octets, Record, Response, Talk, Transcript};
use upspec_handshake::field::elements;
use upspec_handshake::field::key::accept;
use upspec_handshake::{Party, RequestHead};

use crate::target::{Scheme, Target};
use crate::trouble::{NO_CERTIFICATE, alert};

/// What the control met, and what to try next, parted by a semicolon. `tls` says that TLS is spoken
/// where none was expected.
pub(crate) fn met(record: &Record, target: &Target, tls: bool) -> String {
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    let Some(talk) = transcript.talks.first() else {
        return "the control was not played".to_owned();
    };
    let last = talk.responses.iter().rev().find(|one| one.head.status.is_some());
    let (met, advice) = match last {
        Some(response) => Answer::of(talk, response).words(target),
        None => no_http(record, talk.sent(Party::Server), target),
    };
    let advice = if tls { TRY_TLS.to_owned() } else { advice };
    format!("{met}; {advice}")
}

/// Whether the server sent any octet.
pub(crate) fn is_spoken_to(record: &Record) -> bool {
    record.io.iter().any(|io| io.kind == IoKind::Read)
}

/// Whether the answer is 400, with which many servers of HTTPS answer clear text.
pub(crate) fn is_bad_request(record: &Record) -> bool {
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    transcript.talks.iter().any(|talk| talk.statuses().last() == Some(400))
}

/// What a target says in clear text, where TLS was expected, and what to try; nothing where it says
/// nothing.
pub(crate) fn in_few_words(record: &Record) -> Option<String> {
    let octets = record.sent(0, Party::Server);
    match &octets[..] {
        [] | [0x15 | 0x16, 3, ..] => None,
        _ if octets.starts_with(b"HTTP/") => {
            Some("it speaks HTTP without TLS there: try ws://".to_owned())
        }
        _ if is_http2(&octets) => Some("it speaks HTTP/2 without TLS there: try h2c://".to_owned()),
        _ => Some(format!(
            "in clear text it says {}{}: check the port in the URL",
            quoted(&octets),
            speaker(&octets)
        )),
    }
}

/// A response to the control, and what it was asked.
struct Answer<'r, 'b> {
    status: u16,
    response: &'r Response<'b>,
    request: Option<&'r RequestHead<'b>>,
    /// The first line of its content, where that is plain text.
    says: Option<String>,
}

impl<'r, 'b> Answer<'r, 'b> {
    fn of(talk: &'r Talk<'b>, response: &'r Response<'b>) -> Self {
        let content = talk.sent(Party::Server).get(response.body.clone()).unwrap_or_default();
        let framed = response.head.fields.contains("Transfer-Encoding");
        let request = response.request.and_then(|at| talk.requests.get(at));
        Self {
            status: response.head.status.unwrap_or(0),
            response,
            request: request.map(|request| &request.head),
            says: if framed { None } else { plain_line(content) },
        }
    }

    fn words(&self, target: &Target) -> (String, String) {
        let says = self.says.as_ref().map(|line| format!(" (\"{line}\")")).unwrap_or_default();
        let met = match self.status {
            200..=299 if self.is_accepted() => format!(
                "the handshake was accepted with {} where 101 is due: Upgrade, Connection and the \
                 right Sec-WebSocket-Accept are there",
                self.status
            ),
            status => format!(
                "the control got {status} instead of 101{says}, so nothing that needs an upgrade \
                 could be judged"
            ),
        };
        (met, self.advice(target))
    }

    fn advice(&self, target: &Target) -> String {
        let fixed = match self.status {
            200..=299 if self.is_accepted() => "no client takes it for a WebSocket",
            200..=299 => "an ordinary page seems to be there: give the endpoint's path in the URL",
            300..=399 => return self.redirect(),
            400 => self.bad_request(target),
            401 => return self.challenge(),
            403 if self.asked_with("Origin") => "give what it wants to see with --header",
            403 => "it may check the origin: try --origin, or --header for what else it wants",
            404 | 405 | 410 => "the WebSocket endpoint may be elsewhere: give its path in the URL",
            407 => "that is a proxy: give the URL of the server itself",
            421 => "it does not serve this host: give the name that it is known by in the URL",
            426 => return self.upgrade_required(target),
            429 => "it limits how often one may ask: wait a while, then try --jobs 1",
            502 | 504 => "the gateway reaches no server: start that, or give its own URL",
            503 => "it is busy, or not up yet: wait a while, then try --jobs 1",
            500.. => "see the server's log for what went wrong",
            _ => "give the endpoint's path in the URL",
        };
        fixed.to_owned()
    }

    fn redirect(&self) -> String {
        match self.field("Location") {
            Some(place) => {
                format!("it leads to {place}, and upspec follows no redirects: give that URL")
            }
            None => "it leads elsewhere without a Location: see the server's log".to_owned(),
        }
    }

    fn bad_request(&self, target: &Target) -> &'static str {
        let says = self.says.as_deref().unwrap_or_default().to_ascii_lowercase();
        let clear = !target.scheme.is_secure();
        if says.contains("certificate") {
            NO_CERTIFICATE
        } else if clear && (says.contains("https") || says.contains("tls")) {
            TRY_TLS
        } else if target.path == "/" || self.asked_with("Sec-WebSocket-Protocol") {
            "some libraries answer so to a path that they do not serve: give the endpoint's path in \
             the URL"
        } else {
            "some libraries answer so to a path that they do not serve: check the path in the URL, \
             then try --subprotocol NAME --require-subprotocol"
        }
    }

    fn challenge(&self) -> String {
        let scheme = self.field("WWW-Authenticate").unwrap_or_default();
        let scheme = scheme.split([' ', ',']).next().unwrap_or_default();
        let space = if scheme.is_empty() { "" } else { " " };
        format!("it wants credentials: give them with --header 'Authorization: {scheme}{space}…'")
    }

    fn upgrade_required(&self, target: &Target) -> String {
        let wanted = self.field("Upgrade").unwrap_or_default().to_ascii_lowercase();
        let versions = self.response.head.fields.combined("Sec-WebSocket-Version");
        let lacks_13 = versions
            .as_deref()
            .is_some_and(|list| elements(list).all(|element| element.bytes != b"13"));
        if wanted.contains("tls") && !target.scheme.is_secure() {
            return "it wants TLS: try wss://".to_owned();
        }
        if lacks_13 {
            let list = self.field("Sec-WebSocket-Version").unwrap_or_default();
            return format!("it speaks WebSocket in version {list}, and upspec in version 13");
        }
        if wanted.contains("websocket") {
            return "it saw no handshake: a proxy on the way may drop Upgrade, so give the server's \
                    own URL"
                .to_owned();
        }
        "the WebSocket endpoint may be elsewhere: give its path in the URL".to_owned()
    }

    /// Whether it is a handshake's answer in all but its status.
    fn is_accepted(&self) -> bool {
        let key =
            self.request.and_then(|request| request.fields.values("Sec-WebSocket-Key").next());
        let accepts = self.response.head.fields.values("Sec-WebSocket-Accept").next();
        key.is_some_and(|key| accepts == Some(&accept(key)[..]))
    }

    fn asked_with(&self, name: &str) -> bool {
        self.request.is_some_and(|request| request.fields.contains(name))
    }

    /// A field's combined value in our escapes.
    fn field(&self, name: &str) -> Option<String> {
        self.response.head.fields.combined(name).map(|value| shown(&value))
    }
}

/// What came instead of HTTP.
fn no_http(record: &Record, octets: &[u8], target: &Target) -> (String, String) {
    let over = if target.scheme.is_http2_alone() { "HTTP/2" } else { "HTTP" };
    let met = match octets {
        [0x15, 3, _, 0, 2, _, number, ..] => {
            format!("the control got TLS instead of {over}: the server {}", alert(*number))
        }
        [0x15 | 0x16, 3, ..] => format!("the control got TLS instead of {over}"),
        _ if is_http2(octets) => "the control got HTTP/2 instead of HTTP/1.1".to_owned(),
        [] => return nothing(record, over, target),
        _ if octets.starts_with(b"HTTP/1.") => {
            format!("the control got {} instead of {over}", quoted(octets))
        }
        _ => format!("the control got {} instead of {over}{}", quoted(octets), speaker(octets)),
    };
    let advice = match octets {
        [0x15 | 0x16, 3, ..] => TRY_TLS.to_owned(),
        _ if is_http2(octets) => "try h2c://, for HTTP/2 alone".to_owned(),
        _ if octets.starts_with(b"HTTP/1.") && target.scheme.is_http2_alone() => {
            "try ws://, for HTTP/1.1".to_owned()
        }
        _ if octets.starts_with(b"HTTP/1.") => "see the server's log".to_owned(),
        _ => "check the port in the URL".to_owned(),
    };
    (met, advice)
}

/// How a connection went on which the server sent no octet.
fn nothing(record: &Record, over: &str, target: &Target) -> (String, String) {
    let of = |kind: IoKind| record.io.iter().find(|io| io.kind == kind);
    let sent = of(IoKind::TlsAlert).map(|io| io.bytes.first().copied().unwrap_or(0));
    let what = match sent {
        Some(number) => format!("the server {}", alert(number)),
        None if of(IoKind::Deadline).is_some() => {
            let waited = of(IoKind::Deadline).map_or(0, |io| io.at_us / 1000);
            format!("the server took the connection and sent nothing within {waited} ms")
        }
        None if of(IoKind::Reset).is_some() => "the server reset the connection".to_owned(),
        None => "the server closed the connection without an octet".to_owned(),
    };
    let advice = match (sent, target.scheme) {
        (Some(CERTIFICATE_REQUIRED), _) => NO_CERTIFICATE,
        (Some(_), _) => "see the server's log for why it refuses",
        (None, Scheme::H2c) => "check the port, or try ws:// if it speaks HTTP/1.1",
        (None, Scheme::Http | Scheme::Ws) => {
            "check the port, or try h2c:// if it speaks HTTP/2 alone"
        }
        (None, Scheme::Https | Scheme::Wss) => "check the port, and the server's log",
    };
    (format!("the control got no {over} response: {what}"), advice.to_owned())
}

/// The alert of a server that got no certificate (RFC 8446 section 6.2).
const CERTIFICATE_REQUIRED: u8 = 116;

/// Whether these are the first frames of an HTTP/2 server: SETTINGS or GOAWAY on stream 0.
fn is_http2(octets: &[u8]) -> bool {
    matches!(octets, [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..])
}

/// Who greets like this.
fn speaker(octets: &[u8]) -> &'static str {
    let known = GREETINGS.iter().find(|(greeting, _)| octets.starts_with(greeting));
    known.map_or("", |(_, name)| name)
}

const GREETINGS: [(&[u8], &str); 6] = [
    (b"SSH-", ", which is SSH"),
    (b"220", ", which greets like SMTP or FTP"),
    (b"+OK", ", which greets like POP3"),
    (b"* OK", ", which greets like IMAP"),
    (b"RFB ", ", which is VNC"),
    (b"-ERR", ", which complains like Redis or POP3"),
];

fn quoted(octets: &[u8]) -> String {
    format!("\"{}\"", shown(octets))
}

/// The first octets in our escapes.
fn shown(octets: &[u8]) -> String {
    let more = if octets.len() > MOST_SHOWN { "…" } else { "" };
    format!("{}{more}", escape(&octets[..octets.len().min(MOST_SHOWN)]))
}

/// The first line of a content, if it reads as text and is no markup.
fn plain_line(content: &[u8]) -> Option<String> {
    let line = content.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    let is_text = line.iter().all(|octet| matches!(octet, b' '..=b'~'));
    (is_text && !line.is_empty() && line[0] != b'<').then(|| shown(line))
}

const TRY_TLS: &str = "TLS is spoken there: try wss://";
/// How many octets of the server's are repeated in a sentence.
const MOST_SHOWN: usize = 80;
