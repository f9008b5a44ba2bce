//! Where a client has its keys and masks from.
//! Reads no clock; whoever makes a session says what is drawn.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::ring;

/// A source of octets that nobody can tell beforehand (RFC 6455 4.1, 5.3).
#[derive(Clone)]
pub struct Random(Arc<Mutex<Fill>>);

type Fill = dyn FnMut(&mut [u8]) + Send;

impl Random {
    /// One that fills octets in this way.
    pub fn new(fill: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(fill)))
    }

    /// That of the system.
    pub fn of_the_system() -> Self {
        let provider = ring::default_provider();
        // Where the system has no random octets, zeros are no worse than no connection.
        Self::new(move |octets| drop(provider.secure_random.fill(octets)))
    }

    pub(crate) fn octets<const N: usize>(&self) -> [u8; N] {
        let mut octets = [0; N];
        let mut fill = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fill(&mut octets);
        octets
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
