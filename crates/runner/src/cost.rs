//! Plays a case that grows: ever more of the same, until an answer takes long or there is enough of it.
//! Measures only; what the times are worth `judge` says.

use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Step};
use upspec_corpus::template::{Part, Template};
use upspec_exchange::{Io, Octets, Record, Transcript};
use upspec_judge::{SLOW, answer_time, is_costly, is_unanswered, shows_growth};

use crate::bench::answer_us;
use crate::bindings::Turn;
use crate::place::SOON;
use crate::worker::{Failed, Worker};

/// Whether the cost of a case is measured.
pub(crate) fn grows(case: &Case) -> bool {
    case.steps.iter().any(|step| matches!(step.act, Act::Grow { .. }))
}

/// What measuring has taken and found so far in a run.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    found: Mutex<Found>,
    /// Held by the case whose answers are timed, of those that are under way.
    meter: tokio::sync::Mutex<()>,
}

/// What a case holds while its answers are timed.
#[derive(Default)]
struct Meter<'a> {
    held: Option<tokio::sync::MutexGuard<'a, ()>>,
    /// How long it was without.
    idle: Duration,
}

#[derive(Debug, Default)]
struct Found {
    spent: Duration,
    /// The smallest harmless request that got no answer.
    mute: Option<Record>,
}

impl Measured {
    /// How long the next case may go on; less where answers are late by chance, so that little can be measured.
    fn left(&self, late: bool) -> Duration {
        let most = if late { MOST / 8 } else { MOST };
        most.saturating_sub(self.with(|found| found.spent)).min(LONGEST)
    }

