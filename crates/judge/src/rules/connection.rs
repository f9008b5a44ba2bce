//! Framing and persistence: how a response ends, and what follows it.

use upspec_exchange::{BodyState, End, Talk};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{Party, RequestHead, Version};

use super::{Breach, Context};
use crate::text::shown;

/// No Content-Length where no content can be (RFC 9110 8.6).
pub(super) fn no_length_without_content(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let status = context.status();
    if is_bodiless(status) && context.fields().contains("Content-Length") {
        let breach =
            Breach::new("rfc9110/8.6-cl-1xx-204", format!("the {status} has Content-Length"));
        breaches.push(breach.at(context.line("Content-Length")));
    }
}

/// A 2xx to CONNECT opens a tunnel, which has no length (RFC 9110 9.3.6); the extended CONNECT is one
/// (RFC 8441 4).
pub(super) fn no_length_of_a_tunnel(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let connect = |request: &RequestHead<'_>| request.method == b"CONNECT";
    let opens = matches!(context.status(), 200..=299) && context.request().is_some_and(connect);
    if opens && context.fields().contains("Content-Length") {
        let message = format!("the {} to CONNECT has Content-Length", context.status());
        let breach = Breach::new("rfc9110/9.3.6-2xx-framing", message);
        breaches.push(breach.at(context.line("Content-Length")));
    }
}

fn is_bodiless(status: u16) -> bool {
    matches!(status, 100..=199 | 204)
}

/// Which framing fields may stand where (RFC 9112 6.1, 6.2).
pub(super) fn framing_fields(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let status = context.status();
    let length = context.fields().contains("Content-Length");
    let coding = context.fields().contains("Transfer-Encoding");
    if is_bodiless(status) && coding {
        let message = format!("the {status} has Transfer-Encoding");
        let breach = Breach::new("rfc9112/6.1-te-1xx-204", message);
        breaches.push(breach.at(context.line("Transfer-Encoding")));
    }
    if length && coding {
        let message = "the response has both Content-Length and Transfer-Encoding";
        let breach = Breach::new("rfc9112/6.2-cl-with-te", message);
        breaches.push(breach.at(context.line("Content-Length")));
    }
    if coding && context.to_http10() {
        let message = "the response to an HTTP/1.0 request has Transfer-Encoding";
        let breach = Breach::new("rfc9112/6.1-te-old-client", message);
        breaches.push(breach.at(context.line("Transfer-Encoding")));
    }
}

/// A final response has a length of its own, or the connection ends after it (RFC 9112 6.3, 9.3).
pub(super) fn self_defined_length(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let response = context.response;
    if response.framing == Framing::Invalid || response.body_state == BodyState::Malformed {
        let breach = Breach::new("rfc9110/2.2-grammar", "the framing of the body cannot be read");
        breaches.push(breach.at(context.head()));
    }
    let ending = context.talk.ending;
    // What is still coming may be a stream of events, which has no end.
    let waited = ending.deadline && !ending.still_coming && ending.server.is_none();
    if response.framing == Framing::UntilClose && waited && response.is_final() {
        let message = "the response has no length of its own, and the connection stays open (a warning, for the end may \
             still come)";
        let breach = Breach::new("rfc9112/9.3-persistence-rules", message).at(context.head());
        breaches.push(breach.at_most_warn());
    }
}

/// A response that says close is followed by the end, and an end is announced (RFC 9112 9.6).
/// An answer to HTTP/1.0, or to a request that said close, needs no announcement.
pub(super) fn announced_close(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let status = context.status();
    let last = context.talk.responses.last().is_some_and(|last| last.at == context.response.at);
    if !context.response.is_final() || status == 101 || !last {
        return;
    }
    let ending = context.talk.ending;
    let says_close = contains_option(context.fields().values("Connection"), "close");
    let request = context.request();
    let asked = request.is_none_or(says_close_or_old);
    // A server lingers over a body that is still on its way (RFC 9112 9.6 describes it).
    let waited = ending.deadline && !ending.at_the_last && ending.server.is_none();
    let length_of_its_own = context.response.framing != Framing::UntilClose;
    // A response that its end delimits is not over yet: it may be a stream of events.
    if says_close && waited && length_of_its_own && context.talk.whole_requests {
        let message = format!("the {status} says close, but the connection stays open");
        let breach = Breach::new("rfc9112/9.6-close-sent", message);
        breaches.push(breach.at(context.line("Connection")));
    }
    // Where we have ended our side no further request can come, and nothing is left to announce.
    // An end that nobody waited for may or may not have come in time to be seen.
    let unexpected = ending.server.is_some() && ending.client.is_none() && !ending.decided;
    if !says_close && !asked && unexpected && length_of_its_own {
        let message = format!("the connection ends after a {status} that does not say close");
        let breach = Breach::new("rfc9112/9.6-announce", message).at(context.head());
        breaches.push(breach);
    }
}

