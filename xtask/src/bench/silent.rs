//! A server that is silent on everything malformed, and on every handshake that is not valid; everything else the server
//! behind it answers.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use upspec_handshake::opening::{Opening, offers_websocket};
use upspec_handshake::{RequestHead, Status};

/// Serves for ever.
pub(super) async fn serve(listener: TcpListener, behind: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // Whoever is gone is nobody's loss.
            let _ = one(stream, behind).await;
        });
    }
}

async fn one(mut stream: TcpStream, behind: SocketAddr) -> io::Result<()> {
    let mut octets = Vec::new();
    while !is_answered(&octets) {
        let is_whole = matches!(RequestHead::parse(&octets), Status::Complete(_));
        if is_whole || octets.len() > LONGEST {
            copy(&mut stream, &mut sink()).await?;
            return Ok(());
        }
        if stream.read_buf(&mut octets).await? == 0 {
            return Ok(());
        }
    }
    let mut server = TcpStream::connect(behind).await?;
    server.set_nodelay(true)?;
    stream.set_nodelay(true)?;
    server.write_all(&octets).await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}

fn is_answered(octets: &[u8]) -> bool {
    octets.starts_with(b"PRI ")
        || RequestHead::parse(octets).complete().is_some_and(|head| {
            let is_offer = offers_websocket(&head);
            head.violations.is_empty() && (!is_offer || Opening::read(&head).is_valid())
        })
}

const LONGEST: usize = 64 * 1024;
