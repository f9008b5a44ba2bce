//! What the model permits and forbids in answer to a recipe, as the alternatives of a case.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Expectation, FieldMatcher, FieldTest, Grade, Outcome, Outcomes, Over};
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::elements;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::opening::Opening;
use upspec_handshake::permitted::{Answer, Grade as Ruled, Permitted, permitted};
use upspec_handshake::{RequestHead, ViolationKind};

use crate::draft::{Draft, name};
use crate::edit::Edit;
use crate::known::Known;
use crate::recipe::Recipe;
use crate::text::Text;
use crate::words::{Ahead, Field, Part};

mod habits;
mod http2;
mod sequence;
mod tunnel;

use habits::Asked;
use tunnel::Duty;

/// What a recipe may be answered with.
pub(crate) struct Expected {
    /// The requirement that a wrong answer breaks, unless an alternative names another one.
    pub(crate) requirement: String,
    /// What is expected, in one sentence.
    pub(crate) title: String,
    /// The graded alternatives.
    pub(crate) alternatives: Vec<Expectation>,
    /// Whether the request comes to an end, so that an answer is due.
    pub(crate) whole: bool,
}

/// What is spoken, and so which outcomes a class of answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    Http1,
    /// A request of HTTP/2 that opens no tunnel.
    Http2,
    /// An extended CONNECT.
    Connect,
}

/// Asks the model about the octets of a recipe.
pub(crate) fn expected(recipe: &Recipe, known: &Known, bindings: &Bindings) -> Expected {
    if recipe.base.over() == Over::Http2 {
        return http2::expected(recipe, known, bindings);
    }
    let draft = recipe.draft();
    let octets = recipe.octets(bindings);
    let Some(head) = RequestHead::parse(&octets).complete() else {
        return match draft.stop {
            Some(_) if octets.is_empty() => sequence::left(),
            Some(_) if draft.ahead.is_empty() && is_clean(&octets) => cut_head(),
            _ => unfinished_head(),
        };
    };
    if draft.ahead.iter().any(|(ahead, _)| *ahead == Ahead::Close) {
        return sequence::behind_close();
    }
    let opening = Opening::read(&head);
    let body = &octets[head.len..];
    answered(&Asked { recipe, head: &head, opening: &opening, body, known, bindings }, &draft)
}

/// What a request with a whole head may be answered with.
fn answered(asked: &Asked<'_>, draft: &Draft) -> Expected {
    let Asked { recipe, head, opening, body, known, bindings } = *asked;
    let permitted = permitted(head, &known.endpoint);
    let whole = is_whole(head, body);
    let (is_plain, is_usual) = (is_plain(recipe, head, opening, bindings), habits::is_usual(asked));
    let mut lawful = Lawful::of(&permitted, Spoken::Http1);
    if !whole {
        lawful.open(&[Answer::Close]);
        lawful.discourage(&[Answer::Switch, Answer::Silence], "rfc9112/6.3-short-body");
    }
    if Framing::of_request(head) == Framing::Invalid {
        lawful.discourage(&[Answer::Switch], "rfc9110/8.6-cl-overflow");
    }
    if head.len >= ORDINARY && !is_usual {
        lawful.open(&[Answer::ClientError]);
    }
    match (is_plain, is_usual) {
        (true, _) if draft.ahead.is_empty() => lawful.forbid(Answer::BadRequest),
        (false, false) => lawful.excuse(habits::spared(asked)),
        _ => {}
    }
    let rule = |answer| rule(recipe, head, opening, &permitted, answer);
    let (mut requirement, title) = rule(Answer::Switch);
    let mut alternatives = Vec::new();
    if let Some(behind) = sequence::requirement(draft) {
        // A server may close after any response (RFC 9112 9.5), and says so in the last one.
        lawful.open(&[Answer::Close]);
        alternatives.push(sequence::announced());
        if opening.is_valid() {
            requirement = behind;
        }
    }
    alternatives.extend(asked.alternatives());
    if is_plain || is_usual {
        alternatives.extend(selection(head, known, Spoken::Http1));
    }
    if whole {
        alternatives.extend(tunnel(draft, head, known, bindings, &mut lawful));
    }
    alternatives.extend(lawful.alternatives());
    alternatives.extend(lawful.forbidden(&title, rule));
    Expected { requirement: requirement.to_owned(), title, alternatives, whole }
}

