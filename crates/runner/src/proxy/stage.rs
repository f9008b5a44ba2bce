//! Brings one case to its record: a client connection, a guest at our origin, and the script between them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use upspec_corpus::Registry;
use upspec_corpus::case::{Act, Awaited, Case, LinkName};
use upspec_corpus::words::Word as _;
use upspec_exchange::{Link, Record};
use upspec_handshake::Party;
use upspec_judge::{CaseResult, TargetFacts, judge};

use super::bindings::bindings;
use super::forward::without_gateways;
use super::origin::Origin;
use super::script::Script;
use super::settings::ProxySettings;
use crate::bench::answer_us;
use crate::bindings::Turn;
use crate::connect::{Connector, Opening};
use crate::drips::Drips;
use crate::error::Error;
use crate::place::{Place, Promptness};
use crate::play::{Limits, Play};
use crate::results::shortened;
use crate::risk::sent;
use crate::target::Target;
use crate::wire::Wires;

/// What every exchange needs.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) target: Target,
    pub(super) connector: Connector,
    pub(super) origin: Arc<Origin>,
    pub(super) settings: ProxySettings,
    pub(super) facts: TargetFacts,
    pub(super) requirements: Arc<Registry>,
    pub(super) drips: Drips,
    /// How soon requests come through.
    pub(super) promptness: Arc<Promptness>,
    /// Held by a case that sends much: one of them at a time takes memory enough.
    pub(super) much: Arc<Semaphore>,
    /// The place of the case among those under way.
    pub(super) place: Option<Place>,
}

impl Stage {
    /// Plays a case once and has it judged.
    ///
    /// # Errors
    ///
    /// Without a connection to the intermediary.
    pub(super) async fn attempt(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, Error> {
        let record = self.exchange(case, attempt, window).await?;
        let lenient = self.settings.forward.as_ref().map(|_| without_gateways(case));
        let case = lenient.as_ref().unwrap_or(case);
        Ok(shortened(judge(case, Some(record), None, &self.facts, &self.requirements)))
    }

    /// Plays a case once.
    pub(super) async fn exchange(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<Record, Error> {
        let turn = Turn { seed: self.settings.seed, case: &case.id, attempt, connection: 0 };
        let (bindings, nonce) = bindings(&self.target, &self.settings, &turn, case.over);
        let takes_connect =
            case.steps.iter().any(|step| step.act == Act::AwaitOther(Awaited::Connect));
        let keep = if is_about_much(case) { usize::MAX } else { USUAL }.min(self.settings.keep);
        let _alone = match sent(case, &bindings) > MUCH {
            // Nobody closes it.
            true => self.much.acquire().await.ok(),
            false => None,
        };
        let mut guest = self.origin.receive(&nonce, keep, takes_connect);
        let (timeout, drip) = (self.settings.timeout, self.drips.borne());
        let opening = Opening::AsTarget { alpn: &case.alpn };
        let stream = self.connector.open(opening, timeout).await?;
        let link = Link::plain(LinkName::Client.word(), Party::Client, case.over);
        let alpn = stream.alpn().map(str::to_owned);
        let link = Link { tls: stream.is_tls(), alpn, ..link };
        let mut wires = Wires::new(vec![(link, stream)], keep);
        wires.take_spans(guest.take_spans());
        wires.sit_at(self.place.as_ref());
        wires.patience().bear(drip);
        let play = Play {
            case,
            bindings: &bindings,
            close: &[],
            reports: false,
            limits: Limits { window, timeout, keep, drip },
        };
        let record = Script::new(&play, &self.connector, wires).run().await;
        self.drips.note(&record);
        if let Some(after) = answer_us(&record) {
            self.promptness.came(Duration::from_micros(after), false);
        }
        Ok(record)
    }
}

/// Whether a case sends much, or waits for it.
fn is_about_much(case: &Case) -> bool {
    let much = |act: &Act| match act {
        Act::Repeat { .. } => true,
        Act::AwaitCount(count) => *count as usize >= USUAL / 2,
        _ => false,
    };
    case.steps.iter().any(|step| much(&step.act))
}

/// Who sends more than so many octets sends much.
const MUCH: usize = 512 * 1024;
/// How many octets are kept otherwise.
const USUAL: usize = 128 * 1024;
