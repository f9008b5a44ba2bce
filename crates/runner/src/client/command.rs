//! A command that is the client under test: its arguments, its process group, what it prints, its end.

use std::ffi::OsString;
use std::num::NonZero;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use upspec_exchange::{Exit, Report};

use super::starter::{Call, Started, Starter};
use crate::printed::Printed;
use crate::server::{Group, kill_marked, next_mark};

/// A command with places for what differs from exchange to exchange.
#[derive(Debug)]
pub struct Command {
    words: Vec<String>,
    /// What the processes that clients leave behind are known by.
    mark: String,
}

/// What is wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It names nothing to start.
    #[error("the command is empty")]
    Empty,
    /// It has a brace that is no place.
    #[error("`{{{0}}}` is no place; there are {{url}}, {{host}}, {{port}}, {{path}} and {{ca}}")]
    Place(String),
    /// A quotation mark is not closed.
    #[error("a quotation mark is not closed, or the last character is a backslash")]
    Quotes,
    /// The client would not learn where to connect.
    #[error("nothing says where to connect: write {{url}}, or {{host}} and {{port}}")]
    Nowhere,
}

impl Command {
    /// Splits a command into words as a shell does; no shell sees it.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let words = shlex::split(text).ok_or(CommandError::Quotes)?;
        if words.is_empty() {
            return Err(CommandError::Empty);
        }
        let mut names = Vec::new();
        for word in &words {
            for name in places(word) {
                if !PLACES.contains(&name) {
                    return Err(CommandError::Place(name.to_owned()));
                }
                names.push(name);
            }
        }
        if !names.iter().any(|name| ["url", "port"].contains(name)) {
            return Err(CommandError::Nowhere);
        }
        Ok(Self { words, mark: next_mark() })
    }

    fn words_for(&self, call: &Call) -> Vec<OsString> {
        self.words.iter().map(|word| fill(word, call)).collect()
    }
}

/// The names in braces; `{` with something else behind it is just that, as in JSON.
fn places(word: &str) -> impl Iterator<Item = &str> {
    let names = word.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name).filter(|name| {
        !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-')
    })
}

fn fill(word: &str, call: &Call) -> OsString {
    let mut filled = Vec::new();
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.extend_from_slice(before.as_bytes());
        let name =
            behind.split_once('}').map(|(name, _)| name).filter(|name| PLACES.contains(name));
        match name {
            Some(name) => {
                filled.extend_from_slice(&value(name, call));
                rest = &behind[name.len() + 1..];
            }
            None => {
                filled.push(b'{');
                rest = behind;
            }
        }
    }
    filled.extend_from_slice(rest.as_bytes());
    argument(filled)
}

fn value(name: &str, call: &Call) -> Vec<u8> {
    match name {
        "url" => call.url.clone(),
        "host" => call.host.clone().into_bytes(),
        "port" => call.port.to_string().into_bytes(),
        "path" => call.path().to_vec(),
        _ => call.ca.as_os_str().as_encoded_bytes().to_vec(),
    }
}

#[cfg(unix)]
fn argument(octets: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(octets)
}

#[cfg(not(unix))]
fn argument(octets: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&octets).into_owned().into()
}

impl Starter for Command {
    fn start(&self, call: &Call) -> Result<Started, String> {
        let words = self.words_for(call);
        let mut command = tokio::process::Command::new(&words[0]);
        command.args(&words[1..]).env(MARK, &self.mark).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", words[0].to_string_lossy()))?;
        let group = Group::of(&child);
        let printed = Printed::default();
        let (tell, reports) = mpsc::channel(MOST_REPORTS);
        if let Some(stream) = child.stderr.take() {
            printed.follow(stream);
        }
        let stdout = child.stdout.take();
        let following = stdout.map(|stream| tokio::spawn(follow(stream, tell, printed.clone())));
        let (hold, dropped) = oneshot::channel::<()>();
        let ended = watch_over(child, group, following, dropped);
        Ok(Started {
            reports,
            ended,
            last_lines: Box::new(move || printed.last_lines()),
            hold: Box::new(hold),
        })
    }

    fn starting_at_once(&self) -> usize {
        2 * std::thread::available_parallelism().map_or(1, NonZero::get)
    }

    fn takes_ca(&self) -> bool {
        self.words.iter().any(|word| places(word).any(|name| name == "ca"))
    }
}

/// Who has left the process group of a client is still known by its mark.
impl Drop for Command {
    fn drop(&mut self) {
        kill_marked(MARK, &self.mark);
    }
}

