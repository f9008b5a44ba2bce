//! What is secret before anything is sent: which fields hold secrets, and what the user gave us for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{SHORTEST_SECRET, secret_parts};

/// The secrets of a run: fields by name, and values that are looked for wherever they turn up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    names: Vec<String>,
    needles: Vec<Needle>,
}

/// Octets that are overwritten wherever they are, but for their beginning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needle {
    pub(super) octets: Vec<u8>,
    /// How many octets at the beginning are no secret and only say which place is meant.
    pub(super) kept: usize,
}

impl Secrets {
    /// Secrets are the values of the fields that hold credentials, and of those named here.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let names = names.iter().cloned().chain(FIELDS.iter().map(|&name| name.to_owned()));
        Self { names: names.collect(), needles: Vec::new() }
    }

    /// Adds what is secret in a URL: user information, and the values of its query. A value that looks like a
    /// credential, by its name or its form, is also looked for elsewhere.
    #[must_use]
    pub fn with_url(mut self, url: &str) -> Self {
        for part in parts(url) {
            let value = part.value;
            match part.name {
                Some(name) => {
                    let before = &url[part.starts..part.starts + name.len() + part.around];
                    self.add(format!("{before}{value}").as_bytes(), before.len());
                    if holds_secrets(name) || looks_random(value) {
                        self.add_everywhere(value.as_bytes());
                    }
                }
                None => self.add_everywhere(value.as_bytes()),
            }
        }
        self
    }

    /// Adds the value that a field is sent with, if the field holds secrets.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        if self.holds(name) {
            for part in secret_parts(value.as_bytes()) {
                self.add_everywhere(&part);
            }
        }
        self
    }

    /// Whether the field with this name holds secrets.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Overwrites every secret in a text, and the secret parts of URLs that `with_url` was told of.
    #[must_use]
    pub fn blot(&self, text: &str) -> String {
        blot(text, &self.needles)
    }

    /// The names of the fields that hold secrets.
    pub(super) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    pub(super) fn needles(&self) -> &[Needle] {
        &self.needles
    }

    /// A secret as it is, and as an echo may spell it: percent-encoded or without that, in hexadecimal digits,
    /// in base64, and what Basic has inside.
    fn add_everywhere(&mut self, secret: &[u8]) {
        if is_blotted(secret) {
            return;
        }
        let mut spelled = vec![secret.to_vec(), decoded(secret)];
        if let Some(pair) = STANDARD.decode(secret).ok().filter(|pair| pair.contains(&b':')) {
            let password = pair.iter().position(|byte| *byte == b':').map(|at| at + 1);
            spelled.push(pair[password.unwrap_or(0)..].to_vec());
            spelled.push(pair);
        }
        for one in spelled {
            let hex = one.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let encoded = |byte: &u8| match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(*byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            };
            let percent = one.iter().map(encoded).collect::<String>();
            if one.len() >= SHORTEST_SECRET {
                for text in [hex.to_ascii_uppercase(), hex, percent.to_ascii_lowercase(), percent] {
                    self.add(text.as_bytes(), 0);
                }
                for text in in_base64(&one) {
                    self.add(text.as_bytes(), 0);
                    self.add(text.replace('+', "-").replace('/', "_").as_bytes(), 0);
                }
                self.add(&one, 0);
            }
        }
    }

    fn add(&mut self, octets: &[u8], kept: usize) {
        let needle = Needle { octets: octets.to_vec(), kept };
        if !is_blotted(&octets[kept..]) && !self.needles.contains(&needle) {
            self.needles.push(needle);
            longest_first(&mut self.needles);
        }
    }
}

/// Whether this is what a report has in the place of a secret: looking for it would find all of them.
fn is_blotted(secret: &[u8]) -> bool {
    secret.iter().all(|byte| *byte == b'*')
}

/// The longest first, so that no secret is left half-covered by one that it contains.
pub(super) fn longest_first(needles: &mut Vec<Needle>) {
    needles.sort_by(|a, b| b.octets.len().cmp(&a.octets.len()).then_with(|| a.cmp(b)));
    needles.dedup();
}

