//! Request targets: the four forms of RFC 9112 3.2.
//! Neither decodes nor normalizes them.

use super::host::{Host, HostForm, HostViolation};
use super::token::alphanumeric_and;
use super::uri::{PATH, QUERY, USERINFO, first_odd, is_scheme};

/// A request target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target<'a> {
    /// `absolute-form = absolute-URI` (RFC 9112 3.2.2).
    Absolute(AbsoluteUri<'a>),
    /// `asterisk-form = "*"` (RFC 9112 3.2.4).
    Asterisk,
    /// `authority-form = uri-host ":" port` (RFC 9112 3.2.3).
    Authority(Host<'a>),
    /// `origin-form = absolute-path [ "?" query ]` (RFC 9112 3.2.1).
    Origin {
        /// The path with its first slash.
        path: &'a [u8],
        /// What follows the question mark.
        query: Option<&'a [u8]>,
    },
}

/// A URI with a scheme and without a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbsoluteUri<'a> {
    /// The scheme as it was spelled.
    pub scheme: &'a [u8],
    /// What comes before the `@` of the authority.
    pub userinfo: Option<&'a [u8]>,
    /// The host and port, if there is an authority.
    pub host: Option<Host<'a>>,
    /// The path, perhaps empty.
    pub path: &'a [u8],
    /// What follows the question mark.
    pub query: Option<&'a [u8]>,
}

/// Why a target has none of the forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetViolation {
    /// The target is empty.
    Empty,
    /// It looks like none of the four.
    FormUnknown,
    /// A `#` at this place: no form has a fragment.
    Fragment(usize),
    /// The authority of an absolute URI is malformed.
    Host(HostViolation),
    /// An `http` or `https` URI without a host (RFC 9110 4.2.1, 4.2.2).
    HostMissing,
    /// The octet at this place belongs to no URI there, or a percent sign without two digits.
    Octet(usize),
}

impl<'a> Target<'a> {
    /// ```text
    /// request-target = origin-form / absolute-form / authority-form / asterisk-form  RFC 9112 3.2
    /// ```
    ///
    /// `host:80` matches authority-form and, with `host` as scheme, absolute-form; a host followed by
    /// digits is taken for the former.
    pub fn parse(target: &'a [u8]) -> Result<Self, TargetViolation> {
        if let Some(at) = target.iter().position(|&octet| octet == b'#') {
            return Err(TargetViolation::Fragment(at));
        }
        match target {
            [] => Err(TargetViolation::Empty),
            b"*" => Ok(Self::Asterisk),
            [b'/', ..] => {
                let (path, query) = path_and_query(target, 0)?;
                Ok(Self::Origin { path, query })
            }
            _ => match Host::parse(target) {
                Ok(host) if host.port.is_some_and(|digits| !digits.is_empty()) => {
                    Ok(Self::Authority(host))
                }
                _ => AbsoluteUri::parse(target).map(Self::Absolute),
            },
        }
    }

    /// Whether a request with this method may have a target of this form (RFC 9112 3.2):
    /// authority-form is for CONNECT and CONNECT has no other; asterisk-form is for OPTIONS.
    pub fn is_for(&self, method: &[u8]) -> bool {
        match self {
            Self::Authority(_) => method == b"CONNECT",
            Self::Asterisk => method == b"OPTIONS",
            Self::Absolute(_) | Self::Origin { .. } => method != b"CONNECT",
        }
    }
}

impl<'a> AbsoluteUri<'a> {
    /// ```text
    /// absolute-URI = scheme ":" hier-part [ "?" query ]
    /// hier-part    = "//" authority path-abempty / path-absolute / path-rootless / path-empty
    /// authority    = [ userinfo "@" ] host [ ":" port ]           RFC 3986 4.3, 3, 3.2
    /// ```
    fn parse(target: &'a [u8]) -> Result<Self, TargetViolation> {
        let colon = target.iter().position(|&octet| octet == b':');
        let colon = colon.ok_or(TargetViolation::FormUnknown)?;
        let scheme = &target[..colon];
        if !is_scheme(scheme) {
            return Err(TargetViolation::FormUnknown);
        }
        let mut path_at = colon + 1;
        let (mut userinfo, mut host) = (None, None);
        if let Some(rest) = target[path_at..].strip_prefix(b"//") {
            let is_end = |octet: &u8| matches!(octet, b'/' | b'?');
            let authority = &rest[..rest.iter().position(is_end).unwrap_or(rest.len())];
            (userinfo, host) = split_authority(authority, path_at + 2)?;
            path_at += 2 + authority.len();
        }
        if needs_host(scheme) && host.is_none_or(|host| host.form == HostForm::Empty) {
            return Err(TargetViolation::HostMissing);
        }
        let (path, query) = path_and_query(target, path_at)?;
        Ok(Self { scheme, userinfo, host, path, query })
    }
}

type Authority<'a> = (Option<&'a [u8]>, Option<Host<'a>>);

