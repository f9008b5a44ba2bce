//! Puts what a case expects into words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::case::{
    Alpn, Conditions, Connection, Expectation, Fact, FieldMatcher, FieldTest, First, Grade, Need,
    Outcome, Outcomes, Tunnel,
};
use upspec_corpus::words::Word;
use upspec_judge::Verdict;

/// One graded alternative, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What such an answer is worth.
    pub grade: Verdict,
    /// What the answer looks like.
    pub text: String,
    /// Why it is graded so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// An alternative in words, without its grade: `4xx with Upgrade present, then closed`.
#[must_use]
pub fn describe(expectation: &Expectation) -> String {
    let mut text = conditions(&expectation.wants, expectation.ends.is_empty());
    for (name, asked) in &expectation.ends {
        text.push_str(if text.is_empty() { "at the " } else { "; at the " });
        text.push_str(&format!("{name}: {}", conditions(asked, true)));
    }
    for (position, fact) in expectation.when.iter().enumerate() {
        text.push_str(if position == 0 { WHERE } else { " and the " });
        text.push_str(&held(fact));
    }
    text
}

/// What begins a condition on the target.
pub(crate) const WHERE: &str = ", where the ";

/// What a target is like of which a fact holds, behind `the`.
fn held(fact: &Fact) -> String {
    let (does, does_not) = match fact.need {
        Need::Driver => ("client reports its messages", "client does not report its messages"),
        Need::StaysOpen => ("client stays connected", "client closes at once"),
        Need::Terminates => {
            ("proxy is an end of the WebSocket itself", "proxy is no end of the WebSocket")
        }
        Need::Parses => ("proxy reads the frames", "proxy does not read the frames"),
        Need::Pong => ("target answers a Ping", "target answers no Ping"),
        Need::Subprotocol => ("target knows a subprotocol", "target knows no subprotocol"),
        Need::PermessageDeflate => {
            ("target accepts permessage-deflate", "target accepts no permessage-deflate")
        }
        Need::Origin => ("target's origins are declared", "target's origins are not declared"),
        other => {
            let has = if fact.holds { "has" } else { "lacks" };
            return format!("target {has} {}", other.word());
        }
    };
    if fact.holds { does } else { does_not }.to_owned()
}

/// What is asked of one connection, in which any answer may be left unsaid.
fn conditions(asked: &Conditions, says_any: bool) -> String {
    // Named to the last, so that none is forgotten: the second half is told in `traffic`.
    #[rustfmt::skip]
    let Conditions {
        status, code, alpn, fields, connection, tunnel,
        ends: _, responses: _, requests: _, request: _, request_2: _, before_answer: _, got: _, octets: _,
        target: _, messages: _, pieces: _, first: _, body: _, version: _, interim: _, interim_fields: _, answers: _,
        line: _, told: _, body_not: _, spelling: _, request_3: _, request_2_on: _, fields_2: _, content: _,
    } = asked;
    let mut text = String::new();
    if says_any || !status.0.is_empty() {
        text = outcomes(status);
    }
    for (position, code) in code.iter().enumerate() {
        text.push_str(if position == 0 { " with " } else { " or " });
        text.push_str(code.word());
    }
    for (position, field) in fields.iter().enumerate() {
        let joint = if position == 0 { " with " } else { " and " };
        text.push_str(joint);
        text.push_str(&matcher(field));
    }
    text.push_str(match alpn {
        Some(Alpn::H2) => ", ALPN having chosen h2",
        Some(Alpn::Http11) => ", ALPN having chosen http/1.1",
        Some(Alpn::None) => ", ALPN having chosen nothing",
        None => "",
    });
    text.push_str(match connection {
        Some(Connection::Announced) => ", and the end of the connection is announced",
        Some(Connection::Closed) => ", then the connection is closed",
        Some(Connection::Open) => ", and the connection stays open",
        None => "",
    });
    text.push_str(match tunnel {
        Some(Tunnel::BothWays) => ", and the tunnel carries all octets both ways",
        Some(Tunnel::Closed) => ", then the WebSocket connection is closed",
        Some(Tunnel::CloseFrame) => ", and a Close frame comes",
        Some(Tunnel::Echo) => ", and the message comes back",
        Some(Tunnel::Ended) => ", and the stream ends",
        Some(Tunnel::H2c) => ", and HTTP/2 follows with the response on stream 1",
        Some(Tunnel::NoPong) => ", and no Pong comes",
        Some(Tunnel::PingPong) => ", and the Ping gets its Pong",
        Some(Tunnel::PingUnanswered) => ", and the Ping gets no Pong",
        None => "",
    });
    for said in messages(asked).into_iter().chain(traffic(asked)) {
        text.push_str(", ");
        text.push_str(&said);
    }
    text
}

