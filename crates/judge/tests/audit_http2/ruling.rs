//! What RFC 9113 and RFC 8441 make of an answer to a request, written without a look at the cases, and
//! whether a verdict agrees with it. Where the two may differ, a table says why.

use upspec_corpus::case::Case;
use upspec_corpus::{Registry, Weight};
use upspec_handshake::h2::message::{ListKind, violations};
use upspec_handshake::h2::{ErrorCode, HeaderList};
use upspec_judge::{CaseResult, Verdict};

use crate::reply::Answer;
use crate::server::Asked;

/// What an answer is to a request, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Lawful,
    Discouraged,
    /// No rule says how soon an answer is due.
    Undecided,
    Forbidden,
}

/// What a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// RFC 9113 8.1.1.
    Malformed,
    /// An extended CONNECT for a protocol that nobody speaks.
    OtherProtocol,
    /// An ordinary one.
    Plain,
    /// An opening handshake that RFC 6455 4.2.1 has refused.
    Refused,
    /// An opening handshake.
    WebSocket,
}

impl Request {
    pub(crate) fn read(asked: &Asked<'_>) -> Self {
        let list = asked.list;
        if is_malformed(list, asked.is_ended, asked.kind) {
            return Self::Malformed;
        }
        match list.pseudo(":protocol") {
            None => Self::Plain,
            Some(b"websocket") => {
                let mut versions = list.values("sec-websocket-version");
                match (versions.next(), versions.next()) {
                    (Some(b"13"), None) => Self::WebSocket,
                    _ => Self::Refused,
                }
            }
            Some(_) => Self::OtherProtocol,
        }
    }

    /// What this answer is to it.
    pub(crate) fn grade(self, answer: Answer) -> Grade {
        use Answer as A;
        use Grade::{Discouraged, Forbidden, Lawful, Undecided};
        let protocol_error = |code| code == ErrorCode::PROTOCOL_ERROR;
        match (self, answer) {
            // RFC 9113 8.6, 3.4.
            (_, A::Switch | A::Junk) => Forbidden,
            (Self::Malformed, A::Status(400)) => Lawful,
            (Self::Malformed, A::Reset(code) | A::GoAway(code)) if protocol_error(code) => Lawful,
            (Self::Malformed, A::Status(200..=399) | A::Silence) => Forbidden,
            (Self::Malformed, _) => Discouraged,
            (Self::Plain, A::Status(_)) => Lawful,
            (Self::Plain, A::Silence) => Undecided,
            // A valid request is no protocol error, and no reason to end the connection with one.
            (Self::Plain, A::GoAway(_)) => Forbidden,
            (Self::Plain, A::Reset(code)) if protocol_error(code) => Forbidden,
            (Self::Plain, A::Reset(_) | A::Close) => Discouraged,
            (Self::WebSocket, A::Status(200..=299)) => Lawful,
            (Self::WebSocket, A::Silence) => Forbidden,
            (Self::WebSocket, _) => Discouraged,
            (Self::Refused, A::Status(200..=299) | A::Silence) => Forbidden,
            (Self::Refused, A::Status(400..=499)) => Lawful,
            (Self::Refused, _) => Discouraged,
            // A tunnel in which the test speaks WebSocket.
            (Self::OtherProtocol, A::Status(200..=299) | A::Silence) => Forbidden,
            (Self::OtherProtocol, A::Status(400..=499 | 501)) => Lawful,
            (Self::OtherProtocol, A::Reset(code)) if protocol_error(code) => Lawful,
            (Self::OtherProtocol, _) => Discouraged,
        }
    }
}

/// Whether a request is malformed (RFC 9113 8.1.1): by its fields, or by content that never comes.
pub(crate) fn is_malformed(list: &HeaderList, is_ended: bool, kind: ListKind) -> bool {
    let length = list.values("content-length").next();
    let lacking = is_ended && length.is_some_and(|length| length != b"0");
    lacking || !violations(list, kind).is_empty()
}

/// How a verdict and a ruling go together.
pub(crate) enum Agreement {
    Agreed,
    /// By this row of [`DIFFERENCES`].
    Excused(usize),
    Differing(String),
}

pub(crate) fn agreement(
    case: &Case,
    request: Request,
    answer: Answer,
    result: &CaseResult,
    registry: &Registry,
) -> Agreement {
    let grade = request.grade(answer);
    let verdict = result.verdict;
    let agrees = match grade {
        Grade::Lawful => verdict <= Verdict::Inconclusive,
        Grade::Discouraged => verdict <= Verdict::Warn,
        Grade::Undecided => verdict == Verdict::Inconclusive,
        Grade::Forbidden if verdict == Verdict::Warn => {
            weight(registry, &case.requirement) != Some(Weight::Must)
        }
        Grade::Forbidden => verdict == Verdict::Fail,
    };
    if agrees {
        return Agreement::Agreed;
    }
    let excuse = |row: &Difference| row.covers(case, answer, verdict);
    match DIFFERENCES.iter().position(excuse) {
        Some(row) => Agreement::Excused(row),
        None => {
            let id = &case.id;
            let said = result.findings.iter();
            let said: Vec<_> =
                said.map(|one| format!("{} {}", one.requirement, one.message)).collect();
            let said = said.join("; ");
            Agreement::Differing(format!(
                "{id} draws {verdict:?} for {answer:?}, which is {grade:?} to {request:?}: {said}"
            ))
        }
    }
}

