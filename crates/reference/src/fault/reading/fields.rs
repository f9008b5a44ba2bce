//! Misreadings of the fields of HTTP itself: names, Host, framing.

use upspec_handshake::field::is_token;

use super::super::Fault;
use super::super::sketch::{Sketch, field};

pub(super) fn misread(fault: Fault, sketch: &mut Sketch) {
    misread_names(fault, sketch);
    misread_host(fault, sketch);
    misread_framing(fault, sketch);
}

/// Whether the server has a use for the field.
pub(super) fn is_known(name: &[u8]) -> bool {
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether the host of an absolute target is another one than that of Host.
pub(super) fn host_differs(target: &[u8], host: &[u8]) -> bool {
    let Some(rest) = target.strip_prefix(b"http://") else {
        return false;
    };
    let end = rest.iter().position(|&octet| octet == b'/').unwrap_or(rest.len());
    !rest[..end].eq_ignore_ascii_case(host)
}

fn misread_names(fault: Fault, sketch: &mut Sketch) {
    match fault {
        Fault::AcceptSpaceBeforeColon => {
            for line in &mut sketch.lines {
                let folded = line.starts_with(b" ") || line.starts_with(b"\t");
                if let Some((name, value)) = field(line).filter(|_| !folded) {
                    *line = [name.trim_ascii_end(), b": ", value].concat();
                }
            }
        }
        Fault::AcceptMalformedFieldLine => sketch.lines.retain(|line| {
            line.starts_with(b" ")
                || field(line).is_some_and(|(name, _)| is_token(name.trim_ascii_end()))
        }),
        Fault::CaseSensitiveFieldNames => sketch.lines.retain(|line| {
            let name = field(line).map_or(&b""[..], |(name, _)| name);
            !is_known(name) || KNOWN.iter().any(|known| known.as_bytes() == name)
        }),
        Fault::UnderscoreFieldNames => {
            for line in &mut sketch.lines {
                let colon = line.iter().position(|&octet| octet == b':').unwrap_or(0);
                for octet in &mut line[..colon] {
                    *octet = if *octet == b'_' { b'-' } else { *octet };
                }
            }
        }
        Fault::OnlyFirstLine => {
            sketch.keep_first("Upgrade");
            sketch.keep_first("Connection");
        }
        Fault::OnlyLastLine => {
            sketch.keep_last("Upgrade");
            sketch.keep_last("Connection");
        }
        _ => {}
    }
}

fn misread_host(fault: Fault, sketch: &mut Sketch) {
    match fault {
        Fault::AcceptMissingHost if !sketch.has("Host") => sketch.set("Host", b"localhost"),
        Fault::AcceptDuplicateHost => sketch.keep_first("Host"),
        Fault::AcceptInvalidHost if sketch.values("Host").len() == 1 => {
            sketch.set("Host", b"localhost");
        }
        _ => {}
    }
}

fn misread_framing(fault: Fault, sketch: &mut Sketch) {
    let coding = sketch.values("Transfer-Encoding").join(&b',');
    let length = sketch.value("Content-Length");
    match fault {
        Fault::BodyIgnored => {
            sketch.remove("Content-Length");
            sketch.remove("Transfer-Encoding");
        }
        Fault::ChunkedIgnored => sketch.remove("Transfer-Encoding"),
        Fault::AcceptInvalidLength if length.as_ref().is_some_and(|value| !is_number(value)) => {
            sketch.remove("Content-Length");
        }
        Fault::AcceptConflictingLengths => sketch.keep_last("Content-Length"),
        Fault::LengthOverflow => {
            if let Some(value) = length.filter(|value| value.len() > 19) {
                let wrapped = value.iter().fold(0_u64, |sum, digit| {
                    sum.wrapping_mul(10).wrapping_add(u64::from(digit & 0x0f))
                });
                sketch.set("Content-Length", wrapped.to_string().as_bytes());
            }
        }
        Fault::AcceptLengthAndChunked if !coding.is_empty() => sketch.remove("Content-Length"),
        Fault::AcceptNotChunked if !coding.to_ascii_lowercase().ends_with(b"chunked") => {
            sketch.remove("Transfer-Encoding");
        }
        Fault::AcceptUnknownCoding if coding.ends_with(b"chunked") => {
            sketch.set("Transfer-Encoding", b"chunked");
        }
        Fault::AcceptChunkedParameters if coding.starts_with(b"chunked;") => {
            sketch.set("Transfer-Encoding", b"chunked");
        }
        _ => {}
    }
}

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

/// The fields that the server has a use for.
const KNOWN: &[&str] = &[
    "Connection",
    "Content-Length",
    "Expect",
    "Host",
    "Origin",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Transfer-Encoding",
    "Upgrade",
];

/// The fields among them that are lists.
pub(super) const LISTS: &[&str] =
    &["Connection", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Upgrade"];
