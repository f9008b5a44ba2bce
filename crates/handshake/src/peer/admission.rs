//! What HTTP itself requires of a request, whatever its purpose (RFC 9112; RFC 9110;
//! RFC 9113 8.3.1). Strict: rejects what a server may either reject or repair.

use super::Refusal;
use super::refusal::Cause;
use crate::field::framing::{ContentLength, Framing, content_length};
use crate::field::host::Host;
use crate::field::target::Target;
use crate::field::{connection, elements_of, is_token};
use crate::opening::violation_rule;
use crate::{RequestHead, Version, ViolationKind};

/// What carries the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP alone.
    #[default]
    Clear,
    /// TLS.
    Tls,
}

/// What a request that can be processed says of its content and of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// How its content is delimited; what HTTP/2 says by its frames is left out.
    pub body: Framing,
    /// A 100 is awaited before the content (RFC 9110 10.1.1).
    pub expects_continue: bool,
    /// It is HTTP/1.0 or less.
    pub is_old: bool,
    /// It is the last one on its connection (RFC 9112 9.3, 9.6).
    pub is_last: bool,
    /// Its answer has no content (RFC 9110 9.3.2).
    pub is_head: bool,
}

impl Request {
    /// Reads the head of a request of any version, or says with what it is refused.
    pub fn admit(head: &RequestHead<'_>, transport: Transport) -> Result<Self, Refusal> {
        for check in CHECKS {
            check(head)?;
        }
        scheme(head, transport)?;
        let is_old = head.version.is_none_or(|version| version < Version::HTTP_11);
        let body = match head.is_http1() {
            true => Framing::of_request(head),
            false => Framing::None,
        };
        let closes = || connection::contains_option(head.fields.values("Connection"), "close");
        Ok(Self {
            body,
            expects_continue: head.fields.contains("Expect") && !is_old,
            is_old,
            is_last: head.is_http1() && (is_old || closes()),
            is_head: head.method == b"HEAD",
        })
    }
}

