//! The file that runs upspec in a CI system: regressions fail the job, and its reports are kept whatever happens.

use std::path::{Path, PathBuf};

use crate::args::init::System;

/// Where the file goes. GitLab reads one file, which may be there for other jobs.
pub(super) fn path(system: System) -> PathBuf {
    PathBuf::from(match system {
        System::Forgejo => ".forgejo/workflows/upspec.yml",
        System::Github => ".github/workflows/upspec.yml",
        System::Gitlab if Path::new(GITLAB).exists() => "upspec.gitlab-ci.yml",
        System::Gitlab => GITLAB,
    })
}

/// What is left to do by hand.
pub(super) fn advice(system: System, variables: &[String], starts: bool) -> Vec<String> {
    let mut said = Vec::new();
    let path = path(system).display().to_string();
    said.push(format!(
        "put the address of upspec's repository in place of {ADDRESS} in {path}: without it the job cannot install upspec"
    ));
    if !starts {
        said.push(format!(
            "{path} starts no server: add that step, or begin again with --server-cmd"
        ));
    }
    if path != GITLAB && system == System::Gitlab {
        said.push(format!("add `include: {{ local: {path} }}` to {GITLAB}"));
    }
    if !variables.is_empty() {
        said.push(format!("store {} as secrets of the CI system", variables.join(", ")));
    }
    said
}

/// What a file has to say besides what `upspec.toml` does.
pub(super) struct Job<'j> {
    /// The variables that `upspec.toml` asks for.
    pub(super) variables: &'j [String],
    /// Whether upspec starts the server.
    pub(super) starts: bool,
    /// Into how many jobs a run is split.
    pub(super) parts: u16,
    pub(super) baseline: &'j str,
}

/// The text of the file.
pub(super) fn file(system: System, job: &Job<'_>) -> String {
    match system {
        System::Github => actions(&GITHUB, job),
        System::Forgejo => actions(&FORGEJO, job),
        System::Gitlab => gitlab(job),
    }
}

/// In what GitHub and those who follow it differ.
struct Dialect {
    runner: &'static str,
    checkout: &'static str,
    cache: &'static str,
    upload: &'static str,
    download: &'static str,
    /// Whether there are annotations and a summary of the job.
    shows: bool,
}

const GITHUB: Dialect = Dialect {
    runner: "    runs-on: ubuntu-latest\n",
    checkout: "actions/checkout@v4",
    cache: "actions/cache@v4",
    upload: "actions/upload-artifact@v4",
    download: "actions/download-artifact@v4",
    shows: true,
};

const FORGEJO: Dialect = Dialect {
    runner: "    runs-on: docker\n    container:\n      image: docker.io/library/rust:1\n",
    checkout: "https://data.forgejo.org/actions/checkout@v4",
    cache: "https://data.forgejo.org/actions/cache@v4",
    upload: "https://data.forgejo.org/forgejo/upload-artifact@v4",
    download: "https://data.forgejo.org/forgejo/download-artifact@v4",
    shows: false,
};

fn actions(dialect: &Dialect, job: &Job<'_>) -> String {
    let Job { parts, baseline, .. } = job;
    let head = format!(
        "{HEAD}name: upspec\non: [push, pull_request]\npermissions:\n  contents: read\njobs:\n"
    );
    let run = "      - name: Fail on what is new\n        run: ~/.cargo/bin/upspec run\n";
    let last = shown_and_kept(dialect);
    if *parts < 2 {
        let begun = begun(dialect, job.variables);
        return format!("{head}  upspec:\n{begun}{start}{run}{last}", start = start("      ", job));
    }
    let numbers: Vec<String> = (1..=*parts).map(|part| part.to_string()).collect();
    let Dialect { upload, download, .. } = dialect;
    format!(
        "{head}  upspec:\n    strategy:\n      fail-fast: false\n      matrix:\n        part: [{numbers}]\n{begun}{start}      \
         - name: Play a part\n        run: >-\n          ~/.cargo/bin/upspec run --partition ${{{{ matrix.part }}}}/{parts} \
         --fail-on never\n          --report json={PARTS}/part-${{{{ matrix.part }}}}.json\n      - uses: {upload}\n        \
         with:\n          name: upspec-part-${{{{ matrix.part }}}}\n          path: {PARTS}\n  merge:\n    needs: \
         upspec\n    if: ${{{{ !cancelled() }}}}\n{merging}      - uses: {download}\n        with:\n          pattern: \
         upspec-part-*\n          merge-multiple: true\n          path: {PARTS}\n      - name: Fail on what is new\n        \
         run: >-\n          ~/.cargo/bin/upspec report merge {PARTS}/part-*.json --baseline {baseline}\n          \
         {MERGED}\n{last}",
        numbers = numbers.join(", "),
        begun = begun(dialect, job.variables),
        // Reports hold no secrets, and what reads them needs none.
        merging = begun(dialect, &[]),
        start = start("      ", job),
    )
}

/// A job up to where upspec is there.
fn begun(dialect: &Dialect, variables: &[String]) -> String {
    let Dialect { runner, checkout, cache, .. } = dialect;
    let version = env!("CARGO_PKG_VERSION");
    let secrets = variables.iter();
    let secrets: String =
        secrets.map(|name| format!("      {name}: ${{{{ secrets.{name} }}}}\n")).collect();
    format!(
        "{runner}    env:\n      UPSPEC_GIT: {ADDRESS}\n{secrets}    steps:\n      - uses: {checkout}\n      - uses: \
         {cache}\n        with:\n          path: ~/.cargo/bin/upspec\n          key: upspec-{version}\n      - name: Install \
         upspec\n        run: {INSTALL}\n"
    )
}

