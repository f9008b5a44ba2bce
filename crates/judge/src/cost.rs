//! What a request costs: whether its answer takes longer out of proportion to its size, and how much is taken of
//! what never ends. Both are seen in the times and sizes of a record.
//! Warns at most, and of growth only when two looks show it.

use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case};
use upspec_exchange::{Io, IoKind, Record};

use crate::citations::Citations;
use crate::result::{CaseResult, Finding, Reason, Verdict};

/// How much longer than a harmless request of its size one has to take that costs too much.
pub const SLOW: Duration = Duration::from_millis(250);
/// How many times as long a costly answer takes.
const MUCH: u32 = 8;

/// How long the answer took on a link: from the beginning of the last write to the first octet behind it, or to
/// the end of the connection or of our patience. No time at all where it came before that.
#[must_use]
pub fn answer_time(record: &Record, link: usize) -> Duration {
    let (sent, answer) = ask_and_answer(record, link);
    let sent = sent.map_or(0, |io| io.at_us);
    Duration::from_micros(answer.map_or(0, |io| io.at_us.saturating_sub(sent)))
}

/// Whether nothing came on a link as long as we waited: that is no time, for it may be a limit of the target.
#[must_use]
pub fn is_unanswered(record: &Record, link: usize) -> bool {
    ask_and_answer(record, link).1.is_some_and(|io| io.kind == IoKind::Deadline)
}

/// The last write on a link, and what came first behind it.
fn ask_and_answer(record: &Record, link: usize) -> (Option<&Io>, Option<&Io>) {
    let came =
        |kind: IoKind| kind.peer_end().is_some() || matches!(kind, IoKind::Read | IoKind::Deadline);
    let events: Vec<&Io> = record.on(link).collect();
    let last = events.iter().rposition(|io| io.kind == IoKind::Wrote);
    let behind = last.map_or(0, |last| last + 1);
    let answer = events[behind..].iter().find(|io| came(io.kind));
    (last.map(|last| events[last]), answer.copied())
}

/// Whether an answer takes much longer than that to a harmless request of the same size. Where both are late the
/// machine is busy, and what is a few times as late shows nothing.
#[must_use]
pub fn is_costly(took: Duration, harmless: Duration) -> bool {
    took >= harmless + SLOW && took >= harmless * MUCH
}

/// Whether the exchanges of a case that grows show that it costs more out of proportion.
#[must_use]
pub fn shows_growth(case: &Case, record: &Record) -> bool {
    told(case, record).is_some_and(|told| told.0 == Verdict::Warn)
}

/// Adds to the result of a case about cost what its record shows.
pub(crate) fn weigh(
    case: &Case,
    record: &Record,
    citations: &Citations<'_>,
    result: &mut CaseResult,
) {
    let Some((verdict, message)) = told(case, record) else {
        return;
    };
    match verdict {
        // A target that asks for a pause shows nothing.
        _ if result.reason == Some(Reason::Busy) => return,
        Verdict::Warn => result.reason = None,
        Verdict::Inconclusive => {
            (result.verdict, result.reason) = (verdict, Some(Reason::NoAnswer));
        }
        // A request that got no answer was beyond what the target takes.
        _ => (result.verdict, result.reason) = (Verdict::Pass, None),
    }
    let finding: Finding = citations.finding(&case.requirement, verdict, message, None);
    result.findings.push(finding);
}

/// What the times and sizes of a record say of the case, and what that is worth.
fn told(case: &Case, record: &Record) -> Option<(Verdict, String)> {
    case.steps.iter().find_map(|step| match &step.act {
        Act::Grow { to, bytes, .. } => growth(&bytes.render(&Bindings::default()), *to, record),
        Act::Endless { times, bytes } => taken(&bytes.render(&Bindings::default()), *times, record),
        _ => None,
    })
}

/// One request, and how long its answer took.
struct Sample {
    times: usize,
    took: Duration,
}

/// What a case found out that sends ever more of the same. A record that has growth to tell has six links: two
/// sizes and as many harmless octets as the larger one, and the same again with another smaller size. One with two
/// links has the largest size that counts, and a harmless request beyond; any other has the largest size.
fn growth(unit: &[u8], to: u32, record: &Record) -> Option<(Verdict, String)> {
    let sample = |link| Sample {
        times: in_a_row(&record.scripted(link), unit),
        took: answer_time(record, link),
    };
    let samples: Vec<Sample> = (0..record.links.len()).map(sample).collect();
    let [small, large, harmless, small_again, large_again, harmless_again] = &samples[..] else {
        return untold(unit, to, &samples, record);
    };
    if (0..record.links.len()).any(|link| is_unanswered(record, link)) {
        return None;
    }
    let power = power_of(small, large, harmless)?;
    let nearer = power_of(small_again, large_again, harmless_again)?;
    let how = match large.times <= FEW && power >= STEEP && nearer >= EXPONENTIAL {
        true => "exponentially with their number",
        false => "at least with the square of their number",
    };
    let told = |sample: &Sample| {
        format!("{} after {} ms", sample.times * unit.len(), sample.took.as_millis())
    };
    let message = format!(
        "octets in a row of this kind were answered: {}, {}, as many harmless ones after {} ms; at a second look \
         {}, {}, harmless ones after {} ms: what they cost grows {how}",
        told(small),
        told(large),
        harmless.took.as_millis(),
        told(small_again),
        told(large_again),
        harmless_again.took.as_millis(),
    );
    Some((Verdict::Warn, message))
}