    /// A harmless request of about this size or a smaller one that got no answer.
    fn mute(&self, size: usize) -> Option<Record> {
        self.with(|found| found.mute.clone()).filter(|mute| size_of(mute) <= size + size / 8)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Found) -> T) -> T {
        match self.found.lock() {
            Ok(mut found) => work(&mut found),
            // It is whole after every statement.
            Err(poisoned) => work(&mut poisoned.into_inner()),
        }
    }
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
    /// too long, a smaller size and a harmless request are looked at as well, all of it twice, and the record has all of
    /// these exchanges. Where the target takes no larger size, whatever is in it, the record has the last size that
    /// counts and a harmless request beyond; otherwise it has the largest size.
    pub(crate) async fn measure(&self, index: usize, turn: Turn<'_>) -> Result<Record, Failed> {
        let mut meter = Meter::default();
        if !self.is_late() {
            meter.held = Some(self.measured.meter.lock().await);
        }
        let begun = Instant::now();
        let left = match self.bench.is_late() {
            true => Duration::ZERO,
            false => self.measured.left(self.is_late()),
        };
        let record = self.ladder(index, turn, begun + left, &mut meter).await;
        let spent = begun.elapsed().saturating_sub(meter.idle);
        self.measured.with(|found| found.spent += spent);
        record
    }

    async fn ladder<'a>(
        &'a self,
        index: usize,
        turn: Turn<'_>,
        until: Instant,
        meter: &mut Meter<'a>,
    ) -> Result<Record, Failed> {
        let case = &self.plan.cases()[index];
        let (mut usual, answer) = (Duration::MAX, self.bench.answer());
        let mut before: Vec<Sample> = Vec::new();
        let sizes = sizes(case);
        let mut next = 0;
        while let Some(&times) = sizes.get(next) {
            if let Some(last) = before.last()
                && let Some(mute) =
                    self.measured.mute(size_of(&last.record) + growth(case, last.times, times))
            {
                return Ok(merged([last.record.clone(), mute]));
            }
            let (sample, beside) = self.sample_or_both(index, turn, times, meter).await?;
            if is_unanswered(&sample.record, 0) || is_limit(before.last(), &sample) {
                let harmless = match beside {
                    Some(harmless) => harmless,
                    None => self.harmless(index, turn, times).await?,
                };
                if let Some(record) = self.beyond(before.last(), &sample, harmless) {
                    return Ok(record);
                }
            }
            usual = usual.min(sample.took());
            if sample.took() >= usual + SLOW
                && let Some(looks) = self.looks(index, turn, &before, &sample).await?
            {
                return Ok(looks);
            }
            next = after(&sizes, next, sample.took().saturating_sub(usual.min(answer)));
            before.push(sample);
            if Instant::now() > until {
                break;
            }
        }
        match before.pop() {
            Some(sample) => Ok(sample.record),
            None => Ok(self.sample(index, turn, 1).await?.record),
        }
    }

    /// The record of a case that ends here, since the target takes no such size whatever is in it, or answers a
    /// harmless one alone.
    fn beyond(&self, before: Option<&Sample>, sample: &Sample, harmless: Record) -> Option<Record> {
        let last = before.unwrap_or(sample).record.clone();
        match (is_unanswered(&sample.record, 0), is_unanswered(&harmless, 0)) {
            (true, false) => Some(merged([sample.record.clone(), harmless])),
            (true, true) => {
                self.measured.with(|found| found.mute = Some(harmless.clone()));
                Some(merged([last, harmless]))
            }
            (false, _) => {
                (outcome(&harmless) == outcome(&sample.record)).then(|| merged([last, harmless]))
            }
        }
    }

    /// Compares a size with a smaller one and a harmless request, and once more, with one of another size, where the
    /// harmless one is faster. A second look that shows nothing may have been disturbed: it is taken again, and
    /// then the next size will tell.
    async fn looks(
        &self,
        index: usize,
        turn: Turn<'_>,
        before: &[Sample],
        large: &Sample,
    ) -> Result<Option<Record>, Failed> {
        let half = before.iter().rfind(|sample| sample.times <= large.times / 2);
        let Some(small) = half.or(before.first()) else {
            return Ok(None);
        };
        let harmless = self.harmless(index, turn, large.times).await?;
        if !is_slower(&large.record, &harmless) {
            return Ok(None);
        }
        // From further below a leap would look like growth.
        let small = match large.times > FINE && small.times < large.times / 2 {
            true => self.sample(index, turn, large.times / 2).await?.record,
            false => small.record.clone(),
        };
        // What is late by chance may be so twice.
        let mut doubts = u32::from(self.is_late());
        for _ in 0..SECOND_LOOKS {
            let nearer = self.sample(index, turn, large.times / 4 * 3).await?.record;
            let again = self.sample(index, turn, large.times).await?.record;
            let harmless_again = self.harmless(index, turn, large.times).await?;
            let first = [small.clone(), large.record.clone(), harmless.clone()];
            let looks = merged(first.into_iter().chain([nearer, again, harmless_again]));
            if shows_growth(&self.plan.cases()[index], &looks) {
                if doubts == 0 {
                    return Ok(Some(looks));
                }
                doubts -= 1;
            }
        }
        Ok(None)
    }

    /// A size, and a harmless request beside it where it gets no answer although the target is at leisure: then it
    /// merely waits, and other cases may be timed meanwhile.
    async fn sample_or_both<'a>(
        &'a self,
        index: usize,
        turn: Turn<'_>,
        times: u32,
        meter: &mut Meter<'a>,
    ) -> Result<(Sample, Option<Record>), Failed> {
        let mut sample = pin!(self.sample(index, turn, times));
        if let Ok(sample) = timeout(STUCK, &mut sample).await {
            return Ok((sample?, None));
        }
        if meter.held.is_none() || !self.is_at_leisure().await {
            return Ok((sample.await?, None));
        }
        let since = Instant::now();
        meter.held = None;
        let (sample, harmless) = tokio::join!(sample, self.harmless(index, turn, times));
        meter.held = Some(self.measured.meter.lock().await);
        meter.idle += since.elapsed();
        let (sample, harmless) = (sample?, harmless?);
        let is_silent = is_unanswered(&sample.record, 0);
        Ok((sample, is_silent.then_some(harmless)))
    }

    /// Whether the control is answered as soon as at first.
    async fn is_at_leisure(&self) -> bool {
        let Some(control) = self.control else { return false };
        let case = &self.plan.cases()[control];
        let turn = self.bench.turn(case, AT_LEISURE + self.health.next_control());
        let record = self.bench.exchange(case, turn, self.bench.window()).await;
        let answer = record.ok().as_ref().and_then(answer_us).map(Duration::from_micros);
        answer.is_some_and(|answer| answer <= self.bench.answer() * 2 + SOON)
    }

    async fn sample(&self, index: usize, turn: Turn<'_>, times: u32) -> Result<Sample, Failed> {
        let sized = sized(&self.plan.cases()[index], times, |bytes, _| bytes.clone());
        let window = self.bench.window().max(PATIENCE);
        let record = self.exchange(index, &sized, turn, window).await?;
        Ok(Sample { times, record })
    }

    /// A request of the same size in which what grows has something harmless in its place.
    async fn harmless(&self, index: usize, turn: Turn<'_>, times: u32) -> Result<Record, Failed> {
        let harmless = |bytes: &Template, beside: Option<&Template>| {
            let letters = || vec![b'a'; bytes.render(&Bindings::default()).len()];
            beside.cloned().unwrap_or_else(|| Template { parts: vec![Part::Bytes(letters())] })
        };
        let sized = sized(&self.plan.cases()[index], times, harmless);
        self.exchange(index, &sized, turn, self.bench.window().max(PATIENCE)).await
    }
}

