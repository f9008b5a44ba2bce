//! One attempt of a client to open a connection: where it goes, and what it remembers of those before.

use super::config::ClientConfig;
use super::fault::Effect;
use super::follow;
use super::url::Url;
use super::variation::Way;

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub(crate) url: Url,
    /// How many there were before.
    pub(crate) number: usize,
    /// The value of Authorization, if it is sent.
    pub(crate) credentials: Option<String>,
    /// HTTP/2 has turned out to be of no use.
    pub(crate) is_http1_only: bool,
    /// The nonce of the connection before; only a fault looks at it.
    pub(crate) earlier_nonce: Option<[u8; 16]>,
    /// Where redirects have led so far.
    pub(crate) seen: Vec<Url>,
}

impl Attempt {
    /// The first one.
    ///
    /// # Errors
    ///
    /// Says why the URL is no WebSocket URI (RFC 6455 3, 4.1).
    pub fn first(config: &ClientConfig) -> Result<Self, String> {
        let misread = config.effects().find_map(|effect| match effect {
            Effect::Url(read) => read(&config.url),
            _ => None,
        });
        let is_misread = misread.is_some();
        let url = match misread {
            Some(url) if url.host.is_empty() => return Err("this URL is refused".to_owned()),
            Some(url) => url,
            None => {
                Url::parse(&config.url).map_err(|why| format!("this is no WebSocket URI: {why}"))?
            }
        };
        if url.userinfo.is_some() && !is_misread && !config.goes(Way::Credentials) {
            return Err("this is no WebSocket URI: it has a user name".to_owned());
        }
        let sent = url.userinfo.as_deref().filter(|_| config.goes(Way::CredentialsAtOnce));
        Ok(Self {
            credentials: sent.map(follow::basic),
            url,
            number: 0,
            is_http1_only: false,
            earlier_nonce: None,
            seen: Vec::new(),
        })
    }

    /// The next one, to the same place.
    pub(crate) fn next(&self) -> Self {
        Self { number: self.number + 1, ..self.clone() }
    }
}
