//! Puts relays on TCP or TLS connections, one task for each client.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use upspec_handshake::h2::PREFACE;

use super::back::link::{self as back, Upstream};
use super::config::ProxyConfig;
use super::fault::Point;
use super::half::{Half, Read, Reset};
use super::http2;
use super::pool::{Early, Memory, Pool, open};
use super::relay::{Action, Event, Relay};
use super::variation::Way;
use crate::client::Random;

/// A gateway that listens.
pub struct Proxy {
    listener: TcpListener,
    addr: SocketAddr,
    site: Arc<Site>,
}

/// What all connections of a gateway have in common.
pub(super) struct Site {
    pub(super) config: Arc<ProxyConfig>,
    memory: Arc<Memory>,
    pool: Pool,
    tls: Option<TlsAcceptor>,
}

impl Proxy {
    /// Listens; the origin need not be there yet.
    pub async fn bind(config: ProxyConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let addr = listener.local_addr()?;
        let tls = match &config.identity {
            Some(identity) => Some(TlsAcceptor::from(identity.gateway(&config)?)),
            None => None,
        };
        let config = Arc::new(config);
        let site = Site {
            config,
            memory: Arc::new(Memory::new(Random::of_the_system())),
            pool: Pool::default(),
            tls,
        };
        Ok(Self { listener, addr, site: Arc::new(site) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until it is dropped.
    pub async fn serve(self) {
        let Self { mut listener, addr, site } = self;
        loop {
            site.serve_all(&listener).await;
            drop(listener);
            // Only a fault gets here.
            sleep(AWAY).await;
            let Ok(again) = TcpListener::bind(addr).await else { return };
            listener = again;
        }
    }
}

impl Site {
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
                    if matches!(ended, Ok(Left::Dead)) {
                        return;
                    }
                }
                (stream, permit) = accepted => match stream {
                    Ok((stream, client)) => {
                        let site = Arc::clone(self);
                        tasks.spawn(async move {
                            let left = site.welcome(stream, client.ip()).await;
                            drop(permit);
                            left
                        });
                    }
                    // Out of file descriptors, or a connection that is gone already.
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
            }
        }
    }

    async fn welcome(self: &Arc<Self>, stream: TcpStream, client: IpAddr) -> Left {
        // Without it answers may come late, but they come.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.serve(stream, client).await };
        match timeout(self.config.patience, tls.accept(stream)).await {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                http2::link::serve(self, stream, &[], client).await
            }
            Ok(Ok(stream)) => self.run(self.relay(client), Half::new(stream)).await,
            _ => Left::Alone,
        }
    }

    /// Serves a client without TLS: its first octets say whether it speaks HTTP/2 (RFC 9113 3.3, 3.4).
    async fn serve(self: &Arc<Self>, mut stream: TcpStream, client: IpAddr) -> Left {
        let mut early = Vec::with_capacity(READ_SIZE);
        if self.config.speaks_http2() {
            let begins = begins_http2(&mut stream, &mut early);
            if matches!(timeout(self.config.patience * 6, begins).await, Ok(Ok(true))) {
                return http2::link::serve(self, stream, &early, client).await;
            }
        }
        self.run(self.relay(client), Half::behind(early, stream)).await
    }

    /// Opens a connection to the origin.
    async fn open(&self) -> io::Result<Upstream> {
        match self.config.goes(Way::Http2ToOrigin) {
            true => back::open(&self.config, self.config.origin).await,
            false => open(self.config.origin).await.map(Upstream::Http1),
        }
    }

    /// A relay for a client with this address.
    pub(super) fn relay(&self, client: IpAddr) -> Relay {
        Relay::new(Arc::clone(&self.config), Arc::clone(&self.memory), client)
    }

    /// Plays a relay to its end.
    pub(super) async fn run<S>(&self, relay: Relay, client: Half<S>) -> Left
    where
        S: AsyncRead + AsyncWrite + Unpin + Reset,
    {
        Ends { site: self, relay, client, origin: None }.run().await
    }
}

/// Whether the octets that come are the preface of HTTP/2, read as far as it takes to tell.
async fn begins_http2(stream: &mut TcpStream, early: &mut Vec<u8>) -> io::Result<bool> {
    while early.len() < PREFACE.len() && PREFACE.starts_with(early) {
        if stream.read_buf(early).await? == 0 {
            return Ok(false);
        }
    }
    Ok(early.starts_with(PREFACE))
}

/// How a connection was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It is over.
    Alone,
    /// A fault takes the process with it.
    Dead,
}

/// The two connections of a relay.
struct Ends<'s, S> {
    site: &'s Site,
    relay: Relay,
    client: Half<S>,
    origin: Option<Half<Upstream>>,
}

/// What has happened, with the octets in the buffer.
enum Happened {
    Client(io::Result<usize>),
    Origin(io::Result<usize>),
}

/// Whether anything more will happen.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Over(Left),
}

