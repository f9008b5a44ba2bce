//! Runs of the whole corpus in each role, beside a bare loop of the same octets in which waits cost nothing but themselves.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;
use upspec_exchange::Record;
use upspec_report::Report;
use upspec_runner::LATE_DEATH;

use super::bare::{self, Far, Waits, Way};
use super::command::{Spent, milliseconds, upspec};
use super::peers::{SERVERS, free, nginx_before, node_client, workplace};
use super::sheet::{Row, Rows, Unit};
use super::{Bound, Measure};

/// What is run, and who is at the other end of the bare loop.
struct Run<'a> {
    name: &'a str,
    /// The command and its target.
    words: Vec<String>,
    far: Far,
}

/// One run and one loop, in milliseconds.
struct Round {
    own: f64,
    bare: f64,
    /// Of the loop, with a watch for a late death.
    watched: f64,
    /// Processor time of the run.
    cpu: f64,
}

pub(super) fn measure(measure: Measure, rows: &mut Rows) -> Result<(), String> {
    of_peers("", measure, rows)
}

/// Those of the peers whose name holds this word.
pub(super) fn of_peers(word: &str, measure: Measure, rows: &mut Rows) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let servers = if measure.quick { &SERVERS[..1] } else { SERVERS };
    for (name, start) in servers.iter().filter(|(name, _)| name.contains(word)) {
        let Some(peer) = start()? else {
            println!("{name}: skipped, it is not installed (targets/install.sh)");
            continue;
        };
        let words = vec!["run".to_owned(), format!("ws://{}/chat", peer.address)];
        let run = Run { name: peer.name, words, far: Far::At(peer.address) };
        // One after the other, hundreds of silences take minutes, and say nothing new.
        let jobs = if peer.is_silent() { &[16, 64] } else { ALL };
        each(&runtime, &run, jobs, measure, rows)?;
    }
    let embedded = [("client: reference client", "client"), ("proxy: reference proxy", "proxy")];
    for (name, command) in embedded.into_iter().filter(|(name, _)| name.contains(word)) {
        let run = Run { name, words: vec![command.to_owned()], far: Far::Bare };
        each(&runtime, &run, ALL, measure, rows)?;
    }
    match measure.quick {
        true => Ok(()),
        false => real_others(&runtime, word, measure, rows),
    }
}

/// A client and a proxy of others. One at a time, they would take minutes.
fn real_others(
    runtime: &Runtime,
    word: &str,
    measure: Measure,
    rows: &mut Rows,
) -> Result<(), String> {
    let (client, proxy) = ("client: node-ws", "proxy: nginx");
    if client.contains(word) {
        match node_client() {
            Some(command) => {
                let words = vec!["client".to_owned(), "--cmd".to_owned(), command];
                let run = Run { name: client, words, far: Far::Bare };
                each(runtime, &run, &[16], measure, rows)?;
            }
            None => println!("{client}: skipped, it is not installed (targets/install.sh)"),
        }
    }
    if proxy.contains(word) {
        let origin = free()?;
        match nginx_before(proxy, origin)? {
            Some(peer) => {
                let url = format!("ws://{}/chat", peer.address);
                let words = ["proxy", &url, "--origin-listen", &origin.to_string()];
                let words = words.map(str::to_owned).to_vec();
                let run = Run { name: proxy, words, far: Far::Bare };
                each(runtime, &run, &[16, 64], measure, rows)?;
            }
            None => println!("{proxy}: skipped, it is not installed (targets/install.sh)"),
        }
    }
    Ok(())
}

fn each(
    runtime: &Runtime,
    run: &Run<'_>,
    jobs: &[usize],
    measure: Measure,
    rows: &mut Rows,
) -> Result<(), String> {
    let jobs = if measure.quick { &[16] } else { jobs };
    for &jobs in jobs {
        let bound = match measure.quick {
            true => Bound { rounds: 1, ..measure.bound() },
            // Time for three, but for what takes half a minute.
            false => Bound { rounds: 3, time: Duration::from_secs(40) },
        };
        let mut last = (0, 0, 0, Duration::ZERO);
        let timed = bound.each(|| {
            let (spent, records) = played(run, jobs)?;
            let connections = records.iter().map(|record| record.links.len()).sum::<usize>();
            let longest = records.iter().map(bare::waits).max().unwrap_or_default();
            last = (last.0.max(spent.memory), records.len(), connections, longest);
            let way = Way { far: run.far, waits: Waits::Overlapped, jobs };
            let bare = runtime.block_on(bare::replay(records, way));
            let bare = bare.map_err(|error| format!("cannot replay: {error}"))?;
            Ok(Round {
                own: milliseconds(spent.wall),
                bare: milliseconds(bare.all),
                watched: milliseconds(bare.all.max(bare.last_begun + LATE_DEATH)),
                cpu: spent.cpu_ms(),
            })
        })?;
        let of = |pick: fn(&Round) -> f64| timed.iter().map(pick).collect::<Vec<_>>();
        let (own, other, cpu) = (of(|one| one.own), of(|one| one.bare), of(|one| one.cpu));
        let (memory, exchanges, connections, longest) = last;
        let name = format!("run, {}, --jobs {jobs}", run.name);
        let cpu = cpu.iter().copied().fold(f64::INFINITY, f64::min);
        let row = Row::alone(name, Unit::WallMs, own.clone()).beside("a bare loop", &own, other);
        let note = format!(
            "{exchanges} exchanges, {connections} connections, {cpu:.0} ms CPU, the longest waits {} ms",
            longest.as_millis()
        );
        rows.push(row.memory(memory).note(note));
        if let Far::At(_) = run.far {
            let name = format!("the same, --jobs {jobs}, {}", run.name);
            let beside = "a bare loop that watches for a late death, too";
            let row = Row::alone(&name, Unit::WallMs, own.clone());
            rows.push(row.beside(beside, &own, of(|one| one.watched)));
        }
    }
    Ok(())
}

/// One run, and the exchanges that its report has.
fn played(run: &Run<'_>, jobs: usize) -> Result<(Spent, Vec<Record>), String> {
    let (_folder, within) = workplace()?;
    let path = within("report.json");
    let mut words: Vec<&str> = run.words.iter().map(String::as_str).collect();
    let (jobs, report) = (jobs.to_string(), format!("json={}", path.display()));
    words.extend(["--quiet", "--seed", "1", "--jobs", &jobs, "--report", &report]);
    let spent = upspec(&words)?;
    let cases = read(&path)?.cases.into_iter();
    let records = cases.flat_map(|case| case.record.into_iter().chain(case.twin)).collect();
    Ok((spent, records))
}

/// How many cases at a time.
const ALL: &[usize] = &[1, 16, 64];

pub(super) fn read(path: &Path) -> Result<Report, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    Report::read(&text).map_err(|error| format!("{}: {error}", path.display()))
}
