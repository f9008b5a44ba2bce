//! The faults of the reference server, client and proxy, each with the cases of its role that catch it.

use crate::Caught;
use upspec_corpus::case::Role;
use upspec_corpus::words::Word as _;
use upspec_reference::{ClientFault, Fault, ProxyFault};
use upspec_report::Suspect;

/// The faults of the reference for a role, with the cases that catch them in the table of the binary.
pub(crate) fn of(role: Role) -> Vec<Suspect<'static>> {
    match role {
        Role::Client => ClientFault::all()
            .map(|one| suspect(role, one.name, one.summary, one.breaks, one.also))
            .collect(),
        Role::Intermediary => ProxyFault::all()
            .map(|one| suspect(role, one.name, one.summary, one.breaks, one.also))
            .collect(),
        Role::Server => Fault::all()
            .map(|one| suspect(role, one.name, one.summary, one.breaks, one.also))
            .collect(),
    }
}

fn suspect(
    role: Role,
    name: &'static str,
    summary: &'static str,
    breaks: &'static str,
    also: &'static [&'static str],
) -> Suspect<'static> {
    // References for two roles may have a fault of the same name.
    let cases = Caught::embedded_for(name).filter(|id| id.starts_with(role.word())).collect();
    Suspect { name, summary, breaks, also, cases }
}

/// What the reference for a role is called.
pub(crate) fn reference(role: Role) -> &'static str {
    match role {
        Role::Client => "reference client",
        Role::Intermediary => "reference proxy",
        Role::Server => "reference server",
    }
}
