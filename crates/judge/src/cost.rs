//! Whether an answer takes longer out of proportion to the size of its request, seen in the times of a record.
//! Warns only of what two looks show.

use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case};
use upspec_exchange::{IoKind, Record};

use crate::citations::Citations;
use crate::result::{Finding, Verdict};

/// How much longer than a harmless request of its size one has to take that costs too much.
pub const SLOW: Duration = Duration::from_millis(250);

/// How long the answer took on a link: from the last octet of the request to the first of the answer, or to the
/// end of the connection or of our patience.
#[must_use]
pub fn answer_time(record: &Record, link: usize) -> Duration {
    let came =
        |kind: IoKind| kind.peer_end().is_some() || matches!(kind, IoKind::Read | IoKind::Deadline);
    let Some(answer) = record.on(link).find(|io| came(io.kind)) else {
        return Duration::ZERO;
    };
    let sent = record.on(link).take_while(|io| !came(io.kind)).map(|io| io.at_us).last();
    Duration::from_micros(answer.at_us.saturating_sub(sent.unwrap_or(answer.at_us)))
}

/// How the cost grows with the number of repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    /// With the square, or another power.
    Power,
    /// By a factor for each one more.
    Exponential,
}

/// One request, and how long its answer took.
struct Sample {
    times: usize,
    took: Duration,
}

/// What a case found out about cost that sends ever more of the same. A record that has something to tell has
/// six links: two sizes and as many harmless octets as the larger one, and all of them once more.
pub(crate) fn growth(case: &Case, record: &Record, citations: &Citations<'_>) -> Option<Finding> {
    let unit = case.steps.iter().find_map(|step| match &step.act {
        Act::Grow { bytes, .. } => Some(bytes.render(&Bindings::default())),
        _ => None,
    })?;
    let sample = |link| Sample {
        times: most_in_a_row(&record.scripted(link), &unit),
        took: answer_time(record, link),
    };
    let samples: Vec<Sample> = (0..record.links.len()).map(sample).collect();
    let [small, large, harmless, small_again, large_again, harmless_again] = &samples[..] else {
        return None;
    };
    // Silence is no time: it may be a limit of the target.
    let silent = |link| {
        let mut kinds = record.on(link).map(|io| io.kind);
        kinds.find(|kind| matches!(kind, IoKind::Read | IoKind::Deadline)) == Some(IoKind::Deadline)
    };
    if (0..record.links.len()).any(silent) {
        return None;
    }
    let growth = of_look(small, large, harmless)?;
    let again = of_look(small_again, large_again, harmless_again)?;
    let how = match (growth, again) {
        (Growth::Exponential, Growth::Exponential) => "exponentially with their number",
        _ => "at least with the square of their number",
    };
    let message = format!(
        "{} octets in a row of this kind were answered after {} ms, {} after {} ms, and as many harmless ones \
         after {} ms; a second time after {}, {} and {} ms: what they cost grows {how}",
        small.times * unit.len(),
        small.took.as_millis(),
        large.times * unit.len(),
        large.took.as_millis(),
        harmless.took.as_millis(),
        small_again.took.as_millis(),
        large_again.took.as_millis(),
        harmless_again.took.as_millis(),
    );
    Some(citations.finding(&case.requirement, Verdict::Warn, message, None))
}

/// How the cost grows from the one size to the other, if it costs much and grows faster than the size.
fn of_look(small: &Sample, large: &Sample, harmless: &Sample) -> Option<Growth> {
    if large.took < harmless.took + SLOW || large.times <= small.times || small.times == 0 {
        return None;
    }
    let over = |sample: &Sample| sample.took.saturating_sub(harmless.took).max(LEAST);
    let factor = over(large).as_secs_f64() / over(small).as_secs_f64();
    let size =
        f64::from(u32::try_from(large.times).ok()?) / f64::from(u32::try_from(small.times).ok()?);
    let power = factor.ln() / size.ln();
    if power >= EXPONENTIAL {
        Some(Growth::Exponential)
    } else {
        (power >= FASTER_THAN_SIZE).then_some(Growth::Power)
    }
}

fn most_in_a_row(octets: &[u8], unit: &[u8]) -> usize {
    let (mut most, mut at) = (0, 0);
    while at < octets.len() && !unit.is_empty() {
        let run = octets[at..].chunks(unit.len()).take_while(|chunk| *chunk == unit).count();
        most = most.max(run);
        at += (run * unit.len()).max(1);
    }
    most
}

/// Below this a difference in time is noise.
const LEAST: Duration = Duration::from_millis(5);
/// The square has the power 2; what grows with the size has 1.
const FASTER_THAN_SIZE: f64 = 1.5;
/// No algorithm on a list of elements has this power, and an exponential one is far above it.
const EXPONENTIAL: f64 = 5.0;

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;
    use upspec_corpus::template::Template;
    use upspec_exchange::{Io, Link};
    use upspec_handshake::Party;

    use super::*;

    /// Three requests: how many commas, and how many milliseconds.
    type Look = [(usize, u64); 3];

    fn case() -> Case {
        let act = Act::Grow { from: 8, to: 4096, bytes: Template::parse(",").unwrap() };
        let requirement = "rfc9110/2.3-defensive".to_owned();
        Case { requirement, steps: vec![act.into()], ..Case::default() }
    }

    /// Exchanges with so many commas, answered after so many milliseconds.
    fn record(samples: &[(usize, u64)]) -> Record {
        let mut record = Record { links: Vec::new(), io: Vec::new() };
        for (link, &(commas, took)) in samples.iter().enumerate() {
            record.links.push(Link::plain("a", Party::Client, upspec_corpus::case::Over::Http1));
            let bytes = [b"x".to_vec(), vec![b','; commas]].concat();
            record.io.push(Io { link, at_us: 1000, kind: IoKind::Wrote, bytes });
            let at_us = 1000 + took * 1000;
            record.io.push(Io { link, at_us, kind: IoKind::Read, bytes: b"H".to_vec() });
        }
        record
    }

    #[test]
    fn growth_is_told_by_two_looks_that_agree() {
        let registry = Corpus::embedded().unwrap().requirements;
        let square = [(1024, 80), (2048, 320), (0, 1)];
        let doubling = [(20, 90), (22, 360), (0, 1)];
        let rows: [(&str, [Look; 2], Option<&str>); 7] = [
            ("square", [square, square], Some("the square")),
            ("exponential", [doubling, doubling], Some("exponentially")),
            ("in doubt the lesser one", [square, doubling], Some("the square")),
            ("once alone", [square, [(1024, 1), (2048, 1), (0, 1)]], None),
            ("all is slow", [[(1024, 900), (2048, 990), (0, 900)]; 2], None),
            ("slow from the start", [[(1024, 900), (2048, 905), (0, 1)]; 2], None),
            ("with the size", [[(1024, 300), (2048, 600), (0, 1)]; 2], None),
        ];
        for (name, looks, wanted) in rows {
            let found = growth(&case(), &record(&looks.concat()), &Citations::new(&registry));
            let message = found.map(|finding| finding.message);
            let fits = match (&message, wanted) {
                (Some(message), Some(part)) => {
                    message.ends_with(&format!("{part} of their number"))
                        || message.ends_with(&format!("{part} with their number"))
                }
                (message, wanted) => message.is_none() && wanted.is_none(),
            };
            assert!(fits, "{name}: {message:?}");
        }
    }

    #[test]
    fn fewer_exchanges_tell_nothing() {
        let registry = Corpus::embedded().unwrap().requirements;
        let found = growth(&case(), &record(&[(2048, 900)]), &Citations::new(&registry));
        assert!(found.is_none());
    }
}
