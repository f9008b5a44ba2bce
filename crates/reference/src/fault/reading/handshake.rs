//! Misreadings of the fields that make an opening handshake.
//!
//! A wrong key is read as the example of the RFC; the accept value is computed from what was sent
//! all the same, as a server that does not look at the key would do.

use upspec_handshake::field::deflate::{Offer, PERMESSAGE_DEFLATE};
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::is_token;

use super::super::Fault;
use super::super::sketch::Sketch;
use crate::config::Config;

pub(super) fn misread(fault: Fault, sketch: &mut Sketch, config: &Config) {
    misread_origin(fault, sketch, config);
    misread_upgrade(fault, sketch, config);
    misread_connection(fault, sketch);
    misread_key(fault, sketch);
    misread_version(fault, sketch);
    misread_subprotocols(fault, sketch);
    misread_extensions(fault, sketch);
}

fn misread_origin(fault: Fault, sketch: &mut Sketch, config: &Config) {
    let value = sketch.value("Origin").unwrap_or_default();
    let allowed = || config.origins.iter().map(String::as_bytes);
    let taken = match fault {
        Fault::AcceptAnyOrigin => true,
        Fault::OriginByBeginning => allowed().any(|origin| value.starts_with(origin)),
        Fault::OriginBySearch => allowed().any(|origin| contains(&value, origin)),
        _ => false,
    };
    if taken {
        sketch.remove("Origin");
    }
    if fault == Fault::OnlyFirstOrigin {
        sketch.keep_first("Origin");
    }
}

fn misread_upgrade(fault: Fault, sketch: &mut Sketch, config: &Config) {
    let is_unasked = match fault {
        Fault::SwitchUnasked => sketch.start.starts_with(b"GET "),
        Fault::SwitchOnRoot => sketch.start.starts_with(b"GET / "),
        _ => false,
    };
    if is_unasked && !sketch.has("Upgrade") {
        if fault == Fault::SwitchOnRoot {
            sketch.set_word(1, config.path.as_bytes());
        }
        sketch.set("Upgrade", b"websocket");
        sketch.set("Connection", b"Upgrade");
        sketch.set("Sec-WebSocket-Version", b"13");
        if !sketch.has(KEY) {
            sketch.set(KEY, EXAMPLE_KEY);
        }
    }
    let value = sketch.values("Upgrade").join(&b',');
    let lower = value.to_ascii_lowercase();
    let clean = !lower.iter().any(u8::is_ascii_control);
    let present = sketch.has("Upgrade");
    let key = sketch.has(KEY);
    let folds = |octets: &[u8]| value.windows(octets.len()).any(|window| window == octets);
    let taken = match fault {
        Fault::AcceptMissingUpgrade => key && !present,
        Fault::AcceptUnofferedUpgrade => key && present,
        Fault::AcceptUpgradeSubstring => clean && contains(&letters(&lower), b"websocket"),
        Fault::AcceptMalformedUpgrade => clean && has_word(&lower, b"websocket"),
        Fault::UnicodeCaseFolding => folds(b"\xe2\x84\xaa") || folds(b"\xc5\xbf"),
        _ => false,
    };
    if taken {
        sketch.set("Upgrade", b"websocket");
    }
    if fault == Fault::CaseSensitiveUpgrade && !contains(&value, b"websocket") {
        sketch.remove("Upgrade");
    }
}

fn misread_connection(fault: Fault, sketch: &mut Sketch) {
    let value = sketch.values("Connection").join(&b',');
    let lower = value.to_ascii_lowercase();
    let clean = !lower.iter().any(u8::is_ascii_control);
    let present = sketch.has("Connection");
    let taken = sketch.has("Upgrade")
        && match fault {
            Fault::AcceptMissingConnection => !present,
            Fault::AcceptOtherConnection => present,
            Fault::AcceptConnectionSubstring => clean && contains(&lower, b"upgrade"),
            Fault::AcceptMalformedConnection => clean && has_word(&lower, b"upgrade"),
            Fault::AcceptProxyConnection => sketch.has("Proxy-Connection"),
            _ => false,
        };
    if taken {
        sketch.set("Connection", b"Upgrade");
    }
    let is_draft = || matches!(sketch.value(VERSION).as_deref(), Some(b"7" | b"8"));
    if fault == Fault::DraftWithoutConnection && sketch.has("Upgrade") && !present && is_draft() {
        sketch.set("Connection", b"Upgrade");
        sketch.set(VERSION, b"13");
    }
    if fault == Fault::CaseSensitiveConnection && !contains(&value, b"Upgrade") {
        sketch.remove("Connection");
    }
}

