//! The command, from outside: what a person types and what comes of it.
//! One binary: what waits for its peers waits side by side, and is linked once.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod again;
mod baseline;
mod clients;
mod config;
mod connect;
mod corpus;
mod corrupt;
mod deaths;
mod diff;
mod errors;
mod formats;
mod fuzz;
mod fuzz_client;
mod fuzz_proxy;
mod http2;
mod parts;
mod process_one;
mod proxies;
mod secrets;
mod serve_proxy;
mod stored;
mod stress;
mod support;
mod targets;
mod told;
