//! Clients and intermediaries that are no longer there in mid-run: nobody is asked hundreds of times, nobody is accused.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, unbounded_channel};
use tokio::sync::watch;
use upspec_corpus::Corpus;
use upspec_corpus::case::Role;
use upspec_exchange::Exit;
use upspec_judge::{Demise, Reason, Verdict};
use upspec_reference::{ClientConfig, Proxy, ProxyConfig, connect};
use upspec_runner::{
    Call, ClientSettings, Ending, Origin, Plan, ProxySettings, Started, Starter, Target,
    run_clients, run_proxy,
};

/// Starts so many reference clients, and then processes that end at once.
struct Fickle {
    starts: Arc<AtomicUsize>,
    good: usize,
}

impl Starter for Fickle {
    fn start(&self, call: &Call) -> Result<Started, String> {
        let is_good = self.starts.fetch_add(1, Ordering::Relaxed) < self.good;
        let url = String::from_utf8_lossy(&call.url).into_owned();
        let config = ClientConfig { ca: Some(call.ca.clone()), ..ClientConfig::for_url(url) };
        let (tell, reports) = mpsc::channel(100);
        let (over, ended) = watch::channel(None);
        let task = tokio::spawn(async move {
            if is_good {
                let mut report = |report: upspec_reference::ClientReport| {
                    let _ = tell.try_send(report.to_json_line().into_bytes());
                };
                connect(&config, &mut report).await;
            }
            over.send_replace(Some(Exit::Status(1)));
        });
        let hold = Box::new(Ends(task));
        Ok(Started { reports, ended, last_lines: Box::new(Vec::new), hold })
    }

    fn takes_ca(&self) -> bool {
        true
    }
}

