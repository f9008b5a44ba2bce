//! A conforming server, client and gateway built on the handshake model, and the same three with one named
//! fault. Where the RFCs leave a choice, they take the strict one.
//!
//! [`Session`] and [`ClientSession`] are one connection without I/O; [`Server`], [`connect`] and [`Proxy`] put
//! connections on TCP or TLS.

mod answer;
mod client;
mod config;
mod date;
mod fault;
mod http2;
mod proxy;
mod server;
mod session;
mod site;
mod tls;
mod tunnel;

pub use client::{
    Attempt, ClientAction, ClientConfig, ClientEnd, ClientFault, ClientReport, ClientScene,
    ClientSession, ClientVariation, Random, connect,
};
pub use config::{Config, Variation};
pub use fault::{Fault, Probe};
pub use proxy::{Proxy, ProxyConfig, ProxyFault, ProxyScene, ProxyStep, ProxyVariation};
pub use server::Server;
pub use session::{Action, Session};
pub use tls::Identity;