impl<S> Ends<'_, S>
where
    S: AsyncRead + AsyncWrite + Unpin + Reset,
{
    async fn run(mut self) -> Left {
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let happened = timeout(self.relay.patience(), self.happens(&mut buffer)).await;
            let event = match &happened {
                Err(_) => Event::Silence,
                Ok(Happened::Client(Ok(0))) => Event::ClientEnd,
                Ok(Happened::Client(Ok(length))) => Event::Client(&buffer[..*length]),
                Ok(Happened::Client(Err(_))) => Event::ClientReset,
                Ok(Happened::Origin(Ok(0))) => Event::OriginEnd,
                Ok(Happened::Origin(Ok(length))) => Event::Origin(&buffer[..*length]),
                Ok(Happened::Origin(Err(_))) => Event::OriginReset,
            };
            let actions = self.relay.take(SystemTime::now(), event);
            if let Goes::Over(left) = self.act(actions).await {
                return left;
            }
        }
    }

    /// Waits until something has come from one of the two, and writes meanwhile.
    async fn happens(&mut self, buffer: &mut [u8]) -> Happened {
        poll_fn(|cx| self.poll(cx, buffer)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Happened> {
        self.client.poll_write(cx);
        if let Some(origin) = &mut self.origin {
            origin.poll_write(cx);
        }
        let has_room = self.origin.as_ref().is_none_or(Half::has_room);
        if has_room
            && self.relay.wants_client()
            && let Poll::Ready(Read(read)) = self.client.poll_read(cx, buffer)
        {
            return Poll::Ready(Happened::Client(read));
        }
        match &mut self.origin {
            Some(origin) if self.client.has_room() => {
                origin.poll_read(cx, buffer).map(|Read(read)| Happened::Origin(read))
            }
            _ => Poll::Pending,
        }
    }

    /// Does what the relay says; opening a connection leads to more of that.
    async fn act(&mut self, actions: Vec<Action>) -> Goes {
        let mut actions = std::collections::VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::ToClient(octets) => self.client.write(&octets),
                Action::ToOrigin(octets) => self.with_origin(|origin| origin.write(&octets)),
                Action::Open { is_new } => {
                    for (event, octets) in self.open(is_new).await {
                        let event = event.unwrap_or(Event::Origin(&octets));
                        actions.extend(self.relay.take(SystemTime::now(), event));
                    }
                }
                Action::Keep(early) => self.keep(early),
                Action::Leave => self.origin = None,
                Action::EndOrigin => self.with_origin(Half::end),
                Action::EndClient => self.client.end(),
                Action::ResetOrigin => {
                    if let Some(origin) = self.origin.take() {
                        origin.reset();
                    }
                }
                Action::ResetClient => self.client.reset_at_end(),
                Action::Close if self.client.is_reset() => return Goes::Over(Left::Alone),
                Action::Close => return Goes::Over(self.close().await),
                Action::Die => return Goes::Over(Left::Dead),
            }
        }
        match self.client.is_reset() {
            true => Goes::Over(Left::Alone),
            false => Goes::On,
        }
    }

    fn with_origin(&mut self, act: impl FnOnce(&mut Half<Upstream>)) {
        if let Some(origin) = &mut self.origin {
            act(origin);
        }
    }

    /// Gets a connection to the origin: what comes of it, in its order. Octets stand for what came too early.
    async fn open(&mut self, is_new: bool) -> Vec<(Option<Event<'static>>, Vec<u8>)> {
        let early = match self.site.config.errs_at(Point::SurplusKept) {
            true => Early::Overlooked,
            false => Early::Leaves,
        };
        if let Some((stream, early)) = (!is_new).then(|| self.site.pool.take(early)).flatten() {
            self.origin = Some(Half::new(Upstream::Http1(stream)));
            let opened = (Some(Event::Opened { is_reused: true }), Vec::new());
            let surplus = (!early.is_empty()).then_some((None, early));
            return [Some(opened), surplus].into_iter().flatten().collect();
        }
        let opened = timeout(self.site.config.patience, self.site.open()).await;
        let event = match opened {
            Ok(Ok(stream)) => {
                self.origin = Some(Half::new(stream));
                Event::Opened { is_reused: false }
            }
            _ => Event::Unreachable,
        };
        vec![(Some(event), Vec::new())]
    }

    /// Keeps the connection to the origin, unless the origin answered before it had the whole request: what is left
    /// of that would stand where the next one is due.
    fn keep(&mut self, early: Vec<u8>) {
        let origin = self.origin.take().filter(Half::is_all_written);
        if let Some(Upstream::Http1(stream)) = origin.map(Half::into_inner) {
            self.site.pool.keep(stream, early);
        }
    }

    /// Writes what is left, ends both connections, and reads what the client still sends: a connection that is
    /// closed with unread input is reset, and a reset takes the answer with it (RFC 9112 9.6).
    async fn close(&mut self) -> Left {
        self.client.end();
        self.with_origin(Half::end);
        let mut buffer = vec![0; READ_SIZE];
        let drain = poll_fn(|cx| {
            let mut is_over = self.client.poll_write(cx);
            if let Some(origin) = &mut self.origin {
                is_over &= origin.poll_write(cx);
            }
            while let Poll::Ready(Read(read)) = self.client.poll_read(cx, &mut buffer) {
                if matches!(read, Ok(0) | Err(_)) {
                    break;
                }
            }
            match is_over && self.client.has_ended() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
        // We stop waiting here either way.
        let _ = timeout(LINGER_PATIENCE, drain).await;
        Left::Alone
    }
}

/// How long a fault that kills the gateway keeps it away.
const AWAY: Duration = Duration::from_millis(300);
const MAX_CONNECTIONS: usize = 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const READ_SIZE: usize = 16 * 1024;
const LINGER_PATIENCE: Duration = Duration::from_secs(2);
