//! `cargo xtask hostile`: plays the corpus to servers, clients and proxies that flood, drip, die, limit and lie, and
//! prints what each costs: time, memory at its peak, octets of the report, and whether the verdict is right.
//! The servers and proxies are in this process; each run is one of its own, so that its memory can be seen.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;
use upspec_corpus::Corpus;

use crate::{Outcome, root};
use behaviours::{BEHAVIOURS, Behaviour, Over, Right};
use clients::{CLIENTS, Client};
use peer::Peer;
use proxies::PROXIES;
use table::Table;

mod behaviours;
pub(crate) mod client;
mod clients;
mod http2;
mod hunts;
mod octets;
mod peer;
mod proxies;
mod table;

/// Who is under test.
#[derive(Clone, Copy)]
enum Subject {
    Server(&'static Behaviour),
    Client(&'static Client),
    Proxy(&'static Behaviour),
}

impl Subject {
    fn all() -> impl Iterator<Item = Self> {
        let servers = BEHAVIOURS.iter().map(Self::Server);
        servers.chain(CLIENTS.iter().map(Self::Client)).chain(PROXIES.iter().map(Self::Proxy))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Server(behaviour) | Self::Proxy(behaviour) => behaviour.name,
            Self::Client(client) => client.name,
        }
    }

    /// What the ids of its cases begin with.
    fn role(self) -> &'static str {
        match self {
            Self::Server(_) => "server/",
            Self::Client(_) => "client/",
            Self::Proxy(_) => "intermediary/",
        }
    }

    fn right(self) -> Right {
        match self {
            Self::Server(behaviour) | Self::Proxy(behaviour) => behaviour.right,
            Self::Client(client) => client.right,
        }
    }
}

/// Plays all behaviours, and writes their table, or plays those whose names hold one of these words; leaves the reports in
/// `target/hostile`.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let binary = root().join("target/release/upspec");
    if !binary.is_file() {
        return Err(vec!["build it first: cargo build --release".to_owned()]);
    }
    let mut tour = Tour::new(words, binary).map_err(|error| vec![error.to_string()])?;
    tour.play();
    tour.hunt();
    if words.is_empty() {
        let path = root().join("reports/HOSTILE.md");
        tour.table.write(&path).map_err(|problem| vec![problem])?;
    }
    match tour.problems.is_empty() {
        true => Ok(format!("hostile: {} behaviours are borne", tour.count)),
        false => Err(tour.problems),
    }
}

/// The way through the behaviours.
struct Tour<'w> {
    words: &'w [&'w str],
    runtime: Runtime,
    binary: PathBuf,
    folder: PathBuf,
    /// The ids of all cases.
    cases: Vec<String>,
    table: Table,
    count: usize,
    problems: Vec<String>,
}

impl<'w> Tour<'w> {
    fn new(words: &'w [&'w str], binary: PathBuf) -> std::io::Result<Self> {
        let folder = root().join("target/hostile");
        std::fs::create_dir_all(&folder)?;
        let corpus = Corpus::embedded().map_err(std::io::Error::other)?;
        Ok(Self {
            words,
            runtime: Runtime::new()?,
            binary,
            folder,
            cases: corpus.cases.iter().map(|case| case.id.clone()).collect(),
            table: Table::default(),
            count: 0,
            problems: Vec::new(),
        })
    }

    fn wants(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word))
    }

    /// Plays the corpus to each.
    fn play(&mut self) {
        println!(
            "{:48} {:>5} {:>7} {:>6} {:>9} {:>5} {:>5} {:>5}  ending",
            "behaviour", "exit", "s", "MB", "report KB", "fail", "warn", "lost"
        );
        for subject in
            Subject::all().filter(|subject| self.wants(subject.name())).collect::<Vec<_>>()
        {
            let (name, right) = (subject.name(), subject.right());
            let all = self.cases.iter().filter(|id| id.starts_with(subject.role())).count();
            match played(&self.runtime, &self.binary, &self.folder, subject) {
                Ok(seen) => {
                    let wrong = seen.wrong(right, all);
                    println!("{name:48} {seen} {}", wrong.join("; "));
                    self.table.add(name, &seen, right, &wrong);
                    self.note(name, wrong);
                }
                Err(error) => self.note(name, vec![error.to_string()]),
            }
        }
    }

    /// Hunts those that are hunted as well.
    fn hunt(&mut self) {
        println!(
            "\n{:48} {:>5} {:>7} {:>6} {:>9} {:>5} {:>5}",
            "behaviour", "exit", "s", "MB", "exchanges", "death", "other"
        );
        for behaviour in hunts::all() {
            let name = format!("hunt: {}", behaviour.name);
            if !self.wants(&name) {
                continue;
            }
            match hunts::hunted(&self.runtime, &self.binary, behaviour) {
                Ok(seen) => {
                    let wrong = seen.wrong(behaviour.right);
                    println!("{name:48} {seen}  {}", wrong.join("; "));
                    self.table.add_hunt(&name, &seen, behaviour.right, &wrong);
                    self.note(&name, wrong);
                }
                Err(error) => self.note(&name, vec![error.to_string()]),
            }
        }
    }

    fn note(&mut self, name: &str, wrong: Vec<String>) {
        self.count += 1;
        self.problems.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
}