/// Overwrites secrets in a text.
pub(super) fn blot(text: &str, needles: &[Needle]) -> String {
    let mut text = text.to_owned();
    for needle in needles {
        let Ok(secret) = std::str::from_utf8(&needle.octets) else { continue };
        if text.contains(secret) {
            let kept = &secret[..needle.kept];
            let stars = "*".repeat(secret.len() - needle.kept);
            text = text.replace(secret, &format!("{kept}{stars}"));
        }
    }
    text
}

/// A URL without its secrets: the values of its query and its user information are stars.
#[must_use]
pub fn blot_url(url: &str) -> String {
    let mut shown = url.to_owned();
    for part in parts(url) {
        let start = part.starts + part.name.map_or(0, |name| name.len() + part.around);
        let range = start..start + part.value.len();
        shown.replace_range(range, &"*".repeat(part.value.len()));
    }
    shown
}

/// A URL with something else in the place of the values of its query that are credentials, by their names or
/// their form. `instead` is given the name of each, and gets to know what it stands for.
pub fn without_credentials(url: &str, mut instead: impl FnMut(&str) -> String) -> String {
    let mut shown = url.to_owned();
    let found: Vec<UrlPart<'_>> = parts(url).into_iter().collect();
    for part in found.iter().rev() {
        let Some(name) = part.name.filter(|name| holds_secrets(name) || looks_random(part.value))
        else {
            continue;
        };
        let start = part.starts + name.len() + part.around;
        shown.replace_range(start..start + part.value.len(), &instead(name));
    }
    shown
}

/// A secret part of a URL.
struct UrlPart<'u> {
    /// The name of a value in the query.
    name: Option<&'u str>,
    value: &'u str,
    /// Where the part begins: with the value, or with the sign before the name.
    starts: usize,
    /// How many octets the signs around the name have.
    around: usize,
}

fn parts(url: &str) -> Vec<UrlPart<'_>> {
    let mut found = Vec::new();
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    if let Some(at) = url[authority..end].rfind('@') {
        // A user name is no secret, but where nothing follows it may be a token.
        let user = &url[authority..authority + at];
        let value = user.split_once(':').map_or(user, |(_, password)| password);
        let starts = authority + at - value.len();
        found.push(UrlPart { name: None, value, starts, around: 0 });
    }
    let query = url[end..].find('?').map(|at| end + at + 1);
    let mut starts = query.unwrap_or(url.len());
    let rest = url[starts..].split('#').next().unwrap_or_default();
    for pair in rest.split('&') {
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() => {
                found.push(UrlPart { name: Some(name), value, starts: starts - 1, around: 2 });
            }
            None if pair.len() >= SHORTEST_SECRET => {
                found.push(UrlPart { name: None, value: pair, starts, around: 0 });
            }
            _ => {}
        }
        starts += pair.len() + 1;
    }
    found
}

/// Whether the name of a value in a query says that it is a credential.
fn holds_secrets(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PARTS_OF_NAMES.iter().any(|part| name.contains(part)) || NAMES.contains(&name.as_str())
}

