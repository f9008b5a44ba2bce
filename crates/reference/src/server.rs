//! Puts sessions on TCP or TLS connections, one task each.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::fault::Point;
use crate::tls::{self, Agreed, Welcomed};
use crate::{Action, Config, Identity, Session};
use upspec_handshake::peer::Transport;

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    host: Arc<Host>,
}

/// What all connections of a server have in common.
struct Host {
    config: Arc<Config>,
    tls: Option<Arc<ServerConfig>>,
}

impl Server {
    /// Listens on an address; port 0 picks a free one.
    pub async fn bind(addr: impl ToSocketAddrs, config: Config) -> io::Result<Self> {
        Self::listen(addr, config, None).await
    }

    /// Listens on an address for TLS.
    pub async fn bind_tls(
        addr: impl ToSocketAddrs,
        config: Config,
        identity: &Identity,
    ) -> io::Result<Self> {
        let tls = identity.host(&config)?;
        Self::listen(addr, config, Some(tls)).await
    }

    async fn listen(
        addr: impl ToSocketAddrs,
        config: Config,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let config = Arc::new(config);
        Ok(Self { listener, addr, host: Arc::new(Host { config, tls }) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown` completes, then cuts open connections.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { mut listener, addr, host } = self;
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                () = host.serve_all(&listener) => drop(listener),
            }
            // Only a fault gets here.
            sleep(AWAY).await;
            let Ok(again) = TcpListener::bind(addr).await else {
                return;
            };
            listener = again;
        }
    }
}

impl Host {
    /// Serves until a fault makes one connection the end of all.
    async fn serve_all(self: &Arc<Self>, listener: &TcpListener) {
        let mut tasks = JoinSet::new();
        let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let accepted = async {
                let permit = Arc::clone(&free).acquire_owned().await;
                (listener.accept().await, permit)
            };
            tokio::select! {
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                    if matches!(ended, Ok(true)) {
                        return;
                    }
                }
                (stream, permit) = accepted => match stream {
                    Ok((stream, _)) => {
                        let host = Arc::clone(self);
                        tasks.spawn(async move {
                            let ended = host.welcome(stream).await;
                            drop(permit);
                            // An error of one connection does not concern the others.
                            ended.is_err_and(|error| host.dies_of(&error))
                        });
                    }
                    // Out of file descriptors, or a connection that is gone already.
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
            }
        }
    }

    fn dies_of(&self, error: &io::Error) -> bool {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                self.config.errs_at(Point::ResetDeadly)
            }
            io::ErrorKind::ConnectionAborted => self.config.errs_at(Point::TunnelEndDeadly),
            _ => false,
        }
    }

    async fn welcome(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let config = Arc::clone(&self.config);
        let Some(tls) = &self.tls else {
            if config.errs_at(Point::ResetDeadly) {
                return serve_until_reset(stream, Session::new(config)).await;
            }
            return serve(stream, Session::new(config)).await;
        };
        if config.errs_at(Point::PlainServed) && !begins_with_tls(&stream).await? {
            return serve(stream, Session::new(config)).await;
        }
        if config.errs_at(Point::PlainUnanswered) && !begins_with_tls(&stream).await? {
            return wait(stream).await;
        }
        let welcomed = tls::welcome(stream, Arc::clone(tls), &config);
        match timeout(config.patience, welcomed).await?? {
            Welcomed::Inside(stream, agreed) => {
                let session = match agreed {
                    Agreed::Http2 if config.errs_at(Point::Http1InH2) => {
                        Session::over(config, Transport::Tls)
                    }
                    Agreed::Http2 => Session::http2(config, Transport::Tls),
                    Agreed::Http1 => Session::over(config, Transport::Tls),
                    Agreed::Nothing => return linger(stream, &mut vec![0; READ_SIZE]).await,
                };
                serve(stream, session).await
            }
            Welcomed::Failed(stream) => linger(stream, &mut vec![0; READ_SIZE]).await,
        }
    }
}

/// Whether the first octet of the client is that of a TLS handshake (RFC 8446 5.1).
async fn begins_with_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(first == [HANDSHAKE_RECORD])
}

/// Serves, and looks for a reset at the same time: behind the client's end nothing is read that would show it.
async fn serve_until_reset(stream: TcpStream, session: Session) -> io::Result<()> {
    let stream = stream.into_std()?;
    let watched = TcpStream::from_std(stream.try_clone()?)?;
    tokio::select! {
        served = serve(TcpStream::from_std(stream)?, session) => served,
        _ = watched.ready(Interest::ERROR) => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

/// Reads until the client gives up.
async fn wait(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; READ_SIZE];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn serve<S>(mut stream: S, mut session: Session) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = vec![0; READ_SIZE];
    let mut is_half_closed = false;
    loop {
        let read = async {
            if is_half_closed {
                std::future::pending().await
            } else {
                stream.read(&mut buffer).await
            }
        };
        let actions = match timeout(session.patience(), read).await {
            Err(_) => session.silence(SystemTime::now()),
            Ok(length) => match length? {
                0 if session.dies_of_end() => {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                0 => {
                    is_half_closed = true;
                    sleep(session.pause_behind_end()).await;
                    session.end(SystemTime::now())
                }
                length => session.receive(SystemTime::now(), &buffer[..length]),
            },
        };
        for action in actions {
            match action {
                Action::Close => return linger(stream, &mut buffer).await,
                Action::Pause(pause) => sleep(pause).await,
                Action::Write(octets) => {
                    let written = timeout(WRITE_PATIENCE, write(&mut stream, &octets)).await;
                    written.map_err(io::Error::from)??;
                }
            }
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), octets: &[u8]) -> io::Result<()> {
    stream.write_all(octets).await?;
    stream.flush().await
}

/// Closes so that what was written arrives: a connection that is closed with unread input is reset,
/// and a reset takes the answer with it (RFC 9112 9.6).
async fn linger<S>(mut stream: S, buffer: &mut [u8]) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    let drain = async {
        for _ in 0..LINGER_READS {
            if stream.read(buffer).await? == 0 {
                break;
            }
        }
        Ok(())
    };
    // We stop waiting for the client here either way.
    timeout(LINGER_PATIENCE, drain).await.unwrap_or(Ok(()))
}

/// How long a fault that kills the server keeps it away.
const AWAY: Duration = Duration::from_millis(300);
const HANDSHAKE_RECORD: u8 = 22;
const MAX_CONNECTIONS: usize = 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const READ_SIZE: usize = 16 * 1024;
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
const LINGER_PATIENCE: Duration = Duration::from_secs(2);
const LINGER_READS: usize = 1024;

#[cfg(test)]
mod tests;
