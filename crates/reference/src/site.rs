//! The resources of the server and what each answers (RFC 9110 9, RFC 6455 4.2).
//! Never sees a request that HTTP itself rejects.

use upspec_handshake::field::deflate;
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::target::Target;
use upspec_handshake::field::version::{VERSION, version};
use upspec_handshake::negotiate;
use upspec_handshake::opening::{Consequence, Opening};
use upspec_handshake::{RequestHead, field};

use crate::answer::{Answer, Occasion};
use crate::config::{Config, Variation};

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is answered, and HTTP goes on.
    Answered(Answer),
    /// It is answered with 101, and WebSocket begins.
    Switched(Answer, Option<deflate::Answer>),
}

/// Answers a request whose body has been read.
pub(crate) fn respond(config: &Config, head: &RequestHead<'_>) -> Outcome {
    if !METHODS.contains(&head.method) {
        return Outcome::Answered(Answer::new(501, "the method is unknown"));
    }
    let path: &[u8] = match Target::parse(head.target) {
        Ok(Target::Asterisk) => return Outcome::Answered(options()),
        Ok(Target::Origin { path, .. }) => path,
        Ok(Target::Absolute(uri)) if uri.path.is_empty() => b"/",
        Ok(Target::Absolute(uri)) => uri.path,
        // A refused CONNECT may be followed by octets of its tunnel.
        Ok(Target::Authority(_)) | Err(_) => return Outcome::Answered(not_allowed().closing()),
    };
    let is_endpoint = path == config.path.as_bytes();
    if !is_endpoint && path != b"/" {
        return Outcome::Answered(Answer::new(404, "there is nothing here"));
    }
    match head.method {
        b"GET" if is_endpoint => open(config, head),
        b"HEAD" if is_endpoint => Outcome::Answered(upgrade_required("a WebSocket endpoint")),
        b"GET" | b"HEAD" => Outcome::Answered(Answer::new(200, "a plain resource")),
        b"OPTIONS" => Outcome::Answered(options()),
        _ => Outcome::Answered(not_allowed()),
    }
}

/// Whether WebSocket follows the 101 to this request.
pub(crate) fn is_tunnel(head: &RequestHead<'_>) -> bool {
    Opening::read(head).websocket
}

/// A GET of the endpoint (RFC 6455 4.2.1, 4.2.2).
fn open(config: &Config, head: &RequestHead<'_>) -> Outcome {
    let opening = Opening::read(head);
    let ignored = |consequence| consequence == Consequence::IgnoreUpgrade;
    let harmless = |consequence| consequence == Consequence::Unsettled;
    let consequences = || opening.defects.iter().map(|defect| defect.consequence);
    if !opening.websocket || consequences().any(ignored) {
        return Outcome::Answered(upgrade_required("a WebSocket endpoint"));
    }
    let versions: Vec<&[u8]> = head.fields.values("Sec-WebSocket-Version").collect();
    if versions.len() != 1 || version(versions[0]) != Ok(VERSION) {
        let answer = upgrade_required("this server speaks version 13")
            .with("Sec-WebSocket-Version", VERSION.to_string());
        return Outcome::Answered(refusal(config, answer));
    }
    let defect = opening.defects.iter().find(|defect| !harmless(defect.consequence));
    match (defect, opening.key) {
        (None, Some(_)) if !is_origin_allowed(config, head) => {
            Outcome::Answered(Answer::new(403, "the origin is not allowed"))
        }
        (None, Some(key)) => switch(config, head, &opening, key),
        (defect, _) => {
            let text = defect.map_or("the key is missing", |defect| defect.what);
            let answer = if config.varies(Variation::RefuseWith426) {
                upgrade_required(text)
            } else if config.varies(Variation::RefuseWith403) {
                Answer::new(403, text)
            } else {
                Answer::new(400, text)
            };
            Outcome::Answered(refusal(config, answer))
        }
    }
}

/// Whether a page of this origin may open the endpoint; what names no origin is no browser
/// (RFC 6455 4.2.2, 10.2).
fn is_origin_allowed(config: &Config, head: &RequestHead<'_>) -> bool {
    let is_known = |value: &[u8]| config.origins.iter().any(|known| known.as_bytes() == value);
    let mut origins = head.fields.values("Origin");
    config.origins.is_empty() || origins.all(is_known)
}

fn switch(config: &Config, head: &RequestHead<'_>, opening: &Opening<'_>, key: &[u8]) -> Outcome {
    let mut answer = Answer::interim(101)
        .with("Upgrade", "websocket")
        .with("Sec-WebSocket-Accept", field::key::accept(key));
    if !config.varies(Variation::NoSubprotocols) {
        let known = config.subprotocols.iter().map(String::as_bytes);
        if let Some(name) = negotiate::subprotocol(&opening.subprotocols, known) {
            answer = answer.with("Sec-WebSocket-Protocol", name);
        }
    }
    let mut deflate = None;
    if let Some(offers) = head.fields.combined("Sec-WebSocket-Extensions")
        && !config.varies(Variation::NoExtensions)
    {
        deflate = negotiate::permessage_deflate(&Extensions::parse(&offers));
    }
    if let Some(deflate) = &deflate {
        answer = answer.with("Sec-WebSocket-Extensions", negotiate::deflate_value(deflate));
    }
    Outcome::Switched(answer, deflate)
}

fn refusal(config: &Config, mut answer: Answer) -> Answer {
    answer.occasion = Occasion::BadHandshake;
    match config.varies(Variation::CloseAfterRefusal) {
        true => answer.closing(),
        false => answer,
    }
}

/// RFC 9110 15.5.22.
fn upgrade_required(text: &str) -> Answer {
    Answer::new(426, text).with("Upgrade", "websocket")
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
