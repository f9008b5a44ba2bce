//! Every answer that the RFCs allow to a request, each with the requirements that allow it, advise
//! against it or forbid it. Picks none of them.

use std::borrow::Cow;

use crate::RequestHead;
use crate::opening::{Consequence, Opening};

#[cfg(test)]
mod tests;

/// The classes of answer that the RFCs tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// 101; in HTTP/2 a 2xx to an extended CONNECT, which opens the tunnel (RFC 8441 4).
    Switch,
    /// Any other 2xx: the request is taken as an ordinary one.
    Success,
    /// 3xx.
    Redirect,
    /// 400.
    BadRequest,
    /// Any other 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// The connection ends without an octet.
    Close,
    /// Neither an octet nor the end.
    Silence,
    /// Octets that are not HTTP, or in HTTP/2 a 101 (RFC 9113 8.6).
    Junk,
}

impl Answer {
    /// Every class, in the order of the type.
    pub const ALL: [Self; 9] = [
        Self::Switch,
        Self::Success,
        Self::Redirect,
        Self::BadRequest,
        Self::ClientError,
        Self::ServerError,
        Self::Close,
        Self::Silence,
        Self::Junk,
    ];

    /// The class of a status code as the answer to this request.
    pub fn to(request: &RequestHead<'_>, status: u16) -> Option<Self> {
        match status {
            101 if !request.is_http1() => Some(Self::Junk),
            200..=299 if request.is_extended_connect() => Some(Self::Switch),
            _ => Self::of_status(status),
        }
    }

    /// The class of a final status code or of 101 in HTTP/1; `None` for other 1xx and for what is no
    /// code.
    pub fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            101 => Self::Switch,
            200..=299 => Self::Success,
            300..=399 => Self::Redirect,
            400 => Self::BadRequest,
            401..=499 => Self::ClientError,
            500..=599 => Self::ServerError,
            _ => return None,
        })
    }
}

/// What the RFCs make of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Lawful.
    Lawful,
    /// No MUST forbids it; a SHOULD does, or it harms interoperability.
    Discouraged,
    /// A MUST forbids it.
    Forbidden,
}

/// The grade of one answer and the requirements behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What the answer is worth.
    pub grade: Grade,
    /// Ids of requirements that allow, advise against or forbid the answer.
    pub by: Cow<'static, [&'static str]>,
}

impl Ruling {
    const fn by(grade: Grade, by: &'static [&'static str]) -> Self {
        Self { grade, by: Cow::Borrowed(by) }
    }
}

/// What is known of the resource that the request is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// It has answered the plain opening handshake with 101.
    pub switches: bool,
    /// It has selected a subprotocol.
    pub negotiates_subprotocols: bool,
    /// It has taken an extension.
    pub negotiates_extensions: bool,
}

/// The rulings on every class of answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    rulings: [Ruling; 9],
}

/// Says what the RFCs make of every answer to a request.
///
/// A pure function of its arguments. It is monotone: a further defect in the request never makes a
/// 101 better than it was.
pub fn permitted(request: &RequestHead<'_>, endpoint: &Endpoint) -> Permitted {
    let opening = Opening::read(request);
    let mut permitted = Permitted::valid();
    for defect in &opening.defects {
        permitted.apply(defect.consequence, defect.requirement, endpoint);
    }
    permitted.http(&opening);
    if !request.is_http1() {
        permitted.http2(request);
    }
    permitted
}

impl Permitted {
    /// What the RFCs make of this class of answer.
    pub fn ruling(&self, answer: Answer) -> &Ruling {
        &self.rulings[answer as usize]
    }

    /// What the RFCs make of this status code in answer to the request; `None` where a code is not of
    /// any class.
    pub fn ruling_on(&self, request: &RequestHead<'_>, status: u16) -> Option<&Ruling> {
        Answer::to(request, status).map(|answer| self.ruling(answer))
    }

