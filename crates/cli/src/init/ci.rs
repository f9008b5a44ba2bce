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

/// The text of the file. `variables` are those that `upspec.toml` asks for; `starts` says whether upspec starts
/// the server.
pub(super) fn file(system: System, variables: &[String], starts: bool) -> String {
    match system {
        System::Github => actions(&GITHUB, variables, starts),
        System::Forgejo => actions(&FORGEJO, variables, starts),
        System::Gitlab => gitlab(starts),
    }
}

/// In what GitHub and those who follow it differ.
struct Dialect {
    runner: &'static str,
    checkout: &'static str,
    cache: &'static str,
    upload: &'static str,
    /// Whether there are annotations and a summary of the job.
    shows: bool,
}

const GITHUB: Dialect = Dialect {
    runner: "    runs-on: ubuntu-latest\n",
    checkout: "actions/checkout@v4",
    cache: "actions/cache@v4",
    upload: "actions/upload-artifact@v4",
    shows: true,
};

const FORGEJO: Dialect = Dialect {
    runner: "    runs-on: docker\n    container:\n      image: docker.io/library/rust:1\n",
    checkout: "https://data.forgejo.org/actions/checkout@v4",
    cache: "https://data.forgejo.org/actions/cache@v4",
    upload: "https://data.forgejo.org/forgejo/upload-artifact@v4",
    shows: false,
};

fn actions(dialect: &Dialect, variables: &[String], starts: bool) -> String {
    let Dialect { runner, checkout, cache, upload, shows } = dialect;
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "{HEAD}name: upspec\non: [push, pull_request]\npermissions:\n  contents: read\njobs:\n  upspec:\n{runner}    \
         env:\n      UPSPEC_GIT: {ADDRESS}\n"
    );
    for name in variables {
        text.push_str(&format!("      {name}: ${{{{ secrets.{name} }}}}\n"));
    }
    text.push_str(&format!(
        "    steps:\n      - uses: {checkout}\n      - uses: {cache}\n        with:\n          path: \
         ~/.cargo/bin/upspec\n          key: upspec-{version}\n      - name: Install upspec\n        run: \
         {INSTALL}\n"
    ));
    if !starts {
        text.push_str("      # Start your server here, in the background.\n");
    }
    text.push_str("      - name: Fail on what is new\n        run: ~/.cargo/bin/upspec run\n");
    if *shows {
        text.push_str(&format!(
            "      - name: Show it\n        if: ${{{{ !cancelled() }}}}\n        run: |\n          {RENDER} github=-\n          \
             {RENDER} markdown=- >> \"$GITHUB_STEP_SUMMARY\"\n"
        ));
    }
    text.push_str(&format!(
        "      - name: Keep the reports\n        if: ${{{{ !cancelled() }}}}\n        uses: {upload}\n        with:\n          \
         name: upspec\n          path: upspec-report\n"
    ));
    text
}

fn gitlab(starts: bool) -> String {
    let start = if starts { "" } else { "    # Start your server here, in the background.\n" };
    format!(
        "{HEAD}upspec:\n  image: rust:1\n  variables:\n    UPSPEC_GIT: {ADDRESS}\n    CARGO_HOME: \
         $CI_PROJECT_DIR/.cargo\n  cache:\n    key: upspec-{version}\n    paths:\n      - .cargo/bin\n  script:\n    - \
         test -x .cargo/bin/upspec || cargo install --locked --git \"$UPSPEC_GIT\" upspec-cli\n{start}    - \
         .cargo/bin/upspec run\n  after_script:\n    - .cargo/bin/upspec report render upspec-report/report.json --report \
         gitlab=upspec-report/quality.json\n  artifacts:\n    when: always\n    paths:\n      - upspec-report\n    \
         reports:\n      junit: upspec-report/junit.xml\n      codequality: upspec-report/quality.json\n",
        version = env!("CARGO_PKG_VERSION"),
    )
}

const GITLAB: &str = ".gitlab-ci.yml";
const HEAD: &str =
    "# Runs upspec as upspec.toml says; what upspec-baseline.toml does not accept fails the job.\n";
/// upspec is no package of a registry yet.
const ADDRESS: &str = "https://example.com/put-the-address-of-upspec-here.git";
const INSTALL: &str =
    "test -x ~/.cargo/bin/upspec || cargo install --locked --git \"$UPSPEC_GIT\" upspec-cli";
const RENDER: &str = "~/.cargo/bin/upspec report render upspec-report/report.json --quiet --report";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_file() {
        let variables = ["UPSPEC_COOKIE".to_owned()];
        for system in [System::Forgejo, System::Github, System::Gitlab] {
            let text = file(system, &variables, false);
            assert!(text.starts_with(HEAD) && text.contains("upspec run\n"), "{text}");
            assert!(text.contains("# Start your server here"), "{text}");
            assert!(text.contains("upspec-report") && !text.contains('\t'), "{text}");
            assert!(!file(system, &[], true).contains("# Start"), "{text}");
            assert_eq!(advice(system, &[], true).len(), 1);
            assert_eq!(advice(system, &variables, false).len(), 3);
        }
    }
}
