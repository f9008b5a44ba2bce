//! The corpus and the model audit each other: they are written independently, and where one calls
//! an answer lawful that the other forbids, one of them is wrong.

use upspec_corpus::case::{Case, Grade, Outcome, Role, Step};
use upspec_corpus::{Bindings, Corpus};
use upspec_handshake::RequestHead;
use upspec_handshake::permitted::{Answer, Endpoint, Grade as Ruled, permitted};

/// A server that switches and negotiates: the cases assume it where they need an endpoint.
const SWITCHES: Endpoint = Endpoint {
    switches: true,
    negotiates_subprotocols: true,
    negotiates_extensions: true,
};

/// One outcome for each class of answer.
const OUTCOMES: [(Answer, Outcome); 8] = [
    (Answer::Switch, Outcome::Status(101)),
    (Answer::Success, Outcome::Status(200)),
    (Answer::Redirect, Outcome::Status(302)),
    (Answer::BadRequest, Outcome::Status(400)),
    (Answer::ClientError, Outcome::Status(403)),
    (Answer::ServerError, Outcome::Status(503)),
    (Answer::Close, Outcome::Closed),
    (Answer::Junk, Outcome::NotHttp),
];

/// The octets of a case with a single request that is meant for the endpoint.
fn request(case: &Case) -> Option<Vec<u8>> {
    let endpoint = case.needs.iter().any(|need| need.to_string() == "endpoint");
    let mut octets = Vec::new();
    for step in &case.steps {
        match step {
            Step::Send(template) => template.render_into(&mut octets, &Bindings::example()),
            Step::Repeat { times, bytes } => {
                (0..*times).for_each(|_| bytes.render_into(&mut octets, &Bindings::example()));
            }
            _ => return None,
        }
    }
    (case.role == Role::Server && endpoint).then_some(octets)
}

fn grade(case: &Case, outcome: Outcome) -> Option<Grade> {
    case.expect
        .iter()
        .find(|one| one.outcomes.covers(outcome))
        .map(|one| one.grade)
}

#[test]
fn cases_and_model_agree() {
    let corpus = Corpus::embedded().unwrap();
    let mut wrong = Vec::new();
    let mut audited = 0;
    for case in &corpus.cases {
        let Some(octets) = request(case) else {
            continue;
        };
        let Some(head) = RequestHead::parse(&octets).complete() else {
            continue;
        };
        let permitted = permitted(&head, &SWITCHES);
        audited += 1;
        for (answer, outcome) in OUTCOMES {
            let ruling = permitted.ruling(answer);
            let graded = grade(case, outcome);
            let by = ruling.by.join(" ");
            if ruling.grade == Ruled::Forbidden && graded == Some(Grade::Pass) {
                wrong.push(format!("{} passes {answer:?}, which {by} forbids", case.id));
            }
            if ruling.grade == Ruled::Lawful && graded.is_none() {
                wrong.push(format!("{} fails {answer:?}, which {by} allows", case.id));
            }
        }
    }
    assert!(audited > 200, "only {audited} cases were audited");
    assert!(
        wrong.is_empty(),
        "{} of {audited}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
