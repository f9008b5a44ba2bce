//! Exchanges inside TLS, with certificates made for each test.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use upspec_corpus::Bindings;
use upspec_exchange::{IoKind, Record};
use upspec_handshake::Party;
use upspec_runner::{Connector, Error, Play, Scheme, Target, Trust, play};

/// How a server ends its TLS.
#[derive(Clone, Copy)]
enum Ends {
    WithCloseNotify,
    WithoutCloseNotify,
}

/// A TLS server that answers 404 and ends; its certificate is for `127.0.0.1`.
async fn serve_tls(ends: Ends) -> (SocketAddr, String) {
    let (acceptor, certificate) = tls_acceptor(&["http/1.1"]);
    let address = serve(move |tcp| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(tcp).await {
                answer_once(stream, ends).await;
            }
        }
    });
    (address.await, certificate)
}

async fn answer_once(mut stream: TlsStream<TcpStream>, ends: Ends) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n").await.unwrap();
    stream.flush().await.unwrap();
    if matches!(ends, Ends::WithCloseNotify) {
        let _ = stream.shutdown().await;
    }
}

fn secure_target(address: SocketAddr, trust: Trust) -> Target {
    Target::parse(&format!("wss://{address}/")).unwrap().trusting(trust)
}

async fn get(target: &Target) -> Result<Record, Error> {
    let connector = Connector::reach(target, Duration::ZERO, limits().timeout).await?;
    let case = case("server/test/get", vec![send(GET)]);
    let bindings = &Bindings::default();
    play(&connector, &Play { case: &case, bindings, close: b"", limits: limits(), reports: false })
        .await
}

#[tokio::test]
async fn the_end_of_tls_is_told_apart() {
    for (ends, seen) in [
        (Ends::WithCloseNotify, IoKind::ReadEnd),
        (Ends::WithoutCloseNotify, IoKind::ReadEndUnclean),
    ] {
        let (address, _) = serve_tls(ends).await;
        let exchange = get(&secure_target(address, Trust::Anything)).await.unwrap();
        let kinds: Vec<_> = exchange.io.iter().map(|io| io.kind).collect();
        assert!(exchange.links[0].tls && exchange.saw(seen), "{kinds:?}");
        assert!(exchange.sent(0, Party::Server).starts_with(b"HTTP/1.1 404"));
    }
}

#[tokio::test]
async fn a_certificate_needs_someone_to_vouch_for_it() {
    let (address, pem) = serve_tls(Ends::WithCloseNotify).await;
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let known = get(&secure_target(address, Trust::CaFile(file))).await;
    assert!(known.is_ok(), "{:?}", known.err());
    let unknown = get(&secure_target(address, Trust::System)).await.unwrap_err();
    let text = unknown.to_string();
    assert!(matches!(unknown, Error::Tls { .. }), "{text}");
    assert!(text.contains("certificate"), "{text}");
}

#[tokio::test]
async fn a_server_without_tls_is_a_failed_handshake() {
    let address = serve(|mut stream| async move { answer(&mut stream, NOT_FOUND).await }).await;
    let target = secure_target(address, Trust::Anything);
    assert_eq!(target.scheme, Scheme::Wss);
    assert!(matches!(get(&target).await, Err(Error::Tls { .. })));
}