/// Whether a value is no word of a language or a protocol.
fn looks_random(value: &str) -> bool {
    value.len() >= 16 && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Without percent-encoding.
fn decoded(octets: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(&byte) = octets.get(at) {
        let digits = octets.get(at + 1..at + 3).filter(|_| byte == b'%');
        let digits = digits.and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(value) => {
                plain.push(value);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    plain
}

/// What base64 of a longer text has in the place of this one, wherever it begins there.
fn in_base64(octets: &[u8]) -> impl Iterator<Item = String> + '_ {
    (0..3).filter_map(|before| {
        let padded = [vec![0; before], octets.to_vec()].concat();
        let coded = STANDARD.encode(&padded);
        // The characters at both ends have bits of their neighbours.
        let from = (before * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        let sure = coded.get(from..to)?;
        (sure.len() >= SHORTEST_SECRET).then(|| sure.to_owned())
    })
}

/// The fields that hold credentials: those of RFC 9110 sections 11.6 and 11.7 and of RFC 6265, and those that are
/// wide-spread without a standard.
const FIELDS: &[&str] = &[
    "Api-Key",
    "Apikey",
    "Authorization",
    "CF-Access-Client-Secret",
    "Cookie",
    "Job-Token",
    "Ocp-Apim-Subscription-Key",
    "Private-Token",
    "Proxy-Authorization",
    "Set-Cookie",
    "X-Access-Token",
    "X-Amz-Security-Token",
    "X-Api-Key",
    "X-Api-Token",
    "X-Auth-Key",
    "X-Auth-Token",
    "X-Authorization",
    "X-CSRF-Token",
    "X-Forwarded-Access-Token",
    "X-Functions-Key",
    "X-Gitlab-Token",
    "X-Goog-Api-Key",
    "X-Goog-IAP-JWT-Assertion",
    "X-Session-Token",
    "X-Vault-Token",
    "X-XSRF-Token",
];

/// What the name of a credential in a query holds.
const PARTS_OF_NAMES: &[&str] =
    &["token", "secret", "passw", "apikey", "api_key", "api-key", "signature", "jwt", "credential"];

/// What it may be called in full.
const NAMES: &[&str] = &[
    "auth",
    "authorization",
    "bearer",
    "code",
    "key",
    "pass",
    "pwd",
    "session",
    "sid",
    "sig",
    "ticket",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_stars() {
        let rows = [
            ("ws://h:1/p", "ws://h:1/p"),
            ("ws://h/?a=b&c=&d", "ws://h/?a=*&c=&d"),
            ("ws://h/?access_token=s3cr3t#x", "ws://h/?access_token=******#x"),
            ("ws://h?abcdefgh&b=c=d", "ws://h?********&b=***"),
            ("ws://u:p@w@h/@?a", "ws://u:***@h/@?a"),
            ("ws://token@h/", "ws://*****@h/"),
            ("h/?a=b", "h/?a=*"),
        ];
        for (url, want) in rows {
            assert_eq!(blot_url(url), want);
        }
    }

    #[test]
    fn what_the_user_gave_is_blotted_out_of_a_text() {
        let secrets = Secrets::new(&["X-Mine".to_owned()])
            .with_url("ws://u:pass-word@h/?transport=websocket&token=a%2Fb-c-d-e&v=4")
            .with_field("x-mine", "open-sesame")
            .with_field("Authorization", "Basic dXNlcjpvcGVuLWRvb3I=")
            .with_field("X-Tenant", "not-secret");
        let rows = [
            (
                "to ws://u:pass-word@h/?transport=websocket",
                "to ws://u:*********@h/?transport=*********",
            ),
            ("Upgrade: websocket, v=4, ?v=4", "Upgrade: websocket, v=4, ?v=4"),
            ("/?a&v=4", "/?a&v=*"),
            ("a/b-c-d-e and a%2fb-c-d-e", "********* and ***********"),
            ("open-sesame not-secret", "*********** not-secret"),
            ("6f70656e2d736573616d65", "**********************"),
            ("user:open-door open-door", "************** *********"),
        ];
        for (text, want) in rows {
            assert_eq!(secrets.blot(text), want);
        }
        for before in ["", "x", "xy"] {
            let told = STANDARD.encode(format!("{before}open-sesame!"));
            assert!(secrets.blot(&told).contains("**********"), "{told}");
        }
    }

    #[test]
    fn credentials_of_a_url_are_replaced() {
        let url = without_credentials("ws://h/?token=a&b=c&key=d", |name| format!("<{name}>"));
        assert_eq!(url, "ws://h/?token=<token>&b=c&key=<key>");
    }

    #[test]
    fn stars_are_no_secret() {
        let secrets = Secrets::new(&[]).with_url("ws://h/?access_token=*********");
        assert_eq!(secrets, Secrets::new(&[]));
    }
}
