//! Hunts with the embedded reference proxy: faults are found, shrunk and written as cases that replay them; conforming
//! proxies give no finding.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use upspec_corpus::Corpus;
use upspec_hunt::Options;
use upspec_hunt::proxy::{ProxyEnding, ProxyHunt, ProxyQuarry, ProxyState};
use upspec_judge::Verdict;
use upspec_recipes::pair::Pair;
use upspec_reference::{Proxy, ProxyConfig, ProxyFault, ProxyVariation};
use upspec_runner::{Origin, ProxyProber, ProxySettings, Target};

/// Reading it takes longer than most hunts.
static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::embedded().unwrap());

/// A reference proxy in front of an origin of ours, with a fault or in a lawful way.
async fn prober(fault: Option<&str>, variation: Option<&str>) -> ProxyProber {
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let origin = Origin::listen(local).await.unwrap();
    let fault = fault.map(|name| ProxyFault::named(name).unwrap());
    let variation = variation.map(|name| ProxyVariation::named(name).unwrap());
    let config = ProxyConfig { fault, variation, ..ProxyConfig::new(local, origin.address()) };
    let proxy = Proxy::bind(config).await.unwrap();
    let target = Target::parse(&format!("http://{}/ws", proxy.local_addr())).unwrap();
    tokio::spawn(proxy.serve());
    let window_floor = Duration::from_millis(200);
    let settings = ProxySettings { window_floor, ..ProxySettings::default() };
    ProxyProber::start(&CORPUS, target, origin, settings).await.unwrap()
}

async fn hunt(prober: ProxyProber, state: ProxyState, runs: u64, out: &Path) -> ProxyEnding {
    let options = Options {
        seed: state.seed,
        jobs: 16,
        runs: Some(runs),
        time: None,
        rate: None,
        out: out.to_owned(),
        least: Verdict::Fail,
        guided: false,
        until_found: false,
    };
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let quarry = ProxyQuarry::new(prober, &CORPUS).unwrap();
    let cancel = std::future::pending();
    ProxyHunt::run(quarry, &CORPUS, options, state, events, cancel).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn conforming_proxies_give_no_finding_and_the_state_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = ProxyState::new(3);
    for variation in [None, Some("own-key"), Some("switch-ignored"), Some("no-upgrade")] {
        let next = state.next;
        let ending = hunt(prober(None, variation).await, state, 150, folder.path()).await;
        assert_eq!((&ending.state.findings[..], ending.gone), (&[][..], None), "{variation:?}");
        assert_eq!(ending.state.next, next + 150);
        state = ending.state;
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_found_shrunk_and_replayed() {
    let rows = [
        ("success-opens", "rfc9110/7.6.1-removed", 3),
        ("switch-without-upgrade-opens", "rfc9110/7.8-named", 1),
        ("switch-length-kept", "rfc9110/8.6-cl-1xx-204", 1),
        ("named-field-kept", "rfc9110/7.6.1-removed", 2),
    ];
    let (mut folders, mut cases) = (Vec::new(), Vec::new());
    for (fault, requirement, edits) in rows {
        let folder = tempfile::tempdir().unwrap();
        let prober = prober(Some(fault), None).await;
        let ending = hunt(prober, ProxyState::new(5), 200, folder.path()).await;
        let findings = &ending.state.findings;
        let cited = findings.iter().filter(|one| one.requirement == requirement);
        let count = |pair: &Pair| pair.request.edits.len() + pair.answer.edits.len();
        let found = cited.min_by_key(|one| count(&one.drawn));
        let found = found.unwrap_or_else(|| panic!("{fault}: {findings:?}"));
        assert!(count(&found.drawn) <= edits, "{fault}: {}", found.drawn);
        cases.push((fault, found.case.clone()));
        folders.push(folder);
    }
    // The files have the cases, and the faults alone break them.
    let folders: Vec<PathBuf> = folders.iter().map(|folder| folder.path().to_owned()).collect();
    let corpus = Corpus::embedded_with(&folders).unwrap();
    let conforming = prober(None, None).await;
    for (fault, id) in cases {
        let case = corpus.case(&id).unwrap();
        let faulty = prober(Some(fault), None).await;
        for (prober, verdict) in [(&faulty, Verdict::Fail), (&conforming, Verdict::Pass)] {
            let result = prober.play(case, 0, prober.window()).await.unwrap();
            assert_eq!(result.verdict, verdict, "{fault}: {result:?}");
        }
    }
}

#[test]
fn the_command_hunts_the_embedded_proxy_and_what_it_finds_is_read_by_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (state, out) = (path("state.json"), path("found"));
    let places = ["fuzz", "--proxy", "--state", &state, "--out", &out];
    let faulty =
        [&places[..], &["--fault", "success-opens", "--runs", "60", "--seed", "5"]].concat();
    let output = crate::support::upspec(&faulty);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let kept = ProxyState::load(Path::new(&state)).unwrap().unwrap();
    assert_eq!((kept.seed, kept.next), (5, 60));
    let command = format!(
        "{} serve --proxy {{origin}} --listen {{listen}} --fault success-opens",
        crate::support::BIN
    );
    let free = crate::support::own_address();
    let url = format!("http://{free}/ws");
    let played =
        ["proxy", &url, "--proxy-cmd", &command, "--cases", &out, "--only", &kept.findings[0].case];
    assert_eq!(crate::support::upspec(&played).status.code(), Some(1));
    let rows: [(&[&str], i32); 5] = [
        (&["--runs", "1", "--fault", "no-such-fault"], 2),
        (&["--runs", "1", "--seed", "6"], 2),
        (&["--runs", "1", "--client"], 2),
        (&["--runs", "1", "--fault", "success-opens", "http://127.0.0.1:1/"], 2),
        (
            &[
                "--runs",
                "1",
                "--ready-timeout",
                "1s",
                "--origin-listen",
                "127.0.0.1:0",
                "http://127.0.0.1:1/",
            ],
            3,
        ),
    ];
    for (more, code) in rows {
        let output = crate::support::upspec(&[&places[..], more].concat());
        assert_eq!(output.status.code(), Some(code), "{more:?}: {output:?}");
    }
}
