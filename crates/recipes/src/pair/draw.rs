//! Draws pairs from octets, so that a property test and a seed give the same ones.
//! Nothing else decides what is drawn.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::Pair;
use crate::answer::Answer;
use crate::edit::Edit;
use crate::recipe::Recipe;
use crate::words::{Base, Body};

impl<'a> Arbitrary<'a> for Pair {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut request = match u.int_in_range(0..=7_u8)? {
            0..=2 => Recipe::plain(Base::Handshake),
            3 => Recipe::plain(Base::Plain),
            _ => Recipe::arbitrary(u)?,
        };
        request.edits.retain(is_clear);
        let mut answer = match u.int_in_range(0..=7_u8)? {
            0..=1 => Answer::default(),
            2..=3 => one_of::<Answer>(u, ANSWERS)?,
            _ => Answer::arbitrary(u)?,
        };
        if u.ratio(2, 5)? {
            request.edits.extend(one_of::<Recipe>(u, HOPS)?.edits);
        }
        if u.ratio(1, 3)? {
            answer.edits.extend(one_of::<Answer>(u, ANSWER_HOPS)?.edits);
        }
        Ok(Self { request, answer })
    }
}

/// Whether it can be told behind the edit where the request ends, so that the canary is no part of it.
fn is_clear(edit: &Edit) -> bool {
    use crate::words::Field;
    match edit {
        Edit::After(_) | Edit::Lead(_) => false,
        Edit::Body(body) => {
            matches!(body, Body::Empty | Body::Length | Body::Chunked | Body::SameLengths)
        }
        Edit::Set(Field::Length | Field::Coding, _) => false,
        _ => true,
    }
}

fn one_of<T: std::str::FromStr + Default>(u: &mut Unstructured<'_>, table: &[&str]) -> Result<T> {
    Ok(u.choose(table)?.parse().unwrap_or_default())
}

/// Final answers, whole or until the end of the connection, and 101s that lack something.
const ANSWERS: &[&str] = &[
    "switch; status status '200'; add last 'Content-Length: 5'; after 'hello'",
    "switch; status status '200'; drop upgrade; drop connection; drop accept; add last 'Content-Length: 5'; after 'hello'",
    "switch; status status '401'; drop accept; add last 'WWW-Authenticate: Basic realm=x'; add last 'Content-Length: 0'",
    "switch; status status '426'; drop accept; add last 'Content-Length: 5'; after 'hello'",
    "switch; status status '204'; drop upgrade; drop connection; drop accept",
    "switch; status status '302'; drop upgrade; drop connection; drop accept; add last 'Content-Length: 0'",
    "switch; status status '500'; drop upgrade; drop connection; drop accept; add last 'Content-Length: 5'; after 'hello'",
    "switch; drop upgrade",
    "switch; drop connection",
    "switch; set upgrade 'h2c'",
    "switch; set upgrade 'foo/1'",
    "switch; set upgrade 'websocket/13'",
    "switch; add last 'Content-Length: 0'",
    "switch; add last 'Transfer-Encoding: chunked'",
    "switch; status version 'HTTP/1.0'",
    "switch; interim hints",
    "switch; interim continue",
];

/// Fields of one hop in a request.
const HOPS: &[&str] = &[
    "handshake; insert connection last 'x-hop'; add last 'X-Hop: 1'",
    "handshake; insert connection first 'X-HOP'; add last 'x-hop: 1'",
    "handshake; add first 'Connection: x-hop'; add last 'X-Hop: 1'",
    "handshake; add last 'Connection: x-hop'; add last 'X-Hop: 1'",
    "handshake; add last 'Connection: x-hop'; add first 'X-Hop: 1'; add last 'X-Hop: 2'",
    "handshake; insert connection last 'x-none'",
    "handshake; add last 'Connection: x-none'",
    "handshake; add last 'Keep-Alive: timeout=5'",
    "handshake; add last 'Proxy-Connection: keep-alive'",
    "handshake; insert connection last 'TE'; add last 'TE: trailers'",
    "handshake; add last 'TE: trailers'",
    "handshake; insert connection last 'host'",
    "handshake; drop connection",
    "handshake; drop upgrade",
    "handshake; request protocol 'HTTP/1.0'",
    "handshake; request method 'POST'; body empty",
    "handshake; request method 'HEAD'",
];

/// Fields of one hop in an answer.
const ANSWER_HOPS: &[&str] = &[
    "switch; insert connection last 'x-hop'; add last 'X-Hop: 1'",
    "switch; also connection last 'x-hop'; add last 'X-Hop: 1'",
    "switch; insert connection last 'x-none'",
    "switch; add last 'X-Upspec: 1'",
    "switch; add last 'Keep-Alive: timeout=5'",
];
