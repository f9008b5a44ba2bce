//! The cases of one file: steps, needs, and the checks that a case means something.
//! What only all files together show is for the loader.

use std::ops::Range;

use toml::Spanned;
use upspec_handshake::Party;

use crate::case::{Again, Case, Conditions, Need, Over, Role, Tls, usual_alpn};
use crate::raw;
use crate::read::expect::Known;
use crate::read::names::Names;
use crate::read::steps::CaseSteps;
use crate::read::{Reader, split};
use crate::template::{Binding, Fragments};

/// A case file, read.
pub(crate) struct Topic {
    pub(crate) title: String,
    pub(crate) cases: Vec<ReadCase>,
}

/// A case, and the places that only a look at all cases can judge.
pub(crate) struct ReadCase {
    pub(crate) case: Case,
    pub(crate) name: Range<usize>,
    pub(crate) same_as: Option<Range<usize>>,
}

/// What all cases of a file share.
struct Shared<'k> {
    topic: &'k str,
    role: Role,
    needs: Vec<Need>,
    tags: Vec<String>,
    over: Over,
    tls: Tls,
    alpn: Option<Vec<String>>,
    names: Names,
    known: Known<'k>,
}

impl Reader<'_> {
    /// The cases of a file whose ids start with `topic` and a slash.
    pub(crate) fn topic(
        &mut self,
        topic: &str,
        role: Role,
        file: raw::CaseFile,
        known: Known<'_>,
    ) -> Topic {
        self.role = Some(role);
        let title = self.sentence(&file.title);
        let needs = self.needs(&file.needs);
        let tags = file.tags.iter().map(|tag| self.name(tag)).collect();
        let mut names = known.names.clone();
        self.fragments(&file.fragments, known.taken, &mut names);
        let shared = Shared {
            topic,
            role,
            needs,
            tags,
            over: file.over.and_then(|word| self.word(&word)).unwrap_or_default(),
            tls: file.tls.and_then(|word| self.word(&word)).unwrap_or_default(),
            alpn: file.alpn.map(|names| self.alpn(&names)),
            names,
            known,
        };
        let cases = file.case.into_iter().map(|raw| self.case(raw, &shared)).collect();
        Topic { title, cases }
    }

    fn needs(&mut self, words: &[raw::Text]) -> Vec<Need> {
        words.iter().filter_map(|word| self.word(word)).collect()
    }

    /// The names that ALPN is to offer: each is 1 to 255 octets long (RFC 7301 3.1).
    fn alpn(&mut self, names: &[raw::Text]) -> Vec<String> {
        let is_name = |name: &&raw::Text| (1..=255).contains(&name.get_ref().len());
        for name in names.iter().filter(|name| !is_name(name)) {
            self.report(name.span(), "a name that ALPN cannot offer")
                .say("write 1 to 255 octets, such as `h2` or `http/1.1`");
        }
        let names = names.iter().filter(is_name);
        names.map(|name| name.get_ref().clone()).collect()
    }

    fn case(&mut self, raw: Spanned<raw::Case>, shared: &Shared<'_>) -> ReadCase {
        let (span, raw) = split(raw);
        let found = self.problems.len();
        let registry = shared.known.registry;
        let same_as = raw.same_as.as_ref().map(Spanned::span);
        let over = raw.over.map_or(Some(shared.over), |word| self.word(&word)).unwrap_or_default();
        let alpn = raw.alpn.map(|names| self.alpn(&names));
        let own_tags: Vec<String> = raw.tags.iter().map(|tag| self.name(tag)).collect();
        let steps = CaseSteps { open: raw.open, send: raw.send, h2: raw.h2, list: raw.step };
        let steps = self.steps(steps, shared.role, &shared.names);
        let case = Case {
            id: format!("{}/{}", shared.topic, self.name(&raw.name)),
            title: self.sentence(&raw.title),
            why: raw.why,
            requirement: self.requirement(&raw.requirement, registry),
            see: raw.see.iter().map(|id| self.requirement(id, registry)).collect(),
            tags: shared.tags.iter().cloned().chain(own_tags).collect(),
            role: shared.role,
            needs: raw.needs.map_or_else(|| shared.needs.clone(), |needs| self.needs(&needs)),
            without: self.needs(&raw.without),
            hazard: raw.hazard.and_then(|word| self.word(&word)),
            over,
            tls: raw.tls.map_or(Some(shared.tls), |word| self.word(&word)).unwrap_or_default(),
            alpn: alpn.or_else(|| shared.alpn.clone()).unwrap_or_else(|| usual_alpn(over)),
            url: raw.url.as_ref().map(|url| self.template(url, &Fragments::new())),
            certificate: raw.certificate.and_then(|word| self.word(&word)),
            again: raw.again.and_then(|word| self.word(&word)).unwrap_or_default(),
            steps,
            expect: self.alternatives(raw.expect, registry, shared.known.presets),
            same_as: raw.same_as.map(Spanned::into_inner),
            source: self.text.source(span.start),
        };
        // What follows would only repeat what is already known to be wrong.
        if self.problems.len() == found {
            self.check(&case, raw.name.span());
        }
        ReadCase { case, name: raw.name.span(), same_as }
    }

    /// Whether a case that is well written can mean anything.
    fn check(&mut self, case: &Case, name: Range<usize>) {
        let rows = [
            (case.steps.is_empty(), "step", "say what is done in `send`, `h2` or `step`"),
            (case.expect.is_empty(), "expect", "say what may follow in `expect`"),
        ];
        for (missing, what, help) in rows {
            if missing {
                let message = format!("case `{}` has no {what}", case.id);
                self.report(name.clone(), message).say(help);
            }
        }
        for (message, help) in client_keys(case).into_iter().chain(misfits(case)) {
            self.report(name.clone(), format!("case `{}`: {message}", case.id)).say(help);
        }
        if case.tls == Tls::Off && !case.needs.contains(&Need::Tls) {
            let message = format!("case `{}` leaves TLS out and does not need it", case.id);
            self.report(name.clone(), message).say("write `needs = [\"tls\"]`");
        }
        let writes = |wanted: Binding| {
            let mut bindings = case.steps.iter().flat_map(|step| step.act.bindings());
            bindings.any(|binding| binding == wanted)
        };
        let stands = writes(Binding::Standing) || writes(Binding::StandingButOrigin);
        if writes(Binding::Path) && !stands {
            let message = format!("case `{}` reaches `{{path}}` without `{{standing}}`", case.id);
            self.report(name, message).say(
                "write `{standing}` after a field line, so that the target gets what it wants on \
                 every request",
            );
        }
    }
}

