//! What a client tells whoever started it, as lines of JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// One event of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientReport {
    /// The WebSocket connection is closed, after it was open.
    Close {
        /// The code of the Close frame that came, if one came and had a code (RFC 6455 7.1.5).
        code: Option<u16>,
    },
    /// The connection failed, or never came about.
    Error(String),
    /// A whole message has come.
    Message(Vec<u8>),
    /// The connection is open.
    Open {
        /// The subprotocol in use.
        subprotocol: Option<String>,
        /// The value of Sec-WebSocket-Extensions in the answer; empty without one.
        extensions: String,
    },
}

impl ClientReport {
    /// The line that tells of it, without its line end: `{"event":"open"}` and its like. The data of a message
    /// are text, or `base64` where they are no UTF-8.
    pub fn to_json_line(&self) -> String {
        let value: Value = match self {
            Self::Close { code: None } => json!({ "event": "close" }),
            Self::Close { code } => json!({ "event": "close", "code": code }),
            Self::Error(message) => json!({ "event": "error", "message": message }),
            Self::Message(data) => match std::str::from_utf8(data) {
                Ok(text) => json!({ "event": "message", "data": text }),
                Err(_) => json!({ "event": "message", "base64": STANDARD.encode(data) }),
            },
            Self::Open { subprotocol, extensions } => json!({
                "event": "open", "subprotocol": subprotocol, "extensions": extensions,
            }),
        };
        value.to_string()
    }
}

/// How a client ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEnd {
    /// A fault has been the end of the process, as a crash is; whoever runs the client ends it so.
    Died,
    /// The connection was open, and ended in order.
    Ok,
    /// It was not, or did not; why in one phrase.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::ClientReport;

    #[test]
    fn each_event_is_one_line() {
        let open = ClientReport::Open { subprotocol: Some("chat".into()), extensions: "".into() };
        let rows = [
            (open, r#"{"event":"open","extensions":"","subprotocol":"chat"}"#),
            (ClientReport::Message(b"a\"b\n".to_vec()), r#"{"data":"a\"b\n","event":"message"}"#),
            (ClientReport::Message(vec![0xff]), r#"{"base64":"/w==","event":"message"}"#),
            (ClientReport::Close { code: Some(1000) }, r#"{"code":1000,"event":"close"}"#),
            (ClientReport::Close { code: None }, r#"{"event":"close"}"#),
            (ClientReport::Error("no".into()), r#"{"event":"error","message":"no"}"#),
        ];
        for (report, want) in rows {
            assert_eq!(report.to_json_line(), want);
        }
    }
}
