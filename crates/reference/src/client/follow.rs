//! What a client tries after a refusal or a loss: nothing by default. Redirects, credentials and a second try are
//! lawful (RFC 6455 4.1), without end they are not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use upspec_handshake::ResponseHead;

use super::attempt::Attempt;
use super::config::ClientConfig;
use super::fault::Point;
use super::url::Url;
use super::variation::Way;

/// What comes next.
pub(crate) enum Next {
    /// Another connection.
    Elsewhere(Attempt),
    /// Another request on this connection.
    Here(Attempt),
}

/// What a client tries after an answer with another status than 101.
pub(crate) fn after_refusal(
    config: &ClientConfig,
    attempt: &Attempt,
    status: u16,
    head: &[u8],
) -> Option<Next> {
    if config.errs_at(Point::AsksHereAgain) && attempt.number == 0 {
        return Some(Next::Here(attempt.next()));
    }
    let head = ResponseHead::parse(head).complete()?;
    let next = match status {
        301 | 302 | 303 | 307 | 308 if config.goes(Way::FollowsRedirects) => {
            redirected(config, attempt, head.fields.values("Location").next()?)
        }
        401 if config.goes(Way::Credentials) => challenged(config, attempt),
        503 if config.goes(Way::RetriesOnce) && attempt.number == 0 => Some(attempt.next()),
        _ => None,
    };
    let is_stubborn = config.errs_at(Point::RetriesForever) && attempt.number < MOST;
    next.or_else(|| is_stubborn.then(|| attempt.next())).map(Next::Elsewhere)
}

/// What it tries after an open connection was lost: nothing, since 7.2.3 has it wait (RFC 6455 7.2.3).
pub(crate) fn after_loss(config: &ClientConfig, attempt: &Attempt) -> Option<Attempt> {
    let is_hasty = config.errs_at(Point::ReconnectStorm) && attempt.number < MOST;
    is_hasty.then(|| attempt.next())
}

/// Where a redirect leads (RFC 9110 15.4). One that leads where another one has led already is a circle.
fn redirected(config: &ClientConfig, attempt: &Attempt, location: &[u8]) -> Option<Attempt> {
    let location = std::str::from_utf8(location).ok()?;
    let mut url = resolved(config, &attempt.url, location)?;
    let is_endless = config.errs_at(Point::RedirectsForever);
    let most = if is_endless { MOST } else { MOST_REDIRECTS };
    let is_circle = url == attempt.url || attempt.seen.contains(&url);
    if attempt.number >= most || (is_circle && !is_endless) {
        return None;
    }
    let is_other =
        url.authority() != attempt.url.authority() || url.is_secure != attempt.url.is_secure;
    let mut next = attempt.next();
    next.seen.push(attempt.url.clone());
    if is_other && !config.errs_at(Point::RedirectKeepsCredentials) {
        next.credentials = None;
        url.userinfo = None;
    }
    if config.errs_at(Point::RedirectKeepsHost) {
        url.shown_host = Some(attempt.url.authority());
    }
    next.url = url;
    Some(next)
}

/// A Location held against the URL of the request (RFC 3986 5.2), with ws for http.
fn resolved(config: &ClientConfig, base: &Url, location: &str) -> Option<Url> {
    let scheme = if base.is_secure { "wss" } else { "ws" };
    let user = base.userinfo.as_ref().map_or(String::new(), |user| format!("{user}@"));
    let root = format!("{scheme}://{user}{}", base.authority());
    let folder = base.target.split('?').next().unwrap_or_default().rsplit_once('/');
    let folder = folder.map_or("", |(folder, _)| folder);
    let location = location.split('#').next().unwrap_or_default();
    let text = match location {
        _ if location.contains("://") => match location.split_once("://")? {
            ("http", rest) => format!("ws://{rest}"),
            ("https", rest) => format!("wss://{rest}"),
            _ => location.to_owned(),
        },
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if config.errs_at(Point::RedirectRelativeWrong) => format!("{root}{folder}/{location}"),
        _ if location.starts_with('/') => format!("{root}{location}"),
        _ if config.errs_at(Point::RedirectSegmentWrong) => {
            format!("{root}{}/{location}", base.target.split('?').next().unwrap_or_default())
        }
        _ => format!("{root}{folder}/{location}"),
    };
    let url = Url::parse(&text).ok()?;
    Some(Url { target: without_dots(&url.target), ..url })
}

/// A path without the segments `.` and `..` (RFC 3986 5.2.4), and its query.
fn without_dots(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    let slash = if path.ends_with("/.") || path.ends_with("/..") { "/" } else { "" };
    format!("/{}{slash}{query}", kept.join("/")).replacen("//", "/", usize::from(kept.is_empty()))
}

/// The answer to a challenge, once (RFC 9110 15.5.2): the user name and the password of the URL.
fn challenged(config: &ClientConfig, attempt: &Attempt) -> Option<Attempt> {
    let userinfo = attempt.url.userinfo.as_ref()?;
    let is_endless = config.errs_at(Point::ChallengedForever) && attempt.number < MOST;
    if attempt.credentials.is_some() && !is_endless {
        return None;
    }
    Some(Attempt { credentials: Some(basic(userinfo)), ..attempt.next() })
}

/// The value of Authorization (RFC 7617 2).
pub(crate) fn basic(userinfo: &str) -> String {
    format!("Basic {}", STANDARD.encode(userinfo))
}

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 20;
/// A faulty client does not try without end, either.
const MOST: usize = 200;
