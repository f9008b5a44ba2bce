//! Faults in further attempts: redirects, challenges, retries (RFC 6455 4.1, 7.2.3; RFC 9110 15).

use crate::client::fault::scene::{Scene, answered, octets};
use crate::client::fault::{ClientFault, Point, fault};
use crate::client::variation::Way;

pub(super) const ROWS: &[ClientFault] = &[
    fault("retries-forever", "It asks again after every refusal.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(|| refusal("426 Upgrade Required", ""))
        .at(Point::RetriesForever),
    fault("reconnect-storm", "It comes back at once when a connection is lost.")
        .breaks("rfc6455/7.2.3-backoff")
        .shown_by(|| answered().ended())
        .at(Point::ReconnectStorm),
    fault("asks-here-again", "It asks again on a connection that has to end.")
        .breaks("rfc9112/9.6-close-received-client")
        .shown_by(|| refusal("404 Not Found", "Connection: close\r\n"))
        .at(Point::AsksHereAgain),
    fault("two-at-once", "It opens a second connection where the first is not answered at once.")
        .breaks("rfc6455/4.1-one-connecting")
        .at(Point::TwoAtOnce),
    fault("redirects-forever", "It follows redirects without end.")
        .breaks("rfc6455/4.1-not-101")
        .beside(&[Way::FollowsRedirects])
        .shown_by(|| refusal("302 Found", "Location: ws://{authority}/\r\n"))
        .at(Point::RedirectsForever),
    fault("redirect-keeps-host", "Behind a redirect Host stays what it was.")
        .breaks("rfc9112/3.2-client-host")
        .beside(&[Way::FollowsRedirects])
        .shown_by(|| refusal("307 x", "Location: ws://localhost:82/elsewhere\r\n"))
        .at(Point::RedirectKeepsHost),
    fault("redirect-keeps-credentials", "Credentials go to wherever a redirect leads.")
        .breaks("rfc9110/15.4-automatic-fields")
        .beside(&[Way::FollowsRedirects, Way::Credentials, Way::CredentialsAtOnce])
        .shown_by(|| {
            refusal("302 Found", "Location: ws://localhost:82/elsewhere\r\n")
                .at("ws://user:pass@{authority}/")
        })
        .at(Point::RedirectKeepsCredentials),
    fault("redirect-below", "A Location without a host is taken for a path below that of the URL.")
        .breaks("rfc9110/15.4-automatic-fields")
        .beside(&[Way::FollowsRedirects])
        .shown_by(|| refusal("302 Found", "Location: /elsewhere?x=1\r\n").at("/a/b"))
        .at(Point::RedirectRelativeWrong),
    fault("redirect-behind", "A Location of one segment stands behind the whole path.")
        .breaks("rfc9110/15.4-automatic-fields")
        .beside(&[Way::FollowsRedirects])
        .shown_by(|| refusal("302 Found", "Location: d\r\n").at("/a/b"))
        .at(Point::RedirectSegmentWrong),
    fault("challenged-forever", "It sends the same credentials again and again.")
        .breaks("rfc6455/4.1-not-101")
        .beside(&[Way::Credentials, Way::CredentialsAtOnce])
        .shown_by(|| {
            refusal("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n")
                .at("ws://user:pass@{authority}/")
        })
        .at(Point::ChallengedForever),
];

fn refusal(status: &str, lines: &str) -> Scene {
    octets(format!("HTTP/1.1 {status}\r\n{lines}Content-Length: 0\r\n\r\n"))
}
