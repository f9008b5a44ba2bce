//! Faults with heads that are malformed (RFC 9112 2.2, 5).

use upspec_handshake::ViolationKind::{BareCr, Nul, ObsFold, SpaceBeforeColon};

use crate::proxy::fault::Effect::{Forwarded, Overlook};
use crate::proxy::fault::scene::handshake;
use crate::proxy::fault::{ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("nul-passed-on", "NUL in a field value is passed on.")
        .breaks("rfc9110/5.5-cr-lf-nul")
        .shown_by(|| handshake("X-Odd: a\0b\r\n").gives("origin-1", "X-Odd: a\\x00b"))
        .by(Overlook(Nul)),
    fault("bare-cr-passed-on", "A CR without LF in a field value is passed on.")
        .breaks("rfc9112/2.2-bare-cr")
        .shown_by(|| handshake("X-Odd: a\rb\r\n").gives("origin-1", "X-Odd: a\\rb"))
        .by(Overlook(BareCr)),
    fault("request-fold-passed-on", "A folded line of a request is passed on folded.")
        .breaks("rfc9112/5.2-fold-request")
        .shown_by(|| handshake("X-Odd: a\r\n b\r\n").gives("origin-1", "X-Odd: a\\r\\n b"))
        .by(Overlook(ObsFold))
        .by(Forwarded(|head, came| {
            if let Some(at) = came.lines.iter().position(|line| line.starts_with(b" ")) {
                let folded = &came.lines[at.saturating_sub(1)..=at];
                let name = folded[0].split(|&octet| octet == b':').next().unwrap_or_default();
                head.remove(&String::from_utf8_lossy(name));
                head.lines.extend(folded.iter().cloned());
            }
        })),
    fault("space-before-colon-mended", "White space before a colon in a request is taken out.")
        .breaks("rfc9112/5.1-space-before-colon")
        .shown_by(|| handshake("X-Odd : a\r\n").gives("origin-1", "X-Odd: a"))
        .by(Overlook(SpaceBeforeColon)),
];