/// What a run against a behaviour cost, and how it ended.
struct Seen {
    exit: Option<i32>,
    took: Duration,
    /// Octets at the peak.
    memory: u64,
    report: u64,
    stored: Value,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exit = self.exit.map_or("-".to_owned(), |exit| exit.to_string());
        let ending = match self.stored["complete"].as_bool() {
            Some(true) => "complete",
            Some(false) => "incomplete",
            None => "no report",
        };
        let (took, memory) = (self.took.as_secs_f64(), self.memory >> 20);
        let of = |verdict: &str| self.count(|case| case["verdict"] == verdict);
        let (fails, warns, lost) = (of("fail"), of("warn"), self.count(is_lost));
        let report = self.report >> 10;
        write!(
            f,
            "{exit:>5} {took:>7.1} {memory:>6} {report:>9} {fails:>5} {warns:>5} {lost:>5}  {ending}"
        )
    }
}

impl Seen {
    fn cases(&self) -> &[Value] {
        self.stored["cases"].as_array().map_or(&[], Vec::as_slice)
    }

    fn count(&self, is_so: impl Fn(&Value) -> bool) -> usize {
        self.cases().iter().filter(|case| is_so(case)).count()
    }

    /// What is not as it has to be, where there are so many cases for the role.
    fn wrong(&self, right: Right, all: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut unless = |is_right: bool, told: String| {
            if !is_right {
                wrong.push(told);
            }
        };
        unless(self.took <= LONGEST, format!("took more than {} s", LONGEST.as_secs()));
        unless(self.memory <= MOST_MEMORY, format!("took more than {} MB", MOST_MEMORY >> 20));
        unless(self.report <= LARGEST, format!("wrote more than {} MB", LARGEST >> 20));
        let cases = self.cases();
        unless(
            cases.len() * 10 >= all * 9,
            format!("the report has {} of {all} cases", cases.len()),
        );
        let fails = self.count(|case| case["verdict"] == "fail");
        let warns = self.count(|case| case["verdict"] == "warn");
        let lost = self.count(is_lost);
        let deaths = self.count(|case| !case["death"].is_null());
        let said = format!(
            "exit {:?}, {fails} fail, {warns} warn, {deaths} deaths, {lost} lost",
            self.exit
        );
        let is_right = match right {
            Right::NotHttp => self.exit == Some(3),
            Right::Fails => self.exit == Some(1) && fails > 0,
            Right::Told => matches!(self.exit, Some(1 | 3)),
            Right::Clean => {
                self.exit == Some(0)
                    && fails == 0
                    && warns <= MOST_WARNS
                    && lost * 10 <= cases.len()
            }
            Right::Lost => self.exit == Some(0) && fails == 0,
            Right::Remarked(said) => {
                self.exit == Some(0)
                    && fails == 0
                    && self.stored["remarks"].to_string().contains(said)
            }
            Right::Death => self.exit == Some(1) && deaths > 0,
            Right::DeathOf(id) => {
                let died = |case: &&Value| !case["death"].is_null();
                let among = |case: &Value| {
                    case["id"] == id || case["death"]["suspects"].to_string().contains(id)
                };
                self.exit == Some(1) && deaths == 1 && cases.iter().find(died).is_some_and(among)
            }
            Right::Crash => cases.iter().any(|case| case["findings"].to_string().contains(CRASH)),
        };
        unless(is_right, said);
        wrong
    }
}

