//! What a cause is called: what the peer did, in one line. The rule that it breaks is said beside it, and is no title.

use std::collections::BTreeSet;

use super::group::{Differences, shared};
use super::unit::{Unit, Way};

/// What all units say in the same words, as the first of them says it.
pub(super) fn said(units: &[Unit<'_>]) -> Option<String> {
    let first = units.first()?;
    let alike = shape(&first.finding.message);
    let is_alike = |unit: &Unit<'_>| shape(&unit.finding.message) == alike;
    units.iter().all(is_alike).then(|| plain(&first.finding.message))
}

/// A message without what a target may put into it: quoted text and numbers.
pub(super) fn shape(message: &str) -> String {
    let message = plain(message);
    let outside = message.split('"').step_by(2);
    outside.flat_map(str::chars).filter(|c| !c.is_ascii_digit()).collect()
}

/// A message without the reason why it is no more than a warning, without the number of cases, and with quotation
/// marks around what is quoted alone.
pub(super) fn plain(message: &str) -> String {
    let ends = [" (a warning, ", "; so in ", " (derived: "];
    let short = ends.iter().fold(message, |said, end| said.split(end).next().unwrap_or(said));
    let quoted = unambiguous(short.trim_end_matches('.'));
    compared(&quoted).unwrap_or(quoted)
}

/// What a group has in common: what was found, or what came and what was asked, or against which rule.
pub(super) fn title(units: &[Unit<'_>], differences: &Differences, rule: &str) -> String {
    let said = |unit: &Unit<'_>| plain(&unit.finding.message);
    let shapes: BTreeSet<String> = units.iter().map(|unit| shape(&unit.finding.message)).collect();
    let Some(first) = units.first() else {
        return String::new();
    };
    let message = said(first);
    if first.way.is_none() || shapes.len() == 1 {
        return told(&message, rule);
    }
    let came = came(units).unwrap_or_else(|| now(event(&message)));
    let kinds: BTreeSet<_> = units.iter().map(|unit| differences.get(&unit.place)).collect();
    match shared(units, differences) {
        Some(one) if kinds.len() == 1 => format!("{came} to requests {}", one.said()),
        Some(one) => format!("{came} to requests {}", one.of_all()),
        None => against(&came, rule),
    }
}

/// Whether a message is about what came, and not about how something in it looks.
pub(crate) fn is_event(message: &str) -> bool {
    EVENTS.iter().any(|(past, _)| message.starts_with(past))
}

/// What a message says was done, and what speaks against it. What a rule for every message found says both.
pub(super) fn told(message: &str, rule: &str) -> String {
    let (came, is) = (event(message), now(event(message)));
    match note(message) {
        _ if came == is => message.to_owned(),
        Some(note) => format!("{is}, although {note}"),
        None => against(&is, rule),
    }
}

/// What was done, and the rule that it is done against.
fn against(came: &str, rule: &str) -> String {
    match rule {
        "" => came.to_owned(),
        rule => format!("{came}, although {}", although(rule)),
    }
}

/// A sentence as the end of another: without its capital and period.
pub(super) fn although(sentence: &str) -> String {
    lower(sentence.trim_end_matches('.'))
}

/// What is to be thought of an event, where it reads as a reason against it: what was expected, or what the case says.
fn note(message: &str) -> Option<String> {
    let (_, note) = message.split_once(". Expected: ").or_else(|| message.split_once(": "))?;
    let first = parts(note).first().map(|first| bare(first)).unwrap_or_default();
    let is_rule = RULE_WORDS.iter().any(|word| first.contains(word));
    (!is_rule && first.split(' ').count() > FEW_WORDS && !first.starts_with('"'))
        .then(|| although(first))
}

/// An event as a thing that happens always: `answers 101` for `answered 101`.
fn now(event: &str) -> String {
    let is_past = |(past, _): &&(&str, &str)| event.starts_with(past);
    match EVENTS.iter().find(is_past) {
        Some((past, now)) => event.replacen(past, now, 1),
        None => event.to_owned(),
    }
}

/// A title that fits into a line or two: without quoted octets, and without what is said twice.
pub(super) fn fitting(title: String) -> String {
    let parts = parts(&title);
    let is_octets = |part: &str| part.starts_with('"') && part.contains('\\');
    let event = parts.first().map(|first| bare(first).to_ascii_lowercase()).unwrap_or_default();
    let is_empty = |part: &str| {
        RULE_WORDS.iter().any(|word| part.contains(word))
            || part.to_ascii_lowercase().contains(&event)
    };
    let mut made = String::new();
    for part in &parts {
        match part.strip_prefix('"').filter(|_| is_octets(part)) {
            // What follows the octets is worth more than they are.
            Some(octets) => {
                let rest = octets.rsplit_once('"').map_or("", |(_, rest)| rest);
                made.truncate(bare(&made).len());
                made.push_str(rest);
            }
            None if !made.is_empty() && is_empty(part) => break,
            None => made.push_str(part),
        }
    }
    cut(bare(&made))
}

/// A part without what sets it off from the next.
fn bare(part: &str) -> &str {
    part.trim_end_matches([':', ';', ' ', '.'])
}

/// The parts of a title, each with the colon or semicolon behind it. What is quoted is not parted.
fn parts(title: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = title;
    while let Some(part) = rest.match_indices([':', ';']).find_map(|(at, _)| {
        let part = rest.get(..at + 2).filter(|part| part.ends_with(' '))?;
        (part.matches('"').count().is_multiple_of(2)).then_some(part)
    }) {
        parts.push(part);
        rest = rest.strip_prefix(part).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

/// The longest beginning that fits and ends where a part of the sentence ends.
fn cut(title: &str) -> String {
    if title.len() <= MOST {
        return title.to_owned();
    }
    let whole = |part: &&str| {
        let is_closed = part.matches('(').count() == part.matches(')').count();
        part.matches('"').count().is_multiple_of(2) && is_closed && !part.ends_with(". Expected")
    };
    let ends = |end: &str| title.match_indices(end).map(|(at, _)| at).collect::<Vec<_>>();
    let best = |among: &[&str]| {
        let places = among.iter().flat_map(|end| ends(end)).filter(|at| *at <= MOST);
        let parts = places.filter_map(|at| title.get(..at)).filter(whole);
        parts.max_by_key(|part| part.len()).filter(|part| part.len() >= LEAST)
    };
    match best(&PART_ENDS).or_else(|| best(&CLAUSE_ENDS)) {
        Some(part) => part.to_owned(),
        None => {
            let mut words = title.match_indices(' ').map(|(at, _)| at).filter(|at| *at < MOST);
            format!("{}…", words.next_back().and_then(|at| title.get(..at)).unwrap_or(title))
        }
    }
}

/// A message whose quoted text holds no quotation mark, for it is an octet as any other there: `\x22`.
fn unambiguous(message: &str) -> String {
    let mut made = String::with_capacity(message.len());
    let mut is_inside = false;
    let mut letters = message.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_last = letters.peek().is_none_or(|next| " .,:;)".contains(*next));
        match (letter, is_inside) {
            ('"', true) if !is_last => made.push_str("\\x22"),
            ('"', _) => {
                is_inside = !is_inside;
                made.push('"');
            }
            _ => made.push(letter),
        }
    }
    made
}

/// What two spellings of the same got, without what is equal in both answers.
fn compared(message: &str) -> Option<String> {
    let (answers, twin) = message.split_once(" for the same meaning spelled as in ")?;
    let (here, there) = answers.split_once(", but ")?;
    let mut pairs = here.split(", ").zip(there.split(", "));
    let (here, there) = pairs.find(|(one, other)| one != other)?;
    let verb = if here.starts_with(|first: char| first.is_ascii_digit()) { "answers " } else { "" };
    Some(format!("{verb}{here}, but {there} for the same meaning spelled as in {twin}"))
}

/// What happened, without what was expected or what is to be thought of it.
fn event(message: &str) -> &str {
    let message = message.split(". Expected: ").next().unwrap_or(message);
    message.split(": ").next().unwrap_or(message)
}

/// What came of all these requests.
fn came(units: &[Unit<'_>]) -> Option<String> {
    let first = units.first()?;
    let outcomes: BTreeSet<String> =
        units.iter().filter_map(|unit| unit.case.outcome).map(|came| came.to_string()).collect();
    Some(match (first.way?, outcomes.len()) {
        (Way::Status(class), 2..) => format!("answers {class}xx"),
        (Way::Switched | Way::Status(_), _) => format!("answers {}", outcomes.first()?),
        (Way::Spoiled, _) => format!("goes wrong after the {}", outcomes.first()?),
        (Way::Ended, _) => "closes without an answer".to_owned(),
        (Way::Silent, _) => "sends no answer".to_owned(),
        (Way::Else, _) => return None,
    })
}

/// A fragment with a capital, unless it begins with a name such as `server_max_window_bits`.
pub(super) fn upper(mut fragment: String) -> String {
    let is_word = fragment
        .split(' ')
        .next()
        .is_some_and(|word| word.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b','));
    if let Some(first) = fragment.get_mut(..1).filter(|_| is_word) {
        first.make_ascii_uppercase();
    }
    fragment
}

/// A sentence as the second part of another; a name such as Host keeps its capital.
fn lower(sentence: &str) -> String {
    let mut lower = sentence.to_owned();
    let first = sentence.split([' ', ',']).next().unwrap_or_default();
    let rest = first.get(1..).unwrap_or_default();
    let is_word = rest.bytes().all(|octet| octet.is_ascii_lowercase()) && !NAMES.contains(&first);
    if let Some(letter) = lower.get_mut(..1).filter(|_| is_word) {
        letter.make_ascii_lowercase();
    }
    lower
}

/// Names that look like a word with a capital.
const NAMES: [&str; 15] = [
    "Allow",
    "Close",
    "Connection",
    "Date",
    "Debian",
    "Expect",
    "Go",
    "Host",
    "Location",
    "Origin",
    "Ping",
    "Pong",
    "Server",
    "Upgrade",
    "Via",
];

/// What happened, and what it is called where it always does.
const EVENTS: [(&str, &str); 11] = [
    ("answered ", "answers "),
    ("asked ", "asks "),
    ("broke ", "breaks "),
    ("closed ", "closes "),
    ("did not ", "does not "),
    ("ended ", "ends "),
    ("kept ", "keeps "),
    ("opened ", "opens "),
    ("reset ", "resets "),
    ("sent ", "sends "),
    ("went on", "goes on"),
];

/// What a part of a title holds that says what should or may be done.
const RULE_WORDS: [&str; 7] =
    ["MUST", "SHOULD", " must not ", " must ", " should ", "server may ", "client may "];

/// Where a title can end.
const PART_ENDS: [&str; 3] = ["; ", ": ", ". "];

/// Where a title can end that has no such place.
const CLAUSE_ENDS: [&str; 3] = [", and ", ", but ", ", "];

/// So few words say too little of what is wrong.
const FEW_WORDS: usize = 4;

/// The most octets of a title.
const MOST: usize = 120;

/// The fewest octets of a title that was cut.
const LEAST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_fits_and_says_what_was_done() {
        let long = "a".repeat(200);
        let rows = [
            ("Answered 101. Expected: It is refused", "Answered 101. Expected: It is refused"),
            (
                r#"Sent octets that are not HTTP: "\x8a\x22". Expected: A frame does not come before the 101"#,
                "Sent octets that are not HTTP. Expected: A frame does not come before the 101",
            ),
            (
                r#"A further response follows the 101: "HTTP/1.1 200 OK\r\nDate: …"; the 101 comes before it"#,
                "A further response follows the 101; the 101 comes before it",
            ),
            (
                "Answered 101: The 103 is dropped: a proxy MUST forward it",
                "Answered 101: The 103 is dropped",
            ),
            ("Answered 200: MUST for a proxy; a gateway has to believe it", "Answered 200"),
            (&format!("It began, and then {long}"), "It began, and then…"),
            (
                &format!("Answered 101, but no Pong came. Expected: It is {long}"),
                "Answered 101, but no Pong came",
            ),
            (&format!("It went on for a while, and then {long}"), "It went on for a while"),
        ];
        for (title, want) in rows {
            assert_eq!(fitting(title.to_owned()), want, "{title}");
        }
    }

    #[test]
    fn a_message_is_without_reasons_and_its_quotes_are_no_octets() {
        let rows = [
            (
                "answered 101. Expected: It is refused (derived: RFC 6455 has it).",
                "answered 101. Expected: It is refused",
            ),
            (r#"sent "\x03>\x87"". Expected: none"#, r#"sent "\x03>\x87\x22". Expected: none"#),
            (r#"sent "a"HTTP", which is odd"#, r#"sent "a\x22HTTP", which is odd"#),
            (r#"names "a", and "b""#, r#"names "a", and "b""#),
            (
                "400, but 101, Sec-WebSocket-Protocol none for the same meaning spelled as in server/a/b",
                "answers 400, but 101 for the same meaning spelled as in server/a/b",
            ),
        ];
        for (message, want) in rows {
            assert_eq!(plain(message), want, "{message}");
        }
    }
}
