//! What stands in the place of bindings in the matchers of a case for a client: what its record says of the URL.

use upspec_corpus::Bindings;
use upspec_corpus::template::Template;
use upspec_exchange::Talk;

use crate::expect::literal;

/// The octets of a matcher on this link. Only cases for clients have bindings there.
pub(crate) fn filled(template: &Template, talk: &Talk<'_>) -> Vec<u8> {
    match talk.link.url.as_deref() {
        Some(url) => template.render(&of_url(url)),
        None => literal(template),
    }
}

fn of_url(url: &str) -> Bindings {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    Bindings {
        authority: authority.into(),
        host: host.into(),
        port: port.into(),
        ..Bindings::default()
    }
}
