//! Our reading of a request against that of hyper's server: what it hands to an application we have read without a
//! violation and alike, and it hands on what is flawless. Every known difference is listed with its reason.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Response};
use upspec_handshake::opening::Opening;
use upspec_handshake::permitted::{Answer, Endpoint, Grade, permitted};
use upspec_handshake::{RequestHead, Status, Version};

use crate::against_httparse::tolerates;
use crate::planted;

/// Checks one input of the target `against_hyper`.
pub fn against_hyper(octets: &[u8]) {
    let ours = RequestHead::parse(octets);
    match (&ours, handed_on(octets)) {
        (Status::Complete(head), Some(request)) => {
            same(head, &request);
            let odd = head.violations.iter().find(|one| !tolerates(one.kind));
            assert!(odd.is_none(), "hyper lets {odd:?} pass");
            framed(head);
        }
        (Status::Complete(head), None) => {
            let is_flawless = head.violations.is_empty() && Opening::read(head).is_valid();
            assert!(!is_flawless || refuses(head), "hyper refuses {head:?}");
        }
        (Status::Partial, Some(request)) => panic!("hyper has read {request:?}"),
        (Status::Partial, None) => {}
    }
}

/// The first request that a server of hyper hands to its application.
fn handed_on(octets: &[u8]) -> Option<Request<()>> {
    let first = Rc::new(RefCell::new(None));
    let keeps = Rc::clone(&first);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        keeps.borrow_mut().get_or_insert(request.map(drop));
        std::future::ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    // Without a timer it has no time to keep.
    builder.header_read_timeout(None).keep_alive(false);
    let mut served = pin!(builder.serve_connection(Pipe { left: octets }, service));
    let mut context = Context::from_waker(Waker::noop());
    // All octets are there, so that it waits for nothing.
    let mut polls = 0..MOST_POLLS;
    while first.borrow().is_none() && served.as_mut().poll(&mut context).is_pending() {
        assert!(polls.next().is_some(), "hyper waits for what is there");
    }
    first.take()
}

/// Gives what is left to be read, then the end, and takes whatever is written.
struct Pipe<'o> {
    left: &'o [u8],
}

impl Read for Pipe<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (now, later) = self.left.split_at(self.left.len().min(into.remaining()));
        into.put_slice(now);
        self.left = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for Pipe<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(from.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What it hands on is what we read. It groups field lines by their names, in lower case.
fn same(ours: &RequestHead<'_>, theirs: &Request<()>) {
    assert_eq!(ours.method, theirs.method().as_str().as_bytes());
    assert_eq!(kept(planted::target(ours)), kept(theirs.uri().to_string().as_bytes()));
    let version = match theirs.version() {
        hyper::Version::HTTP_10 => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    assert_eq!(ours.version, Some(version));
    // One length is left of several that are the same, and none beside a coding (RFC 9112 6.3).
    let others = |name: &[u8]| !name.eq_ignore_ascii_case(b"Content-Length");
    let count = ours.fields.iter().filter(|line| others(line.name)).count();
    let names = theirs.headers().iter().filter(|(name, _)| others(name.as_str().as_bytes()));
    assert_eq!(count, names.count());
    for name in theirs.headers().keys() {
        let values: Vec<&[u8]> = ours.fields.values(name.as_str()).collect();
        let mut read = theirs.headers().get_all(name).iter().map(HeaderValue::as_bytes);
        if others(name.as_str().as_bytes()) {
            assert_eq!(values, read.collect::<Vec<_>>(), "{name}");
        } else {
            assert!(read.all(|value| values.contains(&value)), "{name}");
        }
    }
}

/// What its URI type keeps of a target: the scheme, in lower case if it knows it, `/` for an empty path (RFC 9110 4.2.3),
/// and no fragment, which a target cannot have (RFC 9112 3.2).
fn kept(target: &[u8]) -> Vec<u8> {
    let target = target.split(|octet| *octet == b'#').next().unwrap_or_default();
    let slashes = target.windows(3).position(|three| three == b"://");
    let Some(scheme) = slashes.filter(|at| !target[..*at].contains(&b'/')) else {
        return target.to_vec();
    };
    let authority = scheme + 3;
    let rest = &target[authority..];
    let end = rest.iter().position(|octet| matches!(octet, b'/' | b'?'));
    let path = authority + end.unwrap_or(rest.len());
    let slash: &[u8] = if target.get(path) == Some(&b'/') { b"" } else { b"/" };
    [&target[..scheme].to_ascii_lowercase(), &target[scheme..path], slash, &target[path..]].concat()
}

/// It hands on nothing of which RFC 9112 6 leaves open how long it is: who is behind it would read another request.
fn framed(head: &RequestHead<'_>) {
    let permitted = permitted(head, &Endpoint { switches: true, ..Endpoint::default() });
    let ruling = permitted.ruling(Answer::Success);
    let unsure = |by: &&&str| by.starts_with("rfc9112/6");
    let unsure = ruling.by.iter().find(unsure).filter(|_| ruling.grade == Grade::Forbidden);
    assert!(unsure.is_none(), "hyper hands on what {unsure:?} forbids");
}

/// What hyper refuses of what is flawless.
fn refuses(head: &RequestHead<'_>) -> bool {
    // It reads with httparse, which knows HTTP/1.0 and HTTP/1.1 only (RFC 9112 2.3).
    head.version != Some(Version::HTTP_11)
        // Its slots are counted.
        || head.fields.len() > MOST_FIELDS
        // Its URI type has a grammar of its own for what stands in the target.
        || hyper::Uri::try_from(head.target).is_err()
        // A length that is said twice may be taken or refused (RFC 9112 6.3); it takes lines, and refuses lists.
        || head.fields.values("Content-Length").any(|value| value.contains(&b','))
}

/// As many field lines as hyper reads.
const MOST_FIELDS: usize = 100;
/// More than it needs for what is there at once.
const MOST_POLLS: usize = 64;
