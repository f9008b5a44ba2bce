//! Runs against servers that die, one for each way to do so.
//! A server that can be started again is this very test binary, asked to serve by its environment.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::cut::{Back, cut_by_death};
use crate::support::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::{Act, Case, Outcome};
use upspec_judge::{CaseResult, Demise, Reason, Verdict};
use upspec_runner::{Death, Ending, Plan, Ready, RunOutcome, Settings, run};

async fn run_cases(address: SocketAddr, cases: &[Case], settings: Settings) -> RunOutcome {
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(cases, |_| true);
    run(plan, target(address), settings, requirements(), events, pending()).await
}

fn plain(name: &str) -> Case {
    case(&format!("server/a/{name}"), vec![send(GET)])
}

/// A case whose method says what it does to the server.
fn deadly(name: &str, method: &str) -> Case {
    let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
    case(&format!("server/a/{name}"), vec![send(&request)])
}

fn death(names: &[&str]) -> Death {
    Death { suspects: names.iter().map(|name| format!("server/a/{name}")).collect() }
}

/// The control, harmless cases around the deadly ones, and these.
fn among_others(deadly: impl IntoIterator<Item = Case>) -> Vec<Case> {
    let mut cases = vec![control()];
    cases.extend((0..6).map(|n| plain(&format!("early-{n}"))));
    cases.extend(deadly);
    cases.extend((0..6).map(|n| plain(&format!("late-{n}"))));
    cases
}

fn result<'o>(outcome: &'o RunOutcome, name: &str) -> &'o CaseResult {
    let id = format!("server/a/{name}");
    outcome.results.iter().find(|result| result.id == id).unwrap()
}

/// How many cases say nothing because of a death.
fn lost(outcome: &RunOutcome) -> usize {
    let lost = |result: &&CaseResult| result.reason == Some(Reason::TargetDied);
    outcome.results.iter().filter(lost).count()
}

/// The killers are blamed, and nobody else.
fn assert_blamed(outcome: &RunOutcome, killers: &[(&str, Demise)]) {
    for result in &outcome.results {
        let known = killers.iter().find(|(name, _)| result.id == format!("server/a/{name}"));
        let how = result.death.as_ref().map(|death| death.how);
        assert_eq!(how, known.map(|(_, how)| *how), "{}: {:?}", result.id, result.death);
        let wanted = if known.is_some() { Verdict::Fail } else { Verdict::Pass };
        assert_eq!(result.verdict, wanted, "{}", result.id);
    }
}

/// What the servers here do.
struct Behaviour {
    /// Dies after each request.
    frail: bool,
    /// Takes so many connections, and then no more.
    connections: u32,
    /// What dying is.
    die: fn(&Notify),
}

/// Serves as long as it lives. A request says by its method what it does: KILL ends the server, LATE ends
/// it some time afterwards, and after HANG nobody is answered any more; STOP gets an answer before that.
async fn serve_until_killed(listener: TcpListener, behaviour: Behaviour) {
    let (killed, hung) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let left = AtomicU32::new(behaviour.connections);
    while left.fetch_sub(1, Ordering::Relaxed) > 0 {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => return,
            },
            () = killed.notified() => return,
            () = hung.notified() => return hang(listener).await,
        };
        let (killed, hung) = (Arc::clone(&killed), Arc::clone(&hung));
        let (die, frail) = (behaviour.die, behaviour.frail);
        tokio::spawn(async move {
            match beginning(&stream).await.as_str() {
                "KILL" => die(&killed),
                "HANG" => {
                    hung.notify_one();
                    pending::<()>().await;
                }
                "STOP" => {
                    let mut stream = stream;
                    read_head(&mut stream).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                    hung.notify_one();
                    pending::<()>().await;
                }
                "LATE" => {
                    websocket(stream).await;
                    tokio::time::sleep(LATENESS).await;
                    die(&killed);
                }
                // Somebody only looks at the port.
                "" => {}
                _ => {
                    websocket(stream).await;
                    if frail {
                        die(&killed);
                    }
                }
            }
        });
    }
    // The listener is gone, the process stays.
    drop(listener);
    if behaviour.connections != u32::MAX {
        pending::<()>().await;
    }
}

/// Takes every connection and answers none.
async fn hang(listener: TcpListener) {
    let mut held = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        held.push(stream);
    }
}

const IN_PROCESS: Behaviour =
    Behaviour { frail: false, connections: u32::MAX, die: |killed| killed.notify_one() };

/// A server in this process, which stays dead or is started again after a while.
async fn in_process(back_after: Option<Duration>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        serve_until_killed(listener, IN_PROCESS).await;
        while let Some(after) = back_after {
            tokio::time::sleep(after).await;
            serve_until_killed(TcpListener::bind(address).await.unwrap(), IN_PROCESS).await;
        }
    });
    address
}

