//! What the model permits on a stream of HTTP/2: a malformed request is refused as such (RFC 9113, section 8.1.1), any
//! other is answered as in HTTP/1.1.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Expectation, FieldMatcher, FieldTest, Grade, Outcomes};
use upspec_handshake::RequestHead;
use upspec_handshake::h2::ErrorCode;
use upspec_handshake::h2::message::{ListKind, violations};
use upspec_handshake::opening::Opening;
use upspec_handshake::permitted::{Answer, permitted};

use super::{Expected, Lawful, Spoken, rule, selection, tunnel};
use crate::draft::Draft;
use crate::edit::Edit;
use crate::http2::outcomes;
use crate::known::Known;
use crate::recipe::Recipe;
use crate::words::{Ahead, Base, Odd};

/// Asks the model about the header list of a recipe.
pub(super) fn expected(recipe: &Recipe, known: &Known, bindings: &Bindings) -> Expected {
    let draft = recipe.draft();
    let list = draft.header_list(bindings);
    let head = list.request();
    if let Some(mut found) = draft.odd.iter().find_map(|odd| of_frame(*odd)) {
        // It may be that a request before it is not answered as it should be, and the frame is never sent.
        if !draft.ahead.is_empty() {
            found.alternatives = vec![Expectation::of(outcomes(ANYTHING))];
        }
        return found;
    }
    let kind = if known.announces { ListKind::RequestExtended } else { ListKind::Request };
    if let Some(violation) = violations(&list, kind).first() {
        let what = format!("The request is malformed: {}", violation.kind.describe());
        return malformed(violation.kind.requirement(), what, Vec::new());
    }
    if !is_whole(&draft, &head) {
        let what = "The content is not as long as content-length says".to_owned();
        let warn = Expectation {
            grade: Grade::Warn,
            because: Some("Who never reads content may not notice.".to_owned()),
            ..Expectation::of(outcomes("2xx 3xx"))
        };
        return malformed("rfc9113/8.1.1-malformed", what, vec![warn]);
    }
    answered(recipe, &draft, &head, (known, bindings))
}

/// What a request that is in order as HTTP/2 may be answered with.
fn answered(
    recipe: &Recipe,
    draft: &Draft,
    head: &RequestHead<'_>,
    (known, bindings): (&Known, &Bindings),
) -> Expected {
    let opening = Opening::read(head);
    let permitted = permitted(head, &known.endpoint);
    let connects = head.is_extended_connect();
    let spoken = if connects { Spoken::Connect } else { Spoken::Http2 };
    let edits = &recipe.edits;
    let is_usual = opening.is_valid() && edits.iter().all(is_harmless);
    // A key means nothing, so that the request is as valid as the one without it.
    let has_key = opening.is_valid() && head.fields.contains("Sec-WebSocket-Key");
    let is_valid =
        is_usual || has_key && edits.iter().all(|edit| is_harmless(edit) || is_key(edit));
    let mut lawful = Lawful::of(&permitted, spoken);
    if !is_valid {
        lawful.excuse(&[]);
    }
    // A malformed request may have ended the connection (RFC 9113 5.4.1).
    let is_behind_malformed = draft.ahead.iter().any(|(ahead, _)| *ahead == Ahead::Malformed);
    if !opening.is_valid() || !connects || is_behind_malformed {
        lawful.open(&[Answer::Close]);
    }
    // No rule says how soon an ordinary response is due.
    if !connects {
        lawful.open(&[Answer::Silence]);
    }
    let rule = |answer| rule(recipe, head, &opening, &permitted, answer);
    let (usual, title) = rule(Answer::Switch);
    let requirement = match () {
        () if draft.odd.contains(&Odd::ClientSetting) => "rfc8441/3-client-setting",
        () if is_valid && has_key => NO_KEY,
        () if opening.is_valid() && !draft.ahead.is_empty() => STATELESS,
        () => usual,
    };
    let mut alternatives = if is_usual { selection(head, known, spoken) } else { Vec::new() };
    alternatives.extend(has_key.then(key_processed));
    let is_other = |edit: &Edit| matches!(edit, Edit::Ahead(..) | Edit::Frame(_));
    if recipe.base == Base::Get && known.resource && !edits.is_empty() && edits.iter().all(is_other)
    {
        alternatives.push(other_than_alone(requirement));
    }
    alternatives.extend(tunnel(draft, head, known, bindings, &mut lawful));
    alternatives.extend(lawful.alternatives());
    alternatives.extend(lawful.forbidden(&title, rule));
    Expected { requirement: requirement.to_owned(), title, alternatives, whole: true }
}

