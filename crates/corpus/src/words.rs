//! The words that case files use for the fixed choices: one table per choice.

use std::fmt;
use std::ops::RangeInclusive;

use crate::case::{Fact, Grade, Hazard, LinkName, Need, Outcome, Outcomes, Over, Role, Tls};

/// A choice among fixed words.
pub trait Word: Copy + PartialEq + Sized + 'static {
    /// What the choice is called in messages.
    const WHAT: &'static str;
    /// Every word with its meaning.
    const WORDS: &'static [(&'static str, Self)];

    /// The meaning of a word.
    #[must_use]
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }

    /// The word for a meaning.
    #[must_use]
    fn word(self) -> &'static str {
        let named = Self::WORDS.iter().find(|(_, meaning)| *meaning == self);
        named.expect("every meaning is in its table").0
    }
}

/// Implements [`Word`] and prints the word.
macro_rules! words {
    ($type:ty, $what:literal, $($word:literal = $meaning:ident),+ $(,)?) => {
        impl $crate::words::Word for $type {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$meaning)),+];
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::words::Word::word(*self))
            }
        }
    };
}
pub(crate) use words;

words!(LinkName, "link", "client" = Client, "client-2" = Client2, "origin" = Origin);
words!(Role, "role", "client" = Client, "intermediary" = Intermediary, "server" = Server);
/// The words of the needs, and of the facts that one holds or, with `!` before it, does not.
macro_rules! needs {
    ($($word:literal = $need:ident),+ $(,)?) => {
        words!(Need, "need", $($word = $need),+);

        impl Word for Fact {
            const WHAT: &'static str = "need";
            const WORDS: &'static [(&'static str, Self)] = &[
                $(($word, Self { need: Need::$need, holds: true }),)+
                $((concat!("!", $word), Self { need: Need::$need, holds: false }),)+
            ];
        }

        impl fmt::Display for Fact {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

needs!(
    "endpoint" = Endpoint,
    "echo" = Echo,
    "extended-connect" = ExtendedConnect,
    "http2" = Http2,
    "http2-endpoint" = Http2Endpoint,
    "http2-resource" = Http2Resource,
    "keep-alive" = KeepAlive,
    "permessage-deflate" = PermessageDeflate,
    "plain" = Plain,
    "plain-resource" = PlainResource,
    "pong" = Pong,
    "subprotocol" = Subprotocol,
    "two-subprotocols" = TwoSubprotocols,
    "tls" = Tls,
    "origin" = Origin,
    "opens" = Opens,
    "sends" = Sends,
    "stays-open" = StaysOpen,
    "upgrade" = Upgrade,
    "reframes" = Reframes,
    "terminates" = Terminates,
    "parses" = Parses,
    "host-rewritten" = HostRewritten,
);

impl Word for Over {
    const WHAT: &'static str = "protocol";
    const WORDS: &'static [(&'static str, Self)] =
        &[("http1", Self::Http1), ("http2", Self::Http2)];
}

words!(Tls, "use of TLS", "as-target" = AsTarget, "off" = Off);
words!(Hazard, "hazard", "resource" = Resource);
words!(Grade, "grade", "pass" = Pass, "warn" = Warn, "inconclusive" = Inconclusive, "fail" = Fail);
impl Outcomes {
    /// Every final status, and 101: what `any` stands for.
    #[must_use]
    pub fn any_status() -> Self {
        let classes = (2..=5).map(Outcome::Class);
        Self([Outcome::Status(101)].into_iter().chain(classes).collect())
    }

    /// Reads words such as `400 426`, `4xx 5xx`, `401-499`, `closed`, `any`.
    ///
    /// # Errors
    ///
    /// The first word that is not an outcome.
    pub fn from_words(text: &str) -> Result<Self, &str> {
        let mut outcomes = Vec::new();
        for word in text.split_ascii_whitespace() {
            match word {
                "any" => outcomes.extend(Self::any_status().0),
                _ => match Outcome::WORDS.iter().find(|(known, _)| *known == word) {
                    Some((_, outcome)) => outcomes.push(*outcome),
                    None => outcomes.extend(statuses(word).ok_or(word)?),
                },
            }
        }
        if outcomes.is_empty() { Err(text) } else { Ok(Self(outcomes)) }
    }