/// What is due behind an open tunnel, in place of the switch alone.
fn tunnel(
    draft: &Draft,
    head: &RequestHead<'_>,
    known: &Known,
    bindings: &Bindings,
    lawful: &mut Lawful,
) -> Vec<Expectation> {
    let octets = draft.then.template().render(bindings);
    let agreed = head.fields.contains("Sec-WebSocket-Extensions");
    let inside = draft.inside.iter().find_map(|inside| Duty::of_frame(*inside));
    let said = || Duty::of(&octets, known).filter(|_| !agreed && !octets.is_empty());
    let duty = inside.or_else(said);
    let Some(duty) = duty else { return Vec::new() };
    let switched = lawful.take_switch();
    let spoken = lawful.spoken;
    switched.map_or_else(Vec::new, |switched| duty.alternatives(&switched, spoken))
}

/// That a server which knows a subprotocol on offer selects none, which it may (RFC 6455, section 4.2.2).
fn selection(head: &RequestHead<'_>, known: &Known, spoken: Spoken) -> Vec<Expectation> {
    let offered = head.fields.combined(name(Field::Protocol)).unwrap_or_default();
    let is_known = |one: &[u8]| known.subprotocols.iter().any(|name| name.as_bytes() == one);
    if !elements(&offered).any(|one| is_known(one.bytes)) {
        return Vec::new();
    }
    let absent = FieldMatcher { name: name(Field::Protocol).to_owned(), test: FieldTest::Absent };
    let mut none = passing(Outcomes(outcomes(Answer::Switch, spoken)));
    none.grade = Grade::Warn;
    none.requirement = Some("rfc6455/4.2.2-subprotocol-choice".to_owned());
    none.because = Some("None of the subprotocols on offer was selected.".to_owned());
    none.wants.fields = vec![absent];
    vec![none]
}

/// The requirement that a forbidden answer breaks, and what is expected instead.
fn rule(
    recipe: &Recipe,
    head: &RequestHead<'_>,
    opening: &Opening<'_>,
    permitted: &Permitted,
    against: Answer,
) -> (&'static str, String) {
    let forbidding = |answer| {
        let ruling = permitted.ruling(answer);
        let by = ruling.by.first().copied();
        (ruling.grade == Ruled::Forbidden).then_some(by).flatten()
    };
    let defect = |rule| opening.defects.iter().find(|one| one.requirement == rule);
    let served = matches!(against, Answer::Success | Answer::Redirect);
    if let Some(found) = forbidding(against).filter(|_| served).and_then(defect) {
        return (found.requirement, format!("400 is due, for {}", found.what));
    }
    if let Some(rule) = forbidding(Answer::Switch).filter(|_| is_answered(against)) {
        let what = defect(rule).map_or("it is no opening handshake", |one| one.what);
        return (rule, format!("No switch, for {what}"));
    }
    match opening.defects.first().filter(|_| is_answered(against)) {
        Some(defect) => (defect.requirement, format!("An orderly answer, though {}", defect.what)),
        None if opening.defects.is_empty() => {
            (spelling(recipe, head), "A valid opening handshake is served".to_owned())
        }
        None => (RESPONSE, "An answer in HTTP is due".to_owned()),
    }
}

/// Whether an answer is a response of HTTP: anything else says nothing about the request.
fn is_answered(answer: Answer) -> bool {
    answer != Answer::Junk
}

/// A head without an end needs no answer. A switch takes it for one that does: lines that end
/// with CR alone, say.
fn unfinished_head() -> Expected {
    let outcomes = Outcomes::from_words("2xx 3xx 4xx 5xx closed silent").unwrap_or_default();
    Expected {
        requirement: "rfc9112/2.1-message".to_owned(),
        title: "No switch before the head has ended".to_owned(),
        alternatives: vec![passing(outcomes)],
        whole: false,
    }
}

