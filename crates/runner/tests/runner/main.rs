//! The runner against real sockets: the reference, and peers that misbehave.
//! One binary: what waits for its peers waits side by side, and is linked once.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod beside;
mod calm;
mod client_certificate;
mod contact;
mod cost;
mod crosstalk;
mod cut;
mod death;
mod early;
mod gone;
mod http2;
mod links;
mod play;
mod resets;
mod run;
mod silent;
mod support;
mod tls;
