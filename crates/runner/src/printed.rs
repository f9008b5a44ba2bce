//! What a server command prints: its last octets are kept, and a pattern in it can be waited for.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What a command has printed so far. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Printed {
    kept: Arc<Mutex<Kept>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Kept {
    octets: Vec<u8>,
    /// What is waited for, until it came.
    pattern: Option<Vec<u8>>,
    /// How many streams are still open.
    open: usize,
    /// Where all of it goes, too.
    log: Option<File>,
}

impl Printed {
    /// Nothing so far; this text is waited for.
    pub(crate) fn waiting_for(pattern: Option<&str>) -> Self {
        let printed = Self::default();
        printed.with(|kept| kept.pattern = pattern.map(|text| text.as_bytes().to_vec()));
        printed
    }

    /// Adds all that comes to a file, too.
    pub(crate) fn log_to(&self, file: File) {
        self.with(|kept| kept.log = Some(file));
    }

    /// Reads a stream to its end, and keeps what it brings. Whoever writes is never held up.
    pub(crate) fn follow<R>(&self, mut stream: R) -> JoinHandle<()>
    where
        R: AsyncRead + Send + Unpin + 'static,
    {
        self.with(|kept| kept.open += 1);
        let printed = self.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; READ_SIZE];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                printed.with(|kept| kept.push(&buffer[..count]));
                printed.changed.notify_waiters();
            }
            printed.with(|kept| kept.open -= 1);
            printed.changed.notify_waiters();
        })
    }

    /// Completes when the pattern has come; at once without one.
    pub(crate) async fn ready(&self) {
        self.until(|kept| kept.pattern.is_none()).await;
    }

    /// Completes when all streams have ended.
    pub(crate) async fn ended(&self) {
        self.until(|kept| kept.open == 0).await;
    }

    async fn until(&self, done: impl Fn(&Kept) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.with(|kept| done(kept)) {
                return;
            }
            changed.await;
        }
    }

    /// The last lines, without the empty ones at the end.
    pub(crate) fn last_lines(&self) -> Vec<String> {
        let octets = self.with(|kept| kept.octets.clone());
        let text = String::from_utf8_lossy(&octets);
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let from = lines.len().saturating_sub(MOST_LINES);
        lines[from..].iter().map(|line| line.chars().take(LONGEST_LINE).collect()).collect()
    }

    /// Adds octets that somebody else has read.
    pub(crate) fn add(&self, octets: &[u8]) {
        self.with(|kept| kept.push(octets));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = match self.kept.lock() {
            Ok(kept) => kept,
            // It is whole after every statement that changes it.
            Err(poisoned) => poisoned.into_inner(),
        };
        work(&mut kept)
    }
}

impl Kept {
    fn push(&mut self, octets: &[u8]) {
        if let Some(Err(error)) = self.log.as_mut().map(|log| log.write_all(octets)) {
            tracing::warn!("what the command prints is logged no longer: {error}");
            self.log = None;
        }
        let before = self.octets.len();
        self.octets.extend_from_slice(octets);
        if let Some(pattern) = &self.pattern {
            let from = before.saturating_sub(pattern.len());
            let mut windows = self.octets[from..].windows(pattern.len().max(1));
            if pattern.is_empty() || windows.any(|window| window == pattern) {
                self.pattern = None;
            }
        }
        if self.octets.len() > KEEP {
            self.octets.drain(..self.octets.len() - KEEP / 2);
        }
    }
}

/// Why something did not come about, with the last lines of these, which mostly say more: each on a line of its own where
/// there are several.
pub(crate) fn with_lines(why: &str, lines: &[String]) -> String {
    match &lines[lines.len().saturating_sub(MOST_WORDS)..] {
        [] => why.to_owned(),
        [line] => format!("{why}{IT_PRINTED} {line}"),
        lines => {
            let lines: Vec<String> = lines.iter().map(|line| format!("\n  {line}")).collect();
            format!("{why}{IT_PRINTED}{}", lines.concat())
        }
    }
}

/// The same in a line, for reports.
pub(crate) fn in_a_line(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| match text.ends_with(IT_PRINTED) {
        true => format!("{text} {line}"),
        false => format!("{text} | {line}"),
    })
}

/// The same without lines, for each case that was not played.
pub(crate) fn without_lines(said: &str) -> &str {
    let first = said.lines().next().unwrap_or_default();
    first.strip_suffix(IT_PRINTED).unwrap_or(first)
}

const IT_PRINTED: &str = "; it printed:";
/// How many lines say why a command did not do what it should.
const MOST_WORDS: usize = 25;
/// At most this much is kept, and half of it when that is reached.
const KEEP: usize = 128 * 1024;
/// How much is read at once.
const READ_SIZE: usize = 8 * 1024;
/// How many lines are repeated.
const MOST_LINES: usize = 40;
/// How much of a line is repeated, in characters.
const LONGEST_LINE: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pattern_is_found_across_reads() {
        let printed = Printed::waiting_for(Some("listening on"));
        let (ours, mut theirs) = tokio::io::duplex(4);
        let task = printed.follow(ours);
        let writes = async {
            tokio::io::AsyncWriteExt::write_all(&mut theirs, b"now listening on 1\nmore\n\n").await
        };
        let (_, written) = tokio::join!(printed.ready(), writes);
        written.unwrap();
        drop(theirs);
        printed.ended().await;
        task.await.unwrap();
        assert_eq!(printed.last_lines(), ["now listening on 1", "more"]);
    }

    #[tokio::test]
    async fn only_the_end_is_kept() {
        let printed = Printed::default();
        let text = "0123456789\n".repeat(100_000) + "last";
        let task = printed.follow(std::io::Cursor::new(text.into_bytes()));
        printed.ended().await;
        task.await.unwrap();
        let lines = printed.last_lines();
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (MOST_LINES, "last"));
        assert!(printed.with(|kept| kept.octets.len()) <= KEEP);
    }

    #[test]
    fn a_report_has_a_line_of_what_a_terminal_shows_in_many() {
        let rows = [
            (&[][..], "it ended", "it ended", "it ended"),
            (
                &["in use"][..],
                "it ended; it printed: in use",
                "it ended; it printed: in use",
                "it ended; it printed: in use",
            ),
            (
                &["throw", "", "  ^"][..],
                "it ended; it printed:\n  throw\n  \n    ^",
                "it ended; it printed: throw | ^",
                "it ended",
            ),
        ];
        for (lines, whole, line, case) in rows {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            let said = with_lines("it ended", &lines);
            assert_eq!(said, whole);
            assert_eq!(in_a_line(&said), line);
            assert_eq!(without_lines(&said), case);
        }
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(with_lines("it ended", &many).lines().count(), 1 + MOST_WORDS);
    }
}
