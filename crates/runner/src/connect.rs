//! Opens connections to a target: resolved once, TCP or TLS, each with its deadline.
//! Never writes a byte of a case.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::Error;
use crate::target::Target;
use crate::tls::client_config;

/// Opens connections to one address of a target.
#[derive(Clone)]
pub struct Connector {
    address: SocketAddr,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// How a connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening<'a> {
    /// As the target's URL says; inside TLS with these protocols on offer in ALPN (RFC 7301), without
    /// the extension where there are none.
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
    /// Says what the last address that was tried answered.
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
                match connect_tcp(address, limit).await {
                    Ok(_) => return Ok(Self { address, tls }),
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

    /// Opens a connection; TCP and TLS together have `limit` to come about.
    ///
    /// # Errors
    ///
    /// Says what stood in the way.
    pub async fn open(&self, opening: Opening<'_>, limit: Duration) -> Result<Stream, Error> {
        let address = self.address;
        let begun = Instant::now();
        let tcp = connect_tcp(address, limit).await?;
        let (Some((config, name)), Opening::AsTarget { alpn }) = (&self.tls, opening) else {
            return Ok(Stream::Plain(tcp));
        };
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols = alpn.iter().map(|name| name.clone().into_bytes()).collect();
        let connector = TlsConnector::from(Arc::new(config));
        let left = limit.saturating_sub(begun.elapsed());
        match timeout(left, connector.connect(name.clone(), tcp)).await {
            Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
            Ok(Err(source)) => Err(Error::Tls { address, source }),
            Err(_) => Err(Error::TimedOut { address, after: limit }),
        }
    }
}

/// A connection, inside TLS or not.
pub enum Stream {
    /// Bare TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether it is inside TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The protocol that ALPN chose, if it chose one.
    #[must_use]
    pub fn alpn(&self) -> Option<String> {
        let Self::Tls(stream) = self else {
            return None;
        };
        let chosen = stream.get_ref().1.alpn_protocol()?;
        Some(String::from_utf8_lossy(chosen).into_owned())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// Whether anyone takes connections at the target right now.
pub(crate) async fn is_listening(target: &Target, limit: Duration) -> bool {
    let Ok(addresses) = resolve(target).await else {
        return false;
    };
    for address in addresses {
        if connect_tcp(address, limit).await.is_ok() {
            return true;
        }
    }
    false
}

fn tls_for(target: &Target) -> Result<Option<(Arc<ClientConfig>, ServerName<'static>)>, Error> {
    let Some(trust) = &target.tls else {
        return Ok(None);
    };
    let config = Arc::new(client_config(trust)?);
    let name = ServerName::try_from(target.bare_host().to_owned())
        .map_err(|e| no_address(target, &e.to_string()))?;
    Ok(Some((config, name)))
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Error> {
    let found = lookup_host((target.bare_host(), target.port)).await;
    let mut addresses: Vec<SocketAddr> =
        found.map_err(|e| no_address(target, &e.to_string()))?.collect();
    addresses.dedup();
    Ok(addresses)
}

async fn connect_tcp(address: SocketAddr, limit: Duration) -> Result<TcpStream, Error> {
    let stream = match timeout(limit, TcpStream::connect(address)).await {
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
    // where the peer has closed already, which the first read will tell.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn no_address(target: &Target, why: &str) -> Error {
    Error::Name { host: target.bare_host().to_owned(), why: why.to_owned() }
}

/// Between two tries at an address that refuses.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
