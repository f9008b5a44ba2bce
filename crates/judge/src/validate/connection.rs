//! Framing and persistence: how a response ends, and what follows it.

use upspec_handshake::RequestHead;
use upspec_handshake::Version;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;

use super::{Context, Remark};
use crate::reading::{BodyState, Reading};
use crate::text::shown;

/// No Content-Length where no content can be (RFC 9110 8.6).
pub(super) fn no_length_without_content(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let status = context.status();
    if is_bodiless(status) && context.fields().contains("Content-Length") {
        let remark =
            Remark::new("rfc9110/8.6-cl-1xx-204", format!("the {status} has Content-Length"));
        remarks.push(remark.at(context.line("Content-Length")));
    }
}

/// A 2xx to CONNECT opens a tunnel, which has no length (RFC 9110 9.3.6); the extended CONNECT is one
/// (RFC 8441 4).
pub(super) fn no_length_of_a_tunnel(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let connect = |request: &RequestHead<'_>| request.method == b"CONNECT";
    let opens = matches!(context.status(), 200..=299) && context.request().is_some_and(connect);
    if opens && context.fields().contains("Content-Length") {
        let message = format!("the {} to CONNECT has Content-Length", context.status());
        let remark = Remark::new("rfc9110/9.3.6-2xx-framing", message);
        remarks.push(remark.at(context.line("Content-Length")));
    }
}

fn is_bodiless(status: u16) -> bool {
    status < 200 || status == 204
}

/// Which framing fields may stand where (RFC 9112 6.1, 6.2).
pub(super) fn framing_fields(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let status = context.status();
    let length = context.fields().contains("Content-Length");
    let coding = context.fields().contains("Transfer-Encoding");
    if is_bodiless(status) && coding {
        let message = format!("the {status} has Transfer-Encoding");
        let remark = Remark::new("rfc9112/6.1-te-1xx-204", message);
        remarks.push(remark.at(context.line("Transfer-Encoding")));
    }
    if length && coding {
        let message = "the response has both Content-Length and Transfer-Encoding";
        let remark = Remark::new("rfc9112/6.2-cl-with-te", message);
        remarks.push(remark.at(context.line("Content-Length")));
    }
    if coding && context.to_http10() {
        let message = "the response to an HTTP/1.0 request has Transfer-Encoding";
        let remark = Remark::new("rfc9112/6.1-te-old-client", message);
        remarks.push(remark.at(context.line("Transfer-Encoding")));
    }
}

/// A final response has a length of its own, or the connection ends after it (RFC 9112 6.3, 9.3).
pub(super) fn self_defined_length(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let response = context.response;
    if response.framing == Framing::Invalid || response.body_state == BodyState::Malformed {
        let remark = Remark::new("rfc9110/2.2-grammar", "the framing of the body cannot be read");
        remarks.push(remark.at(context.head()));
    }
    let waited = context.reading.ending.deadline && !context.reading.ending.by_peer;
    if response.framing == Framing::UntilClose && waited && response.is_final() {
        let message = "the response has no length of its own, and the connection stays open";
        let remark = Remark::new("rfc9112/9.3-persistence-rules", message).at(context.head());
        remarks.push(remark.at_most_warn());
    }
}

/// A response that says close is followed by the end, and an end is announced (RFC 9112 9.6).
/// An answer to HTTP/1.0, or to a request that said close, needs no announcement.
pub(super) fn announced_close(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let status = context.status();
    let last = context.reading.responses.last().is_some_and(|last| last.at == context.response.at);
    if !context.response.is_final() || status == 101 || !last {
        return;
    }
    let ending = context.reading.ending;
    let says_close = contains_option(context.fields().values("Connection"), "close");
    let request = context.request();
    let asked = request.is_none_or(says_close_or_old);
    // A server lingers over a body that is still on its way (RFC 9112 9.6 describes it).
    let waited = ending.deadline && !ending.at_the_last && !ending.by_peer;
    if says_close && waited && context.reading.whole_requests {
        let message = format!("the {status} says close, but the connection stays open");
        let remark = Remark::new("rfc9112/9.6-close-sent", message);
        remarks.push(remark.at(context.line("Connection")));
    }
    let length_of_its_own = context.response.framing != Framing::UntilClose;
    // Where we have ended our side no further request can come, and nothing is left to announce.
    // An end that nobody waited for may or may not have come in time to be seen.
    let unexpected = ending.by_peer && !ending.by_us && context.reading.end_was_awaited;
    if !says_close && !asked && unexpected && length_of_its_own {
        let message = format!("the connection ends after a {status} that does not say close");
        let remark = Remark::new("rfc9112/9.6-announce", message).at(context.head());
        remarks.push(remark);
    }
}

fn says_close_or_old(head: &RequestHead<'_>) -> bool {
    head.version.is_none_or(|version| version < Version::HTTP_11)
        || contains_option(head.fields.values("Connection"), "close")
}

