//! A part of a report: some of its cases, with what belongs to them.

use upspec_corpus::select;

use crate::browsers;
use crate::report::{Report, Summary};
use crate::traffic::Traffic;

impl Report {
    /// Keeps the cases that one of the patterns selects, as `--only` takes them, and counts them anew. The ledger goes: it
    /// is about the whole run.
    pub fn keep(&mut self, patterns: &[String]) {
        let wanted = |id: &str| patterns.iter().any(|pattern| select::matches(pattern, id));
        self.cases.retain(|case| wanted(&case.id));
        self.notes.retain(|id, _| wanted(id));
        // A habit that counts in a case that goes is not what these cases are blamed for.
        self.causes.retain_mut(|cause| {
            let counted = cause.counted_ones();
            cause.keep(wanted);
            !cause.cases.is_empty() && (counted == 0 || cause.counted_ones() > 0)
        });
        if let Some(standing) = &mut self.baseline {
            standing.new.retain(|id, _| wanted(id));
            standing.known.retain(|id, _| wanted(id));
            standing.lost.retain(|id| wanted(id));
        }
        self.ledger.clear();
        self.summary = Summary::of(&self.cases);
        self.score = self.summary.score();
        self.traffic = Traffic::of(&self.cases);
        self.browsers = browsers::of_cases(&self.cases);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Report, sample};

    #[test]
    fn a_part_is_a_report() {
        let mut report = sample::report();
        report.keep(&["server/key/fifteen*".to_owned()]);
        assert_eq!(report.cases.len(), 1);
        assert_eq!(report.summary.total(), 1);
        assert!(report.causes.iter().all(|cause| cause.cases == ["server/key/fifteen-bytes"]));
        assert_eq!(Report::read(&report.json()).unwrap(), report);
    }
}
