//! A conforming client built on the handshake model, and the same client with one named fault.
//! It is never lenient, and follows nothing and answers no challenge unless a variation says so.
//!
//! [`ClientSession`] is one connection without I/O; [`connect`] puts sessions on TCP or TLS connections.

mod answer;
mod attempt;
mod config;
mod fault;
mod follow;
mod http2;
mod link;
mod random;
mod report;
mod request;
mod session;
mod tls;
mod tunnel;
mod url;
mod variation;

use std::sync::Arc;

pub use attempt::Attempt;
pub use config::ClientConfig;
pub use fault::{ClientFault, Scene as ClientScene};
pub use random::Random;
pub use report::{ClientEnd, ClientReport};
pub use session::{ClientAction, ClientSession};
pub use variation::ClientVariation;

/// Opens a connection as `config` says, says what there is to say, and waits for its end; all that happens is
/// told to `report`, in its order.
pub async fn connect(
    config: &ClientConfig,
    report: &mut (dyn FnMut(ClientReport) + Send),
) -> ClientEnd {
    let fail = |why: String, report: &mut (dyn FnMut(ClientReport) + Send)| {
        report(ClientReport::Error(why.clone()));
        ClientEnd::Failed(why)
    };
    let mut attempt = match Attempt::first(config) {
        Ok(attempt) => attempt,
        Err(why) => return fail(why, report),
    };
    let config = Arc::new(config.clone());
    let random = Random::of_the_system();
    loop {
        match link::run(&config, attempt, &random, report).await {
            Ok(link::Left::Again(next)) => attempt = *next,
            Ok(link::Left::Over(end)) => return end,
            Err(why) => return fail(why, report),
        }
    }
}

#[cfg(test)]
mod tests;
