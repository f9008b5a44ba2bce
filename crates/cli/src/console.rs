//! Talks to the person at the terminal, or to the log of a CI job.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc::UnboundedSender;
use upspec_corpus::Registry;
use upspec_judge::{CaseResult, Verdict, settle};
use upspec_report::{Secrets, visible};
use upspec_runner::Event;

/// Keeps these secrets out of everything that is printed from now on.
pub(crate) fn keep_secret(secrets: &Secrets) {
    let mut kept = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(secrets.clone());
}

/// A text without the secrets that are known.
pub(crate) fn blot(text: &str) -> String {
    let kept = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().fold(text.to_owned(), |text, secrets| secrets.blot(&text))
}

/// Prints to standard output. A reader that has seen enough is no matter; anything else that keeps it from
/// being printed is, see [`is_lost`].
pub(crate) fn say(text: &str) {
    let mut out = anstream::stdout().lock();
    note(&out.write_all(spelled(&blot(text)).as_bytes()).and_then(|()| out.flush()));
}

/// Breaks lines that are longer than the terminal is wide between words, and sets off what goes on. Without a
/// terminal on the stream lines stay as they are, for programs that read them.
pub(crate) fn fold<'t>(text: &'t str, stream: &impl std::io::IsTerminal) -> Cow<'t, str> {
    match stream.is_terminal() {
        true => Cow::Owned(folded(text, textwrap::termwidth().clamp(LEAST_WIDTH, MOST_WIDTH))),
        false => Cow::Borrowed(text),
    }
}

fn folded(text: &str, width: usize) -> String {
    let fold = |line: &str| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        // Under the text, not under the verdict or name before it.
        let hang = " ".repeat((indent + HANG).min(width / 2));
        let options = textwrap::Options::new(width)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
            .break_words(false)
            .subsequent_indent(&hang);
        match textwrap::core::display_width(line) > width {
            true => textwrap::fill(line, options),
            false => line.to_owned(),
        }
    };
    text.split('\n').map(fold).collect::<Vec<_>>().join("\n")
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
    let _ = writeln!(err, "{red}error{red:#}: {}", spelled(&safe(&blot(text))));
}

/// Prints a remark beside the result.
pub(crate) fn remark(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{}", spelled(&safe(&blot(text))));
}

/// Prints to standard error what would go to standard output if a report did not go there.
pub(crate) fn say_beside(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = write!(err, "{}", spelled(&blot(text)));
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

/// How far what goes on of a line is set off from its beginning.
const HANG: usize = 2;
/// Between these a text can be read.
const LEAST_WIDTH: usize = 40;
const MOST_WIDTH: usize = 160;

static LOST: AtomicBool = AtomicBool::new(false);
static SECRETS: Mutex<Vec<Secrets>> = Mutex::new(Vec::new());

/// Shows how a run goes: a bar on a terminal, plain lines elsewhere. Its numbers are those of the summary, as far as
/// the run has come.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    requirements: Arc<Registry>,
    total: usize,
    /// The results so far, without octets.
    results: BTreeMap<String, CaseResult>,
    under_way: BTreeSet<String>,
    /// The cases that failed before, until it is told what they do now.
    first: BTreeSet<String>,
    drawn: Option<Instant>,
    /// Whoever else wants to know what happens.
    other: Option<UnboundedSender<Event>>,
}

