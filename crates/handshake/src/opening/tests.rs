//! What is wrong with a request, row by row.

use super::{Consequence, Opening};
use crate::RequestHead;

const VALID: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn check(from: &str, to: &str, want: &[(Consequence, &str)]) {
    assert!(VALID.contains(from), "{from}");
    let bytes = VALID.replacen(from, to, 1);
    let head = RequestHead::parse(bytes.as_bytes()).complete().unwrap();
    let opening = Opening::read(&head);
    let got: Vec<(Consequence, &str)> =
        opening.defects.iter().map(|one| (one.consequence, one.requirement)).collect();
    assert_eq!(got, want, "{to}");
}

#[test]
fn a_valid_handshake_has_no_defect() {
    check("", "", &[]);
    check("Upgrade: websocket", "uPGRADE:\t foo/2,,WebSocket ", &[]);
    check("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade", &[]);
    check("HTTP/1.1", "HTTP/1.2", &[]);
    check("Host: a", "Host: [::1]:80\r\nSec-WebSocket-Protocol: a, b", &[]);
}

#[test]
fn http_has_its_own_rules() {
    use Consequence::{BadRequest, IgnoreUpgrade, Refuse, RejectOrRepair, Tolerable, Unsettled};
    check("Host: a\r\n", "", &[(BadRequest, "rfc9112/3.2-host")]);
    check("Host: a", "Host: a\r\nHost: a", &[(BadRequest, "rfc9112/3.2-host-repeated")]);
    check("Host: a", "Host: a b", &[(BadRequest, "rfc9112/3.2-host-invalid")]);
    check("Host: a", "Host : a", &[(BadRequest, "rfc9112/5.1-space-before-colon")]);
    check("HTTP/1.1", "HTTP/1.0", &[(IgnoreUpgrade, "rfc9110/7.8-http10")]);
    check("HTTP/1.1", "HTTP/0.9", &[(Refuse, "rfc6455/4.2.1-http-version")]);
    check("HTTP/1.1", "HTTP/2.0", &[(Unsettled, "rfc9110/6.2-505")]);
    check("Host: a", "Host: a\r\nX: b\r\n c", &[(RejectOrRepair, "rfc9112/5.2-fold-request")]);
    check("Host: a", "Host: a\r\n: b", &[(Tolerable, "rfc9112/5-field-line")]);
}

#[test]
fn a_body_is_allowed_if_its_end_can_be_told() {
    use Consequence::{BadRequest, Unsettled};
    check("Host: a", "Host: a\r\nContent-Length: 5", &[(Unsettled, "rfc9110/9.3.1-get-content")]);
    check("Host: a", "Host: a\r\nContent-Length: 0", &[]);
    check(
        "Host: a",
        "Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        &[(Unsettled, "rfc9112/6.1-te-and-cl-close")],
    );
    check(
        "Host: a",
        "Host: a\r\nContent-Length: 18446744073709551616",
        &[(Unsettled, "rfc9110/9.3.1-get-content")],
    );
    check("HTTP/1.1\r\nHost: a", "HTTP/2.0", &[(Unsettled, "rfc9110/6.2-505")]);
    check("Host: a", "Host: a\r\nContent-Length: x", &[(BadRequest, "rfc9112/6.3-invalid-cl")]);
}

#[test]
fn the_handshake_has_its_parts() {
    use Consequence::{IgnoreUpgrade, Refuse, RefuseMalformed, RefuseVersion};
    check("GET", "POST", &[(Refuse, "rfc6455/4.2.1-method")]);
    check("/chat", "/chat#a", &[(Refuse, "rfc6455/4.2.1-target")]);
    check("Upgrade: websocket", "Upgrade: websockets", &[(IgnoreUpgrade, "rfc9110/7.8-offered")]);
    check(
        "Connection: Upgrade",
        "Connection: close-upgrade",
        &[(IgnoreUpgrade, "rfc6455/4.2.1-connection")],
    );
    check("dGhlIHNhbXBsZSBub25jZQ==", "", &[(Refuse, "rfc6455/4.2.1-key")]);
    check("dGhlIHNhbXBsZSBub25jZQ==", "AAECAwQFBgcICQoLDA0O", &[(Refuse, "rfc6455/4.2.1-key")]);
    check("Version: 13", "Version: 9", &[(RefuseVersion, "rfc6455/4.4-version-list")]);
    check("Version: 13", "Version: 013", &[(Refuse, "rfc6455/4.2.1-version")]);
    check(
        "Host: a",
        "Host: a\r\nSec-WebSocket-Protocol: a b",
        &[(RefuseMalformed, "rfc6455/4.2.1-protocol-list")],
    );
    check(
        "Host: a",
        "Host: a\r\nSec-WebSocket-Extensions: a;",
        &[(RefuseMalformed, "rfc6455/9.1-malformed")],
    );
}
