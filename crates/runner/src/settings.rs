//! The settings of a run: the options of the command line as plain data.

use std::path::PathBuf;
use std::time::Duration;

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many cases are played at once.
    pub jobs: usize,
    /// How many at most where the target answers late.
    pub most_jobs: usize,
    /// How many are under way at most, those counted that merely wait for a silent target.
    pub most_watched: usize,
    /// How long an answer is waited for at most, and how long an exchange may take besides the waits
    /// that its case asks for.
    pub timeout: Duration,
    /// How long silence is waited for at least, however fast the control was answered.
    pub window_floor: Duration,
    /// How often a `fail` is played again.
    pub retries: u32,
    /// The least time from the beginning of one case to that of the next.
    pub delay: Duration,
    /// The seed of keys and other nonces.
    pub seed: u64,
    /// Field lines added to every request that is meant to reach the endpoint.
    pub headers: Vec<(String, String)>,
    /// The origin that the target allows.
    pub origin: Option<String>,
    /// Subprotocols that the target is said to know.
    pub subprotocols: Vec<String>,
    /// A subprotocol without which the target does not switch.
    pub required_subprotocol: Option<String>,
    /// Whether cases that can hurt a weak server are played.
    pub hazardous: bool,
    /// How many octets of an exchange are kept, a long head aside; exceeding this ends it.
    pub keep: usize,
    /// A shell command that starts the target, and starts it again when it has died.
    pub server_cmd: Option<String>,
    /// A file to which all that the command prints is added as it comes.
    pub server_log: Option<PathBuf>,
    /// What shows that the command's server is ready.
    pub ready: Ready,
    /// How long a server may take to be ready, and a target that has died to come back.
    pub ready_timeout: Duration,
}

/// What shows that a server that was started is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ready {
    /// The target takes connections.
    #[default]
    Accepts,
    /// This port of its host takes connections.
    Port(u16),
    /// It has printed this text, and the target takes connections.
    Printed(String),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            jobs: 16,
            most_jobs: 16,
            most_watched: 16,
            timeout: LONGEST_WAIT,
            window_floor: Duration::from_millis(500),
            retries: 1,
            delay: Duration::ZERO,
            seed: 0,
            headers: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            required_subprotocol: None,
            hazardous: false,
            keep: 96 * 1024,
            server_cmd: None,
            server_log: None,
            ready: Ready::Accepts,
            ready_timeout: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// How long silence is waited for, once it is known how long the control took to be answered.
    #[must_use]
    pub fn window(&self, answer: Duration) -> Duration {
        let patient = answer.saturating_mul(PATIENCE);
        patient.max(self.window_floor).min(self.timeout)
    }

    /// The time-out, or a longer one if silence could not be told from an answer that takes as long as the control's.
    pub(crate) fn least_timeout(&self, answer: Duration) -> Duration {
        let needed = answer.saturating_mul(PATIENCE).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        self.timeout.max(needed)
    }

    /// How many cases are played at once, once it is known how long the control took to be answered.
    #[must_use]
    pub fn jobs_when(&self, answer: Duration) -> usize {
        jobs_when(answer, self.jobs, self.most_jobs)
    }
}

/// So many jobs, or more where an answer is late, but no more than the most.
pub(crate) fn jobs_when(answer: Duration, jobs: usize, most: usize) -> usize {
    jobs.saturating_mul(lateness(answer) + 1).min(most).max(jobs).max(1)
}

/// How often the time of an answer that is not late fits into this one.
pub(crate) fn lateness(answer: Duration) -> usize {
    usize::try_from(answer.as_millis() / ON_TIME.as_millis()).unwrap_or(usize::MAX)
}

/// An answer that takes as long as this is late.
const ON_TIME: Duration = Duration::from_millis(100);

/// Servers' own timers run for whole seconds, five above all; a wait that ends with them would give now
/// one verdict and now another.
const LONGEST_WAIT: Duration = Duration::from_millis(5500);

/// Within less time a correct server on a busy machine may not answer.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);

/// How many times longer than the control's answer silence must last to count as such.
const PATIENCE: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_lies_between_floor_and_timeout() {
        let settings = Settings::default();
        let rows = [(0, 500), (10, 500), (50, 1000), (400, 5500)];
        for (answer, window) in rows {
            let got = settings.window(Duration::from_millis(answer));
            assert_eq!(got, Duration::from_millis(window), "{answer}");
        }
        let more = Settings { most_jobs: 64, ..settings.clone() };
        for (answer, jobs) in [(99, 16), (100, 32), (400, 64), (2000, 64)] {
            let answer = Duration::from_millis(answer);
            assert_eq!(
                (more.jobs_when(answer), settings.jobs_when(answer)),
                (jobs, 16),
                "{answer:?}"
            );
        }
        let hasty = Settings { timeout: Duration::from_millis(100), ..settings };
        assert_eq!(hasty.window(Duration::ZERO), Duration::from_millis(100));
        for (answer, least) in [(1, 250), (50, 1000), (400, 5500)] {
            let got = hasty.least_timeout(Duration::from_millis(answer));
            assert_eq!(got, Duration::from_millis(least), "{answer}");
        }
    }
}
