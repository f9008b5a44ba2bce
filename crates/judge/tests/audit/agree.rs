//! What the model rules on an answer to a case, and whether a verdict agrees with it.
//! Where the two may differ, a table says why.

use upspec_corpus::case::{Act, Case, Need, Outcomes};
use upspec_corpus::{Registry, Weight};
use upspec_handshake::opening::Opening;
use upspec_handshake::permitted::Answer::{
    self, BadRequest, ClientError, Close, Junk, Redirect, ServerError, Silence, Success, Switch,
};
use upspec_handshake::permitted::{Grade, permitted};
use upspec_judge::{CaseResult, Verdict};

use crate::reply::{endpoint, statuses};
use crate::scripted::Asked;

/// What the model makes of an answer to a request of a case.
#[derive(Clone, Debug)]
pub(crate) struct Ruled {
    pub(crate) answer: Answer,
    pub(crate) grade: Grade,
    pub(crate) by: String,
    /// The case is about a later request.
    is_earlier: bool,
    /// The request is the opening handshake, with nothing amiss.
    is_valid: bool,
}

pub(crate) fn ruled(case: &Case, asked: &Asked<'_>, answer: Answer) -> Ruled {
    let permitted = permitted(&asked.head, &endpoint(case));
    let ruling = permitted.ruling(answer);
    let plain = asked.head.method == b"GET" && asked.head.target == b"/";
    // The resource is known to answer 2xx.
    let found = case.needs.contains(&Need::PlainResource) && plain;
    let otherwise = found && answer != Success;
    Ruled {
        answer,
        grade: if otherwise { ruling.grade.max(Grade::Discouraged) } else { ruling.grade },
        by: ruling.by.join(" "),
        is_earlier: asked.number < awaited(case).len(),
        is_valid: Opening::read(&asked.head).is_valid(),
    }
}

/// A lawful answer, one from which the awaits of the case go on if there is one.
pub(crate) fn usual(case: &Case, asked: &Asked<'_>) -> Answer {
    let awaited = awaited(case);
    let wanted = awaited.get(asked.number);
    let goes_on = |answer: Answer| {
        let status = statuses(answer).first().copied().unwrap_or(101);
        wanted.is_none_or(|wanted| wanted.covers_status(status))
    };
    let best = |answer: &Answer| (ruled(case, asked, *answer).grade, !goes_on(*answer));
    USUAL.into_iter().min_by_key(best).unwrap()
}

const USUAL: [Answer; 6] = [Switch, Success, BadRequest, ClientError, Redirect, ServerError];

/// What the awaits of a case want, in order, but for those that wait for a 101 alone.
pub(crate) fn awaited(case: &Case) -> Vec<&Outcomes> {
    let awaits = case.steps.iter().filter_map(|step| match &step.act {
        Act::Await(wanted) => Some(wanted),
        _ => None,
    });
    awaits.filter(|wanted| wanted.covers_status(400)).collect()
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
    ruled: &Ruled,
    result: &CaseResult,
    registry: &Registry,
) -> Agreement {
    let verdict = result.verdict;
    let worst_is_warn = weight(registry, &case.requirement) != Some(Weight::Must);
    let agrees = match (ruled.grade, ruled.answer) {
        (Grade::Lawful, _) => verdict <= Verdict::Inconclusive || misses_should(result, registry),
        (Grade::Discouraged, _) => verdict <= Verdict::Warn,
        // A case may say that the answer is beside its point; no rule says when to answer (P7).
        (Grade::Forbidden, Silence) => verdict >= Verdict::Inconclusive,
        // Other cases are about the first request.
        (Grade::Forbidden, _) if ruled.is_earlier => verdict >= Verdict::Inconclusive,
        (Grade::Forbidden, _) if verdict == Verdict::Warn => worst_is_warn,
        (Grade::Forbidden, _) => verdict != Verdict::Pass,
    };
    if agrees {
        return Agreement::Agreed;
    }
    let excuse = |row: &Difference| row.covers(case, ruled, verdict);
    match DIFFERENCES.iter().position(excuse) {
        Some(row) => Agreement::Excused(row),
        None => Agreement::Differing(told(case, ruled, result)),
    }
}

