//! A request: as it came from the client, and as it goes to the origin.

use std::net::IpAddr;

use upspec_handshake::field::connection;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::host::Host;
use upspec_handshake::field::target::Target;
use upspec_handshake::peer::Request;
use upspec_handshake::{FieldLine, RequestHead, Status, Version};

use super::config::ProxyConfig;
use super::content::{chunk, last_chunk};
use super::fault::{Effect, Point};
use super::fields;
use super::own::Own;
use super::variation::Way;
use crate::fault::Seen;

/// A request that is to be forwarded.
#[derive(Debug)]
pub(super) struct Asked {
    /// What it says of its content and of the connection.
    pub(super) request: Request,
    pub(super) method: Vec<u8>,
    /// The head as it came.
    pub(super) came: Seen,
    /// The protocols that it offers to the origin.
    pub(super) offered: Vec<Vec<u8>>,
    /// A key of our own, in the place of the client's.
    pub(super) own_key: Option<Vec<u8>>,
    /// The head as it is read.
    read: Vec<u8>,
}

/// The content of a request, without its coding.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) data: Vec<u8>,
    /// The lines of the trailer section.
    pub(super) trailers: Vec<Vec<u8>>,
}

impl Asked {
    /// Reads a complete head, or says why it is refused.
    pub(super) fn read(
        config: &ProxyConfig,
        octets: Vec<u8>,
        received: Option<Version>,
    ) -> Result<Self, Own> {
        let is_http2 = received == Some(Version::HTTP_2);
        let came = Seen { is_http2, ..Seen::of(octets) };
        let read = as_read(config, &came);
        let (request, method, offered) = {
            let Status::Complete(mut head) = RequestHead::parse(&read) else {
                return Err(Own::new(400, "the head has no end").closing());
            };
            head.violations.retain(|violation| !config.overlooks(violation.kind));
            let admitted = Request::admit(&head, config.transport());
            let request = admitted.map_err(|refusal| Own::of(&refusal))?;
            if head.method == b"CONNECT" {
                refuses_tunnel(config, head.target)?;
            }
            let offered = offered(config, &head, &request);
            (request, head.method.to_vec(), offered)
        };
        match refused_by_fault(config, &came) {
            Some(status) => Err(Own::new(status, "this is not served")),
            None if config.goes(Way::RefusesUpgrade) && !offered.is_empty() => {
                Err(Own::new(403, "there are no upgrades here").closing())
            }
            None => Ok(Self { request, method, came, offered, own_key: None, read }),
        }
    }

    /// Whether it may be sent again when it is not known what has become of it (RFC 9110 9.2.2).
    pub(super) fn is_idempotent(&self) -> bool {
        matches!(&self.method[..], b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"PUT" | b"DELETE")
    }

    /// Whether it offers WebSocket with a key, so that the gateway may have one of its own.
    pub(super) fn has_key(&self) -> bool {
        let is_websocket = |name: &Vec<u8>| name.eq_ignore_ascii_case(b"websocket");
        self.offered.iter().any(is_websocket) && self.came.value("Sec-WebSocket-Key").is_some()
    }

    /// Whether it asks for a tunnel by CONNECT.
    pub(super) fn is_connect(&self) -> bool {
        self.method == b"CONNECT"
    }

    /// The octets that go to the origin.
    pub(super) fn octets(
        &self,
        config: &ProxyConfig,
        client: IpAddr,
        received: Option<Version>,
        content: &Content,
    ) -> Vec<u8> {
        let Status::Complete(head) = RequestHead::parse(&self.read) else {
            return Vec::new();
        };
        let route = Route::of(config, &head);
        let mut out = forwarded(config, &head, &route, client, &self.offered);
        let options = fields::options(&head.fields);
        out.fields.push(FieldLine::new(b"Via", via(&head, received, &options)));
        let is_chunked = self.request.body == Framing::Chunked
            && !config.goes(Way::OldToOrigin)
            && !config.goes(Way::LengthToOrigin);
        match self.request.body {
            _ if is_chunked => {
                out.fields.push(FieldLine::new(b"Transfer-Encoding", &b"chunked"[..]));
            }
            Framing::Length(_) | Framing::Chunked => {
                let length = content.data.len().to_string().into_bytes();
                out.fields.push(FieldLine::new(b"Content-Length", length));
            }
            _ => {}
        }
        let mut octets = out.octets();
        if let Some(key) = &self.own_key {
            let mut head = Seen::of(octets);
            head.set("Sec-WebSocket-Key", key);
            octets = head.write();
        }
        let mut octets = self.changed(config, octets);
        if is_chunked && !config.errs_at(Point::ChunksUnframed) {
            octets.extend(chunk(&content.data));
            octets.extend(last_chunk(&trailers(config, &head, content)));
        } else {
            octets.extend_from_slice(&content.data);
        }
        octets
    }

    /// The head that goes to the origin, as a fault makes it.
    fn changed(&self, config: &ProxyConfig, octets: Vec<u8>) -> Vec<u8> {
        let mut changes = config.effects().filter_map(|effect| match effect {
            Effect::Forwarded(change) => Some(change),
            _ => None,
        });
        let Some(change) = changes.next() else { return octets };
        let mut head = Seen::of(octets);
        for change in std::iter::once(change).chain(changes) {
            change(&mut head, &self.came);
        }
        head.write()
    }
}