pub(crate) fn weight(registry: &Registry, id: &str) -> Option<Weight> {
    Some(registry.get(id)?.level.weight())
}

/// A difference between cases and ruling that is meant.
pub(crate) struct Difference {
    /// The cases, by the start of their ids.
    cases: &'static str,
    answers: fn(Answer) -> bool,
    drawn: Verdict,
    pub(crate) why: &'static str,
}

impl Difference {
    fn covers(&self, case: &Case, answer: Answer, verdict: Verdict) -> bool {
        case.id.starts_with(self.cases) && self.drawn == verdict && (self.answers)(answer)
    }

    /// The row in words, for a message.
    pub(crate) fn shown(&self) -> String {
        format!("{}, {:?}: {}", self.cases, self.drawn, self.why)
    }
}

const fn row(
    cases: &'static str,
    answers: fn(Answer) -> bool,
    drawn: Verdict,
    why: &'static str,
) -> Difference {
    Difference { cases, answers, drawn, why }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    row(
        "server/control/",
        |_| true,
        Verdict::Inconclusive,
        "What is asked is whether HTTP/2, or WebSocket over it, is there.",
    ),
    row(
        "server/extended-connect/quoted-",
        |answer| matches!(answer, Answer::Status(200..=299)),
        Verdict::Warn,
        "P34: Sec-WebSocket-Extensions is malformed, which no server without extensions need see.",
    ),
    row(
        "server/extended-connect/path-of-nothing",
        |answer| answer == Answer::Silence,
        Verdict::Inconclusive,
        "The path need not be that of an endpoint.",
    ),
    row(
        "server/extended-connect/without-authority",
        |answer| matches!(answer, Answer::Status(_)),
        Verdict::Warn,
        "RFC 8441 calls :authority required and does not say what follows where it is missing.",
    ),
    row(
        "server/extended-connect/reset-by-client",
        |answer| matches!(answer, Answer::Close | Answer::GoAway(_)),
        Verdict::Fail,
        "The end of the connection answers the reset of one stream.",
    ),
    row(
        "server/one-connection/another-subprotocol",
        |answer| matches!(answer, Answer::Status(200..=299)),
        Verdict::Warn,
        "The server is one that selects what is offered here.",
    ),
    row(
        "server/one-connection/foreign-origin-after-allowed",
        |answer| matches!(answer, Answer::Status(200..=299)),
        Verdict::Warn,
        "P39: the server is one that has a list of origins.",
    ),
    row(
        "server/http2/content-length-without-content",
        |answer| matches!(answer, Answer::Status(200..=399)),
        Verdict::Warn,
        "P50: the MUST is about what is detected, and only the sum of the content shows it.",
    ),
    row(
        "server/http2/http2-settings",
        |answer| matches!(answer, Answer::Reset(ErrorCode::PROTOCOL_ERROR)),
        Verdict::Pass,
        "To RFC 7540 the request was malformed.",
    ),
    row(
        "server/http2/http2-settings",
        |answer| matches!(answer, Answer::GoAway(_)),
        Verdict::Pass,
        "To RFC 7540 the request was malformed.",
    ),
    row(
        "server/http2/http2-settings",
        |answer| matches!(answer, Answer::GoAway(_)),
        Verdict::Warn,
        "To RFC 7540 the request was malformed.",
    ),
    row(
        "server/http2/stream-after-refusal",
        |answer| matches!(answer, Answer::GoAway(_)),
        Verdict::Pass,
        "It may be the answer to the malformed request before it.",
    ),
    row(
        "server/http2/stream-after-refusal",
        |answer| answer == Answer::Silence,
        Verdict::Fail,
        "The silence follows the error of another stream.",
    ),
    row(
        "server/http2/host-differs",
        |answer| matches!(answer, Answer::Status(_) | Answer::Silence),
        Verdict::Warn,
        "RFC 9113 8.3.1 has a SHOULD here.",
    ),
    row(
        "server/http2/host-differs",
        |answer| matches!(answer, Answer::Reset(_) | Answer::GoAway(_)),
        Verdict::Pass,
        "RFC 9113 8.3.1 has a SHOULD here.",
    ),
    row(
        "server/http2/unknown-protocol",
        |answer| matches!(answer, Answer::Status(_)),
        Verdict::Warn,
        "The target may have announced extended CONNECT.",
    ),
];
