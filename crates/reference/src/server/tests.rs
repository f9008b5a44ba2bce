//! The server over real connections.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Server;
use crate::{Config, Variation};

const HANDSHAKE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Plays `octets` and reads to the end of the server's stream.
async fn exchange(config: Config, octets: &[u8]) -> Vec<u8> {
    let server = Server::bind("127.0.0.1:0", config).await.unwrap();
    let addr = server.addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        stopped.await.ok();
    }));
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(octets).await.unwrap();
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    stop.send(()).unwrap();
    running.await.unwrap();
    read
}

/// A masked Ping and a masked Close.
const FRAMES: &[u8] = b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\0\0\0\0\x03\xe8";

#[tokio::test]
async fn a_handshake_a_ping_and_a_close() {
    for config in [Config::default(), Config::with_variation(Variation::SlowAnswers)] {
        let read = exchange(config, &[HANDSHAKE, FRAMES].concat()).await;
        let text = String::from_utf8_lossy(&read);
        assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
        assert!(text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{text}");
        assert!(read.ends_with(b"\r\n\r\n\x8a\x05Hello\x88\x02\x03\xe8"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_survives_input_that_nobody_reads() {
    let flood = [&b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"[..], &[b'a'; 200_000]].concat();
    let read = exchange(Config::default(), &flood).await;
    assert!(read.starts_with(b"HTTP/1.1 400 "));
}

#[tokio::test]
async fn a_head_that_never_ends_is_timed_out() {
    let config = Config { patience: std::time::Duration::from_millis(20), ..Config::default() };
    let read = exchange(config, b"GET / HTTP/1.1\r\nHost").await;
    assert!(read.starts_with(b"HTTP/1.1 408 "));
}
