//! Tests of pairs: what the model makes of them, and that their cases are read as they are written.

use proptest::prelude::*;
use upspec_corpus::case::Case;
use upspec_corpus::{Bindings, Corpus, Source, case_file};

use super::expect::{Asked, Said, expected};
use super::*;
use crate::case::CaseName;

#[test]
fn a_pair_is_classed_by_what_each_end_may_believe() {
    let rows = [
        ("handshake", "switch", Asked::Upgrade, Said::Switch),
        ("browser", "switch; case upgrade upper", Asked::Upgrade, Said::Switch),
        ("handshake; drop connection", "switch", Asked::Half, Said::Switch),
        ("plain", "switch", Asked::Nothing, Said::BadSwitch),
        ("handshake; request protocol 'HTTP/1.0'", "switch", Asked::Unclear, Said::Switch),
        ("handshake; set host 'a b'", "switch", Asked::Unclear, Said::Switch),
        ("handshake; body length", "switch", Asked::Unclear, Said::Switch),
        ("handshake; add last 'Connection: a b'", "switch", Asked::Unclear, Said::Switch),
        ("handshake", "switch; drop upgrade", Asked::Upgrade, Said::BadSwitch),
        ("handshake", "switch; set upgrade 'h2c'", Asked::Upgrade, Said::BadSwitch),
        ("handshake", "switch; drop connection", Asked::Upgrade, Said::LoneSwitch),
        ("handshake", "switch; set connection 'close, Upgrade'", Asked::Upgrade, Said::Unclear),
        ("handshake", "switch; add last 'Content-Length: 0'", Asked::Upgrade, Said::FramedSwitch),
        ("handshake", "switch; status version 'HTTP/1.0'", Asked::Upgrade, Said::Unclear),
        ("handshake", "switch; end fields cr", Asked::Upgrade, Said::Unclear),
        ("handshake", "switch; interim hints", Asked::Upgrade, Said::Switch),
        ("handshake", "switch; status status '426'", Asked::Upgrade, Said::Final),
        ("handshake", "switch; status status '999'", Asked::Upgrade, Said::Unclear),
        ("handshake", "switch; stop 20", Asked::Upgrade, Said::Unclear),
    ];
    for (request, answer, asked, said) in rows {
        let pair: Pair = format!("{request} | {answer}").parse().unwrap();
        let expected = expected(&pair);
        assert_eq!((expected.asked, expected.said), (asked, said), "{pair}");
    }
}

#[test]
fn what_connection_names_fails_at_the_far_end() {
    let text = "handshake; insert connection last 'x-hop'; add last 'X-Hop: 1' | switch; insert connection last 'x-none'";
    let own = expected(&text.parse().unwrap()).own;
    let because: Vec<&str> = own.iter().filter_map(|one| one.because.as_deref()).collect();
    assert_eq!(
        because,
        [
            "Connection names x-hop, and it arrives at the origin.",
            "The option x-hop arrives at the origin.",
            "Upgrade arrives at the origin without its option.",
            "The option x-none arrives at the client.",
        ]
    );
}

#[test]
fn an_answer_without_an_end_of_its_own_ends_with_the_stream() {
    let rows = [
        ("switch", false),
        ("switch; status status '200'", true),
        ("switch; status status '204'", false),
        ("switch; status status '200'; add last 'Content-Length: 5'; after 'hello'", false),
        ("switch; status status '200'; add last 'Content-Length: 5'", true),
        ("switch; stop 9", true),
    ];
    for (answer, want) in rows {
        let pair: Pair = format!("handshake | {answer}").parse().unwrap();
        assert_eq!(expected(&pair).ends_stream, want, "{answer}");
    }
}

fn pairs() -> impl Strategy<Value = Pair> {
    use arbitrary::{Arbitrary as _, Unstructured};
    proptest::collection::vec(any::<u8>(), 512)
        .prop_map(|octets| Pair::arbitrary(&mut Unstructured::new(&octets)).unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_pair_reads_as_it_prints(pair in pairs()) {
        prop_assert_eq!(pair.to_string().parse::<Pair>(), Ok(pair.clone()), "{}", pair);
    }

    #[test]
    fn shrinking_ends(mut pair in pairs(), turns in any::<[u8; 32]>()) {
        for turn in turns.iter().cycle().take(5_000) {
            let simpler = pair.simpler();
            if simpler.is_empty() {
                return Ok(());
            }
            pair = simpler[usize::from(*turn) % simpler.len()].clone();
        }
        prop_assert!(false, "{}", pair);
    }

    #[test]
    fn each_request_has_its_tag(pair in pairs()) {
        let bindings = Bindings::example();
        let octets = pair.request.tagged_octets(&bindings);
        prop_assert!(octets.windows(bindings.tag.len()).any(|part| part == bindings.tag));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_case_file_reads_as_its_case(pairs in proptest::collection::vec(pairs(), 1..40)) {
        let own = Corpus::embedded().unwrap();
        let scene = Scene::of(&own).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let role = folder.path().join("intermediary");
        std::fs::create_dir_all(&role).unwrap();
        let mut written = Vec::new();
        for (index, pair) in pairs.iter().enumerate() {
            let expected = expected(pair);
            for name in expected.presets {
                prop_assert!(own.presets.iter().any(|preset| preset.name == *name), "{}", name);
            }
            let topic = format!("user/intermediary/found-{index}");
            let case = pair.case(CaseName { topic: &topic, name: "one" }, &scene);
            let text = case_file("Found", std::slice::from_ref(&case));
            std::fs::write(role.join(format!("found-{index}.toml")), text).unwrap();
            written.push(case);
        }
        let corpus = Corpus::embedded_with(&[folder.path().to_owned()]);
        let corpus = corpus.unwrap_or_else(|error| panic!("{error}"));
        for case in written {
            let read = Case { source: Source::default(), ..corpus.case(&case.id).unwrap().clone() };
            prop_assert_eq!(case, read);
        }
    }
}
