//! Steps on connections in memory: whichever end we are, one or several, on one timeline.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use crate::support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, Case, Grade, LinkName, Outcome, Role, Step};
use upspec_corpus::template::{Binding, Part, Template};
use upspec_corpus::words::Word as _;
use upspec_exchange::{IoKind, Link, Octets, Over, Record, Talk};
use upspec_handshake::field::key::accept;
use upspec_judge::client_outcome;
use upspec_runner::{Limits, Play, Stream, play_on};

/// A connection in memory: our end as a link with this name, and the peer's.
fn connected(name: LinkName) -> ((Link, Stream), DuplexStream) {
    let (ours, theirs) = duplex(64 * 1024);
    ((Link::plain(name.word(), name.we(), Over::Http1), Stream::plain(ours)), theirs)
}

async fn played(case: &Case, links: Vec<(Link, Stream)>, window: Duration) -> Record {
    let limits = Limits { window, ..limits() };
    play_on(
        links,
        &Play { case, bindings: &Bindings::default(), close: b"close", limits, reports: false },
    )
    .await
}

fn at(at: LinkName, act: Act) -> Step {
    Step::at(at, act)
}

fn binding(binding: Binding) -> Act {
    Act::Send(Template { parts: vec![Part::Binding(binding)] })
}

async fn head(peer: &mut DuplexStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(peer.read_u8().await.unwrap());
    }
    head
}

#[tokio::test]
async fn a_server_answers_the_key_that_it_has_read() {
    let (link, mut client) = connected(LinkName::Origin);
    let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: ";
    let steps = [
        Act::AwaitOther(Awaited::Request),
        Act::Send(octets(switching)),
        binding(Binding::Accept),
        Act::Send(octets("\r\n\r\n")),
    ];
    let steps = steps.map(|act| at(LinkName::Origin, act)).to_vec();
    let key = "AAECAwQFBgcICQoLDA0ODw==";
    let peer = tokio::spawn(async move {
        // Not a head yet, so that the server has to wait for more.
        let (first, rest) = HANDSHAKE.split_at(40);
        client.write_all(first.as_bytes()).await.unwrap();
        client.write_all(rest.replace("{key}", key).as_bytes()).await.unwrap();
        let head = head(&mut client).await;
        let mut left = Vec::new();
        client.read_to_end(&mut left).await.unwrap();
        (head, left)
    });
    let case = case("server/test/accept", steps);
    let record = played(&case, vec![link], Duration::from_secs(10)).await;
    let (head, left) = peer.await.unwrap();
    let wanted = [switching.as_bytes(), &accept(key.as_bytes()), b"\r\n\r\n"].concat();
    assert_eq!(String::from_utf8_lossy(&head), String::from_utf8_lossy(&wanted));
    // A server's Close frame has no mask.
    assert_eq!(left, b"\x88\x02\x03\xe8");
    let first = record.io.iter().find(|io| io.kind == IoKind::Wrote).unwrap();
    assert_eq!(first.bytes, wanted, "adjacent sends are one write");
    assert!(!record.saw(IoKind::Deadline));
}

#[tokio::test]
async fn a_request_that_never_comes_is_a_deadline() {
    let (link, _client) = connected(LinkName::Origin);
    let steps = vec![
        at(LinkName::Origin, Act::AwaitOther(Awaited::Request)),
        at(LinkName::Origin, send(GET).act),
    ];
    let case = case("server/test/silent", steps);
    let record = played(&case, vec![link], Duration::from_millis(50)).await;
    assert!(record.saw(IoKind::Deadline) && !record.saw(IoKind::Wrote));
}

#[tokio::test]
async fn both_ends_of_an_intermediary_share_a_timeline() {
    let (front, mut from_client) = connected(LinkName::Client);
    let (back, mut to_origin) = connected(LinkName::Origin);
    let forwarding = tokio::spawn(async move {
        let request = head(&mut from_client).await;
        to_origin.write_all(&request).await.unwrap();
        let response = head(&mut to_origin).await;
        from_client.write_all(&response).await.unwrap();
        // Both stay until the other side has read all.
        let _ = from_client.read_u8().await;
    });
    let steps = vec![
        at(LinkName::Client, send(GET).act),
        at(LinkName::Origin, Act::AwaitOther(Awaited::Request)),
        at(LinkName::Origin, send_octets(NOT_FOUND).act),
    ];
    let case = case("server/test/forwarded", steps);
    let record = played(&case, vec![front, back], Duration::from_secs(10)).await;
    forwarding.await.unwrap();
    let happened: Vec<_> = record.io.iter().map(|io| (io.link, io.kind)).collect();
    let wanted = [
        (0, IoKind::Wrote),
        (1, IoKind::Read),
        (1, IoKind::Wrote),
        (0, IoKind::Read),
        (0, IoKind::Decided),
    ];
    assert_eq!(happened[..5], wanted);
    assert!(record.io.windows(2).all(|two| two[0].at_us <= two[1].at_us));
    assert_eq!(record.sent(1, record.links[0].we), GET.as_bytes());
}