/// Why larger sizes were not tried, where that is so.
fn untold(unit: &[u8], to: u32, samples: &[Sample], record: &Record) -> Option<(Verdict, String)> {
    let most = samples.first()?.times;
    let octets = most * unit.len();
    if let [first, harmless] = samples {
        let beyond = record.scripted(1).len();
        if !is_unanswered(record, 0) || is_unanswered(record, 1) {
            let message = format!(
                "{octets} octets in a row of this kind are no trouble; a harmless request of {beyond} octets is \
                 refused or left without an answer, too"
            );
            return Some((Verdict::Pass, message));
        }
        let message = format!(
            "{octets} octets in a row of this kind got no answer within {} ms, as many harmless ones after {} ms",
            first.took.as_millis(),
            harmless.took.as_millis(),
        );
        return Some((Verdict::Inconclusive, message));
    }
    let left_out = u32::try_from(most).is_ok_and(|most| most.saturating_mul(2) <= to);
    left_out.then(|| {
        let message = "the answers took so long that larger requests were not tried".to_owned();
        (Verdict::Inconclusive, message)
    })
}

/// With which power of the number the cost grows from the one size to the other, if it costs much and grows faster
/// than the size.
fn power_of(small: &Sample, large: &Sample, harmless: &Sample) -> Option<f64> {
    if !is_costly(large.took, harmless.took) || large.times <= small.times || small.times == 0 {
        return None;
    }
    let over = |sample: &Sample| sample.took.saturating_sub(harmless.took).max(LEAST);
    let factor = over(large).as_secs_f64() / over(small).as_secs_f64();
    let size =
        f64::from(u32::try_from(large.times).ok()?) / f64::from(u32::try_from(small.times).ok()?);
    let power = factor.ln() / size.ln();
    // Among many a leap is no growth: something else begins there.
    let leaps = large.times > FEW && power >= EXPONENTIAL;
    (power >= FASTER_THAN_SIZE && !leaps).then_some(power)
}