/// A response to HEAD has no content (RFC 9110 9.3.2): what follows it must be a response.
pub(super) fn body_of_head(context: &Context<'_, '_>, remarks: &mut Vec<Remark>) {
    let head = context.request().is_some_and(|request| request.method == b"HEAD");
    let Some(stray) = context.reading.stray.clone().filter(|_| head) else {
        return;
    };
    if stray.start == context.response.body.end {
        let message = "octets follow the response to HEAD";
        let remark = Remark::new("rfc9110/9.3.2-head-content", message).at(stray);
        // Of a malformed request it may well be unknown that it means HEAD.
        let malformed = |request: &RequestHead<'_>| !request.violations.is_empty();
        let unsure = context.request().is_some_and(malformed);
        remarks.push(if unsure { remark.at_most_warn() } else { remark });
    }
}

/// What follows a complete response is another response (RFC 9112 2.1), but for a tunnel, which a 2xx
/// to CONNECT opens (RFC 9110 9.3.6).
pub(super) fn stray(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let Some(stray) = reading.stray.clone() else {
        return;
    };
    let to_head = reading.requests.iter().any(|request| request.method == b"HEAD");
    let tunnel = reading.responses.iter().any(|response| {
        let request = response.request.and_then(|at| reading.requests.get(at));
        request.is_some_and(|request| request.method == b"CONNECT")
            && matches!(response.head.status, Some(200..=299))
    });
    let rest = &reading.read[stray.clone()];
    let begun = b"HTTP/".starts_with(&rest[..rest.len().min(5)]);
    if to_head || tunnel || begun {
        return;
    }
    let message = format!("octets that are no response follow the response: {}", shown(rest, 40));
    remarks.push(Remark::new("rfc9112/2.1-message", message).at(stray));
}

/// Over TLS a server tries to exchange closure alerts before it closes (RFC 9112 9.8). A try that
/// did not arrive looks like none, so it warns.
pub(super) fn closure_alert(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let is_http = reading.tunnel.is_none();
    if is_http && reading.ending.unclean && reading.end_was_awaited {
        let message = "the connection ends without the closure alert of TLS";
        remarks.push(Remark::new("rfc9112/9.8-closure-alert", message).at_most_warn());
    }
}

/// Every requirement that a remark of this file can cite.
pub(super) const CITES: &[&str] = &[
    "rfc9110/2.2-grammar",
    "rfc9110/8.6-cl-1xx-204",
    "rfc9110/9.3.2-head-content",
    "rfc9110/9.3.6-2xx-framing",
    "rfc9112/2.1-message",
    "rfc9112/6.1-te-1xx-204",
    "rfc9112/6.1-te-old-client",
    "rfc9112/6.2-cl-with-te",
    "rfc9112/9.3-persistence-rules",
    "rfc9112/9.6-announce",
    "rfc9112/9.6-close-sent",
    "rfc9112/9.8-closure-alert",
];

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use crate::exchange::{End, Exchange, Io, IoKind, Over};
    use crate::result::Verdict;
    use crate::verdict::{judge, rests_on_silence};

    #[test]
    fn an_end_of_tls_without_its_alert_warns() {
        let corpus = Corpus::embedded().unwrap();
        let plain = |case: &&upspec_corpus::case::Case| case.id == "server/control/plain-resource";
        let case = corpus.cases.iter().find(plain).unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let response = b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
            Connection: close\r\n\r\nhello";
        for (end, verdict) in
            [(IoKind::ReadEnd, Verdict::Pass), (IoKind::ReadEndUnclean, Verdict::Warn)]
        {
            let io = [(IoKind::Wrote, &request[..]), (IoKind::Read, &response[..]), (end, &[])];
            let io = io.map(|(kind, bytes)| Io { at_us: 0, kind, bytes: bytes.to_vec() });
            let exchange = Exchange {
                end: End::Client,
                over: Over::Http1,
                tls: true,
                alpn: None,
                io: io.to_vec(),
            };
            let result = judge(case, vec![exchange], &corpus.requirements);
            assert_eq!(result.verdict, verdict, "{:?}", result.findings);
        }
    }

    /// No time is given for the end, so a short wait is looked at again, and no wait says nothing.
    #[test]
    fn an_end_that_does_not_come_fails_where_it_was_waited_for() {
        let corpus = Corpus::embedded().unwrap();
        let plain = |case: &&upspec_corpus::case::Case| case.id == "server/control/plain-resource";
        let case = corpus.cases.iter().find(plain).unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let response = b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
            Connection: close\r\nContent-Length: 0\r\n\r\n";
        for (answered_us, verdict) in [(1_000, Verdict::Fail), (499_990, Verdict::Pass)] {
            let io = [
                (0, IoKind::Wrote, &request[..]),
                (answered_us, IoKind::Read, &response[..]),
                (500_000, IoKind::Deadline, &[]),
            ];
            let io = io.map(|(at_us, kind, bytes)| Io { at_us, kind, bytes: bytes.to_vec() });
            let exchange = Exchange {
                end: End::Client,
                over: Over::Http1,
                tls: false,
                alpn: None,
                io: io.to_vec(),
            };
            let result = judge(case, vec![exchange], &corpus.requirements);
            assert_eq!(result.verdict, verdict, "{:?}", result.findings);
            assert_eq!(rests_on_silence(case, &result), verdict == Verdict::Fail);
        }
    }
}
