//! Connects to a target, plays the steps of cases and records every byte.
//! What an answer is worth, and whether it is complete, `upspec_judge` says.
//!
//! [`run`] plays a whole [`Plan`]; a [`Prober`] plays single cases on a target that it holds on to;
//! [`play`] plays one case on one connection.

mod aftermath;
mod bindings;
mod connect;
mod context;
mod event;
mod health;
mod leave;
mod needs;
mod plan;
mod play;
mod prober;
mod record;
mod run;
mod script;
mod server;
mod session;
mod settings;
mod target;
mod tls;
mod wire;

pub use bindings::{Nonces, Turn};
pub use connect::{ConnectError, Connector, Opening, Stream};
pub use event::{Death, Ending, Event, RunOutcome};
pub use plan::{CONTROL, HTTP2_CONTROL, Plan};
pub use play::{Limits, Play, play};
pub use prober::{Prober, bindings_of};
pub use run::run;
pub use script::{Action, script};
pub use settings::Settings;
pub use target::{Scheme, Target, TargetError};
pub use tls::{Trust, TrustError};
