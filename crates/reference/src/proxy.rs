//! A conforming gateway built on the handshake model, and the same gateway with one named fault: HTTP/1.1 towards
//! its clients and towards its one origin, and HTTP/2 with either where it is spoken there.
//!
//! A `Relay` is one connection of a client with the exchanges on it, without I/O; [`Proxy`] puts relays on TCP or
//! TLS connections. A gateway is an origin server to its client (RFC 9110 3.7) and a client to its origin. It reads
//! the whole of a request before it asks the origin, and passes the answer on as it comes.

mod back;
mod config;
mod content;
mod exchange;
mod fault;
mod fields;
mod gate;
mod half;
mod http2;
mod link;
mod own;
mod pipe;
mod pool;
mod relay;
mod request;
mod response;
mod tunnel;
mod variation;

pub use config::ProxyConfig;
pub use fault::{ProxyFault, Scene as ProxyScene, Step as ProxyStep};
pub use link::Proxy;
pub use variation::ProxyVariation;

#[cfg(test)]
mod tests;