/// A gateway opens no tunnels, and a forward proxy none but to its origin.
fn refuses_tunnel(config: &ProxyConfig, target: &[u8]) -> Result<(), Own> {
    if config.goes(Way::ForwardsConnect) {
        return Ok(());
    }
    if config.goes(Way::RefusesTunnels) {
        return Err(Own::new(403, "there are no tunnels here"));
    }
    if !config.is_forward_proxy() {
        return Err(Own::new(501, "there are no tunnels here").closing());
    }
    let is_origin = target == config.origin.to_string().as_bytes();
    match is_origin || config.errs_at(Point::ConnectPortAssumed) {
        true => Ok(()),
        false => Err(Own::new(403, "there is no tunnel to this place").closing()),
    }
}

/// The head as a fault reads it.
fn as_read(config: &ProxyConfig, came: &Seen) -> Vec<u8> {
    let mut read = came.clone();
    for effect in config.effects() {
        if let Effect::Read(change) = effect {
            change(&mut read);
        }
    }
    if read == *came { came.octets.clone() } else { read.write() }
}

fn refused_by_fault(config: &ProxyConfig, came: &Seen) -> Option<u16> {
    config.effects().find_map(|effect| match effect {
        Effect::Refuse(refuses) => refuses(came),
        _ => None,
    })
}

/// Upgrade goes on where it is in order: in HTTP/1.1, with its connection option (RFC 9110 7.8).
fn offered(config: &ProxyConfig, head: &RequestHead<'_>, request: &Request) -> Vec<Vec<u8>> {
    let is_nominated = connection::contains_option(head.fields.values("Connection"), "upgrade");
    let is_dropped = config.goes(Way::DropsUpgrade) || config.goes(Way::OldToOrigin);
    if request.is_old || !is_nominated || is_dropped {
        return Vec::new();
    }
    fields::offered(&head.fields)
}

/// The head that goes to the origin, but for what frames the content.
fn forwarded<'h>(
    config: &ProxyConfig,
    head: &'h RequestHead<'_>,
    route: &'h Route,
    client: IpAddr,
    offered: &[Vec<u8>],
) -> RequestHead<'h> {
    let mut out = RequestHead::new(head.method, &route.target);
    if config.goes(Way::OldToOrigin) {
        (out.version, out.version_bytes) = (Some(Version::HTTP_10), b"HTTP/1.0");
    }
    out.fields.push(FieldLine::new(b"Host", route.host.as_slice()));
    let options = fields::options(&head.fields);
    let is_passed_on = |line: &&FieldLine<'_>| {
        // The gateway asks for the content itself (RFC 9110 10.1.1), and Via gets an entry.
        let is_own = line.is_named("Expect") || line.is_named("Via");
        !is_own && fields::is_passed_on(line, &options)
    };
    for line in head.fields.iter().filter(is_passed_on) {
        out.fields.push(FieldLine::new(line.name, line.value.as_ref()));
    }
    if config.goes(Way::ForwardedFields) {
        let proto = if config.identity.is_some() { &b"https"[..] } else { b"http" };
        out.fields.push(FieldLine::new(b"X-Forwarded-Proto", proto));
        out.fields.push(FieldLine::new(b"X-Forwarded-For", client.to_string().into_bytes()));
    }
    if !offered.is_empty() {
        out.fields.push(FieldLine::new(b"Upgrade", offered.join(&b", "[..])));
        out.fields.push(FieldLine::new(b"Connection", &b"Upgrade"[..]));
    } else if config.goes(Way::PoolsNothing) || config.goes(Way::OldToOrigin) {
        out.fields.push(FieldLine::new(b"Connection", &b"close"[..]));
    }
    out
}

/// Where a request goes: the target in origin-form, and the Host that belongs to it.
struct Route {
    target: Vec<u8>,
    host: Vec<u8>,
}

impl Route {
    /// The host of an absolute-form target beats the field (RFC 9112 3.2.2).
    fn of(config: &ProxyConfig, head: &RequestHead<'_>) -> Self {
        let own = || config.origin.to_string().into_bytes();
        let Ok(Target::Absolute(uri)) = Target::parse(head.target) else {
            let field = head.fields.values("Host").next();
            return Self {
                target: head.target.to_vec(),
                host: field.map_or_else(own, <[u8]>::to_vec),
            };
        };
        let target = match (uri.path, uri.query) {
            // RFC 9112 3.2.4.
            ([], None) if head.method == b"OPTIONS" => b"*".to_vec(),
            ([], None) => b"/".to_vec(),
            ([], Some(query)) => [b"/?", query].concat(),
            (path, None) => path.to_vec(),
            (path, Some(query)) => [path, b"?", query].concat(),
        };
        Self { target, host: uri.host.as_ref().map_or_else(own, spelled) }
    }
}

fn spelled(host: &Host<'_>) -> Vec<u8> {
    match host.port {
        Some(port) => [host.host, b":", port].concat(),
        None => host.host.to_vec(),
    }
}

/// What Via says already, and how the request came to us (RFC 9110 7.6.3).
fn via(head: &RequestHead<'_>, received: Option<Version>, options: &[Vec<u8>]) -> Vec<u8> {
    let is_dropped = options.iter().any(|option| option == b"via");
    let version = received.or(head.version).unwrap_or(Version::HTTP_11);
    let own = format!("{}.{} upspec", version.major, version.minor).into_bytes();
    let mut entries: Vec<&[u8]> = head.fields.values("Via").filter(|_| !is_dropped).collect();
    entries.push(&own);
    entries.join(&b", "[..])
}

/// The trailer fields that go on.
fn trailers(config: &ProxyConfig, head: &RequestHead<'_>, content: &Content) -> Vec<Vec<u8>> {
    let options = fields::options(&head.fields);
    let is_passed_on = |line: &&Vec<u8>| {
        config.errs_at(Point::TrailersKept) || fields::is_trailer_passed_on(line, &options)
    };
    content.trailers.iter().filter(is_passed_on).cloned().collect()
}
