//! What the tests of the runner share: cases built by hand, and servers in this process.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use upspec_corpus::case::{Act, Case, Expectation, Grade, Need, Outcome, Outcomes, Step, Tunnel};
use upspec_corpus::template::{Binding, Part, Template};
use upspec_corpus::{Corpus, Registry};
use upspec_handshake::RequestHead;
use upspec_handshake::field::key::accept;
use upspec_runner::{CONTROL, Limits, Settings, Target};

/// A free address of loopback, below the ports that systems give to who asks for none: no other test is given it
/// meanwhile.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 500).unwrap() * 20;
    let ports = std::iter::repeat_with(|| {
        10_000 + own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000
    });
    let listeners =
        ports.take(10_000).map(|port| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    listeners.flatten().next().unwrap().local_addr().unwrap()
}

/// A case that any response passes.
pub(crate) fn case(id: &str, steps: Vec<Step>) -> Case {
    Case {
        id: id.to_owned(),
        requirement: "rfc6455/4.2.1-refuse".to_owned(),
        steps,
        expect: vec![expect(
            Grade::Pass,
            &[Outcome::Class(1), Outcome::Class(2), Outcome::Class(4), Outcome::Class(5)],
        )],
        ..Case::default()
    }
}

/// The same case, which needs an endpoint.
pub(crate) fn on_endpoint(case: Case) -> Case {
    Case { needs: vec![Need::Endpoint], ..case }
}

/// An alternative.
pub(crate) fn expect(grade: Grade, outcomes: &[Outcome]) -> Expectation {
    Expectation { grade, ..Expectation::of(Outcomes(outcomes.to_vec())) }
}

/// The requirements that the cases cite.
pub(crate) fn requirements() -> Arc<Registry> {
    Arc::new(Corpus::embedded().unwrap().requirements)
}

/// Octets to send; `{key}` is the only binding.
pub(crate) fn send(text: &str) -> Step {
    Step::from(Act::Send(octets(text)))
}

/// These octets to send.
pub(crate) fn send_octets(octets: &[u8]) -> Step {
    Step::from(Act::Send(Template { parts: vec![Part::Bytes(octets.to_vec())] }))
}

/// Octets, with `{key}` as the only binding.
pub(crate) fn octets(text: &str) -> Template {
    let mut parts = Vec::new();
    for (index, piece) in text.split("{key}").enumerate() {
        if index > 0 {
            parts.push(Part::Binding(Binding::Key));
        }
        parts.push(Part::Bytes(piece.as_bytes().to_vec()));
    }
    Template { parts }
}

/// A valid opening handshake with a Ping after the 101.
pub(crate) fn control() -> Case {
    let ping = Step::from(Act::Send(Template { parts: vec![Part::Binding(Binding::Ping)] }));
    let switched = Outcomes(vec![Outcome::Status(101)]);
    let steps = vec![send(HANDSHAKE), Step::from(Act::Await(switched)), ping];
    let mut control = case(CONTROL, steps);
    control.expect = vec![expect(Grade::Pass, &[Outcome::Status(101)])];
    control.expect[0].wants.tunnel = Some(Tunnel::PingPong);
    control
}

/// An opening handshake as octets.
pub(crate) const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n";

/// A GET without more.
pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Short times for servers in this process.
pub(crate) fn settings() -> Settings {
    Settings {
        timeout: Duration::from_secs(2),
        window_floor: Duration::from_millis(400),
        ready_timeout: Duration::from_secs(2),
        ..Settings::default()
    }
}

/// Limits for a single exchange.
pub(crate) fn limits() -> Limits {
    let window = Duration::from_millis(150);
    Limits { window, timeout: Duration::from_secs(2), keep: 64 * 1024, drip: Duration::MAX }
}

/// The target at an address.
pub(crate) fn target(address: SocketAddr) -> Target {
    Target::parse(&format!("ws://{address}/chat")).unwrap()
}

/// Serves each connection with the handler, for as long as the test lasts.
pub(crate) async fn serve<F, R>(handler: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = Arc::new(handler);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handler = Arc::clone(&handler);
            tokio::spawn(async move { handler(stream).await });
        }
    });
    address
}

/// The first octets of a connection, left where they are; none when somebody only looks at the port.
pub(crate) async fn beginning(stream: &TcpStream) -> String {
    let mut first = [0; 4];
    let count = stream.peek(&mut first).await.unwrap_or(0);
    String::from_utf8_lossy(&first[..count]).into_owned()
}

/// Reads until an empty line, or the end.
pub(crate) async fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => break,
        }
    }
    head
}

/// Reads until the end, and drops it all.
pub(crate) async fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(count) if count > 0) {}
}

/// Answers with these octets, whether the peer still reads or not.
pub(crate) async fn answer(stream: &mut TcpStream, octets: &[u8]) {
    let _ = stream.write_all(octets).await;
}

/// A WebSocket server as far as the cases here need one: 101 to a handshake with a key, Pong to Ping,
/// Close to Close; 400 to all else, one request after the other.
pub(crate) async fn websocket(stream: TcpStream) {
    let Some(mut stream) = switch(stream).await else { return };
    while let Some((opcode, payload)) = read_frame(&mut stream).await {
        let length = u8::try_from(payload.len()).unwrap();
        let reply = if opcode == 9 { 0x8A } else { 0x88 };
        answer(&mut stream, &[&[reply, length], &payload[..]].concat()).await;
        if opcode == 8 {
            return;
        }
    }
}

/// The connection from its first switch on: 400 to all that comes before.
pub(crate) async fn switch(mut stream: TcpStream) -> Option<TcpStream> {
    loop {
        let head = read_head(&mut stream).await;
        if head.is_empty() {
            return None;
        }
        if let Some(head) = RequestHead::parse(&head).complete()
            && head.fields.contains("Upgrade")
            && let Some(key) = head.fields.values("Sec-WebSocket-Key").next()
        {
            answer(&mut stream, &switching(key)).await;
            return Some(stream);
        }
        answer(&mut stream, BAD_REQUEST).await;
    }
}

/// The 101 that answers a key.
fn switching(key: &[u8]) -> Vec<u8> {
    let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: ";
    [&head[..], &accept(key), b"\r\n\r\n"].concat()
}

/// The next frame's opcode and its payload, which is short.
pub(crate) async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 6];
    stream.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; usize::from(head[1] & 0x7F)];
    stream.read_exact(&mut payload).await.ok()?;
    for (octet, mask) in payload.iter_mut().zip(head[2..].iter().cycle()) {
        *octet ^= mask;
    }
    Some((head[0] & 0x0F, payload))
}

/// A 400 without content.
pub(crate) const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Date: Thu, 26 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n";
/// A 404 without content.
pub(crate) const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\n\
    Date: Thu, 26 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n";

/// What accepts TLS with a certificate for `127.0.0.1`, where ALPN knows these protocols; and that certificate as PEM.
pub(crate) fn tls_acceptor(protocols: &[&str]) -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}
