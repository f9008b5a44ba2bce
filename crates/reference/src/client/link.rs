//! Puts a session on a TCP or TLS connection.

use std::future::{Future, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::attempt::Attempt;
use super::config::ClientConfig;
use super::fault::Point;
use super::random::Random;
use super::report::{ClientEnd, ClientReport};
use super::session::{ClientAction, ClientSession};
use super::tls::{self, Connected};
use super::variation::Way;

/// How a connection was left.
pub(super) enum Left {
    /// Another one is wanted.
    Again(Box<Attempt>),
    /// That was all.
    Over(ClientEnd),
}

type Report<'r> = &'r mut (dyn FnMut(ClientReport) + Send);

/// Opens one connection and plays it to its end; an error says why there is none.
pub(super) async fn run(
    config: &Arc<ClientConfig>,
    attempt: Attempt,
    random: &Random,
    report: Report<'_>,
) -> Result<Left, String> {
    let tcp = open(config, &attempt).await?;
    let is_secure = attempt.url.is_secure;
    let session = |attempt| ClientSession::new(Arc::clone(config), attempt, random.clone());
    if !is_secure {
        let second = beside(config, session(attempt.clone()), &attempt);
        return Ok(play(config, tcp, session(attempt.clone()), report, second).await);
    }
    let connected = timeout(config.patience, tls::connect(config, &attempt, tcp)).await;
    Ok(match connected.map_err(|_| "the server does not answer in TLS".to_owned())?? {
        Connected::Http1(stream) => {
            play(config, stream, session(attempt), report, ready(None)).await
        }
        Connected::Http2(stream) => {
            let session = ClientSession::over_http2(Arc::clone(config), attempt, random.clone());
            play(config, stream, session, report, ready(None)).await
        }
        Connected::Plain(tcp) => play(config, tcp, session(attempt), report, ready(None)).await,
    })
}

/// Where a fault opens a second connection beside one that is not answered at once, opens it and asks on it.
async fn beside(
    config: &ClientConfig,
    mut session: ClientSession,
    attempt: &Attempt,
) -> Option<TcpStream> {
    if !config.errs_at(Point::TwoAtOnce) {
        return None;
    }
    tokio::time::sleep(UNANSWERED).await;
    let mut tcp = open(config, attempt).await.ok()?;
    for action in session.begin() {
        if let ClientAction::Write(octets) = action {
            write(&mut tcp, &octets).await.ok()?;
        }
    }
    Some(tcp)
}

async fn open(config: &ClientConfig, attempt: &Attempt) -> Result<TcpStream, String> {
    let place = (attempt.url.host_name(), attempt.url.port());
    let opened = timeout(config.patience, TcpStream::connect(place)).await;
    let opened = opened.map_err(|_| "the server cannot be reached in time".to_owned())?;
    let tcp = opened.map_err(|error| format!("the server cannot be reached: {error}"))?;
    tcp.set_nodelay(true).map_err(|error| format!("the connection is lost: {error}"))?;
    Ok(tcp)
}

/// Plays a connection to its end; what is opened beside it is opened behind the request, and held as long.
async fn play<S>(
    config: &ClientConfig,
    mut stream: S,
    mut session: ClientSession,
    report: Report<'_>,
    beside: impl Future<Output = Option<TcpStream>>,
) -> Left
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = vec![0; READ_SIZE];
    let begun = Instant::now();
    let mut actions = session.begin();
    // When the wait for the server's end of TCP is over.
    let mut left_at = None;
    let mut has_ended = false;
    let (mut beside, mut second) = (pin!(beside), None);
    loop {
        for action in joined(std::mem::take(&mut actions)) {
            match action {
                ClientAction::Again(attempt) if !is_left(config, begun) => {
                    end(&mut stream).await;
                    return Left::Again(attempt);
                }
                ClientAction::Again(_) | ClientAction::Close => {
                    end(&mut stream).await;
                    return Left::Over(session.outcome().clone());
                }
                ClientAction::Die => return Left::Over(ClientEnd::Died),
                ClientAction::Linger if config.errs_at(Point::EndIgnored) => {}
                ClientAction::Linger => {
                    let factor = if config.goes(Way::WaitsLong) { LONG_WAIT } else { 1 };
                    left_at = Some(Instant::now() + config.end_wait * factor);
                }
                ClientAction::Report(one) => report(one),
                // Whoever has ended its side may still have sent what is to be read first.
                ClientAction::Write(octets) => drop(write(&mut stream, &octets).await),
            }
        }
        let patience = match session.is_open() {
            // Only a fault stays when the server has ended its side.
            _ if has_ended => HELD_PATIENCE,
            true => config.patience * OPEN_PATIENCE,
            false => config.patience,
        };
        let until = left_at.unwrap_or_else(|| Instant::now() + patience);
        let read = async {
            match has_ended {
                true => std::future::pending().await,
                false => stream.read(&mut buffer).await,
            }
        };
        let is_waiting = second.is_none() && !session.is_open();
        let read = tokio::select! {
            biased;
            read = timeout_at(until, read) => read,
            tcp = &mut beside, if is_waiting => {
                second = Some(tcp);
                continue;
            }
        };
        actions = match read {
            Err(_) if left_at.is_some() => vec![ClientAction::Close],
            Err(_) => session.silence(),
            Ok(Ok(0) | Err(_)) => {
                has_ended = true;
                session.end()
            }
            Ok(Ok(length)) => session.receive(&buffer[..length]),
        };
    }
}

/// Whether a fault does not come back from a loss, since it is not a young connection that was lost: the ends of most cases
/// are no reason to.
fn is_left(config: &ClientConfig, begun: Instant) -> bool {
    config.errs_at(Point::ReconnectStorm) && begun.elapsed() > SOON
}

/// Octets that follow each other leave in one write, so that no reader sees a part of them by chance.
fn joined(actions: Vec<ClientAction>) -> Vec<ClientAction> {
    let mut joined: Vec<ClientAction> = Vec::with_capacity(actions.len());
    for action in actions {
        match (joined.last_mut(), action) {
            (Some(ClientAction::Write(before)), ClientAction::Write(octets)) => {
                before.extend_from_slice(&octets);
            }
            (_, action) => joined.push(action),
        }
    }
    joined
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), octets: &[u8]) -> io::Result<()> {
    let written = async {
        stream.write_all(octets).await?;
        stream.flush().await
    };
    timeout(WRITE_PATIENCE, written).await.map_err(io::Error::from)?
}

/// Ends the connection, inside TLS with a closure alert (RFC 8446 6.1).
async fn end(stream: &mut (impl AsyncWrite + Unpin)) {
    let _ = timeout(END_PATIENCE, stream.shutdown()).await;
}

const READ_SIZE: usize = 16 * 1024;
/// How young a connection is whose loss has a faulty client come back.
const SOON: Duration = Duration::from_millis(100);
/// How long a faulty client waits for the answer on one connection before it opens another one.
const UNANSWERED: Duration = Duration::from_millis(200);
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// How much longer a lawful variation waits for the server's end of TCP.
const LONG_WAIT: u32 = 5;
const HELD_PATIENCE: Duration = Duration::from_secs(10);
const END_PATIENCE: Duration = Duration::from_secs(1);
/// How much longer an open connection may be silent than an answer.
const OPEN_PATIENCE: u32 = 10;