/// What is asked of single messages.
fn messages(asked: &Conditions) -> Vec<String> {
    let mut said = Vec::new();
    let first = asked.first.map(|first| match first {
        First::Switched => "the first answer a switch",
        First::Closes => "the first answer one with the option close",
    });
    said.extend(first.map(str::to_owned));
    said.extend(asked.body.as_ref().map(|octets| format!("with the content {octets}")));
    said.extend(
        asked.body_not.as_ref().map(|octets| format!("with another content than {octets}")),
    );
    said.extend(asked.version.map(|version| format!("in HTTP/{version}")));
    said.extend(any_of("of 1xx", &asked.interim));
    said.extend(asked.interim_fields.iter().map(|one| format!("a 1xx with {}", matcher(one))));
    said.extend(asked.answers.map(|_| "more responses than requests".to_owned()));
    said.extend(asked.line.map(|line| format!("with a {line} in its head")));
    said.extend(asked.told.map(|_| "told at once".to_owned()));
    said.extend(any_of("the content", &asked.content));
    said.extend(any_of("the target", &asked.spelling));
    said.extend(
        asked.fields_2.iter().map(|one| format!("the second request with {}", matcher(one))),
    );
    said
}

/// What is asked of what passed between connections.
fn traffic(asked: &Conditions) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(any_of("its end", &asked.ends));
    if !asked.responses.is_empty() {
        let all: Vec<String> = asked.responses.iter().map(outcomes).collect();
        said.push(format!("the responses {}", all.join(", then ")));
    }
    said.extend(asked.requests.map(|count| format!("requests {count}")));
    said.extend(any_of("the request", &asked.request));
    said.extend(any_of("the second request", &asked.request_2));
    said.extend(any_of("the third request", &asked.request_3));
    let on = asked.request_2_on.map(|on| format!("the second request on the {on} connection"));
    said.extend(on);
    said.extend(asked.before_answer.map(|before| format!("before the answer {before}")));
    said.extend(any_of("of the other tunnel", &asked.got));
    said.extend(asked.target.as_ref().map(|target| format!("the target {target}")));
    let messages: Vec<String> = asked.messages.iter().map(ToString::to_string).collect();
    said.extend((!messages.is_empty()).then(|| format!("the messages {}", messages.join(", "))));
    said.extend(asked.pieces.as_ref().map(|whole| format!("the message {whole} in pieces")));
    said.extend(asked.octets.as_ref().map(|octets| format!("with the octets {octets}")));
    said
}

fn any_of<W: Word>(what: &str, words: &[W]) -> Option<String> {
    let words: Vec<&str> = words.iter().map(|word| word.word()).collect();
    (!words.is_empty()).then(|| format!("{what} {}", words.join(" or ")))
}

/// An alternative with its grade.
pub(crate) fn graded(expectation: &Expectation) -> Expected {
    let grade = match expectation.grade {
        Grade::Pass => Verdict::Pass,
        Grade::Warn => Verdict::Warn,
        Grade::Inconclusive => Verdict::Inconclusive,
        Grade::Fail => Verdict::Fail,
    };
    Expected { grade, text: describe(expectation), because: expectation.because.clone() }
}