    /// Whether a response with this status is among them.
    #[must_use]
    pub fn covers_status(&self, status: u16) -> bool {
        self.0.iter().any(|outcome| match outcome {
            Outcome::Status(own) => *own == status,
            Outcome::Class(digit) => u16::from(*digit) == status / 100,
            _ => false,
        })
    }

    /// Whether this outcome is among them, a status also through its class.
    #[must_use]
    pub fn covers(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Status(status) => self.covers_status(status),
            other => self.0.contains(&other),
        }
    }
}

/// The outcomes behind `404`, `4xx` or `401-499`.
fn statuses(word: &str) -> Option<Vec<Outcome>> {
    if let Some(class) = word.strip_suffix("xx") {
        let [digit @ b'1'..=b'5'] = class.as_bytes() else {
            return None;
        };
        return Some(vec![Outcome::Class(digit - b'0')]);
    }
    let Some((first, last)) = word.split_once('-') else {
        return Some(vec![Outcome::Status(status(word)?)]);
    };
    let range = status(first)?..=status(last)?;
    (range.start() < range.end()).then(|| range.map(Outcome::Status).collect())
}

fn status(word: &str) -> Option<u16> {
    word.parse().ok().filter(|status| STATUSES.contains(status) && word.len() == 3)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Class(digit) => write!(f, "{digit}xx"),
            other => {
                let named = Self::WORDS.iter().find(|(_, outcome)| outcome == other);
                f.write_str(named.expect("every outcome but a status is in the table").0)
            }
        }
    }
}

/// Prints the words, a run of statuses as a range: `401-499 5xx`.
impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        while let Some(first) = rest.first() {
            let follows = |pair: &[Outcome]| match pair {
                [Outcome::Status(one), Outcome::Status(next)] => one + 1 == *next,
                _ => false,
            };
            let run = 1 + rest.windows(2).take_while(|pair| follows(pair)).count();
            // Two neighbours read better as themselves than as a range.
            let taken = if run > 2 { run } else { 1 };
            write!(f, "{first}")?;
            if taken > 1 {
                write!(f, "-{}", rest[taken - 1])?;
            }
            rest = &rest[taken..];
            if !rest.is_empty() {
                f.write_str(" ")?;
            }
        }
        Ok(())
    }
}

/// The statuses that HTTP knows (RFC 9110, section 15).
const STATUSES: RangeInclusive<u16> = 100..=599;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_words() {
        let rows = [
            ("101", "101"),
            ("400 426", "400 426"),
            ("4xx  5xx", "4xx 5xx"),
            ("401-499 5xx", "401-499 5xx"),
            ("closed silent not-http", "closed silent not-http"),
            ("stream-error connection-error", "stream-error connection-error"),
            ("any", "101 2xx 3xx 4xx 5xx"),
            ("400 401 closed", "400 401 closed"),
        ];
        for (text, printed) in rows {
            let outcomes = Outcomes::from_words(text).expect(text);
            assert_eq!(outcomes.to_string(), printed);
            assert_eq!(Outcomes::from_words(printed), Ok(outcomes));
        }
    }

    #[test]
    fn words_that_are_no_outcome() {
        for word in [
            "", "42", "600", "0400", "+40", "6xx", "xx", "+4xx", "04xx", "499-401", "400-",
            "Closed",
        ] {
            assert_eq!(Outcomes::from_words(word), Err(word), "{word}");
        }
        assert_eq!(Outcomes::from_words("400 nope 4xx"), Err("nope"));
    }

    #[test]
    fn covering() {
        let outcomes = Outcomes::from_words("401-499 2xx closed").unwrap();
        assert!(outcomes.covers_status(426) && outcomes.covers_status(204));
        assert!(!outcomes.covers_status(400) && !outcomes.covers_status(101));
        assert!(outcomes.covers(Outcome::Closed) && !outcomes.covers(Outcome::Silent));
    }
}
