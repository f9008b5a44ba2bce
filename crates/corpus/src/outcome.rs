//! What came of a request, or of an answer to a client, and the words for it.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use upspec_handshake::Party;

/// A set of outcomes of a request: statuses, or what came instead of a response.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcomes(pub Vec<Outcome>);

/// What came of a request, as a case file spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// `400`: this status.
    Status(u16),
    /// `4xx`: any status of this class; the number is the first digit.
    Class(u8),
    /// `closed`: the connection ended without an octet; in HTTP/2 without an answer on the stream.
    Closed,
    /// `connection-error`: HTTP/2 ended the connection, naming an error, before a final response.
    ConnectionError,
    /// `silent`: neither an octet nor the end within the window.
    Silent,
    /// `not-http`: octets that do not begin with an HTTP status line; in HTTP/2 octets that are no
    /// frames.
    NotHttp,
    /// `stream-error`: HTTP/2 reset the stream of the request before a final response.
    StreamError,
    /// `no-request`: a client ended the connection without a request on it.
    NoRequest,
    /// `opened`: a client took the connection for open: it sent a frame other than Close.
    Opened,
    /// `went-on`: after what we sent into the open connection, a client answered a Ping of it or reported a
    /// message. Data alone may have been on its way.
    WentOn,
    /// `close-frame`: the first thing a client then sent is a Close frame that names a failure.
    CloseFrame,
    /// `close-normal`: the same with a code of somebody who is merely done, or without one.
    CloseNormal,
    /// `close-reserved`: the same with a code that never stands in a frame, or with half a code (RFC
    /// 6455, sections 5.5.1 and 7.4.1).
    CloseReserved,
    /// `failed`: a client ended TCP before we did, without a frame.
    Failed,
    /// `waits`: a client ended TCP only after we had ended our side.
    Waits,
    /// `held`: a client still has TCP open a window after we ended our side.
    Held,
    /// `request-again`: a client sent another request.
    RequestAgain,
    /// `request-here`: a client sent another request on a connection that has to end.
    RequestHere,
    /// `no-connection`: a client was started and opened no connection.
    NoConnection,
    /// `loops`: a client still asks again when the window ends, or has asked more than twenty times.
    Loops,
    /// `sent`: the status of the answer that our origin gave to the request with `{tag}`.
    Sent,
    /// `junk`: a client sent octets that are neither a request nor masked frames.
    Junk,
}

impl Outcome {
    /// Every outcome but the statuses, as case files spell it.
    pub const WORDS: [(&'static str, Self); 20] = [
        ("closed", Self::Closed),
        ("silent", Self::Silent),
        ("not-http", Self::NotHttp),
        ("stream-error", Self::StreamError),
        ("connection-error", Self::ConnectionError),
        ("no-request", Self::NoRequest),
        ("opened", Self::Opened),
        ("went-on", Self::WentOn),
        ("close-frame", Self::CloseFrame),
        ("close-normal", Self::CloseNormal),
        ("close-reserved", Self::CloseReserved),
        ("failed", Self::Failed),
        ("waits", Self::Waits),
        ("held", Self::Held),
        ("request-again", Self::RequestAgain),
        ("request-here", Self::RequestHere),
        ("no-connection", Self::NoConnection),
        ("loops", Self::Loops),
        ("sent", Self::Sent),
        ("junk", Self::Junk),
    ];

    /// Whether it is what a peer of this role can do: `silent` can be either's.
    #[must_use]
    pub fn is_of(self, tested: Party) -> bool {
        let of_server = match self {
            Self::Silent => return true,
            Self::Status(_) | Self::Class(_) | Self::Closed | Self::ConnectionError => true,
            Self::NotHttp | Self::StreamError | Self::Sent => true,
            _ => false,
        };
        of_server == (tested == Party::Server)
    }
}

impl Outcomes {
    /// Every final status, and 101: what `any` stands for.
    #[must_use]
    pub fn any_status() -> Self {
        let classes = (2..=5).map(Outcome::Class);
        Self([Outcome::Status(101)].into_iter().chain(classes).collect())
    }

    /// All that a client can do that has sent its request: what `asked` stands for.
    #[must_use]
    pub fn any_request() -> Self {
        use Outcome::{
            CloseFrame, CloseNormal, CloseReserved, Failed, Held, Opened, RequestAgain,
            RequestHere, Waits, WentOn,
        };
        Self(vec![
            Opened,
            WentOn,
            CloseFrame,
            CloseNormal,
            CloseReserved,
            Failed,
            Waits,
            Held,
            RequestAgain,
            RequestHere,
        ])
    }

    /// Reads words such as `400 426`, `4xx 5xx`, `401-499`, `closed`, `any`, `asked`.
    ///
    /// # Errors
    ///
    /// The first word that is not an outcome.
    pub fn from_words(text: &str) -> Result<Self, &str> {
        let mut outcomes = Vec::new();
        for word in text.split_ascii_whitespace() {
            match word {
                "any" => outcomes.extend(Self::any_status().0),
                "asked" => outcomes.extend(Self::any_request().0),
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
            (
                "asked junk",
                "opened went-on close-frame close-normal close-reserved failed waits held request-again request-here junk",
            ),
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
