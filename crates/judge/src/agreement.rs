//! Who takes the octets behind a request for those of a tunnel: the client, the intermediary, the origin. Where the
//! three disagree, one of them reads as a request what another takes for a protocol of its own. Grades nothing.

use upspec_corpus::case::{Arrival, Got};
use upspec_exchange::{Octets, Record, Transcript};
use upspec_handshake::Party;

use crate::passage::Passage;

/// What the three parties make of one request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The client was told that the protocols are switched: 101, or 2xx to an extended CONNECT.
    pub client: bool,
    /// The intermediary passes on, octet for octet, what HTTP would have it read. `None` where nothing was sent that
    /// tells, or where it got lost.
    pub proxy: Option<bool>,
    /// The origin said that the protocols are switched. `None` where the request never came there.
    pub origin: Option<bool>,
}

impl Agreement {
    /// Whether those who are known say the same.
    #[must_use]
    pub fn is_mutual(self) -> bool {
        let others = [self.proxy, self.origin.or(Some(false))];
        others.into_iter().flatten().all(|other| other == self.client)
    }
}

/// What the parties at a record with both ends make of its first request; `None` of a record with one end.
#[must_use]
pub fn agreement(record: &Record) -> Option<Agreement> {
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    let passage = Passage::of(&transcript.talks);
    let client = transcript.talks.first().filter(|talk| talk.link.we == Party::Client)?;
    if !transcript.talks.iter().any(|talk| talk.link.we == Party::Server) {
        return None;
    }
    let switched = client.tunnel.is_some();
    let carries = match passage.got_at_origin() {
        Got::All | Got::Part if passage.is_switched() => Some(true),
        _ => None,
    };
    let proxy = match passage.arrival(2) {
        Arrival::Raw => Some(true),
        Arrival::Reframed | Arrival::Content => Some(false),
        Arrival::Absent => carries.or((!switched).then_some(false)),
    };
    let origin = passage.arrived(1).map(|_| passage.is_switched());
    Some(Agreement { client: switched, proxy, origin })
}
