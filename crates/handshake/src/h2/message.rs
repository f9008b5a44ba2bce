//! Checks that a header list is a well-formed message: RFC 9113 8.2 to 8.6, RFC 8441 4.
//! Looks neither at content nor at what a field means beyond that.

use super::{HeaderField, HeaderList};
use crate::field::is_token;

/// One violation in a header list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListViolation {
    /// What is wrong.
    pub kind: ListViolationKind,
    /// Which field of the list shows it; `None` when one is missing.
    pub field: Option<usize>,
}

/// What can be wrong with a header list. All of it makes a message malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ListViolationKind {
    /// CONNECT without `:authority`.
    ConnectAuthorityMissing,
    /// CONNECT with `:scheme` or `:path`, and without `:protocol`.
    ConnectWithTarget,
    /// Connection, Proxy-Connection, Keep-Alive, Transfer-Encoding or Upgrade.
    ConnectionSpecific,
    /// A field name with an octet that is not allowed in names; upper-case letters are their own kind.
    NameInvalid,
    /// A field name with an upper-case letter.
    NameUppercase,
    /// An empty `:path`.
    PathEmpty,
    /// `:protocol` together with another method than CONNECT.
    ProtocolWithoutConnect,
    /// `:protocol` without `:scheme` or `:path`.
    ProtocolWithoutTarget,
    /// `:protocol` from a client that was not told that it may.
    ProtocolUnannounced,
    /// A pseudo-header field after a regular one.
    PseudoAfterRegular,
    /// A pseudo-header field of the other kind of message, or in trailers.
    PseudoMisplaced,
    /// A required pseudo-header field that is missing.
    PseudoMissing,
    /// A pseudo-header field that occurs twice.
    PseudoRepeated,
    /// A pseudo-header field that is not defined.
    PseudoUnknown,
    /// A status that is not three digits.
    StatusInvalid,
    /// A status 101.
    SwitchingProtocols,
    /// TE with another value than `trailers`.
    TeOther,
    /// A field value with NUL, CR or LF, or with white space at an end of it.
    ValueInvalid,
}

/// What a header list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// The head of a request to a server that did not announce extended CONNECT (RFC 8441 3).
    Request,
    /// The head of a request to a server that announced extended CONNECT.
    RequestExtended,
    /// The head of a response.
    Response,
    /// A trailer section.
    Trailers,
}

/// Everything wrong with a header list, in the order of its fields; what is missing comes
/// last.
pub fn violations(list: &HeaderList, kind: ListKind) -> Vec<ListViolation> {
    let mut found = Vec::new();
    let mut regular_seen = false;
    for (index, field) in list.fields.iter().enumerate() {
        let mut note = |kind| {
            found.push(ListViolation { kind, field: Some(index) });
        };
        if field.is_pseudo() {
            let before = &list.fields[..index];
            if let Some(wrong) = pseudo_place(&field.name, kind) {
                note(wrong);
            }
            if before.iter().any(|other| other.name == field.name) {
                note(ListViolationKind::PseudoRepeated);
            }
            if regular_seen {
                note(ListViolationKind::PseudoAfterRegular);
            }
        } else {
            regular_seen = true;
            name(field, &mut note);
            connection_specific(field, kind, &mut note);
        }
        if !is_valid_value(&field.value) {
            note(ListViolationKind::ValueInvalid);
        }
    }
    match kind {
        ListKind::Request | ListKind::RequestExtended => request(list, &mut found),
        ListKind::Response => response(list, &mut found),
        ListKind::Trailers => {}
    }
    found
}

/// Whether a pseudo-header field may be in such a list (RFC 9113 8.3; RFC 8441 4).
fn pseudo_place(name: &[u8], kind: ListKind) -> Option<ListViolationKind> {
    let of_requests = REQUEST_PSEUDO.iter().any(|known| known.as_bytes() == name);
    let home = match name {
        b":protocol" if kind == ListKind::Request => {
            return Some(ListViolationKind::ProtocolUnannounced);
        }
        b":status" => kind == ListKind::Response,
        _ if of_requests => matches!(kind, ListKind::Request | ListKind::RequestExtended),
        _ => return Some(ListViolationKind::PseudoUnknown),
    };
    (!home).then_some(ListViolationKind::PseudoMisplaced)
}

/// RFC 9113 8.2.1.
fn name(field: &HeaderField, note: &mut impl FnMut(ListViolationKind)) {
    if field.name.iter().any(u8::is_ascii_uppercase) {
        note(ListViolationKind::NameUppercase);
    }
    if !is_token(&field.name) {
        note(ListViolationKind::NameInvalid);
    }
}

/// RFC 9113 8.2.2. Names are compared in any case, although they must be in lower case:
/// an upper-case Upgrade breaks both rules.
fn connection_specific(
    field: &HeaderField,
    kind: ListKind,
    note: &mut impl FnMut(ListViolationKind),
) {
    if is_connection_specific(&field.name) {
        note(ListViolationKind::ConnectionSpecific);
    }
    let is_te = field.name.eq_ignore_ascii_case(b"te");
    if is_te && (kind == ListKind::Response || !field.value.eq_ignore_ascii_case(b"trailers")) {
        note(ListViolationKind::TeOther);
    }
}

