//! TLS for our connections: whom we trust, and the rustls configuration for it.
//! Opens no connection.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ResolvesClientCert, WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor,
    verify_server_name,
};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, KeyLogFile, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::error::Error;

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Anyone's: no name and no issuer is checked. That the peer holds the certificate's private key
    /// still is.
    Anything,
    /// Those issued by the certificates in this PEM file, and no others.
    CaFile(PathBuf),
    /// Those that the operating system trusts.
    System,
}

/// What is shown to a server that asks its client for a certificate: a chain, and the key of its first certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The chain, in a PEM file.
    pub chain: PathBuf,
    /// The private key, in a PEM file; it may be the same.
    pub key: PathBuf,
}

/// The certificate and its key, as TLS wants them.
pub(crate) fn shown(files: &ClientCertificate) -> Result<Arc<CertifiedKey>, Error> {
    let chain = certificates_from(&files.chain)?;
    if chain.is_empty() {
        return Err(unusable(&files.chain, &"it holds no certificate"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| no_key(&files.key, &e))?;
    let shown = CertifiedKey::from_der(chain, key, &ring::default_provider());
    Ok(Arc::new(shown.map_err(|error| match error {
        rustls::Error::InvalidCertificate(why) => unusable(&files.chain, &why),
        error => no_key(&files.key, &error),
    })?))
}

/// The configuration of our side: TLS 1.2 and 1.3, without ALPN, which each connection sets for itself. The secrets go
/// to the file that `SSLKEYLOGFILE` names, if it is set.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let mut known = Vec::new();
    let verifier: Option<Arc<dyn ServerCertVerifier>> = match trust {
        Trust::Anything => None,
        Trust::CaFile(file) => {
            known = certificates_from(file)?;
            let roots = Arc::new(roots_of(&known, file)?);
            let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
            Some(builder.build().map_err(|e| unusable(file, &e))?)
        }
        Trust::System => {
            Some(Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?))
        }
    };
    let vetting = Vetting { provider, verifier, known };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(vetting))
        .with_no_client_auth();
    config.key_log = Arc::new(KeyLogFile::new());
    Ok(config)
}

fn certificates_from(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(file).map_err(|e| unusable(file, &e))?;
    let found: Result<Vec<_>, _> = found.collect();
    found.map_err(|e| unusable(file, &e))
}

fn roots_of(known: &[CertificateDer<'static>], file: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in known {
        roots.add(certificate.clone()).map_err(|e| unusable(file, &e))?;
    }
    if roots.is_empty() {
        return Err(unusable(file, &"it holds no certificate"));
    }
    Ok(roots)
}

fn unusable(file: &Path, why: &dyn fmt::Display) -> Error {
    Error::Certificates { file: file.to_owned(), why: why.to_string() }
}

fn no_key(file: &Path, why: &dyn fmt::Display) -> Error {
    Error::Key { file: file.to_owned(), why: why.to_string() }
}

/// Vets the server's certificate and checks the signatures that are made with its key.
#[derive(Debug)]
struct Vetting {
    provider: Arc<CryptoProvider>,
    /// Who vets certificates; nobody does where any certificate is believed.
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    /// The certificates that the user vouches for.
    known: Vec<CertificateDer<'static>>,
}

impl Vetting {
    /// What to make of a fault that the verifier finds. A certificate that the user vouches for need
    /// not be issued by anyone: one that is marked as a CA's, as `openssl req -x509` makes them, is
    /// believed under its name. Its dates are checked before that mark is met.
    fn second_look(
        &self,
        fault: CertificateError,
        shown: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let of_a_ca = is_of_a_ca(&fault);
        if of_a_ca && self.known.contains(shown) {
            verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        let oddity = match fault {
            _ if of_a_ca => Some(Oddity::OfACa),
            CertificateError::UnknownIssuer | CertificateError::BadSignature
                if self.is_self_signed(shown, now) =>
            {
                Some(Oddity::SelfSigned)
            }
            _ => None,
        };
        let named = |oddity| CertificateError::Other(OtherError(Arc::new(oddity)));
        Err(oddity.map_or(fault, named).into())
    }

    /// Whether the certificate is what vouches for it.
    fn is_self_signed(&self, shown: &CertificateDer<'_>, now: UnixTime) -> bool {
        let mut itself = RootCertStore::empty();
        let known = self.provider.signature_verification_algorithms.all;
        itself.add(shown.clone().into_owned()).is_ok()
            && ParsedCertificate::try_from(shown).is_ok_and(|certificate| {
                verify_server_cert_signed_by_trust_anchor(&certificate, &itself, &[], now, known)
                    .is_ok()
            })
    }
}

/// webpki has no public name for it that would reach us through rustls, but this one in its text.
fn is_of_a_ca(fault: &CertificateError) -> bool {
    matches!(fault, CertificateError::Other(OtherError(inner))
        if format!("{inner:?}").contains("CaUsedAsEndEntity"))
}

/// What is special about a certificate that nobody vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// It is marked as a CA's own.
    OfACa,
    /// It vouches for itself.
    SelfSigned,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OfACa => "its certificate is that of a CA, as self-signed ones often are",
            Self::SelfSigned => "its certificate is self-signed",
        })
    }
}

impl std::error::Error for Oddity {}

/// Shows the certificate that there is, if there is one, and remembers whether one was asked for.
#[derive(Debug)]
pub(crate) struct Papers {
    shown: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl Papers {
    pub(crate) fn new(shown: Option<Arc<CertifiedKey>>) -> Self {
        Self { shown, asked: AtomicBool::new(false) }
    }

    /// Whether the server asked for a certificate.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Papers {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.shown.clone()
    }

    fn has_certs(&self) -> bool {
        self.shown.is_some()
    }
}

impl ServerCertVerifier for Vetting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(verifier) = &self.verifier else {
            return Ok(ServerCertVerified::assertion());
        };
        let vetted =
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match vetted {
            Err(rustls::Error::InvalidCertificate(fault)) => {
                self.second_look(fault, end_entity, server_name, now)
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_ca_file_is_named() {
        let missing = Trust::CaFile(PathBuf::from("no/such/file.pem"));
        assert!(client_config(&missing).unwrap_err().to_string().contains("no/such/file.pem"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("empty.pem");
        std::fs::write(&file, "no certificate here").unwrap();
        let message = client_config(&Trust::CaFile(file)).unwrap_err().to_string();
        assert!(message.contains("holds no certificate"), "{message}");
    }
}
