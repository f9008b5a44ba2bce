//! Commands as processes of their own: what they take, and their memory at the peak.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Measure;
use super::sheet::{Row, Rows, Unit};
use crate::root;

/// The command in its release build.
pub(super) fn binary() -> PathBuf {
    root().join("target/release/upspec")
}

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) wall: Duration,
    /// Processor time, in steps of 10 ms.
    pub(super) cpu: Duration,
    /// Octets at the peak, where the system tells.
    pub(super) memory: u64,
    pub(super) code: Option<i32>,
}

impl Spent {
    pub(super) fn cpu_ms(&self) -> f64 {
        milliseconds(self.cpu)
    }
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Runs upspec to its end.
pub(super) fn upspec(arguments: &[&str]) -> Result<Spent, String> {
    let mut command = Command::new(binary());
    command.args(arguments);
    let told =
        || format!("upspec {}", arguments.iter().take(4).copied().collect::<Vec<_>>().join(" "));
    let spent = spend(&mut command).map_err(|error| format!("{}: {error}", told()))?;
    match spent.code {
        Some(0 | 1) => Ok(spent),
        code => Err(format!("{} ended with {code:?}", told())),
    }
}

/// Runs a command to its end, for `LONGEST` at most.
pub(super) fn spend(command: &mut Command) -> std::io::Result<Spent> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (cpu, begun) = (of_children(), Instant::now());
    let mut child = command.spawn()?;
    let (number, is_over) = (child.id(), AtomicBool::new(false));
    let (status, memory) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| watch(number, begun, &is_over));
        let status = child.wait();
        is_over.store(true, Ordering::Relaxed);
        watch.thread().unpark();
        (status, watch.join().unwrap_or_default())
    });
    let wall = begun.elapsed();
    let cpu = of_children().saturating_sub(cpu);
    Ok(Spent { wall, cpu, memory, code: status?.code() })
}

/// Looks at the memory of a process until it is over, and ends it when that takes too long.
fn watch(number: u32, begun: Instant, is_over: &AtomicBool) -> u64 {
    let mut memory = 0;
    while !is_over.load(Ordering::Relaxed) {
        memory = memory.max(peak(number));
        if begun.elapsed() > LONGEST {
            let _ = Command::new("kill").args(["-KILL", &number.to_string()]).status();
            return memory;
        }
        std::thread::park_timeout(Duration::from_millis(1).max(begun.elapsed() / 100));
    }
    memory
}

/// The octets that a process had in memory at the most, where the system tells.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or_default() << 10
}

/// The processor time of all children that have ended: the 14th and 15th field after the name.
fn of_children() -> Duration {
    ticks(13)
}

/// The processor time of this process: the 12th and 13th.
fn of_this() -> Duration {
    ticks(11)
}

/// The sum of two fields of what the system tells of this process, counted after its name, which may hold spaces.
fn ticks(from: usize) -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u64 = fields.skip(from).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

/// The milliseconds of processor time that something takes here, done so often that the clock can tell.
pub(super) fn here(mut once: impl FnMut() -> Result<(), String>) -> Result<f64, String> {
    let (begun, mut times) = (of_this(), 0_u32);
    loop {
        once()?;
        times += 1;
        let took = of_this().saturating_sub(begun);
        if took >= TOLD {
            return Ok(milliseconds(took) / f64::from(times));
        }
    }
}

/// What starts, says something and ends, beside a program that does nothing.
pub(super) fn measure(measure: Measure, rows: &mut Rows) -> Result<(), String> {
    for arguments in SHORT {
        let (mut own, mut other, mut memory) = (Vec::new(), Vec::new(), 0);
        let rounds = measure.bound().each(|| {
            let (mut spent, mut nothing) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..EACH {
                let once = upspec(arguments)?;
                memory = memory.max(once.memory);
                spent += once.wall;
                nothing +=
                    spend(&mut Command::new("true")).map_err(|error| error.to_string())?.wall;
            }
            Ok((milliseconds(spent) / f64::from(EACH), milliseconds(nothing) / f64::from(EACH)))
        })?;
        for (spent, nothing) in rounds {
            own.push(spent);
            other.push(nothing);
        }
        let row = Row::alone(format!("upspec {}", arguments.join(" ")), Unit::WallMs, own.clone());
        rows.push(row.beside("`true`", &own, other).memory(memory));
    }
    Ok(())
}

const SHORT: &[&[&str]] = &[
    &["--version"],
    &["explain", "server/key/missing"],
    &["explain", "rfc6455/4.2.1-key"],
    &["list"],
    &["list", "--requirements"],
];
/// How often one of them is done in a round.
const EACH: u32 = 10;
/// The least time that the clock tells well enough.
const TOLD: Duration = Duration::from_millis(100);
/// No command takes longer.
const LONGEST: Duration = Duration::from_secs(240);