/// Whether a size may be more than the target takes: it is refused otherwise than the smaller one was, or it is the
/// smallest and refused for its size.
fn is_limit(before: Option<&Sample>, sample: &Sample) -> bool {
    let came = outcome(&sample.record);
    match before {
        Some(before) => came != Some(101) && came != outcome(&before.record),
        None => matches!(came, None | Some(413 | 414 | 431)),
    }
}

/// The status of the last response; nothing where the connection ended without one.
fn outcome(record: &Record) -> Option<u16> {
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    let talk = transcript.talks.first()?;
    match talk.statuses().last()? {
        // A tunnel that is ended in place of an answer is a refusal, too.
        101 if talk.ending.of_party(talk.tested()).is_some() => None,
        status => Some(status),
    }
}

/// Whether an answer is slow beside a harmless one. Silence is no time: it may be a limit of the target.
fn is_slower(record: &Record, harmless: &Record) -> bool {
    !is_unanswered(record, 0)
        && !is_unanswered(harmless, 0)
        && is_costly(answer_time(record, 0), answer_time(harmless, 0))
}

/// How many octets the steps wrote.
fn size_of(record: &Record) -> usize {
    record.scripted(0).len()
}

/// How many octets a case grows by from one size to the next.
fn growth(case: &Case, from: u32, to: u32) -> usize {
    let unit = case.steps.iter().find_map(|step| match &step.act {
        Act::Grow { bytes, .. } => Some(bytes.render(&Bindings::default()).len()),
        _ => None,
    });
    let times = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
    unit.unwrap_or_default().saturating_mul(times)
}

/// The case with so many of these octets where it grows.
fn sized(case: &Case, times: u32, what: impl Fn(&Template, Option<&Template>) -> Template) -> Case {
    let steps = case.steps.iter().map(|step| match &step.act {
        Act::Grow { bytes, beside, .. } => {
            let bytes = what(bytes, beside.as_ref());
            let act = Act::Grow { from: times, to: times, bytes, beside: None };
            Step::at(step.at, act)
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

/// Which of the sizes comes behind this one, whose answer took so much longer than others: the next one, or that behind
/// it where even an exponential cost of a few, or the fourth power of a large size, cannot be much by then. The first size
/// that is far from those before it is not left out, nor is the largest.
fn after(sizes: &[u32], at: usize, longer: Duration) -> usize {
    let further = sizes.get(at + 2).is_some_and(|further| *further <= FINE || sizes[at] > FINE);
    let quick = if sizes[at] < FINE { QUICK_OF_FEW } else { QUICK };
    if further && longer < quick { at + 2 } else { at + 1 }
}

/// Exchanges as the links of one record, one after the other.
fn merged(records: impl IntoIterator<Item = Record>) -> Record {
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
/// What takes less than so much longer than others takes less than [`SLOW`] two sizes on, or not much more.
const QUICK_OF_FEW: Duration = Duration::from_millis(2);
const QUICK: Duration = Duration::from_millis(5);
/// After so long no case tries a larger size: where every answer takes its time there is nothing to compare.
const LONGEST: Duration = Duration::from_secs(3);
/// How long all cases of a run may go on before each has the first size alone.
const MOST: Duration = Duration::from_secs(20);
/// How often a second look is taken at the most.
const SECOND_LOOKS: u32 = 2;
/// What has no answer by then is either hard work or silence.
const STUCK: Duration = Duration::from_millis(400);
/// The attempt of a control beside it, apart from all others.
const AT_LEISURE: u32 = 8000;
/// How long an answer is waited for: longer than the size takes that comes behind one which is just not slow.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_gently_first() {
        let case = |from, to| {
            let act = Act::Grow { from, to, bytes: Template::default(), beside: None };
            Case { steps: vec![act.into()], ..Case::default() }
        };
        assert_eq!(sizes(&case(26, 200)), [26, 28, 30, 32, 64, 128]);
        assert_eq!(sizes(&case(512, 2048)), [512, 1024, 2048]);
        assert!(sizes(&Case::default()).is_empty());
    }

    #[test]
    fn sizes_that_tell_nothing_are_left_out() {
        let sizes = [28, 30, 32, 64, 128, 256, 512];
        let taken = |longer: u64| {
            let (mut all, mut at) = (Vec::new(), 0);
            while let Some(size) = sizes.get(at) {
                all.push(*size);
                at = after(&sizes, at, Duration::from_millis(longer));
            }
            all
        };
        assert_eq!(taken(0), [28, 32, 64, 256, 512]);
        assert_eq!(taken(2), [28, 30, 32, 64, 256, 512]);
        assert_eq!(taken(5), sizes);
    }
}
