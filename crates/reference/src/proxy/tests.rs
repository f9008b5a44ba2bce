//! The gateway on loopback, with both ends scripted; and without I/O, with whatever comes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::config::ProxyConfig;
use super::fault::ProxyFault;
use super::link::Proxy;
use super::pool::Memory;
use super::relay::{Event, Relay};
use crate::Identity;
use crate::client::Random;

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n";
const SWITCH: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A gateway between a client and its origin.
struct Ends {
    proxy: SocketAddr,
    origin: TcpListener,
}

async fn ends(change: impl FnOnce(&mut ProxyConfig)) -> Ends {
    let origin = TcpListener::bind(LOCAL).await.unwrap();
    let mut config = ProxyConfig::new(LOCAL, origin.local_addr().unwrap());
    change(&mut config);
    let proxy = Proxy::bind(config).await.unwrap();
    let addr = proxy.local_addr();
    tokio::spawn(proxy.serve());
    Ends { proxy: addr, origin }
}

impl Ends {
    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.proxy).await.unwrap()
    }

    /// A request, and the connection on which the origin gets it.
    async fn asked(&self, client: &mut TcpStream, request: &[u8]) -> TcpStream {
        client.write_all(request).await.unwrap();
        let (mut origin, _) = soon(self.origin.accept()).await.unwrap();
        head(&mut origin).await;
        origin
    }

    async fn tunnel(&self) -> (TcpStream, TcpStream) {
        let mut client = self.client().await;
        let mut origin = self.asked(&mut client, UPGRADE).await;
        origin.write_all(SWITCH).await.unwrap();
        assert!(head(&mut client).await.starts_with("HTTP/1.1 101 "));
        (client, origin)
    }
}

/// Nothing here takes long.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), what).await.unwrap()
}

/// Reads up to the end of a head.
async fn head(stream: &mut TcpStream) -> String {
    let mut octets = Vec::new();
    while !octets.ends_with(b"\r\n\r\n") {
        octets.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(octets).unwrap()
}

async fn exactly(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut octets = vec![0; length];
    soon(stream.read_exact(&mut octets)).await.unwrap();
    octets
}

async fn to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    soon(stream.read_to_end(&mut octets)).await.unwrap();
    octets
}