/// A free address, and the command that serves at it.
async fn started_by_command(prefix: &str, environment: &str) -> (SocketAddr, String) {
    let address = free_address();
    let exe = std::env::current_exe().unwrap();
    let command = format!(
        "export {SERVE_AT}={address} {environment}; {prefix} '{}' --exact death::serves_when_it_is_asked_to --nocapture",
        exe.display()
    );
    (address, command)
}

fn with_command(command: String) -> Settings {
    Settings { jobs: 4, server_cmd: Some(command), ..settings() }
}

#[tokio::test]
async fn without_a_command_the_killer_is_named_when_it_was_alone() {
    let address = in_process(None).await;
    // What is no method at all is played alone.
    let cases = among_others([case("server/a/killer", vec![send("KILL /\u{1} HTTP/1.1\r\n\r\n")])]);
    let outcome = run_cases(address, &cases, settings()).await;
    let suspects = vec!["server/a/killer".to_owned()];
    assert_eq!(outcome.ending, Ending::TargetDied { suspects });
    assert!(!outcome.complete);
    assert_blamed(&outcome, &[("killer", Demise::Refusing)]);
}

#[tokio::test]
async fn without_a_command_those_that_merely_wait_share_the_blame() {
    let address = in_process(None).await;
    let cases = among_others([waiting("slow-1"), waiting("slow-2"), deadly("killer", "KILL")]);
    let settings = Settings { window_floor: Duration::from_millis(1500), ..settings() };
    let outcome = run_cases(address, &cases, settings).await;
    let suspects = vec!["server/a/killer".to_owned()];
    assert_eq!(outcome.ending, Ending::TargetDied { suspects });
    let killer = result(&outcome, "killer");
    assert_eq!(killer.verdict, Verdict::Fail);
    let death = killer.death.as_ref().unwrap();
    assert!(death.unsure, "{death:?}");
    assert_eq!(death.suspects[..2], ["server/a/slow-2", "server/a/slow-1"]);
    let waited = result(&outcome, "slow-1");
    assert_eq!((waited.verdict, waited.reason), (Verdict::Inconclusive, Some(Reason::TargetDied)));
    assert_eq!(outcome.results.len(), 16);
}

#[tokio::test]
async fn without_a_command_who_was_alone_shares_the_blame_with_those_before_it() {
    let address = in_process(None).await;
    let steps = vec![send("LATE / HTTP/1.1\r\nHost: a\r\n\r\n"), Act::Wait(LATENESS / 2).into()];
    let mut late = case("server/a/killer", steps);
    late.expect[0].wants.status.0.push(Outcome::Status(101));
    let mut cases = among_others([late]);
    cases.push(waiting("slow"));
    let settings = Settings { window_floor: Duration::from_millis(1500), ..settings() };
    let outcome = run_cases(address, &cases, settings).await;
    let death = result(&outcome, "slow").death.as_ref().unwrap();
    assert!(death.unsure && death.suspects.contains(&"server/a/killer".to_owned()), "{death:?}");
    assert_eq!(result(&outcome, "killer").verdict, Verdict::Pass);
}

#[tokio::test]
async fn a_death_behind_the_last_case_is_told() {
    let address = in_process(None).await;
    let outcome = run_cases(address, &among_others([deadly("killer", "LATE")]), settings()).await;
    let Ending::TargetDied { suspects } = &outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(suspects.contains(&"server/a/killer".to_owned()), "{suspects:?}");
    assert_eq!(outcome.results[0].verdict, Verdict::Fail);
    assert_eq!(&outcome.results[0].death.as_ref().unwrap().suspects, suspects);
}

#[tokio::test]
async fn a_restart_that_nobody_waits_for_is_noticed() {
    let address = in_process(Some(Duration::from_millis(20))).await;
    let outcome = run_cases(address, &among_others([deadly("killer", "KILL")]), settings()).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    assert_blamed(&outcome, &[("killer", Demise::Restarted)]);
    assert!(
        outcome.remarks.iter().any(|text| text.contains("restarts it")),
        "{:?}",
        outcome.remarks
    );
}

