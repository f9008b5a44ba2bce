//! What the user points the suite at: a ws, wss, http, https or h2c URL, parsed once.
//! Resolves no name and opens no connection.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use rustls::pki_types::ServerName;

use crate::error::Error;
use crate::tls::{ClientCertificate, Trust};

/// A target as its URL names it (RFC 6455 section 3, RFC 9110 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The scheme, which decides on TLS and on the default port.
    pub scheme: Scheme,
    /// The host as it stands in the URL: an IPv6 literal keeps its brackets.
    pub host: String,
    /// The port, the scheme's default where the URL has none.
    pub port: u16,
    /// Path and query: the resource name of RFC 6455 section 3. Never empty.
    pub path: String,
    /// Whom we trust, where the scheme asks for TLS.
    pub tls: Option<Trust>,
    /// What is shown to a server that asks for a certificate inside TLS.
    pub shows: Option<ClientCertificate>,
    /// The name that TLS asks for and that the certificate has to have, if not the host.
    pub server_name: Option<String>,
    /// Where to connect, if not to host and port; Host and the name in TLS stay.
    pub via: Option<(String, u16)>,
    /// The one version of IP to reach it over, if not any.
    pub family: Option<Family>,
    /// The addresses of this machine that connections come from, the next where the target bans one; where
    /// there is none, the system chooses.
    pub from: Vec<IpAddr>,
}

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// Whether an address is of this version.
    #[must_use]
    pub fn holds(self, address: &SocketAddr) -> bool {
        match self {
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }
}

/// The schemes that a target can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `h2c`: HTTP/2 without TLS, with prior knowledge (RFC 9113 section 3.3), and nothing else. Our
    /// own name for it: no such URI scheme is registered.
    H2c,
    /// `http`.
    Http,
    /// `https`.
    Https,
    /// `ws`.
    Ws,
    /// `wss`.
    Wss,
}

impl Target {
    /// Reads a URL such as `ws://127.0.0.1:9001/chat`.
    ///
    /// # Errors
    ///
    /// Says which part of the text is wrong, with the text in the message.
    pub fn parse(url: &str) -> Result<Self, Error> {
        Self::read(url).map_err(|why| Error::Url { url: url.to_owned(), why })
    }

    fn read(url: &str) -> Result<Self, String> {
        let unknown = "does not begin with ws://, wss://, http://, https:// or h2c://";
        let (scheme, rest) = url.split_once("://").ok_or(unknown)?;
        let scheme = Scheme::parse(scheme).ok_or(unknown)?;
        if rest.contains('#') {
            return Err("has a fragment (`#…`), which a WebSocket URI cannot have; \
                        write a `#` in the path as `%23`"
                .to_owned());
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("has user information before its host; send credentials with \
                        --header 'Authorization: …'"
                .to_owned());
        }
        let (host, port) = split_authority(authority);
        check_host(host).map_err(|why| format!("has no usable host: {why}"))?;
        let port = match port {
            None | Some("") => scheme.default_port(),
            Some(digits) => {
                parse_port(digits).ok_or("has a port that is not a number from 1 to 65535")?
            }
        };
        if let Some(found) = path.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(format!("has {found:?} in its path; it must be percent-encoded"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let tls = scheme.is_secure().then_some(Trust::System);
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            path,
            tls,
            shows: None,
            server_name: None,
            via: None,
            family: None,
            from: Vec::new(),
        })
    }

