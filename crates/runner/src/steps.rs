//! Turns the steps of a case into action: the octets they write, how long they wait, which response
//! heads they consume.

use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, Outcome, Outcomes, Step};

/// Adds what a step writes to a write; returns whether it writes at all.
pub(crate) fn render(step: &Step, out: &mut Vec<u8>, bindings: &Bindings) -> bool {
    if matches!(step.act, Act::SendBytewise(_) | Act::Endless { .. }) {
        return false;
    }
    (0..step.act.rounds()).all(|_| step.act.render_into(out, bindings))
}

/// The waits that steps ask for, added up; where nothing should come they wait for that much silence.
pub(crate) fn waits(steps: &[Step], silence: Duration) -> Duration {
    let waits = steps.iter().filter_map(|step| match step.act {
        Act::Wait(time) | Act::PauseReading(time) => Some(time),
        Act::AwaitCount(_) | Act::AwaitOther(Awaited::Silence) => Some(silence),
        _ => None,
    });
    waits.sum()
}

/// Whether an `await` for these outcomes takes this head: every final one, and an interim one (RFC
/// 9110 section 15.2) when it is named. 101 is final: no other response follows it.
pub(crate) fn takes(outcomes: &Outcomes, status: u16) -> bool {
    let interim = (100..200).contains(&status) && status != 101;
    !interim || outcomes.0.contains(&Outcome::Status(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_await_takes_final_heads_and_named_interim_ones() {
        let any = Outcomes(vec![Outcome::Class(1), Outcome::Class(2), Outcome::Silent]);
        let interim = Outcomes(vec![Outcome::Status(100)]);
        assert!(takes(&any, 101) && takes(&any, 200) && !takes(&any, 100) && !takes(&any, 103));
        assert!(takes(&interim, 100) && takes(&interim, 404));
    }
}