fn split_authority(authority: &[u8], at: usize) -> Result<Authority<'_>, TargetViolation> {
    let sign = authority.iter().rposition(|&octet| octet == b'@');
    let userinfo = sign.map(|sign| &authority[..sign]);
    if let Some(odd) = userinfo.and_then(|userinfo| first_odd(userinfo, &USERINFO)) {
        return Err(TargetViolation::Octet(at + odd));
    }
    let host = &authority[sign.map_or(0, |sign| sign + 1)..];
    let host = Host::parse(host).map_err(TargetViolation::Host)?;
    Ok((userinfo, Some(host)))
}

fn needs_host(scheme: &[u8]) -> bool {
    scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https")
}

type PathAndQuery<'a> = (&'a [u8], Option<&'a [u8]>);

fn path_and_query(target: &[u8], path_at: usize) -> Result<PathAndQuery<'_>, TargetViolation> {
    let mut parts = target[path_at..].splitn(2, |&octet| octet == b'?');
    let path = parts.next().unwrap_or_default();
    let query = parts.next();
    if let Some(odd) = first_odd(path, &PATH) {
        return Err(TargetViolation::Octet(path_at + odd));
    }
    if let Some(odd) = query.and_then(|query| first_odd(query, &QUERY)) {
        return Err(TargetViolation::Octet(path_at + path.len() + 1 + odd));
    }
    Ok((path, query))
}

/// Whether some form of the request target may hold this octet: any octet of a URI (RFC 3986 2)
/// but `#`, since no form has a fragment.
pub fn is_target_octet(octet: u8) -> bool {
    TARGET[usize::from(octet)]
}

static TARGET: [bool; 256] = alphanumeric_and(b"-._~:/?[]@!$&'()*+,;=%");

#[cfg(test)]
mod tests {
    use super::{HostViolation, Target, TargetViolation};

    fn form(target: &str) -> Result<&'static str, TargetViolation> {
        Target::parse(target.as_bytes()).map(|target| match target {
            Target::Absolute(_) => "absolute",
            Target::Asterisk => "asterisk",
            Target::Authority(_) => "authority",
            Target::Origin { .. } => "origin",
        })
    }

    #[test]
    fn rfc9112_3_2_forms() {
        let rows = [
            ("/", Ok("origin")),
            ("//a//b?c=/?d", Ok("origin")),
            ("/%41;a=b@:", Ok("origin")),
            ("*", Ok("asterisk")),
            ("example.com:80", Ok("authority")),
            ("[::1]:80", Ok("authority")),
            ("http://example.com", Ok("absolute")),
            ("HTTP://u:p@[::1]:80/a?b", Ok("absolute")),
            ("ws://example.com/chat?x", Ok("absolute")),
            ("urn:a:b", Ok("absolute")),
            ("", Err(TargetViolation::Empty)),
            ("**", Err(TargetViolation::FormUnknown)),
            ("chat", Err(TargetViolation::FormUnknown)),
            ("1a:b", Err(TargetViolation::FormUnknown)),
            ("/a#b", Err(TargetViolation::Fragment(2))),
            ("/a b", Err(TargetViolation::Octet(2))),
            ("/a?b|", Err(TargetViolation::Octet(4))),
            ("/%4g", Err(TargetViolation::Octet(1))),
            ("/[", Err(TargetViolation::Octet(1))),
            ("/\u{e9}", Err(TargetViolation::Octet(1))),
            ("http:///a", Err(TargetViolation::HostMissing)),
            ("http:a", Err(TargetViolation::HostMissing)),
            ("http://a:b/", Err(TargetViolation::Host(HostViolation::Port(1)))),
            ("http://a[b@c/", Err(TargetViolation::Octet(8))),
        ];
        for (target, want) in rows {
            assert_eq!(form(target), want, "{target}");
        }
    }

    #[test]
    fn rfc9112_3_2_2_the_parts_of_an_absolute_target() {
        let Ok(Target::Absolute(uri)) = Target::parse(b"http://u@a:80/b/c?d") else { panic!() };
        assert_eq!((uri.scheme, uri.userinfo), (&b"http"[..], Some(&b"u"[..])));
        assert_eq!(uri.host.unwrap().port_number(), Some(80));
        assert_eq!((uri.path, uri.query), (&b"/b/c"[..], Some(&b"d"[..])));
    }

    #[test]
    fn rfc9112_3_2_which_form_belongs_to_which_method() {
        let rows = [
            ("GET", "/", true),
            ("GET", "http://a/", true),
            ("GET", "*", false),
            ("GET", "a:80", false),
            ("OPTIONS", "*", true),
            ("CONNECT", "a:80", true),
            ("CONNECT", "/", false),
        ];
        for (method, target, want) in rows {
            let target = Target::parse(target.as_bytes()).unwrap();
            assert_eq!(target.is_for(method.as_bytes()), want, "{method} {target:?}");
        }
    }
}