#[tokio::test]
async fn a_restart_without_a_refused_connection_shows_in_what_ends_at_once() {
    let address = cut_by_death(Back::AtOnce).await;
    let slow = ["slow-1", "slow-2", "slow-3", "slow-4", "slow-5"].map(waiting);
    let mut killer = deadly("killer", "KILL");
    // The others are to wait for long enough before it, and not to begin at one moment.
    killer.steps.insert(0, Act::Wait(LATENESS / 3).into());
    let cases = among_others(slow.into_iter().chain([killer]));
    let delay = Duration::from_millis(30);
    let settings = Settings { window_floor: Duration::from_millis(1500), delay, ..settings() };
    let outcome = run_cases(address, &cases, settings).await;
    assert_eq!(outcome.ending, Ending::Complete);
    let told: Vec<_> = outcome.remarks.iter().filter(|one| one.contains("at one moment")).collect();
    assert!(matches!(&told[..], [one] if one.contains("server/a/killer")), "{:?}", outcome.remarks);
}

#[tokio::test]
async fn a_restart_behind_the_last_case_shows_on_idle_connections() {
    let address = cut_by_death(Back::AtOnce).await;
    let outcome = run_cases(address, &among_others([deadly("killer", "LATE")]), settings()).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    let told: Vec<_> = outcome.remarks.iter().filter(|one| one.contains("idle")).collect();
    assert!(matches!(&told[..], [_]), "{:?}", outcome.remarks);
}

#[tokio::test]
async fn without_a_command_one_that_comes_back_is_waited_for() {
    let address = in_process(Some(Duration::from_millis(1500))).await;
    let cases = among_others([deadly("killer", "KILL"), deadly("second", "KILL")]);
    let outcome = run_cases(address, &cases, settings()).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    assert_blamed(&outcome, &[("killer", Demise::Refusing), ("second", Demise::Refusing)]);
}

#[tokio::test]
async fn with_a_server_command_the_killers_are_found_and_the_run_goes_on() {
    let (address, command) = started_by_command("exec", "").await;
    let cases =
        among_others([deadly("killer", "KILL"), plain("between"), deadly("second", "KILL")]);
    let outcome = run_cases(address, &cases, with_command(command)).await;
    assert_eq!((&outcome.ending, outcome.complete), (&Ending::Complete, true));
    let mut deaths = outcome.deaths.clone();
    deaths.sort_by(|a, b| a.suspects.cmp(&b.suspects));
    assert_eq!(deaths, [death(&["killer"]), death(&["second"])]);
    assert_blamed(&outcome, &[("killer", Demise::Exited), ("second", Demise::Exited)]);
    let told = result(&outcome, "killer").death.as_ref().unwrap();
    assert_eq!(told.status.as_deref(), Some("exit status: 7"));
    assert!(told.output.iter().any(|line| line == LAST_WORDS), "{:?}", told.output);
    assert!(TcpListener::bind(address).await.is_ok(), "the server was not ended");
}

#[tokio::test]
async fn a_hang_is_a_death() {
    let (address, command) = started_by_command("exec", "").await;
    let outcome =
        run_cases(address, &among_others([deadly("killer", "HANG")]), with_command(command)).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    assert_blamed(&outcome, &[("killer", Demise::Hanging)]);
}

#[tokio::test]
async fn a_killer_whose_result_is_open_is_named() {
    let steps = vec![send("STOP / HTTP/1.1\r\nHost: a\r\n\r\n"), Act::Wait(LATENESS).into()];
    let killer = case("server/a/killer", steps);
    let (address, command) = started_by_command("exec", "").await;
    let cases = among_others([killer]);
    let outcome = run_cases(address, &cases, with_command(command)).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    assert_blamed(&outcome, &[("killer", Demise::Hanging)]);
    let outcome = run_cases(in_process(None).await, &cases, settings()).await;
    assert!(result(&outcome, "killer").death.is_some(), "{:?}", outcome.ending);
}

#[tokio::test]
async fn a_death_that_comes_late_is_put_down_to_its_case() {
    let (address, command) = started_by_command("exec", "").await;
    let mut cases = among_others([deadly("killer", "LATE")]);
    // It has to be still going on when the server dies.
    cases.extend((0..3).map(|n| waiting(&format!("slow-{n}"))));
    let outcome = run_cases(address, &cases, with_command(command)).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    assert_blamed(&outcome, &[("killer", Demise::Exited)]);
}

#[tokio::test]
async fn a_server_that_leaves_its_command_is_found_and_ended() {
    let (address, command) = started_by_command("setsid", "").await;
    let settings = with_command(format!("{command} >/dev/null 2>&1 & exit 0"));
    let outcome = run_cases(address, &among_others([deadly("killer", "KILL")]), settings).await;
    assert_eq!((&outcome.ending, lost(&outcome)), (&Ending::Complete, 0));
    assert_blamed(&outcome, &[("killer", Demise::Refusing)]);
    assert!(TcpListener::bind(address).await.is_ok(), "the server was not ended");
}

