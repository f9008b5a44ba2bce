//! The ways in which a test breaks a lawful answer: one thing each, with the requirement that forbids
//! it. Never two at once.

/// One thing that no response may do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) name: &'static str,
    /// The statuses of the responses that it fits.
    pub(crate) fits: (u16, u16),
    pub(crate) edit: Edit,
    /// What a finding has to cite, one of these.
    pub(crate) requirements: &'static [&'static str],
}

/// What is done to a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// A field line more.
    Add(&'static str, &'static str),
    /// Octets behind the head, or behind the whole response where it has content.
    Behind(&'static [u8]),
    /// No line of this field.
    Drop(&'static str),
    /// Other octets in the head.
    Head(&'static str, &'static str),
    /// Another value for the field.
    Set(&'static str, &'static str),
}

impl Break {
    pub(crate) fn edit_fields(&self, fields: &mut Vec<(String, Vec<u8>)>) {
        match self.edit {
            Edit::Add(name, value) => fields.push((name.to_owned(), value.into())),
            Edit::Drop(name) => fields.retain(|field| field.0 != name),
            Edit::Set(name, value) => {
                fields.retain(|field| field.0 != name);
                fields.push((name.to_owned(), value.into()));
            }
            Edit::Behind(_) | Edit::Head(..) => {}
        }
    }

    pub(crate) fn edit_head(&self, head: &mut Vec<u8>) {
        if let Edit::Head(from, to) = self.edit {
            let at = head.windows(from.len()).position(|part| part == from.as_bytes());
            let at = at.unwrap();
            head.splice(at..at + from.len(), to.bytes());
        }
    }

    pub(crate) fn behind(&self) -> &'static [u8] {
        match self.edit {
            Edit::Behind(octets) => octets,
            _ => b"",
        }
    }
}

const SWITCH: (u16, u16) = (101, 101);
const FINAL: (u16, u16) = (200, 599);
const ANY: (u16, u16) = (101, 599);

const fn row(
    name: &'static str,
    fits: (u16, u16),
    edit: Edit,
    requirements: &'static [&'static str],
) -> Break {
    Break { name, fits, edit, requirements }
}

