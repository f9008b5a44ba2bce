//! TLS for the client: whom it trusts, and what it offers in ALPN.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig as TlsConfig, DigitallySignedStruct, Error, KeyLogFile,
    OtherError, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::attempt::Attempt;
use super::config::ClientConfig;
use super::fault::Point;
use super::variation::Way;

/// What has become of a connection.
pub(super) enum Connected {
    /// It is ready for use, and speaks HTTP/1.1.
    Http1(Box<TlsStream<TcpStream>>),
    /// It is ready for use, and speaks HTTP/2 (RFC 9113 3.2).
    Http2(Box<TlsStream<TcpStream>>),
    /// There is no TLS on it, and a fault uses it all the same.
    Plain(TcpStream),
}

/// Shakes hands with the server (RFC 6455 4.1, connection 5); an error says why that failed.
pub(super) async fn connect(
    config: &ClientConfig,
    attempt: &Attempt,
    tcp: TcpStream,
) -> Result<Connected, String> {
    if config.errs_at(Point::PlainAlways) {
        return Ok(Connected::Plain(tcp));
    }
    let name = ServerName::try_from(attempt.url.host_name().to_owned())
        .map_err(|error| format!("the host has no name for TLS: {error}"))?;
    let settings = settings(config, attempt)?;
    let connector = TlsConnector::from(Arc::new(settings));
    match connector.connect(name, tcp).into_fallible().await {
        Ok(stream) => match stream.get_ref().1.alpn_protocol() {
            Some(H2) => Ok(Connected::Http2(Box::new(stream))),
            _ if config.goes(Way::Http2Only) => Err("the server speaks no HTTP/2".to_owned()),
            _ => Ok(Connected::Http1(Box::new(stream))),
        },
        Err((_, tcp)) if config.errs_at(Point::PlainAfterFailure) => Ok(Connected::Plain(tcp)),
        Err((error, _)) => Err(format!("TLS failed: {error}")),
    }
}

fn settings(config: &ClientConfig, attempt: &Attempt) -> Result<TlsConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = TlsConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut settings = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Vetting::new(config)?))
        .with_no_client_auth();
    settings.alpn_protocols = alpn(config, attempt).iter().map(|name| name.to_vec()).collect();
    settings.key_log = Arc::new(KeyLogFile::new());
    settings.enable_sni = !config.goes(Way::NoServerName);
    Ok(settings)
}

fn alpn(config: &ClientConfig, attempt: &Attempt) -> &'static [&'static [u8]] {
    if config.errs_at(Point::AlpnH2c) {
        &[H2, HTTP_1_1, b"h2c"]
    } else if config.goes(Way::NoAlpn) {
        &[]
    } else if config.goes(Way::Http2Only) {
        &[H2]
    } else if attempt.is_http1_only || config.goes(Way::Http1Only) {
        &[HTTP_1_1]
    } else {
        &[H2, HTTP_1_1]
    }
}

/// Checks certificates (RFC 9110 4.3.4), and overlooks what a fault overlooks.
#[derive(Debug)]
struct Vetting {
    config: ClientConfig,
    /// The certificates that the user vouches for.
    known: Vec<CertificateDer<'static>>,
    inner: Arc<dyn ServerCertVerifier>,
}

impl Vetting {
    fn new(config: &ClientConfig) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let mut known = Vec::new();
        let inner: Arc<dyn ServerCertVerifier> = match &config.ca {
            None => {
                let verifier = rustls_platform_verifier::Verifier::new(provider);
                Arc::new(verifier.map_err(|error| error.to_string())?)
            }
            Some(file) => {
                let unusable =
                    |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
                let mut roots = RootCertStore::empty();
                let found =
                    CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))?;
                for certificate in found {
                    let certificate = certificate.map_err(|error| unusable(&error))?;
                    roots.add(certificate.clone()).map_err(|error| unusable(&error))?;
                    known.push(certificate);
                }
                let roots = Arc::new(roots);
                let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider);
                verifier.build().map_err(|error| unusable(&error))?
            }
        };
        Ok(Self { config: config.clone(), known, inner })
    }

    fn overlooks(&self, fault: &CertificateError) -> bool {
        use CertificateError as Fault;
        let point = match fault {
            Fault::UnknownIssuer | Fault::BadSignature => Point::AnyIssuer,
            Fault::NotValidForName | Fault::NotValidForNameContext { .. } => Point::AnyName,
            Fault::Expired | Fault::ExpiredContext { .. } => Point::AnyTime,
            _ => return false,
        };
        self.config.errs_at(point)
    }
}

impl ServerCertVerifier for Vetting {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.inner.verify_server_cert(shown, intermediates, name, ocsp_response, now) {
            Err(Error::InvalidCertificate(fault)) if self.overlooks(&fault) => {
                // The name is looked at last, and is not yet known to be right.
                if !self.config.errs_at(Point::AnyName) {
                    verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            // A certificate that the user vouches for may be marked as a CA's own.
            Err(Error::InvalidCertificate(fault))
                if self.known.contains(shown) && is_of_a_ca(&fault) =>
            {
                verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// webpki has no public name for it that would reach us through rustls, but this one in its text.
fn is_of_a_ca(fault: &CertificateError) -> bool {
    matches!(fault, CertificateError::Other(OtherError(inner))
        if format!("{inner:?}").contains("CaUsedAsEndEntity"))
}

const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";
