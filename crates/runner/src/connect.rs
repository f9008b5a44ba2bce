//! Opens TCP and TLS connections to a target: it is resolved once, and each has its deadline.
//! Writes nothing of a case.

use std::any::Any;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::Error;
use crate::proxy::Span;
use crate::source::Sources;
use crate::target::{Family, Target};
use crate::tls::{Papers, Trust, client_config, shown};
use crate::trouble::alert_of;

/// Opens connections to one address of a target.
#[derive(Clone)]
pub struct Connector {
    address: SocketAddr,
    sources: Arc<Sources>,
    tls: Option<Secure>,
}

/// What TLS with a target needs.
#[derive(Clone)]
struct Secure {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    /// The certificate for a server that asks for one.
    shown: Option<Arc<CertifiedKey>>,
}

/// How a connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening<'a> {
    /// As the target's URL says; inside TLS with these protocols on offer in ALPN (RFC 7301), or
    /// without the extension if the list is empty.
    AsTarget {
        /// The protocol names, the preferred one first.
        alpn: &'a [String],
    },
    /// Without TLS, whatever the URL says.
    Plain,
}

impl Connector {
    /// Resolves the target and keeps the first address that takes a connection. When all of them
    /// refuse, tries again for as long as `patience` lasts.
    ///
    /// # Errors
    ///
    /// Says what the last address tried answered.
    pub async fn reach(
        target: &Target,
        patience: Duration,
        limit: Duration,
    ) -> Result<Self, Error> {
        let tls = tls_for(target)?;
        let addresses = resolve(target).await?;
        let until = Instant::now() + patience;
        loop {
            let mut failure = None;
            for &address in &addresses {
                match connect_tcp(address, target.from.first().copied(), limit).await {
                    Ok(_) => {
                        for &from in &target.from {
                            socket(address, Some(from))?;
                        }
                        let sources = Arc::new(Sources::new(target.from.clone(), address));
                        return Ok(Self { address, sources, tls });
                    }
                    Err(error) => failure = Some(error),
                }
            }
            let failure = failure.unwrap_or_else(|| no_address(target, "it has no address"));
            if !matches!(failure, Error::Refused(_)) || Instant::now() >= until {
                return Err(failure);
            }
            sleep(BETWEEN_TRIES).await;
        }
    }

    /// The address that connections go to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where connections come from.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Opens a connection; TCP and TLS together may take `limit`.
    ///
    /// # Errors
    ///
    /// Says what stood in the way.
    pub async fn open(&self, opening: Opening<'_>, limit: Duration) -> Result<Stream, Error> {
        let address = self.address;
        let begun = Instant::now();
        let tcp = connect_tcp(address, self.sources.current(), limit).await?;
        let (Some(tls), Opening::AsTarget { alpn }) = (&self.tls, opening) else {
            return Ok(Stream::plain(tcp));
        };
        let mut config = ClientConfig::clone(&tls.config);
        config.alpn_protocols = alpn.iter().map(|name| name.clone().into_bytes()).collect();
        let papers = Arc::new(Papers::new(tls.shown.clone()));
        config.client_auth_cert_resolver = Arc::clone(&papers) as _;
        let connector = TlsConnector::from(Arc::new(config));
        let left = limit.saturating_sub(begun.elapsed());
        match timeout(left, connector.connect(tls.name.clone(), tcp)).await {
            Ok(Ok(stream)) => Ok(Stream::tls(stream)),
            Ok(Err(source)) if papers.was_asked() && alert_of(&source).is_some() => {
                Err(Error::ClientCertificate { address, source })
            }
            Ok(Err(source)) => Err(Error::Tls { address, source }),
            Err(_) => Err(Error::TlsSilent { address, after: limit }),
        }
    }

    /// Whether TLS is spoken where the target is to be reached without: a handshake that anybody may
    /// answer comes about, or is declined in TLS.
    pub(crate) async fn is_tls_spoken(&self, limit: Duration) -> bool {
        let Ok(config) = client_config(&Trust::Anything) else {
            return false;
        };
        let name = ServerName::from(self.address.ip());
        let tls = Some(Secure { config: Arc::new(config), name, shown: None });
        let secure = Self { tls, ..self.clone() };
        match secure.open(Opening::AsTarget { alpn: &[] }, limit).await {
            Ok(_) | Err(Error::ClientCertificate { .. }) => true,
            Err(Error::Tls { source, .. }) => alert_of(&source).is_some(),
            Err(_) => false,
        }
    }
}

/// A connection, inside TLS or not, whichever end of it we are.
pub struct Stream {
    io: Box<dyn Duplex>,
    tls: bool,
    alpn: Option<String>,
    /// What a client that came to us offered by ALPN.
    offer: Vec<String>,
}

