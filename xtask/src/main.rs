//! Housekeeping for the workspace: one task for each thing that keeps it in order.

use std::process::ExitCode;
use upspec_corpus::case::Role;
use upspec_corpus::words::Word as _;

mod bench;
mod ci;
mod coverage;
mod dist;
mod docs;
mod hostile;
mod machine;
mod man;
mod prevalence;
mod seeds;
mod sensitivity;
mod tidy;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = dispatch(&words).unwrap_or_else(|| Err(vec![USAGE.to_owned()]));
    match outcome {
        Ok(said) => {
            if !said.is_empty() {
                println!("{said}");
            }
            ExitCode::SUCCESS
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Does a task; `None` when the words name none.
fn dispatch(words: &[&str]) -> Option<Outcome> {
    Some(match words {
        ["bench"] => bench::suite(bench::Measure::FULL),
        ["bench", "--quick"] => bench::suite(bench::Measure::QUICK),
        ["bench", "--peer", word] => bench::of_peers(word),
        ["bench", url, rest @ ..] => bench::one(&bench_options(url, rest)?),
        ["ci"] => ci::run(),
        ["coverage", rest @ ..] => coverage::run(&coverage_options(rest)?),
        ["dist", rest @ ..] => dist::run(&dist_options(rest)?),
        ["docs", rest @ ..] => docs::run(&docs_options(rest)?),
        ["hostile", words @ ..] => hostile::run(words),
        // Nobody but `hostile` starts it.
        ["hostile-client", name, url, ca, count] => hostile::client::run(name, url, ca, count),
        ["man", folder] => man::run(std::path::Path::new(folder)),
        ["sensitivity", rest @ ..] => sensitivity::run(&sensitivity_options(rest)?),
        ["prevalence", reports @ ..] => prevalence::run(reports),
        ["seeds", folders @ ..] => seeds::run(folders),
        ["tidy"] => tidy::run(),
        _ => return None,
    })
}

fn bench_options(url: &str, words: &[&str]) -> Option<bench::Options> {
    let mut options = bench::Options { url: url.to_owned(), jobs: 64, rounds: 3 };
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--jobs" => options.jobs = words.next()?.parse().ok()?,
            "--rounds" => options.rounds = words.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some(options)
}

fn coverage_options(words: &[&str]) -> Option<coverage::Options> {
    let mut options = coverage::Options::default();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--cases" => options.cases = true,
            "--format" => options.json = matches!(words.next(), Some(&"json")),
            _ => return None,
        }
    }
    Some(options)
}

fn dist_options(words: &[&str]) -> Option<dist::Options> {
    let mut options = dist::Options::default();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--target" => options.targets.push((*words.next()?).to_owned()),
            "--without" => options.without.push((*words.next()?).to_owned()),
            "--out" => options.out = Some(words.next()?.into()),
            _ => return None,
        }
    }
    Some(options)
}

fn docs_options(words: &[&str]) -> Option<docs::Options> {
    match words {
        [] => Some(docs::Options::Write(docs::usual_folder())),
        ["--check"] => Some(docs::Options::Check),
        [folder] => Some(docs::Options::Write(folder.into())),
        _ => None,
    }
}

fn sensitivity_options(words: &[&str]) -> Option<sensitivity::Options> {
    let mut options = sensitivity::Options::default();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--fault" => options.faults.push((*words.next()?).to_owned()),
            "--matrix" => options.matrix = Some(words.next()?.into()),
            "--update" => options.update = true,
            "--role" => options.role = Some(Role::from_word(words.next()?)?),
            _ => return None,
        }
    }
    Some(options)
}

/// What a task says when it went well, or everything that is wrong.
pub(crate) type Outcome = Result<String, Vec<String>>;

/// The root of the workspace.
pub(crate) fn root() -> std::path::PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_owned(), std::path::Path::to_owned)
}

const USAGE: &str = "\
usage: cargo xtask TASK
  bench        what we cost beside others who do as much: runs in every role beside a bare loop of the same octets,
               readers beside those of others, commands, reports, and how all of it grows; a quarter of an hour;
               writes reports/bench/; needs the release build
                 --quick          in less than 40 s, and beside what was measured last; writes nothing
                 --peer WORD      only runs against peers whose name holds this word; writes nothing
  bench URL    how much longer a run takes than a bare loop that opens as many connections, sends
               the same octets and waits as long
                 --jobs N         how many at a time; 64 without it
                 --rounds N       how often both are timed; 3 without it
  ci           everything that CI checks beyond the README's commands: lints, docs, a browser
               on the HTML report, fuzz targets, real servers; installs what it needs
  coverage     which cases and which rules for every response speak of each requirement that
               binds a server; fails when a testable one has none
                 --cases          name the cases
                 --format json    as JSON
  prevalence REPORT…
               make the built-in figures on how others do anew, from reports of one role, each named
               after its peer
  dist         build what a release consists of into target/distrib: for each target an archive, a package for
               npm and a wheel, and beside them checksums and a list of what is inside (CycloneDX)
                 --target TRIPLE  for this target; may be repeated; for musl on this processor without it
                 --without STEP   leave out archive, npm, wheel or sbom; may be repeated
                 --out DIR        write them there
  docs [DIR]   write the documentation as a static site, to target/docs when nothing is said
                 --check          write nothing; fail when a link leads nowhere
  hostile [WORD…]
               play the corpus to servers, clients and proxies that flood, drip, die, limit and lie, or to those of
               them whose names hold one of the words; prints time, memory and size of the report of each, and fails where a bound or
               the verdict is not as it has to be; without words, all go to reports/HOSTILE.md; needs the release build
  man DIR      write the manual pages
  seeds [FOLDER…]
               write what the fuzz targets start from to fuzz/corpus, made of the corpus, the sample
               in reports/, and the JSON reports in each FOLDER
  sensitivity  play all cases with the reference server, client and proxy, their variations and their faults;
               fails unless what is lawful passes, each fault is caught and each case can fail
                 --role ROLE      only this role: server, client or intermediary
                 --fault NAME     play only this fault; may be repeated
                 --matrix PATH    write what each case says of each server, as JSON
                 --update         write the table of what each case catches
  tidy         check the house rules: crate edges, features, file sizes, a `//!` line in each file";