/// Whether a case that the target could have answered has no verdict.
fn is_lost(case: &Value) -> bool {
    matches!(case["verdict"].as_str(), Some("inconclusive" | "error"))
        && case["reason"] != "not-applicable"
}

fn played(
    runtime: &Runtime,
    binary: &Path,
    folder: &Path,
    subject: Subject,
) -> std::io::Result<Seen> {
    let name: String =
        subject.name().chars().map(|one| if one.is_alphanumeric() { one } else { '-' }).collect();
    let report = folder.join(format!("{name}.json"));
    let _ = std::fs::remove_file(&report);
    let mut command = Command::new(binary);
    let (mut serving, mut starts) = (None, None);
    match subject {
        Subject::Server(behaviour) => {
            let peer = runtime.block_on(Peer::bind(behaviour, None))?;
            let scheme = if behaviour.over == Over::Tls { "wss" } else { "ws" };
            command.args(["run", &format!("{scheme}://{}/chat", peer.addr()), "--insecure"]);
            serving = Some(runtime.spawn(peer.run()));
        }
        Subject::Client(client) => {
            let count = folder.join(format!("{name}.starts"));
            command.args(["client", "--cmd", &client_command(client, &count)?]);
            starts = Some(Starts::begin(count));
        }
        Subject::Proxy(behaviour) => {
            // It is free again once it is dropped, and nobody else takes it so soon.
            let origin = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            let peer = runtime.block_on(Peer::bind(behaviour, Some(origin)))?;
            command.args(["proxy", &format!("http://{}/chat", peer.addr())]);
            command.args(["--origin-listen", &origin.to_string()]);
            serving = Some(runtime.spawn(peer.run()));
        }
    }
    command.args(["--quiet", "--seed", "1", "--report", &format!("json={}", report.display())]);
    let begun = Instant::now();
    let (exit, memory) = watched(&mut command, begun)?;
    drop(starts);
    if let Some(serving) = serving {
        serving.abort();
    }
    let (took, text) = (begun.elapsed(), std::fs::read(&report).unwrap_or_default());
    let stored = serde_json::from_slice(&text).unwrap_or_default();
    Ok(Seen { exit, took, memory, report: text.len() as u64, stored })
}

/// What upspec starts for each case: this program, which counts the starts in a file.
fn client_command(client: &Client, count: &Path) -> std::io::Result<String> {
    let own = std::env::current_exe()?;
    let (own, count) = (own.display(), count.display());
    Ok(format!("\"{own}\" hostile-client \"{}\" {{url}} {{ca}} \"{count}\"", client.name))
}

/// The file that counts the starts of a client, as long as it is needed.
struct Starts(PathBuf);

impl Starts {
    fn begin(path: PathBuf) -> Self {
        let _ = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for Starts {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs a command to its end, for twice the time that it may take at most: how it ended, and its memory at the peak.
fn watched(command: &mut Command, begun: Instant) -> std::io::Result<(Option<i32>, u64)> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut memory = 0;
    loop {
        memory = memory.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            return Ok((status.code(), memory));
        }
        if begun.elapsed() > LONGEST * 2 {
            child.kill()?;
            child.wait()?;
            return Ok((None, memory));
        }
        std::thread::sleep(BETWEEN);
    }
}

/// The octets that a process had in memory at the most, where the system tells.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or_default() << 10
}

/// The bounds of a run against any peer.
const LONGEST: Duration = Duration::from_secs(60);
const MOST_MEMORY: u64 = 64 << 20;
const LARGEST: u64 = 20 << 20;
/// How many warnings a conforming target may have, all of its deployment.
const MOST_WARNS: usize = 3;
/// How a finding tells of a client whose process died.
const CRASH: &str = "process died";
/// How often the memory is looked at.
const BETWEEN: Duration = Duration::from_millis(20);
