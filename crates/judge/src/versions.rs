//! Compares the versions that a target accepts with those that it lists, over all cases of a run
//! (RFC 6455 4.4: a refusal lists every version that the server is willing to use).

use std::collections::BTreeSet;

use upspec_handshake::field::version::{VERSION, version, versions};

use crate::citations::Citations;
use crate::result::{Aside, CaseResult, Verdict};
use crate::view::View;

/// Adds a finding to each case whose version was accepted although no refusal lists it.
pub(crate) fn check(results: &mut [CaseResult], citations: &Citations<'_>) {
    let listed: BTreeSet<u8> =
        results.iter().flat_map(|result| &result.aside.versions_listed).copied().collect();
    if listed.is_empty() {
        return;
    }
    for result in results {
        let Some(taken) = result.aside.version_taken else {
            continue;
        };
        if taken != VERSION && !listed.contains(&taken) {
            let shown: Vec<String> = listed.iter().map(ToString::to_string).collect();
            let message =
                format!("took version {taken}, but its refusals list only {}", shown.join(", "));
            result.findings.push(citations.finding(RULE, Verdict::Fail, message, None));
            result.verdict = result.verdict.max(Verdict::Fail);
            result.reason = None;
        }
    }
}

const RULE: &str = "rfc6455/4.4-version-list";

/// What a case shows about versions: those that refusals list, and the one accepted.
pub(crate) fn aside(view: &View<'_, '_>, twin: Option<&View<'_, '_>>) -> Aside {
    let views = [Some(view), twin].into_iter().flatten();
    Aside {
        versions_listed: views.flat_map(listed).collect(),
        version_taken: taken(view),
        ..Aside::default()
    }
}

/// The versions that the first response lists, where it is a refusal in HTTP/1.1.
fn listed(view: &View<'_, '_>) -> Vec<u8> {
    let first = view.talk.responses.first().filter(|_| view.http2().is_none());
    let Some(refusal) = first.filter(|first| first.head.status != Some(101)) else {
        return Vec::new();
    };
    versions(refusal.head.fields.values("Sec-WebSocket-Version")).flatten().collect()
}

/// The version of a handshake that was answered with 101.
fn taken(view: &View<'_, '_>) -> Option<u8> {
    let (request, response) = (view.talk.requests.first()?, view.talk.responses.first()?);
    let mut asked = request.head.fields.values("Sec-WebSocket-Version");
    let value = asked.next().filter(|_| asked.next().is_none())?;
    let switched = response.head.status == Some(101) && view.http2().is_none();
    switched.then(|| version(value).ok()).flatten()
}
