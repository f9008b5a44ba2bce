//! Where a client connects to: the listeners of one exchange, inside TLS or not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use upspec_corpus::Bindings;
use upspec_corpus::case::{Case, Over};

use super::certificates::Certificates;
use crate::connect::Stream;

/// The listeners of one exchange. No other exchange has them, so that nothing is mixed up.
pub(crate) struct Door {
    own: Vec<TcpListener>,
    other: TcpListener,
    host: IpAddr,
    port: u16,
    tls: Option<Arc<ServerConfig>>,
}

/// How a connection to us came to nothing.
#[derive(Debug)]
pub(crate) enum Turned {
    /// What came in place of TLS.
    Plain(Vec<u8>),
    /// TLS did not come about.
    Tls(io::Error),
    /// TLS did not come about in time.
    Silent,
}

impl Door {
    /// Listens on a free port of this machine, in both versions of IP where there are two, and on another port.
    pub(crate) async fn open(
        case: &Case,
        host: IpAddr,
        certificates: &Certificates,
    ) -> io::Result<Self> {
        let mut failure = None;
        for _ in 0..TRIES {
            match Self::pair(host).await {
                Ok((own, port)) => {
                    let other = free(host).await?;
                    let tls = case.certificate.map(|kind| certificates.config(kind, &case.alpn));
                    return Ok(Self { own, other, host, port, tls });
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| io::Error::other("no port is free")))
    }

    /// A listener, and beside 127.0.0.1 one on the same port of `::1` where that is there.
    async fn pair(host: IpAddr) -> io::Result<(Vec<TcpListener>, u16)> {
        let first = free(host).await?;
        let port = first.local_addr()?.port();
        if host != IpAddr::V4(Ipv4Addr::LOCALHOST) {
            return Ok((vec![first], port));
        }
        let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await;
        match second {
            Ok(second) => Ok((vec![first, second], port)),
            // Somebody else has the port there.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
            Err(_) => Ok((vec![first], port)),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Puts in what names this door.
    pub(crate) fn describe(&self, bindings: &mut Bindings) {
        let octets = |text: String| text.into_bytes();
        let host = match self.host {
            IpAddr::V4(host) => host.to_string(),
            IpAddr::V6(host) => format!("[{host}]"),
        };
        bindings.authority = octets(format!("{host}:{}", self.port));
        bindings.host = octets(host);
        bindings.port = octets(self.port.to_string());
        bindings.authority_upper.clone_from(&bindings.authority);
        bindings.port_plus_65536 = octets((u32::from(self.port) + 65_536).to_string());
        let other = self.other.local_addr().map_or(0, |address| address.port());
        bindings.other_port = octets(other.to_string());
        bindings.scheme = octets(if self.tls.is_some() { "https" } else { "http" }.to_owned());
    }

    /// Waits for the next connection; whether it came to the door itself, not to the other port.
    pub(crate) async fn next(&self) -> io::Result<(TcpStream, bool)> {
        let accept = |at: usize| async move {
            match self.own.get(at) {
                Some(listener) => listener.accept().await,
                None => std::future::pending::<io::Result<(TcpStream, SocketAddr)>>().await,
            }
        };
        let (accepted, own) = tokio::select! {
            biased;
            accepted = accept(0) => (accepted, true),
            accepted = accept(1) => (accepted, true),
            accepted = self.other.accept() => (accepted, false),
        };
        let (stream, _) = accepted?;
        // Each write of a case leaves at once. It can fail if the peer has gone, which the first read shows.
        let _ = stream.set_nodelay(true);
        Ok((stream, own))
    }

    /// Speaks TLS with who came, where the case says so.
    pub(crate) async fn welcome(&self, tcp: TcpStream, limit: Duration) -> Result<Stream, Turned> {
        let Some(tls) = &self.tls else {
            return Ok(Stream::plain(tcp));
        };
        timeout(limit, inside_tls(tcp, Arc::clone(tls))).await.unwrap_or(Err(Turned::Silent))
    }
}

async fn inside_tls(tcp: TcpStream, tls: Arc<ServerConfig>) -> Result<Stream, Turned> {
    let mut octets = vec![0; FIRST];
    let length = tcp.peek(&mut octets).await.map_err(Turned::Tls)?;
    octets.truncate(length);
    if octets.first().is_some_and(|first| *first != TLS_HANDSHAKE) {
        return Err(Turned::Plain(octets));
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp).await.map_err(Turned::Tls)?;
    let offer = start.client_hello().alpn().into_iter().flatten();
    let offer = offer.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let stream = start.into_stream(tls).await.map_err(Turned::Tls)?;
    Ok(Stream::accepted(stream, offer))
}

/// The URL that the client is given, as its octets.
pub(crate) fn url(case: &Case, bindings: &Bindings) -> Vec<u8> {
    match &case.url {
        Some(url) => url.render(bindings),
        None if case.certificate.is_some() || case.over == Over::Http2 => {
            [b"wss://localhost:", &bindings.port[..], b"/"].concat()
        }
        None => [b"ws://", &bindings.authority[..], b"/"].concat(),
    }
}

/// A listener on a port that nobody has. Where thousands of exchanges have left their ports waiting, a system takes
/// milliseconds to find one by itself.
async fn free(host: IpAddr) -> io::Result<TcpListener> {
    for _ in 0..TRIES {
        let port = rand::random_range(PORTS);
        if let Ok(listener) = TcpListener::bind((host, port)).await {
            return Ok(listener);
        }
    }
    TcpListener::bind((host, 0)).await
}

/// The type of the record that a ClientHello is in (RFC 8446 5.1).
const TLS_HANDSHAKE: u8 = 22;
/// How much is kept of what comes in place of a ClientHello.
const FIRST: usize = 16 * 1024;
/// How often a port is tried.
const TRIES: usize = 8;
/// Where systems take ports from that nobody has asked for.
const PORTS: RangeInclusive<u16> = 32_768..=60_999;