    /// The answers that no MUST forbids.
    pub fn lawful(&self) -> impl Iterator<Item = Answer> {
        let open = |answer: &Answer| self.ruling(*answer).grade < Grade::Forbidden;
        Answer::ALL.into_iter().filter(open)
    }

    /// The rulings on a valid handshake. Whoever switches on it may still refuse one for reasons of
    /// its own, so that no refusal breaks a MUST.
    fn valid() -> Self {
        Self { rulings: VALID }
    }

    /// Takes a defect into account; only what makes an answer better or worse is written.
    fn apply(&mut self, consequence: Consequence, rule: &'static str, endpoint: &Endpoint) {
        use Answer::{BadRequest, ClientError, Close, Switch};
        match consequence {
            Consequence::IgnoreUpgrade => {
                self.worsen(Switch, Grade::Forbidden, rule);
                self.open(&FINAL, IGNORE);
            }
            Consequence::Refuse | Consequence::RefuseVersion => {
                self.worsen(Switch, Grade::Forbidden, rule);
                self.open(&[BadRequest, ClientError], REFUSE);
            }
            Consequence::RefuseMalformed => {
                let negotiates = if rule == SUBPROTOCOLS {
                    endpoint.negotiates_subprotocols
                } else {
                    endpoint.negotiates_extensions
                };
                let grade = if negotiates { Grade::Forbidden } else { Grade::Discouraged };
                self.worsen(Switch, grade, rule);
                self.open(&[BadRequest, ClientError], REFUSE);
                if rule == FAILS_CONNECTION {
                    self.open(&[Close], rule);
                }
            }
            Consequence::RefuseDraft => {
                self.worsen(Switch, Grade::Discouraged, rule);
                self.open(&[BadRequest, ClientError], REFUSE);
            }
            // The status is 400, by a MUST (RFC 9112 5.2) or a SHOULD (RFC 9112 2.2).
            Consequence::RejectOrRepair => self.open(&[BadRequest], rule),
            Consequence::Tolerable => {
                self.worsen(Switch, Grade::Discouraged, rule);
                self.open(&[BadRequest], rule);
            }
            Consequence::Unsettled => self.unsettled(rule),
            Consequence::BadRequest => {}
        }
    }

    /// What the texts leave open, point by point.
    fn unsettled(&mut self, rule: &'static str) {
        let row = UNSETTLED.iter().find(|row| row.0 == rule);
        let (_, switch, open) = row.copied().unwrap_or((rule, Grade::Lawful, &FINAL));
        self.worsen(Answer::Switch, switch, rule);
        self.open(open, rule);
    }

    /// Where HTTP itself fixes 400 nothing else is left.
    fn http(&mut self, opening: &Opening<'_>) {
        let fixed = opening.defects.iter().filter(|one| one.consequence == Consequence::BadRequest);
        // A version that the server does not speak is as good a reason as any other.
        let foreign = opening.defects.iter().any(|one| VERSIONS.contains(&one.requirement));
        for defect in fixed {
            let rule = defect.requirement;
            for answer in [Answer::Switch, Answer::Success, Answer::Redirect] {
                self.worsen(answer, Grade::Forbidden, rule);
            }
            for answer in [Answer::ClientError, Answer::ServerError] {
                if answer == Answer::ServerError && foreign {
                    continue;
                }
                self.rulings[answer as usize] =
                    Ruling { grade: Grade::Discouraged, by: Cow::Owned(vec![rule]) };
            }
            self.open(&[Answer::BadRequest], rule);
        }
    }

    /// What HTTP/2 has in other ways. An extended CONNECT has no 2xx that opens no tunnel, and 501
    /// says that nobody speaks its protocol (RFC 9220 3 for HTTP/3).
    fn http2(&mut self, request: &RequestHead<'_>) {
        self.worsen(Answer::Junk, Grade::Forbidden, "rfc9113/8.6-no-101");
        if request.is_extended_connect() {
            self.worsen(Answer::Success, Grade::Forbidden, "rfc8441/5-no-key-accept");
            if self.ruling(Answer::Switch).by.contains(&"rfc8441/5-protocol") {
                self.open(&[Answer::ServerError], "rfc8441/5-protocol");
            }
        }
    }

