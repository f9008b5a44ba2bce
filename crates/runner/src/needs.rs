//! Why a case is not played against this target.
//! Never finds out what the target can do: it reads the facts.

use upspec_corpus::case::{Case, Hazard, Need, Over};
use upspec_judge::{Reason, TargetFacts};

use crate::settings::Settings;

/// What stands in the way of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// Whether it lies in the control or in the target's abilities.
    pub(crate) reason: Reason,
    /// What it is, in one phrase.
    pub(crate) message: String,
}

/// The first thing that stands in the way of a case; a control that failed comes before what the
/// target cannot do, since with such a control nothing is known of that.
pub(crate) fn obstacle(case: &Case, facts: &TargetFacts, settings: &Settings) -> Option<Obstacle> {
    if let (Some(Hazard::Resource), false) = (case.hazard, settings.hazardous) {
        let message = "can hurt a weak server; it is played with --hazardous".to_owned();
        return Some(Obstacle { reason: Reason::NotApplicable, message });
    }
    if facts.http2_alone && case.over == Over::Http1 {
        let message = "HTTP/2 is all that is spoken with the target".to_owned();
        return Some(Obstacle { reason: Reason::NotApplicable, message });
    }
    let unmet = case.needs.iter().filter(|need| !facts.has(**need));
    let obstacles: Vec<Obstacle> = unmet.map(|need| unmet_need(*need, facts)).collect();
    let blocked = obstacles.iter().find(|obstacle| obstacle.reason == Reason::Blocked);
    blocked.or(obstacles.first()).cloned()
}

fn unmet_need(need: Need, facts: &TargetFacts) -> Obstacle {
    let inside_tunnel = match need {
        Need::Echo
        | Need::Endpoint
        | Need::PermessageDeflate
        | Need::Pong
        | Need::Subprotocol
        | Need::TwoSubprotocols => true,
        Need::ExtendedConnect
        | Need::Http2
        | Need::Http2Endpoint
        | Need::Http2Resource
        | Need::KeepAlive
        | Need::Origin
        | Need::Plain
        | Need::PlainResource
        | Need::Tls => false,
    };
    if inside_tunnel && facts.endpoint != Some(true) {
        let message = "the control was not answered with a switch".to_owned();
        return Obstacle { reason: Reason::Blocked, message };
    }
    let reason = if need == Need::Pong { Reason::Blocked } else { Reason::NotApplicable };
    Obstacle { reason, message: lack(need).to_owned() }
}

fn lack(need: Need) -> &'static str {
    match need {
        Need::Echo => "the target echoes no text message",
        Need::Endpoint => "the control was not answered with a switch",
        Need::ExtendedConnect => "the target's SETTINGS allow no extended CONNECT",
        Need::Http2 => "the target speaks no HTTP/2 here",
        Need::Http2Resource => {
            "a GET of `/` over HTTP/2 gets no answer, or a 400 like a malformed one"
        }
        Need::Http2Endpoint => {
            "no valid extended CONNECT is answered with 2xx and its Ping with a Pong"
        }
        Need::KeepAlive => "the target answers no second request on a connection",
        Need::Origin => "no allowed origin is named (--origin)",
        Need::PermessageDeflate => "the target accepts no permessage-deflate",
        Need::Plain => "the target is reached over TLS",
        Need::PlainResource => "the target has no plain resource at `/`",
        Need::Pong => "the control's Ping got no Pong",
        Need::Subprotocol => "no subprotocol of the target is known (--subprotocol)",
        Need::Tls => "the target is not reached over TLS",
        Need::TwoSubprotocols => {
            "fewer than two subprotocols of the target are known (--subprotocol)"
        }
    }
}
