//! How many cases can be played at a time with the file descriptors that there are.

/// The number of jobs that the limit of descriptors allows, at most `wanted`. The limit is raised as far as the
/// jobs need it and the system lets us.
pub(crate) fn jobs(wanted: u16) -> u16 {
    let wanted = u64::from(wanted);
    let allowed = available(RESERVE + wanted * PER_JOB).saturating_sub(RESERVE) / PER_JOB;
    u16::try_from(wanted.min(allowed.max(1))).unwrap_or(u16::MAX)
}

/// How many descriptors there are for us, if so many are needed.
#[cfg(unix)]
fn available(needed: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let Some(now) = limit.current.filter(|now| *now < needed) else {
        return needed;
    };
    let more = limit.maximum.map_or(needed, |most| most.min(needed));
    let raised = Rlimit { current: Some(more), maximum: limit.maximum };
    if more > now && setrlimit(Resource::Nofile, raised).is_ok() { more } else { now }
}

#[cfg(not(unix))]
fn available(needed: u64) -> u64 {
    needed
}

/// What the process itself has open: streams, the runtime, a server's output, a report.
const RESERVE: u64 = 32;
/// A connection, its twin, a look at the target, and the other end of the embedded server's.
const PER_JOB: u64 = 4;

#[cfg(test)]
mod tests {
    use super::jobs;

    #[test]
    fn few_jobs_need_no_more_than_there_is() {
        assert_eq!(jobs(1), 1);
        assert!(jobs(8) >= 1);
    }
}
