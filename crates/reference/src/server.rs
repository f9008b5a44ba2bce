//! Puts sessions on TCP connections, one task each.
//! Never decides what to answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Action, Config, Session};

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    config: Arc<Config>,
}

impl Server {
    /// Listens on an address; port 0 picks a free one.
    pub async fn bind(addr: impl ToSocketAddrs, config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        Ok(Self {
            listener,
            addr,
            config: Arc::new(config),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown` is ready. What is open then is cut.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut tasks = JoinSet::new();
        let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        tokio::pin!(shutdown);
        loop {
            let accepted = async {
                let permit = Arc::clone(&free).acquire_owned().await;
                (self.listener.accept().await, permit)
            };
            tokio::select! {
                () = &mut shutdown => return,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                (stream, permit) = accepted => match stream {
                    Ok((stream, _)) => {
                        let session = Session::new(Arc::clone(&self.config));
                        tasks.spawn(async move {
                            // An error of one connection is the affair of that connection alone.
                            let _ = serve(stream, session).await;
                            drop(permit);
                        });
                    }
                    // Out of file descriptors, or a connection that is gone already.
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
            }
        }
    }
}

async fn serve(mut stream: TcpStream, mut session: Session) -> io::Result<()> {
    stream.set_nodelay(true)?;
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
                0 => {
                    is_half_closed = true;
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
                    let written = timeout(WRITE_PATIENCE, stream.write_all(&octets)).await;
                    written.map_err(io::Error::from)??;
                }
            }
        }
    }
}

/// Closes so that what was written arrives: a connection that is closed with unread input is reset,
/// and a reset takes the answer with it (RFC 9112 9.6).
async fn linger(mut stream: TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    stream.shutdown().await?;
    let drain = async {
        for _ in 0..LINGER_READS {
            if matches!(stream.read(buffer).await, Ok(0) | Err(_)) {
                return;
            }
        }
    };
    // Patience with the client ends here either way.
    let _ = timeout(LINGER_PATIENCE, drain).await;
    Ok(())
}

const MAX_CONNECTIONS: usize = 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const READ_SIZE: usize = 16 * 1024;
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
const LINGER_PATIENCE: Duration = Duration::from_secs(2);
const LINGER_READS: usize = 1024;

#[cfg(test)]
mod tests;