fn says_close_or_old(head: &RequestHead<'_>) -> bool {
    head.version.is_none_or(|version| version < Version::HTTP_11)
        || contains_option(head.fields.values("Connection"), "close")
}

/// A response to HEAD has no content (RFC 9110 9.3.2): what follows it must be a response.
pub(super) fn body_of_head(context: &Context<'_, '_>, breaches: &mut Vec<Breach>) {
    let head = context.request().is_some_and(|request| request.method == b"HEAD");
    let Some(stray) = context.talk.stray.clone().filter(|_| head) else {
        return;
    };
    if stray.start == context.response.body.end {
        let message = "octets follow the response to HEAD";
        let breach = Breach::new("rfc9110/9.3.2-head-content", message).at(stray);
        // The server may not know that a malformed request means HEAD.
        let malformed = |request: &RequestHead<'_>| !request.violations.is_empty();
        let unsure = context.request().is_some_and(malformed);
        breaches.push(if unsure { breach.at_most_warn() } else { breach });
    }
}

/// A complete response is followed only by another response (RFC 9112 2.1), or by the tunnel that a
/// 2xx to CONNECT opens (RFC 9110 9.3.6).
pub(super) fn stray(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let Some(stray) = talk.stray.clone() else {
        return;
    };
    let to_head = talk.requests.iter().any(|request| request.head.method == b"HEAD");
    let tunnel = talk.responses.iter().any(|response| {
        let request = response.request.and_then(|at| talk.requests.get(at));
        request.is_some_and(|request| request.head.method == b"CONNECT")
            && matches!(response.head.status, Some(200..=299))
    });
    let rest = &talk.sent(party)[stray.clone()];
    let begun = b"HTTP/".starts_with(&rest[..rest.len().min(5)]);
    if to_head || tunnel || begun {
        return;
    }
    let message =
        format!("octets that are not a response follow the response: {}", shown(rest, 40));
    breaches.push(Breach::new("rfc9112/2.1-message", message).at(stray));
}

/// Over TLS a server tries to exchange closure alerts before it closes (RFC 9112 9.8). A try that
/// does not arrive cannot be seen, so this warns.
pub(super) fn closure_alert(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let is_http = talk.tunnel.is_none();
    if is_http && talk.ending.of_party(party) == Some(End::Unclean) && !talk.ending.decided {
        let message = "the connection ends without the closure alert of TLS (a warning, for a try to send it cannot be \
             seen)";
        breaches.push(Breach::new("rfc9112/9.8-closure-alert", message).at_most_warn());
    }
}

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use upspec_exchange::{Io, IoKind, Link, Over, Record};
    use upspec_handshake::Party;

    use crate::result::Verdict;
    use crate::verdict::judge;

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
            let io = io.map(|(kind, bytes)| Io { link: 0, at_us: 0, kind, bytes: bytes.to_vec() });
            let link = Link { tls: true, ..Link::plain("target", Party::Client, Over::Http1) };
            let record = Record::of(link, io.to_vec());
            let result = judge(
                case,
                Some(record),
                None,
                &crate::TargetFacts::default(),
                &corpus.requirements,
            );
            assert_eq!(result.verdict, verdict, "{:?}", result.findings);
        }
    }

    /// The RFC sets no time for the end, so a short wait is repeated; without a wait nothing is known.
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
            let io =
                io.map(|(at_us, kind, bytes)| Io { link: 0, at_us, kind, bytes: bytes.to_vec() });
            let link = Link { tls: false, ..Link::plain("target", Party::Client, Over::Http1) };
            let record = Record::of(link, io.to_vec());
            let result = judge(
                case,
                Some(record),
                None,
                &crate::TargetFacts::default(),
                &corpus.requirements,
            );
            assert_eq!(result.verdict, verdict, "{:?}", result.findings);
            assert_eq!(result.aside.rests_on_silence, verdict == Verdict::Fail);
        }
    }
}
