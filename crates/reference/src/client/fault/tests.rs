//! The rows are complete and sound, and each fault changes what a session does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use upspec_handshake::field::key::accept;

use super::scene::{Scene, plain};
use super::{ClientFault, Effect, Point};
use crate::client::variation::{ClientVariation, Way};
use crate::client::{Attempt, ClientAction, ClientConfig, ClientSession, Random};

#[test]
fn names_are_kebab_case_unique_and_found() {
    let names: BTreeSet<&str> = ClientFault::all().map(|fault| fault.name).collect();
    assert_eq!(names.len(), ClientFault::all().count());
    assert!(names.len() >= 90);
    for fault in ClientFault::all() {
        let spelled = |octet: u8| {
            octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-.".contains(&octet)
        };
        assert!(fault.name.bytes().all(spelled), "{fault:?}");
        assert!(fault.summary.ends_with('.'), "{fault:?}");
        assert!(fault.effects().next().is_some(), "{fault:?} does nothing");
        assert_eq!(ClientFault::named(fault.name), Some(fault));
    }
}

#[test]
fn every_fault_changes_what_a_session_does() {
    let is_unseen = |fault: &&'static ClientFault| {
        let scene = fault.scene().unwrap_or_else(plain);
        played(Some(*fault), &[], &scene) == played(None, fault.beside, &scene)
    };
    let unseen: Vec<_> =
        ClientFault::all().filter(|fault| !is_about_connections(fault)).filter(is_unseen).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

/// Whether a fault shows only where there are TCP and TLS.
fn is_about_connections(fault: &ClientFault) -> bool {
    let mut effects = fault.effects();
    effects.any(|effect| {
        matches!(
            effect,
            Effect::At(
                Point::AlpnH2c
                    | Point::AnyIssuer
                    | Point::AnyName
                    | Point::AnyTime
                    | Point::PlainAfterFailure
                    | Point::PlainAlways
                    | Point::TwoAtOnce
            )
        )
    })
}

/// What a client does where a server does this: an action a line.
fn played(fault: Option<&'static ClientFault>, ways: &[Way], scene: &Scene) -> Vec<String> {
    let ways: &'static [Way] = Box::leak(ways.into());
    let variation = Box::leak(Box::new(ClientVariation { name: "", summary: "", ways }));
    let url = match scene.url.contains("://") {
        true => scene.url.replace("{authority}", "localhost:81"),
        false => format!("ws://localhost:81{}", scene.url),
    };
    let config = ClientConfig {
        fault,
        variation: Some(variation),
        ..ClientConfig::for_url(url.replace("LONG", &"a".repeat(8000)))
    };
    let mut said = Vec::new();
    let mut attempt = match Attempt::first(&config) {
        Ok(attempt) => attempt,
        Err(why) => return vec![why],
    };
    let config = Arc::new(config);
    let mut count = 0_u8;
    let random = Random::new(move |octets| {
        octets.fill_with(|| {
            count = count.wrapping_add(1);
            count
        });
    });
    for _ in 0..MOST {
        let new = match scene.is_http2 {
            true => ClientSession::over_http2,
            false => ClientSession::new,
        };
        let session = new(Arc::clone(&config), attempt, random.clone());
        match run(session, scene, &mut said) {
            Some(next) => attempt = next,
            None => break,
        }
    }
    said
}

/// Plays one connection; the next attempt, if one is wanted.
fn run(mut session: ClientSession, scene: &Scene, said: &mut Vec<String>) -> Option<Attempt> {
    let mut actions = session.begin();
    let request: Vec<u8> = actions.iter().flat_map(written).copied().collect();
    let steps = scene.writes.iter().map(Some).chain(scene.ends.then_some(None));
    for step in steps {
        if let Some(next) = note(actions, said) {
            return Some(next);
        }
        actions = match step {
            Some(write) => session.receive(&filled(write, &request)),
            None => session.end(),
        };
        said.push("--".to_owned());
    }
    note(actions, said)
}

fn note(actions: Vec<ClientAction>, said: &mut Vec<String>) -> Option<Attempt> {
    for action in actions {
        match action {
            ClientAction::Again(attempt) => return Some(*attempt),
            ClientAction::Write(octets) => said.push(octets.escape_ascii().to_string()),
            other => said.push(format!("{other:?}")),
        }
    }
    None
}

fn written(action: &ClientAction) -> &[u8] {
    match action {
        ClientAction::Write(octets) => octets,
        _ => &[],
    }
}

/// The octets that a server writes, where it has seen this request.
fn filled(write: &[u8], request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let key = key.unwrap_or_default();
    let right = String::from_utf8(accept(key.as_bytes()).to_vec()).unwrap();
    let swapped: String = right.chars().map(swapped).collect();
    let last = right.as_bytes()[26] + 1;
    let padded = format!("{}{}=", &right[..26], char::from(last));
    let spaced = format!("{} {}", &right[..14], &right[14..]);
    let mut write = write.to_vec();
    for (name, value) in [
        ("{accept}", &right[..]),
        ("{accept-swapped}", &swapped),
        ("{accept-pad-bits}", &padded),
        ("{accept-inner-space}", &spaced),
        ("{authority}", "localhost:81"),
        ("{key}", key),
    ] {
        while let Some(at) = write.windows(name.len()).position(|part| part == name.as_bytes()) {
            write.splice(at..at + name.len(), value.bytes());
        }
    }
    write
}

fn swapped(letter: char) -> char {
    match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    }
}

/// How many connections are looked at.
const MOST: usize = 25;
#[test]
fn every_fault_breaks_requirements_of_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/requirements");
    let mut registry = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        registry += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    let mut missing = BTreeSet::new();
    for fault in ClientFault::all() {
        for requirement in fault.also.iter().chain([&fault.breaks]) {
            if !registry.contains(&format!("id = \"{requirement}\"")) {
                missing.insert(requirement);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
