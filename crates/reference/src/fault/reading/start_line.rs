//! Misreadings of the request line.

use super::super::Fault;
use super::super::sketch::Sketch;
use crate::config::Config;

pub(super) fn misread(fault: Fault, sketch: &mut Sketch, config: &Config) {
    misread_shape(fault, sketch);
    let words: Vec<Vec<u8>> = sketch.words().into_iter().map(<[u8]>::to_vec).collect();
    let [method, target, version] = &words[..] else {
        return;
    };
    if let Some(method) = misread_method(fault, method) {
        sketch.set_word(0, &method);
    }
    if let Some(target) = misread_target(fault, method, target, config) {
        sketch.set_word(1, &target);
    }
    let taken_for_11 = match fault {
        Fault::AcceptHttp10Upgrade => version == b"HTTP/1.0" && sketch.has("Upgrade"),
        Fault::AcceptHttp09 => version == b"HTTP/0.9",
        Fault::AcceptHttp2Preface => method == b"PRI",
        Fault::AcceptHttp3 => version.starts_with(b"HTTP/3"),
        Fault::AcceptHttp20 => version == b"HTTP/2.0" && target != b"*",
        Fault::AcceptMalformedHttpVersion => !is_version(version),
        _ => false,
    };
    if fault == Fault::AcceptHttp2Preface && taken_for_11 {
        sketch.set("Host", b"localhost");
    }
    if taken_for_11 {
        sketch.set_word(2, b"HTTP/1.1");
    }
}

/// Request lines of fewer or more than three words.
fn misread_shape(fault: Fault, sketch: &mut Sketch) {
    let words = sketch.words();
    let version: &[u8] = b"HTTP/1.1";
    let start = match (fault, &words[..]) {
        (Fault::AcceptNoHttpVersion, [method, target]) => [*method, *target, version],
        (Fault::AcceptMalformedHttpVersion, [method, target, b"HTTP", _]) => {
            [*method, *target, version]
        }
        (Fault::AcceptSpaceInTarget, [method, target, .., last]) if words.len() > 3 => {
            [*method, *target, *last]
        }
        _ => return,
    };
    sketch.start = start.join(&b' ');
}

fn misread_method(fault: Fault, method: &[u8]) -> Option<Vec<u8>> {
    match fault {
        Fault::AcceptLowercaseGet => Some(method.to_ascii_uppercase()),
        Fault::AcceptPost if method == b"POST" => Some(b"GET".to_vec()),
        Fault::AcceptHttp2Preface if method == b"PRI" => Some(b"OPTIONS".to_vec()),
        Fault::AcceptAnyMethod => Some(b"GET".to_vec()),
        _ => None,
    }
}

fn misread_target(fault: Fault, method: &[u8], target: &[u8], config: &Config) -> Option<Vec<u8>> {
    let path = || Some(config.path.clone().into_bytes());
    let after = |prefix: &[u8]| target.strip_prefix(prefix);
    match fault {
        Fault::AcceptFragmentTarget => {
            let end = target.iter().position(|&octet| octet == b'#')?;
            Some(target[..end].to_vec())
        }
        Fault::AcceptControlInTarget => {
            let visible = |octet: &u8| (0x21..0x7f).contains(octet);
            Some(target.iter().copied().filter(visible).collect())
        }
        Fault::AcceptAsteriskTarget if method == b"GET" && target == b"*" => path(),
        Fault::AcceptAnyMethod if method != b"GET" && !target.starts_with(b"/") => path(),
        Fault::AcceptAuthorityTarget if !target.contains(&b'/') && target.contains(&b':') => path(),
        Fault::AcceptRelativeTarget if target.iter().all(u8::is_ascii_alphanumeric) => path(),
        Fault::AcceptEmptyAuthority => Some([b"/", after(b"http:///")?].concat()),
        Fault::AcceptUserinfo => {
            let at = target.iter().position(|&octet| octet == b'@')?;
            Some([b"http://", &target[at + 1..]].concat())
        }
        _ => None,
    }
}

fn is_version(word: &[u8]) -> bool {
    matches!(word, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}
