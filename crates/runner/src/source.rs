//! The addresses of this machine that connections to a target come from: one after the other, where the target bans
//! who sends bad requests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

/// The addresses that connections may come from, and which of them do.
#[derive(Debug)]
pub(crate) struct Sources {
    given: Vec<IpAddr>,
    /// Whether any address of 127.0.0.0/8 is ours, and reaches the target.
    is_loopback: bool,
    at: AtomicU32,
}

impl Sources {
    /// Those that the user gives for a target; on loopback there are more of them.
    pub(crate) fn new(given: Vec<IpAddr>, target: SocketAddr) -> Self {
        let is_loopback = matches!(target.ip(), IpAddr::V4(ip) if ip.is_loopback());
        Self { given, is_loopback, at: AtomicU32::new(0) }
    }

    /// Where the next connection comes from, if that is not for the system to choose.
    pub(crate) fn current(&self) -> Option<IpAddr> {
        self.nth(self.at()).unwrap_or_default()
    }

    /// How many addresses were left behind.
    pub(crate) fn at(&self) -> u32 {
        self.at.load(Ordering::Acquire)
    }

    /// The next address is used from now on; false where there is none.
    pub(crate) fn goes_on(&self) -> bool {
        let next = self.at() + 1;
        let is_there = self.nth(next).is_some();
        if is_there {
            self.at.store(next, Ordering::Release);
        }
        is_there
    }

    /// The address before is used again.
    pub(crate) fn goes_back(&self) {
        self.at.store(self.at().saturating_sub(1), Ordering::Release);
    }

    /// The n-th address, if there are so many.
    fn nth(&self, n: u32) -> Option<Option<IpAddr>> {
        if !self.given.is_empty() {
            return self.given.get(usize::try_from(n).ok()?).map(|address| Some(*address));
        }
        match n {
            0 => Some(None),
            _ if self.is_loopback && n <= MOST => {
                Some(Some(Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + n).into()))
            }
            _ => None,
        }
    }
}

/// How many more addresses of loopback are used: enough for a target that bans at the second bad request.
const MOST: u32 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(given: &[&str], target: &str) -> Vec<Option<IpAddr>> {
        let given = given.iter().map(|address| address.parse().unwrap()).collect();
        let sources = Sources::new(given, target.parse().unwrap());
        let mut all = vec![sources.current()];
        while sources.goes_on() {
            all.push(sources.current());
        }
        all
    }

    #[test]
    fn addresses_follow_one_another() {
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert_eq!(all(&[], "192.0.2.1:80"), [None]);
        assert_eq!(all(&[], "[::1]:80"), [None]);
        let given = all(&["192.0.2.7", "192.0.2.8"], "127.0.0.1:80");
        assert_eq!(given, [ip("192.0.2.7"), ip("192.0.2.8")]);
        let loopback = all(&[], "127.0.0.1:80");
        assert_eq!(loopback[..3], [None, ip("127.0.0.2"), ip("127.0.0.3")]);
        assert_eq!((loopback.len(), loopback[255]), (501, ip("127.0.1.0")));
    }

    #[test]
    fn the_address_before_can_be_used_again() {
        let sources = Sources::new(Vec::new(), "127.0.0.1:80".parse().unwrap());
        sources.goes_back();
        assert_eq!((sources.at(), sources.current()), (0, None));
        assert!(sources.goes_on() && sources.goes_on());
        sources.goes_back();
        assert_eq!(sources.current(), Some("127.0.0.2".parse().unwrap()));
    }
}