impl Progress {
    pub(crate) fn new(quiet: bool, requirements: Arc<Registry>) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(ProgressBar::no_length);
        if let Some(bar) = &bar {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
            if let Ok(style) = style {
                let style = if is_utf8() { style } else { style.progress_chars("=> ") };
                bar.set_style(style);
            }
        }
        let (results, under_way, first) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self {
            bar,
            quiet,
            requirements,
            total: 0,
            results,
            under_way,
            first,
            drawn: None,
            other: None,
        }
    }

    /// Tells, as soon as these cases are through, which of them still fail.
    pub(crate) fn telling_of(mut self, first: &BTreeSet<String>) -> Self {
        self.first.clone_from(first);
        self
    }

    /// Tells somebody else of every event that was shown.
    pub(crate) fn passing_on(mut self, other: UnboundedSender<Event>) -> Self {
        self.other = Some(other);
        self
    }

    pub(crate) fn pass_on(&self, event: Event) {
        if let Some(other) = &self.other {
            // It may have heard enough.
            let _ = other.send(event);
        }
    }

    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Started { total } => self.start(*total),
            Event::Begun(id) => {
                self.under_way.insert(id.clone());
            }
            Event::CaseDone(result) => self.count(result),
            Event::Note(note) => self.note(note),
            Event::Open(_) | Event::Repeated(_) => {}
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
        if self.quiet {
            return;
        }
        self.under_way.remove(&result.id);
        let known = self.results.len();
        let light = CaseResult {
            id: result.id.clone(),
            title: String::new(),
            requirement: result.requirement.clone(),
            findings: result.findings.clone(),
            record: None,
            twin: None,
            death: None,
            aside: result.aside.clone(),
            ..*result
        };
        self.results.insert(result.id.clone(), light);
        let done = self.results.len();
        if self.first.contains(&result.id)
            && self.first.iter().all(|id| self.results.contains_key(id))
        {
            self.tell_first();
        }
        let is_few = self.total.saturating_sub(done) <= FEW;
        if let Some(bar) = &self.bar {
            let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() > DRAWN_EVERY);
            bar.set_position(done.min(self.total) as u64);
            if is_due || is_few {
                bar.set_message(format!("{}{}", self.said(), self.awaited(is_few)));
                self.drawn = Some(Instant::now());
            }
        } else if done > known && done.is_multiple_of(LINE_EVERY) && result.record.is_some() {
            remark(&format!("{done}/{} cases, {}", self.total, self.said()));
        }
    }

    /// Tells what became of the cases that failed before.
    fn tell_first(&mut self) {
        let first = std::mem::take(&mut self.first);
        let still = |one: &&CaseResult| {
            first.contains(&one.id) && matches!(one.verdict, Verdict::Fail | Verdict::Warn)
        };
        let results = self.settled();
        let still: Vec<&str> = results.iter().filter(still).map(|one| one.id.as_str()).collect();
        let names = match still.is_empty() {
            true => String::new(),
            false => format!(": {}", still.join(", ")),
        };
        self.note(&format!(
            "of {} that failed before, {} still do{names}",
            first.len(),
            still.len()
        ));
    }

    fn settled(&self) -> Vec<CaseResult> {
        let mut results: Vec<CaseResult> = self.results.values().cloned().collect();
        settle(&mut results, &self.requirements);
        results
    }

    /// What the summary would say now.
    fn said(&self) -> String {
        let results = self.settled();
        let count = |verdict| results.iter().filter(|one| one.verdict == verdict).count();
        format!("{} fail, {} warn", count(Verdict::Fail), count(Verdict::Warn))
    }

    /// What the last cases are, so that nobody wonders why the bar stands.
    fn awaited(&self, is_few: bool) -> String {
        let names: Vec<&str> = self.under_way.iter().map(String::as_str).collect();
        match names.is_empty() || !is_few {
            true => String::new(),
            false => format!("; waiting for {}", safe(&names.join(", "))),
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

/// So many cases are named that a run still waits for.
const FEW: usize = 5;
/// How often the numbers beside a bar are made new.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// A line in a log every so many cases.
const LINE_EVERY: usize = 100;

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn long_lines_go_on_below_their_beginning() {
        let text = "short\n     a line with \u{1b}[1mmany\u{1b}[0m words and https://example.com/that/is/whole\n";
        let wanted = "short\n     a line with \u{1b}[1mmany\u{1b}[0m words and\n       https://example.com/that/is/whole\n";
        assert_eq!(folded(text, 40), wanted);
        assert_eq!(folded("    |  two  spaces", 40), "    |  two  spaces");
    }
}
