//! What hostile peers of every kind read and write.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use upspec_handshake::field::key::accept;

/// Answers a request with a refusal, or with none, and ends the connection in good order.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    refusal: &[u8],
) -> io::Result<()> {
    if !refusal.is_empty() {
        let _ = timeout(SECOND, read_head(&mut stream)).await;
        stream.write_all(refusal).await?;
    }
    end(stream).await
}

/// Ends our side, and drops what comes until the other side ends, for a second at most.
pub(super) async fn end<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    stream.shutdown().await?;
    let _ = timeout(SECOND, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
    Ok(())
}

/// What comes up to the empty line, or the first 64 KB.
pub(super) async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < 64 * 1024 && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = stream.read_buf(&mut head).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// The 101 that a request deserves, with so many more field lines.
pub(super) fn switch(head: &[u8], line: &[u8], times: u32) -> Vec<u8> {
    let text = String::from_utf8_lossy(head);
    let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key:"));
    let accept = accept(key.unwrap_or_default().trim().as_bytes());
    let accept = String::from_utf8_lossy(&accept);
    let mut octets = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n"
    )
    .into_bytes();
    for _ in 0..times {
        octets.extend_from_slice(line);
    }
    octets.extend_from_slice(b"\r\n");
    octets
}

const SECOND: Duration = Duration::from_secs(1);
