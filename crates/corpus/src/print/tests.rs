//! What is printed is read back: the whole corpus, and cases that are drawn.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::Corpus;
use crate::case::{
    Alpn, Awaited, Conditions, Connection, Ends, Fact, FieldMatcher, FieldTest, Got, Hazard, Need,
    Outcome, Outcomes, Source, Tunnel,
};
use crate::files::{self, File};
use crate::template::Binding;
use crate::words::Word;

/// What these cases of one topic are when they are printed and read back, beside the rest of the corpus.
fn read_back(topic: &str, cases: &[Case]) -> Vec<Case> {
    let printed = case_file("Printed", cases);
    let path = format!("{topic}.toml");
    let mut all = files::embedded();
    all.retain(|file| file.path != path);
    all.push(File::in_memory(&path, &printed));
    let texts: Vec<(&str, &str)> =
        all.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let corpus = Corpus::from_texts(&texts).unwrap_or_else(|error| panic!("{error}"));
    let of_topic = |case: &Case| case.id.starts_with(&format!("{topic}/"));
    corpus.cases.iter().filter(|case| of_topic(case)).cloned().map(placeless).collect()
}

fn placeless(case: Case) -> Case {
    Case { source: Source::default(), ..case }
}

#[test]
fn the_corpus_is_read_back() {
    let corpus = Corpus::embedded().unwrap_or_else(|error| panic!("{error}"));
    for topic in &corpus.topics {
        let of_topic = |case: &&Case| corpus.topic(&case.id) == Some(topic);
        let cases: Vec<Case> =
            corpus.cases.iter().filter(of_topic).cloned().map(placeless).collect();
        assert_eq!(read_back(&topic.id, &cases), cases, "{}", topic.id);
    }
}

fn word<W: Word + std::fmt::Debug>() -> impl Strategy<Value = W> {
    select(W::WORDS).prop_map(|(_, meaning)| meaning)
}

fn templates() -> impl Strategy<Value = Template> {
    let of_client = |row: &&(&str, Binding)| !row.1.is_of_request();
    let bindings: Vec<_> = Binding::NAMES.iter().filter(of_client).copied().collect();
    let binding = select(bindings).prop_map(|(_, binding)| binding);
    let part = prop_oneof![
        3 => vec(any::<u8>(), 1..30).prop_map(Part::Bytes),
        1 => binding.prop_map(Part::Binding),
        1 => (1u32..1000).prop_map(|length| Part::Binding(Binding::Fill(length))),
    ];
    // What writes `{path}` has to write `{standing}`, too.
    vec(part, 1..5).prop_map(|mut parts| {
        parts.push(Part::Binding(Binding::Standing));
        Template::from_parts(parts)
    })
}

fn written() -> impl Strategy<Value = Frames> {
    let field = prop_oneof![
        4 => (templates(), templates()).prop_map(|(name, value)| Field::Line(name, value)),
        1 => Just(Field::Standing),
        1 => Just(Field::StandingButOrigin),
    ];
    let block = (vec(field, 0..5), 0u32..3, any::<bool>(), 0u32..4).prop_map(
        |(fields, continuations, ends, stream)| Frames {
            kind: kind::HEADERS,
            flags: if ends { flag::END_STREAM } else { 0 },
            stream,
            payload: Payload::Block { fields, continuations },
        },
    );
    let plain =
        vec(any::<u8>(), 0..13).prop_map(|octets| Template::from_parts([Part::Bytes(octets)]));
    let code = (0u32..20)
        .prop_map(|code| Template::from_parts([Part::Bytes(code.to_be_bytes().to_vec())]));
    let octets = prop_oneof![templates(), plain, code];
    let any_frame = (0u8..11, 0u8..4, 0u32..3, octets).prop_map(|(kind, flags, stream, octets)| {
        Frames { kind, flags, stream, payload: Payload::Octets(octets) }
    });
    prop_oneof![block, any_frame]
}

