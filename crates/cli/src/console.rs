//! Talks to the person at the terminal, or to the log of a CI job.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressStyle};
use upspec_judge::{CaseResult, Verdict};
use upspec_runner::Event;

/// Prints to standard output and ignores a closed pipe.
pub(crate) fn say(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints an error.
pub(crate) fn complain(text: &str) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{red}error{red:#}: {text}");
}

/// Prints a remark beside the result.
pub(crate) fn remark(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{text}");
}

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