/// The end of a job that has the reports.
fn shown_and_kept(dialect: &Dialect) -> String {
    let Dialect { upload, shows, .. } = dialect;
    let shown = match shows {
        true => format!(
            "      - name: Show it\n        if: ${{{{ !cancelled() }}}}\n        run: |\n          {RENDER} github=-\n          \
             {RENDER} markdown=- >> \"$GITHUB_STEP_SUMMARY\"\n"
        ),
        false => String::new(),
    };
    format!(
        "{shown}      - name: Keep the reports\n        if: ${{{{ !cancelled() }}}}\n        uses: {upload}\n        with:\n          \
         name: upspec\n          path: upspec-report\n"
    )
}

fn gitlab(job: &Job<'_>) -> String {
    let Job { parts, baseline, .. } = job;
    let version = env!("CARGO_PKG_VERSION");
    let common = format!(
        "  image: rust:1\n  variables:\n    UPSPEC_GIT: {ADDRESS}\n    CARGO_HOME: $CI_PROJECT_DIR/.cargo\n  cache:\n    \
         key: upspec-{version}\n    paths:\n      - .cargo/bin\n"
    );
    let install = "    - test -x .cargo/bin/upspec || cargo install --locked --git \"$UPSPEC_GIT\" upspec-cli\n";
    let last = "  after_script:\n    - .cargo/bin/upspec report render upspec-report/report.json --report \
         gitlab=upspec-report/quality.json\n  artifacts:\n    when: always\n    paths:\n      - upspec-report\n    \
         reports:\n      junit: upspec-report/junit.xml\n      codequality: upspec-report/quality.json\n";
    let start = start("    ", job);
    if *parts < 2 {
        return format!(
            "{HEAD}upspec:\n{common}  script:\n{install}{start}    - .cargo/bin/upspec run\n{last}"
        );
    }
    format!(
        "{HEAD}upspec:\n  parallel: {parts}\n{common}  script:\n{install}{start}    - .cargo/bin/upspec run --partition \
         $CI_NODE_INDEX/$CI_NODE_TOTAL --fail-on never --report json={PARTS}/part-$CI_NODE_INDEX.json\n  artifacts:\n    \
         when: always\n    paths:\n      - {PARTS}\n\nupspec-merge:\n  needs: [upspec]\n{common}  script:\n{install}    \
         - .cargo/bin/upspec report merge {PARTS}/part-*.json --baseline {baseline} {MERGED}\n{last}"
    )
}

/// A line in the place of what starts the server.
fn start(indent: &str, job: &Job<'_>) -> String {
    match job.starts {
        true => String::new(),
        false => format!("{indent}# Start your server here, in the background.\n"),
    }
}

const GITLAB: &str = ".gitlab-ci.yml";
const HEAD: &str =
    "# Runs upspec as upspec.toml says; what upspec-baseline.toml does not accept fails the job.\n";
/// upspec is no package of a registry yet.
const ADDRESS: &str = "https://example.com/put-the-address-of-upspec-here.git";
const INSTALL: &str =
    "test -x ~/.cargo/bin/upspec || cargo install --locked --git \"$UPSPEC_GIT\" upspec-cli";
/// Where parts go to, and what is made of them.
const PARTS: &str = "upspec-parts";
const MERGED: &str = "--report json=upspec-report/report.json --report html=upspec-report/index.html --report junit=upspec-report/junit.xml";
const RENDER: &str = "~/.cargo/bin/upspec report render upspec-report/report.json --quiet --report";

#[cfg(test)]
mod tests {
    use super::*;

    fn job(variables: &[String], starts: bool, parts: u16) -> Job<'_> {
        Job { variables, starts, parts, baseline: "accepted.toml" }
    }

    #[test]
    fn each_system_has_its_file() {
        let variables = ["UPSPEC_COOKIE".to_owned()];
        for system in [System::Forgejo, System::Github, System::Gitlab] {
            let text = file(system, &job(&variables, false, 1));
            assert!(text.starts_with(HEAD) && text.contains("upspec run\n"), "{text}");
            assert!(text.contains("# Start your server here"), "{text}");
            assert!(text.contains("upspec-report") && !text.contains('\t'), "{text}");
            assert!(!file(system, &job(&[], true, 1)).contains("# Start"), "{text}");
            assert_eq!(advice(system, &[], true).len(), 1);
            assert_eq!(advice(system, &variables, false).len(), 3);
        }
    }

    #[test]
    fn parts_are_played_side_by_side_and_merged() {
        for (system, part, merge) in [
            (System::Github, "${{ matrix.part }}/3 ", "    needs: upspec\n"),
            (System::Forgejo, "${{ matrix.part }}/3 ", "    needs: upspec\n"),
            (System::Gitlab, "$CI_NODE_INDEX/$CI_NODE_TOTAL ", "  needs: [upspec]\n"),
        ] {
            let text = file(system, &job(&[], false, 3));
            let played =
                text.find(&format!("upspec run --partition {part}--fail-on never")).unwrap();
            let merged =
                text.find("report merge upspec-parts/part-*.json --baseline accepted.toml");
            let needs = text.find(merge).unwrap();
            assert!(played < needs && needs < merged.unwrap(), "{text}");
            // Only the parts need the server.
            assert_eq!(text.matches("# Start your server here").count(), 1, "{text}");
        }
    }
}
