//! Plays a plan against a target, from the first connection to the last control.
//! Never prints: what happens goes out as events.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use upspec_corpus::Registry;

use crate::event::{Event, RunOutcome};
use crate::plan::Plan;
use crate::session::Session;
use crate::settings::Settings;
use crate::target::Target;

/// Plays a plan. The order is: can the target be reached; the control; what else finds out what the
/// target can do; all other cases, `jobs` at a time; the control again.
///
/// When `cancel` comes about, exchanges under way are cut and the results so far returned. Give a
/// future that never ends where there is nothing to cancel with.
pub async fn run(
    plan: Plan,
    target: Target,
    settings: Settings,
    requirements: Arc<Registry>,
    events: UnboundedSender<Event>,
    cancel: impl Future<Output = ()>,
) -> RunOutcome {
    let mut session =
        Session::new(Arc::new(plan), Arc::new(target), Arc::new(settings), requirements, events);
    let ending = tokio::select! {
        biased;
        () = cancel => None,
        ending = session.play_all() => Some(ending),
    };
    let ending = ending.unwrap_or_else(|| session.interrupt());
    session.finish(ending).await
}