fn outcomes() -> impl Strategy<Value = Outcomes> {
    let one = prop_oneof![
        (100u16..600).prop_map(Outcome::Status),
        (1u8..6).prop_map(Outcome::Class),
        select(vec![
            Outcome::Closed,
            Outcome::ConnectionError,
            Outcome::NotHttp,
            Outcome::Silent,
            Outcome::StreamError,
        ]),
    ];
    vec(one, 1..5).prop_map(Outcomes)
}

fn flows() -> impl Strategy<Value = Flow> {
    (templates(), 1u32..100, option::of(any::<u8>()), 1u32..9)
        .prop_map(|(data, times, padding, stream)| Flow { data, times, padding, stream })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let statuses = vec((100u16..600).prop_map(Outcome::Status), 1..4).prop_map(Outcomes);
    let step = prop_oneof![
        3 => templates().prop_map(Act::Send),
        3 => written().prop_map(Act::H2),
        1 => (1u32..100, templates()).prop_map(|(times, bytes)| Act::Repeat { times, bytes }),
        1 => (1u32..100).prop_map(|from| Act::Grow {
            from,
            to: from * 4,
            bytes: Template::parse("; a").unwrap(),
            beside: (from % 2 == 0).then(|| Template::parse("aab").unwrap()),
        }),
        1 => (1u32..100).prop_map(|times| Act::Endless {
            times,
            bytes: Template::parse("abc").unwrap(),
        }),
        1 => flows().prop_map(Act::Flow),
        1 => (0u64..60_000).prop_map(|millis| Act::Wait(Duration::from_millis(millis))),
        1 => statuses.prop_map(Act::Await),
        1 => select(vec![Awaited::Settings, Awaited::Response, Awaited::CloseFrame, Awaited::End])
            .prop_map(Act::AwaitOther),
        1 => templates().prop_map(Act::AwaitOctets),
        1 => any::<u32>().prop_map(Act::AwaitCount),
        1 => templates().prop_map(Act::SendBytewise),
        1 => (0u64..60_000).prop_map(|millis| Act::PauseReading(Duration::from_millis(millis))),
        1 => Just(Act::Reset),
        1 => Just(Act::ShutdownBoth),
        1 => Just(Act::ShutdownWrite),
    ];
    // What writes `{path}` has to write `{standing}`, too.
    vec(step, 1..5).prop_map(|mut acts| {
        acts.push(Act::Send(Template::from_parts([Part::Binding(Binding::Standing)])));
        acts.into_iter().map(Step::from).collect()
    })
}

fn alternatives() -> impl Strategy<Value = Expectation> {
    let octets =
        vec(any::<u8>(), 1..9).prop_map(|octets| Template::from_parts([Part::Bytes(octets)]));
    let test = prop_oneof![
        Just(FieldTest::Present),
        Just(FieldTest::Absent),
        octets.clone().prop_map(FieldTest::Equals),
        octets.clone().prop_map(FieldTest::Token),
        octets.clone().prop_map(FieldTest::NoToken),
        octets.prop_map(FieldTest::Extension),
    ];
    let matcher = ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,9}", test)
        .prop_map(|(name, test)| FieldMatcher { name, test });
    let ends = (option::of(word::<Connection>()), option::of(word::<Tunnel>()));
    let grade = prop_oneof![
        Just((Grade::Pass, None)),
        (word::<Grade>(), texts()).prop_map(|(grade, because)| (grade, Some(because))),
    ];
    let requirement =
        (option::of(Just(REQUIREMENT.to_owned())), vec(word::<Fact>(), 0..3), traffic());
    let alpn = option::of(word::<Alpn>());
    (outcomes(), vec(matcher, 0..3), alpn, ends, grade, requirement).prop_map(
        |(
            status,
            fields,
            alpn,
            (connection, tunnel),
            (grade, because),
            (requirement, when, traffic),
        )| {
            let has_code = status.0.contains(&Outcome::StreamError);
            let code = if has_code { vec![ErrorCode::CANCEL, ErrorCode::NO_ERROR] } else { vec![] };
            let wants = Conditions { status, code, alpn, fields, connection, tunnel, ..traffic };
            Expectation { grade, when, wants, ends: Vec::new(), requirement, because }
        },
    )
}

