//! TLS for the server: a certificate made at startup, and the choice of a protocol.
//! The key is read from no file, and lives only as long as the server.

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::Acceptor;
use rustls::{KeyLogFile, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{Config, Variation};
use crate::fault::Point;
use crate::proxy::ProxyConfig;

/// A key and the certificate for it, made for this machine's own addresses.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pem: String,
}

impl Identity {
    /// A fresh key with a certificate that it signs itself.
    pub fn fresh() -> io::Result<Self> {
        let names = NAMES.map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Ok(Self { certificate: made.cert.der().clone(), key: key.into(), pem: made.cert.pem() })
    }

    /// The certificate as PEM: what a client has to trust.
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// The server's side of TLS. A client whose offered protocols we do not speak gets an alert (RFC
    /// 7301 3.2).
    pub(crate) fn host(&self, config: &Config) -> io::Result<Arc<ServerConfig>> {
        self.speaking(if config.varies(Variation::Http2Off) {
            &[HTTP_1_1]
        } else if config.errs_at(Point::AlpnH2cSelected) {
            &[H2C, H2, HTTP_1_1]
        } else {
            &[H2, HTTP_1_1]
        })
    }

    /// The gateway's side of TLS towards its clients, with or without HTTP/2.
    pub(crate) fn gateway(&self, config: &ProxyConfig) -> io::Result<Arc<ServerConfig>> {
        self.speaking(if config.speaks_http2() { &[H2, HTTP_1_1] } else { &[HTTP_1_1] })
    }

    fn speaking(&self, protocols: &[&[u8]]) -> io::Result<Arc<ServerConfig>> {
        let provider = Arc::new(ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let chain = vec![self.certificate.clone()];
                builder.with_no_client_auth().with_single_cert(chain, self.key.clone_key())
            })
            .map_err(io::Error::other)?;
        tls.key_log = Arc::new(KeyLogFile::new());
        tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(tls))
    }
}

/// A connection inside TLS, or the one that carries no TLS.
pub(crate) enum Welcomed {
    /// It must end: a client that does not speak TLS has its alert by now.
    Failed(TcpStream),
    /// It is ready for use.
    Inside(Box<TlsStream<TcpStream>>, Agreed),
}

/// The result of ALPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// HTTP/2 (RFC 9113 3.2).
    Http2,
    /// HTTP/1.1, which it is also without ALPN.
    Http1,
    /// No protocol that allows serving the client.
    Nothing,
}

/// Shakes hands with a client.
pub(crate) async fn welcome(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    config: &Config,
) -> io::Result<Welcomed> {
    let mut acceptor = LazyConfigAcceptor::new(Acceptor::default(), stream);
    let start = match (&mut acceptor).await {
        Ok(start) => start,
        Err(error) => return acceptor.take_io().map(Welcomed::Failed).ok_or(error),
    };
    let offers_both = {
        let hello = start.client_hello();
        let offers: Vec<&[u8]> = hello.alpn().into_iter().flatten().collect();
        offers.contains(&H2) && offers.contains(&HTTP_1_1)
    };
    match start.into_stream(tls).into_fallible().await {
        Ok(stream) => {
            let agreed = agreed(config, stream.get_ref().1.alpn_protocol(), offers_both);
            Ok(Welcomed::Inside(Box::new(stream), agreed))
        }
        Err((_, stream)) => Ok(Welcomed::Failed(stream)),
    }
}

fn agreed(config: &Config, selected: Option<&[u8]>, offers_both: bool) -> Agreed {
    match selected {
        None if config.errs_at(Point::AlpnRequired) => Agreed::Nothing,
        Some(H2) if offers_both && config.errs_at(Point::AlpnH2NotSpoken) => Agreed::Http1,
        Some(H2) => Agreed::Http2,
        _ => Agreed::Http1,
    }
}

/// What ALPN calls HTTP/2 inside TLS (RFC 9113 3.2).
const H2: &[u8] = b"h2";
/// What ALPN calls HTTP/2 outside TLS, so that it is never selected (RFC 9113 3.2).
const H2C: &[u8] = b"h2c";
const HTTP_1_1: &[u8] = b"http/1.1";

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
