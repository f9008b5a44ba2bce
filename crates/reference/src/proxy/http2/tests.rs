//! HTTP/2 in front, on loopback and without I/O.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use upspec_handshake::Party;
use upspec_handshake::field::key::accept;
use upspec_handshake::h2::{Connection, ErrorCode, HeaderList, PREFACE, flag, setting, write};

use super::{Front, FrontEvent};
use crate::client::Random;
use crate::proxy::{Proxy, ProxyConfig, ProxyFault, ProxyVariation};

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A client of HTTP/2 in front of a gateway, and the origin behind it.
struct Ends {
    client: TcpStream,
    origin: TcpListener,
    said: Connection,
}

async fn ends(variation: Option<&str>) -> Ends {
    let origin = TcpListener::bind(LOCAL).await.unwrap();
    let mut config = ProxyConfig::new(LOCAL, origin.local_addr().unwrap());
    config.variation = variation.and_then(ProxyVariation::named);
    let proxy = Proxy::bind(config).await.unwrap();
    let mut client = TcpStream::connect(proxy.local_addr()).await.unwrap();
    tokio::spawn(proxy.serve());
    let wide = [(setting::INITIAL_WINDOW_SIZE, 1 << 24)];
    client.write_all(&[PREFACE, &write::settings(&wide)].concat()).await.unwrap();
    client.write_all(&write::window_update(0, 1 << 24)).await.unwrap();
    Ends { client, origin, said: Connection::new(Party::Server) }
}

impl Ends {
    async fn ask(&mut self, id: u32, list: &[(&str, &str)], flags: u8) {
        let block = HeaderList::new(list.iter().copied()).block();
        self.client.write_all(&write::headers(id, &block, flags)).await.unwrap();
    }

    /// Reads frames until this holds.
    async fn until(&mut self, holds: impl Fn(&Connection) -> bool) {
        let mut buffer = vec![0; 1 << 14];
        while !holds(&self.said) {
            let read = timeout(Duration::from_secs(20), self.client.read(&mut buffer)).await;
            match read.unwrap().unwrap() {
                0 => panic!("the connection has ended: {:?}", self.said),
                length => self.said.feed(&buffer[..length]),
            }
        }
    }

    async fn status(&mut self, id: u32) -> Option<u16> {
        self.until(|said| said.stream(id).is_some_and(|stream| !stream.heads.is_empty())).await;
        self.said.stream(id).unwrap().final_head().and_then(|head| head.list.status())
    }