/// What may be asked of the traffic of a link on which we are the client.
fn traffic() -> impl Strategy<Value = Conditions> {
    let octets = vec(any::<u8>(), 1..9);
    let octets = octets.prop_map(|octets| Template::from_parts([Part::Bytes(octets)]));
    let statuses = vec(outcomes(), 0..3);
    (vec(word::<Ends>(), 0..3), statuses, vec(word::<Got>(), 0..3), option::of(octets)).prop_map(
        |(ends, responses, got, octets)| Conditions {
            ends,
            responses,
            got,
            octets,
            ..Conditions::default()
        },
    )
}

fn texts() -> impl Strategy<Value = String> {
    "[A-Z\u{0}-\u{ff}\u{2028}'\"\\\\]{0,20}x"
}

fn cases() -> impl Strategy<Value = Case> {
    let said = (texts(), option::of(texts()), vec(word::<Need>(), 0..3));
    let how = (word::<Over>(), word::<Tls>(), option::of(vec("[a-z0-9/.]{1,9}", 0..3)));
    let rest = (option::of(word::<Hazard>()), any::<bool>());
    (said, how, rest, steps(), vec(alternatives(), 1..4)).prop_map(
        |((title, why, mut needs), (over, tls, alpn), (hazard, twin), steps, expect)| {
            if tls == Tls::Off {
                needs.push(Need::Tls);
            }
            Case {
                id: "server/drawn/one".to_owned(),
                title,
                why,
                requirement: REQUIREMENT.to_owned(),
                see: if twin { vec![REQUIREMENT.to_owned()] } else { Vec::new() },
                needs,
                hazard,
                over,
                tls,
                alpn: alpn.unwrap_or_else(|| usual_alpn(over)),
                steps,
                expect,
                same_as: twin.then(|| "server/key/missing".to_owned()),
                ..Case::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn drawn_cases_are_read_back(drawn in vec(cases(), 1..12)) {
        let named = drawn.into_iter().enumerate().map(|(index, case)| {
            Case { id: format!("server/drawn/case-{index}"), ..case }
        });
        let cases: Vec<Case> = named.collect();
        let printed = case_file("Printed", &cases);
        prop_assert_eq!(read_back("server/drawn", &cases), cases, "{}", printed);
    }
}

#[test]
fn what_a_case_looks_like() {
    let corpus = Corpus::embedded().unwrap_or_else(|error| panic!("{error}"));
    let one = |id| case_file("Printed", std::slice::from_ref(corpus.case(id).unwrap()));
    insta::assert_snapshot!(one("server/key/fifteen-bytes"), @r#"
    title = "Printed"

    [[case]]
    name        = "fifteen-bytes"
    title       = "A key that decodes to 15 bytes is refused"
    requirement = "rfc6455/4.2.1-key"
    see         = ["rfc6455/4.2.1-refuse"]
    why         = "The nonce is 16 bytes; a decoder that does not count lets a client through that is none."
    needs       = ["endpoint"]
    send        = [
      'GET {path} HTTP/1.1\r\n',
      'Host: {authority}\r\n',
      '{standing}Upgrade: websocket\r\n',
      'Connection: Upgrade\r\n',
      'Sec-WebSocket-Version: 13\r\n',
      'Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P\r\n',
      '\r\n',
    ]
    expect      = [
      { status = "4xx" },
      { status = "5xx", warn = "A 5xx calls a mistake of the client's the server's own." },
      { status = "2xx 3xx", warn = "Ignoring Upgrade is allowed, but a client that meant to open a WebSocket never learns what was wrong." },
      { status = "closed", warn = "A server may close at any time, but an HTTP error says what was wrong." },
    ]
    "#);
}

const REQUIREMENT: &str = "rfc6455/4.2.1-key";