fn outcomes(Outcomes(all): &Outcomes) -> String {
    let words: Vec<String> = all.chunk_by(follows).flat_map(range).collect();
    match &words[..] {
        [] => "any answer".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

fn follows(one: &Outcome, next: &Outcome) -> bool {
    matches!((one, next), (Outcome::Status(one), Outcome::Status(next)) if one.checked_add(1) == Some(*next))
}

/// Three or more statuses in a row are a range: a class without one of its statuses is long.
fn range(row: &[Outcome]) -> Vec<String> {
    match row {
        [first, _, .., last] => {
            vec![format!("{}–{}", outcome(*first), outcome(*last))]
        }
        row => row.iter().copied().map(outcome).collect(),
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Status(status) => status.to_string(),
        Outcome::Class(class) => format!("{class}xx"),
        Outcome::Closed => "closed without an answer".to_owned(),
        Outcome::ConnectionError => "the connection ended with an error of HTTP/2".to_owned(),
        Outcome::StreamError => "the stream reset".to_owned(),
        Outcome::Silent => "no answer within the window".to_owned(),
        Outcome::NoRequest => "the connection ended without a request".to_owned(),
        Outcome::Opened => "the connection opened".to_owned(),
        Outcome::WentOn => "going on".to_owned(),
        Outcome::CloseFrame => "a Close frame that names a failure".to_owned(),
        Outcome::CloseNormal => "a Close frame that names no failure".to_owned(),
        Outcome::CloseReserved => "a Close frame with a reserved code".to_owned(),
        Outcome::Failed => "the end of TCP".to_owned(),
        Outcome::Waits => "the end of TCP after ours".to_owned(),
        Outcome::Held => "TCP kept open after our end".to_owned(),
        Outcome::RequestAgain => "another request".to_owned(),
        Outcome::RequestHere => "another request on the same connection".to_owned(),
        Outcome::NoConnection => "no connection".to_owned(),
        Outcome::Loops => "requests without end".to_owned(),
        Outcome::Junk => "octets that are neither a request nor frames".to_owned(),
        Outcome::Sent => "the answer of the origin".to_owned(),
        Outcome::NotHttp => "something that is not HTTP".to_owned(),
    }
}

fn matcher(field: &FieldMatcher) -> String {
    let name = &field.name;
    match &field.test {
        FieldTest::Present => name.clone(),
        FieldTest::Absent => format!("no {name}"),
        FieldTest::Equals(value) => format!("{name}: {}", value),
        FieldTest::Token(token) => format!("{name} holding {}", token),
        FieldTest::NoToken(token) => format!("{name} not holding {}", token),
        FieldTest::Extension(token) => format!("{name} naming {}", token),
        FieldTest::Contains(octets) => format!("{name} containing {octets}"),
        FieldTest::List(members) => format!("{name} of {members}"),
        FieldTest::Repeated => format!("two lines of {name}"),
        FieldTest::Key => format!("{name} of 16 octets"),
        FieldTest::NotKey => format!("no {name} of 16 octets"),
        FieldTest::Accept => format!("{name} for the client's key"),
        FieldTest::Added => format!("{name}, if it is added by itself"),
    }
}

#[cfg(test)]
mod tests {
    use upspec_corpus::Template;

    use super::*;

    fn expectation(outcomes: &[Outcome]) -> Expectation {
        Expectation::of(Outcomes(outcomes.to_vec()))
    }

    fn with(wants: Conditions, status: u16) -> Expectation {
        let status = Outcomes(vec![Outcome::Status(status)]);
        Expectation { wants: Conditions { status, ..wants }, ..Expectation::default() }
    }

    fn field(name: &str, test: FieldTest) -> FieldMatcher {
        FieldMatcher { name: name.to_owned(), test }
    }

    #[test]
    fn alternatives_read_as_sentences() {
        let token = Template::parse("13").unwrap();
        let chosen = Template::parse("{subprotocol}").unwrap();
        let rows = [
            (expectation(&[Outcome::Class(4)]), "4xx"),
            (expectation(&[Outcome::Closed]), "closed without an answer"),
            (
                expectation(&[Outcome::Status(400), Outcome::Class(5), Outcome::Silent]),
                "400, 5xx or no answer within the window",
            ),
            (expectation(&(401..500).map(Outcome::Status).collect::<Vec<_>>()), "401–499"),
            (
                with(
                    Conditions {
                        fields: vec![field("Sec-WebSocket-Version", FieldTest::Token(token))],
                        connection: Some(Connection::Closed),
                        ..Conditions::default()
                    },
                    426,
                ),
                "426 with Sec-WebSocket-Version holding 13, then the connection is closed",
            ),
            (
                with(
                    Conditions {
                        fields: vec![
                            field("Sec-WebSocket-Protocol", FieldTest::Equals(chosen)),
                            field("Sec-WebSocket-Extensions", FieldTest::Absent),
                        ],
                        tunnel: Some(Tunnel::PingPong),
                        ..Conditions::default()
                    },
                    101,
                ),
                "101 with Sec-WebSocket-Protocol: {subprotocol} and no Sec-WebSocket-Extensions, \
                 and the Ping gets its Pong",
            ),
        ];
        for (expectation, want) in rows {
            assert_eq!(describe(&expectation), want);
        }
    }
}
