//! The certificates that clients are shown: made when a run begins, and gone when it is over. The file of the
//! authority is what `{ca}` names.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{KeyLogFile, ServerConfig};
use tempfile::NamedTempFile;
use upspec_corpus::case::Certificate;

/// What a client can be shown, and the file with what it should trust.
pub(crate) struct Certificates {
    shown: Vec<(Certificate, Arc<ServerConfig>)>,
    authority: NamedTempFile,
}

impl Certificates {
    /// Fresh keys and certificates.
    pub(crate) fn fresh() -> io::Result<Self> {
        let (issuer, pem) = authority("upspec test authority")?;
        let (stranger, _) = authority("upspec unknown authority")?;
        let mut shown = Vec::new();
        for (kind, issuer, names, years) in [
            (Certificate::Good, &issuer, &OURS[..], (-1, 1)),
            (Certificate::Untrusted, &stranger, &OURS[..], (-1, 1)),
            (Certificate::OtherName, &issuer, &["upspec.example"][..], (-1, 1)),
            (Certificate::Expired, &issuer, &OURS[..], (-3, -1)),
        ] {
            shown.push((kind, leaf(issuer, names, years)?));
        }
        let mut authority =
            tempfile::Builder::new().prefix("upspec-ca-").suffix(".pem").tempfile()?;
        authority.write_all(pem.as_bytes())?;
        authority.flush()?;
        Ok(Self { shown, authority })
    }

    /// Writes the certificate to trust to another file as well.
    pub(crate) fn write_to(&self, path: &Path) -> io::Result<()> {
        std::fs::copy(self.file(), path).map(|_| ())
    }

    /// The file with the certificate to trust, in PEM.
    pub(crate) fn file(&self) -> &Path {
        self.authority.path()
    }

    /// The server's side of TLS with a certificate of this kind, and these protocols in ALPN.
    pub(crate) fn config(&self, kind: Certificate, alpn: &[String]) -> Arc<ServerConfig> {
        let found = self.shown.iter().find(|(known, _)| *known == kind).or(self.shown.first());
        let (_, config) = found.expect("every kind was made");
        let mut config = ServerConfig::clone(config);
        config.alpn_protocols = alpn.iter().map(|name| name.clone().into_bytes()).collect();
        Arc::new(config)
    }
}

fn authority(name: &str) -> io::Result<(Issuer<'static, KeyPair>, String)> {
    let mut params = params(&[], (-1, 1))?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.self_signed(&key).map_err(io::Error::other)?;
    Ok((Issuer::new(params, key), certificate.pem()))
}

fn leaf(
    issuer: &Issuer<'static, KeyPair>,
    names: &[&str],
    years: (i32, i32),
) -> io::Result<Arc<ServerConfig>> {
    let mut params = params(names, years)?;
    params.distinguished_name.push(DnType::CommonName, "upspec");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.signed_by(&key, issuer).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)
        });
    let mut config = config.map_err(io::Error::other)?;
    config.key_log = Arc::new(KeyLogFile::new());
    Ok(Arc::new(config))
}

/// Parameters with these names, and dates so many years from now.
fn params(names: &[&str], (from, to): (i32, i32)) -> io::Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    let year = this_year();
    params.not_before = date_time_ymd(year + from, 1, 1);
    params.not_after = date_time_ymd(year + to, 12, 31);
    Ok(params)
}

/// To the day where it does not matter.
fn this_year() -> i32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let years = since.as_secs() * 10_000 / (365 * 86_400 * 10_000 + 2_425 * 86_400);
    1970 + i32::try_from(years).unwrap_or(0)
}

/// What our listeners are called.
const OURS: [&str; 5] =
    ["localhost", "127.0.0.1", "::1", "localhost.localdomain", "upspec.localhost"];
