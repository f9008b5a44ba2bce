//! Connects to a target, plays the steps of cases and records every byte.
//! Whether an answer is complete, and what it is worth, is for `upspec_judge` to say.
//!
//! [`run`] plays a whole [`Plan`]; a [`Prober`] plays single cases on a target that it holds on to,
//! and a [`ClientProber`] with a client; [`run_proxy`] plays a plan at both ends of an intermediary;
//! [`play`] plays one case on one connection.

mod again;
mod answers;
mod bench;
mod bindings;
mod burst;
mod calm;
mod client;
mod connect;
mod contact;
mod cost;
mod crosstalk;
mod cut;
mod death;
mod discovery;
mod doubt;
mod drips;
mod duties;
mod early;
mod ease;
mod error;
mod event;
mod flow;
mod health;
mod idle;
mod leave;
mod place;
mod plan;
mod play;
mod printed;
mod prober;
mod proxy;
mod queue;
mod record;
mod results;
mod revive;
mod risk;
mod run;
mod schedule;
mod server;
mod settings;
mod source;
mod steps;
mod strange;
mod target;
mod tls;
mod trouble;
mod wire;
mod worker;

pub use bindings::{Nonces, Turn, fnv1a};
pub use client::{
    Call, ClientProber, ClientSettings, Command, CommandError, Started, Starter, run_clients,
};
pub use connect::{Connector, Opening, Stream, is_listening};
pub use ease::{FORBIDDEN, may_be_a_limit};
pub use error::Error;
pub use event::{Death, Ending, Event, RunOutcome};
pub use plan::{CLIENT_CONTROL, CONTROL, HTTP2_CONTROL, PROXY_CONTROL, Plan, is_control};
pub use play::{Limits, Play, play, play_on};
pub use prober::{Prober, bindings_of};
pub use proxy::{Origin, ProxyProber, ProxySettings, run_proxy};
pub use run::{LATE_DEATH, run};
pub use settings::{Ready, Settings};
pub use target::{Family, Scheme, Target};
pub use tls::{ClientCertificate, Trust};