fn told(case: &Case, ruled: &Ruled, result: &CaseResult) -> String {
    let said = result.findings.iter();
    let said: Vec<String> =
        said.map(|one| format!("{} {}", one.requirement, one.message)).collect();
    let (id, verdict) = (&case.id, result.verdict);
    let Ruled { answer, grade, by, .. } = ruled;
    let said = said.join("; ");
    format!("{id} draws {verdict:?} for {answer:?}, which is {grade:?} by {by}: {said}")
}

/// Whether all that is said of an answer is that it misses a SHOULD of HTTP; the model weighs those
/// of the handshake alone.
fn misses_should(result: &CaseResult, registry: &Registry) -> bool {
    let counts = |verdict| verdict >= Verdict::Warn;
    let mut counted = result.findings.iter().filter(|one| counts(one.verdict));
    result.verdict == Verdict::Warn
        && counted.all(|one| weight(registry, &one.requirement) == Some(Weight::Should))
}

pub(crate) fn weight(registry: &Registry, id: &str) -> Option<Weight> {
    Some(registry.get(id)?.level.weight())
}

/// A difference between cases and model that is meant.
pub(crate) struct Difference {
    /// The cases, by the start of their ids, or by their requirement.
    of: Of,
    answers: &'static [Answer],
    drawn: Verdict,
    why: &'static str,
}

