//! A peer that behaves as a row of the tables says. What it serves well the reference server serves behind it, or the
//! reference proxy.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::mem::replace;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::generate_simple_self_signed;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_rustls::TlsAcceptor;
use upspec_reference::{Config, Proxy, ProxyConfig, Server};

use super::behaviours::{Behaviour, Do, Over, Since};
use super::http2;
use super::octets::{end, read_head, refuse, switch};

/// A peer that listens.
pub(crate) struct Peer {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    /// The reference server or proxy, which ends with the peer.
    serving: JoinSet<()>,
}

/// How fast answers go out.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// So many milliseconds after they came.
    Late(u64),
    /// So many octets in a millisecond.
    Parts(usize),
}

/// What its connections have in common.
struct State {
    behaviour: &'static Behaviour,
    /// Where the reference server or proxy listens.
    behind: SocketAddr,
    /// Where upspec's origin listens.
    origin: Option<SocketAddr>,
    /// The answer of the origin that somebody else gets.
    mixed: Mutex<Vec<u8>>,
    connections: AtomicUsize,
    served: AtomicUsize,
    requests: Mutex<VecDeque<Instant>>,
    /// How many requests of an address the reference server has refused, and until when it refuses all for that.
    refused: Mutex<BTreeMap<IpAddr, (usize, Option<Instant>)>>,
    /// Held by the connection whose turn it is.
    turn: tokio::sync::Mutex<()>,
    hangs: AtomicBool,
    dies: Notify,
    /// After how many milliseconds it is back.
    back: Mutex<Option<u64>>,
}

