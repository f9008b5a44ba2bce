//! Faults in what passes for an opening handshake: Upgrade, Connection, key and version.
//!
//! A wrong key is read as the example of the RFC; the accept value is computed from what was sent
//! all the same, as a server that does not look at the key would do.

use upspec_handshake::field::key::accept;

use super::{ACCEPT, EXAMPLE_KEY, KEY, VERSION, contains};
use crate::answer;
use crate::config::Config;
use crate::fault::Effect::*;
use crate::fault::probe::{HANDSHAKE, added, changed, octets};
use crate::fault::{Fault, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    // Upgrade.
    fault("accept-missing-upgrade", "A key makes a handshake, with or without Upgrade.")
        .breaks("rfc9110/7.8-offered")
        .shown_by(|| changed("Upgrade: websocket\r\n", ""))
        .by(Request(|seen, _| read_upgrade(seen, |seen| seen.has(KEY) && !seen.has("Upgrade")))),
    fault("switch-unasked", "Any GET of the endpoint is taken for a handshake.")
        .breaks("rfc9110/7.8-offered")
        .also(&["rfc6455/4.4-version-list"])
        .shown_by(|| octets("GET /chat HTTP/1.1\r\nHost: a\r\n\r\n"))
        .by(Request(|seen, _| {
            if seen.method() == b"GET" && !seen.is_http2 && !seen.has("Upgrade") {
                make_handshake(seen);
            }
        })),
    fault("switch-on-root", "Any GET of the root is taken for a handshake.")
        .breaks("rfc9110/7.8-offered")
        .by(Request(|seen, config| {
            let is_root = seen.method() == b"GET" && seen.target() == b"/";
            if is_root && !seen.is_http2 && !seen.has("Upgrade") {
                seen.set_target(config.path.as_bytes());
                make_handshake(seen);
            }
        })),
    fault("accept-unoffered-upgrade", "Any Upgrade field beside a key is taken for websocket.")
        .breaks("rfc9110/7.8-offered")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: foo/2"))
        .by(Request(|seen, _| read_upgrade(seen, |seen| seen.has(KEY) && seen.has("Upgrade")))),
    fault("accept-upgrade-substring", "The word websocket is searched for in Upgrade.")
        .breaks("rfc6455/4.2.1-upgrade")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: websockets"))
        .by(Request(|seen, _| {
            read_upgrade(seen, |seen| {
                let mut letters = seen.joined("Upgrade").to_ascii_lowercase();
                let is_clean = !letters.iter().any(u8::is_ascii_control);
                letters.retain(u8::is_ascii_alphanumeric);
                is_clean && contains(&letters, b"websocket")
            });
        })),
    fault(
        "accept-malformed-upgrade",
        "What stands around the word websocket in Upgrade does not matter.",
    )
    .breaks("rfc6455/4.2.1-upgrade")
    .also(&["rfc9110/7.8-offered"])
    .shown_by(|| changed("Upgrade: websocket", "Upgrade: \"websocket\""))
    .by(Request(|seen, _| {
        read_upgrade(seen, |seen| has_word(&seen.joined("Upgrade"), b"websocket"));
    })),
    fault("case-sensitive-upgrade", "Only websocket in lower case is known.")
        .breaks("rfc6455/4.2.1-upgrade")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: WebSocket"))
        .by(Request(|seen, _| {
            if !contains(&seen.joined("Upgrade"), b"websocket") {
                seen.remove("Upgrade");
            }
        })),
    fault("unicode-case-folding", "Letters that fold to those of websocket pass for them.")
        .breaks("rfc6455/2.1-ascii-case")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: websoc\u{212a}et"))
        .by(Request(|seen, _| {
            read_upgrade(seen, |seen| {
                let value = seen.joined("Upgrade");
                contains(&value, b"\xe2\x84\xaa") || contains(&value, b"\xc5\xbf")
            });
        })),
    fault("no-list-in-upgrade", "Refuses a list in Upgrade.")
        .breaks("rfc6455/4.2.1-upgrade")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: foo/2, websocket"))
        .by(Refused(400, |seen| seen.joined("Upgrade").contains(&b','))),
    // Connection.
    fault("accept-missing-connection", "Connection may be missing.")
        .breaks("rfc6455/4.2.1-connection")
        .shown_by(|| changed("Connection: Upgrade\r\n", ""))
        .by(Request(|seen, _| read_connection(seen, |seen| !seen.has("Connection")))),
    fault(
        "draft-without-connection",
        "A handshake of the draft versions 7 and 8 is accepted, and needs no Connection.",
    )
    .breaks("rfc6455/4.2.1-connection")
    .also(&["rfc6455/4.4-version-list"])
    .shown_by(|| {
        octets(HANDSHAKE.replace("Connection: Upgrade\r\n", "").replace("13\r\n", "8\r\n"))
    })
    .by(Request(|seen, _| {
        let is_draft = matches!(seen.value(VERSION).as_deref(), Some(b"7" | b"8"));
        if is_draft && seen.has("Upgrade") && !seen.has("Connection") {
            seen.set("Connection", b"Upgrade");
            seen.set(VERSION, b"13");
        }
    })),
    fault("accept-other-connection", "Connection may say anything.")
        .breaks("rfc6455/4.2.1-connection")
        .shown_by(|| changed("Connection: Upgrade", "Connection: keep-alive"))
        .by(Request(|seen, _| read_connection(seen, |seen| seen.has("Connection")))),
    fault("accept-connection-substring", "The word upgrade is searched for in Connection.")
        .breaks("rfc6455/4.2.1-connection")
        .shown_by(|| changed("Connection: Upgrade", "Connection: Upgrades"))
        .by(Request(|seen, _| {
            read_connection(seen, |seen| {
                let options = seen.joined("Connection").to_ascii_lowercase();
                !options.iter().any(u8::is_ascii_control) && contains(&options, b"upgrade")
            });
        })),
    fault(
        "accept-malformed-connection",
        "What stands around the word Upgrade in Connection does not matter.",
    )
    .breaks("rfc6455/4.2.1-connection")
    .shown_by(|| changed("Connection: Upgrade", "Connection: \"Upgrade\""))
    .by(Request(|seen, _| {
        read_connection(seen, |seen| has_word(&seen.joined("Connection"), b"upgrade"));
    })),
    fault("accept-proxy-connection", "Proxy-Connection passes for Connection.")
        .breaks("rfc6455/4.2.1-connection")
        .shown_by(|| changed("Connection: Upgrade", "Proxy-Connection: Upgrade"))
        .by(Request(|seen, _| read_connection(seen, |seen| seen.has("Proxy-Connection")))),
    fault("case-sensitive-connection", "Only Upgrade with a capital is known as an option.")
        .breaks("rfc6455/4.2.1-connection")
        .shown_by(|| changed("Connection: Upgrade", "Connection: upgrade"))
        .by(Request(|seen, _| {
            if !contains(&seen.joined("Connection"), b"Upgrade") {
                seen.remove("Connection");
            }
        })),
    fault("no-list-in-connection", "Refuses a list in Connection.")
        .breaks("rfc6455/4.2.1-connection")
        .shown_by(|| changed("Connection: Upgrade", "Connection: keep-alive, Upgrade"))
        .by(Refused(400, |seen| seen.joined("Connection").contains(&b','))),
    // The key.
    fault("accept-missing-key", "A handshake needs no key.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n", ""))
        .by(Request(|seen, _| {
            if !seen.has(KEY) && seen.has("Upgrade") {
                seen.set(KEY, EXAMPLE_KEY);
            }
        })),
    fault("accept-empty-key", "The key may be empty.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("AQIDBAUGBwgJCgsMDQ4PEA==", ""))
        .by(Request(|seen, _| read_key(seen, <[u8]>::is_empty)))
        .by(Switch(accept_of_what_was_sent)),
    fault("accept-short-key", "The key may decode to fewer than 16 octets.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("DQ4PEA==", "DQ4P"))
        .by(Request(|seen, _| {
            read_key(seen, |key| is_padded(key) && !key.is_empty() && data(key).len() < 22);
        }))
        .by(Switch(accept_of_what_was_sent)),
    fault("accept-long-key", "The key may decode to more than 16 octets.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("PEA==", "PEBE="))
        .by(Request(|seen, _| read_key(seen, |key| is_padded(key) && data(key).len() > 22)))
        .by(Switch(accept_of_what_was_sent)),
    fault("accept-unpadded-key", "The padding of the key does not matter.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("PEA==", "PEA"))
        .by(Request(|seen, _| {
            read_key(seen, |key| {
                let mut bare = key.iter().filter(|octet| **octet != b'=');
                bare.clone().count() == 22 && bare.all(is_base64)
            });
        }))
        .by(Switch(accept_of_what_was_sent)),
    fault("accept-non-base64-key", "The key may have characters outside the alphabet.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("AQID", "-_-_"))
        .by(Request(|seen, _| {
            read_key(seen, |key| data(key).len() == 22 && key.ends_with(b"=="));
        }))
        .by(Switch(accept_of_what_was_sent)),
    fault("accept-any-key", "The key is not checked.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("AQID", ""))
        .by(Request(|seen, _| read_key(seen, |_| true)))
        .by(Switch(accept_of_what_was_sent)),
    fault("accept-duplicate-key", "The first of several keys counts.")
        .breaks("rfc6455/11.3.1-key-once")
        .shown_by(|| added("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="))
        .by(Request(|seen, _| seen.keep_first(KEY))),
    fault("underscore-field-names", "An underscore in a field name passes for a hyphen.")
        .breaks("rfc6455/4.2.1-key")
        .shown_by(|| changed("Sec-WebSocket-Key", "Sec_WebSocket_Key"))
        .by(Request(|seen, _| {
            for line in &mut seen.lines {
                let colon = line.iter().position(|&octet| octet == b':').unwrap_or(0);
                for octet in line[..colon].iter_mut().filter(|octet| **octet == b'_') {
                    *octet = b'-';
                }
            }
        })),
    // The version.
    fault("accept-missing-version", "A handshake needs no version.")
        .breaks("rfc6455/4.2.1-version")
        .shown_by(|| changed("Sec-WebSocket-Version: 13\r\n", ""))
        .by(Request(|seen, _| {
            if !seen.has(VERSION) && seen.has(KEY) {
                seen.set(VERSION, b"13");
            }
        })),
    fault("accept-version-8", "The versions 7 and 8 of drafts are accepted as if they were 13.")
        .breaks("rfc6455/4.4-version-list")
        .shown_by(|| changed("Version: 13\r\n", "Version: 8\r\n"))
        .by(Request(|seen, _| read_version(seen, |text| matches!(text.parse::<u8>(), Ok(7 | 8))))),
    fault("accept-any-version", "Any version number is accepted.")
        .breaks("rfc6455/4.4-version-list")
        .by(Request(|seen, _| {
            read_version(seen, |text| {
                text.parse().is_ok_and(|number: u8| number.to_string() == text)
            });
        })),
    fault("accept-version-013", "The version may have a leading zero.")
        .breaks("rfc6455/4.2.1-version")
        .shown_by(|| changed("Version: 13\r\n", "Version: 013\r\n"))
        .by(Request(|seen, _| {
            read_version(seen, |text| text.parse::<u8>() == Ok(13) && text.starts_with('0'));
        })),
    fault("accept-malformed-version", "The version need not be a number.")
        .breaks("rfc6455/4.2.1-version")
        .shown_by(|| changed("Version: 13\r\n", "Version: abc\r\n"))
        .by(Request(|seen, _| {
            read_version(seen, |text| text.parse::<u8>().is_err() && !text.contains(','));
        })),
    fault("accept-version-list", "A list of versions with 13 in it is accepted.")
        .breaks("rfc6455/4.2.1-version")
        .shown_by(|| changed("Version: 13\r\n", "Version: 13, 8\r\n"))
        .by(Request(|seen, _| {
            read_version(seen, |text| text.split(',').any(|element| element.trim() == "13"));
        })),
    fault("accept-duplicate-version", "The first of several version lines counts.")
        .breaks("rfc6455/11.3.5-version-once")
        .shown_by(|| changed("Version: 13\r\n", "Version: 13\r\nSec-WebSocket-Version: 8\r\n"))
        .by(Request(|seen, _| seen.keep_first(VERSION))),
];

/// Turns any request into a handshake.
fn make_handshake(seen: &mut Seen) {
    seen.set("Upgrade", b"websocket");
    seen.set("Connection", b"Upgrade");
    seen.set(VERSION, b"13");
    if !seen.has(KEY) {
        seen.set(KEY, EXAMPLE_KEY);
    }
}

/// Reads Upgrade as an offer of WebSocket.
fn read_upgrade(seen: &mut Seen, is_good_enough: fn(&Seen) -> bool) {
    if is_good_enough(seen) {
        seen.set("Upgrade", b"websocket");
    }
}

/// Reads Connection as it must be beside Upgrade.
fn read_connection(seen: &mut Seen, is_good_enough: fn(&Seen) -> bool) {
    if is_good_enough(seen) && seen.has("Upgrade") {
        seen.set("Connection", b"Upgrade");
    }
}

/// Reads a key that is good enough as a right one.
fn read_key(seen: &mut Seen, is_good_enough: fn(&[u8]) -> bool) {
    if seen.value(KEY).is_some_and(|key| is_good_enough(&key)) {
        seen.set(KEY, EXAMPLE_KEY);
    }
}

/// Reads a version that is good enough as ours.
fn read_version(seen: &mut Seen, is_good_enough: fn(&str) -> bool) {
    let text = seen.value(VERSION).map(|value| String::from_utf8_lossy(&value).into_owned());
    if text.is_some_and(|text| is_good_enough(&text)) {
        seen.set(VERSION, b"13");
    }
}

fn accept_of_what_was_sent(answer: &mut answer::Answer, seen: &Seen, _: &Config) {
    answer.replace(ACCEPT, accept(seen.values(KEY).first().copied().unwrap_or_default()));
}

/// Whether the word stands in the value with no letter, digit or hyphen beside it.
fn has_word(value: &[u8], word: &[u8]) -> bool {
    let in_word = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    let mut words = value.split(|octet| !in_word(octet));
    !value.iter().any(u8::is_ascii_control) && words.any(|part| part.eq_ignore_ascii_case(word))
}

/// The key without its padding.
fn data(key: &[u8]) -> &[u8] {
    key.strip_suffix(b"==").or(key.strip_suffix(b"=")).unwrap_or(key)
}

fn is_padded(key: &[u8]) -> bool {
    data(key).iter().all(is_base64) && key.len().is_multiple_of(4)
}

fn is_base64(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || *octet == b'+' || *octet == b'/'
}
