//! What a faulty server makes of its answers.
//! Never for the server without fault: each function here then changes nothing.

mod octets;
mod switching;

use upspec_handshake::field::elements_of;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{RequestHead, Status};

pub(crate) use octets::alter_octets;

use super::Fault;
use super::selecting;
use super::sketch::Sketch;
use crate::answer::{After, Answer, Content, Occasion};
use crate::config::Config;
use crate::http::{Cause, Request};
use crate::site::{self, Outcome};

/// The request that is answered, as it was sent.
pub(crate) struct Seen {
    /// The octets of its head; none if there is no complete one.
    pub(crate) head: Vec<u8>,
    /// It is HTTP/1.0.
    pub(crate) is_old: bool,
}

impl Seen {
    pub(crate) fn of(head: Vec<u8>) -> Self {
        let is_old = Sketch::of(&head).start.ends_with(b"HTTP/1.0");
        Self { head, is_old }
    }

    fn has(&self, name: &str) -> bool {
        Sketch::of(&self.head).has(name)
    }

    fn offers(&self, protocol: &[u8]) -> bool {
        let sketch = Sketch::of(&self.head);
        elements_of(sketch.values("Upgrade")).any(|element| element == protocol)
    }
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The connection is closed in its place.
    Close,
    /// It is sent.
    Send,
    /// Nothing is sent, now or later.
    Silence,
}

/// Changes the answer to a request that HTTP itself rejects.
pub(crate) fn alter_rejection(config: &Config, answer: &mut Answer, cause: Cause) {
    if config.has(Fault::ServerErrorOnSyntaxError) && cause == Cause::Syntax {
        answer.status = 500;
    }
}

/// Whether the connection goes on after a request that is rejected.
pub(crate) fn goes_on_after(config: &Config, cause: Cause, seen: &Seen) -> bool {
    match config.fault {
        Some(Fault::OpenAfterSyntaxError) => cause == Cause::Syntax,
        Some(Fault::OpenAfterInvalidLength) => cause == Cause::Framing,
        Some(Fault::Http10KeptOpen) => seen.is_old,
        _ => false,
    }
}

/// Whether a head that lacks only its empty line is answered already.
pub(crate) fn switches_early(config: &Config, input: &[u8]) -> bool {
    if !config.has(Fault::SwitchBeforeHeadEnds) || !input.ends_with(b"\r\n") {
        return false;
    }
    let whole = [input, b"\r\n"].concat();
    match (RequestHead::parse(input), RequestHead::parse(&whole)) {
        (Status::Partial, Status::Complete(head)) => {
            matches!(site::respond(config, &head), Outcome::Switched(..))
        }
        _ => false,
    }
}

/// Changes what is made of an admitted request.
pub(crate) fn alter_request(config: &Config, request: &mut Request, seen: &Seen) {
    match config.fault {
        Some(Fault::CloseReceivedIgnored) => request.is_last = request.is_old,
        Some(Fault::Http10KeptOpen) if request.is_old => request.is_last = false,
        Some(Fault::NoContinue) => request.expects_continue = false,
        Some(Fault::NoContinueBeforeSwitch | Fault::ContinueAfterSwitch)
            if request.expects_continue && seen.has("Upgrade") =>
        {
            request.expects_continue = false;
            request.body = Framing::None;
        }
        Some(Fault::ContinueToHttp10) if request.is_old => {
            request.expects_continue = seen.has("Expect");
        }
        _ => {}
    }
}

/// What becomes of a request that a fault takes away from the resources.
pub(crate) fn outcome(config: &Config, head: &RequestHead<'_>) -> Option<Outcome> {
    let offer = head.fields.combined("Upgrade")?;
    let offers = |name: &[u8]| elements_of([&offer[..]]).any(|element| element == name);
    if offer.is_empty()
        || elements_of([&offer[..]]).any(|name| name.eq_ignore_ascii_case(b"websocket"))
    {
        return None;
    }
    let protocol = match config.fault? {
        Fault::SwitchToAnything => offer.to_vec(),
        Fault::SwitchToH2c if offers(b"h2c") => b"h2c".to_vec(),
        Fault::SwitchToH2 if offers(b"h2") => b"h2".to_vec(),
        Fault::TlsStackDescending if offer.starts_with(b"TLS/") => {
            [b"HTTP/1.1, ", &offer[..]].concat()
        }
        _ => return None,
    };
    Some(Outcome::Switched(Answer::interim(101).with("Upgrade", protocol), None))
}

/// How many octets of what is no request are skipped.
pub(crate) fn garbage(config: &Config, input: &[u8]) -> Option<usize> {
    let end = input.windows(4).position(|octets| octets == b"\r\n\r\n")?;
    config.has(Fault::GarbageSkipped).then_some(end + 4)
}

