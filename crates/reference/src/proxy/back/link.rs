//! Puts a connection of HTTP/2 between the pipe of a relay and TCP, one task for each.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use super::{Back, BackAction, BackEvent};
use crate::proxy::config::ProxyConfig;
use crate::proxy::half::Reset;
use crate::proxy::pipe::{Pipe, pipe};
use crate::proxy::pool;

/// What a relay has of its connection to the origin: the connection itself, or the pipe to one of HTTP/2.
#[derive(Debug)]
pub(in crate::proxy) enum Upstream {
    Http1(TcpStream),
    Http2(Pipe),
}

/// Opens a connection to the origin that speaks HTTP/2.
pub(in crate::proxy) async fn open(
    config: &Arc<ProxyConfig>,
    origin: SocketAddr,
) -> io::Result<Upstream> {
    let stream = pool::open(origin).await?;
    let (relay, own) = pipe(ROOM);
    tokio::spawn(serve(Back::new(Arc::clone(config)), stream, own));
    Ok(Upstream::Http2(relay))
}

async fn serve(mut back: Back, mut origin: TcpStream, mut relay: Pipe) {
    let (mut came, mut written) = (vec![0; READ_SIZE], vec![0; READ_SIZE]);
    let (mut has_relay_ended, mut has_origin_ended) = (false, false);
    loop {
        let event = tokio::select! {
            read = relay.read(&mut written), if !has_relay_ended => match read {
                Ok(0) => BackEvent::RelayEnd,
                Ok(length) => BackEvent::Relay(&written[..length]),
                Err(_) => BackEvent::RelayReset,
            },
            read = origin.read(&mut came), if !has_origin_ended => match read {
                Ok(length) if length > 0 => BackEvent::Origin(&came[..length]),
                _ => BackEvent::OriginEnd,
            },
            else => return,
        };
        has_relay_ended |= matches!(event, BackEvent::RelayEnd | BackEvent::RelayReset);
        has_origin_ended |= matches!(event, BackEvent::OriginEnd);
        for action in back.take(event) {
            // Who is gone is read in its turn.
            match action {
                BackAction::ToOrigin(octets) => drop(origin.write_all(&octets).await),
                BackAction::ToRelay(octets) => drop(relay.write_all(&octets).await),
                BackAction::EndRelay => drop(relay.shutdown().await),
                BackAction::ResetRelay => {
                    relay.reset();
                    let _ = relay.shutdown().await;
                }
                BackAction::Close => {
                    let _ = origin.shutdown().await;
                    return;
                }
            }
        }
    }
}

impl Reset for Upstream {
    fn reset(&self) {
        match self {
            Self::Http1(stream) => stream.reset(),
            Self::Http2(pipe) => pipe.reset(),
        }
    }
}

impl AsyncRead for Upstream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Http1(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Http2(pipe) => Pin::new(pipe).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Upstream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Http1(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Http2(pipe) => Pin::new(pipe).poll_write(cx, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Http1(stream) => Pin::new(stream).poll_flush(cx),
            Self::Http2(pipe) => Pin::new(pipe).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Http1(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Http2(pipe) => Pin::new(pipe).poll_shutdown(cx),
        }
    }
}

const READ_SIZE: usize = 16 * 1024;
const ROOM: usize = 64 * 1024;
