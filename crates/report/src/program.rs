//! Makes of a case with one request over HTTP/1.1 a program that sends its octets and says what the answer is worth: a
//! script for a shell, or a unit test. It looks at the status and the accept value alone, and never fails what the case
//! lets through.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::Bindings;
use upspec_corpus::case::{
    Act, Case, Conditions, Expectation, Grade, Outcome, Over, Role, Tls, usual_alpn,
};
use upspec_handshake::field::key;
use upspec_handshake::opening::Opening;
use upspec_handshake::{RequestHead, Status};
use upspec_judge::Verdict;

use crate::visible::{self, write_to};

/// A program that is not written in a language yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program<'c> {
    /// The id of the case.
    pub id: &'c str,
    /// Its title.
    pub title: &'c str,
    /// What it sends.
    pub octets: Vec<u8>,
    /// What outcomes are worth.
    pub worth: Vec<Worth>,
}

/// What outcomes are worth: of statuses the first and the last one; 0 is a connection that was closed without an
/// answer, 1 none in time, 2 octets that are no HTTP. Any other outcome fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Worth {
    /// What it is worth.
    pub grade: Verdict,
    /// The first outcome.
    pub from: u16,
    /// The last one.
    pub to: u16,
}

/// Where a program connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host, an IPv6 literal without its brackets.
    host: String,
    port: u16,
    tls: bool,
}

/// A language in which programs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// What the user calls it.
    pub name: &'static str,
    /// What a page calls it.
    pub title: &'static str,
    /// The program, with marks for what differs. A line that begins with `?tls` or `?tcp` is for such a target alone;
    /// one with `@PIECE@` or `@GRADE@` is there as often as there are pieces or grades.
    pub(crate) template: &'static str,
    /// How an octet is written that has no sign of its own.
    pub(crate) escape: Escape,
}

/// How an octet is written that has no sign of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// `\x00`.
    Hex,
    /// `\000`.
    Octal,
    /// `\0000`, as `printf '%b'` has it.
    Printf,
}

/// The languages.
pub const LANGUAGES: [Language; 6] = [
    language("shell", "Shell", include_str!("program/shell.txt"), Escape::Printf),
    language("node", "Node", include_str!("program/node.txt"), Escape::Hex),
    language("python", "Python", include_str!("program/python.txt"), Escape::Hex),
    language("go", "Go", include_str!("program/go.txt"), Escape::Hex),
    language("java", "Java", include_str!("program/java.txt"), Escape::Octal),
    language("rust", "Rust", include_str!("program/rust.txt"), Escape::Hex),
];

const fn language(
    name: &'static str,
    title: &'static str,
    template: &'static str,
    escape: Escape,
) -> Language {
    Language { name, title, template, escape }
}

impl<'c> Program<'c> {
    /// The program for a case.
    ///
    /// # Errors
    ///
    /// Why there is none, as a sentence.
    pub fn of(case: &'c Case, bindings: &Bindings) -> Result<Self, &'static str> {
        let octets = request(case, bindings)?;
        Ok(Self { id: &case.id, title: &case.title, octets, worth: worth(&case.expect) })
    }

    /// The program in a language.
    #[must_use]
    pub fn write(&self, language: &Language, place: &Place) -> String {
        let pieces = pieces(&self.octets, language.escape);
        let accept = accept_of(&self.octets);
        let scalars = [
            ("@ID@", plain(self.id)),
            ("@TITLE@", visible::text(self.title)),
            ("@HOST@", place.host.clone()),
            ("@PORT@", place.port.to_string()),
            ("@AUTHORITY@", place.authority()),
            ("@ACCEPT@", accept.unwrap_or_default()),
        ];
        let mut text = String::new();
        for line in language.template.lines() {
            let line = match (line.strip_prefix("?tls "), line.strip_prefix("?tcp ")) {
                (None, None) => line,
                (Some(line), _) if place.tls => line,
                (_, Some(line)) if !place.tls => line,
                _ => continue,
            };
            if line.contains("@PIECE@") {
                pieces.iter().for_each(|piece| push(&mut text, &line.replace("@PIECE@", piece)));
            } else if line.contains("@GRADE@") {
                self.worth.iter().for_each(|one| push(&mut text, &one.fill(line)));
            } else {
                let fill = |line: String, (mark, value): &(&str, String)| line.replace(mark, value);
                push(&mut text, &scalars.iter().fold(line.to_owned(), fill));
            }
        }
        text
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

impl Worth {
    fn fill(self, line: &str) -> String {
        line.replace("@GRADE@", visible::verdict(self.grade))
            .replace("@FROM@", &self.from.to_string())
            .replace("@TO@", &self.to.to_string())
    }
}

impl Place {
    /// A host, an IPv6 literal with or without its brackets, and a port. `None` when a host cannot be spelled so.
    #[must_use]
    pub fn new(host: &str, port: u16, tls: bool) -> Option<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        let host = (!host.is_empty() && host.chars().all(plain)).then(|| host.to_owned())?;
        Some(Self { host, port, tls })
    }

    /// Where a URL leads; `None` when it is not the URL of a server that speaks HTTP/1.1.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let usual = if tls { 443 } else { 80 };
        match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => Self::new(host, port.parse().ok()?, tls),
            None => Self::new(authority, usual, tls),
        }
    }

