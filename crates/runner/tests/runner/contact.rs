//! What a run says of a target that does not do as its URL says: one sentence on the trouble, and one thing
//! to try. Each peer is real, on loopback.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio_rustls::TlsAcceptor;
use upspec_corpus::case::{Case, Grade, Outcome, Over};
use upspec_handshake::RequestHead;
use upspec_handshake::field::key::accept;
use upspec_runner::{Ending, HTTP2_CONTROL, Plan, RunOutcome, Settings, Target, Trust, run};

/// A certificate with its key, and its PEM.
struct Identity {
    der: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

/// A self-signed certificate for `127.0.0.1`, changed as a test wants it.
fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    Identity { der: made.der().clone(), pem: made.pem(), key }
}

fn as_ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

/// A certificate that a CA has issued.
fn issued() -> Identity {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    as_ca(&mut params);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let made = made.signed_by(&key, &ca).unwrap();
    Identity { der: made.der().clone(), pem: ca.pem(), key }
}

/// How a TLS server is set up.
struct Secure<'a> {
    identity: &'a Identity,
    alpn: &'a [&'a str],
    versions: &'static [&'static SupportedProtocolVersion],
    wants_certificate: bool,
}

impl<'a> Secure<'a> {
    fn with(identity: &'a Identity) -> Self {
        Self {
            identity,
            alpn: &["http/1.1"],
            versions: rustls::ALL_VERSIONS,
            wants_certificate: false,
        }
    }

    /// Serves a WebSocket inside TLS.
    async fn serve(&self) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = if self.wants_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.identity.der.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivatePkcs8KeyDer::from(self.identity.key.serialize_der());
        let mut config = builder
            .with_single_cert(vec![self.identity.der.clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        serve(move |tcp| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(mut stream) = acceptor.accept(tcp).await {
                    let _ = stream.write_all(NOT_FOUND).await;
                    let _ = stream.flush().await;
                    let mut buffer = [0; 512];
                    while matches!(stream.read(&mut buffer).await, Ok(count) if count > 0) {}
                }
            }
        })
        .await
    }
}

/// Says these octets as soon as something came, and then nothing.
async fn answers(octets: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| async move {
        let mut first = [0; 512];
        if matches!(stream.read(&mut first).await, Ok(count) if count > 0) {
            answer(&mut stream, octets).await;
            drain(&mut stream).await;
        }
    })
    .await
}

/// Greets with these octets.
async fn greets(octets: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| async move {
        answer(&mut stream, octets).await;
        drain(&mut stream).await;
    })
    .await
}

fn http2_control() -> Case {
    let octets = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
        \0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84";
    let outcomes = [Outcome::Closed, Outcome::NotHttp, Outcome::Silent];
    let mut case = case(HTTP2_CONTROL, vec![send_octets(octets)]);
    case.over = Over::Http2;
    case.alpn = vec!["h2".to_owned()];
    case.expect.push(expect(Grade::Inconclusive, &outcomes));
    case
}

async fn run_at(target: Target) -> RunOutcome {
    let mut control = control();
    control.expect.push(expect(
        Grade::Inconclusive,
        &[
            Outcome::Class(2),
            Outcome::Class(3),
            Outcome::Class(4),
            Outcome::Class(5),
            Outcome::Closed,
            Outcome::Silent,
            Outcome::NotHttp,
        ],
    ));
    control.alpn = vec!["http/1.1".to_owned()];
    let plan = Plan::new(&[control, http2_control()], |_| true);
    let (events, _told) = unbounded_channel();
    let settings = Settings { timeout: Duration::from_millis(700), ..settings() };
    run(plan, target, settings, requirements(), events, pending()).await
}

/// Runs against a target and expects this sentence, with `{at}` in place of its address.
async fn says(url: &str, address: SocketAddr, trust: Trust, sentence: &str) {
    let url = url.replace("{at}", &address.to_string());
    let outcome = run_at(Target::parse(&url).unwrap().trusting(trust)).await;
    let said = outcome.ending.trouble().unwrap_or_else(|| "no trouble".to_owned());
    assert_eq!(said.replace(&address.to_string(), "{at}"), sentence, "{url}");
    let told = |result: &upspec_judge::CaseResult| {
        result.findings.iter().any(|finding| finding.message == said)
    };
    assert!(outcome.results.iter().any(told), "{url}: no case of the report says so");
}

fn file_with(pem: &str) -> (tempfile::TempDir, Trust) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    (folder, Trust::CaFile(file))
}

