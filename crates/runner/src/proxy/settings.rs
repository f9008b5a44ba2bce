//! The settings of a run at both ends of an intermediary.

use std::time::Duration;

/// The settings of a run at both ends of an intermediary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// A shell command that starts the intermediary, with `{listen}` and `{listen-port}` for where it listens,
    /// `{origin}` and `{origin-port}` for our origin.
    pub command: Option<String>,
    /// Where the intermediary is a forward proxy: host and port of our origin, as its clients name it in targets.
    pub forward: Option<String>,
    /// How many cases are played at once.
    pub jobs: usize,
    /// How many at most where it answers late.
    pub most_jobs: usize,
    /// How many are under way at most, those counted that merely wait.
    pub most_watched: usize,
    /// How long an answer is waited for at most, and how long an exchange may take.
    pub timeout: Duration,
    /// How long silence is waited for at least.
    pub window_floor: Duration,
    /// How often a `fail` is played again.
    pub retries: u32,
    /// The seed of tags, keys and other nonces.
    pub seed: u64,
    /// Field lines added to every request.
    pub headers: Vec<(String, String)>,
    /// How many octets of each connection are kept in a case that is about much; in others it is 128 KiB at most.
    pub keep: usize,
    /// Whether cases that can hurt a weak target are played.
    pub hazardous: bool,
    /// How long the intermediary may take until a request comes through it.
    pub ready_timeout: Duration,
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            command: None,
            forward: None,
            jobs: 16,
            most_jobs: 16,
            most_watched: 16,
            timeout: Duration::from_secs(10),
            window_floor: Duration::from_millis(500),
            retries: 1,
            seed: 0,
            headers: Vec::new(),
            keep: 2 * 1024 * 1024,
            hazardous: false,
            ready_timeout: Duration::from_secs(20),
        }
    }
}