fn misread_key(fault: Fault, sketch: &mut Sketch) {
    if fault == Fault::AcceptDuplicateKey {
        sketch.keep_first(KEY);
    }
    let key = sketch.value(KEY);
    let Some(key) = key else {
        if fault == Fault::AcceptMissingKey && !sketch.has(KEY) && sketch.has("Upgrade") {
            sketch.set(KEY, EXAMPLE_KEY);
        }
        return;
    };
    let data = key.strip_suffix(b"==").or(key.strip_suffix(b"=")).unwrap_or(&key);
    let base64 = |octets: &[u8]| octets.iter().all(|octet| is_base64(*octet));
    let padded = base64(data) && key.len().is_multiple_of(4);
    let taken = match fault {
        Fault::AcceptEmptyKey => key.is_empty(),
        Fault::AcceptShortKey => padded && !key.is_empty() && data.len() < 22,
        Fault::AcceptLongKey => padded && data.len() > 22,
        Fault::AcceptUnpaddedKey => {
            let bare: Vec<u8> = key.iter().copied().filter(not_pad).collect();
            bare.len() == 22 && base64(&bare)
        }
        Fault::AcceptNonBase64Key => data.len() == 22 && key.ends_with(b"=="),
        Fault::AcceptAnyKey => true,
        _ => false,
    };
    if taken {
        sketch.set(KEY, EXAMPLE_KEY);
    }
}

fn misread_version(fault: Fault, sketch: &mut Sketch) {
    let present = sketch.has(VERSION);
    if fault == Fault::AcceptDuplicateVersion {
        sketch.keep_first(VERSION);
    }
    let value = sketch.value(VERSION);
    let text = String::from_utf8_lossy(value.as_deref().unwrap_or_default());
    let number = text.parse().ok();
    let taken = match fault {
        Fault::AcceptMissingVersion => !present && sketch.has(KEY),
        Fault::AcceptVersion8 => matches!(number, Some(7 | 8)),
        Fault::AcceptAnyVersion => number.is_some_and(|number: u8| number.to_string() == text),
        Fault::AcceptVersion013 => number == Some(13) && text.starts_with('0'),
        Fault::AcceptMalformedVersion => value.is_some() && number.is_none() && !text.contains(','),
        Fault::AcceptVersionList => text.split(',').any(|element| element.trim() == "13"),
        _ => false,
    };
    if taken {
        sketch.set(VERSION, b"13");
    }
}

fn misread_subprotocols(fault: Fault, sketch: &mut Sketch) {
    match fault {
        Fault::AcceptMalformedSubprotocols => {
            let value = sketch.values(PROTOCOL).join(&b',');
            let is_name = |name: &[u8]| is_token(name.trim_ascii());
            if !value.split(|&octet| octet == b',').any(is_name) {
                sketch.remove(PROTOCOL);
            }
        }
        Fault::ShortSubprotocolOfferIgnored => {
            let offer = sketch.values(PROTOCOL).join(&b',');
            if offer.iter().filter(|octet| **octet == b',').count() < 2 {
                sketch.remove(PROTOCOL);
            }
        }
        Fault::OnlyFirstProtocolLine => sketch.keep_first(PROTOCOL),
        Fault::OldProtocolField => {
            if let Some(value) = sketch.value("WebSocket-Protocol") {
                sketch.set(PROTOCOL, &value);
            }
        }
        _ => {}
    }
}

