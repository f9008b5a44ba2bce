//! What requests before the one in question change: nothing, but that the connection may end behind each response.

use upspec_corpus::case::{Connection, Expectation, Grade};

use super::Expected;
use crate::draft::Draft;
use crate::http2::outcomes;
use crate::words::{Ahead, Pace};

/// The requirement that has a request answered behind the ones before it.
pub(super) fn requirement(draft: &Draft) -> Option<&'static str> {
    let of_http1 = |ahead: Ahead| {
        !matches!(
            ahead,
            Ahead::Malformed | Ahead::Opened | Ahead::Closed | Ahead::Reset | Ahead::Negotiated
        )
    };
    let mut before = draft.ahead.iter().filter(|(ahead, _)| of_http1(*ahead)).peekable();
    before.peek()?;
    let waits = before.all(|(_, pace)| *pace == Pace::Awaited);
    Some(if waits { "rfc9112/9.3-persistent" } else { "rfc9112/9.3.2-pipeline-order" })
}

/// The last response says that the connection ends.
pub(super) fn announced() -> Expectation {
    let mut last = Expectation::of(outcomes("2xx 3xx 4xx 5xx"));
    last.wants.connection = Some(Connection::Announced);
    last
}

/// Nothing behind a request that says close is served (RFC 9112, section 9.6).
pub(super) fn behind_close() -> Expected {
    let mut closed = Expectation::of(outcomes("2xx 3xx 4xx 5xx"));
    closed.wants.connection = Some(Connection::Closed);
    let fails = Expectation {
        grade: Grade::Fail,
        because: Some("What stands behind a request with close is not answered.".to_owned()),
        ..Expectation::of(outcomes("101"))
    };
    Expected {
        requirement: "rfc9112/9.6-close-received".to_owned(),
        title: "Nothing behind a request that says close is answered".to_owned(),
        alternatives: vec![closed, Expectation::of(outcomes("closed")), fails],
        whole: true,
    }
}

/// The client ends its side of an idle connection (RFC 9112, section 9.5).
pub(super) fn left() -> Expected {
    let open = Expectation {
        grade: Grade::Warn,
        because: Some(
            "The connection stays open although nothing can come on it any more.".to_owned(),
        ),
        ..Expectation::of(outcomes("silent"))
    };
    Expected {
        requirement: "rfc9112/9.5-monitor".to_owned(),
        title: "The server ends an idle connection whose client has ended its side".to_owned(),
        alternatives: vec![Expectation::of(outcomes("2xx 3xx 4xx 5xx closed")), open],
        whole: false,
    }
}
