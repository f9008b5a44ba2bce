//! How we leave a connection whose case is over: with what the judge says, such as a Close frame, and
//! with a FIN, in bounded time, so that the next case meets a server in good order.
//! Never changes what the case has shown: all of it is recorded as leave-taking.

use std::time::Duration;

use tokio::time::Instant;
use upspec_exchange::{IoKind, Record};
use upspec_judge::Leave;

use crate::wire::{Stop, Wire};

/// Takes leave and closes.
pub(crate) async fn leave(mut wire: Wire, stop: Stop, leave: &Leave, window: Duration) -> Record {
    if !leave.octets.is_empty() && stop != Stop::Full && wire.is_writable() {
        say_goodbye(&mut wire, leave, window.min(LEAVE)).await;
    }
    wire.close(window.min(DRAIN)).await
}

/// RFC 6455 section 7.1.1: after the Close frames of both sides the server ends the connection first,
/// so we wait for that, but not for long.
async fn say_goodbye(wire: &mut Wire, leave: &Leave, time: Duration) {
    let until = Instant::now() + time;
    let kind = IoKind::WroteLeave;
    let mut going_on = wire.write(&leave.octets, kind, time, until).await;
    while leave.awaits_end && going_on.is_ok() {
        going_on = wire.read_until(until).await;
    }
}

/// How long the peer has to answer our Close frame.
const LEAVE: Duration = Duration::from_secs(1);
/// How long what is still under way is dropped.
const DRAIN: Duration = Duration::from_millis(50);
