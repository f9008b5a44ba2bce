//! WebSocket URIs (RFC 6455 3), as strictly as their grammar has them.
//! Resolves no name.

use upspec_handshake::field::host::{Host, HostForm};
use upspec_handshake::field::target::Target;

/// Where a client connects, and what it asks for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// The connection is inside TLS.
    pub(crate) is_secure: bool,
    /// The user name and the password before the host, if there are any.
    pub(crate) userinfo: Option<String>,
    /// The host as it is written; an address of IPv6 has its brackets.
    pub(crate) host: String,
    /// What Host says in place of host and port; only a fault does that.
    pub(crate) shown_host: Option<String>,
    /// The port, if it is written.
    pub(crate) explicit_port: Option<u16>,
    /// Path and query: the resource name, which begins with a slash.
    pub(crate) target: String,
}

impl Url {
    /// ```text
    /// ws-URI  = "ws:" "//" host [ ":" port ] path [ "?" query ]
    /// wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]    RFC 6455 3
    /// ```
    ///
    /// An empty path becomes a slash. A user name before the host is read, though the grammar has none;
    /// whoever connects says whether it may be there.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme and host")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            _ => return Err("its scheme is neither ws nor wss"),
        };
        if rest.contains('#') {
            return Err("it has a fragment");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, resource) = rest.split_at(end);
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        let target = match resource.starts_with('/') {
            true => resource.to_owned(),
            false => format!("/{resource}"),
        };
        if !matches!(Target::parse(target.as_bytes()), Ok(Target::Origin { .. })) {
            return Err("its path or query has a character that no URI has there");
        }
        let read =
            Host::parse(authority.as_bytes()).map_err(|_| "its host or port is malformed")?;
        if read.form == HostForm::Empty {
            return Err("it has no host");
        }
        let has_port = read.port.is_some_and(|digits| !digits.is_empty());
        if has_port && read.port_number().is_none() {
            return Err("its port is above 65535");
        }
        let host = authority[..read.host.len()].to_owned();
        Ok(Self {
            is_secure,
            userinfo,
            host,
            shown_host: None,
            explicit_port: read.port_number(),
            target,
        })
    }

    /// The port to connect to.
    pub(crate) fn port(&self) -> u16 {
        self.explicit_port.unwrap_or(self.default_port())
    }

    fn default_port(&self) -> u16 {
        if self.is_secure { 443 } else { 80 }
    }

    /// The host as it is resolved: an address of IPv6 without its brackets.
    pub(crate) fn host_name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The value of Host: with the port unless it is the default one (RFC 6455 4.1).
    pub(crate) fn authority(&self) -> String {
        if let Some(shown) = &self.shown_host {
            return shown.clone();
        }
        match self.port() {
            port if port == self.default_port() => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Url;

    fn read(text: &str) -> String {
        match Url::parse(text) {
            Ok(url) => {
                let scheme = if url.is_secure { "wss" } else { "ws" };
                let user = url.userinfo.as_ref().map_or(String::new(), |user| format!("{user}@"));
                format!("{scheme} {user}{} {}", url.authority(), url.target)
            }
            Err(why) => why.to_owned(),
        }
    }

    #[test]
    fn rfc6455_3_uris_are_read_by_their_grammar() {
        let rows = [
            ("ws://a", "ws a /"),
            ("ws://a:80/b", "ws a /b"),
            ("ws://a:443/b", "ws a:443 /b"),
            ("WSS://A:443?x=1", "wss A /?x=1"),
            ("ws://[::1]:81/%2F%0d?y#", "it has a fragment"),
            ("ws://[::1]:81/%2F%0d?y=/?", "ws [::1]:81 /%2F%0d?y=/?"),
            ("ws://a/b;c=d,e@f:g!$&'()*+", "ws a /b;c=d,e@f:g!$&'()*+"),
            ("ws://u:p@a/", "ws u:p@a /"),
            ("http://a/", "its scheme is neither ws nor wss"),
            ("a", "it has no scheme and host"),
            ("ws:///b", "it has no host"),
            ("ws://a:65616/", "its port is above 65535"),
            ("ws://a:80b/", "its host or port is malformed"),
            ("ws://a :80/", "its host or port is malformed"),
            ("ws://[127.0.0.1]:80/", "its host or port is malformed"),
            ("ws://a/b c", "its path or query has a character that no URI has there"),
            ("ws://a/b\r\nc", "its path or query has a character that no URI has there"),
            ("ws://a/\u{e9}", "its path or query has a character that no URI has there"),
            ("ws://a/b\"c", "its path or query has a character that no URI has there"),
        ];
        for (text, want) in rows {
            assert_eq!(read(text), want, "{text}");
        }
    }
}
