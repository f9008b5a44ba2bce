//! Does what one connection says reach another one? A chat server hands every message on to everybody: then a tunnel
//! shows what another case has said, so whoever may say something is alone.

use upspec_corpus::case::{Act, Case, LinkName, Need, Step};
use upspec_corpus::template::{Binding, Part, Template};
use upspec_exchange::frames::each_frame;
use upspec_exchange::{Octets, Record, Transcript};
use upspec_handshake::Party;
use upspec_handshake::frame::{Frame, opcode, write};

use crate::event::Ending;
use crate::plan::ECHO;
use crate::risk::Risk;
use crate::run::Run;

impl Run {
    /// Plays all cases. Where a message on one connection reaches the others, those that may send one come behind
    /// the rest, one by one.
    pub(crate) async fn play_cases(
        &mut self,
        cases: Vec<(usize, Option<Risk>)>,
        jobs: usize,
    ) -> Result<(), Ending> {
        if jobs <= 1 || !self.hands_messages_on().await {
            return self.play_by_risk(&cases, jobs).await;
        }
        self.results.remark(
            "a message on one connection reaches the others, too, so each case that may send one was played alone"
                .to_owned(),
        );
        let plan = self.plan();
        let (speaking, others): (Vec<_>, Vec<_>) =
            cases.into_iter().partition(|(index, _)| may_speak(&plan.cases()[*index]));
        self.play_by_risk(&others, jobs).await?;
        self.look_again(jobs).await?;
        self.again_in_calm().await?;
        let settings = &mut self.worker.bench_mut().settings;
        (settings.jobs, settings.most_jobs) = (1, 1);
        self.play_by_risk(&speaking, 1).await
    }

    /// Listens on a second connection to whether a message comes there, too, whatever its sender gets.
    async fn hands_messages_on(&self) -> bool {
        let (plan, bench) = (self.plan(), &self.worker.bench);
        let control = self.worker.control.filter(|_| bench.facts.has(Need::Pong));
        let echo = plan.cases().iter().find(|case| case.id == ECHO);
        let (Some(control), Some(echo)) = (control, echo) else { return false };
        let case = listening(&plan.cases()[control], echo);
        let exchange = bench.exchange_of_two(&case, bench.turn(&case, 0)).await;
        exchange.is_ok_and(|exchange| hears_of_another(&exchange))
    }
}

/// Whether what a case writes behind a head may hold a message.
fn may_speak(case: &Case) -> bool {
    let mut is_open = false;
    case.steps.iter().any(|step| match &step.act {
        Act::Await(_) => {
            is_open = true;
            false
        }
        Act::Send(written) => {
            let octets = literal(written);
            let head = octets.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            let behind = if is_open { Some(0) } else { head };
            behind.is_some_and(|at| !say_nothing(&octets[at..]))
        }
        Act::Repeat { .. } | Act::Grow { .. } | Act::Endless { .. } | Act::SendBytewise(_) => {
            is_open
        }
        Act::Flow(_) | Act::H2(_) => is_open,
        _ => false,
    })
}

/// What is written, with a frame as long as it is in the place of each Ping and Close that a run fills in.
fn literal(written: &Template) -> Vec<u8> {
    let part = |part: &Part| match part {
        Part::Bytes(octets) => octets.clone(),
        Part::Binding(Binding::Ping) => write(opcode::PING, &[], Some([0; 4])),
        Part::Binding(_) => Vec::new(),
    };
    written.parts.iter().flat_map(part).collect()
}

/// Whether these are frames that no reader takes for a part of a message, and nothing behind them.
fn say_nothing(octets: &[u8]) -> bool {
    let mut length = 0;
    each_frame(octets).all(|frame| {
        length += frame.len;
        frame.opcode > opcode::BINARY || frame.rsv > 0
    }) && length == octets.len()
}

/// The control, within whose tunnel nothing is said until a message on another connection, and a Ping behind it, have
/// been answered.
fn listening(control: &Case, echo: &Case) -> Case {
    let beside = |step: &Step| Step { at: LinkName::Client2, ..step.clone() };
    let (open, ping) = control.steps.split_at(control.steps.len().saturating_sub(1));
    let answered = Step::at(LinkName::Client2, Act::AwaitCount(1));
    let said = echo.steps.iter().chain(ping).map(beside).chain([answered]);
    let last = ping.iter().cloned().chain([Step::from(Act::AwaitCount(1))]);
    let steps = open.iter().cloned().chain(said).chain(last).collect();
    // Who expects nothing takes leave at once.
    Case { steps, expect: Vec::new(), ..control.clone() }
}

/// Whether a message came on the first connection, on which none was sent.
fn hears_of_another(exchange: &Record) -> bool {
    let octets = Octets::of(exchange);
    let transcript = Transcript::read(&octets);
    let [listens, speaks] = [0, 1].map(|at| {
        let tunnel = transcript.talks.get(at).and_then(|talk| talk.tunnel.as_ref());
        tunnel.map(|tunnel| (tunnel.sent(Party::Client), tunnel.sent(Party::Server)))
    });
    let (Some((_, heard)), Some((said, _))) = (listens, speaks) else { return false };
    let is_message = |frame: &Frame<'_>| !opcode::is_control(frame.opcode);
    let said: Vec<_> = each_frame(said).filter(is_message).collect();
    let mut heard = each_frame(heard).filter(is_message);
    heard.any(|frame| said.iter().any(|said| said.payload == frame.payload))
}

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use super::may_speak;

    #[test]
    fn who_writes_a_message_may_speak() {
        let corpus = Corpus::embedded().unwrap_or_else(|error| panic!("{error}"));
        for (id, wanted) in [
            ("server/control/handshake", false),
            ("server/control/echo", true),
            ("server/frames/unmasked-text", true),
            ("server/frames/opcode-3", false),
            ("server/frames/rsv1-on-ping", false),
            ("server/messages/fragments", true),
            ("server/key/missing", false),
        ] {
            let case = corpus.case(id).unwrap_or_else(|| panic!("{id} is no case"));
            assert_eq!(may_speak(case), wanted, "{id}");
        }
    }
}
