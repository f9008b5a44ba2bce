//! Hunts with the embedded reference client: faults are found, shrunk and written as cases that replay them; a
//! conforming client gives no finding.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use upspec_cli::Embedded;
use upspec_corpus::Corpus;
use upspec_hunt::Options;
use upspec_hunt::client::{ClientEnding, ClientHunt, ClientKind, ClientQuarry, ClientState};
use upspec_judge::Verdict;
use upspec_reference::ClientFault;
use upspec_runner::{ClientProber, ClientSettings};

/// The embedded client with a fault.
fn client(fault: Option<&str>) -> Embedded {
    let fault = fault.map(|name| ClientFault::named(name).unwrap());
    Embedded { fault, ..Embedded::default() }
}

fn settings() -> ClientSettings {
    // The control waits for silence as long as a client may take for anything.
    let (window_floor, timeout) = (Duration::from_millis(100), Duration::from_millis(1500));
    ClientSettings { window_floor, timeout, ..ClientSettings::default() }
}

/// Reading it takes longer than most hunts.
static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::embedded().unwrap());

async fn prober(client: Embedded) -> ClientProber {
    ClientProber::start(&CORPUS, Arc::new(client), settings()).await.unwrap()
}

async fn hunt(client: Embedded, state: ClientState, runs: u64, out: &Path) -> ClientEnding {
    hunt_for(Verdict::Fail, client, state, runs, out).await
}

async fn hunt_for(
    least: Verdict,
    client: Embedded,
    state: ClientState,
    runs: u64,
    out: &Path,
) -> ClientEnding {
    let options = Options {
        seed: state.seed,
        jobs: 16,
        runs: Some(runs),
        time: None,
        rate: None,
        out: out.to_owned(),
        least,
        guided: false,
        until_found: false,
    };
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let prober = prober(client).await;
    ClientHunt::run(
        ClientQuarry::new(prober, &CORPUS),
        &CORPUS,
        options,
        state,
        events,
        std::future::pending(),
    )
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conforming_client_gives_no_finding_and_the_state_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let ending = hunt(client(None), ClientState::new(3), 300, folder.path()).await;
    assert_eq!((&ending.state.findings[..], ending.gone), (&[][..], None));
    assert!(ending.executed >= 250, "{}", ending.executed);
    let ending = hunt(client(None), ending.state, 20, folder.path()).await;
    assert_eq!(ending.state.next, 320);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_found_shrunk_and_replayed() {
    let rows = [
        ("accept-unchecked", "rfc6455/4.1-check-accept"),
        ("connection-unchecked", "rfc6455/4.1-check-connection"),
        ("extensions-unchecked", "rfc6455/4.1-check-extensions"),
        ("success-opens", "rfc6455/4.1-not-101"),
        ("subprotocol-unchecked", "rfc6455/4.1-check-subprotocol"),
        ("interim-refused", "rfc9110/15.2-client-parses"),
    ];
    let (mut folders, mut cases) = (Vec::new(), Vec::new());
    for (fault, requirement) in rows {
        let folder = tempfile::tempdir().unwrap();
        let ending = hunt(client(Some(fault)), ClientState::new(5), 300, folder.path()).await;
        let findings = &ending.state.findings;
        let found = findings.iter().find(|one| one.requirement == requirement);
        let found = found.unwrap_or_else(|| panic!("{fault}: {findings:?}"));
        assert_eq!(found.kind, ClientKind::Violation, "{fault}");
        assert_eq!(found.drawn.edits.len(), 1, "{fault}: {}", found.drawn);
        cases.push((fault, found.case.clone()));
        folders.push(folder);
    }
    // The files have the cases, and the faults alone break them.
    let folders: Vec<_> = folders.iter().map(|folder| folder.path().to_owned()).collect();
    let corpus = Corpus::embedded_with(&folders).unwrap();
    let conforming = prober(client(None)).await;
    for (fault, id) in cases {
        let case = corpus.case(&id).unwrap();
        let faulty = prober(client(Some(fault))).await;
        for (prober, verdict) in [(&faulty, Verdict::Fail), (&conforming, Verdict::Pass)] {
            let result = prober.play(case, 0, prober.window()).await.unwrap();
            assert_eq!(result.verdict, verdict, "{fault}: {result:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_dies_is_told_with_its_exit() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(Some("dies-of-odd-head"));
    let ending = hunt_for(Verdict::Warn, client, ClientState::new(5), 300, folder.path()).await;
    let findings = &ending.state.findings;
    let death = findings.iter().find(|one| one.kind == ClientKind::Death);
    let death = death.unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!(death.exit.as_deref(), Some("exit 101"));
}

#[test]
fn the_command_hunts_the_embedded_client_and_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (state, out) = (path("state.json"), path("found"));
    let places = ["fuzz", "--client", "--state", &state, "--out", &out];
    let output = crate::support::upspec(&[&places[..], &["--runs", "50", "--seed", "4"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let kept = ClientState::load(Path::new(&state)).unwrap().unwrap();
    assert_eq!((kept.seed, kept.next), (4, 50));
    let rows: [(&[&str], i32); 4] = [
        (&["--runs", "1", "--seed", "5"], 2),
        (&["--runs", "1", "--baseline", "upspec.toml"], 2),
        (&["--runs", "1", "ws://127.0.0.1:1/"], 2),
        (&["--runs", "1", "--cmd", "false {url}"], 3),
    ];
    for (more, code) in rows {
        let output = crate::support::upspec(&[&places[..], more].concat());
        assert_eq!(output.status.code(), Some(code), "{more:?}: {output:?}");
    }
    assert_eq!(crate::support::upspec(&["fuzz", "--runs", "1"]).status.code(), Some(2));
}
