//! Matches what a case asks of the fields of a message.

use upspec_corpus::case::{FieldMatcher, FieldTest};
use upspec_corpus::template::Template;
use upspec_exchange::Talk;
use upspec_handshake::field::key::{Key, accept};
use upspec_handshake::field::{elements, is_tchar};
use upspec_handshake::{Fields, Party};

use crate::expect::literal;
use crate::filled::filled;
use crate::forwarded::holds;
use crate::text::shown;
use crate::view::View;

/// What is missing of the message that the case is about.
pub(crate) fn field_miss(matcher: &FieldMatcher, view: &View<'_, '_>) -> Option<String> {
    let fields = match view.talk.tested() {
        Party::Server => view.answer().map(|answer| &answer.head.fields),
        Party::Client => view.request().map(|request| &request.fields),
    };
    miss_in(matcher, fields, view.talk)
}

/// What is missing of these fields, of a message on this link or of none that came.
pub(crate) fn miss_in(
    matcher: &FieldMatcher,
    fields: Option<&Fields<'_>>,
    talk: &Talk<'_>,
) -> Option<String> {
    let name = &matcher.name;
    let value = fields.and_then(|fields| fields.combined(name));
    let (Some(value), Some(fields)) = (value, fields) else {
        return match matcher.test {
            FieldTest::Absent | FieldTest::NoToken(_) | FieldTest::NotKey | FieldTest::Added => {
                None
            }
            _ => Some(format!("without {name}")),
        };
    };
    let seen = || format!("with {name}: {}", shown(&value, 80));
    let miss = match &matcher.test {
        FieldTest::Present => return None,
        FieldTest::Absent => return Some(seen()),
        FieldTest::Equals(want) => value != filled(want, talk),
        FieldTest::Token(want) => !has_element(&value, want, whole),
        FieldTest::NoToken(want) => has_element(&value, want, whole),
        FieldTest::Extension(want) => !has_element(&value, want, leading_token),
        FieldTest::Contains(want) => {
            let want = literal(want);
            !fields.values(name).any(|value| holds(value, &want))
        }
        FieldTest::List(want) => !is_list(&value, &literal(want)),
        FieldTest::Repeated => fields.lines(name).count() < 2,
        FieldTest::Key => !is_key(&value),
        FieldTest::NotKey => is_key(&value),
        FieldTest::Accept => !is_accept(&value, talk),
        // What is added is known where the alternatives are chosen.
        FieldTest::Added => return None,
    };
    miss.then(seen)
}

fn has_element(value: &[u8], want: &Template, part: fn(&[u8]) -> &[u8]) -> bool {
    let want = literal(want);
    elements(value).any(|element| part(element.bytes).eq_ignore_ascii_case(&want))
}

fn whole(element: &[u8]) -> &[u8] {
    element
}

fn leading_token(element: &[u8]) -> &[u8] {
    let end = element.iter().position(|&octet| !is_tchar(octet)).unwrap_or(element.len());
    &element[..end]
}

/// Whether the members of the value are these, in order: `*` stands for the rest of one, comments count for nothing.
fn is_list(value: &[u8], want: &[u8]) -> bool {
    let members = |octets: &[u8]| -> Vec<Vec<u8>> {
        elements(&without_comments(octets)).map(|one| one.bytes.trim_ascii().to_vec()).collect()
    };
    let (came, want) = (members(value), members(want));
    came.len() == want.len() && came.iter().zip(&want).all(|(came, want)| is_member(came, want))
}

fn is_member(came: &[u8], want: &[u8]) -> bool {
    match want.strip_suffix(b"*") {
        Some(begin) => came.get(..begin.len()).is_some_and(|it| it.eq_ignore_ascii_case(begin)),
        None => came.eq_ignore_ascii_case(want),
    }
}

/// A value without its comments (RFC 9110 5.6.5).
fn without_comments(value: &[u8]) -> Vec<u8> {
    let mut depth = 0_usize;
    let mut out = Vec::new();
    for octet in value {
        match octet {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(*octet),
            _ => {}
        }
    }
    out
}

/// Whether it is the base64 of 16 octets (RFC 6455 4.1).
fn is_key(value: &[u8]) -> bool {
    Key::parse(value).is_ok()
}

/// Whether it answers the key that our client sent on this link.
fn is_accept(value: &[u8], talk: &Talk<'_>) -> bool {
    let requests = talk.requests.iter().filter(|_| talk.link.we == Party::Client);
    let mut keys = requests.flat_map(|one| one.head.fields.values("Sec-WebSocket-Key"));
    keys.any(|key| accept(key) == *value)
}
