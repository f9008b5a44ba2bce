//! A server that asks its client for a certificate.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS12;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use upspec_runner::{ClientCertificate, Connector, Opening, Target, Trust};

/// Takes who shows the certificate that it has itself.
fn strict(
    made: &rcgen::CertifiedKey<rcgen::KeyPair>,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![made.cert.der().clone()], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

#[tokio::test]
async fn it_is_shown_to_who_asks_for_one() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let shows = |key: &Path| ClientCertificate { chain: chain.clone(), key: key.to_owned() };
    let limit = Duration::from_secs(5);
    for versions in [&[&TLS12][..], rustls::ALL_VERSIONS] {
        let acceptor = strict(&made, versions);
        let address = serve(move |tcp: TcpStream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(mut stream) = acceptor.accept(tcp).await {
                    stream.write_all(b"welcome").await.unwrap();
                    stream.flush().await.unwrap();
                }
            }
        });
        let target = Target::parse(&format!("wss://{}/", address.await)).unwrap();
        let target = target.trusting(Trust::Anything);
        let shown = target.clone().showing(Some(shows(&key)));
        let connector = Connector::reach(&shown, Duration::ZERO, limit).await.unwrap();
        let opened = connector.open(Opening::AsTarget { alpn: &[] }, limit).await;
        let mut welcome = [0; 7];
        opened.unwrap().read_exact(&mut welcome).await.unwrap();
        let keyless = target.showing(Some(shows(&chain)));
        let error = Connector::reach(&keyless, Duration::ZERO, limit).await.err().unwrap();
        assert!(error.to_string().starts_with("cannot use the private key in "), "{error}");
    }
}
