//! A page that has its browser play the client: it fetches one URL after the other and posts what the browser says.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use upspec_runner::{Call, Started, Starter};

/// A page that is being served.
#[derive(Clone)]
pub(crate) struct Page {
    shared: Arc<Shared>,
    addr: SocketAddr,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    /// A browser has asked for something to do.
    visited: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// What nobody has fetched yet.
    waiting: VecDeque<(u64, Call)>,
    /// The connections under way, by number, with where their events go.
    under_way: HashMap<u64, mpsc::Sender<Vec<u8>>>,
    next: u64,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole after every statement that changes it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// Serves the page.
    pub(crate) async fn serve(listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, addr })
    }

    /// Where it is.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Completes when a browser has come.
    pub(crate) async fn visited(&self) {
        let _ = self.shared.visited.subscribe().wait_for(|visited| *visited).await;
    }

    /// Tells the browser that nothing follows, and gives it a moment to hear it.
    pub(crate) async fn end(&self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_waiters();
        tokio::time::sleep(LAST_WORDS).await;
    }
}

impl Starter for Page {
    fn start(&self, call: &Call) -> Result<Started, String> {
        let (tell, reports) = mpsc::channel(MOST_UNREAD);
        let mut state = self.shared.state();
        let id = state.next;
        state.next += 1;
        state.waiting.push_back((id, call.clone()));
        state.under_way.insert(id, tell);
        drop(state);
        self.shared.changed.notify_waiters();
        let (over, ended) = watch::channel(None);
        let hold = Box::new(Hold { shared: Arc::clone(&self.shared), id, _over: over });
        Ok(Started { reports, ended, last_lines: Box::new(Vec::new), hold })
    }

    fn takes_ca(&self) -> bool {
        false
    }

    fn most_at_once(&self) -> usize {
        WORKERS
    }
}

/// A connection that its page keeps until this is dropped.
struct Hold {
    shared: Arc<Shared>,
    id: u64,
    _over: watch::Sender<Option<upspec_exchange::Exit>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.under_way.remove(&self.id);
        state.waiting.retain(|(id, _)| *id != self.id);
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(answer(request, &shared).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, shared: &Shared) -> Answer {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::GET, "/") => content("text/html; charset=utf-8", PAGE),
        (&Method::GET, "/page.js") => content("text/javascript; charset=utf-8", SCRIPT),
        (&Method::GET, "/next") => json_of(&next(shared).await),
        (&Method::GET, path) => match numbered(path, "/over/") {
            Some(id) => json_of(&json!({ "over": over(shared, id).await })),
            None => status(StatusCode::NOT_FOUND),
        },
        (&Method::POST, path) => match numbered(path, "/event/") {
            Some(id) => take_event(request, shared, id).await,
            None => status(StatusCode::NOT_FOUND),
        },
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn numbered(path: &str, prefix: &str) -> Option<u64> {
    path.strip_prefix(prefix)?.parse().ok()
}

/// The next connection to open, if there is one soon.
async fn next(shared: &Shared) -> serde_json::Value {
    shared.visited.send_replace(true);
    let found = poll(shared, |state| {
        if state.is_over {
            return Some(json!({ "over": true }));
        }
        let (id, call) = state.waiting.pop_front()?;
        let url = String::from_utf8_lossy(&call.url).into_owned();
        Some(json!({ "id": id, "case": call.case, "url": url }))
    });
    found.await.unwrap_or_else(|| json!({}))
}

/// Whether a connection is over; waits a while if it is not.
async fn over(shared: &Shared, id: u64) -> bool {
    poll(shared, |state| (!state.under_way.contains_key(&id)).then_some(())).await.is_some()
}

/// Asks again whenever something has changed, for a while.
async fn poll<T>(shared: &Shared, mut ask: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
    let asked = async {
        loop {
            let changed = shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let found = ask(&mut shared.state());
            if found.is_some() {
                return found;
            }
            changed.await;
        }
    };
    timeout(LONG_POLL, asked).await.ok().flatten()
}

async fn take_event(request: Request<Incoming>, shared: &Shared, id: u64) -> Answer {
    let body = Limited::new(request.into_body(), LONGEST_EVENT).collect().await;
    let Ok(body) = body else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let tell = shared.state().under_way.get(&id).cloned();
    if let Some(tell) = tell {
        let _ = tell.try_send(body.to_bytes().to_vec());
    }
    status(StatusCode::NO_CONTENT)
}

fn content(kind: &'static str, text: &'static str) -> Answer {
    with_type(kind, Bytes::from_static(text.as_bytes()))
}

fn json_of(value: &serde_json::Value) -> Answer {
    with_type("application/json", value.to_string().into())
}

fn with_type(kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, hyper::header::HeaderValue::from_static(POLICY));
    answer
}

fn status(code: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = code;
    answer
}

const PAGE: &str = include_str!("page/page.html");
const SCRIPT: &str = include_str!("page/page.js");
/// The page loads nothing but its script, and connects wherever a case says.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' ws: wss:";
/// How many connections a page opens at a time.
const WORKERS: usize = 4;
/// How long a request may wait for its answer.
const LONG_POLL: Duration = Duration::from_secs(20);
/// How long the browser is given to hear that all is done.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The longest event that a page may post.
const LONGEST_EVENT: usize = 256 * 1024;
/// How many events may wait to be read.
const MOST_UNREAD: usize = 1_000;
