//! What the model has a client do with an answer, as the name of a preset of the corpus.
//! Where the texts leave a choice, nothing is expected.

use upspec_handshake::RequestHead;

use super::Answer;
use super::case::Ask;
use super::mild::{Due, freest};
use super::readings::{CHECK_REST, Parts, Reading, readings};

/// What is expected of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The preset with the alternatives.
    pub(super) preset: &'static str,
    /// The requirement that a wrong reaction breaks.
    pub(super) requirement: &'static str,
    /// What is expected, in one sentence.
    pub(super) title: String,
    /// Whether our side ends behind the answer, for nothing is due to a head without an end.
    pub(super) ends_stream: bool,
}

/// Asks the model about the octets of an answer.
pub(super) fn expected(answer: &Answer, ask: &Ask<'_>) -> Expected {
    let octets = answer.octets(ask.bindings);
    let request = RequestHead::parse(ask.request).complete();
    let readings = readings(&octets, request.as_ref());
    let unended = readings[0] == Reading::Unended;
    let ends_stream = unended || answer.stops();
    let says =
        |preset, requirement, title: String| Expected { preset, requirement, title, ends_stream };
    if readings[0] == Reading::Sound {
        let (due, rule, what) = freest(answer, &Parts::of(&octets), request.as_ref());
        return match due {
            Due::Either => {
                says("open-or-fail", rule, format!("It is left to the client, for {what}"))
            }
            Due::Doubt => says("should-fail", rule, format!("The answer is not valid, for {what}")),
            Due::Harmless => {
                says("should-open", rule, format!("The connection is opened, though {what}"))
            }
            Due::Open => says("must-open", rule, format!("The connection is opened: {what}")),
        };
    }
    if readings.contains(&Reading::Sound) {
        return says(
            "open-or-fail",
            CHECK_REST,
            "It is left to the client how it reads the head".to_owned(),
        );
    }
    let no_switch = || says("not-open", NOT_101, "What is no 101 opens nothing".to_owned());
    match readings[0] {
        _ if readings.contains(&Reading::NoSwitch) => no_switch(),
        Reading::Broken(rule, what) => {
            says("must-fail", rule, format!("The client fails the connection, for {what}"))
        }
        _ => says(
            "must-fail",
            TRANSPORT_LOST,
            "Nothing is opened by a head without its end".to_owned(),
        ),
    }
}

const NOT_101: &str = "rfc6455/4.1-not-101";
const TRANSPORT_LOST: &str = "rfc6455/7.2.1-transport-lost";