#[tokio::test]
async fn a_fill_counts_the_octets_before_a_wait() {
    let (link, mut server) = connected(LinkName::Client);
    let fill = Template {
        parts: vec![Part::Binding(Binding::Fill(8)), Part::Bytes(b"\r\n\r\n".to_vec())],
    };
    let steps = vec![
        send("GET / HTTP/1.1\r\nX: "),
        Act::Wait(Duration::from_millis(1)).into(),
        send(""),
        Act::Send(fill).into(),
        Act::ShutdownWrite.into(),
        Act::Repeat { times: 3, bytes: octets("tail") }.into(),
    ];
    let peer = tokio::spawn(async move {
        let mut all = Vec::new();
        server.read_to_end(&mut all).await.unwrap();
        all
    });
    let case = case("server/test/fill", steps);
    let record = played(&case, vec![link], Duration::from_millis(50)).await;
    assert_eq!(peer.await.unwrap(), b"GET / HTTP/1.1\r\nX: aaaaa\r\n\r\n");
    let kinds: Vec<_> = record.io.iter().map(|io| io.kind).collect();
    assert_eq!(kinds[..3], [IoKind::Wrote, IoKind::Wrote, IoKind::ShutWrite]);
}

/// A case for a client that fails when the connection opens.
fn client_case(id: &str, steps: &[Act]) -> Case {
    let steps = steps.iter().map(|act| at(LinkName::Origin, act.clone())).collect();
    let lawful = [Outcome::Failed, Outcome::Waits, Outcome::Held];
    Case {
        role: Role::Client,
        expect: vec![expect(Grade::Pass, &lawful), expect(Grade::Fail, &[Outcome::Opened])],
        ..case(id, steps)
    }
}

const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: ";

#[tokio::test]
async fn a_ping_goes_out_by_itself_and_a_silent_client_sees_our_end() {
    for answers in [true, false] {
        let (link, mut client) = connected(LinkName::Origin);
        let steps = [
            Act::AwaitOther(Awaited::Request),
            Act::SendBytewise(octets(SWITCHING)),
            binding(Binding::AcceptSwapped),
            Act::Send(octets("\r\n\r\n")),
            Act::AwaitOther(Awaited::Opened),
        ];
        let peer = tokio::spawn(async move {
            client.write_all(HANDSHAKE.replace("{key}", "a2V5").as_bytes()).await.unwrap();
            head(&mut client).await;
            let mut ping = [0; 6];
            client.read_exact(&mut ping).await.unwrap();
            if answers {
                client.write_all(b"\x8A\x84\0\0\0\0ping").await.unwrap();
            }
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
            ping
        });
        let bindings = Bindings { ping: b"\x89\x84\0\0\0\0ping".to_vec(), ..Bindings::default() };
        let limits = Limits { window: Duration::from_millis(100), ..limits() };
        let case = client_case("client/test/opened", &steps);
        let play = Play { case: &case, bindings: &bindings, close: b"", limits, reports: false };
        let record = play_on(vec![link], &play).await;
        assert_eq!(&peer.await.unwrap(), b"\x89\x04ping", "a server's Ping has no mask");
        let wrote = record.io.iter().filter(|io| io.kind == IoKind::Wrote);
        assert!(wrote.count() > SWITCHING.len(), "each octet is a write");
        assert_eq!(record.saw(IoKind::ShutWrite), !answers);
        let said = Octets::of(&record);
        let outcome = client_outcome(&Talk::read(&said[0]));
        assert_eq!(outcome, if answers { Outcome::Opened } else { Outcome::Waits });
    }
}

#[tokio::test]
async fn waits_for_octets_go_on_with_the_rest() {
    let (link, mut client) = connected(LinkName::Origin);
    let steps = [
        Act::AwaitOther(Awaited::Request),
        Act::AwaitOther(Awaited::Content),
        Act::Send(octets("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n")),
        Act::AwaitCount(2),
        Act::AwaitOctets(octets("there")),
        Act::AwaitOther(Awaited::CloseFrame),
        Act::PauseReading(Duration::from_millis(5)),
        Act::AwaitOther(Awaited::Silence),
        Act::ShutdownBoth,
    ];
    let peer = tokio::spawn(async move {
        client.write_all(b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\n").await.unwrap();
        client.write_all(b"ok").await.unwrap();
        head(&mut client).await;
        client.write_all(b"\x82\x85\0\0\0\0there").await.unwrap();
        client.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        rest
    });
    let case = client_case("client/test/octets", &steps);
    let record = played(&case, vec![link], Duration::from_millis(50)).await;
    assert_eq!(peer.await.unwrap(), b"", "both directions have ended");
    let kinds: Vec<_> = record.io.iter().map(|io| io.kind).collect();
    assert!(kinds.contains(&IoKind::ShutWrite) && kinds.contains(&IoKind::Closed), "{kinds:?}");
}
