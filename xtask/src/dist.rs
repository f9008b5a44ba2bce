//! What a release consists of: archives, packages of the same binary for npm and PyPI, the folder that an image is built
//! from, a list of what is inside, and checksums. Tools of others make the packages; a missing one is an error, unless
//! its step is left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, man, root};

mod notices;
mod npm;
mod wheel;

/// What to make, and where.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The targets; none is musl on this processor.
    pub(crate) targets: Vec<String>,
    /// The steps that are left out.
    pub(crate) without: Vec<String>,
    /// The folder that all goes to.
    pub(crate) out: Option<PathBuf>,
}

/// Makes it all.
pub(crate) fn run(options: &Options) -> Outcome {
    if let Some(step) = options.without.iter().find(|step| !STEPS.contains(&step.as_str())) {
        return Err(vec![format!("there is no step `{step}`; they are {}", STEPS.join(", "))]);
    }
    let usual = vec![format!("{}-unknown-linux-musl", std::env::consts::ARCH)];
    let targets = if options.targets.is_empty() { &usual } else { &options.targets };
    let out = options.out.clone().unwrap_or_else(|| root().join("target/distrib"));
    let release = Release { out, root: root() };
    release.make(targets, &options.without).map_err(|problem| vec![problem])?;
    Ok(format!("wrote {}", release.out.display()))
}

/// The steps that may be left out.
const STEPS: [&str; 4] = ["archive", "npm", "sbom", "wheel"];

/// A release on its way.
struct Release {
    out: PathBuf,
    root: PathBuf,
}

/// A target that is built: its triple, and the binary for it.
struct Built {
    triple: String,
    binary: PathBuf,
}

impl Built {
    /// The processor: `x86_64`.
    fn processor(&self) -> &str {
        self.triple.split('-').next().unwrap_or_default()
    }
}

type Step = Result<(), String>;

impl Release {
    fn make(&self, targets: &[String], without: &[String]) -> Step {
        let wanted = |step: &str| !without.iter().any(|one| one == step);
        let mut builds = Vec::new();
        for triple in targets {
            builds.push(self.build(triple)?);
        }
        let _ = fs::remove_dir_all(&self.out);
        for built in &builds {
            self.image(built)?;
            if wanted("archive") {
                self.archive(built)?;
            }
            if wanted("wheel") {
                wheel::make(self, built)?;
            }
            if wanted("sbom") {
                self.sbom(built)?;
            }
        }
        if wanted("npm") {
            npm::make(self, &builds)?;
        }
        self.checksums()
    }

    /// Builds for a target: with the C compiler for musl where it is our processor, else with zig's.
    fn build(&self, triple: &str) -> Result<Built, String> {
        let own = triple.starts_with(std::env::consts::ARCH);
        let mut cargo = Command::new(if own { "cargo" } else { "cargo-zigbuild" });
        cargo.args(["rustc", "--locked", "--profile", "dist", "--package", "upspec-cli"]);
        cargo.args(["--bin", "upspec", "--target", triple]);
        // `strip` of a profile is not heard for a package that has an opt-level of its own.
        cargo.args(["--", "-C", "strip=symbols"]);
        if own && triple.ends_with("-musl") {
            cargo.env(format!("CC_{}", triple.replace('-', "_")), "musl-gcc");
        }
        let hint =
            "rustup target add for the target; musl-tools, or cargo-zigbuild for another processor";
        run_tool(cargo.current_dir(&self.root), hint)?;
        let binary = self.root.join(format!("target/{triple}/dist/upspec"));
        Ok(Built { triple: triple.to_owned(), binary })
    }

    /// The folder that `docker build` is given: the binary under the name that docker has for the processor.
    fn image(&self, built: &Built) -> Step {
        let processor = match built.processor() {
            "aarch64" => "arm64",
            "x86_64" => "amd64",
            other => other,
        };
        let folder = self.out.join("image");
        copy(&self.root.join("Dockerfile"), &folder.join("Dockerfile"))?;
        copy(&built.binary, &folder.join(processor).join("upspec"))
    }

