//! What went over the connections of a run, in numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_judge::CaseResult;

use crate::seen::Amounts;

/// What went over the connections of the cases: of a case that was played more than once, over those that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// How many connections there were.
    pub connections: usize,
    /// How many octets upspec wrote, inside TLS where there is TLS.
    pub octets_sent: usize,
    /// How many octets it read.
    pub octets_read: usize,
}

impl Traffic {
    /// Sums up the records of cases; nothing without any.
    #[must_use]
    pub(crate) fn of(cases: &[CaseResult]) -> Option<Self> {
        let records = cases.iter().flat_map(|case| case.record.iter().chain(&case.twin));
        let links = records.flat_map(|record| (0..record.links.len()).map(move |at| (record, at)));
        let nothing = Self { connections: 0, octets_sent: 0, octets_read: 0 };
        let sum = links.fold(nothing, |sum, (record, at)| {
            let amounts = Amounts::on(record, at);
            Self {
                connections: sum.connections + 1,
                octets_sent: sum.octets_sent.saturating_add(amounts.sent),
                octets_read: sum.octets_read.saturating_add(amounts.received),
            }
        });
        (sum.connections > 0).then_some(sum)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Report, sample};

    #[test]
    fn the_numbers_outlive_the_octets() {
        let mut report = sample::report();
        let traffic = report.traffic.unwrap();
        let records = report.cases.iter().flat_map(|case| case.record.iter().chain(&case.twin));
        assert_eq!(traffic.connections, records.map(|record| record.links.len()).sum::<usize>());
        assert!(traffic.octets_sent > 0 && traffic.octets_read > 0, "{traffic:?}");
        report.slim();
        assert_eq!(Report::read(&report.json()).unwrap().traffic, Some(traffic));
    }
}