const REFUSED: &str = "the control got 404 instead of 101, so nothing that needs an upgrade could be judged; \
    the WebSocket endpoint may be elsewhere: give its path in the URL";

#[tokio::test]
async fn a_certificate_that_the_user_vouches_for_is_believed() {
    for identity in [self_signed(|_| {}), self_signed(as_ca), issued()] {
        let (_folder, trust) = file_with(&identity.pem);
        says("wss://{at}/", Secure::with(&identity).serve().await, trust, REFUSED).await;
    }
}

#[tokio::test]
async fn a_certificates_fault_is_named() {
    let other = self_signed(|_| {});
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2001, 1, 1);
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    let elsewhere = || {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        as_ca(&mut params);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        Identity { der: made.der().clone(), pem: made.pem(), key }
    };
    let begins = "the TLS handshake with {at} failed: its certificate";
    let give = "give it, or its CA's certificate, with --ca FILE, or try --insecure";
    let give_that = "give that certificate, or its CA's, with --ca, or try --insecure";
    let rows = [
        (self_signed(|_| {}), false, format!("{begins} is self-signed; {give}")),
        (
            self_signed(as_ca),
            false,
            format!("{begins} is that of a CA, as self-signed ones often are; {give}"),
        ),
        (
            issued(),
            false,
            format!(
                "the TLS handshake with {{at}} failed: nobody trusted here issued its certificate; {give}"
            ),
        ),
        (
            self_signed(expired),
            true,
            format!("{begins} has expired; renew it, or believe it as it is with --insecure"),
        ),
        (
            self_signed(early),
            true,
            format!(
                "{begins} is not valid yet; check the clocks, or believe it as it is with --insecure"
            ),
        ),
        (
            elsewhere(),
            true,
            format!(
                "{begins} is for a.example, and not for 127.0.0.1; give a name that it is for in the \
                 URL, or with --server-name, or believe it as it is with --insecure"
            ),
        ),
    ];
    for (identity, given, sentence) in rows {
        let (_folder, given_trust) = file_with(&identity.pem);
        let trust = if given { given_trust } else { Trust::System };
        says("wss://{at}/", Secure::with(&identity).serve().await, trust, &sentence).await;
    }
    let (_folder, trust) = file_with(&other.pem);
    let identity = self_signed(|_| {});
    let sentence = format!("{begins} is self-signed; {give_that}");
    says("wss://{at}/", Secure::with(&identity).serve().await, trust, &sentence).await;
}

#[tokio::test]
async fn a_handshake_that_the_server_declines_is_told_with_its_alert() {
    let identity = self_signed(as_ca);
    let failed = "the TLS handshake with {at} failed:";
    let alpn = Secure { alpn: &["other"], ..Secure::with(&identity) }.serve().await;
    let sentence = format!(
        "{failed} it sent the alert no_application_protocol (120), for ALPN has no protocol in common \
         with ours; let the server accept http/1.1 by ALPN"
    );
    says("wss://{at}/", alpn, Trust::Anything, &sentence).await;
    let none = "show it one that it takes, with --client-cert FILE";
    let old = Secure { wants_certificate: true, versions: TLS12_ALONE, ..Secure::with(&identity) };
    let sentence = format!(
        "{failed} the server wants a certificate of its client; it sent the alert certificate_required \
         (116); {none}"
    );
    says("wss://{at}/", old.serve().await, Trust::Anything, &sentence).await;
    let new = Secure { wants_certificate: true, ..Secure::with(&identity) };
    let sentence = format!(
        "the control got no HTTP response: the server sent the alert certificate_required (116); {none}"
    );
    says("wss://{at}/", new.serve().await, Trust::Anything, &sentence).await;
}

#[tokio::test]
async fn an_old_tls_is_named() {
    // A ServerHello of TLS 1.1 with a cipher suite that it has.
    let mut hello = b"\x16\x03\x02\0\x2a\x02\0\0\x26\x03\x02".to_vec();
    hello.extend([7; 32]);
    hello.extend(b"\0\0\x2f\0");
    let hello: &'static [u8] = hello.leak();
    let sentence = "the TLS handshake with {at} failed: it speaks an older TLS than 1.2; let the server \
        speak TLS 1.2 or 1.3, which upspec speaks";
    says("wss://{at}/", answers(hello).await, Trust::Anything, sentence).await;
    let sentence = "the TLS handshake with {at} failed: it sent the alert protocol_version (70); let the \
        server speak TLS 1.2 or 1.3, which upspec speaks";
    let alert = answers(b"\x15\x03\x01\0\x02\x02\x46").await;
    says("wss://{at}/", alert, Trust::Anything, sentence).await;
}

