//! Did the target end all connections at one moment? Then it, or the process of it that served them, died and was
//! started again so fast that no connection was refused.
//! Looks at times alone, after the fact.

use std::time::Duration;

use tokio::time::Instant;
use upspec_exchange::{IoKind, Record};

use crate::run::Run;

impl Run {
    /// All connections that end at one moment may be a death that nothing else showed.
    pub(crate) fn tell_of_burst(&mut self) {
        let cut = self.worker.health.burst();
        // The one that began last is the likeliest cause.
        let ids = cut.iter().rev().map(|index| self.worker.plan.cases()[*index].id.as_str());
        let ids: Vec<&str> = ids.take(FEW_NAMES).collect();
        if !ids.is_empty() {
            self.results.remark(format!(
                "the target cut {} connections at one moment and none outlived it: something may restart it at once when \
                 it dies, so deaths may pass unseen; these were under way: {}",
                cut.len(),
                ids.join(", ")
            ));
        }
    }
}

/// When an exchange went on, and whether the target cut it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lived {
    case: usize,
    began: Instant,
    ended: Instant,
    cut: bool,
}

impl Lived {
    /// An exchange of a case that began then, and is over now.
    pub(crate) fn of(case: usize, began: Instant, record: &Record) -> Self {
        let answered = record.io.iter().any(|io| io.kind == IoKind::Read);
        let is_cut = |kind: IoKind| match kind {
            IoKind::Reset => true,
            IoKind::ReadEnd | IoKind::ReadEndUnclean => !answered,
            _ => false,
        };
        match record.io.iter().find(|io| is_cut(io.kind)) {
            Some(io) => {
                Self { case, began, ended: began + Duration::from_micros(io.at_us), cut: true }
            }
            None => Self { case, began, ended: Instant::now(), cut: false },
        }
    }

    fn held(&self) -> bool {
        self.ended.duration_since(self.began) >= HELD
    }
}

/// The cases whose exchanges were cut together while no other exchange outlived that moment, in the order in which
/// they began; empty where that never happened. What a limit cuts is cut as soon as it begins, and a timer spares
/// those that are younger.
pub(crate) fn burst(exchanges: &[Lived]) -> Vec<usize> {
    let mut cuts: Vec<Lived> = exchanges.iter().copied().filter(|one| one.cut).collect();
    cuts.sort_by_key(|one| one.ended);
    for (at, first) in cuts.iter().enumerate() {
        let mut together: Vec<Lived> = cuts[at..]
            .iter()
            .copied()
            .take_while(|one| one.ended.duration_since(first.ended) <= AT_ONCE)
            .collect();
        together.sort_by_key(|one| one.began);
        let mut cases: Vec<usize> = Vec::new();
        for one in &together {
            if !cases.contains(&one.case) {
                cases.push(one.case);
            }
        }
        let held: Vec<&Lived> = together.iter().filter(|one| one.held()).collect();
        // The same timer ends those that began together.
        let apart = match (held.first(), held.last()) {
            (Some(first), Some(last)) => last.began.duration_since(first.began) >= HELD,
            _ => false,
        };
        let outlives =
            |one: &Lived| one.began + AT_ONCE < first.ended && one.ended > first.ended + OUTLIVED;
        if cases.len() >= MANY && apart && !exchanges.iter().any(outlives) {
            return cases;
        }
    }
    Vec::new()
}

/// So many connections are not cut together by chance.
const MANY: usize = 3;
/// What ends within this time ends at one moment.
const AT_ONCE: Duration = Duration::from_millis(20);
/// What went on for so long was not refused.
const HELD: Duration = Duration::from_millis(100);
/// What went on for so long after that moment outlived it.
const OUTLIVED: Duration = Duration::from_millis(150);

/// How many cases a remark names.
pub(crate) const FEW_NAMES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// When an exchange began and ended, in milliseconds, and whether it was cut.
    type Row = (u64, u64, bool);

    fn of(rows: &[Row]) -> Vec<usize> {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let lived = rows.iter().enumerate().map(|(case, &(began, ended, cut))| Lived {
            case,
            began: at(began),
            ended: at(ended),
            cut,
        });
        burst(&lived.collect::<Vec<_>>())
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_ends_everything_at_once_is_a_burst() {
        let rows: [(&str, &[Row], &[usize]); 6] = [
            ("all at once", &[(0, 900, true), (300, 905, true), (890, 901, true)], &[0, 1, 2]),
            ("two", &[(0, 900, true), (300, 905, true)], &[]),
            (
                "one outlives it",
                &[(0, 900, true), (300, 905, true), (890, 901, true), (500, 2000, false)],
                &[],
            ),
            (
                "later ones do not",
                &[(0, 900, true), (300, 905, true), (890, 901, true), (930, 2000, false)],
                &[0, 1, 2],
            ),
            ("a limit", &[(890, 900, true), (895, 905, true), (890, 901, true)], &[]),
            ("a timer", &[(0, 900, true), (5, 905, true), (1, 901, true)], &[]),
        ];
        for (name, exchanges, wanted) in rows {
            assert_eq!(of(exchanges), wanted, "{name}");
        }
    }
}