type Check = fn(&RequestHead<'_>) -> Result<(), Refusal>;

const CHECKS: &[Check] = &[grammar, version, host, target, framing, expectation];

fn grammar(head: &RequestHead<'_>) -> Result<(), Refusal> {
    let mut kinds = head.violations.iter().map(|violation| violation.kind);
    match kinds.find(|kind| *kind != ViolationKind::LeadingEmptyLine) {
        Some(kind) => {
            let rule = violation_rule(kind).unwrap_or("rfc9112/3.2-invalid-request-line");
            refuse(400, Cause::Syntax, rule, kind.describe())
        }
        None if !head.is_http1() && !is_token(head.method) => {
            refuse(400, Cause::Syntax, "rfc9113/8.3.1-pseudo-missing", "the method is malformed")
        }
        None => Ok(()),
    }
}

/// HTTP/1.x is HTTP/1.1 or HTTP/1.0 to us (RFC 9110 6.2).
fn version(head: &RequestHead<'_>) -> Result<(), Refusal> {
    match head.version {
        Some(version) if version.major == 1 || !head.is_http1() => Ok(()),
        _ => refuse(505, Cause::Other, "rfc9110/6.2-505", "only HTTP/1 is spoken here"),
    }
}

/// RFC 9112 3.2; in HTTP/2 Host is what :authority says, or there is one of them
/// (RFC 9113 8.3.1).
fn host(head: &RequestHead<'_>) -> Result<(), Refusal> {
    let mut values: Vec<&[u8]> = head.fields.values("Host").collect();
    if let Some(authority) = head.authority {
        if values.iter().any(|value| !value.eq_ignore_ascii_case(authority)) {
            let rule = "rfc9113/8.3.1-host-differs";
            return refuse(400, Cause::Other, rule, "host is not the :authority");
        }
        values.insert(0, authority);
        values.truncate(1);
    }
    match values[..] {
        [] if head.version == Some(Version::HTTP_10) => Ok(()),
        [] => refuse(400, Cause::Syntax, "rfc9112/3.2-host", "Host is missing"),
        [value] => match Host::parse(value) {
            Ok(_) => Ok(()),
            Err(_) => refuse(400, Cause::Syntax, "rfc9112/3.2-host-invalid", "Host is malformed"),
        },
        _ => {
            let rule = "rfc9112/3.2-host-repeated";
            refuse(400, Cause::Syntax, rule, "Host is there more than once")
        }
    }
}

/// RFC 9112 3.2; the port of CONNECT: RFC 9110 9.3.6.
fn target(head: &RequestHead<'_>) -> Result<(), Refusal> {
    let rule = "rfc9112/3.2-invalid-request-line";
    let Ok(target) = Target::parse(head.named_target()) else {
        return refuse(400, Cause::Syntax, rule, "the request target is malformed");
    };
    let is_for_method = match &target {
        // :path has no scheme (RFC 9113 8.3.1), and that of an extended CONNECT is one.
        Target::Absolute(_) if !head.is_http1() => false,
        Target::Origin { .. } if head.is_extended_connect() => true,
        target => target.is_for(head.method),
    };
    if !is_for_method {
        return refuse(400, Cause::Syntax, rule, "the method takes no target of this form");
    }
    match target {
        Target::Absolute(uri) if uri.userinfo.is_some() => {
            let rule = "rfc9110/4.2.4-userinfo";
            refuse(400, Cause::Other, rule, "the request target has userinfo")
        }
        Target::Authority(host) if host.port_number().is_none() => {
            refuse(400, Cause::Other, "rfc9110/9.3.6-port", "the port is invalid")
        }
        _ => Ok(()),
    }
}

/// A request for a scheme that this connection does not carry is misdirected (RFC 9110 7.4).
fn scheme(head: &RequestHead<'_>, transport: Transport) -> Result<(), Refusal> {
    let named = match Target::parse(head.target) {
        Ok(Target::Absolute(uri)) => Some(uri.scheme),
        _ => head.scheme,
    };
    let Some(named) = named else {
        return Ok(());
    };
    match (named.to_ascii_lowercase().as_slice(), transport) {
        (b"http", Transport::Clear) | (b"https", Transport::Tls) => Ok(()),
        (b"https", _) => {
            refuse(421, Cause::Other, "rfc9110/7.4-421", "this connection is not secured")
        }
        (b"http", _) => refuse(421, Cause::Other, "rfc9110/7.4-421", "this connection is secured"),
        _ => refuse(400, Cause::Other, "rfc9110/7.4-scheme", "only http targets are served"),
    }
}

/// RFC 9112 6.
fn framing(head: &RequestHead<'_>) -> Result<(), Refusal> {
    if !head.is_http1() {
        return Ok(());
    }
    let codings = || elements_of(head.fields.values("Transfer-Encoding"));
    let coded = head.fields.contains("Transfer-Encoding");
    let length = content_length(head.fields.values("Content-Length"));
    match Framing::of_request(head) {
        Framing::Invalid => {
            let rule = if coded { "rfc9112/6.3-te-not-chunked" } else { "rfc9112/6.3-invalid-cl" };
            refuse(400, Cause::Framing, rule, "the end of the body cannot be told")
        }
        _ if coded && length != ContentLength::Absent => {
            let text = "Content-Length stands beside Transfer-Encoding";
            refuse(400, Cause::Framing, "rfc9112/6.1-te-and-cl-close", text)
        }
        Framing::Chunked if codings().any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) => {
            let rule = "rfc9112/6.1-unknown-coding";
            refuse(501, Cause::Other, rule, "only the chunked coding is known")
        }
        Framing::Length(octets) if octets > MAX_BODY => {
            refuse(413, Cause::Other, "rfc9110/2.3-defensive", "the content is too large")
        }
        _ => Ok(()),
    }
}

/// RFC 9110 10.1.1. In HTTP/1.0 the field means nothing.
fn expectation(head: &RequestHead<'_>) -> Result<(), Refusal> {
    let is_old = head.version == Some(Version::HTTP_10);
    let mut expectations = elements_of(head.fields.values("Expect"));
    if !is_old && expectations.any(|element| !element.eq_ignore_ascii_case(b"100-continue")) {
        return refuse(417, Cause::Other, "rfc9110/10.1.1-417", "the expectation is unknown");
    }
    Ok(())
}

/// The octets after a refused head cannot be told apart, or are not wanted: the connection closes.
fn refuse(
    status: u16,
    cause: Cause,
    requirement: &'static str,
    what: &'static str,
) -> Result<(), Refusal> {
    let fields = vec![("Connection", "close".to_owned())];
    Err(Refusal { status, fields, requirement, what, cause })
}

/// The longest content that is read.
pub const MAX_BODY: u64 = 1 << 20;
