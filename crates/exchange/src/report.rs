//! What a client under test reports of itself: lines of JSON that it prints, or that a page posts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// An event that a client reports to us, as its own library told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// `{"event":"open"}`: the connection is open.
    Open,
    /// `{"event":"message","data":"…"}`, or `"base64"` in place of `"data"`: a message came.
    Message(Vec<u8>),
    /// `{"event":"close","code":1000}`: the connection is closed; the code may be missing.
    Close(Option<u16>),
    /// `{"event":"error","message":"…"}`: it failed, and why if that is known.
    Error(String),
}

/// A report, and how far the link had come by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What was reported.
    pub report: Report,
    /// How many octets the steps had written on the link.
    pub ours: usize,
    /// How many octets of the client had been read there.
    pub theirs: usize,
    /// Whether nothing had been read on another link yet: later nobody knows which one a report is about.
    pub is_alone: bool,
}

impl Report {
    /// Reads a line; `None` when it is no event that we know.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(line).ok()?;
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        match text("event")? {
            "open" => Some(Self::Open),
            "message" => {
                let encoded = text("base64").and_then(|data| STANDARD.decode(data).ok());
                encoded.or_else(|| Some(text("data")?.as_bytes().to_vec())).map(Self::Message)
            }
            "close" => {
                let code = value.get("code").and_then(Value::as_u64);
                Some(Self::Close(code.and_then(|code| u16::try_from(code).ok())))
            }
            "error" => Some(Self::Error(text("message").unwrap_or_default().to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_what_they_report() {
        let message = |data: &[u8]| Some(Report::Message(data.to_vec()));
        let rows = [
            (r#"{"event":"open","subprotocol":"chat"}"#, Some(Report::Open)),
            (r#"{"event":"message","data":"hello"}"#, message(b"hello")),
            (r#"{"event":"message","base64":"/w=="}"#, message(b"\xff")),
            (r#"{"event":"message"}"#, None),
            (r#"{"event":"close","code":1006}"#, Some(Report::Close(Some(1006)))),
            (r#"{"event":"close","code":null}"#, Some(Report::Close(None))),
            (r#"{"event":"close","code":70000}"#, Some(Report::Close(None))),
            (r#"{"event":"error","message":"no"}"#, Some(Report::Error("no".into()))),
            (r#"{"event":"error"}"#, Some(Report::Error(String::new()))),
            (r#"{"event":"timeout"}"#, None),
            (r#"{"open":1}"#, None),
            ("open", None),
            ("", None),
        ];
        for (line, report) in rows {
            assert_eq!(Report::read(line.as_bytes()), report, "{line}");
        }
    }
}
