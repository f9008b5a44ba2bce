//! Faults in what becomes of the URL (RFC 6455 3, 4.1).

use crate::client::fault::Effect::{Request, Url as Read};
use crate::client::fault::scene::url;
use crate::client::fault::{ClientFault, fault};
use crate::client::url::Url;
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("query-dropped", "The query is left out.")
        .breaks("rfc6455/4.1-target")
        .shown_by(|| url("/a/b?x=1"))
        .by(Request(|request| {
            edit(request, |target| target.split('?').next().unwrap_or_default().to_owned());
        })),
    fault("empty-path-sent", "An empty path stays empty.")
        .breaks("rfc6455/3-resource-name")
        .also(&["rfc9112/3-request-line", "rfc6455/4.1-target"])
        .shown_by(|| url("ws://{authority}?x=1"))
        .by(Request(|request| {
            edit(request, |target| match target.strip_prefix('/') {
                Some(rest) if rest.is_empty() || rest.starts_with('?') => rest.to_owned(),
                _ => target.to_owned(),
            });
        })),
    fault("target-decoded", "Percent-encodings are decoded.")
        .breaks("rfc6455/4.1-target")
        .also(&["rfc9112/3-request-line", "rfc6455/4.1-method-version", "rfc9110/7.2-host-first"])
        .shown_by(|| url("/a%2Fb%3Fc%23d%25"))
        .by(Request(|request| edit(request, decoded))),
    fault("target-encoded", "Reserved characters of the path are encoded.")
        .breaks("rfc6455/4.1-target")
        .shown_by(|| url("/a;b=c,d@e:f"))
        .by(Request(|request| {
            edit(request, |target| {
                let encoded = |c: char| match c {
                    ';' | ',' | '@' | ':' | '!' | '$' => format!("%{:02X}", u32::from(c)),
                    _ => c.to_string(),
                };
                target.chars().map(encoded).collect()
            });
        })),
    fault("percent-encoded-again", "Percent signs are encoded.")
        .breaks("rfc6455/4.1-target")
        .shown_by(|| url("/a?x=%20"))
        .by(Request(|request| edit(request, |target| target.replace('%', "%25")))),
    fault("target-cut", "Of a long target 4000 octets are sent.")
        .breaks("rfc6455/4.1-target")
        .shown_by(|| url(LONG))
        .by(Request(|request| edit(request, |target| target.chars().take(4000).collect()))),
    fault("fragment-sent", "A fragment goes out with the target.")
        .breaks("rfc6455/3-fragment")
        .shown_by(|| url("/a#frag"))
        .by(Read(|text| {
            let (rest, fragment) = text.split_once('#')?;
            let url = Url::parse(rest).ok()?;
            Some(Url { target: format!("{}#{fragment}", url.target), ..url })
        })),
    fault("userinfo-in-host", "A user name in the URL goes out in Host.")
        .breaks("rfc9112/3.2-client-host")
        .shown_by(|| url("ws://user:pass@{authority}/a"))
        .by(Read(|text| {
            let url = Url::parse(text).ok()?;
            let user = url.userinfo.clone()?;
            Some(Url { shown_host: Some(format!("{user}@{}", url.authority())), ..url })
        })),
    fault("odd-characters-sent", "Characters that no URI has go out as they are.")
        .breaks("rfc9112/3.2.1-origin-form")
        .shown_by(|| url("/\u{e9}"))
        .by(Read(raw)),
    fault("port-cut", "Of a port sixteen bits count.")
        .breaks("rfc6455/4.1-connect-failure")
        .shown_by(|| url("ws://localhost:65616/"))
        .by(Read(|text| {
            let start = text.split_once("://")?.1.find(':')? + text.split_once("://")?.0.len() + 3;
            let rest = &text[start + 1..];
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let port: u64 = rest[..end].parse().ok().filter(|port| *port > 65_535)?;
            let changed = format!("{}:{}{}", &text[..start], port & 0xffff, &rest[end..]);
            Url::parse(&changed).ok()
        })),
    fault("port-letters-dropped", "What follows the digits of a port is left out.")
        .breaks("rfc6455/4.1-uri-valid")
        .shown_by(|| url("ws://localhost:80abc/a"))
        .by(Read(|text| {
            let (scheme, rest) = text.split_once("://")?;
            let (authority, path) = rest.split_once('/')?;
            let (host, port) = authority.rsplit_once(':')?;
            let digits = port.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let url = Url::parse(&format!("{scheme}://{host}:{digits}/{path}")).ok()?;
            (digits != port).then_some(url)
        })),
    fault("host-trimmed", "White space and brackets that do not belong to a host are left out.")
        .breaks("rfc6455/4.1-uri-valid")
        .shown_by(|| url("ws://localhost :80/a"))
        .by(Read(|text| {
            let (scheme, rest) = text.split_once("://")?;
            let (authority, path) = rest.split_once('/')?;
            let is_ipv6 = authority.contains("::");
            let kept: String = authority.chars().filter(|c| !" []".contains(*c)).collect();
            let url = Url::parse(&format!("{scheme}://{kept}/{path}")).ok()?;
            (!is_ipv6 && kept != authority).then_some(url)
        })),
    fault("empty-host-taken", "A URL without a host is taken for one of this machine.")
        .breaks("rfc6455/4.1-uri-valid")
        .shown_by(|| url("ws://:81/a"))
        .by(Read(|text| {
            let (scheme, rest) = text.split_once("://")?;
            let port = rest.strip_prefix(':')?;
            Url::parse(&format!("{scheme}://localhost:{port}")).ok()
        })),
    fault("any-scheme-taken", "A scheme that nobody knows is taken for ws.")
        .breaks("rfc6455/4.1-uri-valid")
        .shown_by(|| url("wsx://localhost:81/a"))
        .by(Read(|text| {
            let (scheme, rest) = text.split_once("://")?;
            let is_known = ["ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            Url::parse(&format!("ws://{rest}")).ok().filter(|_| !is_known)
        })),
    fault("brackets-lost", "An address of IPv6 has no brackets in Host.")
        .breaks("rfc6455/4.1-host")
        .shown_by(|| url("ws://[::1]:81/a"))
        .by(Request(|request| {
            let host = request.value("Host").unwrap_or_default();
            let kept: Vec<u8> = host.into_iter().filter(|octet| !b"[]".contains(octet)).collect();
            request.set("Host", &kept);
        })),
    fault("name-resolved", "Host has the address of a name.")
        .breaks("rfc6455/4.1-host")
        .also(&["rfc9112/3.2-client-host"])
        .shown_by(|| url("ws://LOCALHOST:81/a"))
        .by(Request(|request| {
            let host =
                String::from_utf8_lossy(&request.value("Host").unwrap_or_default()).to_lowercase();
            request.set("Host", host.replace("localhost", "127.0.0.1").as_bytes());
        })),
    fault("scheme-with-case", "A scheme in capitals is refused.")
        .breaks("rfc6455/3-uri-grammar")
        .shown_by(|| url("WS://localhost:81/a"))
        .by(Read(|text| {
            let (scheme, _) = text.split_once("://")?;
            let is_odd = scheme.contains(|c: char| c.is_ascii_uppercase());
            let url = Url::parse(text).ok().filter(|_| is_odd)?;
            Some(Url { host: String::new(), ..url })
        })),
];

/// Gives the target another form.
fn edit(request: &mut Seen, change: impl Fn(&str) -> String) {
    let text = String::from_utf8_lossy(request.target()).into_owned();
    let target = change(&text);
    request.start = [b"GET ", target.as_bytes(), b" HTTP/1.1"].concat();
}

/// A URL whose path and query may have any characters.
fn raw(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    if text.contains('#') || Url::parse(text).is_ok() {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{authority}/")).ok()?;
    Some(Url { target: format!("/{path}"), ..url })
}

fn decoded(target: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = target.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) if *first == b'%' => {
                decoded.push(octet);
                rest = &after[2..];
            }
            _ => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

const LONG: &str = "/?LONG";