    /// A tunnel on this stream, and its connection to the origin.
    async fn tunnel(&mut self, id: u32) -> TcpStream {
        self.ask(id, &WEBSOCKET, 0).await;
        let (mut origin, _) = self.origin.accept().await.unwrap();
        let asked = head(&mut origin).await;
        assert!(asked.starts_with("GET /chat HTTP/1.1\r\nHost: a\r\n"), "{asked}");
        let key = asked.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = accept(key.unwrap().as_bytes());
        let switch = [SWITCH, &accept[..], b"\r\n\r\n"].concat();
        origin.write_all(&switch).await.unwrap();
        assert_eq!(self.status(id).await, Some(200));
        origin
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut octets = Vec::new();
    while !octets.ends_with(b"\r\n\r\n") {
        octets.push(timeout(Duration::from_secs(20), stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(octets).unwrap()
}

const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")];
const WEBSOCKET: [(&str, &str); 6] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":authority", "a"),
    (":path", "/chat"),
    ("sec-websocket-version", "13"),
];
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: ";

#[tokio::test]
async fn requests_go_on_as_http11() {
    let mut ends = ends(None).await;
    ends.ask(1, &GET, flag::END_STREAM).await;
    let (mut origin, _) = ends.origin.accept().await.unwrap();
    let asked = head(&mut origin).await;
    assert_eq!(asked, "GET / HTTP/1.1\r\nHost: a\r\nVia: 2.0 upspec\r\n\r\n");
    origin.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
    assert_eq!(ends.status(1).await, Some(200));
    ends.until(|said| said.stream(1).is_some_and(|stream| stream.ended.is_some())).await;
    assert_eq!(ends.said.stream(1).unwrap().data, b"hello");
    let post = [&[(":method", "POST")], &GET[1..]].concat();
    ends.ask(3, &post, 0).await;
    ends.client.write_all(&write::data(3, b"content", flag::END_STREAM)).await.unwrap();
    // What is no GET goes on a new connection.
    let (mut origin, _) = ends.origin.accept().await.unwrap();
    assert!(head(&mut origin).await.contains("Transfer-Encoding: chunked\r\n"));
    let mut content = [0; 17];
    origin.read_exact(&mut content).await.unwrap();
    assert_eq!(&content, b"7\r\ncontent\r\n0\r\n\r\n");
}

#[tokio::test]
async fn rfc8441_5_tunnels_side_by_side_and_their_ends() {
    let mut ends = ends(None).await;
    let mut one = ends.tunnel(1).await;
    let mut other = ends.tunnel(3).await;
    ends.client.write_all(&write::data(3, b"up", flag::END_STREAM)).await.unwrap();
    let mut got = Vec::new();
    other.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"up");
    let much = vec![b'x'; 1 << 20];
    one.write_all(&much).await.unwrap();
    drop(one);
    ends.until(|said| said.stream(1).is_some_and(|stream| stream.ended.is_some())).await;
    assert_eq!(ends.said.stream(1).unwrap().data.len(), much.len());
    ends.client.write_all(&write::rst_stream(3, ErrorCode::CANCEL)).await.unwrap();
    assert!(timeout(Duration::from_secs(20), other.read_u8()).await.unwrap().is_err());
}

#[tokio::test]
async fn rfc8441_5_a_reset_of_the_origin_is_cancel() {
    let mut ends = ends(None).await;
    let origin = ends.tunnel(1).await;
    origin.set_zero_linger().unwrap();
    drop(origin);
    ends.until(|said| said.stream(1).is_some_and(|stream| stream.reset.is_some())).await;
    assert_eq!(ends.said.stream(1).unwrap().reset.unwrap().1, ErrorCode::CANCEL);
}

#[tokio::test]
async fn the_variation_http1_only_speaks_no_http2() {
    let mut ends = ends(Some("http1-only")).await;
    assert!(head(&mut ends.client).await.starts_with("HTTP/1.1 505 "));
}

proptest! {
    #[test]
    fn no_frames_make_a_front_panic(
        frames in prop::collection::vec(
            (0_u8..11, any::<u8>(), 0_u32..8, prop::collection::vec(any::<u8>(), 0..20)),
            0..20,
        ),
        answers in prop::collection::vec((0_u32..8, prop::collection::vec(any::<u8>(), 0..9)), 0..5),
        fault in 0..=ProxyFault::all().count(),
    ) {
        let fault = ProxyFault::all().nth(fault);
        let config = ProxyConfig { fault, ..ProxyConfig::new(LOCAL, LOCAL) };
        let mut front = Front::new(Arc::new(config), Random::new(|octets| octets.fill(0)));
        let begun = [PREFACE, &write::settings(&[])].concat();
        front.take(UNIX_EPOCH, FrontEvent::Client(&begun));
        for (id, list) in [(1, &WEBSOCKET[..]), (3, &GET[..])] {
            let block = HeaderList::new(list.iter().copied()).block();
            front.take(UNIX_EPOCH, FrontEvent::Client(&write::headers(id, &block, 0)));
        }
        for (kind, flags, stream, payload) in &frames {
            front.take(UNIX_EPOCH, FrontEvent::Client(&write::frame(*kind, *flags, *stream, payload)));
            for (id, octets) in &answers {
                front.take(UNIX_EPOCH, FrontEvent::Stream(*id, octets));
            }
        }
        for (id, _) in &answers {
            front.take(UNIX_EPOCH, FrontEvent::StreamEnd(*id));
            front.take(UNIX_EPOCH, FrontEvent::StreamReset(*id));
        }
    }
}