#[tokio::test]
async fn the_wrong_scheme_is_told() {
    let identity = self_signed(|_| {});
    let secure = Secure::with(&identity).serve().await;
    let sentence = "the control got TLS instead of HTTP: the server sent the alert decode_error (50); TLS is spoken there: try wss://";
    says("ws://{at}/", secure, Trust::System, sentence).await;
    // Closes at once, unless TLS is spoken.
    let acceptor = {
        let key = PrivatePkcs8KeyDer::from(identity.key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.der.clone()], PrivateKeyDer::Pkcs8(key));
        TlsAcceptor::from(Arc::new(config.unwrap()))
    };
    let polite = acceptor.clone();
    let shy = serve(move |stream: TcpStream| {
        let acceptor = acceptor.clone();
        async move {
            if beginning(&stream).await.starts_with('\x16') {
                let _ = acceptor.accept(stream).await;
            }
        }
    });
    let sentence = "the control got no HTTP response: the server reset the connection; TLS is spoken there: try wss://";
    says("ws://{at}/", shy.await, Trust::System, sentence).await;

    // As nginx does it, with a page.
    let polite = serve(move |mut stream: TcpStream| {
        let acceptor = polite.clone();
        async move {
            if beginning(&stream).await.starts_with('\x16') {
                let _ = acceptor.accept(stream).await;
            } else {
                answer(&mut stream, BAD_REQUEST).await;
            }
        }
    });
    let sentence = "the control got 400 instead of 101, so nothing that needs an upgrade could be judged; \
        TLS is spoken there: try wss://";
    says("ws://{at}/", polite.await, Trust::System, sentence).await;

    let failed = "the TLS handshake with {at} failed: what it sent is not TLS;";
    let sentence = format!("{failed} it speaks HTTP without TLS there: try ws://");
    says("wss://{at}/", answers(NOT_FOUND).await, Trust::System, &sentence).await;
    let ssh = "in clear text it says \"SSH-2.0-OpenSSH_9.2\\r\\n\", which is SSH: check the port in the URL";
    let sentence = format!("{failed} {ssh}");
    says("wss://{at}/", greets(SSH).await, Trust::System, &sentence).await;
    let patient = serve(|mut stream| async move {
        read_head(&mut stream).await;
        answer(&mut stream, NOT_FOUND).await;
        drain(&mut stream).await;
    });
    let sentence = "{at} takes the connection, and the TLS handshake got no answer within 700 ms; it \
        speaks HTTP without TLS there: try ws://";
    says("wss://{at}/", patient.await, Trust::System, sentence).await;
}

