//! A conforming server built on the handshake model, and the same server with one named fault.
//! Where the RFCs leave a choice, it takes the strict one.
//!
//! [`Session`] is one connection without I/O; [`Server`] puts sessions on TCP or TLS connections.

mod answer;
mod config;
mod date;
mod fault;
mod http2;
mod server;
mod session;
mod site;
mod tls;
mod tunnel;

pub use config::{Config, Variation};
pub use fault::{Fault, Probe};
pub use server::Server;
pub use session::{Action, Session};
pub use tls::Identity;