/// What is said of a client in a case for somebody else.
fn client_keys(case: &Case) -> Vec<(String, &'static str)> {
    let keys = [
        ("url", case.url.is_some()),
        ("certificate", case.certificate.is_some()),
        ("again", case.again != Again::default()),
    ];
    let said = keys.into_iter().filter(|(_, said)| *said && case.role != Role::Client);
    said.map(|(key, _)| (format!("`{key}` in a case for a {}", case.role), OF_CLIENTS)).collect()
}

/// What alternatives ask of a connection that a case of this role does not have, or of the wrong party.
fn misfits(case: &Case) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let links = case.role.links();
    for one in &case.expect {
        let ends = one.ends.iter().map(|(name, asked)| (*name, asked));
        for (name, asked) in ends.chain([(links[0], &one.wants)]) {
            let tested = name.we().other();
            let foreign = asked.status.0.iter().find(|outcome| !outcome.is_of(tested));
            found.extend(foreign.map(|outcome| {
                (
                    format!("`{outcome}` at `{name}`, where the other end is a {}", party(tested)),
                    OF_PARTY,
                )
            }));
            if tested == Party::Server && asks_of_requests(asked) {
                found.push((
                    format!("requests that come at `{name}`, where we send them"),
                    OF_REQUESTS,
                ));
            }
        }
        if links.len() == 1 && !one.ends.is_empty() {
            found.push((format!("ends by name in a case for a {}", case.role), OF_ENDS));
        }
    }
    found.dedup();
    found
}

fn asks_of_requests(asked: &Conditions) -> bool {
    let arrives = asked.requests.is_some() || asked.before_answer.is_some();
    let reports = !asked.messages.is_empty() || asked.pieces.is_some();
    if reports || asked.target.is_some() {
        return true;
    }
    let arrivals = [&asked.request, &asked.request_2, &asked.request_3];
    let spelling = !asked.spelling.is_empty();
    let second = spelling || asked.request_2_on.is_some() || !asked.fields_2.is_empty();
    arrives || second || !asked.content.is_empty() || arrivals.iter().any(|one| !one.is_empty())
}

fn party(party: Party) -> &'static str {
    match party {
        Party::Client => "client",
        Party::Server => "server",
    }
}

const OF_PARTY: &str = "a server answers with a status, `closed` or `silent`; a client has `opened`, `failed` and the like";
const OF_REQUESTS: &str = "ask for `request`, `requests`, `target`, `messages` and `before-answer` where we are the server";
const OF_CLIENTS: &str = "only a client is given a URL and makes further connections: leave it out";
const OF_ENDS: &str = "such a case has one connection: write its keys beside the grade";
