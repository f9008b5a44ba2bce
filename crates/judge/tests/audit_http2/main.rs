//! Corpus and model write and read HTTP/2 independently: here they audit each other.
//! Never opens a socket: the exchanges are made up, and judged as if they had been recorded.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod breaks;
mod h2c;
mod reply;
mod ruling;
mod server;
#[path = "../audit/tunnel.rs"]
mod tunnel;

use ruling::is_malformed;
use upspec_corpus::case::{Act, Case, Need, Over, Role};
use upspec_corpus::{Bindings, Corpus};
use upspec_handshake::Party;
use upspec_handshake::h2::message::{ListKind, ListViolationKind};
use upspec_handshake::h2::{Connection, EventKind, Reader};
use upspec_judge::TargetFacts;

/// What is known of the server that the test plays: an offer of HTTP/2 means something to it.
fn facts() -> TargetFacts {
    let mut facts = TargetFacts::default();
    facts.set(Need::Http2, true);
    facts.set(Need::Http2Resource, true);
    facts
}

fn written(case: &Case) -> Vec<u8> {
    let mut octets = Vec::new();
    for step in &case.steps {
        step.act.render_into(&mut octets, &Bindings::example());
    }
    octets
}

#[test]
fn what_the_model_cites_is_in_the_registry() {
    let corpus = Corpus::embedded().unwrap();
    for kind in ListViolationKind::ALL {
        let id = kind.requirement();
        assert!(corpus.requirements.get(id).is_some(), "{kind:?}: {id}");
    }
}

/// Every case that writes header lists is read by the model as what it says it writes.
#[test]
fn what_cases_write_is_read_back() {
    let corpus = Corpus::embedded().unwrap();
    let over_http2 = |case: &&Case| {
        case.over == Over::Http2 && case.role == Role::Server && !case.is_about_cost()
    };
    let mut seen = 0;
    for case in corpus.cases.iter().filter(over_http2) {
        let mut reader = Reader::new(Party::Client);
        let events = reader.feed(&written(case));
        let lists = events.iter().filter_map(|event| match &event.kind {
            EventKind::Headers { list, .. } => Some(list),
            _ => None,
        });
        let lists: Vec<_> = lists.collect();
        let shown = case.steps.iter().flat_map(|step| match &step.act {
            Act::H2(frames) => frames.show(&Bindings::example()),
            _ => Vec::new(),
        });
        let shown: Vec<_> = shown.filter(|frame| frame.title.starts_with("HEADERS")).collect();
        assert_eq!(lists.len(), shown.len(), "{}", case.id);
        for (list, frame) in lists.into_iter().zip(shown) {
            let fields = list.fields.iter();
            let fields: Vec<_> =
                fields.map(|field| (field.name.clone(), field.value.clone())).collect();
            assert_eq!(fields, frame.lines, "{}", case.id);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// A case that expects its request to be taken for malformed writes one that is malformed to the
/// server that the case needs, where a valid one gets another answer; one whose request is in order
/// writes none.
#[test]
fn malformed_requests_are_malformed() {
    let corpus = Corpus::embedded().unwrap();
    let is = |case: &Case, names: &[&str]| {
        let presets = corpus.presets.iter();
        let mut named = presets.filter(|preset| names.contains(&preset.name.as_str()));
        named.any(|preset| case.expect.starts_with(&preset.expect))
    };
    let mut seen = 0;
    for case in corpus.cases.iter().filter(|case| case.role == Role::Server) {
        let kind = match case.needs.contains(&Need::Http2Endpoint) {
            true => ListKind::RequestExtended,
            false => ListKind::Request,
        };
        let connection = Connection::read(&written(case), Party::Client);
        let mut heads = connection.streams.values().flat_map(|stream| &stream.heads);
        let malformed = heads.any(|head| is_malformed(&head.list, head.end_stream, kind));
        let broken = malformed || !connection.violations.is_empty();
        let neighbour = [Need::Http2Endpoint, Need::Http2Resource];
        let means_something = case.needs.iter().any(|need| neighbour.contains(need));
        let malformed = is(case, &["malformed"]);
        assert!(!malformed || means_something, "{}", case.id);
        let extended = kind == ListKind::RequestExtended;
        if malformed || is(case, &["answered"]) || (extended && is(case, HANDSHAKES)) {
            assert_eq!(broken, malformed, "{}", case.id);
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} were looked at");
}

/// The presets of extended CONNECTs with which HTTP/2 has no quarrel.
const HANDSHAKES: &[&str] =
    &["connect-declined", "connect-refused", "connect-unselected", "opened"];
