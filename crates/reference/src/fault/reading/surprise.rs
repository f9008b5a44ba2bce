//! Requests that take a faulty server by surprise: it refuses them, drops them or never answers.
//! Never a request that is like the usual ones.

use super::super::Fault;
use super::super::sketch::Sketch;
use super::Reading;

/// What becomes of a request that the fault cannot cope with.
pub(super) fn surprise(fault: Fault, head: &[u8], sketch: &Sketch) -> Option<Reading> {
    let target = sketch.target().unwrap_or_default();
    let joined = |name: &str| sketch.values(name).join(&b',');
    let extensions = || joined("Sec-WebSocket-Extensions");
    let (is_surprised, reading) = match fault {
        Fault::BadRequestOnUnknownExpectation => {
            let expectation = joined("Expect").to_ascii_lowercase();
            let known: [&[u8]; 2] = [b"", b"100-continue"];
            (!known.contains(&&expectation[..]), Reading::Refused(400))
        }
        Fault::CloseOnCloseOption => {
            let asks = sketch.has("Upgrade") && has(&joined("Connection"), b"close");
            (asks, Reading::Dropped)
        }
        Fault::CloseOnEmptyOrigin => {
            let is_empty = sketch.has("Origin") && joined("Origin").ends_with(b",");
            let alone = sketch.has("Origin") && joined("Origin").is_empty();
            (is_empty || alone, Reading::Dropped)
        }
        Fault::CloseOnEncodedTarget => (target.contains(&b'%'), Reading::Dropped),
        Fault::CloseOnOddExtensions => (is_odd_list(&extensions()), Reading::Dropped),
        Fault::CloseOnOddHandshake => (is_odd_handshake(sketch), Reading::Dropped),
        Fault::CloseOnOtherScheme => {
            let is_other = has(target, b"://") && !target.starts_with(b"http:");
            (is_other, Reading::Dropped)
        }
        Fault::CloseOnTlsUpgrade => (joined("Upgrade").starts_with(b"TLS/"), Reading::Dropped),
        Fault::RefuseCapitalHost => {
            let host = joined("Host");
            (host.iter().any(u8::is_ascii_uppercase), Reading::Refused(400))
        }
        Fault::RefuseLengthInHandshake => {
            let is_both = sketch.has("Upgrade") && sketch.has("Content-Length");
            (is_both, Reading::Refused(400))
        }
        Fault::RefuseQuery => (target.contains(&b'?'), Reading::Refused(400)),
        Fault::RefuseQuotedParameter => (extensions().contains(&b'"'), Reading::Refused(400)),
        Fault::SilentOnBareLf => (has_bare_lf(head), Reading::Unanswered),
        Fault::SilentOnEmptyLines => (head.starts_with(b"\r\n\r\n"), Reading::Unanswered),
        Fault::SilentOnForeignHost => (is_foreign(&joined("Host")), Reading::Unanswered),
        Fault::SilentOnLongHead => (head.len() > LONG_HEAD, Reading::Unanswered),
        _ => return None,
    };
    is_surprised.then_some(reading)
}

fn has(octets: &[u8], word: &[u8]) -> bool {
    octets.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// Capitals, or white space where other lists have none.
fn is_odd_list(value: &[u8]) -> bool {
    let spaced = has(value, b" =") || has(value, b"= ");
    spaced || value.iter().any(u8::is_ascii_uppercase)
}

/// More than the name of the protocol in Upgrade, or a field name among the options.
fn is_odd_handshake(sketch: &Sketch) -> bool {
    let upgrade = sketch.values("Upgrade").join(&b',');
    let options = sketch.values("Connection").join(&b',');
    let is_more = has(&upgrade, b"websocket") && !upgrade.eq_ignore_ascii_case(b"websocket");
    is_more || has(&options, b"host") || has(&options, b"sec-websocket")
}

fn has_bare_lf(head: &[u8]) -> bool {
    let pairs = head.windows(2);
    head.starts_with(b"\n") || pairs.into_iter().any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
}

/// Neither the name of this machine nor an IPv4 address, or without a port.
fn is_foreign(host: &[u8]) -> bool {
    let colon = host.iter().position(|&octet| octet == b':');
    let Some((name, port)) = colon.map(|colon| (&host[..colon], &host[colon + 1..])) else {
        return true;
    };
    let is_address = name.iter().all(|octet| b"0123456789.".contains(octet));
    let is_known = is_address || name.eq_ignore_ascii_case(b"localhost");
    name.is_empty() || !is_known || port.is_empty() || port.starts_with(b"0")
}

const LONG_HEAD: usize = 2048;