impl Peer {
    /// A server, or an intermediary in front of this origin.
    pub(crate) async fn bind(
        behaviour: &'static Behaviour,
        origin: Option<SocketAddr>,
    ) -> io::Result<Self> {
        let mut serving = JoinSet::new();
        let behind = match origin {
            Some(origin) => {
                let listen = SocketAddr::from(([127, 0, 0, 1], 0));
                let proxy = Proxy::bind(ProxyConfig::new(listen, origin)).await?;
                let behind = proxy.local_addr();
                serving.spawn(proxy.serve());
                behind
            }
            None => {
                let server = Server::bind("127.0.0.1:0", Config::default()).await?;
                let behind = server.addr();
                serving.spawn(server.run(std::future::pending()));
                behind
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let tls = match behaviour.over {
            Over::Tls => Some(acceptor()?),
            Over::Tcp | Over::Http2 => None,
        };
        let state = State {
            behaviour,
            behind,
            origin,
            mixed: Mutex::default(),
            connections: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            requests: Mutex::default(),
            refused: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            hangs: AtomicBool::new(false),
            dies: Notify::new(),
            back: Mutex::default(),
        };
        Ok(Self { listener, addr, tls, state: Arc::new(state), serving })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until it is aborted, or dead for good.
    pub(crate) async fn run(self) {
        let Self { mut listener, addr, tls, state, serving: _serving } = self;
        loop {
            let mut connections = JoinSet::new();
            loop {
                let stream = tokio::select! {
                    () = state.dies.notified() => break,
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(_) => continue,
                    },
                };
                while connections.try_join_next().is_some() {}
                let (state, tls) = (Arc::clone(&state), tls.clone());
                connections.spawn(async move {
                    // Whoever is gone is nobody's loss.
                    let _ = state.connection(stream, tls).await;
                });
            }
            drop((listener, connections));
            let back = state.back.lock().ok().and_then(|back| *back);
            let Some(back) = back else { return };
            sleep(Duration::from_millis(back)).await;
            let Ok(again) = listen_again(addr) else { return };
            listener = again;
        }
    }
}

fn listen_again(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(1024)
}

fn acceptor() -> io::Result<TlsAcceptor> {
    let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).map_err(io::Error::other)?;
    let key: PrivateKeyDer<'_> = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A connection under way.
struct Course<S> {
    number: usize,
    /// Where the client comes from.
    from: IpAddr,
    /// What `Read` has read.
    head: Vec<u8>,
    reset: fn(&S) -> io::Result<()>,
}

impl Course<TcpStream> {
    fn of_tcp(number: usize, from: IpAddr, head: Vec<u8>) -> Self {
        Self { number, from, head, reset: TcpStream::set_zero_linger }
    }
}

impl State {
    async fn connection(&self, stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<()> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let from = stream.peer_addr()?.ip();
        let is_fit = match self.behaviour.from {
            Since::FirstOctet => true,
            Since::Connection(from) => number >= from,
        };
        let mut first = [0; 3];
        let over_http2 = self.behaviour.over == Over::Http2;
        let is_fit =
            is_fit && (!over_http2 || stream.peek(&mut first).await? == 3 && &first == b"PRI");
        if self.hangs.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        match tls {
            Some(tls) => {
                let stream = tls.accept(stream).await?;
                if is_fit {
                    let course = Course { number, from, head: Vec::new(), reset: |_| Ok(()) };
                    self.behave(stream, course, self.behaviour.does).await
                } else {
                    self.serve(stream, 0).await
                }
            }
            None if is_fit => {
                let course = Course::of_tcp(number, from, Vec::new());
                self.behave(stream, course, self.behaviour.does).await
            }
            None => self.serve(stream, 0).await,
        }
    }

    /// Does one thing after the other on a connection.
    async fn behave<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        mut stream: S,
        mut course: Course<S>,
        does: &[Do],
    ) -> io::Result<()> {
        for one in does {
            match *one {
                Do::Read => course.head = read_head(&mut stream).await?,
                Do::Pass => stream.write_all(&course.head).await?,
                Do::Write(octets) => stream.write_all(octets).await?,
                Do::Times(octets, times) => {
                    for _ in 0..times {
                        stream.write_all(octets).await?;
                    }
                }
                Do::Endless(octets) => {
                    let many = octets.repeat(16 * 1024 / octets.len().max(1) + 1);
                    for _ in 0..MOST_PARTS {
                        stream.write_all(&many).await?;
                    }
                }
                Do::Drip(octets, pause) => {
                    for octet in octets {
                        stream.write_all(&[*octet]).await?;
                        sleep(Duration::from_millis(pause)).await;
                    }
                }
                Do::Switch => stream.write_all(&switch(&course.head, b"", 0)).await?,
                Do::SwitchWith(line, times) => {
                    stream.write_all(&switch(&course.head, line, times)).await?;
                }
                Do::Flood(flood) => {
                    stream.write_all(&http2::opening()).await?;
                    for n in 0..MOST_PARTS {
                        let parts: Vec<u8> =
                            (0..64).flat_map(|at| flood.part(n * 64 + at)).collect();
                        stream.write_all(&parts).await?;
                    }
                }
                Do::Hold => while stream.read(&mut [0; 4096]).await? > 0 {},
                Do::Reset => return (course.reset)(&stream),
                Do::End => return end(stream).await,
                Do::Serve(late) => return self.serve(stream, late).await,
                Do::AtMost(most, refusal) => {
                    return self.serve_at_most(stream, most, refusal).await;
                }
                Do::Beyond(most, does) => {
                    if self.served.load(Ordering::Relaxed) >= most {
                        return Box::pin(self.behave(stream, course, does)).await;
                    }
                    return self.serve_at_most(stream, most, b"").await;
                }
                Do::PerSecond(most, refusal) => {
                    return match self.is_beyond(most) {
                        true => refuse(stream, refusal).await,
                        false => self.serve(stream, 0).await,
                    };
                }
                Do::OneAtATime => {
                    let _turn = self.turn.lock().await;
                    return self.serve(stream, 0).await;
                }
                Do::Work(time) => {
                    let turn = self.turn.lock().await;
                    sleep(Duration::from_millis(time)).await;
                    drop(turn);
                    return self.serve(stream, 0).await;
                }
                Do::Slowly(octets) => {
                    return self.serve_from(b"", stream, Pace::Parts(octets), None).await;
                }
                Do::OneIn(many, does) if course.number % many == many - 1 => {
                    return Box::pin(self.behave(stream, course, does)).await;
                }
                Do::OneIn(..) => return self.serve(stream, 0).await,
                Do::If(begins, does) => {
                    let mut request = Vec::new();
                    while request.len() < begins.len() && begins.starts_with(&request) {
                        if stream.read_buf(&mut request).await? == 0 {
                            break;
                        }
                    }
                    if request.starts_with(begins) {
                        return Box::pin(self.behave(stream, course, does)).await;
                    }
                    return self.serve_from(&request, stream, Pace::Late(0), None).await;
                }
                Do::Ban(most, time, refusal) => {
                    return match self.is_banned(course.from, most, Duration::from_millis(time)) {
                        true => refuse(stream, refusal).await,
                        false => {
                            self.serve_from(b"", stream, Pace::Late(0), Some(course.from)).await
                        }
                    };
                }
                Do::AtOrigin(does) => self.at_origin(&course.head, does).await?,
                Do::AtOriginForEver(does) => {
                    for _ in 0..MOST_PARTS {
                        // Whatever one connection comes to, the next one is opened.
                        let _ = self.at_origin(&course.head, does).await;
                        tokio::task::yield_now().await;
                    }
                }
                Do::Forward(times) => {
                    let mut answer = Vec::new();
                    for _ in 0..times {
                        answer = self.asked(&course.head).await?;
                    }
                    stream.write_all(&answer).await?;
                }
                Do::ForwardMixed => {
                    let answer = self.asked(&course.head).await?;
                    let other = self.mixed.lock().map(|mut mixed| replace(&mut *mixed, answer));
                    stream.write_all(&other.unwrap_or_default()).await?;
                }
                Do::Die(back) => {
                    if let Ok(mut known) = self.back.lock() {
                        *known = back;
                    }
                    self.dies.notify_one();
                    return std::future::pending().await;
                }
                Do::Hang => {
                    self.hangs.store(true, Ordering::Relaxed);
                    return std::future::pending().await;
                }
            }
        }
        stream.shutdown().await
    }

    /// Does these on a new connection to the origin.
    async fn at_origin(&self, head: &[u8], does: &[Do]) -> io::Result<()> {
        let stream = self.origin().await?;
        Box::pin(self.behave(
            stream,
            Course::of_tcp(0, Ipv4Addr::LOCALHOST.into(), head.to_vec()),
            does,
        ))
        .await
    }

    /// What the origin answers to this on a new connection, up to the end of the first head.
    async fn asked(&self, head: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = self.origin().await?;
        stream.write_all(head).await?;
        read_head(&mut stream).await
    }

    async fn origin(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.origin.ok_or(io::ErrorKind::NotConnected)?).await
    }

