//! What shows only in all connections of a client together: whether they wait for each other, and what goes along
//! when a redirect is followed.

use std::net::Ipv4Addr;

use upspec_exchange::{IoKind, Record, Request, Talk};
use upspec_handshake::Party;
use upspec_handshake::field::target::Target;

use super::asked::is_same_host;
use super::url::WsUrl;
use super::{Breach, Exchange};
use crate::forwarded::{normal, resource};
use crate::text::shown;

/// No second connection to an address is being opened while one is (RFC 6455 4.1 connection 2): a request came before an
/// earlier one was answered, and the client went on with that one afterwards. Who had given it up has not.
pub(super) fn one_connecting(exchange: &Exchange<'_>, breaches: &mut Vec<(usize, Breach)>) {
    if !exchange.talks.first().is_some_and(is_of_one_address) {
        return;
    }
    let courses: Vec<Option<Course>> =
        (0..exchange.talks.len()).map(|link| Course::of(exchange, link)).collect();
    for (link, later) in courses.iter().enumerate() {
        let Some(later) = later else { continue };
        let is_beside = |one: &Course| {
            one.asked < later.asked && one.used.is_some_and(|answered| later.asked < answered)
        };
        if courses.iter().flatten().any(is_beside) {
            let what = "the client asked on a second connection while it waited for the answer on the first";
            let at = exchange.talks[link].requests.first().map(|one| one.at..one.at + one.head.len);
            let breach = Breach::new("rfc6455/4.1-one-connecting", what);
            breaches.push((link, Breach { at, ..breach }));
        }
    }
}

/// Where things happened on a connection, as places in the record.
struct Course {
    /// The first octets of its request came.
    asked: usize,
    /// We began to answer, and the client went on with the connection after that.
    used: Option<usize>,
}

impl Course {
    /// `None` without a request of HTTP/1.1.
    fn of(exchange: &Exchange<'_>, link: usize) -> Option<Self> {
        let talk = &exchange.talks[link];
        if talk.requests.is_empty() || talk.http2.is_some() {
            return None;
        }
        let first = |kind: IoKind, from: usize| first(exchange.record, link, from, |io| io == kind);
        let asked = first(IoKind::Read, 0)?;
        let used = first(IoKind::Wrote, asked).filter(|answered| {
            let next = self::first(exchange.record, link, *answered, |kind| {
                kind == IoKind::Read || kind.peer_end().is_some()
            });
            next.is_some_and(|next| exchange.record.io[next].kind == IoKind::Read)
        });
        Some(Self { asked, used })
    }
}

fn first(
    record: &Record,
    link: usize,
    from: usize,
    is_wanted: impl Fn(IoKind) -> bool,
) -> Option<usize> {
    let found = record.io[from..].iter().position(|io| io.link == link && is_wanted(io.kind));
    found.map(|at| from + at)
}

/// Whether the URL names an address: of a name, a client may try several at once.
fn is_of_one_address(talk: &Talk<'_>) -> bool {
    let url = talk.link.url.as_deref().and_then(WsUrl::parse);
    url.is_some_and(|url| url.host.starts_with('[') || url.host.parse::<Ipv4Addr>().is_ok())
}

/// The request that follows a redirect to another place is made for that place: Host names it (RFC 9112 3.2), and
/// credentials for the first place stay behind (RFC 9110 15.4).
pub(super) fn redirected(exchange: &Exchange<'_>, breaches: &mut Vec<(usize, Breach)>) {
    for redirect in exchange.talks.iter().filter_map(Redirect::of) {
        for (link, talk) in exchange.talks.iter().enumerate() {
            let Some(request) = talk.requests.first().filter(|one| redirect.leads_to(one)) else {
                continue;
            };
            let mut found = |requirement, name: &str, message: String| {
                let line = request.head.fields.lines(name).next();
                let line = line.map_or(0..request.head.len, |line| line.line.clone());
                let at = request.at + line.start..request.at + line.end;
                breaches.push((link, Breach::new(requirement, message).at(at)));
            };
            let host = request.head.fields.values("Host").next().unwrap_or_default();
            if !is_same_host(host, &redirect.url) {
                let named = redirect.url.authority();
                let message = format!("Host is {}, and Location names {named}", shown(host, 60));
                found("rfc9112/3.2-client-host", "Host", message);
            }
            let credentials = request.head.fields.values("Authorization").next();
            if credentials.is_some() && credentials == redirect.credentials {
                let message = "the credentials for one place were sent to another".to_owned();
                found("rfc9110/15.4-automatic-fields", "Authorization", message);
            }
        }
    }
}

/// A redirect to another host or port, and another resource there.
struct Redirect<'t> {
    url: WsUrl<'t>,
    /// The credentials of the request that was redirected.
    credentials: Option<&'t [u8]>,
}

impl<'t> Redirect<'t> {
    fn of(talk: &'t Talk<'_>) -> Option<Self> {
        let answer = talk.finals().next()?;
        let request = &talk.requests.get(answer.request?)?.head;
        if talk.link.we != Party::Server
            || !matches!(answer.head.status, Some(301 | 302 | 303 | 307 | 308))
        {
            return None;
        }
        let location = answer.head.fields.values("Location").next()?;
        let url = WsUrl::parse(str::from_utf8(location).ok()?)?;
        let host = request.fields.values("Host").next()?;
        let is_elsewhere = !is_same_host(host, &url)
            && normal(url.resource().as_bytes()) != normal(request.target);
        let credentials = request.fields.values("Authorization").next();
        is_elsewhere.then_some(Self { url, credentials })
    }

    fn leads_to(&self, request: &Request<'_>) -> bool {
        let is_here = matches!(Target::parse(request.head.target), Ok(Target::Origin { .. }));
        is_here && normal(resource(request.head.target)) == normal(self.url.resource().as_bytes())
    }
}