/// 400 to a request that gets another answer alone.
fn other_than_alone(requirement: &str) -> Expectation {
    Expectation {
        grade: Grade::Warn,
        requirement: Some(requirement.to_owned()),
        because: Some("The same request gets another answer alone.".to_owned()),
        ..Expectation::of(outcomes("400"))
    }
}

fn is_key(edit: &Edit) -> bool {
    match edit {
        Edit::Add(_, line) => line.template().to_string().starts_with("sec-websocket-key: "),
        _ => false,
    }
}

/// The key of HTTP/1.1 has no meaning here (RFC 8441, section 5).
fn key_processed() -> Expectation {
    let mut accepted = Expectation::of(outcomes("2xx"));
    accepted.grade = Grade::Warn;
    accepted.requirement = Some(NO_KEY.to_owned());
    accepted.because = Some("The field shows that the key was processed.".to_owned());
    let name = "Sec-WebSocket-Accept".to_owned();
    accepted.wants.fields = vec![FieldMatcher { name, test: FieldTest::Present }];
    accepted
}

/// What a frame before the request leads to; `None` where it changes nothing.
fn of_frame(odd: Odd) -> Option<Expected> {
    let (requirement, title) = match odd {
        Odd::Ping
        | Odd::Unknown
        | Odd::Priority
        | Odd::Settings
        | Odd::UnknownSetting
        | Odd::ClientSetting
        | Odd::Window => return None,
        Odd::ZeroIncrement => ("rfc9113/6.9-increment-zero", "An increment of 0 is an error"),
        Odd::WideWindow => ("rfc9113/6.9.1-overflow", "A window beyond 2^31-1 octets is an error"),
        _ => {
            let title = "Frames that are out of order do not confuse the target".to_owned();
            let all = outcomes(ANYTHING);
            return Some(Expected {
                requirement: "rfc9113/3.4-preface-sent".to_owned(),
                title,
                alternatives: vec![Expectation::of(all)],
                whole: true,
            });
        }
    };
    Some(Expected {
        requirement: requirement.to_owned(),
        title: title.to_owned(),
        alternatives: vec![Expectation::of(outcomes("connection-error closed"))],
        whole: true,
    })
}

/// As the preset of that name in the corpus.
fn malformed(requirement: &str, title: String, more: Vec<Expectation>) -> Expected {
    let errors = || outcomes("stream-error connection-error");
    let warn = |outcomes: Outcomes, because: &str| Expectation {
        grade: Grade::Warn,
        because: Some(because.to_owned()),
        ..Expectation::of(outcomes)
    };
    let mut coded = Expectation::of(errors());
    coded.wants.code = vec![ErrorCode::PROTOCOL_ERROR];
    let mut alternatives = vec![
        Expectation::of(outcomes("400")),
        coded,
        warn(
            errors(),
            "The request is refused, but a malformed one is an error of type PROTOCOL_ERROR.",
        ),
        warn(
            outcomes("401-499"),
            "The request is not served, but nothing says that it was taken for malformed.",
        ),
        warn(outcomes("5xx"), "A 5xx calls a mistake of the client's the server's own."),
        warn(outcomes("closed"), "The connection ended without a word."),
    ];
    alternatives.extend(more);
    Expected { requirement: requirement.to_owned(), title, alternatives, whole: true }
}

/// Whether the content is as long as content-length says. In a tunnel there is none (RFC 9110, section 9.3.6).
fn is_whole(draft: &Draft, head: &RequestHead<'_>) -> bool {
    let announced = head.fields.values("Content-Length").next();
    head.is_extended_connect()
        || announced.is_none_or(|value| value == draft.body.0.len().to_string().as_bytes())
}

/// Whether an edit changes nothing that a server may have cause to refuse.
fn is_harmless(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::Ahead(..)
            | Edit::Continue(_)
            | Edit::Cut(_)
            | Edit::Frame(_)
            | Edit::Inside(_)
            | Edit::Move(..)
            | Edit::Split(_)
            | Edit::Then(_)
    )
}

const ANYTHING: &str = "2xx 3xx 4xx 5xx stream-error connection-error closed silent";
const NO_KEY: &str = "rfc8441/5-no-key-accept";
const STATELESS: &str = "rfc9110/3.3-stateless";