    /// The host as it is, for a page's script.
    pub(crate) fn parts(&self) -> (&str, u16, bool) {
        (&self.host, self.port, self.tls)
    }

    fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// An id as it may stand in any program.
fn plain(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || "-._/".contains(*c)).collect()
}

/// The octets of the one request of a case.
fn request(case: &Case, bindings: &Bindings) -> Result<Vec<u8>, &'static str> {
    if case.role != Role::Server {
        return Err("only cases for servers become programs, and this one is for another role");
    }
    if case.over != Over::Http1 || case.alpn != usual_alpn(Over::Http1) || case.tls != Tls::AsTarget
    {
        return Err("only cases in HTTP/1.1, on a connection as the URL says, become programs");
    }
    let mut octets = Vec::new();
    let mut awaits = false;
    for step in &case.steps {
        match &step.act {
            Act::Send(_) | Act::Repeat { .. } if !awaits => {
                let start = octets.len();
                step.act.render_into(&mut octets, bindings);
                let rounds = usize::try_from(step.act.rounds()).unwrap_or(usize::MAX);
                if (octets.len() - start).saturating_mul(rounds) > MOST_OCTETS {
                    return Err(TOO_LONG);
                }
                let once = octets.split_off(start);
                octets.extend(once.repeat(rounds));
            }
            Act::Await(_) | Act::AwaitOther(_) if !octets.is_empty() => awaits = true,
            _ => {
                return Err("it does more than to send one request and to read the answer; \
                            `upspec run --only` and `upspec replay` play it whole");
            }
        }
    }
    let heads = octets.windows(8).filter(|window| *window == b" HTTP/1.").count();
    let asks_several = |one: &Expectation| !one.wants.responses.is_empty();
    if heads > 1 || case.expect.iter().any(asks_several) {
        return Err("it sends more than one request; `upspec run --only` plays it whole");
    }
    if octets.len() > MOST_OCTETS { Err(TOO_LONG) } else { Ok(octets) }
}

/// What each outcome is worth, in ranges. An alternative that asks for more than an outcome may not be the one that
/// holds, so that the outcome is worth the better of it and what comes behind it.
fn worth(expect: &[Expectation]) -> Vec<Worth> {
    let mut rows: Vec<Worth> = Vec::new();
    let others = [Outcome::Closed, Outcome::Silent, Outcome::NotHttp];
    let others = others.into_iter().zip(0..);
    let statuses = std::iter::once(101).chain(200..600);
    for (outcome, code) in statuses.map(|code| (Outcome::Status(code), code)).chain(others) {
        let Some(grade) = worth_of(outcome, expect) else { continue };
        match rows.last_mut() {
            Some(last) if (last.grade, last.to + 1) == (grade, code) && code > 200 => {
                last.to = code;
            }
            _ => rows.push(Worth { grade, from: code, to: code }),
        }
    }
    rows
}

/// What an outcome is worth at best; `None` when it fails.
fn worth_of(outcome: Outcome, expect: &[Expectation]) -> Option<Verdict> {
    let mut best: Option<Grade> = None;
    for one in expect.iter().filter(|one| one.covers(outcome)) {
        let better = |known: Grade| if rank(one.grade) < rank(known) { one.grade } else { known };
        best = Some(best.map_or(one.grade, better));
        if asks_for_no_more(one) {
            break;
        }
    }
    match best? {
        Grade::Pass => Some(Verdict::Pass),
        Grade::Warn => Some(Verdict::Warn),
        Grade::Inconclusive => Some(Verdict::Inconclusive),
        Grade::Fail => None,
    }
}

/// From good to bad.
fn rank(grade: Grade) -> u8 {
    match grade {
        Grade::Pass => 0,
        Grade::Inconclusive => 1,
        Grade::Warn => 2,
        Grade::Fail => 3,
    }
}

/// Whether an alternative asks for an outcome and nothing else.
fn asks_for_no_more(one: &Expectation) -> bool {
    let status = one.wants.status.clone();
    let alone = Conditions { status, ..Conditions::default() };
    one.when.is_empty() && one.ends.is_empty() && one.wants == alone
}

/// The accept value that a 101 to these octets has to have, where they are a valid handshake that offers nothing else.
#[must_use]
pub(crate) fn accept_of(octets: &[u8]) -> Option<String> {
    let Status::Complete(head) = RequestHead::parse(octets) else { return None };
    let mut offers = head.fields.values("Upgrade");
    let alone = |offer: &[u8]| offer.eq_ignore_ascii_case(b"websocket");
    if !offers.next().is_some_and(alone) || offers.next().is_some() {
        return None;
    }
    let value = Opening::read(&head).is_valid().then(|| head.fields.values("Sec-WebSocket-Key"))?;
    let accept = key::accept(value.last()?);
    Some(accept.iter().copied().map(char::from).collect())
}