    fn archive(&self, built: &Built) -> Step {
        let name = format!("upspec-{VERSION}-{}", built.triple);
        let folder = self.out.join(&name);
        copy(&built.binary, &folder.join("upspec"))?;
        copy(&self.root.join("README.md"), &folder.join("README.md"))?;
        self.licences(built, &folder)?;
        man::run(&folder.join("man")).map_err(|problems| problems.join("\n"))?;
        completions(&folder.join("completions"))?;
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"]);
        tar.arg("-czf").arg(format!("{name}.tar.gz")).arg(&name);
        run_tool(tar.current_dir(&self.out), "GNU tar")?;
        remove(&folder)
    }

    /// Our licences, and what those of the crates inside ask to be passed on.
    fn licences(&self, built: &Built, folder: &Path) -> Step {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            copy(&self.root.join(name), &folder.join(name))?;
        }
        let notices = notices::notices(&self.root, &built.triple)?;
        write(&folder.join("THIRD-PARTY.txt"), &notices)
    }

    /// What is inside, by cargo-cyclonedx, which writes beside the manifest.
    fn sbom(&self, built: &Built) -> Step {
        let name = format!("upspec-{VERSION}-{}.cdx", built.triple);
        let mut tool = Command::new("cargo");
        tool.args(["cyclonedx", "--format", "json", "--no-build-deps", "--quiet"]);
        tool.args(["--manifest-path", "crates/cli/Cargo.toml", "--target", &built.triple]);
        tool.args(["--override-filename", &name]);
        run_tool(tool.current_dir(&self.root), "cargo install --locked cargo-cyclonedx")?;
        let made = self.root.join(format!("crates/cli/{name}.json"));
        let text =
            fs::read_to_string(&made).map_err(|error| format!("{}: {error}", made.display()))?;
        // Where it was built is nobody's affair.
        let text = text.replace(&*self.root.to_string_lossy(), "/upspec");
        write(&self.out.join(format!("{name}.json")), &text)?;
        // It describes the crates of the workspace that ours depends on, too, each beside its manifest.
        for folder in fs::read_dir(self.root.join("crates")).into_iter().flatten().flatten() {
            let _ = fs::remove_file(folder.path().join(format!("{name}.json")));
        }
        let _ = fs::remove_file(self.root.join(format!("xtask/{name}.json")));
        Ok(())
    }

    fn checksums(&self) -> Step {
        let files = fs::read_dir(&self.out).into_iter().flatten().flatten();
        let files = files.filter(|entry| entry.path().is_file());
        let mut names: Vec<_> = files.map(|entry| entry.file_name()).collect();
        names.sort();
        if names.is_empty() {
            return Ok(());
        }
        let mut tool = Command::new("sha256sum");
        let said = tool.args(&names).current_dir(&self.out).output();
        let said = said.map_err(|error| format!("sha256sum: {error}"))?;
        write(&self.out.join("SHA256SUMS"), &String::from_utf8_lossy(&said.stdout))
    }
}

/// The scripts for shells, under the names that the shells look for.
fn completions(folder: &Path) -> Step {
    use clap_complete::Shell;
    let names = [
        (Shell::Bash, "upspec.bash"),
        (Shell::Elvish, "upspec.elv"),
        (Shell::Fish, "upspec.fish"),
        (Shell::PowerShell, "_upspec.ps1"),
        (Shell::Zsh, "_upspec"),
    ];
    for (shell, name) in names {
        let script =
            upspec_cli::completions(shell).ok_or("a completion script cannot be written")?;
        write(&folder.join(name), &script)?;
    }
    Ok(())
}

/// Runs a tool; when it fails says what would bring it.
fn run_tool(command: &mut Command, hint: &str) -> Step {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("{name}: {error}; it needs: {hint}"))?;
    if status.success() {
        return Ok(());
    }
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    Err(format!("`{name} {}` failed; it needs: {hint}", words.join(" ")))
}

fn copy(from: &Path, to: &Path) -> Step {
    parent(to)?;
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

fn write(to: &Path, text: &str) -> Step {
    parent(to)?;
    fs::write(to, text).map_err(|error| format!("{}: {error}", to.display()))
}

fn remove(folder: &Path) -> Step {
    fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn parent(of: &Path) -> Step {
    let Some(folder) = of.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// The version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What packages say of it.
const SUMMARY: &str = "Conformance tests for HTTP Upgrade and the WebSocket opening handshake";