    /// Hands all octets on to the reference server or proxy, and its own back, each read late.
    async fn serve<S: AsyncRead + AsyncWrite>(&self, stream: S, late: u64) -> io::Result<()> {
        self.serve_from(b"", stream, Pace::Late(late), None).await
    }

    /// The same behind these octets, at this pace. Counts the refusals that somebody gets.
    async fn serve_from<S: AsyncRead + AsyncWrite>(
        &self,
        read: &[u8],
        stream: S,
        pace: Pace,
        client: Option<IpAddr>,
    ) -> io::Result<()> {
        let (mut from, mut to) = split(stream);
        let (mut theirs, mut ours) = TcpStream::connect(self.behind).await?.into_split();
        let there = async {
            ours.write_all(read).await?;
            let _ = tokio::io::copy(&mut from, &mut ours).await;
            let _ = ours.shutdown().await;
            io::Result::Ok(())
        };
        let (due, mut coming) = tokio::sync::mpsc::unbounded_channel();
        let taken = async move {
            let mut octets = vec![0; 16 * 1024];
            loop {
                let read = theirs.read(&mut octets).await?;
                if let (true, Some(address)) = (octets[..read].starts_with(b"HTTP/1.1 4"), client) {
                    self.has_refused(address);
                }
                let _ = due.send((Instant::now(), octets[..read].to_vec()));
                if read == 0 {
                    return io::Result::Ok(());
                }
            }
        };
        let back = async {
            while let Some((came, octets)) = coming.recv().await {
                if let Pace::Late(late) = pace {
                    sleep_until(came + Duration::from_millis(late)).await;
                }
                match pace {
                    _ if octets.is_empty() => to.shutdown().await?,
                    Pace::Late(_) => to.write_all(&octets).await?,
                    Pace::Parts(length) => {
                        for part in octets.chunks(length) {
                            to.write_all(part).await?;
                            sleep(Duration::from_millis(1)).await;
                        }
                    }
                }
            }
            io::Result::Ok(())
        };
        // Whoever is reset on one side is gone on the other.
        tokio::try_join!(there, taken, back).map(drop)
    }

    async fn serve_at_most<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        most: usize,
        refusal: &[u8],
    ) -> io::Result<()> {
        if self.served.load(Ordering::Relaxed) >= most {
            return refuse(stream, refusal).await;
        }
        self.served.fetch_add(1, Ordering::Relaxed);
        let outcome = self.serve(stream, 0).await;
        self.served.fetch_sub(1, Ordering::Relaxed);
        outcome
    }

    /// Whether so many requests of an address were refused that the others are, for so long.
    fn is_banned(&self, address: IpAddr, most: usize, time: Duration) -> bool {
        let Ok(mut all) = self.refused.lock() else { return false };
        let (refused, until) = all.entry(address).or_default();
        if *refused >= most {
            *refused = 0;
            *until = Some(Instant::now() + time);
        }
        until.is_some_and(|until| Instant::now() < until)
    }

    fn has_refused(&self, address: IpAddr) {
        if let Ok(mut all) = self.refused.lock() {
            all.entry(address).or_default().0 += 1;
        }
    }

    /// Whether this is one connection too many within a second.
    fn is_beyond(&self, most: usize) -> bool {
        let Ok(mut requests) = self.requests.lock() else { return false };
        let now = Instant::now();
        requests.push_back(now);
        while requests.front().is_some_and(|first| now - *first > Duration::from_secs(1)) {
            requests.pop_front();
        }
        requests.len() > most
    }
}

/// More than anybody reads.
const MOST_PARTS: u32 = 100_000;