/// Octets in strings of a language: a line each, none too long to be read.
fn pieces(octets: &[u8], escape: Escape) -> Vec<String> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    lines.flat_map(|line| line.chunks(LONGEST_PIECE)).map(|line| escaped(line, escape)).collect()
}

fn escaped(octets: &[u8], escape: Escape) -> String {
    let mut text = String::new();
    for &octet in octets {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b'"' | b'\'' | ..b' ' | 0x7f.. => match escape {
                Escape::Hex => write_to(&mut text, format_args!("\\x{octet:02x}")),
                Escape::Octal => write_to(&mut text, format_args!("\\{octet:03o}")),
                Escape::Printf => write_to(&mut text, format_args!("\\0{octet:03o}")),
            },
            _ => text.push(char::from(octet)),
        }
    }
    text
}

const TOO_LONG: &str = "it sends more octets than a program can hold; `upspec run --only` plays it";
const MOST_OCTETS: usize = 16 << 10;
const LONGEST_PIECE: usize = 256;

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use super::*;

    fn written(id: &str, url: &str) -> Vec<(&'static str, String)> {
        let corpus = Corpus::embedded().unwrap();
        let program = Program::of(corpus.case(id).unwrap(), &Bindings::example()).unwrap();
        let place = Place::of_url(url).unwrap();
        LANGUAGES.iter().map(|one| (one.name, program.write(one, &place))).collect()
    }

    #[test]
    fn a_case_in_all_languages() {
        for (name, text) in written("server/key/fifteen-bytes", "ws://127.0.0.1:9001/chat") {
            insta::assert_snapshot!(format!("program_{name}"), text);
        }
    }

    #[test]
    fn nothing_is_left_of_the_template_with_tls_or_without() {
        for url in ["wss://[::1]/", "http://h:1/"] {
            for (name, text) in written("server/key/fifteen-bytes", url) {
                let is_mark = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
                assert!(!text.split('@').skip(1).any(is_mark), "{name}: {text}");
                assert!(!text.contains("?tls") && !text.contains("?tcp"), "{name}: {text}");
            }
        }
    }

    #[test]
    fn every_language_has_its_escapes() {
        let octets = b"a\"'\\\r\n\0\xff{%$";
        let rows = [
            (Escape::Hex, r"a\x22\x27\\\r\n", r"\x00\xff{%$"),
            (Escape::Octal, r"a\042\047\\\r\n", r"\000\377{%$"),
            (Escape::Printf, r"a\0042\0047\\\r\n", r"\0000\0377{%$"),
        ];
        for (escape, first, second) in rows {
            assert_eq!(pieces(octets, escape), [first, second]);
        }
        assert_eq!(pieces(&[b'a'; 600], Escape::Hex).len(), 3);
    }

    #[test]
    fn an_outcome_is_worth_what_the_case_says_at_best() {
        let corpus = Corpus::embedded().unwrap();
        let rows = |preset: &str| {
            let preset = corpus.presets.iter().find(|one| one.name == preset).unwrap();
            let rows = worth(&preset.expect).into_iter();
            rows.map(|row| (visible::verdict(row.grade), row.from, row.to)).collect::<Vec<_>>()
        };
        let refused = [("warn", 200, 399), ("pass", 400, 499), ("warn", 500, 599), ("warn", 0, 0)];
        assert_eq!(rows("refused"), refused);
        // A 4xx fails without its field, but a program does not look at fields.
        assert_eq!(rows("version-refused"), refused);
        assert_eq!(rows("either"), [("pass", 101, 101), ("pass", 200, 599), ("warn", 0, 0)]);
    }

    #[test]
    fn most_cases_for_servers_become_programs_and_the_others_say_why_not() {
        let corpus = Corpus::embedded().unwrap();
        let (mut made, mut why) = (0, std::collections::BTreeMap::<&str, usize>::new());
        for case in corpus.cases.iter().filter(|case| case.over == Over::Http1) {
            match Program::of(case, &Bindings::example()) {
                Ok(program) => {
                    made += 1;
                    assert!(!program.octets.is_empty(), "{}", case.id);
                }
                Err(reason) => *why.entry(reason).or_default() += 1,
            }
        }
        assert!(made > 350, "{made}: {why:?}");
    }

    #[test]
    fn a_place_is_a_host_and_a_port() {
        let rows = [
            ("ws://h/x", Some(("h", 80, false))),
            ("wss://[::1]/", Some(("::1", 443, true))),
            ("https://a.b:8443?x", Some(("a.b", 8443, true))),
            ("h2c://a", None),
            ("ws://a'b/", None),
            ("node server.js", None),
        ];
        for (url, wanted) in rows {
            assert_eq!(Place::of_url(url).as_ref().map(Place::parts), wanted, "{url}");
        }
    }

    #[test]
    fn only_a_valid_handshake_has_an_accept_value() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        assert_eq!(accept_of(head.as_bytes()).as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(accept_of(head.replace("websocket", "websocket, x").as_bytes()), None);
        assert_eq!(accept_of(head.replace("==", "").as_bytes()), None);
    }
}
