//! The client on real connections: TLS, its faults, and what only sockets show.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::Acceptor;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use super::{ClientConfig, ClientEnd, ClientFault, ClientReport, connect};
use crate::{Config, Identity, Server};

/// What a client tells, in words, and how it ends.
async fn told(config: ClientConfig) -> (Vec<&'static str>, ClientEnd) {
    let mut told = Vec::new();
    let mut report = |report: ClientReport| {
        told.push(match report {
            ClientReport::Open { .. } => "open",
            ClientReport::Message(_) => "message",
            ClientReport::Close { .. } => "close",
            ClientReport::Error(_) => "error",
        });
    };
    let end = connect(&config, &mut report).await;
    (told, end)
}

fn with_fault(url: String, name: &str) -> ClientConfig {
    ClientConfig { fault: Some(ClientFault::named(name).unwrap()), ..ClientConfig::for_url(url) }
}

#[tokio::test]
async fn it_talks_with_the_reference_server() {
    let server = Server::bind("127.0.0.1:0", Config::default()).await.unwrap();
    let url = format!("ws://{}/chat", server.addr());
    let served = tokio::spawn(server.run(std::future::pending()));
    let (all, end) = told(ClientConfig::for_url(url)).await;
    served.abort();
    assert_eq!((all, end), (vec!["open", "message", "close"], ClientEnd::Ok));
}

/// A certificate in a file of its own.
struct File(PathBuf);

impl File {
    fn new(name: &str, pem: &str) -> Self {
        let path = std::env::temp_dir().join(format!("upspec-{}-{name}.pem", std::process::id()));
        std::fs::write(&path, pem).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A server with a certificate for these names that ends when the year does.
async fn secure(
    names: &[&str],
    last_year: i32,
) -> (SocketAddr, String, tokio::task::JoinHandle<()>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = rcgen::CertificateParams::new(names).unwrap();
    parameters.not_after = rcgen::date_time_ymd(last_year, 12, 31);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let task = tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(mut inside) = acceptor.accept(tcp).await {
                // Whoever shakes hands is let go.
                let _ = inside.read(&mut [0; 1024]).await;
            }
        }
    });
    (address, certificate.pem(), task)
}

#[tokio::test]
async fn certificates_are_checked_but_for_faults() {
    let far = 2200;
    let rows = [
        ("any-issuer", &["localhost"][..], far, false),
        ("any-name", &["upspec.example"], far, true),
        ("any-time", &["localhost"], 2001, true),
    ];
    for (name, names, last_year, is_known) in rows {
        let (address, pem, task) = secure(names, last_year).await;
        let other = Identity::fresh().unwrap();
        let file = File::new(name, if is_known { &pem } else { other.certificate() });
        let url = format!("wss://localhost:{}/", address.port());
        let ca = Some(file.0.clone());
        let strict = ClientConfig { ca: ca.clone(), ..ClientConfig::for_url(url.clone()) };
        let (_, end) = told(strict).await;
        let ClientEnd::Failed(why) = end else { panic!("{name}: {end:?}") };
        assert!(why.starts_with("TLS failed: invalid peer certificate"), "{name}: {why}");
        let (_, end) = told(ClientConfig { ca, ..with_fault(url, name) }).await;
        let ClientEnd::Failed(why) = end else { panic!("{name}: {end:?}") };
        assert_eq!(why, "the connection ended before an answer", "{name}");
        task.abort();
    }
}

/// The names of host and protocols in a ClientHello, or the octets that came in place of one.
async fn hello(name: Option<&str>) -> Result<(Option<String>, Vec<String>), Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    let ca = File::new(name.unwrap_or("none"), Identity::fresh().unwrap().certificate());
    let config = match name {
        Some(name) => with_fault(url, name),
        None => ClientConfig::for_url(url),
    };
    let config = ClientConfig { ca: Some(ca.0.clone()), ..config };
    let client = tokio::spawn(async move { told(config).await });
    let (tcp, _) = listener.accept().await.unwrap();
    let heard = hear(tcp).await;
    client.abort();
    heard
}

async fn hear(mut tcp: TcpStream) -> Result<(Option<String>, Vec<String>), Vec<u8>> {
    let mut first = [0];
    tcp.peek(&mut first).await.unwrap();
    if first != [22] {
        let mut octets = vec![0; 4];
        tcp.read_exact(&mut octets).await.unwrap();
        return Err(octets);
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp).await.unwrap();
    let hello = start.client_hello();
    let alpn = hello.alpn().into_iter().flatten();
    let alpn = alpn.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    Ok((hello.server_name().map(str::to_owned), alpn))
}

#[tokio::test]
async fn the_client_hello_says_what_it_should_but_for_faults() {
    let both = || vec!["h2".to_owned(), "http/1.1".to_owned()];
    let name = || Some("localhost".to_owned());
    assert_eq!(hello(None).await, Ok((name(), both())));
    let (_, offered) = hello(Some("alpn-h2c")).await.unwrap();
    assert_eq!(offered.last().map(String::as_str), Some("h2c"));
    assert_eq!(hello(Some("plain-always")).await, Err(b"GET ".to_vec()));
}

#[tokio::test]
async fn a_fault_goes_on_without_tls_where_there_is_none() {
    for (name, want) in [(None, &b""[..]), (Some("plain-after-failure"), b"GET ")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
        let ca = File::new("plain", Identity::fresh().unwrap().certificate());
        let config = match name {
            Some(name) => with_fault(url, name),
            None => ClientConfig::for_url(url),
        };
        let config = ClientConfig { ca: Some(ca.0.clone()), ..config };
        let client = tokio::spawn(async move { told(config).await });
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut octets = vec![0; 4096];
        let length = tcp.read(&mut octets).await.unwrap();
        assert!(length > 0 && octets[0] == 22);
        // A fatal alert in place of a ServerHello.
        tokio::io::AsyncWriteExt::write_all(&mut tcp, b"\x15\x03\x03\x00\x02\x02\x28")
            .await
            .unwrap();
        let length = tcp.read(&mut octets).await.unwrap_or(0);
        assert!(octets[..length].starts_with(want) && (length > 0) == name.is_some(), "{name:?}");
        client.abort();
    }
}

#[tokio::test]
async fn a_fault_opens_two_connections_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let client = tokio::spawn(told(with_fault(url, "two-at-once")));
    // It waits for an answer on both.
    let mut held = Vec::new();
    for _ in 0..2 {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut octets = [0; 4];
        tcp.read_exact(&mut octets).await.unwrap();
        assert_eq!(&octets, b"GET ");
        held.push(tcp);
    }
    client.abort();
}

#[tokio::test]
async fn a_redirect_is_followed_on_a_new_connection_by_a_variation() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ClientConfig {
        variation: super::ClientVariation::named("follows-redirects"),
        ..ClientConfig::for_url(format!("ws://{address}/"))
    };
    let client = tokio::spawn(told(config));
    for (want, answer) in [
        ("GET / ", format!("HTTP/1.1 302 x\r\nLocation: ws://{address}/b\r\n\r\n")),
        ("GET /b ", "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n".to_owned()),
    ] {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut octets = [0; 4096];
        let length = tcp.read(&mut octets).await.unwrap();
        assert!(octets[..length].starts_with(want.as_bytes()), "{want}");
        tokio::io::AsyncWriteExt::write_all(&mut tcp, answer.as_bytes()).await.unwrap();
    }
    let (all, end) = client.await.unwrap();
    assert_eq!(all, ["error"]);
    assert_eq!(end, ClientEnd::Failed("the server answered 404".to_owned()));
}
