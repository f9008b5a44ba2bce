//! The resources of the server and what each answers (RFC 9110 9, RFC 6455 4.2).
//! The handshake's state machine decides what the endpoint accepts.

use upspec_handshake::RequestHead;
use upspec_handshake::field::deflate;
use upspec_handshake::field::target::Target;
use upspec_handshake::opening::offers_websocket;
use upspec_handshake::peer::{Decision, Refusal, Server};

use crate::answer::Answer;
use crate::config::{Config, Variation};

/// What happens to a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is answered, and HTTP goes on.
    Answered(Answer),
    /// It is answered with 101, and WebSocket begins.
    Switched(Answer, Option<deflate::Answer>),
}

/// Answers a request of any version whose content has been read. What the server has decided about
/// the handshake counts at the endpoint, and is overruled elsewhere.
pub(crate) fn respond(config: &Config, server: &mut Server, head: &RequestHead<'_>) -> Outcome {
    server.decide(head);
    if let Some(answer) = elsewhere(config, head) {
        server.refuse();
        return Outcome::Answered(answer);
    }
    if !is_origin_allowed(config, head) && matches!(server.decide(head), Decision::Handshake(_)) {
        server.refuse();
        return Outcome::Answered(Answer::new(403, "the origin is not allowed"));
    }
    match server.answer() {
        Some(Decision::Handshake(agreement)) => {
            Outcome::Switched(Answer::switch(&agreement), agreement.deflate)
        }
        Some(Decision::Refuse(refusal)) => Outcome::Answered(refused(config, head, &refusal)),
        Some(Decision::Request) | None => {
            Outcome::Answered(upgrade_required(head, "a WebSocket endpoint"))
        }
    }
}

/// The answer to a request that is not a GET of the endpoint, nor an extended CONNECT to it.
fn elsewhere(config: &Config, head: &RequestHead<'_>) -> Option<Answer> {
    if head.is_extended_connect() && !offers_websocket(head) {
        return None;
    }
    if !METHODS.contains(&head.method) {
        return Some(Answer::new(501, "the method is unknown"));
    }
    let path: &[u8] = match Target::parse(head.named_target()) {
        Ok(Target::Asterisk) => return Some(options()),
        Ok(Target::Origin { path, .. }) => path,
        Ok(Target::Absolute(uri)) if uri.path.is_empty() => b"/",
        Ok(Target::Absolute(uri)) => uri.path,
        // A refused CONNECT may be followed by octets of its tunnel.
        Ok(Target::Authority(_)) | Err(_) if head.method == b"CONNECT" => {
            return Some(not_allowed().closing());
        }
        Ok(Target::Authority(_)) | Err(_) => {
            return Some(Answer::new(400, "the target is not one of this method").closing());
        }
    };
    let is_endpoint = path == config.path.as_bytes();
    if !is_endpoint && path != b"/" {
        return Some(Answer::new(404, "there is nothing here"));
    }
    match head.method {
        _ if head.is_extended_connect() => {
            (!is_endpoint).then(|| Answer::new(404, "there is no WebSocket here"))
        }
        b"GET" if is_endpoint => None,
        b"HEAD" if is_endpoint => Some(upgrade_required(head, "a WebSocket endpoint")),
        b"GET" | b"HEAD" => Some(Answer::new(200, "a plain resource")),
        b"OPTIONS" => Some(options()),
        _ => Some(not_allowed()),
    }
}

/// Whether WebSocket follows the 101 to this request.
pub(crate) fn is_tunnel(head: &RequestHead<'_>) -> bool {
    offers_websocket(head)
}

/// Whether a page of this origin may open the endpoint; what names no origin is no browser
/// (RFC 6455 4.2.2, 10.2).
fn is_origin_allowed(config: &Config, head: &RequestHead<'_>) -> bool {
    let is_known = |value: &[u8]| config.origins.iter().any(|known| known.as_bytes() == value);
    let mut origins = head.fields.values("Origin");
    config.origins.is_empty() || origins.all(is_known)
}

/// The refusal of a handshake, as the server is configured to send it.
fn refused(config: &Config, head: &RequestHead<'_>, refusal: &Refusal) -> Answer {
    let answer = Answer::refusal(refusal);
    let plain = |status| Answer { occasion: answer.occasion, ..Answer::new(status, refusal.what) };
    let answer = match refusal.status {
        400 if refusal.fields.is_empty() && config.varies(Variation::RefuseWith426) => {
            let occasion = answer.occasion;
            Answer { occasion, ..upgrade_required(head, refusal.what) }
        }
        400 if refusal.fields.is_empty() && config.varies(Variation::RefuseWith403) => plain(403),
        _ => answer,
    };
    match config.varies(Variation::CloseAfterRefusal) {
        true => answer.closing(),
        false => answer,
    }
}

/// RFC 9110 15.5.22. HTTP/2 has no Upgrade to go with a 426.
fn upgrade_required(head: &RequestHead<'_>, text: &str) -> Answer {
    match head.is_http1() {
        true => Answer::new(426, text).with("Upgrade", "websocket"),
        false => Answer::new(400, text),
    }
}

/// RFC 9110 15.5.6.
fn not_allowed() -> Answer {
    Answer::new(405, "the method is not allowed here").with("Allow", ALLOW)
}

/// RFC 9110 9.3.7.
fn options() -> Answer {
    Answer::new(200, "the methods are in Allow").with("Allow", ALLOW)
}

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// The methods that the server recognizes.
const METHODS: &[&[u8]] =
    &[b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE"];