#[tokio::test]
async fn a_server_that_takes_so_many_connections_and_no_more_is_told() {
    let (address, command) = started_by_command("exec", &format!("{CONNECTIONS}=12")).await;
    let outcome = run_cases(address, &among_others([]), with_command(command)).await;
    assert_eq!(lost(&outcome), 0);
    let control = &outcome.results[0];
    assert_eq!(
        (control.verdict, control.death.as_ref().unwrap().how),
        (Verdict::Fail, Demise::Refusing)
    );
    for other in &outcome.results[1..] {
        assert_eq!(other.verdict, Verdict::Pass, "{}", other.id);
    }
}

#[tokio::test]
async fn a_server_that_dies_of_every_request_dies_of_the_control() {
    let (address, command) = started_by_command("exec", &format!("{FRAIL}=1")).await;
    let outcome = run_cases(address, &among_others([]), with_command(command)).await;
    let Ending::TargetDied { suspects } = &outcome.ending else { panic!("{:?}", outcome.ending) };
    assert_eq!(suspects, &[control().id]);
    assert_eq!(outcome.results[0].verdict, Verdict::Fail);
    assert_eq!(outcome.results.len(), 13);
}

#[tokio::test]
async fn a_server_that_does_not_start_again_ends_the_run() {
    let (address, command) = started_by_command("exec", "").await;
    let once = tempfile::tempdir().unwrap();
    let flag = once.path().join("started");
    let command = format!("mkdir '{}' && {{ {command}; }}", flag.display());
    let outcome =
        run_cases(address, &among_others([deadly("killer", "KILL")]), with_command(command)).await;
    assert!(matches!(outcome.ending, Ending::TargetDied { .. }), "{:?}", outcome.ending);
    assert!(
        outcome.remarks.iter().any(|remark| remark.contains("started")),
        "{:?}",
        outcome.remarks
    );
    let death = result(&outcome, "killer").death.as_ref().unwrap();
    assert!(death.unsure, "{death:?}");
}

#[tokio::test]
async fn a_server_is_ready_when_it_says_so() {
    let (address, command) = started_by_command("exec", "").await;
    let ready = Ready::Printed("serving now".to_owned());
    let settings = Settings { ready, ..with_command(format!("echo 'serving now'; {command}")) };
    let outcome = run_cases(address, &[control()], settings).await;
    assert_eq!(outcome.ending, Ending::Complete);
    let settings = Settings {
        ready: Ready::Printed("never".to_owned()),
        ready_timeout: Duration::from_millis(300),
        ..with_command("echo 'port in use' >&2; exec sleep 60".to_owned())
    };
    let outcome = run_cases(address, &[control()], settings).await;
    let Ending::Unreachable { message } = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(
        message.ends_with("does not print `never` within 0.3 s; it printed: port in use"),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_command_that_fails_is_unreachable() {
    let address = free_address();
    let settings = Settings { server_cmd: Some("exit 3".to_owned()), ..settings() };
    let outcome = run_cases(address, &[control()], settings).await;
    let Ending::Unreachable { message } = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(message.contains("exit 3") && message.contains("nobody listens"), "{message}");
}

/// A case that nobody answers, so that it lasts as long as silence is waited for.
fn waiting(name: &str) -> Case {
    let mut waiting =
        case(&format!("server/a/{name}"), vec![send("GET / HTTP/1.1\r\nHost: a\r\n")]);
    // What may switch is played first: it stays among the others.
    let outcomes = [Outcome::Silent, Outcome::Closed, Outcome::Status(101)];
    waiting.expect = vec![expect(upspec_corpus::case::Grade::Pass, &outcomes)];
    waiting
}

/// Not a test: the server of the tests above, when this binary is started as one.
#[tokio::test]
async fn serves_when_it_is_asked_to() {
    let Ok(address) = std::env::var(SERVE_AT) else {
        return;
    };
    let connections = std::env::var(CONNECTIONS).ok().and_then(|number| number.parse().ok());
    let behaviour = Behaviour {
        frail: std::env::var_os(FRAIL).is_some(),
        connections: connections.unwrap_or(u32::MAX),
        die: |_| {
            eprintln!("{LAST_WORDS}");
            std::process::exit(7);
        },
    };
    serve_until_killed(TcpListener::bind(address).await.unwrap(), behaviour).await;
}

/// How long after its exchange a late death comes.
pub(crate) const LATENESS: Duration = Duration::from_millis(300);
/// What a server prints when it dies.
const LAST_WORDS: &str = "Error: boom at server.rs:1";
/// The environment variable that turns this binary into a server.
const SERVE_AT: &str = "UPSPEC_TEST_SERVE_AT";
/// How many connections it takes.
const CONNECTIONS: &str = "UPSPEC_TEST_CONNECTIONS";
/// Whether it dies of each request.
const FRAIL: &str = "UPSPEC_TEST_FRAIL";