/// A head that its client left in the middle, every line of which ends as it should.
fn cut_head() -> Expected {
    let outcomes = Outcomes::from_words("4xx 5xx closed silent").unwrap_or_default();
    Expected {
        requirement: "rfc9110/5.3-whole-head".to_owned(),
        title: "A head that is cut off is not acted upon".to_owned(),
        alternatives: vec![passing(outcomes)],
        whole: false,
    }
}

/// Whether no octet could be taken for the end of a line but CR LF, which does not come twice in a row, and not even the
/// request line could be read in another way.
fn is_clean(octets: &[u8]) -> bool {
    let rest = octets.split(|octet| *octet == b'\n');
    let lines: Vec<&[u8]> = rest.collect();
    let Some((last, lines)) = lines.split_last() else { return false };
    let is_line = |line: &&[u8]| line.strip_suffix(b"\r").is_some_and(is_text);
    let is_request = lines.first().is_some_and(|line| line.ends_with(b" HTTP/1.1\r"));
    is_request && lines.iter().all(is_line) && is_text(last)
}

fn is_text(line: &[u8]) -> bool {
    !line.is_empty() && line.iter().all(|octet| (b' '..=b'~').contains(octet))
}

/// Whether the body that the head announces is there.
fn is_whole(head: &RequestHead<'_>, rest: &[u8]) -> bool {
    match Framing::of_request(head) {
        Framing::Length(length) => usize::try_from(length).is_ok_and(|length| length <= rest.len()),
        Framing::Chunked => !matches!(ChunkedReader::default().read(rest), Chunked::Partial),
        Framing::None | Framing::UntilClose | Framing::Invalid => true,
    }
}

/// A valid handshake to which 400 says that it is malformed, which it is not: nothing in it but the
/// spelling is out of the ordinary.
fn is_plain(
    recipe: &Recipe,
    head: &RequestHead<'_>,
    opening: &Opening<'_>,
    bindings: &Bindings,
) -> bool {
    let single = |field| {
        let values = head.fields.combined(name(field)).unwrap_or_default();
        elements(&values).filter(|one| !one.is_empty()).count() == 1
    };
    let own = |value: &[u8]| {
        let host = head.fields.values("Host").next();
        host.is_some_and(|host| host.eq_ignore_ascii_case(value))
    };
    let ordinary = |edit: &Edit| match edit {
        // Only CRLF is the empty line that a server should read over (RFC 9112 2.2).
        Edit::Lead(octets) => Text::parse("\\r\\n").as_ref() == Some(octets),
        _ => !matches!(
            edit,
            Edit::After(_)
                | Edit::Body(_)
                | Edit::Set(Field::Origin | Field::Protocol | Field::Extensions | Field::Length, _)
                | Edit::Put(Field::Protocol | Field::Extensions, ..)
                | Edit::Space(Field::Protocol | Field::Extensions, ..)
                | Edit::Insert(..)
        ),
    };
    let no_fault = |kind| matches!(kind, ViolationKind::LeadingEmptyLine);
    opening.is_valid()
        && head.violations.iter().all(|one| no_fault(one.kind))
        && !head.fields.contains("Expect")
        && head.target == bindings.path
        && head.len < ORDINARY
        && single(Field::Upgrade)
        && single(Field::Connection)
        && own(&bindings.authority)
        && recipe.edits.iter().all(ordinary)
}

/// A head that no server calls too large.
const ORDINARY: usize = 3000;

