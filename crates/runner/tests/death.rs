//! Runs against servers that die.
//! A server that can be started again is this very test binary, asked to serve by its environment.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use support::*;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::Case;
use upspec_judge::{Reason, Verdict};
use upspec_runner::{Death, Ending, Plan, RunOutcome, Settings, run};

async fn run_cases(address: SocketAddr, cases: &[Case], settings: Settings) -> RunOutcome {
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(cases, |_| true);
    run(plan, target(address), settings, requirements(), events, pending()).await
}

fn plain(name: &str) -> Case {
    case(&format!("server/a/{name}"), vec![send(GET)])
}

fn deadly(name: &str) -> Case {
    case(&format!("server/a/{name}"), vec![send(DEADLY)])
}

fn death(names: &[&str]) -> Death {
    Death { suspects: names.iter().map(|name| format!("server/a/{name}")).collect() }
}

/// Serves until somebody asks it to die: then it answers nothing, and nobody listens any more.
async fn serve_until_killed(listener: TcpListener) {
    let killed = Arc::new(Notify::new());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => return,
            },
            () = killed.notified() => return,
        };
        let killed = Arc::clone(&killed);
        tokio::spawn(async move {
            match beginning(&stream).await.as_str() {
                "KILL" => killed.notify_one(),
                _ => websocket(stream).await,
            }
        });
    }
}

#[tokio::test]
async fn a_lone_suspect_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_until_killed(listener));
    let cases = [control(), plain("before"), deadly("killer"), plain("after"), plain("last")];
    let settings = Settings { jobs: 1, ..settings() };
    let outcome = run_cases(address, &cases, settings).await;
    let Ending::TargetDied { suspects } = &outcome.ending else { panic!("{:?}", outcome.ending) };
    assert_eq!(suspects.last().map(String::as_str), Some("server/a/killer"));
    assert!(!outcome.complete);
    assert_eq!(outcome.results.len(), cases.len());
    assert_eq!(outcome.results[1].verdict, Verdict::Pass);
    for left in &outcome.results[3..] {
        assert_eq!((left.verdict, left.reason), (Verdict::Error, Some(Reason::TargetDied)));
    }
}

#[tokio::test]
async fn with_a_server_command_the_killer_is_found_and_the_run_goes_on() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let exe = std::env::current_exe().unwrap();
    let command = format!(
        "{SERVE_AT}={address} exec '{}' --exact serves_when_it_is_asked_to --nocapture",
        exe.display()
    );
    let mut cases = vec![control()];
    cases.extend((0..6).map(|n| plain(&format!("early-{n}"))));
    cases.push(deadly("killer"));
    cases.extend((0..6).map(|n| plain(&format!("late-{n}"))));
    cases.push(deadly("second"));
    let settings = Settings { jobs: 4, server_cmd: Some(command), ..settings() };
    let outcome = run_cases(address, &cases, settings).await;
    assert_eq!((&outcome.ending, outcome.complete), (&Ending::Complete, true));
    let mut deaths = outcome.deaths;
    deaths.sort_by(|a, b| a.suspects.cmp(&b.suspects));
    assert_eq!(deaths, [death(&["killer"]), death(&["second"])]);
    for result in &outcome.results {
        let dead = result.id.ends_with("killer") || result.id.ends_with("second");
        let wanted = if dead { Verdict::Fail } else { Verdict::Pass };
        assert_eq!(result.verdict, wanted, "{}", result.id);
    }
    assert!(TcpListener::bind(address).await.is_ok(), "the server was not ended");
}

#[tokio::test]
async fn a_server_command_that_fails_is_unreachable() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let settings = Settings { server_cmd: Some("exit 3".to_owned()), ..settings() };
    let outcome = run_cases(address, &[control()], settings).await;
    let Ending::Unreachable { message } = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(message.contains("exit 3") && message.contains("nobody listens"), "{message}");
}

/// Not a test: the server of the test above, when this binary is started as one.
#[tokio::test]
async fn serves_when_it_is_asked_to() {
    let Ok(address) = std::env::var(SERVE_AT) else {
        return;
    };
    serve_until_killed(TcpListener::bind(address).await.unwrap()).await;
}

/// What kills the servers here.
const DEADLY: &str = "KILL / HTTP/1.1\r\n\r\n";
/// The environment variable that turns this binary into a server.
const SERVE_AT: &str = "UPSPEC_TEST_SERVE_AT";