fn misread_extensions(fault: Fault, sketch: &mut Sketch) {
    if !sketch.has(EXTENSIONS) {
        return;
    }
    let value = sketch.values(EXTENSIONS).join(&b',');
    match fault {
        Fault::AcceptMalformedExtensions if !Extensions::parse(&value).is_well_formed() => {
            sketch.remove(EXTENSIONS);
        }
        Fault::OnlyFirstExtensionLine => sketch.keep_first(EXTENSIONS),
        Fault::SeveralOffersDeclined => {
            let several = Extensions::parse(&value).named(PERMESSAGE_DEFLATE).count() > 1;
            if several {
                sketch.remove(EXTENSIONS);
            }
        }
        Fault::OnlyFirstExtensionOffer if Extensions::parse(&value).is_well_formed() => {
            let mut offers = value.split(|&octet| octet == b',');
            let first = offers.find(|offer| !offer.trim_ascii().is_empty());
            sketch.set(EXTENSIONS, first.unwrap_or_default());
        }
        Fault::AcceptUnknownDeflateParameter => {
            let kept = deflate_parameters(&value, |name, value, _| {
                is_deflate_parameter(name).then(|| (name.to_vec(), value.map(<[u8]>::to_vec)))
            });
            sketch.set(EXTENSIONS, &kept);
        }
        Fault::AcceptInvalidDeflateValue => {
            let kept = deflate_parameters(&value, |name, value, _| {
                Some((name.to_vec(), mended(name, value)))
            });
            sketch.set(EXTENSIONS, &kept);
        }
        Fault::AcceptRepeatedDeflateParameter => {
            let kept = deflate_parameters(&value, |name, value, repeated| {
                (!repeated).then(|| (name.to_vec(), value.map(<[u8]>::to_vec)))
            });
            sketch.set(EXTENSIONS, &kept);
        }
        _ => {}
    }
}

/// Whether an offer of permessage-deflate has to be declined.
pub(super) fn has_invalid_deflate_offer(value: &[u8]) -> bool {
    let offers = Extensions::parse(value);
    offers.named(PERMESSAGE_DEFLATE).any(|offer| Offer::parse(offer).is_err())
}

type Parameter = (Vec<u8>, Option<Vec<u8>>);

/// The offers with the parameters of permessage-deflate passed through `change`, which gets name,
/// value, and whether the name is there for a second time.
fn deflate_parameters(
    offers: &[u8],
    mut change: impl FnMut(&[u8], Option<&[u8]>, bool) -> Option<Parameter>,
) -> Vec<u8> {
    let mut written = Vec::new();
    for offer in offers.split(|&octet| octet == b',') {
        let mut parts = offer.split(|&octet| octet == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        if name != b"permessage-deflate" {
            written.push(offer.to_vec());
            continue;
        }
        let mut seen: Vec<&[u8]> = Vec::new();
        let mut kept = name.to_vec();
        for part in parts {
            let equals = part.iter().position(|&octet| octet == b'=');
            let name = part[..equals.unwrap_or(part.len())].trim_ascii();
            let value = equals.map(|at| part[at + 1..].trim_ascii());
            if let Some((name, value)) = change(name, value, seen.contains(&name)) {
                kept.extend_from_slice(b"; ");
                kept.extend_from_slice(&name);
                if let Some(value) = value {
                    kept.push(b'=');
                    kept.extend_from_slice(&value);
                }
            }
            seen.push(name);
        }
        written.push(kept);
    }
    written.join(&b',')
}

/// A valid value in place of an invalid one.
fn mended(name: &[u8], value: Option<&[u8]>) -> Option<Vec<u8>> {
    let bare = value.map(|value| value.trim_ascii_start().strip_prefix(b"\"").unwrap_or(value));
    let bare = bare.map(|value| value.strip_suffix(b"\"").unwrap_or(value));
    let valid = bare.is_some_and(|value| BITS.contains(&value));
    match name {
        b"server_max_window_bits" if !valid => Some(b"15".to_vec()),
        b"client_max_window_bits" if !valid && value.is_some() => Some(b"15".to_vec()),
        b"server_no_context_takeover" | b"client_no_context_takeover" => None,
        _ => value.map(<[u8]>::to_vec),
    }
}

fn is_deflate_parameter(name: &[u8]) -> bool {
    matches!(
        name,
        b"client_max_window_bits"
            | b"client_no_context_takeover"
            | b"server_max_window_bits"
            | b"server_no_context_takeover"
    )
}

fn letters(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(u8::is_ascii_alphanumeric).collect()
}

fn contains(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|window| window == part)
}

/// Whether the word stands in the value with no letter, digit or hyphen beside it.
fn has_word(value: &[u8], word: &[u8]) -> bool {
    let in_word = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    value.split(|octet| !in_word(octet)).any(|part| part == word)
}

fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'+' || octet == b'/'
}

fn not_pad(octet: &u8) -> bool {
    *octet != b'='
}

const KEY: &str = "Sec-WebSocket-Key";
const VERSION: &str = "Sec-WebSocket-Version";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// The key of RFC 6455 1.3.
const EXAMPLE_KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";

const BITS: [&[u8]; 8] = [b"8", b"9", b"10", b"11", b"12", b"13", b"14", b"15"];