/// How often a unit stands in a row, be it blotted out: stored reports have asterisks in place of cookies.
fn in_a_row(octets: &[u8], unit: &[u8]) -> usize {
    let blot = |octet: &u8| if octet.is_ascii_whitespace() { *octet } else { b'*' };
    let blotted: Vec<u8> = unit.iter().map(blot).collect();
    most_in_a_row(octets, unit).max(most_in_a_row(octets, &blotted))
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

/// How much was taken of what never ends.
fn taken(unit: &[u8], times: u32, record: &Record) -> Option<(Verdict, String)> {
    let all = unit.len() * usize::try_from(times).ok()?;
    let kept = in_a_row(&record.scripted(0), unit) * unit.len();
    let taken = kept + usize::try_from(record.unkept(0)).ok()?;
    let size = match taken {
        0..1024 => format!("{taken} octets"),
        _ => format!("{} KiB", taken / 1024),
    };
    if is_unanswered(record, 0) {
        let verdict = if taken >= all { Verdict::Warn } else { Verdict::Inconclusive };
        return Some((verdict, format!("{size} were taken, and more was waited for")));
    }
    Some((Verdict::Pass, format!("{size} were written before it was answered or closed")))
}

/// Below this a difference in time is noise.
const LEAST: Duration = Duration::from_millis(5);
/// The square has the power 2; what grows with the size has 1.
const FASTER_THAN_SIZE: f64 = 1.5;
/// What grows exponentially costs too much long before there are so many.
const FEW: usize = 64;
/// No algorithm on a list of elements has this power, and an exponential one is far above it, if the sizes are near.
const EXPONENTIAL: f64 = 5.0;
/// From a size whose time is lost in noise an exponential one has at least this power.
const STEEP: f64 = 3.0;

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;
    use upspec_exchange::Link;
    use upspec_handshake::Party;

    use super::*;
    use crate::{TargetFacts, judge};

    /// Two sizes and a harmless request.
    type Look = [Played; 3];
    /// How many commas, and how many milliseconds.
    type Played = (usize, u64);

    /// Exchanges with so many commas, answered after so many milliseconds.
    fn record(samples: &[(usize, u64)]) -> Record {
        let mut record = Record { links: Vec::new(), io: Vec::new() };
        for (link, &(commas, took)) in samples.iter().enumerate() {
            record.links.push(Link::plain("a", Party::Client, upspec_corpus::case::Over::Http1));
            let bytes = [b"x".to_vec(), vec![b','; commas]].concat();
            record.io.push(Io { link, at_us: 1000, kind: IoKind::Wrote, bytes });
            let at_us = 1000 + took * 1000;
            record.io.push(Io {
                link,
                at_us,
                kind: IoKind::Read,
                bytes: b"HTTP/1.1 400 x\r\n\r\n".to_vec(),
            });
        }
        record
    }

    #[test]
    fn growth_is_told_by_two_looks_that_agree() {
        let square = [(1024, 80), (2048, 320), (0, 1)];
        let doubling = [(20, 90), (22, 360), (0, 1)];
        let doubling_far = [(8, 1), (18, 258), (0, 1)];
        let nearer = [(1536, 180), (2048, 320), (0, 1)];
        let leap = [(1024, 1), (2048, 320), (0, 1)];
        let rows: [(&str, [Look; 2], Option<&str>); 10] = [
            ("exponential from afar", [doubling_far, doubling], Some("exponentially")),
            ("square", [square, square], Some("the square")),
            ("square, seen twice", [square, nearer], Some("the square")),
            ("leap", [leap, leap], None),
            ("exponential", [doubling, doubling], Some("exponentially")),
            ("in doubt the lesser one", [square, doubling], Some("the square")),
            ("once alone", [square, [(1024, 1), (2048, 1), (0, 1)]], None),
            ("all is slow", [[(1024, 900), (2048, 990), (0, 900)]; 2], None),
            ("slow from the start", [[(1024, 900), (2048, 905), (0, 1)]; 2], None),
            ("with the size", [[(1024, 300), (2048, 600), (0, 1)]; 2], None),
        ];
        for (name, looks, wanted) in rows {
            let message = growth(b",", 4096, &record(&looks.concat())).map(|told| told.1);
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
    fn fewer_exchanges_tell_how_far_it_went() {
        let corpus = Corpus::embedded().unwrap();
        let case = corpus.case("server/cost/commas-in-protocols").unwrap();
        let rows: [(&str, &[Played], Verdict); 4] = [
            ("all sizes", &[(8192, 9)], Verdict::Pass),
            ("refused like a harmless one", &[(512, 9), (0, 9)], Verdict::Pass),
            ("out of time", &[(512, 900)], Verdict::Inconclusive),
            (
                "slow",
                &[(1024, 80), (2048, 320), (0, 1), (1024, 80), (2048, 320), (0, 1)],
                Verdict::Warn,
            ),
        ];
        for (name, samples, verdict) in rows {
            let result = judge(
                case,
                Some(record(samples)),
                None,
                &TargetFacts::default(),
                &corpus.requirements,
            );
            assert_eq!(result.verdict, verdict, "{name}: {:?}", result.findings);
        }
    }

    #[test]
    fn what_is_blotted_out_is_counted() {
        assert_eq!(in_a_row(b"Cookie: a=b; a=b; a=b", b"; a=b"), 2);
        assert_eq!(in_a_row(b"Cookie: **** **** ***", b"; a=b"), 2);
    }

    #[test]
    fn what_never_ends_warns_when_all_of_it_is_taken() {
        let io = |kind, bytes: &[u8]| Io { link: 0, at_us: 1, kind, bytes: bytes.to_vec() };
        let link = || Link::plain("a", Party::Client, upspec_corpus::case::Over::Http1);
        let rows = [
            (8192, IoKind::Deadline, Verdict::Warn, "10 KiB were taken, and more"),
            (8191, IoKind::Deadline, Verdict::Inconclusive, "9 KiB were taken, and more"),
            (8192, IoKind::Read, Verdict::Pass, "10 KiB were written before"),
            (8192, IoKind::Reset, Verdict::Pass, "10 KiB were written before"),
        ];
        for (unkept, came, verdict, part) in rows {
            let io = vec![
                io(IoKind::Wrote, &[b"x".to_vec(), vec![b'a'; 2048]].concat()),
                io(IoKind::WroteUnkept, &u64::to_be_bytes(unkept)),
                io(came, b""),
            ];
            let (found, message) = taken(b"a", 10240, &Record::of(link(), io)).unwrap();
            assert_eq!(found, verdict);
            assert!(message.starts_with(part), "{message}");
        }
    }
}