/// Whether a field is for one connection of HTTP/1 (RFC 9113 8.2.2).
pub(super) fn is_connection_specific(name: &[u8]) -> bool {
    CONNECTION_SPECIFIC.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// `field-value` without the octets that a recipient must refuse (RFC 9113 8.2.1).
fn is_valid_value(value: &[u8]) -> bool {
    let is_space = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    let is_bad = |octet: &u8| matches!(octet, 0 | b'\r' | b'\n');
    !is_space(value.first()) && !is_space(value.last()) && !value.iter().any(is_bad)
}

/// What a request must have (RFC 9113 8.3.1, 8.5; RFC 8441 4).
fn request(list: &HeaderList, found: &mut Vec<ListViolation>) {
    let place = |name: &str| {
        let mut fields = list.fields.iter();
        fields.position(|field| field.name == name.as_bytes())
    };
    let mut note = |kind, field| found.push(ListViolation { kind, field });
    let connect = list.pseudo(":method") == Some(b"CONNECT");
    let (scheme, path, protocol) = (place(":scheme"), place(":path"), place(":protocol"));
    if place(":method").is_none() {
        note(ListViolationKind::PseudoMissing, None);
    }
    match (connect, protocol) {
        (false, Some(_)) => note(ListViolationKind::ProtocolWithoutConnect, protocol),
        (true, Some(_)) if scheme.is_none() || path.is_none() => {
            note(ListViolationKind::ProtocolWithoutTarget, None);
        }
        (true, None) if scheme.or(path).is_some() => {
            note(ListViolationKind::ConnectWithTarget, scheme.or(path));
        }
        _ => {}
    }
    if connect && place(":authority").is_none() {
        note(ListViolationKind::ConnectAuthorityMissing, None);
    }
    if !connect && (scheme.is_none() || path.is_none()) {
        note(ListViolationKind::PseudoMissing, None);
    }
    if list.pseudo(":path").is_some_and(<[u8]>::is_empty) {
        note(ListViolationKind::PathEmpty, path);
    }
}

/// What a response must have (RFC 9113 8.3.2, 8.6).
fn response(list: &HeaderList, found: &mut Vec<ListViolation>) {
    let place = list.fields.iter().position(|field| field.name == b":status");
    let kind = match list.status() {
        _ if place.is_none() => ListViolationKind::PseudoMissing,
        None => ListViolationKind::StatusInvalid,
        Some(101) => ListViolationKind::SwitchingProtocols,
        Some(_) => return,
    };
    found.push(ListViolation { kind, field: place });
}

impl ListViolationKind {
    /// Every kind, in alphabetical order.
    pub const ALL: [Self; 18] = [
        Self::ConnectAuthorityMissing,
        Self::ConnectWithTarget,
        Self::ConnectionSpecific,
        Self::NameInvalid,
        Self::NameUppercase,
        Self::PathEmpty,
        Self::ProtocolWithoutConnect,
        Self::ProtocolWithoutTarget,
        Self::ProtocolUnannounced,
        Self::PseudoAfterRegular,
        Self::PseudoMisplaced,
        Self::PseudoMissing,
        Self::PseudoRepeated,
        Self::PseudoUnknown,
        Self::StatusInvalid,
        Self::SwitchingProtocols,
        Self::TeOther,
        Self::ValueInvalid,
    ];

    /// The violation in one phrase, for a report.
    pub fn describe(self) -> &'static str {
        self.row().0
    }

    /// The id of the requirement that the sender breaks, or that makes the message malformed.
    pub fn requirement(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::ConnectAuthorityMissing => ("CONNECT without :authority", "rfc9113/8.5-connect"),
            Self::ConnectWithTarget => {
                ("CONNECT with :scheme or :path and without :protocol", "rfc9113/8.5-connect")
            }
            Self::ConnectionSpecific => {
                ("a connection-specific field", "rfc9113/8.2.2-connection-fields")
            }
            Self::NameInvalid => {
                ("a field name with an octet that names do not have", "rfc9113/8.2.1-field-name")
            }
            Self::NameUppercase => {
                ("a field name with an upper-case letter", "rfc9113/8.2.1-field-name")
            }
            Self::PathEmpty => ("an empty :path", "rfc9113/8.3.1-path-empty"),
            Self::ProtocolWithoutConnect => {
                (":protocol with another method than CONNECT", "rfc9113/8.3-pseudo-context")
            }
            Self::ProtocolWithoutTarget => {
                (":protocol without :scheme or :path", "rfc8441/4-scheme-path")
            }
            Self::ProtocolUnannounced => {
                (":protocol where extended CONNECT is not announced", "rfc8441/3-without-setting")
            }
            Self::PseudoAfterRegular => {
                ("a pseudo-header field after a regular one", "rfc9113/8.3-pseudo-order")
            }
            Self::PseudoMisplaced => {
                ("a pseudo-header field that belongs elsewhere", "rfc9113/8.3-pseudo-context")
            }
            Self::PseudoMissing => {
                ("a mandatory pseudo-header field is missing", "rfc9113/8.3.1-pseudo-missing")
            }
            Self::PseudoRepeated => {
                ("a pseudo-header field that is there twice", "rfc9113/8.3-pseudo-repeated")
            }
            Self::PseudoUnknown => ("an unknown pseudo-header field", "rfc9113/8.3-pseudo-unknown"),
            Self::StatusInvalid => ("a :status that is not three digits", "rfc9113/8.3.2-status"),
            Self::SwitchingProtocols => ("a status 101", "rfc9113/8.6-no-101"),
            Self::TeOther => ("TE with another value than trailers", "rfc9113/8.2.2-te"),
            Self::ValueInvalid => (
                "a field value with NUL, CR or LF, or white space at an end",
                "rfc9113/8.2.1-field-value",
            ),
        }
    }
}

const REQUEST_PSEUDO: [&str; 5] = [":method", ":scheme", ":authority", ":path", ":protocol"];

/// Connection and what RFC 9110 7.6.1 lists beside it.
const CONNECTION_SPECIFIC: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

#[cfg(test)]
mod tests;