/// Octets in both directions.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {
    /// The TCP connection under it, if there is one.
    fn tcp(&self) -> Option<&TcpStream>;
    /// The part of a connection to our origin that it is, if it is one.
    fn span(&mut self) -> Option<&mut Span>;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Duplex for T {
    fn tcp(&self) -> Option<&TcpStream> {
        let any: &dyn Any = self;
        let inside = any.downcast_ref::<TlsStream<TcpStream>>().map(|tls| tls.get_ref().0);
        let ours = any.downcast_ref::<tokio_rustls::server::TlsStream<TcpStream>>();
        inside.or_else(|| any.downcast_ref()).or_else(|| Some(ours?.get_ref().0))
    }

    fn span(&mut self) -> Option<&mut Span> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }
}

impl Stream {
    /// A connection without TLS.
    pub fn plain(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { io: Box::new(io), tls: false, alpn: None, offer: Vec::new() }
    }

    /// A connection inside TLS whose client is the peer.
    pub(crate) fn accepted(
        io: tokio_rustls::server::TlsStream<TcpStream>,
        offer: Vec<String>,
    ) -> Self {
        let chosen = io.get_ref().1.alpn_protocol();
        let alpn = chosen.map(|name| String::from_utf8_lossy(name).into_owned());
        Self { io: Box::new(io), tls: true, alpn, offer }
    }

    fn tls(io: TlsStream<TcpStream>) -> Self {
        let chosen = io.get_ref().1.alpn_protocol();
        let alpn = chosen.map(|name| String::from_utf8_lossy(name).into_owned());
        Self { io: Box::new(io), tls: true, alpn, offer: Vec::new() }
    }

    /// Ends it with a reset, where it is a TCP connection (RFC 9293 section 3.10.5): octets under way are
    /// lost.
    pub(crate) fn reset(mut self) {
        if let Some(span) = self.span() {
            span.reset();
        }
        // A box has both directions, too, and is no TCP connection.
        if let Some(tcp) = self.io.as_ref().tcp() {
            // When the system refuses, the connection ends in order.
            let _ = tcp.set_zero_linger();
        }
    }

    /// The part of a connection to our origin that it is, if it is one.
    pub(crate) fn span(&mut self) -> Option<&mut Span> {
        self.io.as_mut().span()
    }

    /// Whether it is inside TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The protocol that ALPN chose, if it chose one.
    #[must_use]
    pub fn alpn(&self) -> Option<&str> {
        self.alpn.as_deref()
    }

    /// What a client that came to us offered by ALPN.
    pub(crate) fn alpn_offer(&self) -> &[String] {
        &self.offer
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// Whether the target accepts connections right now; each of its addresses may take `limit` to say so.
pub async fn is_listening(target: &Target, limit: Duration) -> bool {
    let Ok(addresses) = resolve(target).await else {
        return false;
    };
    for address in addresses {
        if connect_tcp(address, target.from.first().copied(), limit).await.is_ok() {
            return true;
        }
    }
    false
}

fn tls_for(target: &Target) -> Result<Option<Secure>, Error> {
    let Some(trust) = &target.tls else {
        return Ok(None);
    };
    let config = Arc::new(client_config(trust)?);
    let name = ServerName::try_from(target.tls_name().to_owned())
        .map_err(|e| no_address(target, &e.to_string()))?;
    let shown = target.shows.as_ref().map(shown).transpose()?;
    Ok(Some(Secure { config, name, shown }))
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Error> {
    let found = lookup_host(target.place()).await;
    let found = found.map_err(|e| no_address(target, &e.to_string()))?;
    let mut addresses: Vec<SocketAddr> =
        found.filter(|one| target.family.is_none_or(|family| family.holds(one))).collect();
    addresses.dedup();
    match target.family {
        Some(Family::Ipv4) if addresses.is_empty() => {
            Err(no_address(target, "it has no IPv4 address"))
        }
        Some(Family::Ipv6) if addresses.is_empty() => {
            Err(no_address(target, "it has no IPv6 address"))
        }
        _ => Ok(addresses),
    }
}

async fn connect_tcp(
    address: SocketAddr,
    from: Option<IpAddr>,
    limit: Duration,
) -> Result<TcpStream, Error> {
    let stream = match timeout(limit, socket(address, from)?.connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(e)) if e.kind() == io::ErrorKind::ConnectionRefused => {
            return Err(Error::Refused(address));
        }
        Ok(Err(source)) => return Err(Error::Connect { address, source }),
        Err(_) => {
            return Err(Error::TimedOut { address, after: limit });
        }
    };
    // Each write of a case leaves at once, so that a split is a split on the wire too. It can fail
    // if the peer has already closed, which the first read will show.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// A socket for a connection to an address, from one of ours if it is given.
fn socket(address: SocketAddr, from: Option<IpAddr>) -> Result<TcpSocket, Error> {
    let new = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = new.map_err(|source| Error::Connect { address, source })?;
    if let Some(from) = from {
        let bound = socket.bind(SocketAddr::new(from, 0));
        bound.map_err(|source| Error::From { address, from, source })?;
    }
    Ok(socket)
}

fn no_address(target: &Target, why: &str) -> Error {
    Error::Name { host: target.place().0.to_owned(), why: why.to_owned() }
}

/// Between two tries at an address that refuses.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
