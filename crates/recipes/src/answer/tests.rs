//! What answers say, how they are read, and what the model expects of a client.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary as _, Unstructured};
use proptest::prelude::*;
use upspec_corpus::{Bindings, Corpus, case_file};

use super::*;
use crate::case::CaseName;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

fn drawn(octets: &[u8]) -> Answer {
    Answer::arbitrary(&mut Unstructured::new(octets)).unwrap()
}

/// The preset and the requirement that an answer gets.
fn due(answer: &str) -> (&'static str, &'static str) {
    let answer: Answer = answer.parse().unwrap();
    let ask = Ask { request: REQUEST, bindings: &Bindings::example(), presets: &[] };
    let expected = expect::expected(&answer, &ask);
    (expected.preset, expected.requirement)
}

#[test]
fn an_answer_reads_as_it_prints() {
    let text = r"switch; drop accept; set upgrade 'h2c;\x27 x'; interim hints; space upgrade colon tab; stop 17";
    assert_eq!(text.parse::<Answer>().unwrap().to_string(), text);
    for (text, message) in [("plain", "`plain` is no base"), ("switch; jump", "`jump` is no edit")]
    {
        assert_eq!(text.parse::<Answer>().unwrap_err().to_string(), message);
    }
}

#[test]
fn the_plain_answer_is_that_of_the_corpus() {
    let octets = Answer::default().octets(&Bindings::example());
    let wanted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
    assert_eq!(String::from_utf8(octets).unwrap(), wanted);
}

/// As the cases of the corpus grade the same answers.
#[test]
fn the_model_expects_what_the_corpus_does() {
    let rows = [
        ("switch", "must-open", "rfc6455/4.1-validate-as-follows"),
        ("switch; drop accept", "must-fail", "rfc6455/4.1-check-accept"),
        ("switch; set accept '{accept-swapped}'", "must-fail", "rfc6455/4.1-check-accept"),
        ("switch; set accept '{accept-pad-bits}'", "should-fail", "rfc6455/4.1-check-accept"),
        (r"switch; set accept '{accept}\x00'", "open-or-fail", "rfc6455/4.1-check-rest"),
        ("switch; repeat accept", "must-fail", "rfc6455/4.1-check-rest"),
        ("switch; fold accept first", "should-open", "rfc9112/5.2-fold-user-agent"),
        ("switch; drop upgrade", "must-fail", "rfc6455/4.1-check-upgrade"),
        ("switch; set upgrade 'websocket/13'", "must-fail", "rfc6455/4.1-check-upgrade"),
        ("switch; case upgrade upper", "must-open", "rfc6455/4.1-check-upgrade"),
        ("switch; repeat upgrade", "open-or-fail", "rfc6455/4.1-check-rest"),
        ("switch; space upgrade colon space", "should-fail", "rfc9112/5-field-line"),
        ("switch; name upgrade upper", "must-open", "rfc9110/5.1-name-case"),
        ("switch; set connection 'no-upgrade'", "must-fail", "rfc6455/4.1-check-connection"),
        ("switch; set connection '\"Upgrade\"'", "must-fail", "rfc6455/4.1-check-connection"),
        ("switch; set connection 'keep-alive Upgrade'", "should-fail", "rfc9110/7.6.1-grammar"),
        (
            "switch; set connection 'keep-alive, Upgrade'",
            "must-open",
            "rfc6455/4.1-check-connection",
        ),
        ("switch; also connection first 'keep-alive'", "must-open", "rfc6455/4.1-check-connection"),
        ("switch; insert connection first 'a;b=c'", "should-fail", "rfc9110/7.6.1-grammar"),
        (r"switch; put accept first '\x0B'", "open-or-fail", "rfc6455/4.1-check-rest"),
        ("switch; set connection ', Upgrade,'", "should-open", "rfc9110/5.6.1.2-empty-elements"),
        ("switch; set connection 'close, Upgrade'", "open-or-fail", "rfc6455/4.1-check-connection"),
        ("switch; set protocol 'upspec-other'", "must-fail", "rfc6455/4.1-check-subprotocol"),
        ("switch; set protocol '{protocol}, {protocol-2}'", "must-fail", "rfc6455/4.1-check-rest"),
        ("switch; set protocol '\"{protocol}\"'", "must-fail", "rfc6455/4.1-check-subprotocol"),
        ("switch; set protocol '{protocol-2}'", "must-open", "rfc6455/4.1-validate-as-follows"),
        ("switch; drop protocol", "open-or-fail", "rfc6455/7.2.1-no-arbitrary-close"),
        ("switch; set extensions 'x-upspec'", "must-fail", "rfc6455/4.1-check-extensions"),
        ("switch; set extensions '{deflate}'", "should-open", "rfc6455/7.2.1-no-arbitrary-close"),
        ("switch; set extensions '{deflate}; x_upspec'", "must-fail", "rfc7692/7-client-check"),
        ("switch; set extensions '{deflate};'", "must-fail", "rfc6455/9.1-malformed"),
        ("switch; set extensions ''", "should-fail", "rfc6455/9.1-malformed"),
        ("switch; status status '200'", "not-open", "rfc6455/4.1-not-101"),
        ("switch; status status '1010'", "not-open", "rfc6455/4.1-not-101"),
        ("switch; status status '103'", "not-open", "rfc6455/4.1-not-101"),
        ("switch; status reason ''", "should-open", "rfc9112/4-reason-ignored"),
        ("switch; status version 'HTTP/1.2'", "should-open", "rfc9110/6.2-higher-minor"),
        ("switch; status version 'HTTP/1.0'", "open-or-fail", "rfc6455/4.1-check-rest"),
        ("switch; status version 'HTTP/2.0'", "should-fail", "rfc6455/4.1-check-rest"),
        ("switch; end all lf", "open-or-fail", "rfc9112/2.2-bare-lf"),
        ("switch; end all cr", "must-fail", "rfc6455/7.2.1-transport-lost"),
        ("switch; stop 30", "must-fail", "rfc6455/7.2.1-transport-lost"),
        ("switch; interim continue", "must-open", "rfc9110/15.2-client-parses"),
        ("switch; interim handshake; drop accept", "must-fail", "rfc6455/4.1-check-accept"),
        ("switch; add last 'nonsense'", "should-fail", "rfc9112/5-field-line"),
        ("switch; add last 'X-Upspec: 1'", "should-open", "rfc9110/5.1-unknown-fields"),
        ("switch; add last 'Content-Length: 5'", "open-or-fail", "rfc9112/6.3-no-body-status"),
        (r"switch; add last 'X-Nul: a\x00b'", "open-or-fail", "rfc6455/4.1-check-rest"),
        (r"switch; after '\x89\x04ping'", "must-open", "rfc6455/6.2-parse-frames"),
        ("switch; after 'junk'", "open-or-fail", "rfc6455/6.2-parse-frames"),
        ("switch; cut 7", "must-open", "rfc6455/4.1-validate-as-follows"),
    ];
    for (answer, preset, requirement) in rows {
        assert_eq!(due(answer), (preset, requirement), "{answer}");
    }
}