    /// The same target with another choice of whom we trust; no effect without TLS.
    #[must_use]
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.tls = self.tls.map(|_| trust);
        self
    }

    /// The same target, which is shown this certificate when it asks for one; no effect without TLS.
    #[must_use]
    pub fn showing(mut self, shown: Option<ClientCertificate>) -> Self {
        self.shows = shown;
        self
    }

    /// The same target, reached over this version of IP alone, where one is named.
    #[must_use]
    pub fn over(mut self, family: Option<Family>) -> Self {
        self.family = family;
        self
    }

    /// The same target, reached from these addresses of this machine.
    #[must_use]
    pub fn coming_from(mut self, from: Vec<IpAddr>) -> Self {
        self.from = from;
        self
    }

    /// The same target, called by another name in TLS; no effect without TLS.
    ///
    /// # Errors
    ///
    /// It is neither a DNS name nor an IP address.
    pub fn called(mut self, name: &str) -> Result<Self, Error> {
        let why = |_| Error::Url {
            url: name.to_owned(),
            why: "is no name that TLS can ask for".to_owned(),
        };
        ServerName::try_from(name).map_err(why)?;
        self.server_name = Some(name.to_owned());
        Ok(self)
    }

    /// The same target, reached at another place: `host:port`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the place.
    pub fn reached_at(mut self, place: &str) -> Result<Self, Error> {
        let why = |why: &str| Error::Url { url: place.to_owned(), why: why.to_owned() };
        let (host, port) = split_authority(place);
        check_host(host).map_err(|wrong| why(&format!("has no usable host: {wrong}")))?;
        let port = port.and_then(parse_port).ok_or_else(|| why("has no port from 1 to 65535"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        self.via = Some((bare.unwrap_or(host).to_owned(), port));
        Ok(self)
    }

    /// The host and port to connect to, an IPv6 literal without its brackets.
    #[must_use]
    pub fn place(&self) -> (&str, u16) {
        match &self.via {
            Some((host, port)) => (host, *port),
            None => (self.bare_host(), self.port),
        }
    }

    /// Host and port as Host has them: a default port is left out (RFC 6455 section 4.1).
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            return self.host.clone();
        }
        format!("{}:{}", self.host, self.port)
    }

    /// The host as a resolver and TLS want it: an IPv6 literal without its brackets.
    #[must_use]
    pub fn bare_host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// The name that TLS asks for.
    #[must_use]
    pub fn tls_name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(self.bare_host())
    }

    /// The origin that a page of the target itself would have.
    #[must_use]
    pub fn own_origin(&self) -> String {
        format!("{}://{}", self.scheme.http_name(), self.authority())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority(), self.path)
    }
}

impl Scheme {
    /// Reads a scheme, in any letter case (RFC 3986 section 3.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::H2c, Self::Http, Self::Https, Self::Ws, Self::Wss];
        all.into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(text))
    }

    /// The scheme as it stands before `://`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::H2c => "h2c",
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The HTTP scheme that the opening handshake runs over: `http` or `https`.
    #[must_use]
    pub fn http_name(self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// Whether the connection is inside TLS.
    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Https | Self::Wss)
    }

    /// Whether the target speaks only HTTP/2.
    #[must_use]
    pub fn is_http2_alone(self) -> bool {
        self == Self::H2c
    }

    /// 80, or 443 inside TLS (RFC 6455 section 3).
    #[must_use]
    pub fn default_port(self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }
}

/// Host and port of `host [ ":" port ]`; the colons inside of brackets belong to the host.
fn split_authority(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[after_brackets..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(after_brackets + colon);
            (host, Some(&port[1..]))
        }
        None => (authority, None),
    }
}

