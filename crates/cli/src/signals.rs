//! Signals: SIGTERM and SIGHUP do as Ctrl-C does. While something can be ended in order (a run and the server
//! that it started) the first one is told to it; else the process ends at once.

use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use tokio::sync::watch;

/// What a signal is told by.
static TOLD: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::channel(false).0);
/// The first signal that came.
static FIRST: AtomicI32 = AtomicI32::new(0);
/// How many things are under way that end in order.
static ORDERLY: AtomicUsize = AtomicUsize::new(0);
static LISTENS: OnceLock<()> = OnceLock::new();

/// Begins to listen. Without a handler of ours a process that has the number 1 would not hear most signals.
pub(crate) fn listen() {
    LISTENS.get_or_init(|| {
        let (ready, is_ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(hear(|| {
                    let _ = ready.send(());
                }));
            }
        });
        // If the thread cannot listen, it drops the other end, and signals do what they do by default.
        let _ = is_ready.recv();
    });
}

/// Something that ends in order when a signal comes.
pub(crate) struct Orderly(());

impl Orderly {
    pub(crate) fn begin() -> Self {
        ORDERLY.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Orderly {
    fn drop(&mut self) {
        ORDERLY.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Completes when a signal has come.
pub(crate) async fn told() {
    let mut told = TOLD.subscribe();
    // The sender is static.
    let _ = told.wait_for(|told| *told).await;
}

/// Whether a signal has come.
pub(crate) fn has_come() -> bool {
    FIRST.load(Ordering::SeqCst) != 0
}

/// The exit code of a process that a signal ended, as a shell has it: 130 after Ctrl-C.
pub(crate) fn code() -> u8 {
    match FIRST.load(Ordering::SeqCst) {
        0 => code_of(INTERRUPT),
        signal => code_of(signal),
    }
}

fn code_of(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(130)
}

fn came(signal: i32) {
    let _ = FIRST.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    if ORDERLY.load(Ordering::SeqCst) == 0 {
        std::process::exit(i32::from(code_of(signal)));
    }
    TOLD.send_replace(true);
}

const INTERRUPT: i32 = 2;

#[cfg(unix)]
async fn hear(ready: impl FnOnce()) {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    let kinds = [
        Some(SignalKind::interrupt()),
        Some(SignalKind::terminate()),
        // What nohup starts is to survive its terminal.
        (!is_ignored(SignalKind::hangup().as_raw_value())).then(SignalKind::hangup),
    ];
    let mut heard: Vec<(i32, Signal)> = kinds
        .into_iter()
        .flatten()
        .filter_map(|kind| Some((kind.as_raw_value(), signal(kind).ok()?)))
        .collect();
    // A file beyond the limit of sizes is an error like any other; by default it kills.
    let too_large = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    ready();
    loop {
        let signal = std::future::poll_fn(|context| {
            let come = heard.iter_mut().find_map(|(number, signal)| {
                signal.poll_recv(context).is_ready().then_some(*number)
            });
            come.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        });
        came(signal.await);
        let _ = &too_large;
    }
}

/// Whether whoever started us wants this signal to be ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(not(unix))]
async fn hear(ready: impl FnOnce()) {
    ready();
    while tokio::signal::ctrl_c().await.is_ok() {
        came(INTERRUPT);
    }
}
