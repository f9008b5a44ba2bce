//! What a shell offers behind Tab: the scripts ask the binary, so that ids are completed, too.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use clap::CommandFactory as _;
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCompleter, CompletionCandidate, Shell};
use upspec_corpus::Corpus;
use upspec_reference::{ClientFault, Fault, ProxyFault};

use crate::args::Cli;
use crate::selection;

/// Answers a shell that asks what may stand at a place of the command line, and ends the process; does nothing when
/// no shell asks.
pub(crate) fn answer() {
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).bin(NAME).complete();
}

/// The script that has a shell ask the command what may stand at a place; `None` when it cannot be written.
#[must_use]
pub fn completions(shell: Shell) -> Option<String> {
    let mut script = Vec::new();
    let completer = Shells::builtins();
    let completer = completer.completer(&shell.to_string())?;
    completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script).ok()?;
    String::from_utf8(script).ok()
}

/// The variable by which a script asks.
const VARIABLE: &str = "UPSPEC_COMPLETE";
const NAME: &str = "upspec";

/// Completes the id of a case.
pub(crate) fn case() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| of_corpus(typed, cases))
}

/// Completes the id of a case or of a requirement.
pub(crate) fn case_or_rule() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        of_corpus(typed, |corpus| [cases(corpus), rules(corpus)].concat())
    })
}

/// Completes the name of a fault of the reference server or proxy.
pub(crate) fn fault() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let of_server = Fault::all().map(|fault| (fault.name, fault.summary));
        below(typed, of_server.chain(ProxyFault::all().map(|fault| (fault.name, fault.summary))))
    })
}

/// Completes the name of a fault of the reference client.
pub(crate) fn client_fault() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        below(typed, ClientFault::all().map(|fault| (fault.name, fault.summary)))
    })
}

type Named<'c> = (&'c str, &'c str);

fn cases(corpus: &Corpus) -> Vec<Named<'_>> {
    corpus.cases.iter().map(|case| (case.id.as_str(), case.title.as_str())).collect()
}

fn rules(corpus: &Corpus) -> Vec<Named<'_>> {
    corpus.requirements.iter().map(|rule| (rule.id.as_str(), rule.text.as_str())).collect()
}

fn of_corpus(typed: &OsStr, names: impl Fn(&Corpus) -> Vec<Named<'_>>) -> Vec<CompletionCandidate> {
    selection::load(&[]).map(|corpus| below(typed, names(&corpus))).unwrap_or_default()
}

/// What may follow, one step of the path at a time: a topic before its hundred cases.
fn below<'c>(
    typed: &OsStr,
    names: impl IntoIterator<Item = Named<'c>>,
) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let mut next: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (name, help) in names.into_iter().filter(|(name, _)| name.starts_with(&*typed)) {
        match name[typed.len()..].find('/') {
            Some(end) => next.insert(&name[..=typed.len() + end], None),
            None => next.insert(name, Some(help)),
        };
    }
    next.into_iter()
        .map(|(name, help)| {
            CompletionCandidate::new(name).help(help.map(|help| help.to_owned().into()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(completer: &ArgValueCompleter, typed: &str) -> Vec<String> {
        let candidates = completer.complete(OsStr::new(typed));
        let value = |one: &CompletionCandidate| one.get_value().to_string_lossy().into_owned();
        candidates.iter().map(value).collect()
    }

    #[test]
    fn ids_are_completed_step_by_step() {
        assert_eq!(offered(&case(), ""), ["client/", "intermediary/", "server/"]);
        let below_p = ["server/permessage-deflate/", "server/persistence/", "server/ping/"];
        assert_eq!(offered(&case(), "server/p"), below_p);
        assert_eq!(offered(&case(), "server/key/fif"), ["server/key/fifteen-bytes"]);
        assert!(offered(&case(), "rfc6455").is_empty());
        assert_eq!(offered(&case_or_rule(), "rfc64"), ["rfc6455/"]);
        assert!(offered(&case_or_rule(), "rfc6455/4.2.1-k").contains(&"rfc6455/4.2.1-key".into()));
    }

    #[test]
    fn faults_are_completed() {
        assert_eq!(offered(&fault(), "accept-po"), ["accept-post"]);
        assert!(offered(&client_fault(), "").len() > 20);
    }

    #[test]
    fn every_shell_has_a_script_that_asks() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let script = completions(shell).unwrap();
            assert!(script.contains(VARIABLE), "{shell}: {script}");
        }
    }
}