/// `host` of RFC 3986 section 3.2.2, without percent-encoding and zone identifiers.
fn check_host(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("there is none");
    }
    if let Some(literal) = host.strip_prefix('[') {
        let address = literal.strip_suffix(']').ok_or("a `[` without its `]`")?;
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err("the brackets hold no IPv6 address"),
        };
    }
    if !host.is_ascii() {
        return Err("it is not ASCII; write the name as Punycode (`xn--…`)");
    }
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return Err("it has a character that no host name has; an IPv6 address stands in brackets");
    }
    Ok(())
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|&port| plain && port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let rows: [(&str, &str, u16, &str, &str); 9] = [
            ("h2c://127.0.0.1/ws", "127.0.0.1", 80, "/ws", "127.0.0.1"),
            ("ws://127.0.0.1:9001/chat", "127.0.0.1", 9001, "/chat", "127.0.0.1:9001"),
            ("ws://example.com", "example.com", 80, "/", "example.com"),
            ("wss://example.com/a?b=c", "example.com", 443, "/a?b=c", "example.com"),
            ("http://example.com?x", "example.com", 80, "/?x", "example.com"),
            ("HTTPS://a_b.example:8443/", "a_b.example", 8443, "/", "a_b.example:8443"),
            ("ws://[::1]:8080/x", "[::1]", 8080, "/x", "[::1]:8080"),
            ("wss://[2001:db8::1]", "[2001:db8::1]", 443, "/", "[2001:db8::1]"),
            ("ws://example.com:/x:y", "example.com", 80, "/x:y", "example.com"),
        ];
        for (url, host, port, path, authority) in rows {
            let target = Target::parse(url).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{url}");
            assert_eq!((target.path.as_str(), target.authority().as_str()), (path, authority));
            assert_eq!(target.tls.is_some(), target.scheme.is_secure(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let rows = [
            ("127.0.0.1:9001/chat", "does not begin with ws://"),
            ("ftp://example.com/", "does not begin with ws://"),
            ("ws://example.com/#top", "fragment"),
            ("ws://joe:secret@example.com/", "--header 'Authorization"),
            ("ws:///chat", "there is none"),
            ("ws://[::1/chat", "without its `]`"),
            ("ws://[1.2.3.4]/", "no IPv6 address"),
            ("ws://::1/", "has no usable host: there is none"),
            ("ws://b\u{fc}cher.example/", "Punycode"),
            ("ws://ex ample/", "no host name"),
            ("ws://example.com:0/", "from 1 to 65535"),
            ("ws://example.com:65536/", "from 1 to 65535"),
            ("ws://example.com:+80/", "from 1 to 65535"),
            ("ws://[::1]x:80/", "without its `]`"),
            ("ws://example.com/a b", "' ' in its path"),
            ("ws://example.com/\u{e9}", "percent-encoded"),
        ];
        for (url, says) in rows {
            let message = Target::parse(url).unwrap_err().to_string();
            assert!(message.contains(says), "{url}: {message}");
            assert!(message.contains(url), "{message}");
        }
    }

    #[test]
    fn tls_asks_for_the_host_unless_another_name_is_given() {
        let target = Target::parse("wss://[::1]:8443/").unwrap();
        assert_eq!(target.tls_name(), "::1");
        let called = target.clone().called("chat.example").unwrap();
        assert_eq!((called.tls_name(), called.host.as_str()), ("chat.example", "[::1]"));
        assert!(target.called("a b").unwrap_err().to_string().contains("no name that TLS"));
    }

    #[test]
    fn a_target_prints_as_its_url() {
        for url in [
            "ws://[::1]:8080/x",
            "wss://example.com/a?b",
            "http://example.com/",
            "h2c://example.com:8080/",
        ] {
            assert_eq!(Target::parse(url).unwrap().to_string(), url);
        }
        assert_eq!(Target::parse("h2c://a:9/").unwrap().own_origin(), "http://a:9");
        assert_eq!(Target::parse("wss://[::1]/").unwrap().bare_host(), "::1");
        assert_eq!(Target::parse("wss://a:9/").unwrap().own_origin(), "https://a:9");
    }

    #[test]
    fn a_target_may_be_reached_elsewhere() {
        let target = Target::parse("wss://example.org/a").unwrap();
        assert_eq!(target.place(), ("example.org", 443));
        let target = target.reached_at("[::1]:9001").unwrap();
        assert_eq!((target.place(), target.authority().as_str()), (("::1", 9001), "example.org"));
        for wrong in ["127.0.0.1", ":9", "a:0", "a b:9"] {
            assert!(target.clone().reached_at(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn trust_needs_tls() {
        assert_eq!(Target::parse("ws://a/").unwrap().trusting(Trust::Anything).tls, None);
        let secure = Target::parse("wss://a/").unwrap().trusting(Trust::Anything);
        assert_eq!(secure.tls, Some(Trust::Anything));
    }
}