#[tokio::test]
async fn the_next_request_uses_the_kept_connection() {
    let ends = ends(|_| {}).await;
    let mut client = ends.client().await;
    let mut origin = ends.asked(&mut client, GET).await;
    for _ in 0..3 {
        origin.write_all(OK).await.unwrap();
        assert!(head(&mut client).await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(exactly(&mut client, 5).await, b"hello");
        client = ends.client().await;
        client.write_all(GET).await.unwrap();
        assert!(head(&mut origin).await.contains("Via: 1.1 upspec\r\n"));
    }
}

#[tokio::test]
async fn a_kept_connection_that_ended_is_no_failure() {
    let ends = ends(|_| {}).await;
    let mut client = ends.client().await;
    let mut origin = ends.asked(&mut client, GET).await;
    origin.write_all(OK).await.unwrap();
    head(&mut client).await;
    exactly(&mut client, 5).await;
    drop(origin);
    let mut origin = ends.asked(&mut client, GET).await;
    origin.write_all(OK).await.unwrap();
    assert!(head(&mut client).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn rfc9112_9_2_a_kept_connection_that_speaks_unasked_is_left() {
    let ends = ends(|_| {}).await;
    let mut client = ends.client().await;
    let mut origin = ends.asked(&mut client, GET).await;
    origin.write_all(OK).await.unwrap();
    head(&mut client).await;
    exactly(&mut client, 5).await;
    origin.write_all(OK).await.unwrap();
    ends.asked(&mut client, GET).await;
}

#[tokio::test]
async fn rfc9110_9_3_6_ends_are_told_and_what_was_sent_arrives() {
    let ends = ends(|_| {}).await;
    let (mut client, mut origin) = ends.tunnel().await;
    client.write_all(b"last words").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(to_end(&mut origin).await, b"last words");
    origin.write_all(b"an answer").await.unwrap();
    drop(origin);
    assert_eq!(to_end(&mut client).await, b"an answer");
}

#[tokio::test]
async fn a_reset_goes_through_a_tunnel_both_ways() {
    let ends = ends(|_| {}).await;
    let (client, mut origin) = ends.tunnel().await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(soon(origin.read_u8()).await.is_err_and(is_reset));
    let (mut client, origin) = ends.tunnel().await;
    origin.set_zero_linger().unwrap();
    drop(origin);
    assert!(soon(client.read_u8()).await.is_err_and(is_reset));
}

fn is_reset(error: std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::ConnectionReset
}

#[tokio::test]
async fn much_passes_both_ways_at_once() {
    let ends = ends(|_| {}).await;
    let (client, origin) = ends.tunnel().await;
    let much: Vec<u8> = (0..1_u32 << 18).flat_map(u32::to_be_bytes).collect();
    let exchange = async |stream: TcpStream| {
        let (mut read, mut write) = stream.into_split();
        let (mut got, sent) = (vec![0; much.len()], much.clone());
        let written = tokio::spawn(async move { write.write_all(&sent).await.map(|()| write) });
        read.read_exact(&mut got).await.unwrap();
        drop(written.await.unwrap().unwrap());
        got == much
    };
    let (one, other) = soon(async { tokio::join!(exchange(client), exchange(origin)) }).await;
    assert!(one && other);
}

#[tokio::test]
async fn rfc9110_15_6_a_dead_origin_and_a_silent_one() {
    let Ends { proxy, origin } = ends(|config| config.patience = Duration::from_millis(200)).await;
    let mut client = TcpStream::connect(proxy).await.unwrap();
    client.write_all(GET).await.unwrap();
    assert!(head(&mut client).await.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
    drop(origin);
    let mut client = TcpStream::connect(proxy).await.unwrap();
    client.write_all(GET).await.unwrap();
    assert!(head(&mut client).await.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
}

#[tokio::test]
async fn rfc9110_9_3_2_a_refused_head_gets_no_content() {
    let ends = ends(|_| {}).await;
    let mut client = ends.client().await;
    client.write_all(b"HEAD / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = to_end(&mut client).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 ") && answer.ends_with(b"\r\n\r\n"));
}

#[tokio::test]
async fn a_fault_that_kills_the_gateway_keeps_it_away_for_a_moment() {
    let ends = ends(|config| config.fault = ProxyFault::named("head-switch-deadly")).await;
    let mut client = ends.client().await;
    let mut origin = ends.asked(&mut client, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    origin.write_all(SWITCH).await.unwrap();
    assert!(to_end(&mut client).await.is_empty());
    let back = async {
        while TcpStream::connect(ends.proxy).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(back).await;
}

#[tokio::test]
async fn tls_in_front() {
    let identity = Arc::new(Identity::fresh().unwrap());
    let ends = ends(|config| config.identity = Some(Arc::clone(&identity))).await;
    let mut client = ends.client().await;
    // What is no TLS gets an alert, or an end, and no HTTP.
    client.write_all(GET).await.unwrap();
    assert!(!to_end(&mut client).await.starts_with(b"HTTP/"));
}

/// What may happen, in any order.
#[derive(Clone, Debug)]
enum Any {
    Client(Vec<u8>),
    Origin(Vec<u8>),
    Other(u8),
}

fn any_event() -> impl Strategy<Value = Any> {
    let pieces = prop::sample::select(vec![
        GET.to_vec(),
        UPGRADE.to_vec(),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        b"3\r\nabc\r\n".to_vec(),
        b"0\r\n\r\n".to_vec(),
        SWITCH.to_vec(),
        OK.to_vec(),
        b"HTTP/1.1 103 x\r\nConnection: y\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 x\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
    ]);
    let octets = || prop_oneof![pieces.clone(), prop::collection::vec(any::<u8>(), 0..9)];
    prop_oneof![
        4 => octets().prop_map(Any::Client),
        4 => octets().prop_map(Any::Origin),
        3 => (0_u8..7).prop_map(Any::Other),
    ]
}

proptest! {
    #[test]
    fn nothing_makes_a_relay_panic(
        events in prop::collection::vec(any_event(), 0..30),
        fault in 0..=ProxyFault::all().count(),
    ) {
        let config = ProxyConfig { fault: ProxyFault::all().nth(fault), ..ProxyConfig::new(LOCAL, LOCAL) };
        let mut relay = Relay::new(Arc::new(config), Arc::new(Memory::new(Random::of_the_system())), LOCAL.ip());
        for event in &events {
            let event = match event {
                Any::Client(octets) => Event::Client(octets),
                Any::Origin(octets) => Event::Origin(octets),
                Any::Other(0) => Event::ClientEnd,
                Any::Other(1) => Event::OriginEnd,
                Any::Other(2) => Event::OriginReset,
                Any::Other(3) => Event::Silence,
                Any::Other(4) => Event::Unreachable,
                Any::Other(_) => Event::Opened { is_reused: true },
            };
            relay.take(UNIX_EPOCH, event);
        }
    }
}