/// Reads what a client prints to its end, and hands on the lines that are events. Whoever prints is never held up.
async fn follow<R: AsyncRead + Unpin>(stream: R, tell: mpsc::Sender<Vec<u8>>, printed: Printed) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut told, mut octets) = (Vec::new(), 0, 0);
    loop {
        line.clear();
        let mut bounded = (&mut stream).take(LONGEST_LINE);
        match bounded.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        printed.add(&line);
        let line = line.trim_ascii();
        // What is too long has no end here, and is no JSON.
        let is_whole = line.starts_with(b"{") && line.ends_with(b"}");
        let has_room = told < MOST_REPORTS && octets + line.len() <= MOST_REPORTED;
        if is_whole && has_room && Report::read(line).is_some() {
            told += 1;
            octets += line.len();
            let _ = tell.try_send(line.to_vec());
        }
    }
}

/// Waits for the client in a task of its own; it has ended once all that it printed has been read, as far as nobody
/// else holds its output. When nobody holds the other end any more, asks its process group to end, and soon kills it.
fn watch_over(
    mut child: Child,
    group: Option<Group>,
    following: Option<JoinHandle<()>>,
    mut dropped: oneshot::Receiver<()>,
) -> watch::Receiver<Option<Exit>> {
    let (tell, ended) = watch::channel(None);
    tokio::spawn(async move {
        tokio::select! {
            status = child.wait() => {
                if let Some(following) = following {
                    let _ = timeout(GRACE, following).await;
                }
                tell.send_replace(status.ok().and_then(exit));
                // What it has started goes on, and may hold the connection.
                let _ = (&mut dropped).await;
            }
            // It comes as an error: the sender is only ever dropped.
            _ = &mut dropped => {
                if let Some(group) = &group {
                    group.terminate();
                }
                let _ = timeout(GRACE, child.wait()).await;
            }
        }
        if let Some(group) = &group {
            group.kill();
        }
        let _ = child.kill().await;
    });
    ended
}

#[cfg(unix)]
fn exit(status: ExitStatus) -> Option<Exit> {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().map(Exit::Status).or_else(|| status.signal().map(Exit::Signal))
}

#[cfg(not(unix))]
fn exit(status: ExitStatus) -> Option<Exit> {
    status.code().map(Exit::Status)
}

/// The places that a command can have.
const PLACES: [&str; 5] = ["url", "host", "port", "path", "ca"];
/// The environment variable that marks what we started.
const MARK: &str = "UPSPEC_CLIENT";
/// How long a client may take to end once it is asked to, and how long its output may stay open behind it.
const GRACE: Duration = Duration::from_millis(200);
/// The longest line that can be an event.
const LONGEST_LINE: u64 = 256 * 1024;
/// How many events of a client are read; cases bring it few messages.
const MOST_REPORTS: usize = 100;
/// How many octets they may have in all.
const MOST_REPORTED: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn call(url: &str) -> Call {
        Call {
            url: url.as_bytes().to_vec(),
            host: "127.0.0.1".to_owned(),
            port: 7,
            ca: PathBuf::from("a.pem"),
            case: String::new(),
        }
    }

    #[test]
    fn places_are_filled_and_no_shell_is_asked() {
        let rows = [
            ("a {url}", "ws://h/$(x) y", vec!["a", "ws://h/$(x) y"]),
            ("'a b' --at={host}:{port}{path}", "ws://h/p?q", vec!["a b", "--at=127.0.0.1:7/p?q"]),
            ("a '{\"url\":\"{url}\"}' {ca}", "ws://h", vec!["a", "{\"url\":\"ws://h\"}", "a.pem"]),
        ];
        for (text, url, words) in rows {
            assert_eq!(Command::parse(text).unwrap().words_for(&call(url)), words, "{text}");
        }
        assert!(Command::parse("a {url} {ca}").unwrap().takes_ca());
        assert!(!Command::parse("a {url}").unwrap().takes_ca());
    }

    #[tokio::test]
    async fn only_so_many_events_are_read() {
        let noise = "{\"level\":\"info\"}\n".repeat(MOST_REPORTS) + &"x".repeat(1 << 20) + "\n";
        let events = "{\"event\":\"open\"}\n".repeat(MOST_REPORTS + 20);
        let long = format!("{{\"event\":\"message\",\"data\":\"{}\"}}\n", "a".repeat(100_000));
        let rows = [(noise.clone() + &events, MOST_REPORTS), (noise + &long.repeat(9), 2)];
        for (printed, wanted) in rows {
            let (tell, mut reports) = mpsc::channel(2 * MOST_REPORTS);
            follow(std::io::Cursor::new(printed.into_bytes()), tell, Printed::default()).await;
            let mut count = 0;
            while reports.recv().await.is_some() {
                count += 1;
            }
            assert_eq!(count, wanted);
        }
    }

    #[test]
    fn what_is_wrong_with_a_command() {
        let rows = [
            ("", CommandError::Empty),
            ("a 'b", CommandError::Quotes),
            ("a b", CommandError::Nowhere),
            ("a {uri} {url}", CommandError::Place("uri".to_owned())),
        ];
        for (text, error) in rows {
            assert_eq!(Command::parse(text).unwrap_err(), error, "{text}");
        }
    }
}
