//! The steps of a case as things to do: bindings filled in, adjacent sends merged into one write.
//! Never touches a connection.

use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Outcome, Outcomes, Step};

/// One thing to do on the connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Wait for a complete response head; leave the rest out when its status is none of these.
    Await(Outcomes),
    /// Wait for a complete request head.
    AwaitRequest,
    /// Wait for the first SETTINGS frame of the peer.
    AwaitSettings,
    /// End our writing side.
    ShutWrite,
    /// Read, and write nothing, for that long.
    Wait(Duration),
    /// Write these octets at once.
    Write(Vec<u8>),
}

/// Turns steps into actions. Sends and repeats that follow each other become one write; what comes to
/// no octet at all becomes none.
#[must_use]
pub fn script(steps: &[Step], bindings: &Bindings) -> Vec<Action> {
    let mut script = Vec::new();
    // All that is written in the case so far: `{fill-N}` counts from the last LF in it, even when a
    // wait has split the line.
    let mut written = Vec::new();
    let mut flushed = 0;
    for step in steps {
        let action = match &step.act {
            Act::Send(bytes) => {
                bytes.render_into(&mut written, bindings);
                continue;
            }
            Act::Repeat { times, bytes } => {
                for _ in 0..*times {
                    bytes.render_into(&mut written, bindings);
                }
                continue;
            }
            Act::H2(frames) => {
                frames.render_into(&mut written, bindings);
                continue;
            }
            Act::Await(outcomes) => Action::Await(outcomes.clone()),
            Act::AwaitRequest => Action::AwaitRequest,
            Act::AwaitSettings => Action::AwaitSettings,
            Act::ShutdownWrite => Action::ShutWrite,
            Act::Wait(time) => Action::Wait(*time),
        };
        flush(&mut script, &written, &mut flushed);
        script.push(action);
    }
    flush(&mut script, &written, &mut flushed);
    script
}

/// The waits that a script asks for, added up.
#[must_use]
pub(crate) fn waits(script: &[Action]) -> Duration {
    let waits = script.iter().map(|action| match action {
        Action::Wait(time) => *time,
        _ => Duration::ZERO,
    });
    waits.sum()
}

/// Whether a response with this status is one of these outcomes.
#[must_use]
pub(crate) fn covers(outcomes: &Outcomes, status: u16) -> bool {
    outcomes.covers_status(status)
}

/// Whether an `await` for these outcomes takes this head: every final one, and an interim one (RFC
/// 9110 section 15.2) when it is named. 101 is final: no other response follows it.
#[must_use]
pub(crate) fn takes(outcomes: &Outcomes, status: u16) -> bool {
    let interim = (100..200).contains(&status) && status != 101;
    !interim || outcomes.0.contains(&Outcome::Status(status))
}

fn flush(script: &mut Vec<Action>, written: &[u8], flushed: &mut usize) {
    if written.len() > *flushed {
        script.push(Action::Write(written[*flushed..].to_vec()));
        *flushed = written.len();
    }
}

#[cfg(test)]
mod tests {
    use upspec_corpus::template::{Binding, Part, Template};

    use super::*;

    fn octets(text: &str) -> Template {
        Template { parts: vec![Part::Bytes(text.as_bytes().to_vec())] }
    }

    fn write(text: &str) -> Action {
        Action::Write(text.as_bytes().to_vec())
    }

    #[test]
    fn adjacent_sends_are_one_write() {
        let pause = Duration::from_millis(5);
        let steps = [
            Act::Send(octets("GET / ")),
            Act::Repeat { times: 3, bytes: octets("x") },
            Act::Send(octets("\r\n")),
            Act::Wait(pause),
            Act::Send(octets("")),
            Act::ShutdownWrite,
            Act::Send(octets("tail")),
        ]
        .map(Step::from);
        let wanted =
            [write("GET / xxx\r\n"), Action::Wait(pause), Action::ShutWrite, write("tail")];
        let script = script(&steps, &Bindings::default());
        assert_eq!(script, wanted);
        assert_eq!(waits(&script), pause);
    }

    #[test]
    fn a_fill_counts_the_octets_before_a_wait() {
        let fill = Template {
            parts: vec![Part::Binding(Binding::Fill(8)), Part::Bytes(b"\r\n".to_vec())],
        };
        let steps = [Act::Send(octets("\r\nX: ")), Act::Wait(Duration::ZERO), Act::Send(fill)]
            .map(Step::from);
        let script = script(&steps, &Bindings::default());
        assert_eq!(script.last(), Some(&write("aaaaa\r\n")));
    }

    #[test]
    fn an_await_takes_final_heads_and_named_interim_ones() {
        let any = Outcomes(vec![Outcome::Class(1), Outcome::Class(2), Outcome::Silent]);
        let interim = Outcomes(vec![Outcome::Status(100)]);
        assert!(takes(&any, 101) && takes(&any, 200) && !takes(&any, 100) && !takes(&any, 103));
        assert!(takes(&interim, 100) && takes(&interim, 404));
        assert!(covers(&any, 101) && covers(&any, 204) && !covers(&any, 404));
        assert!(covers(&interim, 100) && !covers(&interim, 101));
    }
}
