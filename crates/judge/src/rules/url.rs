//! The URL that a client was given (RFC 6455 3): what it says of the request.

/// A WebSocket URI that is in order, without what it lets out: user information and a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WsUrl<'u> {
    /// The host as it is written, an IPv6 address in its brackets.
    pub(super) host: &'u str,
    /// The port, where it is not the scheme's own.
    pub(super) port: Option<u16>,
    /// What stands behind the authority.
    rest: &'u str,
}

impl<'u> WsUrl<'u> {
    /// `None` when it is no WebSocket URI, so that nothing follows from it.
    pub(super) fn parse(url: &'u str) -> Option<Self> {
        let (scheme, behind) = url.split_once("://")?;
        let own = match scheme.to_ascii_lowercase().as_str() {
            "ws" => 80,
            "wss" => 443,
            _ => return None,
        };
        let (authority, rest) =
            behind.split_at(behind.find(['/', '?', '#']).unwrap_or(behind.len()));
        let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, ""),
        };
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                Some(digits.parse::<u16>().ok()?).filter(|port| *port != own)
            }
            _ => return None,
        };
        let is_host = match host.strip_prefix('[') {
            Some(address) => address.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.bytes().all(is_host_octet),
        };
        (is_host && is_path_and_query(rest.as_bytes())).then_some(Self { host, port, rest })
    }

    /// The resource name (RFC 6455 3): path and query, with `/` for an empty path.
    pub(super) fn resource(&self) -> String {
        // An empty query is no part of the name.
        let rest = self.rest.strip_suffix('?').unwrap_or(self.rest);
        if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
    }

    /// What Host has (RFC 6455 4.1 item 4).
    pub(super) fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.to_owned(), |port| format!("{}:{port}", self.host))
    }
}

fn decoded(three: &[u8]) -> Option<u8> {
    let digits =
        three.strip_prefix(b"%").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}

fn is_host_octet(octet: u8) -> bool {
    is_unreserved(octet) || b"!$&'()*+,;=".contains(&octet)
}

fn is_path_and_query(rest: &[u8]) -> bool {
    let mut at = 0;
    while at < rest.len() {
        let octet = rest[at];
        if octet == b'%' {
            if rest.get(at..at + 3).and_then(decoded).is_none() {
                return false;
            }
        } else if !is_host_octet(octet) && !b"/?:@".contains(&octet) {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_what_they_ask_for() {
        let rows = [
            ("ws://a:9/b?c", Some(("a:9", "/b?c"))),
            ("ws://a", Some(("a", "/"))),
            ("ws://a/b?", Some(("a", "/b"))),
            ("WS://a?x=1", Some(("a", "/?x=1"))),
            ("wss://a:443/", Some(("a", "/"))),
            ("ws://a:443/", Some(("a:443", "/"))),
            ("ws://[::1]:9/a%2F", Some(("[::1]:9", "/a%2F"))),
            ("ws://u@a/", None),
            ("ws://a/#f", None),
            ("ws://a:70000/", None),
            ("ws://a:9x/", None),
            ("ws://a b/", None),
            ("ws://[127.0.0.1]/", None),
            ("ws://a/%zz", None),
            ("ws://a/b c", None),
            ("http://a/", None),
        ];
        for (url, wanted) in rows {
            let found = WsUrl::parse(url).map(|url| (url.authority(), url.resource()));
            let wanted = wanted.map(|(host, path)| (host.to_owned(), path.to_owned()));
            assert_eq!(found, wanted, "{url}");
        }
    }
}
