//! Faults in what a request offers (RFC 6455 4.1, 9.1; RFC 7692 7).

use super::{EXTENSIONS, PROTOCOL};
use crate::client::fault::Effect::Request;
use crate::client::fault::{ClientFault, fault};

pub(super) const ROWS: &[ClientFault] = &[
    fault("subprotocol-twice", "A subprotocol is offered twice.")
        .breaks("rfc6455/4.1-subprotocols")
        .by(Request(|request| request.set(PROTOCOL, b"chat, superchat, chat"))),
    fault("subprotocol-with-space", "A subprotocol is no token.")
        .breaks("rfc6455/4.1-subprotocols")
        .by(Request(|request| request.set(PROTOCOL, b"chat, super chat"))),
    fault("subprotocols-empty", "An empty list of subprotocols is offered.")
        .breaks("rfc6455/4.1-subprotocols")
        .by(Request(|request| request.set(PROTOCOL, b""))),
    fault("extensions-malformed", "The extensions on offer are malformed.")
        .breaks("rfc6455/4.3-extension-param")
        .by(Request(|request| request.set(EXTENSIONS, b"permessage-deflate;"))),
    fault("extension-unregistered", "An extension that nobody has registered is offered.")
        .breaks("rfc6455/9.1-registered")
        .by(Request(|request| {
            request.set(EXTENSIONS, b"permessage-deflate; client_max_window_bits, x-upspec");
        })),
    fault("deflate-offer-unknown", "An offer of permessage-deflate has an unknown parameter.")
        .breaks("rfc6455/9.1-defined-params")
        .by(Request(|request| request.set(EXTENSIONS, b"permessage-deflate; x_upspec=1"))),
    fault("deflate-offer-window", "An offer of permessage-deflate has a window of 7 bits.")
        .breaks("rfc6455/9.1-defined-params")
        .by(Request(|request| {
            request.set(EXTENSIONS, b"permessage-deflate; server_max_window_bits=7");
        })),
    fault("deflate-offer-repeated", "An offer of permessage-deflate has a parameter twice.")
        .breaks("rfc6455/9.1-defined-params")
        .by(Request(|request| {
            request.set(
                EXTENSIONS,
                b"permessage-deflate; client_max_window_bits; client_max_window_bits=10",
            );
        })),
];
