//! What HTTP itself asks of a request before anybody asks what it is for (RFC 9112, RFC 9110).
//! Never lenient: what the grammar does not allow is answered with 400.

use upspec_handshake::field::framing::{ContentLength, Framing, content_length};
use upspec_handshake::field::host::Host;
use upspec_handshake::field::target::Target;
use upspec_handshake::field::{connection, elements_of};
use upspec_handshake::{RequestHead, Version, ViolationKind};

use crate::answer::Answer;

/// What a request that can be processed says of its body and of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) body: Framing,
    /// A 100 is awaited before the body (RFC 9110 10.1.1).
    pub(crate) expects_continue: bool,
    /// It is HTTP/1.0.
    pub(crate) is_old: bool,
    /// It is the last one on its connection (RFC 9112 9.3, 9.6).
    pub(crate) is_last: bool,
    pub(crate) is_head: bool,
}

/// A request that is not processed.
#[derive(Clone, Debug)]
pub(crate) struct Rejection {
    pub(crate) answer: Answer,
    pub(crate) cause: Cause,
}

/// What is wrong with a request that is not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The end of its body cannot be told.
    Framing,
    /// It can be read, but not served.
    Other,
    /// The grammar.
    Syntax,
}

impl Request {
    /// Reads the head of a request.
    pub(crate) fn admit(head: &RequestHead<'_>, transport: Transport) -> Result<Self, Rejection> {
        for check in CHECKS {
            check(head)?;
        }
        scheme(head, transport)?;
        let is_old = head.version.is_none_or(|version| version < Version::HTTP_11);
        Ok(Self {
            body: Framing::of_request(head),
            expects_continue: head.fields.contains("Expect") && !is_old,
            is_old,
            is_last: is_old
                || connection::contains_option(head.fields.values("Connection"), "close"),
            is_head: head.method == b"HEAD",
        })
    }
}

/// What carries the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// TCP alone.
    Clear,
    /// TLS.
    Tls,
}

type Check = fn(&RequestHead<'_>) -> Result<(), Rejection>;

const CHECKS: &[Check] = &[grammar, version, host, target, framing, expectation];

fn grammar(head: &RequestHead<'_>) -> Result<(), Rejection> {
    let mut kinds = head.violations.iter().map(|violation| violation.kind);
    match kinds.find(|kind| *kind != ViolationKind::LeadingEmptyLine) {
        Some(kind) => reject(400, Cause::Syntax, kind.describe()),
        None => Ok(()),
    }
}

/// HTTP/1.x is HTTP/1.1 or HTTP/1.0 to us (RFC 9110 6.2).
fn version(head: &RequestHead<'_>) -> Result<(), Rejection> {
    match head.version {
        Some(Version { major: 1, .. }) => Ok(()),
        _ => reject(505, Cause::Other, "only HTTP/1 is spoken here"),
    }
}

/// RFC 9112 3.2.
fn host(head: &RequestHead<'_>) -> Result<(), Rejection> {
    let values: Vec<&[u8]> = head.fields.values("Host").collect();
    match values[..] {
        [] if head.version == Some(Version::HTTP_10) => Ok(()),
        [] => reject(400, Cause::Syntax, "Host is missing"),
        [value] => match Host::parse(value) {
            Ok(_) => Ok(()),
            Err(_) => reject(400, Cause::Syntax, "Host is malformed"),
        },
        _ => reject(400, Cause::Syntax, "Host is there more than once"),
    }
}

/// RFC 9112 3.2; the port of CONNECT: RFC 9110 9.3.6.
fn target(head: &RequestHead<'_>) -> Result<(), Rejection> {
    let Ok(target) = Target::parse(head.target) else {
        return reject(400, Cause::Syntax, "the request target is malformed");
    };
    if !target.is_for(head.method) {
        return reject(400, Cause::Syntax, "the method takes no target of this form");
    }
    match target {
        Target::Absolute(uri) if uri.userinfo.is_some() => {
            reject(400, Cause::Other, "the request target has userinfo")
        }
        Target::Authority(host) if host.port_number().is_none() => {
            reject(400, Cause::Other, "the port is invalid")
        }
        _ => Ok(()),
    }
}

/// A request for a scheme that this connection does not carry is misdirected (RFC 9110 7.4).
fn scheme(head: &RequestHead<'_>, transport: Transport) -> Result<(), Rejection> {
    let Ok(Target::Absolute(uri)) = Target::parse(head.target) else {
        return Ok(());
    };
    match (uri.scheme.to_ascii_lowercase().as_slice(), transport) {
        (b"http", Transport::Clear) | (b"https", Transport::Tls) => Ok(()),
        (b"https", _) => reject(421, Cause::Other, "this connection is not secured"),
        (b"http", _) => reject(421, Cause::Other, "this connection is secured"),
        _ => reject(400, Cause::Other, "only http targets are served"),
    }
}

/// RFC 9112 6.
fn framing(head: &RequestHead<'_>) -> Result<(), Rejection> {
    let codings = || elements_of(head.fields.values("Transfer-Encoding"));
    let coded = head.fields.contains("Transfer-Encoding");
    let length = content_length(head.fields.values("Content-Length"));
    match Framing::of_request(head) {
        Framing::Invalid => reject(400, Cause::Framing, "the end of the body cannot be told"),
        _ if coded && length != ContentLength::Absent => {
            let text = "Content-Length stands beside Transfer-Encoding";
            reject(400, Cause::Framing, text)
        }
        Framing::Chunked if codings().any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) => {
            reject(501, Cause::Other, "only the chunked coding is known")
        }
        Framing::Length(octets) if octets > MAX_BODY => {
            reject(413, Cause::Other, "the content is too large")
        }
        _ => Ok(()),
    }
}

/// RFC 9110 10.1.1. In HTTP/1.0 the field means nothing.
fn expectation(head: &RequestHead<'_>) -> Result<(), Rejection> {
    let is_old = head.version == Some(Version::HTTP_10);
    let mut expectations = elements_of(head.fields.values("Expect"));
    if !is_old && expectations.any(|element| !element.eq_ignore_ascii_case(b"100-continue")) {
        return reject(417, Cause::Other, "the expectation is unknown");
    }
    Ok(())
}

/// The octets after a rejected head cannot be told apart, or are not wanted: the connection ends.
fn reject(status: u16, cause: Cause, text: &str) -> Result<(), Rejection> {
    let answer = Answer::new(status, text).closing();
    Err(Rejection { answer, cause })
}

/// The longest body that is read.
pub(crate) const MAX_BODY: u64 = 1 << 20;