#[test]
fn whatever_is_expected_has_a_preset_and_a_requirement_of_the_corpus() {
    let corpus = Corpus::embedded().unwrap();
    let bindings = Bindings::example();
    let ask = Ask { request: REQUEST, bindings: &bindings, presets: &corpus.presets };
    let mut presets = BTreeSet::new();
    let mut seed = 1_u64;
    for _ in 0..4000 {
        let octets: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed.to_be_bytes()[0]
        })
        .take(64)
        .collect();
        let answer = drawn(&octets);
        let expected = expect::expected(&answer, &ask);
        assert!(corpus.presets.iter().any(|one| one.name == expected.preset), "{answer}");
        assert!(corpus.requirements.get(expected.requirement).is_some(), "{answer}: {expected:?}");
        presets.insert(expected.preset);
    }
    assert_eq!(presets.len(), 6, "{presets:?}");
}

proptest! {
    #[test]
    fn print_then_parse_is_identity(octets in proptest::collection::vec(any::<u8>(), 0..128)) {
        let answer = drawn(&octets);
        prop_assert_eq!(answer.to_string().parse(), Ok(answer));
    }

    #[test]
    fn parsing_is_total(text in "[a-z ;'{}\\\\x0-9]{0,40}") {
        let _ = text.parse::<Answer>();
        let _ = format!("switch; {text}").parse::<Answer>();
    }

    /// Whichever simpler answer is taken, the way down has an end.
    #[test]
    fn shrinking_ends(octets in proptest::collection::vec(any::<u8>(), 0..128), turns in any::<[u8; 32]>()) {
        let mut answer = drawn(&octets);
        let mut steps = 0;
        loop {
            let simpler = answer.simpler();
            if simpler.is_empty() {
                break;
            }
            let turn = usize::from(turns[steps % turns.len()]);
            answer = simpler[turn % simpler.len()].clone();
            steps += 1;
            prop_assert!(steps < 10_000, "{}", answer);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn a_case_file_reads_as_its_case(octets in proptest::collection::vec(any::<u8>(), 512)) {
        let folder = tempfile::tempdir().unwrap();
        let client = folder.path().join("client");
        std::fs::create_dir_all(&client).unwrap();
        let embedded = Corpus::embedded().unwrap();
        let bindings = Bindings::example();
        let ask = Ask { request: REQUEST, bindings: &bindings, presets: &embedded.presets };
        let mut cases = Vec::new();
        for (index, octets) in octets.chunks(32).enumerate() {
            let topic = format!("user/client/found-{index}");
            let case = drawn(octets).case(CaseName { topic: &topic, name: "one" }, &ask);
            let path = client.join(format!("found-{index}.toml"));
            std::fs::write(path, case_file("Found", std::slice::from_ref(&case))).unwrap();
            cases.push(case);
        }
        let corpus = Corpus::embedded_with(&[folder.path().to_owned()]);
        let corpus = corpus.unwrap_or_else(|error| panic!("{error}"));
        for case in cases {
            let mut read = corpus.case(&case.id).unwrap().clone();
            read.source = case.source.clone();
            prop_assert_eq!(case, read);
        }
    }
}
