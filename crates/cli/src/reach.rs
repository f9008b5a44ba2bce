//! Waits until a target that somebody else starts takes connections.

use tokio::time::{Duration, Instant, sleep};
use upspec_runner::{Target, is_listening};

use crate::args::RunArgs;
use crate::signals;

/// Whether the target of a run takes connections, at the latest after `--ready-timeout`. What is no target is
/// for the run to refuse.
pub(crate) async fn ready(args: &RunArgs) -> bool {
    let Some(url) = &args.url else { return true };
    let Ok(target) = Target::parse(url) else { return true };
    let target = match &args.trust.connect_to {
        Some(place) => target.reached_at(place),
        None => Ok(target),
    };
    let Ok(target) = target else { return true };
    let target = target.over(args.trust.family()).coming_from(args.trust.from.clone());
    let until = Instant::now() + args.server.ready_timeout;
    while Instant::now() < until && !signals::has_come() {
        if is_listening(&target, PROBE).await {
            return true;
        }
        sleep(PAUSE).await;
    }
    false
}

/// How long a look may take, and the pause until the next one.
const PROBE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(50);