struct Ends(tokio::task::JoinHandle<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[tokio::test]
async fn a_client_that_is_no_longer_what_it_was_is_not_started_for_all_cases() {
    let corpus = Corpus::embedded().unwrap();
    let plan = Plan::of(Role::Client, &corpus.cases, |_| true);
    let starts = Arc::new(AtomicUsize::new(0));
    let starter = Arc::new(Fickle { starts: Arc::clone(&starts), good: 20 });
    let (events, _told) = unbounded_channel();
    let settings = ClientSettings::default();
    let outcome = run_clients(plan, starter, settings, requirements(), events, pending()).await;
    assert_eq!(outcome.ending, Ending::TargetDied { suspects: Vec::new() });
    assert!(starts.load(Ordering::Relaxed) < 120, "{starts:?}");
    assert_eq!(outcome.remarks.len(), 1, "{:?}", outcome.remarks);
    let accused = outcome.results.iter().filter(|result| {
        !result.id.ends_with("-again") && matches!(result.verdict, Verdict::Fail | Verdict::Warn)
    });
    assert_eq!(accused.count(), 0);
    assert!(outcome.results.iter().filter(|one| one.reason == Some(Reason::Blocked)).count() > 100);
}

/// The reference gateway, of which so many connections come through; the others get no answer.
async fn hanging_behind(good: usize, origin: SocketAddr) -> SocketAddr {
    in_front(origin, move |count, _| count <= good, b"").await
}

/// Where the reference gateway is, and a listener for who stands in front of it.
async fn gateway(origin: SocketAddr) -> (SocketAddr, TcpListener) {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let proxy = Proxy::bind(ProxyConfig::new(listen, origin)).await.unwrap();
    let behind = proxy.local_addr();
    tokio::spawn(proxy.serve());
    (behind, TcpListener::bind(listen).await.unwrap())
}

/// The reference gateway behind who lets connections through by how many there were and how many go on; the others get
/// this answer.
async fn in_front(
    origin: SocketAddr,
    lets_through: impl Fn(usize, usize) -> bool + Send + 'static,
    refusal: &'static [u8],
) -> SocketAddr {
    let (behind, listener) = gateway(origin).await;
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut count, going_on) = (0, Arc::new(AtomicUsize::new(0)));
        while let Ok((mut client, _)) = listener.accept().await {
            count += 1;
            let going_on = Arc::clone(&going_on);
            let comes_through = lets_through(count, going_on.load(Ordering::Relaxed));
            tokio::spawn(async move {
                if !comes_through {
                    if !refusal.is_empty() {
                        read_head(&mut client).await;
                        return answer(&mut client, refusal).await;
                    }
                    return drain(&mut client).await;
                }
                going_on.fetch_add(1, Ordering::Relaxed);
                let mut gateway = TcpStream::connect(behind).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut gateway).await;
                going_on.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    address
}

#[tokio::test]
async fn an_intermediary_that_hangs_is_noticed_and_told() {
    let corpus = Corpus::embedded().unwrap();
    let plan = Plan::of(Role::Intermediary, &corpus.cases, |case| {
        case.id.contains("/hop-by-hop/") || case.id.contains("/content/")
    });
    let origin = Origin::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = hanging_behind(10, origin.address()).await;
    let target = Target::parse(&format!("http://{address}/")).unwrap();
    let (events, _told) = unbounded_channel();
    let (window_floor, timeout) = (Duration::from_millis(200), Duration::from_secs(1));
    let settings = ProxySettings { window_floor, timeout, ..ProxySettings::default() };
    let outcome =
        run_proxy(plan, target, origin, settings, requirements(), events, pending()).await;
    assert!(matches!(outcome.ending, Ending::TargetDied { .. }), "{:?}", outcome.ending);
    let deaths: Vec<Demise> =
        outcome.results.iter().filter_map(|result| Some(result.death.as_ref()?.how)).collect();
    assert_eq!(deaths, [Demise::Hanging]);
    let accused = |result: &&upspec_judge::CaseResult| {
        result.death.is_none() && matches!(result.verdict, Verdict::Fail | Verdict::Warn)
    };
    assert_eq!(outcome.results.iter().filter(accused).count(), 0);
}

#[tokio::test]
async fn an_intermediary_that_serves_few_at_once_is_asked_again() {
    let corpus = Corpus::embedded().unwrap();
    let plan = Plan::of(Role::Intermediary, &corpus.cases, |case| case.id.contains("/hop-by-hop/"));
    let origin = Origin::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let refusal = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let address = in_front(origin.address(), |_, going_on| going_on < 3, refusal).await;
    let target = Target::parse(&format!("http://{address}/")).unwrap();
    let (events, _told) = unbounded_channel();
    let settings = ProxySettings::default();
    let outcome =
        run_proxy(plan, target, origin, settings, requirements(), events, pending()).await;
    assert_eq!(outcome.ending, Ending::Complete);
    let bad =
        outcome.results.iter().filter(|one| matches!(one.verdict, Verdict::Fail | Verdict::Warn));
    assert_eq!(bad.map(|one| one.id.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test]
async fn who_floods_the_origin_with_requests_of_its_own_is_told_of() {
    for (a_connection, is_told) in [(1, false), (20, true)] {
        let corpus = Corpus::embedded().unwrap();
        let wanted = |case: &upspec_corpus::case::Case| case.id.contains("/hop-by-hop/");
        let plan = Plan::of(Role::Intermediary, &corpus.cases, wanted);
        let origin = Origin::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = with_strays(origin.address(), a_connection).await;
        let target = Target::parse(&format!("http://{address}/")).unwrap();
        let (events, _told) = unbounded_channel();
        let settings = ProxySettings::default();
        let outcome =
            run_proxy(plan, target, origin, settings, requirements(), events, pending()).await;
        assert_eq!(outcome.ending, Ending::Complete);
        let tells = |remark: &String| remark.contains("sends what no client has sent");
        assert_eq!(outcome.remarks.iter().any(tells), is_told, "{a_connection}");
    }
}

/// The reference gateway, which for each connection sends so many requests of its own to the origin first.
async fn with_strays(origin: SocketAddr, a_connection: usize) -> SocketAddr {
    let (behind, listener) = gateway(origin).await;
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                for _ in 0..a_connection {
                    let mut stray = TcpStream::connect(origin).await.unwrap();
                    answer(&mut stray, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await;
                    read_head(&mut stray).await;
                }
                let mut gateway = TcpStream::connect(behind).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut gateway).await;
            });
        }
    });
    address
}
