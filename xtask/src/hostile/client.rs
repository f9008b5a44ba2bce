//! A client that behaves as a row of the table says: `cargo xtask hostile-client`, which upspec starts for each case.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;
use upspec_reference::{ClientConfig, connect};

use super::clients::{Act, CLIENTS};
use super::octets::read_head;
use crate::Outcome;

/// Does what the row of this name says. The file counts the starts.
pub(crate) fn run(name: &str, url: &str, ca: &str, count: &str) -> Outcome {
    let told = |error: io::Error| vec![error.to_string()];
    let client = CLIENTS.iter().find(|client| client.name == name);
    let client = client.ok_or_else(|| vec![format!("no client is called `{name}`")])?;
    let start = started(count).map_err(told)?;
    let does = if start > client.from { client.does } else { &[Act::Serve] };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let mut visit = Visit { url: url.to_owned(), ca: ca.to_owned(), stream: None };
    runtime.map_err(told)?.block_on(visit.act(does)).map_err(told)?;
    Ok(String::new())
}

/// Which start this is; the first is 1.
fn started(count: &str) -> io::Result<u64> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(count)?;
    file.write_all(b"x")?;
    Ok(file.metadata()?.len())
}

/// A client under way.
struct Visit {
    url: String,
    ca: String,
    stream: Option<TcpStream>,
}

impl Visit {
    async fn act(&mut self, does: &[Act]) -> io::Result<()> {
        for act in does {
            match *act {
                Act::Connect => self.stream = Some(TcpStream::connect(self.place()).await?),
                Act::Ask => self.write(&self.request()).await?,
                Act::Read => drop(read_head(self.stream()?).await?),
                Act::Write(octets) => self.write(octets).await?,
                Act::Times(octets, times) => {
                    self.write(&octets.repeat(times as usize)).await?;
                }
                Act::Endless(octets) => {
                    let many = octets.repeat(16 * 1024 / octets.len() + 1);
                    loop {
                        self.write(&many).await?;
                    }
                }
                Act::Drip(octets, pause) => {
                    for octet in octets {
                        self.write(&[*octet]).await?;
                        sleep(Duration::from_millis(pause)).await;
                    }
                }
                Act::Hold => while self.stream()?.read(&mut [0; 4096]).await? > 0 {},
                Act::Stand => std::future::pending().await,
                Act::HalfClose => self.stream()?.shutdown().await?,
                Act::Reset => {
                    self.stream()?.set_zero_linger()?;
                    self.stream = None;
                }
                Act::Serve => self.serve().await,
                Act::ServeForEver => loop {
                    self.serve().await;
                },
                Act::Loop(does) => loop {
                    Box::pin(self.act(does)).await?;
                },
                Act::Many(count) => {
                    let mut held = Vec::new();
                    for _ in 0..count {
                        self.stream = Some(TcpStream::connect(self.place()).await?);
                        self.write(&self.request()).await?;
                        held.extend(self.stream.take());
                    }
                    std::future::pending().await
                }
                Act::Print(octets, times) => print(&mut io::stdout().lock(), octets, times)?,
                Act::PrintError(octets, times) => print(&mut io::stderr().lock(), octets, times)?,
                Act::Child => {
                    drop(Command::new("sleep").arg("100").stdin(Stdio::null()).spawn()?);
                }
                Act::Deaf => deafen()?,
                Act::Pause(time) => sleep(Duration::from_millis(time)).await,
                Act::Exit(code) => std::process::exit(code),
                Act::Abort => std::process::abort(),
            }
        }
        Ok(())
    }

    /// Is the reference client, for one connection.
    async fn serve(&self) {
        let ca = Some(self.ca.clone().into());
        let config = ClientConfig { ca, ..ClientConfig::for_url(&self.url) };
        let mut report = |report: upspec_reference::ClientReport| {
            // Nobody may read it.
            let _ = writeln!(io::stdout().lock(), "{}", report.to_json_line());
        };
        connect(&config, &mut report).await;
    }

    /// Host and port of the URL.
    fn place(&self) -> String {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if place.contains(':') { place.to_owned() } else { format!("{place}:80") }
    }

    fn stream(&mut self) -> io::Result<&mut TcpStream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream()?.write_all(octets).await
    }

    /// A handshake with a fresh key.
    fn request(&self) -> Vec<u8> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // Digits are base64, and the last letter leaves no bits over.
        let key = format!("{:021}A==", now.as_nanos());
        format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n",
            self.place()
        )
        .into_bytes()
    }
}

fn print(to: &mut impl io::Write, octets: &[u8], times: u32) -> io::Result<()> {
    for _ in 0..times {
        to.write_all(octets)?;
    }
    to.flush()
}

/// Hears no request to end.
#[cfg(unix)]
fn deafen() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut asked = signal(SignalKind::terminate())?;
    tokio::spawn(async move { while asked.recv().await.is_some() {} });
    Ok(())
}

#[cfg(not(unix))]
fn deafen() -> io::Result<()> {
    Ok(())
}