    /// Makes these answers lawful by a rule, unless a rule forbids them on other grounds.
    fn open(&mut self, answers: &[Answer], rule: &'static str) {
        for &answer in answers {
            let ruling = &mut self.rulings[answer as usize];
            if ruling.grade == Grade::Lawful && *ruling.by != [rule] {
                ruling.by.to_mut().push(rule);
            } else {
                *ruling = Ruling { grade: Grade::Lawful, by: Cow::Owned(vec![rule]) };
            }
        }
    }

    fn worsen(&mut self, answer: Answer, grade: Grade, rule: &'static str) {
        let ruling = &mut self.rulings[answer as usize];
        if grade > ruling.grade {
            *ruling = Ruling { grade, by: Cow::Owned(vec![rule]) };
        } else if grade == ruling.grade && !ruling.by.contains(&rule) {
            ruling.by.to_mut().push(rule);
        }
    }
}

const IGNORE: &str = "rfc9110/7.8-ignore";
const SUBPROTOCOLS: &str = "rfc6455/4.2.1-protocol-list";
const REFUSE: &str = "rfc6455/4.2.1-refuse";

const FOREIGN_VERSION: &str = "rfc9110/6.2-505";
/// A version that a server may answer with 505, whatever else is wrong.
const VERSIONS: [&str; 2] = [FOREIGN_VERSION, "rfc6455/4.2.1-http-version"];

/// Malformed extensions fail the connection, and a close does that (RFC 6455 9.1).
const FAILS_CONNECTION: &str = "rfc6455/9.1-malformed";

/// The answers that end a request as an ordinary one, whatever they say of it.
const FINAL: [Answer; 5] = [
    Answer::Success,
    Answer::Redirect,
    Answer::BadRequest,
    Answer::ClientError,
    Answer::ServerError,
];

/// Points on which the texts are open in part only: what a 101 is worth, and what else is lawful.
/// Everything final is where a point has no row.
const UNSETTLED: [(&str, Grade, &[Answer]); 4] = [
    // A name that comes twice is the client's fault alone, and may be refused as such.
    ("rfc6455/4.2.1-protocol-list", Grade::Lawful, &[Answer::BadRequest, Answer::ClientError]),
    // A body that makes an implementation reject the request makes it the client's mistake.
    ("rfc9110/9.3.1-get-content", Grade::Lawful, &[Answer::BadRequest, Answer::ClientError]),
    (
        FOREIGN_VERSION,
        Grade::Discouraged,
        &[Answer::BadRequest, Answer::ClientError, Answer::ServerError],
    ),
    // The connection is closed after the response, which a 101 cannot be followed by.
    ("rfc9112/6.1-te-and-cl-close", Grade::Discouraged, &[Answer::BadRequest, Answer::ClientError]),
];

/// The rulings on a valid opening handshake, in the order of [`Answer::ALL`]. Any side may close at
/// any time, but a request deserves its response (RFC 9112 9.5; RFC 6455 10.7).
const VALID: [Ruling; 9] = [
    Ruling::by(Grade::Lawful, &["rfc6455/4.2.2-response"]),
    Ruling::by(Grade::Discouraged, &[IGNORE]),
    Ruling::by(Grade::Discouraged, &["rfc6455/4.2.2-redirect"]),
    Ruling::by(Grade::Discouraged, &["rfc6455/4.2.2-no-service"]),
    Ruling::by(Grade::Discouraged, &["rfc6455/4.2.2-no-service"]),
    Ruling::by(Grade::Discouraged, &["rfc6455/4.2.2-no-service"]),
    Ruling::by(Grade::Discouraged, &["rfc9112/9.5-close-any-time"]),
    Ruling::by(Grade::Forbidden, &[REFUSE]),
    Ruling::by(Grade::Forbidden, &["rfc9112/2.1-message"]),
];
