//! The Host field, and a host with a port wherever else it occurs.
//! Resolves no name and compares no hosts.

use super::uri::{REG_NAME, USERINFO, first_odd};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host and perhaps a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Host<'a> {
    /// The host as it was spelled; brackets included.
    pub host: &'a [u8],
    /// What form the host has.
    pub form: HostForm,
    /// The digits after the colon, if there is a colon; there may be none.
    pub port: Option<&'a [u8]>,
}

/// The forms of a host (RFC 3986 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostForm {
    /// Nothing. Grammatical, and what a client sends when the target has no authority.
    Empty,
    /// A dotted address.
    Ipv4,
    /// An address in brackets.
    IpLiteral,
    /// A name.
    RegName,
}

/// Why a value is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostViolation {
    /// What stands in brackets is not an address, or the closing bracket is missing.
    IpLiteral,
    /// The octet at this place of the value cannot be part of a name.
    Octet(usize),
    /// What follows the colon at this place is not digits.
    Port(usize),
}

impl<'a> Host<'a> {
    /// ```text
    /// Host        = uri-host [ ":" port ]                RFC 9110 7.2
    /// uri-host    = IP-literal / IPv4address / reg-name  RFC 3986 3.2.2
    /// port        = *DIGIT                               RFC 3986 3.2.3
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, HostViolation> {
        let (form, length) = if value.starts_with(b"[") {
            (HostForm::IpLiteral, ip_literal(value)?)
        } else {
            name(value)?
        };
        let (host, rest) = value.split_at(length);
        let port = match rest {
            [] => None,
            [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(digits),
            [b':', ..] => return Err(HostViolation::Port(length)),
            _ => return Err(HostViolation::Octet(length)),
        };
        Ok(Self { host, form, port })
    }

    /// The port as a number; `None` when there are no digits or the number is larger than 65535.
    pub fn port_number(&self) -> Option<u16> {
        std::str::from_utf8(self.port?).ok()?.parse().ok()
    }
}

/// The form and length of a host without brackets.
fn name(value: &[u8]) -> Result<(HostForm, usize), HostViolation> {
    let length = match first_odd(value, &REG_NAME) {
        Some(at) if value[at] != b':' => return Err(HostViolation::Octet(at)),
        colon => colon.unwrap_or(value.len()),
    };
    let host = &value[..length];
    let is_ipv4 = || std::str::from_utf8(host).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok());
    let form = match host {
        [] => HostForm::Empty,
        [b'0'..=b'9', ..] if is_ipv4() => HostForm::Ipv4,
        _ => HostForm::RegName,
    };
    Ok((form, length))
}

/// ```text
/// IP-literal = "[" ( IPv6address / IPvFuture  ) "]"
/// IPvFuture  = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )   RFC 3986 3.2.2
/// ```
///
/// Its length with the brackets.
fn ip_literal(value: &[u8]) -> Result<usize, HostViolation> {
    let end = value.iter().position(|&octet| octet == b']').ok_or(HostViolation::IpLiteral)?;
    let text = std::str::from_utf8(&value[1..end]).map_err(|_| HostViolation::IpLiteral)?;
    if text.parse::<Ipv6Addr>().is_ok() || is_ip_future(text) {
        Ok(end + 1)
    } else {
        Err(HostViolation::IpLiteral)
    }
}

fn is_ip_future(text: &str) -> bool {
    let Some((version, address)) =
        text.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    !version.is_empty()
        && version.bytes().all(|octet| octet.is_ascii_hexdigit())
        && !address.is_empty()
        && address.bytes().all(|octet| USERINFO[usize::from(octet)])
}

#[cfg(test)]
mod tests {
    use super::{Host, HostForm, HostViolation};

    #[test]
    fn rfc9110_7_2_host() {
        let rows = [
            ("example.com", Ok((HostForm::RegName, "example.com", None))),
            ("example.com:8080", Ok((HostForm::RegName, "example.com", Some("8080")))),
            ("example.com:", Ok((HostForm::RegName, "example.com", Some("")))),
            ("", Ok((HostForm::Empty, "", None))),
            (":80", Ok((HostForm::Empty, "", Some("80")))),
            ("a%41_b!", Ok((HostForm::RegName, "a%41_b!", None))),
            ("127.0.0.1:1", Ok((HostForm::Ipv4, "127.0.0.1", Some("1")))),
            ("127.0.0.01", Ok((HostForm::RegName, "127.0.0.01", None))),
            ("[::1]:443", Ok((HostForm::IpLiteral, "[::1]", Some("443")))),
            ("[::ffff:1.2.3.4]", Ok((HostForm::IpLiteral, "[::ffff:1.2.3.4]", None))),
            ("[v1.a:b]", Ok((HostForm::IpLiteral, "[v1.a:b]", None))),
            ("[v.a]", Err(HostViolation::IpLiteral)),
            ("[::1%25eth0]", Err(HostViolation::IpLiteral)),
            ("[::1", Err(HostViolation::IpLiteral)),
            ("[]", Err(HostViolation::IpLiteral)),
            ("[::1]x", Err(HostViolation::Octet(5))),
            ("::1", Err(HostViolation::Port(0))),
            ("a:b", Err(HostViolation::Port(1))),
            ("a:+80", Err(HostViolation::Port(1))),
            ("a b", Err(HostViolation::Octet(1))),
            ("a%4", Err(HostViolation::Octet(1))),
            ("user@a", Err(HostViolation::Octet(4))),
            ("a, b", Err(HostViolation::Octet(2))),
            ("a/", Err(HostViolation::Octet(1))),
            ("é", Err(HostViolation::Octet(0))),
        ];
        for (value, want) in rows {
            let got = Host::parse(value.as_bytes()).map(|host| {
                let text = |bytes| std::str::from_utf8(bytes).unwrap();
                (host.form, text(host.host), host.port.map(text))
            });
            assert_eq!(got, want, "{value}");
        }
        assert_eq!(Host::parse(b"a:080").unwrap().port_number(), Some(80));
        assert_eq!(Host::parse(b"a:65536").unwrap().port_number(), None);
        assert_eq!(Host::parse(b"a:").unwrap().port_number(), None);
    }
}