/// The requirement that has a server understand this spelling of a valid handshake. Where there are
/// several it is the weakest, for the server may stumble over any of them.
fn spelling(recipe: &Recipe, head: &RequestHead<'_>) -> &'static str {
    let ruled = recipe.edits.iter().filter_map(|edit| {
        Some(match edit {
            Edit::Lead(..) => (0, EMPTY_LINE),
            Edit::Request(Part::Protocol, _) => (1, HIGHER_MINOR),
            Edit::Name(..) => (2, NAME_CASE),
            Edit::Move(..) => (2, ORDER),
            Edit::Space(..) => (2, WHITE_SPACE),
            Edit::Split(..) => (2, COMBINED),
            Edit::Add(..) => (2, UNKNOWN_FIELDS),
            _ => return None,
        })
    });
    let empty = |name| {
        let value = head.fields.combined(name).unwrap_or_default();
        elements(&value).any(|element| element.is_empty())
    };
    let has_empty = empty("Upgrade") || empty("Connection");
    let empties = has_empty.then_some((2, EMPTY_ELEMENTS));
    let weakest = empties.into_iter().chain(ruled);
    weakest.min_by_key(|(weight, _)| *weight).map_or(RESPONSE, |(_, rule)| rule)
}

/// Whether a requirement is one of those behind the spelling of a valid handshake. Which of them is
/// broken shows only when a recipe is as small as can be.
#[must_use]
pub fn is_spelling(requirement: &str) -> bool {
    SPELLINGS.contains(&requirement)
}

const SPELLINGS: [&str; 9] = [
    RESPONSE,
    EMPTY_ELEMENTS,
    NAME_CASE,
    ORDER,
    WHITE_SPACE,
    COMBINED,
    UNKNOWN_FIELDS,
    EMPTY_LINE,
    HIGHER_MINOR,
];
const COMBINED: &str = "rfc9110/5.2-combined";
const EMPTY_ELEMENTS: &str = "rfc9110/5.6.1.2-empty-elements";
const EMPTY_LINE: &str = "rfc9112/2.2-empty-line";
const HIGHER_MINOR: &str = "rfc9110/6.2-higher-minor";
const NAME_CASE: &str = "rfc9110/5.1-name-case";
const ORDER: &str = "rfc9110/5.3-order";
const UNKNOWN_FIELDS: &str = "rfc9110/5.1-unknown-fields";
const WHITE_SPACE: &str = "rfc9110/5.6.3-ows";

const NO_SERVICE: [&str; 3] =
    ["rfc6455/4.2.2-no-service", "rfc6455/4.2.2-redirect", "rfc9110/7.8-ignore"];
const RESPONSE: &str = "rfc6455/4.2.2-response";

/// The grade of each class of answer, and the requirement behind it.
struct Lawful {
    rows: Vec<Row>,
    spoken: Spoken,
}

type Row = (Answer, Ruled, &'static str);

impl Lawful {
    fn of(permitted: &Permitted, spoken: Spoken) -> Self {
        let rows = Answer::ALL.into_iter().map(|answer| {
            let ruling = permitted.ruling(answer);
            let by = ruling.by.first().copied().unwrap_or(RESPONSE);
            (answer, ruling.grade, by)
        });
        Self { rows: rows.collect(), spoken }
    }

    /// The outcomes of a lawful switch, which are no longer among the alternatives then.
    fn take_switch(&mut self) -> Option<Outcomes> {
        let lawful = |row: &Row| row.0 == Answer::Switch && row.1 == Ruled::Lawful;
        let at = self.rows.iter().position(lawful)?;
        let switched = outcomes(Answer::Switch, self.spoken);
        (!switched.is_empty()).then(|| {
            self.rows.remove(at);
            Outcomes(switched)
        })
    }

    fn open(&mut self, answers: &[Answer]) {
        for row in self.rows.iter_mut().filter(|row| answers.contains(&row.0)) {
            row.1 = Ruled::Lawful;
        }
    }

    /// That a server does not switch, or serves something else, is worth a word only where the request
    /// asks for nothing unusual; what is spared always is.
    fn excuse(&mut self, spared: &[Answer]) {
        let no_service = |row: &&mut Row| NO_SERVICE.contains(&row.2) && !spared.contains(&row.0);
        for row in self.rows.iter_mut().filter(no_service) {
            if row.1 == Ruled::Discouraged {
                row.1 = Ruled::Lawful;
            }
        }
    }

    /// Makes these answers worth a warning, where they were lawful.
    fn discourage(&mut self, answers: &[Answer], rule: &'static str) {
        for row in self.rows.iter_mut().filter(|row| answers.contains(&row.0)) {
            let is_better = row.1 == Ruled::Lawful || row.0 == Answer::Silence;
            if is_better {
                (row.1, row.2) = (Ruled::Discouraged, rule);
            }
        }
    }

    fn forbid(&mut self, answer: Answer) {
        for row in self.rows.iter_mut().filter(|row| row.0 == answer) {
            row.1 = Ruled::Forbidden;
        }
    }

    /// What passes as one alternative, and what is advised against as one for each requirement.
    fn alternatives(&self) -> Vec<Expectation> {
        let of = |wanted: &dyn Fn(&Row) -> bool| {
            let rows = self.rows.iter().filter(|row| wanted(row));
            Outcomes(rows.flat_map(|row| outcomes(row.0, self.spoken)).collect())
        };
        let mut found = Vec::new();
        let pass = of(&|row| row.1 == Ruled::Lawful);
        if !pass.0.is_empty() {
            found.push(passing(pass));
        }
        let mut rules: Vec<&'static str> = Vec::new();
        for (_, grade, rule) in &self.rows {
            if *grade == Ruled::Discouraged && !rules.contains(rule) {
                rules.push(rule);
            }
        }
        for rule in rules {
            let outcomes = of(&|row| row.1 == Ruled::Discouraged && row.2 == rule);
            if !outcomes.0.is_empty() {
                found.push(Expectation {
                    grade: Grade::Warn,
                    requirement: Some(rule.to_owned()),
                    because: Some("No rule forbids it, but it does not serve clients.".to_owned()),
                    ..passing(outcomes)
                });
            }
        }
        found
    }

    /// What is forbidden for another reason than the case's title says, as one alternative each.
    fn forbidden(
        &self,
        title: &str,
        rule: impl Fn(Answer) -> (&'static str, String),
    ) -> Vec<Expectation> {
        let mut found: Vec<Expectation> = Vec::new();
        for (answer, _, _) in self.rows.iter().filter(|row| row.1 == Ruled::Forbidden) {
            let (broken, due) = rule(*answer);
            if due == title {
                continue;
            }
            if outcomes(*answer, self.spoken).is_empty() {
                continue;
            }
            let due = format!("{due}.");
            let known = found.iter_mut().find(|one| one.because.as_ref() == Some(&due));
            match known {
                Some(known) => known.wants.status.0.extend(outcomes(*answer, self.spoken)),
                None => found.push(Expectation {
                    grade: Grade::Fail,
                    requirement: Some(broken.to_owned()),
                    because: Some(due),
                    ..passing(Outcomes(outcomes(*answer, self.spoken)))
                }),
            }
        }
        found
    }
}

fn outcomes(answer: Answer, spoken: Spoken) -> Vec<Outcome> {
    match answer {
        Answer::Switch if spoken == Spoken::Connect => vec![Outcome::Class(2)],
        // What no such request can be answered with.
        Answer::Switch if spoken == Spoken::Http2 => Vec::new(),
        Answer::Success if spoken == Spoken::Connect => Vec::new(),
        Answer::Close if spoken != Spoken::Http1 => {
            vec![Outcome::Closed, Outcome::StreamError, Outcome::ConnectionError]
        }
        Answer::Junk if spoken != Spoken::Http1 => vec![Outcome::NotHttp, Outcome::Status(101)],
        Answer::Switch => vec![Outcome::Status(101)],
        Answer::Success => vec![Outcome::Class(2)],
        Answer::Redirect => vec![Outcome::Class(3)],
        Answer::BadRequest => vec![Outcome::Status(400)],
        Answer::ClientError => (401..=499).map(Outcome::Status).collect(),
        Answer::ServerError => vec![Outcome::Class(5)],
        Answer::Close => vec![Outcome::Closed],
        Answer::Silence => vec![Outcome::Silent],
        Answer::Junk => vec![Outcome::NotHttp],
    }
}

fn passing(outcomes: Outcomes) -> Expectation {
    Expectation::of(outcomes)
}
