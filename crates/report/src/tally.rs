//! How often each verdict was given, be it to the cases of a rule or to peers.

use upspec_judge::Verdict;

/// How often each verdict was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// `fail`.
    pub fail: usize,
    /// `warn`.
    pub warn: usize,
    /// `pass`.
    pub pass: usize,
    /// `inconclusive` or `error`: nothing can be said.
    pub open: usize,
}

impl Tally {
    /// So many more were given this verdict.
    pub(crate) fn add(&mut self, verdict: Verdict, times: usize) {
        *match verdict {
            Verdict::Fail => &mut self.fail,
            Verdict::Warn => &mut self.warn,
            Verdict::Pass => &mut self.pass,
            Verdict::Inconclusive | Verdict::Error => &mut self.open,
        } += times;
    }

    /// How many verdicts say something.
    #[must_use]
    pub fn judged(self) -> usize {
        self.fail + self.warn + self.pass
    }

    /// The worst of them; `None` where there is none.
    #[must_use]
    pub fn worst(self) -> Option<Verdict> {
        match self {
            Self { fail: 1.., .. } => Some(Verdict::Fail),
            Self { warn: 1.., .. } => Some(Verdict::Warn),
            Self { pass: 1.., .. } => Some(Verdict::Pass),
            Self { open: 1.., .. } => Some(Verdict::Inconclusive),
            _ => None,
        }
    }
}
