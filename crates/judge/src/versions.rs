//! The versions that a target takes against those that it lists, over all cases of a run
//! (RFC 6455 4.4: a refusal lists every version that the server is willing to use).
//! Never looks at one case alone; the validators do.

use std::collections::BTreeSet;

use upspec_handshake::field::version::{VERSION, version, versions};
use upspec_handshake::{RequestHead, ResponseHead};

use crate::exchange::Exchange;
use crate::result::{CaseResult, Verdict};
use crate::verdict::Book;

/// Adds a finding to each case whose version was taken although no refusal lists it.
pub(crate) fn check(results: &mut [CaseResult], book: &Book<'_>) {
    let mut listed = BTreeSet::new();
    for result in results.iter() {
        listed.extend(result.exchanges.iter().flat_map(list_of_refusal));
    }
    if listed.is_empty() {
        return;
    }
    for result in results {
        let Some(taken) = result.exchanges.first().and_then(taken) else {
            continue;
        };
        if taken != VERSION && !listed.contains(&taken) {
            let shown: Vec<String> = listed.iter().map(ToString::to_string).collect();
            let message =
                format!("took version {taken}, but its refusals list {} alone", shown.join(", "));
            result.findings.push(book.finding(RULE, Verdict::Fail, message, None));
            result.verdict = result.verdict.max(Verdict::Fail);
            result.reason = None;
        }
    }
}

const RULE: &str = "rfc6455/4.4-version-list";

/// Every requirement that a finding of this file can cite.
pub(crate) const CITES: &[&str] = &[RULE];

/// The versions that a refusal lists.
fn list_of_refusal(exchange: &Exchange) -> Vec<u8> {
    let read = exchange.read();
    let Some(head) = ResponseHead::parse(&read).complete() else {
        return Vec::new();
    };
    if head.status == Some(101) {
        return Vec::new();
    }
    versions(head.fields.values("Sec-WebSocket-Version")).flatten().collect()
}

/// The version of a handshake that was answered with 101.
fn taken(exchange: &Exchange) -> Option<u8> {
    let (written, read) = (exchange.written(), exchange.read());
    let request = RequestHead::parse(&written).complete()?;
    let response = ResponseHead::parse(&read).complete()?;
    let mut asked = request.fields.values("Sec-WebSocket-Version");
    let value = asked.next().filter(|_| asked.next().is_none())?;
    (response.status == Some(101)).then(|| version(value).ok()).flatten()
}
