//! Plays a case that grows: ever more of the same, until an answer takes long or there is enough of it.
//! Measures only; what the times are worth `judge` says.

use std::time::Duration;

use tokio::time::Instant;
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Step};
use upspec_corpus::template::{Part, Template};
use upspec_exchange::{Io, IoKind, Record};
use upspec_judge::{SLOW, answer_time};

use crate::bindings::Turn;
use crate::worker::{Failed, Worker};

/// Whether the cost of a case is measured.
pub(crate) fn grows(case: &Case) -> bool {
    case.steps.iter().any(|step| matches!(step.act, Act::Grow { .. }))
}

/// A size of a case, and its exchange.
struct Sample {
    times: u32,
    record: Record,
}

impl Sample {
    fn took(&self) -> Duration {
        answer_time(&self.record, 0)
    }
}

impl Worker {
    /// Plays a case with ever more of what grows in it, each time on a connection of its own. When an answer takes
    /// too long, the last two sizes and a harmless request are played once more, and the record has all of these
    /// exchanges; otherwise it has the last one.
    pub(crate) async fn measure(&self, index: usize, turn: Turn<'_>) -> Result<Record, Failed> {
        // One at a time: a target that is busy with another one would be measured twice.
        let _alone = self.measuring.lock().await;
        let case = &self.plan.cases()[index];
        let begun = Instant::now();
        let mut usual = Duration::MAX;
        let mut before: Option<Sample> = None;
        for times in sizes(case) {
            let sample = self.sample(index, turn, times).await?;
            usual = usual.min(sample.took());
            let answered = sample.record.saw(IoKind::Read) || !sample.record.saw(IoKind::Deadline);
            if let Some(small) = before.take().filter(|_| sample.took() >= usual + SLOW) {
                let harmless = self.harmless(index, turn, times).await?;
                if is_slower(&sample.record, &harmless) {
                    let again = self.look(index, turn, [small.times, times]).await?;
                    // A look that shows nothing may have been a near thing: the next size will tell.
                    if is_slower(&again[1], &again[2]) {
                        let looks = [small.record, sample.record, harmless];
                        return Ok(merged(looks.into_iter().chain(again)));
                    }
                }
            }
            if !answered || begun.elapsed() > LONGEST {
                return Ok(sample.record);
            }
            before = Some(sample);
        }
        match before {
            Some(sample) => Ok(sample.record),
            None => self.exchange(index, case, turn, self.bench.window()).await,
        }
    }

    /// A second look at two sizes and a harmless request of the larger one.
    async fn look(
        &self,
        index: usize,
        turn: Turn<'_>,
        [small, large]: [u32; 2],
    ) -> Result<[Record; 3], Failed> {
        Ok([
            self.sample(index, turn, small).await?.record,
            self.sample(index, turn, large).await?.record,
            self.harmless(index, turn, large).await?,
        ])
    }

    async fn sample(&self, index: usize, turn: Turn<'_>, times: u32) -> Result<Sample, Failed> {
        let sized = sized(&self.plan.cases()[index], |bytes| (times, bytes.clone()));
        let window = self.bench.window();
        let mut record = self.exchange(index, &sized, turn, window).await?;
        // Only silence gets patience: behind an answer many leave the connection open.
        if !record.saw(IoKind::Read) && record.saw(IoKind::Deadline) && window < PATIENCE {
            record = self.exchange(index, &sized, turn, PATIENCE).await?;
        }
        Ok(Sample { times, record })
    }

    /// The same request with a letter in place of each octet that grows.
    async fn harmless(&self, index: usize, turn: Turn<'_>, times: u32) -> Result<Record, Failed> {
        let letters = |bytes: &Template| {
            let octets = vec![b'a'; bytes.render(&Bindings::default()).len()];
            (times, Template { parts: vec![Part::Bytes(octets)] })
        };
        let sized = sized(&self.plan.cases()[index], letters);
        self.exchange(index, &sized, turn, self.bench.window()).await
    }
}

/// Whether an answer is slow beside a harmless one. Silence is no time: it may be a limit of the target.
fn is_slower(record: &Record, harmless: &Record) -> bool {
    let answered = |record: &Record| record.saw(IoKind::Read) || !record.saw(IoKind::Deadline);
    answered(record)
        && answered(harmless)
        && answer_time(record, 0) >= answer_time(harmless, 0) + SLOW
}

/// The case with so many of these octets where it grows.
fn sized(case: &Case, what: impl Fn(&Template) -> (u32, Template)) -> Case {
    let steps = case.steps.iter().map(|step| match &step.act {
        Act::Grow { bytes, .. } => {
            let (times, bytes) = what(bytes);
            Step { at: step.at, act: Act::Repeat { times, bytes } }
        }
        _ => step.clone(),
    });
    Case { steps: steps.collect(), ..case.clone() }
}

/// How often what grows is repeated: a few more each time while a target that doubles its time with each one still
/// comes back, then twice as many.
fn sizes(case: &Case) -> Vec<u32> {
    let grow = case.steps.iter().find_map(|step| match step.act {
        Act::Grow { from, to, .. } => Some((from.max(1), to)),
        _ => None,
    });
    let (from, to) = grow.unwrap_or_default();
    let next =
        |times: &u32| Some(if *times < FINE { times + FINE_STEP } else { times.saturating_mul(2) });
    std::iter::successors(Some(from), next).take_while(|times| (1..=to).contains(times)).collect()
}

/// Exchanges as the links of one record, one after the other.
fn merged(records: impl Iterator<Item = Record>) -> Record {
    let mut all = Record { links: Vec::new(), io: Vec::new() };
    for mut record in records {
        let (link, since) = (all.links.len(), all.io.last().map_or(0, |io| io.at_us));
        let Some(mut first) = record.links.drain(..).next() else {
            continue;
        };
        if link > 0 {
            first.name = format!("{}-exchange-{}", first.name, link + 1);
        }
        all.links.push(first);
        let io = record.io.into_iter();
        all.io.extend(io.map(|io| Io { link, at_us: since + io.at_us, ..io }));
    }
    all
}

/// Below so many there are a few more each time.
const FINE: u32 = 32;
const FINE_STEP: u32 = 2;
/// No case goes on for longer: where every answer takes its time there is nothing to compare.
const LONGEST: Duration = Duration::from_secs(2);
/// How long an answer is waited for: four times as long as one that is just not slow.
const PATIENCE: Duration = Duration::from_millis(1200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_gently_first() {
        let case = |from, to| {
            let act = Act::Grow { from, to, bytes: Template::default() };
            Case { steps: vec![act.into()], ..Case::default() }
        };
        assert_eq!(sizes(&case(26, 200)), [26, 28, 30, 32, 64, 128]);
        assert_eq!(sizes(&case(512, 2048)), [512, 1024, 2048]);
        assert!(sizes(&Case::default()).is_empty());
    }
}
