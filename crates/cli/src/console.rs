//! Talks to the person at the terminal, or to the log of a CI job.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use upspec_judge::{CaseResult, Verdict};
use upspec_report::visible;
use upspec_runner::Event;

/// Prints to standard output. A reader that has seen enough is no matter; anything else that keeps it from
/// being printed is, see [`is_lost`].
pub(crate) fn say(text: &str) {
    let mut out = anstream::stdout().lock();
    note(&out.write_all(spelled(text).as_bytes()).and_then(|()| out.flush()));
}

/// Prints a file to standard output, octet for octet.
pub(crate) fn say_raw(octets: &[u8]) {
    let mut out = std::io::stdout().lock();
    note(&out.write_all(octets).and_then(|()| out.flush()));
}

fn note(printed: &std::io::Result<()>) {
    if let Err(error) = printed
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether something could not be printed that somebody wanted to read.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints an error.
pub(crate) fn complain(text: &str) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{red}error{red:#}: {}", spelled(&safe(text)));
}

/// Prints a remark beside the result.
pub(crate) fn remark(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{}", spelled(&safe(text)));
}

/// Prints to standard error what would go to standard output if a report did not go there.
pub(crate) fn say_beside(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = write!(err, "{}", spelled(text));
}

/// Lines of text without anything that acts on a terminal, wherever it comes from.
pub(crate) fn safe(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| line.split('\t').map(visible::text).collect::<Vec<_>>().join("\t"))
        .collect();
    lines.join("\n")
}

/// Without the signs beyond ASCII that our own sentences have, where the terminal cannot show them.
fn spelled(text: &str) -> Cow<'_, str> {
    if is_utf8() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace('…', "...").replace('→', "->"))
    }
}

/// Whether the locale says that the terminal shows UTF-8; the first variable that is set decides.
pub(crate) fn is_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

static LOST: AtomicBool = AtomicBool::new(false);

/// Shows how a run goes: a bar on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    done: usize,
    total: usize,
    failed: usize,
    warned: usize,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(ProgressBar::no_length);
        if let Some(bar) = &bar {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            if let Ok(style) = style {
                let style = if is_utf8() { style } else { style.progress_chars("=> ") };
                bar.set_style(style);
            }
        }
        Self { bar, quiet, done: 0, total: 0, failed: 0, warned: 0 }
    }

    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Started { total } => self.start(*total),
            Event::CaseDone(result) => self.count(result),
            Event::Note(note) => self.note(note),
            Event::Repeated(_) => {}
            Event::Finished => self.finish(),
        }
    }

    fn start(&mut self, total: usize) {
        self.total = total;
        if let Some(bar) = &self.bar {
            bar.set_length(total as u64);
        }
    }

    fn count(&mut self, result: &CaseResult) {
        self.done += 1;
        match result.verdict {
            Verdict::Fail => self.failed += 1,
            Verdict::Warn => self.warned += 1,
            _ => {}
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(format!("{} fail, {} warn", self.failed, self.warned));
        } else if !self.quiet && self.done.is_multiple_of(LINE_EVERY) {
            remark(&format!("{}/{} cases, {} fail", self.done, self.total, self.failed));
        }
    }

    fn note(&self, note: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| remark(note)),
            None => remark(note),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line in a log every so many cases.
const LINE_EVERY: usize = 100;
