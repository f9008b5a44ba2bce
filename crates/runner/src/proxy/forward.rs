//! What is different where the intermediary is a forward proxy: its clients name the origin in the target (RFC 9112
//! 3.2.2), and some cases are about gateways alone.

use upspec_corpus::case::{Act, Case, Grade, LinkName, Need, Over, Step};
use upspec_corpus::template::{Binding, Part, Template};

use crate::target::Target;

/// How requests through an intermediary name what they are for.
pub(super) struct Named {
    /// What stands in the place of the path in a target.
    pub(super) path: String,
    /// Host and port, where that is not the usual one.
    pub(super) authority: String,
    /// The host alone.
    pub(super) host: String,
    /// The port alone.
    pub(super) port: String,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
}

impl Named {
    /// A gateway is named itself. For a forward proxy the target names our origin, and in HTTP/2 `:authority` does (RFC
    /// 9113 8.3.1).
    pub(super) fn of(target: &Target, forward: Option<&str>, over: Over) -> Self {
        let Some(origin) = forward else {
            return Self {
                path: target.path.clone(),
                authority: target.authority(),
                host: target.host.clone(),
                port: target.port.to_string(),
                scheme: target.scheme.http_name(),
            };
        };
        let (host, port) = match origin.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (origin, "80"),
        };
        let path = match over {
            Over::Http1 => format!("http://{origin}{}", target.path),
            Over::Http2 => target.path.clone(),
        };
        let (host, port) = (host.to_owned(), port.to_owned());
        Self { path, authority: origin.to_owned(), host, port, scheme: "http" }
    }
}

/// Why a case makes no sense for a forward proxy.
pub(super) fn about_gateways(case: &Case) -> Option<&'static str> {
    if case.needs.contains(&Need::ForwardProxy) {
        return None;
    }
    let targets = case.steps.iter().filter_map(target);
    let mut odd = targets.filter_map(|target| match target {
        Asks::Authority => Some(
            "a forward proxy opens tunnels by itself upon CONNECT, and need not pass it on to the origin",
        ),
        Asks::Other => Some("its requests name another origin than ours, to which a forward proxy would go"),
        Asks::Ours => None,
    });
    odd.next()
}

/// The case as it is for a forward proxy: what is asked of gateways alone (RFC 9110 3.7) speaks against none.
pub(super) fn without_gateways(case: &Case) -> Case {
    let mut case = case.clone();
    for one in &mut case.expect {
        let rule = one.requirement.as_ref().unwrap_or(&case.requirement);
        if rule == OF_GATEWAYS && matches!(one.grade, Grade::Warn | Grade::Fail) {
            one.grade = Grade::Inconclusive;
        }
    }
    case
}

/// What HTTP asks of an origin server goes for the side of a gateway that its clients see; a proxy is none.
const OF_GATEWAYS: &str = "rfc9110/3.7-gateway-outbound";

enum Asks {
    /// That of a CONNECT.
    Authority,
    /// One with an origin that is not ours.
    Other,
    /// One below our path.
    Ours,
}

/// The target of the first request that a step of a client writes in HTTP/1, if it writes one.
fn target(step: &Step) -> Option<Asks> {
    let (Act::Send(octets) | Act::SendBytewise(octets)) = &step.act else {
        return None;
    };
    if step.at == LinkName::Origin {
        return None;
    }
    of(octets)
}

fn of(octets: &Template) -> Option<Asks> {
    let [Part::Bytes(method), Part::Binding(next), ..] = &octets.parts[..] else {
        return None;
    };
    let is_method = method.last() == Some(&b' ') && method.iter().any(u8::is_ascii_uppercase);
    match next {
        _ if !is_method => None,
        _ if method == b"CONNECT " => Some(Asks::Authority),
        Binding::Scheme => Some(Asks::Other),
        _ => Some(Asks::Ours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use upspec_corpus::Corpus;
    use upspec_corpus::case::Role;

    #[test]
    fn few_cases_are_about_gateways_alone() {
        let corpus = Corpus::embedded().unwrap();
        let own = corpus.cases.iter().filter(|case| case.role == Role::Intermediary);
        let left_out: Vec<&str> = own
            .filter(|case| about_gateways(case).is_some())
            .map(|case| case.id.as_str())
            .collect();
        assert_eq!(
            left_out,
            ["intermediary/forwarding/absolute-form", "intermediary/forwarding/connect-refused"]
        );
    }

    #[test]
    fn rfc9110_3_7_what_binds_gateways_speaks_against_no_forward_proxy() {
        let corpus = Corpus::embedded().unwrap();
        let case = corpus.case("intermediary/failing-origin/closes").unwrap();
        let accuses = |case: &Case| {
            let rule = |one: &upspec_corpus::case::Expectation| {
                one.requirement.clone().unwrap_or_else(|| case.requirement.clone())
            };
            let bad = |grade| matches!(grade, Grade::Warn | Grade::Fail);
            case.expect.iter().any(|one| bad(one.grade) && rule(one) == OF_GATEWAYS)
        };
        assert!(accuses(case) && !accuses(&without_gateways(case)));
    }

    #[test]
    fn rfc9112_3_2_2_the_target_names_the_origin() {
        let proxy = Target::parse("http://p:3128/ws").unwrap();
        let rows = [
            (Some("a:1"), Over::Http1, "http://a:1/ws a:1 a 1"),
            (Some("a:1"), Over::Http2, "/ws a:1 a 1"),
            (Some("a"), Over::Http1, "http://a/ws a a 80"),
            (Some("[::1]"), Over::Http1, "http://[::1]/ws [::1] [::1] 80"),
            (None, Over::Http1, "/ws p:3128 p 3128"),
        ];
        for (forward, over, want) in rows {
            let Named { path, authority, host, port, .. } = Named::of(&proxy, forward, over);
            assert_eq!(format!("{path} {authority} {host} {port}"), want);
        }
    }
}
