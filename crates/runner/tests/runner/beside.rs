//! A death that cuts what other cases have under way.

use std::future::pending;
use std::sync::Arc;

use crate::support::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use upspec_corpus::case::{Grade, Outcome};
use upspec_runner::{Ending, Plan, run};

/// Whose connection is cut when another case kills the target plays again at once, and is no suspect for that.
#[tokio::test]
async fn who_plays_again_when_the_target_dies_did_not_kill_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (killed, alive) = watch::channel(());
        let killed = Arc::new(killed);
        while let Ok((mut stream, _)) = listener.accept().await {
            if alive.has_changed().unwrap_or(true) {
                continue;
            }
            let (killed, mut cut) = (Arc::clone(&killed), alive.clone());
            tokio::spawn(async move {
                match beginning(&stream).await.as_str() {
                    "HOLD" => {
                        read_head(&mut stream).await;
                        let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe";
                        let _ = stream.write_all(begun).await;
                        let _ = cut.changed().await;
                    }
                    "KILL" => {
                        read_head(&mut stream).await;
                        let _ = stream.write_all(BAD_REQUEST).await;
                        killed.send_replace(());
                    }
                    _ => websocket(stream).await,
                }
            });
        }
    });
    let asks = |name: &str, method: &str| {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        case(&format!("server/a/{name}"), vec![send(&request)])
    };
    let mut hold = asks("hold", "HOLD");
    hold.expect = vec![expect(Grade::Fail, &[Outcome::Status(200)])];
    let cases = [control(), hold, asks("killer", "KILL")];
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases, |_| true);
    let outcome = run(plan, target(address), settings(), requirements(), events, pending()).await;
    let suspects = vec!["server/a/killer".to_owned()];
    assert_eq!(outcome.ending, Ending::TargetDied { suspects });
}
