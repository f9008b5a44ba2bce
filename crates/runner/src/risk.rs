//! Which cases are the likeliest to kill a target: they are played last and alone.
//! Looks at what a case sends, not at what it is called.

use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, Over};
use upspec_handshake::Party;
use upspec_handshake::frame::{Compression, FrameReader};

use crate::bench::Bench;
use crate::bindings::Nonces;
use crate::plan::Plan;

/// What a case sends that weak targets die of, from the rarest to the most frequent death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Risk {
    /// Octets that are no text in a head, or the end of our side.
    Odd,
    /// A request target or a Host that a URL parser chokes on.
    Address,
    /// More than buffers are made for.
    Size,
    /// A reset of the connection.
    Reset,
    /// Frames before the server can have switched.
    Early,
    /// Frames that break a rule.
    Frames,
    /// Ever more of the same, of which times and sizes are measured: nothing else goes on beside it.
    Cost,
}

impl Risk {
    /// How long its cases are played one at a time on a target that nothing has killed: silence is dear.
    pub(crate) fn budget(self) -> Duration {
        match self {
            Self::Odd | Self::Address | Self::Size => Duration::from_secs(1),
            Self::Reset | Self::Early | Self::Frames => Duration::from_secs(3),
            // They are played one at a time anyway, and each has exchanges enough to show a death.
            Self::Cost => Duration::ZERO,
        }
    }
}

/// The cases of a plan behind discovery: first those that no target should die of, then the others by what
/// they send; what kills most often comes last.
pub(crate) fn by_risk(plan: &Plan, bench: &Bench) -> Vec<(usize, Option<Risk>)> {
    let risks = plan.rest().into_iter().map(|index| {
        let case = &plan.cases()[index];
        let bindings = bench.bindings(&Nonces::of(&bench.turn(case, 0)));
        (index, risk(case, &bindings))
    });
    let mut cases: Vec<_> = risks.collect();
    cases.sort_by_key(|(_, risk)| *risk);
    cases
}

fn risk(case: &Case, bindings: &Bindings) -> Option<Risk> {
    let first = first_write(case, bindings);
    let has = |act: Act| case.steps.iter().any(|step| step.act == act);
    let ends = has(Act::ShutdownWrite);
    let rows = [
        (Risk::Cost, case.is_about_cost()),
        (Risk::Reset, has(Act::Reset)),
        (Risk::Frames, case.over == Over::Http1 && breaks_frames(case, bindings)),
        (Risk::Early, case.over == Over::Http1 && has_early_frames(&first)),
        (Risk::Size, case.hazard.is_some() || sent(case, bindings) > LARGE),
        (Risk::Address, case.over == Over::Http1 && has_odd_address(&first, bindings)),
        (Risk::Odd, ends || case.over == Over::Http1 && has_odd_octets(&first)),
    ];
    rows.into_iter().find(|(_, is_so)| *is_so).map(|(risk, _)| risk)
}

/// Whether what follows the first handshake is anything but frames in order: a body or a second request is
/// frames, too, for a server that has switched.
fn breaks_frames(case: &Case, bindings: &Bindings) -> bool {
    let mut octets = Vec::new();
    for step in &case.steps {
        step.act.render_into(&mut octets, bindings);
        if octets.len() > LARGE {
            break;
        }
    }
    let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let (head, mut rest) = octets.split_at(end + 4);
    if !head.to_ascii_lowercase().windows(9).any(|part| part == b"websocket") {
        return false;
    }
    let deflate = head.windows(10).any(|part| part == b"permessage");
    let compression = if deflate { Compression::PermessageDeflate } else { Compression::None };
    let mut reader = FrameReader::new(Party::Client, compression);
    while !rest.is_empty() {
        match reader.read(rest).complete() {
            Some(frame) if frame.violations.is_empty() => rest = &rest[frame.len.min(rest.len())..],
            _ => return true,
        }
    }
    false
}

/// What is written before anything is waited for.
fn first_write(case: &Case, bindings: &Bindings) -> Vec<u8> {
    let mut octets = Vec::new();
    for step in &case.steps {
        let writes = step.act.render_into(&mut octets, bindings);
        if !writes && !matches!(step.act, Act::Wait(_)) || octets.len() > LARGE {
            break;
        }
    }
    octets
}

/// How many octets a case sends in all.
fn sent(case: &Case, bindings: &Bindings) -> usize {
    let sizes = case.steps.iter().map(|step| {
        let mut octets = Vec::new();
        step.act.render_into(&mut octets, bindings);
        octets.len().saturating_mul(usize::try_from(step.act.rounds()).unwrap_or(usize::MAX))
    });
    sizes.fold(0, usize::saturating_add)
}

/// Whether something follows the first head that is not a request.
fn has_early_frames(octets: &[u8]) -> bool {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    end.and_then(|end| octets.get(end)).is_some_and(|next| *next >= 0x80)
}

/// Whether the request target or Host has octets that a URL seldom has.
fn has_odd_address(octets: &[u8], bindings: &Bindings) -> bool {
    let mut lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
    let target = lines.next().and_then(|line| line.split(|octet| *octet == b' ').nth(1));
    let odd_target = target.is_none_or(|target| {
        target != bindings.path
            && (!target.starts_with(b"/")
                || target.starts_with(b"//")
                || !target.iter().all(is_usual))
    });
    let mut hosts = lines.filter_map(|line| {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let (name, value) = line.split_at(colon);
        name.trim_ascii().eq_ignore_ascii_case(b"host").then(|| value[1..].trim_ascii())
    });
    let host = hosts.next();
    let is_odd =
        |host: &[u8]| host != bindings.authority && (host.is_empty() || !host.iter().all(is_usual));
    odd_target || host.is_none_or(is_odd) || hosts.next().is_some()
}

fn is_usual(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"/.-_~?=&:".contains(octet)
}

/// Whether a head has octets that are neither printable ASCII nor line ends.
fn has_odd_octets(octets: &[u8]) -> bool {
    octets.iter().any(|octet| !matches!(octet, b'\r' | b'\n' | b' '..=b'~'))
}

/// Beyond this servers have their limits.
const LARGE: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use super::*;

    #[test]
    fn what_kills_weak_servers_is_found_in_the_corpus() {
        let corpus = Corpus::embedded().unwrap();
        let bindings = Bindings {
            authority: b"127.0.0.1:9001".to_vec(),
            path: b"/chat".to_vec(),
            key: b"dGhlIHNhbXBsZSBub25jZQ==".to_vec(),
            ping: b"\x89\x81\x01\x02\x03\x04\x60".to_vec(),
            ..Bindings::default()
        };
        let rows = [
            ("server/control/handshake", None),
            ("server/key/missing", None),
            ("server/body/text", Some(Risk::Frames)),
            ("server/frames/rsv2-on-ping", Some(Risk::Frames)),
            ("server/messages/surrogate", Some(Risk::Frames)),
            ("server/persistence/request-behind-handshake", Some(Risk::Frames)),
            ("server/target/hundred-thousand-octets", Some(Risk::Size)),
            ("server/host/missing", Some(Risk::Address)),
            ("server/resets/within-frame", Some(Risk::Reset)),
            ("server/resets/unserved-after-1s", Some(Risk::Reset)),
            ("server/resets/half-close-behind-101", Some(Risk::Odd)),
        ];
        for (id, wanted) in rows {
            let case = corpus.case(id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(risk(case, &bindings), wanted, "{id}");
        }
        let risky = corpus.cases.iter().filter(|case| risk(case, &bindings).is_some()).count();
        assert!(risky * 2 < corpus.cases.len(), "{risky} of {}", corpus.cases.len());
    }
}
