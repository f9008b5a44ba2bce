//! Faults about the content of requests, above all beside Upgrade (RFC 9112 6).

use super::{is_upgrade, restore};
use crate::proxy::fault::Effect::{Answered, Forwarded, Read};
use crate::proxy::fault::scene::{CANARY, OK, PAIR, get, post, switch};
use crate::proxy::fault::{Point, ProxyFault, fault};
use crate::proxy::variation::Way;

pub(super) const ROWS: &[ProxyFault] = &[
    fault("content-read-as-request", "Content beside Upgrade is read as the next request.")
        .breaks("rfc9112/9.3-read-body")
        .shown_by(|| {
            let lines = format!("{PAIR}Content-Length: {}\r\n", CANARY.len());
            post(&lines, CANARY).origin(OK).gives("origin-1", "GET /?canary HTTP/1.1\\r\\nHost")
        })
        .by(Forwarded(|head, came| {
            if is_upgrade(came) && head.has("Content-Length") {
                head.set("Content-Length", b"0");
            }
        }))
        .at(Point::ContentAsRequest),
    fault("content-unframed-on-upgrade", "Content beside Upgrade is passed on without its length.")
        .breaks("rfc9112/9.3-read-body")
        .shown_by(|| {
            post(&format!("{PAIR}Content-Length: 5\r\n"), "hello")
                .keeps("origin-1", "Content-Length: 5")
        })
        .by(Forwarded(|head, came| {
            if is_upgrade(came) {
                head.remove("Content-Length");
            }
        })),
    fault("chunks-unframed", "Chunked content is passed on without its chunks.")
        .breaks("rfc9112/6.3-body-framed")
        .shown_by(|| {
            post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")
                .keeps("origin-1", "5\\r\\nhello")
        })
        .by(Forwarded(|head, _| head.remove("Transfer-Encoding")))
        .at(Point::ChunksUnframed),
    fault("content-lost-on-upgrade", "Content beside Upgrade is not passed on, but its length is.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .shown_by(|| {
            post(&format!("{PAIR}Content-Length: 5\r\n"), "hello")
                .origin(switch(""))
                .keeps("origin-1", "hello")
        })
        .at(Point::ContentLost),
    fault(
        "content-unawaited",
        "A request with Upgrade is passed on before its content, which never is.",
    )
    .breaks("rfc9110/8.6-cl-incorrect")
    .shown_by(|| {
        post(&format!("{PAIR}Content-Length: 5\r\n"), "he").gives("origin-1", "Content-Length: 5")
    })
    .by(Forwarded(|head, came| {
        if is_upgrade(came) {
            restore(head, came, "Content-Length");
        }
    }))
    .at(Point::ContentAsRequest),
    fault("content-late", "Content comes late, and not at all where the answer is there first.")
        .breaks("rfc9110/8.6-cl-incorrect")
        .shown_by(|| post("Content-Length: 5\r\n", "hello").origin(OK).keeps("origin-1", "hello"))
        .at(Point::ContentLate),
    fault("both-lengths-passed-on", "Content-Length is passed on beside Transfer-Encoding.")
        .breaks("rfc9112/6.3-forwarded-te")
        .shown_by(|| post(BOTH, "0\r\n\r\n").gives("origin-1", "Content-Length: 4"))
        .by(Read(|head| {
            if head.has("Transfer-Encoding") {
                head.remove("Content-Length");
            }
        }))
        .by(Forwarded(|head, came| {
            if came.has("Transfer-Encoding") {
                restore(head, came, "Content-Length");
            }
        })),
    fault("length-beats-coding", "Content-Length counts where Transfer-Encoding stands beside it.")
        .breaks("rfc9112/6.3-te-over-cl")
        .shown_by(|| post(BOTH, "0\r\n\r\n").gives("origin-1", "Content-Length: 4"))
        .by(Read(|head| {
            if head.has("Content-Length") {
                head.remove("Transfer-Encoding");
            }
        })),
    fault("continue-withheld", "A client that waits for 100 waits for nothing.")
        .breaks("rfc9110/10.1.1-no-waiting")
        .shown_by(|| {
            post("Content-Length: 5\r\nExpect: 100-continue\r\n", "")
                .keeps("client", "100 Continue")
        })
        .at(Point::ContinueWithheld),
    fault("continue-skipped", "An upgrade that waits for 100 gets the answer at once.")
        .breaks("rfc9110/7.8-continue-first")
        .beside(&[Way::DropsInterim])
        .shown_by(|| {
            post(&format!("{PAIR}Content-Length: 5\r\nExpect: 100-continue\r\n"), "")
                .origin(switch(""))
                .keeps("client", "100 Continue")
        })
        .at(Point::ContinueSkipped),
    fault("answer-length-taken", "A Content-Length of the origin that is no number is passed on.")
        .breaks("rfc9112/6.3-invalid-cl-error")
        .shown_by(|| {
            get("").origin(OK.replace(": 5", ": 5x")).gives("client", "Content-Length: 5x")
        })
        .by(Answered(|answer, _| {
            if answer.value("Content-Length").is_some_and(|value| !is_number(&value)) {
                answer.remove("Content-Length");
                answer.set("X-Length", b"");
            }
        }))
        .by(crate::proxy::fault::Effect::Returned(|head, came| {
            if head.has("X-Length") {
                head.remove("X-Length");
                head.remove("Transfer-Encoding");
                restore(head, came, "Content-Length");
            }
        })),
];

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

const BOTH: &str = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
