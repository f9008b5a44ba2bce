//! Work that takes its time in a faulty server. It is done by waiting, so that tests need no processor.

use std::thread::sleep;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Takes so many steps, and two seconds at the most.
pub(crate) fn of(steps: u64) {
    let time = STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX)).min(MOST);
    if time < LEAST {
        return;
    }
    // Other connections go on meanwhile, and other servers of this process.
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(|| sleep(time)),
        _ => sleep(time),
    }
}

/// Takes as many steps as this has a square.
pub(crate) fn of_square(count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    of(count.saturating_mul(count));
}

const STEP: Duration = Duration::from_nanos(20);
const LEAST: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_secs(2);