/// Changes an answer before the fields that follow from it are added.
pub(crate) fn alter(config: &Config, answer: &mut Answer, seen: &Seen) -> Effect {
    let Some(fault) = config.fault else {
        return Effect::Send;
    };
    if answer.occasion == Occasion::BadHandshake {
        match fault {
            Fault::SilentOnBadHandshake => return Effect::Silence,
            Fault::CloseOnBadHandshake => return Effect::Close,
            Fault::Error500OnBadHandshake => answer.status = 500,
            Fault::OkOnBadHandshake => answer.status = 200,
            Fault::StatusOutOfRange => answer.status = 600,
            Fault::UnauthorizedWithoutChallenge => answer.status = 401,
            _ => {}
        }
    }
    match (fault, answer.status) {
        (Fault::SilentOnLargeHead, 431) => return Effect::Silence,
        (Fault::ServerErrorOnLongTarget, 414) | (Fault::ServerErrorOnLargeHead, 431) => {
            answer.status = 500;
        }
        (Fault::VersionRefusalWithoutList, _) => answer.remove("Sec-WebSocket-Version"),
        (Fault::VersionListMalformed, _) => answer.replace("Sec-WebSocket-Version", "013"),
        (Fault::VersionListUntrue, _) => answer.replace("Sec-WebSocket-Version", "13, 8"),
        (Fault::UpgradeRequiredWithoutUpgrade, 426) => answer.remove("Upgrade"),
        (Fault::NotAllowedWithoutAllow, 405) => answer.remove("Allow"),
        (Fault::ErrorWithoutContent, 400..=499) | (Fault::VersionErrorWithoutContent, 505) => {
            answer.content = Content::Sent(Vec::new());
        }
        (Fault::ConnectLikeGet, 400..=499) if seen.head.starts_with(b"CONNECT ") => {
            answer.status = 200;
            answer.remove("Allow");
        }
        (Fault::NotFoundOnForeignOrigin, 403) => answer.status = 404,
        (Fault::OkOnUnknownPath, 404) => answer.status = 200,
        (Fault::RequestFieldSent, 200..) => answer.add("Host", "localhost"),
        (Fault::CloseUnannounced, _) => answer.after = After::Persist,
        (Fault::HeadWithContent, _) => {
            if let Content::Withheld(length) = answer.content {
                answer.content = Content::Sent(vec![b'x'; length]);
            }
        }
        (_, 101) => {
            switching::alter(fault, answer, seen);
            selecting::alter(fault, answer, seen, config);
        }
        _ => {}
    }
    Effect::Send
}

/// Changes an answer that has all its fields.
pub(crate) fn alter_complete(config: &Config, answer: &mut Answer, seen: &Seen) {
    let Some(fault) = config.fault else { return };
    match (fault, answer.status) {
        (Fault::NoDate, _) => answer.remove("Date"),
        (Fault::MalformedDate, _) => answer.replace("Date", "Sunday, 06-Nov-94 08:49:37 GMT"),
        (Fault::DuplicateLength, _) => {
            if let Some(at) = answer.position("Content-Length") {
                answer.fields.push(answer.fields[at].clone());
            }
        }
        (Fault::LengthAndChunked, _) => make_chunked(answer),
        (Fault::ChunkedToHttp10, _) if seen.is_old => {
            make_chunked(answer);
            answer.remove("Content-Length");
        }
        (Fault::NoLength, _) => answer.remove("Content-Length"),
        (Fault::EndToEndOption, _) => alter_options(answer, "Date"),
        (Fault::EmptyElementSent, _) => alter_options(answer, ", keep-alive"),
        (Fault::UpgradeWithoutOption, 426) | (Fault::SwitchWithoutConnection, 101) => {
            let closes = answer.after == After::Close;
            answer.remove("Connection");
            if closes {
                answer.add("Connection", "close");
            }
        }
        (Fault::SwitchWithoutUpgrade, 101) => answer.remove("Upgrade"),
        (Fault::SwitchWithContentLength, 101) => answer.add("Content-Length", "0"),
        (Fault::SwitchWithChunked, 101) => answer.add("Transfer-Encoding", "chunked"),
        _ => {}
    }
}

/// What becomes of the connection after an answer.
pub(crate) fn after(config: &Config, after: After, status: u16) -> After {
    match config.fault {
        Some(Fault::CloseSentNotDone | Fault::NoLength) => After::Persist,
        Some(Fault::CloseUnannounced) if status != 101 => After::Close,
        _ => after,
    }
}

/// Adds to the options in Connection.
fn alter_options(answer: &mut Answer, option: &str) {
    match answer.position("Connection") {
        Some(at) => answer.fields[at].1.extend_from_slice(format!(", {option}").as_bytes()),
        None => answer.add("Connection", option),
    }
}

fn make_chunked(answer: &mut Answer) {
    if let Content::Sent(content) = &answer.content {
        let size = format!("{:x}\r\n", content.len()).into_bytes();
        let chunked = [&size[..], content, b"\r\n0\r\n\r\n"].concat();
        answer.replace("Content-Length", chunked.len().to_string());
        answer.add("Transfer-Encoding", "chunked");
        answer.content = Content::Sent(chunked);
    }
}