#[tokio::test]
async fn what_is_no_http_is_named() {
    let no = "the control got no HTTP response: the server";
    let silent = serve(|mut stream| async move { drain(&mut stream).await }).await;
    let sentence = format!(
        "{no} took the connection and sent nothing within 700 ms; check the port, or try h2c:// if it \
         speaks HTTP/2 alone"
    );
    let outcome = run_at(Target::parse(&format!("ws://{silent}/")).unwrap()).await;
    let said = outcome.ending.trouble().unwrap();
    let waited = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    assert_eq!(waited(&said), waited(&sentence));
    let closes = serve(|mut stream| async move {
        read_head(&mut stream).await;
    });
    let sentence = format!(
        "{no} closed the connection without an octet; check the port, or try h2c:// if it speaks \
         HTTP/2 alone"
    );
    says("ws://{at}/", closes.await, Trust::System, &sentence).await;
    let sentence = "the control got \"SSH-2.0-OpenSSH_9.2\\r\\n\" instead of HTTP, which is SSH; check the \
        port in the URL";
    says("ws://{at}/", greets(SSH).await, Trust::System, sentence).await;
    let sentence = "the control got \"\\x04\\x1bhello\" instead of HTTP; check the port in the URL";
    let sentence = sentence.replace("\\x1b", "\\x1B");
    says("ws://{at}/", answers(b"\x04\x1bhello").await, Trust::System, &sentence).await;
    let frames = answers(b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01").await;
    let sentence = "the control got HTTP/2 instead of HTTP/1.1; try h2c://, for HTTP/2 alone";
    says("ws://{at}/", frames, Trust::System, sentence).await;
    let sentence = "the control got \"HTTP/1.1 400 Bad Request\\r\\nDate: Thu, 26 Nov 2026 12:00:00 \
        GMT\\r\\nContent-Length: 0…\" instead of HTTP/2; try ws://, for HTTP/1.1";
    says("h2c://{at}/", answers(BAD_REQUEST).await, Trust::System, sentence).await;
}

#[tokio::test]
async fn a_response_says_what_to_try() {
    let path = "give the endpoint's path in the URL";
    let elsewhere = "the WebSocket endpoint may be elsewhere: give its path in the URL";
    let library = "some libraries answer so to a path that they do not serve:";
    let rows: [(&str, &str, &str); 14] = [
        ("200 OK", "", &format!("an ordinary page seems to be there: {path}")),
        (
            "302 Found",
            "Location: https://a.example/ws\r\n",
            "it leads to https://a.example/ws, and upspec follows no redirects: give that URL",
        ),
        ("400 Bad Request", "", &format!("{library} {path}")),
        (
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"a\"\r\n",
            "it wants credentials: give them with --header 'Authorization: Basic …'",
        ),
        (
            "403 Forbidden",
            "",
            "it may check the origin: try --origin, or --header for what else it wants",
        ),
        ("404 Not Found", "", elsewhere),
        (
            "421 Misdirected Request",
            "",
            "it does not serve this host: give the name that it is known by in the URL",
        ),
        (
            "426 Upgrade Required",
            "Upgrade: websocket\r\n",
            "it saw no handshake: a proxy on the way may drop Upgrade, so give the server's own URL",
        ),
        ("426 Upgrade Required", "Upgrade: TLS/1.2\r\n", "it wants TLS: try wss://"),
        (
            "426 Upgrade Required",
            "Upgrade: websocket\r\nSec-WebSocket-Version: 8, 7\r\n",
            "it speaks WebSocket in version 8, 7, and upspec in version 13",
        ),
        (
            "429 Too Many Requests",
            "",
            "it limits how often one may ask: wait a while, then try --jobs 1",
        ),
        ("500 Internal Server Error", "", "see the server's log for what went wrong"),
        ("502 Bad Gateway", "", "the gateway reaches no server: start that, or give its own URL"),
        (
            "503 Service Unavailable",
            "",
            "it is busy, or not up yet: wait a while, then try --jobs 1",
        ),
    ];
    for (status, fields, advice) in rows {
        let octets = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\n\r\n").into_bytes();
        let sentence = format!(
            "the control got {} instead of 101, so nothing that needs an upgrade could be judged; \
             {advice}",
            &status[..3]
        );
        says("ws://{at}/", answers(octets.leak()).await, Trust::System, &sentence).await;
    }
}

#[tokio::test]
async fn a_refusal_that_explains_itself_is_quoted() {
    let got = |says: &str| {
        format!(
            "the control got 400 instead of 101 (\"{says}\"), so nothing that needs an upgrade could be \
             judged;"
        )
    };
    let go = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    let sentence = format!(
        "{} TLS is spoken there: try wss://",
        got("Client sent an HTTP request to an HTTPS server.")
    );
    says("ws://{at}/", answers(go).await, Trust::System, &sentence).await;
    let library = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\n\r\nBad Request";
    let sentence = format!(
        "{} some libraries answer so to a path that they do not serve: check the path in the URL, then \
         try --subprotocol NAME --require-subprotocol",
        got("Bad Request")
    );
    says("ws://{at}/chat", answers(library).await, Trust::System, &sentence).await;
}

#[tokio::test]
async fn a_handshake_accepted_with_200_is_told_as_such() {
    let address = serve(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let Some(head) = RequestHead::parse(&head).complete() else { return };
        let Some(key) = head.fields.values("Sec-WebSocket-Key").next() else { return };
        let head = b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: ";
        answer(&mut stream, &[&head[..], &accept(key), b"\r\n\r\n"].concat()).await;
    });
    let sentence = "the handshake was accepted with 200 where 101 is due: Upgrade, Connection and the right \
        Sec-WebSocket-Accept are there; no client takes it for a WebSocket";
    says("ws://{at}/", address.await, Trust::System, sentence).await;
}

#[tokio::test]
async fn where_http2_is_not_spoken_either_the_first_trouble_counts() {
    let identity = self_signed(|_| {});
    let secure = Secure { alpn: &["h2"], ..Secure::with(&identity) }.serve().await;
    let target = Target::parse(&format!("wss://{secure}/")).unwrap().trusting(Trust::Anything);
    assert!(matches!(run_at(target).await.ending, Ending::Unreachable { .. }));
}

static TLS12_ALONE: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";