enum Of {
    Case(&'static str),
    Requirement(&'static str),
    Valid,
    Any,
}

impl Difference {
    /// The row in words, for a message.
    pub(crate) fn shown(&self) -> String {
        let of = match self.of {
            Of::Any => "any case",
            Of::Case(start) => start,
            Of::Requirement(id) => id,
            Of::Valid => "valid handshakes",
        };
        format!("{of}, {:?}, {:?}: {}", self.answers, self.drawn, self.why)
    }

    fn covers(&self, case: &Case, ruled: &Ruled, verdict: Verdict) -> bool {
        let meant = match self.of {
            Of::Any => true,
            Of::Case(start) => case.id.starts_with(start),
            Of::Requirement(id) => case.requirement == id,
            Of::Valid => ruled.is_valid,
        };
        meant && self.drawn == verdict && self.answers.contains(&ruled.answer)
    }
}

const fn row(of: Of, answers: &'static [Answer], drawn: Verdict, why: &'static str) -> Difference {
    Difference { of, answers, drawn, why }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    row(
        Of::Valid,
        &[BadRequest],
        Verdict::Fail,
        "P48: 400 calls a spelling malformed that is not.",
    ),
    row(
        Of::Valid,
        &[Close],
        Verdict::Fail,
        "P6: a close that happens again is a reaction to the spelling.",
    ),
    row(
        Of::Any,
        &[ServerError],
        Verdict::Warn,
        "P4: a 5xx calls what the client did the server's own fault.",
    ),
    row(
        Of::Requirement("rfc9112/3-long-target"),
        &[BadRequest, ClientError],
        Verdict::Warn,
        "RFC 9112 3 wants 414; the model measures no lengths.",
    ),
    row(
        Of::Requirement("rfc9112/3-long-target"),
        &[ServerError],
        Verdict::Fail,
        "RFC 9112 3 wants 414; the model measures no lengths.",
    ),
    row(
        Of::Case("server/resets/behind-request"),
        &[Silence],
        Verdict::Pass,
        "We reset the connection before an answer can come.",
    ),
    row(
        Of::Case("server/resets/behind-plain-request"),
        &[Silence],
        Verdict::Pass,
        "We reset the connection before an answer can come.",
    ),
    row(
        Of::Case("server/syntax/garbage"),
        &[Junk],
        Verdict::Warn,
        "The request is no HTTP either.",
    ),
    row(
        Of::Case("server/syntax/response-as-request"),
        &[Junk],
        Verdict::Warn,
        "The request is no HTTP either.",
    ),
    row(
        Of::Case("server/method/connect"),
        &[Success],
        Verdict::Fail,
        "The model does not know CONNECT.",
    ),
    row(
        Of::Case("server/method/connect"),
        &[Redirect],
        Verdict::Warn,
        "The model does not know CONNECT.",
    ),
    row(
        Of::Case("server/http2-refusal/preface"),
        &[Junk],
        Verdict::Pass,
        "What answers an HTTP/2 preface may be HTTP/2.",
    ),
    row(
        Of::Case("server/h2c/valid"),
        &[BadRequest],
        Verdict::Warn,
        "400 calls a request malformed that is in order.",
    ),
    row(
        Of::Case("server/http-version/"),
        &[Junk],
        Verdict::Warn,
        "An answer to HTTP/0.9 has no head.",
    ),
    row(
        Of::Case("server/expect/in-list"),
        &[BadRequest, ClientError, Success, Redirect],
        Verdict::Warn,
        "417 is the status for an unknown expectation; the model knows none.",
    ),
    row(
        Of::Case("server/target/percent-"),
        &[Switch],
        Verdict::Warn,
        "P70: a server that never takes the target apart need not see that it is no URI.",
    ),
    row(
        Of::Case("server/target/brackets-behind-two-slashes"),
        &[Switch],
        Verdict::Warn,
        "P70: a server that never takes the target apart need not see that it is no URI.",
    ),
    row(
        Of::Case("server/target/backslash"),
        &[Switch],
        Verdict::Warn,
        "P70: a server that never takes the target apart need not see that it is no URI.",
    ),
    row(
        Of::Case("server/target/absolute-form-open-bracket"),
        &[Switch],
        Verdict::Warn,
        "P70: a server with one service reads neither scheme nor host.",
    ),
    row(
        Of::Case("server/target/absolute-form-letter-port"),
        &[Switch],
        Verdict::Warn,
        "P70: a server with one service reads neither scheme nor host.",
    ),
    row(
        Of::Case("server/target/empty-authority"),
        &[Success],
        Verdict::Fail,
        "RFC 9110 4.2.1 has the URI rejected; the model asks only whether to switch.",
    ),
    row(
        Of::Case("server/persistence/plain-behind-refusal"),
        &[BadRequest, ClientError],
        Verdict::Fail,
        "A 4xx in last place is the refusal, out of turn.",
    ),
    row(
        Of::Case("server/content-length/length-two-to-the-"),
        &[Switch],
        Verdict::Warn,
        "The model sees heads, and the body never comes.",
    ),
    row(
        Of::Case("server/content-length/length-two-to-the-"),
        &[Silence],
        Verdict::Pass,
        "The body is still due, and waiting for it is lawful.",
    ),
    row(
        Of::Case("server/transfer-encoding/chunk-"),
        &[Switch],
        Verdict::Warn,
        "The model sees heads, and the body cannot be read or never comes.",
    ),
    row(
        Of::Case("server/transfer-encoding/chunk-"),
        &[Silence],
        Verdict::Pass,
        "The body is still due, and waiting for it is lawful.",
    ),
    row(
        Of::Case("server/unread-body/half-closed"),
        &[Switch],
        Verdict::Warn,
        "The model sees heads, and the body never comes.",
    ),
    row(
        Of::Case("server/transfer-encoding/vertical-tab-before-chunked"),
        &[Switch, Success, Redirect],
        Verdict::Warn,
        "The control octet may have been dropped first.",
    ),
    row(
        Of::Case("server/permessage-deflate/compressed-not-utf8"),
        &[Switch],
        Verdict::Fail,
        "The tunnel of this test does not inflate.",
    ),
];
