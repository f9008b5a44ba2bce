//! Faults with 1xx responses (RFC 9110 15.2).

use super::{restore_named, status};
use crate::proxy::fault::Effect::{Fail, Finish, Returned};
use crate::proxy::fault::scene::{OK, get, handshake, sent, switch};
use crate::proxy::fault::{Point, ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("early-hints-final", "A 103 is the final answer.")
        .breaks("rfc9110/15.2-client-parses")
        .shown_by(|| get("").origin(HINTS).origin(OK).keeps("client", "hello"))
        .by(Finish(|came, _| status(came) == 103)),
    fault("continue-final", "A 100 that it did not ask for is the final answer.")
        .breaks("rfc9110/15.2-client-parses")
        .shown_by(|| {
            get("").origin("HTTP/1.1 100 Continue\r\n\r\n").origin(OK).keeps("client", "hello")
        })
        .by(Finish(|came, _| status(came) == 100)),
    fault("interim-fails", "An interim response is no answer.")
        .breaks("rfc9110/15.2-client-parses")
        .shown_by(|| handshake("").origin(HINTS).origin(switch("")).gives("client", " 502 "))
        .by(Fail(|came, _| matches!(status(came), 100 | 102..=199))),
    fault("second-interim-fails", "A second interim response is one too many.")
        .breaks("rfc9110/15.2-client-parses")
        .shown_by(|| get("").origin(format!("{HINTS}{HINTS}{OK}")).gives("client", " 502 "))
        .at(Point::OneInterim),
    fault("interim-to-http10", "Interim responses go to clients of HTTP/1.0.")
        .breaks("rfc9110/15.2-http10")
        .shown_by(|| sent("GET / HTTP/1.0\r\n\r\n").origin(HINTS).gives("client", " 103 "))
        .at(Point::InterimToOld),
    fault("interim-named-field-kept", "A field that Connection names in a 1xx is passed on.")
        .breaks("rfc9110/7.6.1-removed")
        .shown_by(|| {
            get("")
                .origin("HTTP/1.1 103 x\r\nConnection: x-rhop\r\nX-Rhop: 1\r\n\r\n")
                .gives("client", "X-Rhop")
        })
        .by(Returned(|head, came| {
            if matches!(status(came), 102..=199) {
                restore_named(head, came);
            }
        })),
];

const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
