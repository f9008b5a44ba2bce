//! What has to become of single fields on the way, as alternatives that fail.

use upspec_corpus::case::{Conditions, Expectation, FieldMatcher, FieldTest, Grade, LinkName};
use upspec_corpus::template::{Part, Template};
use upspec_handshake::field::connection::options;
use upspec_handshake::{Fields, RequestHead, ResponseHead};

/// Those of a request, at the origin.
pub(super) fn of_request(head: &RequestHead<'_>) -> Vec<Expectation> {
    let mut found = of_hop(&head.fields, LinkName::Origin);
    if head.fields.contains("Upgrade") {
        found.push(without_option());
    }
    found
}

/// Whoever sends Upgrade also sends its option (RFC 9110 7.8).
fn without_option() -> Expectation {
    let token = |token: &str| Template::from_parts([Part::Bytes(token.as_bytes().to_vec())]);
    let fields = vec![
        matcher("Upgrade", FieldTest::Token(token("websocket"))),
        matcher("Connection", FieldTest::NoToken(token("upgrade"))),
    ];
    let because = "Upgrade arrives at the origin without its option.".to_owned();
    let requirement = Some("rfc9110/7.8-connection".to_owned());
    Expectation { requirement, ..fails(LinkName::Origin, fields, because) }
}

/// Those of an answer, at the client.
pub(super) fn of_answer(head: &ResponseHead<'_>) -> Vec<Expectation> {
    of_hop(&head.fields, LinkName::Client)
}

/// What Connection names ends here, and so do the options (RFC 9110 7.6.1).
fn of_hop(fields: &Fields<'_>, at: LinkName) -> Vec<Expectation> {
    let named = options(fields.values("Connection")).flatten();
    let named = named.map(|option| String::from_utf8_lossy(option).to_ascii_lowercase());
    let mut named: Vec<String> = named.filter(|option| is_own(option)).collect();
    named.sort();
    named.dedup();
    let mut found = Vec::new();
    for option in named {
        if fields.contains(&option) {
            let because = format!("Connection names {option}, and it arrives at the {}.", far(at));
            found.push(fails(at, vec![matcher(&option, FieldTest::Present)], because));
        }
        let because = format!("The option {option} arrives at the {}.", far(at));
        let token = Template::from_parts([Part::Bytes(option.into_bytes())]);
        found.push(fails(at, vec![matcher("Connection", FieldTest::Token(token))], because));
    }
    found
}

/// Whether nobody but the sender of this very message can have meant the option: no field that intermediaries write
/// themselves, and none that is meant for every recipient.
fn is_own(option: &str) -> bool {
    OWN.iter().any(|prefix| option.starts_with(prefix))
}

fn far(at: LinkName) -> &'static str {
    if at == LinkName::Origin { "origin" } else { "client" }
}

fn fails(at: LinkName, fields: Vec<FieldMatcher>, because: String) -> Expectation {
    Expectation {
        grade: Grade::Fail,
        requirement: Some(REMOVED.to_owned()),
        because: Some(because),
        ends: vec![(at, Conditions { fields, ..Conditions::default() })],
        ..Expectation::default()
    }
}

fn matcher(name: &str, test: FieldTest) -> FieldMatcher {
    FieldMatcher { name: name.to_owned(), test }
}

const OWN: [&str; 2] = ["x-hop", "x-none"];
const REMOVED: &str = "rfc9110/7.6.1-removed";