/// Every break, those of a 101 first.
pub(crate) const BREAKS: &[Break] = &[
    row(
        "accept of another key",
        SWITCH,
        Edit::Set(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOg="),
        &["rfc6455/4.2.2-accept"],
    ),
    row("no accept", SWITCH, Edit::Drop(ACCEPT), &["rfc6455/4.2.2-accept"]),
    row(
        "accept twice",
        SWITCH,
        Edit::Add(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOg="),
        &["rfc6455/11.3.3-accept-once"],
    ),
    row("no Connection", SWITCH, Edit::Drop("Connection"), &["rfc6455/4.2.2-connection"]),
    row(
        "Connection without upgrade",
        SWITCH,
        Edit::Set("Connection", "keep-alive"),
        &["rfc6455/4.2.2-connection"],
    ),
    row(
        "no connection option",
        SWITCH,
        Edit::Set("Connection", "Upgrades"),
        &["rfc9110/7.8-connection"],
    ),
    row("no Upgrade", SWITCH, Edit::Drop("Upgrade"), &["rfc9110/15.2.2-101-upgrade"]),
    row("empty Upgrade", SWITCH, Edit::Set("Upgrade", ""), &["rfc9110/15.2.2-101-upgrade"]),
    row("another protocol", SWITCH, Edit::Set("Upgrade", "x-other/2"), &["rfc9110/7.8-offered"]),
    row(
        "two protocols",
        SWITCH,
        Edit::Set("Upgrade", "websocket, x-other"),
        &["rfc6455/4.2.2-upgrade"],
    ),
    row(
        "malformed Upgrade",
        SWITCH,
        Edit::Set("Upgrade", "\"websocket\""),
        &["rfc9110/7.8-grammar"],
    ),
    row(
        "a subprotocol that is not on offer",
        SWITCH,
        Edit::Set("Sec-WebSocket-Protocol", "x-made-up"),
        &["rfc6455/4.2.2-no-subprotocol", "rfc6455/4.2.2-subprotocol-choice"],
    ),
    row(
        "two subprotocols",
        SWITCH,
        Edit::Set("Sec-WebSocket-Protocol", "chat, superchat"),
        &["rfc6455/4.3-protocol-server"],
    ),
    row(
        "an extension that is not on offer",
        SWITCH,
        Edit::Set("Sec-WebSocket-Extensions", "x-made-up"),
        &["rfc6455/4.2.2-extensions-offered", "rfc6455/9.1-malformed"],
    ),
    row(
        "malformed extensions",
        SWITCH,
        Edit::Set("Sec-WebSocket-Extensions", "a;=b"),
        &["rfc6455/9.1-malformed"],
    ),
    row(
        "Content-Length in a 101",
        SWITCH,
        Edit::Add("Content-Length", "0"),
        &["rfc9110/8.6-cl-1xx-204"],
    ),
    row(
        "Transfer-Encoding in a 101",
        SWITCH,
        Edit::Add("Transfer-Encoding", "chunked"),
        &["rfc9112/6.1-te-1xx-204"],
    ),
    row(
        "a response behind a 101",
        SWITCH,
        Edit::Behind(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        &["rfc9110/15.2.2-101-upgrade"],
    ),
    row("CR LF behind a 101", SWITCH, Edit::Behind(b"\r\n"), &["rfc9110/15.2.2-101-upgrade"]),
    row(
        "a chunk behind a 101",
        SWITCH,
        Edit::Behind(b"0\r\n\r\n"),
        &["rfc9110/15.2.2-101-upgrade"],
    ),
    row("text behind a 101", SWITCH, Edit::Behind(b"hello\n"), &["rfc9110/15.2.2-101-upgrade"]),
    row(
        "a TLS alert behind a 101",
        SWITCH,
        Edit::Behind(b"\x15\x03\x03\0\x02\x02\x28"),
        &["rfc9110/15.2.2-101-upgrade"],
    ),
    row(
        "200 in the place of 101",
        SWITCH,
        Edit::Head("HTTP/1.1 101", "HTTP/1.1 200"),
        &["rfc6455/4.2.2-response"],
    ),
    row(
        "a masked frame",
        SWITCH,
        Edit::Behind(b"\x8a\x80\x01\x02\x03\x04"),
        &["rfc6455/5.1-server-unmasked"],
    ),
    row("an unknown opcode", SWITCH, Edit::Behind(b"\x83\x00"), &["rfc6455/5.2-opcode"]),
    row("a reserved bit", SWITCH, Edit::Behind(b"\x9a\x00"), &["rfc6455/5.2-rsv"]),
    row(
        "a length in too many octets",
        SWITCH,
        Edit::Behind(b"\x82\x7e\x00\x01a"),
        &["rfc6455/5.2-length"],
    ),
    row("a continuation of nothing", SWITCH, Edit::Behind(b"\x80\x00"), &["rfc6455/5.4-fragments"]),
    row("a Pong in fragments", SWITCH, Edit::Behind(b"\x0a\x00"), &["rfc6455/5.5-control-frame"]),
    row("text that is not UTF-8", SWITCH, Edit::Behind(b"\x81\x01\xff"), &["rfc6455/5.6-utf8"]),
    row("a Close with half a code", SWITCH, Edit::Behind(b"\x88\x01\x03"), &["rfc6455/5.5.1-body"]),
    row(
        "a Close with a reserved code",
        SWITCH,
        Edit::Behind(b"\x88\x02\x03\xed"),
        &["rfc6455/7.4.1-reserved-codes"],
    ),
    row(
        "data behind a Close",
        SWITCH,
        Edit::Behind(b"\x88\x00\x82\x00"),
        &["rfc6455/5.5.1-no-data-after"],
    ),
    row(
        "no space behind the status",
        ANY,
        Edit::Head(" Whatever", ""),
        &["rfc9112/4-status-space"],
    ),
    row(
        "a control octet in the reason",
        ANY,
        Edit::Head(" Whatever", " \x01"),
        &["rfc9112/4-status-line"],
    ),
    row("a fold", ANY, Edit::Add("X-A", "b\r\n c"), &["rfc9112/5.2-no-fold"]),
    row("a bare CR", ANY, Edit::Add("X-A", "b\rc"), &["rfc9112/2.2-bare-cr-sent"]),
    row("a bare LF", ANY, Edit::Add("X-A", "b\nX-B: c"), &["rfc9112/2.1-message"]),
    row("NUL", ANY, Edit::Add("X-A", "b\0c"), &["rfc9110/2.2-grammar"]),
    row("a space before the colon", ANY, Edit::Add("X-A ", "b"), &["rfc9112/5-field-line"]),
    row("a name that is no token", ANY, Edit::Add("X(A", "b"), &["rfc9112/5-field-line"]),
    row(
        "an end-to-end field in Connection",
        ANY,
        Edit::Add("Connection", "Date"),
        &["rfc9110/7.6.1-end-to-end"],
    ),
    row(
        "an empty list element",
        ANY,
        Edit::Add("Vary", "a,,b"),
        &["rfc9110/5.6.1.1-no-empty-elements"],
    ),
    row(
        "two Server lines",
        ANY,
        Edit::Add("Server", "a\r\nServer: b"),
        &["rfc9110/5.3-repeated-lines"],
    ),
    row(
        "a Date of another format",
        ANY,
        Edit::Set("Date", "Tuesday, 15-Nov-94 08:12:31 GMT"),
        &["rfc9110/2.2-grammar"],
    ),
    row(
        "HTTP2-Settings",
        ANY,
        Edit::Add("HTTP2-Settings", "AAMAAABk"),
        &["rfc7540/3.2.1-server-settings"],
    ),
    row(
        "Upgrade without the option",
        (200, 425),
        Edit::Add("Upgrade", "websocket\r\nX-C: Upgrade"),
        &["rfc9110/7.8-connection"],
    ),
    row(
        "two lengths",
        (300, 599),
        Edit::Add("Content-Length", "7"),
        &["rfc9110/5.3-repeated-lines"],
    ),
    row(
        "a list of versions with letters",
        FINAL,
        Edit::Set("Sec-WebSocket-Version", "thirteen"),
        &["rfc6455/4.3-version-server"],
    ),
    row(
        "octets that are no response",
        FINAL,
        Edit::Behind(b"oops\r\n\r\n"),
        &["rfc9112/2.1-message", "rfc9110/9.3.2-head-content"],
    ),
    row(
        "no challenge",
        (401, 401),
        Edit::Drop("WWW-Authenticate"),
        &["rfc9110/15.5.2-401-challenge"],
    ),
    row("no Allow", (405, 405), Edit::Drop("Allow"), &["rfc9110/15.5.6-405-allow"]),
    row("no Upgrade in a 426", (426, 426), Edit::Drop("Upgrade"), &["rfc9110/15.5.22-426-upgrade"]),
    row(
        "Content-Length in a 204",
        (204, 204),
        Edit::Add("Content-Length", "0"),
        &["rfc9110/8.6-cl-1xx-204"],
    ),
    row(
        "Transfer-Encoding in a 204",
        (204, 204),
        Edit::Add("Transfer-Encoding", "chunked"),
        &["rfc9112/6.1-te-1xx-204"],
    ),
];

const ACCEPT: &str = "Sec-WebSocket-Accept";
