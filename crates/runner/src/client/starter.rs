//! What brings the client under test to life, once for each exchange.

use std::path::PathBuf;

use tokio::sync::{mpsc, watch};
use upspec_exchange::Exit;

/// What a client is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The URL to connect to, as its octets: some cases have a URL that is none.
    pub url: Vec<u8>,
    /// The host of our listener.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The file with the certificate to trust, in PEM.
    pub ca: PathBuf,
    /// The id of the case that is played.
    pub case: String,
}

impl Call {
    /// What the URL has behind its authority.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        let from = self.url.windows(3).position(|three| three == b"://").map_or(0, |at| at + 3);
        let rest = &self.url[from..];
        &rest[rest.iter().position(|octet| b"/?#".contains(octet)).unwrap_or(rest.len())..]
    }
}

/// Brings clients to life.
pub trait Starter: Send + Sync {
    /// Starts a client. What becomes of it shows on the wire and in what is returned.
    ///
    /// # Errors
    ///
    /// Says why none could be started.
    fn start(&self, call: &Call) -> Result<Started, String>;

    /// Whether clients that it starts can be told whom to trust.
    fn takes_ca(&self) -> bool;

    /// The most clients that it can start at once.
    fn most_at_once(&self) -> usize {
        usize::MAX
    }

    /// How many clients may be on their way to their connection at once: what starts a process takes the machine's
    /// time, and slows down all others.
    fn starting_at_once(&self) -> usize {
        usize::MAX
    }
}

/// A client that was started. Dropping it ends the client.
pub struct Started {
    /// The lines that it prints or posts, each without its end.
    pub reports: mpsc::Receiver<Vec<u8>>,
    /// Set when it has ended by itself.
    pub ended: watch::Receiver<Option<Exit>>,
    /// What it printed at the last, once it has ended.
    pub last_lines: Box<dyn Fn() -> Vec<String> + Send>,
    /// Dropping it ends the client.
    pub hold: Box<dyn Send>,
}

impl Started {
    /// Completes when the client has ended by itself; never when that is not to be seen.
    pub(crate) async fn end(&mut self) -> Exit {
        over(&mut self.ended).await
    }
}

/// Completes when the client has ended by itself; never when that is not to be seen.
pub(crate) async fn over(ended: &mut watch::Receiver<Option<Exit>>) -> Exit {
    match ended.wait_for(Option::is_some).await.ok().and_then(|exit| *exit) {
        Some(exit) => exit,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_url() {
        let rows =
            [("ws://a:1/b?c", "/b?c"), ("ws://a:1", ""), ("ws://a?x=1", "?x=1"), ("nothing", "")];
        for (url, path) in rows {
            let call = Call {
                url: url.as_bytes().to_vec(),
                host: String::new(),
                port: 0,
                ca: PathBuf::new(),
                case: String::new(),
            };
            assert_eq!(call.path(), path.as_bytes(), "{url}");
        }
    }
}
