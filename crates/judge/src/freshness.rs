//! What a client has to draw anew: the key of each connection and the masking key of each frame (RFC 6455 4.1, 5.3).
//! An intermediary that asks with keys of its own is such a client.
//! It shows only over all cases of a run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use upspec_exchange::{Octets, Response, Talk, Transcript};
use upspec_handshake::frame::FrameHeader;
use upspec_handshake::{Party, Status};

use crate::citations::Citations;
use crate::learn_client::CLIENT_DISCOVERY;
use crate::result::{CaseResult, Finding, Verdict};

/// Adds what is wrong where the keys, or the masking keys, of a client are not drawn anew: a key to the case in
/// which it came again, a masking key to the first control, or else the first case, that shows it.
pub(crate) fn check(results: &mut [CaseResult], citations: &Citations<'_>) {
    if results.first().is_some_and(|result| result.id.starts_with(INTERMEDIARY)) {
        return check_own_keys(results, citations);
    }
    if !results.iter().any(|result| result.id.starts_with(CLIENT_DISCOVERY)) {
        return;
    }
    let mut keys: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    let mut masks: BTreeMap<[u8; 4], Masked> = BTreeMap::new();
    let mut connection = 0;
    for (at, result) in results.iter().enumerate() {
        for octets in result.record.as_ref().map(Octets::of).iter() {
            for talk in &Transcript::read(octets).talks {
                if let Some(key) = key(talk) {
                    keys.entry(key).or_default().push(at);
                }
                for mask in masks_of(talk) {
                    masks.entry(mask).or_default().add(at, connection, results);
                }
                connection += 1;
            }
        }
    }
    blame_for_keys(&keys, results, citations);
    // Two equal ones among thousands are chance, and three are not.
    let again = masks.iter().filter(|(_, masked)| masked.frames > 2);
    if let Some((mask, masked)) =
        again.max_by_key(|(_, masked)| (masked.frames, Reverse(masked.first)))
    {
        let mask = mask.map(|octet| format!("{octet:02X}")).join(" ");
        let (frames, connections) = (masked.frames, masked.connections.len());
        let message = match connections {
            1 => format!("{frames} frames of one connection have the masking key {mask}"),
            _ if frames == connections => {
                format!(
                    "{connections} connections, and this one is among them, each have a frame with the masking key {mask}"
                )
            }
            _ => {
                format!("{frames} frames on {connections} connections have the masking key {mask}")
            }
        };
        add(&mut results[masked.first], citations.finding(MASK, Verdict::Fail, message, None));
    }
}

/// Where a masking key was used.
#[derive(Default)]
struct Masked {
    /// The place of the first case.
    first: usize,
    frames: usize,
    connections: BTreeSet<usize>,
}

impl Masked {
    /// Adds a frame. A control shows it best, for nothing else is wrong there.
    fn add(&mut self, case: usize, connection: usize, results: &[CaseResult]) {
        let is_control = |at: usize| results[at].id.starts_with(CLIENT_DISCOVERY);
        if self.frames == 0 || !is_control(self.first) && is_control(case) {
            self.first = case;
        }
        self.frames += 1;
        self.connections.insert(connection);
    }
}

/// Adds what is wrong where an intermediary asks our origin with the same key of its own in several cases.
fn check_own_keys(results: &mut [CaseResult], citations: &Citations<'_>) {
    let mut keys: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (at, result) in results.iter().enumerate() {
        for octets in result.record.as_ref().map(Octets::of).iter() {
            for key in own_keys(&Transcript::read(octets).talks) {
                keys.entry(key).or_default().push(at);
            }
        }
    }
    blame_for_keys(&keys, results, citations);
}

/// The keys of handshakes that came to our origin and that no client of ours had sent.
fn own_keys(talks: &[Talk<'_>]) -> BTreeSet<Vec<u8>> {
    let of = |party: Party| {
        let talks = talks.iter().filter(move |talk| talk.link.we == party);
        let values = talks
            .flat_map(|talk| &talk.requests)
            .flat_map(|one| one.head.fields.values("Sec-WebSocket-Key"));
        values.map(<[u8]>::to_vec).collect::<BTreeSet<_>>()
    };
    of(Party::Server).difference(&of(Party::Client)).cloned().collect()
}

/// Adds the first key that came again to the case in which it did.
fn blame_for_keys(
    keys: &BTreeMap<Vec<u8>, Vec<usize>>,
    results: &mut [CaseResult],
    citations: &Citations<'_>,
) {
    let again = keys.iter().filter(|(_, cases)| cases.len() > 1);
    if let Some((key, cases)) = again.min_by_key(|(_, cases)| cases[1]) {
        let (key, count) = (String::from_utf8_lossy(key), cases.len());
        let message = format!("the key {key} was sent on {count} connections");
        add(&mut results[cases[1]], citations.finding(KEY, Verdict::Fail, message, None));
    }
}

fn add(result: &mut CaseResult, finding: Finding) {
    result.verdict = result.verdict.max(Verdict::Fail);
    result.reason = None;
    result.findings.push(finding);
}

/// The key of the first handshake on a connection, where it is one.
fn key(talk: &Talk<'_>) -> Option<Vec<u8>> {
    let request = talk.requests.first().filter(|_| talk.tested() == Party::Client)?;
    let value = request.head.fields.values("Sec-WebSocket-Key").next()?;
    (!value.is_empty()).then(|| value.to_vec())
}

/// The masking keys of the frames with a payload, as far as frames came whole. Of an empty payload it masks nothing.
fn masks_of(talk: &Talk<'_>) -> Vec<[u8; 4]> {
    let is_switch = |answer: &Response<'_>| answer.head.status == Some(101);
    let switched = !talk.requests.is_empty() && talk.finals().next().is_some_and(is_switch);
    let in_tunnel = talk.tunnel_octets(Party::Client).filter(|_| talk.http2.is_some() || switched);
    let mut rest = in_tunnel.filter(|_| talk.tested() == Party::Client).unwrap_or_default();
    let mut masks = Vec::new();
    while let Status::Complete(header) = FrameHeader::parse(rest) {
        let Some(len) =
            usize::try_from(header.announced).ok().map(|len| len.saturating_add(header.len))
        else {
            break;
        };
        let Some(next) = rest.get(len..) else {
            break;
        };
        masks.extend(header.mask.filter(|_| header.announced > 0));
        rest = next;
    }
    masks
}

/// The requirements that it cites.
pub(crate) const CITES: &[&str] = &[KEY, MASK];
const INTERMEDIARY: &str = "intermediary/";
const KEY: &str = "rfc6455/4.1-key";
const MASK: &str = "rfc6455/5.3-mask-key";
